//! People, bodies with dated names, memberships, roles and the inbox.

use actix_web::web::ServiceConfig;

pub fn routes(_cfg: &mut ServiceConfig) {}
