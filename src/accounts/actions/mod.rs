//! What other rooms ask of accounts: bodies, roles, and delivery into the inbox.

mod address;
mod administrators;
mod closing;
mod factors;
mod inbox;
mod links;
mod members;
mod messages;
mod passwords;
mod recovery;
mod sessions;
mod sign_up;
mod terms;
mod tokens;

pub use address::{ask_email, confirm_email};
pub use administrators::{
    accept_first_administrator, found_body, grant_by_email, invite_first_administrator, rename,
};
pub use closing::close_account;
pub use factors::{
    RecoveryCodes, begin_factor, enable_factor, end_factor, prove, recovery_hash,
    renew_recovery_codes,
};
pub use inbox::{open, reader};
pub use links::{complete_link, hash_of};
pub use members::{accept, decline, end_membership, invite, invite_first, withdraw};
pub use messages::{
    ask_mobile, confirm_mobile, list_due_digests, remove_mobile, save_choices, send_digest,
};
pub use passwords::{change_password, forgot, hash_password, reset, verify_password};
pub use recovery::{confirm_recovery, propose_recovery, withdraw_recovery};
pub use sessions::{
    Browser, begin_session, end_others, end_session, set_language, set_name, sign_in, switch_body,
    verify,
};
pub use sign_up::{SignUp, confirm, sign_up};
pub use terms::{cancel_appointment, find_member, list_due_terms, name_deputy, run_term, set_term};
pub use tokens::{NewToken, make_token};

use crate::accounts::rules::AccountRule;
use crate::accounts::{Addressee, queries};
use crate::infra::actor::Actor;
use crate::infra::failure::Failure;
use crate::infra::ledger::{self, Entry};
use crate::infra::seal::random_hex;
use crate::infra::store::Tx;
use crate::infra::words::Language;
use crate::kernel::instant;
use crate::kernel::people::{BodyId, PersonId};
use crate::kernel::roles::{BodyKind, Role, may};

/// A new body under its first name, in force from today.
pub fn create_body(
    tx: &mut Tx,
    actor: Option<&Actor>,
    kind: BodyKind,
    name: &str,
    region: Option<&str>,
    phone: Option<&str>,
) -> Result<BodyId, Failure> {
    let today = instant::shanghai_date(tx.now);
    let body = queries::insert_body(tx.db, kind, name, region, phone, tx.now, today)?;
    ledger::append(
        tx,
        actor,
        &Entry::new("body", body.0, "body.created").for_staff(Some(body)),
    )?;
    Ok(body)
}

/// A new name for a body, in force from today; what was published before keeps the name of its day.
pub fn rename_body(
    tx: &mut Tx,
    actor: Option<&Actor>,
    body: BodyId,
    name: &str,
) -> Result<(), Failure> {
    let today = instant::shanghai_date(tx.now);
    queries::rename_body(tx.db, body, name, today)?;
    ledger::append(
        tx,
        actor,
        &Entry::new("body", body.0, "body.renamed").for_staff(Some(body)),
    )
}

/// Gives a person a role in a body; a role that the kind of body does not have is refused.
pub fn grant(
    tx: &mut Tx,
    actor: Option<&Actor>,
    person: PersonId,
    body: BodyId,
    role: Role,
) -> Result<(), Failure> {
    let kind = queries::find_body(tx.db, body)?.kind;
    if !may(role, kind) {
        return Err(AccountRule::RoleNotInBody(role).into());
    }
    queries::insert_membership(tx.db, person, body, role, tx.now).map_err(|error| {
        match Failure::from(error) {
            failure if failure.is_unique_violation() => AccountRule::HoldsItAlready.into(),
            failure => failure,
        }
    })?;
    ledger::append(
        tx,
        actor,
        &Entry::new("body", body.0, "member.granted")
            .because(role.as_str())
            .for_staff(Some(body)),
    )
}

/// Delivers a notice: it counts as received when it lies in the inbox (portal clock); the members are reminded as
/// they chose.
///
/// `kind` is worded by the messages `inbox-<kind>` (and mails by `mail-inbox-subject`); `args` are its arguments.
pub fn deliver(
    tx: &mut Tx,
    to: Addressee,
    kind: &str,
    args: &[(&str, &str)],
    link: &str,
) -> Result<(), Failure> {
    let map: serde_json::Map<String, serde_json::Value> = args
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).into()))
        .collect();
    queries::insert_message(
        tx.db,
        &random_hex::<8>()?,
        to,
        kind,
        &serde_json::Value::Object(map).to_string(),
        link,
        tx.now,
    )?;
    let mut people: Vec<PersonId> = match to {
        Addressee::Person(person) => vec![person],
        Addressee::Body(body) => queries::list_members(tx.db, body)?
            .iter()
            .map(|member| member.person_id)
            .collect(),
        Addressee::Holders(body, role) => queries::list_members(tx.db, body)?
            .iter()
            .filter(|member| member.role == role)
            .map(|member| member.person_id)
            .collect(),
    };
    people.sort_unstable();
    people.dedup();
    for person in people {
        let person = queries::find_person(tx.db, person)?;
        messages::remind(tx, &person, kind)?;
    }
    Ok(())
}

/// A new account; `email` in lower case. Unconfirmed ones cannot sign in.
pub fn create_person(
    tx: &mut Tx,
    email: &str,
    name: &str,
    password_hash: &str,
    language: Language,
    is_confirmed: bool,
) -> Result<PersonId, Failure> {
    let at = tx.machine_now();
    let confirmed_at = is_confirmed.then_some(at);
    let person = queries::insert_person(
        tx.db,
        email,
        name,
        password_hash,
        language,
        confirmed_at,
        at,
    )
    .map_err(|error| match Failure::from(error) {
        // A twin signed up at the same moment: run again and find it.
        failure if failure.is_unique_violation() => Failure::Again,
        failure => failure,
    })?;
    ledger::append(
        tx,
        None,
        &Entry::new("person", person.0, "person.created").for_staff(None),
    )?;
    Ok(person)
}
