//! Redaction: a published mistake is covered everywhere by a stub, by two administrators; the ledger says that it was
//! done and why, and keeps its chain (ADR 10).

mod actions;
mod api;
mod model;
mod pages;
mod queries;
mod rules;

pub use api::operations;
pub use pages::{Redact, routes};
pub use queries::count_waiting;
