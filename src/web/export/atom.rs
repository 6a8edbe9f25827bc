//! Atom: the newest rows of a list as entries.

use super::{Entry, Format, MAX_ENTRIES};
use crate::infra::config::Config;
use crate::web::View;
use atom_syndication::{
    Content, Entry as Item, Feed, FixedDateTime, Generator, Link, Person, Text,
};
use chrono::NaiveDateTime;

/// Writes the newest entries, whatever order they came in.
pub fn write(view: &View, name: &str, title: String, mut entries: Vec<(Entry, String)>) -> String {
    let config = &view.state.config;
    entries.sort_by_key(|(entry, _)| std::cmp::Reverse(entry.updated));
    entries.truncate(MAX_ENTRIES);
    let updated = entries
        .first()
        .map_or_else(|| view.state.store.now(), |(newest, _)| newest.updated);
    let title = if config.mode.is_demo() {
        view.say_with("export-feed-demo", &[("title", &title)])
    } else {
        title
    };
    let (path, query) = view
        .ctx
        .path
        .split_once('?')
        .unwrap_or((&view.ctx.path, ""));
    let list = path.strip_prefix("/api/v1").unwrap_or(path);
    let list = list.strip_suffix(".atom").unwrap_or(list);
    let with_filters = |path: &str| match query {
        "" => path.to_owned(),
        query => format!("{path}?{query}"),
    };
    let host = match config.host.name.as_str() {
        "" => view.say("feed-title"),
        name => name.to_owned(),
    };
    let feed = Feed {
        id: tag(config, &with_filters(name)),
        title: Text::plain(title),
        updated: fixed(updated),
        lang: Some(view.language().as_str().to_owned()),
        authors: vec![Person {
            name: host,
            ..Person::default()
        }],
        generator: Some(Generator {
            value: "Sanshe".into(),
            ..Generator::default()
        }),
        links: vec![
            link(config, &view.ctx.path, "self", Format::Atom.media()),
            link(config, &with_filters(list), "alternate", "text/html"),
        ],
        entries: entries
            .into_iter()
            .map(|(entry, text)| item(config, entry, text))
            .collect(),
        ..Feed::default()
    };
    feed.to_string()
}

fn item(config: &Config, entry: Entry, text: String) -> Item {
    Item {
        title: Text::plain(entry.title),
        id: tag(config, &entry.id),
        updated: fixed(entry.updated),
        published: Some(fixed(entry.updated)),
        links: vec![link(config, &entry.link, "alternate", "text/html")],
        content: (!text.is_empty()).then(|| Content {
            value: Some(text),
            content_type: Some("text".into()),
            ..Content::default()
        }),
        ..Item::default()
    }
}

fn link(config: &Config, path: &str, rel: &str, media: &str) -> Link {
    Link {
        href: config.link(path),
        rel: rel.into(),
        mime_type: Some(media.into()),
        ..Link::default()
    }
}

/// RFC 4151: an id that stays when the page moves. The year only has to be one in which the host was ours.
pub fn tag(config: &Config, what: &str) -> String {
    let origin = config.origin.as_str();
    let host = origin.split_once("://").map_or(origin, |(_, host)| host);
    let host = host.split(':').next().unwrap_or(host);
    format!("tag:{host},2026:{what}")
}

fn fixed(at: NaiveDateTime) -> FixedDateTime {
    at.and_utc().fixed_offset()
}
