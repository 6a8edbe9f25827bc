//! The portal's secrets: one file, mode 600, in the data folder. Made by `sanshe init`; demo makes its own.

use super::failure::Failure;
use super::seal;
use super::signing::Signatures;
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

    /// Writes them once; existing secrets are never overwritten.
    pub fn write_new(&self, data: &Path) -> Result<(), Failure> {
        let text = self.to_text()?;
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(Self::path(data))
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

    pub fn server_identity(&self) -> &str {
        &self.server_identity
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
