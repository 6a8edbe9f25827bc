//! `sanshe verify-ledger`: recomputes the chain, and holds it against a head that somebody kept.

use crate::infra::config::Config;
use crate::infra::db::Purpose;
use crate::infra::failure::Failure;
use crate::infra::ledger::{self, Finding, Head};
use std::path::Path;

pub fn run(config: &Config, head: Option<&Path>) -> Result<(), Failure> {
    let kept = head.map(read_head).transpose()?;
    let mut db = config
        .database
        .connect(Purpose::Read)
        .map_err(Failure::internal)?;
    let verified = ledger::verify(&mut db, kept.as_ref())?;
    println!(
        "{} lines in the chain, {} not sealed yet",
        verified.lines, verified.unsealed
    );
    if verified.findings.is_empty() {
        println!(
            "no finding{}",
            if kept.is_some() {
                "; the kept head is in the chain"
            } else {
                ""
            }
        );
        return Ok(());
    }
    for finding in &verified.findings {
        println!("{}", word(finding));
    }
    Err(Failure::internal(format!(
        "{} findings in the ledger",
        verified.findings.len()
    )))
}

fn read_head(path: &Path) -> Result<Head, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::internal(format!("{}: {error}", path.display())))?;
    let value: serde_json::Value = serde_json::from_str(&text)?;
    // A receipt carries its head inside; a head file is one itself.
    let head: Head = serde_json::from_value(value.get("head").cloned().unwrap_or(value))?;
    if head.is_genuine()? {
        Ok(head)
    } else {
        Err(Failure::internal("the head's signature is not genuine"))
    }
}

fn word(finding: &Finding) -> String {
    match finding {
        Finding::Rewritten { seq } => format!("line {seq}: its content was rewritten"),
        Finding::TextRewritten { seq } => format!("line {seq}: its name or reason was rewritten"),
        Finding::Broken { seq } => {
            format!("line {seq}: a line was cut out, put in or moved before it")
        }
        Finding::RolledBack { kept, found } => {
            format!("the kept head names line {kept}; the ledger ends at {found}")
        }
        Finding::Forked { seq } => format!("line {seq}: another history than the kept head's"),
    }
}
