//! `sanshe verify-ledger`: recomputes the chain, and holds it against a head that somebody kept.

use crate::infra::config::Config;
use crate::infra::db::Purpose;
use crate::infra::failure::Failure;
use crate::infra::ledger::{self, Finding, Head};
use crate::procurement::bids::check_receipt;
use std::path::Path;

pub fn run(config: &Config, head: Option<&Path>) -> Result<(), Failure> {
    let kept = head.map(read_kept).transpose()?;
    let mut db = config
        .database
        .connect(Purpose::Read)
        .map_err(Failure::internal)?;
    let verified = ledger::verify(&mut db, kept.as_deref())?;
    println!(
        "{} lines in the chain, {} not sealed yet",
        verified.lines, verified.unsealed
    );
    if verified.findings.is_empty() {
        let of_kept = kept.map_or("", |_| "; the kept head is in the chain");
        println!("no finding{of_kept}");
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

/// The hash at which the chain stood, as a signed head or a receipt keeps it.
fn read_kept(path: &Path) -> Result<String, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::internal(format!("{}: {error}", path.display())))?;
    if let Some(checked) = check_receipt(&text, None) {
        return if checked.is_genuine {
            Ok(checked.receipt.ledger_chain_hash)
        } else {
            Err(Failure::internal("the receipt's signature is not genuine"))
        };
    }
    let head: Head = serde_json::from_str(&text)?;
    if head.is_genuine()? {
        Ok(head.chain_hash)
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
        Finding::Lost => {
            "the ledger never stood where the kept head says: it was rolled back or rewritten"
                .into()
        }
    }
}
