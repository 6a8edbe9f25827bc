//! The page of one organization.

use crate::catalogue;
use crate::communities::directory::{Places, Services};
use crate::infra::db::Db;
use crate::infra::failure::Failure;
use crate::kernel::instant;
use crate::organizations::qualification::{self, QualificationState};
use crate::organizations::registry::{self, CheckProviders, Provider, ProviderId, ProviderState};
use crate::regions;
use crate::web::{Answer, View};
use actix_web::web::Path;
use serde_json::{Value, json};

pub struct Found {
    pub provider: Provider,
    pub listed_on: Option<String>,
    pub scope: Vec<(String, Option<String>)>,
    pub areas: Vec<String>,
    services: Services,
}

pub fn find(db: &mut Db, id: ProviderId) -> Result<Found, Failure> {
    let provider = registry::find(db, id)?;
    let newest = catalogue::newest_published(db)?;
    let mut scope = Vec::new();
    for code in registry::scopes_of(db, id)? {
        let name = match &newest {
            Some(catalogue) => catalogue::find_item(db, catalogue.id, &code)?.map(|item| item.name),
            None => None,
        };
        scope.push((code, name));
    }
    let areas = registry::areas_of(db, id)?;
    let listed = qualification::find_by_provider(db, id)?
        .filter(|entry| {
            entry.state == QualificationState::Listed && provider.state == ProviderState::Proven
        })
        .and_then(|entry| entry.listed_at);
    Ok(Found {
        listed_on: listed.map(instant::date),
        scope,
        areas: regions::find_many(db, &areas)?
            .into_iter()
            .map(|region| region.short_name().to_owned())
            .collect(),
        services: Services::by_provider(db, provider.body_id)?,
        provider,
    })
}

/// Refused registrations are nobody's business but their own and the reviewers'.
pub fn may_see(view: &View, provider: &Provider) -> bool {
    provider.state != ProviderState::Refused
        || view.actor().is_some_and(|actor| {
            actor.body_id() == Some(provider.body_id) || actor.may::<CheckProviders>()
        })
}

pub async fn show(view: View, id: Path<ProviderId>) -> Answer {
    let id = *id;
    let found = view.state.store.read(move |db| find(db, id)).await?;
    let places = Places::shared(&view.state).await?;
    let provider = &found.provider;
    if !may_see(&view, provider) {
        return Err(Failure::NotFound.into());
    }
    let today = instant::shanghai_date(view.state.store.now());
    let kind = view.say(&format!(
        "portal-organization-kind-{}",
        provider.kind.as_str().replace('_', "-")
    ));
    let is_proven = provider.state == ProviderState::Proven;
    let rows = |ended| found.services.view(&view, &places, today, ended);
    let body = json!({
        "crumbs": [
            { "label": view.say("layout-nav-organizations"), "href": "/organizations" },
            { "label": provider.name, "href": null },
        ],
        "name": provider.name,
        "kind": kind,
        "is_proven": is_proven,
        "listed_on": found.listed_on,
        "can_be_listed": provider.kind.is_social(),
        "phone": provider.phone,
        "summary": provider.summary,
        "facts": facts(&view, provider, is_proven),
        "scope": found.scope.iter()
            .map(|(code, name)| json!({ "code": code, "name": name }))
            .collect::<Vec<_>>(),
        "areas": found.areas.join(&view.say("communities-and")),
        "running": rows(false),
        "ended": rows(true),
        "is_own": view.actor().is_some_and(|actor| actor.body_id() == Some(provider.body_id)),
    });
    view.render(
        "portal/organization",
        "organizations",
        &provider.name,
        &body,
    )
}

/// What is not proven names nobody as its legal head: anybody can type a name.
fn facts(view: &View, provider: &Provider, is_proven: bool) -> Vec<Value> {
    let fact = |key: &str, value: &str| json!({ "key": view.say(key), "value": value });
    let mut facts = vec![fact(
        "portal-organization-credit-code",
        provider.credit_code.as_str(),
    )];
    if is_proven {
        facts.push(fact("portal-organization-legal-head", &provider.legal_head));
        if let Some(at) = provider.checked_at {
            facts.push(fact("portal-organization-checked", &instant::date(at)));
        }
    }
    facts.push(fact("portal-organization-address", &provider.address));
    facts
}
