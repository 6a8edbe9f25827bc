//! Search for programs.

use super::model::DocumentKind;
use super::pages::{LAST_PAGE, MAX_QUERY, SIZE};
use super::queries::{self, Asked};
use crate::kernel::paging::Page;
use crate::kernel::{instant, text};
use crate::web::api::field::{field, text as words};
use crate::web::api::{Api, Kind, thing};
use crate::web::{Answer, State, View};
use actix_web::web::Data;
use schemars::JsonSchema;
use serde::Serialize;

pub fn operations(api: &mut Api) {
    api.get("/search", "search", list)
        .takes([
            words("q", MAX_QUERY).needed(),
            words("kind", 20),
            field("page", Kind::Integer),
        ])
        .gives::<Page<HitDto>>();
}

#[derive(Serialize, JsonSchema)]
struct HitDto {
    kind: String,
    title: String,
    summary: String,
    /// The page of the thing; what can be read by program lies under the same path below `/api/v1`.
    link: String,
    at: String,
}

/// Newest first; `next` is the number of the next page.
async fn list(view: View, state: Data<State>) -> Answer {
    let query = view.query();
    let q: String = text::clean(query.raw("q"))
        .chars()
        .take(MAX_QUERY)
        .collect();
    let kind: Option<DocumentKind> = query.raw("kind").parse().ok();
    let number: i64 = query.raw("page").parse().unwrap_or(1).clamp(1, LAST_PAGE);
    let asked = Asked::new(&q);
    let mut hits = if asked.is_empty() {
        Vec::new()
    } else {
        state
            .store
            .read(move |db| {
                Ok(queries::list(
                    db,
                    &asked,
                    kind,
                    SIZE + 1,
                    (number - 1) * SIZE,
                )?)
            })
            .await?
    };
    let size = usize::try_from(SIZE).unwrap_or_default();
    let more = hits.len() > size && number < LAST_PAGE;
    hits.truncate(size);
    thing(&Page {
        rows: hits
            .into_iter()
            .map(|hit| HitDto {
                kind: hit.kind.to_string(),
                title: hit.title,
                summary: hit.summary,
                link: hit.link,
                at: instant::rfc3339(hit.at),
            })
            .collect(),
        next: more.then(|| (number + 1).to_string()),
    })
}
