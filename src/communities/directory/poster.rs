//! A sheet for the notice board of a community: its name, and the way to its page for who has a telephone at hand.

use super::pages::find_place;
use crate::infra::failure::Failure;
use crate::web::{Answer, View, qr};
use actix_web::web::Path;
use serde_json::json;

pub async fn show(view: View, code: Path<String>) -> Answer {
    let place = find_place(&view, code.into_inner())
        .await?
        .ok_or(Failure::NotFound)?;
    let name = place.short_name();
    let page = view
        .state
        .config
        .link(&format!("/communities/{}", place.code));
    let title = view.say_with("communities-poster-title", &[("name", name)]);
    let body = json!({
        "code": place.code,
        "name": name,
        "heading": view.say_with("communities-title", &[("name", name)]),
        "phone": place.phone,
        "address": page,
        "picture": qr::picture(&page)?,
    });
    view.render("communities/directory/poster", "communities", &title, &body)
}
