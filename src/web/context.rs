//! What the guard found out about a request, kept beside it.

use crate::infra::actor::Actor;
use crate::infra::words::Language;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use std::future::{Ready, ready};
use std::rc::Rc;

/// What the Origin header says: browsers send it with every post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    Own,
    Foreign,
    Unsaid,
}

#[derive(Clone)]
pub struct Context {
    pub request_id: String,
    pub language: Language,
    /// Large type and high contrast (cookie `elder`).
    pub is_elder: bool,
    pub actor: Option<Actor>,
    /// A random mark of this browser (cookie `visitor`): form tokens before sign-in, known devices.
    pub visitor: String,
    /// The client's network: /24 or /64, from the peer or a trusted proxy.
    pub network: String,
    /// The body of a posted form.
    pub body: Bytes,
    /// Asked under `/api/`, with a token or nobody's: answered in JSON.
    pub is_api: bool,
    /// The version that a program has already.
    pub if_none_match: Option<String>,
    /// Path and query, without the deployment's prefix.
    pub path: String,
    /// The page to come back to after a sign-in: this one, or the one whose form was sent.
    pub back: String,
    pub origin: Origin,
    pub flash: Option<String>,
    /// Messages in the portal's inbox that nobody opened yet.
    pub unread: i64,
    /// Demo only: the next instant at which the portal itself will act.
    pub next_event: Option<chrono::NaiveDateTime>,
}

impl Context {
    /// The same request with the body that the API read for it.
    #[must_use]
    pub fn with_body(&self, body: Bytes) -> Self {
        Self {
            body,
            ..self.clone()
        }
    }

    /// The same request, seen as somebody who has just signed in.
    #[must_use]
    pub fn signed_in_as(&self, actor: Actor) -> Self {
        Self {
            actor: Some(actor),
            flash: None,
            unread: 0,
            ..self.clone()
        }
    }
}

#[derive(Clone)]
pub struct Ctx(pub Rc<Context>);

impl std::ops::Deref for Ctx {
    type Target = Context;

    fn deref(&self) -> &Context {
        &self.0
    }
}

impl FromRequest for Ctx {
    type Error = super::AppError;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(req: &HttpRequest, _: &mut actix_web::dev::Payload) -> Self::Future {
        ready(
            req.extensions()
                .get::<Self>()
                .cloned()
                .ok_or_else(|| super::AppError::internal("no context")),
        )
    }
}
