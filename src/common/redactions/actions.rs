//! One administrator asks, another one covers.

use super::model::{Ground, Redaction, RedactionId, Subject};
use super::queries;
use super::rules::{self, RedactionRule};
use crate::accounts::{self, Addressee};
use crate::infra::actor::Actor;
use crate::infra::db::Db;
use crate::infra::failure::Failure;
use crate::infra::ledger::{self, Entry};
use crate::infra::outbox;
use crate::infra::store::Tx;
use crate::kernel::roles::Role;

/// In how many public places the passage stands.
pub fn count(db: &mut Db, (subject, id): (Subject, i64), passage: &str) -> Result<i64, Failure> {
    let mut count = 0;
    for place in subject.places() {
        for found in queries::public_texts(db, place, id)? {
            count += i64::from(place.cover(&found.text, passage, "").is_some());
        }
    }
    Ok(count)
}

/// Where the passage stands that everybody may read, with the words around it.
pub fn contexts(
    db: &mut Db,
    (subject, id): (Subject, i64),
    passage: &str,
) -> Result<Vec<String>, Failure> {
    let mut contexts = Vec::new();
    for place in subject.places() {
        for found in queries::public_texts(db, place, id)? {
            contexts.extend(place.contexts(&found.text, passage));
        }
    }
    Ok(contexts)
}

pub fn ask(
    tx: &mut Tx,
    actor: &Actor,
    subject: (Subject, i64),
    passage: &str,
    ground: Ground,
    reason: &str,
) -> Result<RedactionId, Failure> {
    rules::is_long_enough(passage, ground)?;
    rules::may_publish(reason, passage)?;
    if count(tx.db, subject, passage)? == 0 {
        return Err(RedactionRule::NotThere.into());
    }
    let is_asked = |open: &Redaction| {
        (open.subject_kind, open.subject_id) == subject && open.passage.as_deref() == Some(passage)
    };
    if queries::list(tx.db, 1000)?.iter().any(is_asked) {
        return Err(RedactionRule::AskedAlready.into());
    }
    let id = queries::insert(
        tx.db,
        subject,
        passage,
        ground,
        reason,
        actor.person_id,
        tx.now,
    )?;
    // Before it is done nobody else shall be led to it.
    ledger::append(
        tx,
        Some(actor),
        &Entry::new("redaction", id.0, "redaction.asked")
            .under(ground.article())
            .for_staff(actor.body_id()),
    )?;
    for other in accounts::list_holders(tx.db, Role::Administrator)? {
        if other.id != actor.person_id {
            let to = Addressee::Person(other.id);
            accounts::deliver(tx, to, "redaction.asked", &[], "/admin/redactions")?;
        }
    }
    Ok(id)
}

/// Covers the passage wherever it stands, and says in the subject's history that and why.
pub fn confirm(tx: &mut Tx, actor: &Actor, id: RedactionId) -> Result<(), Failure> {
    let redaction = queries::find(tx.db, id)?;
    rules::may_confirm(&redaction, actor.person_id)?;
    let passage = redaction
        .passage
        .as_deref()
        .ok_or(RedactionRule::DecidedAlready)?;
    let (subject, thing) = (redaction.subject_kind, redaction.subject_id);
    let stub = rules::stub(redaction.ground, tx.now);
    let places = count(tx.db, (subject, thing), passage)?;
    for place in subject.places() {
        for found in queries::texts(tx.db, place, thing)? {
            if let Some(covered) = place.cover(&found.text, passage, &stub) {
                queries::set_text(tx.db, place, found.id, &covered)?;
            }
        }
    }
    for line in queries::reasons(tx.db, subject, thing)? {
        if line.text.contains(passage) {
            queries::erase_text(tx.db, line.id)?;
        }
    }
    if queries::decide(tx.db, id, actor.person_id, tx.now, Some(places))? == 0 {
        return Err(RedactionRule::DecidedAlready.into());
    }
    ledger::append(
        tx,
        Some(actor),
        &Entry::new(subject.as_str(), thing, "redaction.done")
            .because(&redaction.reason)
            .under(redaction.ground.article()),
    )?;
    if subject == Subject::Project {
        for contract in queries::public_contracts(tx.db, thing)? {
            let event = Subject::Contract.event();
            outbox::emit(tx, event, ("contract", contract), &contract)?;
        }
    }
    outbox::emit(tx, subject.event(), (subject.as_str(), thing), &thing)
}

/// Leaves it as it is: the second one, or the one who asked and thought better of it.
pub fn refuse(tx: &mut Tx, actor: &Actor, id: RedactionId) -> Result<(), Failure> {
    let redaction = queries::find(tx.db, id)?;
    if queries::decide(tx.db, id, actor.person_id, tx.now, None)? == 0 {
        return Err(RedactionRule::DecidedAlready.into());
    }
    ledger::append(
        tx,
        Some(actor),
        &Entry::new("redaction", id.0, "redaction.refused")
            .under(redaction.ground.article())
            .for_staff(actor.body_id()),
    )
}
