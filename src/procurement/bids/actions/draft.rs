//! Drafts: saved over the version that was shown, encrypted under the server's key, erased at submission.

use super::super::model::{BidFileId, Card, FileRow, NewFile};
use super::super::queries;
use super::{bidder_of, hold_open, open_card};
use crate::infra::actor::Actor;
use crate::infra::db::Db;
use crate::infra::failure::Failure;
use crate::infra::ledger::{self, Entry};
use crate::infra::seal;
use crate::infra::secrets::Secrets;
use crate::infra::store::Tx;
use crate::procurement::tenders::TenderId;

/// The actor's own draft: its version, and its files with their cards, as they are needed to submit it.
pub fn find_own(
    db: &mut Db,
    secrets: &Secrets,
    actor: &Actor,
    tender: TenderId,
) -> Result<(i64, Vec<(FileRow, Card)>), Failure> {
    let bidder = bidder_of(actor)?;
    let draft = queries::find_draft(db, tender, bidder)?.ok_or(Failure::NotFound)?;
    let files = queries::list_draft_files(db, tender, bidder)?
        .into_iter()
        .map(|row| Ok((row.clone(), open_card(secrets, &row)?)))
        .collect::<Result<_, Failure>>()?;
    Ok((draft.version, files))
}

/// Saves a draft; `version` 0 is a new one.
pub fn save(
    tx: &mut Tx,
    actor: &Actor,
    tender: TenderId,
    version: i64,
    sealed: &[u8],
) -> Result<(), Failure> {
    let bidder = bidder_of(actor)?;
    hold_open(tx, tender)?;
    if version == 0 {
        insert(tx, tender, actor, sealed)?;
    } else if queries::set_draft(tx.db, tender, bidder, version, sealed, tx.now)? == 0 {
        return Err(Failure::Changed);
    }
    let line = Entry::new("tender", tender.0, "bid.draft-saved").sealed_for(bidder, None);
    ledger::append(tx, Some(actor), &line)
}

pub(super) fn insert(
    tx: &mut Tx,
    tender: TenderId,
    actor: &Actor,
    sealed: &[u8],
) -> Result<(), Failure> {
    let bidder = bidder_of(actor)?;
    queries::insert_draft(tx.db, tender, bidder, sealed, tx.now)
        .map(|_| ())
        .map_err(|error| match Failure::from(error) {
            // A colleague began one meanwhile.
            failure if failure.is_unique_violation() => Failure::Changed,
            failure => failure,
        })
}

/// Begins a replacement of the bid that counts: an empty draft (or the bidder's own copy) with the bid's files, which
/// lie sealed to the same key. Until it is submitted, the old bid counts.
pub fn begin_replacement(
    tx: &mut Tx,
    actor: &Actor,
    tender: TenderId,
    sealed: &[u8],
) -> Result<(), Failure> {
    let bidder = bidder_of(actor)?;
    hold_open(tx, tender)?;
    let current = queries::find_current(tx.db, tender, bidder)?.ok_or(Failure::NotFound)?;
    insert(tx, tender, actor, sealed)?;
    for file in queries::list_bid_files(tx.db, current.id)? {
        let copy = NewFile {
            id: BidFileId(seal::random_id()?),
            tender_id: tender,
            bidder_id: bidder,
            sealed_name: file.sealed_name,
            size: file.size,
            cipher_sha256: file.cipher_sha256,
            storage_key: file.storage_key,
            uploaded_at: file.uploaded_at,
        };
        queries::insert_file(tx.db, &copy)?;
    }
    let line = Entry::new("tender", tender.0, "bid.replacement-begun").sealed_for(bidder, None);
    ledger::append(tx, Some(actor), &line)
}

/// Throws the draft and its files away; what was submitted stays.
pub fn discard(tx: &mut Tx, actor: &Actor, tender: TenderId, version: i64) -> Result<(), Failure> {
    let bidder = bidder_of(actor)?;
    if queries::delete_draft(tx.db, tender, bidder, version)? == 0 {
        return Err(Failure::Changed);
    }
    let at = tx.machine_now();
    for file in queries::list_draft_files(tx.db, tender, bidder)? {
        queries::remove_draft_file(tx.db, tender, bidder, &file.cipher_sha256, at)?;
    }
    let line = Entry::new("tender", tender.0, "bid.draft-discarded").sealed_for(bidder, None);
    ledger::append(tx, Some(actor), &line)
}
