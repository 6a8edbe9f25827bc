//! How long personal data is kept: a table of classes (data), and the worker that erases what is past its time.

mod actions;
mod jobs;
mod model;
mod queries;
mod rules;

pub use actions::classes;
pub use jobs::erase_due;
pub use model::{Class, Span, Unit};
