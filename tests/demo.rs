//! The demo's story is told by the real actions, once, on both databases.

use crate::on_both;
use crate::support::{Database, Portal};
use sanshe::demo;

fn the_story_is_told_once(database: Database) {
    let portal = Portal::start(database);
    demo::tell(&portal.state).unwrap();
    let count = |portal: &Portal| {
        use diesel::prelude::*;
        use sanshe::schema::ledger;
        portal.run_jobs();
        portal.read(|db| Ok(ledger::table.count().get_result::<i64>(db)?))
    };
    let lines = count(&portal);
    assert!(lines > 30, "{lines}");
    demo::tell(&portal.state).unwrap();
    assert_eq!(count(&portal), lines);
    assert_eq!(
        portal
            .read(|db| sanshe::infra::ledger::verify(db, None))
            .findings,
        []
    );
}

on_both!(the_story_is_told_once);
