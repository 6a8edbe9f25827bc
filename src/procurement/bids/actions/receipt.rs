//! Receipts: signed by the portal, checked by anybody without it.

use super::super::model::{Receipt, SignedReceipt};
use crate::infra::failure::Failure;
use crate::infra::signing::{self, Signatures};

fn message(receipt: &Receipt) -> Result<String, Failure> {
    // A struct's fields keep their order: one receipt has one text.
    Ok(format!(
        "{}\n{}",
        Receipt::KIND,
        serde_json::to_string(receipt)?
    ))
}

/// The receipt's file.
pub fn render(receipt: Receipt, signatures: &Signatures) -> Result<String, Failure> {
    let signature = signatures.sign(message(&receipt)?.as_bytes());
    text_of(&SignedReceipt { receipt, signature })
}

fn text_of(signed: &SignedReceipt) -> Result<String, Failure> {
    Ok(serde_json::to_string_pretty(signed)? + "\n")
}

#[derive(Debug)]
pub struct CheckedReceipt {
    pub receipt: Receipt,
    /// Whether the signature is of the key that the checker trusts (the receipt's own when none was given).
    pub is_genuine: bool,
}

/// Checks a receipt's text. `None` when it is no receipt at all. Every byte counts but line ends, which mail changes.
pub fn check(text: &str, trusted_key: Option<&str>) -> Option<CheckedReceipt> {
    let text = text.replace("\r\n", "\n");
    let signed: SignedReceipt = serde_json::from_str(&text).ok()?;
    let is_spelled_so = text_of(&signed).is_ok_and(|own| own.trim_end() == text.trim_end());
    let key = trusted_key.unwrap_or(&signed.receipt.public_key);
    let is_signed = message(&signed.receipt).is_ok_and(|message| {
        signing::verify(key, message.as_bytes(), &signed.signature).unwrap_or(false)
    });
    let is_ours = signed.receipt.kind == Receipt::KIND
        && trusted_key.is_none_or(|key| key.eq_ignore_ascii_case(&signed.receipt.public_key));
    Some(CheckedReceipt {
        receipt: signed.receipt,
        is_genuine: is_spelled_so && is_signed && is_ours,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    fn signatures() -> Signatures {
        Signatures::from_secret(&"5a".repeat(32)).unwrap()
    }

    fn receipt() -> Receipt {
        Receipt {
            kind: Receipt::KIND.into(),
            instance: "00ff".into(),
            receipt_no: "1A2B-3C4D".into(),
            project: "CG-2026-0001".into(),
            round: 1,
            title: "社区助老服务".into(),
            bidder: "示例社工服务中心".into(),
            received_at: "2026-03-20T16:59:59.999999+08:00".into(),
            cipher_sha256: "ab".repeat(32),
            file_cipher_sha256: vec!["cd".repeat(32)],
            ledger_chain_hash: "ef".repeat(32),
            public_key: signatures().public_key(),
        }
    }

    #[test]
    fn a_receipt_is_genuine_as_it_was_written() {
        let text = render(receipt(), &signatures()).unwrap();
        let key = signatures().public_key();
        for text in [
            text.clone(),
            text.replace('\n', "\r\n"),
            text.trim_end().to_owned(),
        ] {
            assert!(check(&text, None).unwrap().is_genuine);
            assert!(check(&text, Some(&key)).unwrap().is_genuine);
        }
        let other = Signatures::from_secret(&"6b".repeat(32))
            .unwrap()
            .public_key();
        assert!(!check(&text, Some(&other)).unwrap().is_genuine);
    }

    #[test]
    fn one_changed_byte_is_enough() {
        let text = render(receipt(), &signatures()).unwrap();
        for at in 0..text.trim_end().len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1;
            if let Ok(bent) = String::from_utf8(bytes) {
                let genuine = check(&bent, None).is_some_and(|checked| checked.is_genuine);
                assert!(!genuine, "byte {at} of {bent}");
            }
        }
    }

    #[test]
    fn anything_else_is_no_receipt() {
        for text in ["", "{}", "null", "{\"receipt\":1,\"signature\":\"\"}"] {
            assert!(check(text, None).is_none());
        }
    }
}
