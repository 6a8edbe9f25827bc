//! Rows of people, bodies, memberships and messages.

mod closing;
mod factors;
mod inbox;
mod members;
mod reminders;
mod sessions;
mod terms;
mod tokens;

pub use closing::erase_person;
pub use factors::{
    count_recovery_codes, delete_email_change, delete_factor, enable_factor, end_recovery,
    find_email_change, find_email_change_by, find_factor, find_recovery, insert_recovery,
    list_recoveries, replace_email_change, replace_recovery_codes, set_email, set_pending,
    use_recovery_code, use_step,
};
pub use inbox::{find_message, list_messages, set_read};
pub use members::{
    end_invitation, end_membership, find_invitation, find_membership, hold_body, insert_invitation,
    list_all_bodies, list_held, list_invitations_of_body, list_invitations_to, set_phone,
};
pub use reminders::{
    DIGEST_HOUR, ask_mobile, count_try, ensure_settings, find_choice, find_settings,
    insert_digest_item, list_choices, list_digests, replace_choices, set_digest_hour, set_mobile,
    take_digest_items,
};
pub use sessions::{
    end_other_sessions, end_session, find_token, insert_session, insert_token, is_known_device,
    list_sessions, remember_device, set_session_body, set_session_end, use_token, use_tokens_of,
    verify_session,
};
pub use tokens::{insert_api_token, list_api_tokens};

pub use terms::{
    NewAppointment, end_appointment, find_active, find_appointment, find_appointment_of,
    insert_appointment, list_appointments, list_due_appointments, list_stand_ins, set_begun,
    set_noticed, set_until,
};

use crate::accounts::Addressee;
use crate::accounts::model::{Body, Membership, Person};
use crate::infra::db::{Db, columns};
use crate::kernel::language::Language;
use crate::kernel::people::{BodyId, PersonId};
use crate::kernel::roles::{BodyKind, Role};
use crate::schema::{bodies, body_names, memberships, messages, people};
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

/// The bodies that somebody is a member of.
/// Everybody who changes the members of these bodies waits until this transaction is over.
pub fn hold_bodies_of(db: &mut Db, person: PersonId) -> QueryResult<()> {
    let mut bodies = list_bodies_of(db, person)?;
    bodies.sort_unstable();
    for body in bodies {
        hold_body(db, body)?;
    }
    Ok(())
}

pub fn list_bodies_of(db: &mut Db, person: PersonId) -> QueryResult<Vec<BodyId>> {
    memberships::table
        .filter(memberships::person_id.eq(person))
        .filter(memberships::ended_at.is_null())
        .order(memberships::body_id)
        .select(memberships::body_id)
        .distinct()
        .load(db)
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
    public_id: &str,
    to: Addressee,
    kind: &str,
    args: &str,
    link: &str,
    at: NaiveDateTime,
) -> QueryResult<usize> {
    let (body, role, person) = match to {
        Addressee::Body(body) => (Some(body), None, None),
        Addressee::Holders(body, role) => (Some(body), Some(role), None),
        Addressee::Person(person) => (None, None, Some(person)),
    };
    diesel::insert_into(messages::table)
        .values((
            messages::public_id.eq(public_id),
            messages::body_id.eq(body),
            messages::person_id.eq(person),
            messages::role.eq(role),
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

/// What a new sign-up of an unconfirmed address, a confirmation or a reset leaves of a person.
pub fn set_person(
    db: &mut Db,
    id: PersonId,
    name: &str,
    password_hash: &str,
    confirmed_at: Option<NaiveDateTime>,
) -> QueryResult<usize> {
    diesel::update(people::table.find(id))
        .set((
            people::name.eq(name),
            people::password_hash.eq(password_hash),
            people::confirmed_at.eq(confirmed_at),
            people::version.eq(people::version + 1),
        ))
        .execute(db)
}

pub fn set_language(db: &mut Db, id: PersonId, language: Language) -> QueryResult<usize> {
    diesel::update(people::table.find(id))
        .set(people::language.eq(language))
        .execute(db)
}

/// Compare and set: 0 rows when somebody saved first.
pub fn set_name(db: &mut Db, id: PersonId, version: i64, name: &str) -> QueryResult<usize> {
    diesel::update(people::table.find(id))
        .filter(people::version.eq(version))
        .set((
            people::name.eq(name),
            people::version.eq(people::version + 1),
        ))
        .execute(db)
}

/// Whether anybody runs the portal yet.
pub fn has_administrator(db: &mut Db) -> QueryResult<bool> {
    diesel::select(diesel::dsl::exists(
        memberships::table
            .filter(memberships::role.eq(Role::Administrator))
            .filter(memberships::ended_at.is_null()),
    ))
    .get_result(db)
}
