//! The about pages, and the signed head of the ledger for anybody to keep.

use crate::common::retention::{self, Class, Unit};
use crate::infra::failure::Failure;
use crate::infra::ledger::{self, Head};
use crate::kernel::instant;
use crate::web::{Answer, AppError, View};
use actix_web::HttpResponse;
use serde_json::{Value, json};

fn crumbs(view: &View, title: &str) -> Value {
    json!([{ "label": view.say("portal-about-title"), "href": "/about" }, { "label": title, "href": null }])
}

pub async fn about(view: View) -> Answer {
    let title = view.say("portal-about-title");
    let body = json!({ "phone": view.state.config.host.phone });
    view.render("portal/about", "", &title, &body)
}

pub async fn privacy(view: View) -> Answer {
    let title = view.say("portal-privacy-title");
    let body = json!({
        "crumbs": crumbs(&view, &title),
        "phone": view.state.config.host.phone,
        "host": view.state.config.host.name,
        "classes": retention::classes().iter().map(|class| kept(&view, class)).collect::<Vec<_>>(),
    });
    view.render("portal/privacy", "", &title, &body)
}

/// One class of personal data in a resident's words.
fn kept(view: &View, class: &Class) -> Value {
    let code = class.code.replace('_', "-");
    let word = |part: &str| view.say(&format!("retention-{part}-{code}"));
    let keep = class.keep.map_or_else(
        || word("from"),
        |span| {
            let unit = match span.unit {
                Unit::Days if span.count == 1 => "retention-day",
                Unit::Days => "retention-days",
                Unit::Months => "retention-months",
                Unit::Years => "retention-years",
            };
            let span = view.say_with(unit, &[("count", &span.count.to_string())]);
            let key = if class.is_least {
                "retention-least"
            } else {
                "retention-after"
            };
            view.say_with(key, &[("span", &span), ("from", &word("from"))])
        },
    );
    json!({ "what": word("what"), "why": word("why"), "keep": keep, "article": class.article })
}

/// Section by section: a message key and the pages in it, by path and message key.
const SITEMAP: &[(&str, &[(&str, &str)])] = &[
    (
        "portal-sitemap-residents",
        &[
            ("/", "portal-home-title"),
            ("/communities?all=1", "communities-choose-title"),
            ("/search", "portal-sitemap-search"),
        ],
    ),
    (
        "portal-sitemap-public",
        &[
            ("/catalogue", "layout-nav-catalogue"),
            ("/projects", "layout-nav-projects"),
            ("/notices", "notices-title"),
            ("/notices.atom", "layout-foot-feed"),
            ("/organizations", "layout-nav-organizations"),
            ("/contracts", "layout-nav-contracts"),
        ],
    ),
    (
        "portal-sitemap-members",
        &[
            ("/sign-up", "portal-sitemap-sign-up"),
            ("/sign-in", "layout-sign-in"),
            ("/work", "layout-nav-work"),
            ("/inbox", "layout-inbox"),
            ("/account", "portal-sitemap-account"),
        ],
    ),
    (
        "portal-about-title",
        &[
            ("/about", "portal-about-title"),
            ("/about/privacy", "portal-privacy-title"),
            ("/help", "help-title"),
            ("/about/verify", "portal-verify-title"),
            ("/api", "api-title"),
        ],
    ),
];

pub async fn sitemap(view: View) -> Answer {
    let title = view.say("portal-sitemap-title");
    let sections: Vec<Value> = SITEMAP
        .iter()
        .map(|(section, pages)| {
            let pages: Vec<Value> = pages
                .iter()
                .map(|(path, key)| json!({ "href": path, "label": view.say(key) }))
                .collect();
            json!({ "title": view.say(section), "pages": pages })
        })
        .collect();
    let body = json!({ "crumbs": crumbs(&view, &title), "sections": sections });
    view.render("portal/sitemap", "", &title, &body)
}

async fn present_head(view: &View) -> Result<Head, AppError> {
    let state = view.state.clone();
    let now = state.store.now();
    let signatures = state.signatures.clone();
    Ok(state
        .store
        .read(move |db| ledger::public_head(db, &signatures, now))
        .await?)
}

pub async fn verify(view: View) -> Answer {
    let head = present_head(&view).await?;
    let title = view.say("portal-verify-title");
    let row = |key: &str, value: &str| json!({ "key": view.say(key), "value": value });
    let body = json!({
        "crumbs": crumbs(&view, &title),
        "public_key": head.public_key,
        "earlier": view.state.secrets.retired_public_keys().iter().map(|old| json!({
            "key": old.public_key,
            "until": view.say_with("portal-verify-key-until", &[("at", &instant::minute(old.until))]),
        })).collect::<Vec<_>>(),
        "rows": [
            row("portal-verify-head-at", &head.at),
            row("portal-verify-head-chain", &head.chain_hash),
            row("portal-verify-head-instance", &head.instance),
            row("portal-verify-head-signature", &head.signature),
        ],
    });
    view.render("portal/verify", "", &title, &body)
}

/// The head as `sanshe verify-ledger --head FILE` reads it.
pub async fn head(view: View) -> Answer {
    let head = present_head(&view).await?;
    let text = serde_json::to_string_pretty(&head).map_err(Failure::from)?;
    Ok(HttpResponse::Ok()
        .content_type("application/json; charset=utf-8")
        .insert_header((
            "content-disposition",
            "attachment; filename=\"sanshe-head.json\"",
        ))
        .body(text + "\n"))
}
