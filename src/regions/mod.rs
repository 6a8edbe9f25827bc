//! County, towns, communities and villages.

/// The county whose places and rules are shipped.
pub const COUNTY: &str = "320585";

mod model;
mod queries;

pub use model::{Region, RegionKind};
pub use queries::{find, find_many, import_reference, list_communities, list_towns};
