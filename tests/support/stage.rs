//! A tender whose bids are open, put there by hand: what comes before has journeys of its own.

use super::{Client, Database, Portal};
use diesel::prelude::*;
use sanshe::common::clocks;
use sanshe::common::rulesets::{self, Method};
use sanshe::infra::failure::Failure;
use sanshe::kernel::instant;
use sanshe::kernel::people::{BodyId, PersonId};
use sanshe::kernel::roles::{BodyKind, Role};
use sanshe::schema::{
    bid_contents, bids, criteria, project_communities, projects, providers, results, tenders,
};

pub const BUDGET: i64 = 12_000_000;

pub struct Stage {
    pub portal: Portal,
    pub buyer: BodyId,
    pub officer: Client,
    pub project: i64,
    pub tender: i64,
    /// Bodies and bids, in the order of the prices.
    pub bidders: Vec<(BodyId, i64)>,
}

impl Stage {
    pub fn path(&self, rest: &str) -> String {
        format!("/projects/{}{rest}", self.project)
    }

    /// Signs in as a member of the `n`th bidder.
    pub fn bidder(&self, n: usize, role: Role) -> Client {
        self.portal
            .member(&format!("bidder{n}-{role}"), self.bidders[n].0, &[role])
    }

    pub fn tender_state(&self) -> String {
        let id = self.tender;
        self.portal.read(move |db| {
            Ok(tenders::table
                .filter(tenders::id.eq(id))
                .select(tenders::state)
                .first(db)?)
        })
    }

    pub fn project_state(&self) -> String {
        let id = self.project;
        self.portal.read(move |db| {
            Ok(projects::table
                .filter(projects::id.eq(id))
                .select(projects::state)
                .first(db)?)
        })
    }

    /// Writes a ranking by hand, best first, and calls the tender evaluated.
    pub fn rank(&self, ranks: &[(usize, i64)]) {
        let rows: Vec<(i64, i64)> = ranks
            .iter()
            .map(|(n, rank)| (self.bidders[*n].1, *rank))
            .collect();
        let tender = self.tender;
        self.portal.write(move |tx| {
            for (bid, rank) in &rows {
                diesel::insert_into(results::table)
                    .values((
                        results::bid_id.eq(bid),
                        results::tender_id.eq(tender),
                        results::price_points.eq("10/1"),
                        results::total_points.eq(format!("{}/1", 100 - rank)),
                        results::rank.eq(rank),
                    ))
                    .execute(tx.db)?;
            }
            diesel::update(tenders::table.filter(tenders::id.eq(tender)))
                .set((
                    tenders::state.eq("evaluated"),
                    tenders::version.eq(tenders::version + 1),
                ))
                .execute(tx.db)?;
            Ok(())
        });
    }
}

/// A comparison (panel of 3 or more, a third experts) with one bid for each price in fen, and a pool of five experts.
pub fn opened(database: Database, prices: &[i64]) -> Stage {
    let mut portal = Portal::start(database);
    portal.may_leave_jobs = true;
    let buyer = portal.body(
        BodyKind::TownGovernment,
        "示范镇人民政府",
        Some("320585100"),
    );
    let officer = portal.member("zhang", buyer, &[Role::Officer]);
    let platform = portal.body(BodyKind::Platform, "平台运营中心", None);
    for n in 1..=5 {
        let expert = portal.person(&format!("expert{n}"));
        portal.grant(expert, platform, &[Role::Expert]);
    }
    let mut bodies = Vec::new();
    for n in 0..prices.len() {
        bodies.push(portal.body(
            BodyKind::Provider,
            &format!("示范社工事务所{n}号"),
            Some("320585100"),
        ));
    }
    let prices = prices.to_vec();
    let (project, tender, bidders) =
        portal.write(move |tx| put(tx, buyer, &bodies, &prices, "TC-2026-0001"));
    Stage {
        portal,
        buyer,
        officer,
        project,
        tender,
        bidders,
    }
}

/// Project, tender, bidders with their bids.
pub type Put = (i64, i64, Vec<(BodyId, i64)>);

/// The rows of an opened tender; a body that is no provider yet becomes one.
pub fn put(
    tx: &mut sanshe::infra::store::Tx,
    buyer: BodyId,
    bodies: &[BodyId],
    prices: &[i64],
    number: &str,
) -> Result<Put, Failure> {
    let today = instant::shanghai_date(tx.now);
    let rules = rulesets::find_method(tx.db, "320585", Method::Comparison, today)?;
    let catalogue = sanshe::catalogue::newest_published(tx.db)?.ok_or(Failure::NotFound)?;
    let person: PersonId = sanshe::schema::people::table
        .select(sanshe::schema::people::id)
        .order(sanshe::schema::people::id)
        .first(tx.db)?;
    let project: i64 = diesel::insert_into(projects::table)
        .values((
            projects::number.eq(number),
            projects::buyer_id.eq(buyer),
            projects::region_code.eq("320585100"),
            projects::catalogue_id.eq(catalogue.id),
            projects::catalogue_code.eq("A0402"),
            projects::title.eq("居家养老巡访服务"),
            projects::requirement.eq("每周上门巡访一次"),
            projects::budget_fen.eq(BUDGET),
            projects::term_from.eq(today),
            projects::term_to.eq(today + chrono::Days::new(364)),
            projects::term_grounds.eq("[]"),
            projects::forbidden.eq(r#"["f1","f2","f3","f4","f5","f6"]"#),
            projects::phone.eq("0512-00000001"),
            projects::state.eq("tendering"),
            projects::created_by.eq(person),
            projects::created_at.eq(tx.now),
            projects::published_at.eq(tx.now),
        ))
        .returning(projects::id)
        .get_result(tx.db)?;
    for code in ["320585100001", "320585100002"] {
        diesel::insert_into(project_communities::table)
            .values((
                project_communities::project_id.eq(project),
                project_communities::region_code.eq(code),
            ))
            .execute(tx.db)?;
    }
    let tender: i64 = diesel::insert_into(tenders::table)
        .values((
            tenders::project_id.eq(project),
            tenders::round.eq(1),
            tenders::method.eq(Method::Comparison),
            tenders::rule_set_id.eq(rules.id),
            tenders::state.eq("opened"),
            tenders::published_at.eq(tx.now),
            tenders::closes_at.eq(tx.now),
            tenders::closed_at.eq(tx.now),
            tenders::opened_at.eq(tx.now),
        ))
        .returning(tenders::id)
        .get_result(tx.db)?;
    for (position, (kind, name, weight)) in [
        ("quality", "服务方案", 60),
        ("quality", "人员配备", 30),
        ("price", "价格", 10),
    ]
    .into_iter()
    .enumerate()
    {
        diesel::insert_into(criteria::table)
            .values((
                criteria::tender_id.eq(tender),
                criteria::position.eq(i64::try_from(position).unwrap()),
                criteria::kind.eq(kind),
                criteria::name.eq(name),
                criteria::measure.eq("每个要点 0 至 6 分"),
                criteria::weight.eq(weight),
            ))
            .execute(tx.db)?;
    }
    // As the opening starts it.
    let due = tx.now + chrono::Duration::days(7);
    clocks::set(
        tx.db,
        &clocks::Period {
            subject: ("tender", tender),
            code: "decision",
            article: Some("比选规则"),
            body: Some(buyer),
            starts_at: tx.now,
            due_at: due,
            is_public: true,
        },
    )?;
    let mut bidders = Vec::new();
    for (n, (body, price)) in bodies.iter().zip(prices).enumerate() {
        bidders.push((*body, bid(tx, tender, *body, person, n, *price)?));
    }
    Ok((project, tender, bidders))
}

fn bid(
    tx: &mut sanshe::infra::store::Tx,
    tender: i64,
    body: BodyId,
    person: PersonId,
    n: usize,
    price: i64,
) -> Result<i64, Failure> {
    let is_known: bool = diesel::select(diesel::dsl::exists(
        providers::table.filter(providers::body_id.eq(body)),
    ))
    .get_result(tx.db)?;
    if !is_known {
        register(tx, body, n)?;
    }
    let bid: i64 = diesel::insert_into(bids::table)
        .values((
            bids::tender_id.eq(tender),
            bids::bidder_id.eq(body),
            bids::state.eq("submitted"),
            bids::receipt_no.eq(format!("R{tender}-{n}")),
            bids::submitted_by.eq(person),
            bids::submitted_at.eq(tx.now),
            bids::sealed.eq(Vec::<u8>::new()),
            bids::cipher_sha256.eq(""),
            bids::receipt.eq("{}"),
        ))
        .returning(bids::id)
        .get_result(tx.db)?;
    diesel::insert_into(bid_contents::table)
        .values((
            bid_contents::bid_id.eq(bid),
            bid_contents::price_fen.eq(price),
            bid_contents::breakdown.eq(format!("[{{\"label\":\"人员费用\",\"amount\":{price}}}]")),
            bid_contents::proposal.eq(format!("第{n}号方案：每周巡访，建立台账")),
        ))
        .execute(tx.db)?;
    Ok(bid)
}

fn register(tx: &mut sanshe::infra::store::Tx, body: BodyId, n: usize) -> Result<(), Failure> {
    let code =
        sanshe::kernel::credit_code::CreditCode::make("52", "320585", &format!("MJ00000{n}"))
            .unwrap();
    diesel::insert_into(providers::table)
        .values((
            providers::body_id.eq(body),
            providers::kind.eq("social_service"),
            providers::credit_code.eq(code.as_str()),
            providers::legal_head.eq("某某"),
            providers::address.eq("示范路1号"),
            providers::phone.eq("0512-00000002"),
            providers::summary.eq("社会工作服务"),
            providers::state.eq("proven"),
            providers::sort_key.eq(format!("{n}")),
            providers::created_at.eq(tx.now),
        ))
        .execute(tx.db)?;
    Ok(())
}
