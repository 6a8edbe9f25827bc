//! Regions as rows; `sort_key` orders names within a parent.

use crate::kernel::ids::text_enum;
use crate::schema::regions;
use diesel::prelude::*;

text_enum!(RegionKind {
    County = "county",
    Town = "town",
    Community = "community",
    Village = "village",
});

#[derive(Queryable, Selectable, Clone, Debug, serde::Serialize)]
#[diesel(table_name = regions)]
pub struct Region {
    pub code: String,
    pub kind: RegionKind,
    pub name: String,
    pub parent_code: Option<String>,
    pub phone: Option<String>,
}
