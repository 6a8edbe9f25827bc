//! Moving the demo clock: forward only, stopping at each due event, so that things happen in their order.

use crate::infra::failure::Failure;
use crate::infra::portal;
use crate::jobs;
use crate::procurement::tenders;
use crate::web::State;
use actix_web::web::Data;
use chrono::{Duration, NaiveDateTime};

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
        Move::Next => match state.store.read_blocking(|db| Ok(tenders::next_due(db)?))? {
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
        let next = state.store.read_blocking(|db| Ok(tenders::next_due(db)?))?;
        let stop = next.map_or(to, |next| next.min(to));
        state
            .store
            .write_blocking(move |tx| portal::move_clock(tx, stop))?;
        while jobs::round(state) {}
        if stop == to {
            return Ok(());
        }
    }
    Err(Failure::internal("due events never end"))
}
