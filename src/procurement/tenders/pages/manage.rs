//! What the purchaser does with a project, by its state.

use super::{NAV, Place, row, tag};
use crate::common::panels;
use crate::infra::actor::Actor;
use crate::infra::failure::Failure;
use crate::infra::store::Tx;
use crate::kernel::instant;
use crate::procurement::projects::{PrepareProjects, ProjectId, ProjectState, PublishProjects};
use crate::procurement::tenders::model::{Tender, TenderId, TenderState};
use crate::procurement::tenders::rules::CancelGround;
use crate::procurement::tenders::{SUBJECT, actions, queries};
use crate::web::{Answer, AppError, Form, May, State, View, fields};
use actix_web::web::{Data, Path};
use chrono::NaiveDateTime;
use serde_json::{Value, json};

const REASON: usize = 500;
/// How fields are called in the summary of errors.
const LABELS: [(&str, &str); 5] = [
    ("closes_at", "tenders-extend-closes-at"),
    ("extend_reason", "tenders-extend-reason"),
    ("close_reason", "tenders-close-held-reason"),
    ("ground", "tenders-cancel-ground"),
    ("cancel_reason", "tenders-cancel-reason"),
];

pub async fn show(
    who: May<PrepareProjects>,
    view: View,
    state: Data<State>,
    id: Path<ProjectId>,
) -> Answer {
    show_with(&view, &state, &who.actor, *id, &Form::default(), None).await
}

/// A project with what its purchaser needs to know to go on.
struct Managed {
    place: Place,
    /// Questions without an answer.
    waiting: usize,
    has_panel: bool,
    /// The contract that stands, with its state.
    contract: Option<(i64, String)>,
}

/// The page, with what one of its forms refused, or what overtook it.
async fn show_with(
    view: &View,
    state: &Data<State>,
    actor: &Actor,
    id: ProjectId,
    form: &Form,
    overtaken: Option<Value>,
) -> Answer {
    let body = actor.body_id();
    let seen = state
        .store
        .read(move |db| {
            let place = Place::own(db, id, body)?;
            let waiting = match &place.published {
                Some(tender) => queries::list_questions(db, tender.id, true)?
                    .iter()
                    .filter(|question| question.answered_at.is_none())
                    .count(),
                None => 0,
            };
            let has_panel = match &place.published {
                Some(tender) => panels::find_of(db, (SUBJECT, tender.id.0))?.is_some(),
                None => false,
            };
            Ok(Managed {
                contract: queries::contract_of(db, id)?,
                place,
                waiting,
                has_panel,
            })
        })
        .await?;
    let now = state.store.now();
    let next = next(view, &seen, now);
    let mut page = page(view, &seen.place, now);
    if let Some(fields) = page.as_object_mut() {
        fields.insert("links".into(), links(view, &seen, next.get("href")).into());
        fields.insert("next".into(), next);
        fields.insert("must_verify".into(), actor.must_verify().into());
        fields.insert("overtaken".into(), Value::Null);
    }
    let title = view.say("tenders-manage-title");
    let template = "procurement/tenders/manage";
    match overtaken {
        Some(by) => super::render_overtaken(view, template, &title, form, page, by),
        None => view.render_form(template, NAV, &title, form, &page),
    }
}

/// The one thing that is to be done now, in a sentence, and where.
fn next(view: &View, seen: &Managed, now: NaiveDateTime) -> Value {
    let Managed {
        place, contract, ..
    } = seen;
    let step = |text: &str, label: &str, rest: &str| json!({ "text": view.say(text), "label": view.say(label), "href": place.path(rest) });
    let words = |text: &str| json!({ "text": view.say(text), "label": null, "href": null });
    if let Some(draft) = &place.draft {
        return if draft.closes_at.is_some() {
            step("tenders-next-publish", "tenders-manage-publish", "/publish")
        } else {
            step("tenders-next-plan", "tenders-manage-plan", "/plan")
        };
    }
    let Some(tender) = &place.published else {
        return step("tenders-next-plan", "tenders-manage-plan", "/plan");
    };
    let is_over = tender.closes_at.is_some_and(|at| at <= now);
    match tender.state {
        TenderState::Open if seen.waiting > 0 => json!({
            "text": view.say("tenders-next-answer"), "label": questions_label(view, seen.waiting),
            "href": place.path("/questions"),
        }),
        TenderState::Open if is_over => words("tenders-next-closing"),
        TenderState::Open => words("tenders-manage-waits"),
        TenderState::Held => words("tenders-next-held"),
        TenderState::Closed => step("tenders-next-opening", "tenders-manage-opening", "/opening"),
        TenderState::Opened if seen.has_panel => {
            step("tenders-next-scores", "tenders-manage-panel", "/panel")
        }
        TenderState::Opened => step("tenders-next-panel", "tenders-manage-panel", "/panel"),
        TenderState::Evaluated => step("tenders-next-award", "tenders-manage-award", "/award"),
        TenderState::Awarded | TenderState::Contracted => {
            let (text, label) = match contract.as_ref().map(|(_, state)| state.as_str()) {
                None => ("tenders-next-contract", "awards-draw-up"),
                Some("drafted") => ("tenders-next-drafted", "tenders-manage-contract"),
                Some("signing") => ("tenders-next-signing", "awards-to-contract"),
                Some(_) => ("tenders-next-done", "awards-to-contract"),
            };
            let href = contract_path(contract.as_ref());
            let href = href.unwrap_or_else(|| place.path("/result"));
            json!({ "text": view.say(text), "label": view.say(label), "href": href })
        }
        TenderState::Failed => words("tenders-next-failed"),
        TenderState::Draft | TenderState::Cancelled => words("tenders-next-cancelled"),
    }
}

fn questions_label(view: &View, waiting: usize) -> String {
    match waiting {
        0 => view.say("tenders-manage-questions"),
        count => view.say_with(
            "tenders-manage-questions-count",
            &[("count", &count.to_string())],
        ),
    }
}

fn contract_path(contract: Option<&(i64, String)>) -> Option<String> {
    contract.map(|(id, _)| format!("/contracts/{id}"))
}

fn page(view: &View, place: &Place, now: NaiveDateTime) -> Value {
    let project = &place.project;
    let tender = place.published.as_ref();
    let state = tender.map(|tender| tender.state);
    let before = matches!(state, Some(TenderState::Open | TenderState::Held));
    let is_running = tender.is_some_and(|tender| {
        tender.state == TenderState::Open && tender.closes_at.is_some_and(|at| at > now)
    });
    let is_held = state == Some(TenderState::Held);
    let can_cancel = before
        || matches!(
            state,
            Some(TenderState::Closed | TenderState::Opened | TenderState::Evaluated)
        );
    let knows_prices = matches!(state, Some(TenderState::Opened | TenderState::Evaluated));
    let grounds = CancelGround::ALL
        .iter()
        .filter(|ground| knows_prices || **ground != CancelGround::AllAboveBudget)
        .map(CancelGround::as_str);
    let can_retender = project.state == ProjectState::Failed && place.draft.is_none();
    let can_copy = matches!(
        project.state,
        ProjectState::Failed
            | ProjectState::Cancelled
            | ProjectState::Awarded
            | ProjectState::Contracted
    );
    json!({
        "crumbs": super::show::crumbs(view, project, Some(&view.say("tenders-manage-title"))),
        "heading": project.title,
        "number": project.number,
        "tag": tag(view, project, place.shown(), now),
        "public": place.path(""),
        "rows": dates(view, tender),
        "version": tender.map(|tender| tender.version.to_string()),
        "held": tender.filter(|_| is_held).map(|tender| {
            super::word_hold(view, tender, "tenders-held-text", "tenders-held-clock-text")
        }),
        "extend": (is_running || is_held).then(|| place.path("/extend")),
        "close_held": is_held.then(|| place.path("/close-held")),
        "cancel": can_cancel.then(|| place.path("/cancel")),
        "grounds": view.options("tenders-ground", grounds),
        "retender": can_retender.then(|| place.path("/retender")),
        "copy": can_copy.then(|| place.path("/copy")),
    })
}

fn dates(view: &View, tender: Option<&Tender>) -> Vec<Value> {
    let Some(tender) = tender else {
        return Vec::new();
    };
    let dates = [
        ("projects-published-at", tender.published_at),
        ("tenders-questions-until", tender.questions_until),
        ("tenders-closes-at", tender.closes_at),
    ];
    dates
        .into_iter()
        .filter_map(|(key, at)| Some(row(view, key, instant::deadline(at?))))
        .collect()
}

/// The pages where the next thing is done and where what was done is found, by state; without the one that stands above.
fn links(view: &View, seen: &Managed, above: Option<&Value>) -> Vec<Value> {
    let Managed { place, waiting, .. } = seen;
    let mut links: Vec<(String, String)> = Vec::new();
    let mut add = |key: &str, rest: &str| links.push((view.say(key), place.path(rest)));
    if !place.project.is_public() {
        add("tenders-manage-edit", "/edit");
    }
    if place.draft.is_some() || place.published.is_none() {
        add("tenders-manage-plan", "/plan");
        if place
            .draft
            .as_ref()
            .is_some_and(|draft| draft.closes_at.is_some())
        {
            add("tenders-manage-publish", "/publish");
        }
    }
    let state = place.published.as_ref().map(|tender| tender.state);
    let was_opened = place
        .published
        .as_ref()
        .is_some_and(|tender| tender.opened_at.is_some());
    match state {
        Some(TenderState::Closed) => {
            add("tenders-manage-opening", "/opening");
            add("tenders-manage-panel", "/panel");
        }
        Some(TenderState::Opened) => {
            add("tenders-manage-panel", "/panel");
            add("tenders-manage-evaluation", "/evaluation");
        }
        Some(TenderState::Evaluated) => {
            add("tenders-manage-award", "/award");
            add("tenders-manage-evaluation", "/evaluation");
        }
        Some(TenderState::Awarded) => {
            add("tenders-manage-evaluation", "/evaluation");
            add("tenders-manage-result", "/result");
            add("evaluation-after-award", "/award");
        }
        Some(TenderState::Contracted) => {
            add("tenders-manage-evaluation", "/evaluation");
            add("tenders-manage-result", "/result");
        }
        _ => {}
    }
    if was_opened {
        add("projects-see-opening", "/opening");
    }
    if state.is_some_and(|state| TenderState::ANSWERING.contains(&state)) {
        links.push((questions_label(view, *waiting), place.path("/questions")));
    }
    if let Some(contract) = contract_path(seen.contract.as_ref()) {
        links.push((view.say("awards-to-contract"), contract));
    }
    if state.is_some() {
        links.push((view.say("projects-tab-history"), place.path("/history")));
    }
    links
        .into_iter()
        .map(|(label, href)| json!({ "label": label, "href": href }))
        .filter(|link| link.get("href") != above)
        .collect()
}

/// Carries out an act on the published round, or shows the page again with what refused it.
async fn act<F>(
    view: &View,
    state: &Data<State>,
    actor: &Actor,
    id: ProjectId,
    mut form: Form,
    flash: &str,
    action: F,
) -> Answer
where
    F: Fn(&mut Tx, &Actor, TenderId) -> Result<(), Failure> + Send + 'static,
{
    form.name(&LABELS);
    if !form.is_ok() {
        return show_with(view, state, actor, id, &form, None).await;
    }
    let (who, key) = (actor.clone(), view.once_key(&form));
    let done = state.write_once(key, move |tx| {
        let place = Place::own(tx.db, id, who.body_id())?;
        let tender = place.published.as_ref().ok_or(Failure::NotFound)?.id;
        action(tx, &who, tender)?;
        Ok(place.path("/manage"))
    });
    match done.await {
        Ok(path) => Ok(view.see_other_with(&path, flash)),
        Err(Failure::Changed) => {
            let by = super::overtaken(view, id).await?;
            show_with(view, state, actor, id, &form, Some(by)).await
        }
        Err(error) => {
            form.take_up(AppError::from(error))?;
            show_with(view, state, actor, id, &form, None).await
        }
    }
}

pub async fn extend(
    who: May<PublishProjects>,
    view: View,
    state: Data<State>,
    id: Path<ProjectId>,
    mut form: Form,
) -> Answer {
    let closes_at = form
        .parsed("closes_at", fields::local_time)
        .unwrap_or_default();
    let reason = form.text("extend_reason", REASON);
    let version = form.version();
    let action = move |tx: &mut Tx, actor: &Actor, tender: TenderId| {
        actions::extend(tx, actor, tender, version, closes_at, &reason)
    };
    act(
        &view,
        &state,
        &who.actor,
        *id,
        form,
        "tenders-extended",
        action,
    )
    .await
}

pub async fn close_held(
    who: May<PublishProjects>,
    view: View,
    state: Data<State>,
    id: Path<ProjectId>,
    mut form: Form,
) -> Answer {
    let reason = form.text("close_reason", REASON);
    let version = form.version();
    let action = move |tx: &mut Tx, actor: &Actor, tender: TenderId| {
        actions::close_held(tx, actor, tender, version, &reason)
    };
    act(
        &view,
        &state,
        &who.actor,
        *id,
        form,
        "tenders-closed-held",
        action,
    )
    .await
}

pub async fn cancel(
    who: May<PublishProjects>,
    view: View,
    state: Data<State>,
    id: Path<ProjectId>,
    mut form: Form,
) -> Answer {
    let ground = form
        .one_of::<CancelGround>("ground")
        .unwrap_or(CancelGround::TaskGone);
    let reason = form.text("cancel_reason", REASON);
    let version = form.version();
    let action = move |tx: &mut Tx, actor: &Actor, tender: TenderId| {
        actions::cancel(tx, actor, tender, version, ground, &reason)
    };
    act(
        &view,
        &state,
        &who.actor,
        *id,
        form,
        "tenders-cancelled",
        action,
    )
    .await
}

pub async fn retender(
    who: May<PrepareProjects>,
    view: View,
    state: Data<State>,
    id: Path<ProjectId>,
    mut form: Form,
) -> Answer {
    let (id, actor, key) = (*id, who.actor.clone(), view.once_key(&form));
    let done = state.write_once(key, move |tx| {
        actions::retender(tx, &actor, id)?;
        Ok(format!("/projects/{id}/plan"))
    });
    match done.await {
        Ok(path) => Ok(view.see_other_with(&path, "tenders-retendered")),
        Err(error) => {
            form.take_up(AppError::from(error))?;
            show_with(&view, &state, &who.actor, id, &form, None).await
        }
    }
}
