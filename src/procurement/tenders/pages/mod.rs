//! A project's pages from the plan of its tender on: what everybody sees, and what the purchaser does.

pub(super) mod list;
pub(super) mod manage;
pub(super) mod mine;
pub(super) mod notice;
pub(super) mod plan;
pub(super) mod publish;
pub(super) mod questions;
pub(super) mod show;

use super::model::{Tender, TenderState};
use super::{actions, queries};
use crate::infra::db::Db;
use crate::infra::failure::Failure;
use crate::kernel::ids::text_enum;
use crate::kernel::instant::Remaining;
use crate::kernel::people::BodyId;
use crate::procurement::projects::{self, Project, ProjectId};
use crate::regions::Region;
use crate::web::{Answer, Form, View, export};
use actix_web::http::StatusCode;
use actix_web::web::{ServiceConfig, get, post, resource};
use chrono::NaiveDateTime;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const NAV: &str = "projects";

pub fn routes(cfg: &mut ServiceConfig) {
    let page = |path: &str| resource(path.to_owned());
    export::routes(cfg, "/projects", list::export);
    cfg.service(page("/projects").route(get().to(list::list)))
        .service(page("/projects/mine").route(get().to(mine::list)))
        .service(page("/projects/{id}").route(get().to(show::show)))
        .service(page("/projects/{id}/history").route(get().to(show::history)))
        .service(page("/projects/{id}/ask").route(post().to(show::ask)))
        .service(page("/projects/{id}/notices/{notice}").route(get().to(notice::show)))
        .service(
            page("/projects/{id}/plan")
                .route(get().to(plan::edit))
                .route(post().to(plan::save)),
        )
        .service(
            page("/projects/{id}/publish")
                .route(get().to(publish::edit))
                .route(post().to(publish::save)),
        )
        .service(page("/projects/{id}/manage").route(get().to(manage::show)))
        .service(page("/projects/{id}/extend").route(post().to(manage::extend)))
        .service(page("/projects/{id}/close-held").route(post().to(manage::close_held)))
        .service(page("/projects/{id}/cancel").route(post().to(manage::cancel)))
        .service(page("/projects/{id}/retender").route(post().to(manage::retender)))
        .service(page("/projects/{id}/questions").route(get().to(questions::list)))
        .service(
            page("/projects/{id}/questions/{question}")
                .route(get().to(questions::edit))
                .route(post().to(questions::save)),
        );
}

/// A project with the round that everybody sees, and the one in preparation that its purchaser alone sees.
#[derive(Clone)]
pub(in crate::procurement::tenders) struct Place {
    pub(in crate::procurement::tenders) project: Project,
    pub(in crate::procurement::tenders) published: Option<Tender>,
    pub(in crate::procurement::tenders) draft: Option<Tender>,
}

impl Place {
    fn of(db: &mut Db, project: Project) -> Result<Self, Failure> {
        let rounds = queries::list_newest_of(db, &[project.id])?;
        Ok(Self::with(project, rounds))
    }

    pub(in crate::procurement::tenders) fn of_all(
        db: &mut Db,
        projects: Vec<Project>,
    ) -> Result<Vec<Self>, Failure> {
        let ids: Vec<ProjectId> = projects.iter().map(|project| project.id).collect();
        let mut rounds: BTreeMap<ProjectId, Vec<Tender>> = BTreeMap::new();
        for tender in queries::list_newest_of(db, &ids)? {
            rounds.entry(tender.project_id).or_default().push(tender);
        }
        Ok(projects
            .into_iter()
            .map(|project| {
                let rounds = rounds.remove(&project.id).unwrap_or_default();
                Self::with(project, rounds)
            })
            .collect())
    }

    /// With its rounds, oldest first.
    fn with(project: Project, rounds: Vec<Tender>) -> Self {
        let (published, drafts): (Vec<Tender>, Vec<Tender>) = rounds
            .into_iter()
            .partition(|tender| tender.published_at.is_some());
        Self {
            project,
            published: published.into_iter().next_back(),
            draft: drafts.into_iter().next_back(),
        }
    }

    /// As the body may see it: what is published, and the own drafts.
    pub(in crate::procurement::tenders) fn visible(
        db: &mut Db,
        id: ProjectId,
        body: Option<BodyId>,
    ) -> Result<Self, Failure> {
        let project = projects::find_visible(db, id, body)?;
        let is_own = body == Some(project.buyer_id);
        let mut place = Self::of(db, project)?;
        if !is_own {
            place.draft = None;
        }
        Ok(place)
    }

    pub(in crate::procurement::tenders) fn own(
        db: &mut Db,
        id: ProjectId,
        body: Option<BodyId>,
    ) -> Result<Self, Failure> {
        let project = projects::find_own(db, id, body)?;
        Self::of(db, project)
    }

    /// What the page shows: the round that everybody sees, or the first one in preparation.
    pub(in crate::procurement::tenders) fn shown(&self) -> Option<&Tender> {
        self.published.as_ref().or(self.draft.as_ref())
    }

    fn path(&self, rest: &str) -> String {
        format!("/projects/{}{rest}", self.project.id)
    }
}

/// The newest published round of each project.
fn published_of(db: &mut Db, ids: &[ProjectId]) -> Result<BTreeMap<ProjectId, Tender>, Failure> {
    // Rounds come oldest first, so the last one stays.
    Ok(queries::list_newest_of(db, ids)?
        .into_iter()
        .filter(|tender| tender.published_at.is_some())
        .map(|tender| (tender.project_id, tender))
        .collect())
}

text_enum!(
    /// The color of a state.
    Shade {
        Open = "open",
        Soon = "soon",
        Late = "late",
        Off = "off",
    }
);

/// The state in a word: the round's where there is one, else the project's.
fn tag(view: &View, project: &Project, tender: Option<&Tender>, now: NaiveDateTime) -> Value {
    let Some(tender) = tender else {
        return json!({ "kind": Shade::Off, "text": view.say(&format!("projects-state-{}", project.state)) });
    };
    let is_over = tender.state == TenderState::Open && tender.closes_at.is_some_and(|at| at <= now);
    if is_over {
        return json!({ "kind": Shade::Soon, "text": view.say("projects-is-past") });
    }
    let kind = match tender.state {
        TenderState::Open | TenderState::Awarded | TenderState::Contracted => Shade::Open,
        TenderState::Closed | TenderState::Opened | TenderState::Evaluated => Shade::Soon,
        TenderState::Held => Shade::Late,
        TenderState::Draft | TenderState::Failed | TenderState::Cancelled => Shade::Off,
    };
    json!({ "kind": kind, "text": view.say(&format!("tenders-state-{}", tender.state)) })
}

fn method(view: &View, tender: &Tender) -> String {
    view.say(&format!(
        "tenders-method-{}",
        tender.method.as_str().replace('_', "-")
    ))
}

/// “2 天 6 小时”, as the running countdown words it.
fn left(view: &View, left: Remaining) -> String {
    let unit = |key: &str, n: i64| {
        let words = view.say(key);
        let (one, many) = words.split_once('|').unwrap_or((&words, &words));
        format!("{n} {}", if n == 1 { one } else { many })
    };
    let large_and_small = |large: String, key: &str, small: i64| match small {
        0 => large,
        n => format!("{large} {}", unit(key, n)),
    };
    match (left.days, left.hours, left.minutes) {
        (0, 0, 0) => view.say("layout-count-under"),
        (0, 0, minutes) => unit("layout-count-minutes", minutes),
        (0, hours, minutes) => {
            let hours = unit("layout-count-hours", hours);
            large_and_small(hours, "layout-count-minutes", minutes)
        }
        (days, hours, _) => {
            large_and_small(unit("layout-count-days", days), "layout-count-hours", hours)
        }
    }
}

/// The first few places by name, and how many there are.
fn where_of(view: &View, places: &BTreeMap<String, Region>, codes: &[String]) -> String {
    const NAMED: usize = 3;
    let names: Vec<&str> = codes
        .iter()
        .take(NAMED)
        .map(|code| places.get(code).map_or(code.as_str(), Region::short_name))
        .collect();
    let names = names.join(&view.say("projects-and"));
    if codes.len() <= NAMED {
        return names;
    }
    view.say_with(
        "projects-places",
        &[("names", &names), ("count", &codes.len().to_string())],
    )
}

fn by_code(regions: Vec<Region>) -> BTreeMap<String, Region> {
    regions
        .into_iter()
        .map(|region| (region.code.clone(), region))
        .collect()
}

/// What somebody else did last, for a form that was overtaken by it.
async fn overtaken(view: &View, project: ProjectId) -> Result<Value, Failure> {
    let (reader, now) = (view.actor().cloned(), view.state.store.now());
    let lines = view
        .state
        .store
        .read(move |db| actions::history_of(db, project, reader.as_ref(), now))
        .await?;
    let last = lines.len().saturating_sub(1);
    Ok(view.history(lines.get(last..).unwrap_or_default()))
}

/// A form's page over which somebody else's act came: 409, what was typed stays.
fn render_overtaken(
    view: &View,
    template: &str,
    title: &str,
    form: &Form,
    mut page: Value,
    overtaken: Value,
) -> Answer {
    if let Some(fields) = page.as_object_mut() {
        let shown = form.view(&view.state.words, view.language());
        fields.insert("form".into(), shown);
        fields.insert("overtaken".into(), overtaken);
    }
    view.render_as(StatusCode::CONFLICT, template, NAV, title, &page)
}

/// The value with how it is called, for `parts/summary`.
fn row(view: &View, key: &str, value: impl Into<String>) -> Value {
    json!({ "key": view.say(key), "value": value.into() })
}

/// Why a tender is held: for an outage of so many minutes, or for a clock that could not be trusted.
fn word_hold(view: &View, tender: &Tender, outage: &str, clock: &str) -> String {
    match tender.held_minutes {
        Some(minutes) => view.say_with(outage, &[("minutes", &minutes.to_string())]),
        None => view.say(clock),
    }
}
