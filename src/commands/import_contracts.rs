//! `sanshe import-contracts`: running contracts from before the portal, all rows of a CSV file or none.

use super::import_catalogue::{language, open};
use crate::accounts;
use crate::infra::config::Config;
use crate::infra::failure::Failure;
use crate::infra::table::Finding;
use crate::infra::words::Words;
use crate::kernel::people::BodyId;
use crate::kernel::roles::{Role, may};
use crate::procurement::contracts;
use crate::web::form;
use std::path::PathBuf;

#[derive(clap::Args, Clone)]
pub struct Import {
    /// The CSV or XLSX file, with the columns that the portal's own import page names.
    pub file: PathBuf,
    /// The number of the purchaser's body, as in the address of its page.
    #[arg(long)]
    pub body: BodyId,
    /// The demo's data instead of the live portal's.
    #[arg(long)]
    pub demo: bool,
}

/// Imports by the portal itself: nobody's name is in the ledger's lines.
pub fn run(config: &Config, import: &Import) -> Result<(), Failure> {
    let bytes = std::fs::read(&import.file)
        .map_err(|error| Failure::internal(format!("{}: {error}", import.file.display())))?;
    let rows = contracts::read_import(&bytes).or_else(|bad| report(import, &bad))?;
    let store = open(config)?;
    let buyer = import.body;
    let (kind, bad) = store.read_blocking(|db| {
        let kind = accounts::find_body(db, buyer)?.kind;
        Ok((kind, contracts::check_import(db, buyer, &rows)?))
    })?;
    if !may(Role::Officer, kind) {
        return Err(Failure::internal(format!(
            "body {buyer} buys nothing: it is a {kind}"
        )));
    }
    if !bad.is_empty() {
        return report(import, &bad).map(|_none: Vec<contracts::Row>| ());
    }
    let count =
        store.write_blocking(move |tx| contracts::import_contracts(tx, None, buyer, &rows))?;
    println!("{count} contracts are in: {}", config.link("/contracts"));
    Ok(())
}

/// Prints every bad place as `file:line: column: reason`.
fn report<T>(import: &Import, bad: &[Finding]) -> Result<T, Failure> {
    let words = Words::load()?;
    for finding in bad {
        let reason = form::word(&words, language(), &finding.why);
        eprintln!(
            "{}:{}: {}: {reason}",
            import.file.display(),
            finding.line,
            words.say(language(), finding.column, &[])
        );
    }
    Err(Failure::internal(format!(
        "{} bad places; nothing was imported",
        bad.len()
    )))
}
