//! What of each public thing is searched, and how it is shown in a list.

use super::model::{Document, DocumentKind};
use crate::accounts;
use crate::catalogue::{self, CatalogueItem};
use crate::infra::db::Db;
use crate::infra::failure::Failure;
use crate::infra::words::{Language, Words};
use crate::organizations::registry::{self, ProviderId, ProviderState};
use crate::procurement::contracts::{self, ContractId};
use crate::procurement::projects::{self, ProjectId};
use crate::regions::{self, Region, RegionKind};
use chrono::{DateTime, NaiveDateTime};
use std::collections::BTreeMap;

/// The items of the newest catalogue in force; earlier ones are read, not searched.
pub fn catalogue(db: &mut Db) -> Result<Vec<Document>, Failure> {
    let Some(newest) = catalogue::newest_published(db)? else {
        return Ok(Vec::new());
    };
    let items = catalogue::list_items(db, newest.id)?;
    let by_code: BTreeMap<&str, &CatalogueItem> = items
        .iter()
        .map(|item| (item.code.as_str(), item))
        .collect();
    let at = newest.published_at.unwrap_or(newest.imported_at);
    let document = |item: &CatalogueItem| {
        let mut path = Vec::new();
        let mut above = item.parent_code.as_deref();
        while let Some(parent) = above.and_then(|code| by_code.get(code)) {
            path.insert(0, format!("{} {}", parent.code, parent.name));
            above = parent.parent_code.as_deref().filter(|_| path.len() < 2);
        }
        Document {
            kind: DocumentKind::Catalogue,
            subject_id: item.id.0,
            title: format!("{} {}", item.code, item.name),
            summary: path.join(" › "),
            more: item.description.clone(),
            aliases: item.aliases.clone(),
            link: format!("/catalogue/{}/{}", newest.year, item.code),
            at,
        }
    };
    Ok(items.iter().map(document).collect())
}

/// Towns, and communities and villages with their towns.
pub fn communities(db: &mut Db) -> Result<Vec<Document>, Failure> {
    let towns = regions::list_towns(db)?;
    let names: BTreeMap<String, String> = towns
        .iter()
        .map(|town| (town.code.clone(), town.name.clone()))
        .collect();
    let document = |region: Region| {
        let town = region.parent_code.as_ref();
        let town = town.and_then(|code| names.get(code)).cloned();
        Some(Document {
            kind: DocumentKind::Community,
            subject_id: region.code.parse().ok()?,
            title: region.short_name().to_owned(),
            summary: town.unwrap_or_default(),
            more: region.name.clone(),
            aliases: String::new(),
            link: match region.kind {
                RegionKind::County | RegionKind::Town => {
                    format!("/communities?town={}", region.code)
                }
                RegionKind::Community | RegionKind::Village => {
                    format!("/communities/{}", region.code)
                }
            },
            at: always(),
        })
    };
    let communities = regions::list_communities(db)?;
    let all = towns.into_iter().chain(communities);
    Ok(all.filter_map(document).collect())
}

/// A place has no date: it stands behind what was published.
fn always() -> NaiveDateTime {
    DateTime::UNIX_EPOCH.naive_utc()
}

/// A provider, once an officer has proven it.
pub fn organization(db: &mut Db, words: &Words, id: i64) -> Result<Option<Document>, Failure> {
    let provider = match registry::find(db, ProviderId(id)).map_err(Failure::from) {
        Ok(provider) if provider.state == ProviderState::Proven => provider,
        Ok(_) | Err(Failure::NotFound) => return Ok(None),
        Err(failure) => return Err(failure),
    };
    let codes = registry::scopes_of(db, provider.id)?;
    let scope = scope_names(db, &codes)?;
    let kind = format!("registry-kind-{}", provider.kind.as_str().replace('_', "-"));
    let more = [provider.credit_code.to_string(), dialled(&provider.phone)];
    let aliases = aliases_of(db, &codes)?;
    let areas_of = registry::areas_of(db, provider.id)?;
    let areas = area_names(db, &areas_of)?;
    let parts = [
        words.say(Language::Chinese, &kind, &[]),
        scope.join("、"),
        areas,
        provider.summary,
    ];
    let shown: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    Ok(Some(Document {
        kind: DocumentKind::Organization,
        subject_id: provider.id.0,
        title: provider.name,
        summary: shown.join(" · "),
        more: more.join(" "),
        aliases,
        link: format!("/organizations/{}", provider.id),
        at: provider.checked_at.unwrap_or(provider.created_at),
    }))
}

/// A project, once it is published. Nothing that moves with bids is in it (nobody learns of bids before the opening).
pub fn project(db: &mut Db, id: i64) -> Result<Option<Document>, Failure> {
    let project = match projects::find(db, ProjectId(id)).map_err(Failure::from) {
        Ok(project) => project,
        Err(Failure::NotFound) => return Ok(None),
        Err(failure) => return Err(failure),
    };
    let Some(at) = project.published_at else {
        return Ok(None);
    };
    let codes = projects::communities_of(db, project.id)?;
    let item = catalogue::find_item(db, project.catalogue_id, &project.catalogue_code)?;
    let more = [dialled(&project.phone)];
    let aliases = aliases_of(db, std::slice::from_ref(&project.catalogue_code))?;
    let parts = [
        project.number.clone(),
        item.map_or(project.catalogue_code.clone(), |item| {
            format!("{} {}", item.code, item.name)
        }),
        accounts::find_body(db, project.buyer_id)?.name,
        area_names(db, &codes)?,
        project.requirement,
    ];
    Ok(Some(Document {
        kind: DocumentKind::Project,
        subject_id: project.id.0,
        title: project.title,
        summary: parts.join(" · "),
        more: more.join(" "),
        aliases,
        link: format!("/projects/{}", project.id),
        at,
    }))
}

/// A contract, once it is published, without what is marked as a secret in it.
pub fn contract(db: &mut Db, id: i64) -> Result<Option<Document>, Failure> {
    let Some(contract) = contracts::find_public(db, ContractId(id))? else {
        return Ok(None);
    };
    let Some(at) = contract.published_at else {
        return Ok(None);
    };
    let codes = contracts::communities_of(db, contract.id)?;
    let service = scope_names(db, std::slice::from_ref(&contract.catalogue_code))?;
    let more = [
        contract.provider_code.unwrap_or_default(),
        dialled(&contract.phone),
    ];
    let aliases = aliases_of(db, std::slice::from_ref(&contract.catalogue_code))?;
    let parts = [
        contract.number,
        contract.provider_name,
        accounts::find_body(db, contract.buyer_id)?.name,
        service.join("、"),
        area_names(db, &codes)?,
        contract.scope,
    ];
    let shown: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    Ok(Some(Document {
        kind: DocumentKind::Contract,
        subject_id: contract.id.0,
        title: contract.title,
        summary: shown.join(" · "),
        more: more.join(" "),
        aliases,
        link: format!("/contracts/{}", contract.id),
        at,
    }))
}

/// “中区社区、东林村”: the places that something is for.
fn area_names(db: &mut Db, codes: &[String]) -> Result<String, Failure> {
    let regions = regions::find_many(db, codes)?;
    let names: Vec<&str> = regions.iter().map(Region::short_name).collect();
    Ok(names.join("、"))
}

fn scope_names(db: &mut Db, codes: &[String]) -> Result<Vec<String>, Failure> {
    let Some(newest) = catalogue::newest_published(db)? else {
        return Ok(codes.to_vec());
    };
    let mut names = Vec::new();
    for code in codes {
        let item = catalogue::find_item(db, newest.id, code)?;
        names.push(item.map_or_else(|| code.clone(), |item| format!("{code} {}", item.name)));
    }
    Ok(names)
}

/// A telephone number as it is written and as it is dialed, so that a part of either is found.
fn dialled(phone: &str) -> String {
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    format!("{phone} {digits}")
}

/// What people call these services.
fn aliases_of(db: &mut Db, codes: &[String]) -> Result<String, Failure> {
    let Some(newest) = catalogue::newest_published(db)? else {
        return Ok(String::new());
    };
    let mut names = Vec::new();
    for code in codes {
        let item = catalogue::find_item(db, newest.id, code)?;
        names.extend(item.map(|item| item.aliases));
    }
    Ok(names.join(" "))
}
