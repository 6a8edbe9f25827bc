//! New secrets, and what the old ones signed and sealed; the doctor who looks at everything.

use crate::on_both;
use crate::support::tendering::{
    bid, bidder, close, confirm_opening, officer, open_tender, write_draft,
};
use crate::support::{Database, Portal};
use diesel::prelude::*;
use sanshe::infra::config::Config;
use sanshe::infra::db::DatabaseUrl;
use sanshe::infra::secrets::Secrets;
use sanshe::procurement::bids;
use sanshe::procurement::tenders::TenderId;
use sanshe::schema;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};

fn sanshe(arguments: &[&str], config: &Config) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_sanshe"));
    program
        .args(arguments)
        .arg("--demo")
        .arg("--data")
        .arg(&config.data)
        .env_remove("SANSHE_DATABASE");
    if let DatabaseUrl::Postgres(url) = &config.database {
        program.env("SANSHE_DATABASE", url);
    }
    program.output().unwrap()
}

#[track_caller]
fn done(output: &Output) -> String {
    let said = [&output.stdout[..], &output.stderr[..]].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(output.status.success(), "{said}");
    said
}

fn what_the_old_secrets_made_stays_good(database: Database) {
    let portal = Portal::start(database);
    let tender = open_tender(&portal);
    let clerks = ["officer-one", "officer-two"];
    for name in clerks {
        officer(&portal, &tender, name);
    }
    for (name, price) in [("chen", "410000"), ("lin", "420000"), ("wu", "430000")] {
        bid(&bidder(&portal, name), &tender, price);
    }
    let drafter = bidder(&portal, "drafter");
    write_draft(&drafter, &tender, "440000", "只是草稿").expect(303);
    let old_key = portal.state.signatures.public_key();
    let config = portal.leave();

    for what in ["token", "signing", "sealing"] {
        done(&sanshe(&["rotate", what], &config));
    }
    let path = Secrets::path(&config.data);
    let mode = || std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(), 0o600);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains("retired_identities"));

    let portal = Portal::resume(config);
    let drafter = drafter.moved_to(&portal.origin);
    assert_eq!(drafter.get("/work").status, 401, "its session lives on");
    let drafter = portal.signed_in("drafter");
    drafter
        .get(&tender.path("/bid"))
        .expect(200)
        .see("只是草稿");
    let verify = portal.anonymous().get("/about/verify");
    let new_key = portal.state.signatures.public_key();
    assert_ne!(new_key, old_key);
    verify.expect(200).see(&old_key).see(&new_key);
    let receipt: String = portal.read(|db| {
        Ok(schema::bids::table
            .select(schema::bids::receipt)
            .first(db)?)
    });
    assert!(
        bids::check_receipt(&receipt, Some(&old_key))
            .unwrap()
            .is_genuine
    );
    // A portal of before the rotation, still alive, would not open what is sealed anew.
    portal.write(|tx| {
        use schema::uptimes;
        diesel::insert_into(uptimes::table)
            .values((
                uptimes::started_at.eq(tx.now - chrono::Duration::hours(1)),
                uptimes::last_at.eq(tx.now),
            ))
            .execute(tx.db)?;
        Ok(())
    });
    let config = portal.leave();
    let early = sanshe(&["rotate", "sealing", "--finish"], &config);
    assert_eq!(early.status.code(), Some(1));
    let said = String::from_utf8_lossy(&early.stderr).into_owned();
    assert!(said.contains("restart it first"), "{said}");
    let portal = Portal::resume(config);
    portal.write(sanshe::infra::uptime::begin);
    let config = portal.leave();
    let said = done(&sanshe(&["rotate", "sealing", "--finish"], &config));
    assert!(said.contains("2 things sealed anew"), "{said}");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(!text.contains("retired_identities") && mode() == 0o600);
    assert!(done(&sanshe(&["rotate", "sealing", "--finish"], &config)).contains("one key"));

    let portal = Portal::resume(config);
    let drafter = portal.signed_in("drafter");
    drafter
        .get(&tender.path("/bid"))
        .expect(200)
        .see("只是草稿");
    close(&portal, &tender);
    for name in clerks {
        confirm_opening(&portal.signed_in(name), &tender).expect(303);
    }
    portal.run_jobs();
    let id = TenderId(tender.tender);
    let opened = portal.read(move |db| Ok(bids::list_opened(db, id)?));
    assert_eq!(opened.len(), 3);
}

fn the_doctor_says_what_to_do(database: Database) {
    let portal = Portal::start(database);
    portal.run_jobs();
    let config = portal.leave();
    let allow = |path: &std::path::Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    allow(&config.data, 0o700);
    let well = done(&sanshe(&["doctor"], &config));
    for line in [
        "ok   database: demo",
        "ok   migrations: all have run",
        "ok   ledger: ",
        "ok   disk: ",
        " calendar: ",
        "0 bad",
    ] {
        assert!(well.contains(line), "no {line:?} in {well}");
    }
    let sick = |words: &str| {
        let output = sanshe(&["doctor"], &config);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(words), "no {words:?} in {said}");
    };
    let path = Secrets::path(&config.data);
    allow(&path, 0o644);
    sick("chmod 600");
    allow(&path, 0o600);
    allow(&config.data, 0o755);
    sick("chmod 700");
    allow(&config.data, 0o700);
    let portal = Portal::resume(config.clone());
    portal.write(|tx| {
        use sanshe::common::alarms::{AlarmKind, raise};
        raise(tx, AlarmKind::DiskLow, "1 GB")
    });
    drop(portal.leave());
    sick("alarm: disk_low");
    std::fs::remove_file(&path).unwrap();
    sick("sanshe init");
    drop(std::fs::remove_dir_all(&config.data));
}

on_both!(
    what_the_old_secrets_made_stays_good,
    the_doctor_says_what_to_do,
);
