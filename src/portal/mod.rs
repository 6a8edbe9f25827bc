//! The joining wing: pages that show several wings at once, the about pages and the operator's endpoints.

pub mod about;
pub mod developers;
pub mod help;
pub mod home;
pub mod notices;
pub mod operations;
pub mod organization;
pub mod privacy;
pub mod search;
pub mod work;

use actix_web::web::ServiceConfig;

pub fn routes(cfg: &mut ServiceConfig) {
    search::routes(cfg);
    notices::routes(cfg);
    home::routes(cfg);
    about::routes(cfg);
    developers::routes(cfg);
    help::routes(cfg);
    operations::routes(cfg);
    organization::routes(cfg);
    privacy::routes(cfg);
    work::routes(cfg);
}
