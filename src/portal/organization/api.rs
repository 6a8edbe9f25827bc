//! One organization for programs: what its public page says.

use super::pages::{find, may_see};
use crate::infra::failure::Failure;
use crate::organizations::registry::ProviderId;
use crate::web::api::{Api, thing};
use crate::web::{Answer, View};
use actix_web::web::Path;
use schemars::JsonSchema;
use serde::Serialize;

pub fn operations(api: &mut Api) {
    api.get("/organizations/{id}", "organizations-show", show)
        .gives::<OrganizationDto>();
}

#[derive(Serialize, JsonSchema)]
struct OrganizationDto {
    id: i64,
    name: String,
    kind: String,
    credit_code: String,
    /// Whether an officer has checked the credit code and the name.
    state: String,
    phone: String,
    summary: String,
    /// Since when it stands in the directory of qualified organizations.
    listed_on: Option<String>,
    /// Catalogue codes.
    scope: Vec<String>,
    areas: Vec<String>,
}

async fn show(view: View, id: Path<ProviderId>) -> Answer {
    let id = *id;
    let found = view.state.store.read(move |db| find(db, id)).await?;
    if !may_see(&view, &found.provider) {
        return Err(Failure::NotFound.into());
    }
    let provider = found.provider;
    thing(&OrganizationDto {
        id: provider.id.0,
        name: provider.name,
        kind: provider.kind.to_string(),
        credit_code: provider.credit_code.to_string(),
        state: provider.state.to_string(),
        phone: provider.phone,
        summary: provider.summary,
        listed_on: found.listed_on,
        scope: found.scope.into_iter().map(|(code, _)| code).collect(),
        areas: found.areas,
    })
}
