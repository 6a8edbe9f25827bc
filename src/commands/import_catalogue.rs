//! `sanshe import-catalogue`: a CSV file becomes a draft of the catalogue, or every line of it that is wrong is named.

use crate::catalogue::{self, BLOCK, CatalogueId, Heading, Row};
use crate::infra::config::{Config, Mode};
use crate::infra::db::DatabaseUrl;
use crate::infra::failure::{Failure, Rule};
use crate::infra::migrations::migrate;
use crate::infra::portal;
use crate::infra::sheet;
use crate::infra::store::Store;
use crate::infra::words::{Language, Words};
use crate::web::form;
use indicatif::ProgressBar;
use std::path::{Path, PathBuf};

#[derive(clap::Args, Clone)]
pub struct Import {
    /// The CSV or XLSX file: `code,name,level,parent_code` and, if wanted, `verified` and `description`.
    pub file: PathBuf,
    /// The year that the catalogue is for.
    #[arg(long)]
    pub year: i64,
    /// What it is called.
    #[arg(long)]
    pub title: String,
    /// The number of the document that it was issued with.
    #[arg(long)]
    pub issued_no: Option<String>,
    /// Puts it in force at once, instead of keeping a draft.
    #[arg(long)]
    pub publish: bool,
    /// The demo's data instead of the live portal's.
    #[arg(long)]
    pub demo: bool,
}

/// Imports by the portal itself: nobody's name is in the ledger's line.
pub fn run(config: &Config, import: &Import) -> Result<(), Failure> {
    let bytes = std::fs::read(&import.file)
        .map_err(|error| Failure::internal(format!("{}: {error}", import.file.display())))?;
    let rows = read(&import.file, &bytes)?;
    let store = open(config)?;
    let heading = Heading {
        year: import.year,
        title: crate::kernel::text::clean(&import.title),
        issued_no: import.issued_no.clone(),
        source: import
            .issued_no
            .clone()
            .unwrap_or_else(|| file_name(&import.file)),
    };
    let id = stage(&store, heading, &rows)?;
    if import.publish {
        store.write_blocking(move |tx| catalogue::publish_by(tx, None, id))?;
        println!(
            "published: {}",
            config.link(&format!("/catalogue?year={}", import.year))
        );
    } else {
        println!("draft: {}", config.link(&format!("/catalogue/drafts/{id}")));
    }
    Ok(())
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}

/// Prints every bad place as `file:line:column: reason`, as compilers do.
fn read(file: &Path, bytes: &[u8]) -> Result<Vec<Row>, Failure> {
    let words = Words::load()?;
    let csv = sheet::as_csv(bytes, catalogue::is_column)
        .map_err(|unread| Failure::internal(form::word(&words, language(), &unread.refusal())))?;
    catalogue::read_csv(&csv).map_err(|bad| {
        for bad in &bad {
            let reason = form::word(&words, language(), &bad.refusal());
            let (line, column) = (bad.line, bad.column.unwrap_or(1));
            eprintln!("{}:{line}:{column}: {reason}", file.display());
        }
        let count = bad.len();
        Failure::internal(format!("{count} bad places; nothing was imported"))
    })
}

/// The language of whoever typed the command.
pub(super) fn language() -> Language {
    match std::env::var("LANG") {
        Ok(lang) if lang.starts_with("zh") => Language::Chinese,
        _ => Language::English,
    }
}

/// The store of a portal that was started before, of the kind that was asked for. Its clock is left alone: it may run.
pub(super) fn open(config: &Config) -> Result<Store, Failure> {
    if let DatabaseUrl::Sqlite(path) = &config.database
        && !Path::new(path).exists()
    {
        let mode = config.mode.as_str();
        return Err(Failure::internal(format!(
            "no {mode} portal at {path}: start it once, or name its folder with --data"
        )));
    }
    migrate(&config.database)?;
    let store = Store::open(&config.database, 2)?;
    let kind: Option<String> = store.read_blocking(|db| Ok(portal::kind(db)?))?;
    if kind.as_deref() == Some(config.mode.as_str()) {
        return Ok(store);
    }
    let (kind, option) = match config.mode {
        Mode::Demo => ("demo", "leave --demo out"),
        Mode::Live => ("live", "add --demo"),
    };
    Err(Failure::internal(format!(
        "this database is not a {kind} one ({option}), or was never started"
    )))
}

fn stage(store: &Store, heading: Heading, rows: &[Row]) -> Result<CatalogueId, Failure> {
    let is_verified = catalogue::is_verified(rows);
    let id =
        store.write_blocking(move |tx| catalogue::begin_import(tx, None, &heading, is_verified))?;
    let bar = ProgressBar::new(rows.len() as u64);
    let done = rows
        .chunks(BLOCK)
        .try_for_each(|block| {
            let (block, size) = (block.to_vec(), block.len());
            store.write_blocking(move |tx| catalogue::stage_rows(tx, id, &block))?;
            bar.inc(size as u64);
            Ok(())
        })
        .and_then(|()| store.write_blocking(move |tx| catalogue::finish_import(tx, None, id)));
    bar.finish_and_clear();
    if let Err(failure) = done {
        store.write_blocking(move |tx| catalogue::drop_import(tx, id))?;
        return Err(failure);
    }
    println!("{} items are in", rows.len());
    Ok(id)
}
