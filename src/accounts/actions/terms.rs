//! Roles for dates, and deputies: set by whoever may give the role, begun and ended by the worker.

use super::members::{end, role_word};
use super::{deliver, grant};
use crate::accounts::Addressee;
use crate::accounts::model::{Appointment, AppointmentId, Body, Membership, MembershipId};
use crate::accounts::queries::{self, NewAppointment};
use crate::accounts::rules::terms::{self, Step};
use crate::accounts::rules::{self, AccountRule};
use crate::infra::actor::Actor;
use crate::infra::db::Db;
use crate::infra::failure::Failure;
use crate::infra::ledger::{self, Entry};
use crate::infra::store::Tx;
use crate::infra::words::{Language, Words};
use crate::kernel::instant;
use crate::kernel::people::{BodyId, PersonId};
use crate::kernel::roles::{BodyKind, Role};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::QueryResult;

/// Whether the actor cares for members of this body: its own, or any as the platform's administrator. Somebody else's
/// membership is not found.
fn reaches(actor: &Actor, body: &Body) -> Result<(), Failure> {
    let own = actor.body_id() == Some(body.id)
        && actor
            .roles
            .iter()
            .any(|role| rules::manages(*role, body.kind));
    let is_administrator = actor.has(Role::Administrator)
        && actor
            .body
            .as_ref()
            .is_some_and(|body| body.kind == BodyKind::Platform);
    if own || is_administrator {
        Ok(())
    } else {
        Err(Failure::NotFound)
    }
}

/// A membership that the actor cares for, with its body.
pub fn find_member(
    db: &mut Db,
    actor: &Actor,
    id: MembershipId,
) -> Result<(Membership, Body), Failure> {
    let (member, body) = queries::find_active(db, id)?;
    reaches(actor, &body)?;
    Ok((member, body))
}

/// The membership, held with its body, if the actor may give its role.
fn held(tx: &mut Tx, actor: &Actor, id: MembershipId) -> Result<(Membership, Body), Failure> {
    let (_, body) = find_member(tx.db, actor, id)?;
    let body = queries::hold_body(tx.db, body.id)?;
    let member = queries::find_membership(tx.db, body.id, id)?;
    if actor.body_id() == Some(body.id) {
        rules::may_give(&actor.roles, member.role, body.kind)?;
    }
    Ok((member, body))
}

/// Sets the last day of a role, or takes it away.
pub fn set_term(
    tx: &mut Tx,
    actor: &Actor,
    id: MembershipId,
    until: Option<NaiveDate>,
) -> Result<(), Failure> {
    let (member, body) = held(tx, actor, id)?;
    if until.is_some_and(|until| until < instant::shanghai_date(tx.now)) {
        return Err(AccountRule::TermPast.into());
    }
    match queries::find_appointment_of(tx.db, id)? {
        // A deputy's dates always end.
        Some(term) if term.deputy_for.is_some() && until.is_none() => {
            return Err(AccountRule::TermPast.into());
        }
        Some(term) => {
            queries::set_until(tx.db, term.id, until)?;
        }
        None => {
            let new = NewAppointment {
                body: body.id,
                person: member.person_id,
                role: member.role,
                membership: Some(id),
                deputy_for: None,
                // A row made by an earlier clock must not begin after it ends.
                from_on: instant::shanghai_date(member.created_at.min(tx.now)),
                until_on: until,
            };
            queries::insert_appointment(tx.db, &new, actor.person_id, tx.now)?;
        }
    }
    let word = until.map(|until| until.to_string()).unwrap_or_default();
    let reason = format!("{} {} {word}", member.person_name, member.role);
    note(tx, Some(actor), body.id, "member.term-set", reason.trim())
}

/// Somebody else of the body holds the role in the holder's stead, for dates; the deputy acts in its own name.
pub fn name_deputy(
    tx: &mut Tx,
    words: &Words,
    actor: &Actor,
    id: MembershipId,
    deputy: PersonId,
    (from, until): (NaiveDate, NaiveDate),
) -> Result<(), Failure> {
    let (member, body) = held(tx, actor, id)?;
    let today = instant::shanghai_date(tx.now);
    terms::check_deputy(member.role, from, until, today)?;
    let is_deputy =
        queries::find_appointment_of(tx.db, id)?.is_some_and(|term| term.deputy_for.is_some());
    let members = queries::list_members(tx.db, body.id)?;
    let of_body = members.iter().any(|m| m.person_id == deputy);
    let holds_it = members
        .iter()
        .any(|m| m.person_id == deputy && m.role == member.role);
    let is_planned = queries::list_appointments(tx.db, body.id)?
        .iter()
        .any(|open| open.person_id == deputy && open.role == member.role);
    if is_deputy || !of_body || holds_it || is_planned {
        return Err(AccountRule::DeputyUnfit.into());
    }
    let new = NewAppointment {
        body: body.id,
        person: deputy,
        role: member.role,
        membership: None,
        deputy_for: Some(member.person_id),
        from_on: from,
        until_on: Some(until),
    };
    let made = queries::insert_appointment(tx.db, &new, actor.person_id, tx.now)?;
    let name = queries::find_person(tx.db, deputy)?.name;
    let reason = format!(
        "{name} → {} {} {from}–{until}",
        member.person_name, member.role
    );
    note(tx, Some(actor), body.id, "deputy.named", &reason)?;
    let role = role_word(words, Language::Chinese, member.role);
    let (from, until) = (from.to_string(), until.to_string());
    for person in [deputy, member.person_id] {
        let args = [
            ("deputy", name.as_str()),
            ("holder", &member.person_name),
            ("role", &role),
            ("body", &body.name),
            ("from", &from),
            ("until", &until),
        ];
        deliver(
            tx,
            Addressee::Person(person),
            "deputy.named",
            &args,
            "/account",
        )?;
    }
    run_term(tx, words, made)
}

/// Takes back an appointment that has not begun; one that has is ended like any membership.
pub fn cancel_appointment(tx: &mut Tx, actor: &Actor, id: AppointmentId) -> Result<(), Failure> {
    let planned = queries::find_appointment(tx.db, id)?;
    let body = queries::find_body(tx.db, planned.body_id)?;
    reaches(actor, &body)?;
    if planned.membership_id.is_some() || queries::end_appointment(tx.db, id, tx.now)? == 0 {
        return Err(Failure::NotFound);
    }
    note(
        tx,
        Some(actor),
        body.id,
        "deputy.cancelled",
        planned.role.as_str(),
    )
}

/// What asks to be moved on at an instant (portal clock).
pub fn list_due_terms(db: &mut Db, now: NaiveDateTime) -> QueryResult<Vec<AppointmentId>> {
    let today = instant::shanghai_date(now);
    let near = queries::list_due_appointments(db, today, terms::announced(today))?;
    Ok(near
        .iter()
        .filter(|term| terms::due(term, today).is_some())
        .map(|term| term.id)
        .collect())
}

/// Moves an appointment on as its dates ask (portal clock), as far as they do.
pub fn run_term(tx: &mut Tx, words: &Words, id: AppointmentId) -> Result<(), Failure> {
    let term = queries::find_appointment(tx.db, id)?;
    let today = instant::shanghai_date(tx.now);
    match terms::due(&term, today) {
        None => Ok(()),
        Some(Step::Begin) => begin(tx, &term),
        Some(Step::Notice) => notice(tx, words, &term),
        Some(Step::End) => expire(tx, words, &term, today),
    }
}

fn begin(tx: &mut Tx, term: &Appointment) -> Result<(), Failure> {
    let members = queries::list_members(tx.db, term.body_id)?;
    let stays = |person| members.iter().any(|m| m.person_id == person);
    // Deputy or holder have left meanwhile.
    let is_void = !stays(term.person_id) || term.deputy_for.is_some_and(|holder| !stays(holder));
    if is_void {
        queries::end_appointment(tx.db, term.id, tx.now)?;
        return Ok(());
    }
    match grant(tx, None, term.person_id, term.body_id, term.role) {
        Ok(()) => {}
        // Given otherwise meanwhile: nothing to stand in for.
        Err(Failure::Refused(_)) => {
            queries::end_appointment(tx.db, term.id, tx.now)?;
            return Ok(());
        }
        Err(failure) => return Err(failure),
    }
    let begun = queries::list_members(tx.db, term.body_id)?;
    let begun = begun
        .iter()
        .find(|m| m.person_id == term.person_id && m.role == term.role)
        .ok_or(Failure::NotFound)?;
    queries::set_begun(tx.db, term.id, begun.id)?;
    Ok(())
}

fn notice(tx: &mut Tx, words: &Words, term: &Appointment) -> Result<(), Failure> {
    queries::set_noticed(tx.db, term.id, tx.now)?;
    let body = queries::find_body(tx.db, term.body_id)?;
    let role = role_word(words, Language::Chinese, term.role);
    let until = term.until_on.map(|day| day.to_string()).unwrap_or_default();
    let args = [
        ("role", role.as_str()),
        ("body", &body.name),
        ("until", &until),
    ];
    let to = Addressee::Person(term.person_id);
    deliver(tx, to, "term.ending", &args, "/account")
}

fn expire(tx: &mut Tx, words: &Words, term: &Appointment, today: NaiveDate) -> Result<(), Failure> {
    let Some(membership) = term.membership_id else {
        queries::end_appointment(tx.db, term.id, tx.now)?;
        return Ok(());
    };
    let body = queries::hold_body(tx.db, term.body_id)?;
    let found = queries::find_membership(tx.db, body.id, membership).map_err(Failure::from);
    let member = match found {
        Ok(member) => member,
        Err(Failure::NotFound) => {
            queries::end_appointment(tx.db, term.id, tx.now)?;
            return Ok(());
        }
        Err(failure) => return Err(failure),
    };
    let left: Vec<Role> = queries::list_members(tx.db, body.id)?
        .iter()
        .filter(|other| other.id != membership)
        .map(|other| other.role)
        .collect();
    // Nobody would be left to give rights in the body: it goes on, and is announced again.
    if rules::may_end(&[Role::Administrator], term.role, &left, body.kind).is_err() {
        queries::set_until(tx.db, term.id, Some(terms::prolonged(today)))?;
        let reason = format!("{} {}", member.person_name, member.role);
        return note(tx, None, body.id, "member.term-prolonged", &reason);
    }
    end(tx, words, None, &body, &member)
}

fn note(
    tx: &mut Tx,
    actor: Option<&Actor>,
    body: BodyId,
    what: &'static str,
    reason: &str,
) -> Result<(), Failure> {
    let entry = Entry::new("body", body.0, what).because(reason);
    ledger::append(tx, actor, &entry.for_staff(Some(body)))
}
