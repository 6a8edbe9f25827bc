//! Rows of awards.

use super::model::{Award, AwardId, AwardState, Ground};
use crate::infra::db::{Db, columns};
use crate::kernel::people::{BodyId, PersonId};
use crate::procurement::bids::BidId;
use crate::procurement::tenders::TenderId;
use crate::schema::{awards, providers};
use chrono::NaiveDateTime;
use diesel::prelude::*;

pub fn find(db: &mut Db, id: AwardId) -> QueryResult<Award> {
    awards::table.find(id).select(columns::<Award>()).first(db)
}

pub fn list_of(db: &mut Db, tender: TenderId) -> QueryResult<Vec<Award>> {
    awards::table
        .filter(awards::tender_id.eq(tender))
        .order(awards::id)
        .select(columns::<Award>())
        .load(db)
}

/// Where a registered provider is to be found, for the notice.
pub fn address_of(db: &mut Db, bidder: BodyId) -> QueryResult<Option<String>> {
    providers::table
        .filter(providers::body_id.eq(bidder))
        .select(providers::address)
        .first(db)
        .optional()
}

/// The award that stands.
pub fn active_of(db: &mut Db, tender: TenderId) -> QueryResult<Option<Award>> {
    awards::table
        .filter(awards::tender_id.eq(tender))
        .filter(awards::state.eq(AwardState::Active))
        .select(columns::<Award>())
        .first(db)
        .optional()
}

pub fn insert(
    db: &mut Db,
    tender: TenderId,
    bid: BidId,
    ground: Option<Ground>,
    reason: Option<&str>,
    by: PersonId,
    at: NaiveDateTime,
) -> QueryResult<AwardId> {
    diesel::insert_into(awards::table)
        .values((
            awards::tender_id.eq(tender),
            awards::bid_id.eq(bid),
            awards::state.eq(AwardState::Active),
            awards::ground.eq(ground),
            awards::reason.eq(reason),
            awards::decided_by.eq(by),
            awards::decided_at.eq(at),
        ))
        .returning(awards::id)
        .get_result(db)
}

/// Cancels the award that stands; false when somebody did so before.
pub fn cancel(db: &mut Db, id: AwardId, ground: Ground, reason: &str) -> QueryResult<bool> {
    let row = awards::table
        .find(id)
        .filter(awards::state.eq(AwardState::Active));
    diesel::update(row)
        .set((
            awards::state.eq(AwardState::Cancelled),
            awards::ground.eq(ground),
            awards::reason.eq(reason),
        ))
        .execute(db)
        .map(|rows| rows == 1)
}

/// The contract drawn up from this award.
pub fn contract_of(db: &mut Db, id: AwardId) -> QueryResult<Option<i64>> {
    use crate::schema::contracts;
    contracts::table
        .filter(contracts::award_id.eq(id))
        .select(contracts::id)
        .first(db)
        .optional()
}
