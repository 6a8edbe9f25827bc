//! Opening a portal's data: folder, secrets, database of the right kind and age, reference data.

use crate::catalogue;
use crate::common::rulesets;
use crate::infra::config::{Config, Mode};
use crate::infra::failure::Failure;
use crate::infra::migrations::migrate;
use crate::infra::outbox;
use crate::infra::portal;
use crate::infra::secrets::Secrets;
use crate::infra::store::{Store, Tx};
use crate::infra::uptime;
use crate::regions;
use crate::web::State;
use chrono::NaiveDate;
use std::fs;

/// Reader connections: twice the two cores that a county's server has at least.
const READERS: u32 = 8;

/// The county whose reference data is shipped.
const REGION: &str = "320585";

/// The demo clock starts here: a verified calendar, and the rating decree of 2026 in force.
const DEMO_BEGINS: Option<NaiveDate> = NaiveDate::from_ymd_opt(2026, 3, 2);

/// Opens everything that a running portal needs, and refuses what is not its own.
pub fn open(config: Config) -> Result<State, Failure> {
    fs::create_dir_all(&config.data).map_err(|error| {
        Failure::internal(format!(
            "the folder {} is not writable: {error}",
            config.data.display()
        ))
    })?;
    let probe = config.data.join(".writable.tmp");
    fs::write(&probe, b"")
        .and_then(|()| fs::remove_file(&probe))
        .map_err(|error| {
            Failure::internal(format!(
                "the folder {} is not writable: {error}",
                config.data.display()
            ))
        })?;
    let secrets = secrets(&config)?;
    let store = open_store(&config)?;
    prepare(&store, config.mode)?;
    State::new(config, secrets, store)
}

/// The database of this configuration, brought to this program's schema.
pub fn open_store(config: &Config) -> Result<Store, Failure> {
    migrate(&config.database)?;
    Store::open(&config.database, READERS)
}

fn secrets(config: &Config) -> Result<Secrets, Failure> {
    match (Secrets::read(&config.data)?, config.mode) {
        (Some(secrets), _) => Ok(secrets),
        (None, Mode::Live) => Err(Failure::internal(format!(
            "no secrets in {}: run `sanshe init --data {}` once; it makes them and the first administrator",
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
        if regions::import_reference(tx.db)? {
            outbox::emit(tx, "region.imported", ("region", 0), &())?;
        }
        rulesets::import_reference(tx.db, REGION)?;
        catalogue::import_reference(tx)
    })
}

fn mark(tx: &mut Tx, mode: Mode) -> Result<(), Failure> {
    match (portal::kind(tx.db)?, mode) {
        (Some(kind), _) if kind != mode.as_str() => Err(Failure::internal(format!(
            "this database is a {kind} one; {} refuses it",
            mode.as_str()
        ))),
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
