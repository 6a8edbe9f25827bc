//! A published tender with its people, for the tests of what comes after publishing.

use super::{Client, Portal, Reply};
use chrono::{Duration, NaiveDateTime};
use sanshe::common::rulesets::Method;
use sanshe::kernel::instant;
use sanshe::kernel::money::Fen;
use sanshe::kernel::people::BodyId;
use sanshe::kernel::roles::{BodyKind, Role};
use sanshe::procurement::projects::{self, Forbidden, NewProject};
use sanshe::procurement::tenders::{self, CriterionKind, NewCriterion, Plan};
use sanshe::regions;

pub const BUDGET_FEN: i64 = 48_000_000;
pub const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n";

pub struct Tendering {
    pub project: i64,
    pub tender: i64,
    pub buyer: BodyId,
    pub closes_at: NaiveDateTime,
}

impl Tendering {
    pub fn path(&self, rest: &str) -> String {
        format!("/projects/{}{rest}", self.project)
    }
}

/// An open tender, published now by its purchaser's officer with the earliest lawful dates.
pub fn open_tender(portal: &Portal) -> Tendering {
    let buyer = portal.body(BodyKind::Bureau, "示范民政局", Some("320585"));
    let clerk = portal.person("buyer-clerk");
    portal.grant(clerk, buyer, &[Role::Officer]);
    let actor = portal.actor("buyer-clerk");
    let key = tenders::make_key(&portal.state.secrets).unwrap();
    let (project, tender, closes_at) = portal.write(move |tx| {
        let today = instant::shanghai_date(tx.now);
        let community = regions::list_communities(tx.db)?.remove(0).code;
        let new = NewProject {
            catalogue_code: "A0402".into(),
            title: "社区助老巡访服务".into(),
            requirement: "每周上门一次".into(),
            budget: Fen(BUDGET_FEN),
            is_budget_secured: true,
            term_from: today + Duration::days(60),
            term_to: today + Duration::days(300),
            grounds: Vec::new(),
            answered_no: Forbidden::ALL.to_vec(),
            communities: vec![community],
            phone: "0512-00000000".into(),
        };
        let project = projects::create(tx, &actor, &new)?;
        let dates = tenders::propose(tx.db, "320585", Method::OpenTender, tx.now)?;
        let criterion = |kind, name: &str, weight| NewCriterion {
            kind,
            name: name.into(),
            measure: "按五个要点计分，每点一至十分".into(),
            weight,
        };
        let plan = Plan {
            method: Method::OpenTender,
            criteria: vec![
                criterion(CriterionKind::Quality, "服务方案", 80),
                criterion(CriterionKind::Price, "报价", 20),
            ],
            questions_until: dates.questions_until,
            closes_at: dates.closes_at,
            accepts_provisional: true,
        };
        let tender = tenders::plan(tx, &actor, project, &plan)?;
        let version = projects::find(tx.db, project)?.version;
        tenders::publish(tx, &actor, project, version, &key, true)?;
        Ok((project.0, tender.0, dates.closes_at))
    });
    portal.run_jobs();
    Tendering {
        project,
        tender,
        buyer,
        closes_at,
    }
}

/// Lets the deadline come: the worker closes the tender, or fails it for want of bids.
pub fn close(portal: &Portal, tendering: &Tendering) {
    portal.move_clock_to(tendering.closes_at);
}

/// A provider with one person who prepares and submits.
pub fn bidder(portal: &Portal, name: &str) -> Client {
    let body = portal.body(BodyKind::Provider, &format!("{name}服务中心"), None);
    portal.member(name, body, &[Role::Preparer, Role::Submitter])
}

/// Fills the draft's form: one line of breakdown.
pub fn write_draft(client: &Client, tendering: &Tendering, price: &str, proposal: &str) -> Reply {
    client.submit(
        &tendering.path("/bid"),
        &tendering.path("/bid/draft"),
        &[
            ("price", price),
            ("label-1", "全部服务"),
            ("amount-1", price),
            ("proposal", proposal),
        ],
    )
}

pub fn send(client: &Client, tendering: &Tendering) -> Reply {
    client.submit(&tendering.path("/bid"), &tendering.path("/bid/submit"), &[])
}

/// A whole bid; returns its receipt's number.
#[track_caller]
pub fn bid(client: &Client, tendering: &Tendering, price: &str) -> String {
    write_draft(client, tendering, price, "服务方案").expect(303);
    let sent = send(client, tendering);
    sent.expect(303);
    number_of(&sent)
}

/// The receipt's number from where a submission led.
#[track_caller]
pub fn number_of(sent: &Reply) -> String {
    let location = sent.location.as_deref().unwrap();
    location.split_once("?no=").unwrap().1.to_owned()
}

/// An officer of the purchaser; a fresh session counts as verified.
pub fn officer(portal: &Portal, tendering: &Tendering, name: &str) -> Client {
    portal.member(name, tendering.buyer, &[Role::Officer])
}

pub fn confirm_opening(officer: &Client, tendering: &Tendering) -> Reply {
    let page = tendering.path("/opening");
    officer.submit(&page, &page, &[])
}
