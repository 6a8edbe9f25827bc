//! Notices as rows.

use crate::kernel::ids::id;
use crate::schema::publications;
use chrono::NaiveDateTime;
use diesel::prelude::*;

id!(PublicationId);

/// `kind` is one of `catalogue`, `tender`, `answer`, `failure`, `hold`, `opening`, `award`, `contract`, …, worded by
/// the message `publication-<kind>`. `content` is canonical JSON (keys sorted); `hash` its SHA-256.
#[derive(Queryable, Selectable, Clone, Debug)]
#[diesel(table_name = publications)]
pub struct Publication {
    pub id: PublicationId,
    pub kind: String,
    pub subject_kind: String,
    pub subject_id: i64,
    pub revision: i64,
    pub region_code: Option<String>,
    pub title: String,
    pub content: String,
    pub hash: String,
    pub link: String,
    pub published_at: NaiveDateTime,
}

/// A notice to be published; `link` is the path of its page.
pub struct Notice<'a, C> {
    pub kind: &'a str,
    pub subject: (&'a str, i64),
    pub region: Option<&'a str>,
    pub title: &'a str,
    pub link: &'a str,
    pub content: &'a C,
}
