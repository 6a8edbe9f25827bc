//! The community wing: who serves whom.

pub mod directory;

use actix_web::web::ServiceConfig;

pub fn routes(cfg: &mut ServiceConfig) {
    directory::routes(cfg);
}
