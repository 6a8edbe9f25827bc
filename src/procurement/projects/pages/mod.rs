//! The officer's form of a project. What everybody sees of it stands with its tenders.

pub(super) mod form;

use actix_web::web::{ServiceConfig, get, post, resource};

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(
        resource("/projects/new")
            .route(get().to(form::begin))
            .route(post().to(form::create)),
    )
    .service(
        resource("/projects/{id}/edit")
            .route(get().to(form::edit))
            .route(post().to(form::save)),
    )
    .service(resource("/projects/{id}/copy").route(post().to(form::copy)));
}
