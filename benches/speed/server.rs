//! The servers under load, each a process of its own, so that what they use can be read apart from the load's.

use super::load::Client;
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The kernel counts CPU time in these, whatever its own clock does.
const TICKS_PER_SECOND: u64 = 100;
const BARE: &str = "--bare";

pub struct Server {
    child: Child,
    pub address: SocketAddr,
    /// From its start to its first answer.
    pub first_answer: Duration,
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Server {
    /// The portal's own binary on a folder that is there already.
    pub fn portal(data: &Path, vars: &[(&str, String)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sanshe"));
        command.envs(vars.iter().map(|(name, value)| (*name, value)));
        let address = free_address();
        command
            .args(["serve", "--data"])
            .arg(data)
            .args(["--listen", &address.to_string()]);
        Self::start(command, address)
    }

    /// Nothing but actix-web, with the same bytes.
    pub fn bare(body: &Path) -> Self {
        let address = free_address();
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        command.arg(BARE).arg(address.to_string()).arg(body);
        Self::start(command, address)
    }

    fn start(mut command: Command, address: SocketAddr) -> Self {
        let begun = Instant::now();
        // Its log costs what it costs; nobody reads it.
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the server starts");
        let mut server = Self {
            child,
            address,
            first_answer: Duration::ZERO,
        };
        loop {
            let answer = Client::connect(address).and_then(|mut client| client.ask(&get("/", "")));
            if answer.is_ok_and(|answer| answer.status == 200) {
                server.first_answer = begun.elapsed();
                return server;
            }
            let ended = server.child.try_wait().expect("its state");
            assert!(
                ended.is_none() && begun.elapsed() < Duration::from_mins(2),
                "the server did not answer: {ended:?}"
            );
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// CPU time since an earlier reading, microseconds for each of `count`.
    #[allow(clippy::cast_precision_loss)]
    pub fn cpu_each(&self, since: Duration, count: usize) -> f64 {
        self.cpu().saturating_sub(since).as_secs_f64() * 1e6 / count.max(1) as f64
    }

    /// CPU time so far, of user and kernel.
    pub fn cpu(&self) -> Duration {
        let stat = self.proc("stat");
        // The name, which may hold anything, ends with the last bracket.
        let fields: Vec<&str> = stat
            .rsplit(')')
            .next()
            .unwrap_or_default()
            .split_whitespace()
            .collect();
        let ticks: u64 = fields[11..13]
            .iter()
            .map(|ticks| ticks.parse::<u64>().expect("ticks"))
            .sum();
        Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND)
    }

    /// Memory of its own, MiB: mapped pages of the database's file are the kernel's.
    pub fn memory(&self) -> u64 {
        let status = self.proc("status");
        let line = status.lines().find(|line| line.starts_with("RssAnon:"));
        let kilobytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
        kilobytes.expect("RssAnon") / 1024
    }

    fn proc(&self, file: &str) -> String {
        fs::read_to_string(format!("/proc/{}/{file}", self.child.id())).expect("/proc")
    }
}

fn free_address() -> SocketAddr {
    let socket = TcpListener::bind("127.0.0.1:0").expect("a free port");
    socket.local_addr().expect("its address")
}

/// A GET request with headers more, each ended by a line break.
pub fn get(path: &str, headers: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n{headers}\r\n").into_bytes()
}

/// Whether this process was started to be the bare server; then it is one until it is killed.
pub fn be_bare() -> bool {
    let args: Vec<String> = std::env::args().collect();
    let [_, mark, address, body] = args.as_slice() else {
        return false;
    };
    if mark != BARE {
        return false;
    }
    let address: SocketAddr = address.parse().expect("an address");
    let body = actix_web::web::Bytes::from(fs::read(body).expect("the bytes"));
    actix_web::rt::System::new().block_on(async move {
        use actix_web::{App, HttpResponse, HttpServer, web};
        HttpServer::new(move || {
            let body = body.clone();
            App::new().default_service(web::to(move || {
                let response = HttpResponse::Ok()
                    .content_type("text/html; charset=utf-8")
                    .body(body.clone());
                std::future::ready(response)
            }))
        })
        .workers(2)
        .bind(address)
        .expect("its port")
        .run()
        .await
        .expect("it serves");
    });
    true
}
