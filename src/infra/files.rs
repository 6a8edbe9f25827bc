//! Files on the local disk with fsync, found by the hash of what is stored; never by the name that was typed.

use super::disk;
use super::failure::{Failure, Refusal};
use bytes::Bytes;
use chrono::NaiveDateTime;
use futures_util::{Stream, StreamExt};
use object_store::local::LocalFileSystem;
use object_store::path::Path as StorePath;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};
use sha2::{Digest, Sha256};
use std::path::Path;
use std::sync::Arc;

/// The largest single file, bytes.
pub const MAX_FILE: usize = 20 * 1024 * 1024;

#[derive(Clone)]
pub struct Files {
    store: Arc<LocalFileSystem>,
    folder: Arc<Path>,
    /// Room on the disk that only bids may use, bytes.
    keep_free: u64,
}

/// What is small is taken even when the disk is nearly full.
const SMALL: usize = 1024 * 1024;

pub struct Stored {
    pub key: String,
    pub sha256: String,
    pub size: i64,
}

/// Makes a folder that only the portal's own user may look into.
pub fn private_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

impl Files {
    pub fn open(folder: &Path, keep_free: u64) -> Result<Self, Failure> {
        private_folder(folder).map_err(Failure::internal)?;
        let store = LocalFileSystem::new_with_prefix(folder)
            .map_err(Failure::internal)?
            .with_fsync(true);
        Ok(Self {
            store: Arc::new(store),
            folder: folder.into(),
            keep_free,
        })
    }

    /// Stores what may wait for a larger disk: nothing large while only the room for bids is left.
    pub async fn put(&self, bytes: Vec<u8>) -> Result<Stored, Failure> {
        if bytes.len() > SMALL && disk::space(&self.folder)?.free < self.keep_free {
            return Err(Failure::Refused(Refusal::new("form-disk-low")));
        }
        self.put_bid(bytes).await
    }

    /// Stores bytes under their hash; the same bytes are stored once. On return they are on the disk.
    pub async fn put_bid(&self, bytes: Vec<u8>) -> Result<Stored, Failure> {
        let sha256 = hex::encode(Sha256::digest(&bytes));
        let key = format!("{}/{sha256}", sha256.get(..2).unwrap_or_default());
        let size = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
        self.store
            .put(
                &StorePath::from(key.as_str()),
                PutPayload::from(Bytes::from(bytes)),
            )
            .await
            .map_err(Failure::internal)?;
        Ok(Stored { key, sha256, size })
    }

    pub async fn get(&self, key: &str) -> Result<Vec<u8>, Failure> {
        let found = self
            .store
            .get(&StorePath::from(key))
            .await
            .map_err(Failure::internal)?;
        Ok(found.bytes().await.map_err(Failure::internal)?.to_vec())
    }

    pub async fn stream(
        &self,
        key: &str,
    ) -> Result<impl Stream<Item = Result<Bytes, object_store::Error>> + use<>, Failure> {
        Ok(self
            .store
            .get(&StorePath::from(key))
            .await
            .map_err(Failure::internal)?
            .into_stream())
    }

    /// The keys of everything stored before an instant (machine clock).
    pub async fn list_older(&self, than: NaiveDateTime) -> Result<Vec<String>, Failure> {
        let mut all = self.store.list(None);
        let mut keys = Vec::new();
        while let Some(found) = all.next().await {
            let found = found.map_err(Failure::internal)?;
            if found.last_modified.naive_utc() < than {
                keys.push(found.location.to_string());
            }
        }
        Ok(keys)
    }

    pub async fn remove(&self, key: &str) -> Result<(), Failure> {
        match self.store.delete(&StorePath::from(key)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(Failure::internal(error)),
        }
    }
}

/// What a file is by its content. Only what is listed here is taken.
pub fn media_type(bytes: &[u8]) -> Option<&'static str> {
    const TAKEN: &[&str] = &[
        "application/pdf",
        "image/jpeg",
        "image/png",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "application/msword",
        "application/vnd.ms-excel",
        "application/zip",
    ];
    let kind = infer::get(bytes)?.mime_type();
    TAKEN.iter().find(|taken| **taken == kind).copied()
}
