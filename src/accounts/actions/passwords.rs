//! Passwords: hashed, changed with the old one, reset by mail.

use super::links::{new_link, use_link};
use super::sessions::{Browser, sign_in};
use crate::accounts::model::{Person, Purpose};
use crate::accounts::queries;
use crate::accounts::rules::RESET_FOR;
use crate::infra::actor::Actor;
use crate::infra::failure::Failure;
use crate::infra::ledger::{self, Entry};
use crate::infra::mail::{self, Letter};
use crate::infra::store::Tx;
use crate::infra::words::Language;
use crate::kernel::people::SessionId;
use std::sync::LazyLock;

/// argon2id of a password. Slow by design: never inside a database job.
pub fn hash_password(password: &str) -> Result<String, Failure> {
    use argon2::PasswordHasher;
    argon2::Argon2::default()
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(Failure::internal)
}

/// Nobody's password: what an unknown address is compared with, so that it takes as long as a known one.
static NOBODY: LazyLock<String> = LazyLock::new(|| hash_password("nobody").unwrap_or_default());

/// Whether the password is the one hashed; without a hash it takes as long and is false. Slow like [`hash_password`].
pub fn verify_password(hash: Option<&str>, password: &str) -> bool {
    use argon2::PasswordVerifier;
    let nobody: &str = &NOBODY;
    let fits = argon2::Argon2::default()
        .verify_password(password.as_bytes(), hash.unwrap_or(nobody))
        .is_ok();
    fits && hash.is_some()
}

/// Sends a link to set a new password, if there is an account. Links sent before stay good: a stranger who asks again
/// and again takes nothing from the owner.
pub fn forgot(tx: &mut Tx, key: &[u8], email: &str) -> Result<(), Failure> {
    let found = queries::find_person_by_email(tx.db, email)?;
    let Some(person) = found.filter(|person| person.disabled_at.is_none()) else {
        return Ok(());
    };
    let link = new_link(
        tx,
        key,
        person.id,
        Purpose::Reset,
        None,
        "/reset",
        RESET_FOR,
    )?;
    mail::post(tx, &letter(&person, "reset").link(link))
}

/// Sets the password by a link from the mail, which proves the address too; every session and link of before ends.
/// Who has a second factor signs in with it afterwards: a mailbox alone lets nobody in.
pub fn reset(
    tx: &mut Tx,
    token_hash: &str,
    password_hash: &str,
    from: &Browser,
) -> Result<Option<SessionId>, Failure> {
    let token = use_link(tx, Purpose::Reset, token_hash)?;
    let at = tx.machine_now();
    let person = queries::find_person(tx.db, token.person_id)?;
    let confirmed_at = person.confirmed_at.or(Some(at));
    queries::set_person(tx.db, person.id, &person.name, password_hash, confirmed_at)?;
    queries::use_tokens_of(tx.db, person.id, Purpose::Reset, at)?;
    queries::use_tokens_of(tx.db, person.id, Purpose::Confirm, at)?;
    queries::end_other_sessions(tx.db, person.id, None, at)?;
    ledger::append(
        tx,
        None,
        &Entry::new("person", person.id.0, "password.reset").for_staff(None),
    )?;
    mail::post(tx, &letter(&person, "password-changed").link("/account"))?;
    let factor = queries::find_factor(tx.db, person.id)?;
    if factor.is_some_and(|factor| factor.enabled_at.is_some()) {
        return Ok(None);
    }
    sign_in(tx, person.id, from).map(Some)
}

/// Sets a new password; the page has compared the old one. Every other session ends.
pub fn change_password(tx: &mut Tx, actor: &Actor, password_hash: &str) -> Result<(), Failure> {
    let at = tx.machine_now();
    let person = queries::find_person(tx.db, actor.person_id)?;
    queries::set_person(
        tx.db,
        person.id,
        &person.name,
        password_hash,
        person.confirmed_at,
    )?;
    queries::use_tokens_of(tx.db, person.id, Purpose::Reset, at)?;
    queries::end_other_sessions(tx.db, person.id, Some(actor.session_id), at)?;
    ledger::append(
        tx,
        Some(actor),
        &Entry::new("person", person.id.0, "password.changed").for_staff(None),
    )?;
    mail::post(tx, &letter(&person, "password-changed").link("/account"))
}

pub(super) fn letter(person: &Person, name: &str) -> Letter {
    let language = person.language.parse().unwrap_or(Language::Chinese);
    Letter::new(&person.email, language, name).arg("name", &person.name)
}
