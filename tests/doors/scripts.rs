//! Markup in every stored text: whatever came into the tables, no page makes elements or attributes of it.

use crate::support::{Client, Database, Portal};
use diesel::prelude::*;
use sanshe::demo;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Would become an element, and would end an attribute and begin another.
const MARKUP: &str =
    "<xss-probe>\" xssattr=\"1' xssattr='2</title></textarea></script>{{page.csrf}}";
/// What is in the page when it became one.
const ARISEN: [&str; 4] = [
    "<xss-probe",
    "\" xssattr=",
    "' xssattr=",
    "</title></textarea>",
];

/// Every column that holds words of people, in what the told story fills.
const TEXTS: &[(&str, &[&str])] = &[
    ("people", &["name"]),
    ("bodies", &["name"]),
    ("body_names", &["name"]),
    ("regions", &["name"]),
    ("catalogues", &["title", "source"]),
    ("catalogue_items", &["name", "description"]),
    ("providers", &["legal_head", "address", "phone", "summary"]),
    ("qualifications", &["statement", "reason"]),
    ("projects", &["title", "requirement", "phone"]),
    ("criteria", &["name", "measure"]),
    ("questions", &["question", "answer"]),
    ("bid_contents", &["proposal"]),
    ("scores", &["note"]),
    (
        "contracts",
        &[
            "title",
            "scope",
            "payment",
            "duties",
            "provider_name",
            "phone",
        ],
    ),
    ("publications", &["title"]),
    ("files", &["name"]),
    ("ledger_texts", &["who", "reason"]),
    ("search_documents", &["title", "summary"]),
    ("sessions", &["device"]),
    ("api_tokens", &["name"]),
    ("invitations", &["email"]),
    ("recoveries", &["reason"]),
];

fn shape(path: &str) -> String {
    let keep = |c: char| if c.is_ascii_digit() { '0' } else { c };
    let path: String = path.split('?').next().unwrap().chars().map(keep).collect();
    path.replace("00", "0")
        .replace("00", "0")
        .replace("00", "0")
}

/// Pages by links, three of a shape; the paths of those where something arose.
fn crawl(client: &Client, from: &[&str]) -> (usize, usize, Vec<String>) {
    let mut queue: VecDeque<String> = from.iter().map(|path| (*path).to_owned()).collect();
    let (mut seen, mut shapes) = (BTreeSet::new(), BTreeMap::<String, usize>::new());
    let (mut pages, mut holding, mut found) = (0, 0, Vec::new());
    while let Some(path) = queue.pop_front() {
        let of_shape = shapes.entry(shape(&path)).or_default();
        *of_shape += 1;
        if *of_shape > 2 || path.starts_with("/language") || path.starts_with("/demo") {
            continue;
        }
        let reply = client.get(&path);
        assert!(reply.status < 500, "{path}: {}", reply.status);
        if !reply
            .headers
            .get("content-type")
            .is_some_and(|kind| kind.starts_with("text/html"))
        {
            continue;
        }
        pages += 1;
        holding += usize::from(reply.body.contains("&lt;xss-probe"));
        found.extend(
            ARISEN
                .iter()
                .filter(|mark| reply.body.contains(**mark))
                .map(|mark| format!("{path}: {mark}")),
        );
        for link in reply.body.split(" href=\"").skip(1) {
            let href = link
                .split(['"', '#'])
                .next()
                .unwrap()
                .replace("&amp;", "&")
                .replace("&#x3D;", "=");
            if href.starts_with('/')
                && href.is_ascii()
                && !href.contains('&')
                && seen.insert(href.clone())
            {
                queue.push_back(href);
            }
        }
    }
    (pages, holding, found)
}

#[test]
fn markup_in_every_stored_text_stays_text() {
    let mut portal = Portal::start(Database::Sqlite);
    portal.may_leave_jobs = true;
    demo::tell(&portal.state).unwrap();
    portal.run_jobs();
    let clients: Vec<(&str, Client)> = ["officer", "reviewer", "expert2", "admin", "chenxi"]
        .map(|name| (name, portal.signed_in_as(&demo::address(name))))
        .into_iter()
        .chain([("visitor", portal.anonymous())])
        .collect();
    portal.write(|tx| {
        for (table, columns) in TEXTS {
            for column in *columns {
                let markup = MARKUP.replace('\'', "''");
                diesel::sql_query(format!(
                    "UPDATE {table} SET {column} = {column} || '{markup}'"
                ))
                .execute(tx.db)?;
            }
        }
        Ok(())
    });
    let starts = [
        "/",
        "/work",
        "/account",
        "/projects",
        "/contracts",
        "/organizations",
        "/communities",
        "/catalogue",
        "/inbox",
        "/search?q=%E5%8A%A9%E8%80%81",
    ];
    let (mut all, mut with_markup, mut found) = (0, 0, Vec::new());
    for (who, client) in &clients {
        let (pages, holding, arisen) = crawl(client, &starts);
        all += pages;
        with_markup += holding;
        found.extend(arisen.into_iter().map(|one| format!("{who} {one}")));
    }
    println!("{all} pages, {with_markup} of them show the markup as text");
    assert!(with_markup > 100, "{with_markup} of {all}");
    assert!(found.is_empty(), "{}", found.join("\n"));
}
