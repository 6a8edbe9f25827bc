//! Story steps 8 and 9: the award reaches everybody at once, the contract is signed by both and public; running
//! contracts from before are entered.

use crate::on_both;
use crate::support::stage::{Stage, opened};
use crate::support::{Client, Database, PASSWORD, Portal, Reply};
use diesel::prelude::*;
use sanshe::kernel::credit_code::CreditCode;
use sanshe::kernel::people::BodyId;
use sanshe::kernel::roles::{BodyKind, Role};
use sanshe::procurement::contracts as contracts_room;
use sanshe::schema::{clocks, contracts, messages, providers, publications};

const PRICES: &[i64] = &[10_000_000, 9_500_000, 11_000_000];
const PDF: &[u8] = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n";

/// Ranked: bidder 1, bidder 0, bidder 2.
fn ranked(database: Database) -> Stage {
    let stage = opened(database, PRICES);
    stage.rank(&[(1, 1), (0, 2), (2, 3)]);
    stage
}

fn award(stage: &Stage, bidder: usize, ground: &str, reason: &str) -> Reply {
    let page = stage.path("/award");
    let bid = stage.bidders[bidder].1.to_string();
    stage.officer.submit(
        &page,
        &page,
        &[("bid", &bid), ("ground", ground), ("reason", reason)],
    )
}

fn inbox(stage: &Stage, body: BodyId) -> Vec<String> {
    stage.portal.read(move |db| {
        Ok(messages::table
            .filter(messages::body_id.eq(body))
            .order(messages::id)
            .select(messages::kind)
            .load(db)?)
    })
}

fn the_first_in_rank_is_awarded(database: Database) {
    let stage = ranked(database);
    let page = stage.path("/award");
    stage
        .portal
        .anonymous()
        .get(&stage.path("/result"))
        .expect(404);
    let shown = stage.officer.get(&page);
    shown.expect(200);
    let first = stage.bidders[1].1.to_string();
    assert!(shown.has(&format!("input[name=bid][value='{first}'][checked]")));

    award(&stage, 0, "", "价格更合适").expect(422).see("§49");
    award(&stage, 0, "cheaper", "价格更合适")
        .expect(422)
        .see("请从列出的选项中选择");
    award(&stage, 0, "refused_to_sign", " ")
        .expect(422)
        .see("请写明理由");
    award(&stage, 2, "force_majeure", "不能履行")
        .expect(422)
        .see("不得跳过");
    award(&stage, 1, "force_majeure", "不能履行")
        .expect(422)
        .see("不需要选择依据");
    assert_eq!(stage.tender_state(), "evaluated");
    assert!(
        inbox(&stage, stage.bidders[0].0).is_empty(),
        "a refused award was told"
    );

    // Neither a stranger nor somebody without the role.
    let other = stage
        .portal
        .body(BodyKind::TownGovernment, "邻镇人民政府", Some("320585101"));
    stage
        .portal
        .member("li", other, &[Role::Officer])
        .get(&page)
        .expect(404);
    stage.bidder(0, Role::Submitter).get(&page).expect(403);

    let stale = stage.officer.get(&page);
    award(&stage, 1, "", "").expect(303);
    assert_eq!(stage.tender_state(), "awarded");
    assert_eq!(stage.project_state(), "awarded");
    let again = stage.officer.submit_from(
        &stale,
        &page,
        &[
            ("bid", &stage.bidders[0].1.to_string()),
            ("once", "another"),
        ],
    );
    again.expect(409);
    // The same form sent twice leads to the same place.
    assert_eq!(
        stage
            .officer
            .submit_from(&stale, &page, &[("once", "twice")])
            .status,
        409
    );

    // One moment for everybody: notice and inboxes carry the same instant.
    let moments: Vec<chrono::NaiveDateTime> = stage.portal.read(|db| {
        let mut at: Vec<chrono::NaiveDateTime> = publications::table
            .filter(publications::kind.eq("award"))
            .select(publications::published_at)
            .load(db)?;
        at.extend(
            messages::table
                .filter(messages::kind.like("award-%"))
                .select(messages::at)
                .load::<chrono::NaiveDateTime>(db)?,
        );
        Ok(at)
    });
    assert_eq!(moments.len(), 4);
    assert!(moments.iter().all(|at| *at == moments[0]));
    assert_eq!(inbox(&stage, stage.bidders[1].0), ["award-won"]);
    assert_eq!(inbox(&stage, stage.bidders[0].0), ["award-lost"]);
    let running: Vec<String> = stage.portal.read(|db| {
        Ok(clocks::table
            .filter(clocks::done_at.is_null())
            .select(clocks::code)
            .load(db)?)
    });
    assert_eq!(running, ["signing"]);

    let result = stage.path("/result");
    let public = stage.portal.anonymous().get(&result);
    public
        .expect(200)
        .see("示范社工事务所1号")
        .see("95,000.00")
        .see("玖万伍仟元整")
        .see("人员费用");
    assert!(
        !public.body.contains("示范社工事务所0号"),
        "a loser is named in public"
    );
    // Until when and where to write: dates, not periods (3 working days, then 7, from Monday 2026-03-02).
    public
        .see("2026-03-05")
        .see("2026-03-16")
        .see("示范镇人民政府")
        .see("0512-00000001");
    assert!(public.has(&format!("aside a[href='{}']", stage.path("/opening"))));
    public.see("不是法律条文");
    // The notice says the same in words, above its data.
    let notice: i64 = stage.portal.read(|db| {
        Ok(publications::table
            .filter(publications::kind.eq("award"))
            .select(publications::id)
            .first(db)?)
    });
    let notice = stage
        .portal
        .anonymous()
        .get(&stage.path(&format!("/notices/{notice}")));
    let told = notice.expect(200).text_of("dl").unwrap();
    for words in [
        "示范社工事务所1号",
        "示范路1号",
        "95,000.00 元",
        "99.00 分",
        "人员费用",
        "3 个工作日",
    ] {
        assert!(told.contains(words), "{words} is not in {told}");
    }
    assert!(notice.has(&format!("article a[href='{result}']")));
    // A loser sees its own rank, and of others what is public.
    let preparer = stage.bidder(0, Role::Preparer);
    let loser = preparer.get(&result);
    loser
        .expect(200)
        .see("示范社工事务所0号 的评审情况")
        .see("第 2 名")
        .see("98.00");
    assert!(!loser.body.contains("示范社工事务所2号") && !loser.body.contains("97.00"));
    let own = preparer.get(&stage.path("/bid"));
    own.expect(200).see("结果已公布").see_not("任何人都看不到");
    assert!(own.has(&format!("aside a[href='{result}']")));
    let outsider = stage.portal.body(BodyKind::Provider, "局外社工中心", None);
    let outsider = stage
        .portal
        .member("out", outsider, &[Role::Submitter])
        .get(&result);
    assert!(!outsider.expect(200).body.contains("评审情况"));
}

fn an_award_that_cannot_stand_is_cancelled(database: Database) {
    let stage = ranked(database);
    award(&stage, 1, "", "").expect(303);
    let page = stage.path("/award");
    let action = stage.path("/award/cancel");
    stage
        .officer
        .submit(&page, &action, &[("reason", "拒签")])
        .expect(422);
    stage
        .officer
        .submit(&page, &action, &[("ground", "refused_to_sign")])
        .expect(422)
        .see("请填写此项");
    stage
        .officer
        .submit(
            &page,
            &action,
            &[
                ("ground", "refused_to_sign"),
                ("reason", "书面声明放弃签约"),
            ],
        )
        .expect(303);
    assert_eq!(stage.tender_state(), "evaluated");
    assert_eq!(running(&stage), ["decision"]);
    stage
        .portal
        .anonymous()
        .get(&stage.path("/result"))
        .expect(404);
    // What fell is still told, but leads nowhere.
    let notices = stage.portal.anonymous().get(&stage.path(""));
    let notices: Vec<String> = notices
        .html()
        .select(&scraper::Selector::parse(".news a").unwrap())
        .filter_map(|link| link.value().attr("href").map(str::to_owned))
        .collect();
    assert_eq!(notices.len(), 2);
    for notice in &notices {
        let told = stage.portal.anonymous().get(notice);
        assert!(!told.expect(200).has("article p a[href$='/result']"));
    }
    let cancelled = stage.portal.anonymous().get(&notices[1]);
    cancelled.see("拒绝签订合同");
    award(&stage, 1, "", "").expect(422).see("已被取消");
    award(&stage, 0, "", "").expect(303);
    assert_eq!(running(&stage), ["signing"]);
    assert_eq!(
        inbox(&stage, stage.bidders[0].0),
        ["award-lost", "award-cancelled", "award-won"]
    );
    // Once a side has signed, nothing is cancelled.
    let id = draw_up(&stage);
    fill_in(&stage, id, &[]);
    offer(&stage, id);
    let signatory = stage.bidder(0, Role::Signatory);
    sign_by_password(&signatory, id, PASSWORD).expect(303);
    stage
        .officer
        .submit(
            &page,
            &action,
            &[("ground", "refused_to_sign"), ("reason", "拒签")],
        )
        .expect(422)
        .see("已有一方签署");
}

fn what_nobody_signed_falls_with_its_award(database: Database) {
    let stage = ranked(database);
    award(&stage, 1, "", "").expect(303);
    let id = draw_up(&stage);
    fill_in(&stage, id, &[]);
    offer(&stage, id);
    stage
        .officer
        .submit(
            &stage.path("/award"),
            &stage.path("/award/cancel"),
            &[
                ("ground", "refused_to_sign"),
                ("reason", "书面声明放弃签约"),
            ],
        )
        .expect(303);
    assert_eq!(state_of(&stage), "cancelled");
    stage
        .officer
        .get(&format!("/contracts/{id}"))
        .expect(200)
        .see("合同随成交结果取消而作废")
        .see("书面声明放弃签约");
    assert_eq!(running(&stage), ["decision"]);
    // Given up altogether, nothing is left to be done in time.
    let manage = stage.path("/manage");
    let fields = [("ground", "task_gone"), ("cancel_reason", "社区规划调整")];
    stage
        .officer
        .submit(&manage, &stage.path("/cancel"), &fields)
        .expect(303);
    assert_eq!(stage.tender_state(), "cancelled");
    assert!(running(&stage).is_empty());
}

/// The codes of the clocks that run.
fn running(stage: &Stage) -> Vec<String> {
    stage.portal.read(|db| {
        Ok(clocks::table
            .filter(clocks::done_at.is_null())
            .select(clocks::code)
            .load(db)?)
    })
}

fn set_proof(stage: &Stage, bidder: usize, state: &'static str) {
    let body = stage.bidders[bidder].0;
    stage.portal.write(move |tx| {
        diesel::update(providers::table.filter(providers::body_id.eq(body)))
            .set(providers::state.eq(state))
            .execute(tx.db)?;
        Ok(())
    });
}

fn nobody_signs_in_an_unproven_name(database: Database) {
    let stage = ranked(database);
    stage
        .officer
        .get(&stage.path("/award"))
        .expect(200)
        .see_not("未核验");
    set_proof(&stage, 1, "unproven");
    let action = stage.path("/contract");
    for page in ["/award", "/evaluation", "/opening"] {
        stage
            .officer
            .get(&stage.path(page))
            .expect(200)
            .see("未核验");
    }
    award(&stage, 1, "", "").expect(303);
    let result = stage.path("/result");
    stage
        .officer
        .get(&result)
        .expect(200)
        .see("核验通过后才能起草合同");
    let own = stage.bidder(1, Role::Signatory);
    own.get(&result).expect(200).see("申请核验");
    stage.portal.anonymous().get(&result).see_not("核验");
    set_proof(&stage, 1, "proven");
    let ready = stage.officer.get(&result);
    set_proof(&stage, 1, "unproven");
    assert!(
        !stage
            .officer
            .get(&result)
            .has(&format!("form[action='{action}']"))
    );
    stage
        .officer
        .submit_from(&ready, &action, &[])
        .expect(422)
        .see("尚未核验");

    set_proof(&stage, 1, "proven");
    let id = draw_up(&stage);
    fill_in(&stage, id, &[]);
    let (page, action) = (format!("/contracts/{id}"), format!("/contracts/{id}/offer"));
    let ready = stage.officer.get(&page);
    set_proof(&stage, 1, "refused");
    assert!(
        !stage
            .officer
            .get(&page)
            .expect(200)
            .see("未核验")
            .has(&format!("form[action='{action}']"))
    );
    stage
        .officer
        .submit_from(&ready, &action, &[])
        .expect(422)
        .see("尚未核验");
    assert_eq!(state_of(&stage), "drafted");
    set_proof(&stage, 1, "proven");
    offer(&stage, id);
    let sign = format!("/contracts/{id}/sign");
    let ready = own.get(&sign);
    set_proof(&stage, 1, "unproven");
    own.submit_from(
        &ready,
        &format!("{sign}-by-password"),
        &[("password", PASSWORD)],
    )
    .expect(422)
    .see("尚未核验");
    assert_eq!(own.get(&sign).status, 303);
    own.get(&page).expect(200).see("办理登记核验");
    set_proof(&stage, 1, "proven");
    sign_by_password(&own, id, PASSWORD).expect(303);
}

fn draw_up(stage: &Stage) -> i64 {
    let reply = stage
        .officer
        .submit(&stage.path("/result"), &stage.path("/contract"), &[]);
    let place = reply.expect(303).location.clone().unwrap();
    place.split('/').nth(2).unwrap().parse().unwrap()
}

fn fill_in(stage: &Stage, id: i64, more: &[(&str, &str)]) -> Reply {
    let page = format!("/contracts/{id}/edit");
    let mut fields = vec![
        ("payment", "按季度支付，收到发票后 30 日内付清"),
        ("duties", "每季度验收一次，邀请服务对象参加"),
        ("phone", "0512-00000009"),
    ];
    fields.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
    fields.extend_from_slice(more);
    stage.officer.submit(&page, &page, &fields)
}

fn offer(stage: &Stage, id: i64) {
    let page = format!("/contracts/{id}");
    stage
        .officer
        .submit(&page, &format!("{page}/offer"), &[])
        .expect(303);
}

fn sign_by_password(client: &Client, id: i64, password: &str) -> Reply {
    client.submit(
        &format!("/contracts/{id}/sign"),
        &format!("/contracts/{id}/sign-by-password"),
        &[("password", password)],
    )
}

fn amounts(stage: &Stage) -> Vec<(i64, String)> {
    stage.portal.read(|db| {
        Ok(contracts::table
            .order(contracts::id)
            .select((contracts::amount_fen, contracts::scope))
            .load(db)?)
    })
}

fn the_winners_content_is_locked(database: Database) {
    let stage = ranked(database);
    award(&stage, 1, "", "").expect(303);
    let id = draw_up(&stage);
    let before = amounts(&stage);
    assert_eq!(before[0].0, 9_500_000);
    assert!(before[0].1.contains("每周上门巡访一次") && before[0].1.contains("第1号方案"));
    for (field, value) in [
        ("amount", "99999"),
        ("amount_fen", "1"),
        ("term_to", "2030-01-01"),
        ("scope", "什么都不做"),
        ("provider_id", "1"),
        ("communities", "320585100003"),
    ] {
        fill_in(&stage, id, &[(field, value)])
            .expect(422)
            .see("政府采购法 §46");
    }
    assert_eq!(amounts(&stage), before);
    let payment: String = stage
        .portal
        .read(|db| Ok(contracts::table.select(contracts::payment).first(db)?));
    assert_eq!(payment, "", "a refused form was saved in part");

    fill_in(&stage, id, &[("secrets", "payment")])
        .expect(422)
        .see("须写明理由");
    fill_in(&stage, id, &[("secret_reason", "商业秘密")])
        .expect(422)
        .see("没有选择不公开的部分");
    fill_in(
        &stage,
        id,
        &[("secrets", "amount_fen"), ("secret_reason", "商业秘密")],
    )
    .expect(422);
    fill_in(&stage, id, &[("phone", "")]).expect(422);
    let page = format!("/contracts/{id}/edit");
    let stale = stage.officer.get(&page);
    fill_in(&stage, id, &[]).expect(303);
    stage
        .officer
        .submit_from(&stale, &page, &[("payment", "旧"), ("duties", "旧")])
        .expect(409);
    assert_eq!(amounts(&stage), before);
    // Drawn up once only, and nobody but the purchaser sees a draft.
    let action = stage.path("/contract");
    assert!(
        !stage
            .officer
            .get(&stage.path("/result"))
            .has(&format!("form[action='{action}']"))
    );
    let show = format!("/contracts/{id}");
    stage.bidder(1, Role::Signatory).get(&show).expect(404);
    stage.portal.anonymous().get(&show).expect(404);
}

fn both_sides_sign_and_it_is_public(database: Database) {
    let stage = ranked(database);
    award(&stage, 1, "", "").expect(303);
    let id = draw_up(&stage);
    let show = format!("/contracts/{id}");
    let sign = format!("/contracts/{id}/sign");
    // Empty parts are not offered.
    stage
        .officer
        .submit(&show, &format!("{show}/offer"), &[])
        .expect(303);
    assert_eq!(state_of(&stage), "drafted");
    fill_in(
        &stage,
        id,
        &[("secrets", "payment"), ("secret_reason", "涉及商业秘密")],
    )
    .expect(303);
    offer(&stage, id);
    assert_eq!(state_of(&stage), "signing");

    // Both signatories find it first, with its limit; the officer sees who is waited for.
    let limit = stage.portal.read(|db| {
        Ok(clocks::table
            .filter(clocks::code.eq("signing"))
            .select(clocks::due_at)
            .first::<chrono::NaiveDateTime>(db)?)
    });
    let limit = sanshe::kernel::instant::deadline(limit);
    let mayor = stage
        .portal
        .member("mayor", stage.buyer, &[Role::Signatory]);
    let provider = stage.bidder(1, Role::Signatory);
    for signatory in [&mayor, &provider] {
        let desk = signatory.get("/work");
        assert!(desk.has(&format!(".todo li:first-child a[href='{sign}']")));
        desk.see(&limit).see("§46");
    }
    let desk = stage.officer.get("/work");
    desk.see("等待双方签署合同")
        .see("尚未签署：采购人、承接单位")
        .see(&limit);
    assert!(desk.has(&format!(".todo a[href='{show}']")));

    let rival = stage.bidder(0, Role::Signatory);
    rival.get(&show).expect(404);
    rival.get(&sign).expect(404);
    stage.bidder(1, Role::Submitter).get(&sign).expect(403);
    stage.officer.get(&sign).expect(403);
    stage.portal.anonymous().get(&sign).expect(401);

    provider
        .get(&show)
        .expect(200)
        .see("按季度支付")
        .see("不向公众公开");
    sign_by_password(&provider, id, "wrong-password-1")
        .expect(422)
        .see("密码不正确");
    for (file, words) in [
        (&b"just text"[..], "须为 PDF"),
        (b"PK\x03\x04zip", "须为 PDF"),
        (b"", ""),
    ] {
        let reply = provider.upload(&sign, &sign, &[], &[("scan", "合同.pdf", file)]);
        reply.expect(422).see(words);
    }
    provider
        .upload(&sign, &sign, &[], &[])
        .expect(422)
        .see("请选择扫描件");
    let stale = provider.get(&sign);
    provider
        .upload(&sign, &sign, &[], &[("scan", "合同签署件.pdf", PDF)])
        .expect(303);
    assert_eq!(state_of(&stage), "signing");
    stage
        .officer
        .get("/work")
        .see("尚未签署：采购人")
        .see_not("采购人、承接单位");
    // The page says whose hand is missing, until when, and that the other side has signed.
    let seen = stage.officer.get(&show);
    seen.see("尚未签署：采购人<")
        .see(&limit)
        .see("签署合同")
        .see("bidder1-signatory");
    let manage = stage.officer.get(&stage.path("/manage"));
    assert!(manage.has(&format!("[data-next] a[href='{show}']")));
    manage.see("合同正在等待双方签署");
    stage.portal.anonymous().get(&show).expect(404);
    let twice = format!("{sign}-by-password");
    provider
        .submit_from(&stale, &twice, &[("password", PASSWORD)])
        .expect(422)
        .see("已经签署");
    // Signed is not editable, nor taken back.
    let edit = stage.officer.get(&format!("{show}/edit"));
    assert_eq!(edit.status, 303);
    assert!(
        !stage
            .officer
            .get(&show)
            .has(&format!("form[action='{show}/take-back']"))
    );

    sign_by_password(&mayor, id, PASSWORD).expect(303);
    assert_eq!(state_of(&stage), "published");
    assert_eq!(stage.tender_state(), "contracted");
    assert_eq!(stage.project_state(), "contracted");
    assert_eq!(
        inbox(&stage, stage.bidders[1].0).last().map(String::as_str),
        Some("contract-published")
    );
    let open: i64 = stage.portal.read(|db| {
        Ok(clocks::table
            .filter(clocks::done_at.is_null())
            .count()
            .get_result(db)?)
    });
    assert_eq!(open, 0, "a clock still runs");

    // What is over is offered no more; what was done is found, each once.
    let manage = stage.officer.get(&stage.path("/manage"));
    manage.expect(200).see_not("确定成交人").see_not("答复提问");
    for path in [
        show.clone(),
        stage.path("/opening"),
        stage.path("/history"),
        stage.path("/result"),
        stage.path("/evaluation"),
    ] {
        let links = manage.body.matches(&format!("href=\"{path}\"")).count();
        assert_eq!(links, 1, "{path}");
    }
    // Signed in just now, nobody is asked for a password.
    manage.see_not("重新输入密码");

    let visitor = stage.portal.anonymous();
    let public = visitor.get(&show);
    public
        .expect(200)
        .see("TC-HT-2026-0001")
        .see("示范社工事务所1号")
        .see("95,000.00")
        .see("0512-00000009")
        .see("依法不予公开")
        .see("涉及商业秘密")
        .see("中区社区居委会")
        .see("每季度验收一次");
    for secret in ["按季度支付", "bidder1", "mayor", "/scans/"] {
        let shown = public.text_of("main").unwrap();
        assert!(!shown.contains(secret), "{secret} is public");
    }
    visitor
        .get(&format!("{show}/print"))
        .expect(200)
        .see("依法不予公开");
    let content: String = stage.portal.read(|db| {
        Ok(publications::table
            .filter(publications::kind.eq("contract"))
            .select(publications::content)
            .first(db)?)
    });
    assert!(!content.contains("按季度支付") && content.contains("9500000"));

    // The scan is for the two sides.
    let scan = provider.get(&show);
    let link = scan.html();
    let selector = scraper::Selector::parse("a[href*='/scans/']").unwrap();
    let link = link
        .select(&selector)
        .next()
        .unwrap()
        .value()
        .attr("href")
        .unwrap()
        .to_owned();
    assert_eq!(
        provider.get(&link).expect(200).headers["content-type"],
        "application/pdf"
    );
    stage.officer.get(&link).expect(200);
    visitor.get(&link).expect(404);
    rival.get(&link).expect(404);
    provider.get(&format!("{show}/scans/999999")).expect(404);

    // Lists, filters, CSV, and what the communities' pages ask for.
    for (query, there) in [
        ("", true),
        ("?region=320585100", true),
        ("?region=320585101", false),
        ("?region=320585100002", true),
        ("?code=A04", true),
        ("?code=B", false),
        ("?q=%E7%A4%BA%E8%8C%83%E7%A4%BE%E5%B7%A5", true),
        ("?q=%25", false),
        // 中区: a community of the contract; 复兴: one of another town.
        ("?q=%E4%B8%AD%E5%8C%BA", true),
        ("?q=%E5%A4%8D%E5%85%B4", false),
        ("?year=2026", true),
        ("?year=2030", false),
        ("?year=abc&code=%3Cscript%3E&after=zz&region=xx", true),
    ] {
        let list = visitor.get(&format!("/contracts{query}"));
        assert_eq!(
            list.expect(200).body.contains("TC-HT-2026-0001"),
            there,
            "{query}"
        );
    }
    let csv = visitor.get("/contracts.csv");
    csv.expect(200)
        .see("95000.00")
        .see("320585100001;320585100002");
    assert!(!csv.body.contains("按季度支付"));
    let found = stage
        .portal
        .read(move |db| {
            Ok(contracts_room::find_public(
                db,
                contracts_room::ContractId(id),
            )?)
        })
        .unwrap();
    assert_eq!(found.payment, "", "a secret leaves the room");
    let later = sanshe::kernel::instant::shanghai_date(stage.portal.now()) + chrono::Days::new(400);
    assert_eq!(found.course(later), contracts_room::Course::Ended);
    stage.portal.move_clock_by(chrono::Duration::days(400));
    visitor.get(&show).expect(200).see("已到期");
}

fn state_of(stage: &Stage) -> String {
    stage
        .portal
        .read(|db| Ok(contracts::table.select(contracts::state).first(db)?))
}

pub fn file(rows: &[String]) -> String {
    format!(
        "title,catalogue_code,provider_credit_code,provider_name,amount_yuan,term_from,term_to,communities,phone,scope\n{}\n",
        rows.join("\n")
    )
}

pub fn row(title: &str, communities: &str) -> String {
    let code = CreditCode::make("52", "320585", "MJ000077").unwrap();
    format!(
        "{title},A1003,{},晨星社会工作服务中心,\"36,000.00\",2025-09-01,2026-08-31,{communities},0512-00000005,每月两次小组活动",
        code.as_str()
    )
}

fn running_contracts_are_entered_afterwards(database: Database) {
    let mut portal = Portal::start(database);
    portal.may_leave_jobs = true;
    let town = portal.body(
        BodyKind::TownGovernment,
        "示范镇人民政府",
        Some("320585100"),
    );
    let officer = portal.member("zhang", town, &[Role::Officer]);
    let worker = portal.member("wang", town, &[Role::Signatory]);
    worker.get("/contracts/import").expect(403);
    let send = |text: &str| {
        officer.upload(
            "/contracts/import",
            "/contracts/import",
            &[],
            &[("file", "合同.csv", text.as_bytes())],
        )
    };
    officer
        .upload("/contracts/import", "/contracts/import", &[], &[])
        .expect(422)
        .see("请选择文件");
    // One bad row of three: nothing is entered, and the place is named.
    let bad = row("青少年服务", "320585100001")
        .replace("2026-08-31", "2026-02-30")
        .replace("\"36,000.00\"", "-5");
    let refused = send(&file(&[
        row("残疾人日间照料", "320585100001"),
        bad,
        row("养老", "320585100999"),
    ]));
    refused.expect(422).see("合同金额（元）").see("到期日期");
    let refused = send(&file(&[
        row("残疾人日间照料", "320585100001"),
        row("养老", "320585100999;320585"),
    ]));
    refused.expect(422).see("320585100999").see("没有代码");
    let twice = row("残疾人日间照料", "320585100001");
    send(&file(&[twice.clone(), twice])).expect(422).see("重复");
    let count = || portal.read(|db| Ok(contracts::table.count().get_result::<i64>(db)?));
    assert_eq!(count(), 0);

    let good = file(&[
        row("残疾人日间照料", "320585100001；320585100002"),
        row("青少年服务", "320585100003"),
    ]);
    send(&good).expect(303);
    assert_eq!(count(), 2);
    send(&good).expect(422).see("已经补录过");
    assert_eq!(count(), 2);
    let visitor = portal.anonymous();
    visitor
        .get("/contracts")
        .expect(200)
        .see("残疾人日间照料")
        .see("补录")
        .see("TC-HT-2026-0002");
    visitor
        .get("/contracts/1")
        .expect(200)
        .see("补录")
        .see("启用之前")
        .see("0512-00000005")
        .see("补录合同")
        .see_not("zhang");
    // Looked at again where it is written: two officers may send the same file at once.
    let rows = contracts_room::read_import(good.as_bytes()).unwrap();
    let again = portal
        .state
        .store
        .write_blocking(move |tx| contracts_room::import_contracts(tx, None, town, &rows));
    assert!(again.is_err(), "entered twice");
    assert_eq!(count(), 2);
    let served = portal.anonymous().get("/communities/320585100002");
    served.expect(200).see("残疾人日间照料").see("补录");
    assert_eq!(served.body.matches("href=\"/contracts/").count(), 1);
}

/// Both sides sign at the same moment, each twice: two signatures, one publication.
fn signatures_at_once_publish_once(database: Database) {
    for _ in 0..3 {
        let stage = ranked(database);
        award(&stage, 1, "", "").expect(303);
        let id = draw_up(&stage);
        fill_in(&stage, id, &[]).expect(303);
        offer(&stage, id);
        let provider = stage.bidder(1, Role::Signatory);
        let mayor = stage
            .portal
            .member("mayor", stage.buyer, &[Role::Signatory]);
        let sign = format!("/contracts/{id}/sign");
        let action = format!("{sign}-by-password");
        let asked: Vec<(&Client, Reply)> = [&provider, &mayor, &provider, &mayor]
            .map(|client| (client, client.get(&sign)))
            .into();
        let mut answers: Vec<u16> = std::thread::scope(|scope| {
            let signing: Vec<_> = asked
                .iter()
                .map(|(client, shown)| {
                    let fields = [("password", PASSWORD)];
                    let action = &action;
                    scope.spawn(move || client.submit_from(shown, action, &fields).status)
                })
                .collect();
            signing.into_iter().map(|s| s.join().unwrap()).collect()
        });
        answers.sort_unstable();
        assert_eq!(answers[..2], [303, 303]);
        assert!(
            answers[2..]
                .iter()
                .all(|status| (400..500).contains(status)),
            "{answers:?}"
        );
        assert_eq!(state_of(&stage), "published");
        let (signatures, notices): (i64, i64) = stage.portal.read(move |db| {
            let signatures = sanshe::schema::contract_signatures::table
                .filter(sanshe::schema::contract_signatures::contract_id.eq(id))
                .count()
                .get_result(db)?;
            let notices = publications::table
                .filter(publications::kind.eq("contract"))
                .count()
                .get_result(db)?;
            Ok((signatures, notices))
        });
        assert_eq!((signatures, notices), (2, 1));
    }
}

/// The command enters all rows or none, and names each bad place as compilers do.
fn the_command_imports_all_or_nothing(database: Database) {
    use sanshe::infra::db::DatabaseUrl;
    let portal = Portal::start(database);
    let town = portal.body(
        BodyKind::TownGovernment,
        "示范镇人民政府",
        Some("320585100"),
    );
    let provider = portal.body(BodyKind::Provider, "晨星社会工作服务中心", None);
    portal.run_jobs();
    let path = portal.data.join("running.csv");
    let run = |body: BodyId, text: &str| {
        std::fs::write(&path, text).unwrap();
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_sanshe"));
        command
            .args(["import-contracts", "--demo", "--data"])
            .arg(&portal.data)
            .args(["--body", &body.to_string()])
            .arg(&path)
            .env("LANG", "zh_CN.UTF-8")
            .env_remove("LC_ALL")
            .env_remove("SANSHE_DATABASE");
        if let DatabaseUrl::Postgres(url) = &portal.state.config.database {
            command.env("SANSHE_DATABASE", url);
        }
        let output = command.output().unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let count = || portal.read(|db| Ok(contracts::table.count().get_result::<i64>(db)?));
    let good = row("残疾人日间照料", "320585100001；320585100002");
    let bad = row("青少年服务", "320585100001")
        .replace("2026-08-31", "2026-02-30")
        .replace("\"36,000.00\"", "-5");
    let (code, said, why) = run(town, &file(&[good.clone(), bad]));
    assert_eq!((code, said.as_str()), (Some(1), ""));
    for place in [
        "running.csv:3: 合同金额（元）: ",
        "running.csv:3: 到期日期: ",
    ] {
        assert!(why.contains(place), "no {place} in {why}");
    }
    assert!(why.contains("nothing was imported"), "{why}");
    let (code, _, why) = run(town, &file(&[good.clone(), row("养老", "320585100999")]));
    assert_eq!(code, Some(1));
    assert!(why.contains("running.csv:3: 服务地区编码: "), "{why}");
    let (code, _, why) = run(provider, &file(std::slice::from_ref(&good)));
    assert_eq!(code, Some(1));
    assert!(why.contains("buys nothing"), "{why}");
    assert_eq!(count(), 0);
    let rows: Vec<String> = (0..40)
        .map(|n| row(&format!("青少年服务 {n}"), "320585100003"))
        .chain([good])
        .collect();
    let (code, said, why) = run(town, &file(&rows));
    assert_eq!(code, Some(0), "{why}");
    assert!(said.contains("41"), "{said}");
    assert_eq!(count(), 41);
    let (code, _, why) = run(town, &file(&rows));
    assert_eq!(code, Some(1), "the same rows were entered twice: {why}");
    assert_eq!(count(), 41);
    portal
        .anonymous()
        .get(
            "/contracts?q=残疾人"
                .replace("残疾人", "%E6%AE%8B%E7%96%BE%E4%BA%BA")
                .as_str(),
        )
        .expect(200)
        .see("残疾人日间照料")
        .see("补录");
}

/// The file holds what the list holds, however long that is.
fn the_file_of_contracts_is_whole(database: Database) {
    let mut portal = Portal::start(database);
    portal.may_leave_jobs = true;
    let buyer = portal.body(BodyKind::Bureau, "示范民政局", Some("320585"));
    let codes = portal.read(|db| {
        let all = sanshe::regions::list_communities(db)?;
        Ok(format!("{};{}", all[0].code, all[1].code))
    });
    let from = sanshe::kernel::instant::shanghai_date(portal.now());
    let to = from + chrono::Duration::days(300);
    let text = "title,catalogue_code,provider_credit_code,provider_name,amount_yuan,term_from,term_to,communities,phone,scope\n".to_owned();
    let code = CreditCode::make("52", "320585", "MJ000077").unwrap();
    let mut files = vec![text.clone(), text];
    for n in 0..600 {
        let row = format!(
            "合同 {n},A0402,{},晨星服务中心,1000,{from},{to},{codes},0512-1234567转801,巡访\n",
            code.as_str()
        );
        files[n / 300] += &row;
    }
    portal.write(move |tx| {
        for file in &files {
            let rows = contracts_room::read_import(file.as_bytes()).unwrap();
            contracts_room::import_contracts(tx, None, buyer, &rows)?;
        }
        Ok(())
    });
    let csv = portal.anonymous().get("/contracts.csv");
    let lines: Vec<&str> = csv.expect(200).body.lines().collect();
    assert_eq!(lines.len(), 601);
    assert!(lines[1..].iter().all(|line| line.contains(&codes)));
    let distinct: std::collections::BTreeSet<&str> = lines.iter().copied().collect();
    assert_eq!(distinct.len(), 601);
    let list = portal.anonymous().get("/contracts?q=%25");
    assert!(!list.body.contains("合同 1"), "a sign is no wildcard");
}

on_both!(
    the_file_of_contracts_is_whole,
    signatures_at_once_publish_once,
    the_command_imports_all_or_nothing,
    the_first_in_rank_is_awarded,
    an_award_that_cannot_stand_is_cancelled,
    what_nobody_signed_falls_with_its_award,
    nobody_signs_in_an_unproven_name,
    the_winners_content_is_locked,
    both_sides_sign_and_it_is_public,
    running_contracts_are_entered_afterwards,
);
