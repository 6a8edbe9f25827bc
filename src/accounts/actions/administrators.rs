//! What the platform's administrators do: bodies, roles by address, and how the first of them comes in.

use super::links::{hash_of, use_link};
use super::members::{offer, tell};
use super::sessions::{Browser, sign_in};
use super::{create_body, create_person, grant, rename_body};
use crate::accounts::model::Purpose;
use crate::accounts::queries;
use crate::accounts::rules::{AccountRule, CONFIRM_FOR};
use crate::infra::actor::Actor;
use crate::infra::failure::Failure;
use crate::infra::ledger::{self, Entry};
use crate::infra::mail::{self, Letter};
use crate::infra::seal::random_hex;
use crate::infra::store::Tx;
use crate::infra::words::{Language, Words};
use crate::kernel::people::{BodyId, SessionId};
use crate::kernel::roles::{BodyKind, Role, may};

/// A body of any kind but provider: providers found themselves, with their credit code.
pub fn found_body(
    tx: &mut Tx,
    actor: &Actor,
    kind: BodyKind,
    name: &str,
    region: Option<&str>,
    phone: Option<&str>,
) -> Result<BodyId, Failure> {
    if kind == BodyKind::Provider {
        return Err(AccountRule::KindNotMadeHere.into());
    }
    create_body(tx, Some(actor), kind, name, region, phone)
}

pub fn rename(
    tx: &mut Tx,
    actor: &Actor,
    id: BodyId,
    version: i64,
    name: &str,
    phone: Option<&str>,
) -> Result<(), Failure> {
    let before = queries::find_body(tx.db, id)?;
    if queries::set_phone(tx.db, id, version, phone)? == 0 {
        return Err(Failure::Changed);
    }
    if before.name == name {
        let changed = Entry::new("body", id.0, "body.changed");
        return ledger::append(tx, Some(actor), &changed.for_staff(Some(id)));
    }
    rename_body(tx, Some(actor), id, name)
}

/// Gives a role at once where the address has an account, and by invitation where it has none.
pub fn grant_by_email(
    tx: &mut Tx,
    words: &Words,
    actor: &Actor,
    id: BodyId,
    email: &str,
    role: Role,
) -> Result<(), Failure> {
    let body = queries::find_body(tx.db, id)?;
    if !may(role, body.kind) {
        return Err(AccountRule::RoleNotInBody(role).into());
    }
    let found = queries::find_person_by_email(tx.db, email)?;
    if let Some(person) = found.filter(|person| person.confirmed_at.is_some()) {
        grant(tx, Some(actor), person.id, id, role)?;
        return tell(tx, words, person.id, &body.name, role, "role-granted");
    }
    offer(tx, actor, id, email, role)?;
    let language = Language::Chinese;
    let letter = Letter::new(email, language, "invited")
        .arg("body", &body.name)
        .arg("role", super::members::role_word(words, language, role))
        .link("/account");
    mail::post(tx, &letter)
}

/// Makes the one-time secret of `/first-administrator?token=…`; refused once the portal has an administrator.
pub fn invite_first_administrator(tx: &mut Tx, email: &str) -> Result<String, Failure> {
    if queries::has_administrator(tx.db)? {
        return Err(AccountRule::AdministratorExists.into());
    }
    let email = crate::accounts::rules::email(email)?;
    let person = match queries::find_person_by_email(tx.db, &email)? {
        Some(person) => person.id,
        // No password fits an empty hash.
        None => create_person(tx, &email, &email, "", Language::Chinese, false)?,
    };
    let (secret, now) = (random_hex::<32>()?, tx.machine_now());
    queries::use_tokens_of(tx.db, person, Purpose::FirstAdministrator, now)?;
    queries::insert_token(
        tx.db,
        person,
        Purpose::FirstAdministrator,
        &hash_of(&secret),
        None,
        now + CONFIRM_FOR,
    )?;
    Ok(secret)
}

/// Sets the first administrator's name and password, and makes the body that runs the portal.
pub fn accept_first_administrator(
    tx: &mut Tx,
    token_hash: &str,
    name: &str,
    body_name: &str,
    password_hash: &str,
    from: &Browser,
) -> Result<SessionId, Failure> {
    let token = use_link(tx, Purpose::FirstAdministrator, token_hash)?;
    if queries::has_administrator(tx.db)? {
        return Err(AccountRule::AdministratorExists.into());
    }
    let at = tx.machine_now();
    queries::set_person(tx.db, token.person_id, name, password_hash, Some(at))?;
    queries::end_other_sessions(tx.db, token.person_id, None, at)?;
    let platform = queries::list_bodies(tx.db, &[BodyKind::Platform])?;
    let body = match platform.first() {
        Some(body) => body.id,
        None => create_body(tx, None, BodyKind::Platform, body_name, None, None)?,
    };
    grant(tx, None, token.person_id, body, Role::Administrator)?;
    sign_in(tx, token.person_id, from)
}
