//! Publishing a notice.

use super::model::PublicationId;
use super::queries;
use crate::infra::failure::Failure;
use crate::infra::store::Tx;
use crate::schema::{portal, publications};
use diesel::prelude::*;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// A notice to be published; `link` is the path of its page.
pub struct Notice<'a, C> {
    pub kind: &'a str,
    pub subject: (&'a str, i64),
    pub region: Option<&'a str>,
    pub title: &'a str,
    pub link: &'a str,
    pub content: &'a C,
}

/// Appends the next revision of a notice and moves the public data version, so that caches and a second process see it.
pub fn publish(tx: &mut Tx, notice: &Notice<impl Serialize>) -> Result<PublicationId, Failure> {
    // serde_json's map keeps its keys sorted: the text is canonical.
    let content = serde_json::to_value(notice.content)?.to_string();
    let hash = hex::encode(Sha256::digest(&content));
    let revision = queries::last_revision(tx.db, notice.kind, notice.subject)? + 1;
    diesel::update(portal::table)
        .set(portal::public_version.eq(portal::public_version + 1))
        .execute(tx.db)?;
    Ok(diesel::insert_into(publications::table)
        .values((
            publications::kind.eq(notice.kind),
            publications::subject_kind.eq(notice.subject.0),
            publications::subject_id.eq(notice.subject.1),
            publications::revision.eq(revision),
            publications::region_code.eq(notice.region),
            publications::title.eq(notice.title),
            publications::content.eq(content),
            publications::hash.eq(hash),
            publications::link.eq(notice.link),
            publications::published_at.eq(tx.now),
        ))
        .returning(publications::id)
        .get_result(tx.db)?)
}
