//! Declaring and scoring, and the result in the transaction of the last sheet.

use super::super::model::{Mark, Score};
use super::super::rules::{self, Act, EvaluationRule, Phase, Step};
use super::super::{SUBJECT, queries};
use super::panel::{fail_if_too_few, shortage};
use super::{Seat, bidders, quality, seat, secretly, valid_bids};
use crate::accounts::{self, Addressee};
use crate::common::clocks::{self, Period};
use crate::common::panels::{self, Capacity};
use crate::common::rulesets;
use crate::infra::actor::Actor;
use crate::infra::failure::Failure;
use crate::infra::ledger::{self, Entry};
use crate::infra::store::Tx;
use crate::kernel::calendar::end_of_day;
use crate::kernel::instant::shanghai_date;
use crate::kernel::money::Fen;
use crate::kernel::people::PersonId;
use crate::kernel::roles::Role;
use crate::procurement::bids::BidId;
use crate::procurement::tenders::{self, Criterion, CriterionKind, TenderId, TenderState};

/// The member declares to have no conflict of interest; only then bids may be read.
pub fn declare(tx: &mut Tx, actor: &Actor, tender: TenderId) -> Result<(), Failure> {
    let tender = tenders::hold_alone(tx, tender)?;
    let seat = seat(tx.db, tender, actor.person_id)?;
    rules::may(seat.tender.state, Step::Declare)?;
    rules::member_may(seat.phase, Act::Declare)?;
    let own = queries::bodies_of(tx.db, actor.person_id)?;
    let mut against = bidders(tx.db, seat.tender.id)?;
    if seat.member.capacity == Capacity::Expert {
        against.push(seat.project.buyer_id);
    }
    if own.iter().any(|body| against.contains(body)) {
        return Err(EvaluationRule::HasConflict.into());
    }
    if queries::openers_of(tx.db, seat.tender.id)?.contains(&actor.person_id) {
        return Err(EvaluationRule::OpenedIt.into());
    }
    if fail_if_too_few(tx, &seat.project, &seat.tender)? {
        return Ok(());
    }
    panels::declare(tx.db, seat.panel, actor.person_id, tx.now)?;
    queries::insert_sheet(tx.db, seat.tender.id, actor.person_id)?;
    secretly(tx, actor, &seat, "panel.declared", None)
}

/// Saves what a member has scored of one bid so far.
pub fn save_scores(
    tx: &mut Tx,
    actor: &Actor,
    tender: TenderId,
    bid: BidId,
    version: i64,
    marks: &[Mark],
) -> Result<(), Failure> {
    let tender = tenders::hold(tx, tender)?;
    let seat = seat(tx.db, tender, actor.person_id)?;
    rules::may(seat.tender.state, Step::Score)?;
    rules::member_may(seat.phase, Act::Save)?;
    let valid = valid_bids(tx.db, &seat.tender, seat.project.budget_fen)?;
    let criteria = quality(tx.db, seat.tender.id)?;
    if !valid.iter().any(|(id, _)| *id == bid)
        || marks
            .iter()
            .any(|mark| !criteria.iter().any(|c| c.id == mark.criterion_id))
    {
        return Err(Failure::NotFound);
    }
    let scores = queries::list_scores(tx.db, seat.tender.id, &[actor.person_id])?;
    if seat.phase == Phase::Reopened {
        check_reopened(&scores, bid, marks)?;
    }
    let sheet = seat.sheet.as_ref().ok_or(Failure::NotFound)?;
    if sheet.version != version || !queries::touch_sheet(tx.db, sheet)? {
        return Err(Failure::Changed);
    }
    for mark in marks {
        queries::set_score(
            tx.db,
            seat.tender.id,
            bid,
            actor.person_id,
            mark.criterion_id,
            mark.points,
            &mark.note,
        )?;
    }
    secretly(tx, actor, &seat, "sheet.saved", None)
}

/// A sheet that was brought back may change only where it was asked about.
fn check_reopened(scores: &[Score], bid: BidId, marks: &[Mark]) -> Result<(), EvaluationRule> {
    for mark in marks {
        let before = scores
            .iter()
            .find(|score| score.bid_id == bid && score.criterion_id == mark.criterion_id);
        let asked = before.is_some_and(|score| score.asked_points.is_some());
        if !asked && before.map(|score| score.points) != mark.points {
            return Err(EvaluationRule::NotReopened(mark.field));
        }
        if mark.points.is_none() {
            return Err(EvaluationRule::Empty(mark.field));
        }
    }
    Ok(())
}

/// Submits the sheet, or confirms one that was brought back; the last one brings the result.
pub fn confirm_or_submit(
    tx: &mut Tx,
    actor: &Actor,
    tender: TenderId,
    version: i64,
    reason: &str,
) -> Result<(), Failure> {
    // Two last members must not each take the other for missing.
    let tender = tenders::hold_alone(tx, tender)?;
    let seat = seat(tx.db, tender, actor.person_id)?;
    rules::may(seat.tender.state, Step::Score)?;
    rules::member_may(seat.phase, Act::Submit)?;
    let valid = valid_bids(tx.db, &seat.tender, seat.project.budget_fen)?;
    let criteria = quality(tx.db, seat.tender.id)?;
    let scores = queries::list_scores(tx.db, seat.tender.id, &[actor.person_id])?;
    let missing = (valid.len() * criteria.len()).saturating_sub(scores.len());
    if missing > 0 {
        return Err(EvaluationRule::Incomplete { missing }.into());
    }
    let sheet = seat.sheet.as_ref().ok_or(Failure::NotFound)?;
    let changed: Vec<String> = scores
        .iter()
        .filter(|score| {
            score
                .asked_points
                .is_some_and(|asked| asked != score.points)
        })
        .map(|score| {
            let before = score.asked_points.unwrap_or_default();
            format!(
                "bid {} criterion {}: {before} → {}",
                score.bid_id, score.criterion_id, score.points
            )
        })
        .collect();
    let reason = Some(reason).filter(|reason| !reason.is_empty());
    if !changed.is_empty() && reason.is_none() {
        return Err(EvaluationRule::ReasonNeeded.into());
    }
    if sheet.version != version || !queries::submit_sheet(tx.db, sheet, reason, tx.now)? {
        return Err(Failure::Changed);
    }
    let (what, record) = match (seat.phase, changed.is_empty()) {
        (Phase::Reopened, true) => ("sheet.confirmed", None),
        (Phase::Reopened, false) => (
            "sheet.rescored",
            Some(format!(
                "{} · {}",
                reason.unwrap_or_default(),
                changed.join("; ")
            )),
        ),
        _ => ("sheet.submitted", None),
    };
    secretly(tx, actor, &seat, what, record.as_deref())?;
    settle(tx, &seat, &valid, &criteria)
}

/// After each sheet: nothing while one is missing; then the wide ones go back once; then the result.
fn settle(
    tx: &mut Tx,
    seat: &Seat,
    valid: &[(BidId, Fen)],
    criteria: &[Criterion],
) -> Result<(), Failure> {
    let tender = &seat.tender;
    let members: Vec<PersonId> = panels::list_members(tx.db, seat.panel)?
        .iter()
        .filter(|member| member.is_active())
        .map(|member| member.person_id)
        .collect();
    let sheets = queries::list_sheets(tx.db, tender.id)?;
    let sheet_of = |person: &PersonId| sheets.iter().find(|sheet| sheet.person_id == *person);
    let is_complete = members
        .iter()
        .all(|person| sheet_of(person).is_some_and(|sheet| sheet.submitted_at.is_some()));
    if !is_complete || shortage(tx.db, tender, seat.panel)? > 0 {
        return Ok(());
    }
    let scores = queries::list_scores(tx.db, tender.id, &members)?;
    let mut back: Vec<PersonId> = Vec::new();
    for criterion in criteria {
        for (bid, _) in valid {
            let given: Vec<&Score> = scores
                .iter()
                .filter(|score| score.bid_id == *bid && score.criterion_id == criterion.id)
                .collect();
            let all: Vec<i64> = given.iter().map(|score| score.points).collect();
            for score in given {
                let asked_before =
                    sheet_of(&score.person_id).is_some_and(|sheet| sheet.reopened_at.is_some());
                if !asked_before && rules::is_wide(score.points, &all, criterion.weight) {
                    queries::ask_about(tx.db, score.id, score.points)?;
                    back.push(score.person_id);
                }
            }
        }
    }
    back.sort_unstable();
    back.dedup();
    if back.is_empty() {
        return finish(tx, seat, valid, criteria, &scores);
    }
    for person in back {
        queries::reopen_sheet(tx.db, tender.id, person, tx.now)?;
        accounts::deliver(
            tx,
            Addressee::Person(person),
            "panel-spread",
            &[("title", &seat.project.title)],
            &format!("/panel/{}", tender.id),
        )?;
    }
    Ok(())
}

/// Totals, ranks and the tender's next state.
fn finish(
    tx: &mut Tx,
    seat: &Seat,
    valid: &[(BidId, Fen)],
    criteria: &[Criterion],
    scores: &[Score],
) -> Result<(), Failure> {
    let (project, tender) = (&seat.project, &seat.tender);
    let price_weight = tenders::criteria_of(tx.db, tender.id)?
        .iter()
        .find(|criterion| criterion.kind == CriterionKind::Price)
        .map_or(0, |criterion| criterion.weight);
    let sums: Vec<rules::Scored> = valid
        .iter()
        .map(|(bid, price)| rules::Scored {
            price: *price,
            criteria: criteria
                .iter()
                .map(|criterion| {
                    scores
                        .iter()
                        .filter(|score| score.bid_id == *bid && score.criterion_id == criterion.id)
                        .map(|score| score.points)
                        .collect()
                })
                .collect(),
        })
        .collect();
    let outcomes = rules::results(&sums, price_weight)
        .ok_or_else(|| Failure::internal("a score is missing from a complete panel"))?;
    for ((bid, _), outcome) in valid.iter().zip(&outcomes) {
        queries::insert_result(tx.db, tender.id, *bid, outcome)?;
    }
    tenders::set_state(tx, tender, TenderState::Evaluated)?;
    let rules = tenders::rules_of(tx.db, tender)?;
    let calendar = rulesets::load_calendar(tx.db)?;
    if let Some(day) = rules.decision.deadline(shanghai_date(tx.now), &calendar) {
        clocks::set(
            tx.db,
            &Period {
                subject: (SUBJECT, tender.id.0),
                code: "decision",
                article: Some(&rules.decision.article),
                body: Some(project.buyer_id),
                starts_at: tx.now,
                due_at: end_of_day(day),
                is_public: true,
            },
        )?;
    }
    accounts::deliver(
        tx,
        Addressee::Holders(project.buyer_id, Role::Officer),
        "tender-evaluated",
        &[("title", &project.title)],
        &format!("/projects/{}/evaluation", project.id),
    )?;
    // By the portal: the last member's name would tell who sits in the panel.
    ledger::append(
        tx,
        None,
        &Entry::new(SUBJECT, tender.id.0, "tender.evaluated")
            .moved(tender.state.as_str(), TenderState::Evaluated.as_str())
            .under("政府采购法实施条例 §41"),
    )
}
