//! The second factor: a key is tried before it counts, codes and recovery codes are each used once.

use super::passwords::letter;
use crate::accounts::model::Proof;
use crate::accounts::queries;
use crate::accounts::rules::AccountRule;
use crate::accounts::rules::codes::{self, RECOVERY_CODES};
use crate::infra::actor::Actor;
use crate::infra::failure::Failure;
use crate::infra::ledger::{self, Entry};
use crate::infra::mail;
use crate::infra::seal;
use crate::infra::store::Tx;
use crate::kernel::people::PersonId;
use sha2::{Digest, Sha256};

/// Recovery codes as they are shown once, with the hashes that are kept.
#[derive(Clone)]
pub struct RecoveryCodes {
    pub shown: Vec<String>,
    hashes: Vec<String>,
}

impl RecoveryCodes {
    pub fn make(person: PersonId) -> Result<Self, Failure> {
        let (mut shown, mut hashes) = (Vec::new(), Vec::new());
        for _ in 0..RECOVERY_CODES {
            let code = codes::recovery_code(&seal::random()?);
            hashes.push(recovery_hash(person, &code));
            shown.push(codes::grouped(&code));
        }
        Ok(Self { shown, hashes })
    }
}

/// What is kept of a recovery code: 80 random bits need no slow hash.
pub fn recovery_hash(person: PersonId, code: &str) -> String {
    hex::encode(Sha256::digest(format!("recovery {person} {code}")))
}

/// Keeps a new key, sealed, until its owner has typed a code of it.
pub fn begin_factor(tx: &mut Tx, actor: &Actor, sealed: &[u8]) -> Result<(), Failure> {
    match queries::set_pending(tx.db, actor.person_id, sealed).map_err(Failure::from) {
        // The same form at the same moment: run again and find its row.
        Err(failure) if failure.is_unique_violation() => Err(Failure::Again),
        other => other.map(drop),
    }
}

/// The pending key counts from now; `step` is that of its first code. Every other session ends.
pub fn enable_factor(
    tx: &mut Tx,
    actor: &Actor,
    sealed: &[u8],
    step: i64,
    recovery: &RecoveryCodes,
) -> Result<(), Failure> {
    let (person, at) = (actor.person_id, tx.machine_now());
    if queries::enable_factor(tx.db, person, sealed, step, at)? == 0 {
        return Err(Failure::Changed);
    }
    queries::replace_recovery_codes(tx.db, person, &recovery.hashes)?;
    queries::end_other_sessions(tx.db, person, Some(actor.session_id), at)?;
    note(tx, actor, "two-factors.enabled")
}

/// Takes the second factor off, at its owner's wish; the page has asked whether the roles allow it.
pub fn end_factor(tx: &mut Tx, actor: &Actor) -> Result<(), Failure> {
    if queries::delete_factor(tx.db, actor.person_id)? == 0 {
        return Err(Failure::NotFound);
    }
    note(tx, actor, "two-factors.ended")
}

/// Ten new recovery codes; those of before are void.
pub fn renew_recovery_codes(
    tx: &mut Tx,
    actor: &Actor,
    recovery: &RecoveryCodes,
) -> Result<(), Failure> {
    queries::replace_recovery_codes(tx.db, actor.person_id, &recovery.hashes)?;
    note(tx, actor, "recovery-codes.renewed")
}

/// A line in the ledger, and a word to the owner: whoever did not do it must learn of it.
fn note(tx: &mut Tx, actor: &Actor, what: &'static str) -> Result<(), Failure> {
    let entry = Entry::new("person", actor.person_id.0, what).for_staff(None);
    ledger::append(tx, Some(actor), &entry)?;
    let person = queries::find_person(tx.db, actor.person_id)?;
    let letter = letter(&person, &what.replace('.', "-"));
    mail::post(tx, &letter.link("/account/two-factors"))
}

/// Uses up what was typed: a step of time, or a recovery code. Each is good once.
pub fn prove(tx: &mut Tx, person: PersonId, proof: &Proof) -> Result<(), Failure> {
    let at = tx.machine_now();
    let used = match proof {
        Proof::Step(step) => queries::use_step(tx.db, person, *step)?,
        Proof::Recovery(hash) => queries::use_recovery_code(tx.db, person, hash, at)?,
    };
    if used == 0 {
        return Err(AccountRule::WrongCode.into());
    }
    if matches!(proof, Proof::Recovery(_)) {
        let entry = Entry::new("person", person.0, "recovery-code.used").for_staff(None);
        ledger::append(tx, None, &entry)?;
        let left = queries::count_recovery_codes(tx.db, person)?;
        let person = queries::find_person(tx.db, person)?;
        let letter = letter(&person, "recovery-code-used").arg("left", left);
        mail::post(tx, &letter.link("/account/two-factors"))?;
    }
    Ok(())
}
