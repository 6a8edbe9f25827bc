//! Services and open projects, by community or provider.

use super::model::{OpenProject, Service};
use crate::infra::db::Db;
use crate::kernel::people::BodyId;
use crate::schema::{
    bodies, contract_communities, contracts, project_communities, projects, providers, tenders,
};
use chrono::NaiveDateTime;
use diesel::prelude::*;
use std::collections::BTreeMap;

/// More than any community or provider has; a page is no archive.
const MOST: i64 = 500;

macro_rules! services {
    () => {
        contracts::table
            .inner_join(bodies::table.on(bodies::id.eq(contracts::buyer_id)))
            // Who was refused has no public page.
            .left_join(
                providers::table.on(contracts::provider_id
                    .eq(providers::body_id.nullable())
                    .and(providers::state.ne("refused"))
                    .assume_not_null()),
            )
            .filter(contracts::published_at.is_not_null())
            .order((contracts::term_to.desc(), contracts::id.desc()))
            .limit(MOST)
            .select((
                contracts::id,
                contracts::title,
                contracts::catalogue_code,
                contracts::amount_fen,
                contracts::term_from,
                contracts::term_to,
                contracts::phone,
                contracts::state,
                contracts::is_entered_afterwards,
                contracts::provider_name,
                contracts::published_at,
                providers::id.nullable(),
                providers::phone.nullable(),
                bodies::name,
            ))
    };
}

pub fn list_services_in(db: &mut Db, community: &str) -> QueryResult<Vec<Service>> {
    let here = contract_communities::table
        .filter(contract_communities::region_code.eq(community.to_owned()))
        .select(contract_communities::contract_id);
    services!().filter(contracts::id.eq_any(here)).load(db)
}

pub fn list_services_by(db: &mut Db, provider: BodyId) -> QueryResult<Vec<Service>> {
    services!()
        .filter(contracts::provider_id.eq(provider.0))
        .load(db)
}

/// How many published contracts there are for each place, and when the newest was published.
pub fn count_services(db: &mut Db) -> QueryResult<BTreeMap<String, (i64, Option<NaiveDateTime>)>> {
    let rows: Vec<(String, i64, Option<NaiveDateTime>)> = contract_communities::table
        .inner_join(contracts::table.on(contracts::id.eq(contract_communities::contract_id)))
        .filter(contracts::published_at.is_not_null())
        .group_by(contract_communities::region_code)
        .select((
            contract_communities::region_code,
            diesel::dsl::count(contracts::id),
            diesel::dsl::max(contracts::published_at),
        ))
        .load(db)?;
    Ok(rows
        .into_iter()
        .map(|(code, count, newest)| (code, (count, newest)))
        .collect())
}

/// What takes bids at `now`, the nearest deadline first: everywhere, or for one community.
pub fn list_open_projects(
    db: &mut Db,
    community: Option<&str>,
    now: NaiveDateTime,
    size: i64,
) -> QueryResult<Vec<OpenProject>> {
    let mut query = projects::table
        .inner_join(tenders::table.on(tenders::project_id.eq(projects::id)))
        .filter(tenders::state.eq("open"))
        .filter(tenders::closes_at.gt(now))
        .order((tenders::closes_at, projects::id))
        .limit(size)
        .select((
            projects::id,
            projects::number,
            projects::title,
            projects::budget_fen,
            projects::catalogue_id,
            projects::catalogue_code,
            tenders::method,
            tenders::closes_at,
        ))
        .into_boxed();
    if let Some(code) = community {
        let here = project_communities::table
            .filter(project_communities::region_code.eq(code.to_owned()))
            .select(project_communities::project_id);
        query = query.filter(projects::id.eq_any(here));
    }
    query.load(db)
}

pub fn count_open_projects(db: &mut Db, now: NaiveDateTime) -> QueryResult<i64> {
    tenders::table
        .filter(tenders::state.eq("open"))
        .filter(tenders::closes_at.gt(now))
        .count()
        .get_result(db)
}
