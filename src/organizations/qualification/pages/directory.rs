//! The public directory: filters kept in the address, pages by the last row seen, files of the same selection.

use super::{NAV, word_kind};
use crate::catalogue::{self, CatalogueItem, Offered};
use crate::infra::actor::Actor;

use crate::kernel::instant;
use crate::kernel::paging::{Page, PageSize, decode_cursor};
use crate::kernel::{sound, text};
use crate::organizations::qualification::model::KeepDirectory;
use crate::organizations::qualification::queries::{self, Filter, Listed};
use crate::organizations::registry::{self, ProviderId, ProviderKind};

use crate::web::export::{self, BLOCK, Cell, Column, Entry, Export, is_last};
use crate::web::{Answer, Form, State, View};
use actix_web::web::Data;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const KINDS: [ProviderKind; 3] = [
    ProviderKind::Association,
    ProviderKind::SocialService,
    ProviderKind::Foundation,
];

/// The filters, as they stand in the address.
const FIELDS: [&str; 4] = ["q", "kind", "town", "code"];

/// The address as typed, and what it asks for.
pub struct Asked {
    form: Form,
    pub filter: Filter,
    pub after: Option<(String, ProviderId)>,
}

/// Reads the address; a value that nothing offers counts as not asked for.
pub fn asked(view: &View, offered: &Offered) -> Asked {
    let typed = view.query();
    let words: String = text::clean(typed.raw("q")).chars().take(60).collect();
    let kind = typed
        .raw("kind")
        .parse()
        .ok()
        .filter(|kind: &ProviderKind| kind.is_social());
    let town = offered.town(typed.raw("town"));
    let code = offered.code(typed.raw("code"));
    let after = decode_cursor::<2>(typed.raw("after"))
        .ok()
        .and_then(|[key, id]| Some((key, id.parse().ok()?)));
    let form = Form::default()
        .with("q", &words)
        .with("kind", kind.map_or("", |kind| kind.as_str()))
        .with("town", town.as_deref().unwrap_or_default())
        .with("code", code.as_deref().unwrap_or_default());
    let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
    Asked {
        form,
        filter: Filter {
            kind,
            town,
            code,
            services: services(
                &offered.items,
                &words
                    .iter()
                    .map(|word| sound::folded(word))
                    .collect::<Vec<_>>(),
            ),
            words,
        },
        after,
    }
}

/// Codes that offer a service whose name holds all the words: the item, the groups around it, the items in it.
fn services(items: &[CatalogueItem], words: &[String]) -> Vec<String> {
    if words.is_empty() {
        return Vec::new();
    }
    let named: Vec<&CatalogueItem> = items
        .iter()
        .filter(|item| {
            let name = format!("{} {}", item.name, item.aliases);
            words.iter().all(|word| sound::is_meant(&name, word))
        })
        .collect();
    items
        .iter()
        .filter(|item| {
            named
                .iter()
                .any(|hit| hit.code.starts_with(&item.code) || item.code.starts_with(&hit.code))
        })
        .map(|item| item.code.clone())
        .collect()
}

pub async fn list(view: View, state: Data<State>) -> Answer {
    let offer = catalogue::offered(&state).await?;
    let asked = asked(&view, &offer);
    let (filter, after) = (asked.filter.clone(), asked.after.clone());
    let size = PageSize::default();
    let counted = filter.clone();
    let count = state
        .read_shared(format!("listed {filter:?}"), move |db| {
            Ok(queries::count_listed(db, &counted)?)
        })
        .await?;
    let names = registry::names(&state).await?;
    let rows = state
        .store
        .read(move |db| Ok(queries::list_listed(db, &filter, after, size.limit())?))
        .await?;
    let page = Page::of(rows, size, |row| {
        vec![row.provider.sort_key.clone(), row.provider.id.to_string()]
    });
    let next = page
        .next
        .map(|cursor| asked.form.address("/organizations", &FIELDS, Some(&cursor)));
    let first = asked.form.address("/organizations", &FIELDS, None);
    let rows: Vec<Value> = page
        .rows
        .iter()
        .map(|row| line(&view, row, &names))
        .collect();
    let count_text = view.say_with("qualification-count", &[("count", &count.to_string())]);
    let is_filtered = first != "/organizations";
    let page = json!({
        "rows": rows,
        "count": count_text,
        "filtered": is_filtered,
        "everywhere": (!asked.form.raw("q").is_empty()).then(|| asked.form.address("/search", &["q"], None)),
        "exports": export::links(&first),
        "pager": { "prev": asked.after.as_ref().map(|_| first.clone()), "next": next, "count_text": count_text },
        "kinds": view.choices("qualification-any", KINDS.iter().map(|kind| (kind.to_string(), word_kind(&view, *kind)))),
        "towns": view.choices("qualification-any", offer.towns()),
        "codes": view.choices("qualification-any", offer.codes()),
        "is_reviewer": view.actor().is_some_and(Actor::may::<KeepDirectory>),
        "form": asked.form.view(&view.state.words, view.language()),
    });
    let title = view.say("qualification-directory-title");
    view.render("organizations/qualification/directory", NAV, &title, &page)
}

fn line(view: &View, row: &Listed, (names, areas): &registry::Names) -> Value {
    json!({
        "href": format!("/organizations/{}", row.provider.id),
        "name": row.provider.name,
        "kind": word_kind(view, row.provider.kind),
        "scope": few(view, &worded(names, &row.scope)),
        "areas": few(view, &worded(areas, &row.areas)),
        "phone": row.provider.phone,
        "listed": row.listed_at.map(instant::date),
    })
}

fn worded(names: &BTreeMap<String, String>, codes: &[String]) -> Vec<String> {
    codes
        .iter()
        .map(|code| names.get(code).cloned().unwrap_or_else(|| code.clone()))
        .collect()
}

/// The first few of a list; how many more.
fn few(view: &View, all: &[String]) -> String {
    const SHOWN: usize = 4;
    let joint = view.say("registry-joint");
    let shown: Vec<String> = all.iter().take(SHOWN).cloned().collect();
    if all.len() <= SHOWN {
        return shown.join(&joint);
    }
    let count = all.len().to_string();
    let list = shown.join(&joint);
    view.say_with(
        "qualification-and-more",
        &[("list", &list), ("count", &count)],
    )
}

/// What the files of the list show.
const COLUMNS: [Column; 8] = [
    ("registry-name", 36),
    ("registry-kind", 18),
    ("registry-code", 22),
    ("registry-scope", 48),
    ("registry-areas", 36),
    ("registry-phone", 18),
    ("registry-address", 36),
    ("qualification-listed-on", 14),
];

pub async fn export(view: View, state: Data<State>) -> Answer {
    let _turn = view.export_turn().await?;
    let offer = catalogue::offered(&state).await?;
    let filter = asked(&view, &offer).filter;
    let names = registry::names(&state).await?;
    let (names, areas) = names.as_ref();
    let title = view.say("qualification-directory-title");
    let mut export = Export::new(&view, "organizations", title, &COLUMNS)?;
    let mut after = None;
    loop {
        let filter = filter.clone();
        let rows = state
            .store
            .read(move |db| Ok(queries::list_listed(db, &filter, after, BLOCK)?))
            .await?;
        for row in &rows {
            let provider = &row.provider;
            let cells: [Cell; 8] = [
                provider.name.clone().into(),
                word_kind(&view, provider.kind).into(),
                provider.credit_code.to_string().into(),
                worded(names, &row.scope).join("; ").into(),
                worded(areas, &row.areas).join("; ").into(),
                provider.phone.clone().into(),
                provider.address.clone().into(),
                row.listed_at.map(instant::shanghai_date).into(),
            ];
            let entry = Entry {
                id: format!("organization/{}", provider.id),
                title: provider.name.clone(),
                link: format!("/organizations/{}", provider.id),
                updated: row.listed_at.unwrap_or(provider.created_at),
            };
            export.row(cells, entry)?;
        }
        after = rows
            .last()
            .map(|last| (last.provider.sort_key.clone(), last.provider.id));
        if is_last(rows.len()) {
            return export.answer().await;
        }
    }
}
