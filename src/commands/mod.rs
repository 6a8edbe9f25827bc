//! What the command line can do: one thin file a command.

mod backup;
mod copy;
mod doctor;
mod import_catalogue;
mod import_contracts;
mod init;
mod open;
mod progress;
mod restore;
mod rotate;
mod serve;
mod verify_ledger;
mod verify_receipt;

pub use open::{open, prepare};
pub use serve::run_server;

use crate::infra::config::{Config, Mode};
use crate::infra::failure::Failure;
use clap::{Args, Subcommand};
use std::net::SocketAddr;
use std::path::PathBuf;

#[derive(Args, Clone)]
pub struct Where {
    /// Address and port to listen on.
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// The data folder (./data/demo or ./data/live).
    #[arg(long)]
    pub data: Option<PathBuf>,
}

impl Where {
    /// The configuration of a portal at this place.
    pub fn config(&self, mode: Mode) -> Result<Config, Failure> {
        let data = self
            .data
            .clone()
            .unwrap_or_else(|| PathBuf::from("data").join(mode.as_str()));
        Config::read(mode, &data, self.listen, &std::env::vars().collect())
    }
}

#[derive(Subcommand)]
pub enum Command {
    /// A living demonstration on invented data.
    Demo(Where),
    /// The portal itself.
    Serve(Where),
    /// Makes a live portal's secrets and a one-time link for its first administrator.
    Init {
        #[command(flatten)]
        place: Where,
        /// The first administrator's e-mail address.
        #[arg(long)]
        email: String,
    },
    /// Imports a version of the catalogue from CSV: all of it, or nothing with every bad place named.
    ImportCatalogue {
        #[command(flatten)]
        place: Where,
        #[command(flatten)]
        import: import_catalogue::Import,
    },
    /// Enters running contracts from before the portal (CSV): all of them, or nothing with every bad place named.
    ImportContracts {
        #[command(flatten)]
        place: Where,
        #[command(flatten)]
        import: import_contracts::Import,
    },
    /// Writes the whole portal into one file, while it runs; its keys into a second, encrypted one.
    Backup {
        #[command(flatten)]
        place: Where,
        #[command(flatten)]
        backup: backup::Target,
    },
    /// Checks a backup and brings it into an empty folder and database.
    Restore {
        #[command(flatten)]
        place: Where,
        #[command(flatten)]
        restore: restore::Given,
    },
    /// Moves a stopped portal's rows between `SQLite` and `PostgreSQL`, and compares both sides.
    Copy(copy::Ends),
    /// Looks at everything that the portal needs, and says what to do; exit code 1 when something must be mended.
    Doctor {
        #[command(flatten)]
        place: Where,
        #[command(flatten)]
        visit: doctor::Visit,
    },
    /// Makes a new secret; what the old one signed or sealed stays readable.
    Rotate {
        #[command(flatten)]
        place: Where,
        #[command(flatten)]
        rotation: rotate::Rotation,
    },
    /// Recomputes the ledger's chain; with a kept head or receipt, finds cutting and roll-back too.
    VerifyLedger {
        #[command(flatten)]
        place: Where,
        /// A signed head, or a receipt that carries one.
        #[arg(long)]
        head: Option<PathBuf>,
        /// The demo's ledger instead of the live one.
        #[arg(long)]
        demo: bool,
    },
    /// Checks the signature of a bid's receipt, offline.
    VerifyReceipt {
        file: PathBuf,
        /// The portal's public key (hexadecimal), from a source that you trust.
        #[arg(long)]
        key: Option<String>,
    },
}

pub fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Demo(place) => run_server(Mode::Demo, &place),
        Command::Serve(place) => run_server(Mode::Live, &place),
        Command::Init { place, email } => {
            let config = place.config(Mode::Live)?;
            init::run(&config, &config.data, &email)
        }
        Command::ImportCatalogue { place, import } => {
            let mode = if import.demo { Mode::Demo } else { Mode::Live };
            import_catalogue::run(&place.config(mode)?, &import)
        }
        Command::ImportContracts { place, import } => {
            let mode = if import.demo { Mode::Demo } else { Mode::Live };
            import_contracts::run(&place.config(mode)?, &import)
        }
        Command::Backup { place, backup } => backup::run(&place.config(backup.mode())?, &backup),
        Command::Restore { place, restore } => restore::run(&place, &restore),
        Command::Copy(copy) => copy::run(&copy),
        Command::Doctor { place, visit } => {
            let mode = if visit.demo { Mode::Demo } else { Mode::Live };
            doctor::run(&place.config(mode)?, &visit)
        }
        Command::Rotate { place, rotation } => {
            let mode = if rotation.demo {
                Mode::Demo
            } else {
                Mode::Live
            };
            rotate::run(&place.config(mode)?, &rotation)
        }
        Command::VerifyLedger { place, head, demo } => {
            let mode = if demo { Mode::Demo } else { Mode::Live };
            verify_ledger::run(&place.config(mode)?, head.as_deref())
        }
        Command::VerifyReceipt { file, key } => verify_receipt::run(&file, key.as_deref()),
    }
}
