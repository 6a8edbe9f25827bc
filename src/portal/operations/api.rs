//! How the portal itself is doing, in figures: nothing in it tells of bids before an opening.

use super::{RunPortal, queries};
use crate::common::alarms;
use crate::infra::disk;
use crate::infra::migrations;
use crate::kernel::instant;
use crate::kernel::scopes::Scope;
use crate::web::api::{Api, thing};
use crate::web::{Answer, May, View};
use schemars::JsonSchema;
use serde::Serialize;

pub fn operations(api: &mut Api) {
    api.get("/operations", "operations", show)
        .scope(Scope::Accounts)
        .gives::<OperationsDto>();
}

#[derive(Serialize, JsonSchema)]
struct OperationsDto {
    program: String,
    /// The newest migration.
    schema: Option<String>,
    /// The last beat of the portal, by the machine's clock.
    beat_at: Option<String>,
    /// Bytes; `null` where the disk does not say.
    disk_free: Option<u64>,
    disk_all: Option<u64>,
    /// Why the machine's clock is not trusted now.
    clock_doubt: Option<String>,
    alarms: Vec<AlarmDto>,
    last_backup_at: Option<String>,
    /// Jobs that were given up, the newest twenty.
    failed_jobs: Vec<JobDto>,
    /// Jobs that failed and are tried again.
    late_jobs: Vec<JobDto>,
}

#[derive(Serialize, JsonSchema)]
struct AlarmDto {
    kind: String,
    detail: String,
    raised_at: String,
}

#[derive(Serialize, JsonSchema)]
struct JobDto {
    consumer: String,
    at: Option<String>,
    error: Option<String>,
}

async fn show(_: May<RunPortal>, view: View) -> Answer {
    let found = view.state.store.read(|db| {
        Ok((
            alarms::list_standing(db)?,
            queries::last_backup(db)?,
            queries::list_failed_jobs(db, super::pages::JOBS)?,
            queries::list_late_jobs(db)?,
            queries::last_beat(db)?,
            migrations::applied(db)?,
        ))
    });
    let (alarms, backup, failed, late, beat, schema) = found.await?;
    let space = disk::space(&view.state.config.data).ok();
    let alarms = alarms.into_iter().map(|alarm| AlarmDto {
        kind: alarm.kind.to_string(),
        detail: alarm.detail,
        raised_at: instant::rfc3339(alarm.raised_at),
    });
    let failed = failed.into_iter().map(|(consumer, at, error)| JobDto {
        consumer,
        at: at.map(instant::rfc3339),
        error,
    });
    let late = late.into_iter().map(|(consumer, at)| JobDto {
        consumer,
        at: at.map(instant::rfc3339),
        error: None,
    });
    thing(&OperationsDto {
        program: env!("CARGO_PKG_VERSION").to_owned(),
        schema: schema.last().cloned(),
        beat_at: beat.map(instant::rfc3339),
        disk_free: space.map(|space| space.free),
        disk_all: space.map(|space| space.all),
        clock_doubt: view.state.clock.doubt().map(|doubt| doubt.to_string()),
        alarms: alarms.collect(),
        last_backup_at: backup.map(instant::rfc3339),
        failed_jobs: failed.collect(),
        late_jobs: late.collect(),
    })
}
