//! Setting, finishing and listing clocks.

use super::model::{Clock, Period};
use crate::infra::db::{Db, columns};
use crate::kernel::people::BodyId;
use crate::schema::clocks;
use chrono::NaiveDateTime;
use diesel::prelude::*;

/// Starts a clock, or starts it anew with these dates if there is one already.
pub fn set(db: &mut Db, period: &Period) -> QueryResult<()> {
    let Period { subject, code, .. } = *period;
    let row = clocks::table.filter(
        clocks::subject_kind
            .eq(subject.0)
            .and(clocks::subject_id.eq(subject.1))
            .and(clocks::code.eq(code)),
    );
    let moved = diesel::update(row)
        .set((
            clocks::article.eq(period.article),
            clocks::starts_at.eq(period.starts_at),
            clocks::due_at.eq(period.due_at),
            clocks::done_at.eq(None::<NaiveDateTime>),
        ))
        .execute(db)?;
    if moved == 0 {
        diesel::insert_into(clocks::table)
            .values((
                clocks::subject_kind.eq(subject.0),
                clocks::subject_id.eq(subject.1),
                clocks::code.eq(code),
                clocks::article.eq(period.article),
                clocks::body_id.eq(period.body),
                clocks::starts_at.eq(period.starts_at),
                clocks::due_at.eq(period.due_at),
                clocks::is_public.eq(period.is_public),
            ))
            .execute(db)?;
    }
    Ok(())
}

pub fn finish(
    db: &mut Db,
    subject: (&str, i64),
    code: &str,
    at: NaiveDateTime,
) -> QueryResult<usize> {
    let row = clocks::table
        .filter(
            clocks::subject_kind
                .eq(subject.0)
                .and(clocks::subject_id.eq(subject.1))
                .and(clocks::code.eq(code)),
        )
        .filter(clocks::done_at.is_null());
    diesel::update(row).set(clocks::done_at.eq(at)).execute(db)
}

/// A thing's clocks in the order of their dates.
pub fn list_of(db: &mut Db, subject: (&str, i64), only_public: bool) -> QueryResult<Vec<Clock>> {
    let mut query = clocks::table
        .filter(
            clocks::subject_kind
                .eq(subject.0)
                .and(clocks::subject_id.eq(subject.1)),
        )
        .select(columns::<Clock>())
        .order((clocks::due_at, clocks::id))
        .into_boxed();
    if only_public {
        query = query.filter(clocks::is_public.eq(true));
    }
    query.load(db)
}

/// What a body still has to do, most urgent first.
pub fn list_open_of_body(db: &mut Db, body: BodyId, size: i64) -> QueryResult<Vec<Clock>> {
    clocks::table
        .filter(clocks::body_id.eq(body).and(clocks::done_at.is_null()))
        .order((clocks::due_at, clocks::id))
        .limit(size)
        .select(columns::<Clock>())
        .load(db)
}
