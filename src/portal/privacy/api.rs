//! The own data, the access log, and closing the account.

use super::ReadAccesses;
use super::pages::{accesses, own};
use crate::infra::access::{self, Access, Look, Looked};
use crate::kernel::instant;
use crate::kernel::paging::Page;
use crate::kernel::scopes::Scope;
use crate::web::api::field::{Kind, field, text};
use crate::web::api::{Api, PAGED, size, thing};
use crate::web::{Answer, AppError, May, SignedIn, View};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::LazyLock;

static LOOKED: LazyLock<Vec<&str>> =
    LazyLock::new(|| Looked::ALL.iter().map(Looked::as_str).collect());

pub fn operations(api: &mut Api) {
    api.get("/account/data", "privacy-data", data)
        .scope(Scope::Accounts)
        .gives::<BTreeMap<String, Value>>();
    api.post("/account/close", "privacy-close", own::close)
        .scope(Scope::Accounts)
        .takes([
            field("sure", Kind::Boolean).needed(),
            field("successor_", Kind::Integer).family(),
            text("reason", 500),
        ]);
    api.get("/accesses", "privacy-accesses", list)
        .scope(Scope::Read)
        .takes(PAGED)
        .takes([
            field("what", Kind::OneOf(&LOOKED)),
            text("who", 60),
            field("from", Kind::Date),
            field("until", Kind::Date),
        ])
        .gives::<Page<AccessDto>>();
}

#[derive(Serialize, JsonSchema)]
struct AccessDto {
    at: String,
    /// Who looked, and for which body.
    who: String,
    body: Option<String>,
    what: String,
    subject_kind: String,
    subject_id: i64,
    /// The body whose record it was.
    of_body: Option<String>,
}

async fn data(SignedIn(actor): SignedIn, view: View) -> Answer {
    if actor.must_verify() {
        return Err(AppError::VerifyFirst);
    }
    let _turn = view.export_turn().await?;
    let look = Look::at(Looked::OwnData, "person", actor.person_id.0).of_person(actor.person_id);
    access::looked(&view.state.store, &actor, look).await?;
    let own = own::gather(&view, &actor, i64::MAX).await?;
    thing(&own::as_json(
        &own,
        instant::rfc3339(view.state.store.now()),
    ))
}

async fn list(who: May<ReadAccesses>, view: View) -> Answer {
    accesses::note(&view, &who.actor).await?;
    let (asked, size) = (accesses::asked(&view, &who.actor), size(&view));
    let found = view.state.store.read(move |db| {
        accesses::find(
            db,
            &asked.filter,
            asked.has_panels,
            asked.before,
            size.limit(),
        )
    });
    let page = Page::of(found.await?, size, |line: &Access| {
        vec![line.id.to_string()]
    });
    thing(&page.map(|line| AccessDto {
        at: instant::rfc3339(line.at),
        who: line.who,
        body: line.body,
        what: line.what.to_string(),
        subject_kind: line.subject_kind,
        subject_id: line.subject_id,
        of_body: line.of_body,
    }))
}
