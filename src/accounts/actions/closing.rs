//! Somebody closes the own account: what the law does not want kept goes at once.

use super::members::{end, hand_over};
use super::passwords::letter;
use crate::accounts::model::{Handover, MembershipId};
use crate::accounts::queries;
use crate::infra::actor::Actor;
use crate::infra::failure::Failure;
use crate::infra::ledger::{self, Entry};
use crate::infra::mail;
use crate::infra::store::Tx;
use crate::infra::words::Words;

/// Ends roles, sessions and tokens, and leaves a stub without name and address. Whether it may be done is the caller's
/// question: only the desk knows what lies open.
pub fn close_account(
    tx: &mut Tx,
    words: &Words,
    actor: &Actor,
    handovers: &[(MembershipId, Handover)],
) -> Result<(), Failure> {
    let id = actor.person_id;
    for held in queries::list_held(tx.db, id)? {
        let body = queries::hold_body(tx.db, held.body_id)?;
        let members = queries::list_members(tx.db, body.id)?;
        let member = members
            .iter()
            .find(|member| member.person_id == id && member.role == held.role);
        // A deputy's role may have ended with the role before it.
        if let Some(member) = member {
            if let Some((_, handover)) = handovers.iter().find(|(of, _)| *of == member.id) {
                hand_over(tx, actor, &body, (member, &members), handover)?;
            }
            end(tx, words, Some(actor), &body, member)?;
        }
    }
    ledger::append(
        tx,
        Some(actor),
        &Entry::new("person", id.0, "person.closed")
            .under("个人信息保护法 §47")
            .for_staff(None),
    )?;
    ledger::erase_texts(tx.db, id, "person")?;
    // The last word goes to the address that is erased with it.
    let person = queries::find_person(tx.db, id)?;
    mail::post(tx, &letter(&person, "account-closed"))?;
    let at = tx.machine_now();
    queries::end_other_sessions(tx.db, id, None, at)?;
    queries::erase_person(tx.db, id, at)?;
    Ok(())
}
