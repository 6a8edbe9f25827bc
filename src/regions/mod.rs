//! County, towns, communities and villages.

mod model;
mod queries;

pub use model::{Region, RegionKind};
pub use queries::{find, find_many, import_reference, list_children, list_communities, list_towns};
