//! Timed work: roles begin, are announced to end, and end by their dates; digests go out.

use super::actions;
use crate::infra::failure::Failure;
use crate::web::State;
use actix_web::web::Data;

/// One round; how much was done.
pub fn run_due(state: &Data<State>) -> Result<usize, Failure> {
    let now = state.store.now();
    let due = state
        .store
        .read_blocking(move |db| Ok(actions::list_due_terms(db, now)?))?;
    let count = due.len();
    for term in due {
        let words = state.words.clone();
        state
            .store
            .write_blocking(move |tx| actions::run_term(tx, &words, term))?;
    }
    let digests = state
        .store
        .read_blocking(move |db| Ok(actions::list_due_digests(db, now)?))?;
    for person in &digests {
        let person = *person;
        state
            .store
            .write_blocking(move |tx| actions::send_digest(tx, person))?;
    }
    Ok(count + digests.len())
}
