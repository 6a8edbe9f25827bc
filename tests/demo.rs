//! The demo's story is told by the real actions, once, on both databases; everybody who signs in finds something to do,
//! and no page of it is broken.

use crate::on_both;
use crate::support::{Client, Database, Portal};
use sanshe::commands;
use sanshe::demo;
use sanshe::infra::config::Mode;
use sanshe::infra::db::Purpose;
use sanshe::infra::ledger;
use scraper::{Html, Selector};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

pub fn told(database: Database) -> Portal {
    let portal = Portal::start(database);
    demo::tell(&portal.state).unwrap();
    portal.run_jobs();
    portal
}

fn visitor(portal: &Portal, account: &str) -> Client {
    portal.signed_in_as(&demo::address(account))
}

fn the_story_is_told_once(database: Database) {
    let portal = told(database);
    let count = |portal: &Portal| {
        use diesel::prelude::*;
        use sanshe::schema::ledger;
        portal.run_jobs();
        portal.read(|db| Ok(ledger::table.count().get_result::<i64>(db)?))
    };
    let lines = count(&portal);
    assert!(lines > 200, "{lines}");
    let at = portal.now();
    demo::tell(&portal.state).unwrap();
    assert_eq!(count(&portal), lines);
    assert!(portal.now() - at < chrono::Duration::minutes(5));
    assert_eq!(portal.read(|db| ledger::verify(db, None)).findings, []);
}

/// Account, page, and what must stand there: a task of theirs, or what they came to see.
const DESKS: &[(&str, &str, &[&str])] = &[
    (
        "officer",
        "/work",
        &[
            "社区青少年事务社会工作服务",
            "/projects/new",
            "居家养老巡访与精神关爱服务",
        ],
    ),
    ("officer2", "/work", &["社区青少年事务社会工作服务"]),
    (
        "reviewer",
        "/work",
        &["/organizations/checks", "/organizations/applications"],
    ),
    ("reviewer", "/organizations/checks", &["松林助残服务社"]),
    (
        "reviewer",
        "/organizations/applications",
        &["清禾心理健康服务中心"],
    ),
    ("signatory", "/work", &["社区心理健康支持服务", "/sign\""]),
    (
        "town",
        "/work",
        &["残疾人日间照料服务", "邻里文化节与社区文体活动服务"],
    ),
    ("town2", "/work", &["残疾人日间照料服务"]),
    ("supervisor", "/work", &["/projects", "/about/verify"]),
    ("supervisor", "/projects", &["居家养老巡访与精神关爱服务"]),
    ("community", "/work", &["/communities/320585100001"]),
    ("admin", "/work", &["/admin/bodies"]),
    ("chenxi", "/work", &["居家养老巡访与精神关爱服务", "/bid\""]),
    ("chenxi", "/inbox", &["高龄独居老人居家上门服务"]),
    ("yinghuo", "/work", &["邻里文化节与社区文体活动服务"]),
    ("linsheng", "/work", &["社区微治理项目陪伴服务"]),
    ("hefeng", "/work", &["浏河镇邻里纠纷人民调解服务"]),
    ("nuanyang", "/inbox", &["高龄独居老人居家上门服务"]),
    ("qinghe", "/work", &["社区心理健康支持服务"]),
    ("songlin", "/work", &["/organizations/7/registration"]),
];

fn everybody_finds_something_to_do(database: Database) {
    let portal = told(database);
    for (account, page, wanted) in DESKS {
        let reply = visitor(&portal, account).get(page);
        reply.expect(200);
        for text in *wanted {
            assert!(reply.body.contains(text), "{account} {page}: no {text}");
        }
    }
    let asked = (1..=6)
        .filter(|n| {
            let desk = visitor(&portal, &format!("expert{n}")).get("/work");
            desk.expect(200).has("ul.todo a[href^='/panel/']")
        })
        .count();
    assert_eq!(asked, 4, "five members, one sheet is in");
}

/// A path without what only tells siblings apart: numbers, codes, values of a query.
fn shape(path: &str) -> String {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let steps = path.split('/').map(|step| {
        if step.bytes().any(|b| b.is_ascii_digit()) {
            "*"
        } else {
            step
        }
    });
    let keys = query
        .split('&')
        .map(|pair| pair.split('=').next().unwrap_or_default());
    format!(
        "{}?{}",
        steps.collect::<Vec<_>>().join("/"),
        keys.collect::<Vec<_>>().join("&")
    )
}

/// As a browser asks for it.
fn encoded(path: &str) -> String {
    path.bytes()
        .map(|byte| match byte {
            b if b.is_ascii() => char::from(b).to_string(),
            b => format!("%{b:02X}"),
        })
        .collect()
}

/// How many pages of one shape a crawl looks at.
const SIBLINGS: usize = 3;

fn is_file(path: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    [".csv", ".xlsx", ".atom", ".json"]
        .iter()
        .any(|end| path.ends_with(end))
}

/// Follows every link from `/`; what is wrong with a page, in words.
fn crawl(client: &Client, who: &str) -> (usize, Vec<String>) {
    let links = Selector::parse("a[href], link[rel=alternate][href]").unwrap();
    let (mut seen, mut shapes) = (BTreeSet::new(), BTreeMap::<String, usize>::new());
    let mut queue = VecDeque::from(["/".to_owned()]);
    let mut wrong = Vec::new();
    while let Some(path) = queue.pop_front() {
        let of_shape = shapes.entry(shape(&path)).or_default();
        *of_shape += 1;
        if *of_shape > SIBLINGS {
            continue;
        }
        let reply = client.get(&encoded(&path));
        let mut note = |what: &str| wrong.push(format!("{who} {path}: {what}"));
        match reply.status {
            200 => {}
            // One's own community, one's language, a town's list: they lead on.
            303 if reply
                .location
                .as_deref()
                .is_some_and(|to| to.starts_with('/')) =>
            {
                queue.extend(reply.location.filter(|to| seen.insert(to.clone())));
                continue;
            }
            // A visitor is asked to sign in, by a page of its own.
            401 if who == "-" => {}
            // One network takes so many files at a time; `exports` reads them all.
            429 if is_file(&path) => {}
            status => note(&status.to_string()),
        }
        if !reply.body.starts_with("<!doctype html") {
            continue;
        }
        if reply.body.contains('⟦') || reply.body.contains("{{") {
            note("a message is missing");
        }
        // A crawl follows the language's switch too.
        if !reply.body.contains("演示站点") && !reply.body.contains("Demo site") {
            note("does not say that it is a demo");
        }
        let robots = reply.headers.get("x-robots-tag");
        if !reply.has("meta[name=robots][content*=noindex]")
            && !robots.is_some_and(|tag| tag.contains("noindex"))
        {
            note("may be indexed");
        }
        for key in raw_keys(&reply.body) {
            note(&format!("a raw key: {key}"));
        }
        let html = reply.html();
        for fault in faults(&html) {
            note(&fault);
        }
        for link in html.select(&links) {
            let href = link.value().attr("href").unwrap();
            let href = href.split('#').next().unwrap();
            let is_ours = href.starts_with('/') && !href.starts_with("/assets");
            if is_ours && seen.insert(href.to_owned()) {
                queue.push_back(href.to_owned());
            }
        }
    }
    (seen.len(), wrong)
}

/// What a validator says of a page: the parser's complaints, names that lead nowhere or twice, controls without a name
/// or in one another.
fn faults(html: &Html) -> BTreeSet<String> {
    let find = |css: &str| Selector::parse(css).unwrap();
    let mut faults: BTreeSet<String> = html
        .errors
        .iter()
        .map(|error| format!("the parser says: {error}"))
        .collect();
    let mut ids = BTreeSet::new();
    for named in html.select(&find("[id]")) {
        let id = named.value().attr("id").unwrap();
        if id.is_empty() || id.contains(char::is_whitespace) || !ids.insert(id) {
            faults.insert(format!("the id {id:?} twice, or none"));
        }
    }
    for attribute in [
        "for",
        "aria-describedby",
        "aria-labelledby",
        "aria-controls",
    ] {
        for element in html.select(&find(&format!("[{attribute}]"))) {
            let named = element.value().attr(attribute).unwrap();
            let lost = named.split(' ').filter(|id| !ids.contains(id));
            faults.extend(lost.map(|id| format!("{attribute} names {id:?}, which is not there")));
        }
    }
    let labeled: BTreeSet<&str> = html
        .select(&find("label[for]"))
        .filter_map(|label| label.value().attr("for"))
        .collect();
    let controls = "input:not([type=hidden], [type=submit]), select, textarea";
    for control in html.select(&find(controls)) {
        let value = control.value();
        let is_named = value.attr("id").is_some_and(|id| labeled.contains(id))
            || value.attr("aria-label").is_some()
            || value.attr("aria-labelledby").is_some()
            || control
                .ancestors()
                .filter_map(scraper::ElementRef::wrap)
                .any(|above| above.value().name() == "label");
        if !is_named {
            faults.insert(format!("no label for {:?}", value.attr("name")));
        }
    }
    let nested = "a button, a input, a select, button a, button input, label label, main main";
    if let Some(inner) = html.select(&find(nested)).next() {
        faults.insert(format!("may not stand there: {}", inner.html()));
    }
    faults
}

#[test]
fn a_faulty_page_is_found() {
    for (page, fault) in [
        ("<p id=a></p><p id=a></p>", "the id"),
        ("<label for=x>甲</label>", "names \"x\""),
        ("<input name=q>", "no label"),
        ("<a href=/><button>甲</button></a>", "may not stand"),
        ("<p><div></div></p>", "the parser says"),
        ("<ul><li>甲</ul></li>", "the parser says"),
        ("<table><p>甲</p></table>", "the parser says"),
    ] {
        let page = format!("<!doctype html><html lang=zh><body>{page}</body></html>");
        let found = faults(&Html::parse_document(&page));
        assert!(
            found.iter().any(|said| said.contains(fault)),
            "{page}: {found:?}"
        );
    }
    let sound = "<!doctype html><html lang=zh><body><label>甲 <input name=q></label></body></html>";
    assert_eq!(faults(&Html::parse_document(sound)), BTreeSet::new());
}

/// Text that reads like a message's key.
fn raw_keys(body: &str) -> Vec<String> {
    let html = scraper::Html::parse_document(body);
    let all = Selector::parse("main").unwrap();
    let rooms = [
        "portal-",
        "procurement-",
        "bids-",
        "tenders-",
        "projects-",
        "contracts-",
        "awards-",
        "evaluation-",
        "accounts-",
        "organizations-",
        "registry-",
        "qualification-",
        "catalogue-",
        "communities-",
        "directory-",
        "ledger-",
        "inbox-",
        "publication-",
        "clock-",
        "layout-",
        "form-",
    ];
    html.select(&all)
        .flat_map(|main| main.text().collect::<Vec<_>>())
        .flat_map(str::split_whitespace)
        .filter(|word| {
            rooms.iter().any(|room| word.starts_with(room))
                && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
        })
        .map(str::to_owned)
        .collect()
}

/// One of each role; `-` is nobody.
const CRAWLERS: &[&str] = &[
    "-",
    "officer",
    "reviewer",
    "signatory",
    "town",
    "expert2",
    "supervisor",
    "community",
    "admin",
    "chenxi",
    "songlin",
];

fn no_page_is_broken(database: Database) {
    let portal = told(database);
    let mut wrong = Vec::new();
    for who in CRAWLERS {
        let mut client = if *who == "-" {
            portal.anonymous()
        } else {
            visitor(&portal, who)
        };
        client.language = "en";
        let (pages, found) = crawl(&client, who);
        assert!(pages > 60, "{who} found {pages} pages only");
        wrong.extend(found);
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}

/// Down takes everything away, whatever lies there; up again, the demo can be told anew.
fn down_and_up_again(database: Database) {
    let mut portal = told(database);
    portal.may_leave_jobs = true;
    let url = portal.state.store.url().clone();
    crate::migrations::there_and_back(&mut url.connect(Purpose::Write).unwrap(), &url);
    commands::prepare(&portal.state.store, Mode::Demo).unwrap();
    demo::tell(&portal.state).unwrap();
    visitor(&portal, "signatory")
        .get("/work")
        .expect(200)
        .see("社区心理健康支持服务");
    assert_eq!(
        portal.read(|db| ledger::verify(db, None)).findings,
        Vec::new()
    );
}

on_both!(
    the_story_is_told_once,
    everybody_finds_something_to_do,
    no_page_is_broken,
    down_and_up_again,
);
