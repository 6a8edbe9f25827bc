//! Closing the own account: the rule is asked inside the transaction, with what is open at that instant.

use super::model::Hold;
use super::{queries, rules};
use crate::accounts::{self, Handover, MembershipId};
use crate::infra::actor::Actor;
use crate::infra::failure::Failure;
use crate::infra::store::Tx;
use crate::infra::words::Words;
use crate::kernel::people::PersonId;

pub fn close(
    tx: &mut Tx,
    words: &Words,
    actor: &Actor,
    holds: &[Hold],
    chosen: &[(MembershipId, PersonId)],
    reason: &str,
) -> Result<(), Failure> {
    let is_on_panel = queries::is_on_panel(tx.db, actor.person_id)?;
    rules::may_close(holds, is_on_panel)?;
    rules::check_handover(holds, chosen, reason)?;
    let handovers: Vec<(MembershipId, Handover)> = holds
        .iter()
        .filter(|hold| hold.has_duties)
        .map(|hold| {
            let successor = chosen.iter().find(|(of, _)| *of == hold.membership);
            let handover = Handover {
                successor: successor.map(|(_, heir)| *heir),
                reason: reason.to_owned(),
            };
            (hold.membership, handover)
        })
        .collect();
    accounts::close_account(tx, words, actor, &handovers)
}
