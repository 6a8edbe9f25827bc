//! The one row that says what this database is, and where its portal clock stands.

use super::db::Db;
use super::failure::Failure;
use super::seal::random_hex;
use super::store::Tx;
use super::uptime;
use crate::schema::portal;
use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;

/// `demo` or `live`; `None` for a database that no portal has marked yet.
pub fn kind(db: &mut Db) -> QueryResult<Option<String>> {
    portal::table.select(portal::kind).first(db).optional()
}

/// Marks a new database; its portal clock stands at `begins`, or with the machine's.
pub fn mark(tx: &mut Tx, kind: &str, begins: Option<NaiveDateTime>) -> Result<(), Failure> {
    diesel::insert_into(portal::table)
        .values((
            portal::id.eq(1),
            portal::kind.eq(kind),
            portal::instance.eq(random_hex::<16>()?),
            portal::clock_offset_us.eq(0),
            portal::public_version.eq(0),
            portal::created_at.eq(tx.machine_now()),
        ))
        .execute(tx.db)?;
    begins.map_or(Ok(()), |begins| set_clock(tx, begins))
}

/// Whether the demo's story was told to its end. What was interrupted is no demo that could be shown.
pub fn is_told(db: &mut Db) -> QueryResult<bool> {
    portal::table
        .select(portal::told_at.is_not_null())
        .first(db)
        .optional()
        .map(|told| told.unwrap_or(false))
}

pub fn mark_told(tx: &mut Tx) -> QueryResult<usize> {
    diesel::update(portal::table)
        .set(portal::told_at.eq(tx.machine_now()))
        .execute(tx.db)
}

/// Says how the words of the search index are made from now on; whether they were made otherwise so far.
pub fn set_search_version(tx: &mut Tx, version: i64) -> QueryResult<bool> {
    let changed = diesel::update(portal::table.filter(portal::search_version.ne(version)))
        .set(portal::search_version.eq(version))
        .execute(tx.db)?;
    Ok(changed > 0)
}

/// Puts the portal clock at an instant (demo only): stored first, then followed.
pub fn set_clock(tx: &mut Tx, at: NaiveDateTime) -> Result<(), Failure> {
    let offset = (at - tx.machine_now()).num_microseconds().unwrap_or(0);
    diesel::update(portal::table)
        .set(portal::clock_offset_us.eq(offset))
        .execute(tx.db)?;
    tx.set_offset(offset);
    Ok(tx.refresh_now()?)
}

/// Moves the portal clock forward, never back. The skipped time counts as time in which the portal could be reached:
/// otherwise every tender whose last day was skipped would be held.
pub fn move_clock(tx: &mut Tx, to: NaiveDateTime) -> Result<(), Failure> {
    let by = (to - tx.now).max(Duration::zero());
    uptime::bridge(tx, tx.now + by)?;
    let offset: i64 = portal::table.select(portal::clock_offset_us).first(tx.db)?;
    let offset = offset + by.num_microseconds().unwrap_or(0);
    diesel::update(portal::table)
        .set(portal::clock_offset_us.eq(offset))
        .execute(tx.db)?;
    tx.set_offset(offset);
    Ok(())
}
