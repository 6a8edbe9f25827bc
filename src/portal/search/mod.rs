//! One search box over everything public.
//!
//! The index knows only what the wings' public faces show to everybody; it is written from the outbox, after the act.

mod api;
mod documents;
mod jobs;
mod model;
mod pages;
mod queries;
mod rules;

pub use api::operations;
pub use jobs::{VERSION, rebuild, reindex};

use actix_web::web::{self, ServiceConfig};

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.route("/search", web::get().to(pages::list));
}
