//! Rows of appointments.

use crate::accounts::model::{Appointment, AppointmentId, Body, Membership, MembershipId};
use crate::infra::db::{Db, columns};
use crate::kernel::people::{BodyId, PersonId};
use crate::kernel::roles::Role;
use crate::schema::{appointments, memberships};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

/// An active membership with its body, whosever it is.
pub fn find_active(db: &mut Db, id: MembershipId) -> QueryResult<(Membership, Body)> {
    let body: BodyId = memberships::table
        .find(id)
        .select(memberships::body_id)
        .first(db)?;
    Ok((
        super::find_membership(db, body, id)?,
        super::find_body(db, body)?,
    ))
}

/// What a new appointment says.
pub struct NewAppointment {
    pub body: BodyId,
    pub person: PersonId,
    pub role: Role,
    pub membership: Option<MembershipId>,
    pub deputy_for: Option<PersonId>,
    pub from_on: NaiveDate,
    pub until_on: Option<NaiveDate>,
}

pub fn insert_appointment(
    db: &mut Db,
    new: &NewAppointment,
    by: PersonId,
    at: NaiveDateTime,
) -> QueryResult<AppointmentId> {
    diesel::insert_into(appointments::table)
        .values((
            appointments::body_id.eq(new.body),
            appointments::person_id.eq(new.person),
            appointments::role.eq(new.role),
            appointments::membership_id.eq(new.membership),
            appointments::deputy_for.eq(new.deputy_for),
            appointments::from_on.eq(new.from_on),
            appointments::until_on.eq(new.until_on),
            appointments::made_by.eq(by),
            appointments::made_at.eq(at),
        ))
        .returning(appointments::id)
        .get_result(db)
}

/// An open one.
pub fn find_appointment(db: &mut Db, id: AppointmentId) -> QueryResult<Appointment> {
    appointments::table
        .find(id)
        .filter(appointments::ended_at.is_null())
        .select(columns::<Appointment>())
        .first(db)
}

/// The dates of a membership, if it has any.
pub fn find_appointment_of(db: &mut Db, id: MembershipId) -> QueryResult<Option<Appointment>> {
    appointments::table
        .filter(appointments::membership_id.eq(id))
        .filter(appointments::ended_at.is_null())
        .select(columns::<Appointment>())
        .first(db)
        .optional()
}

/// Memberships of a body that only stand in for somebody: they end with the one they stand in for.
pub fn list_stand_ins(
    db: &mut Db,
    body: BodyId,
    person: PersonId,
) -> QueryResult<Vec<MembershipId>> {
    let ids: Vec<Option<MembershipId>> = appointments::table
        .filter(appointments::body_id.eq(body))
        .filter(appointments::deputy_for.eq(person))
        .filter(appointments::ended_at.is_null())
        .select(appointments::membership_id)
        .load(db)?;
    Ok(ids.into_iter().flatten().collect())
}

pub fn list_appointments(db: &mut Db, body: BodyId) -> QueryResult<Vec<Appointment>> {
    appointments::table
        .filter(appointments::body_id.eq(body))
        .filter(appointments::ended_at.is_null())
        .order((appointments::from_on, appointments::id))
        .select(columns::<Appointment>())
        .load(db)
}

/// Open ones that begin, end or are announced by these days; the rule decides which of it.
pub fn list_due_appointments(
    db: &mut Db,
    today: NaiveDate,
    announced: NaiveDate,
) -> QueryResult<Vec<Appointment>> {
    let begins = appointments::membership_id
        .is_null()
        .and(appointments::from_on.le(today));
    let is_near = appointments::noticed_at
        .is_null()
        .and(appointments::until_on.le(announced).assume_not_null());
    appointments::table
        .filter(appointments::ended_at.is_null())
        .filter(
            begins
                .or(is_near)
                .or(appointments::until_on.lt(today).assume_not_null()),
        )
        .order(appointments::id)
        .limit(100)
        .select(columns::<Appointment>())
        .load(db)
}

pub fn set_until(db: &mut Db, id: AppointmentId, until: Option<NaiveDate>) -> QueryResult<usize> {
    diesel::update(appointments::table.find(id))
        .set((
            appointments::until_on.eq(until),
            appointments::noticed_at.eq(None::<NaiveDateTime>),
        ))
        .execute(db)
}

pub fn set_begun(db: &mut Db, id: AppointmentId, membership: MembershipId) -> QueryResult<usize> {
    diesel::update(appointments::table.find(id))
        .set(appointments::membership_id.eq(membership))
        .execute(db)
}

pub fn set_noticed(db: &mut Db, id: AppointmentId, at: NaiveDateTime) -> QueryResult<usize> {
    diesel::update(appointments::table.find(id))
        .set(appointments::noticed_at.eq(at))
        .execute(db)
}

pub fn end_appointment(db: &mut Db, id: AppointmentId, at: NaiveDateTime) -> QueryResult<usize> {
    diesel::update(appointments::table.find(id))
        .filter(appointments::ended_at.is_null())
        .set(appointments::ended_at.eq(at))
        .execute(db)
}
