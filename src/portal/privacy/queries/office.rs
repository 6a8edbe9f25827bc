//! What somebody did in office: on panels, for a purchaser, for a provider; and what the care for the account left.

use super::{at, row};
use crate::infra::db::Db;
use crate::kernel::instant::rfc3339;
use crate::kernel::people::PersonId;
use crate::kernel::score::Points;
use crate::portal::privacy::model::Section;
use crate::schema::{
    accesses, bodies, contract_signatures, contracts, criteria, email_changes, files, invitations,
    openers, panel_members, panels, people, projects, questions, recoveries, redactions,
    score_sheets, scores, tenders, tokens,
};
use chrono::NaiveDateTime;
use diesel::prelude::*;
use serde_json::{Value, json};

type Instant = Option<NaiveDateTime>;

fn section(code: &'static str, rows: impl Iterator<Item = Value>) -> Section {
    Section {
        code,
        rows: rows.map(row).collect(),
    }
}

/// Into bodies, to the address of the account.
pub fn invitations(db: &mut Db, person: PersonId, most: i64) -> QueryResult<Section> {
    let email: String = people::table.find(person).select(people::email).first(db)?;
    let found: Vec<(String, String, NaiveDateTime, NaiveDateTime, Instant)> = invitations::table
        .inner_join(bodies::table.on(bodies::id.eq(invitations::body_id)))
        .filter(invitations::email.eq(email))
        .order(invitations::id.desc())
        .limit(most)
        .select((
            bodies::name,
            invitations::role,
            invitations::created_at,
            invitations::expires_at,
            invitations::ended_at,
        ))
        .load(db)?;
    let rows = found.into_iter().map(|(body, role, made, until, ended)| {
        json!({
            "body": body, "role": role, "at": rfc3339(made), "until": rfc3339(until), "ended": at(ended),
        })
    });
    Ok(section("invitations", rows))
}

/// Links that were sent, and the address that waits for its own.
pub fn links(db: &mut Db, person: PersonId, most: i64) -> QueryResult<Section> {
    let change: Vec<(String, NaiveDateTime)> = email_changes::table
        .find(person)
        .select((email_changes::email, email_changes::expires_at))
        .load(db)?;
    let sent: Vec<(String, NaiveDateTime, Instant)> = tokens::table
        .filter(tokens::person_id.eq(person))
        .order(tokens::id.desc())
        .limit(most)
        .select((tokens::purpose, tokens::expires_at, tokens::used_at))
        .load(db)?;
    let change = change
        .into_iter()
        .map(|(email, until)| json!({ "email": email, "until": rfc3339(until) }));
    let sent = sent.into_iter().map(|(purpose, until, used)| {
        json!({ "purpose": purpose, "until": rfc3339(until), "used": at(used) })
    });
    Ok(section("links", change.chain(sent)))
}

/// Of the own second factor, and those of others that one proposed or confirmed.
pub fn recoveries(db: &mut Db, person: PersonId, most: i64) -> QueryResult<Section> {
    let found: Vec<(PersonId, String, NaiveDateTime, Instant)> = recoveries::table
        .filter(
            recoveries::person_id
                .eq(person)
                .or(recoveries::proposed_by.eq(person))
                .or(recoveries::confirmed_by.eq(person).assume_not_null()),
        )
        .order(recoveries::id.desc())
        .limit(most)
        .select((
            recoveries::person_id,
            recoveries::reason,
            recoveries::proposed_at,
            recoveries::ended_at,
        ))
        .load(db)?;
    let rows = found.into_iter().map(|(of, reason, asked, ended)| {
        json!({
            "is_own": of == person, "reason": reason, "at": rfc3339(asked), "ended": at(ended),
        })
    });
    Ok(section("recoveries", rows))
}

/// Bids that one helped to open.
pub fn openings(db: &mut Db, person: PersonId, most: i64) -> QueryResult<Section> {
    let found: Vec<(String, NaiveDateTime)> = openers::table
        .inner_join(tenders::table.on(tenders::id.eq(openers::tender_id)))
        .inner_join(projects::table.on(projects::id.eq(tenders::project_id)))
        .filter(openers::person_id.eq(person))
        .order(openers::at.desc())
        .limit(most)
        .select((projects::title, openers::at))
        .load(db)?;
    let rows = found
        .into_iter()
        .map(|(project, opened)| json!({ "project": project, "at": rfc3339(opened) }));
    Ok(section("openings", rows))
}

pub fn answers(db: &mut Db, person: PersonId, most: i64) -> QueryResult<Section> {
    let found: Vec<(String, String, Option<String>, Instant)> = questions::table
        .inner_join(tenders::table.on(tenders::id.eq(questions::tender_id)))
        .inner_join(projects::table.on(projects::id.eq(tenders::project_id)))
        .filter(questions::answered_by.eq(person))
        .order(questions::id.desc())
        .limit(most)
        .select((
            projects::title,
            questions::question,
            questions::answer,
            questions::answered_at,
        ))
        .load(db)?;
    let rows = found.into_iter().map(|(project, question, answer, when)| {
        json!({ "project": project, "question": question, "answer": answer, "at": at(when) })
    });
    Ok(section("answers", rows))
}

/// Seats on panels, with what was declared.
pub fn seats(db: &mut Db, person: PersonId, most: i64) -> QueryResult<Section> {
    type Row = (String, String, Instant, Instant, Option<String>, bool);
    let found: Vec<Row> = panel_members::table
        .inner_join(panels::table.on(panels::id.eq(panel_members::panel_id)))
        .inner_join(tenders::table.on(tenders::id.eq(panels::subject_id)))
        .inner_join(projects::table.on(projects::id.eq(tenders::project_id)))
        .filter(panels::subject_kind.eq("tender"))
        .filter(panel_members::person_id.eq(person))
        .order(panel_members::id.desc())
        .limit(most)
        .select((
            projects::title,
            panel_members::capacity,
            panel_members::declared_at,
            panel_members::recused_at,
            panel_members::reason,
            panel_members::is_replaced,
        ))
        .load(db)?;
    let rows = found
        .into_iter()
        .map(|(project, capacity, declared, recused, reason, is_replaced)| {
            json!({
                "project": project, "capacity": capacity, "declared": at(declared), "recused": at(recused),
                "reason": reason, "is_replaced": is_replaced,
            })
        });
    Ok(section("seats", rows))
}

pub fn sheets(db: &mut Db, person: PersonId, most: i64) -> QueryResult<Section> {
    let found: Vec<(String, Instant, Instant, Option<String>)> = score_sheets::table
        .inner_join(tenders::table.on(tenders::id.eq(score_sheets::tender_id)))
        .inner_join(projects::table.on(projects::id.eq(tenders::project_id)))
        .filter(score_sheets::person_id.eq(person))
        .order(score_sheets::tender_id.desc())
        .limit(most)
        .select((
            projects::title,
            score_sheets::submitted_at,
            score_sheets::reopened_at,
            score_sheets::reason,
        ))
        .load(db)?;
    let rows = found
        .into_iter()
        .map(|(project, submitted, reopened, reason)| {
            json!({
                "project": project, "submitted": at(submitted), "reopened": at(reopened), "reason": reason,
            })
        });
    Ok(section("sheets", rows))
}

/// Points given, with their notes.
pub fn points(db: &mut Db, person: PersonId, most: i64) -> QueryResult<Section> {
    let found: Vec<(String, String, i64, String)> = scores::table
        .inner_join(criteria::table.on(criteria::id.eq(scores::criterion_id)))
        .inner_join(tenders::table.on(tenders::id.eq(scores::tender_id)))
        .inner_join(projects::table.on(projects::id.eq(tenders::project_id)))
        .filter(scores::person_id.eq(person))
        .order(scores::id.desc())
        .limit(most)
        .select((
            projects::title,
            criteria::name,
            scores::points,
            scores::note,
        ))
        .load(db)?;
    let rows = found
        .into_iter()
        .map(|(project, criterion, points, note)| {
            json!({
                "project": project, "criterion": criterion, "points": Points::from_hundredths(points).to_string(), "note": note,
            })
        });
    Ok(section("points", rows))
}

pub fn signatures(db: &mut Db, person: PersonId, most: i64) -> QueryResult<Section> {
    let found: Vec<(String, String, String, String, NaiveDateTime)> = contract_signatures::table
        .inner_join(contracts::table.on(contracts::id.eq(contract_signatures::contract_id)))
        .filter(contract_signatures::person_id.eq(person))
        .order(contract_signatures::id.desc())
        .limit(most)
        .select((
            contracts::number,
            contracts::title,
            contract_signatures::side,
            contract_signatures::method,
            contract_signatures::at,
        ))
        .load(db)?;
    let rows = found
        .into_iter()
        .map(|(number, title, side, method, signed)| {
            json!({
                "number": number, "title": title, "side": side, "method": method, "at": rfc3339(signed),
            })
        });
    Ok(section("signatures", rows))
}

/// Files that one brought here, except those of a bid: they are the bidder's.
pub fn uploads(db: &mut Db, person: PersonId, most: i64) -> QueryResult<Section> {
    let found: Vec<(String, i64, NaiveDateTime, Instant)> = files::table
        .filter(files::uploaded_by.eq(person))
        .order(files::id.desc())
        .limit(most)
        .select((
            files::name,
            files::size,
            files::created_at,
            files::removed_at,
        ))
        .load(db)?;
    let rows = found.into_iter().map(|(name, size, brought, removed)| {
        json!({ "name": name, "size": size, "at": rfc3339(brought), "removed": at(removed) })
    });
    Ok(section("uploads", rows))
}

pub fn redactions_asked(db: &mut Db, person: PersonId, most: i64) -> QueryResult<Section> {
    let found: Vec<(String, i64, String, NaiveDateTime, Instant)> = redactions::table
        .filter(
            redactions::asked_by
                .eq(person)
                .or(redactions::decided_by.eq(person).assume_not_null()),
        )
        .order(redactions::id.desc())
        .limit(most)
        .select((
            redactions::subject_kind,
            redactions::subject_id,
            redactions::reason,
            redactions::asked_at,
            redactions::decided_at,
        ))
        .load(db)?;
    let rows = found.into_iter().map(|(kind, id, reason, asked, decided)| {
        json!({
            "subject": format!("{kind} {id}"), "reason": reason, "at": rfc3339(asked), "ended": at(decided),
        })
    });
    Ok(section("redactions", rows))
}

/// Sensitive records that one looked at oneself.
pub fn looks(db: &mut Db, person: PersonId, most: i64) -> QueryResult<Section> {
    let found: Vec<(NaiveDateTime, String, String, i64)> = accesses::table
        .filter(accesses::person_id.eq(person))
        .order(accesses::id.desc())
        .limit(most)
        .select((
            accesses::at,
            accesses::what,
            accesses::subject_kind,
            accesses::subject_id,
        ))
        .load(db)?;
    let rows = found.into_iter().map(|(when, looked, kind, id)| {
        json!({ "at": rfc3339(when), "looked": looked, "subject": format!("{kind} {id}") })
    });
    Ok(section("looks", rows))
}
