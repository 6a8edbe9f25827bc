//! Bad input over the forms: a message at the field, what was typed kept, nothing half-saved, never an error page.

use crate::on_both;
use crate::support::buying::{self, Buyer};
use crate::support::stage::opened;
use crate::support::tendering::{PDF, bidder};
use crate::support::typing::{FormOf, Kind};
use crate::support::{Client, Database, Portal, Reply};
use diesel::prelude::*;
use sanshe::kernel::credit_code::CreditCode;
use sanshe::kernel::roles::{BodyKind, Role};
use sanshe::schema;

/// A form that its own page shows, sent again and again from one showing.
fn from_page<'a>(
    client: &'a Client,
    page: &'a str,
    action: &'a str,
) -> impl Fn(&[(&str, &str)]) -> Reply + 'a {
    let shown = client.get(page);
    shown.expect(200);
    move |fields| client.submit_from(&shown, action, fields)
}

#[track_caller]
fn none(found: &[String]) {
    assert!(found.is_empty(), "{}\n{}", found.len(), found.join("\n"));
}

const PROJECT: &[(&str, Kind)] = &[
    ("catalogue_code", Kind::Choice),
    ("title", Kind::Text(100)),
    ("requirement", Kind::Text(5000)),
    ("budget", Kind::Money),
    ("term_from", Kind::Date),
    ("term_to", Kind::Date),
    ("f1", Kind::Choice),
    ("f6", Kind::Choice),
    ("phone", Kind::Phone),
];

fn projects_and_tenders(database: Database) {
    let portal = Portal::start(database);
    let buyer = Buyer::start(&portal);
    let officer = &buyer.officer;
    let mut found = Vec::new();
    let mut sweep = |name,
                     page: &str,
                     action: &str,
                     client: &Client,
                     right: &[(&'static str, &'static str)],
                     mistake,
                     fields: &[(&'static str, Kind)]| {
        let send = from_page(client, page, action);
        found.extend(
            FormOf {
                name,
                send: &send,
                right,
                mistake,
                fields,
            }
            .sweep(),
        );
    };
    let new = "/projects/new";
    let right = buying::project(&[]);
    sweep(
        "new project",
        new,
        new,
        officer,
        &right,
        ("budget", "0"),
        PROJECT,
    );
    let project = buyer.draft();
    let edit = format!("{project}/edit");
    sweep(
        "edit project",
        &edit,
        &edit,
        officer,
        &right,
        ("budget", "0"),
        PROJECT,
    );
    let plan = format!("{project}/plan");
    let right = buying::criteria(&[]);
    let fields = [
        ("method", Kind::Choice),
        ("name_1", Kind::Text(60)),
        ("measure_1", Kind::Text(300)),
        ("weight_1", Kind::Number),
        ("measure_2", Kind::Text(300)),
        ("price_weight", Kind::Number),
        ("questions_until", Kind::Time),
        ("closes_at", Kind::Time),
    ];
    sweep(
        "plan",
        &plan,
        &plan,
        officer,
        &right,
        ("price_weight", ""),
        &fields,
    );
    assert_eq!(count(&portal), (1, 0), "nothing half-saved");

    let project = buyer.published(&portal, "comparison");
    let manage = format!("{project}/manage");
    let right = [("closes_at", "2026-06-01T17:00"), ("extend_reason", "顺延")];
    let fields = [
        ("closes_at", Kind::Time),
        ("extend_reason", Kind::Text(500)),
    ];
    sweep(
        "extend",
        &manage,
        &format!("{project}/extend"),
        officer,
        &right,
        ("closes_at", ""),
        &fields,
    );
    let right = [("ground", "task_gone"), ("cancel_reason", "调整")];
    let fields = [("ground", Kind::Choice), ("cancel_reason", Kind::Text(500))];
    sweep(
        "cancel",
        &manage,
        &format!("{project}/cancel"),
        officer,
        &right,
        ("ground", ""),
        &fields,
    );
    let asker = bidder(&portal, "qingmiao");
    let ask = format!("{project}/ask");
    sweep(
        "ask",
        &project,
        &ask,
        &asker,
        &[],
        ("question", ""),
        &[("question", Kind::Text(2000))],
    );
    asker
        .submit(&project, &ask, &[("question", "几人？")])
        .expect(303);
    let answer = format!("{project}/questions/1");
    sweep(
        "answer",
        &answer,
        &answer,
        officer,
        &[],
        ("answer", ""),
        &[("answer", Kind::Text(3000))],
    );
    let fields = [
        ("price", Kind::Money),
        ("amount-1", Kind::Money),
        ("label-1", Kind::Maybe(60)),
        ("proposal", Kind::Maybe(20_000)),
    ];
    let right = [
        ("price", "100"),
        ("label-1", "全部"),
        ("amount-1", "100"),
        ("proposal", "方案"),
    ];
    let (page, action) = (format!("{project}/bid"), format!("{project}/bid/draft"));
    let send = from_page(&asker, &page, &action);
    let of_bid = FormOf {
        name: "bid",
        send: &send,
        right: &right,
        mistake: ("amount-2", "x"),
        fields: &fields,
    };
    // An empty price is a draft without a price yet.
    found.extend(
        of_bid
            .sweep()
            .into_iter()
            .filter(|line| !line.contains("303")),
    );
    none(&found);
    assert_eq!(buying::newest(&portal, &project).state.as_str(), "open");
}

fn count(portal: &Portal) -> (i64, i64) {
    portal.read(|db| {
        Ok((
            schema::projects::table.count().get_result(db)?,
            schema::tenders::table.count().get_result(db)?,
        ))
    })
}

fn accounts_and_organizations(database: Database) {
    let portal = Portal::start(database);
    let platform = portal.body(BodyKind::Platform, "平台运营中心", None);
    let bureau = portal.body(BodyKind::Bureau, "示范民政局", Some("320585"));
    let admin = portal.member("admin", platform, &[Role::Administrator]);
    let officer = portal.member("officer", bureau, &[Role::Officer]);
    portal.person("newcomer");
    let newcomer = portal.signed_in("newcomer");
    let mut found = Vec::new();
    let mut sweep = |name,
                     page: &str,
                     client: &Client,
                     right: &[(&'static str, &'static str)],
                     mistake,
                     fields: &[(&'static str, Kind)]| {
        let send = from_page(
            client,
            page,
            if page == "/account" {
                "/account/name"
            } else {
                page
            },
        );
        found.extend(
            FormOf {
                name,
                send: &send,
                right,
                mistake,
                fields,
            }
            .sweep(),
        );
    };
    let right = [
        ("name", "王小明"),
        ("email", "wang@test.invalid"),
        ("password", "correct-horse-7"),
    ];
    let fields = [("name", Kind::Text(60)), ("email", Kind::Email)];
    sweep(
        "sign up",
        "/sign-up",
        &portal.anonymous(),
        &right,
        ("password", ""),
        &fields,
    );
    sweep(
        "own name",
        "/account",
        &newcomer,
        &[("name", "王小明")],
        ("name", ""),
        &[("name", Kind::Text(60))],
    );
    sweep(
        "another address",
        "/account/email",
        &newcomer,
        &[("email", "other@test.invalid")],
        ("email", "newcomer@test.invalid"),
        &[("email", Kind::Email)],
    );
    sweep(
        "reset of a second factor",
        "/admin/recoveries",
        &admin,
        &[("email", "newcomer@test.invalid"), ("reason", "本人到场")],
        ("email", "nobody@test.invalid"),
        &[("email", Kind::Email), ("reason", Kind::Text(500))],
    );
    let right = [
        ("kind", "bureau"),
        ("name", "示范教育局"),
        ("region", "320585"),
        ("phone", "0512-00000000"),
    ];
    let fields = [
        ("kind", Kind::Choice),
        ("name", Kind::Text(100)),
        ("phone", Kind::Maybe(30)),
    ];
    sweep(
        "new body",
        "/admin/bodies/new",
        &admin,
        &right,
        ("kind", "x"),
        &fields,
    );
    let right = [
        ("kind", "social_service"),
        ("name", "晨曦社会工作服务中心"),
        ("legal_head", "林一舟"),
        ("address", "示范路1号"),
        ("phone", "0512-00000000"),
        ("summary", "社会工作服务"),
        ("scope", "A0402"),
        ("areas", "320585100"),
    ];
    let fields = [
        ("kind", Kind::Choice),
        ("name", Kind::Text(100)),
        ("credit_code", Kind::Text(40)),
        ("legal_head", Kind::Text(50)),
        ("address", Kind::Text(200)),
        ("phone", Kind::Phone),
        ("summary", Kind::Text(2000)),
    ];
    sweep(
        "registration",
        "/organizations/register",
        &newcomer,
        &right,
        ("credit_code", "x"),
        &fields,
    );

    let page = "/catalogue/import";
    let shown = officer.get(page);
    let send = |fields: &[(&str, &str)]| {
        let csv = "code,name,level,parent_code,verified\nA,公共服务,1,,是\n".as_bytes();
        officer.upload_from(&shown, page, page, fields, &[("file", "2027.csv", csv)])
    };
    let right = [
        ("year", "2027"),
        ("title", "指导性目录"),
        ("issued_no", "示财〔2027〕1号"),
    ];
    let fields = [
        ("year", Kind::Number),
        ("title", Kind::Text(100)),
        ("issued_no", Kind::Maybe(60)),
    ];
    found.extend(
        FormOf {
            name: "catalogue",
            send: &send,
            right: &right,
            mistake: ("year", ""),
            fields: &fields,
        }
        .sweep(),
    );
    none(&found);
}

fn panels_awards_and_contracts(database: Database) {
    let stage = opened(database, &[10_000_000, 9_500_000, 11_000_000]);
    let officer = &stage.officer;
    let mut found = Vec::new();
    let panel = stage.path("/panel");
    {
        let send = from_page(officer, &panel, &panel);
        let fields = [("size", Kind::Number)];
        found.extend(
            FormOf {
                name: "panel",
                send: &send,
                right: &[],
                mistake: ("size", ""),
                fields: &fields,
            }
            .sweep(),
        );
    }
    stage.rank(&[(1, 1), (0, 2), (2, 3)]);
    let award = stage.path("/award");
    {
        let send = from_page(officer, &award, &award);
        let fields = [("bid", Kind::Choice), ("reason", Kind::Maybe(1000))];
        found.extend(
            FormOf {
                name: "award",
                send: &send,
                right: &[],
                mistake: ("bid", "x"),
                fields: &fields,
            }
            .sweep(),
        );
    }
    officer.submit(&award, &award, &[]).expect(303);
    {
        let action = stage.path("/award/cancel");
        let send = from_page(officer, &award, &action);
        let right = [("ground", "refused_to_sign"), ("reason", "放弃")];
        let fields = [("ground", Kind::Choice), ("reason", Kind::Text(1000))];
        found.extend(
            FormOf {
                name: "cancel award",
                send: &send,
                right: &right,
                mistake: ("ground", "x"),
                fields: &fields,
            }
            .sweep(),
        );
    }
    let drawn = officer.submit(&stage.path("/result"), &stage.path("/contract"), &[]);
    let edit = drawn.expect(303).location.clone().unwrap();
    {
        let send = from_page(officer, &edit, &edit);
        let right = [
            ("payment", "按季"),
            ("duties", "服务"),
            ("phone", "0512-00000000"),
        ];
        let fields = [
            ("payment", Kind::Maybe(5000)),
            ("duties", Kind::Maybe(5000)),
            ("phone", Kind::Text(40)),
            ("secret_reason", Kind::Maybe(500)),
        ];
        found.extend(
            FormOf {
                name: "contract",
                send: &send,
                right: &right,
                mistake: ("secrets", "x"),
                fields: &fields,
            }
            .sweep(),
        );
    }
    none(&found);
}

fn checks_applications_and_invitations(database: Database) {
    let portal = Portal::start(database);
    let bureau = portal.body(BodyKind::Bureau, "示范民政局", Some("320585"));
    let reviewer = portal.member("reviewer", bureau, &[Role::Reviewer]);
    portal.person("newcomer");
    let newcomer = portal.signed_in("newcomer");
    let code = CreditCode::make("52", "320585", "MJ565118").unwrap();
    let register = "/organizations/register";
    let right = [
        ("kind", "social_service"),
        ("name", "晨曦社会工作服务中心"),
        ("credit_code", code.as_str()),
        ("legal_head", "林一舟"),
        ("address", "示范路1号"),
        ("phone", "0512-00000000"),
        ("summary", "社会工作服务"),
        ("scope", "A0402"),
        ("areas", "320585100"),
    ];
    newcomer.submit(register, register, &right).expect(303);
    let mut found = Vec::new();
    let check = "/organizations/checks/1";
    {
        let send = from_page(&reviewer, check, check);
        let form = FormOf {
            name: "check",
            send: &send,
            right: &[("act", "refuse")],
            mistake: ("reason", ""),
            fields: &[("reason", Kind::Text(500))],
        };
        found.extend(form.sweep());
    }
    let own = "/organizations/1/registration";
    let pdf: &[(&str, &str, &[u8])] = &[("certificate", "证书.pdf", PDF)];
    newcomer
        .upload(own, "/organizations/1/certificate", &[], pdf)
        .expect(303);
    reviewer
        .submit(check, check, &[("act", "prove")])
        .expect(303);
    let apply = "/organizations/1/qualification";
    {
        let send = from_page(&newcomer, apply, apply);
        let form = FormOf {
            name: "application",
            send: &send,
            right: &[("act", "submit")],
            mistake: ("declarations", "x"),
            fields: &[("statement", Kind::Maybe(2000))],
        };
        found.extend(form.sweep());
    }
    {
        let send = from_page(&newcomer, "/account/members", "/account/members/invite");
        let form = FormOf {
            name: "invitation",
            send: &send,
            right: &[("role", "preparer")],
            mistake: ("email", ""),
            fields: &[("email", Kind::Email)],
        };
        found.extend(form.sweep());
    }
    none(&found);
}

fn scores(database: Database) {
    let stage = opened(database, &[10_000_000, 9_500_000, 11_000_000]);
    let panel = stage.path("/panel");
    stage
        .officer
        .submit(&panel, &panel, &[("size", "5")])
        .expect(303);
    let member = stage.portal.signed_in("expert1");
    let sheet = format!("/panel/{}", stage.tender);
    member
        .submit(
            &sheet,
            &format!("{sheet}/declare"),
            &[("no_conflict", "yes")],
        )
        .expect(303);
    let page = format!("{sheet}/bids/{}", stage.bidders[0].1);
    let send = from_page(&member, &page, &page);
    let form = FormOf {
        name: "score",
        send: &send,
        right: &[("points_1", "50")],
        mistake: ("points_2", "x"),
        fields: &[("points_1", Kind::Money), ("note_1", Kind::Maybe(1000))],
    };
    // Nothing typed is not scored yet: that is saved, and makes the form shown before stale.
    let found = form.sweep();
    let found: Vec<String> = found
        .into_iter()
        .filter(|line| !line.contains(": 303") && !line.contains(": 409"))
        .collect();
    none(&found);
}

on_both!(
    projects_and_tenders,
    accounts_and_organizations,
    panels_awards_and_contracts,
    checks_applications_and_invitations,
    scores,
);
