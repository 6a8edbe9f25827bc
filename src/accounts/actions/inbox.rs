//! Reading a notice: the first time counts and is kept.

use crate::accounts::model::{Message, Reader};
use crate::accounts::queries;
use crate::infra::actor::Actor;
use crate::infra::failure::Failure;
use crate::infra::store::Tx;

pub fn reader(actor: &Actor) -> Reader {
    Reader {
        person: actor.person_id,
        body: actor.body_id(),
        roles: actor.roles.clone(),
    }
}

/// The message, marked as read by the portal's clock; somebody else's is not found.
pub fn open(tx: &mut Tx, actor: &Actor, public_id: &str) -> Result<Message, Failure> {
    let message = queries::find_message(tx.db, &reader(actor), public_id)?;
    if message.first_read_at.is_some() {
        return Ok(message);
    }
    queries::set_read(tx.db, message.id, tx.now)?;
    Ok(Message {
        first_read_at: Some(tx.now),
        ..message
    })
}
