//! One row a kind.

use super::model::{Alarm, AlarmKind};
use crate::infra::db::{Db, columns};
use crate::schema::alarms;
use chrono::NaiveDateTime;
use diesel::prelude::*;

pub fn list_standing(db: &mut Db) -> QueryResult<Vec<Alarm>> {
    alarms::table
        .filter(alarms::ended_at.is_null())
        .order(alarms::raised_at)
        .select(columns::<Alarm>())
        .load(db)
}

/// Whether it is new: one that stands already only takes the newer detail.
pub fn raise(db: &mut Db, kind: AlarmKind, detail: &str, now: NaiveDateTime) -> QueryResult<bool> {
    let row = || alarms::table.filter(alarms::kind.eq(kind));
    let standing = diesel::update(row().filter(alarms::ended_at.is_null()))
        .set(alarms::detail.eq(detail))
        .execute(db)?;
    if standing > 0 {
        return Ok(false);
    }
    let again = diesel::update(row())
        .set((
            alarms::detail.eq(detail),
            alarms::raised_at.eq(now),
            alarms::ended_at.eq(None::<NaiveDateTime>),
        ))
        .execute(db)?;
    if again == 0 {
        diesel::insert_into(alarms::table)
            .values((
                alarms::kind.eq(kind),
                alarms::detail.eq(detail),
                alarms::raised_at.eq(now),
            ))
            .execute(db)?;
    }
    Ok(true)
}

pub fn end(db: &mut Db, kind: AlarmKind, now: NaiveDateTime) -> QueryResult<bool> {
    let standing = alarms::table
        .filter(alarms::kind.eq(kind))
        .filter(alarms::ended_at.is_null());
    let ended = diesel::update(standing)
        .set(alarms::ended_at.eq(now))
        .execute(db)?;
    Ok(ended > 0)
}
