//! Tokens for programs: sessions that a secret opens, made for one body, with scopes and an end.

use super::sessions::begin_session;
use crate::accounts::queries;
use crate::accounts::rules::AccountRule;
use crate::infra::actor::Actor;
use crate::infra::failure::Failure;
use crate::infra::ledger::{self, Entry};
use crate::infra::store::Tx;
use crate::kernel::scopes::Scopes;
use chrono::Duration;

/// Tokens of one person that may be alive at once.
const MAX_TOKENS: usize = 20;

/// What a person asks for.
#[derive(Clone, Debug)]
pub struct NewToken {
    pub name: String,
    pub scopes: Scopes,
    pub days: i64,
}

/// Makes a token that acts for the body of this session; `hash` is all that is kept of its secret.
pub fn make_token(tx: &mut Tx, actor: &Actor, new: &NewToken, hash: &str) -> Result<(), Failure> {
    let now = tx.machine_now();
    let alive = queries::list_api_tokens(tx.db, actor.person_id, now)?;
    if alive.len() >= MAX_TOKENS {
        return Err(AccountRule::TooManyTokens(MAX_TOKENS).into());
    }
    let device = format!("API · {}", new.name);
    let session = begin_session(tx, actor.person_id, &device, "")?;
    queries::set_session_end(tx.db, session, now + Duration::days(new.days))?;
    if let Some(body) = actor.body_id() {
        queries::set_session_body(tx.db, session, body)?;
    }
    queries::insert_api_token(tx.db, session, &new.name, hash, &new.scopes)?;
    let entry = Entry::new("person", actor.person_id.0, "token.made").for_staff(actor.body_id());
    ledger::append(tx, Some(actor), &entry)?;
    Ok(())
}
