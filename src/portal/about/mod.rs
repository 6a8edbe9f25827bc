//! What the portal is, what it does with personal data, where everything is, how to check its word.

mod pages;

use actix_web::web::{self, ServiceConfig};

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.route("/about", web::get().to(pages::about))
        .route("/about/privacy", web::get().to(pages::privacy))
        .route("/about/sitemap", web::get().to(pages::sitemap))
        .route("/about/verify", web::get().to(pages::verify))
        .route("/about/verify/head.json", web::get().to(pages::head));
}
