//! When the runner was last alive.

use crate::infra::db::Db;
use crate::schema::uptimes;
use chrono::NaiveDateTime;
use diesel::prelude::*;

pub fn last_beat(db: &mut Db) -> QueryResult<Option<NaiveDateTime>> {
    uptimes::table
        .select(diesel::dsl::max(uptimes::last_at))
        .first(db)
}
