//! Years of running: backups by themselves, a second disk, a clock in doubt, a disk that fills, two processes.

use crate::on_both;
use crate::support::stage;
use crate::support::tendering::{PDF, bid, bidder, close, officer, open_tender, send, write_draft};
use crate::support::{Client, Database, Portal};
use diesel::prelude::*;
use sanshe::accounts::{self, Addressee};
use sanshe::infra::backup;
use sanshe::infra::clock::Doubt;
use sanshe::infra::config::{BackupPlan, Config};
use sanshe::jobs::Runner;
use sanshe::kernel::roles::{BodyKind, Role};
use sanshe::portal::operations::{back_up, look_at_disks};
use sanshe::schema::{backups, jobs, messages};
use std::path::PathBuf;
use std::time::{Duration, Instant};

fn with(portal: Portal, change: impl FnOnce(&mut Config)) -> Portal {
    let mut config = portal.leave();
    change(&mut config);
    Portal::resume(config)
}

/// A folder beside the portal's, gone at the end.
struct Beside(PathBuf);

impl Beside {
    fn new(portal: &Portal, name: &str) -> Self {
        Self(portal.data.with_extension(name))
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
        drop(std::fs::remove_file(&self.0));
    }
}

fn administrator(portal: &Portal) -> Client {
    let platform = portal.body(BodyKind::Platform, "示范平台", None);
    portal.member("admin", platform, &[Role::Administrator])
}

fn alarms(portal: &Portal, kind: &str) -> i64 {
    let kind = kind.to_owned();
    portal.read(move |db| {
        Ok(messages::table
            .filter(messages::kind.eq(kind))
            .count()
            .get_result(db)?)
    })
}

fn a_day_has_one_backup(database: Database) {
    let portal = Portal::start(database);
    let folder = Beside::new(&portal, "backups");
    std::fs::create_dir_all(&folder.0).unwrap();
    let secret = folder.0.join("passphrase");
    std::fs::write(&secret, "eight words\n").unwrap();
    for old in ["sanshe-2026-01-01.tar", "sanshe-2026-01-02.tar"] {
        std::fs::write(folder.0.join(old), b"").unwrap();
        std::fs::write(folder.0.join(format!("{old}.keys.age")), b"").unwrap();
    }
    std::fs::write(folder.0.join("somebody-elses.tar"), b"").unwrap();
    let plan = BackupPlan {
        folder: folder.0.clone(),
        hour: 0,
        keep: 2,
        passphrase_file: Some(secret),
    };
    let first = with(portal, |config| config.backup = Some(plan));
    let second = Portal::resume(first.state.config.clone());
    let admin = administrator(&first);
    admin.get("/operations").expect(200).see("还没有定时备份");
    // Both processes come at the same moment.
    let made: Vec<bool> = std::thread::scope(|scope| {
        let tries: Vec<_> = [&first, &second]
            .map(|portal| scope.spawn(|| back_up(&portal.state).unwrap()))
            .into_iter()
            .collect();
        tries.into_iter().map(|t| t.join().unwrap()).collect()
    });
    assert_eq!(made.iter().filter(|made| **made).count(), 1, "{made:?}");
    assert!(!back_up(&first.state).unwrap(), "twice on one day");
    let runs: Vec<(i64, Option<String>, bool)> = first.read(|db| {
        Ok(backups::table
            .select((
                backups::attempts,
                backups::path,
                backups::done_at.is_not_null(),
            ))
            .load(db)?)
    });
    let (attempts, path, is_done) = runs[0].clone();
    assert_eq!((runs.len(), attempts, is_done), (1, 1, true));
    let path = PathBuf::from(path.unwrap());
    let manifest = backup::verify(&path, None, &mut |_, _, _| ()).unwrap();
    assert!(manifest.rows() > 100);
    let keys = std::fs::read(backup::keys_path(&path)).unwrap();
    let secrets = backup::open_keys(&keys, "eight words").unwrap();
    let own = first.state.signatures.public_key();
    assert_eq!(secrets.signatures().unwrap().public_key(), own);
    let left = |name: &str| folder.0.join(name).exists();
    assert!(!left("sanshe-2026-01-01.tar") && !left("sanshe-2026-01-01.tar.keys.age"));
    assert!(left("sanshe-2026-01-02.tar") && left("somebody-elses.tar"));
    admin.get("/operations").expect(200).see("sanshe-20");
    officer_may_not(&first);
    drop(second.leave());
}

fn officer_may_not(portal: &Portal) {
    let bureau = portal.body(BodyKind::Bureau, "示范局", Some("320585"));
    let officer = portal.member("li", bureau, &[Role::Officer]);
    officer.get("/operations").expect(403);
    portal.anonymous().get("/operations").expect(401);
}

fn a_backup_that_fails_is_told_once(database: Database) {
    let portal = Portal::start(database);
    let folder = Beside::new(&portal, "backups");
    // Where the folder should be, there is a file.
    std::fs::write(&folder.0, b"").unwrap();
    let plan = BackupPlan {
        folder: folder.0.clone(),
        hour: 0,
        keep: 2,
        passphrase_file: None,
    };
    let portal = with(portal, |config| config.backup = Some(plan));
    let admin = administrator(&portal);
    assert!(back_up(&portal.state).is_err());
    assert!(!back_up(&portal.state).unwrap(), "again within the hour");
    assert_eq!(alarms(&portal, "alarm-backup-failed"), 1);
    admin.get("/inbox").expect(200).see("平台备份失败");
    admin.get("/operations").expect(200).see("失败");
    // An hour later it is tried again, and nobody is told twice.
    let an_hour_ago = sanshe::infra::store::machine_now() - chrono::Duration::minutes(61);
    let put_back = move |portal: &Portal| {
        portal.write(move |tx| {
            diesel::update(backups::table)
                .set(backups::failed_at.eq(an_hour_ago))
                .execute(tx.db)?;
            Ok(())
        });
    };
    put_back(&portal);
    assert!(back_up(&portal.state).is_err());
    assert_eq!(alarms(&portal, "alarm-backup-failed"), 1);
    std::fs::remove_file(&folder.0).unwrap();
    put_back(&portal);
    assert!(back_up(&portal.state).unwrap());
    admin
        .get("/operations")
        .expect(200)
        .see("没有需要处理的问题");
}

fn a_bid_lies_on_the_second_disk_before_its_receipt(database: Database) {
    let portal = Portal::start(database);
    let mirror = Beside::new(&portal, "mirror");
    let folder = mirror.0.clone();
    let portal = with(portal, |config| config.mirror = Some(folder));
    let _admin = administrator(&portal);
    let tender = open_tender(&portal);
    let chen = bidder(&portal, "chen");
    write_draft(&chen, &tender, "410000", "方案").expect(303);
    let files = tender.path("/bid/files");
    chen.upload(
        &tender.path("/bid"),
        &files,
        &[],
        &[("files", "方案.pdf", PDF)],
    )
    .expect(303);
    let sent = send(&chen, &tender);
    let number = crate::support::tendering::number_of(&sent);
    let kept = std::fs::read(mirror.0.join("bids").join(format!("{number}.age"))).unwrap();
    let (sealed, hashes): (Vec<u8>, Vec<String>) = portal.read(|db| {
        use sanshe::schema::{bid_files, bids};
        let sealed = bids::table.select(bids::sealed).first(db)?;
        Ok((
            sealed,
            bid_files::table.select(bid_files::cipher_sha256).load(db)?,
        ))
    });
    assert!(kept == sealed, "another ciphertext");
    let file = mirror
        .0
        .join("files")
        .join(&hashes[0][..2])
        .join(&hashes[0]);
    assert_eq!(backup_hash(&std::fs::read(file).unwrap()), hashes[0]);
    look_at_disks(&portal.state).unwrap();
    assert_eq!(alarms(&portal, "alarm-mirror-failed"), 0);

    // The second disk is gone: a file stands where its folder was.
    std::fs::remove_dir_all(&mirror.0).unwrap();
    std::fs::write(&mirror.0, b"").unwrap();
    let lin = bidder(&portal, "lin");
    write_draft(&lin, &tender, "420000", "方案").expect(303);
    let refused = send(&lin, &tender);
    assert_eq!(refused.status, 422);
    refused.see("第二磁盘暂时无法写入");
    assert_eq!(alarms(&portal, "alarm-mirror-failed"), 1);
    look_at_disks(&portal.state).unwrap();
    assert_eq!(alarms(&portal, "alarm-mirror-failed"), 1, "told twice");
    // It is back: the bid that was written before is taken now.
    std::fs::remove_file(&mirror.0).unwrap();
    look_at_disks(&portal.state).unwrap();
    let number = crate::support::tendering::number_of(send(&lin, &tender).expect(303));
    assert!(mirror.0.join("bids").join(format!("{number}.age")).exists());
}

fn backup_hash(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    hex::encode(Sha256::digest(bytes))
}

fn a_clock_in_doubt_holds_what_falls_due(database: Database) {
    let portal = Portal::start(database);
    let tender = open_tender(&portal);
    for (name, price) in [("chen", "410000"), ("lin", "420000"), ("wu", "430000")] {
        bid(&bidder(&portal, name), &tender, price);
    }
    portal.write(sanshe::infra::uptime::begin);
    assert_eq!(portal.anonymous().get("/readyz").body, "ready\n");
    portal.state.clock.set(Some(Doubt::Jumped(90_000)));
    let ready = portal.anonymous().get("/readyz");
    assert_eq!(ready.status, 200, "it serves on");
    assert_eq!(ready.body, "ready\nclock in doubt: +90.000 s\n");
    close(&portal, &tender);
    let page = portal.anonymous().get(&tender.path(""));
    page.expect(200).see("截止时平台时钟存疑");
    let clerk = officer(&portal, &tender, "clerk");
    let manage = clerk.get(&tender.path("/manage"));
    manage.expect(200).see("无法确定投标是否按时提交");
    portal.state.clock.set(None);
    portal.run_jobs();
    let page = portal.anonymous().get(&tender.path(""));
    page.see("截止时平台时钟存疑");
}

fn a_full_disk_keeps_room_for_bids(database: Database) {
    let portal = Portal::start(database);
    let portal = with(portal, |config| config.keep_free = u64::MAX / 2);
    let admin = administrator(&portal);
    look_at_disks(&portal.state).unwrap();
    look_at_disks(&portal.state).unwrap();
    assert_eq!(alarms(&portal, "alarm-disk-low"), 1);
    admin.get("/operations").expect(200).see("平台磁盘空间不足");
    let large = vec![0; 2 * 1024 * 1024];
    let runtime = actix_web::rt::System::new();
    let files = &portal.state.files;
    let refused = runtime.block_on(files.put(large.clone())).err().unwrap();
    assert_eq!(refused.to_string(), "refused: form-disk-low");
    assert!(runtime.block_on(files.put(vec![0; 1000])).is_ok());
    assert!(runtime.block_on(files.put_bid(large)).is_ok());
}

fn meters_need_the_token(database: Database) {
    let portal = Portal::start(database);
    let read = |token: Option<&str>| {
        let mut request = ureq::get(format!("{}/metrics", portal.origin));
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        request
            .call()
            .map(|mut reply| reply.body_mut().read_to_string().unwrap())
    };
    assert!(read(None).is_err() && read(Some("another-token-of-16")).is_err());
    portal.anonymous().get("/projects").expect(200);
    let text = read(Some(crate::support::METRICS_TOKEN)).unwrap();
    for line in [
        "sanshe_up 1\n",
        "sanshe_outbox_waiting 0\n",
        "sanshe_mail_failures 0\n",
        "sanshe_clock_in_doubt 0\n",
        "sanshe_requests_count{method=\"GET\",route=\"/projects\",status=\"2xx\"} 1\n",
        "# TYPE sanshe_requests histogram\n",
    ] {
        assert!(text.contains(line), "no {line} in {text}");
    }
}

/// Two processes share the database and the folder of files.
#[test]
fn two_processes_show_the_same_and_do_each_job_once() {
    if std::env::var("TEST_DATABASE_URL").is_err() {
        return;
    }
    let mut stage = stage::opened(Database::Postgres, &[10_000_000, 9_000_000, 9_500_000]);
    stage.rank(&[(1, 1), (2, 2), (0, 3)]);
    let other = Portal::resume(stage.portal.state.config.clone());
    let elsewhere = other.anonymous();
    let result = stage.path("/result");
    elsewhere.get(&result).expect(404);
    let (page, first) = (stage.path("/award"), stage.bidders[1].1.to_string());
    let begun = Instant::now();
    stage
        .officer
        .submit(&page, &page, &[("bid", &first)])
        .expect(303);
    let awarded = Instant::now();
    while elsewhere.get(&result).status != 200 {
        assert!(awarded.elapsed() < Duration::from_secs(1));
    }
    elsewhere.get(&result).see("示范社工事务所1号");
    println!(
        "award in {:?}, on the other's page {:?} later",
        awarded - begun,
        awarded.elapsed()
    );

    // Enough letters that both are at it together.
    let person = stage.portal.person("reader");
    stage.portal.write(move |tx| {
        for n in 0..300 {
            let args = [("title", format!("第{n}号"))];
            let args = args.each_ref().map(|(name, value)| (*name, value.as_str()));
            let to = Addressee::Person(person);
            accounts::deliver(tx, to, "question-answered", &args, "/projects")?;
        }
        Ok(())
    });
    let runners =
        [&stage.portal, &other].map(|portal| Runner::start(portal.state.clone()).unwrap());
    let begun = Instant::now();
    let left = || {
        stage
            .portal
            .read(|db| Ok(sanshe::infra::outbox::waiting(db)?))
    };
    while left() > 0 {
        assert!(begun.elapsed() < Duration::from_secs(60), "jobs never end");
        std::thread::sleep(Duration::from_millis(50));
    }
    drop(runners);
    let attempts: Vec<i64> = stage
        .portal
        .read(|db| Ok(jobs::table.select(jobs::attempts).load(db)?));
    assert!(attempts.len() >= 300);
    assert!(attempts.iter().all(|times| *times == 1), "a job ran twice");
    println!(
        "{} jobs, each once, in {:?}",
        attempts.len(),
        begun.elapsed()
    );
    stage.portal.may_leave_jobs = false;
    drop(other.leave());
}

on_both!(
    a_day_has_one_backup,
    a_backup_that_fails_is_told_once,
    a_bid_lies_on_the_second_disk_before_its_receipt,
    a_clock_in_doubt_holds_what_falls_due,
    a_full_disk_keeps_room_for_bids,
    meters_need_the_token,
);
