//! Requests, and the texts of a subject wherever they lie.

use super::model::{Ground, Place, Redaction, RedactionId, Subject};
use crate::infra::db::{Db, columns};
use crate::kernel::people::PersonId;
use crate::on_db;
use crate::schema::{contracts, ledger_texts, redactions};
use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Text};

#[derive(QueryableByName)]
pub struct Found {
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    #[diesel(sql_type = Text)]
    pub text: String,
}

fn load(db: &mut Db, sql: &str, id: i64) -> QueryResult<Vec<Found>> {
    on_db!(db,
        sqlite conn => sql_query(sql.replace("$1", "?1")).bind::<BigInt, _>(id).load(conn),
        postgres conn => sql_query(sql).bind::<BigInt, _>(id).load(conn)
    )
}

/// The texts of one place.
pub fn texts(db: &mut Db, place: &Place, subject: i64) -> QueryResult<Vec<Found>> {
    texts_where(db, place, subject, place.rows)
}

/// Those of them that everybody may read.
pub fn public_texts(db: &mut Db, place: &Place, subject: i64) -> QueryResult<Vec<Found>> {
    let rows = format!("({}) AND {}", place.rows, place.public);
    texts_where(db, place, subject, &rows)
}

fn texts_where(db: &mut Db, place: &Place, subject: i64, rows: &str) -> QueryResult<Vec<Found>> {
    let Place { table, column, .. } = place;
    let sql =
        format!("SELECT id, {column} AS text FROM {table} WHERE {column} IS NOT NULL AND ({rows})");
    load(db, &sql, subject)
}

/// Each has a place in the search of its own.
pub fn public_contracts(db: &mut Db, project: i64) -> QueryResult<Vec<i64>> {
    contracts::table
        .filter(contracts::project_id.eq(project))
        .filter(contracts::published_at.is_not_null())
        .select(contracts::id)
        .load(db)
}

pub fn set_text(db: &mut Db, place: &Place, id: i64, text: &str) -> QueryResult<usize> {
    let Place { table, column, .. } = place;
    let version = if place.is_versioned {
        ", version = version + 1"
    } else {
        ""
    };
    let sql = format!("UPDATE {table} SET {column} = $1{version} WHERE id = $2");
    on_db!(db,
        sqlite conn => sql_query(sql.replace('$', "?")).bind::<Text, _>(text).bind::<BigInt, _>(id).execute(conn),
        postgres conn => sql_query(sql).bind::<Text, _>(text).bind::<BigInt, _>(id).execute(conn)
    )
}

/// The words of the ledger's lines about a subject.
pub fn reasons(db: &mut Db, subject: Subject, id: i64) -> QueryResult<Vec<Found>> {
    let rows = subject.ledger();
    let sql = format!(
        "SELECT ledger_id AS id, reason AS text FROM ledger_texts \
         WHERE reason IS NOT NULL AND ledger_id IN (SELECT id FROM ledger WHERE {rows})"
    );
    load(db, &sql, id)
}

/// Takes who and why of a line away; its hash stays in the chain.
pub fn erase_text(db: &mut Db, line: i64) -> QueryResult<usize> {
    diesel::delete(ledger_texts::table.filter(ledger_texts::ledger_id.eq(line))).execute(db)
}

/// The newest first, open ones before those decided.
pub fn list(db: &mut Db, size: i64) -> QueryResult<Vec<Redaction>> {
    redactions::table
        .order((redactions::decided_at.is_not_null(), redactions::id.desc()))
        .limit(size)
        .select(columns::<Redaction>())
        .load(db)
}

/// How many wait for this administrator, and since when the oldest: one's own wait for others.
pub fn count_waiting(db: &mut Db, by: PersonId) -> QueryResult<(i64, Option<NaiveDateTime>)> {
    redactions::table
        .filter(redactions::decided_at.is_null())
        .filter(redactions::asked_by.ne(by))
        .select((
            diesel::dsl::count_star(),
            diesel::dsl::min(redactions::asked_at),
        ))
        .first(db)
}

pub fn find(db: &mut Db, id: RedactionId) -> QueryResult<Redaction> {
    redactions::table
        .find(id)
        .select(columns::<Redaction>())
        .first(db)
}

pub fn insert(
    db: &mut Db,
    (subject, id): (Subject, i64),
    passage: &str,
    ground: Ground,
    reason: &str,
    by: PersonId,
    at: NaiveDateTime,
) -> QueryResult<RedactionId> {
    diesel::insert_into(redactions::table)
        .values((
            redactions::subject_kind.eq(subject),
            redactions::subject_id.eq(id),
            redactions::passage.eq(passage),
            redactions::ground.eq(ground),
            redactions::reason.eq(reason),
            redactions::asked_by.eq(by),
            redactions::asked_at.eq(at),
        ))
        .returning(redactions::id)
        .get_result(db)
}

/// Decides; 0 rows when somebody else has. What nobody may read any more is erased with it.
pub fn decide(
    db: &mut Db,
    id: RedactionId,
    by: PersonId,
    at: NaiveDateTime,
    places: Option<i64>,
) -> QueryResult<usize> {
    diesel::update(redactions::table.find(id))
        .filter(redactions::decided_at.is_null())
        .set((
            redactions::decided_by.eq(by),
            redactions::decided_at.eq(at),
            redactions::places.eq(places),
            redactions::passage.eq(None::<String>),
        ))
        .execute(db)
}
