//! Rows of drafts, bids, files and openers. Whoever asks for a bidder's rows names the bidder.

use super::model::{
    Bid, BidContent, BidId, BidState, ContentColumns, DraftRow, FileRow, Invalid, NewBid, NewFile,
    Opener, name_in_receipt,
};
use crate::infra::db::{Db, columns};
use crate::kernel::money::Fen;
use crate::kernel::people::{BodyId, PersonId};
use crate::on_db;
use crate::procurement::tenders::{TenderId, TenderState};
use crate::schema::{bid_contents, bid_drafts, bid_files, bids, bodies, openers, people};
use chrono::NaiveDateTime;
use diesel::prelude::*;

pub fn find_draft(db: &mut Db, tender: TenderId, bidder: BodyId) -> QueryResult<Option<DraftRow>> {
    bid_drafts::table
        .filter(bid_drafts::tender_id.eq(tender))
        .filter(bid_drafts::bidder_id.eq(bidder))
        .select(columns::<DraftRow>())
        .first(db)
        .optional()
}

/// The draft's version, its row held to the end of the transaction: two uploads at once must not pass a limit together.
pub fn hold_draft(db: &mut Db, tender: TenderId, bidder: BodyId) -> QueryResult<Option<i64>> {
    let row = bid_drafts::table
        .filter(bid_drafts::tender_id.eq(tender))
        .filter(bid_drafts::bidder_id.eq(bidder))
        .select(bid_drafts::version);
    on_db!(db,
        sqlite conn => row.first(conn).optional(),
        postgres conn => row.for_update().first(conn).optional()
    )
}

pub fn insert_draft(
    db: &mut Db,
    tender: TenderId,
    bidder: BodyId,
    sealed: &[u8],
    at: NaiveDateTime,
) -> QueryResult<usize> {
    diesel::insert_into(bid_drafts::table)
        .values((
            bid_drafts::tender_id.eq(tender),
            bid_drafts::bidder_id.eq(bidder),
            bid_drafts::sealed.eq(sealed),
            bid_drafts::updated_at.eq(at),
            bid_drafts::version.eq(1),
        ))
        .execute(db)
}

/// Saves over the version that the form showed; 0 rows when somebody else saved first.
pub fn set_draft(
    db: &mut Db,
    tender: TenderId,
    bidder: BodyId,
    version: i64,
    sealed: &[u8],
    at: NaiveDateTime,
) -> QueryResult<usize> {
    let row = bid_drafts::table
        .filter(bid_drafts::tender_id.eq(tender))
        .filter(bid_drafts::bidder_id.eq(bidder))
        .filter(bid_drafts::version.eq(version));
    diesel::update(row)
        .set((
            bid_drafts::sealed.eq(sealed),
            bid_drafts::updated_at.eq(at),
            bid_drafts::version.eq(version + 1),
        ))
        .execute(db)
}

/// Erases the draft of this version; 0 rows when it is no longer that.
pub fn delete_draft(
    db: &mut Db,
    tender: TenderId,
    bidder: BodyId,
    version: i64,
) -> QueryResult<usize> {
    let row = bid_drafts::table
        .filter(bid_drafts::tender_id.eq(tender))
        .filter(bid_drafts::bidder_id.eq(bidder))
        .filter(bid_drafts::version.eq(version));
    diesel::delete(row).execute(db)
}

/// The files of the draft, in the order of their arrival.
pub fn list_draft_files(
    db: &mut Db,
    tender: TenderId,
    bidder: BodyId,
) -> QueryResult<Vec<FileRow>> {
    bid_files::table
        .filter(bid_files::tender_id.eq(tender))
        .filter(bid_files::bidder_id.eq(bidder))
        .filter(bid_files::bid_id.is_null())
        .filter(bid_files::removed_at.is_null())
        .order((bid_files::uploaded_at, bid_files::id))
        .select(columns::<FileRow>())
        .load(db)
}

pub fn list_bid_files(db: &mut Db, bid: BidId) -> QueryResult<Vec<FileRow>> {
    bid_files::table
        .filter(bid_files::bid_id.eq(bid))
        .order((bid_files::uploaded_at, bid_files::id))
        .select(columns::<FileRow>())
        .load(db)
}

pub fn insert_file(db: &mut Db, file: &NewFile) -> QueryResult<usize> {
    diesel::insert_into(bid_files::table)
        .values(file)
        .execute(db)
}

/// Sizes of all files that this bidder sent in since an instant, those taken off again too.
pub fn list_sizes_since(
    db: &mut Db,
    bidder: BodyId,
    since: NaiveDateTime,
) -> QueryResult<Vec<i64>> {
    // A file that a replacement takes over lies there once.
    let sent: Vec<(String, i64)> = bid_files::table
        .filter(bid_files::bidder_id.eq(bidder))
        .filter(bid_files::uploaded_at.ge(since))
        .select((bid_files::storage_key, bid_files::size))
        .distinct()
        .load(db)?;
    Ok(sent.into_iter().map(|(_, size)| size).collect())
}

/// Takes a file off the draft, by its ciphertext's hash: ids would count other bidders' files.
pub fn remove_draft_file(
    db: &mut Db,
    tender: TenderId,
    bidder: BodyId,
    cipher_sha256: &str,
    at: NaiveDateTime,
) -> QueryResult<usize> {
    let row = bid_files::table
        .filter(bid_files::tender_id.eq(tender))
        .filter(bid_files::bidder_id.eq(bidder))
        .filter(bid_files::bid_id.is_null())
        .filter(bid_files::removed_at.is_null())
        .filter(bid_files::cipher_sha256.eq(cipher_sha256));
    diesel::update(row)
        .set(bid_files::removed_at.eq(at))
        .execute(db)
}

pub fn remove_files_of(db: &mut Db, bid: BidId, at: NaiveDateTime) -> QueryResult<usize> {
    let rows = bid_files::table
        .filter(bid_files::bid_id.eq(bid))
        .filter(bid_files::removed_at.is_null());
    diesel::update(rows)
        .set(bid_files::removed_at.eq(at))
        .execute(db)
}

pub fn attach_files(
    db: &mut Db,
    tender: TenderId,
    bidder: BodyId,
    bid: BidId,
) -> QueryResult<usize> {
    let rows = bid_files::table
        .filter(bid_files::tender_id.eq(tender))
        .filter(bid_files::bidder_id.eq(bidder))
        .filter(bid_files::bid_id.is_null())
        .filter(bid_files::removed_at.is_null());
    diesel::update(rows)
        .set(bid_files::bid_id.eq(bid))
        .execute(db)
}

/// The bid that counts now.
pub fn find_current(db: &mut Db, tender: TenderId, bidder: BodyId) -> QueryResult<Option<Bid>> {
    bids::table
        .filter(bids::tender_id.eq(tender))
        .filter(bids::bidder_id.eq(bidder))
        .filter(bids::state.eq(BidState::Submitted))
        .select(columns::<Bid>())
        .first(db)
        .optional()
}

/// All that this bidder ever sent to the tender, newest first.
pub fn list_of_bidder(db: &mut Db, tender: TenderId, bidder: BodyId) -> QueryResult<Vec<Bid>> {
    bids::table
        .filter(bids::tender_id.eq(tender))
        .filter(bids::bidder_id.eq(bidder))
        .order((bids::submitted_at.desc(), bids::id.desc()))
        .select(columns::<Bid>())
        .load(db)
}

pub fn find_by_receipt(db: &mut Db, bidder: BodyId, receipt_no: &str) -> QueryResult<Option<Bid>> {
    bids::table
        .filter(bids::bidder_id.eq(bidder))
        .filter(bids::receipt_no.eq(receipt_no))
        .select(columns::<Bid>())
        .first(db)
        .optional()
}

pub fn find_of_tender(db: &mut Db, tender: TenderId, bid: BidId) -> QueryResult<Bid> {
    bids::table
        .filter(bids::tender_id.eq(tender))
        .filter(bids::id.eq(bid))
        .filter(bids::state.eq(BidState::Submitted))
        .select(columns::<Bid>())
        .first(db)
}

pub fn insert_bid(db: &mut Db, bid: &NewBid) -> QueryResult<BidId> {
    diesel::insert_into(bids::table)
        .values(bid)
        .returning(bids::id)
        .get_result(db)
}

pub fn set_state(
    db: &mut Db,
    bid: BidId,
    from: BidState,
    to: BidState,
    at: NaiveDateTime,
) -> QueryResult<usize> {
    let row = bids::table
        .filter(bids::id.eq(bid))
        .filter(bids::state.eq(from));
    diesel::update(row)
        .set((bids::state.eq(to), bids::ended_at.eq(at)))
        .execute(db)
}

/// The bids that count, in the order of their arrival. For closing and opening, never for a page before it.
pub fn list_current(db: &mut Db, tender: TenderId) -> QueryResult<Vec<Bid>> {
    bids::table
        .filter(bids::tender_id.eq(tender))
        .filter(bids::state.eq(BidState::Submitted))
        .order((bids::submitted_at, bids::id))
        .select(columns::<Bid>())
        .load(db)
}

pub fn count_current(db: &mut Db, tender: TenderId) -> QueryResult<i64> {
    bids::table
        .filter(bids::tender_id.eq(tender))
        .filter(bids::state.eq(BidState::Submitted))
        .count()
        .get_result(db)
}

pub fn load_sealed(db: &mut Db, bid: BidId) -> QueryResult<Vec<u8>> {
    bids::table.find(bid).select(bids::sealed).first(db)
}

pub fn set_invalid(db: &mut Db, bid: BidId, reason: Invalid) -> QueryResult<usize> {
    diesel::update(bids::table.find(bid))
        .set(bids::invalid_reason.eq(reason))
        .execute(db)
}

pub fn insert_content(
    db: &mut Db,
    bid: BidId,
    price: Fen,
    breakdown: &str,
    proposal: &str,
) -> QueryResult<usize> {
    diesel::insert_into(bid_contents::table)
        .values((
            bid_contents::bid_id.eq(bid),
            bid_contents::price_fen.eq(price),
            bid_contents::breakdown.eq(breakdown),
            bid_contents::proposal.eq(proposal),
        ))
        .execute(db)
}

/// The valid bids with their contents, after the opening; before it there are none.
pub fn list_opened(db: &mut Db, tender: TenderId) -> QueryResult<Vec<(Bid, BidContent)>> {
    let rows: Vec<(Bid, ContentColumns)> = bids::table
        .inner_join(bid_contents::table.on(bid_contents::bid_id.eq(bids::id)))
        .filter(bids::tender_id.eq(tender))
        .filter(bids::state.eq(BidState::Submitted))
        .order((bids::submitted_at, bids::id))
        .select((
            columns::<Bid>(),
            (
                bid_contents::price_fen,
                bid_contents::breakdown,
                bid_contents::proposal,
            ),
        ))
        .load(db)?;
    Ok(rows
        .into_iter()
        .map(|(bid, content)| (bid, BidContent::from_columns(content)))
        .collect())
}

pub fn find_content(db: &mut Db, bid: BidId) -> QueryResult<Option<BidContent>> {
    let row: Option<ContentColumns> = bid_contents::table
        .find(bid)
        .select((
            bid_contents::price_fen,
            bid_contents::breakdown,
            bid_contents::proposal,
        ))
        .first(db)
        .optional()?;
    Ok(row.map(BidContent::from_columns))
}

/// The bidders of the standing bids by body, under the names that they had when their bids came. Only for what is opened.
pub fn bidder_names(db: &mut Db, tender: TenderId) -> QueryResult<Vec<(BodyId, String)>> {
    let rows: Vec<(BodyId, String, String)> = bids::table
        .inner_join(bodies::table.on(bodies::id.eq(bids::bidder_id)))
        .filter(bids::tender_id.eq(tender))
        .filter(bids::state.eq(BidState::Submitted))
        .order(bids::bidder_id)
        .select((bids::bidder_id, bids::receipt, bodies::name))
        .load(db)?;
    Ok(rows
        .into_iter()
        .map(|(body, receipt, today)| (body, name_in_receipt(&receipt).unwrap_or(today)))
        .collect())
}

pub fn list_openers(db: &mut Db, tender: TenderId) -> QueryResult<Vec<(Opener, String)>> {
    openers::table
        .inner_join(people::table.on(people::id.eq(openers::person_id)))
        .filter(openers::tender_id.eq(tender))
        .order((openers::at, openers::person_id))
        .select((columns::<Opener>(), people::name))
        .load(db)
}

pub fn insert_opener(
    db: &mut Db,
    tender: TenderId,
    person: PersonId,
    at: NaiveDateTime,
) -> QueryResult<usize> {
    diesel::insert_into(openers::table)
        .values((
            openers::tender_id.eq(tender),
            openers::person_id.eq(person),
            openers::at.eq(at),
        ))
        .execute(db)
}

/// Tenders that take no more bids but for which drafts are left.
pub fn list_stale_drafts(
    db: &mut Db,
    live: &[crate::procurement::tenders::TenderState],
) -> QueryResult<Vec<(TenderId, BodyId, i64)>> {
    use crate::schema::tenders;
    bid_drafts::table
        .inner_join(tenders::table.on(tenders::id.eq(bid_drafts::tender_id)))
        .filter(tenders::state.ne_all(live.to_vec()))
        .order(bid_drafts::id)
        .limit(100)
        .select((
            bid_drafts::tender_id,
            bid_drafts::bidder_id,
            bid_drafts::version,
        ))
        .load(db)
}

/// Which of these receipts belong to no bid.
pub fn unknown_receipts(db: &mut Db, receipts: &[String]) -> QueryResult<Vec<String>> {
    let mut unknown = Vec::new();
    for block in receipts.chunks(500) {
        let known: Vec<String> = bids::table
            .filter(bids::receipt_no.eq_any(block.to_vec()))
            .select(bids::receipt_no)
            .load(db)?;
        unknown.extend(block.iter().filter(|no| !known.contains(no)).cloned());
    }
    Ok(unknown)
}

/// Bids of procurements that have not been decided: who reads them sits on the panel, or opened them.
pub fn list_undecided(db: &mut Db) -> QueryResult<Vec<i64>> {
    use crate::schema::tenders;
    bids::table
        .inner_join(tenders::table.on(tenders::id.eq(bids::tender_id)))
        .filter(tenders::state.ne_all(TenderState::DECIDED))
        .select(bids::id)
        .load(db)
}
