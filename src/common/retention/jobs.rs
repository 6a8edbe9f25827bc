//! The worker: class by class, a block at a time, so that other writes pass between.

use super::actions;
use crate::infra::failure::Failure;
use crate::infra::store::Store;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Others write between two blocks.
const PAUSE: Duration = Duration::from_millis(20);

/// Erases whatever is past its time, until `stop`; how many rows. One class that fails does not hold up the others.
pub fn erase_due(store: &Store, stop: &AtomicBool) -> Result<usize, Failure> {
    let mut erased = 0;
    let mut failed = None;
    for class in actions::classes() {
        let Some(keep) = class.keep else { continue };
        for rows in &class.rows {
            let mut has_more = true;
            while has_more && !stop.load(Ordering::SeqCst) {
                let block = store.write_blocking(move |tx| actions::erase_block(tx, rows, keep));
                match block {
                    Ok((count, more)) => {
                        erased += count;
                        has_more = more;
                        if more {
                            std::thread::sleep(PAUSE);
                        }
                    }
                    Err(error) => {
                        tracing::error!(class = %class.code, table = %rows.table, %error, "erasing failed");
                        failed = Some(error);
                        has_more = false;
                    }
                }
            }
        }
    }
    match failed {
        Some(error) => Err(error),
        None => Ok(erased),
    }
}
