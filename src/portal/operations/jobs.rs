//! The backup of each day, made by whichever process comes first.

use super::{actions, queries};
use crate::common::alarms::{self, AlarmKind};
use crate::infra::backup::{self, Source};
use crate::infra::clock::Doubt;
use crate::infra::config::BackupPlan;
use crate::infra::disk::{self, gigabytes};
use crate::infra::failure::Failure;
use crate::infra::store::machine_now;
use crate::kernel::instant;
use crate::web::State;
use actix_web::web::Data;
use chrono::Timelike;
use std::fs;
use std::path::{Path, PathBuf};

/// Warns when the disks fill, or the second one is gone, before a bid finds out.
pub fn look_at_disks(state: &Data<State>) -> Result<(), Failure> {
    let space = disk::space(&state.config.data)?;
    let is_low = space.free < state.config.keep_free.saturating_mul(2);
    let place = state.config.data.display();
    let low = is_low.then(|| format!("{place}: {}", gigabytes(space.free)));
    settle(state, AlarmKind::DiskLow, low)?;
    let Some(mirror) = &state.mirror else {
        return Ok(());
    };
    let failed = mirror.probe().err().map(|error| error.to_string());
    settle(state, AlarmKind::MirrorFailed, failed)
}

/// Tells that the clock is in doubt, or no longer.
pub fn tell_clock(state: &Data<State>, doubt: Option<Doubt>) -> Result<(), Failure> {
    settle(
        state,
        AlarmKind::ClockWrong,
        doubt.map(|doubt| doubt.to_string()),
    )
}

/// Raises an alarm or ends it; looking first keeps the writer free.
fn settle(state: &Data<State>, kind: AlarmKind, wrong: Option<String>) -> Result<(), Failure> {
    let stands = state.store.read_blocking(|db| {
        Ok(alarms::list_standing(db)?
            .iter()
            .any(|alarm| alarm.kind == kind))
    })?;
    match wrong {
        Some(detail) if !stands => state
            .store
            .write_blocking(move |tx| alarms::raise(tx, kind, &detail)),
        None if stands => state.store.write_blocking(move |tx| alarms::end(tx, kind)),
        _ => Ok(()),
    }
}

/// Makes today's backup if it is due and nobody else makes it; whether one was made.
pub fn back_up(state: &Data<State>) -> Result<bool, Failure> {
    let Some(plan) = &state.config.backup else {
        return Ok(false);
    };
    let now = machine_now();
    let local = instant::to_shanghai(now);
    if local.hour() < plan.hour {
        return Ok(false);
    }
    let day = local.date();
    // Looking first keeps the writer free.
    let run = state
        .store
        .read_blocking(|db| Ok(queries::find_backup(db, day)?))?;
    if !actions::is_due(run.as_ref(), now) {
        return Ok(false);
    }
    let claimed = match state
        .store
        .write_blocking(move |tx| actions::claim_backup(tx, day))
    {
        Err(error) if error.is_unique_violation() => None,
        claimed => claimed?,
    };
    let Some((id, attempt)) = claimed else {
        return Ok(false);
    };
    let name = match attempt {
        1 => format!("sanshe-{day}.tar"),
        again => format!("sanshe-{day}-{again}.tar"),
    };
    let path = plan.folder.join(name);
    let made = make(state, plan, &path);
    let error = made.as_ref().err().map(ToString::to_string);
    let path = path.display().to_string();
    state
        .store
        .write_blocking(move |tx| actions::end_backup(tx, id, &path, error.as_deref()))?;
    made.map(|()| true)
}

fn make(state: &Data<State>, plan: &BackupPlan, path: &Path) -> Result<(), Failure> {
    let passphrase = match &plan.passphrase_file {
        Some(file) => {
            let text = fs::read_to_string(file)
                .map_err(|error| Failure::internal(format!("{}: {error}", file.display())))?;
            Some(text.lines().next().unwrap_or_default().trim().to_owned())
        }
        None => None,
    };
    let source = Source {
        database: &state.config.database,
        data: &state.config.data,
        secrets: &state.secrets,
        passphrase: passphrase.as_deref().filter(|text| !text.is_empty()),
    };
    let (manifest, size) = backup::write(&source, path, &mut |_, _, _| ())?;
    tracing::info!(path = %path.display(), size, "a backup was made");
    prune(plan)?;
    if manifest.missing.is_empty() {
        Ok(())
    } else {
        Err(Failure::internal(format!(
            "{} files are missing or damaged on the disk",
            manifest.missing.len()
        )))
    }
}

/// Keeps the newest; the names sort by day.
fn prune(plan: &BackupPlan) -> Result<(), Failure> {
    let at = |error| Failure::internal(format!("{}: {error}", plan.folder.display()));
    let mut own: Vec<PathBuf> = fs::read_dir(&plan.folder)
        .map_err(at)?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| {
            let name = path.file_name().and_then(|name| name.to_str());
            name.is_some_and(|name| {
                name.strip_prefix("sanshe-")
                    .and_then(|name| name.strip_suffix(".tar"))
                    .is_some_and(|day| day.bytes().all(|b| b.is_ascii_digit() || b == b'-'))
            })
        })
        .collect();
    own.sort();
    let old = own.len().saturating_sub(plan.keep.max(1));
    for path in own.into_iter().take(old) {
        let keys = backup::keys_path(&path);
        fs::remove_file(&path).map_err(at)?;
        if keys.exists() {
            fs::remove_file(&keys).map_err(at)?;
        }
    }
    Ok(())
}
