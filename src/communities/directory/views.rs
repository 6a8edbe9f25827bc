//! Wording of places, services and open projects, for every page that lists them.

use super::model::{OpenProject, Service};
use super::queries;
use crate::catalogue;
use crate::infra::db::Db;
use crate::infra::failure::Failure;
use crate::kernel::instant::{self, Remaining};
use crate::kernel::people::BodyId;
use crate::procurement::contracts;
use crate::procurement::projects::{self, ProjectId};
use crate::regions::{self, Region};
use crate::web::{State, View};
use chrono::{NaiveDate, NaiveDateTime};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The county's towns and places, to word lists of codes with.
pub struct Places {
    towns: Vec<Region>,
    places: Vec<Region>,
}

impl Places {
    fn load(db: &mut Db) -> Result<Self, Failure> {
        Ok(Self {
            towns: regions::list_towns(db)?,
            places: regions::list_communities(db)?,
        })
    }

    /// The same, read once for each version of the public pages.
    pub async fn shared(state: &State) -> Result<Arc<Self>, Failure> {
        state
            .read_shared("places".into(), |db| Ok(Arc::new(Self::load(db)?)))
            .await
    }

    pub fn count(&self) -> usize {
        self.places.len()
    }

    /// One or two places by name, more of one town as “城厢镇 12 个村和社区”, all of them as the whole county.
    pub fn word(&self, view: &View, codes: &[String]) -> String {
        let here: Vec<&Region> = self
            .places
            .iter()
            .filter(|place| codes.contains(&place.code))
            .collect();
        let comma = view.say("communities-and");
        if here.is_empty() {
            return view.say("communities-nowhere");
        }
        if here.len() == self.places.len() {
            return view.say("communities-everywhere");
        }
        if here.len() <= 2 {
            let names: Vec<&str> = here.iter().map(|place| place.short_name()).collect();
            return names.join(&comma);
        }
        let mut by_town: BTreeMap<&str, usize> = BTreeMap::new();
        for place in &here {
            *by_town
                .entry(place.parent_code.as_deref().unwrap_or_default())
                .or_default() += 1;
        }
        if by_town.len() > 2 {
            return view.say_with(
                "communities-in-towns",
                &[
                    ("towns", &by_town.len().to_string()),
                    ("count", &here.len().to_string()),
                ],
            );
        }
        let towns: Vec<String> = self
            .towns
            .iter()
            .filter_map(|town| {
                let count = by_town.get(town.code.as_str())?.to_string();
                Some(view.say_with(
                    "communities-in-town",
                    &[("town", &town.name), ("count", &count)],
                ))
            })
            .collect();
        towns.join(&comma)
    }
}

/// Open projects with what their rows show.
pub struct OpenProjects {
    rows: Vec<(OpenProject, Option<String>, Vec<String>)>,
    now: NaiveDateTime,
}

impl OpenProjects {
    pub fn load(
        db: &mut Db,
        community: Option<&str>,
        now: NaiveDateTime,
        size: i64,
    ) -> Result<Self, Failure> {
        let projects = queries::list_open_projects(db, community, now, size)?;
        let ids: Vec<ProjectId> = projects.iter().map(|project| project.id).collect();
        let mut communities = grouped(projects::list_communities_of(db, &ids)?);
        let mut rows = Vec::with_capacity(projects.len());
        for project in projects {
            let item =
                catalogue::find_item(db, project.catalogue_id, project.catalogue_code.as_str())?;
            let codes = communities.remove(&project.id).unwrap_or_default();
            rows.push((project, item.map(|item| item.name), codes));
        }
        Ok(Self { rows, now })
    }

    pub fn view(&self, view: &View, places: &Places) -> Vec<Value> {
        self.rows
            .iter()
            .map(|(project, item, codes)| {
                let method = view.say(&format!(
                    "communities-method-{}",
                    project.method.replace('_', "-")
                ));
                let service = match item {
                    Some(name) => format!("{} {name}", project.catalogue_code),
                    None => project.catalogue_code.clone(),
                };
                let left = project
                    .closes_at
                    .and_then(|due| Remaining::until(self.now, due));
                json!({
                    "href": format!("/projects/{}", project.id),
                    "title": project.title,
                    "note": format!("{} · {method} · {service}", project.number),
                    "where": places.word(view, codes),
                    "budget": project.budget.to_string(),
                    "left": left.map(|left| word_left(view, left)),
                    "urgency": if left.is_some_and(|left| left.days < 3) { "soon" } else { "open" },
                    "closes": project.closes_at.map(instant::deadline),
                })
            })
            .collect()
    }
}

fn grouped<T: Ord>(rows: Vec<(T, String)>) -> BTreeMap<T, Vec<String>> {
    let mut groups: BTreeMap<T, Vec<String>> = BTreeMap::new();
    for (id, code) in rows {
        groups.entry(id).or_default().push(code);
    }
    groups
}

/// “还剩 2 天”, cut down to the largest unit.
pub fn word_left(view: &View, left: Remaining) -> String {
    let (key, n) = match (left.days, left.hours) {
        (1, _) => ("communities-left-one-day", 1),
        (0, 1) => ("communities-left-one-hour", 1),
        (0, 0) => ("communities-left-under", 0),
        (0, hours) => ("communities-left-hours", hours),
        (days, _) => ("communities-left-days", days),
    };
    match n {
        0 | 1 => view.say(key),
        n => view.say_with(key, &[("n", &n.to_string())]),
    }
}

/// A provider's or a community's services with the places of each.
pub struct Services {
    pub rows: Vec<(Service, Vec<String>)>,
}

impl Services {
    pub fn in_community(db: &mut Db, code: &str) -> Result<Self, Failure> {
        let rows = queries::list_services_in(db, code)?;
        Self::with_places(db, rows)
    }

    pub fn by_provider(db: &mut Db, provider: BodyId) -> Result<Self, Failure> {
        let rows = queries::list_services_by(db, provider)?;
        Self::with_places(db, rows)
    }

    fn with_places(db: &mut Db, rows: Vec<Service>) -> Result<Self, Failure> {
        let ids = rows.iter().map(|service| service.contract_id).collect();
        let mut communities = contracts::communities_of_many(db, ids)?;
        Ok(Self {
            rows: rows
                .into_iter()
                .map(|service| {
                    let codes = communities.remove(&service.contract_id).unwrap_or_default();
                    (service, codes)
                })
                .collect(),
        })
    }

    /// Rows of those that have ended, or of those that have not.
    pub fn view(&self, view: &View, places: &Places, today: NaiveDate, ended: bool) -> Vec<Value> {
        self.rows
            .iter()
            .filter(|(service, _)| service.has_ended(today) == ended)
            .map(|(service, codes)| {
                json!({
                    "href": format!("/contracts/{}", service.contract_id),
                    "title": service.title,
                    "afterwards": service.is_entered_afterwards,
                    "begins": (!service.has_begun(today)).then(|| service.term_from.to_string()),
                    "provider": service.provider_name,
                    "provider_href": service.provider.map(|id| format!("/organizations/{id}")),
                    "until": service.term_to.to_string(),
                    "amount": service.amount.to_string(),
                    "phone": (!service.phone.is_empty()).then_some(&service.phone),
                    "buyer": service.buyer_name,
                    "provider_phone": service.provider_phone,
                    "where": places.word(view, codes),
                    "shared": (codes.len() > 1).then(|| codes.len().to_string()),
                })
            })
            .collect()
    }
}
