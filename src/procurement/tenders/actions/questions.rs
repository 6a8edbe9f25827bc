//! Questions and answers, which become public together.

use super::super::model::{QuestionId, TenderId, TenderState};
use super::super::queries;
use super::super::rules::{self, Step, TenderRule};
use super::{SUBJECT, announce, hold};
use crate::accounts::{self, Addressee};
use crate::common::clocks::{self, Period};
use crate::common::rulesets;
use crate::infra::actor::Actor;
use crate::infra::failure::Failure;
use crate::infra::ledger::{self, Entry};
use crate::infra::store::Tx;
use crate::kernel::roles::Role;
use crate::procurement::projects::{self, Project};
use chrono::NaiveDateTime;
use serde_json::json;

/// Asks before the cut-off. Who asked is known to the asker alone, now and in the ledger.
pub fn ask(tx: &mut Tx, actor: &Actor, id: TenderId, text: &str) -> Result<QuestionId, Failure> {
    let asker = actor.body_id().ok_or(Failure::Forbidden)?;
    let tender = hold(tx, id)?;
    let until = tender
        .questions_until
        .filter(|_| tender.published_at.is_some())
        .ok_or(Failure::NotFound)?;
    if tender.state != TenderState::Open || tx.now >= until {
        return Err(TenderRule::QuestionsClosed(until).into());
    }
    let waiting = queries::list_own_questions(tx.db, id, asker)?
        .iter()
        .filter(|question| question.answered_at.is_none())
        .count();
    if waiting >= rules::MOST_QUESTIONS {
        return Err(TenderRule::TooManyQuestions.into());
    }
    let question = queries::insert_question(tx.db, id, asker, text, tx.now)?;
    // The subject is the question itself: the project's history must not show when or how often somebody asked.
    ledger::append(
        tx,
        Some(actor),
        &Entry::new("question", question.0, "question.asked").sealed_for(asker, None),
    )?;
    let project = projects::find(tx.db, tender.project_id)?;
    limit_answer(tx, &project, question, tx.now, tender.closes_at)?;
    let link = format!("/projects/{}/questions", project.id);
    accounts::deliver(
        tx,
        Addressee::Holders(project.buyer_id, Role::Officer),
        "question-asked",
        &[("title", &project.title)],
        &link,
    )?;
    Ok(question)
}

/// Starts the clock of an answer, or sets it anew when the deadline has moved.
pub fn limit_answer(
    tx: &mut Tx,
    project: &Project,
    question: QuestionId,
    asked_at: NaiveDateTime,
    closes_at: Option<NaiveDateTime>,
) -> Result<(), Failure> {
    let calendar = rulesets::load_calendar(tx.db)?;
    let Some(due_at) = rules::answer_limit(&calendar, asked_at, closes_at) else {
        return Ok(());
    };
    let period = Period {
        subject: ("question", question.0),
        code: "answers",
        article: Some("政府采购法 §51"),
        body: Some(project.buyer_id),
        starts_at: asked_at,
        due_at,
        is_public: false,
    };
    Ok(clocks::set(tx.db, &period)?)
}

/// Answers for everybody; question and answer become public together.
pub fn answer(
    tx: &mut Tx,
    actor: &Actor,
    id: QuestionId,
    version: i64,
    text: &str,
) -> Result<(), Failure> {
    let question = queries::find_question(tx.db, id)?;
    let tender = hold(tx, question.tender_id)?;
    let project = projects::find_own(tx.db, tender.project_id, actor.body_id())?;
    if question.version != version || question.answered_at.is_some() {
        return Err(Failure::Changed);
    }
    if !TenderState::ANSWERING.contains(&tender.state) {
        return Err(TenderRule::NotNow {
            step: Step::Extend,
            state: tender.state,
        }
        .into());
    }
    if queries::set_answer(tx.db, &question, text, actor.person_id, tx.now)? == 0 {
        return Err(Failure::Changed);
    }
    clocks::finish(tx.db, ("question", id.0), "answers", tx.now)?;
    ledger::append(
        tx,
        Some(actor),
        &Entry::new(SUBJECT, tender.id.0, "question.answered"),
    )?;
    let asker = queries::asker_of(tx.db, id)?;
    let link = format!("/projects/{}", project.id);
    accounts::deliver(
        tx,
        Addressee::Body(asker),
        "question-answered",
        &[("title", &project.title)],
        &link,
    )?;
    let content =
        json!({ "number": project.number, "question": question.question, "answer": text });
    announce(tx, &project, &tender, "answer", &content)
}
