//! The portal's inbox: where a notice is received, and when.

use crate::accounts::model::Message;
use crate::accounts::{actions, queries};
use crate::kernel::instant;
use crate::kernel::paging::{Page, PageSize, decode_cursor};
use crate::web::{Answer, SignedIn, View};
use actix_web::web::{Path, Query};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
pub struct After {
    #[serde(default)]
    after: String,
}

/// The message in words: its first line, and what follows.
fn worded(view: &View, message: &Message) -> (String, Vec<String>) {
    let args: serde_json::Map<String, Value> =
        serde_json::from_str(&message.args).unwrap_or_default();
    let args: Vec<(&str, &str)> = args
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str().unwrap_or_default()))
        .collect();
    let key = format!("inbox-{}", message.kind.replace(['.', '_'], "-"));
    let text = view.say_with(&key, &args);
    let mut parts = text.split("\n\n").map(str::to_owned);
    (parts.next().unwrap_or_default(), parts.collect())
}

pub async fn list(SignedIn(actor): SignedIn, view: View, query: Query<After>) -> Answer {
    let before = decode_cursor::<1>(&query.after).ok().map(|[id]| id);
    let (reader, size) = (actions::reader(&actor), PageSize::default());
    let found = view.state.store.read(move |db| {
        Ok(queries::list_messages(
            db,
            &reader,
            before.as_deref(),
            size.limit(),
        )?)
    });
    let page = Page::of(found.await?, size, |m: &Message| vec![m.public_id.clone()]);
    let page = page.map(|message| {
        json!({
            "href": format!("/inbox/{}", message.public_id),
            "title": worded(&view, &message).0,
            "received": instant::second(message.at),
            "read": message.first_read_at.map(instant::minute),
        })
    });
    let next = page.next.map(|cursor| format!("/inbox?after={cursor}"));
    let title = view.say("accounts-inbox-title");
    let body = json!({
        "messages": page.rows,
        "body": actor.body.as_ref().map(|body| &body.name),
        "several": actor.bodies > 1,
        "pager": { "prev": Value::Null, "next": next, "count_text": "" },
    });
    view.render("accounts/inbox", "", &title, &body)
}

pub async fn show(SignedIn(actor): SignedIn, view: View, id: Path<String>) -> Answer {
    let id = id.into_inner();
    let opened = view
        .state
        .store
        .write(move |tx| actions::open(tx, &actor, &id));
    let message = opened.await?;
    let (title, paragraphs) = worded(&view, &message);
    let link = Some(&message.link).filter(|link| !link.is_empty());
    let body = json!({
        "paragraphs": paragraphs,
        "received": instant::second(message.at),
        "read": message.first_read_at.map(instant::second),
        "link": link,
    });
    view.render("accounts/message", "", &title, &body)
}
