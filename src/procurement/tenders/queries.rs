//! Rows of tenders, criteria and questions.

use super::model::{Criterion, NewCriterion, Question, QuestionId, Tender, TenderId, TenderState};
use crate::common::rulesets::{Method, RuleSetId};
use crate::infra::db::{Db, columns};
use crate::kernel::people::{BodyId, PersonId};
use crate::on_db;
use crate::procurement::projects::ProjectId;
use crate::schema::{bids, criteria, questions, tenders};
use chrono::NaiveDateTime;
use diesel::prelude::*;

pub fn find(db: &mut Db, id: TenderId) -> QueryResult<Tender> {
    tenders::table
        .find(id)
        .select(columns::<Tender>())
        .first(db)
}

/// Keeps the row as it is until the transaction ends (`FOR SHARE`); `SQLite`'s writer is alone anyway.
pub fn lock_shared(db: &mut Db, id: TenderId) -> QueryResult<()> {
    on_db!(db,
        sqlite _alone => Ok(()),
        postgres conn => tenders::table
            .find(id)
            .select(tenders::id)
            .for_share()
            .first::<TenderId>(conn)
            .map(drop)
    )
}

/// Takes the row alone until the transaction ends: two that share it and both want to change it would wait for each other.
pub fn lock_alone(db: &mut Db, id: TenderId) -> QueryResult<()> {
    on_db!(db,
        sqlite _alone => Ok(()),
        postgres conn => tenders::table
            .find(id)
            .select(tenders::id)
            .for_update()
            .first::<TenderId>(conn)
            .map(drop)
    )
}

/// The project's newest round.
pub fn newest_of(db: &mut Db, project: ProjectId) -> QueryResult<Option<Tender>> {
    tenders::table
        .filter(tenders::project_id.eq(project))
        .order(tenders::round.desc())
        .select(columns::<Tender>())
        .first(db)
        .optional()
}

pub fn list_newest_of(db: &mut Db, projects: &[ProjectId]) -> QueryResult<Vec<Tender>> {
    tenders::table
        .filter(tenders::project_id.eq_any(projects.to_vec()))
        .order((tenders::project_id, tenders::round))
        .select(columns::<Tender>())
        .load(db)
}

/// What the worker must look at: its instant has come.
pub fn list_due(db: &mut Db, now: NaiveDateTime) -> QueryResult<Vec<TenderId>> {
    tenders::table
        .filter(tenders::next_check.le(now))
        .order((tenders::next_check, tenders::id))
        .limit(100)
        .select(tenders::id)
        .load(db)
}

/// The next instant at which a tender will move by itself.
pub fn next_due(db: &mut Db) -> QueryResult<Option<NaiveDateTime>> {
    tenders::table
        .select(diesel::dsl::min(tenders::next_check))
        .first(db)
}

pub fn criteria_of(db: &mut Db, tender: TenderId) -> QueryResult<Vec<Criterion>> {
    criteria::table
        .filter(criteria::tender_id.eq(tender))
        .order(criteria::position)
        .select(columns::<Criterion>())
        .load(db)
}

pub fn insert(
    db: &mut Db,
    project: ProjectId,
    round: i64,
    method: Method,
    rules: RuleSetId,
) -> QueryResult<TenderId> {
    diesel::insert_into(tenders::table)
        .values((
            tenders::project_id.eq(project),
            tenders::round.eq(round),
            tenders::method.eq(method),
            tenders::rule_set_id.eq(rules),
            tenders::state.eq(TenderState::Draft),
        ))
        .returning(tenders::id)
        .get_result(db)
}

/// Saves the whole row but its identity, by compare-and-set on the version.
pub fn save(db: &mut Db, tender: &Tender) -> QueryResult<usize> {
    let row = tenders::table
        .find(tender.id)
        .filter(tenders::version.eq(tender.version));
    diesel::update(row)
        .set((
            tenders::method.eq(tender.method),
            tenders::rule_set_id.eq(tender.rule_set_id),
            tenders::state.eq(tender.state),
            tenders::published_at.eq(tender.published_at),
            tenders::questions_until.eq(tender.questions_until),
            tenders::closes_at.eq(tender.closes_at),
            tenders::closed_at.eq(tender.closed_at),
            tenders::opened_at.eq(tender.opened_at),
            tenders::held_minutes.eq(tender.held_minutes),
            tenders::next_check.eq(tender.next_check),
            tenders::recipient.eq(&tender.recipient),
            tenders::wrapped_identity.eq(&tender.wrapped_identity),
            tenders::version.eq(tender.version + 1),
        ))
        .execute(db)
}

pub fn set_criteria(db: &mut Db, tender: TenderId, rows: &[NewCriterion]) -> QueryResult<()> {
    diesel::delete(criteria::table.filter(criteria::tender_id.eq(tender))).execute(db)?;
    for (position, row) in (1_i64..).zip(rows) {
        diesel::insert_into(criteria::table)
            .values((
                criteria::tender_id.eq(tender),
                criteria::position.eq(position),
                criteria::kind.eq(row.kind),
                criteria::name.eq(&row.name),
                criteria::measure.eq(&row.measure),
                criteria::weight.eq(row.weight),
            ))
            .execute(db)?;
    }
    Ok(())
}

/// Bids that stand at closing. Nothing but the closing itself asks this before the opening.
pub fn count_current_bids(db: &mut Db, tender: TenderId) -> QueryResult<i64> {
    bids::table
        .filter(bids::tender_id.eq(tender))
        .filter(bids::state.eq("submitted"))
        .count()
        .get_result(db)
}

/// The bidders to be told what became of the tender.
pub fn list_bidders(db: &mut Db, tender: TenderId) -> QueryResult<Vec<BodyId>> {
    bids::table
        .filter(bids::tender_id.eq(tender))
        .filter(bids::state.eq("submitted"))
        .order(bids::bidder_id)
        .select(bids::bidder_id)
        .load(db)
}

pub fn insert_question(
    db: &mut Db,
    tender: TenderId,
    asker: BodyId,
    question: &str,
    at: NaiveDateTime,
) -> QueryResult<QuestionId> {
    diesel::insert_into(questions::table)
        .values((
            questions::tender_id.eq(tender),
            questions::asker_id.eq(asker),
            questions::question.eq(question),
            questions::asked_at.eq(at),
        ))
        .returning(questions::id)
        .get_result(db)
}

pub fn find_question(db: &mut Db, id: QuestionId) -> QueryResult<Question> {
    questions::table
        .find(id)
        .select(columns::<Question>())
        .first(db)
}

/// Answered ones for everybody; `all` for the purchaser who must answer.
pub fn list_questions(db: &mut Db, tender: TenderId, all: bool) -> QueryResult<Vec<Question>> {
    let mut query = questions::table
        .filter(questions::tender_id.eq(tender))
        .order(questions::id)
        .select(columns::<Question>())
        .into_boxed();
    if !all {
        query = query.filter(questions::answered_at.is_not_null());
    }
    query.load(db)
}

/// The asker's own questions.
pub fn list_own_questions(
    db: &mut Db,
    tender: TenderId,
    asker: BodyId,
) -> QueryResult<Vec<Question>> {
    questions::table
        .filter(questions::tender_id.eq(tender))
        .filter(questions::asker_id.eq(asker))
        .order(questions::id)
        .select(columns::<Question>())
        .load(db)
}

/// The asker, so that the portal can tell them; never shown.
pub fn asker_of(db: &mut Db, id: QuestionId) -> QueryResult<BodyId> {
    questions::table
        .find(id)
        .select(questions::asker_id)
        .first(db)
}

pub fn set_answer(
    db: &mut Db,
    held: &Question,
    answer: &str,
    by: PersonId,
    at: NaiveDateTime,
) -> QueryResult<usize> {
    let row = questions::table
        .find(held.id)
        .filter(questions::version.eq(held.version));
    diesel::update(row)
        .set((
            questions::answer.eq(answer),
            questions::answered_by.eq(by),
            questions::answered_at.eq(at),
            questions::version.eq(held.version + 1),
        ))
        .execute(db)
}

/// The contract that stands for a project, with its state.
pub fn contract_of(db: &mut Db, project: ProjectId) -> QueryResult<Option<(i64, String)>> {
    use crate::schema::contracts;
    contracts::table
        .filter(contracts::project_id.eq(project))
        .filter(contracts::state.ne("cancelled"))
        .order(contracts::id.desc())
        .select((contracts::id, contracts::state))
        .first(db)
        .optional()
}

/// A purchaser's projects with questions that wait for an answer: how many in each.
pub fn list_unanswered(db: &mut Db, buyer: BodyId) -> QueryResult<Vec<(ProjectId, String, i64)>> {
    use crate::schema::projects;
    let rows: Vec<(ProjectId, String)> = questions::table
        .inner_join(tenders::table.on(tenders::id.eq(questions::tender_id)))
        .inner_join(projects::table.on(projects::id.eq(tenders::project_id)))
        .filter(projects::buyer_id.eq(buyer))
        .filter(questions::answered_at.is_null())
        .filter(tenders::state.eq_any(TenderState::ANSWERING))
        .order(projects::id)
        .select((projects::id, projects::title))
        .load(db)?;
    let mut counted: Vec<(ProjectId, String, i64)> = Vec::new();
    for (id, title) in rows {
        match counted.last_mut() {
            Some(last) if last.0 == id => last.2 += 1,
            _ => counted.push((id, title, 1)),
        }
    }
    Ok(counted)
}

/// The reader's own last bid in a tender: its state and when it came. Of nobody else's is ever asked here.
pub fn find_own_bid(
    db: &mut Db,
    tender: TenderId,
    bidder: BodyId,
) -> QueryResult<Option<(String, NaiveDateTime)>> {
    use crate::schema::bids;
    bids::table
        .filter(bids::tender_id.eq(tender))
        .filter(bids::bidder_id.eq(bidder))
        .filter(bids::state.ne("replaced"))
        .order((bids::submitted_at.desc(), bids::id.desc()))
        .select((bids::state, bids::submitted_at))
        .first(db)
        .optional()
}
