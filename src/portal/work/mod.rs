//! The work desk: what one has to do today, by date; then what one's body has under way.

mod api;
mod duties;
mod leaving;
mod pages;
mod queries;
mod rules;

pub use api::operations;
pub use duties::{has_duties, list_holds};

use actix_web::web::{self, ServiceConfig};

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.route("/work", web::get().to(pages::show))
        .route("/work/memberships/{id}/end", web::get().to(leaving::show))
        .route("/work/memberships/{id}/end", web::post().to(leaving::save));
}
