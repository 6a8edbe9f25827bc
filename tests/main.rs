//! One integration crate: journeys through the portal, the house's own rules, the pages in a browser.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    // A journey reads from top to bottom, with its people under their names.
    clippy::too_many_lines,
    clippy::similar_names,
    clippy::items_after_statements,
    clippy::duration_suboptimal_units,
    clippy::assigning_clones,
    clippy::nonminimal_bool,
    clippy::doc_markdown
)]

mod accounts;
mod api;
mod backup;
mod bids;
mod cache;
mod catalogue;
mod channels;
mod commands;
mod contracts;
mod demo;
mod doors;
mod evaluation;
mod exports;
mod faces;
mod files;
mod forms;
mod fuzz;
mod imports;
mod kill;
mod layers;
mod ledger;
mod licenses;
mod mail;
mod messages;
mod migrations;
mod operations;
mod organizations;
mod pictures;
mod portal;
mod privacy;
mod roles;
mod search;
mod secrecy;
mod secrets;
mod store;
mod story;
mod support;
mod tender_clock;
mod tenders;
mod terms;
mod two_factors;
mod upgrade;
