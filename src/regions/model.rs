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

impl Region {
    /// As people say it: “中区社区” and “东林村”, without the committee.
    pub fn short_name(&self) -> &str {
        let name = self.name.as_str();
        match self.kind {
            RegionKind::Community => name
                .strip_suffix("居民委员会")
                .or_else(|| name.strip_suffix("居委会")),
            // The 村 stays: it belongs to both words.
            RegionKind::Village => name
                .strip_suffix("民委员会")
                .or_else(|| name.strip_suffix("委会")),
            RegionKind::County | RegionKind::Town => None,
        }
        .filter(|short| !short.is_empty())
        .unwrap_or(name)
    }
}
