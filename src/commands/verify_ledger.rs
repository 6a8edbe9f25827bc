//! `sanshe verify-ledger`: recomputes the chain, and holds it against a head that somebody kept.

use crate::infra::config::Config;
use crate::infra::db::Purpose;
use crate::infra::failure::Failure;
use crate::infra::ledger::{self, Finding, Head};
use crate::procurement::bids::check_receipt;
use std::path::Path;

pub fn run(config: &Config, head: Option<&Path>) -> Result<(), Failure> {
    let kept = head.map(read_kept).transpose()?;
    let (head, receipt) = match kept {
        Some(Kept::Head(head)) => (Some(head), None),
        Some(Kept::ChainHash(hash)) => (None, Some(hash)),
        None => (None, None),
    };
    let mut db = config
        .database
        .connect(Purpose::Read)
        .map_err(Failure::internal)?;
    let verified = ledger::verify(&mut db, head.as_ref())?;
    println!(
        "{} lines in the chain, {} not sealed yet",
        verified.lines, verified.unsealed
    );
    if let Some(hash) = &receipt
        && !ledger::stood_at(&mut db, hash)?
    {
        return Err(Failure::internal(
            "the ledger never stood where the receipt says: it was rolled back or rewritten",
        ));
    }
    if verified.findings.is_empty() {
        println!(
            "no finding{}",
            if head.is_some() || receipt.is_some() {
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

enum Kept {
    Head(Head),
    /// A receipt keeps the last hash only: a line's number would tell how much else had happened.
    ChainHash(String),
}

fn read_kept(path: &Path) -> Result<Kept, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::internal(format!("{}: {error}", path.display())))?;
    if let Some(checked) = check_receipt(&text, None) {
        return if checked.is_genuine {
            Ok(Kept::ChainHash(checked.receipt.ledger_chain_hash))
        } else {
            Err(Failure::internal("the receipt's signature is not genuine"))
        };
    }
    let head: Head = serde_json::from_str(&text)?;
    if head.is_genuine()? {
        Ok(Kept::Head(head))
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
