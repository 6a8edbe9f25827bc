//! A backup holds what was acknowledged before it began; what comes out of it is the same portal.

use crate::kill::{Ground, Sender, check};
use crate::on_both;
use crate::support::tendering::{bid, bidder, close, confirm_opening, officer, open_tender};
use crate::support::{Database, Portal, new_postgres_database};
use diesel::prelude::*;
use sanshe::infra::backup::{self, Source};
use sanshe::infra::config::Config;
use sanshe::infra::db::{DatabaseUrl, Db, Purpose};
use sanshe::infra::seal;
use sanshe::infra::secrets::Secrets;
use sanshe::procurement::bids;
use sanshe::procurement::tenders::TenderId;
use sanshe::schema::{self, sessions, tenders};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

const PASSPHRASE: &str = "eight-words-that-nobody-guesses";

static COUNTER: AtomicU32 = AtomicU32::new(80_000);

/// An empty place to restore into.
struct Place {
    data: PathBuf,
    database: DatabaseUrl,
}

impl Place {
    fn new(database: Database) -> Self {
        let number = COUNTER.fetch_add(1, Ordering::SeqCst);
        let data =
            std::env::temp_dir().join(format!("sanshe-restore-{}-{number}", std::process::id()));
        let url = match database {
            Database::Sqlite => format!("sqlite://{}", data.join("sanshe.db").display()),
            Database::Postgres => new_postgres_database(number),
        };
        Self {
            data,
            database: DatabaseUrl::parse(&url).unwrap(),
        }
    }

    fn config(&self, of: &Config) -> Config {
        Config {
            data: self.data.clone(),
            database: self.database.clone(),
            ..of.clone()
        }
    }

    fn is_empty(&self) -> bool {
        let is_unused = match &self.database {
            DatabaseUrl::Sqlite(path) => !Path::new(path).exists(),
            DatabaseUrl::Postgres(_) => {
                let mut db = self.database.connect(Purpose::Read).unwrap();
                backup::list_tables(&mut db).unwrap().is_empty()
            }
        };
        let entries = std::fs::read_dir(&self.data);
        is_unused && entries.is_ok_and(|mut entries| entries.next().is_none())
            || !self.data.exists()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.data));
    }
}

fn sanshe(arguments: &[&str], data: &Path, database: &DatabaseUrl) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_sanshe"));
    program
        .args(arguments)
        .arg("--data")
        .arg(data)
        .env("SANSHE_PASSPHRASE", PASSPHRASE)
        .env("SANSHE_CONFIG", "/dev/null")
        .env_remove("SANSHE_DATABASE");
    if let DatabaseUrl::Postgres(url) = database {
        program.env("SANSHE_DATABASE", url);
    }
    program.output().unwrap()
}

#[track_caller]
fn done(output: &Output) -> String {
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[track_caller]
fn refused(output: &Output, words: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(words), "no {words:?} in {said}");
}

/// A file beside the portal's folder, gone with it.
fn file_beside(data: &Path) -> PathBuf {
    let folder = data.with_extension("backups");
    std::fs::create_dir_all(&folder).unwrap();
    folder.join("portal.tar")
}

fn opens(config: &Config, tender: i64, receipt: &str) -> String {
    let secrets = Secrets::read(&config.data).unwrap().unwrap();
    let mut db = config.database.connect(Purpose::Read).unwrap();
    let wrapped: Option<String> = tenders::table
        .filter(tenders::id.eq(tender))
        .select(tenders::wrapped_identity)
        .first(&mut db)
        .unwrap();
    let wrapped = hex::decode(wrapped.unwrap()).unwrap();
    let identity = secrets.open(&wrapped).unwrap();
    let sealed: Vec<u8> = schema::bids::table
        .filter(schema::bids::receipt_no.eq(receipt))
        .select(schema::bids::sealed)
        .first(&mut db)
        .unwrap();
    let plain = seal::open(std::str::from_utf8(&identity).unwrap(), &sealed).unwrap();
    String::from_utf8(plain).unwrap()
}

fn what_was_acknowledged_before_is_in_it(database: Database) {
    let ground = Ground::prepare(database, 32);
    let file = file_beside(&ground.config.data);
    let server = ground.serve();
    let (receipts, stop) = (Mutex::new(Vec::new()), AtomicBool::new(false));
    let acknowledged = std::thread::scope(|scope| {
        for (client, token) in &ground.clients {
            let (tender, receipts, stop) = (&ground.tender, &receipts, &stop);
            scope.spawn(move || {
                let sender = Sender {
                    client,
                    token,
                    tender,
                };
                let mut known = sender.look();
                while let Some((step, file)) = known.filter(|_| !stop.load(Ordering::SeqCst)) {
                    known = sender.step(&step, &file, receipts).map(|next| (next, file));
                }
            });
        }
        let begun = Instant::now();
        while receipts.lock().unwrap().len() < 64 && begun.elapsed() < Duration::from_secs(30) {
            std::thread::sleep(Duration::from_millis(20));
        }
        let acknowledged = receipts.lock().unwrap().clone();
        let begun = Instant::now();
        let (data, url) = (&ground.config.data, &ground.config.database);
        let made = sanshe(&["backup", file.to_str().unwrap()], data, url);
        let took = begun.elapsed();
        let meanwhile = receipts.lock().unwrap().len() - acknowledged.len();
        stop.store(true, Ordering::SeqCst);
        println!(
            "{} receipts before the backup, {meanwhile} during its {took:?}: {}",
            acknowledged.len(),
            done(&made)
        );
        assert!(meanwhile > 0, "nobody bid while the backup was made");
        acknowledged
    });
    assert!(acknowledged.len() >= 64);
    server.kill();
    let place = Place::new(database);
    let begun = Instant::now();
    let restored = sanshe(
        &["restore", file.to_str().unwrap()],
        &place.data,
        &place.database,
    );
    println!("{} in {:?}", done(&restored), begun.elapsed());
    let ground = Ground {
        config: place.config(&ground.config),
        origin: ground.origin.clone(),
        tender: crate::support::tendering::Tendering { ..ground.tender },
        clients: Vec::new(),
    };
    let stored = check(&ground, &acknowledged);
    let last = acknowledged.last().unwrap();
    assert!(opens(&ground.config, ground.tender.tender, last).contains("46800000"));
    println!("{stored} bids in the restored portal");
    let mut db = ground.config.database.connect(Purpose::Read).unwrap();
    let open: i64 = sessions::table
        .filter(sessions::ended_at.is_null())
        .count()
        .get_result(&mut db)
        .unwrap();
    assert_eq!(open, 0, "sessions of the past live on");
    // Somebody else's portal is never written over, by this backup either.
    let again = sanshe(
        &["restore", file.to_str().unwrap()],
        &place.data,
        &place.database,
    );
    refused(&again, "not empty");
    check(&ground, &acknowledged);
    // The program serves what came out, on ids that go on behind the highest.
    drop(ground.serve());
    std::fs::remove_dir_all(file.parent().unwrap()).unwrap();
}

/// The drill: backup, all lost, restore elsewhere, and the opening goes on there.
fn the_restored_portal_opens_the_bids(database: Database) {
    let portal = Portal::start(database);
    let tender = open_tender(&portal);
    let first = officer(&portal, &tender, "officer-one");
    let second = officer(&portal, &tender, "officer-two");
    for (name, price) in [("chen", "410000"), ("lin", "420000"), ("wu", "430000")] {
        bid(&bidder(&portal, name), &tender, price);
    }
    close(&portal, &tender);
    drop((first, second));
    let config = portal.leave();
    let file = file_beside(&config.data);
    let name = file.to_str().unwrap();
    done(&sanshe(
        &["backup", name, "--demo"],
        &config.data,
        &config.database,
    ));
    let refusal = sanshe(&["backup", name, "--demo"], &config.data, &config.database);
    refused(&refusal, "is there already");
    std::fs::remove_dir_all(&config.data).unwrap();

    let place = Place::new(database);
    for (what, words) in [("wrong", "another passphrase"), ("", "need a passphrase")] {
        let mut program = Command::new(env!("CARGO_BIN_EXE_sanshe"));
        program.args(["restore", name, "--data"]).arg(&place.data);
        refused(
            &program.env("SANSHE_PASSPHRASE", what).output().unwrap(),
            words,
        );
    }
    done(&sanshe(&["restore", name], &place.data, &place.database));
    let portal = Portal::resume(place.config(&config));
    let (first, second) = (
        portal.signed_in("officer-one"),
        portal.signed_in("officer-two"),
    );
    confirm_opening(&first, &tender).expect(303);
    confirm_opening(&second, &tender).expect(303);
    portal.run_jobs();
    let id = TenderId(tender.tender);
    let mut prices: Vec<i64> = portal
        .read(move |db| Ok(bids::list_opened(db, id)?))
        .iter()
        .map(|(_, content)| content.price.0)
        .collect();
    prices.sort_unstable();
    assert_eq!(prices, [41_000_000, 42_000_000, 43_000_000]);
    // The search index was made anew.
    let found = portal
        .anonymous()
        .get("/search?q=%E5%8A%A9%E8%80%81%E5%B7%A1%E8%AE%BF");
    found.expect(200).see("找到 1 条");
    std::fs::remove_dir_all(file.parent().unwrap()).unwrap();
}

fn what_was_tampered_with_is_refused(database: Database) {
    let portal = Portal::start(database);
    let tender = open_tender(&portal);
    bid(&bidder(&portal, "chen"), &tender, "410000");
    let config = portal.leave();
    let file = file_beside(&config.data);
    let name = file.to_str().unwrap();
    done(&sanshe(
        &["backup", name, "--demo"],
        &config.data,
        &config.database,
    ));
    let whole = std::fs::read(&file).unwrap();
    let place = Place::new(database);
    let find = |text: &str| {
        whole
            .windows(text.len())
            .position(|window| window == text.as_bytes())
            .unwrap()
    };
    let bent = |at: usize, with: &[u8]| {
        let mut bytes = whole.clone();
        bytes[at..at + with.len()].copy_from_slice(with);
        bytes
    };
    let manifest = find("\"program\"");
    let cases = [
        ("a row", bent(find("社区助老"), "社区劝老".as_bytes())),
        ("the manifest", bent(manifest, b"\"Program\"")),
        (
            "the signature",
            bent(find("\"signature\":\"") + 13, b"00000000"),
        ),
        ("the end", whole[..whole.len() / 2].to_vec()),
        ("nothing left", Vec::new()),
        ("no backup", b"PK\x03\x04 something else".repeat(100)),
    ];
    for (what, bytes) in cases {
        std::fs::write(&file, bytes).unwrap();
        let output = sanshe(&["restore", name], &place.data, &place.database);
        assert_eq!(output.status.code(), Some(1), "{what}");
        assert!(place.is_empty(), "{what} left something behind");
    }
    // Signed anew by somebody who lacks the portal's key.
    let other = Secrets::make().unwrap();
    std::fs::remove_file(&file).unwrap();
    let source = Source {
        database: &config.database,
        data: &config.data,
        secrets: &other,
        passphrase: None,
    };
    backup::write(&source, &file, &mut |_, _, _| ()).unwrap();
    let output = sanshe(&["restore", name], &place.data, &place.database);
    refused(&output, "signature is not genuine");
    assert!(place.is_empty());
    std::fs::write(&file, &whole).unwrap();
    done(&sanshe(
        &["restore", name, "--check"],
        &place.data,
        &place.database,
    ));
    assert!(place.is_empty(), "a check writes nothing");
    std::fs::write(place.data.with_extension("stray"), b"").unwrap();
    std::fs::create_dir_all(&place.data).unwrap();
    std::fs::rename(
        place.data.with_extension("stray"),
        place.data.join("somebody-elses"),
    )
    .unwrap();
    let output = sanshe(&["restore", name], &place.data, &place.database);
    refused(&output, "the folder is not empty");
    std::fs::remove_dir_all(file.parent().unwrap()).unwrap();
    std::fs::remove_dir_all(&config.data).unwrap();
}

/// What `copy` prints of each table.
fn hashes(printed: &str) -> Vec<String> {
    let rows = printed.lines().filter(|line| {
        line.split_whitespace()
            .nth(2)
            .is_some_and(|hash| hash.len() == 64)
    });
    rows.map(str::to_owned).collect()
}

#[test]
fn there_and_back_again_with_the_same_hashes() {
    if std::env::var("TEST_DATABASE_URL").is_err() {
        return;
    }
    let portal = Portal::start(Database::Sqlite);
    let tender = open_tender(&portal);
    bid(&bidder(&portal, "chen"), &tender, "410000");
    let config = portal.leave();
    let DatabaseUrl::Sqlite(path) = &config.database else {
        unreachable!();
    };
    let postgres = new_postgres_database(COUNTER.fetch_add(1, Ordering::SeqCst));
    let (from, back) = (format!("sqlite://{path}"), format!("sqlite://{path}.back"));
    let copy = |from: &str, to: &str| {
        Command::new(env!("CARGO_BIN_EXE_sanshe"))
            .args(["copy", from, to])
            .output()
            .unwrap()
    };
    let there = done(&copy(&from, &postgres));
    let returned = done(&copy(&postgres, &back));
    assert!(hashes(&there).len() > 40, "{there}");
    assert_eq!(hashes(&there), hashes(&returned));
    refused(&copy(&from, &postgres), "not empty");
    // The portal goes on where it was copied to, with ids that go on behind the highest.
    let database = DatabaseUrl::parse(&postgres).unwrap();
    let portal = Portal::resume(Config {
        database,
        ..config.clone()
    });
    bid(&bidder(&portal, "lin"), &tender, "420000");
}

/// `schema.rs` names every table that the program knows.
fn no_table_is_forgotten(database: Database) {
    let portal = Portal::start(database);
    let known: BTreeSet<String> = include_str!("../src/schema.rs")
        .lines()
        .filter_map(|line| Some(line.strip_prefix("    ")?.split_once(" (")?.0.to_owned()))
        .filter(|name| name.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
        .filter(|name| !backup::DERIVED.contains(&name.as_str()))
        .collect();
    assert!(known.len() > 40, "{known:?}");
    let read = |db: &mut Db| -> BTreeSet<String> {
        let tables = backup::list_tables(db).unwrap();
        tables.into_iter().map(|table| table.name).collect()
    };
    assert_eq!(portal.read(|db| Ok(read(db))), known);
}

on_both!(
    what_was_acknowledged_before_is_in_it,
    the_restored_portal_opens_the_bids,
    what_was_tampered_with_is_refused,
    no_table_is_forgotten,
);
