//! One project as everybody sees it, its questions, its history. Nothing here knows of bids but the reader's own.

use super::{NAV, Place, by_code, left, method, row, tag, where_of};
use crate::accounts;
use crate::catalogue;
use crate::common::clocks::{self, Clock};
use crate::common::publications::Publication;
use crate::common::rulesets;
use crate::infra::actor::Actor;
use crate::infra::db::Db;
use crate::infra::failure::{Failure, Refusal};
use crate::kernel::instant::{self, Remaining};
use crate::procurement::projects::{self, PrepareProjects, Project, ProjectId};
use crate::procurement::tenders::model::{Criterion, CriterionKind, Question, Tender, TenderState};
use crate::procurement::tenders::{AskQuestions, OPENING_GRACE, SUBJECT, actions, queries};
use crate::regions::{self, Region};
use crate::web::{Answer, AppError, Form, May, State, View};
use actix_web::web::{Data, Path};
use chrono::{Duration, DurationRound, NaiveDateTime};
use serde_json::{Value, json};

/// More communities than this stand folded.
const FEW: usize = 12;
/// The longest question; the form says so too.
const QUESTION: usize = 2000;

/// All that the page shows.
struct Shown {
    place: Place,
    buyer: String,
    item: String,
    year: Option<i64>,
    places: Vec<Region>,
    criteria: Vec<Criterion>,
    answered: Vec<Question>,
    own: Vec<Question>,
    /// The reader's own bid: its state and when it came.
    own_bid: Option<(String, NaiveDateTime)>,
    clocks: Vec<Clock>,
    /// Whether somebody compared the method's rules with what is in force.
    is_verified: bool,
    notices: Vec<Publication>,
}

impl Shown {
    fn load(db: &mut Db, id: ProjectId, reader: Option<&Actor>) -> Result<Self, Failure> {
        let place = Place::visible(db, id, reader.and_then(Actor::body_id))?;
        let project = &place.project;
        let codes = projects::communities_of(db, id)?;
        let item = catalogue::find_item(db, project.catalogue_id, &project.catalogue_code)?;
        let name = item.map(|item| item.name).unwrap_or_default();
        let mut shown = Self {
            buyer: accounts::find_body(db, project.buyer_id)?.name,
            item: format!("{} {name}", project.catalogue_code),
            year: Some(catalogue::find(db, project.catalogue_id)?.year),
            places: regions::find_many(db, &codes)?,
            criteria: Vec::new(),
            answered: Vec::new(),
            own: Vec::new(),
            own_bid: None,
            clocks: Vec::new(),
            is_verified: true,
            notices: actions::notices_of(db, id)?,
            place,
        };
        if let Some(tender) = shown.place.shown().cloned() {
            shown.criteria = queries::criteria_of(db, tender.id)?;
            shown.answered = queries::list_questions(db, tender.id, false)?;
            shown.is_verified = rulesets::load_method(db, tender.rule_set_id)?.is_verified;
            shown.clocks = clocks::list_of(db, (SUBJECT, tender.id.0), true)?;
            // What ended without an opening was never opened, though its clock has stopped.
            let has_ended = matches!(tender.state, TenderState::Failed | TenderState::Cancelled);
            if has_ended && tender.opened_at.is_none() {
                shown.clocks.retain(|clock| clock.code != "opening");
            }
            if let Some(asker) = reader
                .filter(|reader| reader.may::<AskQuestions>())
                .and_then(Actor::body_id)
            {
                shown.own = queries::list_own_questions(db, tender.id, asker)?;
                shown.own.retain(|question| question.answered_at.is_none());
                shown.own_bid = queries::find_own_bid(db, tender.id, asker)?;
            }
        }
        Ok(shown)
    }
}

pub async fn show(view: View, state: Data<State>, id: Path<ProjectId>) -> Answer {
    show_with(&view, &state, *id, &Form::default()).await
}

/// The page, with what a question refused.
async fn show_with(view: &View, state: &Data<State>, id: ProjectId, form: &Form) -> Answer {
    let reader = view.actor().cloned();
    let shown = state
        .store
        .read(move |db| Shown::load(db, id, reader.as_ref()))
        .await?;
    let page = page(view, &shown, state.store.now());
    view.render_form(
        "procurement/tenders/show",
        NAV,
        &shown.place.project.title,
        form,
        &page,
    )
}

fn page(view: &View, shown: &Shown, now: NaiveDateTime) -> Value {
    let place = &shown.place;
    let project = &place.project;
    let tender = place.shown();
    let is_own = view.actor().and_then(Actor::body_id) == Some(project.buyer_id);
    let manages = is_own
        && view
            .actor()
            .is_some_and(crate::infra::actor::Actor::may::<PrepareProjects>);
    let places: Vec<Value> = shown
        .places
        .iter()
        .map(|region| json!({ "name": region.short_name(), "href": format!("/communities/{}", region.code) }))
        .collect();
    json!({
        "crumbs": crumbs(view, project, None),
        "tabs": tabs(view, place, false),
        "heading": project.title,
        "tag": tag(view, project, tender, now),
        "round": tender.filter(|tender| tender.round > 1).map(|tender| tender.round.to_string()),
        "method": tender.map(|tender| method(view, tender)),
        "buyer": shown.buyer,
        "item": {
            "label": shown.item.trim_end(),
            "href": shown.year.map(|year| format!("/catalogue/{year}/{}", project.catalogue_code)),
        },
        "is_draft": !project.is_public(),
        "prepares_round": project.is_public() && place.draft.is_some(),
        "manage": manages.then(|| place.path("/manage")),
        "key": key_box(view, shown, now),
        "rows": rows(view, shown),
        "phone": project.phone,
        "requirement": project.requirement,
        "criteria": criteria_rows(&shown.criteria),
        "answered": shown.answered.iter().map(|question| qa(view, question)).collect::<Vec<_>>(),
        "answered_count": shown.answered.len().to_string(),
        "own": shown.own.iter().map(|question| own_question(view, question)).collect::<Vec<_>>(),
        "asking": asking(view, place, now, is_own),
        "places": places,
        "places_folded": places.len() > FEW,
        "places_text": where_of(view, &by_code(shown.places.clone()), &codes(&shown.places)),
        "clock": shown.clocks.iter().map(|clock| clock_row(view, clock, now)).collect::<Vec<_>>(),
        "is_verified": shown.is_verified,
        "notices": shown.notices.iter().map(|notice| notice_link(view, place, notice)).collect::<Vec<_>>(),
    })
}

fn codes(places: &[Region]) -> Vec<String> {
    places.iter().map(|region| region.code.clone()).collect()
}

pub(super) fn crumbs(view: &View, project: &Project, below: Option<&str>) -> Value {
    let number = &project.number;
    let mut crumbs = vec![json!({ "label": view.say("projects-title"), "href": "/projects" })];
    match below {
        None => crumbs.push(json!({ "label": number, "href": null })),
        Some(label) => {
            let href = format!("/projects/{}", project.id);
            crumbs.push(json!({ "label": number, "href": href }));
            crumbs.push(json!({ "label": label, "href": null }));
        }
    }
    json!(crumbs)
}

fn tabs(view: &View, place: &Place, is_history: bool) -> Value {
    json!([
        { "label": view.say("projects-tab-show"), "href": place.path(""), "current": !is_history },
        { "label": view.say("projects-tab-history"), "href": place.path("/history"), "current": is_history },
    ])
}

/// What stands beside the title: the time left and the main act, or what became of it.
fn key_box(view: &View, shown: &Shown, now: NaiveDateTime) -> Value {
    let place = &shown.place;
    let tender = place.shown();
    let running = tender
        .filter(|tender| tender.state == TenderState::Open)
        .and_then(|tender| {
            let due = tender.closes_at?;
            Some((due, Remaining::until(now, due)?))
        });
    let is_own = view.actor().and_then(Actor::body_id) == Some(place.project.buyer_id);
    let can_bid = view
        .actor()
        .is_none_or(crate::infra::actor::Actor::may::<AskQuestions>)
        && !is_own;
    let (title, text) = outcome(view, tender);
    let text = tender
        .and_then(|tender| why_it_ended(view, &shown.notices, tender))
        .or(text);
    let after = tender.map(|tender| tender.state);
    let opened = matches!(
        after,
        Some(
            TenderState::Opened
                | TenderState::Evaluated
                | TenderState::Awarded
                | TenderState::Contracted
        )
    );
    let awarded = matches!(after, Some(TenderState::Awarded | TenderState::Contracted));
    // What visitors share for a minute is no finer than that, and never shows more time than is left.
    let clock = match view.actor() {
        Some(_) => now,
        None => now.duration_trunc(Duration::minutes(1)).unwrap_or(now) + Duration::seconds(59),
    };
    json!({
        "countdown": running.map(|(due, time)| json!({
            "deadline": instant::rfc3339(due), "now": instant::rfc3339(clock), "text": left(view, time),
        })),
        "closes": running.map(|(due, _)| view.say_with("projects-closes-on", &[("at", &instant::deadline(due))])),
        "bid": (running.is_some() && can_bid).then(|| place.path("/bid")),
        "is_visitor": view.actor().is_none(),
        "own": shown.own_bid.as_ref().map(|(state, at)| json!({
            "text": view.say_with(&format!("projects-own-bid-{state}"), &[("at", &instant::second(*at))]),
            "href": place.path("/bid"),
        })),
        "title": title,
        "text": text,
        "next": what_follows(view, tender),
        "opening": opened.then(|| place.path("/opening")),
        "result": awarded.then(|| place.path("/result")),
    })
}

/// The state in a heading and a sentence, once nobody can bid any more.
fn outcome(view: &View, tender: Option<&Tender>) -> (String, Option<String>) {
    let Some(tender) = tender else {
        return (view.say("projects-not-published-yet"), None);
    };
    let at = tender.closes_at.map(instant::deadline).unwrap_or_default();
    match tender.state {
        TenderState::Draft => (view.say("projects-not-published-yet"), None),
        TenderState::Open | TenderState::Closed => (
            view.say("projects-is-past"),
            Some(view.say_with("projects-is-past-text", &[("at", &at)])),
        ),
        TenderState::Held => (
            view.say("projects-is-held"),
            Some(super::word_hold(
                view,
                tender,
                "projects-is-held-text",
                "projects-is-held-clock-text",
            )),
        ),
        TenderState::Opened => (view.say("projects-is-opened"), None),
        TenderState::Evaluated => (view.say("projects-is-evaluated"), None),
        TenderState::Awarded => (view.say("projects-is-awarded"), None),
        TenderState::Contracted => (view.say("projects-is-contracted"), None),
        TenderState::Failed => (
            view.say("projects-is-failed"),
            Some(view.say("projects-is-failed-text")),
        ),
        TenderState::Cancelled => (
            view.say("projects-is-cancelled"),
            Some(view.say("projects-is-cancelled-text")),
        ),
    }
}

/// What a reader may expect after a round that ended without a contract.
fn what_follows(view: &View, tender: Option<&Tender>) -> Option<String> {
    match tender?.state {
        TenderState::Failed => Some(view.say("projects-after-failed")),
        TenderState::Cancelled => Some(view.say("projects-after-cancelled")),
        _ => None,
    }
}

/// Why a round ended without a contract, in the words of its own notice.
fn why_it_ended(view: &View, notices: &[Publication], tender: &Tender) -> Option<String> {
    let (kind, key) = match tender.state {
        TenderState::Failed => ("failure", "projects-is-failed-why"),
        TenderState::Cancelled => ("cancellation", "projects-is-cancelled-why"),
        _ => return None,
    };
    let notice = notices.iter().rev().find(|notice| {
        notice.kind == kind && notice.subject_kind == SUBJECT && notice.subject_id == tender.id.0
    })?;
    let content: Value = serde_json::from_str(&notice.content).ok()?;
    let number = |name: &str| content.get(name).and_then(Value::as_i64);
    let text = |name: &str| content.get(name).and_then(Value::as_str);
    let ground = text("ground")
        .map(|ground| view.say(&format!("tenders-ground-{}", ground.replace('_', "-"))));
    let counted = match (number("bids"), number("min_bids")) {
        (Some(bids), Some(min)) => Some(view.say_with(
            "projects-is-failed-few",
            &[("bids", &bids.to_string()), ("min", &min.to_string())],
        )),
        // The opening's prices decided: nobody had to write a reason.
        (None, _) if text("reason").is_none() => ground
            .as_ref()
            .map(|ground| view.say_with("projects-is-failed-why", &[("reason", ground)])),
        _ => None,
    };
    if let Some(sentence) = counted {
        let article = text("article").unwrap_or_default();
        return Some(view.say_with(
            "form-with-article",
            &[("sentence", &sentence), ("article", article)],
        ));
    }
    let reason = text("reason")?;
    let ground = ground.unwrap_or_default();
    Some(view.say_with(key, &[("reason", reason), ("ground", &ground)]))
}

fn rows(view: &View, shown: &Shown) -> Vec<Value> {
    let project = &shown.place.project;
    let tender = shown.place.shown();
    let budget = view.say_with(
        "projects-secured",
        &[("amount", &project.budget_fen.to_string())],
    );
    let places = where_of(view, &by_code(shown.places.clone()), &codes(&shown.places));
    let mut rows = vec![
        row(view, "projects-key-budget", budget),
        row(view, "projects-key-where", places),
        row(view, "projects-key-term", term(view, project)),
    ];
    let grounds: Vec<String> = project
        .grounds()
        .iter()
        .map(|ground| view.say(&format!("projects-ground-{ground}")))
        .collect();
    if !grounds.is_empty() {
        let grounds = grounds.join(&view.say("projects-and"));
        rows.push(row(view, "projects-key-grounds", grounds));
    }
    if let Some(until) = tender.and_then(|tender| tender.questions_until) {
        rows.push(row(
            view,
            "projects-key-questions",
            instant::deadline(until),
        ));
    }
    rows
}

pub(super) fn term(view: &View, project: &Project) -> String {
    let (from, to) = (project.term_from.to_string(), project.term_to.to_string());
    view.say_with("projects-term", &[("from", &from), ("to", &to)])
}

/// Each criterion with the bar of its weight.
pub(super) fn criteria_rows(criteria: &[Criterion]) -> Vec<Value> {
    criteria
        .iter()
        .map(|criterion| {
            let kind = match (criterion.kind, criterion.position) {
                (CriterionKind::Price, _) => "cinnabar",
                (CriterionKind::Quality, 1) => "",
                (CriterionKind::Quality, _) => "jade",
            };
            json!({
                "name": criterion.name,
                "measure": criterion.measure,
                "weight": criterion.weight.to_string(),
                "bar": { "kind": kind, "width": criterion.weight.to_string() },
            })
        })
        .collect()
}

fn qa(view: &View, question: &Question) -> Value {
    let asked = instant::date(question.asked_at);
    let answered = question.answered_at.map(instant::date).unwrap_or_default();
    json!({
        "question": question.question,
        "answer": question.answer,
        "dates": view.say_with("projects-question-dates", &[("asked", &asked), ("answered", &answered)]),
    })
}

fn own_question(view: &View, question: &Question) -> Value {
    let asked = instant::minute(question.asked_at);
    json!({
        "question": question.question,
        "note": view.say_with("projects-own-question-note", &[("asked", &asked)]),
    })
}

/// The form for a provider in time, or the word why there is none.
fn asking(view: &View, place: &Place, now: NaiveDateTime, is_own: bool) -> Value {
    let open = place
        .published
        .as_ref()
        .filter(|tender| tender.state == TenderState::Open);
    let Some(until) = open.and_then(|tender| tender.questions_until) else {
        return json!({ "action": null, "text": null });
    };
    let at = instant::deadline(until);
    let say = |key: &str| view.say_with(key, &[("until", &at)]);
    let asks = view
        .actor()
        .is_some_and(crate::infra::actor::Actor::may::<AskQuestions>)
        && !is_own;
    match (now < until, view.actor(), asks) {
        (true, _, true) => {
            json!({ "action": place.path("/ask"), "text": say("projects-ask-hint") })
        }
        (true, None, _) => json!({ "action": null, "text": say("projects-ask-sign-in") }),
        (true, Some(_), false) => json!({ "action": null, "text": null }),
        (false, _, _) => json!({ "action": null, "text": say("projects-ask-over") }),
    }
}

fn clock_row(view: &View, clock: &Clock, now: NaiveDateTime) -> Value {
    // A cut-off is over when its instant has come: nobody has to do anything for it.
    let passes = matches!(clock.code.as_str(), "published" | "questions" | "deadline");
    let state = match clock.state(now) {
        "late" if passes => "done",
        "late" if clock.code == "opening" && now < clock.due_at + OPENING_GRACE => "now",
        state => state,
    };
    json!({
        "state": state,
        "when": instant::deadline(clock.due_at),
        "label": view.say(&format!("clock-{}", clock.code.replace('_', "-"))),
        "note": null,
        "article": clock.article,
    })
}

fn notice_link(view: &View, place: &Place, notice: &Publication) -> Value {
    json!({
        "kind": view.say(&format!("publication-{}", notice.kind.replace('_', "-"))),
        "href": place.path(&format!("/notices/{}", notice.id)),
        "at": instant::minute(notice.published_at),
    })
}

pub async fn ask(
    who: May<AskQuestions>,
    view: View,
    state: Data<State>,
    id: Path<ProjectId>,
    mut form: Form,
) -> Answer {
    let (id, actor, key) = (*id, who.actor, view.once_key(&form));
    form.name(&[("question", "projects-ask")]);
    let text = form.text("question", QUESTION);
    let (network, person) = (&view.ctx.network, actor.person_id);
    if form.is_ok() && !state.throttle.allows_letter(network, person, None) {
        form.refuse(Refusal::new("form-too-often").at("question"));
    }
    if !form.is_ok() {
        return show_with(&view, &state, id, &form).await;
    }
    let done = state.write_once(key, move |tx| {
        let place = Place::visible(tx.db, id, None)?;
        let tender = place.published.as_ref().ok_or(Failure::NotFound)?;
        actions::ask(tx, &actor, tender.id, &text)?;
        Ok(place.path(""))
    });
    match done.await {
        Ok(path) => Ok(view.see_other_with(&path, "projects-asked")),
        Err(error) => {
            form.take_up(AppError::from(error))?;
            show_with(&view, &state, id, &form).await
        }
    }
}

pub async fn history(view: View, state: Data<State>, id: Path<ProjectId>) -> Answer {
    let (id, now, reader) = (*id, state.store.now(), view.actor().cloned());
    let (place, lines) = state
        .store
        .read(move |db| {
            let place = Place::visible(db, id, reader.as_ref().and_then(Actor::body_id))?;
            let lines = actions::history_of(db, id, reader.as_ref(), now)?;
            Ok((place, lines))
        })
        .await?;
    let label = view.say("projects-tab-history");
    let page = json!({
        "crumbs": crumbs(&view, &place.project, Some(&label)),
        "tabs": tabs(&view, &place, true),
        "heading": place.project.title,
        "history": view.history(&lines),
    });
    let title = format!("{label} · {}", place.project.title);
    view.render("procurement/tenders/history", NAV, &title, &page)
}
