//! The outside world: databases, files, secrets, mail and the clock behind one small face each.

pub mod actor;
pub mod backup;
pub mod channels;
pub mod clock;
pub mod config;
pub mod db;
pub mod disk;
pub mod embedded;
pub mod failure;
pub mod files;
pub mod ledger;
pub mod mail;
pub mod metrics;
pub mod migrations;
pub mod mirror;
pub mod once;
pub mod outbox;
pub mod portal;
pub mod seal;
pub mod secrets;
pub mod signing;
pub mod store;
pub mod sweep;
pub mod tokens;
pub mod uptime;
pub mod words;
