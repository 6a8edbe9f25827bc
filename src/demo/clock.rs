//! Moving the demo clock: forward only, stopping at each due event, so that things happen in their order.

use crate::infra::db::Db;
use crate::infra::failure::Failure;
use crate::jobs;
use crate::schema::{portal, tenders, uptimes};
use crate::web::State;
use actix_web::web::Data;
use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;

crate::text_enum!(
    /// The moves of the banner.
    Move {
        Hour = "hour",
        Day = "day",
        /// To the next instant at which the portal itself will act.
        Next = "next",
    }
);

/// Makes one of the banner's moves; `None` when nothing lies ahead to move to. Blocking.
pub fn make(state: &Data<State>, step: Move) -> Result<Option<NaiveDateTime>, Failure> {
    let now = state.store.now();
    let to = match step {
        Move::Hour => now + Duration::hours(1),
        Move::Day => now + Duration::days(1),
        Move::Next => match state.store.read_blocking(|db| Ok(next_due(db)?))? {
            Some(next) => next.max(now),
            None => return Ok(None),
        },
    };
    move_to(state, to)?;
    Ok(Some(to))
}

/// Moves the portal clock to `to`, through every due event on the way; never backward. A live portal has no such thing.
/// Blocking.
pub fn move_to(state: &Data<State>, to: NaiveDateTime) -> Result<(), Failure> {
    if !state.config.mode.is_demo() {
        return Err(Failure::NotFound);
    }
    // Bounded: each step either reaches `to` or lets one instant's events happen.
    for _ in 0..1000 {
        let next = state.store.read_blocking(|db| Ok(next_due(db)?))?;
        let stop = next.map_or(to, |next| next.min(to));
        shift_to(state, stop)?;
        while jobs::round(state) {}
        if stop == to {
            return Ok(());
        }
    }
    Err(Failure::internal("due events never end"))
}

fn next_due(db: &mut Db) -> QueryResult<Option<NaiveDateTime>> {
    tenders::table
        .select(diesel::dsl::min(tenders::next_check))
        .first(db)
}

fn shift_to(state: &Data<State>, to: NaiveDateTime) -> Result<(), Failure> {
    state.store.write_blocking(move |tx| {
        let by = (to - tx.now)
            .max(Duration::zero())
            .num_microseconds()
            .unwrap_or(0);
        // The skipped time counts as time in which the portal could be reached: otherwise every tender whose last day
        // was skipped would be held.
        let run: Option<i64> = uptimes::table
            .select(diesel::dsl::max(uptimes::id))
            .first(tx.db)?;
        let until = tx.now + Duration::microseconds(by);
        match run {
            Some(run) => diesel::update(uptimes::table.find(run))
                .set(uptimes::last_at.eq(until))
                .execute(tx.db)?,
            None => diesel::insert_into(uptimes::table)
                .values((uptimes::started_at.eq(tx.now), uptimes::last_at.eq(until)))
                .execute(tx.db)?,
        };
        let offset: i64 = portal::table.select(portal::clock_offset_us).first(tx.db)?;
        diesel::update(portal::table)
            .set(portal::clock_offset_us.eq(offset + by))
            .execute(tx.db)?;
        tx.set_offset(offset + by);
        Ok(())
    })
}
