//! What is wrong with the portal itself: raised once, told to every administrator once, ended when it is well again.

mod actions;
mod model;
mod queries;

pub use actions::{end, raise};
pub use model::{Alarm, AlarmKind};
pub use queries::list_standing;
