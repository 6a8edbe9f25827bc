//! The search page: one box, kinds as chips with capped counts, newest first.

use super::model::{DocumentKind, Hit};
use super::queries::{self, Asked};
use super::rules::{Piece, marked};
use crate::kernel::{instant, text};
use crate::web::{Answer, State, View};
use actix_web::web::{Data, Query};
use serde::Deserialize;
use serde_json::{Value, json};

pub const SIZE: i64 = 20;
/// Beyond this nobody turns pages; a better word helps.
pub const LAST_PAGE: i64 = 50;
pub const MAX_QUERY: usize = 100;

#[derive(Deserialize)]
pub struct Wanted {
    q: Option<String>,
    kind: Option<String>,
    page: Option<String>,
}

pub async fn list(view: View, state: Data<State>, wanted: Query<Wanted>) -> Answer {
    let q: String = text::clean(wanted.q.as_deref().unwrap_or_default())
        .chars()
        .take(MAX_QUERY)
        .collect();
    let kind: Option<DocumentKind> = wanted.kind.as_deref().and_then(|kind| kind.parse().ok());
    let page = wanted.page.as_deref().and_then(|page| page.parse().ok());
    let page: i64 = page.unwrap_or(1).clamp(1, LAST_PAGE);
    let asked = Asked::new(&q);
    let (hits, counts) = if asked.is_empty() {
        (Vec::new(), Vec::new())
    } else {
        let asked = asked.clone();
        state
            .store
            .read(move |db| {
                let hits = queries::list(db, &asked, kind, SIZE + 1, (page - 1) * SIZE)?;
                let mut counts = Vec::new();
                for kind in DocumentKind::ALL {
                    counts.push((*kind, queries::count(db, &asked, *kind)?));
                }
                Ok((hits, counts))
            })
            .await?
    };
    let more = hits.len() > usize::try_from(SIZE).unwrap_or(usize::MAX);
    let shown = hits.iter().take(usize::try_from(SIZE).unwrap_or_default());
    let rows: Vec<Value> = shown.map(|hit| row(&view, hit, &asked)).collect();
    let all: i64 = counts.iter().map(|(_, count)| count).sum();
    let is_capped = counts.iter().any(|(_, count)| *count >= queries::COUNTED);
    let found = kind.map_or(all, |kind| {
        counts
            .iter()
            .find(|(k, _)| *k == kind)
            .map_or(0, |(_, n)| *n)
    });
    let title = if q.is_empty() {
        view.say("search-title")
    } else {
        view.say_with("search-title-of", &[("q", &q)])
    };
    let pager = (page > 1 || more).then(|| {
        json!({
            "prev": (page > 1).then(|| address(&q, kind, page - 1)),
            "next": (more && page < LAST_PAGE).then(|| address(&q, kind, page + 1)),
            "count_text": view.say_with("search-page", &[("page", &page.to_string())]),
        })
    });
    view.render(
        "portal/search",
        "search",
        &title,
        &json!({
            "q": q,
            "kind": kind.map(|kind| kind.as_str()),
            "asked": !asked.is_empty(),
            "chips": chips(&view, &q, kind, &counts, all, is_capped),
            "found": capped(found),
            "rows": rows,
            "elsewhere": rows_elsewhere(&rows, kind, all).then(|| address(&q, None, 1)),
            "pager": pager,
        }),
    )
}

/// Nothing of this kind, but something of another.
fn rows_elsewhere(rows: &[Value], kind: Option<DocumentKind>, all: i64) -> bool {
    rows.is_empty() && kind.is_some() && all > 0
}

fn address(q: &str, kind: Option<DocumentKind>, page: i64) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("q", q);
    if let Some(kind) = kind {
        query.append_pair("kind", kind.as_str());
    }
    if page > 1 {
        query.append_pair("page", &page.to_string());
    }
    format!("/search?{}", query.finish())
}

fn capped(count: i64) -> String {
    if count >= queries::COUNTED {
        "1000+".into()
    } else {
        count.to_string()
    }
}

fn chips(
    view: &View,
    q: &str,
    chosen: Option<DocumentKind>,
    counts: &[(DocumentKind, i64)],
    all: i64,
    is_capped: bool,
) -> Vec<Value> {
    if all == 0 {
        return Vec::new();
    }
    let total = if is_capped {
        "1000+".into()
    } else {
        capped(all)
    };
    let mut chips = vec![json!({
        "label": view.say("search-kind-all"), "count": total,
        "href": address(q, None, 1), "current": chosen.is_none(),
    })];
    let kinds = counts
        .iter()
        .filter(|(kind, n)| *n > 0 || chosen == Some(*kind));
    chips.extend(kinds.map(|(kind, n)| {
        json!({
            "label": view.say(&format!("search-kind-{kind}")), "count": capped(*n),
            "href": address(q, Some(*kind), 1), "current": chosen == Some(*kind),
        })
    }));
    chips
}

fn row(view: &View, hit: &Hit, asked: &Asked) -> Value {
    let pieces = |pieces: Vec<Piece>| -> Vec<Value> {
        let pieces = pieces.into_iter();
        pieces
            .map(|piece| json!({ "text": piece.text, "is_hit": piece.is_hit }))
            .collect()
    };
    let is_dated = !matches!(hit.kind, DocumentKind::Community | DocumentKind::Catalogue);
    json!({
        "kind": view.say(&format!("search-one-{}", hit.kind)),
        "title": pieces(marked(&hit.title, asked.words(), 120)),
        "summary": pieces(marked(&hit.summary, asked.words(), 110)),
        "link": hit.link,
        "at": is_dated.then(|| instant::date(hit.at)),
    })
}
