//! Choosing a community, remembering it, and its page.

use crate::infra::failure::Failure;
use crate::kernel::{instant, text};
use crate::regions::{self, Region, RegionKind};
use crate::web::guard::cookie;
use crate::web::{Answer, AppError, Form, View};
use actix_web::HttpRequest;
use actix_web::web::{Path, Query};
use serde::Deserialize;
use serde_json::{Value, json};

/// The cookie that holds the code of the reader's own community.
pub const REMEMBERED: &str = "community";
const KEPT_SECONDS: i64 = 400 * 24 * 3600;

/// The code of the remembered community, as the browser sends it: still to be looked up.
pub fn remembered(req: &HttpRequest) -> Option<String> {
    let cookie = req.cookie(REMEMBERED)?;
    let is_code = cookie.value().len() == 12 && cookie.value().bytes().all(|b| b.is_ascii_digit());
    is_code.then(|| cookie.value().to_owned())
}

fn is_place(region: &Region) -> bool {
    matches!(region.kind, RegionKind::Community | RegionKind::Village)
}

async fn find_place(view: &View, code: String) -> Result<Option<Region>, AppError> {
    let found = view
        .state
        .store
        .read(move |db| match regions::find(db, &code) {
            Ok(region) => Ok(Some(region)),
            Err(diesel::result::Error::NotFound) => Ok(None),
            Err(error) => Err(error.into()),
        })
        .await?;
    Ok(found.filter(is_place))
}

#[derive(Deserialize)]
pub struct Choice {
    #[serde(default)]
    q: String,
    #[serde(default)]
    town: String,
    #[serde(default)]
    all: String,
}

/// One tap from the menu: straight to the remembered community, unless another is to be chosen.
pub async fn choose(view: View, req: HttpRequest, choice: Query<Choice>) -> Answer {
    let asks = !choice.all.is_empty() || !choice.q.is_empty() || !choice.town.is_empty();
    let mine = match remembered(&req) {
        Some(code) => find_place(&view, code).await?,
        None => None,
    };
    if let (Some(region), false) = (&mine, asks) {
        return Ok(view.see_other(&format!("/communities/{}", region.code)));
    }
    let (towns, places) = view
        .state
        .store
        .read(|db| Ok((regions::list_towns(db)?, regions::list_communities(db)?)))
        .await?;
    let q = text::excerpt(&text::clean(&choice.q), 40);
    let entry = |region: &Region| json!({ "href": format!("/communities/{}", region.code), "name": region.short_name() });
    let found: Vec<Value> = places
        .iter()
        .filter(|place| !q.is_empty() && place.name.contains(&q))
        .map(|place| {
            let town = towns
                .iter()
                .find(|town| Some(&town.code) == place.parent_code.as_ref());
            json!({ "place": entry(place), "town": town.map(|town| &town.name) })
        })
        .collect();
    let groups: Vec<Value> = towns
        .iter()
        .map(|town| {
            let places: Vec<Value> = places
                .iter()
                .filter(|place| place.parent_code.as_ref() == Some(&town.code))
                .map(entry)
                .collect();
            json!({
                "code": town.code,
                "name": town.name,
                "count": view.say_with("communities-count", &[("count", &places.len().to_string())]),
                "is_open": choice.town == town.code,
                "places": places,
            })
        })
        .collect();
    let body = json!({
        "q": q,
        "searched": !q.is_empty(),
        "found": found,
        "towns": groups,
        "mine": mine.as_ref().map(entry),
    });
    let title = view.say("communities-choose-title");
    view.render("communities/directory/choose", "communities", &title, &body)
}

/// Keeps the code on the reader's device only; an empty code forgets it.
pub async fn remember(view: View, mut form: Form) -> Answer {
    let code = form.optional("code", 12);
    if !form.is_ok() {
        return Err(Failure::NotFound.into());
    }
    if code.is_empty() {
        let mut response = view.see_other_with("/communities?all=1", "communities-forgotten");
        let mut gone = cookie(&view.state.config, REMEMBERED, String::new(), Some(0));
        gone.make_removal();
        response.add_cookie(&gone).map_err(AppError::internal)?;
        return Ok(response);
    }
    let region = find_place(&view, code)
        .await?
        .ok_or(AppError::Failed(Failure::NotFound))?;
    let mut response = view.see_other_with(
        &format!("/communities/{}", region.code),
        "communities-remembered",
    );
    let kept = cookie(
        &view.state.config,
        REMEMBERED,
        region.code,
        Some(KEPT_SECONDS),
    );
    response.add_cookie(&kept).map_err(AppError::internal)?;
    Ok(response)
}

/// Who serves this community. A town's code leads to its list.
pub async fn show(view: View, req: HttpRequest, code: Path<String>) -> Answer {
    let code = code.into_inner();
    let (region, town, county) = view
        .state
        .store
        .read(move |db| {
            let region = regions::find(db, &code)?;
            let town = region
                .parent_code
                .clone()
                .map(|code| regions::find(db, &code))
                .transpose()?;
            let county = town
                .as_ref()
                .and_then(|town| town.parent_code.clone())
                .map(|code| regions::find(db, &code))
                .transpose();
            Ok((region, town, county.ok().flatten()))
        })
        .await?;
    match region.kind {
        RegionKind::Community | RegionKind::Village => {}
        RegionKind::Town => {
            return Ok(view.see_other(&format!("/communities?town={}", region.code)));
        }
        RegionKind::County => return Ok(view.see_other("/communities?all=1")),
    }
    let name = region.short_name();
    let title = view.say_with("communities-title", &[("name", name)]);
    let mut crumbs: Vec<Value> = Vec::new();
    if let Some(county) = &county {
        crumbs.push(json!({ "label": county.name, "href": "/communities?all=1" }));
    }
    if let Some(town) = &town {
        crumbs.push(
            json!({ "label": town.name, "href": format!("/communities?town={}", town.code) }),
        );
    }
    crumbs.push(json!({ "label": name, "href": null }));
    let body = json!({
        "crumbs": crumbs,
        "heading": title,
        "code": region.code,
        "phone": region.phone,
        "is_mine": remembered(&req).as_deref() == Some(&region.code),
        "now": instant::minute(view.state.store.now()),
    });
    view.render("communities/directory/show", "communities", &title, &body)
}
