//! Publishing a notice.

use super::model::{Notice, PublicationId};
use super::queries;
use crate::infra::failure::Failure;
use crate::infra::store::Tx;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// Appends the next revision of a notice and moves the public pages.
pub fn publish(tx: &mut Tx, notice: &Notice<impl Serialize>) -> Result<PublicationId, Failure> {
    // serde_json's map keeps its keys sorted: the text is canonical.
    let content = serde_json::to_value(notice.content)?.to_string();
    let hash = hex::encode(Sha256::digest(&content));
    let revision = queries::last_revision(tx.db, notice.kind, notice.subject)? + 1;
    tx.move_pages();
    Ok(queries::insert(
        tx.db, notice, revision, &content, &hash, tx.now,
    )?)
}
