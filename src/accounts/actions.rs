//! What other rooms ask of accounts: bodies, roles, and delivery into the inbox.

use super::{Addressee, queries};
use crate::infra::actor::Actor;
use crate::infra::failure::Failure;
use crate::infra::ledger::{self, Entry};
use crate::infra::mail::{self, Letter};
use crate::infra::store::Tx;
use crate::infra::words::Language;
use crate::kernel::instant;
use crate::kernel::people::{BodyId, PersonId, SessionId};
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
        return Err(
            crate::infra::failure::Refusal::new("accounts-role-not-in-body")
                .at("role")
                .into(),
        );
    }
    queries::insert_membership(tx.db, person, body, role, tx.now)?;
    ledger::append(
        tx,
        actor,
        &Entry::new("body", body.0, "member.granted")
            .because(role.as_str())
            .for_staff(Some(body)),
    )
}

/// Delivers a notice: it counts as received when it lies in the inbox (portal clock); mail reminds the members.
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
    };
    people.sort_unstable();
    people.dedup();
    for person in people {
        let person = queries::find_person(tx.db, person)?;
        let language = person.language.parse().unwrap_or(Language::Chinese);
        // The mail says only that something lies in the inbox: what it is may be secret, mail is not.
        mail::post(
            tx,
            &Letter::new(&person.email, language, "inbox")
                .arg("name", &person.name)
                .link("/inbox"),
        )?;
    }
    Ok(())
}

/// argon2id of a password. Slow by design: never inside a database job.
pub fn hash_password(password: &str) -> Result<String, Failure> {
    use argon2::PasswordHasher;
    argon2::Argon2::default()
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(Failure::internal)
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
    Ok(queries::insert_person(
        tx.db,
        email,
        name,
        password_hash,
        language,
        is_confirmed.then_some(at),
        at,
    )?)
}

/// How long a session lives without being ended (machine clock).
const SESSION_FOR: chrono::Duration = chrono::Duration::hours(12);

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
