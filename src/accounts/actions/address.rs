//! Another e-mail address: its owner confirms it, signed in; the old address is told before and after.

use super::links::{hash_of, new_secret};
use super::passwords::letter;
use crate::accounts::queries;
use crate::accounts::rules::{AccountRule, CONFIRM_FOR};
use crate::infra::actor::Actor;
use crate::infra::failure::Failure;
use crate::infra::ledger::{self, Entry};
use crate::infra::mail::{self, Letter};
use crate::infra::store::Tx;
use crate::infra::words::Language;

/// Sends a link to the new address. An address that has an account gets a word about that; the page says the same.
pub fn ask_email(tx: &mut Tx, key: &[u8], actor: &Actor, email: &str) -> Result<(), Failure> {
    let me = queries::find_person(tx.db, actor.person_id)?;
    if me.email == email {
        return Err(AccountRule::SameEmail.into());
    }
    let language = me.language.parse().unwrap_or(Language::Chinese);
    mail::post(
        tx,
        &letter(&me, "email-changing")
            .arg("email", email)
            .link("/account"),
    )?;
    if let Some(other) = queries::find_person_by_email(tx.db, email)? {
        let language = other.language.parse().unwrap_or(language);
        let exists = Letter::new(email, language, "account-exists").arg("name", &other.name);
        return mail::post(tx, &exists.link("/sign-in"));
    }
    let (link, hash) = new_secret(key, "/account/email")?;
    let until = tx.machine_now() + CONFIRM_FOR;
    queries::replace_email_change(tx.db, me.id, email, &hash, until).map_err(|error| {
        match Failure::from(error) {
            failure if failure.is_unique_violation() => Failure::Again,
            failure => failure,
        }
    })?;
    // Nobody has said yet that the address is theirs: nothing that was typed goes there.
    mail::post(tx, &Letter::new(email, language, "email-change").link(link))
}

/// The new address counts; every other session ends, and the old address is told.
pub fn confirm_email(tx: &mut Tx, actor: &Actor, secret: &str) -> Result<(), Failure> {
    let (person, at) = (actor.person_id, tx.machine_now());
    let change = queries::find_email_change_by(tx.db, person, &hash_of(secret), at)?
        .ok_or(Failure::NotFound)?;
    let before = queries::find_person(tx.db, person)?;
    queries::delete_email_change(tx.db, person)?;
    queries::set_email(tx.db, person, &change.email).map_err(|error| {
        match Failure::from(error) {
            // Somebody signed up with it meanwhile.
            failure if failure.is_unique_violation() => Failure::NotFound,
            failure => failure,
        }
    })?;
    queries::end_other_sessions(tx.db, person, Some(actor.session_id), at)?;
    ledger::append(
        tx,
        Some(actor),
        &Entry::new("person", person.0, "email.changed").for_staff(None),
    )?;
    mail::post(
        tx,
        &letter(&before, "email-changed").arg("email", &change.email),
    )
}
