//! Events and the jobs they cause, written in the action's transaction; each consumer keeps its own done mark.

use super::db::Db;
use super::failure::Failure;
use super::store::{Tx, machine_now};
use crate::on_db;
use crate::schema::{events, jobs};
use chrono::Duration;
use diesel::prelude::*;
use serde::Serialize;

/// Which consumers learn of which topics; the runner in `jobs.rs` maps the names to functions.
pub const CONSUMERS: &[(&str, &[&str])] = &[
    ("mail.requested", &["mail"]),
    ("sms.requested", &["sms"]),
    ("catalogue.published", &["search"]),
    ("provider.changed", &["search"]),
    ("project.published", &["search"]),
    ("project.changed", &["search"]),
    ("contract.published", &["search"]),
    ("region.imported", &["search"]),
    ("search.outdated", &["search"]),
];

const MAX_ATTEMPTS: i64 = 12;

#[derive(Queryable, Clone, Debug)]
pub struct Job {
    pub id: i64,
    pub consumer: String,
    pub lane: String,
    pub attempts: i64,
    pub topic: String,
    pub subject_kind: String,
    pub subject_id: i64,
    pub payload: String,
}

/// Emits an event about a subject. Events of one subject reach a consumer in order.
pub fn emit(
    tx: &mut Tx,
    topic: &'static str,
    subject: (&str, i64),
    payload: &impl Serialize,
) -> Result<(), Failure> {
    let payload = serde_json::to_string(payload)?;
    let event: i64 = diesel::insert_into(events::table)
        .values((
            events::topic.eq(topic),
            events::subject_kind.eq(subject.0),
            events::subject_id.eq(subject.1),
            events::payload.eq(payload),
            events::at.eq(tx.now),
        ))
        .returning(events::id)
        .get_result(tx.db)?;
    for consumer in CONSUMERS
        .iter()
        .filter(|(t, _)| *t == topic)
        .flat_map(|(_, names)| names.iter())
    {
        // Messages wait for nobody: each has a lane of its own.
        let lane = if matches!(*consumer, "mail" | "sms") {
            format!("{consumer}/{event}")
        } else {
            format!("{consumer}/{}/{}", subject.0, subject.1)
        };
        diesel::insert_into(jobs::table)
            .values((
                jobs::event_id.eq(event),
                jobs::consumer.eq(consumer),
                jobs::lane.eq(lane),
                jobs::due_at.eq(tx.machine_now()),
            ))
            .execute(tx.db)?;
    }
    Ok(())
}

/// Whether one of these consumers has a job that may be tried now.
pub fn has_due(db: &mut Db, consumers: &[&str]) -> QueryResult<bool> {
    diesel::select(diesel::dsl::exists(
        jobs::table
            .filter(jobs::done_at.is_null())
            .filter(jobs::failed_at.is_null())
            .filter(jobs::due_at.le(machine_now()))
            .filter(jobs::consumer.eq_any(consumers.to_vec())),
    ))
    .get_result(db)
}

/// Takes up to `size` due jobs of these consumers, first of their lanes, and hides them for five minutes, so that a worker that dies
/// loses nothing and two workers never share one.
pub fn claim(tx: &mut Tx, consumers: &[&str], size: i64) -> Result<Vec<Job>, Failure> {
    let now = machine_now();
    let others = diesel::alias!(jobs as others);
    let due = jobs::table
        .filter(
            jobs::done_at
                .is_null()
                .and(jobs::failed_at.is_null())
                .and(jobs::due_at.le(now)),
        )
        .filter(jobs::consumer.eq_any(consumers.to_vec()))
        .filter(diesel::dsl::not(diesel::dsl::exists(
            others.filter(
                others
                    .field(jobs::lane)
                    .eq(jobs::lane)
                    .and(others.field(jobs::id).lt(jobs::id))
                    .and(others.field(jobs::done_at).is_null())
                    .and(others.field(jobs::failed_at).is_null()),
            ),
        )))
        .order(jobs::id)
        .limit(size)
        .select(jobs::id);
    let ids: Vec<i64> = on_db!(&mut *tx.db,
        sqlite conn => due.load(conn)?,
        postgres conn => due.for_update().skip_locked().load(conn)?
    );
    diesel::update(jobs::table.filter(jobs::id.eq_any(&ids)))
        .set((
            jobs::due_at.eq(now + Duration::minutes(5)),
            jobs::attempts.eq(jobs::attempts + 1),
        ))
        .execute(tx.db)?;
    Ok(jobs::table
        .inner_join(events::table.on(events::id.eq(jobs::event_id)))
        .filter(jobs::id.eq_any(ids))
        .order(jobs::id)
        .select((
            jobs::id,
            jobs::consumer,
            jobs::lane,
            jobs::attempts,
            events::topic,
            events::subject_kind,
            events::subject_id,
            events::payload,
        ))
        .load(tx.db)?)
}

/// Marks a job done, or puts it off with growing patience; after the last try it stays, failed, for staff to see.
pub fn settle(tx: &mut Tx, job: &Job, error: Option<&str>) -> Result<(), Failure> {
    let row = diesel::update(jobs::table.find(job.id));
    match error {
        None => row.set(jobs::done_at.eq(tx.machine_now())).execute(tx.db)?,
        Some(error) if job.attempts >= MAX_ATTEMPTS => row
            .set((
                jobs::failed_at.eq(tx.machine_now()),
                jobs::last_error.eq(error),
            ))
            .execute(tx.db)?,
        Some(error) => {
            let wait = Duration::seconds(1 << job.attempts.clamp(0, 12));
            row.set((
                jobs::due_at.eq(tx.machine_now() + wait),
                jobs::last_error.eq(error),
            ))
            .execute(tx.db)?
        }
    };
    Ok(())
}

/// Jobs neither done nor given up: the tests' “queue must be empty”, and readiness.
pub fn waiting(db: &mut Db) -> QueryResult<i64> {
    jobs::table
        .filter(jobs::done_at.is_null().and(jobs::failed_at.is_null()))
        .count()
        .get_result(db)
}

pub fn failed(db: &mut Db) -> QueryResult<Vec<(String, Option<String>)>> {
    jobs::table
        .filter(jobs::failed_at.is_not_null())
        .select((jobs::consumer, jobs::last_error))
        .load(db)
}
