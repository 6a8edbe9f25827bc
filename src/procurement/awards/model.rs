//! Awards as rows; who may award and who reads its own result.

use crate::kernel::ids::{id, text_enum};
use crate::kernel::people::PersonId;
use crate::kernel::roles::{BodyKind, Permission, Role};
use crate::procurement::bids::BidId;
use crate::procurement::tenders::TenderId;
use crate::schema::awards;

use chrono::NaiveDateTime;
use diesel::prelude::*;

id!(AwardId);

text_enum!(
    /// Why the next in rank is awarded instead (实施条例 §49; 87号令 §70, §71).
    Ground {
        /// The awarded refused to sign.
        RefusedToSign = "refused_to_sign",
        /// An act of God keeps it from carrying out the contract.
        ForceMajeure = "force_majeure",
        /// An unlawful act that makes its award void was found.
        FoundUnlawful = "found_unlawful",
    }
);

text_enum!(AwardState {
    Active = "active",
    Cancelled = "cancelled",
});

/// Deciding binds the purchaser: the password is typed again.
pub struct AwardTenders;

impl Permission for AwardTenders {
    const STEP_UP: bool = true;

    fn granted_to(role: Role, kind: BodyKind) -> bool {
        role == Role::Officer
            && matches!(
                kind,
                BodyKind::Bureau | BodyKind::TownGovernment | BodyKind::ProcurementAgency
            )
    }
}

/// A bidder's own people.
pub struct ReadOwnResult;

impl Permission for ReadOwnResult {
    fn granted_to(_role: Role, kind: BodyKind) -> bool {
        kind == BodyKind::Provider
    }
}

#[derive(Queryable, Selectable, Clone, Debug)]
#[diesel(table_name = awards)]
pub struct Award {
    pub id: AwardId,
    pub tender_id: TenderId,
    pub bid_id: BidId,
    pub state: AwardState,
    pub ground: Option<Ground>,
    pub reason: Option<String>,
    pub decided_by: PersonId,
    pub decided_at: NaiveDateTime,
}
