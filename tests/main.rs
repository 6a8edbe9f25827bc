//! One integration crate: journeys through the portal, the house's own rules, the pages in a browser.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc
)]

mod accounts;
mod bids;
mod catalogue;
mod contracts;
mod demo;
mod evaluation;
mod files;
mod layers;
mod ledger;
mod licenses;
mod mail;
mod messages;
mod migrations;
mod organizations;
mod portal;
mod search;
mod store;
mod support;
