//! Every public list as files: the filters of the address, the same rows in all of them, on both faces.

use crate::on_both;
use crate::support::{Client, Database, Portal};
use calamine::{Data, Reader, Xlsx};
use sanshe::demo;
use std::collections::BTreeSet;
use std::io::Cursor;

fn told(database: Database) -> Portal {
    let portal = Portal::start(database);
    demo::tell(&portal.state).unwrap();
    portal.run_jobs();
    portal
}

/// Rows without their heads, each cell as text.
fn csv_rows(client: &Client, path: &str) -> Vec<Vec<String>> {
    let reply = client.get(path);
    assert_eq!(
        reply.expect(200).headers["content-type"],
        "text/csv; charset=utf-8"
    );
    let text = reply.body.strip_prefix('\u{FEFF}').expect("the mark");
    csv::Reader::from_reader(text.as_bytes())
        .records()
        .map(|row| row.unwrap().iter().map(str::to_owned).collect())
        .collect()
}

fn xlsx_rows(client: &Client, path: &str) -> Vec<Vec<Data>> {
    let reply = client.get(path);
    assert_eq!(
        reply.expect(200).headers["content-type"],
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    );
    let mut book = Xlsx::new(Cursor::new(reply.bytes)).unwrap();
    let formulas = book.worksheet_formula(&book.sheet_names()[0]).unwrap();
    assert_eq!(formulas.used_cells().count(), 0);
    let sheet = book.worksheet_range_at(0).unwrap().unwrap();
    sheet.rows().skip(1).map(<[Data]>::to_vec).collect()
}

fn feed(client: &Client, path: &str) -> atom_syndication::Feed {
    let reply = client.get(path);
    assert_eq!(
        reply.expect(200).headers["content-type"],
        "application/atom+xml; charset=utf-8"
    );
    reply.body.parse().unwrap()
}

/// A cell of a sheet as CSV writes it.
fn text(cell: &Data, csv: &str) -> String {
    match cell {
        Data::Empty => String::new(),
        Data::String(text) => text.clone(),
        Data::Float(number) if csv.contains('.') => format!("{number:.2}"),
        Data::Float(number) => number.to_string(),
        Data::DateTime(at) => {
            let (year, month, day, hour, minute, ..) = at.to_ymd_hms_milli();
            let date = format!("{year:04}-{month:02}-{day:02}");
            if csv.len() > 10 {
                format!("{date} {hour:02}:{minute:02}")
            } else {
                date
            }
        }
        other => panic!("{other:?}"),
    }
}

/// List, the column that is an entry's title, and filters that take something away, nothing and all.
const LISTS: &[(&str, usize, &[&str])] = &[
    (
        "/projects",
        1,
        &[
            "",
            "?state=contracted",
            "?q=%E5%85%BB%E8%80%81",
            "?town=320585100&code=A04",
        ],
    ),
    (
        "/organizations",
        0,
        &["", "?kind=association", "?town=320585100", "?q=zzzz"],
    ),
    (
        "/contracts",
        1,
        &["", "?region=320585100", "?code=A04&year=2026", "?q=zzzz"],
    ),
    (
        "/catalogue",
        1,
        &["", "?q=A04", "?year=2026&q=%E5%85%BB%E8%80%81"],
    ),
    (
        "/catalogue/compare",
        1,
        &["", "?kind=dropped", "?from=2026&to=2026"],
    ),
    (
        "/communities",
        1,
        &["", "?town=320585100", "?q=%E4%B8%AD%E5%8C%BA"],
    ),
    ("/notices", 1, &["", "?kind=contract", "?kind=award"]),
];

fn every_list_gives_the_same_rows_in_every_file(database: Database) {
    let portal = told(database);
    let anyone = portal.anonymous();
    for (list, named, queries) in LISTS {
        let mut sizes = BTreeSet::new();
        for query in *queries {
            let page = anyone.get(&format!("{list}{query}"));
            let csv = csv_rows(&anyone, &format!("{list}.csv{query}"));
            let sheet = xlsx_rows(&anyone, &format!("{list}.xlsx{query}"));
            let entries = feed(&anyone, &format!("{list}.atom{query}"));
            sizes.insert(csv.len());
            assert_eq!(csv.len(), sheet.len(), "{list}{query}");
            for (line, row) in csv.iter().zip(&sheet) {
                let row: Vec<String> = (0..line.len())
                    .map(|at| text(row.get(at).unwrap_or(&Data::Empty), &line[at]))
                    .collect();
                let plain: Vec<&str> = line
                    .iter()
                    .map(|cell| cell.strip_prefix('\'').unwrap_or(cell))
                    .collect();
                assert_eq!(plain, row, "{list}{query}");
            }
            let expected = csv.len().min(200);
            assert_eq!(entries.entries().len(), expected, "{list}{query}");
            let ids: BTreeSet<&str> = entries
                .entries()
                .iter()
                .map(atom_syndication::Entry::id)
                .collect();
            assert_eq!(ids.len(), expected, "ids of {list}{query}");
            assert_eq!(entries.lang(), Some("zh-CN"));
            let newest = entries.entries().iter().map(|entry| *entry.updated()).max();
            assert!(newest.is_none_or(|newest| newest == *entries.updated()));
            let titles: BTreeSet<&str> = entries
                .entries()
                .iter()
                .map(|entry| entry.title().value.as_str())
                .collect();
            for line in csv.iter().take(20) {
                let name = &line[*named];
                if csv.len() <= 200 {
                    assert!(
                        titles.iter().any(|title| title.ends_with(name.as_str())),
                        "{name}"
                    );
                }
                // The page shows what the files hold (the first of a long list).
                if csv.len() <= 30 {
                    assert!(
                        page.text_of("main").unwrap().contains(name.as_str()),
                        "{name} on {list}{query}"
                    );
                }
            }
            // The links on the page lead to these very files.
            for ending in ["csv", "xlsx", "atom"] {
                let link = format!("{list}.{ending}{query}")
                    .replace('&', "&amp;")
                    .replace('=', "&#x3D;");
                assert!(page.body.contains(&link), "{link} on the page");
                // Asked sparingly: a network gets so many files in a minute.
                let path = format!("/api/v1{list}.{ending}{query}");
                if ending == "csv" {
                    assert_eq!(csv_rows(&anyone, &path), csv);
                } else if query.is_empty() {
                    anyone.get(&path).expect(200);
                }
            }
        }
        assert!(
            sizes.len() > 1,
            "the filters of {list} change nothing: {sizes:?}"
        );
        assert!(sizes.iter().any(|size| *size > 0), "{list} is empty");
    }
}

fn a_feed_keeps_its_ids(database: Database) {
    let portal = told(database);
    let ids = || -> Vec<String> {
        let feed = feed(&portal.anonymous(), "/contracts.atom");
        feed.entries()
            .iter()
            .map(|entry| entry.id().to_owned())
            .collect()
    };
    let before = ids();
    portal.move_clock_by(chrono::Duration::days(40));
    portal.run_jobs();
    let after = ids();
    assert!(
        before.iter().all(|id| after.contains(id)),
        "{before:?} {after:?}"
    );
    let mut english = portal.anonymous();
    english.language = "en";
    assert_eq!(feed(&english, "/contracts.atom").lang(), Some("en"));
}

on_both!(
    every_list_gives_the_same_rows_in_every_file,
    a_feed_keeps_its_ids,
);
