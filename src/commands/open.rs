//! Opening a portal's data: folder, secrets, database of the right kind and age, reference data.

use crate::catalogue;
use crate::common::rulesets;
use crate::infra::config::{Config, Mode};
use crate::infra::db::{DatabaseUrl, Purpose};
use crate::infra::failure::Failure;
use crate::infra::files;
use crate::infra::migrations::migrate;
use crate::infra::outbox;
use crate::infra::portal;
use crate::infra::secrets::Secrets;
use crate::infra::store::{Store, Tx};
use crate::infra::uptime;
use crate::portal::search;
use crate::regions;
use crate::web::State;
use chrono::NaiveDate;
use std::fs::{self, File, TryLockError};
use std::path::Path;

/// Reader connections: twice the two cores that a county's server has at least.
const READERS: u32 = 8;

/// The demo clock starts here: a verified calendar, and the rating decree of 2026 in force.
const DEMO_BEGINS: Option<NaiveDate> = NaiveDate::from_ymd_opt(2026, 3, 2);

/// Opens everything that a running portal needs, and refuses what is not its own.
pub fn open(config: Config) -> Result<State, Failure> {
    ready_folder(&config.data)?;
    let secrets = secrets(&config)?;
    let store = open_store(&config)?;
    prepare(&store, config.mode)?;
    State::new(config, secrets, store)
}

/// Makes the data folder, and finds out now whether it can be written to.
fn ready_folder(data: &Path) -> Result<(), Failure> {
    let probe = data.join(".writable.tmp");
    files::private_folder(data)
        .and_then(|()| fs::write(&probe, b""))
        .and_then(|()| fs::remove_file(&probe))
        .map_err(|error| {
            Failure::internal(format!(
                "the folder {} is not writable: {error}",
                data.display()
            ))
        })
}

/// Holds the data folder as long as the portal runs: a second one on `SQLite` would believe itself the only writer. On
/// `PostgreSQL` several live ones may share it.
pub fn hold_folder(config: &Config) -> Result<File, Failure> {
    let data = &config.data;
    ready_folder(data)?;
    let file = File::create(data.join(".lock")).map_err(Failure::internal)?;
    let held = match (&config.database, config.mode) {
        (DatabaseUrl::Postgres(_), Mode::Live) => file.try_lock_shared(),
        _ => file.try_lock(),
    };
    match held {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Failure::internal(format!(
            "another sanshe runs on {}: stop it first, or choose another folder with --data",
            data.display()
        ))),
        Err(TryLockError::Error(error)) => Err(Failure::internal(error)),
    }
}

/// The database of this configuration, brought to this program's schema; one of the other kind is left untouched.
pub fn open_store(config: &Config) -> Result<Store, Failure> {
    let mut db = config
        .database
        .connect(Purpose::Write)
        .map_err(|error| Failure::internal(format!("the database cannot be opened: {error}")))?;
    // Before the first migration there is no such table, and no kind.
    if let Some(kind) = portal::kind(&mut db).ok().flatten() {
        refuse_other(&kind, config.mode)?;
    }
    drop(db);
    migrate(&config.database)?;
    Store::open(&config.database, READERS)
}

fn refuse_other(kind: &str, mode: Mode) -> Result<(), Failure> {
    if kind == mode.as_str() {
        return Ok(());
    }
    let (own, other) = match mode {
        Mode::Demo => ("demo", "serve"),
        Mode::Live => ("serve", "demo"),
    };
    Err(Failure::internal(format!(
        "this database is a {kind} one: `sanshe {other}` opens it, `sanshe {own}` needs another folder (--data) or database (SANSHE_DATABASE)"
    )))
}

fn secrets(config: &Config) -> Result<Secrets, Failure> {
    match (Secrets::read(&config.data)?, config.mode) {
        (Some(secrets), _) => Ok(secrets),
        (None, Mode::Live) => Err(Failure::internal(format!(
            "no secrets in {}: run `sanshe init --email YOU@EXAMPLE --data {}` once: it makes them, and a link for the first administrator",
            config.data.display(),
            config.data.display()
        ))),
        (None, Mode::Demo) => {
            let secrets = Secrets::make()?;
            secrets.write_new(&config.data)?;
            Ok(secrets)
        }
    }
}

/// Marks a new database with its kind, and refuses one of the other kind; brings in the reference data.
pub fn prepare(store: &Store, mode: Mode) -> Result<(), Failure> {
    store.write_blocking(move |tx| {
        mark(tx, mode)?;
        let is_outdated = portal::set_search_version(tx, search::VERSION)?;
        if regions::import_reference(tx.db)? {
            outbox::emit(tx, "region.imported", ("region", 0), &())?;
        } else if is_outdated {
            outbox::emit(tx, "search.outdated", ("search", 0), &())?;
        }
        rulesets::import_reference(tx.db, regions::COUNTY)?;
        catalogue::import_reference(tx)
    })
}

fn mark(tx: &mut Tx, mode: Mode) -> Result<(), Failure> {
    match (portal::kind(tx.db)?, mode) {
        (Some(kind), _) if kind != mode.as_str() => refuse_other(&kind, mode),
        (Some(_), Mode::Live) => Ok(()),
        // The demo clock goes on where it stood when the demo was stopped: the night between is no outage.
        (Some(_), Mode::Demo) => {
            uptime::last_seen(tx)?.map_or(Ok(()), |stood| portal::set_clock(tx, stood))
        }
        (None, Mode::Live) => portal::mark(tx, mode.as_str(), None),
        (None, Mode::Demo) => {
            let begins = DEMO_BEGINS.and_then(|day| day.and_hms_opt(1, 0, 0));
            portal::mark(tx, mode.as_str(), begins)
        }
    }
}
