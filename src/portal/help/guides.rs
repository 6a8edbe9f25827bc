//! The guides' texts, made into HTML once for each language.

use crate::infra::failure::Failure;
use crate::infra::traditional::Traditional;
use crate::kernel::language::Language;
use crate::web::assets;
use pulldown_cmark::{CowStr, Event, Parser, Tag, TagEnd, html};

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
    let mut shown: Option<(CowStr, String)> = None;
    let events = Parser::new(&text).filter_map(|event| match event {
        Event::Start(Tag::Image { dest_url, .. }) => {
            shown = Some((dest_url, String::new()));
            None
        }
        Event::End(TagEnd::Image) => {
            let (from, alt) = shown.take()?;
            Some(Event::InlineHtml(picture(&from, &alt, prefix).into()))
        }
        Event::Text(text) if shown.is_some() => {
            shown.as_mut()?.1.push_str(&text);
            None
        }
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

/// A picture that opens in full size; `from` is its place as seen from the guide's file. All are of one size.
fn picture(from: &str, alt: &str, prefix: &str) -> String {
    let name = from.replacen("../pictures/", "help/", 1);
    let version = assets::version(&name).unwrap_or_default();
    let address = format!("{prefix}/assets/{name}?v={version}");
    let alt = handlebars::html_escape(alt);
    format!(
        "<a href=\"{address}\"><img src=\"{address}\" alt=\"{alt}\" width=\"1000\" height=\"640\" loading=\"lazy\"></a>"
    )
}
