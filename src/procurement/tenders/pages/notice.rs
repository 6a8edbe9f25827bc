//! A notice on its own page, made from its canonical JSON alone: what is printed is what was published.

use super::{NAV, Place, by_code, row};
use crate::common::publications::{Publication, PublicationId};
use crate::infra::actor::Actor;
use crate::infra::failure::Failure;
use crate::kernel::instant;
use crate::kernel::money::Fen;
use crate::procurement::projects::ProjectId;
use crate::procurement::tenders::actions;
use crate::procurement::tenders::model::{Tender, TenderState};
use crate::regions::{self, Region};
use crate::web::{Answer, State, View};
use actix_web::web::{Data, Path};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The parts of a notice in the order of reading; what is not named here stands in the data below.
const FIELDS: [&str; 34] = [
    "number",
    "project",
    "title",
    "round",
    "buyer",
    "phone",
    "catalogue_code",
    "method",
    "budget_fen",
    "winner",
    "winner_address",
    "price_fen",
    "total",
    "items",
    "panel",
    "notice_days",
    "opened_at",
    "openers",
    "bids",
    "term_from",
    "term_to",
    "communities",
    "requirement",
    "questions_until",
    "closes_at",
    "provisional_year",
    "min_bids",
    "question",
    "answer",
    "ground",
    "reason",
    "minutes",
    "article",
    "recipient",
];

pub async fn show(
    view: View,
    state: Data<State>,
    path: Path<(ProjectId, PublicationId)>,
) -> Answer {
    let (id, notice) = path.into_inner();
    let body = view.actor().and_then(Actor::body_id);
    let (place, notice, places) = state
        .store
        .read(move |db| {
            let place = Place::visible(db, id, body)?;
            let notice = actions::notices_of(db, id)?
                .into_iter()
                .find(|found| found.id == notice)
                .ok_or(Failure::NotFound)?;
            Ok((place, notice, by_code(regions::list_communities(db)?)))
        })
        .await?;
    let content: Map<String, Value> =
        serde_json::from_str(&notice.content).map_err(Failure::from)?;
    let kind = view.say(&format!("publication-{}", notice.kind.replace('_', "-")));
    let rows: Vec<Value> = FIELDS
        .iter()
        .filter_map(|name| {
            let value = content.get(*name)?;
            let text = worded(&view, &notice.kind, name, value, &places)?;
            let name = match *name {
                // A number when a tender failed for want of them, a list once they are open.
                "bids" if value.is_array() => "prices",
                "project" => "number",
                name => name,
            };
            let key = format!("projects-notice-{}", name.replace('_', "-"));
            Some(row(&view, &key, text))
        })
        .collect();
    let page = json!({
        "crumbs": super::show::crumbs(&view, &place.project, Some(&kind)),
        "kind": kind,
        "heading": notice.title,
        "published": instant::second(notice.published_at),
        "revision": (notice.revision > 1).then(|| notice.revision.to_string()),
        "rows": rows,
        "criteria": criteria(&content),
        "hash": notice.hash,
        "content": notice.content,
        "back": place.path(""),
        "more": more(&view, &notice, place.published.as_ref()),
    });
    let title = format!("{kind} · {}", notice.title);
    view.render("procurement/tenders/notice", NAV, &title, &page)
}

/// Where what the notice tells is shown whole, as long as it stands.
fn more(view: &View, notice: &Publication, tender: Option<&Tender>) -> Option<Value> {
    let tender = tender.filter(|tender| tender.id.0 == notice.subject_id)?;
    let is_awarded = matches!(tender.state, TenderState::Awarded | TenderState::Contracted);
    let label = match notice.kind.as_str() {
        "award" if is_awarded => "projects-see-result",
        "opening" => "projects-see-opening",
        _ => return None,
    };
    Some(json!({ "href": notice.link, "label": view.say(label) }))
}

/// A value as people read it; nothing for what is empty.
fn worded(
    view: &View,
    kind: &str,
    name: &str,
    value: &Value,
    places: &BTreeMap<String, Region>,
) -> Option<String> {
    let yuan =
        |fen: i64| view.say_with("projects-notice-yuan", &[("amount", &Fen(fen).to_string())]);
    let text = match value {
        Value::Null => return None,
        Value::String(text) => text.clone(),
        Value::Array(rows) if name == "communities" => {
            let names: Vec<&str> = rows
                .iter()
                .filter_map(Value::as_str)
                .map(|code| places.get(code).map_or(code, Region::short_name))
                .collect();
            names.join(&view.say("projects-and"))
        }
        Value::Array(rows) => {
            let lines: Vec<String> = rows.iter().map(|row| line(view, row, yuan)).collect();
            if rows.iter().all(Value::is_string) {
                lines.join(&view.say("projects-and"))
            } else {
                lines.join("\n")
            }
        }
        other => other.to_string(),
    };
    if text.is_empty() {
        return None;
    }
    Some(match name {
        "budget_fen" | "price_fen" => yuan(value.as_i64()?),
        "questions_until" | "closes_at" => {
            instant::parse_rfc3339(&text).map_or(text, instant::deadline)
        }
        "opened_at" => instant::parse_rfc3339(&text).map_or(text, instant::second),
        "method" => view.say(&format!("tenders-method-{}", text.replace('_', "-"))),
        "provisional_year" => view.say_with("projects-notice-provisional-text", &[("year", &text)]),
        "notice_days" => view.say_with("projects-notice-working-days", &[("days", &text)]),
        "total" => view.say_with("projects-notice-points", &[("points", &text)]),
        "ground" => {
            let room = if kind.starts_with("award") {
                "awards"
            } else {
                "tenders"
            };
            view.say(&format!("{room}-ground-{}", text.replace('_', "-")))
        }
        _ => text,
    })
}

/// One line of a list: a name, an item with its amount, who confirmed when, a bidder with its price.
fn line(view: &View, row: &Value, yuan: impl Fn(i64) -> String) -> String {
    let text = |name: &str| row.get(name).and_then(Value::as_str);
    let name = row
        .as_str()
        .or(text("name"))
        .or(text("label"))
        .or(text("bidder"));
    let amount = ["amount_fen", "price_fen"]
        .iter()
        .find_map(|field| row.get(field)?.as_i64());
    let unproven = row.get("is_proven").and_then(Value::as_bool) == Some(false);
    let notes = [
        amount.map(yuan),
        text("confirmed_at")
            .map(|at| instant::parse_rfc3339(at).map_or(at.to_owned(), instant::second)),
        text("invalid").map(|why| view.say(&format!("bids-invalid-{why}"))),
        unproven.then(|| view.say("bids-unproven")),
    ];
    let parts = [name.map(str::to_owned)].into_iter().chain(notes);
    parts.flatten().collect::<Vec<_>>().join("  ")
}

fn criteria(content: &Map<String, Value>) -> Vec<Value> {
    let rows = content.get("criteria").and_then(Value::as_array);
    let text = |row: &Value, name: &str| {
        row.get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    rows.into_iter()
        .flatten()
        .map(|row| {
            let weight = row
                .get("weight")
                .and_then(Value::as_i64)
                .unwrap_or_default();
            let kind = if text(row, "kind") == "price" {
                "cinnabar"
            } else {
                "jade"
            };
            json!({
                "name": text(row, "name"),
                "measure": text(row, "measure"),
                "weight": weight.to_string(),
                "bar": { "kind": kind, "width": weight.to_string() },
            })
        })
        .collect()
}
