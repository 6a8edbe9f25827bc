//! The public directory, the organization's application, and the reviewers' decisions.

pub(super) mod apply;
pub(super) mod directory;
pub(super) mod files;
pub(super) mod review;

use super::QualificationState;
use crate::web::{View, export};
use actix_web::web::{ServiceConfig, get, post, resource};
use serde_json::{Value, json};

pub fn routes(cfg: &mut ServiceConfig) {
    export::routes(cfg, "/organizations", directory::export);
    cfg.service(resource("/organizations").route(get().to(directory::list)))
        .service(resource("/organizations/applications").route(get().to(review::list)))
        .service(
            resource("/organizations/applications/{id}")
                .route(get().to(review::show))
                .route(post().to(review::decide)),
        )
        .service(
            resource("/organizations/{id}/qualification")
                .route(get().to(apply::show))
                .route(post().to(apply::save)),
        )
        .service(
            resource("/organizations/{id}/qualification/files").route(post().to(files::attach)),
        )
        .service(
            resource("/organizations/{id}/qualification/files/{file}")
                .route(get().to(files::download)),
        )
        .service(
            resource("/organizations/{id}/qualification/files/{file}/remove")
                .route(post().to(files::detach)),
        )
        .service(
            resource("/organizations/{id}/qualification/withdraw")
                .route(post().to(apply::withdraw)),
        );
}

const NAV: &str = "organizations";

fn tag(view: &View, state: QualificationState) -> Value {
    let kind = match state {
        QualificationState::Draft | QualificationState::Withdrawn => "off",
        QualificationState::Submitted => "soon",
        QualificationState::Listed => "open",
        QualificationState::Returned | QualificationState::Suspended => "late",
    };
    json!({ "kind": kind, "text": view.say(&format!("qualification-state-{state}")) })
}

fn word_kind(view: &View, kind: crate::organizations::registry::ProviderKind) -> String {
    view.say(&format!(
        "registry-kind-{}",
        kind.as_str().replace('_', "-")
    ))
}

/// The files beside an application, for its writer and its reviewer.
fn attached(
    id: crate::organizations::registry::ProviderId,
    files: &[crate::organizations::registry::StoredFile],
) -> Vec<Value> {
    files
        .iter()
        .map(|file| {
            let href = format!("/organizations/{id}/qualification/files/{}", file.id);
            let kib = (file.size + 1023) / 1024;
            json!({ "remove": format!("{href}/remove"), "href": href, "name": file.name, "size": format!("{kib} KB") })
        })
        .collect()
}

/// The declarations with their articles, for checkboxes and for reading.
fn declarations(view: &View) -> Value {
    super::Declaration::ALL
        .iter()
        .map(|declaration| {
            let key = declaration.as_str().replace('_', "-");
            json!({
                "value": declaration.as_str(),
                "label": view.say(&format!("qualification-declare-{key}")),
                "hint": declaration.article(),
            })
        })
        .collect()
}
