//! A form is carried out once: its hidden token is kept with the place that the first submission led to.

use super::failure::Failure;
use super::store::Tx;
use crate::schema::once_keys;
use diesel::prelude::*;

/// Runs `action` unless this key was used before; either way the answer is where the result lies.
pub fn once(
    tx: &mut Tx,
    key_hash: &str,
    action: impl FnOnce(&mut Tx) -> Result<String, Failure>,
) -> Result<String, Failure> {
    let before: Option<String> = once_keys::table
        .find(key_hash)
        .select(once_keys::location)
        .first(tx.db)
        .optional()?;
    if let Some(location) = before {
        return Ok(location);
    }
    let location = action(tx)?;
    diesel::insert_into(once_keys::table)
        .values((
            once_keys::key_hash.eq(key_hash),
            once_keys::location.eq(&location),
            once_keys::at.eq(tx.machine_now()),
        ))
        .execute(tx.db)
        .map_err(|error| match Failure::from(error) {
            // Its twin committed while this one ran (PostgreSQL): run again and find its result.
            failure if failure.is_unique_violation() => Failure::Again,
            failure => failure,
        })?;
    Ok(location)
}
