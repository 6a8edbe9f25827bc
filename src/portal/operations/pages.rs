//! Plain answers for probes: one word, or the parts that are not well. Nothing secret.

use super::queries;
use crate::infra::failure::Failure;
use crate::infra::migrations;
use crate::web::error::Worded;
use crate::web::{Answer, AppError, State, View, assets};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use chrono::Duration;

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
    if failing.is_empty() {
        plain(StatusCode::OK, "ready\n".into())
    } else {
        plain(
            StatusCode::SERVICE_UNAVAILABLE,
            format!("not ready: {}\n", failing.join(", ")),
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
