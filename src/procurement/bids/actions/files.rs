//! Files of a draft: their bytes were sealed to the tender's key as they arrived; here only rows are written.

use super::super::model::{BidFileId, NewFile};
use super::super::{queries, rules};
use super::{bidder_of, draft, hold_open};
use crate::infra::actor::Actor;
use crate::infra::failure::Failure;
use crate::infra::ledger::{self, Entry};
use crate::infra::seal;
use crate::infra::store::Tx;
use crate::procurement::tenders::TenderId;
use chrono::Duration;

/// A file that lies sealed on the disk already.
#[derive(Clone, Debug)]
pub struct Arrived {
    pub sealed_name: Vec<u8>,
    pub size: i64,
    pub cipher_sha256: String,
    pub storage_key: String,
}

/// Puts files on the draft, all or none; a draft begins with its first file if there is none yet (`empty` is that one,
/// sealed).
pub fn add(
    tx: &mut Tx,
    actor: &Actor,
    tender: TenderId,
    arrived: &[Arrived],
    empty: &[u8],
) -> Result<(), Failure> {
    let bidder = bidder_of(actor)?;
    hold_open(tx, tender)?;
    if queries::hold_draft(tx.db, tender, bidder)?.is_none() {
        draft::insert(tx, tender, actor, empty)?;
    }
    let have: Vec<i64> = queries::list_draft_files(tx.db, tender, bidder)?
        .iter()
        .map(|file| file.size)
        .collect();
    let more: Vec<i64> = arrived.iter().map(|file| file.size).collect();
    rules::check_files(&have, &more)?;
    // What was taken off again lies on the disk for a day yet.
    let since = tx.now - Duration::days(1);
    let today = queries::list_sizes_since(tx.db, bidder, since)?;
    rules::check_day(&today, &more)?;
    for file in arrived {
        let row = NewFile {
            id: BidFileId(seal::random_id()?),
            tender_id: tender,
            bidder_id: bidder,
            sealed_name: file.sealed_name.clone(),
            size: file.size,
            cipher_sha256: file.cipher_sha256.clone(),
            storage_key: file.storage_key.clone(),
            uploaded_at: tx.now,
        };
        queries::insert_file(tx.db, &row)?;
    }
    let line = Entry::new("tender", tender.0, "bid.files-added").sealed_for(bidder, None);
    ledger::append(tx, Some(actor), &line)
}

pub fn remove(
    tx: &mut Tx,
    actor: &Actor,
    tender: TenderId,
    cipher_sha256: &str,
) -> Result<(), Failure> {
    let bidder = bidder_of(actor)?;
    hold_open(tx, tender)?;
    queries::hold_draft(tx.db, tender, bidder)?;
    let at = tx.machine_now();
    if queries::remove_draft_file(tx.db, tender, bidder, cipher_sha256, at)? == 0 {
        return Err(Failure::NotFound);
    }
    let line = Entry::new("tender", tender.0, "bid.file-removed").sealed_for(bidder, None);
    ledger::append(tx, Some(actor), &line)
}
