//! Requests that no browser of ours would send: forged, malformed, slow, from elsewhere, about other places.

use super::routes;
use crate::support::{Client, Database, Portal};
use diesel::prelude::*;
use sanshe::infra::store::machine_now;
use sanshe::infra::tokens;
use sanshe::kernel::roles::{BodyKind, Role};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// A session of `name` as its cookie's value.
fn session(portal: &Portal, name: &str) -> String {
    let id = portal.actor(name).session_id;
    tokens::issue(portal.state.secrets.token_key(), id, machine_now()).unwrap()
}

/// Sends bytes as they are; the whole answer as text.
fn raw(portal: &Portal, request: &str) -> String {
    let host = portal.origin.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer));
    String::from_utf8_lossy(&answer).into_owned()
}

/// One request on a connection of its own.
fn ask(portal: &Portal, line: &str, headers: &[(&str, &str)], body: &str) -> String {
    let length = body.len().to_string();
    let mut all = vec![("connection", "close"), ("content-length", &length)];
    if !headers.iter().any(|(name, _)| *name == "host") {
        all.push(("host", portal.origin.trim_start_matches("http://")));
    }
    let head: Vec<String> = all
        .iter()
        .chain(headers)
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    raw(
        portal,
        &format!("{line} HTTP/1.1\r\n{}\r\n{body}", head.concat()),
    )
}

fn status(answer: &str) -> u16 {
    answer
        .split(' ')
        .nth(1)
        .and_then(|code| code.parse().ok())
        .unwrap_or_else(|| panic!("no answer: {answer:?}"))
}

fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let head = answer.split("\r\n\r\n").next().unwrap();
    head.lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

fn officer(portal: &Portal) -> Client {
    let body = portal.body(BodyKind::Bureau, "示范民政局", Some("320585"));
    portal.member("zhang", body, &[Role::Officer])
}

/// Generated from the routes: no token, another session's token, the right one from a page of another site.
#[test]
fn every_unsafe_request_needs_its_token() {
    let portal = Portal::start(Database::Sqlite);
    let client = officer(&portal);
    portal.person("other");
    let (own, other) = (
        client.get("/account").token(),
        portal.signed_in("other").get("/account").token(),
    );
    let cookie = format!("session={}", session(&portal, "zhang"));
    let lines =
        || -> i64 { portal.read(|db| Ok(sanshe::schema::ledger::table.count().get_result(db)?)) };
    let before = lines();
    let values = ["id", "tender", "bid", "file", "question", "code", "year"]
        .map(|name| (name, "1".to_owned()));
    let (mut asked, mut wrong) = (0, Vec::new());
    for route in routes::all(&portal)
        .iter()
        .filter(|route| route.method == "POST" && !route.is_api())
    {
        let path = route.filled(&values).unwrap_or_else(|| panic!("{route:?}"));
        // What they send says nothing of the sender; only another site's page is refused.
        let is_shared = ["/communities/remember", "/demo/clock"].contains(&path.as_str());
        for (what, token, origin) in [
            ("no token", "", portal.origin.as_str()),
            ("another's token", other.as_str(), portal.origin.as_str()),
            ("another site", own.as_str(), "https://evil.invalid"),
            ("no site", own.as_str(), "null"),
        ] {
            if is_shared && origin == portal.origin {
                continue;
            }
            let headers = [
                ("cookie", cookie.as_str()),
                ("origin", origin),
                ("content-type", "application/x-www-form-urlencoded"),
            ];
            let answer = ask(
                &portal,
                &format!("POST {path}"),
                &headers,
                &format!("csrf={token}"),
            );
            asked += 1;
            if status(&answer) != 403 {
                wrong.push(format!("{what}: {path}: {}", status(&answer)));
            }
        }
        if is_shared {
            continue;
        }
        // As a form with files, whose token stands in the address.
        let headers = [
            ("cookie", cookie.as_str()),
            ("origin", portal.origin.as_str()),
            ("content-type", "multipart/form-data; boundary=x"),
        ];
        let answer = ask(
            &portal,
            &format!("POST {path}?csrf={other}"),
            &headers,
            "--x--\r\n",
        );
        if status(&answer) != 403 {
            wrong.push(format!("with files: {path}: {}", status(&answer)));
        }
    }
    assert!(asked > 300, "{asked}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(lines(), before);
}

/// A cookie alone opens nothing in the API, so that no page of another site can act there.
#[test]
fn the_api_takes_no_cookie() {
    let portal = Portal::start(Database::Sqlite);
    drop(officer(&portal));
    let cookie = format!("session={}", session(&portal, "zhang"));
    for operation in sanshe::web::api::operations()
        .iter()
        .filter(|one| one.scope.is_some())
    {
        let path = routes::Route {
            method: operation.method,
            pattern: operation.address(),
        };
        let values: Vec<(&str, String)> = [
            "id", "tender", "bid", "file", "question", "code", "year", "notice", "scan", "number",
        ]
        .map(|name| (name, "1".to_owned()))
        .to_vec();
        let path = path.filled(&values).unwrap();
        let line = format!("{} {path}", operation.method);
        let answer = ask(
            &portal,
            &line,
            &[("cookie", &cookie), ("content-type", "application/json")],
            "{}",
        );
        assert_eq!(status(&answer), 401, "{line}");
    }
}

/// Headers of every kind of answer; nothing personal may rest in a cache that others use.
#[test]
fn every_answer_has_its_headers() {
    let portal = Portal::start_with(
        sanshe::infra::config::Mode::Demo,
        Database::Sqlite,
        |config| {
            config.origin = "https://portal.test.invalid".into();
        },
    );
    drop(officer(&portal));
    let cookie = format!("session={}", session(&portal, "zhang"));
    let large = "x".repeat(600 * 1024);
    let form = ("content-type", "application/x-www-form-urlencoded");
    for (line, body, expected) in [
        ("GET /", "", 200),
        ("GET /account", "", 200),
        ("GET /nowhere", "", 404),
        ("GET /admin/bodies", "", 403),
        ("GET /%00", "", 404),
        ("GET /%ff", "", 404),
        ("GET /search?q=%00", "", 200),
        ("GET /projects?q=a%%0000", "", 200),
        ("HEAD /about", "", 404),
        ("TRACE /", "", 403),
        ("GET /assets/portal.css", "", 200),
        ("GET /assets/none.css", "", 404),
        ("GET /healthz", "", 200),
        ("GET /api/v1/me", "", 401),
        ("GET /api/v1/nowhere", "", 404),
        ("GET /api/v1/openapi.json", "", 200),
        ("POST /account/name", "", 403),
        ("POST /account/name", large.as_str(), 413),
    ] {
        let answer = ask(&portal, line, &[("cookie", &cookie), form], body);
        let at = format!("{line}: {}", answer.split("\r\n\r\n").next().unwrap());
        assert_eq!(status(&answer), expected, "{at}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
        ] {
            assert_eq!(header(&answer, name), Some(value), "{at}");
        }
        let policy = header(&answer, "content-security-policy").unwrap_or_else(|| panic!("{at}"));
        for directive in [
            "default-src 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            "form-action 'self'",
        ] {
            assert!(policy.contains(directive), "{at}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains('*'), "{at}");
        assert!(header(&answer, "server").is_none(), "{at}");
        let cache = header(&answer, "cache-control").unwrap_or_default();
        if line.contains("/assets/") {
            continue;
        }
        assert!(
            header(&answer, "strict-transport-security")
                .is_some_and(|value| value.contains("max-age=31536000")),
            "{at}"
        );
        assert!(
            cache.contains("private") || cache.contains("no-store"),
            "{at}"
        );
        let vary = header(&answer, "vary").unwrap_or_default();
        let by = if line.contains("/api/v1") {
            "authorization"
        } else {
            "cookie"
        };
        assert!(
            vary.contains(by) && vary.contains("accept-language"),
            "{at}"
        );
    }
}

#[test]
fn cookies_are_for_this_portal_only() {
    let portal = Portal::start_with(
        sanshe::infra::config::Mode::Demo,
        Database::Sqlite,
        |config| {
            config.origin = "https://portal.test.invalid".into();
        },
    );
    portal.person("zhang");
    let first = ask(&portal, "GET /sign-in", &[], "");
    let visitor = header(&first, "set-cookie")
        .unwrap()
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    let token = first
        .split("name=\"csrf\" value=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let body = format!(
        "csrf={token}&email=zhang%40test.invalid&password={}",
        crate::support::PASSWORD
    );
    let headers = [
        ("cookie", visitor.as_str()),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    let second = ask(&portal, "POST /sign-in", &headers, &body);
    assert_eq!(status(&second), 303, "{second}");
    let set: Vec<&str> = [&first, &second]
        .iter()
        .flat_map(|answer| answer.lines())
        .filter_map(|line| line.strip_prefix("set-cookie: "))
        .collect();
    assert!(
        set.iter().any(|cookie| cookie.starts_with("session=")),
        "{set:?}"
    );
    assert!(
        set.iter().any(|cookie| cookie.starts_with("visitor=")),
        "{set:?}"
    );
    for cookie in set {
        for part in ["; HttpOnly", "; Secure", "; SameSite=Lax", "; Path=/"] {
            assert!(cookie.contains(part), "{cookie}");
        }
        assert!(!cookie.contains("Domain"), "{cookie}");
    }
}

/// What the address of the request says is never repeated: links come from the configuration.
#[test]
fn a_foreign_host_is_not_repeated() {
    let portal = Portal::start(Database::Sqlite);
    portal.person("zhang");
    let evil = ("host", "evil.invalid");
    for line in [
        "GET /",
        "GET /sign-in",
        "GET /projects",
        "GET /projects.atom",
        "GET /about",
        "GET /robots.txt",
        "GET /api/v1/openapi.json",
        "GET /api/v1/projects",
        "GET /nowhere",
    ] {
        let answer = ask(
            &portal,
            line,
            &[
                evil,
                ("x-forwarded-host", "evil.invalid"),
                ("forwarded", "host=evil.invalid"),
            ],
            "",
        );
        assert!(!answer.contains("evil.invalid"), "{line}");
    }
    let page = ask(&portal, "GET /forgot", &[evil], "");
    let visitor = header(&page, "set-cookie")
        .unwrap()
        .split(';')
        .next()
        .unwrap();
    let token = page
        .split("name=\"csrf\" value=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let headers = [
        evil,
        ("cookie", visitor),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    let answer = ask(
        &portal,
        "POST /forgot",
        &headers,
        &format!("csrf={token}&email=zhang%40test.invalid"),
    );
    assert_eq!(status(&answer), 303, "{answer}");
    let mails = portal.mails();
    assert_eq!(mails.len(), 1);
    let text = crate::support::readable(&mails[0]);
    assert!(
        text.contains(&portal.origin) && !mails[0].contains("evil.invalid"),
        "{text}"
    );
}

/// Nothing beside the assets can be read by a path, however it is written.
#[test]
fn no_path_leads_out() {
    let portal = Portal::start(Database::Sqlite);
    for path in [
        "/assets/../Cargo.toml",
        "/assets/../../Cargo.toml",
        "/assets/%2e%2e/%2e%2e/Cargo.toml",
        "/assets/..%2f..%2fCargo.toml",
        "/assets/..%5c..%5cCargo.toml",
        "/assets//etc/passwd",
        "/assets/%2fetc%2fpasswd",
        "/assets/../layout.hbs",
        "/assets/..%2flayout.hbs",
        "/assets/%c0%ae%c0%ae/layout.hbs",
        "/demo/mail/..%2f..%2fsecrets",
        "/../../../../etc/passwd",
        "/communities/..%2f..",
    ] {
        let answer = ask(&portal, &format!("GET {path}"), &[], "");
        assert!(
            matches!(status(&answer), 400 | 404),
            "{path}: {}",
            status(&answer)
        );
        assert!(
            !answer.contains("[package]") && !answer.contains("root:") && !answer.contains("{{"),
            "{path}"
        );
    }
}

/// JSON nested beyond reason is refused, not followed.
#[test]
fn deep_json_is_refused() {
    let portal = Portal::start(Database::Sqlite);
    let client = officer(&portal);
    let token = crate::support::program::make_token(&client, &["projects"]);
    let bearer = format!("Bearer {token}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
    ];
    for depth in [200, 100_000] {
        let body = format!("{{\"title\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        let answer = ask(&portal, "POST /api/v1/projects", &headers, &body);
        assert_eq!(status(&answer), 400, "{depth}");
    }
    let wide = format!("{{{}\"z\":1}}", "\"a\":1,".repeat(120_000));
    assert_eq!(
        status(&ask(&portal, "POST /api/v1/projects", &headers, &wide)),
        413
    );
}

/// Many parts, long names: a form with files is bounded in everything.
#[test]
fn a_form_with_files_is_bounded() {
    let portal = Portal::start(Database::Sqlite);
    let client = officer(&portal);
    let token = client.get("/account").token();
    let many: Vec<(&str, &str)> = std::iter::once(("csrf", token.as_str()))
        .chain((0..400).map(|_| ("a", "b")))
        .collect();
    assert_eq!(client.post_parts("/catalogue/import", &many).status, 413);
    let long = "x".repeat(100 * 1024);
    assert_eq!(
        client
            .post_parts("/catalogue/import", &[("csrf", &token), ("a", &long)])
            .status,
        413
    );
}

/// Headers that trickle in are waited for a few seconds only, and nobody else waits meanwhile.
#[test]
fn slow_headers_are_given_up() {
    let portal = Portal::start(Database::Sqlite);
    let host = portal.origin.trim_start_matches("http://").to_owned();
    let begun = Instant::now();
    let mut slow: Vec<TcpStream> = (0..100)
        .map(|_| {
            let mut stream = TcpStream::connect(&host).unwrap();
            stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n").unwrap();
            stream
        })
        .collect();
    let asked = Instant::now();
    assert_eq!(portal.anonymous().get("/healthz").status, 200);
    assert!(
        asked.elapsed() < Duration::from_secs(3),
        "{:?}",
        asked.elapsed()
    );
    let mut answer = Vec::new();
    let last = slow.last_mut().unwrap();
    last.set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    last.read_to_end(&mut answer)
        .expect("it is still waited for");
    assert!(
        begun.elapsed() < Duration::from_secs(15),
        "{:?}",
        begun.elapsed()
    );
}
