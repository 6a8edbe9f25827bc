//! The communities and villages that a reader looks for, and the files of them.

use super::queries;
use crate::infra::db::Db;
use crate::infra::failure::Failure;
use crate::kernel::{sound, text};
use crate::regions::{self, Region};
use crate::web::export::{Cell, Column, Entry, Export};
use crate::web::{Answer, View};
use chrono::{DateTime, NaiveDateTime};
use std::collections::BTreeMap;

/// The filters, as they stand in the address.
pub const FIELDS: [&str; 2] = ["q", "town"];

/// What a reader looks for: a name, a town.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    pub q: String,
    pub town: String,
}

impl Asked {
    pub fn of(view: &View) -> Self {
        let typed = view.query();
        Self {
            q: text::excerpt(&text::clean(typed.raw("q")), 40),
            town: text::excerpt(&text::clean(typed.raw("town")), 12),
        }
    }

    /// Whether a place or a town is called so.
    pub fn names(&self, region: &Region) -> bool {
        sound::is_meant(&region.name, &self.q)
    }

    pub fn keeps(&self, place: &Region) -> bool {
        (self.town.is_empty() || place.parent_code.as_ref() == Some(&self.town))
            && (self.q.is_empty() || self.names(place))
    }
}

/// What the files of the list show.
const COLUMNS: [Column; 6] = [
    ("communities-column-code", 16),
    ("communities-column-name", 24),
    ("communities-column-full-name", 32),
    ("communities-column-town", 18),
    ("communities-column-phone", 18),
    ("communities-column-services", 12),
];

struct Listed {
    towns: BTreeMap<String, String>,
    places: Vec<Region>,
    services: BTreeMap<String, (i64, Option<NaiveDateTime>)>,
}

fn load(db: &mut Db) -> Result<Listed, Failure> {
    Ok(Listed {
        towns: regions::list_towns(db)?
            .into_iter()
            .map(|town| (town.code, town.name))
            .collect(),
        places: regions::list_communities(db)?,
        services: queries::count_services(db)?,
    })
}

pub async fn export(view: View) -> Answer {
    let _turn = view.export_turn().await?;
    let asked = Asked::of(&view);
    let listed = view.state.store.read(load).await?;
    let title = view.say("communities-list-title");
    let mut export = Export::new(&view, "communities", title, &COLUMNS)?;
    for place in listed.places.iter().filter(|place| asked.keeps(place)) {
        let town = place.parent_code.as_ref();
        let (count, newest) = listed
            .services
            .get(&place.code)
            .copied()
            .unwrap_or_default();
        let cells: [Cell; 6] = [
            place.code.as_str().into(),
            place.short_name().into(),
            place.name.as_str().into(),
            town.and_then(|code| listed.towns.get(code)).cloned().into(),
            place.phone.clone().into(),
            Cell::Number(count),
        ];
        let entry = Entry {
            id: format!("community/{}", place.code),
            title: place.short_name().to_owned(),
            link: format!("/communities/{}", place.code),
            // A place changes when a service for it is published.
            updated: newest.unwrap_or(DateTime::UNIX_EPOCH.naive_utc()),
        };
        export.row(cells, entry)?;
    }
    export.answer().await
}
