//! A notice on its own page, made from its canonical JSON alone: what is printed is what was published.

use super::{NAV, Place, by_code, row};
use crate::common::publications::PublicationId;
use crate::infra::actor::Actor;
use crate::infra::failure::Failure;
use crate::kernel::instant;
use crate::kernel::money::Fen;
use crate::procurement::projects::ProjectId;
use crate::procurement::tenders::actions;
use crate::regions::{self, Region};
use crate::web::{Answer, State, View};
use actix_web::web::{Data, Path};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The parts of a notice in the order of reading; what is not named here stands in the data below.
const FIELDS: [&str; 24] = [
    "number",
    "title",
    "round",
    "buyer",
    "phone",
    "catalogue_code",
    "method",
    "budget_fen",
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
    "bids",
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
            let value = worded(&view, name, content.get(*name)?, &places)?;
            let key = format!("projects-notice-{}", name.replace('_', "-"));
            Some(row(&view, &key, value))
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
    });
    let title = format!("{kind} · {}", notice.title);
    view.render("procurement/tenders/notice", NAV, &title, &page)
}

/// A value as people read it; nothing for what is empty.
fn worded(
    view: &View,
    name: &str,
    value: &Value,
    places: &BTreeMap<String, Region>,
) -> Option<String> {
    let text = match value {
        Value::Null => return None,
        Value::String(text) => text.clone(),
        Value::Array(codes) => {
            let names: Vec<&str> = codes
                .iter()
                .filter_map(Value::as_str)
                .map(|code| places.get(code).map_or(code, Region::short_name))
                .collect();
            names.join(&view.say("projects-and"))
        }
        other => other.to_string(),
    };
    Some(match name {
        "budget_fen" => {
            let amount = Fen(value.as_i64()?).to_string();
            view.say_with("projects-notice-yuan", &[("amount", &amount)])
        }
        "questions_until" | "closes_at" => {
            instant::parse_rfc3339(&text).map_or(text, instant::deadline)
        }
        "method" => view.say(&format!("tenders-method-{}", text.replace('_', "-"))),
        "provisional_year" => view.say_with("projects-notice-provisional-text", &[("year", &text)]),
        "ground" => view.say(&format!("tenders-ground-{}", text.replace('_', "-"))),
        _ => text,
    })
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
