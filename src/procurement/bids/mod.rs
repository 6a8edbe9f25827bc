//! Bids: written as sealed drafts, submitted sealed to the tender's key, and brought to light by the opening.
//!
//! Before the opening nobody but the bidder learns that a bid exists, and after submitting nobody at all reads it here.
//! Whatever is shown to others goes through [`list_opened`], which has no rows until the opening.

mod actions;
mod api;
mod jobs;
mod model;
mod pages;
mod queries;
mod rules;

pub use actions::{
    Arrived, CheckedReceipt, add_files, check_receipt, confirm as confirm_opening, decrypt,
    find_own_draft, opening_path, prepare, record as record_opening, save as save_draft, seal_card,
    seal_draft, submit,
};
pub use api::operations;
pub use jobs::run_due;
pub use model::{
    Bid, BidContent, BidId, BidState, Card, Draft, Invalid, Line, Receipt, name_in_receipt,
};
pub use pages::routes;
pub use queries::{count_current, list_current, list_opened, list_undecided, unknown_receipts};

use crate::kernel::roles::{BodyKind, Role};
use crate::web::Permission;

/// What ledger lines, clocks and notices of this room are about: the tender. A bid's own number would count bids.
const SUBJECT: &str = "tender";

/// Writes drafts and uploads files; without submitting, nothing binds the provider.
pub struct PrepareBids;

impl Permission for PrepareBids {
    fn granted_to(role: Role, kind: BodyKind) -> bool {
        kind == BodyKind::Provider && matches!(role, Role::Preparer | Role::Submitter)
    }
}

/// Submits, replaces and withdraws bids: this binds the provider. Any lawful provider may (实施条例 §20): neither kind,
/// proof, seat nor a directory is asked for.
pub struct SubmitBids;

impl Permission for SubmitBids {
    fn granted_to(role: Role, kind: BodyKind) -> bool {
        kind == BodyKind::Provider && role == Role::Submitter
    }
}

/// Opens bids together with a colleague.
pub struct OpenBids;

impl Permission for OpenBids {
    const STEP_UP: bool = true;

    fn granted_to(role: Role, kind: BodyKind) -> bool {
        role == Role::Officer && crate::kernel::roles::may(role, kind)
    }
}
