//! Rows of second factors, recovery codes, recoveries and changes of address.

use crate::accounts::model::{EmailChange, Recovery, RecoveryId, SecondFactor};
use crate::infra::db::{Db, columns};
use crate::kernel::people::PersonId;
use crate::schema::{email_changes, people, recoveries, recovery_codes, second_factors};
use chrono::NaiveDateTime;
use diesel::prelude::*;

pub fn find_factor(db: &mut Db, person: PersonId) -> QueryResult<Option<SecondFactor>> {
    second_factors::table
        .find(person)
        .select(columns::<SecondFactor>())
        .first(db)
        .optional()
}

/// Keeps a key that waits for its first code, beside the one in force if there is one.
pub fn set_pending(db: &mut Db, person: PersonId, sealed: &[u8]) -> QueryResult<usize> {
    let changed = diesel::update(second_factors::table.find(person))
        .set(second_factors::pending.eq(sealed.to_vec()))
        .execute(db)?;
    if changed > 0 {
        return Ok(changed);
    }
    diesel::insert_into(second_factors::table)
        .values((
            second_factors::person_id.eq(person),
            second_factors::pending.eq(sealed.to_vec()),
        ))
        .execute(db)
}

/// The pending key comes into force; 0 rows when it is another one by now.
pub fn enable_factor(
    db: &mut Db,
    person: PersonId,
    sealed: &[u8],
    step: i64,
    at: NaiveDateTime,
) -> QueryResult<usize> {
    diesel::update(second_factors::table.find(person))
        .filter(second_factors::pending.eq(sealed.to_vec()))
        .set((
            second_factors::secret.eq(sealed.to_vec()),
            second_factors::pending.eq(None::<Vec<u8>>),
            second_factors::last_step.eq(step),
            second_factors::enabled_at.eq(at),
        ))
        .execute(db)
}

/// Uses a step up; 0 rows when it, or a later one, was used before.
pub fn use_step(db: &mut Db, person: PersonId, step: i64) -> QueryResult<usize> {
    diesel::update(second_factors::table.find(person))
        .filter(second_factors::enabled_at.is_not_null())
        .filter(second_factors::last_step.lt(step))
        .set(second_factors::last_step.eq(step))
        .execute(db)
}

/// Takes the second factor off, with its recovery codes; whether there was one in force.
pub fn delete_factor(db: &mut Db, person: PersonId) -> QueryResult<usize> {
    diesel::delete(recovery_codes::table.filter(recovery_codes::person_id.eq(person)))
        .execute(db)?;
    diesel::delete(second_factors::table.find(person)).execute(db)
}

/// New recovery codes in place of all before.
pub fn replace_recovery_codes(db: &mut Db, person: PersonId, hashes: &[String]) -> QueryResult<()> {
    diesel::delete(recovery_codes::table.filter(recovery_codes::person_id.eq(person)))
        .execute(db)?;
    for hash in hashes {
        diesel::insert_into(recovery_codes::table)
            .values((
                recovery_codes::person_id.eq(person),
                recovery_codes::code_hash.eq(hash),
            ))
            .execute(db)?;
    }
    Ok(())
}

/// Uses a recovery code up; 0 rows when there is none such, or not any more.
pub fn use_recovery_code(
    db: &mut Db,
    person: PersonId,
    hash: &str,
    at: NaiveDateTime,
) -> QueryResult<usize> {
    diesel::update(recovery_codes::table)
        .filter(recovery_codes::person_id.eq(person))
        .filter(recovery_codes::code_hash.eq(hash.to_owned()))
        .filter(recovery_codes::used_at.is_null())
        .set(recovery_codes::used_at.eq(at))
        .execute(db)
}

pub fn count_recovery_codes(db: &mut Db, person: PersonId) -> QueryResult<i64> {
    recovery_codes::table
        .filter(recovery_codes::person_id.eq(person))
        .filter(recovery_codes::used_at.is_null())
        .count()
        .get_result(db)
}

pub fn insert_recovery(
    db: &mut Db,
    person: PersonId,
    reason: &str,
    by: PersonId,
    at: NaiveDateTime,
) -> QueryResult<usize> {
    diesel::insert_into(recoveries::table)
        .values((
            recoveries::person_id.eq(person),
            recoveries::reason.eq(reason),
            recoveries::proposed_by.eq(by),
            recoveries::proposed_at.eq(at),
        ))
        .execute(db)
}

/// An open one; what has ended is not found.
pub fn find_recovery(db: &mut Db, id: RecoveryId) -> QueryResult<Recovery> {
    recoveries::table
        .find(id)
        .filter(recoveries::ended_at.is_null())
        .select(columns::<Recovery>())
        .first(db)
}

pub fn list_recoveries(db: &mut Db) -> QueryResult<Vec<Recovery>> {
    recoveries::table
        .filter(recoveries::ended_at.is_null())
        .order(recoveries::id)
        .select(columns::<Recovery>())
        .load(db)
}

/// Ends an open one, confirmed by a second administrator or withdrawn; 0 rows when it has ended meanwhile.
pub fn end_recovery(
    db: &mut Db,
    id: RecoveryId,
    confirmed_by: Option<PersonId>,
    at: NaiveDateTime,
) -> QueryResult<usize> {
    diesel::update(recoveries::table.find(id))
        .filter(recoveries::ended_at.is_null())
        .set((
            recoveries::confirmed_by.eq(confirmed_by),
            recoveries::ended_at.eq(at),
        ))
        .execute(db)
}

/// Keeps the newest wish for another address.
pub fn replace_email_change(
    db: &mut Db,
    person: PersonId,
    email: &str,
    hash: &str,
    expires_at: NaiveDateTime,
) -> QueryResult<usize> {
    delete_email_change(db, person)?;
    diesel::insert_into(email_changes::table)
        .values((
            email_changes::person_id.eq(person),
            email_changes::email.eq(email),
            email_changes::token_hash.eq(hash),
            email_changes::expires_at.eq(expires_at),
        ))
        .execute(db)
}

pub fn find_email_change(db: &mut Db, person: PersonId) -> QueryResult<Option<EmailChange>> {
    email_changes::table
        .find(person)
        .select(columns::<EmailChange>())
        .first(db)
        .optional()
}

/// The change that a link's secret stands for, good by this person alone.
pub fn find_email_change_by(
    db: &mut Db,
    person: PersonId,
    hash: &str,
    now: NaiveDateTime,
) -> QueryResult<Option<EmailChange>> {
    email_changes::table
        .find(person)
        .filter(email_changes::token_hash.eq(hash.to_owned()))
        .filter(email_changes::expires_at.gt(now))
        .select(columns::<EmailChange>())
        .first(db)
        .optional()
}

pub fn delete_email_change(db: &mut Db, person: PersonId) -> QueryResult<usize> {
    diesel::delete(email_changes::table.find(person)).execute(db)
}

pub fn set_email(db: &mut Db, person: PersonId, email: &str) -> QueryResult<usize> {
    diesel::update(people::table.find(person))
        .set((
            people::email.eq(email),
            people::version.eq(people::version + 1),
        ))
        .execute(db)
}
