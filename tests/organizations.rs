//! Story step 2: a body registers, is checked against rival claims, and enters the public directory.

use crate::on_both;
use crate::support::{Client, Database, Portal, Reply};
use diesel::prelude::*;
use sanshe::infra::failure::Failure;
use sanshe::kernel::credit_code::CreditCode;
use sanshe::kernel::roles::{BodyKind, Role};
use sanshe::organizations::qualification;
use sanshe::organizations::registry::{self, ProviderId, ProviderState};

pub const PDF: &[u8] = b"%PDF-1.7\nan invented certificate\n%%EOF";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";

pub fn code(prefix: &str, body: &str) -> String {
    CreditCode::make(prefix, "320585", body)
        .unwrap()
        .to_string()
}

/// A good registration of a social service institution, with `over` in place of its fields.
pub fn typed<'a>(code: &'a str, over: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![
        ("kind", "social_service"),
        ("name", "晨曦社会工作服务中心"),
        ("credit_code", code),
        ("legal_head", "林一舟"),
        ("address", "城厢镇示范路1号"),
        ("phone", "0512-53520001"),
        ("summary", "为老年人和残疾人提供服务。"),
        ("scope", "A0402"),
        ("areas", "320585100"),
    ];
    fields.retain(|(name, _)| !over.iter().any(|(other, _)| other == name));
    fields.extend(over);
    fields
}

fn submit(client: &Client, fields: &[(&str, &str)]) -> Reply {
    client.submit("/organizations/register", "/organizations/register", fields)
}

pub fn register(client: &Client, fields: &[(&str, &str)]) -> i64 {
    let reply = submit(client, fields);
    reply.expect(303);
    let path = reply.location.unwrap();
    let id = path
        .strip_prefix("/organizations/")
        .and_then(|rest| rest.strip_suffix("/registration"))
        .unwrap();
    id.parse().unwrap()
}

/// A person without any body yet, signed in.
pub fn somebody(portal: &Portal, name: &str) -> Client {
    portal.person(name);
    portal.signed_in(name)
}

pub fn reviewer(portal: &Portal) -> Client {
    let bureau = portal.body(BodyKind::Bureau, "示范民政局", Some("320585"));
    portal.member("reviewer", bureau, &[Role::Reviewer])
}

pub fn hand_in(client: &Client, id: i64, name: &str, bytes: &[u8]) -> Reply {
    let page = format!("/organizations/{id}/registration");
    let action = format!("/organizations/{id}/certificate");
    client.upload(&page, &action, &[], &[("certificate", name, bytes)])
}

pub fn decide(client: &Client, id: i64, fields: &[(&str, &str)]) -> Reply {
    let path = format!("/organizations/checks/{id}");
    client.submit(&path, &path, fields)
}

fn state(portal: &Portal, id: i64) -> ProviderState {
    portal.read(|db| Ok(registry::find(db, ProviderId(id))?.state))
}

fn providers(portal: &Portal) -> i64 {
    portal.read(|db| {
        Ok(sanshe::schema::providers::table
            .count()
            .get_result::<i64>(db)?)
    })
}

/// Kinds of the messages in the inbox of this provider's body, or of a person.
fn inbox(portal: &Portal, id: i64) -> Vec<String> {
    use sanshe::schema::messages;
    portal.read(|db| {
        let body = registry::find(db, ProviderId(id))?.body_id;
        Ok(messages::table
            .filter(messages::body_id.eq(body))
            .order(messages::id)
            .select(messages::kind)
            .load(db)?)
    })
}

fn every_class_of_bad_code_says_what_is_wrong(database: Database) {
    let portal = Portal::start(database);
    let client = somebody(&portal, "lin");
    let good = code("52", "MJ565118");
    assert_eq!(good, "52320585MJ5651186F");
    for (kind, typed_code, message) in [
        ("social_service", "", "不能为空"),
        ("social_service", "52320585MJ5651186", "现在是 17 位"),
        ("social_service", "52320585MJ5651186FF", "现在是 19 位"),
        (
            "social_service",
            "５２３２０５８５ＭＪ５６５１１８６Ｆ",
            "全角",
        ),
        ("social_service", "52320585MI5651186F", "第 10 位不能是“I”"),
        ("social_service", "52320585MO5651186F", "第 10 位不能是“O”"),
        ("social_service", "52320585MS5651186F", "第 10 位不能是“S”"),
        ("social_service", "52320585MV5651186F", "第 10 位不能是“V”"),
        ("social_service", "52320585MZ5651186F", "第 10 位不能是“Z”"),
        ("social_service", "5232A585MJ5651186F", "第 5 位不能是“A”"),
        (
            "social_service",
            "52320585MJ5651185F",
            "第 17 位校验码应为“6”",
        ),
        (
            "social_service",
            "52320585MJ5651186G",
            "第 18 位校验码应为“F”",
        ),
        ("association", "52320585MJ5651186F", "以 51 开头，现在是 52"),
        ("foundation", "52320585MJ5651186F", "以 53 开头，现在是 52"),
        ("enterprise", "52320585MJ5651186F", "属于社会组织"),
        (
            "social_service",
            "91512081MA62K0260E",
            "以 52 开头，现在是 91",
        ),
    ] {
        let reply = submit(&client, &typed(typed_code, &[("kind", kind)]));
        reply.expect(422);
        let errors = reply.errors();
        assert_eq!(errors.len(), 1, "{kind} {typed_code:?}: {errors:?}");
        assert!(
            errors[0].contains(message) || (typed_code.is_empty() && !errors[0].is_empty()),
            "{typed_code:?}: {errors:?}"
        );
        assert!(reply.has("#credit_code-error"), "not at its field");
        reply.see("晨曦社会工作服务中心");
    }
    let strange = CreditCode::make("91", "990585", "MJ565001").unwrap();
    submit(&client, &typed(strange.as_str(), &[("kind", "enterprise")]))
        .expect(422)
        .see("不是已有的行政区划代码");
    assert_eq!(providers(&portal), 0);
    // Lower case and blanks around are how people type it.
    register(&client, &typed(" 52320585mj5651186f ", &[]));
    assert_eq!(providers(&portal), 1);
}

fn a_double_submit_makes_one_body(database: Database) {
    let portal = Portal::start(database);
    let client = somebody(&portal, "lin");
    let code = code("52", "MJ565118");
    let page = client.get("/organizations/register");
    let fields = typed(&code, &[]);
    let first = client.submit_from(&page, "/organizations/register", &fields);
    let second = client.submit_from(&page, "/organizations/register", &fields);
    first.expect(303);
    second.expect(303);
    assert_eq!(first.location, second.location);
    assert_eq!(providers(&portal), 1);
    // A new form for the same code by the same person is a mistake.
    submit(&client, &fields).expect(422).see("不必重复登记");
    assert_eq!(providers(&portal), 1);
    let path = first.location.unwrap();
    client.get(&path).expect(200).see("未核验").see("林一舟");
    assert!(client.get("/account").body.contains("晨曦社会工作服务中心"));
}

fn strange_input_is_refused_or_kept_as_it_is(database: Database) {
    let portal = Portal::start(database);
    let client = somebody(&portal, "lin");
    let nothing = submit(&client, &[]);
    let first = nothing.errors().remove(0);
    assert_eq!(
        (nothing.status, first.as_str()),
        (422, "主体类别：请填写此项")
    );
    let code = code("52", "MJ565118");
    let long = "长".repeat(101);
    let summary = "述".repeat(2001);
    for (field, value, at) in [
        ("name", "", "name"),
        ("name", long.as_str(), "name"),
        ("name", "👵👵", "name"),
        ("name", "\u{202E}\u{200B}", "name"),
        ("kind", "", "kind"),
        ("kind", "robot", "kind"),
        ("legal_head", "", "legal_head"),
        ("phone", "打电话", "phone"),
        ("phone", "1", "phone"),
        ("summary", summary.as_str(), "summary"),
        ("scope", "", "scope"),
        ("scope", "A", "scope"),
        ("scope", "Z9999", "scope"),
        ("scope", "'; DROP TABLE providers; --", "scope"),
        ("areas", "", "areas"),
        ("areas", "110101", "areas"),
    ] {
        let reply = submit(&client, &typed(&code, &[(field, value)]));
        reply.expect(422);
        assert!(
            reply.has(&format!("#{at}-error")),
            "{field}={value:?}: {:?}",
            reply.errors()
        );
        // What was typed elsewhere is kept.
        let kept = if field == "address" {
            "0512-53520001"
        } else {
            "城厢镇示范路1号"
        };
        reply.see(kept);
    }
    assert_eq!(providers(&portal), 0);
    let name = "<b>𠮷田</b> & جمعية \u{202E}💐 社";
    let id = register(
        &client,
        &typed(
            &code,
            &[
                ("name", name),
                ("phone", "０５１２－５３５２０００１"),
                ("scope", "A0402"),
                ("scope", "A04"),
                ("areas", "320585100"),
                ("areas", "320585100001"),
            ],
        ),
    );
    let (provider, scope, areas) = portal.read(|db| {
        let id = ProviderId(id);
        Ok((
            registry::find(db, id)?,
            registry::scopes_of(db, id)?,
            registry::areas_of(db, id)?,
        ))
    });
    assert_eq!(provider.name, "<b>𠮷田</b> & جمعية 💐 社");
    assert_eq!(provider.phone, "0512-53520001");
    assert_eq!(
        (scope, areas),
        (vec!["A04".into()], vec!["320585100".into()])
    );
    let page = client.get(&format!("/organizations/{id}/registration"));
    page.expect(200)
        .see("&lt;b&gt;𠮷田&lt;/b&gt; &amp; جمعية 💐 社");
    // Raw junk in place of a form: no panic, nothing saved.
    client.post_raw("/organizations/register", &[]).expect(403);
    for path in [
        "/organizations/0/edit",
        "/organizations/99999999999999999999/edit",
        "/organizations/x/edit",
    ] {
        assert_eq!(client.get(path).status, 404, "{path}");
    }
}

fn a_certificate_is_looked_at_by_content_and_by_few(database: Database) {
    let portal = Portal::start(database);
    let client = somebody(&portal, "lin");
    let id = register(&client, &typed(&code("52", "MJ565118"), &[]));
    let path = format!("/organizations/{id}/certificate");
    assert_eq!(client.get(&path).status, 404, "there is none yet");
    hand_in(&client, id, "证书.pdf", b"MZ not a scan")
        .expect(422)
        .see("不是 PDF、JPG 或 PNG");
    hand_in(&client, id, "empty.pdf", b"").expect(422);
    let mut huge = PDF.to_vec();
    huge.resize(20 * 1024 * 1024 + 1, b' ');
    hand_in(&client, id, "big.pdf", &huge).expect(413);
    hand_in(&client, id, "../../证书.exe", PNG).expect(303);
    hand_in(&client, id, "证书.pdf", PDF).expect(303);

    let reviewer = reviewer(&portal);
    for who in [&client, &reviewer] {
        let file = who.get(&path);
        file.expect(200);
        assert!(file.body.starts_with("%PDF-1.7"));
        assert!(file.headers["content-disposition"].starts_with("attachment"));
        assert_eq!(file.headers["content-type"], "application/pdf");
        assert_eq!(file.headers["x-content-type-options"], "nosniff");
    }
    let other = somebody(&portal, "chen");
    assert_eq!(other.get(&path).status, 404, "nobody yet");
    register(&other, &typed(&code("52", "MJ565118"), &[]));
    assert_eq!(other.get(&path).status, 404, "a rival");
    let office = portal.body(BodyKind::TownGovernment, "示范镇", Some("320585100"));
    let officer = portal.member("officer", office, &[Role::Officer]);
    assert_eq!(officer.get(&path).status, 404);
    assert_eq!(portal.anonymous().get(&path).status, 401);
    // Whose certificate it is counts for writing too.
    let page = other.get("/organizations/register");
    let token = page.html();
    let token = token
        .select(&scraper::Selector::parse("input[name=csrf]").unwrap())
        .next()
        .and_then(|input| input.value().attr("value"))
        .unwrap()
        .to_owned();
    let posted = other.post_raw(&format!("{path}?csrf={token}"), &[("csrf", &token)]);
    assert!(matches!(posted.status, 400 | 404), "{}", posted.status);
}

fn rival_claims_live_side_by_side_until_one_is_proven(database: Database) {
    let portal = Portal::start(database);
    let code = code("52", "MJ565118");
    let (lin, chen) = (somebody(&portal, "lin"), somebody(&portal, "chen"));
    let first = register(&lin, &typed(&code, &[]));
    let second = register(&chen, &typed(&code, &[("name", "晨希服务中心")]));
    let reviewer = reviewer(&portal);
    reviewer
        .get("/organizations/checks")
        .expect(200)
        .see("没有等待核验的单位");
    // Without a certificate there is nothing to prove.
    let unseen = decide(&reviewer, first, &[("act", "prove"), ("seen", "yes")]);
    unseen.expect(422).see("尚未提交登记证书");
    hand_in(&lin, first, "证书.pdf", PDF).expect(303);
    hand_in(&chen, second, "证书.png", PNG).expect(303);
    reviewer
        .get("/organizations/checks")
        .expect(200)
        .see("晨曦社会工作服务中心")
        .see("晨希服务中心")
        .see("同一代码另有 1 家");
    let page = reviewer.get(&format!("/organizations/checks/{first}"));
    assert!(page.has("[data-rivals]"));
    page.see("晨希服务中心")
        .see(&format!("/organizations/{second}/certificate"));
    decide(&reviewer, first, &[("act", "prove")])
        .expect(422)
        .see("请先对照以相同代码登记的各单位");
    assert_eq!(state(&portal, first), ProviderState::Unproven);
    // While nobody is proven there is nothing to ask for out of turn.
    let token = chen
        .get(&format!("/organizations/{second}/registration"))
        .token();
    chen.post_raw(&format!("/organizations/{second}/ask"), &[("csrf", &token)])
        .expect(422)
        .see("没有其他单位以此代码通过核验");
    decide(
        &reviewer,
        first,
        &[("act", "prove"), ("seen", "yes"), ("seen_ids", "999")],
    )
    .expect(422);
    // What was changed after the page was shown is not what was looked at.
    let mut stale = decide(
        &reviewer,
        first,
        &[("act", "prove"), ("seen", "yes"), ("version", "0")],
    );
    stale.expect(409).see("登记信息已有变动");
    stale = decide(&reviewer, first, &[("act", "refuse"), ("reason", "")]);
    stale.expect(422);
    decide(&reviewer, first, &[("act", "prove"), ("seen", "yes")]).expect(303);
    assert_eq!(state(&portal, first), ProviderState::Proven);
    assert_eq!(state(&portal, second), ProviderState::Unproven);
    assert_eq!(inbox(&portal, first), ["provider-proven"]);
    assert_eq!(inbox(&portal, second), ["provider-rival-proven"]);

    // The rival goes on, and asks for a check.
    let own = format!("/organizations/{second}/registration");
    chen.get(&own)
        .expect(200)
        .see("另一单位已以相同代码通过核验");
    chen.submit(&own, &format!("/organizations/{second}/ask"), &[])
        .expect(303);
    let told: i64 = portal.read(|db| {
        use sanshe::schema::messages;
        Ok(messages::table
            .filter(messages::kind.eq("provider-check-asked"))
            .count()
            .get_result(db)?)
    });
    assert_eq!(told, 1);
    // Two can never be proven: the other proof is revoked first.
    decide(&reviewer, second, &[("act", "prove"), ("seen", "yes")])
        .expect(422)
        .see("须先撤销");
    decide(
        &reviewer,
        first,
        &[("act", "revoke"), ("reason", "证书系变造")],
    )
    .expect(303);
    assert_eq!(state(&portal, first), ProviderState::Refused);
    decide(
        &reviewer,
        second,
        &[
            ("act", "prove"),
            ("seen", "yes"),
            ("seen_ids", &first.to_string()),
        ],
    )
    .expect(303);
    assert_eq!(state(&portal, second), ProviderState::Proven);
    lin.get(&format!("/organizations/{first}/registration"))
        .expect(200)
        .see("证书系变造");
    let inbox_page = lin.get("/inbox");
    inbox_page.expect(200).see("证书系变造");
}

fn two_reviewers_cannot_prove_two_rivals(database: Database) {
    let portal = Portal::start(database);
    let code = code("52", "MJ565118");
    let (lin, chen) = (somebody(&portal, "lin"), somebody(&portal, "chen"));
    let ids = [
        register(&lin, &typed(&code, &[])),
        register(&chen, &typed(&code, &[("name", "晨希服务中心")])),
    ];
    hand_in(&lin, ids[0], "a.pdf", PDF).expect(303);
    hand_in(&chen, ids[1], "b.pdf", PDF).expect(303);
    let reviewer = reviewer(&portal);
    let pages = ids.map(|id| reviewer.get(&format!("/organizations/checks/{id}")));
    let replies: Vec<u16> = std::thread::scope(|scope| {
        let runs: Vec<_> = ids
            .iter()
            .zip(&pages)
            .map(|(id, page)| {
                let client = portal.signed_in("reviewer");
                let page = client.get(&format!("/organizations/checks/{id}")).status == 200
                    && page.status == 200;
                assert!(page);
                scope.spawn(move || {
                    decide(&client, *id, &[("act", "prove"), ("seen", "yes")]).status
                })
            })
            .collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    let proven = ids
        .iter()
        .filter(|id| state(&portal, **id) == ProviderState::Proven)
        .count();
    assert_eq!(proven, 1, "{replies:?}");
    assert_eq!(
        replies.iter().filter(|status| **status == 303).count(),
        1,
        "{replies:?}"
    );
}

/// Registers, hands in and proves; returns the id.
fn proven(client: &Client, reviewer: &Client, fields: &[(&str, &str)]) -> i64 {
    let id = register(client, fields);
    hand_in(client, id, "证书.pdf", PDF).expect(303);
    decide(reviewer, id, &[("act", "prove"), ("seen", "yes")]).expect(303);
    id
}

fn declared(statement: &str) -> Vec<(&str, &str)> {
    let mut fields = vec![("statement", statement)];
    fields.extend(
        qualification::Declaration::ALL
            .iter()
            .map(|declaration| ("declarations", declaration.as_str())),
    );
    fields
}

fn apply<'a>(client: &Client, id: i64, act: &'a str, mut fields: Vec<(&'a str, &'a str)>) -> Reply {
    let path = format!("/organizations/{id}/qualification");
    fields.push(("act", act));
    client.submit(&path, &path, &fields)
}

fn entry(portal: &Portal, id: i64) -> qualification::Qualification {
    portal.read(|db| qualification::find_by_provider(db, ProviderId(id))?.ok_or(Failure::NotFound))
}

fn review(client: &Client, portal: &Portal, id: i64, fields: &[(&str, &str)]) -> Reply {
    let path = format!("/organizations/applications/{}", entry(portal, id).id);
    client.submit(&path, &path, fields)
}

fn an_application_goes_back_and_forth_into_the_directory(database: Database) {
    let portal = Portal::start(database);
    let reviewer = reviewer(&portal);
    let lin = somebody(&portal, "lin");
    let code52 = code("52", "MJ565118");
    let id = register(&lin, &typed(&code52, &[]));
    let own = format!("/organizations/{id}/qualification");
    lin.get(&own).expect(200).see("通过核验后才能列入目录");
    assert!(!lin.get(&own).has("textarea#statement"));
    hand_in(&lin, id, "证书.pdf", PDF).expect(303);
    decide(&reviewer, id, &[("act", "prove")]).expect(303);

    let reply = apply(&lin, id, "submit", vec![("statement", "三名持证社工")]);
    reply.expect(422);
    assert_eq!(reply.errors().len(), 9, "{:?}", reply.errors());
    reply.see("《政府采购法》第二十二条").see("三名持证社工");
    apply(&lin, id, "save", vec![("statement", "三名持证社工")]).expect(303);
    assert_eq!(entry(&portal, id).state.as_str(), "draft");
    let hidden = format!("/organizations/applications/{}", entry(&portal, id).id);
    assert_eq!(
        reviewer.get(&hidden).status,
        404,
        "a draft is the applicant's own"
    );
    // Proofs beside it: read by the applicant and, once handed in, by the reviewer.
    let attach = |bytes: &[u8]| {
        lin.upload(
            &own,
            &format!("{own}/files"),
            &[],
            &[("file", "纳税证明.pdf", bytes)],
        )
    };
    attach(b"not a scan").expect(422).see("三名持证社工");
    attach(b"").expect(422).see("请选择文件");
    attach(PDF).expect(303);
    attach(PNG).expect(303);
    let page = lin.get(&own);
    let link = scraper::Selector::parse("ul.files a").unwrap();
    let files: Vec<String> = page
        .html()
        .select(&link)
        .map(|a| a.value().attr("href").unwrap().to_owned())
        .collect();
    assert_eq!(files.len(), 2);
    assert_eq!(reviewer.get(&files[0]).status, 404, "not handed in yet");
    lin.submit(&own, &format!("{}/remove", files[1]), &[])
        .expect(303);
    assert_eq!(lin.get(&files[1]).status, 404);
    assert!(lin.get(&files[0]).expect(200).body.starts_with("%PDF"));
    apply(&lin, id, "submit", declared("三名持证社工")).expect(303);
    assert_eq!(reviewer.get(&files[0]).status, 200);
    assert_eq!(portal.anonymous().get(&files[0]).status, 401);
    assert!(
        !lin.get(&own).has("input[type=file]"),
        "handed in, it stands still"
    );
    portal.move_clock_by(chrono::Duration::days(3));
    reviewer
        .get("/organizations/applications")
        .expect(200)
        .see("晨曦社会工作服务中心")
        .see("已等待 3 天");
    reviewer
        .get("/work")
        .expect(200)
        .see("1 件，最早一件已等待 3 天");

    review(
        &reviewer,
        &portal,
        id,
        &[("act", "return"), ("reason", " ")],
    )
    .expect(422);
    review(
        &reviewer,
        &portal,
        id,
        &[("act", "return"), ("reason", "请补充场地情况")],
    )
    .expect(303);
    lin.get(&own)
        .expect(200)
        .see("请补充场地情况")
        .see("三名持证社工");
    assert_eq!(
        reviewer
            .get("/organizations/applications?state=listed")
            .status,
        200
    );
    assert!(
        !portal
            .anonymous()
            .get("/organizations")
            .body
            .contains("晨曦")
    );
    apply(
        &lin,
        id,
        "submit",
        declared("三名持证社工，自有场地 200 平方米"),
    )
    .expect(303);
    review(
        &reviewer,
        &portal,
        id,
        &[("act", "accept"), ("version", "1")],
    )
    .expect(409);
    review(&reviewer, &portal, id, &[("act", "accept")]).expect(303);
    portal
        .anonymous()
        .get("/organizations")
        .expect(200)
        .see("晨曦社会工作服务中心");
    assert_eq!(
        inbox(&portal, id),
        [
            "provider-proven",
            "qualification-returned",
            "qualification-listed"
        ]
    );
    assert!(portal.read(|db| Ok(qualification::is_listed(db, ProviderId(id))?)));

    // Off for a while, on again, and out by its own will.
    review(
        &reviewer,
        &portal,
        id,
        &[("act", "suspend"), ("reason", "列入活动异常名录")],
    )
    .expect(303);
    assert!(
        !portal
            .anonymous()
            .get("/organizations")
            .body
            .contains("晨曦")
    );
    lin.get(&own).see("列入活动异常名录");
    review(
        &reviewer,
        &portal,
        id,
        &[("act", "resume"), ("reason", "已移出")],
    )
    .expect(303);
    portal.anonymous().get("/organizations").see("晨曦");
    lin.submit(&own, &format!("{own}/withdraw"), &[])
        .expect(303);
    assert!(
        !portal
            .anonymous()
            .get("/organizations")
            .body
            .contains("晨曦")
    );

    // Enterprises are providers, and no part of this directory.
    let zhou = somebody(&portal, "zhou");
    let company = register(
        &zhou,
        &typed(
            &code("91", "MA565119"),
            &[("kind", "enterprise"), ("name", "远帆服务公司")],
        ),
    );
    let page = zhou.get(&format!("/organizations/{company}/qualification"));
    page.expect(200).see("其他主体不需列入目录即可投标");
    zhou.get(&format!("/organizations/{company}/registration"))
        .see("参加政府采购投标只需登记为承接主体");
}

fn listed(portal: &Portal, client: &Client, reviewer: &Client, fields: &[(&str, &str)]) -> i64 {
    let id = proven(client, reviewer, fields);
    apply(client, id, "submit", declared("能够承接")).expect(303);
    review(reviewer, portal, id, &[("act", "accept")]).expect(303);
    id
}

fn the_directory_filters_pages_and_exports(database: Database) {
    let portal = Portal::start(database);
    let reviewer = reviewer(&portal);
    let codes: Vec<String> = [("52", "MJ565118"), ("51", "MJ565001"), ("53", "MJ565002")]
        .iter()
        .map(|(prefix, body)| code(prefix, body))
        .collect();
    let over = [
        vec![
            ("name", "晨曦社会工作服务中心"),
            ("scope", "A0402"),
            ("areas", "320585100001"),
        ],
        vec![
            ("name", "=安居互助协会"),
            ("kind", "association"),
            ("scope", "A04"),
            ("areas", "320585101"),
        ],
        vec![
            ("name", "白鹭100%_基金会"),
            ("kind", "foundation"),
            ("scope", "A0101"),
            ("areas", "320585"),
        ],
    ];
    for (n, (code, over)) in codes.iter().zip(&over).enumerate() {
        let client = somebody(&portal, &format!("p{n}"));
        listed(&portal, &client, &reviewer, &typed(code, over));
    }
    let all = ["安居", "白鹭", "晨曦"];
    let anyone = portal.anonymous();
    for (query, expected) in [
        ("", vec!["安居", "白鹭", "晨曦"]),
        ("?kind=association", vec!["安居"]),
        ("?kind=enterprise", vec!["安居", "白鹭", "晨曦"]),
        ("?town=320585100", vec!["白鹭", "晨曦"]),
        ("?town=320585101", vec!["安居", "白鹭"]),
        ("?town=320585102", vec!["白鹭"]),
        ("?code=A0402", vec!["安居", "晨曦"]),
        ("?code=A04", vec!["安居", "晨曦"]),
        ("?code=A0101", vec!["白鹭"]),
        ("?code=A", vec!["安居", "白鹭", "晨曦"]),
        ("?q=%E6%99%A8%E6%9B%A6", vec!["晨曦"]),
        ("?q=%E5%85%BB%E8%80%81", vec!["安居", "晨曦"]),
        ("?q=100%25_", vec!["白鹭"]),
        ("?q=%25%25", vec![]),
        ("?q=%27%3B--", vec![]),
        ("?q=52320585mj5651186f", vec!["晨曦"]),
        (
            "?kind=social_service&town=320585100&code=A0402&q=%E4%B8%AD%E5%BF%83",
            vec!["晨曦"],
        ),
        (
            "?town=x&code=%00&after=zz&kind=",
            vec!["安居", "白鹭", "晨曦"],
        ),
    ] {
        let page = anyone.get(&format!("/organizations{query}"));
        page.expect(200);
        let table = page.text_of("table.list").unwrap_or_default();
        let shown: Vec<&str> = all
            .into_iter()
            .filter(|name| table.contains(name))
            .collect();
        assert_eq!(shown, expected, "{query}");
        let count = page.text_of("[data-count]").unwrap();
        assert_eq!(count, format!("共 {} 家", expected.len()), "{query}");
        let csv = anyone.get(&format!("/organizations.csv{query}"));
        csv.expect(200);
        assert!(csv.body.starts_with('\u{FEFF}'));
        let lines = csv.body.lines().count();
        assert_eq!(lines, expected.len() + 1, "{query}");
    }
    // Who is no social organization is found elsewhere.
    let nobody = anyone.get("/organizations?q=%E6%9A%96%E9%98%B3");
    assert!(nobody.has(".empty a[href='/search?q=%E6%9A%96%E9%98%B3']"));
    // Names stand in the order of their sound, and the filters stay in the address.
    let table = anyone.get("/organizations").text_of("table.list").unwrap();
    let at = |name: &str| table.find(name).unwrap();
    assert!(at("白鹭") < at("晨曦"));
    let filtered = anyone.get("/organizations?kind=association&q=%E5%AE%89");
    assert!(filtered.has("select#kind option[value=association][selected]"));
    assert!(filtered.has("input#q[value='安']"));
    assert!(
        filtered
            .body
            .contains("organizations.csv?q&#x3D;%E5%AE%89&amp;kind&#x3D;association"),
        "{}",
        filtered.body
    );
    let csv = anyone.get("/organizations.csv");
    csv.see("'=安居互助协会").see("城厢镇").see("0512-53520001");
    assert_eq!(csv.headers["content-type"], "text/csv; charset=utf-8");
    assert!(
        !csv.body.contains("林一舟"),
        "the export holds what the page shows"
    );
}

fn pages_of_the_directory_follow_the_last_row(database: Database) {
    let portal = Portal::start(database);
    portal.person("lin");
    reviewer(&portal);
    // Forty rows by the actions that the pages call.
    portal.write(|tx| {
        let lin = actor(tx, "lin")?;
        let reviewer = actor(tx, "reviewer")?;
        for n in 0..40 {
            let body = format!("MJ57{n:04}");
            let new = registry::NewProvider {
                kind: registry::ProviderKind::SocialService,
                name: format!("同名（乾元）服务社{}", n / 10),
                credit_code: CreditCode::make("52", "320585", &body).unwrap(),
                legal_head: "林一舟".into(),
                address: "示范路".into(),
                phone: "0512-53520001".into(),
                summary: "服务".into(),
                scope: vec!["A0402".into()],
                areas: vec!["320585".into()],
            };
            let id = registry::register(tx, &lin, &new)?;
            let mut own = lin.clone();
            let body_id = registry::find(tx.db, id)?.body_id;
            own.body = Some(sanshe::infra::actor::ActorBody {
                id: body_id,
                kind: BodyKind::Provider,
                name: new.name.clone(),
                region_code: None,
            });
            let file = registry::NewFile {
                name: "a.pdf".into(),
                media_type: "application/pdf",
                size: 1,
                sha256: "00".into(),
                storage_key: "00/00".into(),
            };
            registry::attach_certificate(tx, &own, id, &file)?;
            let version = registry::find(tx.db, id)?.version;
            registry::prove(tx, &reviewer, id, version, &[])?;
            let application = qualification::Application {
                statement: "能".into(),
                declarations: qualification::Declaration::ALL.to_vec(),
            };
            let entry = qualification::apply(tx, &own, id, None, &application)?;
            qualification::submit(tx, &own, entry)?;
            let version = qualification::find(tx.db, entry)?.version;
            qualification::accept(tx, &reviewer, entry, version)?;
        }
        Ok(())
    });
    let anyone = portal.anonymous();
    let mut seen: Vec<String> = Vec::new();
    // “（乾元）” as it stands, and “服務社0” in simplified characters.
    for typed in [
        "%EF%BC%88%E4%B9%BE%E5%85%83%EF%BC%89",
        "%E6%9C%8D%E5%8B%99%E7%A4%BE0",
    ] {
        let found = anyone.get(&format!("/organizations?q={typed}"));
        assert!(
            found
                .expect(200)
                .text_of("main")
                .unwrap()
                .contains("同名（乾元）"),
            "{typed}"
        );
    }
    let mut path = "/organizations?q=%E5%90%8C%E5%90%8D".to_owned();
    let links = scraper::Selector::parse("table.list td:first-child a").unwrap();
    let next = scraper::Selector::parse(".pager a.next").unwrap();
    for _ in 0..3 {
        let page = anyone.get(&path);
        page.expect(200).see("共 40 家");
        let html = page.html();
        seen.extend(
            html.select(&links)
                .map(|a| a.value().attr("href").unwrap().to_owned()),
        );
        match html.select(&next).next() {
            Some(link) => path = link.value().attr("href").unwrap().to_owned(),
            None => break,
        }
    }
    let mut once = seen.clone();
    once.sort();
    once.dedup();
    assert_eq!((seen.len(), once.len()), (40, 40));
}

fn actor(
    tx: &mut sanshe::infra::store::Tx,
    name: &str,
) -> Result<sanshe::infra::actor::Actor, Failure> {
    let email = format!("{name}@test.invalid");
    let person = sanshe::accounts::find_person_by_email(tx.db, &email)?.ok_or(Failure::NotFound)?;
    let session = sanshe::accounts::begin_session(tx, person.id, "test", "127.0.0.0/24")?;
    let now = tx.machine_now();
    sanshe::infra::actor::find(tx.db, session, now)?.ok_or(Failure::NotFound)
}

fn others_see_and_reach_nothing(database: Database) {
    let portal = Portal::start(database);
    let reviewer = reviewer(&portal);
    let lin = somebody(&portal, "lin");
    let id = proven(&lin, &reviewer, &typed(&code("52", "MJ565118"), &[]));
    apply(&lin, id, "submit", declared("能够承接")).expect(303);
    let application = format!("/organizations/applications/{}", entry(&portal, id).id);
    let chen = somebody(&portal, "chen");
    register(
        &chen,
        &typed(&code("52", "MJ565119"), &[("name", "另一家中心")]),
    );
    let body = portal.read(|db| Ok(registry::find(db, ProviderId(id))?.body_id));
    let preparer = portal.member("preparer", body, &[Role::Preparer]);
    let office = portal.body(BodyKind::TownGovernment, "示范镇", Some("320585100"));
    let officer = portal.member("officer", office, &[Role::Officer]);
    let resident = portal.anonymous();
    let bodyless = somebody(&portal, "nobody");

    let staff = [
        "/organizations/checks".to_owned(),
        format!("/organizations/checks/{id}"),
        "/organizations/applications".to_owned(),
        application.clone(),
    ];
    for path in &staff {
        assert_eq!(resident.get(path).status, 401, "{path}");
        for client in [&lin, &chen, &preparer, &officer, &bodyless] {
            assert_eq!(client.get(path).status, 403, "{path}");
        }
        assert_eq!(reviewer.get(path).status, 200, "{path}");
    }
    for (page, by_preparer) in [("registration", 200), ("qualification", 200), ("edit", 403)] {
        let path = format!("/organizations/{id}/{page}");
        assert_eq!(resident.get(&path).status, 401, "{path}");
        assert_eq!(lin.get(&path).status, 200, "{path}");
        assert_eq!(preparer.get(&path).status, by_preparer, "{path}");
        assert_eq!(chen.get(&path).status, 404, "another provider's {path}");
        assert_eq!(officer.get(&path).status, 403, "{path}");
    }
    assert_eq!(resident.get("/organizations/register").status, 401);
    // Posting where one may not read changes nothing either.
    let page = chen.get("/organizations/register");
    let token = page.html();
    let token = token
        .select(&scraper::Selector::parse("input[name=csrf]").unwrap())
        .next()
        .and_then(|input| input.value().attr("value"))
        .unwrap()
        .to_owned();
    let version = entry(&portal, id).version.to_string();
    for (path, status) in [
        (format!("/organizations/checks/{id}"), 403),
        (application, 403),
        (format!("/organizations/{id}/ask"), 404),
        (format!("/organizations/{id}/qualification"), 404),
        (format!("/organizations/{id}/qualification/withdraw"), 404),
    ] {
        let fields = [
            ("csrf", token.as_str()),
            ("act", "revoke"),
            ("reason", "x"),
            ("version", version.as_str()),
        ];
        assert_eq!(chen.post_raw(&path, &fields).status, status, "{path}");
    }
    assert_eq!(state(&portal, id), ProviderState::Proven);
    assert_eq!(entry(&portal, id).state.as_str(), "submitted");
}

fn an_edit_meets_another_edit_and_the_proof(database: Database) {
    let portal = Portal::start(database);
    let reviewer = reviewer(&portal);
    let lin = somebody(&portal, "lin");
    let id = listed(
        &portal,
        &lin,
        &reviewer,
        &typed(&code("52", "MJ565118"), &[]),
    );
    let path = format!("/organizations/{id}/edit");
    let shown = lin.get(&path);
    shown.expect(200).see("须重新核验");
    lin.submit(&path, &path, &[("address", "新址二号")])
        .expect(303);
    assert_eq!(
        state(&portal, id),
        ProviderState::Proven,
        "an address proves nothing"
    );
    let late = lin.submit_from(&shown, &path, &[("phone", "0512-53520009")]);
    late.expect(409).see("新址二号").see("0512-53520009");
    assert!(late.has("[data-changes]"));
    assert_eq!(
        portal.read(|db| Ok(registry::find(db, ProviderId(id))?.phone)),
        "0512-53520001"
    );
    // The same form sent again stands: it shows the new version now.
    lin.submit_from(&late, &path, &[]).expect(303);
    portal.anonymous().get("/organizations").see("晨曦");
    lin.submit(
        &path,
        &path,
        &[("legal_head", "陈二川"), ("name", "晨曦社工中心")],
    )
    .expect(303);
    assert_eq!(state(&portal, id), ProviderState::Unproven);
    assert!(
        !portal
            .anonymous()
            .get("/organizations")
            .body
            .contains("晨曦")
    );
    let names: Vec<String> = portal.read(|db| {
        use sanshe::schema::body_names;
        let body = registry::find(db, ProviderId(id))?.body_id;
        Ok(body_names::table
            .filter(body_names::body_id.eq(body))
            .order(body_names::id)
            .select(body_names::name)
            .load(db)?)
    });
    assert_eq!(names, ["晨曦社会工作服务中心", "晨曦社工中心"]);
    // The proof comes back, and the entry in the directory with it.
    decide(&reviewer, id, &[("act", "prove")]).expect(303);
    portal.anonymous().get("/organizations").see("晨曦社工中心");
}

on_both!(
    every_class_of_bad_code_says_what_is_wrong,
    a_double_submit_makes_one_body,
    strange_input_is_refused_or_kept_as_it_is,
    a_certificate_is_looked_at_by_content_and_by_few,
    rival_claims_live_side_by_side_until_one_is_proven,
    two_reviewers_cannot_prove_two_rivals,
    an_application_goes_back_and_forth_into_the_directory,
    the_directory_filters_pages_and_exports,
    pages_of_the_directory_follow_the_last_row,
    others_see_and_reach_nothing,
    an_edit_meets_another_edit_and_the_proof,
);
