//! The pages that join the wings: home, communities, about, the operator's endpoints, the demo's clock and mails.

use crate::on_both;
use crate::support::{Database, Portal};
use chrono::Duration;
use sanshe::infra::ledger::Head;
use sanshe::infra::{mail, uptime, words::Language};
use sanshe::kernel::credit_code::CreditCode;
use sanshe::kernel::roles::{BodyKind, Role};

const CENTRAL: &str = "320585100001";

fn home_shows_its_doors(database: Database) {
    let portal = Portal::start(database);
    let mut visitor = portal.anonymous();
    let home = visitor.get("/");
    home.expect(200)
        .see("我是居民")
        .see("我是社会组织")
        .see("我是购买主体");
    assert!(home.has("form[role=search][action='/search'] input[name=q]"));
    visitor.language = "en";
    visitor.get("/").expect(200).see("I am a resident");
}

fn a_community_is_remembered(database: Database) {
    let portal = Portal::start(database);
    let resident = portal.anonymous();
    // Nothing remembered: the menu leads to the choice, by town and by name.
    let choice = resident.get("/communities");
    choice.expect(200).see("城厢镇").see("中区社区");
    let found = resident.get("/communities?q=%E4%B8%AD%E5%8C%BA");
    assert_eq!(found.text_of("ul.places a").as_deref(), Some("中区社区"));
    // A town's name leads to the town.
    let town = resident.get("/communities?q=%E5%9F%8E%E5%8E%A2");
    assert_eq!(town.text_of("ul.places a").as_deref(), Some("城厢镇"));
    assert!(town.has("ul.places a[href='/communities?town=320585100#town-320585100']"));
    resident
        .get("/communities?q=%E6%B2%A1%E6%9C%89")
        .expect(200)
        .see("没有名称中含“没有”");

    let page = format!("/communities/{CENTRAL}");
    resident
        .get(&page)
        .expect(200)
        .see("谁在服务中区社区")
        .see("设为我的社区");
    let done = resident.submit(&page, "/communities/remember", &[]);
    assert_eq!(done.location.as_deref(), Some(page.as_str()));
    // One tap from now on, and still a way to another.
    assert_eq!(
        resident.get("/communities").location.as_deref(),
        Some(page.as_str())
    );
    resident
        .get("/communities?all=1")
        .expect(200)
        .see("您的社区");
    resident.get("/").see("我的社区：中区社区");
    assert!(!resident.get(&page).has("form.remember"));

    let gone = resident.submit(
        "/communities?all=1",
        "/communities/remember",
        &[("code", "")],
    );
    gone.expect(303);
    resident.get("/communities").expect(200);
}

fn only_a_community_is_remembered(database: Database) {
    let portal = Portal::start(database);
    let resident = portal.anonymous();
    let page = format!("/communities/{CENTRAL}");
    for code in [
        "320585",
        "320585100",
        "999999999999",
        "1' OR '1'='1",
        "社区",
    ] {
        resident
            .submit(&page, "/communities/remember", &[("code", code)])
            .expect(404);
    }
    // The form stands on pages that all visitors share and bears no token; another site's is refused all the same.
    resident
        .post_from(
            "https://elsewhere.invalid",
            "/communities/remember",
            &[("code", CENTRAL)],
        )
        .expect(403);
    resident.get("/communities").expect(200);
    resident.get("/communities/999999999999").expect(404);
    resident.get("/communities/320585100").expect(303);
}

fn the_ledger_head_is_genuine(database: Database) {
    let portal = Portal::start(database);
    let visitor = portal.anonymous();
    visitor.get("/about").expect(200);
    visitor.get("/about/privacy").expect(200);
    visitor.get("/about/sitemap").expect(200);
    let reply = visitor.get("/about/verify/head.json");
    reply.expect(200);
    let head: Head = serde_json::from_str(&reply.body).unwrap();
    assert!(head.is_genuine().unwrap());
    visitor
        .get("/about/verify")
        .expect(200)
        .see(&head.public_key)
        .see(&head.chain_hash);
    let forged = Head {
        chain_hash: "00".repeat(32),
        ..head
    };
    assert!(!forged.is_genuine().unwrap());
}

fn probes_tell_what_is_wrong(database: Database) {
    let portal = Portal::start(database);
    let visitor = portal.anonymous();
    assert_eq!(visitor.get("/healthz").expect(200).body, "ok\n");
    // The tests' portal has no runner.
    assert_eq!(visitor.get("/readyz").expect(503).body, "not ready: jobs\n");
    let run = portal.write(uptime::begin);
    assert_eq!(visitor.get("/readyz").expect(200).body, "ready\n");
    portal.write(move |tx| {
        tx.now -= Duration::seconds(31);
        uptime::beat(tx, run)
    });
    assert_eq!(visitor.get("/readyz").expect(503).body, "not ready: jobs\n");
    visitor.get("/robots.txt").expect(200).see("Disallow: /\n");
    visitor.get("/favicon.ico").expect(303);
}

fn the_demo_clock_goes_forward(database: Database) {
    let portal = Portal::start(database);
    let visitor = portal.anonymous();
    let began = portal.now();
    let moved = visitor.submit("/about", "/demo/clock", &[("move", "day")]);
    assert_eq!(moved.expect(303).location.as_deref(), Some("/about"));
    let after = portal.now();
    assert!(
        after - began >= Duration::days(1)
            && after - began < Duration::days(1) + Duration::minutes(5)
    );
    visitor
        .submit("/about", "/demo/clock", &[("move", "hour")])
        .expect(303);
    assert!(portal.now() - after >= Duration::hours(1));

    let now = portal.now();
    sanshe::demo::clock::move_to(&portal.state, now - Duration::days(3)).unwrap();
    assert!(portal.now() >= now, "never backward");
    visitor
        .submit("/about", "/demo/clock", &[("move", "year")])
        .expect(400);
    // The skipped time counts as time in which the portal was up.
    let gap = portal.write(move |tx| uptime::longest_gap(tx, began + Duration::minutes(1), now));
    assert!(gap < Duration::minutes(1), "{gap}");
}

fn mails_can_be_read(database: Database) {
    let portal = Portal::start(database);
    let visitor = portal.anonymous();
    visitor.get("/demo/mail").expect(200).see("还没有邮件");
    let person = portal.person("li");
    portal.write(move |tx| {
        let letter = mail::Letter::new("li@test.invalid", Language::Chinese, "confirm")
            .arg("name", "li")
            .link("/confirm?token=abc")
            .attach("receipt.txt", "回执 R-1");
        assert!(person.0 > 0);
        mail::post(tx, &letter)
    });
    portal.run_jobs();
    let list = visitor.get("/demo/mail");
    list.expect(200).see("li@test.invalid");
    let link = sanshe_link(&list.body);
    let shown = visitor.get(&link);
    shown.expect(200).see("receipt.txt").see("回执 R-1");
    assert!(shown.has("a[href='/confirm?token=abc']"), "{}", shown.body);
    visitor.get("/demo/mail/99999999").expect(404);
}

fn sanshe_link(body: &str) -> String {
    let at = body.find("/demo/mail/").unwrap();
    body[at..].split('"').next().unwrap().to_owned()
}

/// A provider in a state, with a contract that was published for the central community from 2026-01-01 to `until`.
fn provider_with_contract(portal: &Portal, state: &'static str, until: &'static str) -> i64 {
    use diesel::prelude::*;
    use sanshe::schema::{
        contract_communities, contracts, provider_areas, provider_scopes, providers,
    };
    let buyer = portal.body(
        BodyKind::TownGovernment,
        "城厢镇人民政府（示例）",
        Some("320585100"),
    );
    let body = portal.body(BodyKind::Provider, "晨曦社会工作服务中心", None);
    let code = CreditCode::make("52", "320585", "MJ000001").unwrap();
    portal.write(move |tx| {
        let id: i64 = diesel::insert_into(providers::table)
            .values((
                providers::body_id.eq(body.0),
                providers::kind.eq("social_service"),
                providers::credit_code.eq(code.as_str()),
                providers::legal_head.eq("周立新"),
                providers::address.eq("示例路 1 号"),
                providers::phone.eq("0512-5350 0001"),
                providers::summary.eq("为老服务"),
                providers::state.eq(state),
                providers::sort_key.eq("chenxi"),
                providers::created_at.eq(tx.now),
            ))
            .returning(providers::id)
            .get_result(tx.db)?;
        diesel::insert_into(provider_scopes::table)
            .values((
                provider_scopes::provider_id.eq(id),
                provider_scopes::catalogue_code.eq("A0402"),
            ))
            .execute(tx.db)?;
        diesel::insert_into(provider_areas::table)
            .values((
                provider_areas::provider_id.eq(id),
                provider_areas::region_code.eq("320585100"),
            ))
            .execute(tx.db)?;
        let contract: i64 = diesel::insert_into(contracts::table)
            .values((
                (
                    contracts::number.eq("TC-HT-2026-0001"),
                    contracts::buyer_id.eq(buyer.0),
                    contracts::provider_id.eq(body.0),
                    contracts::provider_name.eq("晨曦社会工作服务中心"),
                    contracts::title.eq("居家养老巡访服务"),
                    contracts::catalogue_code.eq("A0402"),
                    contracts::scope.eq("每周两次"),
                    contracts::amount_fen.eq(8_600_000_i64),
                    contracts::term_from.eq("2026-01-01".parse::<chrono::NaiveDate>().unwrap()),
                    contracts::term_to.eq(until.parse::<chrono::NaiveDate>().unwrap()),
                ),
                (
                    contracts::phone.eq("0512-5350 0002"),
                    contracts::payment.eq(""),
                    contracts::duties.eq(""),
                    contracts::secrets.eq("{}"),
                    contracts::state.eq("published"),
                    contracts::is_entered_afterwards.eq(true),
                    contracts::created_at.eq(tx.now),
                    contracts::published_at.eq(tx.now),
                ),
            ))
            .returning(contracts::id)
            .get_result(tx.db)?;
        diesel::insert_into(contract_communities::table)
            .values((
                contract_communities::contract_id.eq(contract),
                contract_communities::region_code.eq(CENTRAL),
            ))
            .execute(tx.db)?;
        Ok(id)
    })
}

fn a_community_shows_who_serves_it(database: Database) {
    let portal = Portal::start(database);
    let provider = provider_with_contract(&portal, "proven", "2026-12-31");
    let resident = portal.anonymous();
    let page = format!("/communities/{CENTRAL}");
    let shown = resident.get(&page);
    shown
        .expect(200)
        .see("1 项服务正在进行，由 1 家单位提供")
        .see("补录")
        .see("86,000.00")
        .see("2026-12-31");
    // Two numbers, and whose each is: who serves, and who bought it.
    let call = shown.text_of("td[data-h='电话']").unwrap();
    assert_eq!(
        call,
        "0512-5350 0001服务单位0512-5350 0002购买服务的单位：城厢镇人民政府（示例）"
    );
    for tel in ["051253500001", "051253500002"] {
        assert!(shown.has(&format!("a[href='tel:{tel}']")), "{}", shown.body);
    }
    assert!(shown.has(&format!("a[href='/organizations/{provider}']")));
    assert_eq!(shown.text_of("li.cell.full b").as_deref(), Some("为老"));
    assert!(shown.text_of(".crumbs").unwrap().contains("城厢镇"));
    // Another community has nothing of it.
    resident
        .get("/communities/320585100002")
        .expect(200)
        .see("还没有公开的服务合同");
    resident.get("/").expect(200).see("1 / 160").see("8.60");

    portal.move_clock_to("2026-12-31T15:59:00".parse().unwrap());
    assert!(
        !resident.get(&page).has("details.ended"),
        "it runs to the end of its last day"
    );
    portal.move_clock_to("2026-12-31T16:00:00".parse().unwrap());
    let shown = resident.get(&page);
    shown.expect(200).see("还没有公开的服务合同");
    assert!(shown.has("details.ended"));
    assert!(!shown.has("li.cell.full"));
    resident.get("/").expect(200).see("0 / 160");
}

fn an_organization_is_shown_as_far_as_it_is_proven(database: Database) {
    for (state, sees, hides) in [
        (
            "proven",
            &["已核验", "周立新", "居家养老巡访服务", "A0402"][..],
            &["未核验"][..],
        ),
        (
            "unproven",
            &["未核验", "居家养老巡访服务"],
            &["周立新", "已核验"],
        ),
    ] {
        let portal = Portal::start(database);
        let id = provider_with_contract(&portal, state, "2026-12-31");
        let page = portal.anonymous().get(&format!("/organizations/{id}"));
        page.expect(200).see("晨曦社会工作服务中心");
        assert!(page.has("a[href='tel:051253500001']"));
        for text in sees {
            page.see(text);
        }
        for text in hides {
            assert!(!page.body.contains(text), "{state}: {text}");
        }
    }
    let portal = Portal::start(database);
    let id = provider_with_contract(&portal, "refused", "2026-12-31");
    let page = format!("/organizations/{id}");
    portal.anonymous().get(&page).expect(404);
    let bureau = portal.body(BodyKind::Bureau, "示例局", Some("320585"));
    portal
        .member("officer", bureau, &[Role::Officer])
        .get(&page)
        .expect(404);
    portal
        .member("reviewer", bureau, &[Role::Reviewer])
        .get(&page)
        .expect(200);
    portal.anonymous().get("/organizations/999").expect(404);
    portal
        .anonymous()
        .get("/organizations/99999999999999999999")
        .expect(404);
}

fn the_desk_says_what_is_to_be_done(database: Database) {
    let portal = Portal::start(database);
    portal.anonymous().get("/work").expect(401);
    // Nobody's member.
    let loner = portal.person("loner");
    assert!(loner.0 > 0);
    portal
        .signed_in("loner")
        .get("/work")
        .expect(200)
        .see("还没有加入任何单位");
    // A provider that is not registered yet, then a community's worker, then each role of a bureau.
    let provider = portal.body(BodyKind::Provider, "新苗服务社", None);
    let client = portal.member("wang", provider, &[Role::Submitter]);
    let desk = client.get("/work");
    desk.expect(200)
        .see("登记本单位信息")
        .see("新苗服务社")
        .see("还没有送达的投标文件");
    let committee = portal.body(
        BodyKind::CommunityCommittee,
        "中区社区居委会",
        Some(CENTRAL),
    );
    let worker = portal
        .member("sun", committee, &[Role::CommunityWorker])
        .get("/work");
    assert!(
        worker
            .expect(200)
            .has(&format!("a[href='/communities/{CENTRAL}']"))
    );
    let bureau = portal.body(BodyKind::Bureau, "示例局", Some("320585"));
    let mut officer = portal.member("li", bureau, &[Role::Officer, Role::Signatory]);
    officer
        .get("/work")
        .expect(200)
        .see("我们的项目")
        .see("从购买目录中选一项服务");
    officer.language = "en";
    officer.get("/work").expect(200).see("To do today");
    // A clock against the bureau is on its desk and on nobody else's.
    portal.write(move |tx| {
        let due = tx.now - Duration::hours(1);
        Ok(sanshe::common::clocks::set(
            tx.db,
            &sanshe::common::clocks::Period {
                subject: ("tender", 1),
                code: "signing",
                article: Some("政府采购法 §46"),
                body: Some(bureau),
                starts_at: due,
                due_at: due,
                is_public: true,
            },
        )?)
    });
    let desk = officer.get("/work");
    assert!(desk.expect(200).has(".todo li.late"));
    desk.see("政府采购法 §46");
    // Clocks are the officers' to stop: who only signs is not sent where it may do nothing.
    let head = portal.member("zhao", bureau, &[Role::Signatory]);
    assert!(!head.get("/work").expect(200).has(".todo li"));
    assert!(!client.get("/work").has(".todo li.late"));
}

on_both!(
    a_community_shows_who_serves_it,
    an_organization_is_shown_as_far_as_it_is_proven,
    the_desk_says_what_is_to_be_done,
    home_shows_its_doors,
    a_community_is_remembered,
    only_a_community_is_remembered,
    the_ledger_head_is_genuine,
    the_public_head_moves_by_the_hour,
    a_body_has_a_size,
    probes_tell_what_is_wrong,
    the_demo_clock_goes_forward,
    mails_can_be_read,
);

/// A body with more fields than any page of ours, or more bytes than one file may have, ends early.
fn a_body_has_a_size(database: Database) {
    let portal = Portal::start(database);
    portal.person("lin");
    let client = portal.signed_in("lin");
    let codes: Vec<String> = (0..2100).map(|n| format!("{n:09}")).collect();
    let fields: Vec<(&str, &str)> = codes.iter().map(|code| ("areas", code.as_str())).collect();
    client
        .submit(
            "/organizations/register",
            "/organizations/register",
            &fields,
        )
        .expect(413);
    let half = vec![b'%'; 11 * 1024 * 1024];
    let bureau = portal.body(BodyKind::Bureau, "示范民政局", Some("320585"));
    let officer = portal.member("zhang", bureau, &[Role::Officer]);
    let files: Vec<(&str, &str, &[u8])> = vec![("file", "a.csv", &half), ("file", "b.csv", &half)];
    officer
        .upload("/catalogue/import", "/catalogue/import", &[], &files)
        .expect(413);
}

/// What anybody may fetch of the ledger stays the same within the hour, whatever is done, and moves with the hour,
/// whether anything was done or not.
fn the_public_head_moves_by_the_hour(database: Database) {
    let portal = Portal::start(database);
    let visitor = portal.anonymous();
    let fetch = || {
        visitor
            .get("/about/verify/head.json")
            .expect(200)
            .body
            .clone()
    };
    portal.move_clock_by(Duration::hours(2));
    let before = fetch();
    portal.write(|tx| {
        let line = sanshe::infra::ledger::Entry::new("project", 1, "project.created");
        sanshe::infra::ledger::append(tx, None, &line)
    });
    portal.run_jobs();
    assert_eq!(fetch(), before);
    portal.move_clock_by(Duration::hours(1));
    let acted = fetch();
    assert_ne!(acted, before);
    portal.move_clock_by(Duration::hours(1));
    let idle = fetch();
    let hash = |text: &str| serde_json::from_str::<Head>(text).unwrap().chain_hash;
    assert_ne!(hash(&idle), hash(&acted));
}

/// A live portal has neither the clock's move nor its page.
#[test]
fn a_live_portal_has_no_demo() {
    let portal = Portal::start(Database::Sqlite);
    let data = portal.data_folder().join("live");
    std::fs::create_dir_all(&data).unwrap();
    sanshe::infra::secrets::Secrets::make()
        .unwrap()
        .write_new(&data)
        .unwrap();
    let read = |file: &std::path::Path| {
        let name = file.display().to_string();
        sanshe::infra::config::Config::read(
            sanshe::infra::config::Mode::Live,
            &data,
            "127.0.0.1:1".parse().unwrap(),
            &std::collections::HashMap::from([("SANSHE_CONFIG".to_owned(), name)]),
        )
    };
    // What the environment names must be there, and so must the mark that it names.
    let file = data.join("sanshe.toml");
    assert!(read(&file).is_err());
    std::fs::write(
        &file,
        "[host]\nname = \"示范市民政局\"\nlogo = \"mark.svg\"\n",
    )
    .unwrap();
    assert!(read(&file).is_err());
    std::fs::write(data.join("mark.svg"), "MZ").unwrap();
    assert!(read(&file).is_err());
    std::fs::write(
        data.join("mark.svg"),
        "<svg xmlns='http://www.w3.org/2000/svg'/>",
    )
    .unwrap();
    let config = read(&file).unwrap();
    let state = actix_web::web::Data::new(sanshe::commands::open(config).unwrap());
    let before = state.store.now();
    let refused = sanshe::demo::clock::move_to(&state, before + Duration::days(1));
    assert!(matches!(
        refused,
        Err(sanshe::infra::failure::Failure::NotFound)
    ));
    assert!(state.store.now() - before < Duration::minutes(5));
    actix_web::rt::System::new().block_on(async {
        let app = actix_web::test::init_service(sanshe::routes::app(state.clone())).await;
        for path in ["/demo/mail", "/demo/mail/1"] {
            let request = actix_web::test::TestRequest::get().uri(path).to_request();
            let reply = actix_web::test::call_service(&app, request).await;
            assert_eq!(reply.status().as_u16(), 404, "{path}");
        }
        let home = actix_web::test::TestRequest::get().uri("/").to_request();
        let reply = actix_web::test::call_service(&app, home).await;
        assert_eq!(reply.status().as_u16(), 200);
        let body = actix_web::test::read_body(reply).await;
        let body = String::from_utf8_lossy(&body);
        assert!(!body.contains("/demo/"));
        assert!(body.contains("/assets/host-logo") && body.contains("示范市民政局"));
        let logo = actix_web::test::TestRequest::get()
            .uri("/assets/host-logo")
            .to_request();
        let reply = actix_web::test::call_service(&app, logo).await;
        assert_eq!(
            reply.headers().get("content-type").unwrap(),
            "image/svg+xml"
        );
    });
}
