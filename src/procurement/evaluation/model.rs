//! Scores, sheets and results as rows; who may evaluate.

use crate::kernel::ids::id;
use crate::kernel::money::Fen;
use crate::kernel::people::{BodyId, PersonId};
use crate::kernel::roles::{BodyKind, Permission, Role};
use crate::kernel::score::Points;
use crate::procurement::bids::BidId;
use crate::procurement::tenders::{CriterionId, TenderId};
use crate::schema::{score_sheets, scores};

use chrono::NaiveDateTime;
use diesel::prelude::*;

id!(ScoreId);

/// The purchaser's officers: they form the panel and read the result.
pub struct EvaluateTenders;

impl Permission for EvaluateTenders {
    fn granted_to(role: Role, kind: BodyKind) -> bool {
        role == Role::Officer
            && matches!(
                kind,
                BodyKind::Bureau | BodyKind::TownGovernment | BodyKind::ProcurementAgency
            )
    }
}

/// Members of panels: experts of the pool, and purchasers' representatives. Whose panel it is, the query says.
pub struct ScoreBids;

impl Permission for ScoreBids {
    fn granted_to(role: Role, kind: BodyKind) -> bool {
        match kind {
            BodyKind::Platform => role == Role::Expert,
            BodyKind::Bureau | BodyKind::TownGovernment | BodyKind::ProcurementAgency => true,
            _ => false,
        }
    }
}

#[derive(Queryable, Selectable, Clone, Debug)]
#[diesel(table_name = scores)]
pub struct Score {
    pub id: ScoreId,
    pub bid_id: BidId,
    pub criterion_id: CriterionId,
    pub person_id: PersonId,
    /// Hundredths of a point.
    pub points: i64,
    pub note: String,
    pub asked_points: Option<i64>,
}

#[derive(Queryable, Selectable, Clone, Debug)]
#[diesel(table_name = score_sheets)]
pub struct Sheet {
    pub tender_id: TenderId,
    pub person_id: PersonId,
    pub submitted_at: Option<NaiveDateTime>,
    pub reopened_at: Option<NaiveDateTime>,
    pub version: i64,
}

/// What a member gives one bid under one criterion; `None` is not scored yet, which is not zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    pub criterion_id: CriterionId,
    pub field: &'static str,
    pub points: Option<i64>,
    pub note: String,
}

/// A bid with its place in the result.
#[derive(Clone, Debug)]
pub struct RankedBid {
    pub bid_id: BidId,
    pub bidder_id: BodyId,
    pub bidder_name: String,
    pub price: Fen,
    pub price_points: Points,
    pub total: Points,
    pub rank: i64,
}

/// The members' mean of one criterion for one bid.
#[derive(Clone, Debug)]
pub struct CriterionMean {
    pub criterion_id: CriterionId,
    pub points: Points,
    /// What the members wrote to it, without their names.
    pub notes: Vec<String>,
}

/// What a bid comes to: the price's exact points, the exact total, and the rank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub price_points: Points,
    pub total: Points,
    pub rank: u32,
}
