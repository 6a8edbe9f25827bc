//! The directory of communities and villages: choosing one's own, and who serves it.

mod api;
mod list;
mod model;
mod pages;
mod poster;
mod queries;
mod rules;
mod views;

pub use api::operations;
pub use model::{OpenProject, Service};
pub use pages::{REMEMBERED, remembered};
pub use queries::count_open_projects;
pub use rules::{Cover, Field, FieldCover, Served, coverage};
pub use views::{OpenProjects, Places, Services, word_left};

use crate::web::export;
use actix_web::web::{self, ServiceConfig};

pub fn routes(cfg: &mut ServiceConfig) {
    export::routes(cfg, "/communities", list::export);
    cfg.route("/communities", web::get().to(pages::choose))
        .route("/communities/remember", web::post().to(pages::remember))
        .route("/communities/{code:[0-9]+}", web::get().to(pages::show))
        .route(
            "/communities/{code:[0-9]+}/poster",
            web::get().to(poster::show),
        );
}
