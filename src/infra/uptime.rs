//! Heartbeat: when the portal could be reached, in portal time. A tender whose last day had a gap is held, not opened.

use super::db::Db;
use super::failure::Failure;
use super::store::Tx;
use crate::schema::uptimes;
use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;

/// A new run of the program; its row's end then follows the heartbeat.
pub fn begin(tx: &mut Tx) -> Result<i64, Failure> {
    Ok(diesel::insert_into(uptimes::table)
        .values((uptimes::started_at.eq(tx.now), uptimes::last_at.eq(tx.now)))
        .returning(uptimes::id)
        .get_result(tx.db)?)
}

pub fn beat(tx: &mut Tx, run: i64) -> Result<(), Failure> {
    diesel::update(uptimes::table.find(run))
        .set(uptimes::last_at.eq(tx.now))
        .execute(tx.db)?;
    Ok(())
}

/// Lets the newest run reach an instant; without any run, one that reaches it begins now.
pub fn bridge(tx: &mut Tx, until: NaiveDateTime) -> Result<(), Failure> {
    let run: Option<i64> = uptimes::table
        .select(diesel::dsl::max(uptimes::id))
        .first(tx.db)?;
    match run {
        Some(run) => diesel::update(uptimes::table.find(run))
            .set(uptimes::last_at.eq(until))
            .execute(tx.db)?,
        None => diesel::insert_into(uptimes::table)
            .values((uptimes::started_at.eq(tx.now), uptimes::last_at.eq(until)))
            .execute(tx.db)?,
    };
    Ok(())
}

/// When the portal was last seen running, in portal time.
pub fn last_seen(tx: &mut Tx) -> QueryResult<Option<NaiveDateTime>> {
    last_beat(tx.db)
}

/// The newest run: when it began, and when it was last seen.
pub fn newest(db: &mut Db) -> QueryResult<Option<(NaiveDateTime, NaiveDateTime)>> {
    uptimes::table
        .order(uptimes::id.desc())
        .select((uptimes::started_at, uptimes::last_at))
        .first(db)
        .optional()
}

pub fn last_beat(db: &mut Db) -> QueryResult<Option<NaiveDateTime>> {
    uptimes::table
        .select(diesel::dsl::max(uptimes::last_at))
        .first(db)
}

/// The longest time without any run between two instants (portal clock).
pub fn longest_gap(
    tx: &mut Tx,
    from: NaiveDateTime,
    to: NaiveDateTime,
) -> Result<Duration, Failure> {
    let runs: Vec<(NaiveDateTime, NaiveDateTime)> = uptimes::table
        .filter(uptimes::last_at.ge(from).and(uptimes::started_at.le(to)))
        .order(uptimes::started_at)
        .select((uptimes::started_at, uptimes::last_at))
        .load(tx.db)?;
    Ok(longest_gap_of(&runs, from, to))
}

fn longest_gap_of(
    runs: &[(NaiveDateTime, NaiveDateTime)],
    from: NaiveDateTime,
    to: NaiveDateTime,
) -> Duration {
    let mut covered = from;
    let mut longest = Duration::zero();
    for (start, end) in runs {
        longest = longest.max(*start - covered);
        covered = covered.max(*end);
    }
    longest.max(to - covered)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn gaps_are_found_before_between_and_after_runs() {
        let at = |hour: u32| {
            chrono::NaiveDate::from_ymd_opt(2026, 3, 2)
                .unwrap()
                .and_hms_opt(hour, 0, 0)
                .unwrap()
        };
        let gap = |runs: &[(u32, u32)]| {
            let runs: Vec<_> = runs.iter().map(|(a, b)| (at(*a), at(*b))).collect();
            longest_gap_of(&runs, at(2), at(20)).num_hours()
        };
        assert_eq!(gap(&[(0, 23)]), 0);
        assert_eq!(gap(&[(5, 20)]), 3);
        assert_eq!(gap(&[(0, 9), (13, 20)]), 4);
        assert_eq!(gap(&[(0, 9), (3, 15)]), 5);
        assert_eq!(gap(&[]), 18);
    }
}
