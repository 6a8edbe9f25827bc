//! The pictures of the guides are those that the guides show; they are taken from the demo when asked for.

use crate::demo::told;
use crate::support::browser::Browser;
use crate::support::{Database, Portal};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Name, whose page of the demo (nobody's when empty), and the page.
const PICTURES: &[(&str, &str, &str)] = &[
    ("resident-community", "", "/communities/320585100001"),
    ("resident-search", "", "/search?q=%E5%85%BB%E8%80%81"),
    ("provider-projects", "", "/projects"),
    ("provider-bid", "chenxi", "/projects/6/bid"),
    ("officer-desk", "officer", "/work"),
    ("officer-project", "officer", "/projects/7/manage"),
    ("expert-panel", "expert1", "/panel"),
    ("expert-declaration", "expert1", "/panel/5"),
    ("supervisor-history", "", "/projects/1/history"),
    ("supervisor-check", "reviewer", "/organizations/checks/7"),
    ("administrator-bodies", "admin", "/admin/bodies"),
    ("administrator-operations", "admin", "/operations"),
];
const LANGUAGES: [&str; 2] = ["zh-CN", "en"];

fn guides() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/help")
}

#[test]
#[ignore = "writes docs/help/pictures: cargo test --test portal pictures:: -- --ignored"]
fn pictures_are_taken() {
    let portal = told(Database::Sqlite);
    let origin = &portal.origin;
    for language in LANGUAGES {
        let Some(browser) = Browser::open(1000, language, true) else {
            return;
        };
        for (name, who, path) in PICTURES {
            browser.forget_cookies();
            browser.go(&format!("{origin}/language?to={language}&back=%2Fsign-in"));
            if !who.is_empty() {
                browser.fill("email", &sanshe::demo::address(who));
                browser.fill("password", sanshe::demo::PASSWORD);
                browser.submit("main form[action$='/sign-in'] button:not([name])");
            }
            browser.go(&format!("{origin}{path}"));
            let file = guides().join(format!("pictures/{language}/{name}.webp"));
            browser.picture(&file, "main", 640);
        }
    }
}

/// Alternative text and file of each picture of a guide.
fn shown(text: &str) -> Vec<(&str, &str)> {
    let pictures = text.split("![").skip(1);
    pictures
        .map(|rest| {
            let (alt, rest) = rest
                .split_once("](../pictures/")
                .expect("a picture of ours");
            (alt, rest.split(')').next().unwrap())
        })
        .collect()
}

#[test]
fn guides_show_the_pictures_that_there_are() {
    let portal = Portal::start(Database::Sqlite);
    let reader = portal.anonymous();
    for language in LANGUAGES {
        let mut named = BTreeSet::new();
        for guide in std::fs::read_dir(guides().join(language)).unwrap() {
            let guide = guide.unwrap().path();
            let text = std::fs::read_to_string(&guide).unwrap();
            let role = guide.file_stem().unwrap().to_string_lossy().into_owned();
            let pictures = shown(&text);
            assert!(pictures.len() >= 2, "{}", guide.display());
            for (alt, file) in pictures {
                assert!(alt.chars().count() > 5, "{file}: {alt}");
                assert!(file.starts_with(&format!("{language}/{role}-")), "{file}");
                named.insert(file.to_owned());
                let address = format!("/assets/help/{file}");
                let picture = reader.get(&address);
                assert_eq!(picture.expect(200).bytes[..4], *b"RIFF", "{file}");
                assert!(picture.bytes.len() < 100_000, "{file} is too large");
                reader.get(&format!("/language?to={language}&back=%2F"));
                reader
                    .get(&format!("/help/{role}"))
                    .see(&address)
                    .see(&format!("alt=\"{alt}\""));
            }
        }
        let there: BTreeSet<String> = std::fs::read_dir(guides().join("pictures").join(language))
            .unwrap()
            .map(|file| format!("{language}/{}", file.unwrap().file_name().display()))
            .collect();
        let taken: BTreeSet<String> = PICTURES
            .iter()
            .map(|(name, ..)| format!("{language}/{name}.webp"))
            .collect();
        assert_eq!((&named, &there), (&taken, &taken));
    }
}
