//! One middleware around every request: who, which language, which form token; then headers and worded errors.

use super::api::problem;
use super::context::{Context, Ctx, Origin};
use super::error::{AppError, Why, Worded};
use super::form::is_secret;
use super::state::State;
use super::view::View;
use crate::infra::actor::{self, Frame};
use crate::infra::config::Config;
use crate::infra::seal::random_hex;
use crate::infra::store::machine_now;
use crate::infra::tokens;
use crate::infra::words::Language;
use crate::kernel::people::SessionId;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::cookie::{Cookie, SameSite, time::Duration};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::{Method, StatusCode, header};
use actix_web::middleware::Next;
use actix_web::web::{Bytes, BytesMut, Data};
use actix_web::{HttpMessage, HttpResponse, ResponseError};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::NaiveDateTime;
use futures_util::StreamExt;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::net::IpAddr;
use std::rc::Rc;

/// The largest posted form without files, bytes.
const MAX_FORM: usize = 512 * 1024;
/// Fields of a form; the longest of ours, with every community ticked, has some hundreds.
const MAX_PAIRS: usize = 2000;
/// Posts that need no account; every other one is asked to sign in, its form kept.
const OPEN_POSTS: &[&str] = &[
    "/sign-in",
    "/sign-in/code",
    "/sign-up",
    "/forgot",
    "/reset",
    "/confirm",
    "/communities/remember",
    "/demo/clock",
    "/demo/sign-in",
    "/first-administrator",
];

/// Where somebody who must have a second factor and has none may go.
const ENROLMENT: &str = "/account/two-factors";
const BESIDE_ENROLMENT: &[&str] = &[ENROLMENT, "/sign-in", "/sign-out", "/language", "/elder"];

pub const SESSION: &str = "session";
const VISITOR: &str = "visitor";
pub const LANGUAGE: &str = "language";
pub const ELDER: &str = "elder";

/// A cookie of this portal: `HttpOnly`, SameSite=Lax, Secure when the public URL is.
pub fn cookie(
    config: &Config,
    name: &'static str,
    value: String,
    seconds: Option<i64>,
) -> Cookie<'static> {
    let path = if config.prefix.is_empty() {
        "/".to_owned()
    } else {
        config.prefix.clone()
    };
    let mut cookie = Cookie::build(name, value)
        .path(path)
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(config.is_https())
        .finish();
    if let Some(seconds) = seconds {
        cookie.set_max_age(Duration::seconds(seconds));
    }
    cookie
}

pub async fn guard(
    mut req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let Some(state) = req.app_data::<Data<State>>().cloned() else {
        return Ok(req.into_response(HttpResponse::InternalServerError().finish()));
    };
    let is_asset = req
        .path()
        .starts_with(&format!("{}/assets/", state.config.prefix));
    if is_asset {
        return Ok(finish(next.call(req).await?.map_into_boxed_body(), None));
    }
    let started = std::time::Instant::now();
    let had_visitor = req
        .cookie(VISITOR)
        .is_some_and(|cookie| cookie.value().len() == 32);
    let (body, too_large) = read_form(&mut req).await;
    let (context, renewed) = context_of(&req, &state, body).await;
    let ctx = Ctx(Rc::new(context));
    req.extensions_mut().insert(ctx.clone());
    let view = View {
        ctx: ctx.clone(),
        state: state.clone(),
    };
    let method = req.method().clone();
    let had_flash = req.cookie("flash").is_some();

    let refusal = if too_large {
        Some((StatusCode::PAYLOAD_TOO_LARGE, Why::Status))
    } else if req.uri().path().contains("%00") {
        // No name of ours holds it, and PostgreSQL takes it in no text.
        Some((StatusCode::NOT_FOUND, Why::Status))
    } else {
        forged(&req, &view).map(|why| (StatusCode::FORBIDDEN, why))
    };
    let mut response = match refusal {
        Some((status, why)) => {
            let mut refused = HttpResponse::build(status).finish();
            refused.extensions_mut().insert(why);
            req.into_response(refused)
        }
        None if must_enrol(&view) && ctx.is_api => {
            let barred = AppError::Api(StatusCode::FORBIDDEN, "enrol-first");
            req.into_response(barred.error_response())
        }
        None if must_enrol(&view) => req.into_response(view.see_other(ENROLMENT)),
        None => next.call(req).await?.map_into_boxed_body(),
    };
    let status = response.status();
    let worded = response.response().extensions().get::<Worded>().is_some();
    if (status.is_client_error() || status.is_server_error()) && !worded && method != Method::HEAD {
        let why = response
            .response()
            .extensions()
            .get::<Why>()
            .cloned()
            .unwrap_or(Why::Status);
        let page = word_error(&view, status, &why);
        let (request, _) = response.into_parts();
        response = ServiceResponse::new(request, page);
    }
    let head = response.response_mut();
    if !had_visitor && !ctx.is_api {
        drop(head.add_cookie(&cookie(
            &state.config,
            VISITOR,
            ctx.visitor.clone(),
            Some(400 * 24 * 3600),
        )));
    }
    if let Some(token) = renewed.filter(|_| !sets_session(head)) {
        drop(head.add_cookie(&cookie(&state.config, SESSION, token, None)));
    }
    if had_flash && status == StatusCode::OK {
        let mut gone = cookie(&state.config, "flash", String::new(), Some(0));
        gone.make_removal();
        drop(head.add_cookie(&gone));
    }
    state.metrics.record(
        matches!(method, Method::GET | Method::HEAD),
        &response.request().match_pattern().unwrap_or_default(),
        status.as_u16(),
        started.elapsed(),
    );
    tracing::info!(
        request = %ctx.request_id,
        %method,
        route = response.request().match_pattern().unwrap_or_default(),
        status = status.as_u16(),
        ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        "request"
    );
    Ok(finish(response, Some((&ctx, &state))))
}

fn sets_session(head: &HttpResponse) -> bool {
    head.cookies().any(|cookie| cookie.name() == SESSION)
}

/// Reads a form's body before the handler, so that it can be kept through a sign-in; files stream past.
async fn read_form(req: &mut ServiceRequest) -> (Bytes, bool) {
    let is_form = req.method() == Method::POST
        && !is_api(req.path())
        && req
            .content_type()
            .eq_ignore_ascii_case("application/x-www-form-urlencoded");
    if !is_form {
        return (Bytes::new(), false);
    }
    let mut payload = req.take_payload();
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let Ok(chunk) = chunk else {
            return (Bytes::new(), false);
        };
        if body.len() + chunk.len() > MAX_FORM {
            return (Bytes::new(), true);
        }
        body.extend_from_slice(&chunk);
    }
    req.set_payload(Payload::None);
    let fields = body.as_ref().split(|byte: &u8| *byte == b'&').count();
    (body.freeze(), fields > MAX_PAIRS)
}

/// Under this, programs ask: tokens count there and cookies do not, so that no page of another site can act.
pub const API: &str = "/api/v1/";

/// Finds it behind any prefix of the deployment.
fn is_api(path: &str) -> bool {
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

async fn context_of(
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
    let language = req
        .cookie(LANGUAGE)
        .and_then(|cookie| cookie.value().parse().ok())
        .unwrap_or_else(|| {
            let header = req
                .headers()
                .get(header::ACCEPT_LANGUAGE)
                .and_then(|value| value.to_str().ok());
            Language::accepted(header.unwrap_or_default())
        });
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
        language,
        is_elder: req
            .cookie(ELDER)
            .is_some_and(|cookie| cookie.value() == "on"),
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

/// Whether this is somebody of the staff who has no second factor yet, on the way to anything but to one. A demo asks
/// for none.
fn must_enrol(view: &View) -> bool {
    let path = view.ctx.path.split('?').next().unwrap_or_default();
    let is_under = |way: &&str| {
        path.strip_prefix(*way)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    view.actor()
        .is_some_and(|actor| actor.is_staff && !actor.has_code && !view.state.config.mode.is_demo())
        && !BESIDE_ENROLMENT.iter().any(is_under)
}

/// Why an unsafe request is not from a page of ours, if it is not.
fn forged(req: &ServiceRequest, view: &View) -> Option<Why> {
    // No browser sends a program's token by itself.
    if view.ctx.is_api || matches!(*req.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return None;
    }
    if view.ctx.origin == Origin::Foreign {
        return Some(Why::Status);
    }
    let is_multipart = req
        .content_type()
        .eq_ignore_ascii_case("multipart/form-data");
    let token = if is_multipart {
        // The token of a form with files stands in its address: its body is read by the handler, part by part.
        url::form_urlencoded::parse(req.query_string().as_bytes())
            .find(|(name, _)| name == "csrf")
            .map(|(_, value)| value.into_owned())
            .unwrap_or_default()
    } else {
        super::Form::from_body(&view.ctx.body)
            .raw("csrf")
            .to_owned()
    };
    if view.csrf_is(&token) {
        return None;
    }
    let path = view.ctx.path.split('?').next().unwrap_or_default();
    if view.actor().is_none() && !OPEN_POSTS.contains(&path) {
        return Some(Why::SignIn);
    }
    Some(Why::StaleForm)
}

/// The page that says what happened and what to do next.
fn word_error(view: &View, status: StatusCode, why: &Why) -> HttpResponse {
    if view.ctx.is_api {
        return problem::answer(view, status, why);
    }
    let page = match why {
        Why::SignIn | Why::Verify => sign_in_again(view, matches!(why, Why::Verify)),
        Why::StaleForm => keep_and_continue(view),
        Why::Status | Why::Repeated | Why::Api(_) | Why::Refused(_) => {
            error_page(view, status, why)
        }
    };
    page.unwrap_or_else(|error| {
        tracing::error!(%error, request = %view.ctx.request_id, "an error page failed");
        HttpResponse::build(StatusCode::INTERNAL_SERVER_ERROR)
            .content_type("text/plain; charset=utf-8")
            .body(format!("500 · {}", view.ctx.request_id))
    })
}

fn error_page(view: &View, status: StatusCode, why: &Why) -> super::Answer {
    let key = match status.as_u16() {
        code @ (400 | 401 | 403 | 404 | 405 | 409 | 413 | 415 | 422 | 429 | 503) => code,
        code if code < 500 => 400,
        _ => 500,
    };
    let title = view.say(&format!("error-{key}-title"));
    let text = match why {
        Why::Refused(refusals) if let [first, ..] = refusals.as_slice() => view.word(first),
        _ => view.say(&format!("error-{key}-text")),
    };
    let mut next = vec![json!({ "label": view.say("error-next-home"), "href": "/" })];
    if view.actor().is_some() {
        next.insert(
            0,
            json!({ "label": view.say("error-next-work"), "href": "/work" }),
        );
    }
    let error = json!({
        "status": status.as_u16().to_string(), "title": title, "text": text, "next": next,
        "request_id": view.ctx.request_id,
    });
    view.render_as(status, "error", "", &title, &json!({ "error": error }))
}

/// What was typed, packed and signed so that it survives a sign-in; bound to the person who typed it, when known.
#[derive(serde::Serialize, serde::Deserialize)]
struct Kept {
    path: String,
    body: String,
    person: Option<i64>,
}

fn keep(view: &View) -> Option<String> {
    // What a page of another site sent must never come back under our name, one button away from being done.
    if view.ctx.body.is_empty() || view.ctx.origin != Origin::Own {
        return None;
    }
    // Passwords and tokens are not kept; the rest is what the person typed.
    let body: String = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(
            url::form_urlencoded::parse(&view.ctx.body)
                .filter(|(name, _)| !is_secret(name) && name != "csrf" && name != "keep"),
        )
        .finish();
    let kept = Kept {
        path: view.ctx.path.clone(),
        body,
        person: view.actor().map(|actor| actor.person_id.0),
    };
    let text = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&kept).ok()?);
    let mac = tokens::mac(view.state.secrets.token_key(), "kept", &text);
    Some(format!("{text}.{mac}"))
}

fn kept(view: &View, text: &str) -> Option<Kept> {
    let (text, mac) = text.split_once('.')?;
    if !tokens::mac_is(view.state.secrets.token_key(), "kept", text, mac) {
        return None;
    }
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}

fn sign_in_again(view: &View, verify: bool) -> super::Answer {
    let status = if verify {
        StatusCode::FORBIDDEN
    } else {
        StatusCode::UNAUTHORIZED
    };
    let back = if view.ctx.body.is_empty() {
        view.ctx.back.clone()
    } else {
        String::new()
    };
    let title = view.say(if verify {
        "accounts-verify-title"
    } else {
        "accounts-sign-in-title"
    });
    let form = super::Form::default()
        .with("next", back)
        .with("keep", keep(view).unwrap_or_default());
    sign_in_page(view, status, &title, &form, verify)
}

/// The sign-in page, also shown in place of a page that needs it.
pub fn sign_in_page(
    view: &View,
    status: StatusCode,
    title: &str,
    form: &super::Form,
    verify: bool,
) -> super::Answer {
    let demo = view.state.config.mode.is_demo();
    let body = json!({
        "form": form.view(&view.state.words, view.ctx.language),
        "next": form.raw("next"), "keep": form.raw("keep"), "verify": verify,
        "kept": !form.raw("keep").is_empty(),
        "wants_code": verify && view.actor().is_some_and(|actor| actor.has_code),
        "name": view.actor().map(|actor| actor.name.clone()),
        "demo_people": if demo { demo_people(view) } else { Vec::new() },
    });
    view.render_as(status, "accounts/sign_in", "", title, &body)
}

/// The demo sign-ins, one for each role: accounts at the demo's own domain, each with what it is in its first body.
fn demo_people(view: &View) -> Vec<serde_json::Value> {
    let rows = view
        .state
        .store
        .read_blocking(|db| Ok(actor::list_demo_people(db)?));
    let mut list: Vec<(String, String, Option<String>, Vec<String>)> = Vec::new();
    for (email, name, held) in rows.unwrap_or_default() {
        let (body, role) = held.unzip();
        if list.last().is_none_or(|last| last.0 != email) {
            list.push((email, name, body.clone(), Vec::new()));
        }
        if let Some((last, role)) = list.last_mut().zip(role)
            && last.2 == body
        {
            let key = format!("accounts-role-{}", role.as_str().replace('_', "-"));
            last.3.push(view.say(&key));
        }
    }
    list.into_iter()
        .map(|(email, name, body, roles)| {
            json!({ "email": email, "name": name, "body": body, "roles": roles.join(" · ") })
        })
        .collect()
}

/// After a sign-in, or over an outdated token: the kept form, one button away from being sent.
pub fn continue_page(view: &View, packed: &str) -> Option<super::Answer> {
    let kept = kept(view, packed)?;
    if kept.person.is_some() && kept.person != view.actor().map(|actor| actor.person_id.0) {
        return None;
    }
    Some(show_kept(view, StatusCode::OK, &kept))
}

fn keep_and_continue(view: &View) -> super::Answer {
    match keep(view).as_deref().and_then(|packed| kept(view, packed)) {
        Some(kept) => show_kept(view, StatusCode::FORBIDDEN, &kept),
        None => error_page(view, StatusCode::FORBIDDEN, &Why::Status),
    }
}

fn show_kept(view: &View, status: StatusCode, kept: &Kept) -> super::Answer {
    let fields: Vec<_> = url::form_urlencoded::parse(kept.body.as_bytes())
        .map(|(name, value)| json!({ "name": name, "value": value }))
        .collect();
    let title = view.say("accounts-continue-title");
    view.render_as(
        status,
        "accounts/continue",
        "",
        &title,
        &json!({ "path": kept.path, "fields": fields }),
    )
}

fn finish(
    mut response: ServiceResponse<BoxBody>,
    of: Option<(&Ctx, &Data<State>)>,
) -> ServiceResponse<BoxBody> {
    let headers = response.headers_mut();
    let mut set = |name: &'static str, value: &'static str| {
        headers.insert(
            header::HeaderName::from_static(name),
            header::HeaderValue::from_static(value),
        );
    };
    set("x-content-type-options", "nosniff");
    set("referrer-policy", "same-origin");
    set("x-frame-options", "DENY");
    set("cross-origin-opener-policy", "same-origin");
    set(
        "permissions-policy",
        "camera=(), geolocation=(), microphone=()",
    );
    set(
        "content-security-policy",
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; \
         font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    );
    if let Some((ctx, state)) = of {
        if state.config.is_https() {
            set("strict-transport-security", "max-age=31536000");
        }
        if state.config.mode.is_demo() {
            set("x-robots-tag", "noindex");
        }
        set(
            "vary",
            if ctx.is_api {
                "authorization, accept-language"
            } else {
                "cookie, accept-language"
            },
        );
        if !response.headers().contains_key(header::CACHE_CONTROL) {
            response.headers_mut().insert(
                header::CACHE_CONTROL,
                header::HeaderValue::from_static("private, no-store"),
            );
        }
        if let Ok(id) = header::HeaderValue::from_str(&ctx.request_id) {
            response
                .headers_mut()
                .insert(header::HeaderName::from_static("x-request-id"), id);
        }
    }
    response
}
