//! Rows of people, bodies, memberships and messages.

use super::model::{Body, Membership, Person};
use crate::infra::db::{Db, columns};
use crate::infra::words::Language;
use crate::kernel::people::{BodyId, PersonId, SessionId};
use crate::kernel::roles::{BodyKind, Role};
use crate::schema::{bodies, body_names, memberships, messages, people, sessions};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

pub fn find_person(db: &mut Db, id: PersonId) -> QueryResult<Person> {
    people::table.find(id).select(columns::<Person>()).first(db)
}

/// `email` in lower case.
pub fn find_person_by_email(db: &mut Db, email: &str) -> QueryResult<Option<Person>> {
    people::table
        .filter(people::email.eq(email.to_owned()))
        .select(columns::<Person>())
        .first(db)
        .optional()
}

pub fn find_body(db: &mut Db, id: BodyId) -> QueryResult<Body> {
    bodies::table.find(id).select(columns::<Body>()).first(db)
}

pub fn list_bodies(db: &mut Db, kinds: &[BodyKind]) -> QueryResult<Vec<Body>> {
    bodies::table
        .filter(bodies::kind.eq_any(kinds.to_vec()))
        .order(bodies::id)
        .select(columns::<Body>())
        .load(db)
}

pub fn list_members(db: &mut Db, body: BodyId) -> QueryResult<Vec<Membership>> {
    memberships::table
        .inner_join(people::table.on(people::id.eq(memberships::person_id)))
        .filter(
            memberships::body_id
                .eq(body)
                .and(memberships::ended_at.is_null()),
        )
        .order(memberships::id)
        .select((
            memberships::id,
            people::id,
            people::name,
            people::email,
            memberships::role,
            memberships::created_at,
        ))
        .load(db)
}

/// Everybody who acts in a role, in whatever body: the expert pool, the reviewers.
pub fn list_holders(db: &mut Db, role: Role) -> QueryResult<Vec<Person>> {
    memberships::table
        .inner_join(people::table.on(people::id.eq(memberships::person_id)))
        .filter(
            memberships::role
                .eq(role)
                .and(memberships::ended_at.is_null()),
        )
        .filter(people::disabled_at.is_null())
        .order(people::id)
        .distinct()
        .select(columns::<Person>())
        .load(db)
}

pub fn insert_body(
    db: &mut Db,
    kind: BodyKind,
    name: &str,
    region: Option<&str>,
    phone: Option<&str>,
    at: NaiveDateTime,
    on: NaiveDate,
) -> QueryResult<BodyId> {
    let id: BodyId = diesel::insert_into(bodies::table)
        .values((
            bodies::kind.eq(kind),
            bodies::name.eq(name),
            bodies::region_code.eq(region),
            bodies::phone.eq(phone),
            bodies::created_at.eq(at),
        ))
        .returning(bodies::id)
        .get_result(db)?;
    diesel::insert_into(body_names::table)
        .values((
            body_names::body_id.eq(id),
            body_names::name.eq(name),
            body_names::from_on.eq(on),
        ))
        .execute(db)?;
    Ok(id)
}

/// Ends the name in force and begins another one.
pub fn rename_body(db: &mut Db, id: BodyId, name: &str, on: NaiveDate) -> QueryResult<()> {
    diesel::update(bodies::table.find(id))
        .set((
            bodies::name.eq(name),
            bodies::version.eq(bodies::version + 1),
        ))
        .execute(db)?;
    diesel::update(
        body_names::table
            .filter(body_names::body_id.eq(id))
            .filter(body_names::to_on.is_null()),
    )
    .set(body_names::to_on.eq(on))
    .execute(db)?;
    diesel::insert_into(body_names::table)
        .values((
            body_names::body_id.eq(id),
            body_names::name.eq(name),
            body_names::from_on.eq(on),
        ))
        .execute(db)?;
    Ok(())
}

pub fn insert_membership(
    db: &mut Db,
    person: PersonId,
    body: BodyId,
    role: Role,
    at: NaiveDateTime,
) -> QueryResult<usize> {
    diesel::insert_into(memberships::table)
        .values((
            memberships::person_id.eq(person),
            memberships::body_id.eq(body),
            memberships::role.eq(role),
            memberships::created_at.eq(at),
        ))
        .execute(db)
}

pub fn insert_message(
    db: &mut Db,
    to: super::Addressee,
    kind: &str,
    args: &str,
    link: &str,
    at: NaiveDateTime,
) -> QueryResult<usize> {
    let (body, person) = match to {
        super::Addressee::Body(body) => (Some(body), None),
        super::Addressee::Person(person) => (None, Some(person)),
    };
    diesel::insert_into(messages::table)
        .values((
            messages::body_id.eq(body),
            messages::person_id.eq(person),
            messages::kind.eq(kind),
            messages::args.eq(args),
            messages::link.eq(link),
            messages::at.eq(at),
        ))
        .execute(db)
}

pub fn insert_person(
    db: &mut Db,
    email: &str,
    name: &str,
    password_hash: &str,
    language: Language,
    confirmed_at: Option<NaiveDateTime>,
    at: NaiveDateTime,
) -> QueryResult<PersonId> {
    diesel::insert_into(people::table)
        .values((
            people::email.eq(email),
            people::name.eq(name),
            people::password_hash.eq(password_hash),
            people::language.eq(language),
            people::confirmed_at.eq(confirmed_at),
            people::created_at.eq(at),
        ))
        .returning(people::id)
        .get_result(db)
}

pub fn insert_session(
    db: &mut Db,
    person: PersonId,
    device: &str,
    network: &str,
    at: NaiveDateTime,
    expires_at: NaiveDateTime,
) -> QueryResult<SessionId> {
    diesel::insert_into(sessions::table)
        .values((
            sessions::person_id.eq(person),
            sessions::device.eq(device),
            sessions::network.eq(network),
            sessions::created_at.eq(at),
            sessions::seen_at.eq(at),
            sessions::expires_at.eq(expires_at),
            sessions::verified_at.eq(at),
        ))
        .returning(sessions::id)
        .get_result(db)
}
