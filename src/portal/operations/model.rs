//! The runner's own backups, one row a day.

use crate::kernel::ids::id;
use crate::schema::backups;
use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

id!(BackupId);

/// Machine time throughout; `day` is the day in China on which it was due.
#[derive(Queryable, Selectable, Clone, Debug)]
#[diesel(table_name = backups)]
pub struct BackupRun {
    pub id: BackupId,
    pub day: NaiveDate,
    pub started_at: NaiveDateTime,
    pub attempts: i64,
    pub done_at: Option<NaiveDateTime>,
    pub failed_at: Option<NaiveDateTime>,
    pub path: Option<String>,
    pub error: Option<String>,
}
