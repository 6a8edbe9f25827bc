//! Everything that names a person, gathered; secrets (password, keys, token hashes) are left out.

mod office;

use super::model::Section;
use crate::infra::db::Db;
use crate::kernel::instant::rfc3339;
use crate::kernel::people::PersonId;
use crate::procurement::tenders::TenderState;
use crate::schema::{
    api_tokens, appointments, bids, bodies, known_devices, ledger, ledger_texts, memberships,
    message_choices, message_settings, messages, panel_members, panels, people, second_factors,
    sessions, tenders,
};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use serde_json::{Map, Value, json};

fn row(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

fn at(instant: Option<NaiveDateTime>) -> Option<String> {
    instant.map(rfc3339)
}

/// All sections, in the order of the page; at most so many rows of each list.
pub fn own_data(db: &mut Db, person: PersonId, most: i64) -> QueryResult<Vec<Section>> {
    Ok(vec![
        account(db, person)?,
        settings(db, person)?,
        roles(db, person, most)?,
        office::invitations(db, person, most)?,
        sign_ins(db, person, most)?,
        office::links(db, person, most)?,
        office::recoveries(db, person, most)?,
        notices(db, person, most)?,
        bids_submitted(db, person, most)?,
        office::openings(db, person, most)?,
        office::answers(db, person, most)?,
        office::seats(db, person, most)?,
        office::sheets(db, person, most)?,
        office::points(db, person, most)?,
        office::signatures(db, person, most)?,
        office::uploads(db, person, most)?,
        office::redactions_asked(db, person, most)?,
        office::looks(db, person, most)?,
        acts(db, person, most)?,
    ])
}

fn account(db: &mut Db, person: PersonId) -> QueryResult<Section> {
    type Row = (String, String, String, Option<NaiveDateTime>, NaiveDateTime);
    let (name, email, language, confirmed, created): Row = people::table
        .find(person)
        .select((
            people::name,
            people::email,
            people::language,
            people::confirmed_at,
            people::created_at,
        ))
        .first(db)?;
    let code_since: Option<Option<NaiveDateTime>> = second_factors::table
        .find(person)
        .select(second_factors::enabled_at)
        .first(db)
        .optional()?;
    Ok(Section {
        code: "account",
        rows: vec![row(json!({
            "name": name, "email": email, "language": language,
            "created_at": rfc3339(created), "confirmed_at": at(confirmed),
            "second_factor_since": at(code_since.flatten()),
        }))],
    })
}

fn settings(db: &mut Db, person: PersonId) -> QueryResult<Section> {
    let found: Option<(i64, Option<String>)> = message_settings::table
        .find(person)
        .select((message_settings::digest_hour, message_settings::mobile))
        .first(db)
        .optional()?;
    let mut rows: Vec<_> = found
        .into_iter()
        .map(|(hour, mobile)| row(json!({ "digest_hour": hour, "mobile": mobile })))
        .collect();
    let choices: Vec<(String, String, bool)> = message_choices::table
        .filter(message_choices::person_id.eq(person))
        .select((
            message_choices::kind,
            message_choices::mail,
            message_choices::has_sms,
        ))
        .load(db)?;
    rows.extend(
        choices
            .into_iter()
            .map(|(kind, mail, sms)| row(json!({ "kind": kind, "mail": mail, "sms": sms }))),
    );
    Ok(Section {
        code: "settings",
        rows,
    })
}

fn roles(db: &mut Db, person: PersonId, most: i64) -> QueryResult<Section> {
    type Row = (String, String, NaiveDateTime, Option<NaiveDateTime>);
    let held: Vec<Row> = memberships::table
        .inner_join(bodies::table.on(bodies::id.eq(memberships::body_id)))
        .filter(memberships::person_id.eq(person))
        .order(memberships::id)
        .limit(most)
        .select((
            bodies::name,
            memberships::role,
            memberships::created_at,
            memberships::ended_at,
        ))
        .load(db)?;
    let mut rows: Vec<_> = held
        .into_iter()
        .map(|(body, role, since, until)| {
            row(json!({ "body": body, "role": role, "since": rfc3339(since), "until": at(until) }))
        })
        .collect();
    let terms: Vec<(String, String, NaiveDate, Option<NaiveDate>)> = appointments::table
        .inner_join(bodies::table.on(bodies::id.eq(appointments::body_id)))
        .filter(appointments::person_id.eq(person))
        .order(appointments::id)
        .limit(most)
        .select((
            bodies::name,
            appointments::role,
            appointments::from_on,
            appointments::until_on,
        ))
        .load(db)?;
    rows.extend(terms.into_iter().map(|(body, role, from, until)| {
        row(json!({ "body": body, "role": role, "from": from.to_string(), "until": until.map(|day| day.to_string()) }))
    }));
    Ok(Section {
        code: "roles",
        rows,
    })
}

fn sign_ins(db: &mut Db, person: PersonId, most: i64) -> QueryResult<Section> {
    type Row = (
        String,
        String,
        NaiveDateTime,
        NaiveDateTime,
        Option<NaiveDateTime>,
        Option<String>,
    );
    let found: Vec<Row> = sessions::table
        .left_join(api_tokens::table.on(api_tokens::session_id.eq(sessions::id)))
        .filter(sessions::person_id.eq(person))
        .order(sessions::id.desc())
        .limit(most)
        .select((
            sessions::device,
            sessions::network,
            sessions::created_at,
            sessions::seen_at,
            sessions::ended_at,
            api_tokens::name.nullable(),
        ))
        .load(db)?;
    let mut rows: Vec<_> = found
        .into_iter()
        .map(|(device, network, began, seen, ended, token)| {
            row(json!({
                "device": device, "network": network, "began": rfc3339(began), "seen": rfc3339(seen),
                "ended": at(ended), "token": token,
            }))
        })
        .collect();
    let known: Vec<NaiveDateTime> = known_devices::table
        .filter(known_devices::person_id.eq(person))
        .limit(most)
        .select(known_devices::seen_at)
        .load(db)?;
    rows.extend(
        known
            .into_iter()
            .map(|seen| row(json!({ "known_device_seen": rfc3339(seen) }))),
    );
    Ok(Section {
        code: "sign-ins",
        rows,
    })
}

fn notices(db: &mut Db, person: PersonId, most: i64) -> QueryResult<Section> {
    let found: Vec<(String, String, NaiveDateTime, Option<NaiveDateTime>)> = messages::table
        .filter(messages::person_id.eq(person))
        .order(messages::id.desc())
        .limit(most)
        .select((
            messages::kind,
            messages::link,
            messages::at,
            messages::first_read_at,
        ))
        .load(db)?;
    let rows = found
        .into_iter()
        .map(|(kind, link, received, read)| {
            row(json!({ "kind": kind, "link": link, "at": rfc3339(received), "read": at(read) }))
        })
        .collect();
    Ok(Section {
        code: "notices",
        rows,
    })
}

/// What one handed in for a provider: that and when, as the receipt says it.
fn bids_submitted(db: &mut Db, person: PersonId, most: i64) -> QueryResult<Section> {
    let found: Vec<(String, NaiveDateTime)> = bids::table
        .filter(bids::submitted_by.eq(person))
        .order(bids::submitted_at.desc())
        .limit(most)
        .select((bids::receipt_no, bids::submitted_at))
        .load(db)?;
    let rows = found
        .into_iter()
        .map(|(receipt, submitted)| row(json!({ "receipt": receipt, "at": rfc3339(submitted) })))
        .collect();
    Ok(Section { code: "bids", rows })
}

/// The own lines of the ledger.
fn acts(db: &mut Db, person: PersonId, most: i64) -> QueryResult<Section> {
    type Row = (NaiveDateTime, String, String, i64, String, Option<String>);
    let found: Vec<Row> = ledger::table
        .inner_join(ledger_texts::table.on(ledger_texts::ledger_id.eq(ledger::id)))
        .filter(ledger_texts::person_id.eq(person))
        .order(ledger::id.desc())
        .limit(most)
        .select((
            ledger::at,
            ledger::what,
            ledger::subject_kind,
            ledger::subject_id,
            ledger_texts::who,
            ledger_texts::reason,
        ))
        .load(db)?;
    let rows = found
        .into_iter()
        .map(|(when, what, kind, id, who, reason)| {
            row(json!({
                "at": rfc3339(when), "what": what, "subject": format!("{kind} {id}"), "who": who, "reason": reason,
            }))
        })
        .collect();
    Ok(Section { code: "acts", rows })
}

/// Whether the person sits on a panel whose procurement has not been decided.
pub fn is_on_panel(db: &mut Db, person: PersonId) -> QueryResult<bool> {
    diesel::select(diesel::dsl::exists(
        panel_members::table
            .inner_join(panels::table.on(panels::id.eq(panel_members::panel_id)))
            .inner_join(tenders::table.on(tenders::id.eq(panels::subject_id)))
            .filter(panels::subject_kind.eq("tender"))
            .filter(panel_members::person_id.eq(person))
            .filter(panel_members::recused_at.is_null())
            .filter(panel_members::is_replaced.eq(false))
            .filter(tenders::state.ne_all(TenderState::DECIDED)),
    ))
    .get_result(db)
}
