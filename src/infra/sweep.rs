//! Housekeeping: what nobody refers to any more, an hour at a time.

use super::failure::Failure;
use super::files::Files;
use super::store::{Store, machine_now};
use crate::schema::{bid_files, events, files, jobs, once_keys, replies, tokens};
use chrono::Duration;
use diesel::prelude::*;
use std::collections::HashSet;

/// Form tokens and idempotency keys are honoured this long (machine clock).
const ONCE_FOR: Duration = Duration::hours(24);
/// A stored file that no row names may belong to a request that still runs: it is given a day.
const ORPHAN_AFTER: Duration = Duration::days(1);
const DONE_JOBS_FOR: Duration = Duration::days(30);

pub async fn sweep(store: &Store, disk: &Files) -> Result<usize, Failure> {
    store
        .write(|tx| {
            let now = tx.machine_now();
            diesel::delete(once_keys::table.filter(once_keys::at.lt(now - ONCE_FOR)))
                .execute(tx.db)?;
            diesel::delete(replies::table.filter(replies::at.lt(now - ONCE_FOR))).execute(tx.db)?;
            diesel::delete(tokens::table.filter(tokens::expires_at.lt(now - ONCE_FOR)))
                .execute(tx.db)?;
            diesel::delete(jobs::table.filter(jobs::done_at.lt(now - DONE_JOBS_FOR)))
                .execute(tx.db)?;
            // Letters hold addresses: an event goes with its last job.
            diesel::delete(
                events::table
                    .filter(events::at.lt(now - DONE_JOBS_FOR))
                    .filter(events::id.ne_all(jobs::table.select(jobs::event_id))),
            )
            .execute(tx.db)?;
            Ok(())
        })
        .await?;
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
    Ok(removed)
}
