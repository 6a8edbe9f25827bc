//! The purchase wing: projects, tenders, bids, evaluation, awards, contracts.

pub mod projects;
pub mod tenders;
