//! The public list: filters kept in the address, pages by the last row seen, files of the same selection.

use super::{NAV, by_code, left, method, published_of, tag, where_of};
use crate::accounts;
use crate::catalogue::{self, Offered};
use crate::common::rulesets::Method;
use crate::infra::db::Db;
use crate::infra::failure::Failure;
use crate::kernel::instant::{self, Remaining};
use crate::kernel::paging::{Page, PageSize, decode_cursor};
use crate::kernel::people::BodyId;
use crate::kernel::text;
use crate::procurement::projects::{
    self, Filter, PrepareProjects, Project, ProjectId, ProjectState,
};
use crate::procurement::tenders::model::{Tender, TenderState};
use crate::regions::{self, Region};
use crate::web::export::{self, BLOCK, Cell, Column, Entry, Export, is_last};
use crate::web::{Answer, Form, State, View};
use actix_web::web::Data;
use chrono::{DateTime, NaiveDateTime};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Drafts are nobody's business here.
const STATES: [ProjectState; 5] = [
    ProjectState::Tendering,
    ProjectState::Awarded,
    ProjectState::Contracted,
    ProjectState::Failed,
    ProjectState::Cancelled,
];

/// The state of those that take bids now: more than most come for.
const OPEN: &str = "open";

/// The filters, as they stand in the address.
const FIELDS: [&str; 5] = ["q", "state", "method", "town", "code"];

/// The address as typed, and what it asks for.
pub(in crate::procurement::tenders) struct Asked {
    form: Form,
    pub(in crate::procurement::tenders) filter: Filter,
    pub(in crate::procurement::tenders) after: Option<(NaiveDateTime, ProjectId)>,
}

/// Reads the address; a value that nothing offers counts as not asked for.
pub(in crate::procurement::tenders) fn asked(view: &View, offered: &Offered) -> Asked {
    let typed = view.query();
    let words: String = text::clean(typed.raw("q")).chars().take(60).collect();
    let is_open = typed.raw("state") == OPEN;
    let state = typed
        .raw("state")
        .parse()
        .ok()
        .filter(|state| STATES.contains(state));
    let method: Option<Method> = typed.raw("method").parse().ok();
    let town = offered.town(typed.raw("town"));
    let code = offered.code(typed.raw("code"));
    let after = decode_cursor::<2>(typed.raw("after"))
        .ok()
        .and_then(|[at, id]| {
            let at = DateTime::from_timestamp_micros(at.parse().ok()?)?;
            Some((at.naive_utc(), id.parse().ok()?))
        });
    let form = Form::default()
        .with("q", &words)
        .with(
            "state",
            if is_open {
                OPEN
            } else {
                state.as_ref().map_or("", ProjectState::as_str)
            },
        )
        .with("method", method.as_ref().map_or("", Method::as_str))
        .with("town", town.as_deref().unwrap_or_default())
        .with("code", code.as_deref().unwrap_or_default());
    let filter = Filter {
        state,
        open_at: is_open.then(|| view.state.store.now()),
        method: method.map(|method| method.to_string()),
        region: town,
        code,
        text: (!words.is_empty()).then(|| words.clone()),
    };
    Asked {
        form,
        filter,
        after,
    }
}

/// Projects with all that their rows show.
struct Rows {
    projects: Vec<Project>,
    tenders: BTreeMap<ProjectId, Tender>,
    communities: BTreeMap<ProjectId, Vec<String>>,
    places: BTreeMap<String, Region>,
    items: BTreeMap<ProjectId, String>,
    buyers: BTreeMap<BodyId, String>,
}

impl Rows {
    fn load(
        db: &mut Db,
        filter: &Filter,
        after: Option<(NaiveDateTime, ProjectId)>,
        size: i64,
    ) -> Result<Self, Failure> {
        let projects = projects::list_public(db, filter, after, size)?;
        let ids: Vec<ProjectId> = projects.iter().map(|project| project.id).collect();
        let mut communities: BTreeMap<ProjectId, Vec<String>> = BTreeMap::new();
        for (id, code) in projects::list_communities_of(db, &ids)? {
            communities.entry(id).or_default().push(code);
        }
        let mut items = BTreeMap::new();
        let mut buyers = BTreeMap::new();
        let mut names: BTreeMap<(i64, String), String> = BTreeMap::new();
        for project in &projects {
            let key = (project.catalogue_id.0, project.catalogue_code.clone());
            if !names.contains_key(&key) {
                let item = catalogue::find_item(db, project.catalogue_id, &project.catalogue_code)?;
                names.insert(key.clone(), item.map(|item| item.name).unwrap_or_default());
            }
            let name = names.get(&key).map_or("", String::as_str);
            let item = format!("{} {name}", project.catalogue_code);
            items.insert(project.id, item.trim_end().to_owned());
            if let std::collections::btree_map::Entry::Vacant(e) = buyers.entry(project.buyer_id) {
                let name = accounts::find_body(db, project.buyer_id)?.name;
                e.insert(name);
            }
        }
        Ok(Self {
            tenders: published_of(db, &ids)?,
            places: by_code(regions::list_communities(db)?),
            projects,
            communities,
            items,
            buyers,
        })
    }

    fn places_of(&self, id: ProjectId) -> &[String] {
        self.communities.get(&id).map_or(&[], Vec::as_slice)
    }
}

/// What the list is ordered by.
pub(in crate::procurement::tenders) fn key(project: &Project) -> Vec<String> {
    let at = project.published_at.unwrap_or_default();
    vec![
        at.and_utc().timestamp_micros().to_string(),
        project.id.to_string(),
    ]
}

pub async fn list(view: View, state: Data<State>) -> Answer {
    let offer = catalogue::offered(&state).await?;
    let asked = asked(&view, &offer);
    let (filter, after) = (asked.filter.clone(), asked.after);
    let size = PageSize::default();
    let mut rows = state
        .store
        .read(move |db| Rows::load(db, &filter, after, size.limit()))
        .await?;
    let page = Page::of(std::mem::take(&mut rows.projects), size, key);
    let next = page
        .next
        .map(|cursor| asked.form.address("/projects", &FIELDS, Some(&cursor)));
    let first = asked.form.address("/projects", &FIELDS, None);
    let now = state.store.now();
    let lines: Vec<Value> = page
        .rows
        .iter()
        .map(|project| line(&view, &rows, project, now))
        .collect();
    let count = view.say_with("projects-count", &[("count", &lines.len().to_string())]);
    let page = json!({
        "rows": lines,
        "count": count,
        "filtered": first != "/projects",
        "exports": export::links(&first),
        "pager": { "prev": asked.after.map(|_| first.clone()), "next": next, "count_text": count },
        "states": view.choices("projects-any", std::iter::once((OPEN.to_owned(), view.say("projects-open-now"))).chain(
            STATES.iter().map(|state| (state.to_string(), view.say(&format!("projects-state-{state}")))),
        )),
        "methods": view.choices("projects-any", Method::ALL.iter().map(|method| {
            let key = format!("tenders-method-{}", method.as_str().replace('_', "-"));
            (method.to_string(), view.say(&key))
        })),
        "towns": view.choices("projects-any", offer.towns()),
        "codes": view.choices("projects-any", offer.codes()),
        "is_officer": view.actor().is_some_and(crate::infra::actor::Actor::may::<PrepareProjects>),
        "form": asked.form.view(&view.state.words, view.language()),
    });
    let title = view.say("projects-title");
    view.render("procurement/tenders/list", NAV, &title, &page)
}

fn line(view: &View, rows: &Rows, project: &Project, now: NaiveDateTime) -> Value {
    let tender = rows.tenders.get(&project.id);
    let method = tender.map(|tender| method(view, tender));
    let notes = [
        Some(project.number.clone()),
        method,
        rows.items.get(&project.id).cloned(),
    ];
    let notes: Vec<String> = notes.into_iter().flatten().collect();
    let running = tender
        .filter(|tender| tender.state == TenderState::Open)
        .and_then(|tender| Remaining::until(now, tender.closes_at?));
    let mut tag = tag(view, project, tender, now);
    if let Some(time) = running {
        let text = view.say_with("projects-one-left", &[("left", &left(view, time))]);
        tag = json!({ "kind": if time.days < 3 { "soon" } else { "open" }, "text": text });
    }
    json!({
        "href": format!("/projects/{}", project.id),
        "title": project.title,
        "note": notes.join(" · "),
        "where": where_of(view, &rows.places, rows.places_of(project.id)),
        "budget": project.budget_fen.to_string(),
        "tag": tag,
        "closes": tender.and_then(|tender| tender.closes_at).map(instant::deadline),
    })
}

/// What the files of the list show.
const COLUMNS: [Column; 10] = [
    ("projects-number", 18),
    ("projects-name", 40),
    ("projects-state", 12),
    ("projects-method", 12),
    ("projects-buyer", 24),
    ("projects-item", 28),
    ("projects-where", 36),
    ("projects-budget", 16),
    ("projects-published-at", 18),
    ("projects-closes", 18),
];

pub async fn export(view: View, state: Data<State>) -> Answer {
    let _turn = view.export_turn().await?;
    let offer = catalogue::offered(&state).await?;
    let filter = asked(&view, &offer).filter;
    let now = state.store.now();
    let mut export = Export::new(&view, "projects", view.say("projects-title"), &COLUMNS)?;
    let mut after = None;
    loop {
        let filter = filter.clone();
        let rows = state
            .store
            .read(move |db| Rows::load(db, &filter, after, BLOCK))
            .await?;
        for project in &rows.projects {
            export.row(cells(&view, &rows, project, now), entry(&rows, project))?;
        }
        after = rows
            .projects
            .last()
            .and_then(|last| Some((last.published_at?, last.id)));
        if is_last(rows.projects.len()) || after.is_none() || export.has_enough() {
            return export.answer().await;
        }
    }
}

fn cells(view: &View, rows: &Rows, project: &Project, now: NaiveDateTime) -> [Cell; 10] {
    let tender = rows.tenders.get(&project.id);
    let state = tag(view, project, tender, now);
    let places: Vec<&str> = rows
        .places_of(project.id)
        .iter()
        .map(|code| {
            rows.places
                .get(code)
                .map_or(code.as_str(), Region::short_name)
        })
        .collect();
    [
        project.number.clone().into(),
        project.title.clone().into(),
        state
            .get("text")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .into(),
        tender.map(|tender| method(view, tender)).into(),
        rows.buyers.get(&project.buyer_id).cloned().into(),
        rows.items.get(&project.id).cloned().into(),
        places.join("; ").into(),
        project.budget_fen.into(),
        project.published_at.into(),
        tender.and_then(|tender| tender.closes_at).into(),
    ]
}

fn entry(rows: &Rows, project: &Project) -> Entry {
    let tender = rows.tenders.get(&project.id);
    let moments = [
        project.published_at,
        tender.and_then(|tender| tender.published_at),
        tender.and_then(|tender| tender.opened_at),
    ];
    Entry {
        id: format!("project/{}", project.id),
        title: project.title.clone(),
        link: format!("/projects/{}", project.id),
        updated: moments.into_iter().flatten().max().unwrap_or_default(),
    }
}
