//! An organization's public page: who it is, how it can be reached, whom it serves under which contracts.

mod api;
mod pages;

pub use api::operations;

use actix_web::web::{self, ServiceConfig};

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.route("/organizations/{id:[0-9]+}", web::get().to(pages::show));
}
