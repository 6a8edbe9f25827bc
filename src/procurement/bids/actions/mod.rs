//! What may be done with bids: one use case a function.

mod draft;
mod files;
mod opening;
mod receipt;
mod submit;

pub use draft::{begin_replacement, discard, find_own as find_own_draft, save};
pub use files::{Arrived, add as add_files, remove as remove_file};
pub use opening::{confirm, decrypt, is_panel_member, opening_path, record, unwrap_identity};
pub use receipt::{CheckedReceipt, check as check_receipt};
pub use submit::{Prepared, prepare, receipt_path, submit, withdraw};

use super::model::{Card, Draft, FileRow};
use super::rules;
use crate::infra::actor::Actor;
use crate::infra::failure::Failure;
use crate::infra::seal;
use crate::infra::secrets::Secrets;
use crate::infra::store::Tx;
use crate::kernel::people::BodyId;
use crate::procurement::tenders::{self, Tender, TenderId};

/// The provider that the actor acts for.
pub fn bidder_of(actor: &Actor) -> Result<BodyId, Failure> {
    actor.body_id().ok_or(Failure::NotFound)
}

/// Holds the tender and decides by the instant after that whether it still receives.
fn hold_open(tx: &mut Tx, id: TenderId) -> Result<Tender, Failure> {
    let tender = tenders::hold(tx, id)?;
    rules::may_receive(tender.state, tender.closes_at, tx.now)?;
    Ok(tender)
}

/// Whether the tender receives at this instant.
pub fn check_open(tx: &mut Tx, id: TenderId) -> Result<(), Failure> {
    hold_open(tx, id).map(|_| ())
}

/// A draft sealed under the server's key. Encryption: outside database jobs.
pub fn seal_draft(secrets: &Secrets, draft: &Draft) -> Result<Vec<u8>, Failure> {
    seal::seal(secrets.server_recipient(), &serde_json::to_vec(draft)?)
}

pub fn open_draft(secrets: &Secrets, sealed: &[u8]) -> Result<Draft, Failure> {
    let plain = secrets.open(sealed)?;
    // The parser's words may repeat what it read: they are not kept.
    serde_json::from_slice(&plain).map_err(|_content| Failure::internal("a draft is malformed"))
}

pub fn seal_card(secrets: &Secrets, card: &Card) -> Result<Vec<u8>, Failure> {
    seal::seal(secrets.server_recipient(), &serde_json::to_vec(card)?)
}

pub fn open_card(secrets: &Secrets, file: &FileRow) -> Result<Card, Failure> {
    let plain = secrets.open(&file.sealed_name)?;
    serde_json::from_slice(&plain)
        .map_err(|_content| Failure::internal("a file's card is malformed"))
}
