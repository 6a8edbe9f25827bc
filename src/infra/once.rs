//! An act is carried out once: a form by its hidden token, a program's request by its Idempotency-Key.

use super::failure::Failure;
use super::store::Tx;
use crate::schema::{once_keys, replies};
use diesel::prelude::*;
use std::future::Future;

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
        .map_err(again)?;
    Ok(location)
}

/// Its twin committed while this one ran (`PostgreSQL`): run again and find its result.
fn again(error: diesel::result::Error) -> Failure {
    match Failure::from(error) {
        failure if failure.is_unique_violation() => Failure::Again,
        failure => failure,
    }
}

/// A request with an Idempotency-Key.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Hash of the person and the key.
    pub key_hash: String,
    /// Hash of method, path and body: the same key for something else is a mistake of the caller.
    pub fingerprint: String,
    pub request_id: String,
}

/// What such a request was answered: status and body, or nothing yet.
#[derive(Clone, Debug, Queryable)]
pub struct Reply {
    pub fingerprint: String,
    pub request_id: String,
    pub at: chrono::NaiveDateTime,
    pub status: Option<i64>,
    pub body: Option<String>,
}

tokio::task_local! {
    static CLAIM: Claim;
}

/// Runs a request whose first write takes its key, in the same transaction.
pub async fn claimed<F: Future>(claim: Claim, request: F) -> F::Output {
    CLAIM.scope(claim, request).await
}

/// The claim of the request that runs here, if it made one.
pub(super) fn current() -> Option<Claim> {
    CLAIM.try_with(Clone::clone).ok()
}

/// Takes the key for this request; a request may write several times, another one finds it taken.
pub(super) fn take(tx: &mut Tx, claim: &Claim) -> Result<(), Failure> {
    match find_reply(tx.db, &claim.key_hash)? {
        Some(reply) if reply.request_id == claim.request_id => Ok(()),
        Some(_) => Err(Failure::Repeated),
        None => {
            diesel::insert_into(replies::table)
                .values((
                    replies::key_hash.eq(&claim.key_hash),
                    replies::fingerprint.eq(&claim.fingerprint),
                    replies::request_id.eq(&claim.request_id),
                    replies::at.eq(tx.machine_now()),
                ))
                .execute(tx.db)
                .map_err(again)?;
            Ok(())
        }
    }
}

pub fn find_reply(db: &mut super::db::Db, key_hash: &str) -> QueryResult<Option<Reply>> {
    replies::table
        .find(key_hash)
        .select((
            replies::fingerprint,
            replies::request_id,
            replies::at,
            replies::status,
            replies::body,
        ))
        .first(db)
        .optional()
}

/// Keeps the answer, if the request wrote anything at all.
pub fn keep_reply(tx: &mut Tx, claim: &Claim, status: u16, body: &str) -> QueryResult<usize> {
    diesel::update(replies::table.find(&claim.key_hash))
        .filter(replies::request_id.eq(&claim.request_id))
        .set((
            replies::status.eq(i64::from(status)),
            replies::body.eq(body),
        ))
        .execute(tx.db)
}
