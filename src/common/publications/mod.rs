//! Every public notice as append-only canonical JSON with revision and hash. Feed, search, archive and open data read
//! this, and only this.

mod actions;
mod model;
mod queries;

pub use actions::publish;
pub use model::{Notice, Publication, PublicationId};
pub use queries::{find, list_newest, list_of_subject, list_public};
