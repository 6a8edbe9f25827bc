//! Notices for programs.

use super::pages;
use crate::common::publications::{self, Publication};
use crate::export_names;
use crate::kernel::instant;
use crate::kernel::paging::Page;
use crate::web::api::field::text;
use crate::web::api::{Api, Field, PAGED, size, thing};
use crate::web::{Answer, State, View, export};
use actix_web::web::Data;
use schemars::JsonSchema;
use serde::Serialize;

/// The filters of the list, as on its page.
const FILTERS: [Field; 1] = [text("kind", 20)];

pub fn operations(api: &mut Api) {
    api.get("/notices", "notices", list)
        .takes(FILTERS)
        .takes(PAGED)
        .gives::<Page<NoticeDto>>();
    let names = export_names!("/notices", "notices");
    export::operations(api, &names, &FILTERS, pages::export);
}

#[derive(Serialize, JsonSchema)]
struct NoticeDto {
    id: i64,
    kind: String,
    title: String,
    /// A later revision stands in place of the earlier ones.
    revision: i64,
    /// The page of the notice.
    link: String,
    /// SHA-256 of the notice as it was published.
    hash: String,
    published_at: String,
}

impl From<Publication> for NoticeDto {
    fn from(notice: Publication) -> Self {
        Self {
            id: notice.id.0,
            kind: notice.kind,
            title: notice.title,
            revision: notice.revision,
            link: notice.link,
            hash: notice.hash,
            published_at: instant::rfc3339(notice.published_at),
        }
    }
}

async fn list(view: View, state: Data<State>) -> Answer {
    let (kind, after, size) = (pages::kind(&view), pages::after(&view.query()), size(&view));
    let rows = state
        .store
        .read(move |db| Ok(publications::list_public(db, kind, after, size.limit())?))
        .await?;
    thing(&Page::of(rows, size, pages::key).map(NoticeDto::from))
}
