//! Guides, one a role, written as Markdown in `docs/help/<language>/<role>.md` and shown at `/help`.

mod guides;
mod pages;

pub use guides::{GUIDES, html};

use actix_web::web::{self, ServiceConfig};

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.route("/help", web::get().to(pages::index))
        .route("/help/{guide}", web::get().to(pages::show));
}
