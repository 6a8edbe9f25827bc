//! Sign-up and confirmation. Nobody learns from them whether an address has an account.

use super::links::{new_link, use_link};
use super::sessions::{Browser, sign_in};
use crate::accounts::model::Purpose;
use crate::accounts::queries;
use crate::accounts::rules::CONFIRM_FOR;
use crate::infra::failure::Failure;
use crate::infra::ledger::{self, Entry};
use crate::infra::mail::{self, Letter};
use crate::infra::store::Tx;
use crate::infra::words::Language;
use crate::kernel::people::SessionId;

#[derive(Clone)]
pub struct SignUp {
    pub email: String,
    pub name: String,
    pub password_hash: String,
    pub language: Language,
    /// The mark of the browser that signs up.
    pub device: String,
}

/// A new or not yet confirmed address gets a confirmation, one with an account a word about that.
pub fn sign_up(tx: &mut Tx, key: &[u8], asked: &SignUp) -> Result<(), Failure> {
    let found = queries::find_person_by_email(tx.db, &asked.email)?;
    let person = match found {
        Some(person) if person.confirmed_at.is_some() => {
            let language = person.language.parse().unwrap_or(asked.language);
            let letter = Letter::new(&asked.email, language, "account-exists")
                .arg("name", &person.name)
                .link("/sign-in");
            return mail::post(tx, &letter);
        }
        // The last sign-up counts: whoever reads the mail confirms what they themselves typed, nobody else's password.
        Some(person) => {
            let at = tx.machine_now();
            queries::set_person(tx.db, person.id, &asked.name, &asked.password_hash, None)?;
            queries::set_language(tx.db, person.id, asked.language)?;
            queries::use_tokens_of(tx.db, person.id, Purpose::Confirm, at)?;
            person.id
        }
        None => super::create_person(
            tx,
            &asked.email,
            &asked.name,
            &asked.password_hash,
            asked.language,
            false,
        )?,
    };
    let link = new_link(
        tx,
        key,
        person,
        Purpose::Confirm,
        Some(&asked.device),
        "/confirm",
        CONFIRM_FOR,
    )?;
    // Nobody has said yet that the address is theirs: nothing that was typed goes there.
    let letter = Letter::new(&asked.email, asked.language, "confirm").link(link);
    mail::post(tx, &letter)
}

/// The address is its owner's. The page has asked for the password where the browser is another one.
pub fn confirm(tx: &mut Tx, token_hash: &str, from: &Browser) -> Result<SessionId, Failure> {
    let token = use_link(tx, Purpose::Confirm, token_hash)?;
    let at = tx.machine_now();
    let person = queries::find_person(tx.db, token.person_id)?;
    queries::set_person(
        tx.db,
        person.id,
        &person.name,
        &person.password_hash,
        Some(at),
    )?;
    ledger::append(
        tx,
        None,
        &Entry::new("person", person.id.0, "person.confirmed").for_staff(None),
    )?;
    sign_in(tx, person.id, from)
}
