//! How much room a disk has.

use super::failure::Failure;
use nix::sys::statvfs::statvfs;
use std::path::Path;

#[derive(Clone, Copy, Debug)]
pub struct Space {
    /// Bytes that an ordinary user may still write.
    pub free: u64,
    pub all: u64,
}

pub fn space(folder: &Path) -> Result<Space, Failure> {
    let found = statvfs(folder)
        .map_err(|error| Failure::internal(format!("{}: {error}", folder.display())))?;
    let block = found.fragment_size();
    Ok(Space {
        free: found.blocks_available() * block,
        all: found.blocks() * block,
    })
}

/// Bytes for people, in whole gigabytes below: `12 GB`.
pub fn gigabytes(bytes: u64) -> String {
    format!("{} GB", bytes / (1024 * 1024 * 1024))
}
