//! One connection type for both databases, chosen by the URL's scheme, and its pool.

use diesel::connection::SimpleConnection;
use diesel::r2d2::{ManageConnection, Pool, PooledConnection};
use diesel::{Connection, ConnectionError, PgConnection, SqliteConnection};
use std::time::Duration;

#[derive(diesel::MultiConnection)]
pub enum Db {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

pub type Backend = MultiBackend;
pub type DbPool = Pool<Manager>;
pub type Pooled = PooledConnection<Manager>;

/// The columns of `T` as a `RETURNING` list: `Model::as_returning()` does not exist for two backends at once.
pub fn columns<T: diesel::Selectable<Backend>>() -> T::SelectExpression {
    T::construct_selection()
}

/// Runs one expression on the concrete connection, for the few queries whose SQL differs by dialect.
#[macro_export]
macro_rules! on_db {
    ($db:expr, $conn:ident => $body:expr) => {
        match $db {
            $crate::infra::db::Db::Sqlite($conn) => $body,
            $crate::infra::db::Db::Postgres($conn) => $body,
        }
    };
    ($db:expr, sqlite $s:ident => $sqlite:expr, postgres $p:ident => $postgres:expr) => {
        match $db {
            $crate::infra::db::Db::Sqlite($s) => $sqlite,
            $crate::infra::db::Db::Postgres($p) => $postgres,
        }
    };
}

/// Escapes what [`containing`] and [`beginning`] make: `.like(pattern).escape(ESCAPE)`, the same on both databases.
pub const ESCAPE: char = '!';

/// A LIKE pattern for text as it was typed, anywhere: `%` and `_` stand for themselves.
pub fn containing(text: &str) -> String {
    format!("%{}", beginning(text))
}

/// The same for text at the beginning.
pub fn beginning(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        if matches!(c, '%' | '_' | ESCAPE) {
            pattern.push(ESCAPE);
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

diesel::define_sql_function! {
    /// Every `from` in the text becomes `to`.
    fn replace(text: diesel::sql_types::Text, from: diesel::sql_types::Text, to: diesel::sql_types::Text) -> diesel::sql_types::Text;
}

diesel::define_sql_function! {
    /// Both databases fold ASCII at least; Han characters have no case.
    fn lower(text: diesel::sql_types::Text) -> diesel::sql_types::Text;
}

/// What a connection is for: `SQLite` readers refuse to write, its one writer has a larger cache.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    Read,
    Write,
}

/// Where the data lies: `sqlite://path` or `postgres://…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseUrl {
    Sqlite(String),
    Postgres(String),
}

impl DatabaseUrl {
    pub fn parse(url: &str) -> Option<Self> {
        if let Some(path) = url.strip_prefix("sqlite://") {
            return (!path.is_empty()).then(|| Self::Sqlite(path.to_owned()));
        }
        (url.starts_with("postgres://") || url.starts_with("postgresql://"))
            .then(|| Self::Postgres(url.to_owned()))
    }

    /// Opens one connection, prepared for its purpose.
    pub fn connect(&self, purpose: Purpose) -> Result<Db, ConnectionError> {
        match self {
            Self::Sqlite(path) => {
                let mut conn = SqliteConnection::establish(path)?;
                conn.batch_execute(
                    "PRAGMA busy_timeout=5000; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; \
                     PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY; PRAGMA mmap_size=1073741824;",
                )
                .map_err(ConnectionError::CouldntSetupConfiguration)?;
                conn.batch_execute(match purpose {
                    Purpose::Read => "PRAGMA cache_size=-8192; PRAGMA query_only=ON;",
                    Purpose::Write => "PRAGMA cache_size=-65536;",
                })
                .map_err(ConnectionError::CouldntSetupConfiguration)?;
                Ok(Db::Sqlite(conn))
            }
            Self::Postgres(url) => {
                let mut conn = PgConnection::establish(url)?;
                conn.batch_execute("SET TIME ZONE 'UTC'; SET client_min_messages = warning;")
                    .map_err(ConnectionError::CouldntSetupConfiguration)?;
                Ok(Db::Postgres(conn))
            }
        }
    }
}

/// r2d2's view of [`DatabaseUrl`]; diesel's own manager would take any string for a `SQLite` file.
#[derive(Debug)]
pub struct Manager {
    pub url: DatabaseUrl,
    pub purpose: Purpose,
}

impl ManageConnection for Manager {
    type Connection = Db;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<Db, Self::Error> {
        self.url
            .connect(self.purpose)
            .map_err(diesel::r2d2::Error::ConnectionError)
    }

    fn is_valid(&self, db: &mut Db) -> Result<(), Self::Error> {
        db.batch_execute("SELECT 1")
            .map_err(diesel::r2d2::Error::QueryError)
    }

    fn has_broken(&self, db: &mut Db) -> bool {
        std::thread::panicking() || diesel::r2d2::R2D2Connection::is_broken(db)
    }
}

pub fn pool(
    url: &DatabaseUrl,
    purpose: Purpose,
    size: u32,
) -> Result<DbPool, diesel::r2d2::PoolError> {
    Pool::builder()
        .max_size(size)
        .min_idle(Some(1))
        .test_on_check_out(matches!(url, DatabaseUrl::Postgres(_)))
        .connection_timeout(Duration::from_secs(10))
        .build(Manager {
            url: url.clone(),
            purpose,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_take_text_as_it_is() {
        for (typed, anywhere) in [
            ("a", "%a%"),
            ("5%_!", "%5!%!_!!%"),
            ("", "%%"),
            ("\\", "%\\%"),
        ] {
            assert_eq!(containing(typed), anywhere);
        }
        assert_eq!(beginning("A0_"), "A0!_%");
    }
}
