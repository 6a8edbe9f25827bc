//! Reading the catalogue.

use super::model::{
    Catalogue, CatalogueId, CatalogueItem, CatalogueState, Heading, NewItem, Offered,
};
use crate::infra::db::{Db, columns};
use crate::kernel::people::{BodyId, PersonId};
use crate::on_db;
use crate::regions;
use crate::schema::{catalogue_items, catalogues};
use chrono::NaiveDateTime;
use diesel::prelude::*;

pub fn find(db: &mut Db, id: CatalogueId) -> QueryResult<Catalogue> {
    catalogues::table
        .find(id)
        .select(columns::<Catalogue>())
        .first(db)
}

/// A version that this body may change, if it is a draft: another body's does not exist for it.
pub fn find_own(db: &mut Db, id: CatalogueId, body: Option<BodyId>) -> QueryResult<Catalogue> {
    let catalogue = find(db, id)?;
    if catalogue.body_id.is_none() || catalogue.body_id == body {
        Ok(catalogue)
    } else {
        Err(diesel::NotFound)
    }
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

pub fn load_offered(db: &mut Db) -> QueryResult<Offered> {
    let items = match newest_published(db)? {
        Some(newest) => list_items(db, newest.id)?,
        None => Vec::new(),
    };
    let towns = regions::list_towns(db)?;
    Ok(Offered { towns, items })
}

/// Every version that is or was in force, newest first.
pub fn list_public(db: &mut Db) -> QueryResult<Vec<Catalogue>> {
    catalogues::table
        .filter(catalogues::state.eq_any([CatalogueState::Published, CatalogueState::Replaced]))
        .order((catalogues::year.desc(), catalogues::id.desc()))
        .select(columns::<Catalogue>())
        .load(db)
}

/// The drafts that this body may change.
pub fn list_drafts(db: &mut Db, body: Option<BodyId>) -> QueryResult<Vec<Catalogue>> {
    let own = catalogues::body_id.is_null();
    catalogues::table
        .filter(catalogues::state.eq(CatalogueState::Draft))
        .filter(own.or(catalogues::body_id.eq(body).assume_not_null()))
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

pub fn insert(
    db: &mut Db,
    heading: &Heading,
    is_verified: bool,
    by: Option<PersonId>,
    body: Option<BodyId>,
    at: NaiveDateTime,
) -> QueryResult<CatalogueId> {
    diesel::insert_into(catalogues::table)
        .values((
            catalogues::year.eq(heading.year),
            catalogues::title.eq(&heading.title),
            catalogues::issued_no.eq(&heading.issued_no),
            catalogues::source.eq(&heading.source),
            catalogues::is_verified.eq(is_verified),
            catalogues::state.eq(CatalogueState::Staging),
            catalogues::imported_by.eq(by),
            catalogues::body_id.eq(body),
            catalogues::imported_at.eq(at),
            catalogues::version.eq(0),
        ))
        .returning(catalogues::id)
        .get_result(db)
}

/// Imports that began before an instant and never ended.
pub fn list_left_staging(db: &mut Db, before: NaiveDateTime) -> QueryResult<Vec<CatalogueId>> {
    catalogues::table
        .filter(catalogues::state.eq(CatalogueState::Staging))
        .filter(catalogues::imported_at.lt(before))
        .select(catalogues::id)
        .load(db)
}

pub fn insert_items(db: &mut Db, items: &[NewItem]) -> QueryResult<()> {
    on_db!(db,
        // On SQLite diesel wraps a batch in a transaction of its own, which cannot begin inside ours.
        sqlite conn => for item in items {
            diesel::insert_into(catalogue_items::table).values(item).execute(conn)?;
        },
        postgres conn => {
            diesel::insert_into(catalogue_items::table).values(items).execute(conn)?;
        }
    );
    Ok(())
}

/// The import becomes a draft; 0 when it is none that is staging.
pub fn end_staging(db: &mut Db, id: CatalogueId) -> QueryResult<usize> {
    diesel::update(catalogues::table.find(id))
        .filter(catalogues::state.eq(CatalogueState::Staging))
        .set(catalogues::state.eq(CatalogueState::Draft))
        .execute(db)
}

pub fn delete(db: &mut Db, id: CatalogueId) -> QueryResult<()> {
    diesel::delete(catalogue_items::table.filter(catalogue_items::catalogue_id.eq(id)))
        .execute(db)?;
    diesel::delete(catalogues::table.find(id)).execute(db)?;
    Ok(())
}

pub fn set_state(
    db: &mut Db,
    held: &Catalogue,
    state: CatalogueState,
    published_at: Option<NaiveDateTime>,
) -> QueryResult<usize> {
    diesel::update(catalogues::table.find(held.id))
        .filter(catalogues::version.eq(held.version))
        .set((
            catalogues::state.eq(state),
            catalogues::published_at.eq(published_at),
            catalogues::version.eq(held.version + 1),
        ))
        .execute(db)
}

/// Versions of every state and year.
pub fn count(db: &mut Db) -> QueryResult<i64> {
    catalogues::table.count().get_result(db)
}
