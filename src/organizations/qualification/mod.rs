//! The directory of qualified organizations (承接资质目录): a public register of proven social organizations.
//!
//! It is never a condition for a bid in a statutory tender (条例 §20): it is proof that can be used again, and a filter.

mod actions;
mod api;
mod model;
mod pages;
mod queries;
mod rules;

pub use actions::{accept, apply, attach, detach, resume, send_back, submit, suspend, withdraw};
pub use api::operations;
pub use model::{
    Application, Declaration, KeepDirectory, Qualification, QualificationId, QualificationState,
};
pub use queries::{
    Filter, Listed, count_listed, count_submitted, find, find_by_provider, is_listed, list_listed,
};
pub use rules::{Step, next_state};

pub use pages::routes;
