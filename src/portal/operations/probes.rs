//! Plain answers for probes: one word, or the parts that are not well. Nothing secret.

use super::queries;
use crate::infra::disk;
use crate::infra::failure::Failure;
use crate::infra::metrics::gauge;
use crate::infra::store::machine_now;
use crate::infra::{migrations, outbox};
use crate::web::error::Worded;
use crate::web::{Answer, AppError, State, View, assets};
use actix_web::http::StatusCode;
use actix_web::http::header::AUTHORIZATION;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use chrono::Duration;
use sha2::{Digest, Sha256};

/// The runner beats every five seconds; this much silence means that it has died.
const ALIVE: Duration = Duration::seconds(30);

fn plain(status: StatusCode, text: String) -> HttpResponse {
    let mut response = HttpResponse::build(status)
        .content_type("text/plain; charset=utf-8")
        .body(text);
    response.extensions_mut().insert(Worded);
    response
}

pub async fn health() -> HttpResponse {
    plain(StatusCode::OK, "ok\n".into())
}

pub async fn readiness(state: Data<State>) -> HttpResponse {
    let failing = failing(&state).await;
    // It serves on by a clock in doubt; only nothing closes.
    let clock = state
        .clock
        .doubt()
        .map(|doubt| format!("clock in doubt: {doubt}\n"));
    let clock = clock.unwrap_or_default();
    if failing.is_empty() {
        plain(StatusCode::OK, format!("ready\n{clock}"))
    } else {
        plain(
            StatusCode::SERVICE_UNAVAILABLE,
            format!("not ready: {}\n{clock}", failing.join(", ")),
        )
    }
}

/// The parts that are not well. What cannot be asked counts as not well.
async fn failing(state: &State) -> Vec<&'static str> {
    let now = state.store.now();
    let read = state
        .store
        .read(|db| {
            let is_current = migrations::is_current(db)?;
            Ok((is_current, queries::last_beat(db)?))
        })
        .await;
    // Takes the database's write lock and gives it back; that writes last is what the heartbeat shows.
    let written: Result<(), Failure> = state.store.write(|_| Ok(())).await;
    let mut failing = Vec::new();
    match read {
        Err(error) => {
            tracing::warn!(%error, "not ready to read");
            failing.push("database-read");
        }
        Ok((is_current, beat)) => {
            if !is_current {
                failing.push("migrations");
            }
            if beat.is_none_or(|beat| now - beat >= ALIVE) {
                failing.push("jobs");
            }
        }
    }
    if let Err(error) = written {
        tracing::warn!(%error, "not ready to write");
        failing.push("database-write");
    }
    failing
}

/// For Prometheus, by whoever has the token. Counted so coarsely that no single bid shows.
pub async fn metrics(req: HttpRequest, state: Data<State>) -> Answer {
    let given = req
        .headers()
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let hash = |text: &str| Sha256::digest(text.as_bytes());
    let asked = state.config.metrics_token.as_deref().map(hash);
    if asked.is_none() || asked != given.map(hash) {
        return Err(Failure::NotFound.into());
    }
    let (waiting, failed, backup, is_current) = state
        .store
        .read(|db| {
            Ok((
                outbox::waiting(db)?,
                outbox::failed(db)?,
                queries::last_backup(db)?,
                migrations::is_current(db)?,
            ))
        })
        .await?;
    let mut text = String::new();
    gauge(
        &mut text,
        "sanshe_up",
        "The database answers and has this program's schema",
        i32::from(is_current),
    );
    // In hundreds: a receipt's mail that waits must not tell that somebody bid.
    gauge(
        &mut text,
        "sanshe_outbox_waiting",
        "Jobs that wait, rounded down to hundreds",
        waiting / 100 * 100,
    );
    let of = |consumer: &str| failed.iter().filter(|(name, _)| name == consumer).count();
    gauge(
        &mut text,
        "sanshe_mail_failures",
        "Mails that were given up and still stand",
        of("mail"),
    );
    gauge(
        &mut text,
        "sanshe_job_failures",
        "Jobs that were given up and still stand",
        failed.len(),
    );
    gauge(
        &mut text,
        "sanshe_writer_queue",
        "Writes that wait for the one writer",
        state.store.queue(),
    );
    let gigabyte = 1024 * 1024 * 1024;
    if let Ok(space) = disk::space(&state.config.data) {
        gauge(
            &mut text,
            "sanshe_disk_free_gigabytes",
            "Whole gigabytes free",
            space.free / gigabyte,
        );
        gauge(
            &mut text,
            "sanshe_disk_gigabytes",
            "Whole gigabytes of the disk",
            space.all / gigabyte,
        );
    }
    let in_doubt = i32::from(state.clock.doubt().is_some());
    gauge(
        &mut text,
        "sanshe_clock_in_doubt",
        "Whether the machine's clock cannot be trusted",
        in_doubt,
    );
    if let Some(at) = backup {
        let age = (machine_now() - at).num_seconds();
        gauge(
            &mut text,
            "sanshe_backup_age_seconds",
            "Since the last whole backup",
            age,
        );
    }
    state.metrics.render(&mut text);
    Ok(plain(StatusCode::OK, text))
}

/// A demo is for nobody's index; a live portal keeps robots off pages that are somebody's desk.
pub async fn robots(state: Data<State>) -> HttpResponse {
    let prefix = &state.config.prefix;
    let rules = if state.config.mode.is_demo() {
        format!("Disallow: {prefix}/\n")
    } else {
        ["/work", "/account", "/inbox", "/sign-in", "/search"]
            .map(|path| format!("Disallow: {prefix}{path}\n"))
            .concat()
    };
    plain(StatusCode::OK, format!("User-agent: *\n{rules}"))
}

/// Browsers that ask for the old name get the drawing.
pub async fn icon(view: View) -> Answer {
    let version = assets::version("favicon.svg").ok_or(AppError::Failed(Failure::NotFound))?;
    Ok(view.see_other(&format!("/assets/favicon.svg?v={version}")))
}
