//! Every public notice as it was published: a list with files, and the feed that the whole portal names.

mod api;
mod pages;

pub use api::operations;

use crate::web::export;
use actix_web::web::{self, ServiceConfig};

pub fn routes(cfg: &mut ServiceConfig) {
    export::routes(cfg, "/notices", pages::export);
    cfg.route("/notices", web::get().to(pages::list));
}
