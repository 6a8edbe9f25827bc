//! Story step 7: a panel is drawn, each member scores alone, the ranking follows exactly.

use crate::on_both;
use crate::support::stage::{BUDGET, Stage, opened};
use crate::support::{Client, Database, Reply};
use diesel::prelude::*;
use sanshe::kernel::roles::{BodyKind, Role};
use sanshe::schema::{panel_members, people, results, scores};

const PRICES: &[i64] = &[10_000_000, 9_500_000, 11_000_000];

fn form_panel(stage: &Stage, size: &str) -> Reply {
    let page = stage.path("/panel");
    stage.officer.submit(&page, &page, &[("size", size)])
}

/// The panel's members, signed in, in the order of the draw.
fn members(stage: &Stage) -> Vec<(String, Client)> {
    let names: Vec<String> = stage.portal.read(|db| {
        Ok(panel_members::table
            .inner_join(people::table.on(people::id.eq(panel_members::person_id)))
            .filter(panel_members::recused_at.is_null())
            .order(panel_members::id)
            .select(people::name)
            .load(db)?)
    });
    names
        .into_iter()
        .map(|name| {
            let client = stage.portal.signed_in(&name);
            (name, client)
        })
        .collect()
}

fn declare(stage: &Stage, member: &Client) {
    let page = format!("/panel/{}", stage.tender);
    member
        .submit(&page, &format!("{page}/declare"), &[("no_conflict", "yes")])
        .expect(303);
}

fn bid_page(stage: &Stage, bid: usize) -> String {
    format!("/panel/{}/bids/{}", stage.tender, stage.bidders[bid].1)
}

fn score(stage: &Stage, member: &Client, bid: usize, points: [&str; 2]) -> Reply {
    let page = bid_page(stage, bid);
    member.submit(
        &page,
        &page,
        &[
            ("points_1", points[0]),
            ("points_2", points[1]),
            ("note_1", "方案完整"),
        ],
    )
}

fn submit(stage: &Stage, member: &Client, reason: &str) -> Reply {
    let page = format!("/panel/{}", stage.tender);
    let fields: &[(&str, &str)] = if reason.is_empty() {
        &[]
    } else {
        &[("reason", reason)]
    };
    member.submit(&page, &format!("{page}/submit"), fields)
}

fn a_panel_is_lawful(database: Database) {
    let stage = opened(database, PRICES);
    let portal = &stage.portal;
    for (size, words) in [
        ("", "请填写此项"),
        ("三", "请填写数字"),
        ("1", "不得少于 3 人"),
        ("4", "应为单数"),
        ("7", "只有 5 人"),
    ] {
        let refused = form_panel(&stage, size);
        refused.expect(422).see(words);
        assert!(
            size.is_empty() || refused.has(&format!("input[value='{size}']")),
            "{size} is not kept"
        );
    }
    form_panel(&stage, "4").see("比选规则");
    form_panel(&stage, "7").see("§39");

    // Representatives: people of the purchaser who took no part in the opening, and never too many.
    let mut staff = Vec::new();
    for n in 0..3 {
        let person = portal.person(&format!("staff{n}"));
        portal.grant(person, stage.buyer, &[Role::Signatory]);
        staff.push(person);
    }
    let (tender, opener) = (stage.tender, staff[0]);
    portal.write(move |tx| {
        diesel::insert_into(sanshe::schema::openers::table)
            .values((
                sanshe::schema::openers::tender_id.eq(tender),
                sanshe::schema::openers::person_id.eq(opener),
                sanshe::schema::openers::at.eq(tx.now),
            ))
            .execute(tx.db)?;
        Ok(())
    });
    let page = stage.path("/panel");
    assert!(
        !stage
            .officer
            .get(&page)
            .has(&format!("input[name=representatives][value='{opener}']"))
    );
    let with = |people: &[&str]| {
        let mut fields = vec![("size", "3")];
        fields.extend(people.iter().map(|person| ("representatives", *person)));
        stage.officer.submit(&page, &page, &fields)
    };
    let ids: Vec<String> = staff.iter().map(ToString::to_string).collect();
    with(&[&ids[0]])
        .expect(422)
        .see("参加开标的人员不得参加评审");
    with(&["1", "2", &ids[1]]).expect(422);
    with(&["999999"]).expect(422);

    // Another town's officer finds nothing here.
    let other = portal.body(BodyKind::TownGovernment, "邻镇人民政府", Some("320585101"));
    let stranger = portal.member("li", other, &[Role::Officer]);
    stranger.get(&page).expect(404);
    stranger.get(&stage.path("/evaluation")).expect(404);
    portal.anonymous().get(&page).expect(401);

    form_panel(&stage, "3").expect(303);
    let shown = stage.officer.get(&page);
    let drawn = members(&stage);
    assert_eq!(drawn.len(), 3);
    for (name, _) in &drawn {
        shown.see(name);
    }
    assert!(
        !shown.has("input[name=size]"),
        "the panel could be formed twice"
    );

    // Secret: neither the public history nor anybody else's tells who was drawn.
    let history = portal.read(move |db| {
        sanshe::infra::ledger::history(db, ("tender", tender), None, chrono::NaiveDateTime::MAX)
    });
    assert!(
        history
            .iter()
            .all(|(line, _)| !line.what.starts_with("panel."))
    );
    portal
        .member("chen", stage.buyer, &[Role::Officer])
        .get(&stage.path("/history"))
        .expect(200)
        .see_not("seed");
    // The draw can be made again from what the ledger keeps.
    let record: Option<String> = portal.read(|db| {
        Ok(sanshe::schema::ledger_texts::table
            .inner_join(
                sanshe::schema::ledger::table
                    .on(sanshe::schema::ledger::id.eq(sanshe::schema::ledger_texts::ledger_id)),
            )
            .filter(sanshe::schema::ledger::what.eq("panel.drawn"))
            .select(sanshe::schema::ledger_texts::reason)
            .first(db)?)
    });
    assert!(record.unwrap().contains("\"seed\""));
}

fn members_score_alone(database: Database) {
    let stage = opened(database, PRICES);
    form_panel(&stage, "3").expect(303);
    let drawn = members(&stage);
    let (first, second) = (&drawn[0].1, &drawn[1].1);
    let own = format!("/panel/{}", stage.tender);

    // Before declaring there is nothing to read.
    first.get(&bid_page(&stage, 0)).expect(404);
    let page = first.get(&own);
    page.expect(200).see("声明无利害关系");
    // Against whom one declares, with the legal heads; what they offer comes after.
    for n in 0..PRICES.len() {
        page.see(&format!("示范社工事务所{n}号"));
    }
    page.see("某某").see_not("号方案").see_not("95,000.00");
    first
        .submit(&own, &format!("{own}/declare"), &[])
        .expect(422)
        .see("§9");
    declare(&stage, first);
    first
        .get("/panel")
        .expect(200)
        .see("居家养老巡访服务")
        .see("评分中");
    first
        .get(&bid_page(&stage, 1))
        .expect(200)
        .see("第1号方案")
        .see("95,000.00")
        .see("玖万伍仟元整");

    // Strangers: an expert who was not drawn, the officer, a bidder, somebody without an account.
    let outsider = (1..=5)
        .map(|n| format!("expert{n}"))
        .find(|name| drawn.iter().all(|(drawn, _)| drawn != name))
        .unwrap();
    stage.portal.signed_in(&outsider).get(&own).expect(404);
    stage.officer.get(&own).expect(404);
    stage.bidder(0, Role::Submitter).get(&own).expect(403);
    stage.portal.anonymous().get(&own).expect(401);

    for (typed, words) in [
        ("60.01", "不得超过满分 60 分"),
        ("12.345", "最多保留两位小数"),
        ("-1", "不得为负数"),
        ("很好", "请填写数字"),
        ("99999999999999999999", "不得超过满分"),
    ] {
        let refused = score(&stage, first, 0, [typed, "20"]);
        refused.expect(422).see(words);
        assert!(
            refused.has(&format!("input[name=points_1][value='{typed}']")),
            "{typed} is not kept"
        );
        assert!(refused.has("input[name=points_2][value='20']"));
    }
    let saved: i64 = stage
        .portal
        .read(|db| Ok(scores::table.count().get_result(db)?));
    assert_eq!(saved, 0, "a refused sheet was saved in part");

    // Part of it may be saved; zero is not the same as nothing.
    score(&stage, first, 0, ["０", ""]).expect(303);
    let page = first.get(&bid_page(&stage, 0));
    assert!(page.has("input[name=points_1][value='0.00']"));
    assert!(page.has("input[name=points_2][value='']"));
    first.get(&own).see("1 / 2 项");
    submit(&stage, first, "")
        .expect(422)
        .see("还有 5 项没有打分");

    // A sheet shown before somebody saved it is out of date.
    let stale = first.get(&bid_page(&stage, 0));
    score(&stage, first, 0, ["50", "20"]).expect(303);
    first
        .submit_from(
            &stale,
            &bid_page(&stage, 0),
            &[("points_1", "1"), ("points_2", "1")],
        )
        .expect(409);

    // The others' scores are nowhere.
    declare(&stage, second);
    let page = second.get(&bid_page(&stage, 0));
    assert!(page.has("input[name=points_1][value='']"));
    assert!(!page.body.contains("50.00") && !page.body.contains("方案完整"));
    let officer = stage.officer.get(&stage.path("/evaluation"));
    officer.expect(200);
    assert!(!officer.body.contains("50.00"));

    for bid in 1..3 {
        score(&stage, first, bid, ["50", "20"]).expect(303);
    }
    submit(&stage, first, "").expect(303);
    let page = first.get(&bid_page(&stage, 0));
    assert!(
        !page.has("input[name=points_1]"),
        "a submitted sheet can still be written"
    );
    first
        .submit_from(&stale, &bid_page(&stage, 0), &[("points_1", "1")])
        .expect(422)
        .see("不能再改");
    assert_eq!(stage.tender_state(), "opened");
    stage
        .officer
        .get(&stage.path("/evaluation"))
        .see("已提交评分表 1 份，共 3 份");
}

fn the_last_sheet_brings_the_exact_ranking(database: Database) {
    let stage = opened(database, PRICES);
    form_panel(&stage, "3").expect(303);
    // Means of the plans: 50, 50, 50.33…; staff 20 each. Prices: 9.50, 10, 8.64 (domain of the decree).
    let plans = [["50", "50", "50"], ["50", "50", "50"], ["50", "50", "51"]];
    for (m, (_, member)) in members(&stage).iter().enumerate() {
        declare(&stage, member);
        for (bid, plan) in plans.iter().enumerate() {
            score(&stage, member, bid, [plan[m], "20"]).expect(303);
        }
        assert_eq!(stage.tender_state(), "opened");
        submit(&stage, member, "").expect(303);
    }
    assert_eq!(stage.tender_state(), "evaluated");
    let found: Vec<(i64, String, String, i64)> = stage.portal.read(|db| {
        Ok(results::table
            .order(results::bid_id)
            .select((
                results::bid_id,
                results::price_points,
                results::total_points,
                results::rank,
            ))
            .load(db)?)
    });
    let shown: Vec<(&str, &str, i64)> = found
        .iter()
        .map(|(_, price, total, rank)| (price.as_str(), total.as_str(), *rank))
        .collect();
    assert_eq!(
        shown,
        [
            ("19/2", "159/2", 2),
            ("10/1", "80/1", 1),
            ("95/11", "2606/33", 3)
        ]
    );
    stage
        .officer
        .get(&stage.path("/evaluation"))
        .expect(200)
        .see("79.50")
        .see("80.00")
        .see("78.97")
        .see("9.50")
        .see("8.64");
    // The notice asks for the officer's act: it goes to the officers, and so does its mail.
    let told = "评审完成，请确定成交人";
    stage.officer.get("/inbox").see(told);
    let mayor = stage
        .portal
        .member("mayor", stage.buyer, &[Role::Signatory]);
    mayor.get("/inbox").expect(200).see_not(told);
    mayor
        .get("/work")
        .see("没有未读通知")
        .see("今天没有待办事项")
        .see_not("确定成交");
    stage.officer.get("/work").see("确定成交人");
    // Ranks are the officer's until the award.
    let bidder = stage.bidder(0, Role::Submitter);
    bidder.get(&stage.path("/evaluation")).expect(403);
    stage
        .portal
        .anonymous()
        .get(&stage.path("/result"))
        .expect(404);
    let history = stage.portal.read({
        let tender = stage.tender;
        move |db| {
            sanshe::infra::ledger::history(db, ("tender", tender), None, chrono::NaiveDateTime::MAX)
        }
    });
    assert!(
        !history
            .iter()
            .any(|(line, _)| line.what.starts_with("panel.")),
        "the panel is public before the award"
    );
    let line = history
        .iter()
        .find(|(line, _)| line.what == "tender.evaluated")
        .unwrap();
    assert_eq!(
        line.1.as_ref().unwrap().who,
        "",
        "the public line names a panel member"
    );
    // With the award each bidder reads what the panel wrote to its own bid, factor by factor, without names.
    let (page, first) = (stage.path("/award"), stage.bidders[1].1.to_string());
    stage
        .officer
        .submit(&page, &page, &[("bid", &first)])
        .expect(303);
    let loser = bidder.get(&stage.path("/result"));
    loser.expect(200).see("人员配备");
    assert_eq!(loser.body.matches("“方案完整”").count(), 1);
    let public = stage.portal.anonymous().get(&stage.path("/result"));
    public.expect(200).see_not("方案完整");
    // With the award the draw is published: the record of the ledger stands in the notice.
    let notice: String = stage.portal.read(|db| {
        use sanshe::schema::publications;
        Ok(publications::table
            .filter(publications::kind.eq("award"))
            .select(publications::content)
            .first(db)?)
    });
    let notice: serde_json::Value = serde_json::from_str(&notice).unwrap();
    let draw = notice.pointer("/draws/0").unwrap();
    let drawn = draw.get("drawn").unwrap().as_array().unwrap();
    assert_eq!(
        (
            drawn.len(),
            draw.get("seed").unwrap().as_str().unwrap().len()
        ),
        (3, 32)
    );
    stage
        .portal
        .anonymous()
        .get(&stage.path("/history"))
        .expect(200)
        .see("公布评审小组名单和抽取记录");
}

fn a_wide_spread_is_asked_about_once(database: Database) {
    let stage = opened(database, PRICES);
    form_panel(&stage, "3").expect(303);
    let drawn = members(&stage);
    // More than 18 of 60 points from the median: the third member's first bid.
    for (m, (_, member)) in drawn.iter().enumerate() {
        declare(&stage, member);
        for bid in 0..3 {
            let plan = if m == 2 && bid == 0 { "20" } else { "50" };
            score(&stage, member, bid, [plan, "20"]).expect(303);
        }
        submit(&stage, member, "").expect(303);
    }
    assert_eq!(
        stage.tender_state(),
        "opened",
        "a wide spread passed unasked"
    );
    let own = format!("/panel/{}", stage.tender);
    let odd = &drawn[2].1;
    odd.get(&own).see("请复核您的评分").see("需复核 1 项");
    assert!(!drawn[0].1.get(&own).body.contains("请复核您的评分"));
    odd.get(&bid_page(&stage, 0)).see("原给 20.00 分");

    // Only that score may change, and not into nothing.
    score(&stage, odd, 1, ["10", "20"])
        .expect(422)
        .see("不在复核之列");
    score(&stage, odd, 0, ["", "20"]).expect(422);
    score(&stage, odd, 0, ["45", "20"]).expect(303);
    submit(&stage, odd, "").expect(422).see("改分须写明理由");
    submit(&stage, odd, "合计有误，漏计一项").expect(303);
    assert_eq!(stage.tender_state(), "evaluated");
    let reasons: Vec<Option<String>> = stage.portal.read(|db| {
        Ok(sanshe::schema::ledger_texts::table
            .inner_join(
                sanshe::schema::ledger::table
                    .on(sanshe::schema::ledger::id.eq(sanshe::schema::ledger_texts::ledger_id)),
            )
            .filter(sanshe::schema::ledger::what.eq("sheet.rescored"))
            .select(sanshe::schema::ledger_texts::reason)
            .load(db)?)
    });
    assert!(reasons[0].as_ref().unwrap().contains("2000 → 4500"));

    // Confirming keeps the score, and nobody is asked twice.
    let stage = opened(database, PRICES);
    form_panel(&stage, "3").expect(303);
    let drawn = members(&stage);
    for (m, (_, member)) in drawn.iter().enumerate() {
        declare(&stage, member);
        for bid in 0..3 {
            let plan = if m == 0 && bid == 0 { "0" } else { "60" };
            score(&stage, member, bid, [plan, "20"]).expect(303);
        }
        submit(&stage, member, "").expect(303);
    }
    assert_eq!(stage.tender_state(), "opened");
    submit(&stage, &drawn[0].1, "").expect(303);
    assert_eq!(stage.tender_state(), "evaluated");
}

fn prices_above_the_budget_are_invalid(database: Database) {
    let stage = opened(database, &[10_000_000, 9_500_000, 11_000_000, BUDGET + 1]);
    form_panel(&stage, "3").expect(303);
    for (_, member) in &members(&stage) {
        declare(&stage, member);
        member.get(&bid_page(&stage, 3)).expect(200).see("投标无效");
        let own = format!("/panel/{}", stage.tender);
        member.get(&own).see("无效");
        for bid in 0..3 {
            score(&stage, member, bid, ["50", "20"]).expect(303);
        }
        submit(&stage, member, "").expect(303);
    }
    assert_eq!(stage.tender_state(), "evaluated");
    let ranked: i64 = stage
        .portal
        .read(|db| Ok(results::table.count().get_result(db)?));
    assert_eq!(ranked, 3);
    stage
        .officer
        .get(&stage.path("/evaluation"))
        .see("无效投标")
        .see("120,000.01")
        .see("政府采购法 §36");

    for prices in [
        &[BUDGET + 1, BUDGET + 2, BUDGET + 3][..],
        &[BUDGET, BUDGET, BUDGET + 1],
    ] {
        let stage = opened(database, prices);
        form_panel(&stage, "3").expect(303);
        assert_eq!(stage.tender_state(), "failed");
        assert_eq!(stage.project_state(), "failed");
        let kinds: Vec<String> = stage.portal.read(|db| {
            Ok(sanshe::schema::publications::table
                .select(sanshe::schema::publications::kind)
                .order(sanshe::schema::publications::id)
                .load(db)?)
        });
        assert_eq!(kinds.last().map(String::as_str), Some("failure"));
        let said = if prices[0] > BUDGET {
            ("报价均超过预算", "All prices are above the budget")
        } else {
            ("有效供应商数量不足", "Too few valid bids")
        };
        let anyone = stage.portal.anonymous();
        anyone
            .get(&stage.path(""))
            .expect(200)
            .see(said.0)
            .see("比选规则");
        anyone.get("/language?to=en&back=/");
        anyone
            .get(&stage.path(""))
            .expect(200)
            .see(said.1)
            .see_not(said.0);
        anyone
            .get(&stage.path("/history"))
            .expect(200)
            .see_not(said.0);
    }
}

fn who_steps_back_is_replaced(database: Database) {
    let stage = opened(database, PRICES);
    // Two of the five work for the sides, so the pool is three.
    for (name, body) in [("expert4", stage.buyer), ("expert5", stage.bidders[0].0)] {
        let name = name.to_owned();
        let role = if body == stage.buyer {
            Role::Signatory
        } else {
            Role::Preparer
        };
        let person = stage.portal.read(move |db| {
            Ok(
                sanshe::accounts::find_person_by_email(db, &format!("{name}@test.invalid"))?
                    .unwrap()
                    .id,
            )
        });
        stage.portal.grant(person, body, &[role]);
    }
    form_panel(&stage, "5").expect(422).see("只有 3 人");
    form_panel(&stage, "3").expect(303);
    let drawn = members(&stage);
    let own = format!("/panel/{}", stage.tender);
    let action = format!("{own}/recuse");
    drawn[0]
        .1
        .submit(&own, &action, &[])
        .expect(422)
        .see("请填写此项");
    drawn[0]
        .1
        .submit(
            &own,
            &action,
            &[("recuse_reason", "与投标单位负责人有近姻亲关系")],
        )
        .expect(303);
    drawn[0].1.get(&own).expect(404);
    // Nobody is left to draw: the purchaser hears of it, and draws when the pool has grown.
    assert_eq!(members(&stage).len(), 2);
    stage
        .officer
        .get(&stage.path("/panel"))
        .see("还缺 1 名成员");
    let draw = stage.path("/panel/draw");
    stage
        .officer
        .submit(&stage.path("/panel"), &draw, &[])
        .expect(422)
        .see("只有 0 人");
    let platform = stage.portal.body(BodyKind::Platform, "平台专家库", None);
    let person = stage.portal.person("expert6");
    stage.portal.grant(person, platform, &[Role::Expert]);
    stage
        .officer
        .submit(&stage.path("/panel"), &draw, &[])
        .expect(303);
    let now = members(&stage);
    assert_eq!(now.len(), 3);
    assert_eq!(now[2].0, "expert6");
    assert!(
        !stage
            .officer
            .get(&stage.path("/evaluation"))
            .body
            .contains("近姻亲")
    );
}

fn who_is_silent_is_reminded_then_replaced(database: Database) {
    let stage = opened(database, PRICES);
    form_panel(&stage, "3").expect(303);
    let drawn = members(&stage);
    let own = format!("/panel/{}", stage.tender);
    let page = stage.path("/panel");
    let (remind, replace) = (stage.path("/panel/remind"), stage.path("/panel/replace"));
    // One hands in, one has scored but not handed in, one says nothing.
    for (_, member) in &drawn[..2] {
        declare(&stage, member);
    }
    for bid in 0..PRICES.len() {
        score(&stage, &drawn[0].1, bid, ["50", "20"]).expect(303);
        score(&stage, &drawn[1].1, bid, ["0", "0"]).expect(303);
    }
    submit(&stage, &drawn[0].1, "").expect(303);

    // Everybody knows until when; the officer's desk says what is waited for, and offers no award.
    let due = stage.portal.now() + chrono::Duration::days(7);
    let day = sanshe::kernel::instant::date(due);
    let desk = stage.officer.get("/work");
    desk.see("等待评审小组评分")
        .see("已交评分表 1 / 3")
        .see(&day)
        .see_not("确定成交");
    assert!(desk.has(&format!(".todo a[href='{page}']")));
    for place in ["/work", "/panel", &own] {
        drawn[1].1.get(place).expect(200).see(&day);
    }
    drawn[0].1.get("/panel").see_not(&day);

    let reminded = |n: usize| {
        let inbox = drawn[n].1.get("/inbox");
        inbox.expect(200).body.matches("请尽快提交评分表").count()
    };
    stage.officer.submit(&page, &remind, &[]).expect(303);
    assert_eq!([reminded(0), reminded(1), reminded(2)], [0, 1, 1]);
    stage
        .officer
        .submit(&page, &remind, &[])
        .expect(422)
        .see("24 小时内已经催办过");
    assert_eq!([reminded(0), reminded(1), reminded(2)], [0, 1, 1]);

    let id_of = |name: &str| {
        let name = name.to_owned();
        let id: i64 = stage.portal.read(move |db| {
            Ok(people::table
                .filter(people::name.eq(&name))
                .select(people::id)
                .first(db)?)
        });
        id.to_string()
    };
    let silent = id_of(&drawn[1].0);
    let fields = [("member", silent.as_str()), ("replace_reason", "联系不上")];
    stage
        .officer
        .submit(&page, &replace, &fields)
        .expect(422)
        .see("请先催办");
    stage.portal.move_clock_by(chrono::Duration::hours(24));
    stage.officer.submit(&page, &remind, &[]).expect(303);
    assert_eq!([reminded(0), reminded(1), reminded(2)], [0, 2, 2]);
    stage.portal.move_clock_by(chrono::Duration::hours(24));
    stage
        .officer
        .submit(&page, &replace, &[("member", &silent)])
        .expect(422);
    let handed_in = id_of(&drawn[0].0);
    stage
        .officer
        .submit(
            &page,
            &replace,
            &[("member", &handed_in), ("replace_reason", "联系不上")],
        )
        .expect(422)
        .see("尚未提交的成员");
    stage.officer.submit(&page, &replace, &fields).expect(303);
    stage
        .officer
        .get(&page)
        .see("已更换")
        .see("联系不上")
        .see("共 3 份");
    drawn[1].1.get(&own).expect(404);
    drawn[1].1.get("/inbox").see("已由他人接替");
    let history = stage.officer.get(&stage.path("/history"));
    history.expect(200).see_not("联系不上");

    // The unfinished sheet counts for nothing: all three remaining say the same.
    let now = members(&stage);
    assert_eq!(now.len(), 3);
    assert!(now.iter().all(|(name, _)| *name != drawn[1].0));
    for (name, member) in now.iter().filter(|(name, _)| *name != drawn[0].0) {
        declare(&stage, member);
        for bid in 0..PRICES.len() {
            score(&stage, member, bid, ["50", "20"]).expect(303);
        }
        submit(&stage, member, "").expect(303);
        assert!(!name.is_empty());
    }
    assert_eq!(stage.tender_state(), "evaluated");
    stage
        .officer
        .get(&stage.path("/evaluation"))
        .see("79.50")
        .see("80.00");
}

/// Each of three sheets comes while the others do: one of them is the last, and brings one ranking.
fn last_sheets_at_once_rank_once(database: Database) {
    for _ in 0..3 {
        let stage = opened(database, PRICES);
        form_panel(&stage, "3").expect(303);
        let members = members(&stage);
        for (_, member) in &members {
            declare(&stage, member);
            for bid in 0..PRICES.len() {
                score(&stage, member, bid, ["50", "20"]).expect(303);
            }
        }
        let page = format!("/panel/{}", stage.tender);
        let shown: Vec<_> = members
            .iter()
            .map(|(_, member)| member.get(&page))
            .collect();
        std::thread::scope(|scope| {
            for ((_, member), shown) in members.iter().zip(&shown) {
                let action = format!("{page}/submit");
                scope.spawn(move || member.submit_from(shown, &action, &[]).expect(303).status);
            }
        });
        assert_eq!(stage.tender_state(), "evaluated");
        let tender = stage.tender;
        let (ranked, told): (i64, i64) = stage.portal.read(move |db| {
            let ranked = results::table
                .filter(results::tender_id.eq(tender))
                .count()
                .get_result(db)?;
            let told = sanshe::schema::ledger::table
                .filter(sanshe::schema::ledger::what.eq("tender.evaluated"))
                .count()
                .get_result(db)?;
            Ok((ranked, told))
        });
        assert_eq!((ranked, told), (3, 1));
    }
}

on_both!(
    who_is_silent_is_reminded_then_replaced,
    last_sheets_at_once_rank_once,
    a_panel_is_lawful,
    members_score_alone,
    the_last_sheet_brings_the_exact_ranking,
    a_wide_spread_is_asked_about_once,
    prices_above_the_budget_are_invalid,
    who_steps_back_is_replaced,
);
