//! The directory of communities and villages: choosing one's own, and who serves it.

mod pages;
mod rules;

pub use pages::{REMEMBERED, remembered};
pub use rules::{Cover, Field, FieldCover, Served, coverage};

use actix_web::web::{self, ServiceConfig};

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.route("/communities", web::get().to(pages::choose))
        .route("/communities/remember", web::post().to(pages::remember))
        .route("/communities/{code:[0-9]+}", web::get().to(pages::show));
}
