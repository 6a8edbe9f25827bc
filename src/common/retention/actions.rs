//! One block of one class, in one transaction.

use super::model::{Class, Clock, Rows, Span};
use super::{queries, rules};
use crate::infra::failure::Failure;
use crate::infra::store::Tx;

pub fn classes() -> &'static [Class] {
    rules::classes()
}

/// Erases a block of what is past its time; whether there may be more.
pub fn erase_block(tx: &mut Tx, rows: &Rows, keep: Span) -> Result<(usize, bool), Failure> {
    let now = match rows.clock {
        Clock::Machine => tx.machine_now(),
        Clock::Portal => tx.now,
    };
    let Some(before) = rules::limit(keep, now) else {
        return Ok((0, false));
    };
    let erased = queries::erase(tx.db, rows, before, now)?;
    Ok((erased, erased == queries::BLOCK))
}
