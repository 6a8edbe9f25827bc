//! What one body, or one person, has under way: read across the wings, each row only for whom it concerns.

use crate::common::clocks::Clock;
use crate::infra::db::Db;
use crate::kernel::money::Fen;
use crate::kernel::people::{BodyId, PersonId};
use crate::procurement::awards::AwardId;
use crate::procurement::contracts::ContractId;
use crate::procurement::tenders::TenderState;
use crate::schema::{
    bid_drafts, bids, clocks, contract_signatures, contracts, panel_members, panels, projects,
    questions, score_sheets, tenders,
};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// A desk is no archive: the newest that many.
const MOST: i64 = 400;

#[derive(Queryable, Clone, Debug)]
pub struct ProjectRow {
    pub id: i64,
    pub number: String,
    pub title: String,
    pub budget: Fen,
    pub tender: Option<i64>,
    pub tender_state: Option<String>,
    pub round: Option<i64>,
    pub closes_at: Option<NaiveDateTime>,
}

/// A purchaser's projects with the newest tender of each.
pub fn list_projects(db: &mut Db, buyer: BodyId) -> QueryResult<Vec<ProjectRow>> {
    let rows: Vec<ProjectRow> = projects::table
        .left_join(tenders::table.on(tenders::project_id.eq(projects::id)))
        .filter(projects::buyer_id.eq(buyer.0))
        .order((projects::id.desc(), tenders::round.desc()))
        .limit(MOST)
        .select((
            projects::id,
            projects::number,
            projects::title,
            projects::budget_fen,
            tenders::id.nullable(),
            tenders::state.nullable(),
            tenders::round.nullable(),
            tenders::closes_at.nullable(),
        ))
        .load(db)?;
    let mut newest: BTreeMap<i64, ProjectRow> = BTreeMap::new();
    for row in rows {
        let is_newer = newest
            .get(&row.id)
            .is_none_or(|have| have.round < row.round);
        if is_newer {
            newest.insert(row.id, row);
        }
    }
    Ok(newest.into_values().rev().collect())
}

/// Those of these tenders that have a panel, with the sheets that are in and the members.
pub fn panels_of(db: &mut Db, tenders: Vec<i64>) -> QueryResult<BTreeMap<i64, (usize, usize)>> {
    let of_member = score_sheets::tender_id
        .eq(panels::subject_id)
        .and(score_sheets::person_id.eq(panel_members::person_id));
    let rows: Vec<(i64, Option<NaiveDateTime>)> = panel_members::table
        .inner_join(panels::table.on(panels::id.eq(panel_members::panel_id)))
        .left_join(score_sheets::table.on(of_member))
        .filter(panels::subject_kind.eq("tender"))
        .filter(panels::subject_id.eq_any(tenders))
        .filter(panel_members::recused_at.is_null())
        .select((panels::subject_id, score_sheets::submitted_at.nullable()))
        .load(db)?;
    let mut found: BTreeMap<i64, (usize, usize)> = BTreeMap::new();
    for (tender, submitted) in rows {
        let (done, all) = found.entry(tender).or_default();
        *done += usize::from(submitted.is_some());
        *all += 1;
    }
    Ok(found)
}

#[derive(Queryable, Clone, Debug)]
pub struct ContractRow {
    pub id: i64,
    pub title: String,
    pub amount: Fen,
    pub term_from: NaiveDate,
    pub term_to: NaiveDate,
    pub state: String,
    pub project: Option<i64>,
    pub buyer: i64,
}

/// A body's contracts, on either side; the other side sees none that is still being written.
pub fn list_contracts(db: &mut Db, body: BodyId) -> QueryResult<Vec<ContractRow>> {
    contracts::table
        .filter(
            contracts::buyer_id.eq(body.0).or(contracts::provider_id
                .eq(body.0)
                .and(contracts::state.ne("drafted"))
                .assume_not_null()),
        )
        .filter(contracts::state.ne("cancelled"))
        .order((contracts::term_to.desc(), contracts::id.desc()))
        .limit(MOST)
        .select((
            contracts::id,
            contracts::title,
            contracts::amount_fen,
            contracts::term_from,
            contracts::term_to,
            contracts::state,
            contracts::project_id,
            contracts::buyer_id,
        ))
        .load(db)
}

/// A contract that waits for signatures: id, title, project, award.
pub type Unsigned = (ContractId, String, Option<i64>, Option<AwardId>);

/// Contracts that wait for this body's signature.
pub fn list_unsigned(db: &mut Db, body: BodyId) -> QueryResult<Vec<Unsigned>> {
    let columns = (
        contracts::id,
        contracts::title,
        contracts::project_id,
        contracts::award_id,
    );
    let signed = |side: &'static str| {
        exists(
            contract_signatures::table
                .filter(contract_signatures::contract_id.eq(contracts::id))
                .filter(contract_signatures::side.eq(side)),
        )
    };
    let mut rows: Vec<Unsigned> = contracts::table
        .filter(contracts::state.eq("signing"))
        .filter(contracts::buyer_id.eq(body.0))
        .filter(not(signed("buyer")))
        .order(contracts::id)
        .select(columns)
        .load(db)?;
    rows.extend(
        contracts::table
            .filter(contracts::state.eq("signing"))
            .filter(contracts::provider_id.eq(body.0))
            .filter(not(signed("provider")))
            .order(contracts::id)
            .select(columns)
            .load::<Unsigned>(db)?,
    );
    Ok(rows)
}

/// A project for which a body has begun to write a bid.
#[derive(Queryable, Clone, Debug)]
pub struct DraftRow {
    pub project: i64,
    pub title: String,
    pub closes_at: Option<NaiveDateTime>,
}

/// The body's own drafts in tenders that still take bids.
pub fn list_drafts(db: &mut Db, bidder: BodyId) -> QueryResult<Vec<DraftRow>> {
    bid_drafts::table
        .inner_join(tenders::table.on(tenders::id.eq(bid_drafts::tender_id)))
        .inner_join(projects::table.on(projects::id.eq(tenders::project_id)))
        .filter(bid_drafts::bidder_id.eq(bidder.0))
        .filter(tenders::state.eq("open"))
        .order((tenders::closes_at, tenders::id))
        .limit(MOST)
        .select((projects::id, projects::title, tenders::closes_at))
        .load(db)
}

/// A body's last bid in a tender; `state` is its own: one that was withdrawn is to be found again too.
#[derive(Queryable, Clone, Debug)]
pub struct BidRow {
    pub tender: i64,
    pub project: i64,
    pub title: String,
    pub tender_state: String,
    pub closes_at: Option<NaiveDateTime>,
    pub at: NaiveDateTime,
    pub state: String,
    pub receipt_no: String,
}

/// The body's own bids: the last one of each tender.
pub fn list_bids(db: &mut Db, bidder: BodyId) -> QueryResult<Vec<BidRow>> {
    let mut rows: Vec<BidRow> = bids::table
        .inner_join(tenders::table.on(tenders::id.eq(bids::tender_id)))
        .inner_join(projects::table.on(projects::id.eq(tenders::project_id)))
        .filter(bids::bidder_id.eq(bidder.0))
        .filter(bids::state.ne("replaced"))
        .order((bids::submitted_at.desc(), bids::id.desc()))
        .limit(MOST)
        .select((
            tenders::id,
            projects::id,
            projects::title,
            tenders::state,
            tenders::closes_at,
            bids::submitted_at,
            bids::state,
            bids::receipt_no,
        ))
        .load(db)?;
    let mut seen = BTreeSet::new();
    rows.retain(|row| seen.insert(row.tender));
    Ok(rows)
}

/// Tenders that wait for this person's scores: tender, title, and when the award is due. For the member alone: panels are secret (87号令 §47).
pub fn list_sheets(
    db: &mut Db,
    person: PersonId,
) -> QueryResult<Vec<(i64, String, Option<NaiveDateTime>)>> {
    let decision = clocks::subject_id
        .eq(tenders::id)
        .and(clocks::subject_kind.eq("tender"))
        .and(clocks::code.eq("decision"));
    let handed_in = score_sheets::table
        .filter(score_sheets::person_id.eq(person.0))
        .filter(score_sheets::submitted_at.is_not_null())
        .filter(score_sheets::tender_id.eq(tenders::id));
    panel_members::table
        .inner_join(panels::table.on(panels::id.eq(panel_members::panel_id)))
        .inner_join(tenders::table.on(tenders::id.eq(panels::subject_id)))
        .inner_join(projects::table.on(projects::id.eq(tenders::project_id)))
        .left_join(clocks::table.on(decision))
        .filter(panels::subject_kind.eq("tender"))
        .filter(panel_members::person_id.eq(person.0))
        .filter(panel_members::recused_at.is_null())
        .filter(tenders::state.eq("opened"))
        .filter(not(exists(handed_in)))
        .order(tenders::id)
        .limit(MOST)
        .select((tenders::id, projects::title, clocks::due_at.nullable()))
        .load(db)
}

/// The things that clocks run for, by kind and id: project, title and page.
pub type Subjects = BTreeMap<(&'static str, i64), (Option<i64>, String, String)>;

/// What these clocks are about: one query a kind; a question that nobody may answer any more is about nothing.
pub fn subjects_of(db: &mut Db, clocks: &[Clock]) -> QueryResult<Subjects> {
    let ids = |kind: &str| -> Vec<i64> {
        clocks
            .iter()
            .filter(|clock| clock.subject_kind == kind)
            .map(|clock| clock.subject_id)
            .collect()
    };
    let mut found = Subjects::new();
    let rows: Vec<(i64, i64, String)> = tenders::table
        .inner_join(projects::table.on(projects::id.eq(tenders::project_id)))
        .filter(tenders::id.eq_any(ids("tender")))
        .select((tenders::id, projects::id, projects::title))
        .load(db)?;
    for (id, project, title) in rows {
        let link = format!("/projects/{project}");
        found.insert(("tender", id), (Some(project), title, link));
    }
    let rows: Vec<(i64, i64, String)> = questions::table
        .inner_join(tenders::table.on(tenders::id.eq(questions::tender_id)))
        .inner_join(projects::table.on(projects::id.eq(tenders::project_id)))
        .filter(questions::id.eq_any(ids("question")))
        .filter(tenders::state.eq_any(TenderState::ANSWERING.map(|state| state.as_str())))
        .select((questions::id, projects::id, projects::title))
        .load(db)?;
    for (id, project, title) in rows {
        let link = format!("/projects/{project}/questions");
        found.insert(("question", id), (Some(project), title, link));
    }
    let rows: Vec<(i64, String)> = projects::table
        .filter(projects::id.eq_any(ids("project")))
        .select((projects::id, projects::title))
        .load(db)?;
    for (id, title) in rows {
        found.insert(
            ("project", id),
            (Some(id), title, format!("/projects/{id}")),
        );
    }
    let rows: Vec<(i64, Option<i64>, String)> = contracts::table
        .filter(contracts::id.eq_any(ids("contract")))
        .select((contracts::id, contracts::project_id, contracts::title))
        .load(db)?;
    for (id, project, title) in rows {
        found.insert(
            ("contract", id),
            (project, title, format!("/contracts/{id}")),
        );
    }
    Ok(found)
}
