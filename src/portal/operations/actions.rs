//! Claiming a day's backup, and what became of it.

use super::model::{BackupId, BackupRun};
use super::queries;
use super::rules::{Tried, should_try};
use crate::common::alarms::{self, AlarmKind};
use crate::infra::failure::Failure;
use crate::infra::store::Tx;
use chrono::{NaiveDate, NaiveDateTime};

/// Whether a day's backup should be begun now.
pub fn is_due(run: Option<&BackupRun>, now: NaiveDateTime) -> bool {
    let tried = run.map(|run| Tried {
        started_at: run.started_at,
        attempts: run.attempts,
        is_done: run.done_at.is_some(),
        failed_at: run.failed_at,
    });
    should_try(tried, now)
}

/// Takes the day's backup for this process: the first attempt, or the next. The day is unique, so that of two
/// processes one gets it.
pub fn claim_backup(tx: &mut Tx, day: NaiveDate) -> Result<Option<(BackupId, i64)>, Failure> {
    let now = tx.machine_now();
    let run = queries::find_backup(tx.db, day)?;
    if !is_due(run.as_ref(), now) {
        return Ok(None);
    }
    match run {
        None => Ok(Some((queries::insert_backup(tx.db, day, now)?, 1))),
        Some(run) if queries::retry_backup(tx.db, &run, now)? == 1 => {
            Ok(Some((run.id, run.attempts + 1)))
        }
        Some(_) => Ok(None),
    }
}

pub fn end_backup(
    tx: &mut Tx,
    id: BackupId,
    path: &str,
    error: Option<&str>,
) -> Result<(), Failure> {
    let now = tx.machine_now();
    queries::end_backup(tx.db, id, now, path, error)?;
    match error {
        Some(error) => alarms::raise(tx, AlarmKind::BackupFailed, error),
        None => alarms::end(tx, AlarmKind::BackupFailed),
    }
}
