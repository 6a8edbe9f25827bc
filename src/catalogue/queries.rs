//! Reading the catalogue.

use super::model::{Catalogue, CatalogueId, CatalogueItem, CatalogueState};
use crate::infra::db::{Db, columns};
use crate::schema::{catalogue_items, catalogues};
use diesel::prelude::*;

pub fn find(db: &mut Db, id: CatalogueId) -> QueryResult<Catalogue> {
    catalogues::table
        .find(id)
        .select(columns::<Catalogue>())
        .first(db)
}

/// The version in force of a year.
pub fn find_published(db: &mut Db, year: i64) -> QueryResult<Option<Catalogue>> {
    catalogues::table
        .filter(catalogues::year.eq(year))
        .filter(catalogues::state.eq(CatalogueState::Published))
        .select(columns::<Catalogue>())
        .first(db)
        .optional()
}

/// The version in force of the latest year.
pub fn newest_published(db: &mut Db) -> QueryResult<Option<Catalogue>> {
    catalogues::table
        .filter(catalogues::state.eq(CatalogueState::Published))
        .order(catalogues::year.desc())
        .select(columns::<Catalogue>())
        .first(db)
        .optional()
}

/// Every version that is or was in force, newest first.
pub fn list_public(db: &mut Db) -> QueryResult<Vec<Catalogue>> {
    catalogues::table
        .filter(catalogues::state.eq_any([CatalogueState::Published, CatalogueState::Replaced]))
        .order((catalogues::year.desc(), catalogues::id.desc()))
        .select(columns::<Catalogue>())
        .load(db)
}

pub fn list_drafts(db: &mut Db) -> QueryResult<Vec<Catalogue>> {
    catalogues::table
        .filter(catalogues::state.eq(CatalogueState::Draft))
        .order(catalogues::id.desc())
        .select(columns::<Catalogue>())
        .load(db)
}

/// All items of a version in the order of their codes.
pub fn list_items(db: &mut Db, catalogue: CatalogueId) -> QueryResult<Vec<CatalogueItem>> {
    catalogue_items::table
        .filter(catalogue_items::catalogue_id.eq(catalogue))
        .order(catalogue_items::code)
        .select(columns::<CatalogueItem>())
        .load(db)
}

pub fn list_children(
    db: &mut Db,
    catalogue: CatalogueId,
    parent: &str,
) -> QueryResult<Vec<CatalogueItem>> {
    catalogue_items::table
        .filter(catalogue_items::catalogue_id.eq(catalogue))
        .filter(catalogue_items::parent_code.eq(parent.to_owned()))
        .order(catalogue_items::code)
        .select(columns::<CatalogueItem>())
        .load(db)
}

pub fn find_item(
    db: &mut Db,
    catalogue: CatalogueId,
    code: &str,
) -> QueryResult<Option<CatalogueItem>> {
    catalogue_items::table
        .filter(catalogue_items::catalogue_id.eq(catalogue))
        .filter(catalogue_items::code.eq(code.to_owned()))
        .select(columns::<CatalogueItem>())
        .first(db)
        .optional()
}

pub fn count_items(db: &mut Db, catalogue: CatalogueId) -> QueryResult<i64> {
    catalogue_items::table
        .filter(catalogue_items::catalogue_id.eq(catalogue))
        .count()
        .get_result(db)
}

/// Every version that is or was in force and has this code, newest first.
pub fn list_versions_of(db: &mut Db, code: &str) -> QueryResult<Vec<(Catalogue, CatalogueItem)>> {
    catalogue_items::table
        .inner_join(catalogues::table.on(catalogues::id.eq(catalogue_items::catalogue_id)))
        .filter(catalogue_items::code.eq(code.to_owned()))
        .filter(catalogues::state.eq_any([CatalogueState::Published, CatalogueState::Replaced]))
        .order((catalogues::year.desc(), catalogues::id.desc()))
        .select((columns::<Catalogue>(), columns::<CatalogueItem>()))
        .load(db)
}
