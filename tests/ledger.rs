//! The ledger finds rewriting, cutting and roll-back against a head that somebody kept.

use crate::on_both;
use crate::support::{Database, Portal};
use diesel::connection::SimpleConnection;
use sanshe::infra::ledger::{self, Entry, Finding, Head};

/// A portal whose ledger begins with the test's own lines: what its first start wrote is cleared away.
fn portal_with_lines(database: Database, lines: i64) -> Portal {
    let portal = Portal::start(database);
    portal.run_jobs();
    tamper(&portal, "DELETE FROM ledger_texts; DELETE FROM ledger");
    for n in 0..lines {
        portal.write(move |tx| {
            ledger::append(
                tx,
                None,
                &Entry::new("thing", n, "thing.done").because("理由"),
            )
        });
    }
    portal.run_jobs();
    portal
}

fn head(portal: &Portal) -> Head {
    let (now, signatures) = (portal.now(), portal.state.signatures.clone());
    portal.read(move |db| ledger::head(db, &signatures, now))
}

fn tamper(portal: &Portal, sql: &'static str) {
    portal.write(move |tx| Ok(tx.db.batch_execute(sql)?));
}

fn findings(portal: &Portal, kept: &Head) -> Vec<Finding> {
    portal
        .read(|db| ledger::verify(db, Some(&kept.chain_hash)))
        .findings
}

fn an_honest_ledger_has_no_finding(database: Database) {
    let portal = portal_with_lines(database, 20);
    let kept = head(&portal);
    // The twenty, and the one that the portal writes every hour.
    assert_eq!(portal.read(|db| ledger::verify(db, None)).lines, 21);
    assert!(kept.is_genuine().unwrap());
    portal.write(|tx| ledger::append(tx, None, &Entry::new("thing", 99, "thing.done")));
    assert_eq!(portal.read(|db| ledger::verify(db, None)).unsealed, 1);
    portal.run_jobs();
    assert_eq!(findings(&portal, &kept), []);
    // A name erased for good reason is no finding.
    tamper(
        &portal,
        "DELETE FROM ledger_texts WHERE ledger_id = (SELECT id FROM ledger WHERE seq = 3)",
    );
    assert_eq!(findings(&portal, &kept), []);
    let forged = Head {
        chain_hash: ledger::GENESIS.to_owned(),
        ..kept
    };
    assert!(!forged.is_genuine().unwrap());
}

fn rewriting_is_found(database: Database) {
    let portal = portal_with_lines(database, 10);
    let kept = head(&portal);
    tamper(
        &portal,
        "UPDATE ledger SET to_state = 'awarded' WHERE seq = 4",
    );
    assert_eq!(findings(&portal, &kept), [Finding::Rewritten { seq: 4 }]);
    tamper(
        &portal,
        "UPDATE ledger_texts SET reason = 'x' WHERE ledger_id = (SELECT id FROM ledger WHERE seq = 7)",
    );
    assert!(findings(&portal, &kept).contains(&Finding::TextRewritten { seq: 7 }));
}

fn cutting_and_roll_back_are_found(database: Database) {
    let portal = portal_with_lines(database, 10);
    let kept = head(&portal);
    tamper(
        &portal,
        "DELETE FROM ledger_texts WHERE ledger_id = (SELECT id FROM ledger WHERE seq = 5); DELETE FROM ledger WHERE seq = 5",
    );
    assert!(findings(&portal, &kept).contains(&Finding::Broken { seq: 6 }));
    tamper(
        &portal,
        "DELETE FROM ledger_texts WHERE ledger_id IN (SELECT id FROM ledger WHERE seq > 4); DELETE FROM ledger WHERE seq > 4",
    );
    assert_eq!(findings(&portal, &kept), [Finding::Lost]);
    // A whole new history of the same length, properly chained, is not the kept one.
    for n in 0..6 {
        portal.write(move |tx| ledger::append(tx, None, &Entry::new("thing", n, "thing.undone")));
    }
    portal.run_jobs();
    assert_eq!(findings(&portal, &kept), [Finding::Lost]);
}

on_both!(
    an_honest_ledger_has_no_finding,
    rewriting_is_found,
    cutting_and_roll_back_are_found
);
