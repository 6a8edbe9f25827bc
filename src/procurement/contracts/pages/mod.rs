//! The public list and page, the officer's desk, signing, and the import.

pub(super) mod award;
pub(super) mod edit;
pub(super) mod import;
pub(super) mod list;
pub(super) mod show;
pub(super) mod sign;

use crate::kernel::instant;
use crate::procurement::contracts::model::{Contract, Side};
use crate::regions::Region;
use crate::web::{View, export};
use actix_web::web::{ServiceConfig, get, post};
use serde_json::{Value, json};

pub fn routes(cfg: &mut ServiceConfig) {
    export::routes(cfg, "/contracts", list::export);
    cfg.route("/projects/{id}/contract", post().to(edit::draw_up))
        .route("/projects/{id}/award/cancel", post().to(award::cancel))
        .route("/contracts", get().to(list::list))
        .route("/contracts/import", get().to(import::edit))
        .route("/contracts/import", post().to(import::save))
        .route("/contracts/import/sheet", get().to(import::sheet))
        .route("/contracts/drafts", get().to(list::drafts))
        .route("/contracts/{id}", get().to(show::show))
        .route("/contracts/{id}/print", get().to(show::print))
        .route("/contracts/{id}/edit", get().to(edit::edit))
        .route("/contracts/{id}/edit", post().to(edit::save))
        .route("/contracts/{id}/offer", post().to(edit::offer))
        .route("/contracts/{id}/take-back", post().to(edit::take_back))
        .route("/contracts/{id}/sign", get().to(sign::edit))
        .route("/contracts/{id}/sign", post().to(sign::by_scan))
        .route(
            "/contracts/{id}/sign-by-password",
            post().to(sign::by_password),
        )
        .route("/contracts/{id}/scans/{scan}", get().to(show::scan));
}

/// Whose signature is missing, in words.
pub fn unsigned_text(view: &View, sides: &[Side]) -> String {
    let sides: Vec<String> = sides
        .iter()
        .map(|side| view.say(&format!("contracts-side-{side}")))
        .collect();
    let sides = sides.join(&view.say("projects-and"));
    view.say_with("contracts-unsigned", &[("sides", &sides)])
}

/// How a contract stands, as a tag: published ones by date.
fn stand(view: &View, contract: &Contract) -> Value {
    let today = instant::shanghai_date(view.state.store.now());
    let (word, kind) = if contract.published_at.is_some() {
        let course = contract.course(today);
        (
            course.as_str(),
            if course.as_str() == "running" {
                "open"
            } else {
                "off"
            },
        )
    } else {
        (contract.state.as_str(), "soon")
    };
    json!({ "text": view.say(&format!("contracts-state-{word}")), "kind": kind })
}

fn names(regions: &[Region]) -> Vec<Value> {
    regions
        .iter()
        .map(|region| json!({ "name": region.name, "href": format!("/communities/{}", region.code) }))
        .collect()
}
