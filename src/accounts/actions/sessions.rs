//! Sessions: begun at each sign-in anew, ended at once, acting for one body at a time.

use crate::accounts::queries;
use crate::infra::actor::Actor;
use crate::infra::failure::Failure;
use crate::infra::store::Tx;
use crate::infra::words::Language;
use crate::kernel::people::{BodyId, PersonId, SessionId};
use chrono::Duration;

/// How long a session lives without being ended (machine clock).
const SESSION_FOR: Duration = Duration::hours(12);

/// Where somebody signs in from.
#[derive(Clone, Debug)]
pub struct Browser {
    /// The keyed mark of its `visitor` cookie.
    pub mark: String,
    pub device: String,
    pub network: String,
    /// The session that it had before; it ends with the next sign-in.
    pub before: Option<(PersonId, SessionId)>,
}

/// A session of somebody who has just proved who they are.
pub fn begin_session(
    tx: &mut Tx,
    person: PersonId,
    device: &str,
    network: &str,
) -> Result<SessionId, Failure> {
    let at = tx.machine_now();
    Ok(queries::insert_session(
        tx.db,
        person,
        device,
        network,
        at,
        at + SESSION_FOR,
    )?)
}

/// A new session, never the one that the browser had: a planted session id gains nothing. Its device is known from now.
pub fn sign_in(tx: &mut Tx, person: PersonId, from: &Browser) -> Result<SessionId, Failure> {
    let at = tx.machine_now();
    if let Some((before, session)) = from.before {
        queries::end_session(tx.db, before, session, at)?;
    }
    queries::remember_device(tx.db, person, &from.mark, at).map_err(
        |error| match Failure::from(error) {
            failure if failure.is_unique_violation() => Failure::Again,
            failure => failure,
        },
    )?;
    begin_session(tx, person, &from.device, &from.network)
}

/// The password was typed again: risky acts are open for a while.
pub fn verify(tx: &mut Tx, actor: &Actor) -> Result<(), Failure> {
    let at = tx.machine_now();
    queries::verify_session(tx.db, actor.session_id, at)?;
    Ok(())
}

pub fn end_session(tx: &mut Tx, actor: &Actor, session: SessionId) -> Result<(), Failure> {
    let at = tx.machine_now();
    match queries::end_session(tx.db, actor.person_id, session, at)? {
        0 => Err(Failure::NotFound),
        _ => Ok(()),
    }
}

pub fn end_others(tx: &mut Tx, actor: &Actor) -> Result<(), Failure> {
    let at = tx.machine_now();
    queries::end_other_sessions(tx.db, actor.person_id, Some(actor.session_id), at)?;
    Ok(())
}

/// Acts for another of the person's bodies from now on.
pub fn switch_body(tx: &mut Tx, actor: &Actor, body: BodyId) -> Result<(), Failure> {
    let held = queries::list_held(tx.db, actor.person_id)?;
    if !held.iter().any(|held| held.body_id == body) {
        return Err(Failure::NotFound);
    }
    queries::set_session_body(tx.db, actor.session_id, body)?;
    Ok(())
}

pub fn set_language(tx: &mut Tx, actor: &Actor, language: Language) -> Result<(), Failure> {
    queries::set_language(tx.db, actor.person_id, language)?;
    Ok(())
}

pub fn set_name(tx: &mut Tx, actor: &Actor, version: i64, name: &str) -> Result<(), Failure> {
    match queries::set_name(tx.db, actor.person_id, version, name)? {
        0 => Err(Failure::Changed),
        _ => Ok(()),
    }
}
