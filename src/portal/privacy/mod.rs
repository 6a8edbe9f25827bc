//! Personal data: what the portal keeps about somebody, who looked at it, and how an account is closed.

mod actions;
mod api;
mod model;
mod pages;
mod queries;
mod rules;

pub use api::operations;

use crate::kernel::roles::{BodyKind, Permission, Role};
use actix_web::web::{self, ServiceConfig};

/// Reads who looked at sensitive records.
pub struct ReadAccesses;

impl Permission for ReadAccesses {
    fn granted_to(role: Role, kind: BodyKind) -> bool {
        role == Role::Supervisor || (role == Role::Administrator && kind == BodyKind::Platform)
    }
}

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.route("/accesses", web::get().to(pages::accesses::list))
        .route("/accesses.csv", web::get().to(pages::accesses::csv))
        .route("/account/data", web::get().to(pages::own::show))
        .route("/account/data.json", web::get().to(pages::own::export))
        .route("/account/close", web::post().to(pages::own::close));
}
