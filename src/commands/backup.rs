//! `sanshe backup`: the whole portal in one file, while it runs.

use super::progress::Bar;
use crate::infra::backup::{self, Manifest, Source};
use crate::infra::config::{Config, Mode};
use crate::infra::failure::Failure;
use crate::infra::secrets::Secrets;
use std::path::{Path, PathBuf};
use std::time::Instant;

#[derive(clap::Args, Clone)]
pub struct Target {
    /// The file to write; its keys lie beside it as FILE.keys.age.
    pub file: PathBuf,
    #[command(flatten)]
    pub keys: Keys,
    /// The demo's data instead of the live portal's.
    #[arg(long)]
    pub demo: bool,
}

#[derive(clap::Args, Clone)]
pub struct Keys {
    /// A file whose first line is the passphrase of the keys (or the environment variable `SANSHE_PASSPHRASE`).
    #[arg(long)]
    pub passphrase_file: Option<PathBuf>,
    /// Leave the keys out: secrets.toml is kept elsewhere.
    #[arg(long)]
    pub without_keys: bool,
}

impl Keys {
    /// The passphrase, or none where the keys are left out.
    pub fn passphrase(&self) -> Result<Option<String>, Failure> {
        if self.without_keys {
            return Ok(None);
        }
        let given = match &self.passphrase_file {
            Some(path) => Some(read_passphrase(path)?),
            None => std::env::var("SANSHE_PASSPHRASE").ok(),
        };
        given.filter(|text| !text.is_empty()).map(Some).ok_or_else(|| {
            Failure::internal(
                "the keys need a passphrase: --passphrase-file FILE or SANSHE_PASSPHRASE; --without-keys leaves them out",
            )
        })
    }
}

/// The first line of a file.
pub fn read_passphrase(path: &Path) -> Result<String, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::internal(format!("{}: {error}", path.display())))?;
    Ok(text.lines().next().unwrap_or_default().trim().to_owned())
}

impl Target {
    pub const fn mode(&self) -> Mode {
        if self.demo { Mode::Demo } else { Mode::Live }
    }
}

pub fn run(config: &Config, backup: &Target) -> Result<(), Failure> {
    let passphrase = backup.keys.passphrase()?;
    let secrets = Secrets::read(&config.data)?.ok_or_else(|| {
        Failure::internal(format!(
            "no portal in {}: name its folder with --data",
            config.data.display()
        ))
    })?;
    let begun = Instant::now();
    let mut bar = Bar::new();
    let source = Source {
        database: &config.database,
        data: &config.data,
        secrets: &secrets,
        passphrase: passphrase.as_deref(),
    };
    let written = backup::write(&source, &backup.file, &mut |unit, done, all| {
        bar.show(unit, done, all);
    });
    bar.clear();
    let (manifest, size) = written?;
    println!(
        "{}: {} bytes in {:.1} s · {}",
        backup.file.display(),
        size,
        begun.elapsed().as_secs_f64(),
        count(&manifest)
    );
    if passphrase.is_some() {
        println!(
            "keys: {} (encrypted)",
            backup::keys_path(&backup.file).display()
        );
    }
    complain(&manifest)
}

pub fn count(manifest: &Manifest) -> String {
    format!(
        "{} rows in {} tables, {} files of {} bytes",
        manifest.rows(),
        manifest.tables.len(),
        manifest.files.len(),
        manifest.bytes()
    )
}

/// Files that the disk lost do not stop a backup, but they must not go unseen.
pub fn complain(manifest: &Manifest) -> Result<(), Failure> {
    for key in &manifest.missing {
        eprintln!("not on the disk as it was stored: files/{key}");
    }
    if manifest.missing.is_empty() {
        return Ok(());
    }
    Err(Failure::internal(format!(
        "{} files are missing or damaged; everything else is in the backup",
        manifest.missing.len()
    )))
}
