//! Reading notices.

use super::model::{Notice, Publication, PublicationId};
use crate::infra::db::{Db, columns};
use crate::schema::publications;
use chrono::NaiveDateTime;
use diesel::prelude::*;

pub fn find(db: &mut Db, id: PublicationId) -> QueryResult<Publication> {
    publications::table
        .find(id)
        .select(columns::<Publication>())
        .first(db)
}

/// The newest notices, of one kind or of all.
pub fn list_newest(db: &mut Db, kinds: &[&str], size: i64) -> QueryResult<Vec<Publication>> {
    let mut query = publications::table
        .order((publications::published_at.desc(), publications::id.desc()))
        .limit(size)
        .select(columns::<Publication>())
        .into_boxed();
    if !kinds.is_empty() {
        query = query.filter(
            publications::kind.eq_any(
                kinds
                    .iter()
                    .map(|kind| (*kind).to_owned())
                    .collect::<Vec<_>>(),
            ),
        );
    }
    query.load(db)
}

/// Notices of a kind or of all, the newest first, after the last one seen.
pub fn list_public(
    db: &mut Db,
    kind: Option<&str>,
    after: Option<(NaiveDateTime, PublicationId)>,
    size: i64,
) -> QueryResult<Vec<Publication>> {
    let mut query = publications::table
        .order((publications::published_at.desc(), publications::id.desc()))
        .limit(size)
        .select(columns::<Publication>())
        .into_boxed();
    if let Some(kind) = kind {
        query = query.filter(publications::kind.eq(kind.to_owned()));
    }
    if let Some((at, id)) = after {
        query = query.filter(publications::published_at.le(at)).filter(
            publications::published_at
                .lt(at)
                .or(publications::id.lt(id)),
        );
    }
    query.load(db)
}

pub fn list_of_subject(db: &mut Db, subject: (&str, i64)) -> QueryResult<Vec<Publication>> {
    publications::table
        .filter(
            publications::subject_kind
                .eq(subject.0)
                .and(publications::subject_id.eq(subject.1)),
        )
        .order(publications::id)
        .select(columns::<Publication>())
        .load(db)
}

pub fn last_revision(db: &mut Db, kind: &str, subject: (&str, i64)) -> QueryResult<i64> {
    let last: Option<i64> = publications::table
        .filter(publications::kind.eq(kind))
        .filter(
            publications::subject_kind
                .eq(subject.0)
                .and(publications::subject_id.eq(subject.1)),
        )
        .select(diesel::dsl::max(publications::revision))
        .first(db)?;
    Ok(last.unwrap_or(0))
}

pub fn insert<C>(
    db: &mut Db,
    notice: &Notice<C>,
    revision: i64,
    content: &str,
    hash: &str,
    at: NaiveDateTime,
) -> QueryResult<PublicationId> {
    diesel::insert_into(publications::table)
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
            publications::published_at.eq(at),
        ))
        .returning(publications::id)
        .get_result(db)
}
