//! Reading regions, and bringing the shipped ones in.

use super::model::{Region, RegionKind};
use crate::infra::db::{Db, columns};
use crate::infra::failure::Failure;
use crate::schema::regions;
use diesel::prelude::*;

const SHIPPED: &str = include_str!("data/regions.csv");

pub fn find(db: &mut Db, code: &str) -> QueryResult<Region> {
    regions::table
        .find(code.to_owned())
        .select(columns::<Region>())
        .first(db)
}

pub fn find_many(db: &mut Db, codes: &[String]) -> QueryResult<Vec<Region>> {
    regions::table
        .filter(regions::code.eq_any(codes.to_vec()))
        .order((regions::parent_code, regions::sort_key, regions::code))
        .select(columns::<Region>())
        .load(db)
}

pub fn list_towns(db: &mut Db) -> QueryResult<Vec<Region>> {
    list_kinds(db, &[RegionKind::Town])
}

/// Communities and villages of the whole county, town by town.
pub fn list_communities(db: &mut Db) -> QueryResult<Vec<Region>> {
    list_kinds(db, &[RegionKind::Community, RegionKind::Village])
}

fn list_kinds(db: &mut Db, kinds: &[RegionKind]) -> QueryResult<Vec<Region>> {
    regions::table
        .filter(regions::kind.eq_any(kinds.to_vec()))
        .order((regions::parent_code, regions::sort_key, regions::code))
        .select(columns::<Region>())
        .load(db)
}

/// Brings in the shipped county where there is none yet; whether it did.
pub fn import_reference(db: &mut Db) -> Result<bool, Failure> {
    let known: i64 = regions::table.count().get_result(db)?;
    if known > 0 {
        return Ok(false);
    }
    let mut reader = csv::Reader::from_reader(SHIPPED.as_bytes());
    for row in reader.deserialize::<(String, RegionKind, String, String)>() {
        let (code, kind, name, parent) = row.map_err(Failure::internal)?;
        diesel::insert_into(regions::table)
            .values((
                regions::code.eq(&code),
                regions::kind.eq(kind),
                regions::name.eq(name),
                regions::parent_code.eq(parent),
                regions::sort_key.eq(&code),
            ))
            .execute(db)?;
    }
    Ok(true)
}
