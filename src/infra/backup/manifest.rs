//! What a backup says of itself: the last entries of the tar.

use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::io::{self, Read, Write};

/// Grows when an older program could no longer read what is written.
pub const FORMAT: u32 = 1;
pub const MANIFEST: &str = "manifest.json";
pub const SIGNATURE: &str = "signature.json";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub format: u32,
    /// The program that wrote it.
    pub program: String,
    pub made_at: NaiveDateTime,
    /// `demo` or `live`.
    pub kind: String,
    pub instance: String,
    /// The migrations that had run.
    pub schema: Vec<String>,
    pub tables: Vec<TablePart>,
    pub files: Vec<FilePart>,
    /// Files that rows name and that were not on the disk, or not as they were stored.
    pub missing: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TablePart {
    pub name: String,
    pub rows: u64,
    pub size: u64,
    pub sha256: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilePart {
    pub key: String,
    pub size: u64,
    pub sha256: String,
}

impl Manifest {
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|table| table.rows).sum()
    }

    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }
}

/// The portal's signature over the manifest's bytes.
#[derive(Serialize, Deserialize)]
pub struct Signed {
    pub public_key: String,
    pub signature: String,
}

/// Counts and hashes what passes through, on its way in or out.
pub struct Hashing<T> {
    pub inner: T,
    hash: Sha256,
    size: u64,
}

impl<T> Hashing<T> {
    pub fn new(inner: T) -> Self {
        Self {
            inner,
            hash: Sha256::new(),
            size: 0,
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
        self.size += bytes.len() as u64;
    }

    /// What is inside, how much passed and its hash.
    pub fn finish(self) -> (T, u64, String) {
        (self.inner, self.size, hex::encode(self.hash.finalize()))
    }
}

impl<T: Read> Read for Hashing<T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = self.inner.read(buffer)?;
        self.take(buffer.get(..got).unwrap_or_default());
        Ok(got)
    }
}

impl<T: Write> Write for Hashing<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.take(bytes.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
