//! Numbers of the law by region and validity. A tender freezes the set it was published under.

mod model;
mod queries;

pub use model::{FoundMethod, Method, MethodRules, Period, RuleSetId, Unit};
pub use queries::{find_method, import_reference, load_calendar, load_method};
