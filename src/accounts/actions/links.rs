//! One-time links. The database keeps the hash of a link's secret; the letter in the outbox keeps only a nonce, from
//! which the mail job makes the secret with the server's key: neither table lets a reader of the database in.

use crate::accounts::model::{Purpose, Token};
use crate::accounts::queries;
use crate::accounts::rules::is_good;
use crate::infra::failure::Failure;
use crate::infra::seal::random_hex;
use crate::infra::store::Tx;
use crate::infra::tokens;
use crate::kernel::people::PersonId;
use chrono::Duration;
use sha2::{Digest, Sha256};

const NONCE: &str = "?nonce=";

fn secret(key: &[u8], nonce: &str) -> String {
    tokens::mac(key, "link", nonce)
}

/// What the database knows of a link's secret.
pub fn hash_of(secret: &str) -> String {
    hex::encode(Sha256::digest(secret))
}

/// A link for a letter: `path?nonce=…`, completed when the letter is sent.
pub(super) fn new_link(
    tx: &mut Tx,
    key: &[u8],
    person: PersonId,
    purpose: Purpose,
    device: Option<&str>,
    path: &str,
    lives: Duration,
) -> Result<String, Failure> {
    let (link, hash) = new_secret(key, path)?;
    let until = tx.machine_now() + lives;
    queries::insert_token(tx.db, person, purpose, &hash, device, until)?;
    Ok(link)
}

/// A link with a fresh secret, as the letter keeps it, and the hash to know the secret by.
pub(super) fn new_secret(key: &[u8], path: &str) -> Result<(String, String), Failure> {
    let nonce = random_hex::<32>()?;
    let hash = hash_of(&secret(key, &nonce));
    Ok((format!("{path}{NONCE}{nonce}"), hash))
}

/// The link as its recipient gets it; any other link stays as it is.
pub fn complete_link(key: &[u8], link: &str) -> String {
    match link.split_once(NONCE) {
        Some((path, nonce)) => format!("{path}?token={}", secret(key, nonce)),
        None => link.to_owned(),
    }
}

/// Uses a good link up, or says that it is not found: unknown, used and expired look the same.
pub(super) fn use_link(tx: &mut Tx, purpose: Purpose, hash: &str) -> Result<Token, Failure> {
    let now = tx.machine_now();
    let token = queries::find_token(tx.db, purpose, hash)?
        .filter(|token| is_good(token, now))
        .ok_or(Failure::NotFound)?;
    if queries::use_token(tx.db, token.id, now)? == 0 {
        return Err(Failure::NotFound);
    }
    Ok(token)
}
