//! The first page.

mod pages;
mod queries;

use actix_web::web::{self, ServiceConfig};

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.route("/", web::get().to(pages::show));
}
