//! Notices, the newest first, read from the publications and nothing else.

use crate::common::publications::{self, Publication, PublicationId};
use crate::kernel::instant;
use crate::kernel::paging::{Page, PageSize, decode_cursor};
use crate::web::export::{self, BLOCK, Cell, Column, Entry, Export, is_last};
use crate::web::{Answer, Form, State, View};
use actix_web::web::Data;
use chrono::NaiveDateTime;
use serde_json::{Value, json};

/// The kinds of notices, worded by `publication-<kind>`.
pub const KINDS: &[&str] = &[
    "tender",
    "answer",
    "extension",
    "hold",
    "opening",
    "failure",
    "cancellation",
    "award",
    "award-cancelled",
    "contract",
    "catalogue",
];

/// The filters, as they stand in the address.
const FIELDS: [&str; 1] = ["kind"];

/// One of the kinds, if the address names one.
pub fn kind(view: &View) -> Option<&'static str> {
    let typed = view.query();
    KINDS
        .iter()
        .copied()
        .find(|kind| *kind == typed.raw("kind"))
}

pub fn after(form: &Form) -> Option<(NaiveDateTime, PublicationId)> {
    let [at, id] = decode_cursor(form.raw("after")).ok()?;
    Some((instant::parse_rfc3339(&at).ok()?, id.parse().ok()?))
}

/// What the list is ordered by.
pub fn key(notice: &Publication) -> Vec<String> {
    vec![instant::rfc3339(notice.published_at), notice.id.to_string()]
}

pub async fn list(view: View, state: Data<State>) -> Answer {
    let (kind, after) = (kind(&view), after(&view.query()));
    let size = PageSize::default();
    let found = state
        .store
        .read(move |db| Ok(publications::list_public(db, kind, after, size.limit())?))
        .await?;
    let page = Page::of(found, size, key);
    let form = Form::default().with("kind", kind.unwrap_or_default());
    let first = form.address("/notices", &FIELDS, None);
    let rows: Vec<Value> = page
        .rows
        .iter()
        .map(|notice| {
            json!({
                "kind": view.say(&format!("publication-{}", notice.kind)),
                "title": notice.title,
                "link": notice.link,
                "at": instant::minute(notice.published_at),
            })
        })
        .collect();
    let count = view.say_with("notices-count", &[("count", &rows.len().to_string())]);
    let next = page.next.as_deref();
    let title = view.say("notices-title");
    view.render_form(
        "portal/notices",
        "projects",
        &title,
        &form,
        &json!({
            "rows": rows,
            "filtered": kind.is_some(),
            "kinds": view.choices("notices-any", KINDS.iter().map(|kind| {
                ((*kind).to_owned(), view.say(&format!("publication-{kind}")))
            })),
            "exports": export::links(&first),
            "pager": {
                "prev": after.map(|_| first.clone()),
                "next": next.map(|next| form.address("/notices", &FIELDS, Some(next))),
                "count_text": count,
            },
        }),
    )
}

/// What the files of the list show.
const COLUMNS: [Column; 6] = [
    ("notices-kind", 16),
    ("notices-name", 48),
    ("notices-published", 18),
    ("notices-revision", 8),
    ("notices-link", 48),
    ("notices-hash", 68),
];

pub async fn export(view: View, state: Data<State>) -> Answer {
    let _turn = view.export_turn().await?;
    let kind = kind(&view);
    let mut export = Export::new(&view, "notices", view.say("feed-title"), &COLUMNS)?;
    let mut after = None;
    loop {
        let rows = state
            .store
            .read(move |db| Ok(publications::list_public(db, kind, after, BLOCK)?))
            .await?;
        for notice in &rows {
            let kind = view.say(&format!("publication-{}", notice.kind));
            let entry = Entry {
                id: format!("publication/{}", notice.id),
                title: format!("{kind} · {}", notice.title),
                link: notice.link.clone(),
                updated: notice.published_at,
            };
            let cells: [Cell; 6] = [
                kind.into(),
                notice.title.clone().into(),
                notice.published_at.into(),
                Cell::Number(notice.revision),
                state.config.link(&notice.link).into(),
                notice.hash.clone().into(),
            ];
            export.row(cells, entry)?;
        }
        after = rows.last().map(|last| (last.published_at, last.id));
        if is_last(rows.len()) || export.has_enough() {
            return export.answer().await;
        }
    }
}
