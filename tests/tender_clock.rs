//! What the clock does to tenders, and what officers may do about it: closing with too few or enough bids, an outage,
//! questions and their cut-off, extensions, further rounds.

use crate::on_both;
use crate::support::tendering::{Tendering, bid, bidder};
use crate::support::{Client, Database, Portal};
use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;
use sanshe::accounts;
use sanshe::common::clocks;
use sanshe::common::rulesets::Method;
use sanshe::infra::actor::{self, Actor};
use sanshe::infra::failure::Failure;
use sanshe::infra::store::machine_now;
use sanshe::kernel::instant;
use sanshe::kernel::money::Fen;
use sanshe::kernel::people::BodyId;
use sanshe::kernel::roles::{BodyKind, Role};
use sanshe::procurement::projects::{self, Forbidden, NewProject, ProjectId, ProjectState};
use sanshe::procurement::tenders::{
    self, CancelGround, CriterionKind, NewCriterion, Plan, Tender, TenderState,
};
use sanshe::schema::{messages, tenders as rows, uptimes};

/// A person acting in the body, as the actions see them.
fn acting(portal: &Portal, name: &str, body: BodyId, roles: &[Role]) -> Actor {
    let person = portal.person(name);
    portal.grant(person, body, roles);
    portal.write(move |tx| {
        let session = accounts::begin_session(tx, person, "test", "127.0.0.0/24")?;
        actor::find(tx.db, session, machine_now())?.ok_or(Failure::NotFound)
    })
}

struct Bought {
    officer: Actor,
    buyer: BodyId,
    project: ProjectId,
}

fn project(portal: &Portal) -> Bought {
    let buyer = portal.body(
        BodyKind::TownGovernment,
        "演示镇人民政府",
        Some("320585100"),
    );
    let officer = acting(portal, "gu", buyer, &[Role::Officer]);
    let on = instant::shanghai_date(portal.now());
    let new = NewProject {
        catalogue_code: "A0402".into(),
        title: "社区助老巡访服务".into(),
        requirement: "每周上门一次。".into(),
        budget: Fen(48_000_000),
        is_budget_secured: true,
        term_from: on + Duration::days(90),
        term_to: on + Duration::days(400),
        grounds: Vec::new(),
        answered_no: Forbidden::ALL.to_vec(),
        communities: vec!["320585100001".into(), "320585100002".into()],
        phone: "0512-00000000".into(),
    };
    let by = officer.clone();
    let project = portal.write(move |tx| projects::create(tx, &by, &new));
    Bought {
        officer,
        buyer,
        project,
    }
}

fn criteria() -> Vec<NewCriterion> {
    let row = |kind, name: &str, measure: &str, weight| NewCriterion {
        kind,
        name: name.into(),
        measure: measure.into(),
        weight,
    };
    vec![
        row(
            CriterionKind::Quality,
            "服务方案",
            "五个要点，每点 0 至 8 分",
            80,
        ),
        row(CriterionKind::Price, "价格", "最低有效报价 ÷ 报价 × 20", 20),
    ]
}

fn earliest(portal: &Portal) -> Plan {
    let now = portal.now();
    let dates = portal.read(move |db| tenders::propose(db, "320585100", Method::Comparison, now));
    Plan {
        method: Method::Comparison,
        criteria: criteria(),
        questions_until: dates.questions_until,
        closes_at: dates.closes_at,
        accepts_provisional: false,
    }
}

fn try_publish(portal: &Portal, bought: &Bought) -> Result<(), Failure> {
    let (by, id) = (bought.officer.clone(), bought.project);
    let version = portal.read(move |db| Ok(projects::find(db, id)?)).version;
    let key = tenders::make_key(&portal.state.secrets)?;
    portal
        .state
        .store
        .write_blocking(move |tx| tenders::publish(tx, &by, id, version, &key, false))
}

fn plan(portal: &Portal, bought: &Bought) {
    let (by, id, plan) = (bought.officer.clone(), bought.project, earliest(portal));
    portal.write(move |tx| tenders::plan(tx, &by, id, &plan));
}

/// A public comparison, published now with the earliest lawful dates.
fn published(portal: &Portal) -> (Bought, Tendering) {
    let bought = project(portal);
    plan(portal, &bought);
    try_publish(portal, &bought).unwrap();
    let tender = newest(portal, bought.project);
    let tendering = Tendering {
        project: bought.project.0,
        tender: tender.id.0,
        buyer: bought.buyer,
        closes_at: tender.closes_at.unwrap(),
    };
    (bought, tendering)
}

fn newest(portal: &Portal, project: ProjectId) -> Tender {
    portal
        .read(move |db| Ok(tenders::newest_of(db, project)?))
        .unwrap()
}

fn state_of(portal: &Portal, project: ProjectId) -> ProjectState {
    portal
        .read(move |db| Ok(projects::find(db, project)?))
        .state
}

/// Every public word about the project: its notices.
fn notices(portal: &Portal, project: ProjectId) -> Vec<(String, String)> {
    portal
        .read(move |db| Ok(tenders::notices_of(db, project)?))
        .into_iter()
        .map(|notice| (notice.kind, notice.content))
        .collect()
}

fn kinds(portal: &Portal, project: ProjectId) -> Vec<String> {
    notices(portal, project)
        .into_iter()
        .map(|(kind, _)| kind)
        .collect()
}

/// How many bodies have a message of this kind.
fn told(portal: &Portal, kind: &'static str) -> i64 {
    portal.read(move |db| {
        Ok(messages::table
            .filter(messages::kind.eq(kind))
            .count()
            .get_result(db)?)
    })
}

fn bidders(portal: &Portal, tendering: &Tendering, count: usize) -> Vec<Client> {
    ["qingmiao", "heming", "anju"]
        .iter()
        .take(count)
        .map(|name| {
            let client = bidder(portal, name);
            bid(&client, tendering, "450000");
            client
        })
        .collect()
}

fn key_of<T: std::fmt::Debug>(result: Result<T, Failure>) -> Vec<&'static str> {
    match result.unwrap_err() {
        Failure::Refused(refusal) => vec![refusal.key],
        Failure::RefusedAll(refusals) => refusals.iter().map(|refusal| refusal.key).collect(),
        other => panic!("{other:?}"),
    }
}

fn few_bids_fail_and_three_close(database: Database) {
    for count in [0, 2, 3] {
        let portal = Portal::start(database);
        let (bought, tendering) = published(&portal);
        bidders(&portal, &tendering, count);
        let before = newest(&portal, bought.project);
        assert_eq!(before.next_check, before.closes_at);
        portal.move_clock_to(tendering.closes_at - Duration::seconds(30));
        assert_eq!(newest(&portal, bought.project).state, TenderState::Open);
        portal.move_clock_to(tendering.closes_at);
        let after = newest(&portal, bought.project);
        assert_eq!(after.next_check, None);
        assert!(after.closed_at.unwrap() >= tendering.closes_at);
        assert_eq!(after.opened_at, None);
        let words = notices(&portal, bought.project);
        if count == 3 {
            assert_eq!(after.state, TenderState::Closed);
            assert_eq!(state_of(&portal, bought.project), ProjectState::Tendering);
            assert_eq!(kinds(&portal, bought.project), ["tender"]);
            assert_eq!(
                told(&portal, "tender-closed"),
                1,
                "the purchaser, without a number"
            );
        } else {
            assert_eq!(after.state, TenderState::Failed);
            assert_eq!(state_of(&portal, bought.project), ProjectState::Failed);
            assert_eq!(kinds(&portal, bought.project), ["tender", "failure"]);
            assert!(
                words[1].1.contains(&format!("\"bids\":{count}")),
                "{}",
                words[1].1
            );
            assert_eq!(
                told(&portal, "tender-failed"),
                i64::try_from(count).unwrap() + 1
            );
        }
        let open =
            portal.read(move |db| Ok(clocks::list_of(db, ("tender", tendering.tender), true)?));
        let undone: Vec<&str> = open
            .iter()
            .filter(|clock| clock.done_at.is_none())
            .map(|clock| clock.code.as_str())
            .collect();
        let expected: &[&str] = if count == 3 { &["opening"] } else { &[] };
        assert_eq!(undone, expected);
    }
}

/// Leaves the portal unreachable for so long before the deadline, then lets the deadline come.
fn outage_before(portal: &Portal, closes_at: NaiveDateTime, minutes: i64) {
    let back = closes_at - Duration::minutes(10);
    portal.move_clock_to(back - Duration::minutes(minutes));
    portal.write(move |tx| {
        diesel::insert_into(uptimes::table)
            .values((uptimes::started_at.eq(back), uptimes::last_at.eq(back)))
            .execute(tx.db)?;
        Ok(())
    });
    portal.move_clock_to(closes_at);
}

fn an_outage_holds_it_until_an_officer_decides(database: Database) {
    let portal = Portal::start(database);
    let (bought, tendering) = published(&portal);
    bidders(&portal, &tendering, 3);
    outage_before(&portal, tendering.closes_at, 90);
    let held = newest(&portal, bought.project);
    assert_eq!(held.state, TenderState::Held);
    assert_eq!(held.next_check, None);
    assert_eq!(held.closed_at, None);
    assert_eq!(kinds(&portal, bought.project), ["tender", "hold"]);
    assert_eq!(
        told(&portal, "tender-held"),
        4,
        "three bidders and the purchaser"
    );
    portal.move_clock_by(Duration::days(2));
    assert_eq!(newest(&portal, bought.project).state, TenderState::Held);

    let to = portal.now() + Duration::days(4);
    let extend = |by: &Actor, version: i64, closes_at: NaiveDateTime| {
        let by = by.clone();
        let id = held.id;
        portal.state.store.write_blocking(move |tx| {
            tenders::extend(tx, &by, id, version, closes_at, "系统故障，顺延")
        })
    };
    let other = portal.body(BodyKind::TownGovernment, "另一演示镇", Some("320585101"));
    let stranger = acting(&portal, "sun", other, &[Role::Officer]);
    assert!(matches!(
        extend(&stranger, held.version, to),
        Err(Failure::NotFound)
    ));
    assert!(matches!(
        extend(&bought.officer, held.version - 1, to),
        Err(Failure::Changed)
    ));
    assert_eq!(
        key_of(extend(&bought.officer, held.version, tendering.closes_at)),
        ["tenders-not-later"]
    );
    assert_eq!(
        key_of(extend(
            &bought.officer,
            held.version,
            portal.now() + Duration::hours(1)
        )),
        ["tenders-not-later"],
        "not one working day"
    );
    extend(&bought.officer, held.version, to).unwrap();
    let open = newest(&portal, bought.project);
    assert_eq!((open.state, open.next_check), (TenderState::Open, Some(to)));
    assert_eq!(open.held_minutes, None);
    portal.move_clock_to(to);
    assert_eq!(newest(&portal, bought.project).state, TenderState::Closed);
    assert_eq!(
        kinds(&portal, bought.project),
        ["tender", "hold", "extension"]
    );
}

fn an_hour_is_no_outage_yet(database: Database) {
    let portal = Portal::start(database);
    let (bought, tendering) = published(&portal);
    bidders(&portal, &tendering, 3);
    // The clock runs on by itself for the moments that the test takes, so a little under the hour.
    outage_before(&portal, tendering.closes_at, 59);
    assert_eq!(newest(&portal, bought.project).state, TenderState::Closed);
}

fn a_held_tender_ends_with_a_reason(database: Database) {
    let portal = Portal::start(database);
    let (bought, tendering) = published(&portal);
    outage_before(&portal, tendering.closes_at, 120);
    let held = newest(&portal, bought.project);
    let (by, id) = (bought.officer.clone(), held.id);
    portal.write(move |tx| tenders::close_held(tx, &by, id, held.version, "重新采购更公平"));
    assert_eq!(newest(&portal, bought.project).state, TenderState::Failed);
    let words = notices(&portal, bought.project);
    assert_eq!(words.last().unwrap().0, "failure");
    assert!(words.last().unwrap().1.contains("重新采购更公平"));
    let history = portal.read(|db| tenders::history_of(db, ProjectId(1), None, portal.now()));
    assert!(history.iter().any(|(line, text)| {
        line.what == "tender.failed"
            && text
                .as_ref()
                .is_some_and(|text| text.reason.as_deref() == Some("重新采购更公平"))
    }));
}

fn questions_end_at_their_instant_and_name_nobody(database: Database) {
    let portal = Portal::start(database);
    let (bought, _) = published(&portal);
    let tender = newest(&portal, bought.project);
    let body = portal.body(BodyKind::Provider, "晨曦助老服务中心", None);
    let asker = acting(&portal, "qiuyan", body, &[Role::Preparer]);
    let ask = |text: &'static str| {
        let (by, id) = (asker.clone(), tender.id);
        portal
            .state
            .store
            .write_blocking(move |tx| tenders::ask(tx, &by, id, text))
    };
    portal.move_clock_to(tender.questions_until.unwrap() - Duration::minutes(5));
    let first = ask("小组活动可否合并？").unwrap();
    portal.move_clock_to(tender.questions_until.unwrap());
    assert_eq!(key_of(ask("晚了的提问")), ["tenders-questions-closed"]);

    let now = portal.now();
    let seen_by = |reader: Option<Actor>| {
        format!(
            "{:?}",
            portal.read(move |db| tenders::history_of(db, bought.project, reader.as_ref(), now))
        )
    };
    let names = |text: &str| text.contains("晨曦") || text.contains("qiuyan");
    assert!(!names(&seen_by(None)) && !names(&seen_by(Some(bought.officer.clone()))));
    assert!(!seen_by(Some(bought.officer.clone())).contains("question.asked"));

    let waiting = portal.read(move |db| Ok(tenders::list_questions(db, tender.id, true)?));
    assert_eq!(waiting.len(), 1);
    assert!(!names(&format!("{waiting:?}")));
    assert!(
        portal
            .read(move |db| Ok(tenders::list_questions(db, tender.id, false)?))
            .is_empty()
    );
    let own = portal.read(move |db| Ok(tenders::list_own_questions(db, tender.id, body)?));
    assert_eq!(own.len(), 1);
    let to_buyer: Vec<String> = portal.read(move |db| {
        Ok(messages::table
            .filter(messages::body_id.eq(bought.buyer))
            .select(messages::args)
            .load(db)?)
    });
    assert!(!to_buyer.is_empty() && !to_buyer.iter().any(|args| names(args)));

    // Question and answer become public together; the asker is told in its own inbox.
    let answer = |by: &Actor, version: i64| {
        let by = by.clone();
        portal.state.store.write_blocking(move |tx| {
            tenders::answer(tx, &by, first, version, "可以，不超过两个社区。")
        })
    };
    assert!(matches!(answer(&asker, 0), Err(Failure::NotFound)));
    assert!(matches!(answer(&bought.officer, 7), Err(Failure::Changed)));
    answer(&bought.officer, 0).unwrap();
    assert!(
        matches!(answer(&bought.officer, 1), Err(Failure::Changed)),
        "once"
    );
    let words = notices(&portal, bought.project);
    let (kind, content) = words.last().unwrap();
    assert_eq!(kind, "answer");
    assert!(content.contains("小组活动可否合并？") && content.contains("不超过两个社区"));
    assert!(!names(content) && !names(&seen_by(None)));
    assert!(!names(&seen_by(Some(bought.officer.clone()))));
    assert_eq!(told(&portal, "question-answered"), 1);
}

fn a_plan_that_has_grown_old_is_refused(database: Database) {
    let portal = Portal::start(database);
    let bought = project(&portal);
    assert_eq!(
        key_of(try_publish(&portal, &bought)),
        ["tenders-not-planned"]
    );
    plan(&portal, &bought);
    portal.move_clock_by(Duration::days(1));
    let refused = try_publish(&portal, &bought).unwrap_err();
    let Failure::RefusedAll(refusals) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(refusals[0].key, "tenders-closes-too-early");
    assert!(refusals[0].article.is_some());
    assert_eq!(state_of(&portal, bought.project), ProjectState::Draft);
    assert_eq!(kinds(&portal, bought.project), Vec::<String>::new());
    plan(&portal, &bought);
    try_publish(&portal, &bought).unwrap();
    let tender = newest(&portal, bought.project);
    let identity = portal
        .state
        .secrets
        .open(&bytes_of(tender.wrapped_identity.as_deref().unwrap()))
        .unwrap();
    let sealed = sanshe::infra::seal::seal(tender.recipient.as_deref().unwrap(), b"x").unwrap();
    let opened = sanshe::infra::seal::open(std::str::from_utf8(&identity).unwrap(), &sealed);
    assert_eq!(
        opened.unwrap(),
        b"x",
        "the wrapped half opens what the public half sealed"
    );
}

fn bytes_of(hex: &str) -> Vec<u8> {
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
        .collect()
}

fn a_second_round_starts_anew(database: Database) {
    let portal = Portal::start(database);
    let (bought, tendering) = published(&portal);
    portal.move_clock_to(tendering.closes_at);
    assert_eq!(state_of(&portal, bought.project), ProjectState::Failed);
    let (by, id) = (bought.officer.clone(), bought.project);
    let second = portal.write(move |tx| tenders::retender(tx, &by, id));
    assert_ne!(second.0, tendering.tender);
    let rows = portal.read(move |db| Ok(tenders::criteria_of(db, second)?));
    assert_eq!(rows.len(), criteria().len(), "the criteria are copied");
    plan(&portal, &bought);
    try_publish(&portal, &bought).unwrap();
    let tender = newest(&portal, bought.project);
    assert_eq!((tender.round, tender.state), (2, TenderState::Open));
    assert_eq!(state_of(&portal, bought.project), ProjectState::Tendering);
    let first = portal.read(move |db| {
        Ok(tenders::find(
            db,
            sanshe::procurement::tenders::TenderId(tendering.tender),
        )?)
    });
    assert_ne!(
        first.recipient, tender.recipient,
        "each round has a key of its own"
    );
    let clocks = portal.read(move |db| Ok(clocks::list_of(db, ("tender", second.0), true)?));
    let done: Vec<&str> = clocks
        .iter()
        .filter(|clock| clock.done_at.is_some())
        .map(|clock| clock.code.as_str())
        .collect();
    assert_eq!(done, ["published"], "nothing of the first round counts");
    assert_eq!(
        kinds(&portal, bought.project),
        ["tender", "failure", "tender"]
    );
}

fn a_tender_is_given_up_on_a_ground(database: Database) {
    let portal = Portal::start(database);
    let (bought, tendering) = published(&portal);
    bidders(&portal, &tendering, 1);
    let cancel = |ground: CancelGround| {
        let (by, tender) = (bought.officer.clone(), newest(&portal, bought.project));
        portal.state.store.write_blocking(move |tx| {
            tenders::cancel(tx, &by, tender.id, tender.version, ground, "理由")
        })
    };
    assert_eq!(
        key_of(cancel(CancelGround::AllAboveBudget)),
        ["tenders-ground-too-early"]
    );
    cancel(CancelGround::Unlawful).unwrap();
    assert_eq!(
        newest(&portal, bought.project).state,
        TenderState::Cancelled
    );
    assert_eq!(
        state_of(&portal, bought.project),
        ProjectState::Failed,
        "it may be tendered again"
    );
    assert_eq!(told(&portal, "tender-cancelled"), 2);
    portal.move_clock_to(tendering.closes_at);
    assert_eq!(
        newest(&portal, bought.project).state,
        TenderState::Cancelled
    );
    let (by, id) = (bought.officer.clone(), bought.project);
    portal.write(move |tx| tenders::retender(tx, &by, id));
    plan(&portal, &bought);
    try_publish(&portal, &bought).unwrap();
    cancel(CancelGround::TaskGone).unwrap();
    assert_eq!(state_of(&portal, bought.project), ProjectState::Cancelled);
    let (by, id) = (bought.officer.clone(), bought.project);
    let again = portal
        .state
        .store
        .write_blocking(move |tx| tenders::retender(tx, &by, id));
    assert_eq!(key_of(again), ["tenders-not-now"]);
}

/// Two officers decide at once about a held tender: one decision stands, whole.
fn of_two_decisions_one_stands(database: Database) {
    let portal = Portal::start(database);
    let (bought, tendering) = published(&portal);
    outage_before(&portal, tendering.closes_at, 120);
    let held = newest(&portal, bought.project);
    let to = portal.now() + Duration::days(5);
    let (id, version) = (held.id, held.version);
    let results: Vec<(bool, Result<(), Failure>)> = std::thread::scope(|scope| {
        let tasks: Vec<_> = (0..6)
            .map(|n| {
                let (by, store) = (bought.officer.clone(), portal.state.store.clone());
                scope.spawn(move || {
                    let extends = n % 2 == 0;
                    let done = store.write_blocking(move |tx| {
                        if extends {
                            tenders::extend(tx, &by, id, version, to, "顺延")
                        } else {
                            tenders::close_held(tx, &by, id, version, "重新采购")
                        }
                    });
                    (extends, done)
                })
            })
            .collect();
        tasks.into_iter().map(|task| task.join().unwrap()).collect()
    });
    let won: Vec<bool> = results
        .iter()
        .filter(|(_, done)| done.is_ok())
        .map(|(extends, _)| *extends)
        .collect();
    assert_eq!(won.len(), 1, "{results:?}");
    assert!(
        results
            .iter()
            .all(|(_, done)| matches!(done, Ok(()) | Err(Failure::Changed))),
        "{results:?}"
    );
    let after = newest(&portal, bought.project);
    let expected = if won[0] {
        TenderState::Open
    } else {
        TenderState::Failed
    };
    assert_eq!(after.state, expected);
    assert_eq!(kinds(&portal, bought.project).len(), 3, "one notice more");
}

/// A tender that went on without the worker leaves nothing for it to look at for ever.
fn a_stale_check_is_dropped(database: Database) {
    let portal = Portal::start(database);
    let (bought, tendering) = published(&portal);
    portal.write(move |tx| {
        diesel::update(rows::table.find(tendering.tender))
            .set((
                rows::state.eq("closed"),
                rows::version.eq(rows::version + 1),
            ))
            .execute(tx.db)?;
        Ok(())
    });
    portal.move_clock_to(tendering.closes_at);
    let after = newest(&portal, bought.project);
    assert_eq!((after.state, after.next_check), (TenderState::Closed, None));
}

on_both!(
    few_bids_fail_and_three_close,
    an_outage_holds_it_until_an_officer_decides,
    an_hour_is_no_outage_yet,
    a_held_tender_ends_with_a_reason,
    questions_end_at_their_instant_and_name_nobody,
    a_plan_that_has_grown_old_is_refused,
    a_second_round_starts_anew,
    a_tender_is_given_up_on_a_ground,
    of_two_decisions_one_stands,
    a_stale_check_is_dropped,
);
