//! Story steps 3 and 4 through the pages: an officer writes, plans and publishes a project; providers ask; an officer
//! extends, ends or cancels. (What the clock does by itself is in tender_clock.rs.)

use crate::on_both;
use crate::support::buying::{self, Buyer};
use crate::support::tendering::{self, bidder, open_tender};
use crate::support::{Database, PASSWORD, Portal, Reply};
use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;
use sanshe::infra::failure::Failure;
use sanshe::infra::store::machine_now;
use sanshe::kernel::instant;
use sanshe::kernel::roles::{BodyKind, Role};
use sanshe::procurement::projects::{self, ProjectId};
use sanshe::procurement::tenders;
use sanshe::schema::{self, messages, sessions, uptimes};

/// The message at a field, and the same in the summary on top.
#[track_caller]
fn at(reply: &Reply, field: &str) -> String {
    reply
        .text_of(&format!("#{field}-error"))
        .unwrap_or_else(|| panic!("nothing at {field}: {:?}", reply.errors()))
}

fn value_of(reply: &Reply, field: &str) -> String {
    let css = format!("[name={field}]");
    let selector = scraper::Selector::parse(&css).unwrap();
    let html = reply.html();
    let element = html.select(&selector).next().unwrap();
    match element.value().attr("value") {
        Some(value) => value.to_owned(),
        None => element.text().collect::<String>().trim().to_owned(),
    }
}

fn count_projects(portal: &Portal) -> i64 {
    portal.read(|db| Ok(schema::projects::table.count().get_result(db)?))
}

fn a_project_is_written_from_a_catalogue_item(database: Database) {
    let portal = Portal::start(database);
    let buyer = Buyer::start(&portal);
    let officer = &buyer.officer;
    let new = |change: &[(&'static str, &'static str)]| {
        officer.submit("/projects/new", "/projects/new", &buying::project(change))
    };
    // No budget, no project; nor without the money being secured.
    for (typed, says) in [
        ("", "请填写"),
        ("0", "没有预算，不得购买"),
        ("-5", "不得为负"),
        ("12.345", "两位"),
        ("十万", "金额"),
        ("99999999999999999999", "过大"),
    ] {
        let refused = new(&[("budget", typed)]);
        refused.expect(422);
        assert!(
            at(&refused, "budget").contains(says),
            "{typed}: {}",
            at(&refused, "budget")
        );
        assert_eq!(
            value_of(&refused, "budget"),
            typed,
            "what was typed is kept"
        );
        assert_eq!(value_of(&refused, "title"), "社区助老巡访服务");
        assert_eq!(value_of(&refused, "requirement"), "每周上门一次。");
        assert!(refused.has("#communities-320585100001[checked]"));
        assert!(refused.has("option[value=A0402][selected]"));
    }
    let refused = new(&[("secured", "")]);
    assert!(at(&refused, "secured").contains("财政部令第102号 §14"));
    // Only what the catalogue has, from its second level down.
    for code in ["", "A", "Z9999"] {
        let refused = new(&[("catalogue_code", code)]);
        assert!(at(refused.expect(422), "catalogue_code").contains("第二级或第三级"));
    }
    // Each of the six questions must be answered, and answered “no”.
    for item in ["f1", "f2", "f3", "f4", "f5", "f6"] {
        let yes = new(&[(item, "yes")]);
        assert!(
            at(yes.expect(422), item).contains("财政部令第102号 §10"),
            "{item}"
        );
        assert!(
            yes.has(&format!("#{item} input[value=yes][checked]")),
            "the answer is kept"
        );
        let silent = new(&[(item, "")]);
        assert!(
            at(silent.expect(422), item).contains("选择") || at(&silent, item).contains("填写")
        );
        assert_eq!(silent.errors().len(), 1, "{:?}", silent.errors());
    }
    // A year; up to three under all four conditions; never more.
    let grounds = ["content", "continuous", "funding", "price"];
    let term = |to: &'static str, grounds: &[&'static str]| {
        let mut change = vec![("term_to", to)];
        change.extend(grounds.iter().map(|ground| ("grounds", *ground)));
        new(&change)
    };
    let refused = term("2027-06-01", &[]);
    assert!(at(refused.expect(422), "grounds").contains("财政部令第102号 §24"));
    let refused = term("2027-06-01", &grounds[..3]);
    assert!(at(refused.expect(422), "grounds").contains("四项条件"));
    assert!(refused.has("#grounds input[value=content][checked]"));
    assert!(!refused.has("#grounds input[value=price][checked]"));
    let refused = term("2029-06-01", &grounds);
    assert!(at(refused.expect(422), "term_to").contains("三年"));
    assert!(at(refused.expect(422), "term_to").contains("财政部令第102号 §24"));
    let refused = term("2026-05-31", &[]);
    assert!(at(refused.expect(422), "term_to").contains("不得早于"));
    let refused = new(&[("communities", "")]);
    assert!(!at(refused.expect(422), "communities").is_empty());
    let refused = new(&[("communities", "320585999999")]);
    assert!(at(refused.expect(422), "communities").contains("320585999999"));
    assert_eq!(count_projects(&portal), 0, "nothing half-saved");

    // Everything that is wrong stands on the page at once, each line of the summary naming its field.
    let refused = officer.submit("/projects/new", "/projects/new", &[]);
    refused.expect(422);
    let errors = refused.errors();
    assert!(errors.len() >= 12, "{errors:?}");
    assert!(
        errors.iter().any(|line| line.starts_with("项目名称：")),
        "{errors:?}"
    );

    // Three years under the conditions are lawful.
    let done = term("2029-05-31", &grounds);
    done.expect(303);
    let path = done.location.unwrap();
    let edit = path.replace("/plan", "/edit");
    let shown = officer.get(&edit);
    shown.expect(200);
    assert_eq!(value_of(&shown, "budget"), "480,000.00");
    assert!(shown.has("#grounds input[value=price][checked]"));

    // Sent twice, it is one project.
    let form = officer.get("/projects/new");
    let first = officer.submit_from(&form, "/projects/new", &buying::project(&[]));
    let second = officer.submit_from(&form, "/projects/new", &buying::project(&[]));
    assert_eq!(first.expect(303).location, second.expect(303).location);
    assert_eq!(count_projects(&portal), 2);

    // Two officers at one draft: the second is told what changed, and may decide.
    let colleague = portal.member("he", buyer.body, &[Role::Officer]);
    let (mine, theirs) = (officer.get(&edit), colleague.get(&edit));
    colleague
        .submit_from(&theirs, &edit, &[("budget", "500000")])
        .expect(303);
    let late = officer.submit_from(&mine, &edit, &[("title", "改了名的项目")]);
    late.expect(409)
        .see("500,000.00")
        .see("480,000.00")
        .see("改了名的项目");
    assert_eq!(value_of(&late, "title"), "改了名的项目");
    officer.submit_from(&late, &edit, &[]).expect(303);
    let shown = officer.get(&edit);
    assert_eq!(value_of(&shown, "title"), "改了名的项目");
    assert_eq!(value_of(&shown, "budget"), "480,000.00");
}

fn the_plan_keeps_to_the_method(database: Database) {
    let portal = Portal::start(database);
    let buyer = Buyer::start(&portal);
    let officer = &buyer.officer;
    let project = buyer.draft();
    let plan = format!("{project}/plan");
    let save = |change: &[(&'static str, &'static str)]| {
        officer.submit(&plan, &plan, &buying::criteria(change))
    };
    // 2 March 2026: twenty days for an open tender end on the 22nd, a Sunday; Monday is proposed.
    let shown = officer.get(&plan);
    shown.expect(200).see("未核实").see("政府采购法 §35");
    assert_eq!(value_of(&shown, "closes_at"), "2026-03-23T17:00");
    let refreshed = officer.submit(
        &plan,
        &plan,
        &[("method", "comparison"), ("refresh", "yes")],
    );
    let proposed = value_of(refreshed.expect(200), "closes_at");
    assert!(*proposed < *"2026-03-23T17:00", "{proposed}");

    let refused = save(&[("closes_at", "2026-03-21T17:00")]);
    let says = at(refused.expect(422), "closes_at");
    assert!(
        says.contains("2026-03-22") && says.contains("§35"),
        "{says}"
    );
    assert_eq!(value_of(&refused, "closes_at"), "2026-03-21T17:00");
    let refused = save(&[("questions_until", "2026-03-20T17:00")]);
    let says = at(refused.expect(422), "questions_until");
    assert!(says.contains("依据"), "{says}");
    let refused = save(&[("questions_until", "2026-03-01T17:00")]);
    assert!(at(refused.expect(422), "questions_until").contains("现在之后"));

    for (change, field, says) in [
        (("weight_1", "60"), "criteria", "现在是 90"),
        (("weight_1", "0"), "weight_1", "1 至 99"),
        (("weight_1", "９９９"), "weight_1", "1 至 99"),
        (("weight_1", ""), "weight_1", "都要填写"),
        (("name_1", ""), "name_1", "都要填写"),
        (("measure_1", "综合评定"), "criteria", "没有量化"),
        (
            ("measure_1", "成立满三年得 5 分"),
            "criteria",
            "财综〔2016〕54号",
        ),
        (
            ("measure_1", "本市注册的加 5 分"),
            "criteria",
            "实施条例 §20",
        ),
        (("price_weight", ""), "price_weight", "请填写"),
        (("price_weight", "9"), "price_weight", "依据"),
        (("price_weight", "一成"), "price_weight", "整数"),
        (("price_weight", "-30"), "price_weight", "依据"),
        (
            ("price_weight", "9223372036854775807"),
            "price_weight",
            "依据",
        ),
    ] {
        let refused = save(&[change]);
        let found = at(refused.expect(422), field);
        assert!(found.contains(says), "{change:?}: {found}");
        assert_eq!(
            value_of(&refused, change.0),
            change.1,
            "what was typed is kept"
        );
    }
    let none = officer.submit(&plan, &plan, &[("price_weight", "10")]);
    assert!(at(none.expect(422), "criteria").contains("实施条例 §34"));
    // A comparison has an upper end too.
    let heavy = save(&[
        ("method", "comparison"),
        ("price_weight", "91"),
        ("weight_1", "9"),
    ]);
    assert!(at(heavy.expect(422), "price_weight").contains("至"));
    assert!(
        portal.read(|db| Ok(schema::tenders::table.count().get_result::<i64>(db)?)) == 0,
        "nothing half-saved"
    );

    let (mine, theirs) = (officer.get(&plan), officer.get(&plan));
    let done = officer.submit_from(&theirs, &plan, &buying::criteria(&[]));
    assert_eq!(
        done.expect(303).location,
        Some(format!("{project}/publish"))
    );
    // Somebody who still sees the empty plan does not write over it unawares.
    let late = officer.submit_from(&mine, &plan, &buying::criteria(&[("name_1", "另一方案")]));
    late.expect(409).see("另一方案").see("服务方案");
    assert_eq!(value_of(&late, "name_1"), "另一方案");
    officer.submit_from(&late, &plan, &[]).expect(303);
    officer
        .get(&format!("{project}/publish"))
        .expect(200)
        .see("另一方案");
    // The last look is of what is published: a plan changed meanwhile is shown first.
    let publish = format!("{project}/publish");
    let seen = officer.get(&publish);
    save(&[("name_1", "第三方案")]).expect(303);
    let late = officer.submit_from(&seen, &publish, &[]);
    late.expect(409).see("第三方案").see("编制采购方案");
    officer.submit_from(&late, &publish, &[]).expect(303);
    // Once published, neither form opens or saves.
    let edit = format!("{project}/edit");
    for path in [&plan, &edit, &publish] {
        assert_eq!(
            officer.get(path).expect(303).location,
            Some(format!("{project}/manage"))
        );
    }
    officer
        .submit_from(&shown, &plan, &buying::criteria(&[]))
        .expect(422)
        .see("目前的状态下不能这样办理");
}

/// As if the password had been typed long ago.
fn forget_passwords(portal: &Portal) {
    portal.write(|tx| {
        diesel::update(sessions::table)
            .set(sessions::verified_at.eq(machine_now() - Duration::minutes(16)))
            .execute(tx.db)?;
        Ok(())
    });
}

fn links(reply: &Reply) -> Vec<String> {
    let selector = scraper::Selector::parse(".results a").unwrap();
    reply
        .html()
        .select(&selector)
        .map(|a| a.value().attr("href").unwrap().to_owned())
        .collect()
}

fn publishing_makes_it_public(database: Database) {
    let portal = Portal::start(database);
    let buyer = Buyer::start(&portal);
    let officer = &buyer.officer;
    let project = buyer.planned("comparison");
    let anyone = portal.anonymous();
    let stranger = buying::stranger(&portal);
    let provider = bidder(&portal, "qingmiao");
    // A draft is nobody's business: neither whether it is there, nor anything about it.
    let missing = "/projects/999";
    let secret = [
        "",
        "/history",
        "/notices/1",
        "/edit",
        "/plan",
        "/publish",
        "/manage",
        "/questions",
    ];
    for rest in secret {
        for (who, client) in [
            ("anyone", &anyone),
            ("stranger", &stranger),
            ("provider", &provider),
        ] {
            let of_draft = client.get(&format!("{project}{rest}")).status;
            let of_nothing = client.get(&format!("{missing}{rest}")).status;
            assert_eq!(of_draft, of_nothing, "{who} {rest}");
            assert!(
                [404, 403, 401].contains(&of_draft),
                "{who} {rest}: {of_draft}"
            );
        }
        assert_eq!(
            stranger.get(&format!("{project}{rest}")).status,
            404,
            "{rest}"
        );
    }
    for path in [
        "/projects",
        "/projects.csv",
        "/projects.atom",
        "/search?q=TC-2026-0001",
    ] {
        assert!(!anyone.get(path).body.contains("助老巡访"), "{path}");
    }
    officer
        .get(&project)
        .expect(200)
        .see("草稿，只有本单位人员能看到");

    let publish = format!("{project}/publish");
    let seen = officer.get(&publish);
    forget_passwords(&portal);
    let asked = officer.submit_from(&seen, &publish, &[]);
    asked.expect(403);
    assert_eq!(anyone.get(&project).status, 404);
    let go_on = officer.submit_from(&asked, "/sign-in", &[("password", PASSWORD)]);
    let done = officer.submit_from(go_on.expect(200), &publish, &[]);
    assert_eq!(done.expect(303).location, Some(format!("{project}/manage")));
    // Sent twice, it is published once.
    officer.submit_from(&seen, &publish, &[]).expect(303);
    portal.run_jobs();
    let published: i64 = portal.read(|db| {
        Ok(schema::publications::table
            .filter(schema::publications::kind.eq("tender"))
            .count()
            .get_result(db)?)
    });
    assert_eq!(published, 1);

    let page = anyone.get(&project);
    page.expect(200)
        .see("社区助老巡访服务")
        .see("480,000.00")
        .see("五个要点，每点 0 至 8 分")
        .see("采购公告");
    assert!(page.text_of(".countdown").is_some() || page.has("[data-deadline]"));
    let list = anyone.get("/projects");
    list.expect(200)
        .see("助老巡访")
        .see(&format!("href=\"{project}\""));
    anyone
        .get("/projects?q=%E5%8A%A9%E8%80%81&state=tendering&town=320585100&method=comparison")
        .see("助老巡访");
    let open = anyone.get("/projects?state=open");
    open.see("助老巡访");
    assert!(open.has("select#state option[value=open][selected]"));
    assert!(
        !anyone
            .get("/projects?town=320585101")
            .body
            .contains("助老巡访")
    );
    assert!(
        !anyone
            .get("/projects?state=failed")
            .body
            .contains("助老巡访")
    );
    anyone
        .get("/projects.csv")
        .expect(200)
        .see("助老巡访")
        .see("480000.00");
    anyone.get("/projects.atom").expect(200).see("助老巡访");
    let found = anyone.get("/search?q=%E5%8A%A9%E8%80%81%E5%B7%A1%E8%AE%BF");
    assert_eq!(links(&found), std::slice::from_ref(&project));
    let notice = page.html();
    let notice = notice
        .select(&scraper::Selector::parse(".news a").unwrap())
        .next()
        .unwrap();
    let notice = notice.value().attr("href").unwrap().to_owned();
    anyone
        .get(&notice)
        .expect(200)
        .see("SHA-256")
        .see("比选")
        .see("加密公钥");
    anyone
        .get(&format!("{project}/history"))
        .expect(200)
        .see("发布采购公告");
    assert!(
        !anyone
            .get(&format!("{project}/history"))
            .body
            .contains("编制项目"),
        "staff only"
    );
    // An officer of another town reads it as everybody does, and does nothing with it.
    stranger.get(&project).expect(200);
    for rest in ["/edit", "/plan", "/publish", "/manage", "/questions"] {
        stranger.get(&format!("{project}{rest}")).expect(404);
    }
}

fn questions_are_public_and_askers_are_not(database: Database) {
    let portal = Portal::start(database);
    let buyer = Buyer::start(&portal);
    let (officer, project) = (&buyer.officer, buyer.published(&portal, "comparison"));
    let body = portal.body(BodyKind::Provider, "晨曦助老服务中心", None);
    let asker = portal.member("qiuyan", body, &[Role::Preparer]);
    let rival = bidder(&portal, "heming");
    let anyone = portal.anonymous();
    let ask = format!("{project}/ask");

    for typed in ["", "  \u{3000} ", "\u{202e}\u{200b}"] {
        let refused = asker.submit(&project, &ask, &[("question", typed)]);
        assert!(at(refused.expect(422), "question").contains("请填写"));
    }
    let long = "问".repeat(2001);
    let refused = asker.submit(&project, &ask, &[("question", &long)]);
    assert!(at(refused.expect(422), "question").contains("2000"));
    assert_eq!(value_of(&refused, "question").chars().count(), 2001);
    // Sent twice, it is one question; text that looks like markup is text.
    let form = asker.get(&project);
    let typed = [("question", "小组活动<b>可否</b>合并？𠮷")];
    asker.submit_from(&form, &ask, &typed).expect(303);
    asker.submit_from(&form, &ask, &typed).expect(303);
    let asked: i64 = portal.read(|db| Ok(schema::questions::table.count().get_result(db)?));
    assert_eq!(asked, 1);
    asker.get(&project).see("等待答复").see("小组活动&lt;b&gt;");
    for other in [&anyone, &rival, officer] {
        assert!(
            !other.get(&project).body.contains("小组活动"),
            "public before the answer"
        );
    }
    // Who may not ask, may not.
    assert_eq!(officer.post_raw(&ask, &[("question", "？")]).status, 403);
    assert_eq!(anyone.post_raw(&ask, &[("question", "？")]).status, 401);

    let questions = format!("{project}/questions");
    let limit = portal.read(|db| {
        Ok(schema::clocks::table
            .filter(schema::clocks::code.eq("answers"))
            .select(schema::clocks::due_at)
            .first::<chrono::NaiveDateTime>(db)?)
    });
    let limit = format!("请于 {} 前答复", sanshe::kernel::instant::deadline(limit));
    for page in [&questions, &format!("{questions}/1")] {
        officer.get(page).expect(200).see(&limit);
    }
    let mine = officer.get("/projects/mine");
    mine.expect(200).see(&format!("href=\"{questions}\""));
    officer.get(&format!("{project}/manage")).see("1 个待答复");
    let answer = format!("{questions}/1");
    let refused = officer.submit(&answer, &answer, &[("answer", "")]);
    assert!(at(refused.expect(422), "answer").contains("请填写"));
    let (first, second) = (officer.get(&answer), officer.get(&answer));
    officer
        .submit_from(&first, &answer, &[("answer", "可以，不超过两个社区。")])
        .expect(303);
    let late = officer.submit_from(&second, &answer, &[("answer", "不可以")]);
    late.expect(409).see("可以，不超过两个社区。").see("不可以");
    assert_eq!(
        officer.get(&answer).expect(303).location,
        Some(questions.clone())
    );
    for reader in [&anyone, &rival, &asker, officer] {
        reader
            .get(&project)
            .see("小组活动&lt;b&gt;")
            .see("不超过两个社区");
    }
    // Nowhere does anybody but the asker read who it was.
    portal.run_jobs();
    let pages = [
        project.clone(),
        format!("{project}/history"),
        format!("{project}/manage"),
        questions.clone(),
        "/projects/mine".into(),
        "/work".into(),
        "/inbox".into(),
        "/projects.csv".into(),
        "/projects.atom".into(),
        format!("{project}/notices/1"),
        format!("{project}/notices/2"),
        format!("{project}/notices/3"),
    ];
    for page in &pages {
        for (who, client) in [("officer", officer), ("anyone", &anyone), ("rival", &rival)] {
            let body = client.get(page).body;
            assert!(
                !body.contains("晨曦") && !body.contains("qiuyan"),
                "{who} {page}"
            );
        }
    }
    let told: Vec<(String, String)> = portal.read(|db| {
        Ok(messages::table
            .filter(messages::body_id.ne(body))
            .select((messages::args, messages::link))
            .load(db)?)
    });
    assert!(!format!("{told:?}").contains("晨曦"));
    let mails: Vec<String> = portal
        .mails()
        .iter()
        .filter(|mail| !mail.contains("qiuyan@"))
        .map(|mail| crate::support::readable(mail))
        .collect();
    assert!(!mails.is_empty() && !mails.join("\n").contains("晨曦"));

    // The cut-off is an instant.
    let form = asker.get(&project);
    let until = buying::newest(&portal, &project).questions_until.unwrap();
    portal.move_clock_to(until);
    let late = asker.submit_from(&form, &ask, &[("question", "还能问吗？")]);
    assert!(late.expect(422).body.contains("提问已于"));
    assert!(!asker.get(&project).has(&format!("form[action=\"{ask}\"]")));
    asker.get(&project).see("提问已于");
}

/// The portal is away on the last day for two hours; then the deadline comes.
fn outage(portal: &Portal, closes_at: NaiveDateTime) {
    let back = closes_at - Duration::minutes(10);
    portal.move_clock_to(back - Duration::minutes(120));
    portal.write(move |tx| {
        diesel::insert_into(uptimes::table)
            .values((uptimes::started_at.eq(back), uptimes::last_at.eq(back)))
            .execute(tx.db)?;
        Ok(())
    });
    portal.move_clock_to(closes_at);
}

fn typed(at: NaiveDateTime) -> String {
    instant::to_shanghai(at)
        .format("%Y-%m-%dT%H:%M")
        .to_string()
}

/// Asked in time, a question stays on the desk until the opening; and nobody buries a purchaser in questions.
fn questions_wait_on_the_desk_until_the_opening(database: Database) {
    let portal = Portal::start(database);
    let tendering = open_tender(&portal);
    let officer = tendering::officer(&portal, &tendering, "officer");
    let bidders: Vec<_> = ["hehe", "anan", "leyi"]
        .map(|name| bidder(&portal, name))
        .into();
    let (project, ask) = (tendering.path(""), tendering.path("/ask"));
    for n in 0..11 {
        let text = format!("第 {n} 个问题");
        let reply = bidders[0].submit(&project, &ask, &[("question", &text)]);
        reply.expect(if n < 10 { 303 } else { 422 });
    }
    bidders[1]
        .submit(&project, &ask, &[("question", "另一个问题")])
        .expect(303);
    for bidder in &bidders {
        tendering::bid(bidder, &tendering, "400000");
    }
    // Of many that wait the first is what is due; who only signs is told and asked nothing.
    let desk = officer.get("/work");
    assert_eq!(desk.expect(200).body.matches("答复提问").count(), 1);
    let head = portal.member("head", tendering.buyer, &[Role::Signatory]);
    head.get("/work").expect(200).see_not("提问");
    head.get("/inbox").expect(200).see_not("提问");
    officer.get("/inbox").see("收到一个提问");
    tendering::close(&portal, &tendering);
    let questions = format!("href=\"{}\"", tendering.path("/questions"));
    let waits = || officer.get("/work").expect(200).body.contains(&questions);
    assert!(waits(), "still to be answered");
    officer.get("/projects/mine").expect(200).see("11");
    let id = tendering.tender;
    portal.write(move |tx| {
        use schema::tenders::dsl;
        diesel::update(dsl::tenders.find(id))
            .set(dsl::state.eq("opened"))
            .execute(tx.db)?;
        Ok(())
    });
    assert!(!waits(), "too late for everybody");
}

fn after_an_outage_an_officer_decides(database: Database) {
    let portal = Portal::start(database);
    let buyer = Buyer::start(&portal);
    let (officer, project) = (&buyer.officer, buyer.published(&portal, "comparison"));
    let manage = format!("{project}/manage");
    let (extend, close) = (format!("{project}/extend"), format!("{project}/close-held"));
    let closes_at = buying::newest(&portal, &project).closes_at.unwrap();
    let early = officer.get(&manage);
    outage(&portal, closes_at);
    let anyone = portal.anonymous();
    anyone
        .get(&project)
        .expect(200)
        .see("暂停开标")
        .see("120 分钟");
    let held = officer.get(&manage);
    held.expect(200).see("暂停开标，请作出决定");
    assert!(held.has(&format!("form[action=\"{close}\"]")));
    let later = typed(portal.now() + Duration::days(4));
    // A decision made over an older page is shown what happened.
    let stale = officer.submit_from(
        &early,
        &extend,
        &[("closes_at", &later), ("extend_reason", "顺延")],
    );
    stale.expect(409).see("平台中断，暂停开标");
    assert_eq!(
        value_of(&stale, "extend_reason"),
        "顺延",
        "what was typed is kept"
    );
    // The reason is public, so there is one.
    for reason in ["", " \u{3000}\n"] {
        let refused = officer.submit(
            &manage,
            &extend,
            &[("closes_at", &later), ("extend_reason", reason)],
        );
        assert!(at(refused.expect(422), "extend_reason").contains("请填写"));
        assert_eq!(value_of(&refused, "closes_at"), later);
        let refused = officer.submit(&manage, &close, &[("close_reason", reason)]);
        assert!(at(refused.expect(422), "close_reason").contains("请填写"));
    }
    for (at_, says) in [
        ("", "请填写"),
        ("2026-02-30T17:00", "没有这一天"),
        ("明天", "日期"),
        ("2026-03-02T17:00", "下一个工作日"),
    ] {
        let refused = officer.submit(
            &manage,
            &extend,
            &[("closes_at", at_), ("extend_reason", "顺延")],
        );
        let found = at(refused.expect(422), "closes_at");
        assert!(found.contains(says), "{at_}: {found}");
        assert_eq!(value_of(&refused, "closes_at"), at_);
    }
    let form = officer.get(&manage);
    let fields = [
        ("closes_at", later.as_str()),
        ("extend_reason", "平台中断，顺延四日"),
    ];
    officer.submit_from(&form, &extend, &fields).expect(303);
    officer.submit_from(&form, &extend, &fields).expect(303);
    let notices = |kind: &'static str| -> i64 {
        portal.read(move |db| {
            Ok(schema::publications::table
                .filter(schema::publications::kind.eq(kind))
                .count()
                .get_result(db)?)
        })
    };
    assert_eq!(notices("extension"), 1, "sent twice, extended once");
    anyone.get(&project).see("延期公告");
    anyone
        .get(&format!("{project}/history"))
        .see("平台中断，顺延四日");
    // Held again, it is ended.
    outage(
        &portal,
        buying::newest(&portal, &project).closes_at.unwrap(),
    );
    let form = officer.get(&manage);
    let fields = [("close_reason", "两次中断，重新采购更公平")];
    officer.submit_from(&form, &close, &fields).expect(303);
    officer.submit_from(&form, &close, &fields).expect(303);
    assert_eq!(notices("failure"), 1);
    anyone
        .get(&project)
        .see("采购失败")
        .see("两次中断，重新采购更公平");
    officer
        .get(&manage)
        .expect(200)
        .see("编制新一轮")
        .see("可以重新采购");
}

fn a_decision_without_a_reason_is_no_decision(database: Database) {
    use sanshe::procurement::tenders::CancelGround;
    let portal = Portal::start(database);
    let buyer = Buyer::start(&portal);
    let project = buyer.published(&portal, "comparison");
    let tender = buying::newest(&portal, &project);
    let by = buying::actor(&portal);
    let key = |result: Result<(), Failure>| match result.unwrap_err() {
        Failure::Refused(refusal) => (refusal.key, refusal.field),
        other => panic!("{other:?}"),
    };
    for reason in ["", " \n\u{3000}"] {
        let (id, version, actor) = (tender.id, tender.version, by.clone());
        let to = tender.closes_at.unwrap() + Duration::days(4);
        let refused = portal
            .state
            .store
            .write_blocking(move |tx| tenders::extend(tx, &actor, id, version, to, reason));
        assert_eq!(key(refused), ("tenders-no-reason", Some("extend_reason")));
        let actor = by.clone();
        let refused = portal.state.store.write_blocking(move |tx| {
            tenders::cancel(tx, &actor, id, version, CancelGround::TaskGone, reason)
        });
        assert_eq!(key(refused), ("tenders-no-reason", Some("cancel_reason")));
    }
    outage(&portal, tender.closes_at.unwrap());
    let held = buying::newest(&portal, &project);
    for reason in ["", " \n\u{3000}"] {
        let (id, version, actor) = (held.id, held.version, by.clone());
        let refused = portal
            .state
            .store
            .write_blocking(move |tx| tenders::close_held(tx, &actor, id, version, reason));
        assert_eq!(key(refused), ("tenders-no-reason", Some("close_reason")));
    }
    assert_eq!(buying::newest(&portal, &project).version, held.version);
}

fn what_ended_says_why(database: Database) {
    let portal = Portal::start(database);
    let buyer = Buyer::start(&portal);
    let (officer, anyone) = (&buyer.officer, portal.anonymous());
    // Nobody bids: fewer than three, and the page says so.
    let project = buyer.published(&portal, "comparison");
    portal.move_clock_to(buying::newest(&portal, &project).closes_at.unwrap());
    anyone
        .get(&project)
        .expect(200)
        .see("采购失败")
        .see("收到 0 份投标，不足 3 份")
        .see("依据")
        // What follows, and what sort of rule a comparison's is.
        .see("购买主体可以重新组织采购")
        .see("不是法律条文");
    anyone.get("/projects?state=open").see_not("助老巡访");
    let mut english = portal.anonymous();
    english.language = "en";
    english.get(&project).see("fewer than the 3");
    let manage = format!("{project}/manage");
    let retender = format!("{project}/retender");
    let form = officer.get(&manage);
    assert_eq!(
        officer
            .submit_from(&form, &retender, &[])
            .expect(303)
            .location,
        Some(format!("{project}/plan"))
    );
    officer.submit_from(&form, &retender, &[]).expect(303);
    assert_eq!(buying::newest(&portal, &project).round, 2);
    // The new round is the purchaser's alone until it is published.
    anyone.get(&project).see("收到 0 份投标");
    assert!(!anyone.get(&project).body.contains("第 2 轮"));
    officer.get(&project).see("新一轮采购正在编制");
    let (plan, publish) = (format!("{project}/plan"), format!("{project}/publish"));
    let dates = officer.submit(&plan, &plan, &[("refresh", "yes")]);
    officer.submit_from(&dates, &plan, &[]).expect(303);
    officer.submit(&publish, &publish, &[]).expect(303);
    anyone.get(&project).see("第 2 轮");

    // Cancelled on a ground of the law; one that is known only after opening is not even offered before.
    let cancel = format!("{project}/cancel");
    let page = officer.get(&manage);
    assert!(!page.has("input[value=all_above_budget]"));
    for (fields, field) in [
        ([("ground", ""), ("cancel_reason", "规划调整")], "ground"),
        (
            [("ground", "bored"), ("cancel_reason", "规划调整")],
            "ground",
        ),
        (
            [
                ("ground", "all_above_budget"),
                ("cancel_reason", "规划调整"),
            ],
            "ground",
        ),
        (
            [("ground", "task_gone"), ("cancel_reason", "")],
            "cancel_reason",
        ),
    ] {
        let refused = officer.submit_from(&page, &cancel, &fields);
        assert!(!at(refused.expect(422), field).is_empty());
        assert_eq!(value_of(&refused, "cancel_reason"), fields[1].1);
    }
    let fields = [("ground", "task_gone"), ("cancel_reason", "社区规划调整")];
    officer.submit_from(&page, &cancel, &fields).expect(303);
    anyone
        .get(&project)
        .see("采购已取消")
        .see("社区规划调整")
        .see("因重大变故");
    officer.get(&manage).expect(200).see("没有要办理的事项");
    // What has ended is not decided again.
    officer.submit_from(&page, &cancel, &fields).expect(303);
    let anew = officer.get(&manage);
    assert!(!anew.has(&format!("form[action=\"{cancel}\"]")));
    let copied = officer.submit(&manage, &format!("{project}/copy"), &[]);
    let form = copied.expect(303).location.clone().unwrap();
    let shown = officer.get(&form);
    assert_eq!(value_of(shown.expect(200), "title"), "社区助老巡访服务");
    // Nothing is there before somebody says so: neither the money nor a term.
    assert_eq!(value_of(&shown, "term_from"), "");
    let before = count_projects(&portal);
    let refused = officer.submit_from(
        &shown,
        "/projects/new",
        &[("term_from", "2026-06-01"), ("term_to", "2027-05-31")],
    );
    assert!(at(refused.expect(422), "secured").contains("落实"));
    assert_eq!(count_projects(&portal), before);
    officer
        .submit_from(&refused, "/projects/new", &[("secured", "yes")])
        .expect(303);
    assert_eq!(count_projects(&portal), before + 1);
    buying::stranger(&portal).get(&form).expect(404);
}

fn numbers_grow_past_four_digits(database: Database) {
    let portal = Portal::start(database);
    let buyer = Buyer::start(&portal);
    buyer.draft();
    portal.write(|tx| {
        diesel::update(sanshe::schema::projects::table)
            .set(sanshe::schema::projects::number.eq("TC-2026-9999"))
            .execute(tx.db)?;
        Ok(())
    });
    for number in ["TC-2026-10000", "TC-2026-10001"] {
        let project = buyer.draft();
        buyer
            .officer
            .get(&format!("{project}/manage"))
            .expect(200)
            .see(number);
    }
}

fn a_service_does_not_begin_before_the_deadline(database: Database) {
    let portal = Portal::start(database);
    let buyer = Buyer::start(&portal);
    let page = "/projects/new";
    let term = [("term_from", "2026-03-20"), ("term_to", "2026-12-31")];
    let done = buyer.officer.submit(page, page, &buying::project(&term));
    let plan = done.expect(303).location.clone().unwrap();
    let refused = buyer.officer.submit(&plan, &plan, &buying::criteria(&[]));
    let says = at(refused.expect(422), "closes_at");
    assert!(says.contains("2026-03-20"), "{says}");
}

fn provisional_dates_are_acknowledged_and_said(database: Database) {
    let portal = Portal::start(database);
    let buyer = Buyer::start(&portal);
    let officer = &buyer.officer;
    portal.move_clock_by(Duration::days(285));
    let page = "/projects/new";
    let term = [("term_from", "2027-06-01"), ("term_to", "2027-12-31")];
    let officer = {
        // The session did not outlive the journey of the clock.
        let _ = officer;
        portal.signed_in("gu")
    };
    let done = officer.submit(page, page, &buying::project(&term));
    let plan = done.expect(303).location.clone().unwrap();
    let project = plan.strip_suffix("/plan").unwrap();
    officer
        .submit(&plan, &plan, &buying::criteria(&[]))
        .expect(422);
    officer
        .submit(&plan, &plan, &buying::criteria(&[("provisional", "yes")]))
        .expect(303);
    let publish = format!("{project}/publish");
    let refused = officer.submit(&publish, &publish, &[]);
    assert!(at(refused.expect(422), "provisional").contains("2027"));
    officer
        .submit_from(&refused, &publish, &[("provisional", "yes")])
        .expect(303);
    portal.run_jobs();
    let anyone = portal.anonymous();
    anyone
        .get(&format!("{project}/history"))
        .expect(200)
        .see("暂定工作日历");
    let id = buying::newest(&portal, project).id;
    let notice = portal.read(move |db| {
        let notices = sanshe::common::publications::list_of_subject(db, (tenders::SUBJECT, id.0))?;
        Ok(notices[0].id)
    });
    anyone
        .get(&format!("{project}/notices/{notice}"))
        .expect(200)
        .see("2027 年的放假安排尚未公布");
}

fn unknown_and_foreign_ids_are_not_found(database: Database) {
    let portal = Portal::start(database);
    let buyer = Buyer::start(&portal);
    let officer = &buyer.officer;
    let project = buyer.published(&portal, "comparison");
    let stranger = buying::stranger(&portal);
    let theirs = {
        let done = stranger.submit("/projects/new", "/projects/new", &buying::project(&[]));
        done.expect(303)
            .location
            .clone()
            .unwrap()
            .replace("/plan", "")
    };
    let asker = bidder(&portal, "qingmiao");
    asker
        .submit(
            &project,
            &format!("{project}/ask"),
            &[("question", "何时开始？")],
        )
        .expect(303);
    let ids = [
        "0",
        "007",
        "-1",
        "abc",
        "1e3",
        "99999999",
        "9223372036854775807",
        "99999999999999999999",
        "%EF%BC%91",
        "%00",
        "1%27",
    ];
    let pages = [
        "",
        "/history",
        "/edit",
        "/plan",
        "/publish",
        "/manage",
        "/questions",
        "/notices/1",
        "/questions/1",
    ];
    for id in ids {
        for rest in pages {
            let reply = officer.get(&format!("/projects/{id}{rest}"));
            assert_eq!(reply.status, 404, "/projects/{id}{rest}");
        }
        assert_eq!(
            officer.get(&format!("{project}/questions/{id}")).status,
            404,
            "{id}"
        );
        assert_eq!(
            officer.get(&format!("{project}/notices/{id}")).status,
            404,
            "{id}"
        );
    }
    // A form of one's own sent to somebody else's address: as if it were not there.
    let token = stranger.get("/projects/new").token();
    for rest in [
        "edit",
        "plan",
        "publish",
        "extend",
        "close-held",
        "cancel",
        "retender",
        "copy",
        "questions/1",
    ] {
        for id in [project.as_str(), "/projects/99999999"] {
            let reply = stranger.post_raw(
                &format!("{id}/{rest}"),
                &[
                    ("csrf", &token),
                    ("version", "0"),
                    ("ground", "task_gone"),
                    ("cancel_reason", "理由"),
                    ("close_reason", "理由"),
                    ("extend_reason", "理由"),
                    ("closes_at", "2026-06-01T17:00"),
                    ("answer", "答"),
                ],
            );
            assert_eq!(reply.status, 404, "{id}/{rest}");
        }
    }
    // A question of one project is none of another.
    officer.get(&format!("{theirs}/questions/1")).expect(404);
    stranger.get(&format!("{theirs}/questions/1")).expect(404);
    let state = buying::newest(&portal, &project).state;
    assert_eq!(state.as_str(), "open");
    let id: ProjectId = project.rsplit('/').next().unwrap().parse().unwrap();
    let held = portal.read(move |db| Ok(projects::find(db, id)?));
    assert_eq!(held.title, "社区助老巡访服务");
}

on_both!(
    a_project_is_written_from_a_catalogue_item,
    the_plan_keeps_to_the_method,
    publishing_makes_it_public,
    questions_are_public_and_askers_are_not,
    questions_wait_on_the_desk_until_the_opening,
    after_an_outage_an_officer_decides,
    a_decision_without_a_reason_is_no_decision,
    what_ended_says_why,
    numbers_grow_past_four_digits,
    a_service_does_not_begin_before_the_deadline,
    provisional_dates_are_acknowledged_and_said,
    unknown_and_foreign_ids_are_not_found,
);
