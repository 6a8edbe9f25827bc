//! Published contracts for everybody, with filters and as files; a body's unpublished ones for itself.

use super::stand;
use crate::infra::actor::Actor;
use crate::kernel::catalogue_code::CatalogueCode;
use crate::kernel::instant;
use crate::kernel::paging::{Page, PageSize, decode_cursor};
use crate::kernel::people::BodyId;
use crate::kernel::region::RegionCode;
use crate::kernel::text;
use crate::procurement::contracts::model::{Contract, ContractId, DraftContracts};
use crate::procurement::contracts::queries::{self, Filters};
use crate::regions;
use crate::web::export::{self, BLOCK, Cell, Column, Entry, Export, is_last};
use crate::web::{Answer, AppError, Form, SignedIn, State, View};
use actix_web::web::Data;
use chrono::{Datelike, NaiveDateTime};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Filters as asked for; what cannot be is as if not asked, and the form shows it empty.
pub fn filters(form: &Form) -> Filters {
    let word = |name: &str| Some(text::clean(form.raw(name))).filter(|value| !value.is_empty());
    Filters {
        region: word("region").and_then(|code| {
            RegionCode::parse(&code)
                .ok()
                .map(|code| code.as_str().to_owned())
        }),
        catalogue: word("code").and_then(|code| {
            CatalogueCode::parse(&code)
                .ok()
                .map(|code| code.as_str().to_owned())
        }),
        text: word("q").filter(|value| text::chars(value) <= 60),
        year: word("year")
            .and_then(|year| text::narrow(&year).parse().ok())
            .filter(|year| (1990..=2199).contains(year)),
    }
}

pub fn after(form: &Form) -> Option<(NaiveDateTime, ContractId)> {
    let [at, id] = decode_cursor(form.raw("after")).ok()?;
    Some((instant::parse_rfc3339(&at).ok()?, id.parse().ok()?))
}

fn address(filters: &Filters, after: Option<&str>) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    let year = filters.year.map(|year| year.to_string());
    for (name, value) in [
        ("region", filters.region.as_deref()),
        ("code", filters.catalogue.as_deref()),
        ("q", filters.text.as_deref()),
        ("year", year.as_deref()),
        ("after", after),
    ] {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    match query.finish() {
        query if query.is_empty() => "/contracts".to_owned(),
        query => format!("/contracts?{query}"),
    }
}

/// What the list is ordered by.
pub fn key(contract: &Contract) -> Vec<String> {
    let at = contract.published_at.map(instant::rfc3339);
    vec![at.unwrap_or_default(), contract.id.to_string()]
}

pub async fn list(view: View, state: Data<State>) -> Answer {
    let form = view.query();
    let (filters, after) = (filters(&form), after(&form));
    let size = PageSize::default();
    let wanted = filters.clone();
    let (found, pages, towns, here) = state
        .store
        .read(move |db| {
            let found = queries::list_published(db, &wanted, after, size.limit())?;
            let here = match &wanted.region {
                Some(code) => regions::find_many(db, std::slice::from_ref(code))?,
                None => Vec::new(),
            };
            let pages = queries::provider_pages(db, &found)?;
            Ok((found, pages, regions::list_towns(db)?, here))
        })
        .await?;
    let page = Page::of(found, size, key);
    let this_year = instant::shanghai_date(state.store.now()).year();
    let mut towns: Vec<Value> = towns
        .iter()
        .chain(
            here.iter()
                .filter(|region| !towns.iter().any(|town| town.code == region.code)),
        )
        .map(|region| json!({ "value": region.code, "label": region.name }))
        .collect();
    towns.insert(
        0,
        json!({ "value": "", "label": view.say("contracts-any-town") }),
    );
    let mut years: Vec<Value> = (0..6)
        .map(|back| (this_year - back).to_string())
        .map(|year| json!({ "value": year, "label": year }))
        .collect();
    years.insert(
        0,
        json!({ "value": "", "label": view.say("contracts-any-year") }),
    );
    let rows: Vec<Value> = page
        .rows
        .iter()
        .map(|contract| row(&view, contract, &pages))
        .collect();
    let count = rows.len().to_string();
    let title = view.say("contracts-title");
    let shown = Form::default()
        .with("region", filters.region.clone().unwrap_or_default())
        .with("code", filters.catalogue.clone().unwrap_or_default())
        .with("q", filters.text.clone().unwrap_or_default())
        .with(
            "year",
            filters
                .year
                .map(|year| year.to_string())
                .unwrap_or_default(),
        );
    view.render_form(
        "procurement/contracts/list",
        "contracts",
        &title,
        &shown,
        &json!({
            "rows": rows, "towns": towns, "years": years,
            "filtered": address(&filters, None) != "/contracts",
            "exports": export::links(&address(&filters, None)),
            "may_import": view.actor().is_some_and(Actor::may::<DraftContracts>),
            "pager": {
                "prev": after.map(|_| address(&filters, None)),
                "next": page.next.as_deref().map(|next| address(&filters, Some(next))),
                "count_text": view.say_with("contracts-count", &[("count", &count)]),
            },
        }),
    )
}

fn row(view: &View, contract: &Contract, pages: &BTreeMap<BodyId, String>) -> Value {
    json!({
        "href": format!("/contracts/{}", contract.id), "number": contract.number, "title": contract.title,
        "provider": contract.provider_name,
        "provider_href": contract.provider_id.and_then(|id| pages.get(&id)),
        "amount": contract.amount_fen.to_string(),
        "from": contract.term_from.to_string(), "to": contract.term_to.to_string(),
        "stand": stand(view, contract), "afterwards": contract.is_entered_afterwards,
        "phone": contract.phone,
    })
}

/// What the files of the list show.
const COLUMNS: [Column; 13] = [
    ("contracts-number", 20),
    ("contracts-what", 40),
    ("contracts-filter-code", 12),
    ("contracts-provider", 32),
    ("contracts-provider-code", 22),
    ("contracts-amount", 16),
    ("contracts-from", 12),
    ("contracts-until", 12),
    ("contracts-community-codes", 28),
    ("contracts-phone", 18),
    ("contracts-stand", 12),
    ("contracts-afterwards", 12),
    ("contracts-published-on", 12),
];

pub async fn export(view: View, state: Data<State>) -> Answer {
    let _turn = view.export_turn().await?;
    let filters = filters(&view.query());
    let mut export = Export::new(&view, "contracts", view.say("contracts-title"), &COLUMNS)?;
    let mut after = None;
    loop {
        let filters = filters.clone();
        let (block, mut communities) = state
            .store
            .read(move |db| {
                let block = queries::list_published(db, &filters, after, BLOCK)?;
                let ids = block.iter().map(|contract| contract.id).collect();
                let communities = queries::communities_of_many(db, ids)?;
                Ok((block, communities))
            })
            .await?;
        for contract in &block {
            let communities = communities.remove(&contract.id).unwrap_or_default();
            export.row(cells(&view, contract, &communities), entry(contract))?;
        }
        after = block
            .last()
            .and_then(|last| Some((last.published_at?, last.id)));
        if is_last(block.len()) || after.is_none() || export.has_enough() {
            return export.answer().await;
        }
    }
}

fn cells(view: &View, contract: &Contract, communities: &[String]) -> [Cell; 13] {
    let afterwards = if contract.is_entered_afterwards {
        "export-yes"
    } else {
        "export-no"
    };
    let stand = stand(view, contract);
    let stand = stand.get("text").and_then(Value::as_str);
    [
        contract.number.clone().into(),
        contract.title.clone().into(),
        contract.catalogue_code.clone().into(),
        contract.provider_name.clone().into(),
        contract.provider_code.clone().into(),
        contract.amount_fen.into(),
        contract.term_from.into(),
        contract.term_to.into(),
        communities.join(";").into(),
        contract.phone.clone().into(),
        stand.into(),
        view.say(afterwards).into(),
        contract.published_at.map(instant::shanghai_date).into(),
    ]
}

fn entry(contract: &Contract) -> Entry {
    Entry {
        id: format!("contract/{}", contract.id),
        title: contract.title.clone(),
        link: format!("/contracts/{}", contract.id),
        updated: contract.published_at.unwrap_or_default(),
    }
}

/// What the actor's body still has to write or sign.
pub async fn drafts(who: SignedIn, view: View, state: Data<State>) -> Answer {
    let body = who.0.body_id().ok_or(AppError::Forbidden)?;
    let (found, pages) = state
        .store
        .read(move |db| {
            let mut found = queries::list_unpublished(db, body)?;
            found.retain(|contract| contract.is_seen_by(body));
            let pages = queries::provider_pages(db, &found)?;
            Ok((found, pages))
        })
        .await?;
    let rows: Vec<Value> = found
        .iter()
        .map(|contract| row(&view, contract, &pages))
        .collect();
    let title = view.say("contracts-drafts-title");
    view.render(
        "procurement/contracts/drafts",
        "work",
        &title,
        &json!({ "rows": rows }),
    )
}
