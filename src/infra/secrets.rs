//! The portal's secrets: one file, mode 600, in the data folder. Made by `sanshe init`; demo makes its own.

use super::failure::Failure;
use super::seal;
use super::signing::Signatures;
use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

const FILE: &str = "secrets.toml";

/// Its `Debug` prints nothing, so that no log line can carry a secret.
#[derive(Clone, Serialize, Deserialize)]
pub struct Secrets {
    /// HMAC key for session tokens, form tokens and device marks.
    token_secret: String,
    /// Ed25519 secret for receipts and ledger heads.
    signing_secret: String,
    server_recipient: String,
    server_identity: String,
    /// Public keys that signed before: what they signed stays genuine.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    retired_public_keys: Vec<RetiredKey>,
    /// Server keys that still open what was sealed before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    retired_identities: Vec<RetiredIdentity>,
}

#[derive(Clone, Serialize, Deserialize)]
pub struct RetiredKey {
    pub public_key: String,
    pub until: NaiveDateTime,
}

#[derive(Clone, Serialize, Deserialize)]
struct RetiredIdentity {
    identity: String,
    until: NaiveDateTime,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets(..)")
    }
}

impl Secrets {
    pub fn make() -> Result<Self, Failure> {
        let (server_recipient, server_identity) = seal::make_key();
        Ok(Self {
            token_secret: seal::random_hex::<32>()?,
            signing_secret: seal::random_hex::<32>()?,
            server_recipient,
            server_identity,
            retired_public_keys: Vec::new(),
            retired_identities: Vec::new(),
        })
    }

    pub fn rotate_token(&mut self) -> Result<(), Failure> {
        self.token_secret = seal::random_hex::<32>()?;
        Ok(())
    }

    pub fn rotate_signing(&mut self, now: NaiveDateTime) -> Result<(), Failure> {
        let public_key = self.signatures()?.public_key();
        let until = now;
        self.retired_public_keys
            .push(RetiredKey { public_key, until });
        self.signing_secret = seal::random_hex::<32>()?;
        Ok(())
    }

    pub fn rotate_sealing(&mut self, now: NaiveDateTime) -> Result<(), Failure> {
        let (recipient, identity) = seal::make_key();
        self.server_recipient = recipient;
        let identity = std::mem::replace(&mut self.server_identity, identity);
        let until = now;
        self.retired_identities
            .push(RetiredIdentity { identity, until });
        Ok(())
    }

    /// When the server's key was changed last, while the one before still opens something.
    pub fn sealing_rotated_at(&self) -> Option<NaiveDateTime> {
        self.retired_identities.iter().map(|old| old.until).max()
    }

    pub fn forget_sealing(&mut self) {
        self.retired_identities.clear();
    }

    /// Opens what was sealed to the server's key, or to one before it.
    pub fn open(&self, sealed: &[u8]) -> Result<Vec<u8>, Failure> {
        let newest = seal::open(&self.server_identity, sealed);
        self.retired_identities
            .iter()
            .rev()
            .fold(newest, |opened, old| {
                opened.or_else(|_closed| seal::open(&old.identity, sealed))
            })
    }

    pub fn path(data: &Path) -> PathBuf {
        data.join(FILE)
    }

    /// `None` when there are none yet.
    pub fn read(data: &Path) -> Result<Option<Self>, Failure> {
        let path = Self::path(data);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(Failure::internal(format!(
                    "{} cannot be read: {error}",
                    path.display()
                )));
            }
        };
        let mode = fs::metadata(&path)
            .map_err(Failure::internal)?
            .permissions()
            .mode()
            & 0o077;
        if mode != 0 {
            return Err(Failure::internal(format!(
                "{} can be read by others: chmod 600 it",
                path.display()
            )));
        }
        Self::from_text(&text)
            .map(Some)
            .ok_or_else(|| Failure::internal(format!("{} is damaged", path.display())))
    }

    /// As the file holds them. Whoever gets this text keeps it secret.
    pub fn to_text(&self) -> Result<String, Failure> {
        toml::to_string(self).map_err(Failure::internal)
    }

    pub fn from_text(text: &str) -> Option<Self> {
        toml::from_str(text).ok()
    }

    /// Puts changed secrets in the place of the old ones, whole or not at all.
    pub fn write_over(&self, data: &Path) -> Result<(), Failure> {
        let part = data.join(format!("{FILE}.part"));
        match fs::remove_file(&part) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(Failure::internal(error));
            }
            _ => {}
        }
        self.write(&part)?;
        fs::rename(&part, Self::path(data))
            .and_then(|()| fs::File::open(data)?.sync_all())
            .map_err(Failure::internal)
    }

    /// Writes them once; existing secrets are never overwritten.
    pub fn write_new(&self, data: &Path) -> Result<(), Failure> {
        self.write(&Self::path(data))
    }

    fn write(&self, path: &Path) -> Result<(), Failure> {
        let text = self.to_text()?;
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .map_err(Failure::internal)?;
        file.write_all(text.as_bytes())
            .and_then(|()| file.sync_all())
            .map_err(Failure::internal)
    }

    pub fn token_key(&self) -> &[u8] {
        self.token_secret.as_bytes()
    }

    pub fn signatures(&self) -> Result<Signatures, Failure> {
        Signatures::from_secret(&self.signing_secret)
            .ok_or_else(|| Failure::internal("signing secret is damaged"))
    }

    pub fn server_recipient(&self) -> &str {
        &self.server_recipient
    }

    /// What signed before today's key, oldest first.
    pub fn retired_public_keys(&self) -> &[RetiredKey] {
        &self.retired_public_keys
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_cannot_be_read_is_not_missing() {
        let data = std::env::temp_dir().join(format!("sanshe-secrets-{}", std::process::id()));
        fs::create_dir_all(&data).unwrap();
        assert!(Secrets::read(&data).unwrap().is_none());
        // A folder in its place cannot be read even by root.
        fs::create_dir(Secrets::path(&data)).unwrap();
        let refused = Secrets::read(&data).unwrap_err().to_string();
        fs::remove_dir_all(&data).unwrap();
        assert!(refused.contains("cannot be read"), "{refused}");
    }
}
