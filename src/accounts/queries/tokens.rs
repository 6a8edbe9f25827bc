//! Rows of tokens for programs.

use crate::accounts::model::ApiToken;
use crate::infra::db::Db;
use crate::kernel::people::{PersonId, SessionId};
use crate::kernel::scopes::Scopes;
use crate::schema::{api_tokens, bodies, sessions};
use chrono::NaiveDateTime;
use diesel::prelude::*;

pub fn insert_api_token(
    db: &mut Db,
    session: SessionId,
    name: &str,
    hash: &str,
    scopes: &Scopes,
) -> QueryResult<usize> {
    diesel::insert_into(api_tokens::table)
        .values((
            api_tokens::session_id.eq(session),
            api_tokens::name.eq(name),
            api_tokens::token_hash.eq(hash),
            api_tokens::scopes.eq(scopes.to_string()),
        ))
        .execute(db)
}

/// Tokens that still open something, the newest first.
pub fn list_api_tokens(
    db: &mut Db,
    person: PersonId,
    now: NaiveDateTime,
) -> QueryResult<Vec<ApiToken>> {
    api_tokens::table
        .inner_join(sessions::table.on(sessions::id.eq(api_tokens::session_id)))
        .left_join(bodies::table.on(sessions::body_id.eq(bodies::id.nullable())))
        .filter(sessions::person_id.eq(person))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::expires_at.gt(now))
        .order(api_tokens::id.desc())
        .select((
            api_tokens::session_id,
            api_tokens::name,
            api_tokens::scopes,
            bodies::name.nullable(),
            sessions::created_at,
            sessions::seen_at,
            sessions::expires_at,
        ))
        .load(db)
}
