//! The growth wing: who can take on services, proven by whom, and the directory of qualified organizations.

pub mod qualification;
pub mod registry;

use actix_web::web::ServiceConfig;

/// Literal addresses stand before `/organizations/{id}`, which the portal wing answers.
pub fn routes(cfg: &mut ServiceConfig) {
    registry::routes(cfg);
    qualification::routes(cfg);
}
