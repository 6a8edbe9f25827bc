//! A receipt is a promise: whoever got one finds the bid, however the server ended.

use crate::on_both;
use crate::support::tendering::{PDF, Tendering, bidder, open_tender};
use crate::support::{Client, Database, Portal, Reply};
use diesel::prelude::*;
use sanshe::infra::config::{Config, Mode};
use sanshe::infra::db::{DatabaseUrl, Db, Purpose};
use sanshe::infra::ledger;
use sanshe::schema::{self, bid_files, bids, messages};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, RwLock};
use std::time::{Duration, Instant};

const BIDDERS: usize = 32;
const KILLS: usize = 20;

/// A small generator whose seed is printed, so that a failure can be had again.
struct Random(u64);

impl Random {
    fn new() -> Self {
        let seed = std::env::var("SANSHE_TEST_SEED")
            .ok()
            .and_then(|seed| seed.parse().ok())
            .unwrap_or_else(|| {
                let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
                u64::try_from(now.as_nanos() & 0xFFFF_FFFF).unwrap()
            });
        println!("SANSHE_TEST_SEED={seed}");
        Self(seed)
    }

    fn below(&mut self, most: u64) -> u64 {
        // splitmix64
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % most
    }
}

/// A live portal with an open tender and bidders who are signed in, each with a draft that has a file.
pub struct Ground {
    pub config: Config,
    pub origin: String,
    pub tender: Tendering,
    pub clients: Vec<(Client, String)>,
}

impl Ground {
    pub fn prepare(database: Database, count: usize) -> Self {
        let portal = Portal::start_as(Mode::Live, database);
        let tender = open_tender(&portal);
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("http://{}", socket.local_addr().unwrap());
        let clients: Vec<(Client, String)> = (0..count)
            .map(|n| {
                let client = bidder(&portal, &format!("bidder{n}"));
                let page = tender.path("/bid");
                let content = [PDF, format!("% {n}\n").as_bytes()].concat();
                let files = tender.path("/bid/files");
                client
                    .upload(&page, &files, &[], &[("files", "方案.pdf", &content)])
                    .expect(303);
                let token = client.get(&page).token();
                (client.moved_to(&origin), token)
            })
            .collect();
        portal.run_jobs();
        let config = portal.leave();
        Self {
            config,
            origin,
            tender,
            clients,
        }
    }

    pub fn command(&self, command: &str) -> Command {
        let mut program = Command::new(env!("CARGO_BIN_EXE_sanshe"));
        program
            .arg(command)
            .arg("--data")
            .arg(&self.config.data)
            .current_dir(&self.config.data)
            .env("SANSHE_PUBLIC_URL", &self.origin)
            .env("SANSHE_LOG", "error");
        if let DatabaseUrl::Postgres(url) = &self.config.database {
            program.env("SANSHE_DATABASE", url);
        }
        if let Some(mirror) = &self.config.mirror {
            program.env("SANSHE_MIRROR", mirror);
        }
        program
    }

    /// The real server, once it answers.
    pub fn serve(&self) -> Server {
        Server::start(self.command("serve"), &self.origin)
    }

    fn connect(&self) -> Db {
        self.config.database.connect(Purpose::Read).unwrap()
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.config.data));
    }
}

pub struct Server(Child);

impl Server {
    /// Runs `sanshe serve` at this address; on return it answers.
    pub fn start(mut serve: Command, origin: &str) -> Self {
        let listen = origin.strip_prefix("http://").unwrap();
        let child = serve
            .args(["--listen", listen])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self(child);
        let visitor = Client::new(origin);
        let begun = Instant::now();
        while visitor.try_get("/healthz").is_none_or(|r| r.status != 200) {
            assert!(
                begun.elapsed() < Duration::from_secs(30),
                "the server does not start again"
            );
            std::thread::sleep(Duration::from_millis(10));
        }
        server
    }

    /// SIGKILL: nothing is flushed, nobody is told.
    pub fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Sends, replaces, sends again, and keeps the number of each receipt that came.
pub struct Sender<'a> {
    pub client: &'a Client,
    pub token: &'a str,
    pub tender: &'a Tendering,
}

pub enum Step {
    Write { version: i64 },
    Send { version: i64 },
    Replace,
}

impl Sender<'_> {
    fn post(&self, action: &str, fields: &[(&str, &str)]) -> Option<Reply> {
        let mut all = vec![("csrf", self.token)];
        all.extend(fields);
        self.client.try_post_raw(&self.tender.path(action), &all)
    }

    /// Where this bidder stands, by its page: after a crash nothing else is known.
    pub fn look(&self) -> Option<(Step, String)> {
        let page = self.client.try_get(&self.tender.path("/bid"))?;
        if page.status != 200 {
            return None;
        }
        let value = |css: &str| {
            let css = scraper::Selector::parse(css).unwrap();
            let html = page.html();
            let found = html.select(&css).next()?.value().attr("value")?.to_owned();
            Some(found)
        };
        let form = |action: &str| format!("form[action='{}']", self.tender.path(action));
        let file = value(&format!("{} input[name=file]", form("/bid/files/remove")));
        let version = value(&format!("{} input[name=version]", form("/bid/draft")))
            .and_then(|v| v.parse().ok());
        let step = if page.has(&form("/bid/submit")) {
            Step::Send { version: version? }
        } else if page.has(&form("/bid/replace")) {
            Step::Replace
        } else {
            Step::Write { version: version? }
        };
        Some((step, file.unwrap_or_default()))
    }

    /// One step; what comes next, or nothing when that is not known any more.
    pub fn step(&self, step: &Step, file: &str, receipts: &Mutex<Vec<String>>) -> Option<Step> {
        let done = |reply: Option<Reply>| reply.filter(|reply| reply.status == 303);
        match *step {
            Step::Write { version } => {
                let version_text = version.to_string();
                let fields = [
                    ("version", version_text.as_str()),
                    ("price", "468000"),
                    ("label-1", "全部服务"),
                    ("amount-1", "468000"),
                    ("proposal", "服务方案"),
                ];
                done(self.post("/bid/draft", &fields))?;
                Some(Step::Send {
                    version: version + 1,
                })
            }
            Step::Send { version } => {
                let fields = [("version", version.to_string()), ("file", file.to_owned())];
                let fields = fields.each_ref().map(|(n, v)| (*n, v.as_str()));
                let sent = done(self.post("/bid/submit", &fields))?;
                let number = crate::support::tendering::number_of(&sent);
                receipts.lock().unwrap().push(number);
                Some(Step::Replace)
            }
            Step::Replace => {
                done(self.post("/bid/replace", &[]))?;
                Some(Step::Write { version: 1 })
            }
        }
    }
}

#[derive(Queryable)]
struct Row {
    id: i64,
    bidder: i64,
    state: String,
    number: String,
    sealed: Vec<u8>,
    cipher: String,
    receipt: String,
}

fn load(db: &mut Db) -> Vec<Row> {
    bids::table
        .select((
            bids::id,
            bids::bidder_id,
            bids::state,
            bids::receipt_no,
            bids::sealed,
            bids::cipher_sha256,
            bids::receipt,
        ))
        .load(db)
        .unwrap()
}

fn count_by_body(bodies: Vec<Option<i64>>) -> BTreeMap<i64, usize> {
    let mut counts = BTreeMap::new();
    for body in bodies.into_iter().flatten() {
        *counts.entry(body).or_default() += 1;
    }
    counts
}

/// Every receipt leads to its bid, its ciphertexts and its line; nothing is there by halves.
pub fn check(ground: &Ground, receipts: &[String]) -> usize {
    let mut db = ground.connect();
    let rows = load(&mut db);
    let by_number: BTreeMap<&str, &Row> = rows.iter().map(|r| (r.number.as_str(), r)).collect();
    for number in receipts {
        assert!(by_number.contains_key(number.as_str()), "{number} is lost");
    }
    let mut current = HashSet::new();
    for row in &rows {
        let receipt = sanshe::procurement::bids::check_receipt(&row.receipt, None).unwrap();
        assert!(receipt.is_genuine, "{}", row.number);
        let receipt = receipt.receipt;
        let hash = hex::encode(Sha256::digest(&row.sealed));
        assert_eq!((&hash, &hash), (&row.cipher, &receipt.cipher_sha256));
        assert_eq!(receipt.receipt_no, row.number);
        if row.state != "submitted" {
            continue;
        }
        assert!(current.insert(row.bidder), "two bids of one bidder count");
        let files: Vec<(String, String)> = bid_files::table
            .filter(bid_files::bid_id.eq(row.id))
            .filter(bid_files::removed_at.is_null())
            .order(bid_files::cipher_sha256)
            .select((bid_files::cipher_sha256, bid_files::storage_key))
            .load(&mut db)
            .unwrap();
        let hashes: Vec<&String> = files.iter().map(|(hash, _)| hash).collect();
        assert_eq!(
            hashes,
            receipt.file_cipher_sha256.iter().collect::<Vec<_>>()
        );
        assert_eq!(files.len(), 1, "the bid of {} lost its file", row.number);
        for (hash, key) in &files {
            let bytes = std::fs::read(ground.config.data.join("files").join(key)).unwrap();
            assert_eq!(&hex::encode(Sha256::digest(&bytes)), hash);
        }
    }
    let sent = count_by_body(rows.iter().map(|row| Some(row.bidder)).collect());
    let lines: Vec<Option<i64>> = schema::ledger::table
        .filter(schema::ledger::what.eq_any(["bid.submitted", "bid.replaced"].map(str::to_owned)))
        .select(schema::ledger::body_id)
        .load(&mut db)
        .unwrap();
    assert_eq!(count_by_body(lines), sent, "the ledger and the bids differ");
    let told: Vec<Option<i64>> = messages::table
        .filter(messages::kind.eq("bid-received"))
        .select(messages::body_id)
        .load(&mut db)
        .unwrap();
    assert_eq!(count_by_body(told), sent, "the inboxes and the bids differ");
    assert_eq!(ledger::verify(&mut db, None).unwrap().findings, []);
    rows.len()
}

/// A failed check must not leave the senders waiting for a server that never comes.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

fn receipts_outlive_the_server(database: Database) {
    let mut random = Random::new();
    let ground = Ground::prepare(database, BIDDERS);
    let receipts = Mutex::new(Vec::new());
    let (stop, broken) = (AtomicBool::new(false), AtomicUsize::new(0));
    // Held by whoever talks to the server; taken alone for a look at what is there.
    let gate = RwLock::new(());
    std::thread::scope(|scope| {
        let stopper = Stop(&stop);
        for (client, token) in &ground.clients {
            let (tender, receipts) = (&ground.tender, &receipts);
            let (stop, broken, gate) = (&stop, &broken, &gate);
            scope.spawn(move || {
                let sender = Sender {
                    client,
                    token,
                    tender,
                };
                let mut known: Option<(Step, String)> = None;
                while !stop.load(Ordering::SeqCst) {
                    let talking = gate.read();
                    known = match known.take().or_else(|| sender.look()) {
                        Some((step, file)) => {
                            let next = sender.step(&step, &file, receipts);
                            broken.fetch_add(usize::from(next.is_none()), Ordering::SeqCst);
                            next.map(|next| (next, file))
                        }
                        None => None,
                    };
                    drop(talking);
                    std::thread::sleep(Duration::from_millis(if known.is_some() { 1 } else { 20 }));
                }
            });
        }
        for kill in 0..KILLS {
            let server = ground.serve();
            {
                let _alone = gate.write().unwrap();
                let receipts = receipts.lock().unwrap().clone();
                let stored = check(&ground, &receipts);
                println!("kill {kill}: {} receipts, {stored} bids", receipts.len());
            }
            std::thread::sleep(Duration::from_millis(50 + random.below(500)));
            server.kill();
        }
        drop(stopper);
    });
    let receipts = receipts.into_inner().unwrap();
    let _server = ground.serve();
    let stored = check(&ground, &receipts);
    let broken = broken.into_inner();
    println!(
        "{} receipts, {stored} bids, {broken} answers that did not come",
        receipts.len()
    );
    assert!(
        receipts.len() >= BIDDERS,
        "only {} receipts",
        receipts.len()
    );
    assert!(broken >= KILLS, "only {broken} requests met a dying server");
    assert_eq!(
        receipts.iter().collect::<HashSet<_>>().len(),
        receipts.len()
    );
    verify_all(&ground);
}

/// The second disk goes away in the midst of the bidding, and comes back: no receipt without its bid on that disk.
fn no_receipt_without_the_second_disk(database: Database) {
    let mut ground = Ground::prepare(database, BIDDERS);
    let beside = ground.config.data.with_extension("second");
    let (disk, mirror) = (beside.join("disk"), beside.join("mirror"));
    std::fs::create_dir_all(&disk).unwrap();
    // Another disk in one step, as when one is unmounted: nobody finds half of each.
    let mount = |target: &Path| {
        let new = beside.join("new");
        std::os::unix::fs::symlink(target, &new).unwrap();
        std::fs::rename(new, &mirror).unwrap();
    };
    mount(&disk);
    ground.config.mirror = Some(mirror.clone());
    let server = ground.serve();
    let (receipts, stop) = (Mutex::new(Vec::new()), AtomicBool::new(false));
    let refused: Vec<AtomicUsize> = ground.clients.iter().map(|_| AtomicUsize::new(0)).collect();
    std::thread::scope(|scope| {
        // Whatever fails here, nobody bids on.
        let stopper = Stop(&stop);
        for ((client, token), refused) in ground.clients.iter().zip(&refused) {
            let (tender, receipts, stop) = (&ground.tender, &receipts, &stop);
            scope.spawn(move || {
                let sender = Sender {
                    client,
                    token,
                    tender,
                };
                while !stop.load(Ordering::SeqCst) {
                    let (step, file) = sender.look().expect("the bid's page");
                    if sender.step(&step, &file, receipts).is_none() {
                        let Step::Send { version } = step else {
                            panic!("only sending needs the second disk");
                        };
                        let version = version.to_string();
                        let fields = [("version", version.as_str()), ("file", &file)];
                        let reply = sender.post("/bid/submit", &fields).unwrap();
                        // It may have come back in between.
                        if reply.status != 303 {
                            assert_eq!(reply.status, 422);
                            reply.see("第二磁盘暂时无法写入");
                            refused.fetch_add(1, Ordering::SeqCst);
                        }
                    }
                }
            });
        }
        let given = || receipts.lock().unwrap().len();
        let until = |what: &str, is_so: &dyn Fn() -> bool| {
            let begun = Instant::now();
            while !is_so() {
                assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
                std::thread::sleep(Duration::from_millis(10));
            }
        };
        until("nobody bids", &|| given() >= 2 * BIDDERS);
        mount(Path::new("/dev/null"));
        // Whoever was refused has nothing under way from before.
        until("somebody is not refused", &|| {
            refused.iter().all(|n| n.load(Ordering::SeqCst) > 0)
        });
        let while_away = given();
        let doctor = ground.command("doctor").arg("--quick").output().unwrap();
        let said = String::from_utf8_lossy(&doctor.stdout);
        assert_eq!(doctor.status.code(), Some(1), "{said}");
        assert!(said.contains("BAD  alarm: mirror_failed"), "{said}");
        let named = format!("BAD  mirror: {}", mirror.display());
        assert!(said.contains(&named), "{said}");
        assert_eq!(given(), while_away, "a receipt without the second disk");
        mount(&disk);
        until("nobody bids again", &|| given() >= while_away + BIDDERS);
        drop(stopper);
    });
    server.kill();
    let receipts = receipts.into_inner().unwrap();
    let stored = check(&ground, &receipts);
    // Each bid that counts or counted, acknowledged or not.
    for row in load(&mut ground.connect()) {
        let kept = std::fs::read(disk.join("bids").join(format!("{}.age", row.number))).unwrap();
        assert!(kept == row.sealed, "another ciphertext of {}", row.number);
    }
    println!(
        "{} receipts, {stored} bids, {} refused while the second disk was away",
        receipts.len(),
        refused
            .iter()
            .map(|n| n.load(Ordering::SeqCst))
            .sum::<usize>()
    );
    std::fs::remove_dir_all(beside).unwrap();
}

/// Each receipt's file by the program, as its holder would; the last one against the ledger too.
fn verify_all(ground: &Ground) {
    let rows = load(&mut ground.connect());
    let path = ground.config.data.join("receipt.json");
    for row in &rows {
        std::fs::write(&path, &row.receipt).unwrap();
        let verified = Command::new(env!("CARGO_BIN_EXE_sanshe"))
            .arg("verify-receipt")
            .arg(&path)
            .output()
            .unwrap();
        assert!(verified.status.success(), "{}: {verified:?}", row.number);
    }
    let verified = ground
        .command("verify-ledger")
        .arg("--head")
        .arg(&path)
        .output()
        .unwrap();
    assert!(verified.status.success(), "{verified:?}");
}

/// A killed process cannot show a missing sync (the kernel still writes its pages), so the calls are counted.
#[test]
fn every_acknowledged_bid_is_synced() {
    let ground = Ground::prepare(Database::Sqlite, BIDDERS);
    let server = ground.serve();
    let senders: Vec<Sender> = ground
        .clients
        .iter()
        .map(|(client, token)| Sender {
            client,
            token,
            tender: &ground.tender,
        })
        .collect();
    let receipts = Mutex::new(Vec::new());
    // Written before: only the submissions are counted.
    let ready: Vec<(Step, String)> = senders
        .iter()
        .map(|sender| {
            let (step, file) = sender.look().unwrap();
            let next = sender.step(&step, &file, &receipts).unwrap();
            (next, file)
        })
        .collect();
    let (alone, together) = senders.split_at(8);
    let log = ground.config.data.join("strace.txt");
    let Some(syncs) = Syncs::watch(server.id(), &log) else {
        println!("skipped: strace is not installed, or may not look at other processes");
        return;
    };
    // One after the other, each must be synced for itself.
    for (sender, (step, file)) in alone.iter().zip(&ready) {
        let before = syncs.count();
        sender.step(step, file, &receipts).unwrap();
        assert!(syncs.count() > before, "a receipt was given without a sync");
    }
    let one_by_one = syncs.count();
    std::thread::scope(|scope| {
        for (sender, (step, file)) in together.iter().zip(&ready[alone.len()..]) {
            scope.spawn(|| sender.step(step, file, &receipts).unwrap());
        }
    });
    let in_all = syncs.count();
    drop(syncs);
    assert_eq!(receipts.lock().unwrap().len(), BIDDERS);
    println!(
        "{one_by_one} syncs for {} receipts one by one, {} for {} at once",
        alone.len(),
        in_all - one_by_one,
        together.len()
    );
    assert!(in_all > one_by_one);
}

/// strace on a running server, which writes each call's line as it happens.
struct Syncs {
    tracer: Child,
    log: std::path::PathBuf,
}

impl Syncs {
    fn watch(server: u32, log: &Path) -> Option<Self> {
        let tracer = Command::new("strace")
            .args([
                "-f",
                "-qq",
                "-y",
                "-e",
                "trace=fdatasync,fsync",
                "-e",
                "signal=none",
                "-o",
            ])
            .arg(log)
            .args(["-p", &server.to_string()])
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let mut watching = Self {
            tracer,
            log: log.to_owned(),
        };
        // The runner's heartbeat writes every five seconds: from its first sync on, the tracer sees.
        let begun = Instant::now();
        while watching.count() == 0 {
            if watching.tracer.try_wait().unwrap().is_some() {
                return None;
            }
            assert!(
                begun.elapsed() < Duration::from_secs(20),
                "four heartbeats were not synced"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(watching)
    }

    /// Of the database only: mails and files are synced too.
    fn count(&self) -> usize {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        log.lines()
            .filter(|line| line.contains("sync(") && line.contains("sanshe.db"))
            .count()
    }
}

impl Drop for Syncs {
    fn drop(&mut self) {
        drop(self.tracer.kill());
        drop(self.tracer.wait());
    }
}

on_both!(
    receipts_outlive_the_server,
    no_receipt_without_the_second_disk,
);
