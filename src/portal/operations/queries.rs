//! When the runner was last alive, what backups there are, what waits.

use super::model::{BackupId, BackupRun};
use crate::infra::db::{Db, columns};
use crate::schema::{backups, jobs, uptimes};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

pub fn last_beat(db: &mut Db) -> QueryResult<Option<NaiveDateTime>> {
    uptimes::table
        .select(diesel::dsl::max(uptimes::last_at))
        .first(db)
}

pub fn find_backup(db: &mut Db, day: NaiveDate) -> QueryResult<Option<BackupRun>> {
    backups::table
        .filter(backups::day.eq(day))
        .select(columns::<BackupRun>())
        .first(db)
        .optional()
}

pub fn list_backups(db: &mut Db, size: i64) -> QueryResult<Vec<BackupRun>> {
    backups::table
        .order(backups::day.desc())
        .limit(size)
        .select(columns::<BackupRun>())
        .load(db)
}

/// When the newest whole backup was done.
pub fn last_backup(db: &mut Db) -> QueryResult<Option<NaiveDateTime>> {
    backups::table
        .select(diesel::dsl::max(backups::done_at))
        .first(db)
}

pub fn insert_backup(db: &mut Db, day: NaiveDate, now: NaiveDateTime) -> QueryResult<BackupId> {
    diesel::insert_into(backups::table)
        .values((
            backups::day.eq(day),
            backups::started_at.eq(now),
            backups::attempts.eq(1),
        ))
        .returning(backups::id)
        .get_result(db)
}

/// Begins a day's backup anew, unless somebody else has.
pub fn retry_backup(db: &mut Db, run: &BackupRun, now: NaiveDateTime) -> QueryResult<usize> {
    let row = backups::table
        .filter(backups::id.eq(run.id))
        .filter(backups::attempts.eq(run.attempts));
    diesel::update(row)
        .set((
            backups::started_at.eq(now),
            backups::attempts.eq(run.attempts + 1),
            backups::failed_at.eq(None::<NaiveDateTime>),
        ))
        .execute(db)
}

pub fn end_backup(
    db: &mut Db,
    id: BackupId,
    now: NaiveDateTime,
    path: &str,
    error: Option<&str>,
) -> QueryResult<usize> {
    diesel::update(backups::table.filter(backups::id.eq(id)))
        .set((
            backups::done_at.eq(error.is_none().then_some(now)),
            backups::failed_at.eq(error.map(|_| now)),
            backups::path.eq(Some(path)),
            backups::error.eq(error),
        ))
        .execute(db)
}

/// Consumer, when, why.
type FailedJob = (String, Option<NaiveDateTime>, Option<String>);

/// Jobs that were given up, newest first.
pub fn list_failed_jobs(db: &mut Db, size: i64) -> QueryResult<Vec<FailedJob>> {
    jobs::table
        .filter(jobs::failed_at.is_not_null())
        .order(jobs::failed_at.desc())
        .limit(size)
        .select((jobs::consumer, jobs::failed_at, jobs::last_error))
        .load(db)
}

/// Since when the oldest waiting job of each consumer has been tried in vain.
pub fn list_late_jobs(db: &mut Db) -> QueryResult<Vec<(String, Option<NaiveDateTime>)>> {
    jobs::table
        .filter(jobs::done_at.is_null())
        .filter(jobs::failed_at.is_null())
        .filter(jobs::last_error.is_not_null())
        .group_by(jobs::consumer)
        .select((jobs::consumer, diesel::dsl::min(jobs::due_at)))
        .load(db)
}
