//! One search box, three doors, what is open and what is new.

use crate::common::publications::{self, Publication};
use crate::communities::directory;
use crate::kernel::instant;
use crate::regions::{self, Region};
use crate::web::{Answer, View};
use actix_web::HttpRequest;
use serde_json::{Value, json};

/// How many notices the first page shows.
const NEWS: i64 = 8;

pub async fn show(view: View, req: HttpRequest) -> Answer {
    let code = directory::remembered(&req);
    let (news, mine) = view
        .state
        .store
        .read(move |db| {
            let mine = match code {
                Some(code) => regions::find_many(db, &[code])?.into_iter().next(),
                None => None,
            };
            Ok((publications::list_newest(db, &[], NEWS)?, mine))
        })
        .await?;
    let body = json!({
        "news": news.iter().map(|notice| notice_view(&view, notice)).collect::<Vec<_>>(),
        "mine": mine.as_ref().map(|region: &Region| json!({
            "href": format!("/communities/{}", region.code),
            "label": view.say_with("portal-home-my-community", &[("name", region.short_name())]),
        })),
    });
    view.render("portal/home", "home", &view.say("portal-home-title"), &body)
}

fn notice_view(view: &View, notice: &Publication) -> Value {
    json!({
        "kind": view.say(&format!("publication-{}", notice.kind.replace('_', "-"))),
        "title": notice.title,
        "link": notice.link,
        "at": instant::minute(notice.published_at),
    })
}
