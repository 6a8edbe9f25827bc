//! Rows of memberships and invitations, seen from the person and from the body.

use crate::accounts::model::{Body, Held, Invitation, InvitationId, Membership, MembershipId};
use crate::infra::db::{Db, columns};
use crate::kernel::people::{BodyId, PersonId};
use crate::kernel::roles::{BodyKind, Role};
use crate::schema::{bodies, invitations, memberships, people};
use chrono::NaiveDateTime;
use diesel::prelude::*;

/// The bodies and roles of a person, in the order in which the switch offers them.
pub fn list_held(db: &mut Db, person: PersonId) -> QueryResult<Vec<Held>> {
    memberships::table
        .inner_join(bodies::table.on(bodies::id.eq(memberships::body_id)))
        .filter(memberships::person_id.eq(person))
        .filter(memberships::ended_at.is_null())
        .order((bodies::id, memberships::id))
        .select((
            bodies::id,
            bodies::name,
            bodies::kind,
            memberships::role,
            memberships::created_at,
        ))
        .load(db)
}

/// Holds a body against a second change of its members at the same time.
pub fn hold_body(db: &mut Db, id: BodyId) -> QueryResult<Body> {
    diesel::update(bodies::table.find(id))
        .set(bodies::version.eq(bodies::version))
        .execute(db)?;
    super::find_body(db, id)
}

/// An active membership of this body; somebody else's is not found.
pub fn find_membership(db: &mut Db, body: BodyId, id: MembershipId) -> QueryResult<Membership> {
    memberships::table
        .inner_join(people::table.on(people::id.eq(memberships::person_id)))
        .filter(memberships::id.eq(id))
        .filter(memberships::body_id.eq(body))
        .filter(memberships::ended_at.is_null())
        .select((
            memberships::id,
            people::id,
            people::name,
            people::email,
            memberships::role,
            memberships::created_at,
        ))
        .first(db)
}

pub fn end_membership(db: &mut Db, id: MembershipId, at: NaiveDateTime) -> QueryResult<usize> {
    diesel::update(memberships::table.find(id))
        .filter(memberships::ended_at.is_null())
        .set(memberships::ended_at.eq(at))
        .execute(db)
}

pub fn insert_invitation(
    db: &mut Db,
    body: BodyId,
    email: &str,
    role: Role,
    by: PersonId,
    at: NaiveDateTime,
    expires_at: NaiveDateTime,
) -> QueryResult<usize> {
    diesel::insert_into(invitations::table)
        .values((
            invitations::body_id.eq(body),
            invitations::email.eq(email),
            invitations::role.eq(role),
            invitations::invited_by.eq(by),
            invitations::created_at.eq(at),
            invitations::expires_at.eq(expires_at),
        ))
        .execute(db)
}

pub fn end_invitation(db: &mut Db, id: InvitationId, at: NaiveDateTime) -> QueryResult<usize> {
    diesel::update(invitations::table.find(id))
        .filter(invitations::ended_at.is_null())
        .set(invitations::ended_at.eq(at))
        .execute(db)
}

/// An invitation that neither ended nor was accepted; its time is the rule's matter.
pub fn find_invitation(db: &mut Db, id: InvitationId) -> QueryResult<Invitation> {
    invitations::table
        .inner_join(bodies::table.on(bodies::id.eq(invitations::body_id)))
        .filter(invitations::id.eq(id))
        .filter(invitations::ended_at.is_null())
        .select((
            invitations::id,
            bodies::id,
            bodies::name,
            invitations::email,
            invitations::role,
            invitations::invited_by,
            invitations::expires_at,
        ))
        .first(db)
}

/// Open invitations to an address.
pub fn list_invitations_to(
    db: &mut Db,
    email: &str,
    now: NaiveDateTime,
) -> QueryResult<Vec<Invitation>> {
    invitations::table
        .inner_join(bodies::table.on(bodies::id.eq(invitations::body_id)))
        .filter(invitations::email.eq(email.to_owned()))
        .filter(invitations::ended_at.is_null())
        .filter(invitations::expires_at.gt(now))
        .order(invitations::id)
        .select((
            invitations::id,
            bodies::id,
            bodies::name,
            invitations::email,
            invitations::role,
            invitations::invited_by,
            invitations::expires_at,
        ))
        .load(db)
}

/// Invitations of a body that nobody has answered, those out of time too.
pub fn list_invitations_of_body(db: &mut Db, body: BodyId) -> QueryResult<Vec<Invitation>> {
    invitations::table
        .inner_join(bodies::table.on(bodies::id.eq(invitations::body_id)))
        .filter(invitations::body_id.eq(body))
        .filter(invitations::ended_at.is_null())
        .order(invitations::id)
        .select((
            invitations::id,
            bodies::id,
            bodies::name,
            invitations::email,
            invitations::role,
            invitations::invited_by,
            invitations::expires_at,
        ))
        .load(db)
}

/// Bodies after an id, of one kind or of all.
pub fn list_all_bodies(
    db: &mut Db,
    kind: Option<BodyKind>,
    after: Option<BodyId>,
    size: i64,
) -> QueryResult<Vec<Body>> {
    let mut query = bodies::table
        .order(bodies::id)
        .limit(size)
        .select(columns::<Body>())
        .into_boxed();
    if let Some(kind) = kind {
        query = query.filter(bodies::kind.eq(kind));
    }
    if let Some(after) = after {
        query = query.filter(bodies::id.gt(after));
    }
    query.load(db)
}

/// Saves the telephone by compare-and-set on the row that the form showed.
pub fn set_phone(db: &mut Db, id: BodyId, version: i64, phone: Option<&str>) -> QueryResult<usize> {
    diesel::update(bodies::table.find(id))
        .filter(bodies::version.eq(version))
        .set((
            bodies::phone.eq(phone),
            bodies::version.eq(bodies::version + 1),
        ))
        .execute(db)
}
