//! Erasing a block of rows.

use super::model::Rows;
use crate::infra::db::Db;
use crate::on_db;
use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::Timestamp;

/// Small, so that nobody who writes waits for long.
pub const BLOCK: usize = 50;

/// At most a block; how many rows it took. In the fragments `$1` is the day before which, `$2` is now. The fragments come from our own table, never from a request.
pub fn erase(
    db: &mut Db,
    rows: &Rows,
    before: NaiveDateTime,
    now: NaiveDateTime,
) -> QueryResult<usize> {
    let sql = |place: &str| {
        let Rows {
            table,
            since,
            r#where,
            set,
            ..
        } = rows;
        let act = set.as_ref().map_or_else(
            || format!("DELETE FROM {table}"),
            |set| format!("UPDATE {table} SET {set}"),
        );
        format!(
            "{act} WHERE {place} IN (SELECT {place} FROM {table} WHERE {since} < $1 AND $1 <= $2 AND ({where}) LIMIT {BLOCK})"
        )
    };
    on_db!(db,
        sqlite conn => sql_query(sql("rowid").replace('$', "?")).bind::<Timestamp, _>(before).bind::<Timestamp, _>(now).execute(conn),
        postgres conn => sql_query(sql("ctid")).bind::<Timestamp, _>(before).bind::<Timestamp, _>(now).execute(conn)
    )
}
