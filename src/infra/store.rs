//! `read` and `write`: the only way to the database. Acknowledged means durable.
//!
//! `SQLite` has one writer thread that commits up to 64 jobs together, a savepoint each, and answers only after the
//! commit (ADR 1).
//! `PostgreSQL` runs write jobs on its pool and repeats them when it asks to.

use super::db::{DatabaseUrl, Db, DbPool, Purpose, pool};
use super::failure::Failure;
use super::once;
use crate::kernel::instant::micros;
use crate::on_db;
use chrono::{NaiveDateTime, Utc};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc;
use tokio::sync::oneshot;

const BATCH: usize = 64;
const RETRIES: usize = 8;

/// One transaction. `now` is the portal's clock, taken inside it: a deadline is decided by this instant and no other.
pub struct Tx<'a> {
    pub db: &'a mut Db,
    pub now: NaiveDateTime,
    offset: &'a AtomicI64,
    moves_pages: bool,
}

impl<'a> Tx<'a> {
    fn new(db: &'a mut Db, now: NaiveDateTime, offset: &'a AtomicI64) -> Self {
        Self {
            db,
            now,
            offset,
            moves_pages: false,
        }
    }

    /// Pages that everybody may read change with this transaction: kept copies of them end with its commit (ADR 9). A
    /// line in the ledger says so by itself, except a sealed one: the version would tell of it.
    pub fn move_pages(&mut self) {
        self.moves_pages = true;
    }

    /// The version of the public pages after this transaction, if it moves them. Last, so that its row is held shortly.
    fn next_version(&mut self) -> QueryResult<Option<i64>> {
        use crate::schema::portal;
        if !self.moves_pages {
            return Ok(None);
        }
        diesel::update(portal::table)
            .set(portal::public_version.eq(portal::public_version + 1))
            .returning(portal::public_version)
            .get_result(self.db)
            .optional()
    }

    /// Takes the instant anew. `PostgreSQL` calls it after a parent row is held, since the wait for it took time.
    pub fn refresh_now(&mut self) -> QueryResult<()> {
        self.now = portal_now(self.db, self.offset)?;
        Ok(())
    }

    /// The machine's clock: sessions, retries, idempotency. Law never reads it.
    pub fn machine_now(&self) -> NaiveDateTime {
        machine_now()
    }

    /// Moves the portal clock forward (demo mode only); the row in `portal` is the truth, this is its copy.
    pub fn set_offset(&mut self, offset_us: i64) {
        self.offset.store(offset_us, Ordering::SeqCst);
    }
}

#[derive(diesel::QueryableByName)]
struct DatabaseNow {
    #[diesel(sql_type = diesel::sql_types::Timestamp)]
    now: NaiveDateTime,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    offset_us: i64,
}

fn portal_now(db: &mut Db, offset: &AtomicI64) -> QueryResult<NaiveDateTime> {
    on_db!(db,
        sqlite _conn => Ok(shift(machine_now(), offset.load(Ordering::SeqCst))),
        postgres conn => {
            let row: DatabaseNow = diesel::sql_query(
                "SELECT clock_timestamp() AT TIME ZONE 'UTC' AS now, \
                 COALESCE((SELECT clock_offset_us FROM portal), 0) AS offset_us",
            )
            .get_result(conn)?;
            offset.store(row.offset_us, Ordering::SeqCst);
            Ok(shift(row.now, row.offset_us))
        }
    )
}

pub fn machine_now() -> NaiveDateTime {
    micros(Utc::now().naive_utc())
}

fn shift(at: NaiveDateTime, offset_us: i64) -> NaiveDateTime {
    micros(at + chrono::Duration::microseconds(offset_us))
}

type Reply = Box<dyn FnOnce(bool) + Send>;
type Job = Box<dyn FnOnce(&mut Tx) -> (Verdict, Reply) + Send>;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Keep,
    RollBack,
}

#[derive(Clone)]
enum Writer {
    Thread(mpsc::Sender<Job>),
    Pool(DbPool),
}

/// Counts a write that waits, from its sending to its end.
struct Waiting(Arc<AtomicI64>);

impl Waiting {
    fn new(count: &Arc<AtomicI64>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(count))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[derive(Clone)]
pub struct Store {
    url: DatabaseUrl,
    reads: DbPool,
    writer: Writer,
    offset: Arc<AtomicI64>,
    waiting: Arc<AtomicI64>,
    pages: PagesVersion,
}

/// How often public pages have changed, as far as this process knows; the row in `portal` is the truth.
#[derive(Clone, Default)]
struct PagesVersion(Arc<AtomicI64>);

impl PagesVersion {
    fn reach(&self, version: Option<i64>) {
        if let Some(version) = version {
            self.0.fetch_max(version, Ordering::SeqCst);
        }
    }
}

impl Store {
    /// Opens the pools; `readers` connections for reading. The database must be migrated already.
    pub fn open(url: &DatabaseUrl, readers: u32) -> Result<Self, Failure> {
        let offset = Arc::new(AtomicI64::new(0));
        let writer = match url {
            DatabaseUrl::Sqlite(_) => {
                let (sender, jobs) = mpsc::channel();
                let (url, offset) = (url.clone(), Arc::clone(&offset));
                std::thread::Builder::new()
                    .name("writer".into())
                    .spawn(move || write_forever(&url, &offset, &jobs))
                    .map_err(Failure::internal)?;
                Writer::Thread(sender)
            }
            DatabaseUrl::Postgres(_) => {
                Writer::Pool(pool(url, Purpose::Write, readers).map_err(Failure::internal)?)
            }
        };
        let reads = pool(url, Purpose::Read, readers).map_err(Failure::internal)?;
        let store = Self {
            url: url.clone(),
            reads,
            writer,
            offset,
            waiting: Arc::default(),
            pages: PagesVersion::default(),
        };
        store.look_at_pages()?;
        let offset_us = store.read_blocking(|db| {
            use crate::schema::portal;
            Ok(portal::table
                .select(portal::clock_offset_us)
                .first::<i64>(db)
                .optional()?)
        })?;
        store.offset.store(offset_us.unwrap_or(0), Ordering::SeqCst);
        Ok(store)
    }

    /// Moves with every change of a public page: here before the change is acknowledged, in other processes within the
    /// time in which they look ([`Self::look_at_pages`]).
    pub fn pages_version(&self) -> i64 {
        self.pages.0.load(Ordering::SeqCst)
    }

    /// Takes note of what other processes changed.
    pub fn look_at_pages(&self) -> Result<(), Failure> {
        use crate::schema::portal;
        let version = self.read_blocking(|db| {
            Ok(portal::table
                .select(portal::public_version)
                .first(db)
                .optional()?)
        })?;
        self.pages.reach(version);
        Ok(())
    }

    /// Writes that have not been answered yet.
    pub fn queue(&self) -> i64 {
        self.waiting.load(Ordering::Relaxed)
    }

    pub fn url(&self) -> &DatabaseUrl {
        &self.url
    }

    /// The portal's clock outside a transaction: for showing, never for deciding.
    pub fn now(&self) -> NaiveDateTime {
        shift(machine_now(), self.offset.load(Ordering::SeqCst))
    }

    pub async fn read<T, F>(&self, query: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: FnOnce(&mut Db) -> Result<T, Failure> + Send + 'static,
    {
        let store = self.clone();
        tokio::task::spawn_blocking(move || store.read_blocking(query))
            .await
            .unwrap_or(Err(Failure::Unavailable))
    }

    pub fn read_blocking<T>(
        &self,
        query: impl FnOnce(&mut Db) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut db = self.reads.get().map_err(|error| {
            tracing::error!(%error, "no connection to read with");
            Failure::Unavailable
        })?;
        query(&mut db)
    }

    /// Runs one action in one transaction. `Fn`, because `PostgreSQL` may ask for it again.
    pub async fn write<T, F>(&self, action: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: Fn(&mut Tx) -> Result<T, Failure> + Send + 'static,
    {
        let _waiting = Waiting::new(&self.waiting);
        let claim = once::current();
        let action = move |tx: &mut Tx| {
            if let Some(claim) = &claim {
                once::take(tx, claim)?;
            }
            action(tx)
        };
        match &self.writer {
            Writer::Thread(jobs) => {
                let (job, answer) = job(action, self.pages.clone());
                jobs.send(job).map_err(|_gone| Failure::Unavailable)?;
                answer.await.unwrap_or(Err(Failure::Unavailable))
            }
            Writer::Pool(pool) => {
                let (store, pool) = (self.clone(), pool.clone());
                tokio::task::spawn_blocking(move || store.write_on_pool(&pool, &action))
                    .await
                    .unwrap_or(Err(Failure::Unavailable))
            }
        }
    }

    pub fn write_blocking<T, F>(&self, action: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: Fn(&mut Tx) -> Result<T, Failure> + Send + 'static,
    {
        match &self.writer {
            Writer::Thread(jobs) => {
                let (job, answer) = job(action, self.pages.clone());
                jobs.send(job).map_err(|_gone| Failure::Unavailable)?;
                answer.blocking_recv().unwrap_or(Err(Failure::Unavailable))
            }
            Writer::Pool(pool) => self.write_on_pool(pool, &action),
        }
    }

    fn write_on_pool<T, F>(&self, pool: &DbPool, action: &F) -> Result<T, Failure>
    where
        F: Fn(&mut Tx) -> Result<T, Failure>,
    {
        let mut last = Failure::Unavailable;
        for _ in 0..RETRIES {
            let mut db = pool.get().map_err(|error| {
                tracing::error!(%error, "no connection to write with");
                Failure::Unavailable
            })?;
            let result = catch_unwind(AssertUnwindSafe(|| {
                db.transaction(|db| {
                    let now = portal_now(db, &self.offset)?;
                    let mut tx = Tx::new(db, now, &self.offset);
                    let value = action(&mut tx)?;
                    Ok::<_, Failure>((value, tx.next_version()?))
                })
            }));
            match result {
                Ok(Ok((value, version))) => {
                    self.pages.reach(version);
                    return Ok(value);
                }
                Ok(Err(failure)) if failure.is_retryable() => last = failure,
                Ok(Err(failure)) => return Err(failure),
                Err(_panic) => {
                    // A connection that a panic passed through is not given back.
                    discard(db);
                    return Err(Failure::Unavailable);
                }
            }
        }
        tracing::error!(%last, "a write was given up after {RETRIES} tries");
        Err(Failure::Unavailable)
    }
}

fn job<T, F>(action: F, pages: PagesVersion) -> (Job, oneshot::Receiver<Result<T, Failure>>)
where
    T: Send + 'static,
    F: Fn(&mut Tx) -> Result<T, Failure> + Send + 'static,
{
    let (sender, receiver) = oneshot::channel();
    let job: Job = Box::new(move |tx| {
        let result = action(tx).and_then(|value| Ok((value, tx.next_version()?)));
        let verdict = match &result {
            Ok(_) => Verdict::Keep,
            // An error that ended the whole transaction shows when the savepoint cannot be rolled back to.
            Err(_) => Verdict::RollBack,
        };
        let reply: Reply = Box::new(move |durable| {
            let answer = match result {
                Ok((value, version)) if durable => {
                    pages.reach(version);
                    Ok(value)
                }
                Ok(_) => Err(Failure::Unavailable),
                Err(failure) => Err(failure),
            };
            // The asker may have gone away; what was committed stays committed.
            drop(sender.send(answer));
        });
        (verdict, reply)
    });
    (job, receiver)
}

fn write_forever(url: &DatabaseUrl, offset: &AtomicI64, jobs: &mpsc::Receiver<Job>) {
    let mut connection: Option<Db> = None;
    while let Ok(first) = jobs.recv() {
        let mut batch = vec![first];
        batch.extend(jobs.try_iter().take(BATCH - 1));
        let mut db = match connection
            .take()
            .map_or_else(|| url.connect(Purpose::Write), Ok)
        {
            Ok(db) => db,
            Err(error) => {
                tracing::error!(%error, "the writer cannot open its database");
                continue; // dropping the batch answers 503 to all its jobs
            }
        };
        if run_batch(&mut db, offset, batch) {
            connection = Some(db);
        } else {
            tracing::error!("a batch of writes was abandoned; its connection is dropped");
        }
    }
}

/// Runs and commits a batch; false when the connection can no longer be trusted. Replies go out after the commit.
fn run_batch(db: &mut Db, offset: &AtomicI64, batch: Vec<Job>) -> bool {
    // Raw SQL on purpose: diesel's depth counter survives a caught panic at the wrong level.
    if db.batch_execute("BEGIN IMMEDIATE").is_err() {
        return false;
    }
    let mut replies: Vec<Reply> = Vec::with_capacity(batch.len());
    for job in batch {
        let Some(reply) = run_job(db, offset, job) else {
            answer(replies, false);
            return false;
        };
        replies.push(reply);
    }
    let durable = db.batch_execute("COMMIT").is_ok();
    answer(replies, durable);
    durable
}

fn answer(replies: Vec<Reply>, durable: bool) {
    for reply in replies {
        reply(durable);
    }
}

/// One job in its savepoint; `None` when it panicked or the savepoint itself failed: then nothing of the batch is
/// known to be there. Dropping a job's reply answers “unavailable”.
fn run_job(db: &mut Db, offset: &AtomicI64, job: Job) -> Option<Reply> {
    db.batch_execute("SAVEPOINT job").ok()?;
    let now = portal_now(db, offset).ok()?;
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        job(&mut Tx::new(&mut *db, now, offset))
    }));
    let (verdict, reply) = outcome.ok()?;
    let end = match verdict {
        Verdict::Keep => "RELEASE job",
        Verdict::RollBack => "ROLLBACK TO job; RELEASE job",
    };
    db.batch_execute(end).ok()?;
    Some(reply)
}

fn discard(mut db: super::db::Pooled) {
    // Ending the session makes `is_valid` fail, so the pool opens a new one.
    if let Db::Postgres(conn) = &mut *db {
        drop(conn.batch_execute("SELECT pg_terminate_backend(pg_backend_pid())"));
    }
}
