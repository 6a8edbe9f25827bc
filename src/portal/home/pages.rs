//! One search box, three doors, figures, what is open and what is new.

use super::queries::{Figures, figures};
use crate::common::publications::{self, Publication};
use crate::communities::directory::{self, OpenProjects, Places};
use crate::infra::actor::Actor;
use crate::infra::db::Db;
use crate::infra::failure::Failure;
use crate::infra::words::Language;
use crate::kernel::instant;
use crate::kernel::money::Fen;
use crate::procurement::projects::PrepareProjects;
use crate::regions::{self, Region};
use crate::web::{Answer, View};
use actix_web::HttpRequest;
use chrono::{Datelike, NaiveDateTime};
use serde_json::{Value, json};

/// How many notices, and how many open projects, the first page shows.
const NEWS: i64 = 8;
const OPEN: i64 = 6;

struct Found {
    news: Vec<Publication>,
    mine: Option<Region>,
    open: OpenProjects,
    open_count: i64,
}

fn find(db: &mut Db, mine: Option<String>, now: NaiveDateTime) -> Result<Found, Failure> {
    Ok(Found {
        news: publications::list_newest(db, &[], NEWS)?,
        mine: match mine {
            Some(code) => regions::find_many(db, &[code])?.into_iter().next(),
            None => None,
        },
        open: OpenProjects::load(db, None, now, OPEN)?,
        open_count: directory::count_open_projects(db, now)?,
    })
}

pub async fn show(view: View, req: HttpRequest) -> Answer {
    let mine = directory::remembered(&req);
    let now = view.state.store.now();
    let found = view.state.store.read(move |db| find(db, mine, now)).await?;
    let places = Places::shared(&view.state).await?;
    let today = instant::shanghai_date(now);
    let sums = view
        .state
        .read_shared(format!("figures {today}"), move |db| {
            Ok(figures(db, today)?)
        })
        .await?;
    let open_count = (found.open_count > 0).then(|| found.open_count.to_string());
    let body = json!({
        "news": found.news.iter().map(|notice| notice_view(&view, notice)).collect::<Vec<_>>(),
        "mine": found.mine.as_ref().map(|region| json!({
            "href": format!("/communities/{}", region.code),
            "label": view.say_with("portal-home-my-community", &[("name", region.short_name())]),
        })),
        "figures": figures_view(&view, places.count(), &sums, now),
        "projects": found.open.view(&view, &places),
        "open_count": open_count,
        // A visitor is asked to sign in; somebody else's member would only be turned away.
        "may_buy": view.actor().is_none_or(Actor::may::<PrepareProjects>),
    });
    view.render("portal/home", "home", &view.say("portal-home-title"), &body)
}

fn figures_view(view: &View, places: usize, figures: &Figures, now: NaiveDateTime) -> Value {
    let year = instant::shanghai_date(now).year().to_string();
    json!([
        { "figure": figures.proven.to_string(), "unit": null, "label": view.say("portal-home-figure-providers") },
        { "figure": figures.listed.to_string(), "unit": null, "label": view.say("portal-home-figure-listed") },
        {
            "figure": format!("{} / {}", figures.served, places),
            "unit": null,
            "label": view.say("portal-home-figure-communities"),
        },
        {
            "figure": match view.language() {
                // In 万元, to two decimals, as budgets are read in Chinese.
                Language::Chinese | Language::Traditional => Fen(figures.amount.0 / 10_000).to_string(),
                Language::English => figures.amount.to_string(),
            },
            "unit": view.say("portal-home-figure-unit"),
            "label": view.say_with("portal-home-figure-amount", &[("year", &year)]),
        },
    ])
}

fn notice_view(view: &View, notice: &Publication) -> Value {
    json!({
        "kind": view.say(&format!("publication-{}", notice.kind.replace('_', "-"))),
        "title": notice.title,
        "link": notice.link,
        "at": instant::minute(notice.published_at),
    })
}
