//! The purchase catalogue for programs.

use super::pages::{ManageCatalogue, compare, drafts, import, read};
use super::rules::{Change, ChangeKind};
use super::{Catalogue, CatalogueItem, queries};
use crate::export_names;
use crate::infra::failure::Failure;
use crate::kernel::instant;
use crate::kernel::paging::Page;
use crate::kernel::scopes::Scope;
use crate::web::api::field::{Field, field, text};
use crate::web::api::{Api, Kind, editable, thing};
use crate::web::{Answer, May, State, View, export};
use actix_web::web::{Data, Path};
use schemars::JsonSchema;
use serde::Serialize;

pub fn operations(api: &mut Api) {
    api.get("/catalogue", "catalogue-list", list)
        .gives::<Page<Version>>();
    api.get("/catalogue/drafts", "catalogue-drafts", list_drafts)
        .scope(Scope::Catalogue)
        .gives::<Page<Version>>();
    api.get("/catalogue/drafts/{id}", "catalogue-draft", show_draft)
        .scope(Scope::Catalogue)
        .gives::<Version>();
    api.post("/catalogue/import", "catalogue-import", import::save)
        .scope(Scope::Catalogue)
        .file("file")
        .takes([
            field("year", Kind::Integer).needed(),
            text("title", 100).needed(),
            text("issued_no", 60),
        ]);
    api.post(
        "/catalogue/drafts/{id}/publish",
        "catalogue-publish",
        drafts::publish,
    )
    .scope(Scope::Catalogue)
    .versioned();
    api.post(
        "/catalogue/drafts/{id}/discard",
        "catalogue-discard",
        drafts::discard,
    )
    .scope(Scope::Catalogue)
    .versioned();
    export::operations(
        api,
        &export_names!("/catalogue", "catalogue-year"),
        &[text("year", 4), text("q", 60)],
        read::export,
    );
    api.get("/catalogue/compare", "catalogue-compare", show_changes)
        .takes(comparing())
        .gives::<Comparison>();
    export::operations(
        api,
        &export_names!("/catalogue/compare", "catalogue-compare"),
        &comparing(),
        compare::export,
    );
    api.get("/catalogue/{year}", "catalogue-year", show_year)
        .gives::<Page<Item>>();
    api.get("/catalogue/{year}/{code}", "catalogue-item", show_item)
        .gives::<Item>();
}

/// Left open, the years are the two newest.
const fn comparing() -> [Field; 3] {
    [
        field("from", Kind::Integer),
        field("to", Kind::Integer),
        field("kind", Kind::OneOf(&["added", "changed", "dropped"])),
    ]
}

#[derive(Serialize, JsonSchema)]
struct Version {
    id: i64,
    year: i64,
    title: String,
    issued_no: Option<String>,
    source: String,
    /// Whether every row was compared with what the finance department published.
    is_verified: bool,
    state: String,
    published_at: Option<String>,
}

impl From<Catalogue> for Version {
    fn from(version: Catalogue) -> Self {
        Self {
            id: version.id.0,
            year: version.year,
            title: version.title,
            issued_no: version.issued_no,
            source: version.source,
            is_verified: version.is_verified,
            state: version.state.to_string(),
            published_at: version.published_at.map(instant::rfc3339),
        }
    }
}

#[derive(Serialize, JsonSchema)]
struct Item {
    code: String,
    name: String,
    /// 1 to 3.
    level: i64,
    parent_code: Option<String>,
    description: String,
    /// What else people call it, between blanks.
    aliases: String,
}

impl From<CatalogueItem> for Item {
    fn from(item: CatalogueItem) -> Self {
        Self {
            code: item.code,
            name: item.name,
            level: item.level,
            parent_code: item.parent_code,
            description: item.description,
            aliases: item.aliases,
        }
    }
}

#[derive(Serialize, JsonSchema)]
struct Comparison {
    /// `null` while there are not two years to compare.
    from: Option<i64>,
    to: Option<i64>,
    added: usize,
    changed: usize,
    dropped: usize,
    /// In the order of the codes; of the kind asked for.
    rows: Vec<ItemChange>,
}

#[derive(Serialize, JsonSchema)]
struct ItemChange {
    kind: String,
    item: Item,
    /// What differs; empty for what was added or dropped.
    parts: Vec<PartChange>,
}

#[derive(Serialize, JsonSchema)]
struct PartChange {
    /// `name`, `level`, `parent`, `description` or `aliases`.
    part: String,
    before: String,
    after: String,
}

impl From<Change> for ItemChange {
    fn from(change: Change) -> Self {
        let parts = change.parts.into_iter();
        Self {
            kind: change.kind.to_string(),
            item: change.item.into(),
            parts: parts
                .map(|(part, before, after)| PartChange {
                    part: part.to_string(),
                    before,
                    after,
                })
                .collect(),
        }
    }
}

async fn show_changes(view: View, state: Data<State>) -> Answer {
    let asked = compare::Asked::of(&view)?;
    let compared = state
        .store
        .read(move |db| compare::Compared::load(db, asked))
        .await?;
    let years = compared.versions.as_ref();
    thing(&Comparison {
        from: years.map(|[from, _]| from.year),
        to: years.map(|[_, to]| to.year),
        added: compared.count(ChangeKind::Added),
        changed: compared.count(ChangeKind::Changed),
        dropped: compared.count(ChangeKind::Dropped),
        rows: compared.kept.into_iter().map(ItemChange::from).collect(),
    })
}

/// A list that always fits on one page.
fn whole<T, U: From<T>>(rows: Vec<T>) -> Page<U> {
    Page {
        rows: rows.into_iter().map(U::from).collect(),
        next: None,
    }
}

async fn list(state: Data<State>) -> Answer {
    let rows = state.store.read(|db| Ok(queries::list_public(db)?)).await?;
    thing(&whole::<_, Version>(rows))
}

async fn list_drafts(who: May<ManageCatalogue>, state: Data<State>) -> Answer {
    let body = who.actor.body_id();
    let rows = state
        .store
        .read(move |db| Ok(queries::list_drafts(db, body)?))
        .await?;
    thing(&whole::<_, Version>(rows))
}

async fn show_draft(
    who: May<ManageCatalogue>,
    view: View,
    state: Data<State>,
    id: Path<super::CatalogueId>,
) -> Answer {
    let (id, body) = (*id, who.actor.body_id());
    let draft = state
        .store
        .read(move |db| Ok(queries::find_own(db, id, body)?))
        .await?;
    editable(&view, draft.version, &Version::from(draft))
}

async fn show_year(state: Data<State>, year: Path<i64>) -> Answer {
    let year = *year;
    let items = state
        .store
        .read(move |db| {
            let version = queries::find_published(db, year)?.ok_or(Failure::NotFound)?;
            Ok(queries::list_items(db, version.id)?)
        })
        .await?;
    thing(&whole::<_, Item>(items))
}

async fn show_item(state: Data<State>, path: Path<(i64, String)>) -> Answer {
    let (year, code) = path.into_inner();
    let item = state
        .store
        .read(move |db| {
            let version = queries::find_published(db, year)?.ok_or(Failure::NotFound)?;
            queries::find_item(db, version.id, &code)?.ok_or(Failure::NotFound)
        })
        .await?;
    thing(&Item::from(item))
}
