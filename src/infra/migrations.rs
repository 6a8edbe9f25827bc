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

/// Takes every table back, whatever lies in it, and sets the empty ones up again.
pub fn empty(url: &DatabaseUrl) -> Result<(), Failure> {
    take_back(url)?;
    migrate(url).map(drop)
}

/// Takes every table back, whatever lies in it.
pub fn take_back(url: &DatabaseUrl) -> Result<(), Failure> {
    let mut db = url.connect(Purpose::Write).map_err(Failure::internal)?;
    match &mut db {
        Db::Sqlite(conn) => {
            conn.batch_execute("PRAGMA foreign_keys=OFF")?;
            conn.revert_all_migrations(SQLITE)
                .map_err(Failure::internal)?;
        }
        Db::Postgres(conn) => {
            conn.revert_all_migrations(POSTGRES)
                .map_err(Failure::internal)?;
        }
    }
    Ok(())
}

#[derive(diesel::QueryableByName)]
struct Version {
    #[diesel(sql_type = diesel::sql_types::Text)]
    version: String,
}

/// The migrations that have run, in order.
pub fn applied(db: &mut Db) -> Result<Vec<String>, Failure> {
    let applied: Vec<Version> =
        diesel::sql_query("SELECT version FROM __diesel_schema_migrations ORDER BY version")
            .load(db)?;
    Ok(applied.into_iter().map(|row| row.version).collect())
}

/// Refuses a schema that this program does not know: only a newer one could have made it.
pub fn refuse_unknown(schema: &[String]) -> Result<(), Failure> {
    let known = versions::<diesel::sqlite::Sqlite>(&SQLITE)?;
    if schema.iter().all(|version| known.contains(version)) {
        Ok(())
    } else {
        Err(Failure::internal("its schema is newer than this program"))
    }
}

/// Brings an empty database to a schema of the past: these migrations and no others.
pub fn migrate_to(url: &DatabaseUrl, schema: &[String]) -> Result<(), Failure> {
    let mut db = url.connect(Purpose::Write).map_err(Failure::internal)?;
    match &mut db {
        Db::Sqlite(conn) => run_some::<diesel::sqlite::Sqlite, _>(conn, &SQLITE, schema),
        Db::Postgres(conn) => run_some::<diesel::pg::Pg, _>(conn, &POSTGRES, schema),
    }
}

fn run_some<DB, C>(
    conn: &mut C,
    source: &EmbeddedMigrations,
    schema: &[String],
) -> Result<(), Failure>
where
    DB: diesel::backend::Backend,
    C: MigrationHarness<DB>,
    EmbeddedMigrations: MigrationSource<DB>,
{
    let known: Vec<Box<dyn Migration<DB>>> = source.migrations().map_err(Failure::internal)?;
    // Asking makes the table of migrations, which each of them is then written into.
    conn.applied_migrations().map_err(Failure::internal)?;
    known
        .iter()
        .filter(|migration| schema.contains(&migration.name().version().to_string()))
        .try_for_each(|migration| {
            conn.run_migration(migration)
                .map(drop)
                .map_err(Failure::internal)
        })
}

/// Whether exactly this program's migrations have run, without writing anything.
pub fn is_current(db: &mut Db) -> Result<bool, Failure> {
    let mut applied = applied(db)?;
    let mut known = match db {
        Db::Sqlite(_) => versions::<diesel::sqlite::Sqlite>(&SQLITE)?,
        Db::Postgres(_) => versions::<diesel::pg::Pg>(&POSTGRES)?,
    };
    applied.sort();
    known.sort();
    Ok(applied == known)
}

fn versions<DB: diesel::backend::Backend>(
    source: &EmbeddedMigrations,
) -> Result<Vec<String>, Failure>
where
    EmbeddedMigrations: MigrationSource<DB>,
{
    let known: Vec<Box<dyn Migration<DB>>> = source.migrations().map_err(Failure::internal)?;
    Ok(known
        .iter()
        .map(|migration| migration.name().version().to_string())
        .collect())
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
    let known = versions(&source)?;
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
