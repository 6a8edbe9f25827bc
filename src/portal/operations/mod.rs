//! For those who run the portal: is it up, is it ready, what went wrong, what may robots and meters read.

mod actions;
mod api;
mod jobs;
mod model;
mod pages;
mod probes;
mod queries;
mod rules;

pub use api::operations;
pub use jobs::{back_up, look_at_disks, tell_clock};
pub use queries::last_backup;

use crate::kernel::roles::{BodyKind, Permission, Role};
use actix_web::web::{self, ServiceConfig};

/// Sees how the portal itself is doing.
pub struct RunPortal;

impl Permission for RunPortal {
    fn granted_to(role: Role, kind: BodyKind) -> bool {
        role == Role::Administrator && kind == BodyKind::Platform
    }
}

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.route("/healthz", web::get().to(probes::health))
        .route("/readyz", web::get().to(probes::readiness))
        .route("/metrics", web::get().to(probes::metrics))
        .route("/robots.txt", web::get().to(probes::robots))
        .route("/favicon.ico", web::get().to(probes::icon))
        .route("/operations", web::get().to(pages::show));
}
