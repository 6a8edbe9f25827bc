//! Pages of registration, of one's own registration, and of the reviewers' checks.

pub(super) mod certificate;
pub(super) mod checks;
pub(super) mod form;
pub(super) mod import;
pub(super) mod own;
pub(super) mod uploads;

pub use uploads::{read_upload, send};

use super::ProviderState;
use super::actions::FOUNDER;
use super::model::Provider;
use super::queries;
use crate::infra::failure::Failure;
use crate::web::{State, View};
use actix_web::web::{ServiceConfig, get, post, resource};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(
        resource("/organizations/register")
            .route(get().to(form::begin))
            .route(post().to(form::create)),
    )
    .service(
        resource("/organizations/import")
            .route(get().to(import::edit))
            .route(post().to(import::save)),
    )
    .service(resource("/organizations/import/sheet").route(get().to(import::sheet)))
    .service(resource("/organizations/checks").route(get().to(checks::list)))
    .service(
        resource("/organizations/checks/{id}")
            .route(get().to(checks::show))
            .route(post().to(checks::decide)),
    )
    .service(
        resource("/organizations/{id}/edit")
            .route(get().to(form::edit))
            .route(post().to(form::save)),
    )
    .service(resource("/organizations/{id}/registration").route(get().to(own::show)))
    .service(resource("/organizations/{id}/ask").route(post().to(own::ask)))
    .service(
        resource("/organizations/{id}/certificate")
            .route(get().to(certificate::download))
            .route(post().to(certificate::upload)),
    );
}

const NAV: &str = "organizations";

/// The roles of whoever registers a body, or is invited to act for it, in words.
fn founder_roles(view: &View) -> String {
    let words = FOUNDER.map(|role| view.say(&format!("accounts-role-{role}")));
    words.join(" · ")
}

fn tag(view: &View, state: ProviderState) -> Value {
    let kind = match state {
        ProviderState::Unproven => "soon",
        ProviderState::Proven => "open",
        ProviderState::Refused => "late",
    };
    json!({ "kind": kind, "text": view.say(&format!("registry-state-{state}")) })
}

/// The worded names of codes, the code itself where it has no name any more.
fn named(names: &BTreeMap<String, String>, codes: &[String]) -> Vec<String> {
    codes
        .iter()
        .map(|code| names.get(code).map_or_else(|| code.clone(), Clone::clone))
        .collect()
}

/// The rows of a provider's summary.
fn facts(view: &View, provider: &Provider, scope: &[String], areas: &[String]) -> Value {
    let kind = view.say(&format!(
        "registry-kind-{}",
        provider.kind.as_str().replace('_', "-")
    ));
    let row = |key: &str, value: &str| json!({ "key": view.say(key), "value": value });
    json!([
        row("registry-name", &provider.name),
        row("registry-kind", &kind),
        row("registry-code", provider.credit_code.as_str()),
        row("registry-head", &provider.legal_head),
        row("registry-address", &provider.address),
        row("registry-phone", &provider.phone),
        row("registry-scope", &scope.join(&view.say("registry-joint"))),
        row("registry-areas", &areas.join(&view.say("registry-joint"))),
        row("registry-summary", &provider.summary),
    ])
}

/// Names of catalogue items and of areas, by their codes.
pub type Names = (BTreeMap<String, String>, BTreeMap<String, String>);

/// The names that rows of organizations are worded with, read once for each version of the public pages.
pub async fn names(state: &State) -> Result<Arc<Names>, Failure> {
    state
        .read_shared("names".into(), |db| {
            let names = (queries::scope_names(db)?, queries::area_names(db)?);
            Ok(Arc::new(names))
        })
        .await
}
