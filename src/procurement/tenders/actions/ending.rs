//! How a round comes to its end: extended, closed by the clock, held after an outage, failed, cancelled.

use super::super::model::{Tender, TenderId, TenderState};
use super::super::queries;
use super::super::rules::{self, CancelGround, Step, TenderRule};
use super::questions::limit_answer;
use super::{SUBJECT, announce, hold_alone, rules_of, save};
use crate::accounts::{self, Addressee};
use crate::common::clocks::{self, Period};
use crate::common::rulesets;
use crate::infra::actor::Actor;
use crate::infra::failure::Failure;
use crate::infra::ledger::{self, Entry};
use crate::infra::store::Tx;
use crate::infra::uptime;
use crate::kernel::instant;
use crate::kernel::roles::Role;
use crate::procurement::projects::{self, Project, ProjectState};
use chrono::{Duration, NaiveDateTime};
use serde_json::{Value, json};

/// A later deadline, before the present one or after an outage; everybody is told the same.
pub fn extend(
    tx: &mut Tx,
    actor: &Actor,
    id: TenderId,
    version: i64,
    closes_at: NaiveDateTime,
    reason: &str,
) -> Result<(), Failure> {
    let (project, mut tender) = own(tx, actor, id, version)?;
    let from = tender.state;
    tender.state = rules::next_state(from, Step::Extend)?;
    rules::check_reason(reason, "extend_reason")?;
    // A deadline that has passed is over, unless an outage holds it.
    if from == TenderState::Open && tender.closes_at.is_some_and(|at| at <= tx.now) {
        return Err(TenderRule::NotNow {
            step: Step::Extend,
            state: from,
        }
        .into());
    }
    let calendar = rulesets::load_calendar(tx.db)?;
    let earliest = calendar.add_working_days(instant::shanghai_date(tx.now), 1);
    let is_later = Some(closes_at) > tender.closes_at;
    if !is_later || earliest.is_none_or(|day| rules::last_day(closes_at) < day) {
        return Err(TenderRule::NotLater.into());
    }
    tender.closes_at = Some(closes_at);
    tender.next_check = Some(closes_at);
    tender.held_minutes = None;
    save(tx, &tender)?;
    let (subject, now) = ((SUBJECT, tender.id.0), tx.now);
    let rules = rules_of(tx.db, &tender)?;
    clocks::set(
        tx.db,
        &Period {
            subject,
            code: "deadline",
            article: Some(&rules.tendering.article),
            body: None,
            starts_at: now,
            due_at: closes_at,
            is_public: true,
        },
    )?;
    clocks::set(
        tx.db,
        &Period {
            subject,
            code: "opening",
            article: Some(&rules.opening_article),
            body: Some(project.buyer_id),
            starts_at: closes_at,
            due_at: closes_at,
            is_public: true,
        },
    )?;
    for question in queries::list_questions(tx.db, id, true)? {
        if question.answered_at.is_none() {
            limit_answer(
                tx,
                &project,
                question.id,
                question.asked_at,
                Some(closes_at),
            )?;
        }
    }
    let entry = Entry::new(SUBJECT, tender.id.0, "tender.extended")
        .moved(from.as_str(), tender.state.as_str())
        .because(reason);
    ledger::append(tx, Some(actor), &entry)?;
    tell(tx, &project, id, "tender-extended")?;
    let content = json!({ "number": project.number, "closes_at": instant::rfc3339(closes_at), "reason": reason });
    announce(tx, &project, &tender, "extension", &content)
}

/// Ends a held tender as failed, with a reason that everybody can read.
pub fn close_held(
    tx: &mut Tx,
    actor: &Actor,
    id: TenderId,
    version: i64,
    reason: &str,
) -> Result<(), Failure> {
    let (project, tender) = own(tx, actor, id, version)?;
    if tender.state != TenderState::Held {
        return Err(TenderRule::NotNow {
            step: Step::Fail,
            state: tender.state,
        }
        .into());
    }
    rules::check_reason(reason, "close_reason")?;
    let content = json!({ "number": project.number, "reason": reason });
    fail(tx, Some(actor), &project, tender, Some(reason), &content)
}

/// Gives a tender up on a ground of the law.
pub fn cancel(
    tx: &mut Tx,
    actor: &Actor,
    id: TenderId,
    version: i64,
    ground: CancelGround,
    reason: &str,
) -> Result<(), Failure> {
    let (project, mut tender) = own(tx, actor, id, version)?;
    let from = tender.state;
    tender.state = rules::next_state(from, Step::Cancel)?;
    rules::check_ground(from, ground)?;
    rules::check_reason(reason, "cancel_reason")?;
    tender.next_check = None;
    save(tx, &tender)?;
    // Only a task that is gone ends the project; otherwise it may be tendered again (政府采购法 §37).
    let end = match ground {
        CancelGround::TaskGone => ProjectState::Cancelled,
        CancelGround::Unlawful | CancelGround::AllAboveBudget => ProjectState::Failed,
    };
    projects::set_state(tx, &project, end)?;
    finish_clocks(tx, tender.id, true)?;
    let rules = rules_of(tx.db, &tender)?;
    let entry = Entry::new(SUBJECT, tender.id.0, "tender.cancelled")
        .moved(from.as_str(), tender.state.as_str())
        .under(&rules.min_bids_article)
        .because(reason);
    ledger::append(tx, Some(actor), &entry)?;
    tell(tx, &project, id, "tender-cancelled")?;
    let content = json!({ "number": project.number, "ground": ground, "reason": reason });
    announce(tx, &project, &tender, "cancellation", &content)
}

/// The actor's own body's tender at the version that the page showed.
fn own(
    tx: &mut Tx,
    actor: &Actor,
    id: TenderId,
    version: i64,
) -> Result<(Project, Tender), Failure> {
    let tender = hold_alone(tx, id)?;
    let project = projects::find_own(tx.db, tender.project_id, actor.body_id())?;
    if tender.version != version {
        return Err(Failure::Changed);
    }
    Ok((project, tender))
}

/// Lays a message in the inbox of each bidder, who learns it alone, and of the purchaser's officers.
fn tell(tx: &mut Tx, project: &Project, tender: TenderId, kind: &str) -> Result<(), Failure> {
    let link = format!("/projects/{}", project.id);
    let bidders = queries::list_bidders(tx.db, tender)?;
    let told = bidders
        .into_iter()
        .map(Addressee::Body)
        .chain([Addressee::Holders(project.buyer_id, Role::Officer)]);
    for to in told {
        accounts::deliver(tx, to, kind, &[("title", &project.title)], &link)?;
    }
    Ok(())
}

fn fail(
    tx: &mut Tx,
    actor: Option<&Actor>,
    project: &Project,
    mut tender: Tender,
    reason: Option<&str>,
    content: &Value,
) -> Result<(), Failure> {
    let from = tender.state;
    tender.state = rules::next_state(from, Step::Fail)?;
    tender.closed_at = Some(tx.now);
    tender.next_check = None;
    save(tx, &tender)?;
    let held = projects::find(tx.db, project.id)?;
    projects::set_state(tx, &held, ProjectState::Failed)?;
    finish_clocks(tx, tender.id, true)?;
    let rules = rules_of(tx.db, &tender)?;
    let mut entry = Entry::new(SUBJECT, tender.id.0, "tender.failed")
        .moved(from.as_str(), tender.state.as_str())
        .under(&rules.min_bids_article);
    entry.reason = reason;
    ledger::append(tx, actor, &entry)?;
    tell(tx, project, tender.id, "tender-failed")?;
    announce(tx, project, &tender, "failure", content)
}

fn finish_clocks(tx: &mut Tx, tender: TenderId, with_opening: bool) -> Result<(), Failure> {
    let (subject, now) = ((SUBJECT, tender.0), tx.now);
    clocks::finish(tx.db, subject, "questions", now)?;
    clocks::finish(tx.db, subject, "deadline", now)?;
    if with_opening {
        for code in ["opening", "decision", "signing"] {
            clocks::finish(tx.db, subject, code, now)?;
        }
    }
    Ok(())
}

/// Moves a tender on when its instant has come: closed, failed for want of bids, or held after an outage.
///
/// The row is changed first and the bids are counted after it: a submission that holds the row shared has either
/// committed before, and is counted, or finds the tender closed.
pub fn check_due(tx: &mut Tx, id: TenderId) -> Result<(), Failure> {
    let mut tender = queries::find(tx.db, id)?;
    let Some(closes_at) = tender
        .closes_at
        .filter(|_| tender.state == TenderState::Open)
    else {
        // It went on without the worker: nothing is left to look at.
        tender.next_check = None;
        return save(tx, &tender);
    };
    if tx.now < closes_at {
        return Ok(());
    }
    let project = projects::find(tx.db, tender.project_id)?;
    let rules = rules_of(tx.db, &tender)?;
    let gap = uptime::longest_gap(tx, closes_at - Duration::days(1), closes_at)?;
    if gap > Duration::minutes(rules.outage_minutes) {
        return hold_for(tx, &project, tender, Some(gap));
    }
    tender.state = rules::next_state(tender.state, Step::Close)?;
    tender.closed_at = Some(tx.now);
    tender.next_check = None;
    save(tx, &tender)?;
    let bids = queries::count_current_bids(tx.db, id)?;
    if bids < i64::from(rules.min_bids) {
        // Undone within the same transaction: the row is closed to submissions either way.
        let mut open = queries::find(tx.db, id)?;
        open.state = TenderState::Open;
        let content = json!({ "number": project.number, "bids": bids, "min_bids": rules.min_bids,
            "article": rules.min_bids_article });
        return fail(tx, None, &project, open, None, &content);
    }
    finish_clocks(tx, tender.id, false)?;
    let entry =
        Entry::new(SUBJECT, tender.id.0, "tender.closed").moved("open", tender.state.as_str());
    ledger::append(tx, None, &entry)?;
    let link = format!("/projects/{}/opening", project.id);
    accounts::deliver(
        tx,
        Addressee::Holders(project.buyer_id, Role::Officer),
        "tender-closed",
        &[("title", &project.title)],
        &link,
    )
}

/// Holds a tender whose deadline has come by a clock that cannot be trusted.
pub fn hold_due(tx: &mut Tx, id: TenderId) -> Result<(), Failure> {
    let tender = queries::find(tx.db, id)?;
    let is_due = tender
        .closes_at
        .is_some_and(|closes_at| tx.now >= closes_at);
    if tender.state != TenderState::Open || !is_due {
        return Ok(());
    }
    let project = projects::find(tx.db, tender.project_id)?;
    hold_for(tx, &project, tender, None)
}

/// The portal could not be reached on the last day (`gap`), or its clock was in doubt: nothing opens until an officer
/// extends or closes with a reason.
fn hold_for(
    tx: &mut Tx,
    project: &Project,
    mut tender: Tender,
    gap: Option<Duration>,
) -> Result<(), Failure> {
    tender.state = rules::next_state(tender.state, Step::Hold)?;
    tender.next_check = None;
    tender.held_minutes = gap.map(|gap| gap.num_minutes());
    save(tx, &tender)?;
    ledger::append(
        tx,
        None,
        &Entry::new(SUBJECT, tender.id.0, "tender.held").moved("open", "held"),
    )?;
    tell(tx, project, tender.id, "tender-held")?;
    let content = json!({ "number": project.number, "minutes": gap.map(|gap| gap.num_minutes()) });
    announce(tx, project, &tender, "hold", &content)
}
