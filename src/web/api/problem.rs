//! Errors as `application/problem+json` (RFC 9457), with a code that stays and the article where there is one.

use crate::infra::failure::Refusal;
use crate::web::View;
use crate::web::error::{Why, Worded};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// Why something was not done.
#[derive(Serialize, JsonSchema)]
pub struct Problem {
    /// Where the codes are explained.
    r#type: String,
    /// In the reader's language.
    title: String,
    status: u16,
    /// In the reader's language: what happened and what to do.
    detail: String,
    /// Stays the same in every language and version.
    code: String,
    /// The article of law that the first refusal rests on.
    #[serde(skip_serializing_if = "Option::is_none")]
    article: Option<String>,
    /// Each refusal, with the field that it belongs to.
    errors: Vec<Refused>,
    /// What is wrong in an imported file, row by row; nothing of it was taken.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    findings: Vec<Found>,
    /// For asking the operator.
    request_id: String,
}

#[derive(Serialize, JsonSchema)]
struct Found {
    /// The row of the file; the names of the columns stand in the first.
    line: String,
    column: String,
    detail: String,
}

#[derive(Serialize, JsonSchema)]
struct Refused {
    field: Option<String>,
    code: String,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    article: Option<String>,
}

/// The answer for an error that a handler or the guard came to.
pub fn answer(view: &View, status: StatusCode, why: &Why) -> HttpResponse {
    match why {
        Why::SignIn => of_code(view, status, "sign-in-first"),
        Why::Verify => of_code(view, status, "verify-first"),
        Why::Repeated => of_code(view, status, "repeated"),
        Why::Api(code) => of_code(view, status, code),
        Why::Refused(refusals) => refused(view, status, refusals),
        Why::Status | Why::StaleForm => {
            let key = match status.as_u16() {
                code @ (400 | 401 | 403 | 404 | 405 | 409 | 413 | 415 | 422 | 429 | 503) => code,
                code if code < 500 => 400,
                _ => 500,
            };
            let code = match key {
                401 => "sign-in-first",
                403 => "forbidden",
                404 => "not-found",
                405 => "method-not-allowed",
                409 => "changed-meanwhile",
                413 => "too-large",
                415 => "not-json",
                422 => "refused",
                429 => "too-many",
                503 => "unavailable",
                500 => "failed",
                _ => "bad-request",
            };
            plain(view, status, code, &format!("error-{key}-text"))
        }
    }
}

/// One that the interface itself found, worded by `api-<code>`.
fn of_code(view: &View, status: StatusCode, code: &str) -> HttpResponse {
    let mut answer = plain(view, status, code, &format!("api-{code}"));
    let headers = answer.headers_mut();
    match status {
        StatusCode::UNAUTHORIZED => {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        StatusCode::TOO_MANY_REQUESTS => {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("10"));
        }
        _ => {}
    }
    answer
}

/// One that has no refusal behind it: its code, and the message that words it.
fn plain(view: &View, status: StatusCode, code: &str, key: &str) -> HttpResponse {
    let detail = view.say(key);
    write(view, status, code, detail, None, Vec::new(), Vec::new())
}

/// What a rule or the form refused.
fn refused(view: &View, status: StatusCode, refusals: &[Refusal]) -> HttpResponse {
    let errors: Vec<Refused> = refusals
        .iter()
        .map(|refusal| Refused {
            field: refusal.field.map(str::to_owned),
            code: refusal.key.to_owned(),
            detail: view.word(refusal),
            article: refusal.article.clone(),
        })
        .collect();
    let Some(first) = refusals.first() else {
        return plain(view, status, "refused", "error-422-text");
    };
    write(
        view,
        status,
        first.key,
        view.word(first),
        first.article.clone(),
        errors,
        Vec::new(),
    )
}

/// What a form refused, as its page would list it.
pub fn of_form(view: &View, status: StatusCode, listed: &[Value], bad: &[Value]) -> HttpResponse {
    let text = |error: &Value, name: &str| {
        error
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let errors: Vec<Refused> = listed
        .iter()
        .map(|error| Refused {
            field: Some(text(error, "href").trim_start_matches('#').to_owned())
                .filter(|field| field != "main"),
            code: text(error, "code"),
            detail: text(error, "text"),
            article: None,
        })
        .collect();
    let (code, detail) = errors.first().map_or_else(Default::default, |first| {
        (first.code.clone(), first.detail.clone())
    });
    // A page with refusals is sent as 200 nowhere; a conflict keeps its own status.
    let findings = bad
        .iter()
        .map(|row| Found {
            line: text(row, "line"),
            column: text(row, "column"),
            detail: text(row, "reason"),
        })
        .collect();
    write(view, status, &code, detail, None, errors, findings)
}

fn write(
    view: &View,
    status: StatusCode,
    code: &str,
    detail: String,
    article: Option<String>,
    errors: Vec<Refused>,
    findings: Vec<Found>,
) -> HttpResponse {
    let config = &view.state.config;
    let title = match status.as_u16() {
        code @ (400 | 401 | 403 | 404 | 405 | 409 | 413 | 415 | 422 | 429 | 503) => code,
        code if code < 500 => 400,
        _ => 500,
    };
    let problem = Problem {
        r#type: format!("{}{}/api#problems", config.origin, config.prefix),
        title: view.say(&format!("error-{title}-title")),
        status: status.as_u16(),
        detail,
        code: code.to_owned(),
        article,
        errors,
        findings,
        request_id: view.ctx.request_id.clone(),
    };
    let mut response = HttpResponse::build(status);
    let mut response = match serde_json::to_string(&problem) {
        Ok(text) => response.content_type("application/problem+json").body(text),
        Err(error) => {
            tracing::error!(%error, "a problem could not be written");
            response.finish()
        }
    };
    response.extensions_mut().insert(Worded);
    response
}
