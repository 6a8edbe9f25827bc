//! Story step 1: the catalogue in force is public; an officer brings in a new year's version and publishes it.

use crate::on_both;
use crate::support::{Client, Database, Portal};
use sanshe::catalogue;
use sanshe::kernel::roles::{BodyKind, Role};

const GOOD: &str = "\u{FEFF}code,name,level,parent_code,verified\r\nA,公共服务,1,,是\r\nA04,社会保障服务,2,A,是\r\n\
                    A0402,居家养老服务,3,A04,是\r\nA0499,银龄伴行服务,3,A04,是\r\n";

fn officer(portal: &Portal) -> Client {
    let bureau = portal.body(BodyKind::Bureau, "示范民政局", Some("320585"));
    portal.member("zhang", bureau, &[Role::Officer])
}

fn upload(client: &Client, year: &str, file: &[u8]) -> crate::support::Reply {
    let fields = [
        ("year", year),
        ("title", "二〇二七年目录"),
        ("issued_no", "示财购〔2027〕1号"),
    ];
    client.upload(
        "/catalogue/import",
        "/catalogue/import",
        &fields,
        &[("file", "目录.csv", file)],
    )
}

fn versions(portal: &Portal) -> i64 {
    use diesel::prelude::*;
    portal.read(|db| Ok(sanshe::schema::catalogues::table.count().get_result(db)?))
}

fn a_resident_reads_the_shipped_sample(database: Database) {
    let portal = Portal::start(database);
    let resident = portal.anonymous();
    let page = resident.get("/catalogue");
    page.expect(200)
        .see("示例")
        .see("未核实")
        .see("A0402 基本养老服务")
        .see("/projects?code&#x3D;A04");
    page.see("/organizations?code&#x3D;B01");
    assert!(
        !page.has("a[href='/catalogue/import']"),
        "a visitor is offered the import"
    );
    let found = resident.get("/catalogue?q=%E5%85%BB%E8%80%81");
    found.expect(200).see("A0402").see("A04 社会保障服务");
    assert!(!found.body.contains("A0301"), "the filter keeps everything");
    resident
        .get("/catalogue?q=a04")
        .expect(200)
        .see("A0401")
        .see("A0408");
    resident
        .get("/catalogue?q=%22%3E%3Cscript%3E")
        .expect(200)
        .see("没有符合的条目");
    let item = resident.get("/catalogue/2026/A0402");
    item.expect(200)
        .see("基本养老服务")
        .see("/projects?code&#x3D;A0402")
        .see("/organizations?code&#x3D;A0402");
    // What people call it leads there too.
    item.see("老年食堂");
    let called = resident.get(&format!(
        "/catalogue?q={}",
        "%E8%80%81%E5%B9%B4%E9%A3%9F%E5%A0%82"
    ));
    called.expect(200).see("A0402").see_not("A0403");
    resident
        .get("/catalogue/2026/A04")
        .expect(200)
        .see("/catalogue/2026/A0402");
    for lost in [
        "/catalogue?year=1999",
        "/catalogue?year=x",
        "/catalogue/2026/Z99",
        "/catalogue/1999/A",
        "/catalogue/x/A",
    ] {
        resident.get(lost).expect(404);
    }
    let mut english = portal.anonymous();
    english.language = "en";
    english.get("/catalogue").expect(200).see("Unverified");
}

fn bad_rows_are_all_named_and_nothing_is_saved(database: Database) {
    let portal = Portal::start(database);
    let officer = officer(&portal);
    let before = versions(&portal);
    let bad = "code,name,level,parent_code,verified\nA,公共服务,1,,\nA04,,2,A,\nA05,卫生,7,A,\nA06,生态,2,A,也许\n";
    let reply = upload(&officer, "2027", bad.as_bytes());
    reply
        .expect(422)
        .see("缺少名称")
        .see("级别应为 1、2 或 3")
        .see("也许")
        .see("二〇二七年目录")
        .see("示财购〔2027〕1号");
    let cells: Vec<String> = {
        let selector = scraper::Selector::parse("table.list tbody td").unwrap();
        reply
            .html()
            .select(&selector)
            .map(|cell| cell.text().collect())
            .collect()
    };
    let places: Vec<(&str, &str)> = cells
        .chunks(3)
        .map(|row| (row[1].as_str(), row[2].as_str()))
        .collect();
    assert_eq!(places, [("3", "2 (B)"), ("4", "3 (C)"), ("5", "5 (E)")]);
    for (bytes, says) in [
        (&b"PK\x03\x04garbage"[..], "Excel"),
        (&[0xFF; 300][..], "编码无法识别"),
        (&b"\x00\x01\x02"[..], "编码无法识别"),
        (&b"a;b;c\n1;2;3\n"[..], "不认识的列名"),
        (&vec![b'a'; 3 * 1024 * 1024][..], "超过 2 MB"),
        (&b"code,name,level,parent_code\n"[..], "没有任何条目"),
    ] {
        upload(&officer, "2027", bytes).expect(422).see(says);
    }
    upload(&officer, "1812", GOOD.as_bytes())
        .expect(422)
        .see("2000");
    upload(&officer, "２０２x", GOOD.as_bytes())
        .expect(422)
        .see("2000");
    let no_file = officer.upload(
        "/catalogue/import",
        "/catalogue/import",
        &[("year", "2027"), ("title", "甲")],
        &[],
    );
    no_file.expect(422).see("请选择要导入的文件");
    officer.get("/catalogue/drafts").expect(200).see("没有草稿");
    assert_eq!(versions(&portal), before);
}

fn a_draft_is_checked_published_and_replaced(database: Database) {
    let portal = Portal::start(database);
    let officer = officer(&portal);
    let resident = portal.anonymous();
    let place = upload(&officer, "2026", GOOD.as_bytes())
        .expect(303)
        .location
        .clone()
        .unwrap();
    let draft = officer.get(&place);
    draft
        .expect(200)
        .see("银龄伴行服务")
        .see("新增 1 项")
        .see("改动 1 项")
        .see("基本养老服务")
        .see("取消（");
    officer.get("/catalogue/drafts").expect(200).see(&place);
    assert!(
        !resident.get("/catalogue").body.contains("银龄伴行"),
        "a draft is public"
    );
    resident.get("/catalogue/2026/A0499").expect(404);

    let publish = format!("{place}/publish");
    let shown = officer.get(&place);
    officer.submit_from(&shown, &publish, &[]).expect(303);
    // The same form once more leads to the same place; another one is refused.
    officer.submit_from(&shown, &publish, &[]).expect(303);
    officer.get(&place).expect(404);
    let page = resident.get("/catalogue");
    page.expect(200)
        .see("银龄伴行服务")
        .see("示财购〔2027〕1号");
    assert!(
        !page.body.contains("未核实"),
        "each row of the new version is verified"
    );
    // What the new version dropped stays readable.
    resident
        .get("/catalogue/2026/A0101")
        .expect(200)
        .see("已被替代");

    let place = upload(&officer, "2027", GOOD.as_bytes())
        .expect(303)
        .location
        .clone()
        .unwrap();
    officer.get(&place).expect(200).see("内容完全相同");
    officer
        .submit(&place, &format!("{place}/publish"), &[])
        .expect(303);
    let years = resident.get("/catalogue");
    years
        .expect(200)
        .see("/catalogue?year&#x3D;2026")
        .see("2027 年版");
    let newest = portal.read(|db| Ok(catalogue::newest_published(db)?.unwrap()));
    assert_eq!(newest.year, 2027);
    let notices = portal.read(|db| {
        Ok(sanshe::common::publications::list_newest(
            db,
            &["catalogue"],
            10,
        )?)
    });
    assert_eq!(notices.len(), 3);

    let place = upload(&officer, "2028", GOOD.as_bytes())
        .expect(303)
        .location
        .clone()
        .unwrap();
    officer
        .submit(&place, &format!("{place}/discard"), &[])
        .expect(303);
    officer.get(&place).expect(404);
    assert!(
        portal
            .read(|db| Ok(catalogue::find_published(db, 2028)?))
            .is_none()
    );
}

fn two_years_are_compared(database: Database) {
    let portal = Portal::start(database);
    let officer = officer(&portal);
    let resident = portal.anonymous();
    resident
        .get("/catalogue/compare")
        .expect(200)
        .see("发布了两个年份的目录以后");
    let place = upload(&officer, "2027", GOOD.as_bytes())
        .expect(303)
        .location
        .clone()
        .unwrap();
    officer
        .submit(&place, &format!("{place}/publish"), &[])
        .expect(303);
    resident
        .get("/catalogue")
        .expect(200)
        .see("/catalogue/compare");
    // The two newest years where the address names none.
    let page = resident.get("/catalogue/compare");
    page.expect(200)
        .see("从 2026 年版到 2027 年版：新增 1 项，改动 1 项，取消 141 项")
        .see("银龄伴行服务")
        .see("<del>基本养老服务</del>")
        .see("<ins>居家养老服务</ins>")
        .see("/catalogue/2026/B0101");
    let added = resident.get("/catalogue/compare?from=2026&to=2027&kind=added");
    added
        .expect(200)
        .see("新增 1 项，改动 1 项")
        .see("银龄伴行服务")
        .see_not("居家养老服务");
    resident
        .get("/catalogue/compare?from=2027&to=2026&kind=dropped")
        .expect(200)
        .see("银龄伴行服务")
        .see_not("A0101");
    resident
        .get("/catalogue/compare?from=2026&to=2026")
        .expect(200)
        .see("没有这样的变化");
    for lost in ["from=1999", "to=x"] {
        resident
            .get(&format!("/catalogue/compare?{lost}"))
            .expect(404);
    }
    resident
        .get("/catalogue/compare.csv?kind=changed")
        .expect(200)
        .see("A0402,居家养老服务,改动,名称,基本养老服务,居家养老服务");
    let told = resident.get("/api/v1/catalogue/compare?kind=added");
    let told: serde_json::Value = serde_json::from_str(&told.expect(200).body).unwrap();
    assert_eq!(told["dropped"], 141);
    assert_eq!(told["rows"][0]["item"]["code"], "A0499");
    assert_eq!(told["rows"].as_array().map(Vec::len), Some(1));
}

fn only_the_bureaus_officers_import(database: Database) {
    let portal = Portal::start(database);
    let town = portal.body(BodyKind::TownGovernment, "示范镇", Some("320585100"));
    let clerk = portal.member("li", town, &[Role::Officer]);
    let officer = officer(&portal);
    let place = upload(&officer, "2027", GOOD.as_bytes())
        .expect(303)
        .location
        .clone()
        .unwrap();
    // Another bureau's draft does not exist for its officers.
    let bureau = portal.body(BodyKind::Bureau, "别县民政局", Some("320585"));
    let stranger = portal.member("stranger", bureau, &[Role::Officer]);
    stranger.get(&place).expect(404);
    let drafts = stranger.get("/catalogue/drafts");
    assert!(!drafts.expect(200).body.contains(&place));
    let token = stranger.get("/catalogue/import").token();
    for act in ["publish", "discard"] {
        stranger
            .post_raw(&format!("{place}/{act}"), &[("csrf", &token)])
            .expect(404);
    }
    officer.get(&place).expect(200);
    for path in ["/catalogue/import", "/catalogue/drafts", &place] {
        portal.anonymous().get(path).expect(401);
        clerk.get(path).expect(403);
    }
    let publish = format!("{place}/publish");
    assert_eq!(portal.anonymous().post_raw(&publish, &[]).status, 401);
    assert_eq!(clerk.post_raw(&publish, &[]).status, 403);
    assert!(
        portal
            .read(|db| Ok(catalogue::find_published(db, 2027)?))
            .is_none()
    );
}

fn a_double_submit_makes_one_draft(database: Database) {
    let portal = Portal::start(database);
    let officer = officer(&portal);
    let once = [
        ("year", "2027"),
        ("title", "目录"),
        ("once", "0123456789abcdef0123456789abcdef"),
    ];
    let send = || {
        officer.upload(
            "/catalogue/import",
            "/catalogue/import",
            &once,
            &[("file", "a.csv", GOOD.as_bytes())],
        )
    };
    let (first, second) = (send(), send());
    assert_eq!(first.expect(303).location, second.expect(303).location);
    assert_eq!(versions(&portal), 2);
}

/// One officer publishes a draft while a colleague throws it away: one of them comes too late, and what is published
/// keeps its items.
fn a_draft_is_published_or_thrown_away(database: Database) {
    use std::sync::Barrier;
    let portal = Portal::start(database);
    officer(&portal);
    let actor = portal.actor("zhang");
    for round in 0..12 {
        let id = portal.write(move |tx| {
            let heading = catalogue::Heading {
                year: 2030 + round,
                title: "目录".into(),
                issued_no: None,
                source: "示例".into(),
            };
            catalogue::import_csv(tx, None, &heading, GOOD.as_bytes())
        });
        let gate = Barrier::new(2);
        let (published, discarded) = std::thread::scope(|scope| {
            let store = &portal.state.store;
            let (first, second) = (actor.clone(), actor.clone());
            let gate = &gate;
            let publishing = scope.spawn(move || {
                gate.wait();
                store.write_blocking(move |tx| catalogue::publish(tx, &first, id))
            });
            let discarding = scope.spawn(move || {
                gate.wait();
                store.write_blocking(move |tx| catalogue::discard(tx, &second, id))
            });
            (publishing.join().unwrap(), discarding.join().unwrap())
        });
        assert!(
            published.is_ok() != discarded.is_ok(),
            "round {round}: {published:?} and {discarded:?}"
        );
        let left = portal
            .read(move |db| Ok(catalogue::list_items(db, id)?))
            .len();
        assert_eq!(left, if published.is_ok() { 4 } else { 0 }, "round {round}");
    }
}

on_both!(
    a_draft_is_published_or_thrown_away,
    a_resident_reads_the_shipped_sample,
    bad_rows_are_all_named_and_nothing_is_saved,
    a_draft_is_checked_published_and_replaced,
    two_years_are_compared,
    only_the_bureaus_officers_import,
    a_double_submit_makes_one_draft,
);

fn command(portal: &Portal, file: &[u8], more: &[&str]) -> std::process::Output {
    let path = portal.data.join("import.csv");
    std::fs::write(&path, file).unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_sanshe"));
    if let sanshe::infra::db::DatabaseUrl::Postgres(url) = portal.state.store.url() {
        command.env("SANSHE_DATABASE", url);
    }
    let data = portal.data.to_str().unwrap().to_owned();
    command
        .env("LANG", "zh_CN.UTF-8")
        .arg("import-catalogue")
        .arg(path);
    command.args([
        "--year",
        "2027",
        "--title",
        "二〇二七年目录",
        "--data",
        &data,
    ]);
    command.args(more).output().unwrap()
}

fn the_command_line_imports_the_same(database: Database) {
    let portal = Portal::start(database);
    let before = versions(&portal);
    let bad = command(
        &portal,
        b"code,name,level,parent_code\nA,,1,\nA01,x,9,A\n",
        &["--demo"],
    );
    assert_eq!(bad.status.code(), Some(1));
    let said = String::from_utf8(bad.stderr).unwrap();
    assert!(said.contains("import.csv:2:2: 缺少名称"), "{said}");
    assert!(said.contains("import.csv:3:3: 级别应为"), "{said}");
    // A demo's database is refused by the live portal's command.
    let wrong = command(&portal, GOOD.as_bytes(), &[]);
    assert_eq!(
        wrong.status.code(),
        Some(1),
        "{:?}",
        String::from_utf8(wrong.stdout)
    );
    assert_eq!(versions(&portal), before);

    let mut large = String::from("code,name,level,parent_code\n");
    for n in 0..1_203 {
        large += &[n.to_string(), ",服务,1,\n".into()].concat();
    }
    let draft = command(&portal, large.as_bytes(), &["--demo"]);
    assert!(
        draft.status.success(),
        "{:?}",
        String::from_utf8(draft.stderr)
    );
    assert!(
        portal
            .read(|db| Ok(catalogue::find_published(db, 2027)?))
            .is_none()
    );
    let published = command(&portal, large.as_bytes(), &["--demo", "--publish"]);
    assert!(
        published.status.success(),
        "{:?}",
        String::from_utf8(published.stderr)
    );
    let newest = portal.read(|db| Ok(catalogue::newest_published(db)?.unwrap()));
    let items = portal.read(move |db| Ok(catalogue::list_items(db, newest.id)?.len()));
    assert_eq!((newest.year, items), (2027, 1_203));
}

on_both!(the_command_line_imports_the_same);
