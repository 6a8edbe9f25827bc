//! One neutral format for both databases: a tar with one NDJSON per table from one snapshot, then the files, then a
//! manifest of hashes and its signature.
//!
//! The tables are read from the database itself, so that a new one cannot be forgotten. Keys are apart, encrypted with
//! a passphrase.

mod copy;
mod keys;
mod manifest;
mod read;
mod tables;
mod write;

pub use copy::{Copied, copy};
pub use keys::{keys_path, open_keys, seal_keys};
pub use manifest::{FORMAT, FilePart, Manifest, TablePart};
pub use read::{restore, verify};
pub use tables::{DERIVED, list as list_tables};
pub use write::{Source, write};

/// How far a long run has come: so many of so many units (rows, then bytes of files).
pub type Progress<'a> = &'a mut dyn FnMut(&str, u64, u64);
