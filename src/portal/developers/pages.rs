//! Every operation in words, from the same list as the routes.

use crate::web::api::{Kind, Operation, openapi, operations};
use crate::web::{Answer, State, View};
use actix_web::HttpResponse;
use actix_web::web::Data;
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub async fn show(view: View) -> Answer {
    let mut groups: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for operation in operations() {
        let group = operation.path.split('/').nth(1).unwrap_or_default();
        groups.entry(group).or_default().push(row(&view, operation));
    }
    let groups: Vec<Value> = groups
        .into_iter()
        .map(|(name, rows)| json!({ "name": name, "rows": rows }))
        .collect();
    let title = view.say("api-title");
    let config = &view.state.config;
    let body = json!({
        "groups": groups,
        "base": format!("{}{}/api/v1", config.origin, config.prefix),
        "demo": config.mode.is_demo(),
    });
    view.render("portal/developers", "", &title, &body)
}

fn row(view: &View, operation: &Operation) -> Value {
    let fields: Vec<Value> = operation
        .fields
        .iter()
        .map(|field| {
            json!({
                "name": if field.is_family { format!("{}1, …", field.name) } else { field.name.to_owned() },
                "kind": kind(view, field.kind),
                "needed": field.is_needed, "many": field.is_many,
            })
        })
        .collect();
    json!({
        "id": operation.id, "method": operation.method, "path": operation.path,
        "what": operation.summary(&view.state.words, view.language()),
        "scope": operation.scope.map(|scope| scope.to_string()),
        "file": operation.file, "versioned": operation.is_versioned,
        "fields": fields, "has_fields": !operation.fields.is_empty() || operation.file.is_some(),
    })
}

fn kind(view: &View, kind: Kind) -> String {
    match kind {
        Kind::Text(max) => view.say_with("api-kind-text", &[("max", &max.to_string())]),
        Kind::Money => view.say("api-kind-money"),
        Kind::Points => view.say("api-kind-points"),
        Kind::Date => view.say("api-kind-date"),
        Kind::Instant => view.say("api-kind-instant"),
        Kind::Integer => view.say("api-kind-integer"),
        Kind::Boolean => view.say("api-kind-boolean"),
        Kind::OneOf(values) => values.join(" | "),
    }
}

pub async fn document(view: View, state: Data<State>) -> Answer {
    let server = format!("{}{}", state.config.origin, state.config.prefix);
    let document = openapi::document(&state.words, view.language(), &server);
    Ok(HttpResponse::Ok().json(document))
}
