//! Housekeeping on the disk: files that no row refers to any more, an hour at a time.

use super::failure::Failure;
use super::files::Files;
use super::mirror::Mirror;
use super::store::{Store, machine_now};
use crate::schema::{bid_files, bids, files};
use chrono::Duration;
use diesel::prelude::*;
use std::collections::HashSet;

/// A stored file that no row names may belong to a request that still runs: it is given a day.
const ORPHAN_AFTER: Duration = Duration::days(1);

pub async fn sweep(store: &Store, disk: &Files, mirror: Option<&Mirror>) -> Result<usize, Failure> {
    let stored = disk.list_older(machine_now() - ORPHAN_AFTER).await?;
    // A backup that runs copies what its snapshot named: a file outlives its row's removal by a day too.
    let still = machine_now() - ORPHAN_AFTER;
    let named: HashSet<String> = store
        .read(move |db| {
            let mut keys: Vec<String> = files::table
                .filter(files::removed_at.is_null().or(files::removed_at.gt(still)))
                .select(files::storage_key)
                .load(db)?;
            keys.extend(
                bid_files::table
                    .filter(
                        bid_files::removed_at
                            .is_null()
                            .or(bid_files::removed_at.gt(still)),
                    )
                    .select(bid_files::storage_key)
                    .load::<String>(db)?,
            );
            Ok(keys.into_iter().collect())
        })
        .await?;
    let mut removed = 0;
    for key in stored.into_iter().filter(|key| !named.contains(key)) {
        disk.remove(&key).await?;
        removed += 1;
    }
    if let Some(mirror) = mirror {
        prune(store, mirror, &named).await?;
    }
    Ok(removed)
}

/// The second disk forgets what has been erased from the database, a day after it.
async fn prune(store: &Store, mirror: &Mirror, named: &HashSet<String>) -> Result<(), Failure> {
    let still = machine_now() - ORPHAN_AFTER;
    let (mut keys, receipts) = store
        .read(move |db| {
            let keys: Vec<String> = bid_files::table
                .filter(bid_files::removed_at.le(still))
                .select(bid_files::storage_key)
                .load(db)?;
            let receipts: Vec<String> = bids::table
                .filter(bids::sealed.eq(Vec::<u8>::new()))
                .select(bids::receipt_no)
                .load(db)?;
            Ok((keys, receipts))
        })
        .await?;
    keys.retain(|key| !named.contains(key));
    mirror.prune(&keys, &receipts)
}
