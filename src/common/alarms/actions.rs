//! Raising and ending.

use super::model::AlarmKind;
use super::queries;
use crate::accounts::{self, Addressee};
use crate::infra::failure::Failure;
use crate::infra::store::Tx;
use crate::kernel::roles::Role;

/// Raises an alarm; every administrator is told, once until it ends.
pub fn raise(tx: &mut Tx, kind: AlarmKind, detail: &str) -> Result<(), Failure> {
    let now = tx.machine_now();
    if !queries::raise(tx.db, kind, detail, now)? {
        return Ok(());
    }
    tracing::error!(kind = kind.as_str(), detail, "an alarm was raised");
    for person in accounts::list_holders(tx.db, Role::Administrator)? {
        let to = Addressee::Person(person.id);
        accounts::deliver(tx, to, kind.inbox(), &[("detail", detail)], "/operations")?;
    }
    Ok(())
}

pub fn end(tx: &mut Tx, kind: AlarmKind) -> Result<(), Failure> {
    let now = tx.machine_now();
    if queries::end(tx.db, kind, now)? {
        tracing::info!(kind = kind.as_str(), "an alarm ended");
    }
    Ok(())
}
