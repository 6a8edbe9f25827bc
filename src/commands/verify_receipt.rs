//! `sanshe verify-receipt`: checks a bid's receipt offline; no database, no portal, only the file.

use crate::infra::failure::Failure;
use crate::procurement::bids::{CheckedReceipt, check_receipt};
use std::path::Path;

/// `key` is the portal's public key as hexadecimal, from a source that the checker trusts.
pub fn run(file: &Path, key: Option<&str>) -> Result<(), Failure> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::internal(format!("{}: {error}", file.display())))?;
    let checked = check_receipt(&text, key.map(str::trim))
        .ok_or_else(|| Failure::internal("不是回执文件 · this file is no receipt"))?;
    print(&checked);
    if !checked.is_genuine {
        return Err(Failure::internal(
            "签名不符，回执不真实或已被改动 · not genuine: the signature does not fit this text",
        ));
    }
    match key {
        Some(_) => println!("签名真实 · genuine: signed by the given key"),
        None => println!(
            "签名与回执中的公钥相符；请另行核对该公钥属于本平台（--key） · \
             the signature fits the key in the receipt; compare that key with the portal's own (--key)"
        ),
    }
    Ok(())
}

fn print(checked: &CheckedReceipt) {
    let receipt = &checked.receipt;
    let rows = [
        ("回执号 · receipt", receipt.receipt_no.as_str()),
        ("项目编号 · project", &receipt.project),
        ("项目名称 · title", &receipt.title),
        ("投标人 · bidder", &receipt.bidder),
        ("服务器收到时间 · received at", &receipt.received_at),
        ("密文 SHA-256 · ciphertext", &receipt.cipher_sha256),
        ("台账指纹 · ledger", &receipt.ledger_chain_hash),
        ("平台标识 · portal", &receipt.instance),
        ("公钥 · public key", &receipt.public_key),
    ];
    for (name, value) in rows {
        println!("{name}: {value}");
    }
    println!("轮次 · round: {}", receipt.round);
    for hash in &receipt.file_cipher_sha256 {
        println!("文件密文 SHA-256 · file: {hash}");
    }
}
