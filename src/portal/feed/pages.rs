//! `/projects.atom`: tenders, results and contracts as they are published, read from the publications and nothing else.

use crate::common::publications::{self, Publication};
use crate::web::{Answer, State, View};
use actix_web::HttpResponse;
use actix_web::web::Data;
use atom_syndication::{Entry, FixedDateTime, Generator, Link, Person, Text};
use chrono::NaiveDateTime;

const KINDS: [&str; 3] = ["tender", "award", "contract"];
const SIZE: i64 = 50;

pub async fn list(view: View, state: Data<State>) -> Answer {
    let notices = state
        .store
        .read(|db| Ok(publications::list_newest(db, &KINDS, SIZE)?))
        .await?;
    let say = |key: &str| {
        if state.config.mode.is_demo() {
            view.say(&format!("{key}-demo"))
        } else {
            view.say(key)
        }
    };
    let link = |path: &str, rel: &str, mime: &str| Link {
        href: state.config.link(path),
        rel: rel.into(),
        mime_type: Some(mime.into()),
        ..Link::default()
    };
    let updated = notices
        .first()
        .map_or_else(|| state.store.now(), |newest| newest.published_at);
    let feed = atom_syndication::Feed {
        title: Text::plain(say("feed-title")),
        subtitle: Some(Text::plain(say("feed-subtitle"))),
        id: tag(&state, "projects"),
        updated: fixed(updated),
        lang: Some("zh-CN".into()),
        authors: vec![Person {
            name: match state.config.host.name.as_str() {
                "" => say("feed-title"),
                name => name.to_owned(),
            },
            ..Person::default()
        }],
        generator: Some(Generator {
            value: "Sanshe".into(),
            ..Generator::default()
        }),
        links: vec![
            link("/projects.atom", "self", "application/atom+xml"),
            link("/projects", "alternate", "text/html"),
        ],
        entries: notices
            .iter()
            .map(|notice| entry(&view, &state, notice))
            .collect(),
        ..atom_syndication::Feed::default()
    };
    Ok(HttpResponse::Ok()
        .content_type("application/atom+xml; charset=utf-8")
        .body(feed.to_string()))
}

fn entry(view: &View, state: &Data<State>, notice: &Publication) -> Entry {
    let kind = view.say(&format!("publication-{}", notice.kind));
    Entry {
        title: Text::plain(format!("{kind} · {}", notice.title)),
        id: tag(state, &format!("publication/{}", notice.id)),
        updated: fixed(notice.published_at),
        published: Some(fixed(notice.published_at)),
        links: vec![Link {
            href: state.config.link(&notice.link),
            rel: "alternate".into(),
            mime_type: Some("text/html".into()),
            ..Link::default()
        }],
        ..Entry::default()
    }
}

/// RFC 4151: an id that stays when the page moves. The year only has to be one in which the host was ours.
fn tag(state: &Data<State>, what: &str) -> String {
    let origin = state.config.origin.as_str();
    let host = origin.split_once("://").map_or(origin, |(_, host)| host);
    let host = host.split(':').next().unwrap_or(host);
    format!("tag:{host},2026:{what}")
}

fn fixed(at: NaiveDateTime) -> FixedDateTime {
    at.and_utc().fixed_offset()
}
