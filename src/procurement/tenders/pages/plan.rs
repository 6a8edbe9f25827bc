//! The plan of a tender: method, criteria, dates. The earliest lawful dates stand in the form from the start.

use super::{NAV, Place};
use crate::common::rulesets::{self, FoundMethod, Method, Period, Unit};
use crate::infra::actor::Actor;
use crate::infra::db::Db;
use crate::infra::failure::Failure;
use crate::kernel::calendar::Calendar;
use crate::kernel::instant;
use crate::kernel::language::Language;
use crate::kernel::refusal::{Refusal, Rule};
use crate::kernel::text;
use crate::procurement::projects::{self, PrepareProjects, ProjectId};
use crate::procurement::tenders::actions::{self, Plan};
use crate::procurement::tenders::model::{
    Criterion, CriterionKind, NewCriterion, Tender, TenderState,
};
use crate::procurement::tenders::queries;
use crate::procurement::tenders::rules::{self, Proposal};
use crate::web::{Answer, AppError, Form, May, State, View, fields};
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use chrono::NaiveDateTime;
use serde_json::{Value, json};

/// Names of the fields of one criterion.
struct RowNames {
    name: &'static str,
    measure: &'static str,
    weight: &'static str,
}

macro_rules! rows {
    ($($n:literal)*) => {
        [$(RowNames {
            name: concat!("name_", $n),
            measure: concat!("measure_", $n),
            weight: concat!("weight_", $n),
        }),*]
    };
}

/// As many as a tender may have; the form shows [`OFFERED`] unless there are more.
const ROWS: [RowNames; rules::MAX_CRITERIA] = rows!(1 2 3 4 5 6 7 8 9 10 11 12);
const OFFERED: usize = 6;
/// Empty rows after the last one that is filled.
const SPARE: usize = 2;
/// The version that the form shows before anything is planned.
pub const NOTHING_YET: i64 = -1;
/// How fields are called in the summary of errors.
const LABELS: [(&str, &str); 4] = [
    ("method", "tenders-plan-method"),
    ("price_weight", "tenders-price-weight-label"),
    ("questions_until", "tenders-questions-until"),
    ("closes_at", "tenders-closes-at"),
];

/// What the form needs: the project, its draft, each method's rules and earliest dates.
struct Desk {
    place: Place,
    criteria: Vec<Criterion>,
    methods: Vec<(FoundMethod, Proposal)>,
    calendar: Calendar,
    now: NaiveDateTime,
}

impl Desk {
    fn load(
        db: &mut Db,
        actor: &Actor,
        id: ProjectId,
        now: NaiveDateTime,
    ) -> Result<Self, Failure> {
        let place = Place::own(db, id, actor.body_id())?;
        let criteria = match &place.draft {
            Some(draft) => queries::criteria_of(db, draft.id)?,
            None => Vec::new(),
        };
        let region = place.project.region_code.clone();
        let today = instant::shanghai_date(now);
        let mut methods = Vec::new();
        for method in Method::ALL {
            let found = actions::find_rules(db, &region, *method, today)?;
            let proposal = actions::propose(db, &region, *method, now)?;
            methods.push((found, proposal));
        }
        Ok(Self {
            place,
            criteria,
            methods,
            calendar: rulesets::load_calendar(db)?,
            now,
        })
    }

    fn of(&self, method: Option<Method>) -> Option<&(FoundMethod, Proposal)> {
        let wanted = method.unwrap_or(Method::OpenTender);
        self.methods
            .iter()
            .find(|(found, _)| found.method == wanted)
    }

    /// The version of what is planned, which the form carries along.
    fn version(&self) -> i64 {
        let newest = self.place.draft.as_ref().or(self.place.published.as_ref());
        newest.map_or(NOTHING_YET, |tender| tender.version)
    }

    /// Whether there is anything to plan: a project without a round, or a round in preparation.
    fn is_open(&self) -> bool {
        self.place.draft.is_some() || self.place.published.is_none()
    }
}

pub async fn edit(
    who: May<PrepareProjects>,
    view: View,
    state: Data<State>,
    id: Path<ProjectId>,
) -> Answer {
    let (id, now) = (*id, state.store.now());
    let desk = state
        .store
        .read(move |db| Desk::load(db, &who.actor, id, now))
        .await?;
    if !desk.is_open() {
        return Ok(view.see_other(&desk.place.path("/manage")));
    }
    let form = filled(&desk);
    show(&view, &desk, &form)
}

/// What is planned already; else the first method with its earliest dates.
fn filled(desk: &Desk) -> Form {
    let draft = desk.place.draft.as_ref();
    let method = draft.map(|draft| draft.method);
    let mut form = Form::default()
        .with("method", method.unwrap_or(Method::OpenTender))
        .with("version", desk.version());
    let quality = desk
        .criteria
        .iter()
        .filter(|row| row.kind == CriterionKind::Quality);
    for (names, row) in ROWS.iter().zip(quality) {
        form = form
            .with(names.name, &row.name)
            .with(names.measure, &row.measure)
            .with(names.weight, row.weight);
    }
    let price = desk
        .criteria
        .iter()
        .find(|row| row.kind == CriterionKind::Price);
    form = match (price, desk.of(method)) {
        (Some(price), _) => form.with("price_weight", price.weight),
        (None, Some((found, _))) => form.with("price_weight", found.rules.price_weight_min),
        (None, None) => form,
    };
    let dates = draft.and_then(|draft| Some((draft.questions_until?, draft.closes_at?)));
    match dates {
        Some(dates) => with_dates(form, dates),
        None => proposed(desk, form, method),
    }
}

fn with_dates(form: Form, (questions_until, closes_at): (NaiveDateTime, NaiveDateTime)) -> Form {
    form.with("questions_until", fields::shown_time(questions_until))
        .with("closes_at", fields::shown_time(closes_at))
}

fn proposed(desk: &Desk, form: Form, method: Option<Method>) -> Form {
    match desk.of(method) {
        Some((_, proposal)) => with_dates(form, (proposal.questions_until, proposal.closes_at)),
        None => form,
    }
}

pub async fn save(
    who: May<PrepareProjects>,
    view: View,
    state: Data<State>,
    id: Path<ProjectId>,
    mut form: Form,
) -> Answer {
    let (id, now) = (*id, state.store.now());
    let (actor, reader, again) = (who.actor.clone(), who.actor.clone(), who.actor);
    let desk = state
        .store
        .read(move |db| Desk::load(db, &reader, id, now))
        .await?;
    if form.is_checked("refresh") {
        let method = form.raw("method").parse().ok();
        let form = proposed(&desk, form, method);
        return show(&view, &desk, &form);
    }
    form.name(&LABELS);
    let key = view.once_key(&form);
    let Some(plan) = read(&view, &mut form, &desk) else {
        return show(&view, &desk, &form);
    };
    let (version, wanted) = (form.version(), plan.clone());
    let done = state.write_once(key, move |tx| {
        projects::find_own(tx.db, id, actor.body_id())?;
        // Two who plan at once would write over each other: the form names the draft that it showed.
        let newest = queries::newest_of(tx.db, id)?;
        let is_draft = |tender: &Tender| tender.state == TenderState::Draft;
        if newest.as_ref().is_none_or(is_draft)
            && newest.map_or(NOTHING_YET, |tender| tender.version) != version
        {
            return Err(Failure::Changed);
        }
        actions::plan(tx, &actor, id, &plan)?;
        Ok(format!("/projects/{id}/publish"))
    });
    match done.await {
        Ok(path) => Ok(view.see_other_with(&path, "tenders-planned")),
        Err(Failure::Changed) => {
            let desk = state
                .store
                .read(move |db| Desk::load(db, &again, id, now))
                .await?;
            // What was typed stays; saving again is a decision over what stands there now.
            let form = form.with("version", desk.version());
            let changes = differences(&view, &desk, &wanted);
            if changes.is_empty() {
                // Two who wrote the same.
                return Ok(view.see_other(&desk.place.path("/publish")));
            }
            show_with(&view, &desk, &form, &changes)
        }
        Err(error) => {
            form.take_up(AppError::from(error))?;
            show(&view, &desk, &form)
        }
    }
}

/// Where what is planned now differs from what was typed.
fn differences(view: &View, desk: &Desk, typed: &Plan) -> Vec<Value> {
    let Some(now) = &desk.place.draft else {
        return Vec::new();
    };
    let line = |name: &str, measure: &str, weight: i64| format!("{name}：{measure}（{weight}）");
    let of_now: Vec<String> = desk
        .criteria
        .iter()
        .map(|row| line(&row.name, &row.measure, row.weight))
        .collect();
    let of_typed: Vec<String> = typed
        .criteria
        .iter()
        .map(|row| line(&row.name, &row.measure, row.weight))
        .collect();
    let date = |at: Option<NaiveDateTime>| at.map(instant::deadline).unwrap_or_default();
    let mut planned = now.clone();
    planned.method = typed.method;
    let rows = [
        (
            "tenders-plan-method",
            super::method(view, now),
            super::method(view, &planned),
        ),
        (
            "tenders-criteria-title",
            of_now.join("\n"),
            of_typed.join("\n"),
        ),
        (
            "tenders-questions-until",
            date(now.questions_until),
            date(Some(typed.questions_until)),
        ),
        (
            "tenders-closes-at",
            date(now.closes_at),
            date(Some(typed.closes_at)),
        ),
    ];
    rows.into_iter()
        .filter(|(_, now, typed)| now != typed)
        .map(|(label, now, typed)| json!({ "what": view.say(label), "now": now, "typed": typed }))
        .collect()
}

/// The typed plan. Criteria and dates are looked at as far as they could be read, before the form goes back.
fn read(view: &View, form: &mut Form, desk: &Desk) -> Option<Plan> {
    let method = form.one_of::<Method>("method");
    let mut criteria = Vec::new();
    let mut are_read = true;
    for (n, names) in (1..).zip(&ROWS) {
        match criterion(form, n, names) {
            Ok(row) => criteria.extend(row),
            Err(refusal) => {
                form.refuse(refusal);
                are_read = false;
            }
        }
    }
    let price = form.parsed("price_weight", |typed| {
        whole(typed).ok_or_else(|| Refusal::new("tenders-price-weight-number"))
    });
    match price {
        Some(weight) => criteria.push(price_criterion(view, weight)),
        None => are_read = false,
    }
    let questions_until = form.parsed("questions_until", fields::local_time);
    let closes_at = form.parsed("closes_at", fields::local_time);
    let accepts_provisional = form.is_checked("provisional");
    let rules = method.and_then(|method| desk.of(Some(method)));
    if let Some((found, _)) = rules {
        let mut wrong = Vec::new();
        if are_read {
            wrong.extend(rules::check_criteria(&criteria, &found.rules));
        }
        if let (Some(questions), Some(closes)) = (questions_until, closes_at) {
            wrong.extend(rules::check_dates(
                &found.rules,
                &desk.calendar,
                desk.now,
                questions,
                closes,
                accepts_provisional,
            ));
        }
        for rule in &wrong {
            form.refuse(rule.refusal());
        }
    }
    if !form.is_ok() {
        return None;
    }
    Some(Plan {
        method: method?,
        criteria,
        questions_until: questions_until?,
        closes_at: closes_at?,
        accepts_provisional,
    })
}

fn whole(typed: &str) -> Option<i64> {
    text::narrow(typed).trim().parse().ok()
}

/// One row: nothing, a whole criterion, or why it is neither.
fn criterion(form: &mut Form, n: usize, names: &RowNames) -> Result<Option<NewCriterion>, Refusal> {
    let name = form.optional(names.name, 60);
    let measure = form.optional(names.measure, 300);
    let typed = text::clean(form.raw(names.weight));
    if form.is_refused(names.name) || form.is_refused(names.measure) {
        return Ok(None);
    }
    if name.is_empty() && measure.is_empty() && typed.is_empty() {
        return Ok(None);
    }
    let missing = match (name.is_empty(), measure.is_empty(), typed.is_empty()) {
        (true, _, _) => Some(names.name),
        (_, true, _) => Some(names.measure),
        (_, _, true) => Some(names.weight),
        _ => None,
    };
    if let Some(field) = missing {
        return Err(Refusal::new("tenders-row-incomplete").arg("n", n).at(field));
    }
    let weight = whole(&typed)
        .filter(|weight| (1..100).contains(weight))
        .ok_or_else(|| {
            Refusal::new("tenders-row-weight")
                .arg("n", n)
                .at(names.weight)
        })?;
    Ok(Some(NewCriterion {
        kind: CriterionKind::Quality,
        name,
        measure,
        weight,
    }))
}

/// The price's line is the law's, and part of a public document: always in Chinese.
fn price_criterion(view: &View, weight: i64) -> NewCriterion {
    let say = |key: &str, args: &[(&str, &str)]| view.state.words.say(Language::Chinese, key, args);
    NewCriterion {
        kind: CriterionKind::Price,
        name: say("tenders-price-name", &[]),
        measure: say("tenders-price-measure", &[("weight", &weight.to_string())]),
        weight,
    }
}

fn show(view: &View, desk: &Desk, form: &Form) -> Answer {
    show_with(view, desk, form, &[])
}

/// The form, with what somebody else changed meanwhile.
fn show_with(view: &View, desk: &Desk, form: &Form, changes: &[Value]) -> Answer {
    let method: Option<Method> = form.raw("method").parse().ok();
    let chosen = desk.of(method).map(|(_, proposal)| proposal);
    let at = |pick: fn(&Proposal) -> NaiveDateTime| {
        chosen
            .map(|found| instant::date(pick(found)))
            .unwrap_or_default()
    };
    let methods: Vec<Value> = desk
        .methods
        .iter()
        .map(|(found, proposal)| method_option(view, found, proposal))
        .collect();
    let count = |names: &RowNames| usize::from(!form.raw(names.name).is_empty());
    let filled: usize = ROWS.iter().map(count).sum();
    let shown = form.view(&view.state.words, view.language());
    let error = |name: &str| shown.pointer(&format!("/at/{name}")).cloned();
    let rows: Vec<Value> = (1..)
        .zip(ROWS.iter().take(OFFERED.max(filled + SPARE)))
        .map(|(n, names): (usize, &RowNames)| {
            json!({
                "n": n.to_string(),
                "name": { "id": names.name, "value": form.raw(names.name), "error": error(names.name) },
                "measure": { "id": names.measure, "value": form.raw(names.measure), "error": error(names.measure) },
                "weight": { "id": names.weight, "value": form.raw(names.weight), "error": error(names.weight) },
            })
        })
        .collect();
    let is_provisional = chosen.is_some_and(|found| found.is_provisional)
        || form.is_refused("provisional")
        || form.is_checked("provisional");
    let page = json!({
        "number": desk.place.project.number,
        "project_title": desk.place.project.title,
        "action": desk.place.path("/plan"),
        "edit": (!desk.place.project.is_public()).then(|| desk.place.path("/edit")),
        "manage": desk.place.path("/manage"),
        "version": form.raw("version"),
        "changes": changes,
        "methods": methods,
        "rows": rows,
        "criteria_error": error("criteria"),
        "closes_hint": at(|found| found.earliest_closing),
        "questions_hint": at(|found| found.latest_questions),
        "provisional": is_provisional.then(|| json!([
            { "value": "yes", "label": view.say("tenders-provisional-yes") }
        ])),
    });
    let title = view.say("tenders-plan-title");
    if changes.is_empty() {
        return view.render_form("procurement/tenders/plan", NAV, &title, form, &page);
    }
    let mut page = page;
    if let Some(fields) = page.as_object_mut() {
        fields.insert("form".into(), shown);
    }
    let status = StatusCode::CONFLICT;
    view.render_as(status, "procurement/tenders/plan", NAV, &title, &page)
}

/// A method with its figures and articles, and the mark of what nobody verified.
fn method_option(view: &View, found: &FoundMethod, proposal: &Proposal) -> Value {
    let rules = &found.rules;
    let parts = [
        view.say_with(
            "tenders-rule-tendering",
            &[
                ("period", &period(view, &rules.tendering)),
                ("article", &rules.tendering.article),
            ],
        ),
        view.say_with(
            "tenders-rule-questions",
            &[
                ("period", &period(view, &rules.questions)),
                ("article", &rules.questions.article),
            ],
        ),
        view.say_with(
            "tenders-rule-price",
            &[
                ("min", &rules.price_weight_min.to_string()),
                ("max", &rules.price_weight_max.to_string()),
                ("article", &rules.price_weight_article),
            ],
        ),
        view.say_with(
            "tenders-rule-bids",
            &[
                ("count", &rules.min_bids.to_string()),
                ("article", &rules.min_bids_article),
            ],
        ),
        view.say_with(
            "tenders-rule-earliest",
            &[("day", &instant::date(proposal.earliest_closing))],
        ),
    ];
    let name = view.say(&format!(
        "tenders-method-{}",
        found.method.as_str().replace('_', "-")
    ));
    let label = if found.is_verified {
        name
    } else {
        format!("{name} · {}", view.say("tenders-rule-unverified"))
    };
    json!({
        "value": found.method,
        "label": label,
        "hint": parts.join(&view.say("tenders-rule-joint")),
    })
}

fn period(view: &View, period: &Period) -> String {
    let key = match period.unit {
        Unit::CalendarDays => "tenders-rule-days",
        Unit::WorkingDays => "tenders-rule-working-days",
    };
    view.say_with(key, &[("days", &period.days.to_string())])
}
