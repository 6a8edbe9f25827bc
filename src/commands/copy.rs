//! `sanshe copy`: a portal from one database into another, its rows compared on both sides.

use super::progress::Bar;
use super::restore::rebuild;
use crate::infra::backup;
use crate::infra::db::{DatabaseUrl, Purpose};
use crate::infra::failure::Failure;
use crate::infra::store::Store;
use crate::infra::uptime;
use std::time::Duration;

#[derive(clap::Args, Clone)]
pub struct Ends {
    /// `sqlite://PATH` or `postgres://…`, of a portal that is stopped.
    pub from: String,
    /// An empty database.
    pub to: String,
}

/// The runner of a portal that lives beats every five seconds.
const BEAT: Duration = Duration::from_secs(6);

pub fn run(copy: &Ends) -> Result<(), Failure> {
    let parse = |text: &str| {
        DatabaseUrl::parse(text).ok_or_else(|| {
            Failure::internal(format!(
                "{text} does not begin with sqlite:// or postgres://"
            ))
        })
    };
    let (from, to) = (parse(&copy.from)?, parse(&copy.to)?);
    if let DatabaseUrl::Sqlite(path) = &from
        && !std::path::Path::new(path).exists()
    {
        return Err(Failure::internal(format!("no database at {path}")));
    }
    refuse_running(&from)?;
    let mut bar = Bar::new();
    let copied = backup::copy(&from, &to, &mut |unit, done, all| bar.show(unit, done, all));
    bar.clear();
    let copied = copied?;
    println!(
        "{:<24} {:>9}  sha256, the same on both sides",
        "table", "rows"
    );
    for table in &copied {
        println!(
            "{:<24} {:>9}  {}",
            table.from.name, table.from.rows, table.from.sha256
        );
    }
    rebuild(&Store::open(&to, 2)?)
}

/// What a portal writes after the copy would be lost without a word.
fn refuse_running(url: &DatabaseUrl) -> Result<(), Failure> {
    let mut db = url.connect(Purpose::Read).map_err(Failure::internal)?;
    let before = uptime::last_beat(&mut db)?;
    std::thread::sleep(BEAT);
    if uptime::last_beat(&mut db)? == before {
        Ok(())
    } else {
        Err(Failure::internal(
            "a portal runs on that database: stop it first, or what it writes meanwhile is lost",
        ))
    }
}
