//! Roles for dates, deputies, and what a leaver hands over.

use crate::on_both;
use crate::support::buying::{self, Buyer};
use crate::support::stage::opened;
use crate::support::{Client, Database, Portal, Reply};
use chrono::{Days, Duration, NaiveDate};
use diesel::prelude::*;
use sanshe::accounts::{self, Membership};
use sanshe::kernel::instant;
use sanshe::kernel::people::BodyId;
use sanshe::kernel::roles::{BodyKind, Role};
use sanshe::schema::ledger_texts;

fn today(portal: &Portal) -> NaiveDate {
    instant::shanghai_date(portal.now())
}

fn members(portal: &Portal, body: BodyId) -> Vec<Membership> {
    portal.read(move |db| Ok(accounts::list_members(db, body)?))
}

fn member(portal: &Portal, body: BodyId, name: &str, role: Role) -> Membership {
    members(portal, body)
        .into_iter()
        .find(|m| m.person_name == name && m.role == role)
        .unwrap_or_else(|| panic!("{name} is no {role}"))
}

fn holds(portal: &Portal, body: BodyId, name: &str, role: Role) -> bool {
    members(portal, body)
        .iter()
        .any(|m| m.person_name == name && m.role == role)
}

fn administrator(portal: &Portal) -> Client {
    let platform = portal.body(BodyKind::Platform, "平台运营中心", None);
    portal.member("admin", platform, &[Role::Administrator])
}

fn recorded(portal: &Portal, text: &'static str) -> i64 {
    portal.read(move |db| {
        let lines = ledger_texts::table.filter(ledger_texts::who.like(format!("%{text}%")));
        Ok(lines.count().get_result(db)?)
    })
}

fn a_deputy_acts_for_days_in_its_own_name(database: Database) {
    let mut portal = Portal::start(database);
    portal.may_leave_jobs = true;
    let buyer = Buyer::start(&portal);
    let admin = administrator(&portal);
    let deputy = portal.member("wei", buyer.body, &[Role::Signatory]);
    let wei = member(&portal, buyer.body, "wei", Role::Signatory)
        .person_id
        .to_string();
    let gu = member(&portal, buyer.body, "gu", Role::Officer);
    let page = format!("/account/memberships/{}", gu.id);
    let day = |n: u64| {
        today(&portal)
            .checked_add_days(Days::new(n))
            .unwrap()
            .to_string()
    };
    let name = |from: &str, until: &str| {
        let fields = [
            ("deputy", wei.as_str()),
            ("from_on", from),
            ("until_on", until),
        ];
        admin.submit(&page, &format!("{page}/deputy"), &fields)
    };
    let (tomorrow, last) = (day(1), day(3));
    name(&last, &tomorrow).expect(422);
    name(&tomorrow, "").expect(422);
    name(&tomorrow, &day(500)).expect(422);
    name(&tomorrow, &last).expect(303);
    name(&tomorrow, &last)
        .expect(422)
        .see("代理人须为本单位成员");
    for client in [&deputy, &buyer.officer] {
        client.get("/inbox").see("代理安排");
    }
    admin
        .get(&format!("/admin/bodies/{}", buyer.body))
        .see("尚未开始的代理");
    deputy.get("/projects/new").expect(403);
    assert!(!holds(&portal, buyer.body, "wei", Role::Officer));

    portal.move_clock_by(Duration::days(1));
    // Who stands in for somebody ends with them: that is nobody to leave the role to.
    buyer
        .officer
        .get("/account/data")
        .expect(200)
        .see("目前不能注销");
    let new = "/projects/new";
    deputy.submit(new, new, &buying::project(&[])).expect(303);
    assert_eq!(recorded(&portal, "wei（代gu）"), 1);
    // What the officer does carries no such mark.
    buyer.draft();
    assert_eq!(recorded(&portal, "代gu"), 1);
    // A deputy names no deputy, and whoever holds the role needs none.
    portal.member("fang", buyer.body, &[Role::Signatory]);
    let fang = member(&portal, buyer.body, "fang", Role::Signatory)
        .person_id
        .to_string();
    let stand_in = member(&portal, buyer.body, "wei", Role::Officer);
    let its = format!("/account/memberships/{}", stand_in.id);
    let shown = admin.get(&its);
    shown.expect(200).see("代 gu");
    let fields = [
        ("csrf", shown.token()),
        ("deputy", fang),
        ("from_on", day(1)),
        ("until_on", day(2)),
    ];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
    admin
        .post_raw(&format!("{its}/deputy"), &fields)
        .expect(422);

    portal.move_clock_by(Duration::days(2));
    assert!(
        holds(&portal, buyer.body, "wei", Role::Officer),
        "the last day"
    );
    portal.move_clock_by(Duration::days(1));
    assert!(!holds(&portal, buyer.body, "wei", Role::Officer));
    deputy.get("/projects/new").expect(403);
    assert!(holds(&portal, buyer.body, "wei", Role::Signatory));
}

fn a_role_ends_by_its_date_after_a_notice(database: Database) {
    let mut portal = Portal::start(database);
    portal.may_leave_jobs = true;
    let buyer = Buyer::start(&portal);
    let admin = administrator(&portal);
    let gu = member(&portal, buyer.body, "gu", Role::Officer);
    let page = format!("/account/memberships/{}", gu.id);
    let set = |client: &Client, page: &str, day: &str| {
        client.submit(page, &format!("{page}/term"), &[("last_day", day)])
    };
    let day = |n: u64| {
        today(&portal)
            .checked_add_days(Days::new(n))
            .unwrap()
            .to_string()
    };
    set(&admin, &page, "2026-02-01").expect(422).see("已经过去");
    set(&admin, &page, "bald").expect(422);
    set(&admin, &page, &day(20)).expect(303);
    portal.move_clock_by(Duration::days(12));
    buyer.officer.get("/inbox").see_not("即将到期");
    portal.move_clock_by(Duration::days(1));
    buyer.officer.get("/inbox").see("即将到期");
    portal.move_clock_by(Duration::days(7));
    buyer.officer.get("/projects/new").expect(200);
    portal.move_clock_by(Duration::days(1));
    buyer.officer.get("/projects/new").expect(403);
    // The last who gives rights goes on.
    let platform = portal.read(|db| {
        Ok(accounts::list_bodies(db, &[BodyKind::Platform])?
            .remove(0)
            .id)
    });
    let own = member(&portal, platform, "admin", Role::Administrator);
    let own = format!("/account/memberships/{}", own.id);
    set(&admin, &own, &today(&portal).to_string()).expect(303);
    portal.move_clock_by(Duration::days(1));
    assert!(holds(&portal, platform, "admin", Role::Administrator));
    let ahead = today(&portal).checked_add_days(Days::new(7)).unwrap();
    admin.get("/account/members").see(&ahead.to_string());
    // Strangers find none of it.
    let other = buying::stranger(&portal);
    other.get(&own).expect(403);
    let provider = portal.body(BodyKind::Provider, "晨曦服务中心", None);
    let submitter = portal.member("submitter", provider, &[Role::Submitter]);
    submitter.get(&own).expect(404);
    submitter
        .get(&format!("{}/end", own.replace("/account", "/work")))
        .expect(404);
}

fn what_is_open_is_handed_over(database: Database) {
    let stage = opened(database, &[10_000_000, 9_500_000, 11_000_000]);
    let portal = &stage.portal;
    let platform = portal.read(|db| {
        Ok(accounts::list_bodies(db, &[BodyKind::Platform])?
            .remove(0)
            .id)
    });
    let admin = portal.member("admin", platform, &[Role::Administrator]);
    let heir = portal.member("heir", stage.buyer, &[Role::Officer]);
    let end = |name: &str, body: BodyId, role: Role, fields: &[(&str, &str)]| -> Reply {
        let id = member(portal, body, name, role).id;
        let page = format!("/work/memberships/{id}/end");
        let shown = admin.get(&page);
        shown.expect(200);
        admin.submit_from(&shown, &page, fields)
    };
    let officer = member(portal, stage.buyer, "zhang", Role::Officer);
    let shown = admin.get(&format!("/work/memberships/{}/end", officer.id));
    assert!(shown.has("ul.todo li"), "the open tender asks for a panel");
    end("zhang", stage.buyer, Role::Officer, &[])
        .expect(422)
        .see("请选择接办人");
    assert!(holds(portal, stage.buyer, "zhang", Role::Officer));
    let to = member(portal, stage.buyer, "heir", Role::Officer)
        .person_id
        .to_string();
    end("zhang", stage.buyer, Role::Officer, &[("successor", &to)]).expect(303);
    heir.get("/inbox").see("请接办事项");
    stage.officer.get("/projects/new").expect(403);
    // The last one leaves with a statement.
    end("heir", stage.buyer, Role::Officer, &[]).expect(422);
    end(
        "heir",
        stage.buyer,
        Role::Officer,
        &[("reason", "上级部门收回")],
    )
    .expect(303);
    // What a provider has under way is not shown to the administrator.
    let bidder = stage.bidders[0].0;
    portal.member("submitter", bidder, &[Role::Submitter]);
    portal.member("second", bidder, &[Role::Signatory]);
    let id = member(portal, bidder, "submitter", Role::Submitter).id;
    let shown = admin.get(&format!("/work/memberships/{id}/end"));
    assert!(!shown.has("ul.todo"));
    end("submitter", bidder, Role::Submitter, &[]).expect(303);
}

on_both!(
    a_deputy_acts_for_days_in_its_own_name,
    a_role_ends_by_its_date_after_a_notice,
    what_is_open_is_handed_over,
);
