//! Any table of either database as lines of JSON, the same bytes for the same rows, and back.

use crate::infra::db::Db;
use crate::infra::failure::Failure;
use crate::on_db;
use chrono::NaiveDateTime;
use diesel::connection::DefaultLoadingMode;
use diesel::pg::PgRowByRowLoadingMode;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Text};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Made anew from the other tables, and the list of migrations, which the manifest has.
pub const DERIVED: &[&str] = &[
    "search_documents",
    "search_terms",
    "__diesel_schema_migrations",
];

/// An instant as both databases write it: UTC, with as many digits as it needs.
const INSTANT: &str = "%F %T%.f";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Number,
    Text,
    Instant,
    Day,
    Bool,
    Bytes,
}

impl Kind {
    fn read(declared: &str) -> Option<Self> {
        Some(match declared.to_lowercase().as_str() {
            "integer" | "bigint" => Self::Number,
            "text" => Self::Text,
            "timestamp" | "timestamp without time zone" => Self::Instant,
            "date" => Self::Day,
            "boolean" => Self::Bool,
            "blob" | "bytea" => Self::Bytes,
            _ => return None,
        })
    }

    /// As `PostgreSQL` reads it out of JSON; bytes come as hexadecimal.
    const fn postgres(self) -> &'static str {
        match self {
            Self::Number => "bigint",
            Self::Text | Self::Bytes => "text",
            Self::Instant => "timestamp",
            Self::Day => "date",
            Self::Bool => "boolean",
        }
    }
}

#[derive(Clone, Debug)]
pub struct Table {
    pub name: String,
    columns: Vec<(String, Kind)>,
    /// The primary key's columns, in its order.
    key: Vec<String>,
}

#[derive(QueryableByName)]
struct ColumnRow {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    declared: String,
    /// The place in the primary key; zero for a column outside it.
    #[diesel(sql_type = BigInt)]
    place: i64,
}

#[derive(QueryableByName)]
struct Reference {
    #[diesel(sql_type = Text)]
    from_table: String,
    #[diesel(sql_type = Text)]
    to_table: String,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// All tables but the derived ones, each after those that it refers to.
pub fn list(db: &mut Db) -> Result<Vec<Table>, Failure> {
    let columns: Vec<ColumnRow> = on_db!(&mut *db,
        sqlite conn => sql_query(
            "SELECT t.name AS table_name, c.name AS name, c.type AS declared, c.pk AS place \
             FROM pragma_table_list t JOIN pragma_table_info(t.name) c \
             WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
             ORDER BY t.name, c.cid",
        ).load(conn)?,
        postgres conn => sql_query(
            "SELECT t.relname::text AS table_name, a.attname::text AS name, \
               format_type(a.atttypid, NULL)::text AS declared, \
               COALESCE(array_position(i.indkey::int2[], a.attnum) + 1, 0)::bigint AS place \
             FROM pg_class t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped \
             LEFT JOIN pg_index i ON i.indrelid = t.oid AND i.indisprimary \
             WHERE t.relkind = 'r' AND t.relnamespace = current_schema()::regnamespace \
             ORDER BY t.relname, a.attnum",
        ).load(conn)?
    );
    let references: Vec<Reference> = on_db!(&mut *db,
        sqlite conn => sql_query(
            "SELECT t.name AS from_table, f.\"table\" AS to_table \
             FROM pragma_table_list t JOIN pragma_foreign_key_list(t.name) f \
             WHERE t.schema = 'main' AND t.type = 'table'",
        ).load(conn)?,
        postgres conn => sql_query(
            "SELECT f.relname::text AS from_table, t.relname::text AS to_table FROM pg_constraint c \
             JOIN pg_class f ON f.oid = c.conrelid JOIN pg_class t ON t.oid = c.confrelid \
             WHERE c.contype = 'f' AND c.connamespace = current_schema()::regnamespace",
        ).load(conn)?
    );
    in_order(gather(columns)?, &references)
}

fn gather(columns: Vec<ColumnRow>) -> Result<BTreeMap<String, Table>, Failure> {
    let mut tables: BTreeMap<String, Table> = BTreeMap::new();
    let mut keys: BTreeMap<String, BTreeMap<i64, String>> = BTreeMap::new();
    for row in columns {
        if DERIVED.contains(&row.table_name.as_str()) {
            continue;
        }
        let kind = Kind::read(&row.declared).ok_or_else(|| {
            Failure::internal(format!(
                "{}.{}: no backup of a column of type {}",
                row.table_name, row.name, row.declared
            ))
        })?;
        if row.place > 0 {
            let key = keys.entry(row.table_name.clone()).or_default();
            key.insert(row.place, row.name.clone());
        }
        let table = tables
            .entry(row.table_name.clone())
            .or_insert_with(|| Table {
                name: row.table_name,
                columns: Vec::new(),
                key: Vec::new(),
            });
        table.columns.push((row.name, kind));
    }
    for (name, table) in &mut tables {
        table.key = keys
            .remove(name)
            .ok_or_else(|| Failure::internal(format!("table {name} has no primary key")))?
            .into_values()
            .collect();
    }
    Ok(tables)
}

fn in_order(
    mut waiting: BTreeMap<String, Table>,
    references: &[Reference],
) -> Result<Vec<Table>, Failure> {
    let mut ordered = Vec::new();
    while !waiting.is_empty() {
        let ready: BTreeSet<String> = waiting
            .keys()
            .filter(|name| {
                references.iter().all(|reference| {
                    &reference.from_table != *name
                        || reference.to_table == reference.from_table
                        || !waiting.contains_key(&reference.to_table)
                })
            })
            .cloned()
            .collect();
        if ready.is_empty() {
            let names: Vec<&String> = waiting.keys().collect();
            return Err(Failure::internal(format!(
                "tables that refer to each other in a circle: {names:?}"
            )));
        }
        ordered.extend(ready.iter().filter_map(|name| waiting.remove(name)));
    }
    Ok(ordered)
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

impl Table {
    pub fn count(&self, db: &mut Db) -> Result<u64, Failure> {
        let count: Number = sql_query(format!(
            "SELECT COUNT(*) AS number FROM {}",
            quoted(&self.name)
        ))
        .get_result(db)?;
        u64::try_from(count.number).map_err(Failure::internal)
    }

    /// Every row by its key, as a canonical line without its line break; one row in memory at a time.
    pub fn read(
        &self,
        db: &mut Db,
        mut each: impl FnMut(&str) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let sql = self.select(db);
        on_db!(db,
            sqlite conn => for row in sql_query(sql).load_iter::<Line, DefaultLoadingMode>(conn)? {
                each(&self.canonical(&row?.line)?)?;
            },
            postgres conn => for row in sql_query(sql).load_iter::<Line, PgRowByRowLoadingMode>(conn)? {
                each(&self.canonical(&row?.line)?)?;
            }
        );
        Ok(())
    }

    fn select(&self, db: &Db) -> String {
        let is_sqlite = matches!(db, Db::Sqlite(_));
        let parts: Vec<String> = self
            .columns
            .iter()
            .map(|(name, kind)| {
                let column = quoted(name);
                let value = match (kind, is_sqlite) {
                    (Kind::Bytes, true) => {
                        format!("CASE WHEN {column} IS NULL THEN NULL ELSE hex({column}) END")
                    }
                    (Kind::Bytes, false) => format!("encode({column}, 'hex')"),
                    (Kind::Instant | Kind::Day, false) => format!("{column}::text"),
                    _ => column,
                };
                format!("'{}', {value}", name.replace('\'', "''"))
            })
            .collect();
        let order: Vec<String> = self
            .key
            .iter()
            .map(|name| {
                let is_text = self.columns.contains(&(name.clone(), Kind::Text));
                // The databases' own orders of text differ; bytes are the same everywhere.
                let collation = match (is_text, is_sqlite) {
                    (true, true) => " COLLATE BINARY",
                    (true, false) => " COLLATE \"C\"",
                    (false, _) => "",
                };
                format!("{}{collation}", quoted(name))
            })
            .collect();
        let object = if is_sqlite {
            "json_object"
        } else {
            "json_build_object"
        };
        let text = if is_sqlite { "" } else { "::text" };
        format!(
            "SELECT {object}({}){text} AS line FROM {} ORDER BY {}",
            parts.join(", "),
            quoted(&self.name),
            order.join(", ")
        )
    }

    /// The same bytes for the same row, whichever database it came from: names in order, one way to write each kind.
    fn canonical(&self, line: &str) -> Result<String, Failure> {
        let mut row: BTreeMap<String, Value> = serde_json::from_str(line)?;
        for (name, kind) in &self.columns {
            let Some(value) = row.get_mut(name).filter(|value| !value.is_null()) else {
                continue;
            };
            *value = written(*kind, value).ok_or_else(|| {
                Failure::internal(format!("{}.{name}: a value of another kind", self.name))
            })?;
        }
        Ok(serde_json::to_string(&row)?)
    }

    /// Puts lines in, as one statement; their columns must be the table's.
    pub fn insert(&self, db: &mut Db, lines: &[String]) -> Result<(), Failure> {
        let Some(first) = lines.first() else {
            return Ok(());
        };
        let row: BTreeMap<String, Value> = serde_json::from_str(first)?;
        let own: BTreeSet<&String> = self.columns.iter().map(|(name, _)| name).collect();
        if row.keys().collect::<BTreeSet<_>>() != own {
            return Err(Failure::internal(format!(
                "table {}: the backup's columns are not those of its schema",
                self.name
            )));
        }
        let all = format!("[{}]", lines.join(","));
        let names: Vec<String> = self.columns.iter().map(|(name, _)| quoted(name)).collect();
        let names = names.join(", ");
        let written = on_db!(db,
            sqlite conn => sql_query(format!(
                "INSERT INTO {} ({names}) SELECT {} FROM json_each(?)",
                quoted(&self.name),
                self.out_of_json(|name, kind| {
                    let value = format!("json_extract(value, '$.{}')", quoted(name).replace('\'', "''"));
                    if kind == Kind::Bytes { format!("unhex({value})") } else { value }
                }),
            )).bind::<Text, _>(all).execute(conn)?,
            postgres conn => sql_query(format!(
                "INSERT INTO {} ({names}) SELECT {} FROM json_to_recordset($1::json) AS r ({})",
                quoted(&self.name),
                self.out_of_json(|name, kind| if kind == Kind::Bytes {
                    format!("decode({}, 'hex')", quoted(name))
                } else {
                    quoted(name)
                }),
                self.out_of_json(|name, kind| format!("{} {}", quoted(name), kind.postgres())),
            )).bind::<Text, _>(all).execute(conn)?
        );
        if written == lines.len() {
            Ok(())
        } else {
            Err(Failure::internal(format!(
                "table {}: {written} of {} rows went in",
                self.name,
                lines.len()
            )))
        }
    }

    fn out_of_json(&self, of: impl Fn(&str, Kind) -> String) -> String {
        let parts: Vec<String> = self
            .columns
            .iter()
            .map(|(name, kind)| of(name, *kind))
            .collect();
        parts.join(", ")
    }

    /// `PostgreSQL` counts ids beside the rows: the count goes on behind the highest.
    pub fn reset_sequence(&self, db: &mut Db) -> Result<(), Failure> {
        let Db::Postgres(conn) = db else {
            return Ok(());
        };
        if !self.columns.contains(&("id".into(), Kind::Number)) {
            return Ok(());
        }
        let table = quoted(&self.name);
        sql_query(format!(
            "SELECT setval(sequence, COALESCE((SELECT MAX(id) FROM {table}), 0) + 1, false) \
             FROM (SELECT pg_get_serial_sequence($1, 'id') AS sequence) s WHERE sequence IS NOT NULL"
        ))
        .bind::<Text, _>(&table)
        .execute(conn)?;
        Ok(())
    }
}

fn written(kind: Kind, value: &Value) -> Option<Value> {
    Some(match kind {
        Kind::Number => Value::from(value.as_i64()?),
        Kind::Text | Kind::Day => Value::from(value.as_str()?),
        Kind::Bool => Value::from(value.as_bool().or_else(|| Some(value.as_i64()? != 0))?),
        Kind::Bytes => Value::from(value.as_str()?.to_lowercase()),
        Kind::Instant => {
            let at = NaiveDateTime::parse_from_str(value.as_str()?, INSTANT).ok()?;
            Value::from(at.format(INSTANT).to_string())
        }
    })
}
