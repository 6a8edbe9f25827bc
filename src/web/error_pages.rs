//! The pages that say what happened and what to do next; the sign-in page stands in for a page that needs it.

use super::api::problem;
use super::error::Why;
use super::kept::{keep, keep_and_continue};
use super::view::View;
use super::{Answer, Form};
use crate::infra::actor;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde_json::{Value, json};

/// The page that says what happened and what to do next.
pub fn word_error(view: &View, status: StatusCode, why: &Why) -> HttpResponse {
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

pub fn error_page(view: &View, status: StatusCode, why: &Why) -> Answer {
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

fn sign_in_again(view: &View, verify: bool) -> Answer {
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
    let form = Form::default()
        .with("next", back)
        .with("keep", keep(view).unwrap_or_default());
    sign_in_page(view, status, &title, &form, verify)
}

/// The sign-in page, also shown in place of a page that needs it.
pub fn sign_in_page(
    view: &View,
    status: StatusCode,
    title: &str,
    form: &Form,
    verify: bool,
) -> Answer {
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
fn demo_people(view: &View) -> Vec<Value> {
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
