//! For those who run the portal: is it up, is it ready, what may robots read.

mod pages;
mod queries;

use actix_web::web::{self, ServiceConfig};

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.route("/healthz", web::get().to(pages::health))
        .route("/readyz", web::get().to(pages::readiness))
        .route("/robots.txt", web::get().to(pages::robots))
        .route("/favicon.ico", web::get().to(pages::icon));
}
