//! Before the opening: a marked string of a bid is nowhere, and nothing tells whether there are bids.

use crate::on_both;
use crate::support::tendering::{
    PDF, Tendering, bid, bidder, close, confirm_opening, officer, open_tender, send, write_draft,
};
use crate::support::{Client, Database, Portal};
use chrono::NaiveDateTime;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use sanshe::infra::db::{Db, Purpose};
use sanshe::kernel::roles::{BodyKind, Role};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex};

/// The mark is in every text; the price cannot carry it, so its figures are rare ones.
const MARK: &str = "Qx7Kanarie";
const PRICE: &str = "467891.23";

/// What must be found nowhere, in the spellings that a careless line of code could give it.
static NEEDLES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut found: Vec<String> = [
        MARK,
        PRICE,
        "46789123",
        "467,891.23",
        "肆拾陆万柒仟捌佰玖拾壹",
    ]
    .map(str::to_owned)
    .to_vec();
    found.push(MARK.to_uppercase());
    found.push(MARK.to_lowercase());
    let hex = hex::encode(MARK);
    found.push(hex.to_uppercase());
    found.push(hex);
    // Base64 of a longer text, at each of the three places where the mark may begin.
    for before in 0..3 {
        let text = format!("{}{MARK}", "x".repeat(before));
        let encoded = base64(text.as_bytes());
        let end = encoded.len() - 4;
        found.push(encoded[5 * before.min(1)..end].to_owned());
    }
    found
});

fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn find_in(bytes: &[u8]) -> Option<String> {
    // A string's search is the standard library's fast one; what is no text cannot hide a needle, only break it.
    let text = String::from_utf8_lossy(bytes);
    NEEDLES
        .iter()
        .find(|needle| text.contains(needle.as_str()))
        .cloned()
}

#[track_caller]
fn nowhere(what: &str, bytes: &[u8]) {
    if let Some(needle) = find_in(bytes) {
        panic!("{needle} is in {what}");
    }
}

/// What the whole test process logs, at a finer level than a server does.
static LOG: LazyLock<Arc<Mutex<Vec<u8>>>> = LazyLock::new(|| {
    let log = Arc::new(Mutex::new(Vec::new()));
    let kept = Sink(Arc::clone(&log));
    tracing_subscriber::fmt()
        .json()
        .with_env_filter("info,sanshe=trace,actix_web=debug,actix_server=debug,diesel=trace")
        .with_writer(move || kept.clone())
        .init();
    log
});

#[derive(Clone)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Every page that can be reached by links from where one begins, as this reader gets it.
fn crawl(client: &Client, from: &[String], most: usize) -> BTreeMap<String, String> {
    let mut waiting: VecDeque<String> = from.iter().cloned().collect();
    let mut seen: BTreeSet<String> = waiting.iter().cloned().collect();
    let mut pages = BTreeMap::new();
    while let Some(path) = waiting.pop_front() {
        let reply = client.get(&path);
        assert!(reply.status < 500, "{path}: {}", reply.status);
        // Cut out by hand: parsing hundreds of pages is slow in a debug build.
        for link in reply.body.split(" href=\"").skip(1) {
            let href = link.split(['"', '#']).next().unwrap();
            let href = escaped(&href.replace("&#x3D;", "=").replace("&amp;", "&"));
            // Not the regions' and catalogue's hundreds of pages, which know no bids; not signing out of the test.
            // The sheet holds the cells of the CSV, packed so that nothing in it can be masked.
            let is_ours = href.starts_with('/')
                && !href.contains(".xlsx")
                && ![
                    "/communities/",
                    "/catalogue/",
                    "/assets",
                    "/demo",
                    "/language",
                ]
                .iter()
                .any(|other| href.starts_with(other));
            if is_ours && pages.len() + waiting.len() < most && seen.insert(href.clone()) {
                waiting.push_back(href);
            }
        }
        // The length is the body's, which is compared; a time's fraction of a second has three digits or six.
        let of_chance = ["date", "x-request-id", "set-cookie", "content-length"];
        let header: Vec<String> = reply
            .headers
            .iter()
            .filter(|(name, _)| !of_chance.contains(&name.as_str()))
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        let header = header.join("\n");
        pages.insert(path, format!("{} {header}\n{}", reply.status, reply.body));
    }
    pages
}

/// An address as a browser sends it.
fn escaped(href: &str) -> String {
    let escaped: Vec<String> = href
        .bytes()
        .map(|byte| match byte {
            b'!'..=b'~' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect();
    escaped.concat()
}

/// Where anybody begins who looks for bids.
fn starts(tender: &Tendering) -> Vec<String> {
    let mut paths: Vec<String> = [
        "/",
        "/projects",
        "/projects.atom",
        "/projects.csv",
        "/notices",
        "/notices.atom",
        "/notices.csv",
        "/work",
        "/inbox",
        "/account",
        "/organizations",
        "/contracts",
        "/contracts.csv",
        "/organizations.csv",
        "/operations",
        "/panel",
        "/account/members",
        "/admin/bodies",
        "/organizations/checks",
        "/organizations/applications",
        "/about/verify/head.json",
        "/about/sitemap",
        "/catalogue",
        "/communities",
        "/search?q=Qx7Kanarie",
        "/search?q=%E5%8A%A9%E8%80%81",
        "/about",
        "/about/verify",
        "/healthz",
    ]
    .map(str::to_owned)
    .to_vec();
    for rest in [
        "",
        "/bid",
        "/bid/receipt",
        "/bid/receipt.json",
        "/bid/own-copy",
        "/opening",
        "/history",
        "/edit",
        "/tender",
        "/evaluation",
        "/panel",
        "/award",
        "/bids/1",
        "/bids/1/files/1",
    ] {
        paths.push(tender.path(rest));
    }
    paths
}

/// People who have nothing to learn, by what they are.
fn others(portal: &Portal, tender: &Tendering) -> Vec<(&'static str, Client)> {
    let platform = portal.body(BodyKind::Platform, "示范平台", None);
    let finance = portal.body(BodyKind::FinanceSupervisor, "示范财政局", Some("320585"));
    let town = portal.body(BodyKind::TownGovernment, "示范镇政府", Some("320585100"));
    vec![
        ("visitor", portal.anonymous()),
        ("rival", bidder(portal, "rival")),
        ("officer", officer(portal, tender, "zhou")),
        (
            "administrator",
            portal.member("admin", platform, &[Role::Administrator]),
        ),
        ("expert", portal.member("expert", platform, &[Role::Expert])),
        (
            "supervisor",
            portal.member("finance", finance, &[Role::Supervisor]),
        ),
        ("town", portal.member("town", town, &[Role::Officer])),
    ]
}

/// Whether the database holds any of the needles, in any text or byte column, and on PostgreSQL in its write-ahead log.
fn find_in_database(portal: &Portal) -> Option<String> {
    let mut db = portal.state.config.database.connect(Purpose::Read).unwrap();
    match &mut db {
        // The file is scanned as bytes with the rest of the data folder.
        Db::Sqlite(conn) => {
            conn.batch_execute("PRAGMA wal_checkpoint(PASSIVE)")
                .unwrap();
            None
        }
        Db::Postgres(conn) => find_in_postgres(conn),
    }
}

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    place: String,
    #[diesel(sql_type = Text)]
    kind: String,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

fn find_in_postgres(conn: &mut PgConnection) -> Option<String> {
    let columns: Vec<Column> = diesel::sql_query(
        "SELECT quote_ident(column_name) || ' FROM ' || quote_ident(table_name) AS place, data_type::text AS kind \
         FROM information_schema.columns WHERE table_schema = 'public' \
         AND data_type IN ('text', 'character varying', 'bytea', 'tsvector', 'json', 'jsonb')",
    )
    .load(conn)
    .unwrap();
    assert!(columns.len() > 100, "{} columns", columns.len());
    for Column { place, kind } in columns {
        let (column, table) = place.split_once(" FROM ").unwrap();
        let bytes = match kind.as_str() {
            "bytea" => column.to_owned(),
            _ => format!("convert_to({column}::text, 'UTF8')"),
        };
        for needle in NEEDLES.iter() {
            let hex = hex::encode(needle);
            let query = format!(
                "SELECT count(*) AS count FROM {table} WHERE position('\\x{hex}'::bytea IN {bytes}) > 0"
            );
            let found: Count = diesel::sql_query(query).get_result(conn).unwrap();
            if found.count > 0 {
                return Some(format!("{needle} in {place}"));
            }
        }
    }
    None
}

fn scan_folder(folder: &Path) -> Option<String> {
    crate::bids::all_bytes(folder)
        .iter()
        .find_map(|(path, bytes)| {
            find_in(bytes).map(|needle| format!("{needle} in {}", path.display()))
        })
}

fn a_marked_bid_is_nowhere_before_the_opening(database: Database) {
    LazyLock::force(&LOG);
    let begun = std::time::SystemTime::now();
    let portal = Portal::start(database);
    let tender = open_tender(&portal);
    let others = others(&portal, &tender);

    // One bid sent, replaced and sent again; one draft left as it is; a form refused with what was typed.
    let sender = bidder(&portal, "sender");
    let proposal = format!("方案 {MARK} 全文");
    let name = format!("{MARK}.pdf");
    let content = [PDF, MARK.as_bytes()].concat();
    let files = tender.path("/bid/files");
    let fill = |client: &Client| {
        let label = format!("人员{MARK}");
        let fields = [
            ("price", PRICE),
            ("label-1", label.as_str()),
            ("amount-1", PRICE),
            ("proposal", proposal.as_str()),
        ];
        client
            .submit(&tender.path("/bid"), &tender.path("/bid/draft"), &fields)
            .expect(303);
        client
            .upload(
                &tender.path("/bid"),
                &files,
                &[],
                &[("files", &name, &content)],
            )
            .expect(303);
    };
    fill(&sender);
    let own = sender.get(&tender.path("/bid/own-copy"));
    assert!(
        find_in(own.body.as_bytes()).is_some(),
        "the own copy lacks the bid"
    );
    send(&sender, &tender).expect(303);
    sender
        .submit(&tender.path("/bid"), &tender.path("/bid/replace"), &[])
        .expect(303);
    write_draft(&sender, &tender, PRICE, &proposal).expect(303);
    send(&sender, &tender).expect(303);
    let drafter = bidder(&portal, "drafter");
    fill(&drafter);
    let typed = format!("{PRICE}9{MARK}");
    drafter
        .submit(
            &tender.path("/bid"),
            &tender.path("/bid/draft"),
            &[("price", &typed)],
        )
        .expect(422);
    let bad = drafter.upload(
        &tender.path("/bid"),
        &files,
        &[],
        &[("files", &name, MARK.as_bytes())],
    );
    bad.expect(422);
    for n in 0..2 {
        bid(&bidder(&portal, &format!("plain{n}")), &tender, "450000");
    }
    portal.run_jobs();

    let nowhere_now = |moment: &str, most: usize| {
        for (who, client) in &others {
            for (path, page) in crawl(client, &starts(&tender), most) {
                // The search page repeats the searched word.
                let page = page.replace(
                    "Qx7Kanarie",
                    if path.starts_with("/search") {
                        ""
                    } else {
                        MARK
                    },
                );
                nowhere(&format!("{path} for the {who}, {moment}"), page.as_bytes());
            }
        }
        // What was sent is closed to its bidder too: but for the names of its files, which are the bidder's.
        for path in [
            tender.path("/bid"),
            tender.path("/bid/receipt"),
            tender.path("/bid/receipt.json"),
        ] {
            let page = sender.get(&path).body.replace(&name, "");
            nowhere(&format!("{path} for the bidder, {moment}"), page.as_bytes());
        }
        assert_eq!(scan_folder(&portal.data), None, "{moment}");
        assert_eq!(find_in_database(&portal), None, "{moment}");
        for mail in portal.mails() {
            nowhere("a mail", mail.as_bytes());
        }
        let logged = LOG.lock().unwrap().clone();
        nowhere("the log", &logged);
        nowhere("a temporary file", &new_temporary_files(begun));
    };
    nowhere_now("while it is open", 100);
    close(&portal, &tender);
    nowhere_now("after the deadline", 50);

    // The same search finds it once the bids are open: the test can fail.
    let wu = officer(&portal, &tender, "wu");
    confirm_opening(&others[2].1, &tender).expect(303);
    nowhere_now("after one confirmation", 50);
    confirm_opening(&wu, &tender).expect(303);
    let pages = crawl(&wu, &[tender.path("/opening")], 20);
    assert!(
        pages
            .values()
            .any(|page| find_in(page.as_bytes()).is_some())
    );
    assert!(scan_folder(&portal.data).is_some() || find_in_database(&portal).is_some());
    assert!(!LOG.lock().unwrap().is_empty());
}

fn new_temporary_files(since: std::time::SystemTime) -> Vec<u8> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(std::env::temp_dir()).unwrap().flatten() {
        let Ok(about) = entry.metadata() else {
            continue;
        };
        let is_new = about.modified().is_ok_and(|at| at >= since);
        if about.is_file() && is_new && about.len() < 10_000_000 {
            found.extend(std::fs::read(entry.path()).unwrap_or_default());
        }
    }
    found
}

/// A portal with `bids` bids, everything else done alike; what each reader sees of it, at the same portal time.
fn seen_with(database: Database, bids: usize) -> BTreeMap<String, String> {
    let portal = Portal::start(database);
    // Both portals go through the same minutes, which lie ahead: a clock moves forward only. Each stretch begins with a
    // minute of its own, since pages show minutes.
    static MORNING: LazyLock<NaiveDateTime> = LazyLock::new(|| {
        let today = chrono::Utc::now().date_naive();
        (today + chrono::Days::new(2))
            .and_hms_opt(1, 30, 0)
            .unwrap()
    });
    let at = |minutes| *MORNING + chrono::Duration::minutes(minutes);
    portal.move_clock_to(at(0));
    let tender = open_tender(&portal);
    portal.move_clock_to(at(10));
    let bidders: Vec<Client> = (0..5).map(|n| bidder(&portal, &format!("b{n}"))).collect();
    portal.move_clock_to(at(20));
    let others = others(&portal, &tender);
    for client in &bidders[..bids] {
        bid(client, &tender, "468000");
        client
            .submit(&tender.path("/bid"), &tender.path("/bid/replace"), &[])
            .expect(303);
    }
    portal.move_clock_to(at(30));
    // What comes after the bids must not tell of them: another body, a mail, a message, a draft of a rival.
    write_draft(&others[1].1, &tender, "100", "方案").expect(303);
    let upload = tender.path("/bid/files");
    others[1]
        .1
        .upload(
            &tender.path("/bid"),
            &upload,
            &[],
            &[("files", "r.pdf", PDF)],
        )
        .expect(303);
    let late = ("latecomer", bidder(&portal, "late"));
    portal.write(|tx| {
        let body: i64 = sanshe::schema::bodies::table
            .filter(sanshe::schema::bodies::name.eq("rival服务中心"))
            .select(sanshe::schema::bodies::id)
            .first(tx.db)?;
        let to = sanshe::accounts::Addressee::Body(sanshe::kernel::people::BodyId(body));
        sanshe::accounts::deliver(
            tx,
            to,
            "question-answered",
            &[("title", "某项目")],
            "/projects",
        )
    });
    portal.move_clock_to(at(60));
    portal.run_jobs();
    let mut seen = BTreeMap::new();
    // Asked for in the seconds after a heartbeat; later it says that this portal has no runner.
    portal.write(sanshe::infra::uptime::begin);
    seen.insert("readyz".into(), portal.anonymous().get("/readyz").body);
    seen.insert("metrics".into(), meters(&portal));
    let readers = others.iter().chain([&late]);
    for ((who, client), minutes) in readers.zip((70..).step_by(10)) {
        portal.move_clock_to(at(minutes));
        for (path, page) in crawl(client, &starts(&tender), 100) {
            // Messages have random addresses; as many of them must be there.
            let mut place = normalised(&format!("{who} {path}"));
            while seen.contains_key(&place) {
                place.push('+');
            }
            seen.insert(place, page.replace(&portal.origin, "ORIGIN"));
        }
    }
    seen
}

/// What whoever runs the meters reads, but for how often and how fast the test itself asked, and the machine's disk.
fn meters(portal: &Portal) -> String {
    let text = ureq::get(format!("{}/metrics", portal.origin))
        .header(
            "authorization",
            format!("Bearer {}", crate::support::METRICS_TOKEN),
        )
        .call()
        .unwrap()
        .body_mut()
        .read_to_string()
        .unwrap();
    let lines = text.lines().map(|line| {
        let (name, value) = line.rsplit_once(' ').unwrap();
        if name.starts_with("sanshe_requests_") || name.contains("disk") {
            name.to_owned()
        } else {
            format!("{name} {value}")
        }
    });
    let lines: Vec<String> = lines.collect();
    assert!(lines.len() > 30, "{text}");
    lines.join("\n")
}

/// Takes out what is random or of the machine's clock: form tokens, request ids, keys and hashes, seconds, sessions.
fn normalised(page: &str) -> String {
    let page: String = page
        .split_inclusive('\n')
        .filter(|line| !line.contains("data-h=\"最近使用\"") && !line.contains(" GB"))
        .collect();
    let page = page.as_str();
    let mut text = String::new();
    let mut rest = page;
    // Words of 24 and more hexadecimal or key characters are random; so is an age key.
    while let Some(at) = rest.find(|c: char| c.is_ascii_alphanumeric()) {
        text.push_str(&rest[..at]);
        let end = rest[at..]
            .find(|c: char| !c.is_ascii_alphanumeric())
            .map_or(rest.len(), |end| at + end);
        let word = &rest[at..end];
        let is_hex = word.len() >= 12 && word.bytes().all(|b| b.is_ascii_hexdigit());
        text.push_str(if is_hex || word.len() >= 40 {
            "*"
        } else {
            word
        });
        rest = &rest[end..];
    }
    text.push_str(rest);
    without_machine_minutes(&without_seconds(&text))
}

/// When an account was made goes by the machine's clock, whose days lie before all of the portal's here.
fn without_machine_minutes(text: &str) -> String {
    let mut text = text.to_owned();
    let today = sanshe::kernel::instant::shanghai_date(chrono::Utc::now().naive_utc());
    for day in [
        today - chrono::Days::new(1),
        today,
        today + chrono::Days::new(1),
    ] {
        for between in [" ", "T"] {
            let head = format!("{day}{between}");
            let mut parts = text.split(&head);
            let mut out = parts.next().unwrap_or_default().to_owned();
            for part in parts {
                let minute: String = part.chars().take(5).collect();
                let is_minute = minute.len() == 5 && minute.contains(':');
                let rest = if is_minute { &part[5..] } else { part };
                out.push_str(&head);
                out.push_str(rest);
            }
            text = out;
        }
    }
    text
}

/// `09:30:07.123456` and `09:30:07` become `09:30`.
fn without_seconds(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let digit = |at: usize| chars.get(at).is_some_and(char::is_ascii_digit);
    let mut out = String::new();
    let mut at = 0;
    while at < chars.len() {
        let is_time = chars[at] == ':' && at >= 2 && digit(at - 1) && digit(at - 2);
        if is_time && digit(at + 1) && digit(at + 2) && chars.get(at + 3) == Some(&':') {
            out.extend(&chars[at..at + 3]);
            at += 4;
            while digit(at) || (chars.get(at) == Some(&'.') && digit(at + 1)) {
                at += 1;
            }
        } else {
            out.push(chars[at]);
            at += 1;
        }
    }
    out
}

fn nobody_can_tell_five_bids_from_none(database: Database) {
    let (none, five) = (seen_with(database, 0), seen_with(database, 5));
    let paths = |seen: &BTreeMap<String, String>| seen.keys().cloned().collect::<BTreeSet<_>>();
    let differ: Vec<_> = paths(&none)
        .symmetric_difference(&paths(&five))
        .cloned()
        .collect();
    assert_eq!(differ, Vec::<String>::new(), "other pages can be reached");
    assert!(none.len() > 60, "only {} pages were compared", none.len());
    println!("{} pages compared", none.len());
    let mut told = Vec::new();
    for (path, page) in &none {
        let (zero, five) = (normalised(page), normalised(&five[path]));
        if zero != five {
            let differ = zero.lines().zip(five.lines()).find(|(a, b)| a != b);
            told.push(format!(
                "{path}\n  0: {:?}\n  5: {:?}",
                differ.map(|d| d.0),
                differ.map(|d| d.1)
            ));
        }
    }
    assert!(
        told.is_empty(),
        "{} pages tell:\n{}",
        told.len(),
        told.join("\n")
    );
}

#[test]
fn the_comparison_sees_what_matters() {
    assert_eq!(normalised("x 09:30:07.123 y 3f2a9c0b11ff22"), "x 09:30 y *");
    assert_ne!(normalised("共 0 份"), normalised("共 5 份"));
    assert_ne!(normalised("/inbox/7"), normalised("/inbox/12"));
    assert!(find_in(base64(format!("abcd{MARK}efg").as_bytes()).as_bytes()).is_some());
    assert!(find_in(base64(format!("abcde{MARK}efg").as_bytes()).as_bytes()).is_some());
    assert!(find_in(base64(format!("abcdef{MARK}efg").as_bytes()).as_bytes()).is_some());
    assert!(find_in(b"nothing here").is_none());
}

on_both!(
    a_marked_bid_is_nowhere_before_the_opening,
    nobody_can_tell_five_bids_from_none,
);
