//! Closing the own account: the rule is asked inside the transaction, with what is open at that instant.

use super::model::Hold;
use super::{queries, rules};
use crate::accounts;
use crate::infra::actor::Actor;
use crate::infra::failure::Failure;
use crate::infra::store::Tx;
use crate::infra::words::Words;

pub fn close(tx: &mut Tx, words: &Words, actor: &Actor, holds: &[Hold]) -> Result<(), Failure> {
    let is_on_panel = queries::is_on_panel(tx.db, actor.person_id)?;
    rules::may_close(holds, is_on_panel)?;
    accounts::close_account(tx, words, actor)
}
