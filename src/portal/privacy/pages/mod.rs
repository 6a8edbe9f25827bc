//! Pages of personal data.

pub(super) mod accesses;
pub(super) mod own;
