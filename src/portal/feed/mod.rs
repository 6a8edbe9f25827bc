//! The Atom feed of procurement notices.

mod pages;

use actix_web::web::{self, ServiceConfig};

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.route("/projects.atom", web::get().to(pages::list));
}
