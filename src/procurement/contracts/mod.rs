//! Contracts: drawn up from the award, signed by both sides, published; running ones from before are imported.

mod actions;
mod api;
mod import;
mod model;
mod pages;
mod queries;
mod rules;

pub use actions::{
    Signing, Terms, cancel_award, check_import, draw_up, edit, import as import_contracts, offer,
    sign, take_back,
};
pub use api::operations;
pub use import::{Row, read as read_import};
pub use model::{
    Contract, ContractId, ContractState, Course, Scan, SecretField, Secrets, Side, SignContracts,
    SignMethod,
};
pub use pages::{routes, unsigned_text};
pub use queries::{
    communities_of, communities_of_many, find, find_public, signatures_of, signing_limit,
    unsigned_sides,
};
pub use rules::ContractRule;

/// What the ledger, the outbox and the notices call a contract.
pub const SUBJECT: &str = "contract";
