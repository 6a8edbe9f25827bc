//! The runner: heartbeat, due events, sealer and outbox jobs; the portal never relies on visitors.

use crate::accounts;
use crate::common::retention;
use crate::infra::clock::{self, Watch};
use crate::infra::failure::Failure;
use crate::infra::ledger;
use crate::infra::mail::Letter;
use crate::infra::outbox::{self, Job};
use crate::infra::store::machine_now;
use crate::infra::sweep;
use crate::infra::uptime;
use crate::portal;
use crate::procurement::{bids, tenders};
use crate::web::State;
use actix_web::web::Data;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long the runner rests when there is nothing to do.
const REST: Duration = Duration::from_millis(100);
const HEARTBEAT: Duration = Duration::from_secs(5);
/// How often the disks and the time server are looked at.
const WATCH: Duration = Duration::from_mins(1);
const SWEEP: Duration = Duration::from_hours(1);

/// Jobs that talk to other machines have a thread of their own: a mail server that hangs closes no tender late.
const OUTSIDE: &[&str] = &["mail", "sms"];
const INSIDE: &[&str] = &["search"];
const EVERYTHING: &[&str] = &["mail", "sms", "search"];

pub struct Runner {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Runner {
    pub fn start(state: Data<State>) -> Result<Self, Failure> {
        let run = state.store.write_blocking(uptime::begin)?;
        let stop = Arc::new(AtomicBool::new(false));
        let mut runner = Self {
            stop: Arc::clone(&stop),
            threads: Vec::new(),
        };
        let (sender, stopped) = (state.clone(), Arc::clone(&stop));
        runner.spawn("mail", move || {
            while !stopped.load(Ordering::SeqCst) {
                if log_failure("mail", run_jobs(&sender, OUTSIDE)).unwrap_or(0) == 0 {
                    std::thread::sleep(REST);
                }
            }
        })?;
        let (looker, stopped) = (state.clone(), Arc::clone(&stop));
        runner.spawn("pages", move || {
            while !stopped.load(Ordering::SeqCst) {
                log_failure("pages", looker.store.look_at_pages());
                std::thread::sleep(REST);
            }
        })?;
        let (keeper, stopped) = (state.clone(), Arc::clone(&stop));
        runner.spawn("watch", move || keep_watch(&keeper, &stopped))?;
        let (eraser, stopped) = (state.clone(), Arc::clone(&stop));
        runner.spawn("retention", move || keep_short(&eraser, &stopped))?;
        runner.spawn("jobs", move || keep_house(&state, run, &stop))?;
        Ok(runner)
    }

    fn spawn(&mut self, name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), Failure> {
        let thread = std::thread::Builder::new().name(name.into()).spawn(work);
        self.threads.push(thread.map_err(Failure::internal)?);
        Ok(())
    }
}

/// Erases what is past its time, rows first and then their files. It may take long: nothing waits for it.
fn keep_short(state: &Data<State>, stop: &AtomicBool) {
    let mut swept: Option<Instant> = None;
    while !stop.load(Ordering::SeqCst) {
        if swept.is_none_or(|at| at.elapsed() >= SWEEP) {
            log_failure("retention", retention::erase_due(&state.store, stop));
            log_failure("sweep", sweep_once(state));
            swept = Some(Instant::now());
        }
        std::thread::sleep(REST);
    }
}

/// What may take its time: the disks, and the day's backup.
fn keep_watch(state: &Data<State>, stop: &AtomicBool) {
    let mut watched: Option<Instant> = None;
    while !stop.load(Ordering::SeqCst) {
        if watched.is_none_or(|at| at.elapsed() >= WATCH) {
            log_failure("watch", portal::operations::look_at_disks(state));
            log_failure("backup", portal::operations::back_up(state));
            watched = Some(Instant::now());
        }
        std::thread::sleep(REST);
    }
}

/// Asks the time server's word in a thread of its own now and then; the clocks themselves at every round.
struct ClockKeeper {
    watch: Watch,
    kept: Arc<Mutex<Option<bool>>>,
    asked: Option<Instant>,
}

impl ClockKeeper {
    fn new() -> Self {
        Self {
            watch: Watch::default(),
            kept: Arc::default(),
            asked: None,
        }
    }

    /// One look; whether the clock jumped since the last one. A demo's clock is moved on purpose.
    fn look(&mut self, state: &Data<State>) -> bool {
        if state.config.mode.is_demo() {
            return false;
        }
        let now = Instant::now();
        if self.asked.is_none_or(|at| at.elapsed() >= WATCH) {
            self.asked = Some(now);
            let (kept, command) = (Arc::clone(&self.kept), state.config.clock_check.clone());
            std::thread::spawn(move || {
                let is_kept = clock::is_kept(&command);
                *kept.lock().unwrap_or_else(PoisonError::into_inner) = is_kept;
            });
        }
        let is_kept = *self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let doubt = self.watch.look(now, machine_now(), is_kept);
        if !state.clock.set(doubt.clone()) {
            return false;
        }
        log_failure(
            "clock",
            portal::operations::tell_clock(state, doubt.clone()),
        );
        doubt.is_some()
    }
}

fn keep_house(state: &Data<State>, run: i64, stop: &AtomicBool) {
    let mut run = run;
    let beat = |run: i64| {
        let beaten = state.store.write_blocking(move |tx| uptime::beat(tx, run));
        log_failure("heartbeat", beaten);
    };
    let mut clocks = ClockKeeper::new();
    let mut beaten = Instant::now();
    while !stop.load(Ordering::SeqCst) {
        if beaten.elapsed() >= HEARTBEAT {
            beat(run);
            beaten = Instant::now();
        }
        if clocks.look(state) {
            // What the clock jumped over was no uptime.
            let begun = state.store.write_blocking(uptime::begin);
            run = log_failure("heartbeat", begun).unwrap_or(run);
        }
        if !work(state, INSIDE) {
            std::thread::sleep(REST);
        }
    }
    beat(run);
}

impl Drop for Runner {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        for thread in self.threads.drain(..) {
            drop(thread.join());
        }
    }
}

/// One round of everything; whether there was anything to do.
pub fn round(state: &Data<State>) -> bool {
    work(state, EVERYTHING)
}

fn work(state: &Data<State>, consumers: &'static [&'static str]) -> bool {
    let due = log_failure("due events", due(state)).unwrap_or(0);
    let ran = log_failure("outbox", run_jobs(state, consumers)).unwrap_or(0);
    let sealed = log_failure("sealer", seal(state)).unwrap_or(0);
    due + ran + sealed > 0
}

fn sweep_once(state: &Data<State>) -> Result<usize, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::internal)?;
    runtime.block_on(sweep::sweep(
        &state.store,
        &state.files,
        state.mirror.as_ref(),
    ))
}

fn seal(state: &Data<State>) -> Result<usize, Failure> {
    // Looking first keeps the writer free when there is nothing to do.
    let now = state.store.now();
    let (hour, tail) = state
        .store
        .read_blocking(move |db| Ok((ledger::wants_hour(db, now)?, ledger::has_tail(db)?)))?;
    if hour {
        state.store.write_blocking(ledger::strike_hour)?;
    }
    if tail || hour {
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
    // One that cannot be moved on must not hold up the others.
    let is_in_doubt = state.clock.doubt().is_some();
    let moved = due.into_iter().filter(|id| {
        let id = *id;
        let done = state.store.write_blocking(move |tx| {
            if is_in_doubt {
                tenders::hold_due(tx, id)
            } else {
                tenders::check_due(tx, id)
            }
        });
        log_failure("a due tender", done).is_some()
    });
    Ok(moved.count() + bids::run_due(state)? + accounts::run_due(state)?)
}

fn run_jobs(state: &Data<State>, consumers: &'static [&'static str]) -> Result<usize, Failure> {
    let is_due = state
        .store
        .read_blocking(move |db| Ok(outbox::has_due(db, consumers)?))?;
    if !is_due {
        return Ok(0);
    }
    let jobs = state
        .store
        .write_blocking(move |tx| outbox::claim(tx, consumers, 50))?;
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
        name @ ("mail" | "sms") => {
            let mut letter: Letter = serde_json::from_str(&job.payload)?;
            letter.link = letter
                .link
                .map(|link| accounts::complete_link(state.secrets.token_key(), &link));
            match state.channels.iter().find(|channel| channel.name() == name) {
                Some(channel) => channel.send(&state.config, &state.words, &letter, job.id),
                // The gateway was taken out of the configuration: the inbox has it all the same.
                None => Ok(()),
            }
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
