//! What the guard finds out about a request, kept beside it: who, from where, in which language.

use super::cookies::{ELDER, LANGUAGE, SESSION, VISITOR};
use super::state::State;
use crate::infra::actor::{self, Actor, Frame};
use crate::infra::config::Config;
use crate::infra::seal::random_hex;
use crate::infra::store::machine_now;
use crate::infra::tokens;
use crate::infra::words::Language;
use crate::kernel::people::SessionId;
use actix_web::dev::ServiceRequest;
use actix_web::http::{Method, header};
use actix_web::web::{Bytes, Data};
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use chrono::NaiveDateTime;
use sha2::{Digest, Sha256};
use std::future::{Ready, ready};
use std::net::IpAddr;
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

/// Under this, programs ask: tokens count there and cookies do not, so that no page of another site can act.
pub const API: &str = "/api/v1/";

/// Finds it behind any prefix of the deployment.
pub fn is_api(path: &str) -> bool {
    path.contains(API)
}

/// The hash of the token that a program sent.
fn bearer(req: &ServiceRequest) -> Option<String> {
    let header = req.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let token = header.strip_prefix("Bearer ")?.trim();
    Some(hex::encode(Sha256::digest(token)))
}

/// Who is behind a session's cookie or a program's token, as the database says at this moment.
async fn frame_of(
    state: &Data<State>,
    session: Option<SessionId>,
    bearer: Option<String>,
    now: NaiveDateTime,
) -> Frame {
    let is_demo = state.config.mode.is_demo();
    let mut found = if session.is_none() && bearer.is_none() && !is_demo {
        Frame::default()
    } else {
        let found = state
            .store
            .read(move |db| {
                let session = match bearer {
                    Some(hash) => actor::find_token(db, &hash)?,
                    None => session,
                };
                Ok(actor::frame(db, session, is_demo, now)?)
            })
            .await;
        found.unwrap_or_else(|error| {
            tracing::error!(%error, "session lookup");
            Frame::default()
        })
    };
    // A desk that was left alone: what is posted from it is kept, and asks to sign in first.
    let idle = |frame: &Frame| {
        let is_staff = frame.actor.as_ref().is_some_and(|actor| actor.is_staff);
        is_staff
            && frame
                .seen_at
                .is_some_and(|at| now - at >= state.config.staff_idle)
    };
    if let Some(session) = session.filter(|_| idle(&found)) {
        let ended = state
            .store
            .write(move |tx| Ok(actor::end_idle(tx.db, session, now)?));
        if let Err(error) = ended.await {
            tracing::error!(%error, "an idle session was not ended");
        }
        found = Frame {
            next_event: found.next_event,
            ..Frame::default()
        };
    }
    if let (Some(session), Some(seen_at)) = (
        found.actor.as_ref().map(|actor| actor.session_id),
        found.seen_at,
    ) && actor::is_unseen(seen_at, now)
    {
        // Beside the request: nobody waits for it, and a lost one costs a minute of a session's life.
        let store = state.store.clone();
        actix_web::rt::spawn(async move {
            let seen = store.write(move |tx| Ok(actor::set_seen(tx.db, session, now)?));
            if let Err(error) = seen.await {
                tracing::warn!(%error, "a session's last use was not kept");
            }
        });
    }
    found
}

/// The language that was chosen here, or that the browser asks for.
pub fn language_of(req: &ServiceRequest) -> Language {
    req.cookie(LANGUAGE)
        .and_then(|cookie| cookie.value().parse().ok())
        .unwrap_or_else(|| {
            let header = req
                .headers()
                .get(header::ACCEPT_LANGUAGE)
                .and_then(|value| value.to_str().ok());
            Language::accepted(header.unwrap_or_default())
        })
}

/// Whether large type was chosen in this browser.
pub fn is_elder(req: &ServiceRequest) -> bool {
    req.cookie(ELDER)
        .is_some_and(|cookie| cookie.value() == "on")
}

pub async fn context_of(
    req: &ServiceRequest,
    state: &Data<State>,
    body: Bytes,
) -> (Context, Option<String>) {
    let now = machine_now();
    let path = req
        .uri()
        .path_and_query()
        .map_or("/", actix_web::http::uri::PathAndQuery::as_str);
    let path = strip(path, &state.config).to_owned();
    let is_api = path.starts_with(API);
    let bearer = bearer(req).filter(|_| is_api);
    let token = req
        .cookie(SESSION)
        .filter(|_| !is_api)
        .and_then(|cookie| tokens::read(state.secrets.token_key(), cookie.value(), now));
    let (session, is_stale) =
        token.map_or((None, false), |token| (Some(token.session), token.is_stale));
    let found = frame_of(state, session, bearer, now).await;
    let renewed = session
        .filter(|_| is_stale && found.actor.is_some())
        .and_then(|session| tokens::issue(state.secrets.token_key(), session, now).ok());
    let visitor = req
        .cookie(VISITOR)
        .map(|cookie| cookie.value().to_owned())
        .filter(|value| value.len() == 32 && value.bytes().all(|b| b.is_ascii_hexdigit()))
        .or_else(|| random_hex::<16>().ok())
        .unwrap_or_default();
    let back = match *req.method() {
        Method::GET | Method::HEAD => path.clone(),
        _ => referer(req, &state.config).unwrap_or_default(),
    };
    let context = Context {
        request_id: random_hex::<6>().unwrap_or_default(),
        language: language_of(req),
        is_elder: is_elder(req),
        actor: found.actor,
        unread: found.unread,
        next_event: found.next_event,
        visitor,
        network: network(req, &state.config),
        body,
        is_api,
        if_none_match: req
            .headers()
            .get(header::IF_NONE_MATCH)
            .filter(|_| is_api)
            .and_then(|tag| Some(tag.to_str().ok()?.trim().to_owned())),
        path,
        back,
        origin: origin_of(req, &state.config),
        flash: req.cookie("flash").map(|cookie| cookie.value().to_owned()),
    };
    (context, renewed)
}

/// The client's /24 or /64; a forwarded address counts only from a trusted proxy.
fn network(req: &ServiceRequest, config: &Config) -> String {
    let peer = req.peer_addr().map(|addr| addr.ip());
    let forwarded = peer
        .filter(|peer| config.trusted_proxies.contains(peer))
        .and_then(|_| {
            // Proxies add themselves at the end, some with a line of their own.
            let header = req
                .headers()
                .get_all("x-forwarded-for")
                .last()?
                .to_str()
                .ok()?;
            header.rsplit(',').next()?.trim().parse::<IpAddr>().ok()
        });
    match forwarded.or(peer) {
        Some(IpAddr::V4(ip)) => {
            let [a, b, c, _] = ip.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        Some(IpAddr::V6(ip)) => {
            let [a, b, c, d, ..] = ip.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        None => "unknown".into(),
    }
}

/// The path without the deployment's prefix.
fn strip<'a>(path: &'a str, config: &Config) -> &'a str {
    path.strip_prefix(config.prefix.as_str()).unwrap_or(path)
}

/// The page of ours that a form was sent from: a form with files is not kept, but its page is found again.
fn referer(req: &ServiceRequest, config: &Config) -> Option<String> {
    let text = req.headers().get(header::REFERER)?.to_str().ok()?;
    let url = url::Url::parse(text).ok()?;
    if origin_of(req, config) != Origin::Own {
        return None;
    }
    let path = strip(url.path(), config);
    Some(match url.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    })
}

/// Where a request says that it comes from.
fn origin_of(req: &ServiceRequest, config: &Config) -> Origin {
    let text = |name: header::HeaderName| {
        req.headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    let Some(origin) = text(header::ORIGIN) else {
        return Origin::Unsaid;
    };
    // In demo the portal answers under any name of this machine; live, only under its configured one.
    let host = if config.mode.is_demo() {
        text(header::HOST)
    } else {
        None
    };
    if origin == config.origin || host.is_some_and(|host| origin == format!("http://{host}")) {
        Origin::Own
    } else {
        Origin::Foreign
    }
}
