//! Submitting and withdrawing. Encryption happens before; the instant inside the write decides.

use super::super::model::{
    BidId, BidState, Card, Draft, FileRow, NewBid, Receipt, SealedBid, SealedFile,
};
use super::super::rules::{self, Step};
use super::super::{SUBJECT, queries};
use super::{bidder_of, hold_open, receipt};
use crate::accounts::{self, Addressee};
use crate::infra::actor::Actor;
use crate::infra::failure::{Failure, Rule};
use crate::infra::ledger::{self, Entry};
use crate::infra::mail::{self, Letter};
use crate::infra::seal;
use crate::infra::signing::Signatures;
use crate::infra::store::Tx;
use crate::infra::words::Language;
use crate::kernel::instant;
use crate::kernel::money::Fen;
use crate::kernel::people::BodyId;
use crate::procurement::projects::{self, Project};
use crate::procurement::tenders::{Tender, TenderId};
use sha2::{Digest, Sha256};

/// A bid sealed to the tender's key, ready for the write.
pub struct Prepared {
    pub tender: TenderId,
    pub draft_version: i64,
    pub receipt_no: String,
    pub sealed: Vec<u8>,
    pub cipher_sha256: String,
    /// The ciphertexts' hashes of its files, sorted.
    pub files: Vec<String>,
}

/// Checks that a draft is whole, and seals it. Slow work: outside the transaction.
pub fn prepare(
    tender: &Tender,
    bidder: BodyId,
    draft: Draft,
    draft_version: i64,
    files: &[(FileRow, Card)],
) -> Result<Prepared, Failure> {
    let refusals: Vec<_> = rules::check_complete(&draft, files.len())
        .iter()
        .map(Rule::refusal)
        .collect();
    if !refusals.is_empty() {
        return Err(Failure::RefusedAll(refusals));
    }
    let recipient = tender
        .recipient
        .as_deref()
        .ok_or_else(|| Failure::internal("a published tender has no key"))?;
    let receipt_no = new_receipt_no()?;
    let bid = SealedBid {
        kind: SealedBid::KIND.to_owned(),
        tender_id: tender.id,
        bidder_id: bidder,
        receipt_no: receipt_no.clone(),
        price_fen: draft.price.unwrap_or(Fen::ZERO),
        breakdown: draft.lines,
        proposal: draft.proposal,
        files: files
            .iter()
            .map(|(row, card)| SealedFile {
                name: card.name.clone(),
                media_type: card.media_type.clone(),
                size: card.size,
                sha256: card.sha256.clone(),
                cipher_sha256: row.cipher_sha256.clone(),
            })
            .collect(),
    };
    // 32 random bytes stand before this inside: the hash of a guessed price proves nothing.
    let sealed = seal::seal(recipient, &serde_json::to_vec(&bid)?)?;
    let mut hashes: Vec<String> = files.iter().map(|(f, _)| f.cipher_sha256.clone()).collect();
    hashes.sort_unstable();
    Ok(Prepared {
        tender: tender.id,
        draft_version,
        receipt_no,
        cipher_sha256: hex::encode(Sha256::digest(&sealed)),
        sealed,
        files: hashes,
    })
}

/// Random, so that it tells nothing of how many came before: `7F3A-91C2-0B5D-E468`.
fn new_receipt_no() -> Result<String, Failure> {
    let digits: Vec<char> = seal::random_hex::<8>()?.to_uppercase().chars().collect();
    let groups: Vec<String> = digits.chunks(4).map(|four| four.iter().collect()).collect();
    Ok(groups.join("-"))
}

/// Takes a bid in. On return of the write it is durable, and its receipt says when it came.
pub fn submit(
    tx: &mut Tx,
    actor: &Actor,
    signatures: &Signatures,
    bid: &Prepared,
) -> Result<(), Failure> {
    let bidder = bidder_of(actor)?;
    let tender = hold_open(tx, bid.tender)?;
    // Files that come or go meanwhile wait here: what is attached below is what was listed and sealed.
    queries::hold_draft(tx.db, tender.id, bidder)?;
    let mut files: Vec<String> = queries::list_draft_files(tx.db, tender.id, bidder)?
        .into_iter()
        .map(|file| file.cipher_sha256)
        .collect();
    files.sort_unstable();
    let erased = queries::delete_draft(tx.db, tender.id, bidder, bid.draft_version)?;
    if erased == 0 || files != bid.files {
        return Err(Failure::Changed);
    }
    let previous = queries::find_current(tx.db, tender.id, bidder)?;
    if let Some(previous) = &previous {
        let next = rules::next_state(previous.state, Step::Replace)?;
        if queries::set_state(tx.db, previous.id, previous.state, next, tx.now)? == 0 {
            return Err(Failure::Changed);
        }
        let at = tx.machine_now();
        queries::remove_files_of(tx.db, previous.id, at)?;
    }
    let project = projects::find(tx.db, tender.project_id)?;
    let receipt = sign(tx, actor, signatures, bid, &tender, &project)?;
    let row = NewBid {
        id: BidId(seal::random_id()?),
        tender_id: tender.id,
        bidder_id: bidder,
        state: BidState::Submitted,
        receipt_no: &bid.receipt_no,
        submitted_by: actor.person_id,
        submitted_at: tx.now,
        sealed: &bid.sealed,
        cipher_sha256: &bid.cipher_sha256,
        receipt: &receipt,
    };
    let id = queries::insert_bid(tx.db, &row)?;
    if queries::attach_files(tx.db, tender.id, bidder, id)? != bid.files.len() {
        return Err(Failure::Changed);
    }
    let what = if previous.is_some() {
        "bid.replaced"
    } else {
        "bid.submitted"
    };
    let line = Entry::new(SUBJECT, tender.id.0, what).sealed_for(bidder, None);
    ledger::append(tx, Some(actor), &line)?;
    let page = receipt_path(&project, &bid.receipt_no);
    let args = [
        ("project", project.title.as_str()),
        ("receipt", bid.receipt_no.as_str()),
    ];
    accounts::deliver(tx, Addressee::Body(bidder), "bid-received", &args, &page)?;
    send_receipt(tx, actor, &project, bid, receipt, &page)
}

pub fn receipt_path(project: &Project, receipt_no: &str) -> String {
    format!("/projects/{}/bid/receipt?no={receipt_no}", project.id)
}

fn sign(
    tx: &mut Tx,
    actor: &Actor,
    signatures: &Signatures,
    bid: &Prepared,
    tender: &Tender,
    project: &Project,
) -> Result<String, Failure> {
    let head = ledger::head(tx.db, signatures, tx.now)?;
    let receipt = Receipt {
        kind: Receipt::KIND.to_owned(),
        instance: head.instance,
        receipt_no: bid.receipt_no.clone(),
        project: project.number.clone(),
        round: tender.round,
        title: project.title.clone(),
        bidder: actor
            .body
            .as_ref()
            .map(|body| body.name.clone())
            .unwrap_or_default(),
        received_at: instant::rfc3339(tx.now),
        cipher_sha256: bid.cipher_sha256.clone(),
        file_cipher_sha256: bid.files.clone(),
        ledger_chain_hash: head.chain_hash,
        public_key: head.public_key,
    };
    receipt::render(receipt, signatures)
}

fn send_receipt(
    tx: &mut Tx,
    actor: &Actor,
    project: &Project,
    bid: &Prepared,
    receipt: String,
    page: &str,
) -> Result<(), Failure> {
    let person = accounts::find_person(tx.db, actor.person_id)?;
    let language = person.language.parse().unwrap_or(Language::Chinese);
    let letter = Letter::new(&person.email, language, "bid-receipt")
        .arg("name", &person.name)
        .arg("project", &project.title)
        .arg("number", &project.number)
        .arg("receipt", &bid.receipt_no)
        .arg("at", rules::exact(tx.now))
        .link(page)
        .attach(format!("receipt-{}.json", bid.receipt_no), receipt);
    mail::post(tx, &letter)
}

/// Takes the bid back; it is not opened, and its files are erased.
pub fn withdraw(tx: &mut Tx, actor: &Actor, tender: TenderId) -> Result<(), Failure> {
    let bidder = bidder_of(actor)?;
    let tender = hold_open(tx, tender)?;
    let bid = queries::find_current(tx.db, tender.id, bidder)?.ok_or(Failure::NotFound)?;
    let next = rules::next_state(bid.state, Step::Withdraw)?;
    if queries::set_state(tx.db, bid.id, bid.state, next, tx.now)? == 0 {
        return Err(Failure::Changed);
    }
    let at = tx.machine_now();
    queries::remove_files_of(tx.db, bid.id, at)?;
    let line = Entry::new(SUBJECT, tender.id.0, "bid.withdrawn").sealed_for(bidder, None);
    ledger::append(tx, Some(actor), &line)?;
    let project = projects::find(tx.db, tender.project_id)?;
    let page = receipt_path(&project, &bid.receipt_no);
    let args = [
        ("project", project.title.as_str()),
        ("receipt", bid.receipt_no.as_str()),
    ];
    accounts::deliver(tx, Addressee::Body(bidder), "bid-withdrawn", &args, &page)
}
