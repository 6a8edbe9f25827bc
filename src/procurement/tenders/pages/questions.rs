//! Questions for the purchaser, who does not learn who asked.

use super::{NAV, Place};
use crate::common::clocks;
use crate::infra::actor::Actor;
use crate::infra::db::Db;
use crate::infra::failure::Failure;
use crate::kernel::instant;
use crate::procurement::projects::{PrepareProjects, ProjectId};
use crate::procurement::tenders::model::{Question, QuestionId};
use crate::procurement::tenders::{actions, queries};
use crate::web::{Answer, AppError, Form, May, State, View};
use actix_web::web::{Data, Path};
use chrono::NaiveDateTime;
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub async fn list(
    who: May<PrepareProjects>,
    view: View,
    state: Data<State>,
    id: Path<ProjectId>,
) -> Answer {
    let id = *id;
    let (place, questions, limits) = state
        .store
        .read(move |db| {
            let place = Place::own(db, id, who.actor.body_id())?;
            let questions = match &place.published {
                Some(tender) => queries::list_questions(db, tender.id, true)?,
                None => Vec::new(),
            };
            let limits = limits(db, &questions)?;
            Ok((place, questions, limits))
        })
        .await?;
    let (done, open): (Vec<&Question>, Vec<&Question>) = questions
        .iter()
        .partition(|question| question.answered_at.is_some());
    let label = view.say("tenders-questions-title");
    let page = json!({
        "crumbs": super::show::crumbs(&view, &place.project, Some(&label)),
        "project_title": place.project.title,
        "manage": place.path("/manage"),
        "open": open.iter().map(|question| line(&view, &place, question, &limits)).collect::<Vec<_>>(),
        "done": done.iter().map(|question| line(&view, &place, question, &limits)).collect::<Vec<_>>(),
    });
    view.render("procurement/tenders/questions", NAV, &label, &page)
}

/// Until when each of these questions must be answered.
type Limits = BTreeMap<QuestionId, NaiveDateTime>;

fn limits(db: &mut Db, questions: &[Question]) -> Result<Limits, Failure> {
    let mut limits = Limits::new();
    for question in questions.iter().filter(|one| one.answered_at.is_none()) {
        let clocks = clocks::list_of(db, ("question", question.id.0), false)?;
        limits.extend(clocks.first().map(|clock| (question.id, clock.due_at)));
    }
    Ok(limits)
}

fn line(view: &View, place: &Place, question: &Question, limits: &Limits) -> Value {
    let asked = instant::minute(question.asked_at);
    let answered = question.answered_at.map(instant::minute);
    json!({
        "question": question.question,
        "answer": question.answer,
        "asked": view.say_with("tenders-question-asked", &[("at", &asked)]),
        "answered": answered.map(|at| view.say_with("tenders-question-answered", &[("at", &at)])),
        "limit": limits.get(&question.id).map(|at| json!({
            "text": view.say_with("tenders-question-limit", &[("at", &instant::deadline(*at))]),
            "is_late": *at <= view.state.store.now(),
        })),
        "href": place.path(&format!("/questions/{}", question.id)),
    })
}

/// One of this own project's questions, with its place.
pub(in crate::procurement::tenders) struct Asked {
    place: Place,
    pub(in crate::procurement::tenders) question: Question,
    limits: Limits,
}

/// The question, if it is one of this own project's.
pub(in crate::procurement::tenders) fn find(
    db: &mut Db,
    actor: &Actor,
    id: ProjectId,
    question: QuestionId,
) -> Result<Asked, Failure> {
    let place = Place::own(db, id, actor.body_id())?;
    let question = queries::find_question(db, question)?;
    let is_its = place
        .published
        .as_ref()
        .is_some_and(|tender| tender.id == question.tender_id);
    if !is_its {
        return Err(Failure::NotFound);
    }
    Ok(Asked {
        limits: limits(db, std::slice::from_ref(&question))?,
        place,
        question,
    })
}

pub async fn edit(
    who: May<PrepareProjects>,
    view: View,
    state: Data<State>,
    path: Path<(ProjectId, QuestionId)>,
) -> Answer {
    let (id, question) = path.into_inner();
    let asked = state
        .store
        .read(move |db| find(db, &who.actor, id, question))
        .await?;
    if asked.question.answered_at.is_some() {
        return Ok(view.see_other(&asked.place.path("/questions")));
    }
    show(&view, &asked, &Form::default(), None)
}

fn show(view: &View, asked: &Asked, form: &Form, overtaken: Option<Value>) -> Answer {
    let Asked {
        place,
        question,
        limits,
    } = asked;
    let title = view.say("tenders-answer-title");
    let page = json!({
        "crumbs": super::show::crumbs(view, &place.project, Some(&title)),
        "project_title": place.project.title,
        "back": place.path("/questions"),
        "action": place.path(&format!("/questions/{}", question.id)),
        "version": question.version.to_string(),
        "item": line(view, place, question, limits),
        "overtaken": null,
        "typed": form.raw("answer"),
    });
    let template = "procurement/tenders/answer";
    match overtaken {
        Some(by) => super::render_overtaken(view, template, &title, form, page, by),
        None => view.render_form(template, NAV, &title, form, &page),
    }
}

pub async fn save(
    who: May<PrepareProjects>,
    view: View,
    state: Data<State>,
    path: Path<(ProjectId, QuestionId)>,
    mut form: Form,
) -> Answer {
    let (id, question) = path.into_inner();
    let (actor, key, version) = (who.actor.clone(), view.once_key(&form), form.version());
    let (reader, again) = (who.actor.clone(), who.actor);
    let asked = state
        .store
        .read(move |db| find(db, &reader, id, question))
        .await?;
    form.name(&[("answer", "tenders-answer")]);
    let text = form.text("answer", 3000);
    if !form.is_ok() {
        return show(&view, &asked, &form, None);
    }
    let done = state.write_once(key, move |tx| {
        actions::answer(tx, &actor, question, version, &text)?;
        Ok(format!("/projects/{id}/questions"))
    });
    match done.await {
        Ok(path) => Ok(view.see_other_with(&path, "tenders-answered")),
        Err(Failure::Changed) => {
            let by = super::overtaken(&view, id).await?;
            let now = state
                .store
                .read(move |db| find(db, &again, id, question))
                .await?;
            show(&view, &now, &form, Some(by))
        }
        Err(error) => {
            form.take_up(AppError::from(error))?;
            show(&view, &asked, &form, None)
        }
    }
}
