//! A portal of one's own for each test: real server on loopback, own database, clock that the test moves.

pub mod browser;
pub mod buying;
pub mod client;
pub mod program;
pub mod stage;
pub mod tendering;
pub mod typing;

pub use client::{Client, Reply};

use actix_web::web::Data;
use chrono::NaiveDateTime;
use sanshe::commands;
use sanshe::infra::actor::Actor;
use sanshe::infra::config::{Config, Mode};
use sanshe::infra::db::Db;
use sanshe::infra::failure::Failure;
use sanshe::infra::outbox;
use sanshe::infra::secrets::Secrets;
use sanshe::infra::store::Tx;
use sanshe::kernel::people::{BodyId, PersonId};
use sanshe::kernel::roles::{BodyKind, Role};
use sanshe::web::State;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

pub const METRICS_TOKEN: &str = "tests-read-the-meters";
pub const PASSWORD: &str = "correct-horse-7";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Database {
    Sqlite,
    Postgres,
}

/// Makes `sqlite` and `postgres` tests of each function `fn name(database: Database)`.
#[macro_export]
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        $(mod $name {
            use $crate::support::Database;

            #[test]
            fn sqlite() {
                super::$name(Database::Sqlite);
            }

            #[test]
            fn postgres() {
                if std::env::var("TEST_DATABASE_URL").is_ok() {
                    super::$name(Database::Postgres);
                }
            }
        })+
    };
}

static COUNTER: AtomicU32 = AtomicU32::new(0);

pub struct Portal {
    pub state: Data<State>,
    pub origin: String,
    pub data: PathBuf,
    stop: Option<actix_web::dev::ServerHandle>,
    thread: Option<std::thread::JoinHandle<()>>,
    /// A test that leaves outbox rows on purpose says so.
    pub may_leave_jobs: bool,
    keeps_data: bool,
}

impl Portal {
    /// A demo-mode portal (clock at 2026-03-02 09:00) without the demo's story; its jobs run only when the test says
    /// [`Portal::run_jobs`].
    pub fn start(database: Database) -> Self {
        Self::start_as(Mode::Demo, database)
    }

    /// The same as a demo, or live by the machine's clock.
    pub fn start_as(mode: Mode, database: Database) -> Self {
        Self::start_with(mode, database, |_| {})
    }

    /// The same with another configuration.
    pub fn start_with(mode: Mode, database: Database, change: impl FnOnce(&mut Config)) -> Self {
        let number = COUNTER.fetch_add(1, Ordering::SeqCst);
        let data =
            std::env::temp_dir().join(format!("sanshe-test-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&data).unwrap();
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let listen = socket.local_addr().unwrap();
        let token = ("SANSHE_METRICS_TOKEN".to_owned(), METRICS_TOKEN.to_owned());
        let mut vars = HashMap::from([token]);
        if database == Database::Postgres {
            vars.insert("SANSHE_DATABASE".to_owned(), new_postgres_database(number));
        }
        let mut config = Config::read(mode, &data, listen, &vars).unwrap();
        change(&mut config);
        if mode == Mode::Live {
            // A demo makes its own.
            Secrets::make().unwrap().write_new(&data).unwrap();
        }
        Self::serve(config, socket)
    }

    /// A portal on a folder and a database that are there already.
    pub fn resume(config: Config) -> Self {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        Self::serve(config, socket)
    }

    fn serve(config: Config, socket: std::net::TcpListener) -> Self {
        let (data, listen) = (config.data.clone(), socket.local_addr().unwrap());
        let state = Data::new(commands::open(config).unwrap());
        state.cache.check_copies();
        let shared = state.clone();
        let (sender, receiver) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let server =
                    actix_web::HttpServer::new(move || sanshe::routes::app(shared.clone()))
                        .workers(2)
                        .disable_signals()
                        .shutdown_timeout(1)
                        .listen(socket)
                        .unwrap()
                        .run();
                sender.send(server.handle()).unwrap();
                server.await.unwrap();
            });
        });
        Self {
            state,
            origin: format!("http://{listen}"),
            data,
            stop: Some(receiver.recv().unwrap()),
            thread: Some(thread),
            may_leave_jobs: false,
            keeps_data: false,
        }
    }

    /// Stops, and leaves folder and database to whoever comes after.
    pub fn leave(mut self) -> Config {
        self.keeps_data = true;
        self.state.config.clone()
    }

    pub fn read<T>(&self, query: impl FnOnce(&mut Db) -> Result<T, Failure>) -> T {
        self.state.store.read_blocking(query).unwrap()
    }

    pub fn write<T: Send + 'static>(
        &self,
        action: impl Fn(&mut Tx) -> Result<T, Failure> + Send + 'static,
    ) -> T {
        self.state.store.write_blocking(action).unwrap()
    }

    pub fn now(&self) -> NaiveDateTime {
        self.state.store.now()
    }

    /// Moves the portal clock forward to an instant and lets everything that falls due happen, in order.
    pub fn move_clock_to(&self, to: NaiveDateTime) {
        sanshe::demo::clock::move_to(&self.state, to).unwrap();
        self.run_jobs();
    }

    pub fn move_clock_by(&self, by: chrono::Duration) {
        self.move_clock_to(self.now() + by);
    }

    /// Runs due events, outbox and sealer until nothing is left to do.
    pub fn run_jobs(&self) {
        let begun = Instant::now();
        while sanshe::jobs::round(&self.state) {
            assert!(begun.elapsed() < Duration::from_secs(60), "jobs never end");
        }
    }

    /// A confirmed person, with an account of the tests' password.
    pub fn person(&self, name: &str) -> PersonId {
        let email = format!("{name}@test.invalid");
        // Hashed once: argon2 takes its time by design.
        static HASH: std::sync::LazyLock<String> =
            std::sync::LazyLock::new(|| sanshe::accounts::hash_password(PASSWORD).unwrap());
        let hash = HASH.clone();
        let name = name.to_owned();
        self.write(move |tx| {
            sanshe::accounts::create_person(
                tx,
                &email,
                &name,
                &hash,
                sanshe::infra::words::Language::Chinese,
                true,
            )
        })
    }

    pub fn body(&self, kind: BodyKind, name: &str, region: Option<&str>) -> BodyId {
        let (name, region) = (name.to_owned(), region.map(str::to_owned));
        self.write(move |tx| {
            sanshe::accounts::create_body(
                tx,
                None,
                kind,
                &name,
                region.as_deref(),
                Some("0512-00000000"),
            )
        })
    }

    pub fn grant(&self, person: PersonId, body: BodyId, roles: &[Role]) {
        let roles = roles.to_vec();
        self.write(move |tx| {
            for role in &roles {
                sanshe::accounts::grant(tx, None, person, body, *role)?;
            }
            Ok(())
        });
    }

    /// A new person `name` with the roles in the body, signed in.
    pub fn member(&self, name: &str, body: BodyId, roles: &[Role]) -> Client {
        let person = self.person(name);
        self.grant(person, body, roles);
        self.signed_in(name)
    }

    pub fn anonymous(&self) -> Client {
        Client::new(&self.origin)
    }

    /// A session of `name`, begun as sign-in begins it (the sign-in page has its own journey).
    pub fn signed_in(&self, name: &str) -> Client {
        self.signed_in_as(&format!("{name}@test.invalid"))
    }

    pub fn signed_in_as(&self, email: &str) -> Client {
        let email = email.to_owned();
        let session = self.write(move |tx| {
            let person =
                sanshe::accounts::find_person_by_email(tx.db, &email)?.ok_or(Failure::NotFound)?;
            sanshe::accounts::begin_session(tx, person.id, "test", "127.0.0.0/24")
        });
        let key = self.state.secrets.token_key();
        let token = sanshe::infra::tokens::issue(key, session, sanshe::infra::store::machine_now())
            .unwrap();
        let client = self.anonymous();
        client.keep_session(&token);
        client
    }

    /// `name` as a handler would know them, for calling actions directly.
    pub fn actor(&self, name: &str) -> Actor {
        let email = format!("{name}@test.invalid");
        self.write(move |tx| {
            let person =
                sanshe::accounts::find_person_by_email(tx.db, &email)?.ok_or(Failure::NotFound)?;
            let session = sanshe::accounts::begin_session(tx, person.id, "test", "127.0.0.0/24")?;
            let now = tx.machine_now();
            sanshe::infra::actor::find(tx.db, session, now)?.ok_or(Failure::NotFound)
        })
    }

    /// The mails written so far, newest last, as raw `.eml` text.
    pub fn mails(&self) -> Vec<String> {
        self.run_jobs();
        let mut paths: Vec<PathBuf> = std::fs::read_dir(self.data.join("mail"))
            .map(|entries| entries.map(|entry| entry.unwrap().path()).collect())
            .unwrap_or_default();
        paths.sort();
        paths
            .iter()
            .map(|path| std::fs::read_to_string(path).unwrap())
            .collect()
    }

    pub fn data_folder(&self) -> &Path {
        &self.data
    }
}

impl Drop for Portal {
    fn drop(&mut self) {
        if !std::thread::panicking() && !self.may_leave_jobs {
            self.run_jobs();
            assert_eq!(
                self.read(|db| Ok(outbox::waiting(db)?)),
                0,
                "outbox rows are left"
            );
            assert_eq!(
                self.read(|db| Ok(outbox::failed(db)?)),
                Vec::new(),
                "jobs failed"
            );
        }
        if let Some(handle) = self.stop.take() {
            actix_web::rt::System::new().block_on(handle.stop(false));
        }
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
        if !self.keeps_data {
            drop(std::fs::remove_dir_all(&self.data));
        }
    }
}

/// A database of its own in the tests' cluster, from a template that is migrated once.
pub fn new_postgres_database(number: u32) -> String {
    use diesel::connection::SimpleConnection;
    use diesel::{Connection, PgConnection};
    let base = std::env::var("TEST_DATABASE_URL").unwrap();
    let name = format!("sanshe_test_{}_{number}", std::process::id());
    let mut admin = PgConnection::establish(&base).unwrap();
    admin
        .batch_execute(&format!("CREATE DATABASE {name}"))
        .unwrap();
    let (head, tail) = base.rsplit_once('/').unwrap();
    let query = tail
        .split_once('?')
        .map(|(_, query)| format!("?{query}"))
        .unwrap_or_default();
    format!("{head}/{name}{query}")
}

/// The plain text of a mail as its reader sees it.
pub fn readable(eml: &str) -> String {
    use base64::Engine;
    let eml = eml.replace("\r\n", "\n");
    let at = eml.find("text/plain").expect("a text part");
    let (head, rest) = eml[at..].split_once("\n\n").unwrap();
    let body = rest.split("\n--").next().unwrap();
    let bytes = if head.contains("base64") {
        let text: String = body.split_whitespace().collect();
        base64::engine::general_purpose::STANDARD
            .decode(text)
            .unwrap()
    } else if head.contains("quoted-printable") {
        unquoted(body)
    } else {
        body.as_bytes().to_vec()
    };
    String::from_utf8(bytes).unwrap()
}

fn unquoted(body: &str) -> Vec<u8> {
    let body = body.replace("=\n", "");
    let mut bytes = Vec::new();
    let mut rest = body.as_bytes().iter();
    while let Some(&byte) = rest.next() {
        if byte == b'=' {
            let pair = [*rest.next().unwrap(), *rest.next().unwrap()];
            let pair = std::str::from_utf8(&pair).unwrap();
            bytes.push(u8::from_str_radix(pair, 16).unwrap());
        } else {
            bytes.push(byte);
        }
    }
    bytes
}

/// The link of a mail, as a path on the portal.
#[track_caller]
pub fn link_in(eml: &str, origin: &str) -> String {
    let text = readable(eml);
    let at = text
        .find(&format!("{origin}/"))
        .unwrap_or_else(|| panic!("no link in {text}"));
    text[at + origin.len()..]
        .split_whitespace()
        .next()
        .unwrap()
        .to_owned()
}
