//! The purchase wing: projects, tenders, bids, evaluation, awards, contracts.

pub mod awards;
pub mod bids;
pub mod contracts;
pub mod evaluation;
pub mod projects;
pub mod tenders;
