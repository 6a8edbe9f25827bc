//! Migrations: up, down and up again on a database with rows in it; a newer database is refused.

use crate::on_both;
use crate::support::{Database, Portal};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel_migrations::MigrationHarness;
use sanshe::infra::db::{DatabaseUrl, Db, Purpose};
use sanshe::infra::migrations::{self, Migrated};

#[derive(diesel::QueryableByName)]
struct Text {
    #[diesel(sql_type = diesel::sql_types::Text)]
    text: String,
}

/// Every table, column and index of the database, as text.
fn shape(db: &mut Db) -> Vec<String> {
    let rows: Vec<Text> = match db {
        Db::Sqlite(conn) => diesel::sql_query(
            "SELECT type || ' ' || name || ' ' || COALESCE(sql, '') AS text FROM sqlite_master \
             WHERE name NOT LIKE 'sqlite_%' AND name NOT LIKE '\\_\\_diesel%' ESCAPE '\\' ORDER BY 1",
        )
        .load(conn)
        .unwrap(),
        Db::Postgres(conn) => diesel::sql_query(
            "SELECT text FROM (SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable AS text \
             FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '\\_\\_diesel%' \
             UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename NOT LIKE '\\_\\_diesel%' \
             UNION ALL SELECT conname || ' ' || pg_get_constraintdef(c.oid) FROM pg_constraint c \
             JOIN pg_namespace n ON n.oid = c.connamespace WHERE n.nspname = 'public' AND conname NOT LIKE '\\_\\_diesel%') AS shape ORDER BY 1",
        )
        .load(conn)
        .unwrap(),
    };
    rows.into_iter().map(|row| row.text).collect()
}

fn down_all(db: &mut Db) {
    match db {
        Db::Sqlite(conn) => {
            conn.batch_execute("PRAGMA foreign_keys=OFF").unwrap();
            conn.revert_all_migrations(migrations::SQLITE)
                .map(drop)
                .unwrap();
        }
        Db::Postgres(conn) => conn
            .revert_all_migrations(migrations::POSTGRES)
            .map(drop)
            .unwrap(),
    }
}

/// All the way down, which leaves nothing, and up to the same shape; whatever rows there were.
pub fn there_and_back(db: &mut Db, url: &DatabaseUrl) {
    let before = shape(db);
    assert!(before.len() > 60, "{}", before.len());
    down_all(db);
    assert_eq!(
        shape(db),
        Vec::<String>::new(),
        "something is left after going down"
    );
    assert!(matches!(migrations::migrate(url).unwrap(), Migrated::Ran(n) if n > 5));
    assert_eq!(shape(db), before);
    assert_eq!(migrations::migrate(url).unwrap(), Migrated::UpToDate);
}

/// The digits are what a database remembers of a migration: of two with the same, one would never run.
#[test]
fn no_two_migrations_share_their_digits() {
    for folder in ["sqlite", "postgres"] {
        let folder = format!("{}/migrations/{folder}", env!("CARGO_MANIFEST_DIR"));
        let mut seen = std::collections::BTreeSet::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let digits = name.split('_').next().unwrap().to_owned();
            assert!(seen.insert(digits), "{name}");
        }
    }
}

fn up_down_up(database: Database) {
    let mut portal = Portal::start(database);
    portal.may_leave_jobs = true;
    let url = portal.state.store.url().clone();
    there_and_back(&mut url.connect(Purpose::Write).unwrap(), &url);
}

fn a_newer_database_is_refused(database: Database) {
    let mut portal = Portal::start(database);
    portal.may_leave_jobs = true;
    let url = portal.state.store.url().clone();
    let mut db = url.connect(Purpose::Write).unwrap();
    db.batch_execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('20991231000000')")
        .unwrap();
    let error = migrations::migrate(&url).unwrap_err().to_string();
    assert_eq!(error, "the database is newer than this program");
}

on_both!(up_down_up, a_newer_database_is_refused);
