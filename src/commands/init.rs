//! `sanshe init`: the secrets of a live portal, and a one-time link for its first administrator.

use super::open::open_store;
use crate::accounts;
use crate::infra::config::{Config, Mode};
use crate::infra::failure::Failure;
use crate::infra::files;
use crate::infra::secrets::Secrets;
use crate::kernel::text;
use std::path::Path;

pub fn run(config: &Config, data: &Path, email: &str) -> Result<(), Failure> {
    files::private_folder(data).map_err(|error| {
        Failure::internal(format!(
            "the folder {} is not writable: {error}",
            data.display()
        ))
    })?;
    if Secrets::read(data)?.is_none() {
        Secrets::make()?.write_new(data)?;
        println!(
            "secrets: {} (mode 600; keep a copy apart from the backups)",
            Secrets::path(data).display()
        );
    }
    let store = open_store(config)?;
    super::prepare(&store, Mode::Live)?;
    let email = text::clean(email).to_lowercase();
    let token = store.write_blocking(move |tx| accounts::invite_first_administrator(tx, &email))?;
    println!(
        "first administrator, one use, 24 hours: {}",
        config.link(&format!("/first-administrator?token={token}"))
    );
    Ok(())
}
