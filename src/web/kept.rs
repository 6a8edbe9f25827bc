//! A posted form that survives a sign-in or an outdated token: signed, one button away from being sent.

use super::Answer;
use super::context::Origin;
use super::error::Why;
use super::error_pages::error_page;
use super::form::is_secret;
use super::view::View;
use crate::infra::tokens;
use actix_web::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

/// What was typed, packed and signed so that it survives a sign-in; bound to the person who typed it, when known.
#[derive(serde::Serialize, serde::Deserialize)]
struct Kept {
    path: String,
    body: String,
    person: Option<i64>,
}

pub fn keep(view: &View) -> Option<String> {
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

/// After a sign-in, or over an outdated token: the kept form, one button away from being sent.
pub fn continue_page(view: &View, packed: &str) -> Option<Answer> {
    let kept = kept(view, packed)?;
    if kept.person.is_some() && kept.person != view.actor().map(|actor| actor.person_id.0) {
        return None;
    }
    Some(show_kept(view, StatusCode::OK, &kept))
}

pub fn keep_and_continue(view: &View) -> Answer {
    match keep(view).as_deref().and_then(|packed| kept(view, packed)) {
        Some(kept) => show_kept(view, StatusCode::FORBIDDEN, &kept),
        None => error_page(view, StatusCode::FORBIDDEN, &Why::Status),
    }
}

fn show_kept(view: &View, status: StatusCode, kept: &Kept) -> Answer {
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
