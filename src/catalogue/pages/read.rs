//! The public pages: a version in three levels, its files, and one item.

use super::ManageCatalogue;
use crate::catalogue::model::{Catalogue, CatalogueId, CatalogueItem, CatalogueState};
use crate::catalogue::queries;
use crate::infra::actor::Actor;
use crate::infra::failure::Failure;
use crate::kernel::{instant, sound, text};
use crate::web::export::{self, Cell, Column, Entry, Export};
use crate::web::{Answer, Form, State, View};
use actix_web::web::{Data, Path};
use serde::Serialize;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// The filters, as they stand in the address.
const FIELDS: [&str; 2] = ["year", "q"];

/// What of the address names a version and reduces it.
struct Asked {
    year: Option<i64>,
    words: String,
}

impl Asked {
    fn of(view: &View) -> Result<Self, Failure> {
        let typed = view.query();
        let year = match typed.raw("year") {
            "" => None,
            year => Some(year.parse().map_err(|_typed| Failure::NotFound)?),
        };
        Ok(Self {
            year,
            words: text::excerpt(&text::clean(typed.raw("q")), 60),
        })
    }

    fn load(
        year: Option<i64>,
        db: &mut crate::infra::db::Db,
    ) -> Result<Option<(Catalogue, Vec<CatalogueItem>)>, Failure> {
        let catalogue = match year {
            Some(year) => Some(queries::find_published(db, year)?.ok_or(Failure::NotFound)?),
            None => queries::newest_published(db)?,
        };
        Ok(match catalogue {
            Some(catalogue) => {
                let items = queries::list_items(db, catalogue.id)?;
                Some((catalogue, items))
            }
            None => None,
        })
    }
}

/// A version's heading as pages show it.
#[derive(Serialize)]
pub struct Heading {
    pub title: String,
    pub year: String,
    pub issued_no: Option<String>,
    pub source: String,
    pub is_verified: bool,
    pub published: Option<String>,
}

impl From<&Catalogue> for Heading {
    fn from(catalogue: &Catalogue) -> Self {
        Self {
            title: catalogue.title.clone(),
            year: catalogue.year.to_string(),
            issued_no: catalogue.issued_no.clone(),
            source: catalogue.source.clone(),
            is_verified: catalogue.is_verified,
            published: catalogue.published_at.map(instant::date),
        }
    }
}

#[derive(Clone, Serialize)]
pub struct ItemLink {
    code: String,
    name: String,
    pub href: String,
}

impl ItemLink {
    pub fn of(year: i64, item: &CatalogueItem) -> Self {
        Self {
            code: item.code.clone(),
            name: item.name.clone(),
            href: format!("/catalogue/{year}/{}", item.code),
        }
    }
}

#[derive(Serialize)]
struct Group {
    item: ItemLink,
    anchor: String,
    rows: Vec<GroupRow>,
}

#[derive(Serialize)]
struct GroupRow {
    item: ItemLink,
    children: Vec<ItemLink>,
    projects: String,
    providers: String,
}

pub async fn list(view: View, state: Data<State>) -> Answer {
    let Asked { year, words } = Asked::of(&view)?;
    let (shown, versions) = state
        .store
        .read(move |db| Ok((Asked::load(year, db)?, queries::list_public(db)?)))
        .await?;
    let current = shown.as_ref().map(|(catalogue, _)| catalogue.year);
    let years: Vec<_> = versions
        .iter()
        .filter(|version| version.state == CatalogueState::Published)
        .map(|version| {
            json!({
                "label": version.year.to_string(), "href": format!("/catalogue?year={}", version.year),
                "current": Some(version.year) == current,
            })
        })
        .collect();
    let (groups, found) = shown
        .as_ref()
        .map_or((Vec::new(), 0), |(catalogue, items)| {
            let (kept, found) = selected(items, &words);
            (tree(catalogue.year, &kept), found)
        });
    let address = Form::default()
        .with(
            "year",
            year.map(|year| year.to_string()).unwrap_or_default(),
        )
        .with("q", &words)
        .address("/catalogue", &FIELDS, None);
    let may_manage = view.actor().is_some_and(Actor::may::<ManageCatalogue>);
    let title = view.say("catalogue-title");
    view.render(
        "catalogue/list",
        "catalogue",
        &title,
        &json!({
            "heading": shown.as_ref().map(|(catalogue, _)| Heading::from(catalogue)),
            "years": if years.len() > 1 { years } else { Vec::new() },
            "groups": groups,
            "found": found.to_string(),
            "q": words,
            "exports": export::links(&address),
            "may_manage": may_manage,
        }),
    )
}

/// What was asked for, and how much of it there is: an item that matches comes with all below and above it.
fn selected<'a>(items: &'a [CatalogueItem], asked: &str) -> (Vec<&'a CatalogueItem>, usize) {
    let folded = sound::folded(asked);
    let parents: BTreeMap<&str, &str> = items
        .iter()
        .filter_map(|item| Some((item.code.as_str(), item.parent_code.as_deref()?)))
        .collect();
    // Three levels: two above at most.
    let above = |code: &'a str| {
        std::iter::successors(parents.get(code).copied(), |code| {
            parents.get(code).copied()
        })
        .take(2)
    };
    let hits: BTreeSet<&str> = items
        .iter()
        .filter(|item| {
            item.code.to_lowercase().starts_with(&folded)
                || [&item.name, &item.aliases]
                    .iter()
                    .any(|name| sound::is_meant(name, asked))
        })
        .map(|item| item.code.as_str())
        .collect();
    let around: BTreeSet<&str> = hits.iter().flat_map(|code| above(code)).collect();
    let kept = items.iter().filter(|item| {
        let code = item.code.as_str();
        hits.contains(code)
            || around.contains(code)
            || above(code).any(|parent| hits.contains(parent))
    });
    (kept.collect(), hits.len())
}

/// The three levels.
fn tree(year: i64, items: &[&CatalogueItem]) -> Vec<Group> {
    let mut below: BTreeMap<&str, Vec<&CatalogueItem>> = BTreeMap::new();
    for item in items {
        if let Some(parent) = &item.parent_code {
            below.entry(parent).or_default().push(item);
        }
    }
    let children = |code: &str| below.get(code).map_or(&[][..], Vec::as_slice);
    let row = |middle: &CatalogueItem| GroupRow {
        item: ItemLink::of(year, middle),
        children: children(&middle.code)
            .iter()
            .map(|item| ItemLink::of(year, item))
            .collect(),
        projects: format!("/projects?code={}", middle.code),
        providers: format!("/organizations?code={}", middle.code),
    };
    items
        .iter()
        .filter(|item| item.level == 1)
        .map(|top| Group {
            item: ItemLink::of(year, top),
            anchor: format!("class-{}", top.code),
            rows: children(&top.code).iter().map(|item| row(item)).collect(),
        })
        .collect()
}

/// What the files of a version show. A new version can be made from the first six.
const COLUMNS: [Column; 7] = [
    ("catalogue-column-code", 12),
    ("catalogue-column-name", 36),
    ("catalogue-column-level", 8),
    ("catalogue-column-parent", 12),
    ("catalogue-column-description", 48),
    ("catalogue-column-aliases", 28),
    ("catalogue-column-year", 8),
];

pub async fn export(view: View, state: Data<State>) -> Answer {
    let _turn = view.export_turn().await?;
    let Asked { year, words } = Asked::of(&view)?;
    let shown = state.store.read(move |db| Asked::load(year, db)).await?;
    let mut export = Export::new(&view, "catalogue", view.say("catalogue-title"), &COLUMNS)?;
    if let Some((catalogue, items)) = &shown {
        for item in selected(items, &words).0 {
            let cells: [Cell; 7] = [
                item.code.as_str().into(),
                item.name.as_str().into(),
                Cell::Number(item.level),
                item.parent_code.clone().into(),
                item.description.as_str().into(),
                item.aliases.as_str().into(),
                Cell::Number(catalogue.year),
            ];
            let entry = Entry {
                id: format!("catalogue/{}/{}", catalogue.year, item.code),
                title: format!("{} {}", item.code, item.name),
                link: ItemLink::of(catalogue.year, item).href,
                updated: catalogue.published_at.unwrap_or(catalogue.imported_at),
            };
            export.row(cells, entry)?;
        }
    }
    export.answer().await
}

/// What the item page shows.
struct Found {
    catalogue: Catalogue,
    item: CatalogueItem,
    above: Vec<CatalogueItem>,
    below: Vec<CatalogueItem>,
    elsewhere: Vec<(Catalogue, CatalogueItem)>,
    newest: Option<i64>,
}

pub async fn show(view: View, state: Data<State>, path: Path<(i64, String)>) -> Answer {
    let (year, code) = path.into_inner();
    let found = state.store.read(move |db| find(db, year, &code)).await?;
    let mut crumbs = vec![json!({
        "label": view.say_with("catalogue-of-year", &[("year", &found.catalogue.year.to_string())]),
        "href": format!("/catalogue?year={}", found.catalogue.year),
    })];
    crumbs.extend(found.above.iter().map(|item| {
        json!({ "label": format!("{} {}", item.code, item.name), "href": ItemLink::of(year, item).href })
    }));
    crumbs.push(json!({ "label": found.item.code, "href": null }));
    let is_old = found.catalogue.state == CatalogueState::Replaced;
    let is_gone = found.newest.is_some_and(|newest| {
        newest > year
            && !found
                .elsewhere
                .iter()
                .any(|(catalogue, _)| catalogue.year == newest)
    });
    let elsewhere: Vec<_> = found
        .elsewhere
        .iter()
        .map(|(catalogue, item)| {
            json!({
                "year": catalogue.year.to_string(), "name": item.name,
                "href": format!("/catalogue/{}/{}", catalogue.year, item.code),
            })
        })
        .collect();
    let below: Vec<ItemLink> = found
        .below
        .iter()
        .map(|item| ItemLink::of(year, item))
        .collect();
    view.render(
        "catalogue/show",
        "catalogue",
        &format!("{} {}", found.item.code, found.item.name),
        &json!({
            "crumbs": crumbs,
            "heading": Heading::from(&found.catalogue),
            "code": found.item.code,
            "name": found.item.name,
            "level": view.say(&format!("catalogue-level-{}", found.item.level)),
            "description": found.item.description,
            "aliases": found.item.aliases,
            "is_old": is_old,
            "gone_from": found.newest.filter(|_| is_gone).map(|year| year.to_string()),
            "below": below,
            "elsewhere": elsewhere,
            "projects": format!("/projects?code={}", found.item.code),
            "providers": format!("/organizations?code={}", found.item.code),
        }),
    )
}

/// The item of that year in force, or of the latest replaced version that had it: old projects refer to it.
fn find(db: &mut crate::infra::db::Db, year: i64, code: &str) -> Result<Found, Failure> {
    let mut versions = queries::list_versions_of(db, code)?;
    let at = versions
        .iter()
        .position(|(catalogue, _)| {
            catalogue.year == year && catalogue.state == CatalogueState::Published
        })
        .or_else(|| {
            versions
                .iter()
                .position(|(catalogue, _)| catalogue.year == year)
        })
        .ok_or(Failure::NotFound)?;
    let (catalogue, item) = versions.remove(at);
    versions.retain(|(other, _)| {
        other.state == CatalogueState::Published && other.year != catalogue.year
    });
    let below = queries::list_children(db, catalogue.id, &item.code)?;
    let above = ancestors(db, catalogue.id, &item)?;
    let newest = queries::newest_published(db)?.map(|newest| newest.year);
    Ok(Found {
        catalogue,
        item,
        above,
        below,
        elsewhere: versions,
        newest,
    })
}

fn ancestors(
    db: &mut crate::infra::db::Db,
    catalogue: CatalogueId,
    item: &CatalogueItem,
) -> Result<Vec<CatalogueItem>, Failure> {
    let mut above = Vec::new();
    let mut parent = item.parent_code.clone();
    // Three levels: two above at most.
    while let Some(code) = parent.take().filter(|_| above.len() < 2) {
        let Some(found) = queries::find_item(db, catalogue, &code)? else {
            break;
        };
        parent.clone_from(&found.parent_code);
        above.insert(0, found);
    }
    Ok(above)
}
