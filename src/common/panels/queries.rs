//! Rows of panels.

use super::model::{Capacity, Member, PanelId};
use crate::infra::db::{Db, columns};
use crate::kernel::people::PersonId;
use crate::schema::{panel_members, panels};
use chrono::NaiveDateTime;
use diesel::prelude::*;

pub fn find_of(db: &mut Db, subject: (&str, i64)) -> QueryResult<Option<PanelId>> {
    panels::table
        .filter(
            panels::subject_kind
                .eq(subject.0)
                .and(panels::subject_id.eq(subject.1)),
        )
        .select(panels::id)
        .first(db)
        .optional()
}

pub fn create(db: &mut Db, subject: (&str, i64), at: NaiveDateTime) -> QueryResult<PanelId> {
    diesel::insert_into(panels::table)
        .values((
            panels::subject_kind.eq(subject.0),
            panels::subject_id.eq(subject.1),
            panels::created_at.eq(at),
        ))
        .returning(panels::id)
        .get_result(db)
}

pub fn add_member(
    db: &mut Db,
    panel: PanelId,
    person: PersonId,
    capacity: Capacity,
) -> QueryResult<usize> {
    diesel::insert_into(panel_members::table)
        .values((
            panel_members::panel_id.eq(panel),
            panel_members::person_id.eq(person),
            panel_members::capacity.eq(capacity),
        ))
        .execute(db)
}

pub fn list_members(db: &mut Db, panel: PanelId) -> QueryResult<Vec<Member>> {
    panel_members::table
        .filter(panel_members::panel_id.eq(panel))
        .order(panel_members::id)
        .select(columns::<Member>())
        .load(db)
}

pub fn declare(
    db: &mut Db,
    panel: PanelId,
    person: PersonId,
    at: NaiveDateTime,
) -> QueryResult<usize> {
    let row = panel_members::table
        .filter(
            panel_members::panel_id
                .eq(panel)
                .and(panel_members::person_id.eq(person)),
        )
        .filter(panel_members::declared_at.is_null());
    diesel::update(row)
        .set(panel_members::declared_at.eq(at))
        .execute(db)
}

pub fn recuse(
    db: &mut Db,
    panel: PanelId,
    person: PersonId,
    reason: &str,
    at: NaiveDateTime,
) -> QueryResult<usize> {
    let row = panel_members::table
        .filter(
            panel_members::panel_id
                .eq(panel)
                .and(panel_members::person_id.eq(person)),
        )
        .filter(panel_members::recused_at.is_null());
    diesel::update(row)
        .set((
            panel_members::recused_at.eq(at),
            panel_members::reason.eq(reason),
        ))
        .execute(db)
}

/// Takes a silent member out, for whom another one is drawn.
pub fn replace(
    db: &mut Db,
    panel: PanelId,
    person: PersonId,
    reason: &str,
    at: NaiveDateTime,
) -> QueryResult<usize> {
    recuse(db, panel, person, reason, at)?;
    let row = panel_members::table
        .filter(panel_members::panel_id.eq(panel))
        .filter(panel_members::person_id.eq(person));
    diesel::update(row)
        .set(panel_members::is_replaced.eq(true))
        .execute(db)
}

pub fn set_reminded(db: &mut Db, member: i64, at: NaiveDateTime) -> QueryResult<usize> {
    diesel::update(panel_members::table.find(member))
        .set(panel_members::reminded_at.eq(at))
        .execute(db)
}

/// The subjects of one kind in whose panels a person sits, newest panel first.
pub fn list_of_person(db: &mut Db, person: PersonId, kind: &str) -> QueryResult<Vec<i64>> {
    panel_members::table
        .inner_join(panels::table.on(panels::id.eq(panel_members::panel_id)))
        .filter(panel_members::person_id.eq(person))
        .filter(panel_members::recused_at.is_null())
        .filter(panels::subject_kind.eq(kind.to_owned()))
        .order(panels::id.desc())
        .limit(200)
        .select(panels::subject_id)
        .load(db)
}
