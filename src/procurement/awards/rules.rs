//! Who may be awarded: the first in rank, or the next with a ground that the law names.

use super::model::Ground;
use crate::kernel::refusal::{Refusal, Rule};
use crate::procurement::bids::BidId;

const IN_ORDER: &str = "政府采购法实施条例 §49";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AwardRule {
    WrongState,
    NotRanked,
    Cancelled,
    GroundNeeded,
    GroundIdle,
    ReasonNeeded,
    OutOfOrder,
    AlreadyAwarded,
}

impl Rule for AwardRule {
    fn refusal(&self) -> Refusal {
        match self {
            Self::WrongState => Refusal::new("awards-rule-state"),
            Self::NotRanked => Refusal::new("form-choose").at("bid"),
            Self::Cancelled => Refusal::new("awards-rule-cancelled").at("bid"),
            Self::GroundNeeded => Refusal::new("awards-rule-ground")
                .article(IN_ORDER)
                .at("ground"),
            Self::GroundIdle => Refusal::new("awards-rule-ground-idle").at("ground"),
            Self::ReasonNeeded => Refusal::new("awards-rule-reason")
                .article(IN_ORDER)
                .at("reason"),
            Self::OutOfOrder => Refusal::new("awards-rule-order")
                .article(IN_ORDER)
                .at("bid"),
            Self::AlreadyAwarded => Refusal::new("awards-rule-already"),
        }
    }
}

/// Whether `chosen` may be awarded. `ranking` is every ranked bid with its rank; `cancelled` are bids whose award
/// was cancelled before, each with its ground.
pub fn choose(
    ranking: &[(BidId, i64)],
    cancelled: &[BidId],
    chosen: BidId,
    ground: Option<Ground>,
    reason: &str,
) -> Result<(), AwardRule> {
    let rank_of = |bid: BidId| {
        ranking
            .iter()
            .find(|(id, _)| *id == bid)
            .map(|(_, rank)| *rank)
    };
    let rank = rank_of(chosen).ok_or(AwardRule::NotRanked)?;
    if cancelled.contains(&chosen) {
        return Err(AwardRule::Cancelled);
    }
    let mut better: Vec<i64> = ranking
        .iter()
        .filter(|(id, other)| *other < rank && !cancelled.contains(id))
        .map(|(_, other)| *other)
        .collect();
    better.sort_unstable();
    better.dedup();
    match better.len() {
        0 if ground.is_some() => Err(AwardRule::GroundIdle),
        1 if ground.is_none() => Err(AwardRule::GroundNeeded),
        1 if reason.trim().is_empty() => Err(AwardRule::ReasonNeeded),
        0 | 1 => Ok(()),
        _ => Err(AwardRule::OutOfOrder),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use AwardRule::{Cancelled, GroundIdle, GroundNeeded, NotRanked, OutOfOrder, ReasonNeeded};

    #[test]
    fn who_may_be_awarded() {
        let bid = BidId;
        let plain = [(bid(1), 1), (bid(2), 2), (bid(3), 3)];
        let joint = [(bid(1), 1), (bid(2), 1), (bid(3), 3)];
        let refused = Some(Ground::RefusedToSign);
        let why = "声明放弃签约";
        for (n, (ranking, cancelled, chosen, ground, reason, answer)) in [
            (plain, vec![], 1, None, "", Ok(())),
            (plain, vec![], 1, refused, why, Err(GroundIdle)),
            (plain, vec![], 2, None, "", Err(GroundNeeded)),
            (plain, vec![], 2, None, why, Err(GroundNeeded)),
            (plain, vec![], 2, refused, "  ", Err(ReasonNeeded)),
            (plain, vec![], 2, refused, why, Ok(())),
            (plain, vec![], 3, refused, why, Err(OutOfOrder)),
            (plain, vec![], 9, None, "", Err(NotRanked)),
            (plain, vec![1], 1, None, "", Err(Cancelled)),
            (plain, vec![1], 2, None, "", Ok(())),
            (plain, vec![1], 3, None, "", Err(GroundNeeded)),
            (plain, vec![1, 2], 3, None, "", Ok(())),
            (joint, vec![], 1, None, "", Ok(())),
            (joint, vec![], 2, None, "", Ok(())),
            (joint, vec![], 3, None, "", Err(GroundNeeded)),
            (joint, vec![1], 2, None, "", Ok(())),
        ]
        .into_iter()
        .enumerate()
        {
            let cancelled: Vec<BidId> = cancelled.into_iter().map(bid).collect();
            assert_eq!(
                choose(&ranking, &cancelled, bid(chosen), ground, reason),
                answer,
                "row {n}"
            );
        }
    }
}
