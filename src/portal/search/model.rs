//! What the one search box finds.

use crate::schema::search_documents;
use chrono::NaiveDateTime;
use diesel::prelude::*;

crate::text_enum!(
    /// The order is the one of the chips.
    DocumentKind {
        Community = "community",
        Organization = "organization",
        Project = "project",
        Contract = "contract",
        Catalogue = "catalogue",
    }
);

impl DocumentKind {
    /// The word in the index that stands for the kind, so that a choice of kind narrows inside the index.
    pub fn term(self) -> String {
        format!("kind0{}", self.as_str())
    }
}

/// A public thing as the index takes it; `more` is searched and not shown.
#[derive(Clone, Debug)]
pub struct Document {
    pub kind: DocumentKind,
    pub subject_id: i64,
    pub title: String,
    pub summary: String,
    pub more: String,
    /// What else people call it: searched like `more`, and by its sound.
    pub aliases: String,
    pub link: String,
    pub at: NaiveDateTime,
}

#[derive(QueryableByName, Clone, Debug)]
#[diesel(table_name = search_documents)]
pub struct Hit {
    pub kind: DocumentKind,
    pub title: String,
    pub summary: String,
    pub link: String,
    pub at: NaiveDateTime,
}
