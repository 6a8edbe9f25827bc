//! Pages that all visitors share: whose they are, how long they live, and that nobody's own page is among them.

use crate::on_both;
use crate::support::{Client, Database, Portal, Reply};
use sanshe::kernel::roles::{BodyKind, Role};
use std::io::{Read, Write};
use std::net::TcpStream;

/// A visitor without cookies, as the first one is: each request with a client of its own.
fn passer_by(portal: &Portal, path: &str, language: &'static str) -> Reply {
    let mut client = Client::new(&portal.origin);
    client.language = language;
    client.get(path)
}

fn kept(portal: &Portal) -> String {
    let metrics = portal.anonymous().get_with(
        "/metrics",
        "authorization",
        &format!("Bearer {}", crate::support::METRICS_TOKEN),
    );
    let line = "sanshe_requests_count{method=\"GET\",route=\"cache\"";
    let count = metrics.body.lines().find(|found| found.starts_with(line));
    count
        .and_then(|line| line.rsplit(' ').next())
        .unwrap_or("0")
        .to_owned()
}

fn the_second_visitor_gets_the_first_ones_page(database: Database) {
    let portal = Portal::start(database);
    portal.state.cache.trust_copies();
    for path in ["/", "/projects", "/organizations", "/api/v1/projects"] {
        let before: u64 = kept(&portal).parse().unwrap();
        let first = passer_by(&portal, path, "zh-CN");
        let second = passer_by(&portal, path, "zh-CN");
        assert_eq!(first.expect(200).body, second.expect(200).body, "{path}");
        for shown in [&first, &second] {
            assert!(!shown.headers.contains_key("set-cookie"), "{path}");
            assert!(shown.headers.contains_key("content-security-policy"));
        }
        // The minute may have turned between the two, but not for every path.
        let after: u64 = kept(&portal).parse().unwrap();
        assert!(after - before <= 1);
    }
    assert!(kept(&portal).parse::<u64>().unwrap() >= 2);
}

fn languages_and_people_keep_apart(database: Database) {
    let portal = Portal::start(database);
    let county = portal.body(BodyKind::Bureau, "示范民政局", Some("320585"));
    let officer = portal.member("zhang", county, &[Role::Officer]);
    let own = officer.get("/projects");
    own.expect(200).see("sign-out");
    let public = passer_by(&portal, "/projects", "zh-CN");
    public.expect(200).see_not("sign-out").see_not("示范民政局");
    assert!(!public.has("input[name=csrf]"));
    let english = passer_by(&portal, "/projects", "en");
    assert!(english.body.contains("<html lang=\"en\""));
    assert!(
        passer_by(&portal, "/projects", "zh-CN")
            .body
            .contains("<html lang=\"zh-CN\"")
    );
    assert!(officer.get("/projects").has("form[action='/sign-out']"));
    // A page with a form is its browser's own: two visitors get two tokens, and a mark each.
    let (one, two) = (
        passer_by(&portal, "/sign-in", "zh-CN"),
        passer_by(&portal, "/sign-in", "zh-CN"),
    );
    assert_ne!(one.token(), two.token());
    assert!(one.headers.contains_key("set-cookie"));
    // Neither does what a token opens get into the copies, nor does a copy answer it.
    let api = "/api/v1/work";
    assert_ne!(passer_by(&portal, api, "zh-CN").status, 200);
}

fn a_public_act_shows_at_once(database: Database) {
    let portal = Portal::start(database);
    let version = portal.state.store.pages_version();
    portal.write(|tx| {
        tx.move_pages();
        Ok(())
    });
    assert_eq!(portal.state.store.pages_version(), version + 1);
    // What fails moves nothing.
    let failed: Result<(), _> = portal.state.store.write_blocking(|tx| {
        tx.move_pages();
        Err(sanshe::infra::failure::Failure::NotFound)
    });
    assert!(failed.is_err());
    assert_eq!(portal.state.store.pages_version(), version + 1);
    // Another process hears of it when it looks.
    let other = Portal::resume(portal.state.config.clone());
    portal.write(|tx| {
        tx.move_pages();
        Ok(())
    });
    other.state.store.look_at_pages().unwrap();
    assert_eq!(other.state.store.pages_version(), version + 2);
    drop(other.leave());
}

fn a_copy_is_sent_compressed(database: Database) {
    let portal = Portal::start(database);
    portal.state.cache.trust_copies();
    let plain = passer_by(&portal, "/about", "zh-CN").body;
    let ask = |coding: &str| -> Vec<u8> {
        let host = portal.origin.trim_start_matches("http://");
        let mut socket = TcpStream::connect(host).unwrap();
        write!(
            socket,
            "GET /about HTTP/1.1\r\nhost: {host}\r\naccept-language: zh-CN\r\naccept-encoding: {coding}\r\nconnection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).unwrap();
        answer
    };
    let (mut small, mut page) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        // The first one after a minute's turn makes the page and gets it as it is.
        let answer = ask("gzip, br");
        let end = answer
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .unwrap();
        let head = String::from_utf8_lossy(&answer[..end]).to_lowercase();
        if head.contains("content-encoding: br") {
            small = answer[end + 4..].to_vec();
            assert!(
                head.contains("vary: cookie, accept-language, accept-encoding"),
                "{head}"
            );
        }
    }
    brotli::BrotliDecompress(&mut small.as_slice(), &mut page).unwrap();
    assert_eq!(String::from_utf8(page).unwrap(), plain);
    assert!(small.len() * 2 < plain.len());
    for refused in ["gzip", "br;q=0", ""] {
        let answer = String::from_utf8_lossy(&ask(refused)).to_lowercase();
        assert!(!answer.contains("content-encoding"), "{refused}");
    }
}

on_both!(
    the_second_visitor_gets_the_first_ones_page,
    languages_and_people_keep_apart,
    a_public_act_shows_at_once,
    a_copy_is_sent_compressed,
);
