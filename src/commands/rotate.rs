//! `sanshe rotate`: new secrets. The portal takes them up when it is started again; what they replace is kept as long as
//! something needs it.

use super::import_catalogue;
use crate::infra::config::Config;
use crate::infra::failure::Failure;
use crate::infra::rotation;
use crate::infra::secrets::Secrets;
use crate::infra::store::machine_now;
use crate::infra::uptime;
use chrono::Duration;
use std::path::Path;

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum What {
    /// The key of sessions and forms: everybody signs in again.
    Token,
    /// The key of receipts and ledger heads: the old public key stays published.
    Signing,
    /// The server's key around the tenders' keys: the old one opens what it sealed until `--finish`.
    Sealing,
}

#[derive(clap::Args, Clone)]
pub struct Rotation {
    pub what: What,
    /// With `sealing`, after a restart: seals everything anew, and drops the old key.
    #[arg(long)]
    pub finish: bool,
    /// The demo's data instead of the live portal's.
    #[arg(long)]
    pub demo: bool,
}

pub fn run(config: &Config, rotation: &Rotation) -> Result<(), Failure> {
    let mut secrets = Secrets::read(&config.data)?.ok_or_else(|| no_portal(&config.data))?;
    match (rotation.what, rotation.finish) {
        (What::Token, false) => secrets.rotate_token()?,
        (What::Signing, false) => secrets.rotate_signing(machine_now())?,
        (What::Sealing, false) => secrets.rotate_sealing(machine_now())?,
        (What::Sealing, true) => return finish(config, secrets),
        (_, true) => return Err(Failure::internal("--finish belongs to sealing")),
    }
    secrets.write_over(&config.data)?;
    println!(
        "{} is new; keep a copy apart, and restart the portal now",
        Secrets::path(&config.data).display()
    );
    match rotation.what {
        What::Token => println!("everybody signs in again"),
        What::Signing => println!("public key: {}", secrets.signatures()?.public_key()),
        What::Sealing => println!("after the restart: sanshe rotate sealing --finish"),
    }
    Ok(())
}

fn no_portal(data: &Path) -> Failure {
    Failure::internal(format!(
        "no portal in {}: name its folder with --data",
        data.display()
    ))
}

/// A portal that runs since before the rotation knows only the old key: what is sealed anew would be closed to it.
fn finish(config: &Config, mut secrets: Secrets) -> Result<(), Failure> {
    let Some(since) = secrets.sealing_rotated_at() else {
        println!("nothing to finish: there is one key");
        return Ok(());
    };
    let store = import_catalogue::open(config)?;
    // Runs are counted in portal time, rotations in the machine's.
    let now = store.now();
    let since = since + (now - machine_now());
    if let Some((started, last)) = store.read_blocking(|db| Ok(uptime::newest(db)?))?
        && now - last < Duration::seconds(30)
        && started < since
    {
        return Err(Failure::internal(
            "the portal still runs with the old key: restart it first",
        ));
    }
    let with = secrets.clone();
    let count = store.write_blocking(move |tx| rotation::reseal(tx, &with))?;
    secrets.forget_sealing();
    secrets.write_over(&config.data)?;
    println!(
        "{count} things sealed anew; the old key is gone: older backups need the keys that lie beside them"
    );
    Ok(())
}
