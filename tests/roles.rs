//! Who may do what, when: every posting route with every kind of person, and every act on a project in every state of
//! its tender. Both tables are written down here; a route of the sources that is missing in them fails the test.

use crate::on_both;
use crate::support::stage::{self, Put};
use crate::support::{Client, Database, Portal, Reply};
use chrono::Duration;
use diesel::prelude::*;
use sanshe::kernel::instant;
use sanshe::kernel::people::BodyId;
use sanshe::kernel::roles::{BodyKind, Role};
use sanshe::schema::{awards, contracts, panel_members, panels, people, questions, results};
use sanshe::schema::{projects, tenders};
use std::collections::BTreeSet;
use std::path::Path;

/// In a word: nobody is signed in · an account in no body · works for a community · of a bidder: prepares, submits,
/// signs · submits for another provider · officer of the purchaser, a town · officer and reviewer of a bureau that does
/// not buy here · signs for the purchaser · an expert on the panel, one who is not · the finance supervisor · runs the
/// portal.
const PEOPLE: [&str; 15] = [
    "visitor",
    "nobody",
    "worker",
    "preparer",
    "submitter",
    "binder",
    "rival",
    "officer",
    "bureau",
    "reviewer",
    "signatory",
    "member",
    "expert",
    "supervisor",
    "administrator",
];

const ALL: &str = "nobody worker preparer submitter binder rival officer bureau reviewer signatory member expert \
                   supervisor administrator";
/// Everybody in a body that buys may be a purchaser's representative in a panel; where they sit on none, there is none.
const NOT_SEATED: &str = "officer bureau reviewer signatory expert";

/// Route · who is heard (what comes then is the matter of fields and states) · for whom the thing does not exist.
/// A visitor is asked to sign in; everybody else is forbidden.
const DOORS: &[(&str, &str, &str)] = &[
    // One's own account.
    ("/account/name", ALL, ""),
    ("/account/password", ALL, ""),
    ("/account/email", ALL, ""),
    // A link that is not theirs is gone for everybody.
    ("/account/email/confirm", "", ALL),
    ("/account/two-factors/begin", ALL, ""),
    ("/account/two-factors/set-up", ALL, ""),
    ("/account/two-factors/codes", ALL, ""),
    ("/account/two-factors/end", ALL, ""),
    ("/account/messages", ALL, ""),
    ("/account/messages/mobile", ALL, ""),
    ("/account/messages/mobile/confirm", ALL, ""),
    ("/account/messages/mobile/remove", ALL, ""),
    ("/account/switch", "", ALL),
    ("/account/sessions/end", "", ALL),
    ("/account/tokens", ALL, ""),
    ("/account/tokens/end", "", ALL),
    ("/account/invitations/accept", "", ALL),
    ("/account/invitations/decline", "", ALL),
    // Colleagues are asked in by who binds a provider; bodies are made by the administrator.
    (
        "/account/members/invite",
        "submitter binder rival administrator",
        "",
    ),
    (
        "/account/memberships/{id}/term",
        "",
        "submitter binder rival administrator",
    ),
    (
        "/account/memberships/{id}/deputy",
        "",
        "submitter binder rival administrator",
    ),
    (
        "/account/appointments/{id}/cancel",
        "",
        "submitter binder rival administrator",
    ),
    (
        "/work/memberships/{id}/end",
        "",
        "submitter binder rival administrator",
    ),
    (
        "/account/members/withdraw",
        "",
        "submitter binder rival administrator",
    ),
    ("/admin/bodies/new", "administrator", ""),
    ("/admin/bodies/{id}", "administrator", ""),
    ("/admin/bodies/{id}/grant", "administrator", ""),
    ("/admin/bodies/{id}/withdraw", "", "administrator"),
    ("/admin/redactions", "administrator", ""),
    ("/admin/redactions/{id}/confirm", "", "administrator"),
    ("/admin/redactions/{id}/refuse", "", "administrator"),
    ("/admin/recoveries", "administrator", ""),
    ("/admin/recoveries/{id}/confirm", "", "administrator"),
    ("/admin/recoveries/{id}/withdraw", "", "administrator"),
    // The catalogue is the bureau's.
    ("/catalogue/import", "bureau", ""),
    ("/catalogue/drafts/{id}/publish", "", "bureau"),
    ("/catalogue/drafts/{id}/discard", "", "bureau"),
    // Anybody may found a provider's registration; keeping it binds the provider; the bureau checks.
    ("/organizations/register", ALL, ""),
    ("/organizations/{id}/edit", "submitter binder", "rival"),
    (
        "/organizations/{id}/certificate",
        "submitter binder",
        "rival",
    ),
    ("/organizations/{id}/ask", "submitter binder", "rival"),
    (
        "/organizations/{id}/qualification",
        "submitter binder",
        "rival",
    ),
    (
        "/organizations/{id}/qualification/files",
        "submitter binder",
        "rival",
    ),
    (
        "/organizations/{id}/qualification/files/{file}/remove",
        "",
        "submitter binder rival",
    ),
    (
        "/organizations/{id}/qualification/withdraw",
        "submitter binder",
        "rival",
    ),
    ("/organizations/checks/{id}", "reviewer", ""),
    ("/organizations/import", "reviewer", ""),
    ("/organizations/applications/{id}", "", "reviewer"),
    // A project is its purchaser's alone.
    ("/projects/new", "officer bureau", ""),
    ("/projects/{id}/edit", "officer", "bureau"),
    ("/projects/{id}/copy", "officer", "bureau"),
    ("/projects/{id}/plan", "officer", "bureau"),
    ("/projects/{id}/publish", "officer", "bureau"),
    ("/projects/{id}/extend", "officer", "bureau"),
    ("/projects/{id}/close-held", "officer", "bureau"),
    ("/projects/{id}/cancel", "officer", "bureau"),
    ("/projects/{id}/retender", "officer", "bureau"),
    ("/projects/{id}/questions/{question}", "officer", "bureau"),
    ("/projects/{id}/opening", "officer", "bureau"),
    ("/projects/{id}/panel", "officer", "bureau"),
    ("/projects/{id}/panel/draw", "officer", "bureau"),
    ("/projects/{id}/panel/remind", "officer", "bureau"),
    ("/projects/{id}/panel/replace", "officer", "bureau"),
    ("/projects/{id}/award", "officer", "bureau"),
    ("/projects/{id}/award/cancel", "officer", "bureau"),
    ("/projects/{id}/contract", "officer", "bureau"),
    // Providers ask and prepare; only who may bind one submits.
    ("/projects/{id}/ask", "preparer submitter rival", ""),
    ("/projects/{id}/bid/draft", "preparer submitter rival", ""),
    ("/projects/{id}/bid/discard", "preparer submitter rival", ""),
    ("/projects/{id}/bid/files", "preparer submitter rival", ""),
    (
        "/projects/{id}/bid/files/remove",
        "preparer submitter rival",
        "",
    ),
    (
        "/projects/{id}/bid/own-copy",
        "preparer submitter rival",
        "",
    ),
    ("/projects/{id}/bid/submit", "submitter rival", ""),
    ("/projects/{id}/bid/replace", "submitter rival", ""),
    ("/projects/{id}/bid/withdraw", "submitter rival", ""),
    // Each member scores alone.
    ("/panel/{tender}/declare", "member", NOT_SEATED),
    ("/panel/{tender}/recuse", "member", NOT_SEATED),
    ("/panel/{tender}/submit", "member", NOT_SEATED),
    ("/panel/{tender}/bids/{bid}", "member", NOT_SEATED),
    // A contract is drafted by the purchaser and signed by the signatories of both sides.
    ("/contracts/import", "officer bureau", ""),
    ("/contracts/{id}/edit", "officer", "bureau"),
    ("/contracts/{id}/offer", "officer", "bureau"),
    ("/contracts/{id}/take-back", "officer", "bureau"),
    ("/contracts/{id}/sign", "signatory binder", ""),
    ("/contracts/{id}/sign-by-password", "signatory binder", ""),
    // Closing the account wants a ticked box, so that nothing happens here.
    ("/account/close", ALL, ""),
    // Last, because they end sessions.
    ("/account/sessions/end-others", ALL, ""),
];

/// Posts that need no account.
const OPEN: &[&str] = &[
    "/sign-in",
    "/sign-in/code",
    "/sign-out",
    "/sign-up",
    "/confirm",
    "/forgot",
    "/reset",
    "/first-administrator",
    "/communities/remember",
    "/demo/clock",
    "/demo/sign-in",
];

/// Every posting route of the sources, as its registration writes it.
fn posting_routes(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            posting_routes(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            // Literals and what stands between them take turns; what follows a path belongs to it.
            let parts: Vec<&str> = text.split('"').collect();
            for pair in parts.windows(2) {
                if pair[0].starts_with('/') && pair[1].contains("post().to(") {
                    found.insert(pair[0].to_owned());
                }
            }
        }
    }
}

#[test]
fn every_posting_route_is_in_the_table() {
    let mut found = BTreeSet::new();
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    posting_routes(&sources, &mut found);
    let written: BTreeSet<String> = DOORS
        .iter()
        .map(|(route, _, _)| (*route).to_owned())
        .chain(OPEN.iter().map(|route| (*route).to_owned()))
        .collect();
    assert!(found.len() > 60, "only {} were found", found.len());
    let missing: Vec<_> = found.difference(&written).collect();
    let gone: Vec<_> = written.difference(&found).collect();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "not in the table: {missing:?}; not in the sources: {gone:?}"
    );
}

/// A portal with all the people; each scene is a project of its own.
struct Town {
    portal: Portal,
    buyer: BodyId,
    bidders: Vec<BodyId>,
    scenes: std::cell::Cell<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Scene {
    project: i64,
    tender: i64,
    bid: i64,
    question: i64,
    contract: i64,
    provider: i64,
    body: i64,
}

impl Scene {
    fn path(&self, route: &str) -> String {
        let id = match route.split('/').nth(1).unwrap() {
            "projects" => self.project,
            "contracts" => self.contract,
            "admin" if route.starts_with("/admin/bodies") => self.body,
            "organizations" if route.starts_with("/organizations/applications") => 99,
            "organizations" => self.provider,
            _ => 99,
        };
        route
            .replace("{id}", &id.to_string())
            .replace("{tender}", &self.tender.to_string())
            .replace("{bid}", &self.bid.to_string())
            .replace("{question}", &self.question.to_string())
            .replace("{file}", "99")
    }
}

impl Town {
    fn start(database: Database) -> Self {
        let mut portal = Portal::start(database);
        portal.may_leave_jobs = true;
        let buyer = portal.body(
            BodyKind::TownGovernment,
            "示范镇人民政府",
            Some("320585100"),
        );
        let bureau = portal.body(BodyKind::Bureau, "示范民政局", Some("320585"));
        let platform = portal.body(BodyKind::Platform, "平台运营中心", None);
        let finance = portal.body(BodyKind::FinanceSupervisor, "示范财政局", Some("320585"));
        let committee = portal.body(
            BodyKind::CommunityCommittee,
            "示范居委会",
            Some("320585100001"),
        );
        let bidders: Vec<BodyId> = (0..4)
            .map(|n| portal.body(BodyKind::Provider, &format!("示范事务所{n}号"), None))
            .collect();
        for (name, body, role) in [
            ("worker", committee, Role::CommunityWorker),
            ("preparer", bidders[0], Role::Preparer),
            ("submitter", bidders[0], Role::Submitter),
            ("binder", bidders[0], Role::Signatory),
            ("rival", bidders[3], Role::Submitter),
            ("officer", buyer, Role::Officer),
            ("bureau", bureau, Role::Officer),
            ("reviewer", bureau, Role::Reviewer),
            ("signatory", buyer, Role::Signatory),
            ("member", platform, Role::Expert),
            ("expert", platform, Role::Expert),
            ("supervisor", finance, Role::Supervisor),
            ("administrator", platform, Role::Administrator),
        ] {
            let person = portal.person(name);
            portal.grant(person, body, &[role]);
        }
        portal.person("nobody");
        // So that a panel can be drawn.
        for n in 0..3 {
            let person = portal.person(&format!("pool{n}"));
            portal.grant(person, platform, &[Role::Expert]);
        }
        Self {
            portal,
            buyer,
            bidders,
            scenes: std::cell::Cell::new(0),
        }
    }

    fn client(&self, who: &str) -> Client {
        match who {
            "visitor" => self.portal.anonymous(),
            name => self.portal.signed_in(name),
        }
    }

    /// A project whose tender is in this state, with everything that has come about by then.
    fn scene(&self, state: &'static str) -> Scene {
        let number = self.scenes.get() + 1;
        self.scenes.set(number);
        let (buyer, bodies) = (self.buyer, self.bidders[..3].to_vec());
        self.portal.write(move |tx| {
            let number = format!("ST-{number:04}");
            let prices = [10_000_000, 9_500_000, 11_000_000];
            let (project, tender, bidders): Put = stage::put(tx, buyer, &bodies, &prices, &number)?;
            let before = matches!(state, "draft" | "open" | "held");
            let published = (state != "draft").then_some(tx.now);
            let opened = matches!(state, "opened" | "evaluated" | "awarded" | "contracted");
            let closes_at = tx.now
                + Duration::days(if matches!(state, "draft" | "open") {
                    20
                } else {
                    -1
                });
            let of_project = match state {
                "open" | "held" | "closed" | "opened" | "evaluated" => "tendering",
                other => other,
            };
            diesel::update(projects::table.find(project))
                .set((
                    projects::state.eq(of_project),
                    projects::published_at.eq(published),
                    projects::term_from.eq(instant::shanghai_date(tx.now) + Duration::days(60)),
                ))
                .execute(tx.db)?;
            diesel::update(tenders::table.find(tender))
                .set((
                    tenders::state.eq(state),
                    tenders::published_at.eq(published),
                    tenders::questions_until.eq(closes_at - Duration::days(15)),
                    tenders::closes_at.eq(closes_at),
                    tenders::closed_at.eq((!before).then_some(tx.now)),
                    tenders::opened_at.eq(opened.then_some(tx.now)),
                    tenders::held_minutes.eq((state == "held").then_some(90_i64)),
                ))
                .execute(tx.db)?;
            let bid = bidders[0].1;
            let by: i64 = people::table
                .filter(people::name.eq("officer"))
                .select(people::id)
                .first(tx.db)?;
            let question: i64 = diesel::insert_into(questions::table)
                .values((
                    questions::tender_id.eq(tender),
                    questions::asker_id.eq(bodies[0]),
                    questions::question.eq("几人？"),
                    questions::asked_at.eq(tx.now),
                ))
                .returning(questions::id)
                .get_result(tx.db)?;
            if matches!(state, "evaluated" | "awarded" | "contracted") {
                diesel::insert_into(results::table)
                    .values((
                        results::bid_id.eq(bid),
                        results::tender_id.eq(tender),
                        results::price_points.eq("10/1"),
                        results::total_points.eq("90/1"),
                        results::rank.eq(1),
                    ))
                    .execute(tx.db)?;
            }
            if matches!(state, "awarded" | "contracted") {
                diesel::insert_into(awards::table)
                    .values((
                        awards::tender_id.eq(tender),
                        awards::bid_id.eq(bid),
                        awards::state.eq("active"),
                        awards::decided_by.eq(by),
                        awards::decided_at.eq(tx.now),
                    ))
                    .execute(tx.db)?;
            }
            let provider: i64 = sanshe::schema::providers::table
                .filter(sanshe::schema::providers::body_id.eq(bodies[0]))
                .select(sanshe::schema::providers::id)
                .first(tx.db)?;
            Ok(Scene {
                project,
                tender,
                bid,
                question,
                contract: 0,
                provider,
                body: buyer.0,
            })
        })
    }

    /// A panel with one member, and a contract that both sides may sign.
    fn with_panel_and_contract(&self, scene: Scene) -> Scene {
        let (buyer, provider) = (self.buyer, self.bidders[0]);
        self.portal.write(move |tx| {
            let panel: i64 = diesel::insert_into(panels::table)
                .values((
                    panels::subject_kind.eq("tender"),
                    panels::subject_id.eq(scene.tender),
                    panels::created_at.eq(tx.now),
                ))
                .returning(panels::id)
                .get_result(tx.db)?;
            // As many as the rules ask, so that nobody else is drawn.
            for name in ["member", "pool0", "pool1"] {
                let person: i64 = people::table
                    .filter(people::name.eq(name))
                    .select(people::id)
                    .first(tx.db)?;
                diesel::insert_into(panel_members::table)
                    .values((
                        panel_members::panel_id.eq(panel),
                        panel_members::person_id.eq(person),
                        panel_members::capacity.eq("expert"),
                    ))
                    .execute(tx.db)?;
            }
            let contract: i64 = diesel::insert_into(contracts::table)
                .values((
                    contracts::number.eq(format!("HT-{}", scene.project)),
                    contracts::project_id.eq(scene.project),
                    contracts::buyer_id.eq(buyer),
                    contracts::provider_id.eq(provider),
                    contracts::provider_name.eq("示范事务所0号"),
                    contracts::title.eq("居家养老巡访服务"),
                    contracts::catalogue_code.eq("A0402"),
                    contracts::scope.eq("每周一次"),
                    contracts::amount_fen.eq(10_000_000),
                    contracts::term_from.eq(tx.now.date()),
                    contracts::term_to.eq(tx.now.date() + Duration::days(300)),
                    contracts::phone.eq("0512-00000000"),
                    contracts::payment.eq("按季"),
                    contracts::duties.eq("服务"),
                    contracts::secrets.eq("{\"fields\":[],\"reason\":\"\"}"),
                    contracts::state.eq("signing"),
                    contracts::is_entered_afterwards.eq(false),
                    contracts::created_at.eq(tx.now),
                ))
                .returning(contracts::id)
                .get_result(tx.db)?;
            Ok(Scene { contract, ..scene })
        })
    }
}

/// What a form without its fields comes to.
fn class(reply: &Reply) -> &'static str {
    match reply.status {
        401 => "asked to sign in",
        403 => "forbidden",
        404 => "not found",
        // A form with files that comes without any is no multipart body at all.
        200 | 303 | 400 | 409 | 415 | 422 => "heard",
        _ => "broken",
    }
}

fn each_door_opens_to_its_people(database: Database) {
    let town = Town::start(database);
    let scene = town.scene("opened");
    let scene = town.with_panel_and_contract(scene);
    let mut wrong = Vec::new();
    for who in PEOPLE {
        let client = town.client(who);
        let page = if who == "visitor" {
            "/sign-in"
        } else {
            "/account"
        };
        let token = client.get(page).token();
        for (route, heard, hidden) in DOORS {
            let expected = if who == "visitor" {
                "asked to sign in"
            } else if heard.split(' ').any(|name| name == who) {
                "heard"
            } else if hidden.split(' ').any(|name| name == who) {
                "not found"
            } else {
                "forbidden"
            };
            let reply = client.post_raw(
                &scene.path(route),
                &[
                    ("csrf", &token),
                    ("version", "-5"),
                    ("act", "accept"),
                    ("no_conflict", "yes"),
                ],
            );
            if class(&reply) != expected {
                wrong.push(format!(
                    "{who} {route}: {expected} expected, was {} ({})",
                    class(&reply),
                    reply.status
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.join("\n"));
}

/// The states in the order of the columns below.
const STATES: [&str; 10] = [
    "draft",
    "open",
    "held",
    "closed",
    "opened",
    "evaluated",
    "awarded",
    "contracted",
    "failed",
    "cancelled",
];

/// A form that is right in every field; `{bid}` and the like stand for the scene's.
struct Act {
    who: &'static str,
    route: &'static str,
    fields: &'static [(&'static str, &'static str)],
    /// One letter a state: `D` done · `r` refused in words (422) · `n` not found · `-` led elsewhere, nothing is changed.
    by_state: &'static str,
}

const PLAN: &[(&str, &str)] = &[
    ("method", "comparison"),
    ("name_1", "服务方案"),
    ("measure_1", "每点 8 分"),
    ("weight_1", "90"),
    ("price_weight", "10"),
    ("questions_until", "2026-03-16T17:00"),
    ("closes_at", "2026-03-27T17:00"),
];
const PROJECT: &[(&str, &str)] = &[
    ("catalogue_code", "A0402"),
    ("title", "助老"),
    ("requirement", "每周一次"),
    ("budget", "120000"),
    ("secured", "yes"),
    ("term_from", "2026-06-01"),
    ("term_to", "2027-05-31"),
    ("communities", "320585100001"),
    ("f1", "no"),
    ("f2", "no"),
    ("f3", "no"),
    ("f4", "no"),
    ("f5", "no"),
    ("f6", "no"),
    ("phone", "0512-00000000"),
];

/// Draft, open, held, closed, opened, evaluated, awarded, contracted, failed, cancelled.
const ACTS: &[Act] = &[
    Act {
        who: "officer",
        route: "/projects/{id}/edit",
        fields: PROJECT,
        by_state: "Drrrrrrrrr",
    },
    Act {
        who: "officer",
        route: "/projects/{id}/plan",
        fields: PLAN,
        by_state: "Drrrrrrrrr",
    },
    Act {
        who: "officer",
        route: "/projects/{id}/publish",
        fields: &[],
        by_state: "D---------",
    },
    Act {
        who: "officer",
        route: "/projects/{id}/extend",
        fields: &[("closes_at", "2026-06-01T17:00"), ("extend_reason", "顺延")],
        by_state: "nDDrrrrrrr",
    },
    Act {
        who: "officer",
        route: "/projects/{id}/close-held",
        fields: &[("close_reason", "中断")],
        by_state: "nrDrrrrrrr",
    },
    Act {
        who: "officer",
        route: "/projects/{id}/cancel",
        fields: &[("ground", "task_gone"), ("cancel_reason", "调整")],
        by_state: "nDDDDDrrrr",
    },
    Act {
        who: "officer",
        route: "/projects/{id}/retender",
        fields: &[],
        by_state: "rrrrrrrrDr",
    },
    Act {
        who: "officer",
        // Leads to the form of a new project; nothing is written yet.
        route: "/projects/{id}/copy",
        fields: &[],
        by_state: "----------",
    },
    Act {
        who: "officer",
        route: "/projects/{id}/questions/{question}",
        fields: &[("answer", "三人")],
        by_state: "nDDDrrrrrr",
    },
    Act {
        who: "officer",
        route: "/projects/{id}/opening",
        fields: &[],
        by_state: "nrrD----rr",
    },
    Act {
        who: "officer",
        route: "/projects/{id}/panel",
        fields: &[("size", "3")],
        by_state: "rrrDDrrrrr",
    },
    Act {
        who: "officer",
        route: "/projects/{id}/award",
        fields: &[("bid", "{bid}")],
        by_state: "rrrrrDrrrr",
    },
    Act {
        who: "officer",
        route: "/projects/{id}/award/cancel",
        fields: &[("ground", "refused_to_sign"), ("reason", "放弃")],
        by_state: "rrrrrrDrrr",
    },
    Act {
        who: "officer",
        route: "/projects/{id}/contract",
        fields: &[],
        by_state: "rrrrrrDrrr",
    },
    Act {
        who: "preparer",
        route: "/projects/{id}/ask",
        fields: &[("question", "何时？")],
        by_state: "nDrrrrrrrr",
    },
    Act {
        who: "preparer",
        route: "/projects/{id}/bid/draft",
        fields: &[
            ("price", "100000"),
            ("label-1", "全部"),
            ("amount-1", "100000"),
            ("proposal", "方案"),
        ],
        by_state: "nDrrrrrrrr",
    },
    Act {
        who: "submitter",
        route: "/projects/{id}/bid/replace",
        fields: &[],
        by_state: "nDrrrrrrrr",
    },
    Act {
        who: "submitter",
        route: "/projects/{id}/bid/withdraw",
        fields: &[("sure", "yes")],
        by_state: "nDrrrrrrrr",
    },
];

/// What any act leaves behind: its line in the ledger.
fn lines(town: &Town) -> i64 {
    town.portal
        .read(|db| Ok(sanshe::schema::ledger::table.count().get_result(db)?))
}

fn each_act_has_its_states(database: Database) {
    let town = Town::start(database);
    let mut wrong = Vec::new();
    for act in ACTS {
        let client = town.client(act.who);
        let token = client.get("/account").token();
        let mut found = String::new();
        for state in STATES {
            let scene = town.scene(state);
            let versions: (i64, i64) = town.portal.read(|db| {
                let project = projects::table
                    .find(scene.project)
                    .select(projects::version)
                    .first(db)?;
                Ok((
                    project,
                    tenders::table
                        .find(scene.tender)
                        .select(tenders::version)
                        .first(db)?,
                ))
            });
            let of_project = matches!(act.route.rsplit('/').next(), Some("edit" | "publish"));
            let is_own = act.route.contains("question") || act.route.contains("draft");
            let version = match (of_project, is_own) {
                (true, _) => versions.0.to_string(),
                (_, true) => "0".to_owned(),
                _ => versions.1.to_string(),
            };
            let (tender, bid) = (versions.1.to_string(), scene.bid.to_string());
            let mut fields = vec![
                ("csrf", token.as_str()),
                ("version", &version),
                ("tender_version", &tender),
            ];
            fields.extend(act.fields.iter().map(|(name, value)| {
                (
                    *name,
                    if *value == "{bid}" {
                        bid.as_str()
                    } else {
                        *value
                    },
                )
            }));
            let before = lines(&town);
            let reply = client.post_raw(&scene.path(act.route), &fields);
            let done = lines(&town) > before;
            found.push(match (reply.status, done) {
                (303, true) => 'D',
                (200 | 303, false) => '-',
                (422, false) => 'r',
                (404, false) => 'n',
                (409, false) => 'c',
                _ => '!',
            });
        }
        if found != act.by_state {
            wrong.push(format!(
                "{}: {} expected, was {found}",
                act.route, act.by_state
            ));
        }
    }
    assert!(wrong.is_empty(), "{STATES:?}\n{}", wrong.join("\n"));
}

on_both!(each_door_opens_to_its_people, each_act_has_its_states);
