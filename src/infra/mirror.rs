//! A second disk that has every acknowledged bid, as ciphertext, before its receipt goes out.

use super::failure::Failure;
use super::files::private_folder;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

#[derive(Clone)]
pub struct Mirror {
    folder: PathBuf,
    /// Where the files lie already.
    files: PathBuf,
}

impl Mirror {
    pub fn new(folder: &Path, data: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            files: data.join("files"),
        }
    }

    /// Writes a sealed bid under its receipt's number, and its sealed files under their hashes; on return they are on
    /// the second disk. Blocking.
    pub fn keep(&self, receipt_no: &str, sealed: &[u8], files: &[String]) -> Result<(), Failure> {
        for hash in files {
            let drawer = hash.get(..2).unwrap_or_default();
            let kept = self.folder.join("files").join(drawer).join(hash);
            if !kept.exists() {
                let bytes =
                    fs::read(self.files.join(drawer).join(hash)).map_err(Failure::internal)?;
                put(&kept, &bytes)?;
            }
        }
        put(
            &self.folder.join("bids").join(format!("{receipt_no}.age")),
            sealed,
        )
    }

    /// Takes a bid away again that was not taken in: nobody was told that it is there.
    pub fn forget(&self, receipt_no: &str) {
        drop(fs::remove_file(
            self.folder.join("bids").join(format!("{receipt_no}.age")),
        ));
    }

    /// Takes away what the law does not want kept: files that no bid has any more, and bids that were withdrawn. What
    /// the database does not know stays: it may be younger than the backup that was restored. Blocking.
    pub fn prune(&self, keys: &[String], receipts: &[String]) -> Result<(), Failure> {
        let files = keys.iter().map(|key| self.folder.join("files").join(key));
        let bids = receipts
            .iter()
            .map(|no| self.folder.join("bids").join(format!("{no}.age")));
        for path in files.chain(bids) {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(at(&path, error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The receipts' numbers of the bids that lie here.
    pub fn list(&self) -> Result<Vec<String>, Failure> {
        let folder = self.folder.join("bids");
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(at(&folder, error)),
        };
        Ok(entries
            .filter_map(Result::ok)
            .filter_map(|entry| {
                let name = entry.file_name().into_string().ok()?;
                name.strip_suffix(".age").map(str::to_owned)
            })
            .collect())
    }

    /// Whether it can be written to, before a bid finds out.
    pub fn probe(&self) -> Result<(), Failure> {
        let path = self.folder.join(".probe");
        put(&path, b"")?;
        fs::remove_file(&path).map_err(|error| at(&path, error))
    }
}

fn at(path: &Path, error: impl std::fmt::Display) -> Failure {
    Failure::internal(format!("{}: {error}", path.display()))
}

/// Under a temporary name first: half a bid never has a bid's name.
fn put(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let part = path.with_extension("part");
    let write = || {
        private_folder(folder)?;
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&part)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&part, path)?;
        File::open(folder)?.sync_all()
    };
    write().map_err(|error| at(path, error))
}
