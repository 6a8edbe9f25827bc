//! Timed work: drafts that can no longer be submitted are erased (the sweep then takes the bytes of their files).

use super::queries;
use crate::infra::failure::Failure;
use crate::procurement::tenders::TenderState;
use crate::web::State;
use actix_web::web::Data;

/// One round; how much was done.
pub fn run_due(state: &Data<State>) -> Result<usize, Failure> {
    erase_drafts(state)
}

/// A draft lives as long as its tender may still receive (a held one may be extended).
fn erase_drafts(state: &Data<State>) -> Result<usize, Failure> {
    const LIVE: [TenderState; 3] = [TenderState::Draft, TenderState::Open, TenderState::Held];
    let forgotten = state
        .store
        .read_blocking(|db| Ok(queries::list_stale_drafts(db, &LIVE)?))?;
    let count = forgotten.len();
    for (tender, bidder, version) in forgotten {
        state.store.write_blocking(move |tx| {
            queries::delete_draft(tx.db, tender, bidder, version)?;
            let at = tx.machine_now();
            for file in queries::list_draft_files(tx.db, tender, bidder)? {
                queries::remove_draft_file(tx.db, tender, bidder, &file.cipher_sha256, at)?;
            }
            Ok(())
        })?;
    }
    Ok(count)
}
