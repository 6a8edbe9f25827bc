//! The joining wing: pages that show several wings at once.

pub mod search;

use actix_web::web::ServiceConfig;

pub fn routes(cfg: &mut ServiceConfig) {
    search::routes(cfg);
}
