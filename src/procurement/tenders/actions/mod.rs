//! What happens to a tender.

mod ending;
mod planning;
mod questions;

pub use ending::{cancel, check_due, close_held, extend, hold_due};
pub use planning::{Plan, TenderKey, find_rules, make_key, plan, propose, publish, retender};
pub use questions::{answer, ask};

use super::model::{Tender, TenderId, TenderState};
use super::queries;
use crate::common::clocks;
use crate::common::publications::{self, Notice, Publication};
use crate::common::rulesets::{self, MethodRules};
use crate::infra::actor::Actor;
use crate::infra::db::Db;
use crate::infra::failure::Failure;
use crate::infra::ledger::{self, Line, LineText};
use crate::infra::store::Tx;
use crate::procurement::projects::{self, Project, ProjectId};
use chrono::NaiveDateTime;
use diesel::QueryResult;
use serde_json::Value;

/// Clocks, notices and history are each round's own; the project's page shows all rounds of it.
pub const SUBJECT: &str = "tender";

/// Loads a tender whose state an action relies on: it cannot change until the transaction ends, and `tx.now` is taken
/// anew after the wait for it.
pub fn hold(tx: &mut Tx, id: TenderId) -> Result<Tender, Failure> {
    queries::lock_shared(tx.db, id)?;
    if matches!(tx.db, Db::Postgres(_)) {
        tx.refresh_now()?;
    }
    Ok(queries::find(tx.db, id)?)
}

/// The same, taken alone: for an act that looks first and then changes what others look at. Two that shared the row would
/// both find it free, or each wait for the other.
pub fn hold_alone(tx: &mut Tx, id: TenderId) -> Result<Tender, Failure> {
    queries::lock_alone(tx.db, id)?;
    hold(tx, id)
}

/// Compare-and-set on the version; the opening's instant is kept when the state becomes `opened`.
pub fn set_state(tx: &mut Tx, tender: &Tender, state: TenderState) -> Result<(), Failure> {
    let mut next = tender.clone();
    next.state = state;
    if state == TenderState::Opened {
        next.opened_at = Some(tx.now);
        clocks::finish(tx.db, (SUBJECT, tender.id.0), "opening", tx.now)?;
    }
    save(tx, &next)
}

pub(super) fn save(tx: &mut Tx, tender: &Tender) -> Result<(), Failure> {
    match queries::save(tx.db, tender)? {
        0 => Err(Failure::Changed),
        _ => Ok(()),
    }
}

/// The rules that the tender was published under.
pub fn rules_of(db: &mut Db, tender: &Tender) -> Result<MethodRules, Failure> {
    Ok(rulesets::load_method(db, tender.rule_set_id)?.rules)
}

/// Publishes a notice about a project's tender.
fn announce(
    tx: &mut Tx,
    project: &Project,
    tender: &Tender,
    kind: &str,
    content: &Value,
) -> Result<(), Failure> {
    debug_assert_eq!(project.id, tender.project_id);
    publications::publish(
        tx,
        &Notice {
            kind,
            subject: (SUBJECT, tender.id.0),
            region: Some(&project.region_code),
            title: &project.title,
            link: &format!("/projects/{}", project.id),
            content,
        },
    )?;
    Ok(())
}

/// The subjects whose history, notices and clocks make up a project's page: itself and its rounds, oldest first.
fn subjects_of(db: &mut Db, project: ProjectId) -> QueryResult<Vec<(&'static str, i64)>> {
    let rounds = queries::list_newest_of(db, &[project])?;
    Ok(std::iter::once((projects::SUBJECT, project.0))
        .chain(rounds.iter().map(|tender| (SUBJECT, tender.id.0)))
        .collect())
}

/// A project's history through all its rounds, as far as this reader may see it, oldest first.
pub fn history_of(
    db: &mut Db,
    project: ProjectId,
    reader: Option<&Actor>,
    now: NaiveDateTime,
) -> Result<Vec<(Line, Option<LineText>)>, Failure> {
    let mut lines = Vec::new();
    for subject in subjects_of(db, project)? {
        lines.extend(ledger::history(db, subject, reader, now)?);
    }
    lines.sort_by_key(|(line, _)| (line.at, line.id));
    Ok(lines)
}

/// A project's notices through all its rounds, oldest first.
pub fn notices_of(db: &mut Db, project: ProjectId) -> QueryResult<Vec<Publication>> {
    let mut all = Vec::new();
    for subject in subjects_of(db, project)? {
        all.extend(publications::list_of_subject(db, subject)?);
    }
    all.sort_by_key(|notice| notice.id);
    Ok(all)
}
