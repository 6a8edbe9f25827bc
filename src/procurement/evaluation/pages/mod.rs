//! The officer's panel and result, and the members' own sheets.

pub(super) mod fields;
pub(super) mod officer;
pub(super) mod sheet;

use actix_web::web::{ServiceConfig, get, post};

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.route("/projects/{id}/panel", get().to(officer::panel))
        .route("/projects/{id}/panel", post().to(officer::form))
        .route("/projects/{id}/panel/draw", post().to(officer::draw))
        .route("/projects/{id}/panel/remind", post().to(officer::remind))
        .route("/projects/{id}/panel/replace", post().to(officer::replace))
        .route("/projects/{id}/evaluation", get().to(officer::evaluation))
        .route("/panel", get().to(sheet::list))
        .route("/panel/{tender}", get().to(sheet::show))
        .route("/panel/{tender}/declare", post().to(sheet::declare))
        .route("/panel/{tender}/recuse", post().to(sheet::recuse))
        .route("/panel/{tender}/submit", post().to(sheet::submit))
        .route("/panel/{tender}/bids/{bid}", get().to(sheet::bid))
        .route("/panel/{tender}/bids/{bid}", post().to(sheet::save));
}
