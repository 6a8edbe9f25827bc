//! A last look at everything, and the publication.

use super::{NAV, Place, method, row, where_of};
use crate::catalogue;
use crate::common::rulesets;
use crate::infra::actor::Actor;
use crate::infra::db::Db;
use crate::infra::failure::Failure;
use crate::kernel::instant;
use crate::procurement::projects::{self, PrepareProjects, ProjectId, PublishProjects};
use crate::procurement::tenders::model::{Criterion, Tender};
use crate::procurement::tenders::{actions, queries, rules};
use crate::regions::{self, Region};
use crate::web::{Answer, AppError, Form, May, State, View};
use actix_web::web::{Data, Path};
use chrono::NaiveDateTime;
use serde_json::{Value, json};

/// What is to be published; nothing when there is no plan yet.
struct Summary {
    place: Place,
    item: String,
    places: Vec<Region>,
    criteria: Vec<Criterion>,
    /// The year whose holidays are not announced yet, if the period touches one.
    provisional: Option<i32>,
}

impl Summary {
    fn load(
        db: &mut Db,
        actor: &Actor,
        id: ProjectId,
        now: NaiveDateTime,
    ) -> Result<Self, Failure> {
        let place = Place::own(db, id, actor.body_id())?;
        let codes = projects::communities_of(db, id)?;
        let project = &place.project;
        let item = catalogue::find_item(db, project.catalogue_id, &project.catalogue_code)?;
        let calendar = rulesets::load_calendar(db)?;
        let closes_at = place.draft.as_ref().and_then(|draft| draft.closes_at);
        let provisional = closes_at.and_then(|closes_at| {
            rules::provisional_year(&calendar, instant::shanghai_date(now), closes_at)
        });
        Ok(Self {
            provisional,
            item: item.map(|item| item.name).unwrap_or_default(),
            places: regions::find_many(db, &codes)?,
            criteria: match &place.draft {
                Some(draft) => queries::criteria_of(db, draft.id)?,
                None => Vec::new(),
            },
            place,
        })
    }

    /// The round in preparation, once it has its dates.
    fn planned(&self) -> Option<&Tender> {
        let draft = self.place.draft.as_ref();
        draft.filter(|draft| draft.closes_at.is_some() && draft.questions_until.is_some())
    }
}

pub async fn edit(
    who: May<PrepareProjects>,
    view: View,
    state: Data<State>,
    id: Path<ProjectId>,
) -> Answer {
    let id = *id;
    let now = state.store.now();
    let summary = state
        .store
        .read(move |db| Summary::load(db, &who.actor, id, now))
        .await?;
    show(&view, &summary, &Form::default(), None)
}

fn show(view: &View, summary: &Summary, form: &Form, overtaken: Option<Value>) -> Answer {
    let place = &summary.place;
    let Some(tender) = summary.planned() else {
        // Published already, or not planned yet.
        return Ok(match (&place.draft, &place.published) {
            (None, Some(_)) if !form.is_ok() => {
                view.see_other_with(&place.path("/manage"), "tenders-published-before-problem")
            }
            (None, Some(_)) => view.see_other(&place.path("/manage")),
            _ => view.see_other_with(&place.path("/plan"), "tenders-publish-no-plan-problem"),
        });
    };
    let page = json!({
        "number": place.project.number,
        "heading": place.project.title,
        "requirement": place.project.requirement,
        "rows": rows(view, summary, tender),
        "criteria": super::show::criteria_rows(&summary.criteria),
        "action": place.path("/publish"),
        "edit": (!place.project.is_public()).then(|| place.path("/edit")),
        "plan": place.path("/plan"),
        "manage": place.path("/manage"),
        "version": place.project.version.to_string(),
        "tender_version": tender.version.to_string(),
        "overtaken": null,
        "must_verify": view.actor().is_some_and(Actor::must_verify),
        "provisional": summary.provisional.map(|_year| json!([
            { "value": "yes", "label": view.say("tenders-provisional-yes") }
        ])),
    });
    let title = view.say("tenders-publish-title");
    let template = "procurement/tenders/publish";
    match overtaken {
        Some(by) => super::render_overtaken(view, template, &title, form, page, by),
        None => view.render_form(template, NAV, &title, form, &page),
    }
}

fn rows(view: &View, summary: &Summary, tender: &Tender) -> Vec<Value> {
    let project = &summary.place.project;
    let codes: Vec<String> = summary
        .places
        .iter()
        .map(|region| region.code.clone())
        .collect();
    let places = where_of(view, &super::by_code(summary.places.clone()), &codes);
    let budget = view.say_with(
        "projects-secured",
        &[("amount", &project.budget_fen.to_string())],
    );
    let date = |at: Option<NaiveDateTime>| at.map(instant::deadline).unwrap_or_default();
    vec![
        row(
            view,
            "projects-item",
            format!("{} {}", project.catalogue_code, summary.item),
        ),
        row(view, "projects-key-budget", budget),
        row(view, "projects-key-where", places),
        row(view, "projects-key-term", super::show::term(view, project)),
        row(view, "projects-key-method", method(view, tender)),
        row(
            view,
            "tenders-questions-until",
            date(tender.questions_until),
        ),
        row(view, "tenders-closes-at", date(tender.closes_at)),
        row(view, "projects-key-phone", &*project.phone),
    ]
}

pub async fn save(
    who: May<PublishProjects>,
    view: View,
    state: Data<State>,
    id: Path<ProjectId>,
    mut form: Form,
) -> Answer {
    let (id, actor, key) = (*id, who.actor.clone(), view.once_key(&form));
    let (version, accepts_provisional) = (form.version(), form.is_checked("provisional"));
    let planned: i64 = form.raw("tender_version").parse().unwrap_or(-1);
    let seal = actions::make_key(&state.secrets)?;
    let done = state.write_once(key, move |tx| {
        // What was shown is what is published: somebody may have planned it anew meanwhile.
        let shown = queries::newest_of(tx.db, id)?.map(|tender| tender.version);
        projects::find_own(tx.db, id, actor.body_id())?;
        if shown != Some(planned) {
            return Err(Failure::Changed);
        }
        actions::publish(tx, &actor, id, version, &seal, accepts_provisional)?;
        Ok(format!("/projects/{id}/manage"))
    });
    match done.await {
        Ok(path) => Ok(view.see_other_with(&path, "tenders-published")),
        Err(error) => {
            let overtaken = match error {
                Failure::Changed => Some(super::overtaken(&view, id).await?),
                error => {
                    form.take_up(AppError::from(error))?;
                    None
                }
            };
            let now = state.store.now();
            let summary = state
                .store
                .read(move |db| Summary::load(db, &who.actor, id, now))
                .await?;
            show(&view, &summary, &form, overtaken)
        }
    }
}
