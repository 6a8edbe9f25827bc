//! `sanshe restore`: a backup into an empty place, after all of it was checked.

use super::Where;
use super::backup::{Keys, complain, count};
use super::progress::Bar;
use crate::infra::actor;
use crate::infra::backup;
use crate::infra::config::{Config, Mode};
use crate::infra::failure::Failure;
use crate::infra::ledger;
use crate::infra::secrets::Secrets;
use crate::infra::store::Store;
use crate::infra::words::Words;
use crate::portal::search;
use std::path::PathBuf;
use std::time::Instant;

#[derive(clap::Args, Clone)]
pub struct Given {
    /// The backup.
    pub file: PathBuf,
    #[command(flatten)]
    pub keys: Keys,
    /// Only check it.
    #[arg(long)]
    pub check: bool,
}

pub fn run(place: &Where, restore: &Given) -> Result<(), Failure> {
    let begun = Instant::now();
    let secrets = keys(restore)?;
    let key = match &secrets {
        Some(secrets) => Some(secrets.signatures()?.public_key()),
        None => None,
    };
    let mut bar = Bar::new();
    let verified = backup::verify(&restore.file, key.as_deref(), &mut |unit, done, all| {
        bar.show(unit, done, all);
    });
    bar.clear();
    let manifest = verified?;
    println!(
        "checked: made {} by {}, {}",
        manifest.made_at,
        manifest.program,
        count(&manifest)
    );
    if restore.check {
        return complain(&manifest);
    }
    let mode = if manifest.kind == Mode::Demo.as_str() {
        Mode::Demo
    } else {
        Mode::Live
    };
    let config = place.config(mode)?;
    let restored = backup::restore(
        &restore.file,
        &manifest,
        secrets.as_ref(),
        &config.database,
        &config.data,
        &mut |unit, done, all| bar.show(unit, done, all),
    );
    bar.clear();
    restored?;
    finish(&config)?;
    println!(
        "restored into {} in {:.1} s; everybody signs in again",
        config.data.display(),
        begun.elapsed().as_secs_f64()
    );
    if secrets.is_none() {
        println!(
            "now put secrets.toml into {} (mode 600)",
            config.data.display()
        );
    }
    complain(&manifest)
}

fn keys(restore: &Given) -> Result<Option<Secrets>, Failure> {
    let Some(passphrase) = restore.keys.passphrase()? else {
        return Ok(None);
    };
    let path = backup::keys_path(&restore.file);
    let sealed = std::fs::read(&path)
        .map_err(|error| Failure::internal(format!("{}: {error}", path.display())))?;
    backup::open_keys(&sealed, &passphrase).map(Some)
}

/// What a restored portal needs before it may serve: its index, its ledger looked at, no session that was ended since.
fn finish(config: &Config) -> Result<(), Failure> {
    let store = Store::open(&config.database, 2)?;
    store.write_blocking(|tx| {
        let now = tx.machine_now();
        Ok(actor::end_all_sessions(tx.db, now)?)
    })?;
    rebuild(&store)?;
    let found = store.read_blocking(|db| ledger::verify(db, None))?;
    println!(
        "ledger: {} lines, {} findings",
        found.lines,
        found.findings.len()
    );
    if found.findings.is_empty() {
        Ok(())
    } else {
        Err(Failure::internal(
            "the ledger does not hold: run `sanshe verify-ledger`",
        ))
    }
}

pub fn rebuild(store: &Store) -> Result<(), Failure> {
    let mut bar = Bar::new();
    let words = Words::load()?;
    let count = search::rebuild(store, &words, |done| bar.show("documents", done as u64, 0));
    bar.clear();
    println!("search: {} documents", count?);
    Ok(())
}
