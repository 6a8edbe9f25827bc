//! Choosing a community, remembering it, and its page.

use super::list::{Asked, FIELDS};
use super::model::Service;
use super::rules::{Cover, Served, coverage};
use super::views::{OpenProjects, Places, Services};
use crate::infra::db::Db;
use crate::infra::failure::Failure;
use crate::kernel::instant;
use crate::regions::{self, Region, RegionKind};
use crate::web::cookies::cookie;
use crate::web::{Answer, AppError, Form, View, export};
use actix_web::HttpRequest;
use actix_web::web::Path;
use chrono::{NaiveDate, NaiveDateTime};
use serde_json::{Value, json};

/// The cookie that holds the code of the reader's own community.
pub const REMEMBERED: &str = "community";
const KEPT_SECONDS: i64 = 400 * 24 * 3600;
const OPEN_PROJECTS: i64 = 20;

/// The code of the remembered community, as the browser sends it: still to be looked up.
pub fn remembered(req: &HttpRequest) -> Option<String> {
    let cookie = req.cookie(REMEMBERED)?;
    let is_code = cookie.value().len() == 12 && cookie.value().bytes().all(|b| b.is_ascii_digit());
    is_code.then(|| cookie.value().to_owned())
}

fn is_place(region: &Region) -> bool {
    matches!(region.kind, RegionKind::Community | RegionKind::Village)
}

pub async fn find_place(view: &View, code: String) -> Result<Option<Region>, AppError> {
    let found = view
        .state
        .store
        .read(
            move |db| match regions::find(db, &code).map_err(Failure::from) {
                Ok(region) => Ok(Some(region)),
                Err(Failure::NotFound) => Ok(None),
                Err(failure) => Err(failure),
            },
        )
        .await?;
    Ok(found.filter(is_place))
}

/// One tap from the menu: straight to the remembered community, unless another is to be chosen.
pub async fn choose(view: View, req: HttpRequest) -> Answer {
    let asked = Asked::of(&view);
    let is_searched = !asked.q.is_empty();
    let asks = is_searched || !asked.town.is_empty() || view.query().is_checked("all");
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
    let entry = |region: &Region| json!({ "href": format!("/communities/{}", region.code), "name": region.short_name() });
    let named = |region: &&Region| is_searched && asked.names(region);
    let towns_found: Vec<Value> = towns
        .iter()
        .filter(named)
        .map(|town| {
            json!({ "href": format!("/communities?town={}#town-{}", town.code, town.code), "name": town.name })
        })
        .collect();
    let found: Vec<Value> = places
        .iter()
        .filter(named)
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
                "is_open": asked.town == town.code,
                "places": places,
            })
        })
        .collect();
    let body = json!({
        "q": asked.q,
        "searched": is_searched,
        "exports": export::links(&Form::default().with("q", &asked.q).with("town", &asked.town).address("/communities", &FIELDS, None)),
        "towns_found": towns_found,
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

/// What the page of a community reads.
struct Found {
    region: Region,
    town: Option<Region>,
    county: Option<Region>,
    services: Services,
    open: OpenProjects,
}

fn find(db: &mut Db, code: &str, now: NaiveDateTime) -> Result<Found, Failure> {
    let above = |db: &mut Db, region: Option<&Region>| -> Result<Option<Region>, Failure> {
        let code = region.and_then(|region| region.parent_code.clone());
        Ok(match code {
            // The county's own parent is not among the rows.
            Some(code) => regions::find_many(db, &[code])?.into_iter().next(),
            None => None,
        })
    };
    let region = regions::find(db, code)?;
    let town = above(db, Some(&region))?;
    let county = above(db, town.as_ref())?;
    Ok(Found {
        services: Services::in_community(db, code)?,
        open: OpenProjects::load(db, Some(code), now, OPEN_PROJECTS)?,
        region,
        town,
        county,
    })
}

/// Who serves this community. A town's code leads to its list.
pub async fn show(view: View, req: HttpRequest, code: Path<String>) -> Answer {
    let now = view.state.store.now();
    let code = code.into_inner();
    let found = view
        .state
        .store
        .read(move |db| find(db, &code, now))
        .await?;
    let places = Places::shared(&view.state).await?;
    let region = &found.region;
    match region.kind {
        RegionKind::Community | RegionKind::Village => {}
        RegionKind::Town => {
            return Ok(view.see_other(&format!("/communities?town={}", region.code)));
        }
        RegionKind::County => return Ok(view.see_other("/communities?all=1")),
    }
    let title = view.say_with("communities-title", &[("name", region.short_name())]);
    let today = instant::shanghai_date(now);
    let rows = |ended| found.services.view(&view, &places, today, ended);
    let body = json!({
        "crumbs": crumbs(&found),
        "heading": title,
        "code": region.code,
        "is_mine": remembered(&req).as_deref() == Some(&region.code),
        "phone": region.phone,
        "summary": summary(&view, &found.services, today),
        "coverage": grid(&view, &found.services, today),
        "running": rows(false),
        "ended": rows(true),
        "projects": found.open.view(&view, &places),
        "updated": updated(&view, &found.services),
        "now": instant::minute(now),
    });
    view.render("communities/directory/show", "communities", &title, &body)
}

fn crumbs(found: &Found) -> Vec<Value> {
    let county = found
        .county
        .as_ref()
        .map(|county| json!({ "label": county.name, "href": "/communities?all=1" }));
    let town = found.town.as_ref().map(
        |town| json!({ "label": town.name, "href": format!("/communities?town={}", town.code) }),
    );
    let here = json!({ "label": found.region.short_name(), "href": null });
    [county, town, Some(here)].into_iter().flatten().collect()
}

/// “9 项服务，由 7 家单位提供”; nothing where there is none.
fn summary(view: &View, services: &Services, today: NaiveDate) -> Option<String> {
    let running: Vec<&Service> = running(services, today).collect();
    let mut providers: Vec<&str> = running
        .iter()
        .map(|service| service.provider_name.as_str())
        .collect();
    providers.sort_unstable();
    providers.dedup();
    (!running.is_empty()).then(|| {
        view.say_with(
            "communities-summary",
            &[
                ("services", &running.len().to_string()),
                ("providers", &providers.len().to_string()),
            ],
        )
    })
}

fn running(services: &Services, today: NaiveDate) -> impl Iterator<Item = &Service> {
    services
        .rows
        .iter()
        .map(|(service, _)| service)
        .filter(move |service| service.has_begun(today) && !service.has_ended(today))
}

fn grid(view: &View, services: &Services, today: NaiveDate) -> Vec<Value> {
    let served: Vec<Served> = running(services, today)
        .map(|service| Served {
            code: &service.catalogue_code,
            title: &service.title,
            until: service.term_to,
        })
        .collect();
    coverage(&served, today)
        .into_iter()
        .map(|field| {
            let count = field.services.to_string();
            let (class, text) = match field.cover {
                Cover::Full => (
                    "full",
                    view.say_with("communities-cover-full", &[("count", &count)]),
                ),
                Cover::Ending(last) => (
                    "part",
                    view.say_with(
                        "communities-cover-ending",
                        &[("count", &count), ("until", &last.to_string())],
                    ),
                ),
                Cover::None => ("none", view.say("communities-cover-none")),
            };
            let name = view.say(&format!("communities-field-{}", field.name));
            json!({ "class": class, "name": name, "text": text })
        })
        .collect()
}

/// The day of the newest contract on the page.
fn updated(view: &View, services: &Services) -> Option<String> {
    let newest = services
        .rows
        .iter()
        .filter_map(|(service, _)| service.published_at)
        .max()?;
    Some(view.say_with("communities-updated", &[("day", &instant::date(newest))]))
}
