//! A portal of an earlier schema becomes one of today's: every later migration runs over its rows, and its pages show.
//!
//! `fixtures/issue2.tar.gz` is a backup of the demo as the first ten migrations made it; it is never made anew.

use crate::on_both;
use crate::support::{Database, Portal, new_postgres_database};
use diesel::prelude::*;
use sanshe::demo;
use sanshe::infra::config::{Config, Mode};
use sanshe::infra::ledger;
use sanshe::schema::events;
use std::collections::HashMap;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

static COUNTER: AtomicU32 = AtomicU32::new(90_000);

/// Who looks, and at which pages.
const WALK: &[(&str, &[&str])] = &[
    (
        "",
        &[
            "/",
            "/projects",
            "/contracts",
            "/organizations",
            "/catalogue",
            "/communities",
            "/search?q=%E5%85%BB%E8%80%81",
            "/projects/2/result",
            "/about/verify",
        ],
    ),
    ("officer", &["/work", "/inbox", "/account", "/projects/new"]),
    ("reviewer", &["/work", "/organizations/checks"]),
    ("expert1", &["/work", "/panel"]),
    ("supervisor", &["/work"]),
    ("community", &["/work"]),
    ("admin", &["/work", "/admin/bodies"]),
    ("chenxi", &["/work", "/account/members"]),
];

fn the_portal_of_the_first_schema_is_upgraded(database: Database) {
    let number = COUNTER.fetch_add(1, Ordering::SeqCst);
    let folder =
        std::env::temp_dir().join(format!("sanshe-upgrade-{}-{number}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (backup, data) = (folder.join("issue2.tar"), folder.join("data"));
    let mut packed = flate2::read::GzDecoder::new(&include_bytes!("fixtures/issue2.tar.gz")[..]);
    std::io::copy(&mut packed, &mut std::fs::File::create(&backup).unwrap()).unwrap();
    let keys = include_bytes!("fixtures/issue2.tar.keys.age");
    std::fs::write(folder.join("issue2.tar.keys.age"), keys).unwrap();
    let mut vars = HashMap::new();
    let mut program = Command::new(env!("CARGO_BIN_EXE_sanshe"));
    program
        .arg("restore")
        .arg(&backup)
        .arg("--data")
        .arg(&data)
        .env("SANSHE_PASSPHRASE", "issue-2-fixture")
        .env_remove("SANSHE_DATABASE");
    if database == Database::Postgres {
        let url = new_postgres_database(number);
        program.env("SANSHE_DATABASE", &url);
        vars.insert("SANSHE_DATABASE".to_owned(), url);
    }
    let restored = program.output().unwrap();
    assert!(restored.status.success(), "{restored:?}");
    let listen = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    let config = Config::read(Mode::Demo, &data, listen, &vars).unwrap();
    let portal = Portal::resume(config);
    // An upgrade in place asks for a new index; this one was made by the restoration.
    let asked: i64 = portal.read(|db| {
        Ok(events::table
            .filter(events::payload.eq(r#"{"reindex":1}"#))
            .count()
            .get_result(db)?)
    });
    assert!(asked > 30, "{asked} things are indexed anew");
    portal.run_jobs();
    for (account, pages) in WALK {
        let client = if account.is_empty() {
            portal.anonymous()
        } else {
            portal.signed_in_as(&demo::address(account))
        };
        for page in *pages {
            client.get(page).expect(200);
        }
    }
    portal
        .anonymous()
        .get("/projects")
        .see("居家养老巡访与精神关爱服务");
    // What later rules and a later index know is known of what was there before.
    let anyone = portal.anonymous();
    anyone
        .get("/projects/2/result")
        .see("提出质疑")
        .see("内部规则，未核实");
    anyone
        .get("/search?q=5302014")
        .see("居家养老巡访与精神关爱服务");
    assert_eq!(portal.read(|db| ledger::verify(db, None)).findings, []);
    drop(portal);
    std::fs::remove_dir_all(folder).unwrap();
}

on_both!(the_portal_of_the_first_schema_is_upgraded);
