//! Awards: the first in rank, told to everybody at the same moment.

mod actions;
mod api;
mod model;
mod pages;
mod queries;
mod rules;

pub use actions::{Decision, award, cancel};
pub use api::operations;
pub use model::{Award, AwardId, AwardState, AwardTenders, Ground, ReadOwnResult};
pub use pages::{routes, show_refused};
pub use queries::{active_of, find};
pub use rules::AwardRule;
