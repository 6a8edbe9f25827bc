//! Personal data: what is erased and when, what a person sees of the own data, closing an account, who looked.

use crate::on_both;
use crate::support::program::Program;
use crate::support::stage::opened;
use crate::support::{Client, Database, PASSWORD, Portal, tendering};
use chrono::{Duration, Months};
use diesel::prelude::*;
use sanshe::common::retention;
use sanshe::kernel::roles::{BodyKind, Role};
use sanshe::schema::{
    accesses, bid_drafts, bids, ledger, messages, people, publications, sessions, tokens,
};
use std::sync::atomic::AtomicBool;

fn administrator(portal: &Portal, name: &str) -> Client {
    let platform = portal.body(BodyKind::Platform, "平台运营中心", None);
    portal.member(name, platform, &[Role::Administrator])
}

fn erase(portal: &Portal) {
    retention::erase_due(&portal.state.store, &AtomicBool::new(false)).unwrap();
}

fn what_is_past_its_time_goes_and_nothing_else(database: Database) {
    let mut portal = Portal::start(database);
    portal.may_leave_jobs = true;
    let buyer = portal.body(BodyKind::Bureau, "民政局", None);
    let (old, new) = (portal.person("old"), portal.person("new"));
    portal.grant(old, buyer, &[Role::Officer]);
    let (a, b) = (portal.signed_in("old"), portal.signed_in("new"));
    a.get("/account").expect(200);
    b.get("/account").expect(200);
    // One session ended seven months ago, the other one five.
    portal.write(move |tx| {
        let ago = |months| tx_machine(months);
        for (person, months) in [(old, 7), (new, 5)] {
            diesel::update(sessions::table.filter(sessions::person_id.eq(person)))
                .set(sessions::ended_at.eq(ago(months)))
                .execute(tx.db)?;
        }
        Ok(())
    });
    erase(&portal);
    let left: Vec<i64> =
        portal.read(|db| Ok(sessions::table.select(sessions::person_id).load(db)?));
    assert_eq!(left, [new.0]);
    assert!(portal.read(|db| Ok(tokens::table.count().get_result::<i64>(db)?)) == 0);
    // A person's notices go after three years; what a body received is in the file.
    let personal = |portal: &Portal| {
        portal.read(move |db| {
            Ok(messages::table
                .filter(messages::person_id.is_not_null())
                .count()
                .get_result::<i64>(db)?)
        })
    };
    portal.write(move |tx| {
        use sanshe::accounts::{Addressee, deliver};
        deliver(
            tx,
            Addressee::Person(old),
            "recovery.confirmed",
            &[],
            "/account",
        )?;
        deliver(
            tx,
            Addressee::Body(buyer),
            "recovery.confirmed",
            &[],
            "/account",
        )
    });
    let all = portal.read(|db| Ok(messages::table.count().get_result::<i64>(db)?));
    assert!(personal(&portal) >= 1);
    portal.move_clock_by(Duration::days(3 * 366));
    erase(&portal);
    assert_eq!(personal(&portal), 0);
    assert!(
        portal.read(|db| Ok(messages::table.count().get_result::<i64>(db)?)) >= 1,
        "{all}"
    );
}

fn tx_machine(months: u32) -> chrono::NaiveDateTime {
    sanshe::infra::store::machine_now()
        .checked_sub_months(Months::new(months))
        .unwrap()
}

fn procurement_files_outlive_everything_and_drafts_do_not(database: Database) {
    let mut portal = Portal::start(database);
    portal.may_leave_jobs = true;
    let tender = tendering::open_tender(&portal);
    let names = ["chen", "lin", "he"];
    let clients: Vec<Client> = names
        .iter()
        .map(|name| tendering::bidder(&portal, name))
        .collect();
    tendering::bid(&clients[0], &tender, "198000.00");
    tendering::bid(&clients[1], &tender, "197000.00");
    tendering::write_draft(&clients[2], &tender, "196000.00", "草稿").expect(303);
    clients[1].submit(
        &tender.path("/bid"),
        &tender.path("/bid/withdraw"),
        &[("reason", "不再参加")],
    );
    let kept = |portal: &Portal| {
        portal.read(|db| {
            let states: Vec<(String, Vec<u8>)> = bids::table
                .order(bids::submitted_at)
                .select((bids::state, bids::sealed))
                .load(db)?;
            let drafts: i64 = bid_drafts::table.count().get_result(db)?;
            let notices: i64 = publications::table.count().get_result(db)?;
            let lines: i64 = ledger::table.count().get_result(db)?;
            Ok((states, drafts, notices, lines))
        })
    };
    let (states, drafts, notices, lines) = kept(&portal);
    assert_eq!(drafts, 1);
    assert!(states.iter().all(|(_, sealed)| !sealed.is_empty()));
    erase(&portal);
    assert_eq!(kept(&portal).1, 1, "an open tender's draft stays");
    tendering::close(&portal, &tender);
    portal.move_clock_by(Duration::days(20 * 366));
    erase(&portal);
    let (after, drafts, notices_after, lines_after) = kept(&portal);
    assert_eq!(drafts, 0);
    assert!(notices_after >= notices && lines_after >= lines);
    for (state, sealed) in &after {
        assert_eq!(sealed.is_empty(), state == "withdrawn", "{state}");
    }
    assert!(after.iter().any(|(state, _)| state == "submitted"));
    the_second_disk_forgets_it_too(&portal);
}

/// A withdrawn bid goes from the mirror once it is erased; one that the database does not know stays.
fn the_second_disk_forgets_it_too(portal: &Portal) {
    use sanshe::infra::{mirror::Mirror, sweep::sweep};
    let folder = portal.data.join("second-disk");
    let mirror = Mirror::new(&folder, &portal.data);
    let known: Vec<(String, String)> = portal.read(|db| {
        Ok(bids::table
            .select((bids::receipt_no, bids::state))
            .load(db)?)
    });
    for (receipt, _) in &known {
        mirror.keep(receipt, b"sealed", &[]).unwrap();
    }
    mirror.keep("UNKNOWN", b"sealed", &[]).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let state = &portal.state;
    runtime
        .block_on(sweep(&state.store, &state.files, Some(&mirror)))
        .unwrap();
    let left = mirror.list().unwrap();
    for (receipt, state) in &known {
        assert_eq!(left.contains(receipt), state != "withdrawn", "{state}");
    }
    assert!(left.contains(&"UNKNOWN".to_owned()));
}

fn the_own_data_are_seen_and_taken_along(database: Database) {
    let mut portal = Portal::start(database);
    portal.may_leave_jobs = true;
    let admin = administrator(&portal, "root");
    let town = portal.body(BodyKind::TownGovernment, "某镇人民政府", None);
    let mei = portal.member("mei", town, &[Role::Officer]);
    let page = mei.get("/account/data");
    page.expect(200).see("某镇人民政府").see("没有人查阅过");
    admin.get(&format!("/admin/bodies/{town}")).expect(200);
    mei.get("/account/data")
        .expect(200)
        .see("单位成员的姓名和邮箱")
        .see("root");
    let file = mei.get("/account/data.json");
    file.expect(200);
    let data: serde_json::Value = serde_json::from_str(&file.body).unwrap();
    let email = portal.read(|db| {
        Ok(people::table
            .filter(people::name.eq("mei"))
            .select(people::email)
            .first::<String>(db)?)
    });
    assert_eq!(data.pointer("/account/0/email").unwrap(), email.as_str());
    assert_eq!(data.pointer("/looked_at_by/0/who").unwrap(), "root");
    for secret in ["argon2", "token_hash", "password"] {
        assert!(!file.body.contains(secret), "{secret}");
    }
    // Nobody else's: a stranger sees the own page only, and nothing without signing in.
    portal.person("stranger");
    let other = portal.signed_in("stranger");
    other
        .get("/account/data")
        .expect(200)
        .see_not("某镇人民政府");
    assert_eq!(portal.anonymous().get("/account/data.json").status, 401);
}

/// Each kind of records is in the file, with what one did; the page shows the newest of each.
fn the_file_has_every_kind(database: Database) {
    let stage = opened(database, &[19_800_000, 19_700_000, 19_600_000]);
    let (portal, officer) = (&stage.portal, &stage.officer);
    let bid = portal.read(|db| Ok(bids::table.select(bids::id).first::<i64>(db)?));
    officer
        .get(&stage.path(&format!("/bids/{bid}")))
        .expect(200);
    let me = portal.read(|db| {
        Ok(accesses::table
            .filter(accesses::what.eq("bid"))
            .select(accesses::person_id)
            .first::<sanshe::kernel::people::PersonId>(db)?)
    });
    portal.write(move |tx| {
        use sanshe::accounts::{Addressee, deliver};
        (0..15).try_for_each(|_| {
            let to = Addressee::Person(me);
            deliver(tx, to, "recovery.confirmed", &[], "/account")
        })
    });
    let page = officer.get("/account/data");
    page.expect(200)
        .see("只列出最近的记录")
        .see("您参加的开标")
        .see("语言：简体")
        .see_not("tender 1");
    let file = officer.get("/account/data.json");
    let data: serde_json::Value = serde_json::from_str(&file.expect(200).body).unwrap();
    let mut kinds: Vec<&str> = data
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    kinds.sort_unstable();
    let expected = [
        "account",
        "acts",
        "answers",
        "bids",
        "exported_at",
        "invitations",
        "links",
        "looked_at_by",
        "looks",
        "notices",
        "openings",
        "points",
        "recoveries",
        "redactions",
        "roles",
        "seats",
        "settings",
        "sheets",
        "sign_ins",
        "signatures",
        "uploads",
    ];
    assert_eq!(kinds, expected);
    let rows = |kind: &str| data[kind].as_array().unwrap().len();
    assert!(rows("notices") >= 15, "{}", rows("notices"));
    assert!(data["looks"].to_string().contains(&format!("bid {bid}")));
}

/// Who reads a provider's papers is shown to its members.
fn whose_papers_were_read_is_told(database: Database) {
    let portal = Portal::start(database);
    let body = portal.body(BodyKind::Provider, "某社会工作服务中心", None);
    let own = portal.member("chen", body, &[Role::Preparer]);
    let town = portal.body(BodyKind::TownGovernment, "某镇人民政府", None);
    portal.member("checker", town, &[Role::Officer]);
    let by = portal.actor("checker");
    own.get("/account/data").see("没有人查阅过");
    portal.write(move |tx| {
        use sanshe::infra::access::{Look, Looked, note};
        note(
            tx,
            &by,
            &Look::at(Looked::Papers, "provider", 1).of_body(body),
        )
    });
    own.get("/account/data")
        .see("登记证书和证明材料")
        .see("checker");
}

/// Open work asks who takes it over, or why nobody has to, and whoever goes is told by mail.
fn open_work_is_handed_over_before_an_account_closes(database: Database) {
    let mut portal = Portal::start(database);
    portal.may_leave_jobs = true;
    let tender = tendering::open_tender(&portal);
    let asker = tendering::bidder(&portal, "chen");
    asker
        .submit(
            &tender.path(""),
            &tender.path("/ask"),
            &[("question", "何时开始？")],
        )
        .expect(303);
    let wang = tendering::officer(&portal, &tender, "wang");
    let lan = tendering::officer(&portal, &tender, "lan");
    lan.get("/work").expect(200);
    let sure = ("sure", "yes");
    wang.submit("/account/data", "/account/close", &[sure])
        .expect(422)
        .see("请选择接办人");
    let (name, heir) = {
        let page = wang.get("/account/data").body;
        let select = page.split_once("name=\"successor_").unwrap().1;
        let (id, rest) = select.split_once('"').unwrap();
        let option = rest
            .split("<option value=\"")
            .find(|one| one.contains(">lan<"));
        let heir = option.unwrap().split('"').next().unwrap().to_owned();
        (format!("successor_{id}"), heir)
    };
    wang.submit("/account/data", "/account/close", &[sure, (&name, &heir)])
        .expect(303);
    lan.get("/inbox").expect(200).see("请接办事项");
    portal.run_jobs();
    let letters: Vec<String> = portal
        .mails()
        .into_iter()
        .filter(|mail| mail.contains("wang@test.invalid"))
        .map(|mail| crate::support::readable(&mail))
        .collect();
    assert!(
        letters.iter().any(|letter| letter.contains("刚刚注销")),
        "{letters:?}"
    );
    let reasons: Vec<Option<String>> = portal.read(|db| {
        use sanshe::schema::ledger_texts;
        Ok(ledger_texts::table.select(ledger_texts::reason).load(db)?)
    });
    assert!(
        reasons
            .iter()
            .flatten()
            .any(|reason| reason.contains("→ lan")),
        "{reasons:?}"
    );
}

fn an_account_is_closed_as_far_as_the_law_lets(database: Database) {
    let mut portal = Portal::start(database);
    portal.may_leave_jobs = true;
    let admin = administrator(&portal, "root");
    admin.get("/account/data").expect(200).see("唯一担任“");
    let town = portal.body(BodyKind::TownGovernment, "某镇人民政府", None);
    let mei = portal.member("mei", town, &[Role::Officer]);
    mei.get("/account/data").expect(200).see("唯一担任“");
    assert_eq!(
        mei.get("/account/data")
            .text_of("form[action$='/account/close']"),
        None
    );
    let lan = portal.member("lan", town, &[Role::Officer]);
    lan.get("/account").expect(200);
    mei.submit("/account/data", "/account/close", &[])
        .expect(422);
    mei.submit("/account/data", "/account/close", &[("sure", "yes")])
        .expect(303);
    assert_eq!(mei.get("/account").status, 401, "the session has ended");
    let (name, email, closed) = portal.read(|db| {
        Ok(people::table
            .filter(people::closed_at.is_not_null())
            .select((people::name, people::email, people::closed_at))
            .first::<(String, String, Option<chrono::NaiveDateTime>)>(db)?)
    });
    assert!(name.contains("已注销") && email.ends_with("@closed.invalid") && closed.is_some());
    lan.get("/account/members").expect(200).see_not("mei");
    // The one who is left cannot go.
    lan.get("/account/data").expect(200).see("唯一担任“");
    let verified = portal.read(|db| sanshe::infra::ledger::verify(db, None));
    assert!(verified.findings.is_empty(), "{:?}", verified.findings);
    let back = portal.anonymous();
    let email = "mei@test.invalid";
    back.submit(
        "/sign-in",
        "/sign-in",
        &[("email", email), ("password", PASSWORD)],
    )
    .expect(422);
}

fn who_reads_bids_is_noted_and_the_panel_stays_secret(database: Database) {
    let stage = opened(database, &[19_800_000, 19_700_000, 19_600_000]);
    let portal = &stage.portal;
    let officer = &stage.officer;
    let record = officer.get(&stage.path("/opening"));
    let bid = portal.read(|db| Ok(bids::table.select(bids::id).first::<i64>(db)?));
    drop(record);
    officer
        .get(&stage.path(&format!("/bids/{bid}")))
        .expect(200);
    let looks: Vec<(String, i64)> = portal.read(|db| {
        Ok(accesses::table
            .select((accesses::what, accesses::subject_id))
            .load(db)?)
    });
    assert!(looks.contains(&("bid".into(), bid)), "{looks:?}");
    let admin = administrator(portal, "root");
    admin.get("/accesses").expect(200).see("评审专家名单");
    let who = portal.read(move |db| {
        let name = accesses::table
            .inner_join(people::table.on(people::id.eq(accesses::person_id)))
            .filter(accesses::what.eq("bid"))
            .select(people::name);
        Ok(name.first::<String>(db)?)
    });
    let cell = format!(">{who}<");
    assert!(!admin.get("/accesses").body.contains(&cell));
    let finance = portal.body(BodyKind::FinanceSupervisor, "财政局", None);
    let supervisor = portal.member("shen", finance, &[Role::Supervisor]);
    assert!(supervisor.get("/accesses").expect(200).body.contains(&cell));
    assert!(supervisor.get("/accesses.csv").body.contains(&who));
    supervisor
        .get("/accesses?who=nobody-of-this-name")
        .expect(200)
        .see("没有符合条件的记录");
    officer.get("/accesses").expect(403);
}

/// What everybody reads of a project: its page, history, questions, notices and the feed.
fn public_texts(portal: &Portal, page: &str) -> Vec<String> {
    portal.run_jobs();
    let anyone = portal.anonymous();
    let notices = anyone.get(page).body;
    let start = format!("href=\"{page}/notices/");
    let links = notices.split(&start).skip(1);
    let links: Vec<&str> = links.map(|rest| rest.split('"').next().unwrap()).collect();
    assert!(links.len() >= 2, "{links:?}");
    let mut paths: Vec<String> = links
        .iter()
        .map(|link| format!("{page}/notices/{link}"))
        .collect();
    paths.extend([
        page.to_owned(),
        format!("{page}/history"),
        "/notices.atom".into(),
    ]);
    let mut texts: Vec<String> = paths.iter().map(|path| anyone.get(path).body).collect();
    let questions = Program::new(portal, None).get(&format!("{page}/questions"));
    texts.push(questions.expect(200).json.to_string());
    texts
}

fn a_mistake_is_covered_everywhere_by_two(database: Database) {
    let mut portal = Portal::start(database);
    portal.may_leave_jobs = true;
    let tender = tendering::open_tender(&portal);
    let asker = tendering::bidder(&portal, "chen");
    let secret = "王小明的手机一三八零零";
    asker
        .submit(
            &tender.path(""),
            &tender.path("/ask"),
            &[("question", &format!("可以联系{secret}吗？"))],
        )
        .expect(303);
    let officer = tendering::officer(&portal, &tender, "wang");
    let answer = tender.path("/questions/1");
    officer
        .submit(&answer, &answer, &[("answer", "请在平台提问。")])
        .expect(303);
    portal.run_jobs();
    let page = tender.path("");
    let anyone = portal.anonymous();
    let shown = || {
        public_texts(&portal, &page)
            .iter()
            .filter(|text| text.contains(secret))
            .count()
    };
    assert!(shown() >= 3, "{}", shown());
    let first = administrator(&portal, "root");
    let fields = [
        ("page", page.as_str()),
        ("passage", secret),
        ("ground", "personal"),
        ("reason", "误填个人信息"),
    ];
    let wrong = [
        ("page", page.as_str()),
        ("passage", "从未出现过"),
        ("ground", "personal"),
        ("reason", "x"),
    ];
    first
        .submit("/admin/redactions", "/admin/redactions", &wrong)
        .expect(422);
    first
        .submit("/admin/redactions", "/admin/redactions", &fields)
        .expect(303);
    first
        .submit("/admin/redactions", "/admin/redactions", &fields)
        .expect(422);
    // Whoever asked cannot confirm, whatever is sent.
    first
        .submit("/admin/redactions", "/admin/redactions/1/refuse", &[])
        .expect(303);
    first
        .submit("/admin/redactions", "/admin/redactions", &fields)
        .expect(303);
    let list = first.get("/admin/redactions");
    list.see("可以联系【王小明的手机一三八零零】吗？");
    let short = [
        fields[0],
        ("passage", "平台"),
        ("ground", "wrong"),
        ("reason", "x"),
    ];
    first
        .submit("/admin/redactions", "/admin/redactions", &short)
        .expect(422)
        .see("至少填写 4 个字");
    first
        .get("/work")
        .expect(200)
        .see_not("确认遮盖误公开的内容");
    assert!(!list.body.contains("/admin/redactions/2/confirm"));
    let platform = portal.body(BodyKind::Platform, "平台第二中心", None);
    let second = portal.member("second", platform, &[Role::Administrator]);
    second.get("/work").expect(200).see("确认遮盖误公开的内容");
    first
        .submit("/admin/redactions", "/admin/redactions/2/refuse", &[])
        .expect(303);
    first
        .submit("/admin/redactions", "/admin/redactions", &fields)
        .expect(303);
    second.get("/inbox").expect(200).see("等待您确认");
    second
        .submit("/admin/redactions", "/admin/redactions/3/confirm", &[])
        .expect(303);
    let (texts, passages) = portal.read(|db| {
        use sanshe::schema::{questions, redactions};
        let texts: Vec<String> = questions::table.select(questions::question).load(db)?;
        let passages: Vec<Option<String>> =
            redactions::table.select(redactions::passage).load(db)?;
        Ok((texts, passages))
    });
    assert!(
        texts
            .iter()
            .any(|text| text.contains("[内容已按个人信息保护法 §47于")),
        "{texts:?}"
    );
    assert!(texts.iter().all(|text| !text.contains(secret)));
    assert!(passages.iter().all(Option::is_none));
    assert_eq!(shown(), 0);
    anyone.get(&page).see("[内容已按个人信息保护法");
    anyone
        .get(&format!("{page}/history"))
        .see("误填个人信息")
        .see_not("root");
    let verified = portal.read(|db| sanshe::infra::ledger::verify(db, None));
    assert!(verified.findings.is_empty(), "{:?}", verified.findings);
}

/// The title of a tender stands in the notices of each sealed bid: their number must not show.
fn an_open_redaction_counts_no_bids(database: Database) {
    let mut portal = Portal::start(database);
    portal.may_leave_jobs = true;
    let tender = tendering::open_tender(&portal);
    let title = portal.read(|db| {
        use sanshe::schema::projects;
        Ok(projects::table
            .select(projects::title)
            .first::<String>(db)?)
    });
    let first = administrator(&portal, "root");
    let page = tender.path("");
    let ask = |reason: &str| {
        let fields = [
            ("page", page.as_str()),
            ("passage", title.as_str()),
            ("ground", "wrong"),
            ("reason", reason),
        ];
        first.submit("/admin/redactions", "/admin/redactions", &fields)
    };
    ask(&format!("“{title}”写错了")).expect(422);
    ask("标题写错了").expect(303);
    let places = || {
        let text = first.get("/admin/redactions").text_of("table").unwrap();
        let rest = text.split_once("将遮盖").unwrap().1;
        rest.split_once('处').unwrap().0.trim().to_owned()
    };
    let before = places();
    assert_ne!(before, "0");
    for (name, price) in [("chen", "198000.00"), ("fang", "197000.00")] {
        tendering::bid(&tendering::bidder(&portal, name), &tender, price);
    }
    assert_eq!(places(), before);
}

fn the_notice_says_how_long(database: Database) {
    let portal = Portal::start(database);
    let page = portal.anonymous().get("/about/privacy");
    page.expect(200)
        .see("采购结束起至少 15 年")
        .see("政府采购法 §42")
        .see("登录结束后 6 个月");
    portal
        .anonymous()
        .get("/sign-up")
        .expect(200)
        .see("个人信息保护");
}

on_both!(
    what_is_past_its_time_goes_and_nothing_else,
    procurement_files_outlive_everything_and_drafts_do_not,
    the_own_data_are_seen_and_taken_along,
    the_file_has_every_kind,
    whose_papers_were_read_is_told,
    open_work_is_handed_over_before_an_account_closes,
    an_account_is_closed_as_far_as_the_law_lets,
    who_reads_bids_is_noted_and_the_panel_stays_secret,
    a_mistake_is_covered_everywhere_by_two,
    an_open_redaction_counts_no_bids,
    the_notice_says_how_long,
);
