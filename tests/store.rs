//! The store's promise: acknowledged means durable, and one bad job takes nothing of the others with it.

use crate::on_both;
use crate::support::{Database, Portal};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use sanshe::infra::failure::{Failure, Refusal};
use sanshe::infra::store::Tx;
use sanshe::schema::once_keys;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};

fn put(tx: &mut Tx, key: &str) -> Result<(), Failure> {
    diesel::insert_into(once_keys::table)
        .values((
            once_keys::key_hash.eq(key),
            once_keys::location.eq(""),
            once_keys::at.eq(tx.machine_now()),
        ))
        .execute(tx.db)?;
    Ok(())
}

fn keys(portal: &Portal) -> Vec<String> {
    portal.read(|db| {
        Ok(once_keys::table
            .select(once_keys::key_hash)
            .order(once_keys::key_hash)
            .load(db)?)
    })
}

/// A refusal rolls back its own work only, whatever stands beside it in the batch.
fn a_refusal_rolls_back_its_own_job(database: Database) {
    let portal = Portal::start(database);
    let store = &portal.state.store;
    let gate = Arc::new(Barrier::new(3));
    std::thread::scope(|scope| {
        let first = scope.spawn(|| {
            gate.wait();
            store.write_blocking(|tx| put(tx, "kept-1"))
        });
        let second = scope.spawn(|| {
            gate.wait();
            store.write_blocking(|tx| {
                put(tx, "refused")?;
                Err::<(), Failure>(Refusal::new("form-missing").into())
            })
        });
        let third = scope.spawn(|| {
            gate.wait();
            store.write_blocking(|tx| {
                put(tx, "twice")?;
                put(tx, "twice")
            })
        });
        first.join().unwrap().unwrap();
        assert!(matches!(second.join().unwrap(), Err(Failure::Refused(_))));
        assert!(third.join().unwrap().unwrap_err().is_unique_violation());
    });
    store.write_blocking(|tx| put(tx, "kept-2")).unwrap();
    assert_eq!(keys(&portal), ["kept-1", "kept-2"]);
}

/// A panic or an error that may have ended the transaction is answered with “unavailable”, never with a receipt;
/// the next write works on a fresh connection.
fn a_panic_is_never_acknowledged(database: Database) {
    let portal = Portal::start(database);
    let store = &portal.state.store;
    let outcome = store.write_blocking(|tx| {
        put(tx, "panicked")?;
        assert!(!tx.db.batch_execute("SELECT 1").is_ok(), "on purpose");
        Ok(())
    });
    assert!(matches!(outcome, Err(Failure::Unavailable)), "{outcome:?}");
    let outcome = store.write_blocking(|tx| {
        put(tx, "broken")?;
        tx.db.batch_execute("NONSENSE")?;
        Ok(())
    });
    assert!(outcome.is_err());
    // Ends the transaction under the store's feet: what was done in it must not be acknowledged.
    let outcome = store.write_blocking(|tx| {
        put(tx, "ended")?;
        tx.db.batch_execute("ROLLBACK")?;
        Ok(())
    });
    if database == Database::Sqlite {
        assert!(
            outcome.is_err(),
            "a write without its transaction was acknowledged"
        );
    }
    store.write_blocking(|tx| put(tx, "after")).unwrap();
    let found = keys(&portal);
    assert!(found.contains(&"after".to_owned()));
    for lost in ["panicked", "broken", "ended"] {
        assert!(!found.contains(&lost.to_owned()), "{lost} was kept");
    }
}

/// A statement that the database refuses costs its own writer, not those who wrote at the same moment.
fn a_broken_write_spoils_nobody_elses(database: Database) {
    let portal = Portal::start(database);
    let store = &portal.state.store;
    std::thread::scope(|scope| {
        for n in 0..32 {
            scope.spawn(move || {
                let result = store.write_blocking(move |tx| {
                    put(tx, &format!("beside-{n:02}"))?;
                    if n % 2 == 1 {
                        tx.db.batch_execute("NONSENSE")?;
                    }
                    Ok(())
                });
                assert_eq!(result.is_ok(), n % 2 == 0, "{n}: {result:?}");
            });
        }
    });
    assert_eq!(keys(&portal).len(), 16);
}

/// Many writers at once: everything acknowledged is there, nothing else is, and no write is lost or doubled.
fn parallel_writes_are_all_there(database: Database) {
    let portal = Portal::start(database);
    let store = &portal.state.store;
    let acknowledged = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for writer in 0..16 {
            let acknowledged = &acknowledged;
            scope.spawn(move || {
                for n in 0..25 {
                    let key = format!("{writer:02}-{n:02}");
                    let result = store.write_blocking(move |tx| {
                        put(tx, &key)?;
                        if n % 5 == 4 {
                            Err(Refusal::new("form-missing").into())
                        } else {
                            Ok(())
                        }
                    });
                    if result.is_ok() {
                        acknowledged.fetch_add(1, Ordering::SeqCst);
                    }
                }
            });
        }
    });
    assert_eq!(acknowledged.into_inner(), 16 * 20);
    assert_eq!(keys(&portal).len(), 16 * 20);
}

/// PostgreSQL asks for a repeat when two transactions depend on each other; the caller never sees it.
fn conflicting_counters_add_up(database: Database) {
    use sanshe::schema::portal as row;
    let portal = Portal::start(database);
    let store = &portal.state.store;
    let before: i64 = portal.read(|db| Ok(row::table.select(row::public_version).first(db)?));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..10 {
                    store
                        .write_blocking(|tx| {
                            diesel::update(row::table)
                                .set(row::public_version.eq(row::public_version + 1))
                                .execute(tx.db)?;
                            Ok(())
                        })
                        .unwrap();
                }
            });
        }
    });
    assert_eq!(
        portal.read(|db| Ok(row::table.select(row::public_version).first::<i64>(db)?)),
        before + 80
    );
}

on_both!(
    a_refusal_rolls_back_its_own_job,
    a_panic_is_never_acknowledged,
    a_broken_write_spoils_nobody_elses,
    parallel_writes_are_all_there,
    conflicting_counters_add_up,
);
