//! Rows of the directory.

use super::model::{Application, Qualification, QualificationId, QualificationState};
use crate::infra::db::{Db, columns};
use crate::kernel::people::PersonId;
use crate::organizations::registry::{ProviderId, ProviderState};
use crate::schema::{providers, qualifications};
use chrono::NaiveDateTime;
use diesel::dsl::{exists, select};
use diesel::prelude::*;

pub fn find(db: &mut Db, id: QualificationId) -> QueryResult<Qualification> {
    qualifications::table
        .find(id)
        .select(columns::<Qualification>())
        .first(db)
}

pub fn find_by_provider(db: &mut Db, id: ProviderId) -> QueryResult<Option<Qualification>> {
    qualifications::table
        .filter(qualifications::provider_id.eq(id))
        .select(columns::<Qualification>())
        .first(db)
        .optional()
}

/// Whether the provider stands in the public directory now: listed, and still proven.
pub fn is_listed(db: &mut Db, id: ProviderId) -> QueryResult<bool> {
    select(exists(
        qualifications::table
            .inner_join(providers::table.on(providers::id.eq(qualifications::provider_id)))
            .filter(qualifications::provider_id.eq(id))
            .filter(qualifications::state.eq(QualificationState::Listed))
            .filter(providers::state.eq(ProviderState::Proven)),
    ))
    .get_result(db)
}

/// How many applications wait: the reviewer's to-do list.
pub fn count_submitted(db: &mut Db) -> QueryResult<i64> {
    qualifications::table
        .filter(qualifications::state.eq(QualificationState::Submitted))
        .count()
        .get_result(db)
}

pub fn insert(
    db: &mut Db,
    provider: ProviderId,
    application: &Application,
    declarations: &str,
) -> QueryResult<QualificationId> {
    diesel::insert_into(qualifications::table)
        .values((
            qualifications::provider_id.eq(provider),
            qualifications::state.eq(QualificationState::Draft),
            qualifications::statement.eq(&application.statement),
            qualifications::declarations.eq(declarations),
        ))
        .returning(qualifications::id)
        .get_result(db)
}

pub fn set_text(
    db: &mut Db,
    held: &Qualification,
    state: QualificationState,
    application: &Application,
    declarations: &str,
) -> QueryResult<bool> {
    let saved = diesel::update(
        qualifications::table
            .filter(qualifications::id.eq(held.id))
            .filter(qualifications::version.eq(held.version)),
    )
    .set((
        qualifications::state.eq(state),
        qualifications::statement.eq(&application.statement),
        qualifications::declarations.eq(declarations),
        qualifications::version.eq(held.version + 1),
    ))
    .execute(db)?;
    Ok(saved == 1)
}

pub fn set_submitted(db: &mut Db, held: &Qualification, at: NaiveDateTime) -> QueryResult<bool> {
    let saved = diesel::update(
        qualifications::table
            .filter(qualifications::id.eq(held.id))
            .filter(qualifications::version.eq(held.version)),
    )
    .set((
        qualifications::state.eq(QualificationState::Submitted),
        qualifications::submitted_at.eq(at),
        qualifications::version.eq(held.version + 1),
    ))
    .execute(db)?;
    Ok(saved == 1)
}

/// A step of the reviewer, or a withdrawal (decided by nobody). `listed_at` is set at the first acceptance.
pub fn set_decided(
    db: &mut Db,
    held: &Qualification,
    state: QualificationState,
    by: Option<PersonId>,
    at: NaiveDateTime,
    reason: Option<&str>,
    listed_at: Option<NaiveDateTime>,
) -> QueryResult<bool> {
    let saved = diesel::update(
        qualifications::table
            .filter(qualifications::id.eq(held.id))
            .filter(qualifications::version.eq(held.version)),
    )
    .set((
        qualifications::state.eq(state),
        qualifications::decided_by.eq(by),
        qualifications::decided_at.eq(at),
        qualifications::reason.eq(reason),
        qualifications::listed_at.eq(listed_at),
        qualifications::version.eq(held.version + 1),
    ))
    .execute(db)?;
    Ok(saved == 1)
}
