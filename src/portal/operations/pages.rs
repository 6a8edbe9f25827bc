//! `/operations`: how the portal itself is doing, for its administrators.

use super::model::BackupRun;
use super::{RunPortal, queries};
use crate::common::alarms;
use crate::infra::disk::{self, gigabytes};
use crate::infra::migrations;
use crate::kernel::instant;
use crate::web::{Answer, May, View};
use chrono::NaiveDateTime;
use serde_json::{Value, json};

const BACKUPS: i64 = 14;
pub(super) const JOBS: i64 = 20;

pub async fn show(_: May<RunPortal>, view: View) -> Answer {
    let found = view.state.store.read(|db| {
        Ok((
            alarms::list_standing(db)?,
            queries::list_backups(db, BACKUPS)?,
            queries::list_failed_jobs(db, JOBS)?,
            queries::list_late_jobs(db)?,
            queries::last_beat(db)?,
            migrations::applied(db)?,
        ))
    });
    let (alarms, backups, failed, late, beat, schema) = found.await?;
    let alarms: Vec<Value> = alarms
        .iter()
        .map(|alarm| {
            let text = view.say_with(
                &format!("inbox-{}", alarm.kind.inbox()),
                &[("detail", &alarm.detail)],
            );
            json!({ "text": text, "since": instant::minute(alarm.raised_at) })
        })
        .collect();
    let failed: Vec<Value> = failed
        .into_iter()
        .map(|(consumer, at, why)| job(&view, &consumer, at, why))
        .collect();
    let late: Vec<Value> = late
        .into_iter()
        .map(|(consumer, at)| job(&view, &consumer, at, None))
        .collect();
    let config = &view.state.config;
    let plan = config.backup.as_ref().map(|plan| {
        view.say_with(
            "operations-backup-plan",
            &[
                ("folder", &plan.folder.display().to_string()),
                ("hour", &plan.hour.to_string()),
                ("keep", &plan.keep.to_string()),
            ],
        )
    });
    let title = view.say("operations-title");
    let body = json!({
        "alarms": alarms,
        "rows": state_rows(&view, beat, schema.last().cloned()),
        "plan": plan,
        "backups": backups.iter().map(|run| backup(&view, run)).collect::<Vec<_>>(),
        "failed": failed,
        "late": late,
    });
    view.render("portal/operations", "work", &title, &body)
}

/// Machine, disks and clock, each in a line.
fn state_rows(view: &View, beat: Option<NaiveDateTime>, schema: Option<String>) -> Vec<Value> {
    let state = &view.state;
    let row = |key: &str, value: String| json!({ "name": view.say(key), "value": value });
    let disk = disk::space(&state.config.data).map_or_else(
        |_unknown| view.say("operations-unknown"),
        |space| {
            view.say_with(
                "operations-disk-value",
                &[
                    ("free", &gigabytes(space.free)),
                    ("all", &gigabytes(space.all)),
                ],
            )
        },
    );
    let clock = state.clock.doubt().map_or_else(
        || view.say("operations-clock-good"),
        |doubt| view.say_with("operations-clock-doubt", &[("doubt", &doubt.to_string())]),
    );
    let mirror = state.config.mirror.as_ref().map_or_else(
        || view.say("operations-mirror-none"),
        |folder| folder.display().to_string(),
    );
    vec![
        row("operations-program", env!("CARGO_PKG_VERSION").to_owned()),
        row("operations-schema", schema.unwrap_or_default()),
        row(
            "operations-beat",
            beat.map(instant::second).unwrap_or_default(),
        ),
        row("operations-disk", disk),
        row("operations-mirror", mirror),
        row("operations-clock", clock),
    ]
}

/// Neither size nor rows: they would tell before an opening that something came in.
fn backup(view: &View, run: &BackupRun) -> Value {
    let (key, at) = match (run.done_at, run.failed_at) {
        (Some(at), _) => ("operations-backup-done", Some(at)),
        (None, Some(at)) => ("operations-backup-failed", Some(at)),
        (None, None) => ("operations-backup-running", None),
    };
    json!({
        "day": run.day.to_string(),
        "state": view.say(key),
        "at": at.map(instant::minute),
        "path": run.path,
        "error": run.error,
    })
}

fn job(view: &View, consumer: &str, at: Option<NaiveDateTime>, why: Option<String>) -> Value {
    json!({
        "consumer": view.say(match consumer {
            "mail" => "operations-job-mail",
            "search" => "operations-job-search",
            _ => "operations-job-other",
        }),
        "at": at.map(instant::minute),
        "why": why,
    })
}
