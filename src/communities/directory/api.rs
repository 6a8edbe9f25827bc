//! Communities for programs, and who serves them.

use super::list;
use super::model::Service;
use super::pages::find_place;
use super::queries;
use crate::export_names;
use crate::infra::failure::Failure;
use crate::kernel::paging::Page;
use crate::regions::{self, Region};
use crate::web::api::field::text;
use crate::web::api::{Api, Field, thing};
use crate::web::{Answer, View, export};
use actix_web::web::Path;
use schemars::JsonSchema;
use serde::Serialize;

/// The filters of the list, as on its page.
const FILTERS: [Field; 2] = [text("q", 40), text("town", 12)];

pub fn operations(api: &mut Api) {
    api.get("/communities", "communities-list", list_all)
        .takes(FILTERS)
        .gives::<Page<Place>>();
    let names = export_names!("/communities", "communities-list");
    export::operations(api, &names, &FILTERS, list::export);
    api.get("/communities/{code}", "communities-show", show)
        .gives::<Served>();
}

#[derive(Serialize, JsonSchema)]
struct Place {
    /// Administrative division code.
    code: String,
    name: String,
    kind: String,
    /// The town's code.
    town: Option<String>,
}

impl From<Region> for Place {
    fn from(region: Region) -> Self {
        Self {
            code: region.code,
            name: region.name,
            kind: region.kind.to_string(),
            town: region.parent_code,
        }
    }
}

#[derive(Serialize, JsonSchema)]
struct Served {
    place: Place,
    services: Vec<ServiceDto>,
}

#[derive(Serialize, JsonSchema)]
struct ServiceDto {
    contract: i64,
    title: String,
    catalogue_code: String,
    provider: String,
    /// The organization here, if it is registered.
    organization: Option<i64>,
    /// Yuan.
    amount: String,
    term_from: String,
    term_to: String,
    phone: String,
    is_entered_afterwards: bool,
}

impl From<Service> for ServiceDto {
    fn from(service: Service) -> Self {
        Self {
            contract: service.contract_id.0,
            title: service.title,
            catalogue_code: service.catalogue_code,
            provider: service.provider_name,
            organization: service.provider.map(|id| id.0),
            amount: service.amount.plain(),
            term_from: service.term_from.to_string(),
            term_to: service.term_to.to_string(),
            phone: service.phone,
            is_entered_afterwards: service.is_entered_afterwards,
        }
    }
}

async fn list_all(view: View) -> Answer {
    let asked = list::Asked::of(&view);
    let places = view
        .state
        .store
        .read(|db| Ok(regions::list_communities(db)?))
        .await?;
    let rows = places
        .into_iter()
        .filter(|place| asked.keeps(place))
        .map(Place::from)
        .collect();
    thing(&Page { rows, next: None })
}

async fn show(view: View, code: Path<String>) -> Answer {
    let place = find_place(&view, code.into_inner())
        .await?
        .ok_or(Failure::NotFound)?;
    let code = place.code.clone();
    let services = view
        .state
        .store
        .read(move |db| Ok(queries::list_services_in(db, &code)?))
        .await?;
    thing(&Served {
        place: place.into(),
        services: services.into_iter().map(ServiceDto::from).collect(),
    })
}
