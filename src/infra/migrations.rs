//! Bringing a database to this program's schema, and refusing one that is newer.

use super::db::{DatabaseUrl, Db, Purpose};
use super::failure::Failure;
use diesel::connection::SimpleConnection;
use diesel::migration::{Migration, MigrationSource};
use diesel::prelude::*;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

pub const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
pub const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

#[derive(Debug, PartialEq, Eq)]
pub enum Migrated {
    UpToDate,
    Ran(usize),
}

/// Runs what is pending. A database with migrations that this program does not know is refused untouched.
pub fn migrate(url: &DatabaseUrl) -> Result<Migrated, Failure> {
    let mut db = url.connect(Purpose::Write).map_err(Failure::internal)?;
    match &mut db {
        Db::Sqlite(conn) => {
            // A table rebuilt under foreign_keys=ON would delete its cascading children.
            conn.batch_execute("PRAGMA foreign_keys=OFF")?;
            let ran = run::<diesel::sqlite::Sqlite, _>(conn, SQLITE)?;
            let broken: Vec<Broken> =
                diesel::sql_query("SELECT \"table\" AS name FROM pragma_foreign_key_check")
                    .load(conn)?;
            if let Some(row) = broken.first() {
                return Err(Failure::internal(format!(
                    "foreign keys broken after migration: {}",
                    row.name
                )));
            }
            Ok(ran)
        }
        Db::Postgres(conn) => run::<diesel::pg::Pg, _>(conn, POSTGRES),
    }
}

#[derive(diesel::QueryableByName)]
struct Broken {
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
}

fn run<DB, C>(conn: &mut C, source: EmbeddedMigrations) -> Result<Migrated, Failure>
where
    DB: diesel::backend::Backend,
    C: MigrationHarness<DB>,
    EmbeddedMigrations: MigrationSource<DB>,
{
    let known: Vec<Box<dyn Migration<DB>>> = source.migrations().map_err(Failure::internal)?;
    let known: Vec<String> = known
        .iter()
        .map(|m| m.name().version().to_string())
        .collect();
    let applied = conn.applied_migrations().map_err(Failure::internal)?;
    if applied
        .iter()
        .any(|version| !known.contains(&version.to_string()))
    {
        return Err(Failure::internal("the database is newer than this program"));
    }
    match conn
        .run_pending_migrations(source)
        .map_err(Failure::internal)?
        .len()
    {
        0 => Ok(Migrated::UpToDate),
        ran => Ok(Migrated::Ran(ran)),
    }
}
