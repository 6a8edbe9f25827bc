//! The purchase wing: projects, tenders, bids, evaluation, awards, contracts.

pub mod bids;
pub mod projects;
pub mod tenders;
