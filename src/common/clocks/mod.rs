//! The statutory clock of anything: what is due when, under which article, and what was done.

mod model;
mod queries;

pub use model::{Clock, Period};
pub use queries::{finish, list_of, list_open_of_body, set};
