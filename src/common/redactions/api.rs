//! Redactions for programs.

use super::model::Ground;
use super::pages::{self, Redact, Shown};
use super::rules;
use crate::kernel::instant;
use crate::kernel::scopes::Scope;
use crate::web::api::field::{Kind, field, text};
use crate::web::api::{Api, thing};
use crate::web::{Answer, May, View};
use schemars::JsonSchema;
use serde::Serialize;

const GROUNDS: &[&str] = &[
    Ground::Personal.as_str(),
    Ground::Secret.as_str(),
    Ground::Wrong.as_str(),
];

pub fn operations(api: &mut Api) {
    api.get("/admin/redactions", "redactions-list", list)
        .scope(Scope::Accounts)
        .gives::<Vec<RedactionDto>>();
    api.post("/admin/redactions", "redactions-ask", pages::ask)
        .scope(Scope::Accounts)
        .takes([
            text("page", 500).needed(),
            text("passage", rules::LONGEST).needed(),
            field("ground", Kind::OneOf(GROUNDS)).needed(),
            text("reason", 500).needed(),
        ]);
    api.post(
        "/admin/redactions/{id}/confirm",
        "redactions-confirm",
        pages::confirm,
    )
    .scope(Scope::Accounts);
    api.post(
        "/admin/redactions/{id}/refuse",
        "redactions-refuse",
        pages::refuse,
    )
    .scope(Scope::Accounts);
}

#[derive(Serialize, JsonSchema)]
struct RedactionDto {
    id: i64,
    page: String,
    /// Only until it is decided.
    passage: Option<String>,
    ground: String,
    reason: String,
    asked_by: String,
    asked_at: String,
    decided_at: Option<String>,
    is_covered: bool,
    /// In how many places the passage is covered, or will be.
    places: i64,
    /// Each public one with the words around it, until it is decided.
    contexts: Vec<String>,
}

async fn list(who: May<Redact>, view: View) -> Answer {
    let found = pages::find(&view, &who.actor).await?;
    let rows: Vec<RedactionDto> = found
        .into_iter()
        .map(
            |Shown {
                 redaction,
                 by,
                 places,
                 contexts,
             }| RedactionDto {
                id: redaction.id.0,
                page: format!(
                    "/{}/{}",
                    redaction.subject_kind.folder(),
                    redaction.subject_id
                ),
                passage: redaction.passage,
                ground: redaction.ground.to_string(),
                reason: redaction.reason,
                asked_by: by,
                asked_at: instant::rfc3339(redaction.asked_at),
                decided_at: redaction.decided_at.map(instant::rfc3339),
                is_covered: redaction.places.is_some(),
                places,
                contexts,
            },
        )
        .collect();
    thing(&rows)
}
