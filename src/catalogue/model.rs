//! The catalogue as rows: versions by year, items in three levels.

use crate::kernel::catalogue_code::CatalogueCode;
use crate::kernel::ids::{id, text_enum};
use crate::kernel::people::{BodyId, PersonId};
use crate::regions::Region;
use crate::schema::{catalogue_items, catalogues};
use chrono::NaiveDateTime;
use diesel::prelude::*;

id!(CatalogueId);
id!(CatalogueItemId);

text_enum!(
    /// `staging` is an import that is still coming in: nobody is shown it.
    CatalogueState {
        Staging = "staging",
        Draft = "draft",
        Published = "published",
        Replaced = "replaced",
    }
);

#[derive(Queryable, Selectable, Clone, Debug)]
#[diesel(table_name = catalogues)]
pub struct Catalogue {
    pub id: CatalogueId,
    pub year: i64,
    pub title: String,
    pub issued_no: Option<String>,
    pub source: String,
    /// Whether every row was compared with what the finance department published.
    pub is_verified: bool,
    pub state: CatalogueState,
    pub imported_by: Option<PersonId>,
    /// Whose draft it is; the command line's are anybody's who keeps catalogues.
    pub body_id: Option<BodyId>,
    pub imported_at: NaiveDateTime,
    pub published_at: Option<NaiveDateTime>,
    pub version: i64,
}

/// `parent_code` is the code one level up in the same catalogue.
#[derive(Queryable, Selectable, Clone, Debug, PartialEq, Eq)]
#[diesel(table_name = catalogue_items)]
pub struct CatalogueItem {
    pub id: CatalogueItemId,
    pub catalogue_id: CatalogueId,
    pub code: String,
    pub name: String,
    pub level: i64,
    pub parent_code: Option<String>,
    pub description: String,
    /// What people call it, joined by `、`.
    pub aliases: String,
}

/// What a version is called and where it comes from.
#[derive(Clone, Debug)]
pub struct Heading {
    pub year: i64,
    pub title: String,
    pub issued_no: Option<String>,
    pub source: String,
}

#[derive(Insertable)]
#[diesel(table_name = catalogue_items)]
pub struct NewItem<'a> {
    pub catalogue_id: CatalogueId,
    pub code: &'a str,
    pub name: &'a str,
    pub level: i64,
    pub parent_code: Option<&'a str>,
    pub description: &'a str,
    pub aliases: &'a str,
}

/// What public lists are filtered by: a town, and an item of the newest catalogue.
pub struct Offered {
    pub towns: Vec<Region>,
    pub items: Vec<CatalogueItem>,
}

impl Offered {
    /// The code of an offered town; what nothing offers counts as not asked for.
    pub fn town(&self, typed: &str) -> Option<String> {
        let mut codes = self.towns.iter().map(|town| &town.code);
        codes.find(|code| *code == typed).cloned()
    }

    pub fn code(&self, typed: &str) -> Option<String> {
        let parsed = CatalogueCode::parse(typed).ok();
        let code = parsed.as_ref().map_or(typed, CatalogueCode::as_str);
        let mut codes = self.items.iter().map(|item| &item.code);
        codes.find(|offered| *offered == code).cloned()
    }

    /// Values and labels.
    pub fn towns(&self) -> impl Iterator<Item = (String, String)> {
        self.towns
            .iter()
            .map(|town| (town.code.clone(), town.name.clone()))
    }

    pub fn codes(&self) -> impl Iterator<Item = (String, String)> {
        self.items.iter().map(|item| {
            let depth = "\u{3000}".repeat(usize::try_from(item.level - 1).unwrap_or(0));
            let label = format!("{depth}{} {}", item.code, item.name);
            (item.code.clone(), label)
        })
    }
}
