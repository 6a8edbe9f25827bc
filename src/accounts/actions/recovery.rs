//! Somebody has lost telephone and recovery codes: one administrator proposes, a different one confirms.

use super::passwords::letter;
use crate::accounts::model::{Recovery, RecoveryId};
use crate::accounts::rules::{self, AccountRule};
use crate::accounts::{Addressee, queries};
use crate::infra::actor::Actor;
use crate::infra::failure::Failure;
use crate::infra::ledger::{self, Entry};
use crate::infra::mail;
use crate::infra::store::Tx;
use crate::kernel::people::PersonId;

/// Proposes to take the second factor of the account with this address off.
pub fn propose_recovery(
    tx: &mut Tx,
    actor: &Actor,
    email: &str,
    reason: &str,
) -> Result<(), Failure> {
    let found = queries::find_person_by_email(tx.db, email)?;
    let person = found.ok_or(AccountRule::NothingToRecover)?;
    let factor = queries::find_factor(tx.db, person.id)?;
    if factor.is_none_or(|factor| factor.enabled_at.is_none()) || person.id == actor.person_id {
        return Err(AccountRule::NothingToRecover.into());
    }
    let at = tx.machine_now();
    // A proposal that nobody confirmed in time makes place for a new one.
    for open in queries::list_recoveries(tx.db)? {
        if open.person_id == person.id && open.proposed_at + rules::RECOVERY_WAITS <= at {
            queries::end_recovery(tx.db, open.id, None, at)?;
        }
    }
    queries::insert_recovery(tx.db, person.id, reason, actor.person_id, at).map_err(|error| {
        match Failure::from(error) {
            failure if failure.is_unique_violation() => AccountRule::RecoveryOpen.into(),
            failure => failure,
        }
    })?;
    note(tx, actor, person.id, "recovery.proposed", Some(reason))?;
    // Who did not ask for it can say so before it happens.
    mail::post(
        tx,
        &letter(&person, "recovery-proposed").link("/account/two-factors"),
    )
}

/// Takes the second factor off; every session of the person ends, and the person is told.
pub fn confirm_recovery(tx: &mut Tx, actor: &Actor, id: RecoveryId) -> Result<(), Failure> {
    let at = tx.machine_now();
    let recovery = queries::find_recovery(tx.db, id)?;
    rules::may_confirm(&recovery, actor.person_id, at)?;
    end(tx, &recovery, Some(actor.person_id))?;
    queries::delete_factor(tx.db, recovery.person_id)?;
    queries::end_other_sessions(tx.db, recovery.person_id, None, at)?;
    note(tx, actor, recovery.person_id, "recovery.confirmed", None)?;
    super::deliver(
        tx,
        Addressee::Person(recovery.person_id),
        "recovery.confirmed",
        &[],
        "/account/two-factors",
    )
}

/// Takes a proposal back: any administrator may.
pub fn withdraw_recovery(tx: &mut Tx, actor: &Actor, id: RecoveryId) -> Result<(), Failure> {
    let recovery = queries::find_recovery(tx.db, id)?;
    end(tx, &recovery, None)?;
    note(tx, actor, recovery.person_id, "recovery.withdrawn", None)
}

fn end(tx: &mut Tx, recovery: &Recovery, by: Option<PersonId>) -> Result<(), Failure> {
    let at = tx.machine_now();
    match queries::end_recovery(tx.db, recovery.id, by, at)? {
        0 => Err(Failure::NotFound),
        _ => Ok(()),
    }
}

fn note(
    tx: &mut Tx,
    actor: &Actor,
    person: PersonId,
    what: &'static str,
    reason: Option<&str>,
) -> Result<(), Failure> {
    let entry = Entry::new("person", person.0, what).for_staff(actor.body_id());
    ledger::append(tx, Some(actor), &Entry { reason, ..entry })
}
