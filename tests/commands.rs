//! The program itself, as a newcomer starts it: each obstacle is one clear line and exit code 1, and a demo goes on
//! where it was left, or begins anew when it was interrupted while it was made.

use crate::on_both;
use crate::support::{Client, Database, Portal, Reply, new_postgres_database};
use chrono::NaiveDateTime;
use diesel::connection::SimpleConnection;
use sanshe::infra::db::{DatabaseUrl, Purpose};
use sanshe::infra::secrets::Secrets;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

static COUNTER: AtomicU32 = AtomicU32::new(70_000);

/// A folder of its own, gone at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> (Self, u32) {
        let number = COUNTER.fetch_add(1, Ordering::SeqCst);
        let path =
            std::env::temp_dir().join(format!("sanshe-command-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        (Self(path), number)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

fn sanshe(folder: &Path, listen: &str, what: &str, database: Option<&str>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sanshe"));
    command
        .args([what, "--listen", listen, "--data"])
        .arg(folder)
        .env_remove("SANSHE_DATABASE")
        .env("SANSHE_CONFIG", "/dev/null")
        .env("SANSHE_LOG", "error")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if let Some(database) = database {
        command.env("SANSHE_DATABASE", database);
    }
    command
}

/// Somebody else's port, free a moment ago.
fn free_port() -> String {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    socket.local_addr().unwrap().to_string()
}

#[track_caller]
fn refused_with(output: &Output, text: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(
        said.starts_with("sanshe: ") && said.contains(text),
        "no {text:?} in {said}"
    );
}

#[test]
fn a_port_that_is_taken() {
    let (folder, _) = Folder::new();
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = socket.local_addr().unwrap().to_string();
    for what in ["demo", "serve"] {
        let output = sanshe(&folder.0, &listen, what, None).output().unwrap();
        refused_with(&output, &format!("cannot listen on {listen}"));
    }
    assert_eq!(std::fs::read_dir(&folder.0).unwrap().count(), 0);
}

#[test]
fn a_folder_that_cannot_be_written_to() {
    let (folder, _) = Folder::new();
    let file = folder.0.join("file");
    std::fs::write(&file, b"").unwrap();
    for (what, place) in [
        ("demo", file.clone()),
        ("demo", file.join("below")),
        ("serve", file.join("below")),
        ("demo", PathBuf::from("/proc/sanshe")),
    ] {
        let output = sanshe(&place, &free_port(), what, None).output().unwrap();
        refused_with(&output, "is not writable");
    }
}

#[test]
fn a_live_portal_without_secrets() {
    let (folder, _) = Folder::new();
    let output = sanshe(&folder.0, &free_port(), "serve", None)
        .output()
        .unwrap();
    refused_with(&output, "sanshe init");
}

#[test]
fn a_database_that_is_not_there() {
    let (folder, _) = Folder::new();
    let nowhere = format!("postgres://nobody@{}/nothing", free_port());
    let output = sanshe(&folder.0, &free_port(), "demo", Some(&nowhere))
        .output()
        .unwrap();
    refused_with(&output, "the database cannot be opened");
}

fn a_database_that_is_newer(database: Database) {
    let mut portal = Portal::start(database);
    portal.may_leave_jobs = true;
    let url = portal.state.store.url().clone();
    let mut db = url.connect(Purpose::Write).unwrap();
    db.batch_execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('20991231000000')")
        .unwrap();
    let place = place_of(&url);
    let output = sanshe(portal.data_folder(), &free_port(), "demo", place.as_deref())
        .output()
        .unwrap();
    refused_with(&output, "the database is newer than this program");
}

/// What `SANSHE_DATABASE` must say; nothing for the file in the data folder.
fn place_of(url: &DatabaseUrl) -> Option<String> {
    match url {
        DatabaseUrl::Sqlite(_) => None,
        DatabaseUrl::Postgres(url) => Some(url.clone()),
    }
}

fn a_database_of_the_other_kind(database: Database) {
    let mut portal = Portal::start(database);
    portal.may_leave_jobs = true;
    let place = place_of(portal.state.store.url());
    let data = portal.data_folder().to_owned();
    let serve = sanshe(&data, &free_port(), "serve", place.as_deref())
        .output()
        .unwrap();
    refused_with(&serve, "this database is a demo one");
    // A live one is as safe from `demo`, which would otherwise take it for an interrupted story.
    portal.write(|tx| {
        use diesel::prelude::*;
        use sanshe::schema::portal;
        diesel::update(portal::table)
            .set(portal::kind.eq("live"))
            .execute(tx.db)?;
        Ok(())
    });
    let demo = sanshe(&data, &free_port(), "demo", place.as_deref())
        .output()
        .unwrap();
    refused_with(&demo, "this database is a live one");
    portal.write(|tx| {
        use diesel::prelude::*;
        use sanshe::schema::portal;
        assert_eq!(portal::table.count().get_result::<i64>(tx.db)?, 1);
        Ok(())
    });
}

/// A running program, killed at the end.
struct Running {
    child: Child,
    listen: String,
}

impl Running {
    fn start(folder: &Path, database: Option<&str>) -> Self {
        let listen = free_port();
        let child = sanshe(folder, &listen, "demo", database).spawn().unwrap();
        Self { child, listen }
    }

    fn client(&self) -> Client {
        Client::new(&format!("http://{}", self.listen))
    }

    /// Waits until it answers.
    fn home(&mut self) -> Reply {
        let begun = Instant::now();
        while std::net::TcpStream::connect(&self.listen).is_err() {
            self.must_run(begun);
        }
        // The port is bound before the story is told: the answer comes after it.
        self.client().get("/")
    }

    #[track_caller]
    fn must_run(&mut self, begun: Instant) {
        let ended = self.child.try_wait().unwrap();
        assert!(ended.is_none(), "it ended: {ended:?}");
        assert!(begun.elapsed() < Duration::from_secs(120), "it hangs");
        std::thread::sleep(Duration::from_millis(20));
    }

    /// Stops it with a signal; what it had said on its output.
    fn stop(mut self, signal: &str) -> (Option<i32>, String) {
        use std::io::Read;
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args([signal, &pid])
                .status()
                .unwrap()
                .success()
        );
        let code = self.child.wait().unwrap().code();
        let mut said = String::new();
        self.child
            .stdout
            .take()
            .unwrap()
            .read_to_string(&mut said)
            .unwrap();
        (code, said)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn database_of(database: Database, number: u32) -> Option<String> {
    (database == Database::Postgres).then(|| new_postgres_database(number))
}

fn clock(page: &Reply) -> NaiveDateTime {
    let text = page.text_of(".demo-clock time").expect("a demo clock");
    NaiveDateTime::parse_from_str(&text, "%Y-%m-%d %H:%M").unwrap()
}

fn a_demo_goes_on_where_it_was_left(database: Database) {
    let (folder, number) = Folder::new();
    let place = database_of(database, number);
    let mut first = Running::start(&folder.0, place.as_deref());
    let told = clock(&first.home());
    let second = sanshe(&folder.0, &free_port(), "demo", place.as_deref())
        .output()
        .unwrap();
    refused_with(&second, "another sanshe runs on");
    let client = first.client();
    client
        .submit("/about", "/demo/clock", &[("move", "day")])
        .expect(303);
    let left = clock(&client.get("/"));
    assert!(left - told >= chrono::Duration::days(1));
    let (code, said) = first.stop("-TERM");
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("officer@demo.invalid"), "{said}");

    let mut again = Running::start(&folder.0, place.as_deref());
    let found = clock(&again.home());
    assert!(
        found >= left && found - left < chrono::Duration::minutes(10),
        "{found}"
    );
    let (code, said) = again.stop("-INT");
    assert_eq!(code, Some(0), "{said}");
    assert!(!said.contains("made anew"), "{said}");
}

fn an_interrupted_story_is_told_anew(database: Database) {
    let (folder, number) = Folder::new();
    let place = database_of(database, number);
    let url = place.as_deref().map_or_else(
        || DatabaseUrl::Sqlite(folder.0.join("sanshe.db").display().to_string()),
        |url| DatabaseUrl::parse(url).unwrap(),
    );
    let mut cut = Running::start(&folder.0, place.as_deref());
    let begun = Instant::now();
    while lines(&url) < 60 {
        cut.must_run(begun);
    }
    cut.stop("-KILL");
    assert!(lines(&url) > 0);

    let mut again = Running::start(&folder.0, place.as_deref());
    again.home().expect(200);
    again
        .client()
        .get("/contracts")
        .expect(200)
        .see("高龄独居老人居家上门服务");
    let (code, said) = again.stop("-TERM");
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("made anew"), "{said}");
    let verified = sanshe(&folder.0, "127.0.0.1:0", "verify-ledger", place.as_deref())
        .arg("--demo")
        .output()
        .unwrap();
    assert!(verified.status.success());
    assert!(String::from_utf8_lossy(&verified.stdout).contains("no finding"));
}

/// How far the story has come.
fn lines(url: &DatabaseUrl) -> i64 {
    use diesel::prelude::*;
    use sanshe::schema::ledger;
    if matches!(url, DatabaseUrl::Sqlite(path) if !Path::new(path).exists()) {
        return 0;
    }
    let Ok(mut db) = url.connect(Purpose::Read) else {
        return 0;
    };
    ledger::table.count().get_result(&mut db).unwrap_or(0)
}

/// `init` makes what `serve` asks for, once.
#[test]
fn init_makes_the_secrets_once() {
    let (folder, _) = Folder::new();
    let init = || {
        sanshe(&folder.0, "127.0.0.1:0", "init", None)
            .args(["--email", "admin@test.invalid"])
            .output()
            .unwrap()
    };
    let first = init();
    assert!(first.status.success());
    assert!(String::from_utf8_lossy(&first.stdout).contains("/first-administrator?token="));
    let secrets = std::fs::read(Secrets::path(&folder.0)).unwrap();
    init();
    assert_eq!(std::fs::read(Secrets::path(&folder.0)).unwrap(), secrets);
}

on_both!(
    a_database_that_is_newer,
    a_database_of_the_other_kind,
    a_demo_goes_on_where_it_was_left,
    an_interrupted_story_is_told_anew,
);
