//! Providers (承接主体): any lawful body that may take on services, its credit code, and whether the code is proven.
//!
//! Rival claims to one code coexist and block nobody; a check by an officer proves one of them.

mod actions;
mod api;
mod import;
mod model;
mod pages;
mod queries;
mod rules;

pub use actions::{ask_for_check, attach_certificate, edit, prove, refuse, register, revoke};
pub use api::operations;
pub use import::read as read_import;
pub use model::{
    CheckProviders, KeepOwnProvider, NewFile, NewProvider, Provider, ProviderId, ProviderKind,
    ProviderState, SeeOwnProvider, StoredFile,
};
pub use queries::{
    area_names, areas_of, count_waiting, find, find_by_body, find_file, find_own, insert_file,
    list_files, list_of_person, list_rivals, proven_of, remove_file, scope_names, scopes_of,
};
pub use rules::{Step, next_state, sort_key, widest};

pub use pages::{Names, names, read_upload, routes, send};
