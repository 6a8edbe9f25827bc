//! One middleware around every request: who, which language, which form token; then headers and worded errors.

use super::context::{Ctx, Origin, context_of, is_api};
use super::cookies::{SESSION, VISITOR, cookie};
use super::error::{AppError, Personal, Why, Worded};
use super::error_pages::word_error;
use super::patience;
use super::state::State;
use super::view::View;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::{Method, StatusCode, header};
use actix_web::middleware::Next;
use actix_web::web::{Bytes, BytesMut, Data};
use actix_web::{HttpMessage, HttpResponse, ResponseError};
use futures_util::StreamExt;
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
    "/demo/sign-in",
    "/first-administrator",
];

/// Posts that bear no token, since their forms stand on pages that all visitors share (`web::cache`): they set nothing
/// but a preference of this browser, or a demo's clock. Another site's post is known by its Origin.
const SHARED_POSTS: &[&str] = &["/communities/remember", "/demo/clock"];

/// Where somebody who must have a second factor and has none may go.
const ENROLMENT: &str = "/account/two-factors";
const BESIDE_ENROLMENT: &[&str] = &[ENROLMENT, "/sign-in", "/sign-out", "/language", "/elder"];

/// `PostgreSQL` takes NUL in no text, and nobody types one: it is taken out of the query, as out of every form.
fn without_nul(req: &mut ServiceRequest) {
    let mut address = req.uri().to_string();
    let path = req.uri().path().len();
    while let Some(at) = address.rfind("%00").filter(|at| *at > path) {
        address.replace_range(at..at + 3, "");
    }
    if let Ok(uri) = address.parse()
        && address.len() < req.uri().to_string().len()
    {
        req.head_mut().uri = uri;
    }
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
    without_nul(&mut req);
    patience::limit(&mut req);
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
    // Whoever only reads gets no mark.
    let is_personal = head.extensions().get::<Personal>().is_some();
    if is_personal && !had_visitor {
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
    let path = view.ctx.path.split('?').next().unwrap_or_default();
    if SHARED_POSTS.contains(&path) {
        return None;
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
    if view.actor().is_none() && !OPEN_POSTS.contains(&path) {
        return Some(Why::SignIn);
    }
    Some(Why::StaleForm)
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
                "authorization, accept-language, accept-encoding"
            } else {
                "cookie, accept-language, accept-encoding"
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
