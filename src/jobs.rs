//! The runner: heartbeat, sealer, due events and outbox jobs, in one thread; the portal never relies on visitors.

use crate::accounts;
use crate::infra::failure::Failure;
use crate::infra::ledger;
use crate::infra::mail::Letter;
use crate::infra::outbox::{self, Job};
use crate::infra::sweep;
use crate::infra::uptime;
use crate::portal;
use crate::procurement::{bids, tenders};
use crate::web::State;
use actix_web::web::Data;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long the runner rests when there is nothing to do.
const REST: Duration = Duration::from_millis(100);
const HEARTBEAT: Duration = Duration::from_secs(5);
const SWEEP: Duration = Duration::from_hours(1);

pub struct Runner {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Runner {
    pub fn start(state: Data<State>) -> Result<Self, Failure> {
        let run = state.store.write_blocking(uptime::begin)?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::Builder::new()
            .name("jobs".into())
            .spawn(move || {
                let mut beaten = Instant::now();
                let mut swept: Option<Instant> = None;
                while !stopped.load(Ordering::SeqCst) {
                    if beaten.elapsed() >= HEARTBEAT {
                        log_failure(
                            "heartbeat",
                            state.store.write_blocking(move |tx| uptime::beat(tx, run)),
                        );
                        beaten = Instant::now();
                    }
                    if swept.is_none_or(|at| at.elapsed() >= SWEEP) {
                        log_failure("sweep", sweep_once(&state));
                        swept = Some(Instant::now());
                    }
                    let worked = round(&state);
                    if !worked {
                        std::thread::sleep(REST);
                    }
                }
                log_failure(
                    "heartbeat",
                    state.store.write_blocking(move |tx| uptime::beat(tx, run)),
                );
            })
            .map_err(Failure::internal)?;
        Ok(Self {
            stop,
            thread: Some(thread),
        })
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// One round of everything; whether there was anything to do.
pub fn round(state: &Data<State>) -> bool {
    let due = log_failure("due events", due(state)).unwrap_or(0);
    let ran = log_failure("outbox", run_jobs(state)).unwrap_or(0);
    let sealed = log_failure("sealer", seal(state)).unwrap_or(0);
    due + ran + sealed > 0
}

fn sweep_once(state: &Data<State>) -> Result<usize, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::internal)?;
    runtime.block_on(sweep::sweep(&state.store, &state.files))
}

fn seal(state: &Data<State>) -> Result<usize, Failure> {
    // Looking first keeps the writer free when there is nothing to seal.
    let tail = state.store.read_blocking(|db| Ok(ledger::has_tail(db)?))?;
    if tail {
        state.store.write_blocking(ledger::seal_tail)
    } else {
        Ok(0)
    }
}

/// Moves on whatever has fallen due by the portal's clock. Each tender decides again inside its own transaction.
fn due(state: &Data<State>) -> Result<usize, Failure> {
    let now = state.store.now();
    let due = state
        .store
        .read_blocking(|db| Ok(tenders::list_due(db, now)?))?;
    for id in &due {
        let id = *id;
        state
            .store
            .write_blocking(move |tx| tenders::check_due(tx, id))?;
    }
    Ok(due.len() + bids::run_due(state)?)
}

fn run_jobs(state: &Data<State>) -> Result<usize, Failure> {
    if state.store.read_blocking(|db| Ok(outbox::waiting(db)?))? == 0 {
        return Ok(0);
    }
    let jobs = state.store.write_blocking(|tx| outbox::claim(tx, 50))?;
    for job in &jobs {
        let outcome = perform(state, job);
        if let Err(error) = &outcome {
            tracing::warn!(job = job.id, consumer = %job.consumer, attempts = job.attempts, %error, "a job failed");
        }
        let (job, error) = (job.clone(), outcome.err().map(|error| error.to_string()));
        state
            .store
            .write_blocking(move |tx| outbox::settle(tx, &job, error.as_deref()))?;
    }
    Ok(jobs.len())
}

fn perform(state: &Data<State>, job: &Job) -> Result<(), Failure> {
    match job.consumer.as_str() {
        "mail" => {
            let mut letter: Letter = serde_json::from_str(&job.payload)?;
            letter.link = letter
                .link
                .map(|link| accounts::complete_link(state.secrets.token_key(), &link));
            state
                .mailer
                .send(&state.config, &state.words, &letter, job.id)
        }
        "search" => portal::search::reindex(state, job),
        other => Err(Failure::internal(format!("no consumer {other}"))),
    }
}

fn log_failure<T>(what: &str, result: Result<T, Failure>) -> Option<T> {
    result
        .map_err(|error| tracing::error!(%error, what, "a background round failed"))
        .ok()
}
