//! Rows of the evaluation.

use super::model::{CriterionMean, Outcome, RankedBid, Score, ScoreId, Sheet};
use crate::common::panels::{self, Capacity};
use crate::infra::db::{Db, columns};
use crate::kernel::money::Fen;
use crate::kernel::people::{BodyId, PersonId};
use crate::kernel::score::Points;
use crate::procurement::bids::{BidId, name_in_receipt};
use crate::procurement::tenders::{CriterionId, TenderId};
use crate::schema::{
    bid_contents, bids, bodies, memberships, openers, people, providers, results, score_sheets,
    scores,
};
use chrono::NaiveDateTime;
use diesel::prelude::*;

/// The ranking, best first; empty before the result.
pub fn results_of(db: &mut Db, tender: TenderId) -> QueryResult<Vec<RankedBid>> {
    type Row = (BidId, BodyId, String, String, Fen, String, String, i64);
    let rows: Vec<Row> = results::table
        .inner_join(bids::table.on(bids::id.eq(results::bid_id)))
        .inner_join(bid_contents::table.on(bid_contents::bid_id.eq(results::bid_id)))
        .inner_join(bodies::table.on(bodies::id.eq(bids::bidder_id)))
        .filter(results::tender_id.eq(tender))
        .order((results::rank, bids::id))
        .select((
            results::bid_id,
            bids::bidder_id,
            bids::receipt,
            bodies::name,
            bid_contents::price_fen,
            results::price_points,
            results::total_points,
            results::rank,
        ))
        .load(db)?;
    let read = |text: &str| {
        Points::from_text(text)
            .map_err(|error| diesel::result::Error::DeserializationError(Box::new(error)))
    };
    rows.into_iter()
        .map(
            |(bid_id, bidder_id, receipt, today, price, price_points, total, rank)| {
                let bidder_name = name_in_receipt(&receipt).unwrap_or(today);
                Ok(RankedBid {
                    bid_id,
                    bidder_id,
                    bidder_name,
                    price,
                    price_points: read(&price_points)?,
                    total: read(&total)?,
                    rank,
                })
            },
        )
        .collect()
}

pub fn insert_result(
    db: &mut Db,
    tender: TenderId,
    bid: BidId,
    outcome: &Outcome,
) -> QueryResult<usize> {
    diesel::insert_into(results::table)
        .values((
            results::bid_id.eq(bid),
            results::tender_id.eq(tender),
            results::price_points.eq(outcome.price_points.to_text()),
            results::total_points.eq(outcome.total.to_text()),
            results::rank.eq(i64::from(outcome.rank)),
        ))
        .execute(db)
}

/// Every score of a tender by these members.
pub fn list_scores(db: &mut Db, tender: TenderId, members: &[PersonId]) -> QueryResult<Vec<Score>> {
    scores::table
        .filter(scores::tender_id.eq(tender))
        .filter(scores::person_id.eq_any(members.to_vec()))
        .order(scores::id)
        .select(columns::<Score>())
        .load(db)
}

/// The mean of every criterion for one bid, over the members whose sheets count; the notes in an order that tells nobody
/// whose they are.
pub fn criterion_means(
    db: &mut Db,
    tender: TenderId,
    bid: BidId,
) -> QueryResult<Vec<CriterionMean>> {
    let rows: Vec<(CriterionId, i64, String)> = scores::table
        .inner_join(
            score_sheets::table.on(score_sheets::tender_id
                .eq(scores::tender_id)
                .and(score_sheets::person_id.eq(scores::person_id))),
        )
        .filter(scores::tender_id.eq(tender))
        .filter(scores::bid_id.eq(bid))
        .filter(score_sheets::submitted_at.is_not_null())
        .order((scores::criterion_id, scores::note))
        .select((scores::criterion_id, scores::points, scores::note))
        .load(db)?;
    let mut ids: Vec<CriterionId> = rows.iter().map(|(id, ..)| *id).collect();
    ids.dedup();
    Ok(ids
        .into_iter()
        .filter_map(|criterion_id| {
            let of = || rows.iter().filter(|(id, ..)| *id == criterion_id);
            let points: Vec<Points> = of()
                .map(|(_, points, _)| Points::from_hundredths(*points))
                .collect();
            let mut notes: Vec<String> = of()
                .map(|(.., note)| note.trim().to_owned())
                .filter(|note| !note.is_empty())
                .collect();
            notes.dedup();
            Some(CriterionMean {
                criterion_id,
                points: Points::mean(&points)?,
                notes,
            })
        })
        .collect())
}

pub fn find_sheet(db: &mut Db, tender: TenderId, person: PersonId) -> QueryResult<Option<Sheet>> {
    score_sheets::table
        .find((tender, person))
        .select(columns::<Sheet>())
        .first(db)
        .optional()
}

pub fn list_sheets(db: &mut Db, tender: TenderId) -> QueryResult<Vec<Sheet>> {
    score_sheets::table
        .filter(score_sheets::tender_id.eq(tender))
        .select(columns::<Sheet>())
        .load(db)
}

pub fn insert_sheet(db: &mut Db, tender: TenderId, person: PersonId) -> QueryResult<usize> {
    diesel::insert_into(score_sheets::table)
        .values((
            score_sheets::tender_id.eq(tender),
            score_sheets::person_id.eq(person),
            score_sheets::version.eq(0),
        ))
        .execute(db)
}

/// Moves the sheet's version on; false when somebody saved it meanwhile.
pub fn touch_sheet(db: &mut Db, sheet: &Sheet) -> QueryResult<bool> {
    let row = score_sheets::table
        .find((sheet.tender_id, sheet.person_id))
        .filter(score_sheets::version.eq(sheet.version));
    diesel::update(row)
        .set(score_sheets::version.eq(sheet.version + 1))
        .execute(db)
        .map(|rows| rows == 1)
}

pub fn submit_sheet(
    db: &mut Db,
    sheet: &Sheet,
    reason: Option<&str>,
    at: NaiveDateTime,
) -> QueryResult<bool> {
    let row = score_sheets::table
        .find((sheet.tender_id, sheet.person_id))
        .filter(score_sheets::version.eq(sheet.version));
    diesel::update(row)
        .set((
            score_sheets::submitted_at.eq(at),
            score_sheets::reason.eq(reason),
            score_sheets::version.eq(sheet.version + 1),
        ))
        .execute(db)
        .map(|rows| rows == 1)
}

pub fn reopen_sheet(
    db: &mut Db,
    tender: TenderId,
    person: PersonId,
    at: NaiveDateTime,
) -> QueryResult<usize> {
    diesel::update(score_sheets::table.find((tender, person)))
        .set((
            score_sheets::submitted_at.eq(None::<NaiveDateTime>),
            score_sheets::reopened_at.eq(at),
            score_sheets::version.eq(score_sheets::version + 1),
        ))
        .execute(db)
}

/// Remembers a score that its member is asked about.
pub fn ask_about(db: &mut Db, score: ScoreId, points: i64) -> QueryResult<usize> {
    diesel::update(scores::table.find(score))
        .set(scores::asked_points.eq(points))
        .execute(db)
}

/// Saves one score, or takes it away when there are no points.
pub fn set_score(
    db: &mut Db,
    tender: TenderId,
    bid: BidId,
    person: PersonId,
    criterion: CriterionId,
    points: Option<i64>,
    note: &str,
) -> QueryResult<()> {
    let row = scores::table
        .filter(scores::tender_id.eq(tender))
        .filter(scores::bid_id.eq(bid))
        .filter(scores::criterion_id.eq(criterion))
        .filter(scores::person_id.eq(person));
    let Some(points) = points else {
        diesel::delete(row).execute(db)?;
        return Ok(());
    };
    let changed = diesel::update(row)
        .set((scores::points.eq(points), scores::note.eq(note)))
        .execute(db)?;
    if changed == 0 {
        diesel::insert_into(scores::table)
            .values((
                scores::tender_id.eq(tender),
                scores::bid_id.eq(bid),
                scores::criterion_id.eq(criterion),
                scores::person_id.eq(person),
                scores::points.eq(points),
                scores::note.eq(note),
            ))
            .execute(db)?;
    }
    Ok(())
}

/// The bodies in which somebody is a member now.
pub fn bodies_of(db: &mut Db, person: PersonId) -> QueryResult<Vec<BodyId>> {
    memberships::table
        .filter(memberships::person_id.eq(person))
        .filter(memberships::ended_at.is_null())
        .select(memberships::body_id)
        .load(db)
}

/// Everybody who works for one of these bodies now.
pub fn people_of(db: &mut Db, of: &[BodyId]) -> QueryResult<Vec<PersonId>> {
    memberships::table
        .filter(memberships::body_id.eq_any(of.to_vec()))
        .filter(memberships::ended_at.is_null())
        .select(memberships::person_id)
        .load(db)
}

pub fn openers_of(db: &mut Db, tender: TenderId) -> QueryResult<Vec<PersonId>> {
    openers::table
        .filter(openers::tender_id.eq(tender))
        .select(openers::person_id)
        .load(db)
}

/// Names of the active members: experts first, then in the order of the draw.
pub fn panel_names(db: &mut Db, tender: TenderId) -> QueryResult<Vec<(String, Capacity)>> {
    let Some(panel) = panels::find_of(db, (super::SUBJECT, tender.0))? else {
        return Ok(Vec::new());
    };
    let members = panels::list_members(db, panel)?;
    let mut named = Vec::new();
    for member in members.iter().filter(|member| member.is_active()) {
        let name: String = people::table
            .find(member.person_id)
            .select(people::name)
            .first(db)?;
        named.push((name, member.capacity));
    }
    named.sort_by_key(|(_, capacity)| *capacity);
    Ok(named)
}

/// The bidders with their legal heads, against whom a member declares.
pub fn bidder_heads(db: &mut Db, tender: TenderId) -> QueryResult<Vec<(String, Option<String>)>> {
    let names = bidder_names(db, tender)?;
    let bodies: Vec<BodyId> = names.iter().map(|(_, body, _)| *body).collect();
    let heads: Vec<(BodyId, String)> = providers::table
        .filter(providers::body_id.eq_any(bodies))
        .select((providers::body_id, providers::legal_head))
        .load(db)?;
    Ok(names
        .into_iter()
        .map(|(_, body, name)| {
            let head = heads.iter().find(|(of, _)| *of == body);
            (name, head.map(|(_, head)| head.clone()))
        })
        .collect())
}

/// Names of bidders by their bids, as they were when the bids came.
pub fn bidder_names(db: &mut Db, tender: TenderId) -> QueryResult<Vec<(BidId, BodyId, String)>> {
    let rows: Vec<(BidId, BodyId, String, String)> = bids::table
        .inner_join(bodies::table.on(bodies::id.eq(bids::bidder_id)))
        .filter(bids::tender_id.eq(tender))
        .filter(bids::state.eq("submitted"))
        .order((bids::submitted_at, bids::id))
        .select((bids::id, bids::bidder_id, bids::receipt, bodies::name))
        .load(db)?;
    Ok(rows
        .into_iter()
        .map(|(bid, body, receipt, today)| (bid, body, name_in_receipt(&receipt).unwrap_or(today)))
        .collect())
}
