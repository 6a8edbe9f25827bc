//! Bids, their drafts and files as rows, and what stands inside the sealed parts.

use crate::kernel::ids::{id, text_enum};
use crate::kernel::money::Fen;
use crate::kernel::people::{BodyId, PersonId};
use crate::procurement::tenders::TenderId;
use crate::schema::{bid_drafts, bid_files, bids, openers};
use chrono::NaiveDateTime;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

id!(BidId);
id!(BidFileId);

text_enum!(
    /// A bid counts once: what was replaced or withdrawn stays as a sealed row, and is never opened.
    BidState {
        Submitted = "submitted",
        Replaced = "replaced",
        Withdrawn = "withdrawn",
    }
);

text_enum!(
    /// Why an opened bid does not stand. It is recorded and published with the bid, and stops no other.
    Invalid {
        /// The ciphertext is damaged, or is not sealed to this tender's key.
        Unreadable = "unreadable",
        /// It opened, but is not a bid of ours: other tender, other bidder, broken numbers.
        Malformed = "malformed",
    }
);

/// A bid without its ciphertext.
#[derive(Queryable, Selectable, Clone, Debug)]
#[diesel(table_name = bids)]
pub struct Bid {
    pub id: BidId,
    pub tender_id: TenderId,
    pub bidder_id: BodyId,
    pub state: BidState,
    pub receipt_no: String,
    pub submitted_by: PersonId,
    pub submitted_at: NaiveDateTime,
    pub ended_at: Option<NaiveDateTime>,
    pub cipher_sha256: String,
    pub receipt: String,
    pub invalid_reason: Option<Invalid>,
}

#[derive(Insertable)]
#[diesel(table_name = bids)]
pub struct NewBid<'a> {
    /// Random: who sees opened bids must not be able to count those of other tenders.
    pub id: BidId,
    pub tender_id: TenderId,
    pub bidder_id: BodyId,
    pub state: BidState,
    pub receipt_no: &'a str,
    pub submitted_by: PersonId,
    pub submitted_at: NaiveDateTime,
    pub sealed: &'a [u8],
    pub cipher_sha256: &'a str,
    pub receipt: &'a str,
}

#[derive(Queryable, Selectable, Clone)]
#[diesel(table_name = bid_drafts)]
pub struct DraftRow {
    pub sealed: Vec<u8>,
    pub updated_at: NaiveDateTime,
    pub version: i64,
}

/// A file of a draft (`bid_id` is null) or of a bid. `size` is the plaintext's.
#[derive(Queryable, Selectable, Clone, Debug)]
#[diesel(table_name = bid_files)]
pub struct FileRow {
    pub id: BidFileId,
    pub sealed_name: Vec<u8>,
    pub size: i64,
    pub cipher_sha256: String,
    pub storage_key: String,
    pub uploaded_at: NaiveDateTime,
}

#[derive(Insertable, Clone, Debug)]
#[diesel(table_name = bid_files)]
pub struct NewFile {
    /// Random, as a bid's.
    pub id: BidFileId,
    pub tender_id: TenderId,
    pub bidder_id: BodyId,
    pub sealed_name: Vec<u8>,
    pub size: i64,
    pub cipher_sha256: String,
    pub storage_key: String,
    pub uploaded_at: NaiveDateTime,
}

#[derive(Queryable, Selectable, Clone, Debug)]
#[diesel(table_name = openers)]
pub struct Opener {
    pub person_id: PersonId,
    pub at: NaiveDateTime,
}

/// What the opening brought to light of one valid bid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BidContent {
    pub price: Fen,
    pub lines: Vec<Line>,
    pub proposal: String,
}

/// One line of the price's breakdown.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Line {
    pub label: String,
    pub amount: Fen,
}

/// What a bidder has written so far. It may be incomplete; submitting asks for the whole.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    pub price: Option<Fen>,
    pub lines: Vec<Line>,
    pub proposal: String,
}

/// What is known of a file by its bidder alone; sealed under the server's key beside the file's row.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Card {
    pub name: String,
    pub media_type: String,
    pub size: i64,
    /// Of the plaintext: for the bidder's own copy and for the sealed bid, nowhere else.
    pub sha256: String,
}

/// A file as the sealed bid names it: the card, and the ciphertext that it belongs to.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct SealedFile {
    pub name: String,
    pub media_type: String,
    pub size: i64,
    pub sha256: String,
    pub cipher_sha256: String,
}

/// The whole bid as it is sealed to the tender's key. It names its tender, bidder and receipt, so that a ciphertext
/// moved to another row does not open as that row's bid.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct SealedBid {
    pub kind: String,
    pub tender_id: TenderId,
    pub bidder_id: BodyId,
    pub receipt_no: String,
    pub price_fen: Fen,
    pub breakdown: Vec<Line>,
    pub proposal: String,
    pub files: Vec<SealedFile>,
}

impl SealedBid {
    pub const KIND: &str = "sanshe-bid-1";
}

/// The file that a bidder downloads before submitting, and may bring back to start a replacement.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct OwnCopy {
    pub kind: String,
    pub project: String,
    pub title: String,
    pub bidder: String,
    pub made_at: String,
    pub price_fen: Option<Fen>,
    pub price: String,
    pub breakdown: Vec<Line>,
    pub proposal: String,
    pub files: Vec<Card>,
}

impl OwnCopy {
    pub const KIND: &str = "sanshe-own-copy-1";
}

/// What the portal signs: the bid's arrival, and nothing of its content.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    pub kind: String,
    /// The portal that signed, by the random name of its database.
    pub instance: String,
    pub receipt_no: String,
    pub project: String,
    pub round: i64,
    pub title: String,
    pub bidder: String,
    /// The server's time inside the write that decided.
    pub received_at: String,
    pub cipher_sha256: String,
    pub file_cipher_sha256: Vec<String>,
    /// The ledger's last chain hash at that instant. Its number would tell how much happened meanwhile, so it is not here.
    pub ledger_chain_hash: String,
    pub public_key: String,
}

impl Receipt {
    pub const KIND: &str = "sanshe-receipt-1";
}

/// The receipt as a file: readable, signed, and of one spelling only.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct SignedReceipt {
    pub receipt: Receipt,
    pub signature: String,
}

/// The bidder's name as it stood when the bid came, out of its receipt: a body may rename itself later.
pub fn name_in_receipt(receipt: &str) -> Option<String> {
    let signed: SignedReceipt = serde_json::from_str(receipt).ok()?;
    Some(signed.receipt.bidder).filter(|name| !name.is_empty())
}

impl Bid {
    /// A bidder's bid that counts now.
    pub fn is_current(&self) -> bool {
        self.state == BidState::Submitted
    }
}

pub(super) type ContentColumns = (Fen, String, String);

impl BidContent {
    pub(super) fn from_columns((price, breakdown, proposal): ContentColumns) -> Self {
        Self {
            price,
            // Written by the opening from checked lines.
            lines: serde_json::from_str(&breakdown).unwrap_or_default(),
            proposal,
        }
    }
}
