//! The list of guides, and one guide.

use super::guides::{self, GUIDES};
use crate::infra::failure::Failure;
use crate::web::{Answer, View};
use actix_web::web::Path;
use serde_json::{Value, json};

fn others(view: &View) -> Vec<Value> {
    GUIDES
        .iter()
        .map(|guide| {
            json!({
                "href": format!("/help/{guide}"),
                "label": view.say(&format!("help-for-{guide}")),
                "text": view.say(&format!("help-about-{guide}")),
            })
        })
        .collect()
}

pub async fn index(view: View) -> Answer {
    let body = json!({ "guides": others(&view) });
    view.render("portal/help", "", &view.say("help-title"), &body)
}

pub async fn show(view: View, guide: Path<String>) -> Answer {
    let text = guides::html(&guide, view.language(), &view.state.config.prefix)?
        .ok_or(Failure::NotFound)?;
    let title = view.say(&format!("help-for-{guide}"));
    let body = json!({
        "crumbs": [
            { "label": view.say("help-title"), "href": "/help" },
            { "label": title, "href": null },
        ],
        "title": title,
        "text": text,
        "guides": others(&view),
    });
    view.render("portal/guide", "", &title, &body)
}
