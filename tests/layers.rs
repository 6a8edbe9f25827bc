//! The floor plan is kept: sources import only what docs/architecture.md allows, migrations come in
//! pairs.

mod plan;
mod sources;

use plan::{Source, violations};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

#[test]
fn imports_go_only_downward() {
    let mut files = Vec::new();
    collect(&root().join("src"), &mut files);
    let sources: Vec<Source> = files
        .iter()
        .map(|path| Source {
            file: path
                .strip_prefix(root())
                .unwrap()
                .to_str()
                .unwrap()
                .replace('\\', "/"),
            text: std::fs::read_to_string(path).unwrap(),
        })
        .collect();
    assert!(
        sources.len() > 20,
        "only {} sources were found",
        sources.len()
    );
    let found = violations(&sources);
    assert!(
        found.is_empty(),
        "{} forbidden imports:\n{}",
        found.len(),
        found.join("\n")
    );
}

#[test]
fn migrations_come_in_pairs() {
    let names = |dialect: &str| -> BTreeSet<String> {
        std::fs::read_dir(root().join("migrations").join(dialect))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    };
    let (sqlite, postgres) = (names("sqlite"), names("postgres"));
    assert!(!sqlite.is_empty(), "no migrations were found");
    let single: Vec<&String> = sqlite.symmetric_difference(&postgres).collect();
    assert!(single.is_empty(), "in one dialect only: {single:?}");
    for dialect in ["sqlite", "postgres"] {
        for name in &sqlite {
            for step in ["up.sql", "down.sql"] {
                let file = root()
                    .join("migrations")
                    .join(dialect)
                    .join(name)
                    .join(step);
                let text = std::fs::read_to_string(&file).unwrap_or_default();
                assert!(
                    !text.trim().is_empty(),
                    "{} is missing or empty",
                    file.display()
                );
            }
        }
    }
}

/// What the checker says of planted files; other rooms stand beside them.
fn verdict(planted: &[(&str, &str)]) -> Vec<String> {
    let around = [
        ("src/lib.rs", "pub mod kernel;"),
        (
            "src/procurement/tenders/mod.rs",
            "mod model; mod queries; pub use model::{Tender, TenderId}; pub use queries::list_open;",
        ),
        (
            "src/procurement/tenders/model.rs",
            "use crate::kernel::ids::id;",
        ),
        (
            "src/procurement/projects/mod.rs",
            "mod model; pub use self::model::ProjectId;",
        ),
        ("src/procurement/mod.rs", "pub mod tenders;"),
        ("src/catalogue/mod.rs", "mod queries;"),
        ("src/communities/lists/mod.rs", "pub struct List;"),
    ];
    let sources: Vec<Source> = around
        .iter()
        .filter(|(file, _)| planted.iter().all(|(other, _)| other != file))
        .chain(planted)
        .map(|(file, text)| Source {
            file: (*file).to_owned(),
            text: (*text).to_owned(),
        })
        .collect();
    violations(&sources)
}

/// A file, its text, the line and the rule that it is to be refused for.
const REFUSED: &[(&str, &str, usize, &str)] = &[
    // The house.
    (
        "src/kernel/money.rs",
        "use crate::infra::db::Db;",
        1,
        "kernel may import nothing",
    ),
    (
        "src/infra/db.rs",
        "\nuse crate::web::State;",
        2,
        "infra may import kernel, schema only",
    ),
    (
        "src/web/actor.rs",
        "use crate::accounts::Person;",
        1,
        "web may import infra, kernel only",
    ),
    (
        "src/main.rs",
        "use sanshe::catalogue::Item;",
        1,
        "main may import",
    ),
    (
        "src/commands/serve.rs",
        "use crate::procurement::tenders::queries;",
        1,
        "only the public face",
    ),
    ("src/stray.rs", "", 1, "not on the floor plan"),
    // Between wings and rooms.
    (
        "src/catalogue/pages.rs",
        "use crate::procurement::tenders::TenderId;",
        1,
        "only leftward",
    ),
    (
        "src/catalogue/pages.rs",
        "use crate::communities;",
        1,
        "only leftward",
    ),
    (
        "src/communities/lists/pages.rs",
        "use crate::{\n  catalogue::queries::find,\n};",
        2,
        "public face of catalogue",
    ),
    (
        "src/communities/lists/pages.rs",
        "use crate::procurement;\nfn a() { procurement::tenders::queries::x() }",
        2,
        "public face",
    ),
    (
        "src/communities/lists/actions.rs",
        "fn a() -> crate::procurement::tenders::model::Tender {}",
        1,
        "public face",
    ),
    (
        "src/procurement/bids/pages.rs",
        "use super::super::tenders::queries::x;",
        1,
        "public face",
    ),
    (
        "src/communities/lists/model.rs",
        "use crate::procurement::tenders::list_open;",
        1,
        "this is from its queries",
    ),
    (
        "src/procurement/tenders/mod.rs",
        "pub(crate) mod queries;",
        1,
        "files are private",
    ),
    // Inside a room.
    (
        "src/procurement/tenders/rules.rs",
        "use super::queries::find;",
        1,
        "rules may import rules, model only",
    ),
    (
        "src/procurement/tenders/rules.rs",
        "use super::list_open;",
        1,
        "rules may import rules, model only",
    ),
    (
        "src/procurement/tenders/rules/states.rs",
        "use crate::infra::db::Db;",
        1,
        "rules may import kernel only",
    ),
    (
        "src/procurement/tenders/rules.rs",
        "#[derive(diesel::Queryable)] struct A;",
        1,
        "without diesel",
    ),
    (
        "src/procurement/tenders/rules.rs",
        "async fn a() {}",
        1,
        "without async",
    ),
    (
        "src/procurement/tenders/rules.rs",
        "fn a() { chrono::Utc::now(); }",
        1,
        "without Utc::now",
    ),
    (
        "src/procurement/tenders/rules.rs",
        "use std::time::Duration;",
        1,
        "without std::time",
    ),
    (
        "src/procurement/tenders/queries.rs",
        "use crate::infra::store::Tx;",
        1,
        "queries may import schema, infra::db, infra::failure, kernel",
    ),
    (
        "src/procurement/tenders/queries.rs",
        "use super::rules::next;",
        1,
        "queries may import queries, model only",
    ),
    (
        "src/procurement/tenders/model.rs",
        "use crate::web::View;",
        1,
        "model may import",
    ),
    (
        "src/procurement/tenders/actions.rs",
        "use crate::web::View;",
        1,
        "actions may import infra, kernel only",
    ),
    (
        "src/procurement/tenders/actions.rs",
        "use crate::schema::tenders;",
        1,
        "actions may import",
    ),
    (
        "src/procurement/tenders/actions.rs",
        "use super::pages::Form;",
        1,
        "actions may import",
    ),
    (
        "src/procurement/tenders/pages/show.rs",
        "use diesel::prelude::*;",
        1,
        "without diesel",
    ),
    (
        "src/procurement/tenders/views.rs",
        "use diesel::prelude::*;",
        1,
        "without diesel",
    ),
    (
        "src/procurement/tenders/api.rs",
        "use crate::schema::tenders;",
        1,
        "api may import",
    ),
    (
        "src/procurement/tenders/jobs.rs",
        "use crate::schema::tenders;",
        1,
        "jobs may import",
    ),
    // A test module hides nothing that stands after it; text and comments count for nothing.
    (
        "src/kernel/money.rs",
        "#[cfg(test)]\nmod tests { use crate::web::X; }\nuse crate::web::Y;",
        3,
        "kernel",
    ),
    (
        "src/kernel/money.rs",
        "const A: &str = \"// \\\" /*\";\nuse crate::web::Y;",
        2,
        "kernel",
    ),
    (
        "src/kernel/money.rs",
        "fn a<'a>(b: &'a str) -> char { '\"' }\nuse crate::web::Y; // '",
        2,
        "kernel",
    ),
];

#[test]
fn the_checker_finds_planted_violations() {
    for &(file, text, line, rule) in REFUSED {
        let found = verdict(&[(file, text)]);
        let place = format!("{file}:{line}:");
        assert!(
            found
                .iter()
                .any(|said| said.starts_with(&place) && said.contains(rule)),
            "{file} with {text:?} should be refused at line {line} for “{rule}”, but: {found:?}"
        );
        assert_eq!(found.len(), 1, "{file} with {text:?}: {found:?}");
    }
}

#[test]
fn the_checker_finds_circles() {
    let there = (
        "src/procurement/tenders/actions.rs",
        "use crate::procurement::projects::ProjectId;",
    );
    let back = (
        "src/procurement/projects/actions.rs",
        "use crate::procurement::tenders::TenderId;",
    );
    assert_eq!(verdict(&[there]), Vec::<String>::new());
    let found = verdict(&[there, back]);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found.iter().all(|said| said.contains("no circles")),
        "{found:?}"
    );
}

#[test]
fn the_checker_lets_the_allowed_pass() {
    let cases = [
        (
            "src/kernel/money.rs",
            "use crate::kernel::text::narrow; crate::big_int_column!(Fen); use diesel::sql_types::BigInt;",
        ),
        (
            "src/kernel/money.rs",
            "// use crate::web::X;\n/* crate::web /* nested */ crate::web::X */ const A: &str = r#\"use crate::web::X;\"#;",
        ),
        (
            "src/kernel/money.rs",
            "#[cfg(test)]\nmod tests {\n use crate::web::X;\n fn a() { if b {} }\n}",
        ),
        (
            "src/infra/db.rs",
            "use crate::{kernel::money::Fen, schema};",
        ),
        (
            "src/commands/serve.rs",
            "use crate::{routes, web, demo, jobs}; use crate::procurement::tenders::list_open;",
        ),
        (
            "src/routes.rs",
            "fn a() { crate::catalogue::routes(cfg); crate::procurement::routes(cfg) }",
        ),
        (
            "src/communities/lists/model.rs",
            "use crate::procurement::tenders::TenderId;",
        ),
        (
            "src/communities/lists/pages.rs",
            "use crate::procurement::tenders::{self, list_open}; use super::queries; fn a() { tenders::list_open(); queries::x() }",
        ),
        (
            "src/procurement/tenders/rules.rs",
            "use super::TenderId; use super::model::Tender; use crate::kernel::money::Fen; /// async Utc::now\nfn a() {}",
        ),
        (
            "src/procurement/tenders/queries.rs",
            "use crate::infra::db::{Db, columns}; use crate::schema::tenders; use diesel::prelude::*;",
        ),
        (
            "src/procurement/tenders/pages/show.rs",
            "use super::super::actions; use crate::web::View; use super::parts;",
        ),
        (
            "src/procurement/tenders/jobs.rs",
            "use super::actions::close; use crate::infra::store::Tx;",
        ),
    ];
    for (file, text) in cases {
        let found = verdict(&[(file, text)]);
        assert!(found.is_empty(), "{file} with {text:?}: {found:?}");
    }
}
