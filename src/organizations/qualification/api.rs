//! The directory for programs: read by everybody, applied for by organizations, kept by the bureau.

use super::model::{KeepDirectory, Qualification, QualificationId, QualificationState};
use super::pages::{apply, directory, files, review};
use super::queries;
use crate::catalogue;
use crate::export_names;
use crate::infra::failure::Failure;
use crate::kernel::instant;
use crate::kernel::paging::Page;
use crate::kernel::scopes::Scope;
use crate::organizations::registry::{self, ProviderId, SeeOwnProvider};
use crate::web::api::field::{field, text};
use crate::web::api::{Api, Field, Kind, PAGED, after, size, tagged, thing};
use crate::web::{Answer, May, State, View, export};
use actix_web::web::{Data, Path};
use schemars::JsonSchema;
use serde::Serialize;

/// The filters of the list, as on its page.
const FILTERS: [Field; 4] = [
    text("q", 60),
    text("kind", 20),
    text("town", 12),
    text("code", 20),
];

pub fn operations(api: &mut Api) {
    api.get("/organizations", "directory-list", list)
        .takes(FILTERS)
        .takes(PAGED)
        .gives::<Page<Entry>>();
    let names = export_names!("/organizations", "directory-list");
    export::operations(api, &names, &FILTERS, directory::export);
    api.get(
        "/organizations/applications",
        "directory-applications",
        list_submitted,
    )
    .scope(Scope::Organizations)
    .takes(PAGED)
    .gives::<Page<ApplicationDto>>();
    api.get(
        "/organizations/applications/{id}",
        "directory-application",
        show,
    )
    .scope(Scope::Organizations)
    .gives::<ApplicationDto>();
    api.post(
        "/organizations/applications/{id}",
        "directory-decide",
        review::decide,
    )
    .scope(Scope::Organizations)
    .takes([
        field(
            "act",
            Kind::OneOf(&["accept", "return", "suspend", "resume"]),
        )
        .needed(),
        text("reason", 500),
    ])
    .versioned();
    api.get(
        "/organizations/{id}/qualification",
        "directory-own",
        show_own,
    )
    .scope(Scope::Read)
    .gives::<Option<ApplicationDto>>();
    api.post(
        "/organizations/{id}/qualification",
        "directory-apply",
        apply::save,
    )
    .scope(Scope::Organizations)
    .takes([
        text("statement", 2000),
        text("declarations", 40).many(),
        field("act", Kind::OneOf(&["save", "submit"])).needed(),
        field("version", Kind::Integer),
    ]);
    api.post(
        "/organizations/{id}/qualification/withdraw",
        "directory-withdraw",
        apply::withdraw,
    )
    .scope(Scope::Organizations)
    .versioned();
    api.post(
        "/organizations/{id}/qualification/files",
        "directory-files",
        files::attach,
    )
    .scope(Scope::Organizations)
    .file("file");
    api.post(
        "/organizations/{id}/qualification/files/{file}/remove",
        "directory-files-remove",
        files::detach,
    )
    .scope(Scope::Organizations);
}

/// An organization in the public directory.
#[derive(Serialize, JsonSchema)]
struct Entry {
    /// The organization's.
    id: i64,
    name: String,
    kind: String,
    credit_code: String,
    phone: String,
    summary: String,
    /// Catalogue codes.
    scope: Vec<String>,
    /// Region codes.
    areas: Vec<String>,
    listed_at: Option<String>,
}

impl From<queries::Listed> for Entry {
    fn from(listed: queries::Listed) -> Self {
        let provider = listed.provider;
        Self {
            id: provider.id.0,
            name: provider.name,
            kind: provider.kind.to_string(),
            credit_code: provider.credit_code.to_string(),
            phone: provider.phone,
            summary: provider.summary,
            scope: listed.scope,
            areas: listed.areas,
            listed_at: listed.listed_at.map(instant::rfc3339),
        }
    }
}

async fn list(view: View, state: Data<State>) -> Answer {
    let offer = catalogue::offered(&state).await?;
    let (asked, size) = (directory::asked(&view, &offer), size(&view));
    let rows = state
        .store
        .read(move |db| {
            Ok(queries::list_listed(
                db,
                &asked.filter,
                asked.after,
                size.limit(),
            )?)
        })
        .await?;
    let page = Page::of(rows, size, |listed: &queries::Listed| {
        vec![
            listed.provider.sort_key.clone(),
            listed.provider.id.to_string(),
        ]
    });
    thing(&page.map(Entry::from))
}

/// An application for the directory, as its organization and the bureau see it.
#[derive(Serialize, JsonSchema)]
struct ApplicationDto {
    id: i64,
    organization: i64,
    state: String,
    statement: String,
    declarations: Vec<String>,
    submitted_at: Option<String>,
    decided_at: Option<String>,
    reason: Option<String>,
    listed_at: Option<String>,
    version: i64,
}

impl From<Qualification> for ApplicationDto {
    fn from(entry: Qualification) -> Self {
        Self {
            id: entry.id.0,
            organization: entry.provider_id.0,
            state: entry.state.to_string(),
            statement: entry.statement,
            declarations: serde_json::from_str(&entry.declarations).unwrap_or_default(),
            submitted_at: entry.submitted_at.map(instant::rfc3339),
            decided_at: entry.decided_at.map(instant::rfc3339),
            reason: entry.reason,
            listed_at: entry.listed_at.map(instant::rfc3339),
            version: entry.version,
        }
    }
}

async fn list_submitted(_who: May<KeepDirectory>, view: View, state: Data<State>) -> Answer {
    let after = after::<1>(&view).and_then(|[id]| id.parse().ok());
    let size = size(&view);
    let rows = state
        .store
        .read(move |db| {
            let submitted = QualificationState::Submitted;
            Ok(queries::list_by_state(db, submitted, after, size.limit())?)
        })
        .await?;
    let rows = rows.into_iter().map(|(entry, _)| entry).collect();
    let page = Page::of(rows, size, |entry: &Qualification| {
        vec![entry.id.to_string()]
    });
    thing(&page.map(ApplicationDto::from))
}

/// Drafts are their organization's own business.
async fn show(_who: May<KeepDirectory>, state: Data<State>, id: Path<QualificationId>) -> Answer {
    let id = *id;
    let entry = state
        .store
        .read(move |db| Ok(queries::find(db, id)?))
        .await?;
    if entry.state == QualificationState::Draft {
        return Err(Failure::NotFound.into());
    }
    tagged(entry.version, &ApplicationDto::from(entry))
}

async fn show_own(who: May<SeeOwnProvider>, state: Data<State>, id: Path<ProviderId>) -> Answer {
    let (id, body) = (*id, who.actor.body_id());
    let entry = state
        .store
        .read(move |db| {
            registry::find_own(db, id, body)?;
            Ok(queries::find_by_provider(db, id)?)
        })
        .await?;
    let version = entry.as_ref().map_or(-1, |entry| entry.version);
    tagged(version, &entry.map(ApplicationDto::from))
}
