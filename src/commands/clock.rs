//! Moving the demo clock: forward only, stopping at each due event, so that things happen in their order.

use crate::infra::failure::Failure;
use crate::jobs;
use crate::schema::{portal, tenders};
use crate::web::State;
use actix_web::web::Data;
use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;

/// Moves the portal clock to `to`, through every due event on the way. Backward is refused, and so is a live portal.
pub fn move_to(state: &Data<State>, to: NaiveDateTime) -> Result<(), Failure> {
    if !state.config.mode.is_demo() {
        return Err(Failure::NotFound);
    }
    // Bounded: each step either reaches `to` or lets one instant's events happen.
    for _ in 0..1000 {
        let next: Option<NaiveDateTime> = state.store.read_blocking(|db| {
            Ok(tenders::table
                .select(diesel::dsl::min(tenders::next_check))
                .first(db)?)
        })?;
        let stop = next.map_or(to, |next| next.min(to));
        shift_to(state, stop)?;
        while jobs::round(state) {}
        if stop == to {
            return Ok(());
        }
    }
    Err(Failure::internal("due events never end"))
}

fn shift_to(state: &Data<State>, to: NaiveDateTime) -> Result<(), Failure> {
    state.store.write_blocking(move |tx| {
        let by = (to - tx.now)
            .max(Duration::zero())
            .num_microseconds()
            .unwrap_or(0);
        let offset: i64 = portal::table.select(portal::clock_offset_us).first(tx.db)?;
        diesel::update(portal::table)
            .set(portal::clock_offset_us.eq(offset + by))
            .execute(tx.db)?;
        tx.set_offset(offset + by);
        Ok(())
    })
}
