//! Registration and its check for programs.

use super::model::{Provider, ProviderId, SeeOwnProvider};
use super::pages::{certificate, checks, form, import, own};
use super::queries;
use crate::kernel::instant;
use crate::kernel::paging::Page;
use crate::kernel::scopes::Scope;
use crate::organizations::registry::{CheckProviders, ProviderState};
use crate::web::api::field::{field, text};
use crate::web::api::{Api, Field, Kind, PAGED, after, size, tagged, thing};
use crate::web::{Answer, May, State, View};
use actix_web::web::{Data, Path};
use schemars::JsonSchema;
use serde::Serialize;

/// What an organization says of itself.
const FIELDS: [Field; 9] = [
    field(
        "kind",
        Kind::OneOf(&[
            "association",
            "social_service",
            "foundation",
            "enterprise",
            "institution",
            "other",
        ]),
    )
    .needed(),
    text("name", 100).needed(),
    text("credit_code", 18).needed(),
    text("legal_head", 50).needed(),
    text("address", 200).needed(),
    text("phone", 40).needed(),
    text("summary", 2000).needed(),
    text("scope", 20).many().needed(),
    text("areas", 12).many().needed(),
];

pub fn operations(api: &mut Api) {
    api.post("/organizations", "organizations-register", form::create)
        .scope(Scope::Organizations)
        .takes(FIELDS);
    api.post(
        "/organizations/import",
        "organizations-import",
        import::save,
    )
    .scope(Scope::Organizations)
    .takes([field("act", Kind::OneOf(&["check"]))])
    .file("file");
    api.get(
        "/organizations/checks",
        "organizations-checks",
        list_waiting,
    )
    .scope(Scope::Organizations)
    .takes(PAGED)
    .gives::<Page<OwnProvider>>();
    api.post(
        "/organizations/checks/{id}",
        "organizations-check",
        checks::decide,
    )
    .scope(Scope::Organizations)
    .takes([
        field("act", Kind::OneOf(&["prove", "refuse", "revoke", "invite"])).needed(),
        text("reason", 500),
        field("seen", Kind::Boolean),
        text("seen_ids", 2000),
        text("email", 254),
    ])
    .versioned();
    api.get(
        "/organizations/{id}/registration",
        "organizations-own",
        show_own,
    )
    .scope(Scope::Read)
    .gives::<OwnProvider>();
    api.post(
        "/organizations/{id}/registration",
        "organizations-edit",
        form::save,
    )
    .scope(Scope::Organizations)
    .takes(FIELDS)
    .versioned();
    api.post(
        "/organizations/{id}/certificate",
        "organizations-certificate",
        certificate::upload,
    )
    .scope(Scope::Organizations)
    .file("file");
    api.post("/organizations/{id}/ask", "organizations-ask", own::ask)
        .scope(Scope::Organizations);
}

/// A registration as its organization and the checking bureau see it.
#[derive(Serialize, JsonSchema)]
struct OwnProvider {
    id: i64,
    name: String,
    kind: String,
    credit_code: String,
    legal_head: String,
    address: String,
    phone: String,
    summary: String,
    /// Catalogue codes.
    scope: Vec<String>,
    /// Region codes.
    areas: Vec<String>,
    state: String,
    reason: Option<String>,
    checked_at: Option<String>,
    version: i64,
}

impl OwnProvider {
    fn of(provider: Provider, scope: Vec<String>, areas: Vec<String>) -> Self {
        Self {
            id: provider.id.0,
            name: provider.name,
            kind: provider.kind.to_string(),
            credit_code: provider.credit_code.to_string(),
            legal_head: provider.legal_head,
            address: provider.address,
            phone: provider.phone,
            summary: provider.summary,
            scope,
            areas,
            state: provider.state.to_string(),
            reason: provider.reason,
            checked_at: provider.checked_at.map(instant::rfc3339),
            version: provider.version,
        }
    }
}

async fn list_waiting(_who: May<CheckProviders>, view: View, state: Data<State>) -> Answer {
    let after = after::<1>(&view).and_then(|[id]| id.parse().ok());
    let size = size(&view);
    let page = state
        .store
        .read(move |db| {
            let waiting = ProviderState::Unproven;
            let rows = queries::list_by_state(db, waiting, after, size.limit())?;
            let page = Page::of(rows, size, |row: &Provider| vec![row.id.to_string()]);
            let mut rows = Vec::new();
            for provider in page.rows {
                let scope = queries::scopes_of(db, provider.id)?;
                let areas = queries::areas_of(db, provider.id)?;
                rows.push(OwnProvider::of(provider, scope, areas));
            }
            Ok(Page {
                rows,
                next: page.next,
            })
        })
        .await?;
    thing(&page)
}

async fn show_own(who: May<SeeOwnProvider>, state: Data<State>, id: Path<ProviderId>) -> Answer {
    let (id, body) = (*id, who.actor.body_id());
    let dto = state
        .store
        .read(move |db| {
            let provider = queries::find_own(db, id, body)?;
            let scope = queries::scopes_of(db, id)?;
            let areas = queries::areas_of(db, id)?;
            Ok(OwnProvider::of(provider, scope, areas))
        })
        .await?;
    tagged(dto.version, &dto)
}
