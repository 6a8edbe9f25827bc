//! The outbox consumer `search`: brings the index up to date with an event's subject.

use super::documents;
use super::model::{Document, DocumentKind};
use super::queries::{self, Prepared};
use crate::infra::db::Db;
use crate::infra::failure::Failure;
use crate::infra::outbox::Job;
use crate::infra::store::Store;
use crate::infra::words::Words;
use crate::web::State;
use actix_web::web::Data;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

/// Another way to make the words of the index gets another number, and each portal makes its index anew by itself.
pub const VERSION: i64 = 1;
/// Documents in one job of the writer, so that no bid waits behind an index.
const BLOCK: usize = 200;
/// Things read at once when the whole index is made anew.
const SOURCES: i64 = 200;

pub fn reindex(state: &Data<State>, job: &Job) -> Result<(), Failure> {
    let id = job.subject_id;
    match job.topic.as_str() {
        "catalogue.published" => {
            let documents = state.store.read_blocking(documents::catalogue)?;
            replace_shown(&state.store, DocumentKind::Catalogue, documents)
        }
        "region.imported" => {
            let documents = state.store.read_blocking(documents::communities)?;
            replace_shown(&state.store, DocumentKind::Community, documents)
        }
        "provider.changed" => {
            let words = &state.words;
            let read = |db: &mut _| documents::organization(db, words, id);
            let document = state.store.read_blocking(read)?;
            put_or_remove(state, DocumentKind::Organization, id, document)
        }
        "project.published" | "project.changed" => {
            let document = state.store.read_blocking(|db| documents::project(db, id))?;
            put_or_remove(state, DocumentKind::Project, id, document)
        }
        "contract.published" => {
            let document = state
                .store
                .read_blocking(|db| documents::contract(db, id))?;
            put_or_remove(state, DocumentKind::Contract, id, document)
        }
        "search.outdated" => {
            rebuild(&state.store, &state.words, |_count| ())?;
            move_pages(&state.store)
        }
        // Nothing of it is public yet.
        _ => Ok(()),
    }
}

/// The whole index anew, from what the database holds; `told` hears how many documents there are so far.
pub fn rebuild(
    store: &Store,
    words: &Words,
    mut told: impl FnMut(usize),
) -> Result<usize, Failure> {
    let mut count = 0;
    for (kind, read) in [
        (DocumentKind::Catalogue, documents::catalogue as Whole),
        (DocumentKind::Community, documents::communities as Whole),
    ] {
        let documents = store.read_blocking(read)?;
        count += documents.len();
        replace(store, kind, documents)?;
    }
    for kind in [
        DocumentKind::Organization,
        DocumentKind::Project,
        DocumentKind::Contract,
    ] {
        let mut after = 0;
        loop {
            let (ids, block) = store.read_blocking(|db| {
                let ids = queries::list_sources(db, kind, after, SOURCES)?;
                let documents = ids.iter().map(|id| match kind {
                    DocumentKind::Organization => documents::organization(db, words, *id),
                    DocumentKind::Project => documents::project(db, *id),
                    _ => documents::contract(db, *id),
                });
                let documents: Vec<Option<Document>> = documents.collect::<Result<_, _>>()?;
                let block: Vec<Prepared> = documents
                    .into_iter()
                    .flatten()
                    .map(Prepared::from)
                    .collect();
                Ok((ids, block))
            })?;
            // After the last source only what is gone can be left.
            let until = ids.last().copied().unwrap_or(i64::MAX);
            count += block.len();
            let kept: BTreeSet<i64> = block.iter().map(|p| p.document.subject_id).collect();
            store.write_blocking(move |tx| Ok(queries::put(tx.db, &block)?))?;
            remove_others(store, kind, after + 1..=until, &kept)?;
            if ids.is_empty() {
                break;
            }
            after = until;
            told(count);
        }
    }
    Ok(count)
}

type Whole = fn(&mut Db) -> Result<Vec<Document>, Failure>;

/// A whole kind anew: what is there now goes in, what is no longer there goes out.
fn replace(store: &Store, kind: DocumentKind, documents: Vec<Document>) -> Result<(), Failure> {
    let kept: BTreeSet<i64> = documents.iter().map(|d| d.subject_id).collect();
    let prepared: Vec<Prepared> = documents.into_iter().map(Prepared::from).collect();
    for block in prepared.chunks(BLOCK) {
        let block = block.to_vec();
        store.write_blocking(move |tx| Ok(queries::put(tx.db, &block)?))?;
    }
    remove_others(store, kind, 0..=i64::MAX, &kept)
}

/// Takes out what the index still holds within the bounds beside what was kept.
fn remove_others(
    store: &Store,
    kind: DocumentKind,
    within: RangeInclusive<i64>,
    kept: &BTreeSet<i64>,
) -> Result<(), Failure> {
    let held = store.read_blocking(|db| Ok(queries::list_subjects(db, kind, within)?))?;
    let gone: Vec<i64> = held.into_iter().filter(|id| !kept.contains(id)).collect();
    for block in gone.chunks(BLOCK) {
        let block = block.to_vec();
        store.write_blocking(move |tx| Ok(queries::remove(tx.db, kind, &block)?))?;
    }
    Ok(())
}

/// The same where pages are being shown.
fn replace_shown(
    store: &Store,
    kind: DocumentKind,
    documents: Vec<Document>,
) -> Result<(), Failure> {
    replace(store, kind, documents)?;
    move_pages(store)
}

fn move_pages(store: &Store) -> Result<(), Failure> {
    store.write_blocking(|tx| {
        tx.move_pages();
        Ok(())
    })
}

fn put_or_remove(
    state: &Data<State>,
    kind: DocumentKind,
    id: i64,
    document: Option<Document>,
) -> Result<(), Failure> {
    let prepared = document.map(Prepared::from);
    state.store.write_blocking(move |tx| {
        tx.move_pages();
        match &prepared {
            Some(document) => Ok(queries::put(tx.db, std::slice::from_ref(document))?),
            None => Ok(queries::remove(tx.db, kind, &[id])?),
        }
    })
}
