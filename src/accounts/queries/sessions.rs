//! Rows of sessions, known devices and one-time links.

use crate::accounts::model::{Purpose, Session, Token};
use crate::infra::db::{Db, columns};
use crate::kernel::people::{BodyId, PersonId, SessionId};
use crate::schema::{known_devices, sessions, tokens};
use chrono::NaiveDateTime;
use diesel::prelude::*;

pub fn insert_session(
    db: &mut Db,
    person: PersonId,
    device: &str,
    network: &str,
    at: NaiveDateTime,
    expires_at: NaiveDateTime,
) -> QueryResult<SessionId> {
    diesel::insert_into(sessions::table)
        .values((
            sessions::person_id.eq(person),
            sessions::device.eq(device),
            sessions::network.eq(network),
            sessions::created_at.eq(at),
            sessions::seen_at.eq(at),
            sessions::expires_at.eq(expires_at),
            sessions::verified_at.eq(at),
        ))
        .returning(sessions::id)
        .get_result(db)
}

/// Sessions that can still act, the newest first.
pub fn list_sessions(
    db: &mut Db,
    person: PersonId,
    now: NaiveDateTime,
    seen_after: NaiveDateTime,
) -> QueryResult<Vec<Session>> {
    sessions::table
        .filter(sessions::person_id.eq(person))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::expires_at.gt(now))
        .filter(sessions::seen_at.gt(seen_after))
        .order(sessions::id.desc())
        .select(columns::<Session>())
        .load(db)
}

/// Ends one session of this person; 0 rows when it is nobody's or somebody else's.
pub fn end_session(
    db: &mut Db,
    person: PersonId,
    id: SessionId,
    at: NaiveDateTime,
) -> QueryResult<usize> {
    diesel::update(sessions::table.find(id))
        .filter(sessions::person_id.eq(person))
        .filter(sessions::ended_at.is_null())
        .set(sessions::ended_at.eq(at))
        .execute(db)
}

/// Ends every session of this person but one.
pub fn end_other_sessions(
    db: &mut Db,
    person: PersonId,
    but: Option<SessionId>,
    at: NaiveDateTime,
) -> QueryResult<usize> {
    diesel::update(sessions::table)
        .filter(sessions::person_id.eq(person))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::id.ne(but.unwrap_or(SessionId(0))))
        .set(sessions::ended_at.eq(at))
        .execute(db)
}

pub fn verify_session(db: &mut Db, id: SessionId, at: NaiveDateTime) -> QueryResult<usize> {
    diesel::update(sessions::table.find(id))
        .set((sessions::verified_at.eq(at), sessions::seen_at.eq(at)))
        .execute(db)
}

pub fn set_session_body(db: &mut Db, id: SessionId, body: BodyId) -> QueryResult<usize> {
    diesel::update(sessions::table.find(id))
        .set(sessions::body_id.eq(body))
        .execute(db)
}

pub fn set_session_end(db: &mut Db, id: SessionId, at: NaiveDateTime) -> QueryResult<usize> {
    diesel::update(sessions::table.find(id))
        .set(sessions::expires_at.eq(at))
        .execute(db)
}

pub fn is_known_device(db: &mut Db, person: PersonId, device: &str) -> QueryResult<bool> {
    diesel::select(diesel::dsl::exists(
        known_devices::table.find((person, device.to_owned())),
    ))
    .get_result(db)
}

pub fn remember_device(
    db: &mut Db,
    person: PersonId,
    device: &str,
    at: NaiveDateTime,
) -> QueryResult<usize> {
    let known = diesel::update(known_devices::table.find((person, device.to_owned())))
        .set(known_devices::seen_at.eq(at))
        .execute(db)?;
    if known > 0 {
        return Ok(known);
    }
    diesel::insert_into(known_devices::table)
        .values((
            known_devices::person_id.eq(person),
            known_devices::device_hash.eq(device),
            known_devices::seen_at.eq(at),
        ))
        .execute(db)
}

pub fn insert_token(
    db: &mut Db,
    person: PersonId,
    purpose: Purpose,
    hash: &str,
    device: Option<&str>,
    expires_at: NaiveDateTime,
) -> QueryResult<usize> {
    diesel::insert_into(tokens::table)
        .values((
            tokens::person_id.eq(person),
            tokens::purpose.eq(purpose),
            tokens::token_hash.eq(hash),
            tokens::device_hash.eq(device),
            tokens::expires_at.eq(expires_at),
        ))
        .execute(db)
}

pub fn find_token(db: &mut Db, purpose: Purpose, hash: &str) -> QueryResult<Option<Token>> {
    tokens::table
        .filter(tokens::token_hash.eq(hash.to_owned()))
        .filter(tokens::purpose.eq(purpose))
        .select(columns::<Token>())
        .first(db)
        .optional()
}

/// Uses a link up; 0 rows when it was used meanwhile.
pub fn use_token(db: &mut Db, id: i64, at: NaiveDateTime) -> QueryResult<usize> {
    diesel::update(tokens::table.find(id))
        .filter(tokens::used_at.is_null())
        .set(tokens::used_at.eq(at))
        .execute(db)
}

/// Uses up every open link of a person for a purpose.
pub fn use_tokens_of(
    db: &mut Db,
    person: PersonId,
    purpose: Purpose,
    at: NaiveDateTime,
) -> QueryResult<usize> {
    diesel::update(tokens::table)
        .filter(tokens::person_id.eq(person))
        .filter(tokens::purpose.eq(purpose))
        .filter(tokens::used_at.is_null())
        .set(tokens::used_at.eq(at))
        .execute(db)
}
