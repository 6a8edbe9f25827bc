//! The catalogue for readers, and its drafts for officers.

pub(super) mod compare;
pub(super) mod drafts;
pub(super) mod import;
pub(super) mod read;

use super::model::Offered;
use super::queries;
use crate::infra::failure::Failure;
use crate::kernel::roles::{BodyKind, Role};
use crate::web::{Permission, State, export};
use actix_web::web::{ServiceConfig, get, post};
use std::sync::Arc;

/// Importing a version and looking at drafts.
pub struct ManageCatalogue;

impl Permission for ManageCatalogue {
    fn granted_to(role: Role, kind: BodyKind) -> bool {
        role == Role::Officer && kind == BodyKind::Bureau
    }
}

/// Putting a version in force, or throwing a draft away.
pub struct PublishCatalogue;

impl Permission for PublishCatalogue {
    const STEP_UP: bool = true;

    fn granted_to(role: Role, kind: BodyKind) -> bool {
        ManageCatalogue::granted_to(role, kind)
    }
}

pub fn routes(cfg: &mut ServiceConfig) {
    export::routes(cfg, "/catalogue", read::export);
    export::routes(cfg, "/catalogue/compare", compare::export);
    cfg.route("/catalogue", get().to(read::list))
        .route("/catalogue/compare", get().to(compare::show))
        .route("/catalogue/import", get().to(import::edit))
        .route("/catalogue/import", post().to(import::save))
        .route("/catalogue/drafts", get().to(drafts::list))
        .route("/catalogue/drafts/{id}", get().to(drafts::show))
        .route("/catalogue/drafts/{id}/publish", post().to(drafts::publish))
        .route("/catalogue/drafts/{id}/discard", post().to(drafts::discard))
        .route("/catalogue/{year}/{code}", get().to(read::show));
}

/// The towns and items that lists offer as filters, read once for each version of the public pages.
pub async fn offered(state: &State) -> Result<Arc<Offered>, Failure> {
    state
        .read_shared("offered".into(), |db| {
            Ok(Arc::new(queries::load_offered(db)?))
        })
        .await
}
