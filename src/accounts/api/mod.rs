//! Who the token is, proving it again, and the inbox; below it the own account, members, roles and bodies.
//!
//! What makes somebody somebody stays with the pages: password, second factor, sign-in, recovery, a change of the
//! address, and the making of tokens. A token that could do these would outlive its own end.

mod bodies;
mod own;

use super::model::Message;
use super::pages::sign_in::prove_again;
use super::rules::codes::CODE;
use super::{actions, queries};
use crate::kernel::instant;
use crate::kernel::paging::Page;
use crate::kernel::scopes::Scope;
use crate::web::api::field::text;
use crate::web::api::{Api, PAGED, after, size, thing};
use crate::web::{Answer, Form, SignedIn, View};
use actix_web::web::Path;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

pub fn operations(api: &mut Api) {
    own::operations(api);
    bodies::operations(api);
    api.get("/me", "me", me).scope(Scope::Read).gives::<Me>();
    api.post("/verify", "verify", verify)
        .scope(Scope::Read)
        .takes([text("password", 200).needed(), text(CODE, 20)]);
    api.get("/inbox", "inbox-list", list)
        .scope(Scope::Read)
        .takes(PAGED)
        .gives::<Page<MessageDto>>();
    api.get("/inbox/{number}", "inbox-show", show)
        .scope(Scope::Read)
        .gives::<MessageDto>();
}

#[derive(Serialize, JsonSchema)]
struct Me {
    name: String,
    /// The body that the token acts for.
    body: Option<String>,
    roles: Vec<String>,
    scopes: Vec<String>,
    /// Whether acts that bind may be done now without proving again.
    is_verified: bool,
}

async fn me(SignedIn(actor): SignedIn) -> Answer {
    let is_verified = actor.is_verified(crate::infra::store::machine_now());
    thing(&Me {
        name: actor.name,
        body: actor.body.map(|body| body.name),
        roles: actor.roles.iter().map(ToString::to_string).collect(),
        scopes: actor
            .scopes
            .iter()
            .flat_map(crate::kernel::scopes::Scopes::iter)
            .map(|scope| scope.to_string())
            .collect(),
        is_verified,
    })
}

/// The password again, before publishing, opening, awarding and signing: as on the page, it counts for a while.
async fn verify(SignedIn(actor): SignedIn, view: View, form: Form) -> Answer {
    prove_again(&view, actor, &form).await?;
    Ok(view.see_other("/me"))
}

#[derive(Serialize, JsonSchema)]
struct MessageDto {
    number: String,
    kind: String,
    /// What the message is about: names, numbers and dates, as its kind has them.
    args: Value,
    /// The page that it leads to.
    link: String,
    /// When it was laid into the inbox, which is when it was received.
    at: String,
    first_read_at: Option<String>,
}

impl From<Message> for MessageDto {
    fn from(message: Message) -> Self {
        Self {
            number: message.public_id,
            kind: message.kind,
            args: serde_json::from_str(&message.args).unwrap_or_default(),
            link: message.link,
            at: instant::rfc3339(message.at),
            first_read_at: message.first_read_at.map(instant::rfc3339),
        }
    }
}

async fn list(SignedIn(actor): SignedIn, view: View) -> Answer {
    let (before, size) = (after::<1>(&view).map(|[number]| number), size(&view));
    let messages = view
        .state
        .store
        .read(move |db| {
            let reader = actions::reader(&actor);
            let before = before.as_deref();
            Ok(queries::list_messages(db, &reader, before, size.limit())?)
        })
        .await?;
    let page = Page::of(messages, size, |message| vec![message.public_id.clone()]);
    thing(&page.map(MessageDto::from))
}

/// Opening a message by program counts as reading it, as on the page.
async fn show(SignedIn(actor): SignedIn, view: View, number: Path<String>) -> Answer {
    let number = number.into_inner();
    let message = view
        .state
        .store
        .write(move |tx| actions::open(tx, &actor, &number))
        .await?;
    thing(&MessageDto::from(message))
}
