//! The guides' texts, made into HTML once for each language.

use crate::infra::failure::Failure;
use crate::infra::traditional::Traditional;
use crate::kernel::language::Language;
use pulldown_cmark::{CowStr, Event, Parser, Tag, html};

/// Whom there is a guide for: the name of the file, and of the message `help-for-<name>`.
pub const GUIDES: &[&str] = &[
    "resident",
    "provider",
    "officer",
    "expert",
    "supervisor",
    "administrator",
];

#[derive(rust_embed::RustEmbed)]
#[folder = "docs/help/"]
struct Texts;

/// The guide as HTML, its links under the deployment's prefix; `None` when there is none of that name.
pub fn html(guide: &str, language: Language, prefix: &str) -> Result<Option<String>, Failure> {
    let folder = match language {
        Language::English => "en",
        Language::Chinese | Language::Traditional => "zh-CN",
    };
    if !GUIDES.contains(&guide) {
        return Ok(None);
    }
    let Some(file) = Texts::get(&format!("{folder}/{guide}.md")) else {
        return Ok(None);
    };
    let text = String::from_utf8_lossy(&file.data).into_owned();
    let text = match language {
        Language::Traditional => Traditional::load()?.convert(&text),
        Language::Chinese | Language::English => text,
    };
    let events = Parser::new(&text).filter_map(|event| match event {
        // The guides are ours, but nothing of them is taken as HTML.
        Event::Html(_) | Event::InlineHtml(_) => None,
        Event::Start(Tag::Link {
            link_type,
            dest_url,
            title,
            id,
        }) if dest_url.starts_with('/') => Some(Event::Start(Tag::Link {
            link_type,
            dest_url: CowStr::from(format!("{prefix}{dest_url}")),
            title,
            id,
        })),
        event => Some(event),
    });
    let mut page = String::new();
    html::push_html(&mut page, events);
    Ok(Some(page))
}
