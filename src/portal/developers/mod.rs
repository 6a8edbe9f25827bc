//! The page for those who write programs against the portal, and the `OpenAPI` document.

mod pages;

use actix_web::web::{self, ServiceConfig};

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.route("/api", web::get().to(pages::show))
        .route("/api/v1/openapi.json", web::get().to(pages::document));
}
