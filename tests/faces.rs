//! How pages are shown: in traditional characters, and to those who need large type.

use crate::on_both;
use crate::support::browser::Browser;
use crate::support::{Database, Portal};
use sanshe::demo;
use sanshe::infra::words::Language;
use sanshe::kernel::roles::{BodyKind, Role};
use sanshe::portal::help::{GUIDES, html};
use serde_json::json;

fn traditional_words_leave_values_alone(database: Database) {
    let portal = Portal::start(database);
    let mut visitor = portal.anonymous();
    visitor.language = "zh-TW,zh;q=0.9";
    let page = visitor.get("/search?q=%E5%90%8E");
    page.expect(200)
        .see("<html lang=\"zh-Hant\"")
        .see("採購項目");
    assert!(
        page.has("input[name='q'][value='后']"),
        "what was typed was changed"
    );

    // The account keeps the language, for its letters.
    portal.person("zhang");
    let zhang = portal.signed_in("zhang");
    let switched = zhang.get("/language?to=zh-Hant&back=/account");
    assert_eq!(
        (switched.status, switched.location.as_deref()),
        (303, Some("/account"))
    );
    zhang
        .get("/account")
        .expect(200)
        .see("賬號")
        .see_not("账号");
    let language: String = portal.read(|db| {
        use diesel::prelude::*;
        use sanshe::schema::people;
        Ok(people::table.select(people::language).first(db)?)
    });
    assert_eq!(language, "zh-Hant");
}

fn large_type_is_kept_by_the_browser(database: Database) {
    let portal = Portal::start(database);
    let visitor = portal.anonymous();
    assert!(!visitor.get("/projects").expect(200).has("html.elder"));
    for (back, goes) in [
        ("/projects", "/projects"),
        ("//evil.invalid", "/"),
        ("https://evil.invalid/", "/"),
        ("/\\evil.invalid", "/"),
    ] {
        let switched = visitor.get(&format!("/elder?to=on&back={back}"));
        assert_eq!(
            (switched.status, switched.location.as_deref()),
            (303, Some(goes)),
            "{back}"
        );
    }
    assert!(visitor.get("/projects").expect(200).has("html.elder"));
    visitor.get("/elder?to=off&back=/");
    assert!(!visitor.get("/projects").expect(200).has("html.elder"));
    assert_eq!(visitor.get("/elder?to=x&back=/").status, 404);
}

on_both!(
    traditional_words_leave_values_alone,
    large_type_is_kept_by_the_browser
);

/// Every guide in every language, and no link of it that leads nowhere.
#[test]
fn every_link_of_a_guide_leads_to_a_page() {
    let portal = Portal::start(Database::Sqlite);
    let bureau = portal.body(BodyKind::Bureau, "示例局", Some("320585"));
    let zhang = portal.member("zhang", bureau, &[Role::Officer]);
    let mut linked = std::collections::BTreeSet::new();
    for guide in GUIDES {
        for language in ["zh-CN", "zh-TW", "en"] {
            let mut visitor = portal.anonymous();
            visitor.language = language;
            let page = visitor.get(&format!("/help/{guide}"));
            assert!(page.expect(200).has("main .prose h2"), "{guide} {language}");
        }
        for language in Language::ALL {
            let text = html(guide, *language, "").unwrap().unwrap();
            assert!(!text.contains("http"), "{guide} leads away");
            linked.extend(
                text.split("href=\"")
                    .skip(1)
                    .map(|link| link.split('"').next().unwrap().to_owned()),
            );
        }
    }
    assert!(linked.len() > 8, "{linked:?}");
    for link in linked {
        assert_eq!(zhang.get(&link).status, 200, "{link}");
    }
    assert_eq!(portal.anonymous().get("/help/nobody").status, 404);
}

/// What can be pressed and is smaller than `least`; a link inside a sentence may be as small as its words.
const SMALL: &str = "
    const least = LEAST;
    const inSentence = (node) => {
        if (node.tagName !== 'A' || getComputedStyle(node).display !== 'inline') { return false; }
        let block = node.parentElement;
        while (getComputedStyle(block).display === 'inline') { block = block.parentElement; }
        return block.innerText.trim().length > node.innerText.trim().length;
    };
    return [...document.querySelectorAll('a[href], button, select, textarea, summary, input:not([type=hidden])')]
        .filter((node) => node.checkVisibility() && !node.closest('.govuk-skip-link') && !inSentence(node))
        .map((node) => {
            const whole = node.labels && node.labels[0] && /radio|checkbox/.test(node.type) ? node.labels[0] : node;
            const a = node.getBoundingClientRect(), b = whole.getBoundingClientRect();
            return { node, width: Math.max(a.width, b.width), height: Math.max(a.height, b.height) };
        })
        .filter(({ width, height }) => width > 1 && (width < least - 0.5 || height < least - 0.5))
        .map(({ node, width, height }) => `${node.tagName}.${node.className} ${node.parentElement.tagName}.${node.parentElement.className} ${(node.innerText || node.name || '').slice(0, 20)} ${Math.round(width)}x${Math.round(height)}`);
";

const ANYBODY: &[&str] = &[
    "/",
    "/communities",
    "/communities/320585100001",
    "/catalogue",
    "/projects",
    "/organizations",
    "/contracts",
    "/search?q=养老",
    "/sign-in",
    "/sign-up",
    "/about",
    "/about/sitemap",
    "/help",
    "/help/resident",
    "/elder-is-not-a-page",
];
const STAFF: &[&str] = &[
    "/work",
    "/projects/new",
    "/account",
    "/inbox",
    "/account/members",
];

/// Both ways of showing, at 200 % of a small screen and on the narrowest phone.
#[test]
fn every_target_is_large_enough_and_nothing_is_too_wide() {
    let Some(browser) = Browser::open(640, "zh-CN", true) else {
        return;
    };
    let portal = Portal::start(Database::Sqlite);
    demo::tell(&portal.state).unwrap();
    let mut found = Vec::new();
    let mut look = |pages: &[&str]| {
        for (mode, least) in [("off", 24), ("on", 44)] {
            browser.go(&format!("{}/elder?to={mode}&back=/about", portal.origin));
            for page in pages {
                for width in [640, 320] {
                    browser.resize(width);
                    browser.go(&format!("{}{page}", portal.origin));
                    if browser.overflows() {
                        found.push(format!("{page} {mode} {width}: too wide"));
                    }
                    let small = browser.script(&SMALL.replace("LEAST", &least.to_string()));
                    if small != json!([]) {
                        found.push(format!("{page} {mode} {width}: {small}"));
                    }
                    if mode == "on" && width == 640 {
                        let type_size = browser
                            .script("return parseFloat(getComputedStyle(document.body).fontSize)");
                        assert!(type_size.as_f64().unwrap() >= 24.0, "{type_size}");
                        found.extend(
                            browser
                                .axe()
                                .into_iter()
                                .map(|bad| format!("{page}: {bad}")),
                        );
                    }
                }
            }
        }
    };
    look(ANYBODY);
    browser.go(&format!("{}/sign-in", portal.origin));
    browser.click("button[value='officer@demo.invalid']");
    look(STAFF);
    assert!(browser.has("[data-read-aloud]"));
    assert!(
        found.is_empty(),
        "{} problems:\n{}",
        found.len(),
        found.join("\n")
    );
}
