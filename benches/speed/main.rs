//! How fast the portal is: `cargo bench` fills a database, loads the portal and a bare server with the same bytes in
//! turn, and prints tables. What is to be reached, and what was measured: docs/performance.md.
//!
//! - `SANSHE_BENCH_ROWS`: rows, one table each; `10000,1000000` unless said. Under `cargo test` 1,000, only to stay alive.
//! - `SANSHE_BENCH_SECONDS`: of each measurement; 2 unless said.
//! - `SANSHE_BENCH_PAGES`: only pages whose names hold this, for a profiler.
//! - `SANSHE_BENCH_DATABASE`: a `PostgreSQL` server to measure as well; without it only `SQLite` is measured.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_precision_loss
)]

mod load;
mod rows;
mod server;

use actix_web::web::Data;
use load::{Answer, Client, Load};
use rows::{Bidder, Counts, Template};
use sanshe::commands;
use sanshe::infra::config::{Config, Mode};
use sanshe::infra::ledger::{self, Entry};
use sanshe::infra::once;
use sanshe::infra::secrets::Secrets;
use sanshe::regions;
use sanshe::web::State;
use server::{Server, get};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const CLIENTS: usize = 32;

fn main() {
    if server::be_bare() {
        return;
    }
    // Cargo says so when it measures; its tests only want to see the bench alive.
    let is_measured = std::env::args().any(|arg| arg == "--bench");
    let var = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let rows = var("SANSHE_BENCH_ROWS")
        .unwrap_or_else(|| if is_measured { "10000,1000000" } else { "1000" }.into());
    let seconds = var("SANSHE_BENCH_SECONDS").and_then(|seconds| seconds.parse().ok());
    let time = Duration::from_secs_f64(seconds.unwrap_or(if is_measured { 2.0 } else { 0.1 }));
    let postgres = var("SANSHE_BENCH_DATABASE");
    for rows in rows.split(',') {
        let rows: usize = rows.trim().parse().expect("SANSHE_BENCH_ROWS: numbers");
        assert!(rows >= 1000, "SANSHE_BENCH_ROWS: at least 1000");
        measure(rows, time, None);
        match &postgres {
            Some(server) => measure(rows, time, Some(server)),
            None => println!("PostgreSQL is not measured: SANSHE_BENCH_DATABASE is not set\n"),
        }
    }
}

/// A folder, and a database on a server, that go when the measurement ends, however it ends.
struct Place {
    folder: PathBuf,
    postgres: Option<(String, String)>,
}

impl Place {
    fn make(rows: usize, server: Option<&str>) -> Self {
        let name = format!("sanshe_bench_{}_{rows}", std::process::id());
        let folder = std::env::temp_dir().join(&name);
        std::fs::create_dir_all(&folder).expect("a folder");
        // A disk that is nearly full and a clock that nothing keeps are not what is measured; every request may come
        // from a network of its own, past the limit of each.
        let config = "keep_free_mb = 0\nclock_check = [\"echo\", \"yes\"]\ntrusted_proxies = [\"127.0.0.1\"]\n";
        std::fs::write(folder.join("sanshe.toml"), config).expect("the configuration");
        let place = Self {
            folder,
            postgres: server.map(|server| (server.to_owned(), name)),
        };
        place.administer("CREATE DATABASE");
        place
    }

    fn administer(&self, what: &str) {
        use diesel::connection::SimpleConnection;
        use diesel::{Connection, PgConnection};
        if let Some((server, name)) = &self.postgres {
            PgConnection::establish(server)
                .expect("SANSHE_BENCH_DATABASE")
                .batch_execute(&format!("{what} {name}"))
                .expect("a database of its own");
        }
    }

    fn vars(&self) -> Vec<(&'static str, String)> {
        let config = self.folder.join("sanshe.toml").display().to_string();
        let mut vars = vec![("SANSHE_CONFIG", config)];
        if let Some((server, name)) = &self.postgres {
            let (head, _) = server.rsplit_once('/').expect("postgres://…/…");
            vars.push(("SANSHE_DATABASE", format!("{head}/{name}")));
        }
        vars
    }

    fn open(&self) -> Data<State> {
        let vars: HashMap<String, String> = self
            .vars()
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        let listen = "127.0.0.1:0".parse().expect("an address");
        let config =
            Config::read(Mode::Live, &self.folder, listen, &vars).expect("a configuration");
        Data::new(commands::open(config).expect("a portal"))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.folder));
        // WITH (FORCE): the last connection may still be going.
        if let Some((server, name)) = self.postgres.take() {
            let forced = Self {
                folder: PathBuf::new(),
                postgres: Some((server, format!("{name} WITH (FORCE)"))),
            };
            forced.administer("DROP DATABASE");
            std::mem::forget(forced);
        }
    }
}

fn measure(rows: usize, time: Duration, server: Option<&str>) {
    let database = if server.is_some() {
        "PostgreSQL"
    } else {
        "SQLite"
    };
    println!("## {rows} rows on {database}\n");
    let place = Place::make(rows, server);
    let counts = Counts::of(rows);
    let begun = Instant::now();
    let (template, bidders) = prepare(&place, &counts);
    println!("made in {:.0} s\n", begun.elapsed().as_secs_f64());

    let portal = Server::portal(&place.folder, &place.vars());
    let started = portal.first_answer;
    let mut memory = pages(&portal, &place.folder, &counts, time);
    let bids = sealed_bids(&place, &portal, template, &counts, &bidders, time);
    memory = memory.max(portal.memory());
    drop(portal);
    println!("| | |\n|---|--:|");
    println!(
        "| first answer after start | {:.3} s |",
        started.as_secs_f64()
    );
    println!("| RssAnon under load, at most | {memory} MiB |");
    println!("| drafts of bids saved over HTTP | {:.0}/s |", bids.drafts);
    println!(
        "| sealed bids over HTTP | {:.0}/s, p50 {:.1} ms, p99 {:.1} ms, {:.0} CPU µs each |",
        bids.load.per_second(),
        bids.load.percentile(50),
        bids.load.percentile(99),
        bids.cpu
    );
    println!(
        "| durable writes through the store | {:.0}/s |\n",
        durable_writes(&place, time)
    );
}

fn prepare(place: &Place, counts: &Counts) -> (Template, Vec<Bidder>) {
    Secrets::make()
        .and_then(|secrets| secrets.write_new(&place.folder))
        .expect("secrets");
    let state = place.open();
    let template = rows::publish(&state).expect("a published tender");
    let bidders = rows::bidders(&state, CLIENTS).expect("bidders");
    while sanshe::jobs::round(&state) {}
    rows::fill(&state, template, counts);
    println!("{}", rows::count(&state));
    (template, bidders)
}

/// The pages, each against a bare server with its bytes; the most memory that the portal took.
fn pages(portal: &Server, folder: &Path, counts: &Counts, time: Duration) -> u64 {
    let open = counts.open_projects()[0];
    let place = first_place(portal);
    let town = format!("{}101", regions::COUNTY);
    let pages = [
        ("home", "/".to_owned()),
        ("directory", "/organizations".to_owned()),
        ("filtered directory", format!("/organizations?town={town}")),
        ("projects", "/projects".to_owned()),
        (
            "filtered projects",
            format!("/projects?town={town}&state=contracted"),
        ),
        ("project, taking bids", format!("/projects/{open}")),
        (
            "project, contracted",
            format!("/projects/{}", counts.contracted()),
        ),
        ("community", format!("/communities/{place}")),
        (
            "search, 2 characters",
            "/search?q=%E5%85%BB%E8%80%81".to_owned(),
        ),
        (
            "search, 4 characters",
            "/search?q=%E5%B1%85%E5%AE%B6%E5%85%BB%E8%80%81".to_owned(),
        ),
        ("JSON list", "/api/v1/projects".to_owned()),
    ];
    println!(
        "| page | KiB | bare/s | kept/s | of bare | CPU µs | p50 ms | p99 ms | anew/s | CPU µs | p50 ms | p99 ms | one client p99 ms |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    let mut memory = 0;
    let chosen = std::env::var("SANSHE_BENCH_PAGES").unwrap_or_default();
    for (name, path) in pages.into_iter().filter(|(name, _)| name.contains(&chosen)) {
        let kept = get(&path, "");
        let answer = Client::connect(portal.address)
            .and_then(|mut client| client.ask(&kept))
            .expect("a page");
        assert_eq!(
            answer.status,
            200,
            "{path}: {}",
            String::from_utf8_lossy(&answer.body)
        );
        let file = folder.join("bare");
        std::fs::write(&file, &answer.body).expect("the bytes");
        let bare = Server::bare(&file);
        let (bare, _) = loaded(&bare, CLIENTS, time, |_| kept.clone());
        let (kept, kept_cpu) = loaded(portal, CLIENTS, time, |_| kept.clone());
        // A cookie that the cache does not know leads past it.
        let anew = |n: usize| {
            let network = format!("10.{}.{}.1", n / 256 % 256, n % 256);
            get(
                &path,
                &format!("cookie: bench=1\r\nx-forwarded-for: {network}\r\n"),
            )
        };
        let (alone, _) = loaded(portal, 1, time / 2, anew);
        let (anew, anew_cpu) = loaded(portal, CLIENTS, time, anew);
        memory = memory.max(portal.memory());
        println!(
            "| {name} | {:.1} | {:.0} | {:.0} | {:.2} | {kept_cpu:.0} | {:.1} | {:.1} | {:.0} | {anew_cpu:.0} | {:.1} | {:.1} | {:.1} |",
            answer.body.len() as f64 / 1024.0,
            bare.per_second(),
            kept.per_second(),
            kept.per_second() / bare.per_second(),
            kept.percentile(50),
            kept.percentile(99),
            anew.per_second(),
            anew.percentile(50),
            anew.percentile(99),
            alone.percentile(99),
        );
    }
    println!();
    memory
}

/// The code of the first community that the portal lists.
fn first_place(portal: &Server) -> String {
    let answer = Client::connect(portal.address)
        .and_then(|mut client| client.ask(&get("/communities?all=1", "")))
        .expect("the communities");
    let page = String::from_utf8_lossy(&answer.body);
    let (_, rest) = page
        .split_once("href=\"/communities/3")
        .expect("a community");
    format!("3{}", &rest[..11])
}

/// A load of GETs, every request numbered, and the CPU time that each took of the server, microseconds.
fn loaded(
    server: &Server,
    clients: usize,
    time: Duration,
    request: impl Fn(usize) -> Vec<u8> + Sync,
) -> (Load, f64) {
    let asked = AtomicUsize::new(0);
    let before = server.cpu();
    let load = load::run(
        server.address,
        clients,
        time,
        |_, _| Some(request(asked.fetch_add(1, Ordering::Relaxed))),
        |answer| answer.status == 200,
    );
    let cpu = server.cpu_each(before, load.count());
    (load, cpu)
}

struct Bids {
    load: Load,
    cpu: f64,
    drafts: f64,
}

/// Every client submits the drafts that lie ready in the open tenders, one after the other: sealing, signing the receipt,
/// ledger, inbox, mail, one transaction.
fn sealed_bids(
    place: &Place,
    portal: &Server,
    template: Template,
    counts: &Counts,
    bidders: &[Bidder],
    time: Duration,
) -> Bids {
    let tokens: Vec<String> = bidders
        .iter()
        .map(|bidder| form_token(portal, template, bidder))
        .collect();
    let post = |client: usize, path: &str, fields: &str| {
        let body = format!("csrf={}&{fields}", tokens[client]);
        format!(
            "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncookie: session={}\r\ncontent-type: application/x-www-form-urlencoded\r\n\
             content-length: {}\r\n\r\n{body}",
            bidders[client].session,
            body.len()
        )
        .into_bytes()
    };
    let proposal = "%E6%9C%8D%E5%8A%A1%E6%96%B9%E6%A1%88".repeat(100);
    let draft = format!("version=0&price=400000&label-1=a&amount-1=400000&proposal={proposal}");
    let path = format!("/projects/{}/bid/draft", template.project);
    let drafts = load::run(
        portal.address,
        CLIENTS,
        Duration::from_mins(1),
        |client, n| (n == 0).then(|| post(client, &path, &draft)),
        |answer| answer.status == 303,
    );
    let state = place.open();
    rows::copy_drafts(&state, template, counts);
    drop(state);
    let open = counts.open_projects();
    let before = portal.cpu();
    let load = load::run(
        portal.address,
        CLIENTS,
        time,
        |client, n| {
            let project = open.get(n)?;
            Some(post(
                client,
                &format!("/projects/{project}/bid/submit"),
                "version=1",
            ))
        },
        |answer| answer.status == 303 && answer.head.contains("receipt?no="),
    );
    let cpu = portal.cpu_each(before, load.count());
    Bids {
        cpu,
        drafts: drafts.per_second(),
        load,
    }
}

/// What the forms of a session hold against forgery.
fn form_token(portal: &Server, template: Template, bidder: &Bidder) -> String {
    let path = format!("/projects/{}/bid", template.project);
    let cookie = format!("cookie: session={}\r\n", bidder.session);
    let answer: Answer = Client::connect(portal.address)
        .and_then(|mut client| client.ask(&get(&path, &cookie)))
        .expect("the form");
    let page = String::from_utf8_lossy(&answer.body);
    let (_, rest) = page
        .split_once("name=\"csrf\" value=\"")
        .unwrap_or_else(|| panic!("no form for body {}: {}", bidder.body, answer.head));
    rest.split('"').next().unwrap_or_default().to_owned()
}

/// Writes per second that were on the disk when they were acknowledged: three rows each, 32 writers.
fn durable_writes(place: &Place, time: Duration) -> f64 {
    let state = place.open();
    let done = AtomicUsize::new(0);
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for writer in 0..CLIENTS {
            let (state, done) = (&state, &done);
            scope.spawn(move || {
                for n in 0.. {
                    if begun.elapsed() >= time {
                        break;
                    }
                    let key = format!("bench {writer} {n}");
                    state
                        .store
                        .write_blocking(move |tx| {
                            once::once(tx, &key, |tx| {
                                let line = Entry::new("person", 1, "token.made").for_staff(None);
                                ledger::append(tx, None, &line)?;
                                Ok("/".into())
                            })
                        })
                        .expect("a write");
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    done.into_inner() as f64 / begun.elapsed().as_secs_f64()
}
