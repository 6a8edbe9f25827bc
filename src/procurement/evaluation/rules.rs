//! Panels and scores: who may sit, who may do what when, what a score may be, who comes first.

use super::model::Outcome;
use crate::kernel::money::Fen;
use crate::kernel::refusal::{Refusal, Rule};
use crate::kernel::score::{Points, PointsError, price_points, rank};
use crate::procurement::tenders::TenderState;
use chrono::{Duration, NaiveDateTime};
use sha2::{Digest, Sha256};

/// Why an act of the evaluation is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EvaluationRule {
    WrongState,
    PanelExists,
    PanelSmall { min: u32, article: String },
    PanelEven { article: String },
    TooFewExperts { least: u32, article: String },
    PoolShort { need: usize, have: usize },
    NobodySilent,
    RemindedBefore,
    HandedIn,
    NotReminded,
    NotARepresentative,
    RepresentativeOpened,
    Undeclared,
    Declared,
    HasConflict,
    OpenedIt,
    NotConfirmed,
    Fixed,
    Incomplete { missing: usize },
    Empty(&'static str),
    NotANumber(&'static str),
    TooPrecise(&'static str),
    Negative(&'static str),
    AboveWeight { field: &'static str, weight: i64 },
    NotReopened(&'static str),
    ReasonNeeded,
}

/// A member is reminded no more often than that.
const REMIND_AFTER: Duration = Duration::hours(24);

/// Declarations and avoidance: 实施条例 §9. Each member for itself: 实施条例 §41.
const AVOIDANCE: &str = "政府采购法实施条例 §9";
const ALONE: &str = "政府采购法实施条例 §41";

impl Rule for EvaluationRule {
    fn refusal(&self) -> Refusal {
        match self {
            Self::WrongState => Refusal::new("evaluation-rule-state"),
            Self::PanelExists => Refusal::new("evaluation-rule-panel-exists"),
            Self::PanelSmall { min, article } => Refusal::new("evaluation-rule-panel-small")
                .arg("min", min)
                .article(article)
                .at("size"),
            Self::PanelEven { article } => Refusal::new("evaluation-rule-panel-even")
                .article(article)
                .at("size"),
            Self::TooFewExperts { least, article } => Refusal::new("evaluation-rule-experts")
                .arg("least", least)
                .article(article)
                .at("representatives"),
            Self::PoolShort { need, have } => Refusal::new("evaluation-rule-pool")
                .arg("need", need)
                .arg("have", have)
                .article("政府采购法实施条例 §39")
                .at("size"),
            Self::NobodySilent => Refusal::new("evaluation-rule-nobody-silent"),
            Self::RemindedBefore => {
                Refusal::new("evaluation-rule-reminded").arg("hours", REMIND_AFTER.num_hours())
            }
            Self::HandedIn => Refusal::new("evaluation-rule-handed-in").at("member"),
            Self::NotReminded => Refusal::new("evaluation-rule-not-reminded")
                .arg("hours", REMIND_AFTER.num_hours())
                .at("member"),
            Self::NotARepresentative => Refusal::new("form-choose").at("representatives"),
            Self::RepresentativeOpened => {
                Refusal::new("evaluation-rule-representative-opened").at("representatives")
            }
            Self::Undeclared => Refusal::new("evaluation-rule-undeclared").article(AVOIDANCE),
            Self::Declared => Refusal::new("evaluation-rule-declared"),
            Self::HasConflict => Refusal::new("evaluation-rule-conflict")
                .article(AVOIDANCE)
                .at("no_conflict"),
            Self::OpenedIt => Refusal::new("evaluation-rule-opened-it").at("no_conflict"),
            Self::NotConfirmed => Refusal::new("evaluation-rule-not-confirmed")
                .article(AVOIDANCE)
                .at("no_conflict"),
            Self::Fixed => Refusal::new("evaluation-rule-fixed").article(ALONE),
            Self::Incomplete { missing } => {
                Refusal::new("evaluation-rule-incomplete").arg("missing", missing)
            }
            Self::Empty(field) => Refusal::new("evaluation-rule-empty").at(field),
            Self::NotANumber(field) => Refusal::new("evaluation-rule-number").at(field),
            Self::TooPrecise(field) => Refusal::new("evaluation-rule-precise").at(field),
            Self::Negative(field) => Refusal::new("evaluation-rule-negative").at(field),
            Self::AboveWeight { field, weight } => Refusal::new("evaluation-rule-above")
                .arg("weight", weight)
                .at(field),
            Self::NotReopened(field) => Refusal::new("evaluation-rule-not-reopened")
                .article(ALONE)
                .at(field),
            Self::ReasonNeeded => Refusal::new("evaluation-rule-reason")
                .article(ALONE)
                .at("reason"),
        }
    }
}

/// What somebody wants to do around the evaluation of a tender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    FormPanel,
    Declare,
    Score,
    Award,
    CancelAward,
    DrawUp,
}

#[cfg(test)]
impl Step {
    const ALL: &'static [Self] = &[
        Self::FormPanel,
        Self::Declare,
        Self::Score,
        Self::Award,
        Self::CancelAward,
        Self::DrawUp,
    ];
}

/// Whether a step may be taken in a state of the tender; every pair is decided.
pub fn may(state: TenderState, step: Step) -> Result<(), EvaluationRule> {
    use TenderState as S;
    let allowed = match step {
        // A panel may be drawn as soon as nobody can bid any more, and reads nothing before the opening.
        Step::FormPanel => matches!(state, S::Closed | S::Opened),
        Step::Declare | Step::Score => state == S::Opened,
        Step::Award => state == S::Evaluated,
        Step::CancelAward | Step::DrawUp => state == S::Awarded,
    };
    if allowed {
        Ok(())
    } else {
        Err(EvaluationRule::WrongState)
    }
}

/// What the frozen rules ask of a panel.
#[derive(Clone, Debug)]
pub struct PanelNeeds {
    pub min: u32,
    pub expert_share: (u32, u32),
    pub article: String,
}

impl PanelNeeds {
    /// Refuses a panel that is too small, even, or has too few experts.
    pub fn check(&self, size: u32, representatives: u32) -> Result<(), EvaluationRule> {
        let article = self.article.clone();
        if size < self.min {
            return Err(EvaluationRule::PanelSmall {
                min: self.min,
                article,
            });
        }
        if size.is_multiple_of(2) {
            return Err(EvaluationRule::PanelEven { article });
        }
        let least = self.least_experts(size);
        if size.saturating_sub(representatives) < least {
            return Err(EvaluationRule::TooFewExperts { least, article });
        }
        Ok(())
    }

    /// The least number of experts in a panel of this size, rounded up.
    pub fn least_experts(&self, size: u32) -> u32 {
        let (part, whole) = self.expert_share;
        (u64::from(size) * u64::from(part))
            .div_ceil(u64::from(whole.max(1)))
            .try_into()
            .unwrap_or(size)
    }

    /// How many members a panel of `active` lacks before it may score.
    pub fn shortage(&self, active: u32) -> u32 {
        let wanted = active.max(self.min);
        wanted + u32::from(wanted.is_multiple_of(2)) - active
    }
}

/// Which of the silent members a reminder now reaches, by when each was reminded last.
pub fn whom_to_remind<T: Copy>(
    silent: &[(T, Option<NaiveDateTime>)],
    now: NaiveDateTime,
) -> Result<Vec<T>, EvaluationRule> {
    if silent.is_empty() {
        return Err(EvaluationRule::NobodySilent);
    }
    let due: Vec<T> = silent
        .iter()
        .filter(|(_, last)| last.is_none_or(|at| now - at >= REMIND_AFTER))
        .map(|(member, _)| *member)
        .collect();
    if due.is_empty() {
        return Err(EvaluationRule::RemindedBefore);
    }
    Ok(due)
}

/// Nobody is replaced who was not reminded in vain: a purchaser does not choose among members (our default).
pub fn may_replace(
    reminded_at: Option<NaiveDateTime>,
    now: NaiveDateTime,
) -> Result<(), EvaluationRule> {
    match reminded_at {
        Some(at) if now - at >= REMIND_AFTER => Ok(()),
        _ => Err(EvaluationRule::NotReminded),
    }
}

/// Draws `count` of the pool: those whose hash with the seed is smallest. With the seed and the pool, which the
/// ledger keeps, anybody entitled can draw again and must get the same people.
pub fn draw(seed: &str, pool: &[i64], count: usize) -> Option<Vec<i64>> {
    if pool.len() < count {
        return None;
    }
    let mut lots: Vec<(Vec<u8>, i64)> = pool
        .iter()
        .map(|id| (Sha256::digest(format!("{seed}\n{id}")).to_vec(), *id))
        .collect();
    lots.sort();
    Some(lots.into_iter().take(count).map(|(_, id)| id).collect())
}

/// Where a member stands with the sheet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Undeclared,
    Scoring,
    Submitted,
    /// A wide spread brought the sheet back: only the named scores may change, with a reason.
    Reopened,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    Declare,
    Recuse,
    Read,
    Save,
    Submit,
}

/// Whether a member may do this now; `Read` is reading the bids.
pub fn member_may(phase: Phase, act: Act) -> Result<(), EvaluationRule> {
    use Phase::{Reopened, Scoring, Submitted, Undeclared};
    match (phase, act) {
        (Undeclared, Act::Declare | Act::Recuse)
        | (Scoring, Act::Recuse | Act::Read | Act::Save | Act::Submit)
        | (Submitted, Act::Read)
        | (Reopened, Act::Read | Act::Save | Act::Submit) => Ok(()),
        (Undeclared, Act::Read | Act::Save | Act::Submit) => Err(EvaluationRule::Undeclared),
        (Scoring | Submitted | Reopened, Act::Declare) => Err(EvaluationRule::Declared),
        (Submitted, Act::Recuse | Act::Save | Act::Submit) | (Reopened, Act::Recuse) => {
            Err(EvaluationRule::Fixed)
        }
    }
}

/// Points as typed for a criterion of `weight` points, in hundredths. `field` is where a refusal stands.
pub fn read_points(typed: &str, weight: i64, field: &'static str) -> Result<i64, EvaluationRule> {
    let points = Points::parse(typed).map_err(|error| match error {
        PointsError::Empty => EvaluationRule::Empty(field),
        PointsError::TooPrecise => EvaluationRule::TooPrecise(field),
        PointsError::Negative => EvaluationRule::Negative(field),
        PointsError::TooLarge => EvaluationRule::AboveWeight { field, weight },
        PointsError::NotANumber | PointsError::NotAFraction => EvaluationRule::NotANumber(field),
    })?;
    if points > Points::from_hundredths(weight * 100) {
        return Err(EvaluationRule::AboveWeight { field, weight });
    }
    // At most two decimals and 100 points: shown and read again it is exact.
    points
        .to_string()
        .replace('.', "")
        .parse()
        .map_err(|_impossible| EvaluationRule::NotANumber(field))
}

/// Whether a score lies more than 30 % of the criterion's weight from the median of all (our default, 畸高畸低).
pub fn is_wide(points: i64, all: &[i64], weight: i64) -> bool {
    let mut sorted = all.to_vec();
    sorted.sort_unstable();
    let middle = sorted.len() / 2;
    let upper = sorted.get(middle).copied().unwrap_or(points);
    let lower = if sorted.len().is_multiple_of(2) {
        middle.checked_sub(1).and_then(|i| sorted.get(i).copied())
    } else {
        Some(upper)
    };
    // Everything doubled, so that a median between two scores stays whole; 30 % of `weight` points, in hundredths.
    let twice_median = upper + lower.unwrap_or(upper);
    (points * 2 - twice_median).abs() > weight * 100 * 2 * 3 / 10
}

/// What the prices leave of the bids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Screened {
    Enough,
    AllAboveBudget,
    TooFewValid { valid: usize },
}

/// Bids above the budget are invalid (87号令 §63 with 政府采购法 §36); too few valid ones end the tender.
pub fn screen(prices: &[Fen], budget: Fen, min_bids: u32) -> Screened {
    let valid = prices
        .iter()
        .filter(|price| is_valid(**price, budget))
        .count();
    if valid == 0 {
        Screened::AllAboveBudget
    } else if valid < usize::try_from(min_bids).unwrap_or(usize::MAX) {
        Screened::TooFewValid { valid }
    } else {
        Screened::Enough
    }
}

pub fn is_valid(price: Fen, budget: Fen) -> bool {
    price.0 > 0 && price <= budget
}

/// A valid bid as it goes into the sum: its price, and for each criterion the members' points in hundredths.
#[derive(Clone, Debug)]
pub struct Scored {
    pub price: Fen,
    pub criteria: Vec<Vec<i64>>,
}

/// Totals and ranks, exact: the members' means of every criterion, and the price's points (87号令 §55, §57).
/// `None` when something is missing, which submission has refused before.
pub fn results(bids: &[Scored], price_weight: i64) -> Option<Vec<Outcome>> {
    let lowest = bids.iter().map(|bid| bid.price).min()?;
    let weight = Points::from_hundredths(price_weight * 100);
    let mut sums: Vec<(Points, Points, Fen)> = Vec::with_capacity(bids.len());
    for bid in bids {
        let price = price_points(lowest, bid.price, weight)?;
        let mut total = price;
        for members in &bid.criteria {
            total = total.plus(mean(members)?)?;
        }
        sums.push((price, total, bid.price));
    }
    let order: Vec<(Points, Fen)> = sums
        .iter()
        .map(|(_, total, price)| (*total, *price))
        .collect();
    Some(
        sums.iter()
            .zip(rank(&order))
            .map(|((price_points, total, _), rank)| Outcome {
                price_points: *price_points,
                total: *total,
                rank,
            })
            .collect(),
    )
}

/// The exact mean of points in hundredths.
pub fn mean(members: &[i64]) -> Option<Points> {
    let points: Vec<Points> = members
        .iter()
        .map(|points| Points::from_hundredths(*points))
        .collect();
    Points::mean(&points)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_step_in_every_state() {
        for (step, states) in [
            (Step::FormPanel, "closed opened"),
            (Step::Declare, "opened"),
            (Step::Score, "opened"),
            (Step::Award, "evaluated"),
            (Step::CancelAward, "awarded"),
            (Step::DrawUp, "awarded"),
        ] {
            let allowed = TenderState::ALL
                .iter()
                .filter(|state| may(**state, step).is_ok());
            let allowed: Vec<_> = allowed.map(TenderState::as_str).collect();
            assert_eq!(allowed.join(" "), states, "{step:?}");
        }
        assert_eq!(Step::ALL.len(), 6);
    }

    #[test]
    fn every_act_in_every_phase() {
        use Act::{Declare, Read, Recuse, Save, Submit};
        let acts = [Declare, Recuse, Read, Save, Submit];
        for (phase, allowed) in [
            (Phase::Undeclared, "Declare Recuse"),
            (Phase::Scoring, "Recuse Read Save Submit"),
            (Phase::Submitted, "Read"),
            (Phase::Reopened, "Read Save Submit"),
        ] {
            let found: Vec<_> = acts
                .iter()
                .filter(|act| member_may(phase, **act).is_ok())
                .map(|act| format!("{act:?}"))
                .collect();
            assert_eq!(found.join(" "), allowed, "{phase:?}");
        }
    }

    fn statutory() -> PanelNeeds {
        PanelNeeds {
            min: 5,
            expert_share: (2, 3),
            article: "87 §47".into(),
        }
    }

    #[test]
    fn panels() {
        let needs = statutory();
        assert_eq!(needs.check(5, 0), Ok(()));
        assert_eq!(needs.check(5, 1), Ok(()));
        assert!(matches!(
            needs.check(5, 2),
            Err(EvaluationRule::TooFewExperts { least: 4, .. })
        ));
        assert!(matches!(
            needs.check(3, 0),
            Err(EvaluationRule::PanelSmall { min: 5, .. })
        ));
        assert!(matches!(
            needs.check(6, 0),
            Err(EvaluationRule::PanelEven { .. })
        ));
        assert_eq!(needs.check(7, 2), Ok(()));
        assert!(needs.check(0, 0).is_err() && needs.check(u32::MAX, u32::MAX).is_err());
        for (active, lacking) in [(0, 5), (4, 1), (5, 0), (6, 1), (7, 0)] {
            assert_eq!(needs.shortage(active), lacking, "{active}");
        }
    }

    #[test]
    fn the_same_seed_draws_the_same_people() {
        let pool: Vec<i64> = (1..=20).collect();
        let mut turned = pool.clone();
        turned.reverse();
        let drawn = draw("seed", &pool, 5).unwrap();
        assert_eq!(drawn.len(), 5);
        assert_eq!(draw("seed", &turned, 5).unwrap(), drawn);
        assert_ne!(draw("other", &pool, 5).unwrap(), drawn);
        assert_eq!(draw("seed", &pool, 21), None);
        assert_eq!(draw("seed", &[], 0), Some(Vec::new()));
    }

    #[test]
    fn typed_points() {
        for (typed, points) in [
            ("0", 0),
            ("30", 3000),
            ("２９．５", 2950),
            ("29.99", 2999),
            ("0.05", 5),
        ] {
            assert_eq!(read_points(typed, 30, "points_1"), Ok(points), "{typed}");
        }
        let above = EvaluationRule::AboveWeight {
            field: "points_1",
            weight: 30,
        };
        for (typed, rule) in [
            ("", EvaluationRule::Empty("points_1")),
            ("30.01", above.clone()),
            ("99999999999", above),
            ("1.005", EvaluationRule::TooPrecise("points_1")),
            ("-1", EvaluationRule::Negative("points_1")),
            ("十", EvaluationRule::NotANumber("points_1")),
            ("1e1", EvaluationRule::NotANumber("points_1")),
        ] {
            assert_eq!(read_points(typed, 30, "points_1"), Err(rule), "{typed}");
        }
    }

    #[test]
    fn wide_spread_is_more_than_three_tenths_of_the_weight() {
        // Weight 40: 12 points either way of the median are still near.
        for (points, all, wide) in [
            (2000, vec![2000, 2100, 2200], false),
            (800, vec![800, 2000, 2100], false),
            (799, vec![799, 2000, 2100], true),
            (3201, vec![3201, 2000, 1900], true),
            (0, vec![0, 4000, 4000], true),
            (4000, vec![0, 4000, 4000], false),
            // Two members: each is as far from the middle as the other.
            (0, vec![0, 2400], false),
            (0, vec![0, 2402], true),
            (2402, vec![0, 2402], true),
            (1000, vec![1000], false),
        ] {
            assert_eq!(is_wide(points, &all, 40), wide, "{points} in {all:?}");
        }
    }

    #[test]
    fn prices_above_the_budget() {
        let fen = |prices: &[i64]| prices.iter().map(|p| Fen(*p)).collect::<Vec<_>>();
        assert_eq!(screen(&fen(&[5, 6, 7]), Fen(7), 3), Screened::Enough);
        assert_eq!(
            screen(&fen(&[5, 6, 8]), Fen(7), 3),
            Screened::TooFewValid { valid: 2 }
        );
        assert_eq!(screen(&fen(&[8, 9]), Fen(7), 3), Screened::AllAboveBudget);
        assert_eq!(screen(&[], Fen(7), 3), Screened::AllAboveBudget);
        assert!(!is_valid(Fen(0), Fen(7)) && !is_valid(Fen(-1), Fen(7)));
    }

    #[test]
    fn the_decrees_prices_in_a_whole_sum() {
        let bid = |price: i64, quality: [i64; 3]| Scored {
            price: Fen(price * 100),
            criteria: vec![quality.to_vec()],
        };
        let found = results(
            &[
                bid(100_000, [8000, 8000, 8000]),
                bid(95_000, [7900, 7950, 8000]),
                bid(110_000, [8000, 8100, 8100]),
            ],
            10,
        )
        .unwrap();
        let shown: Vec<_> = found
            .iter()
            .map(|o| (o.price_points.to_string(), o.total.to_string(), o.rank))
            .collect();
        assert_eq!(
            shown,
            [
                ("9.50".into(), "89.50".into(), 2),
                ("10.00".into(), "89.50".into(), 1),
                ("8.64".into(), "89.30".into(), 3)
            ],
            "equal totals: the lower price first"
        );
        assert_eq!(found.get(2).unwrap().total.to_text(), "2947/33");
    }

    #[test]
    fn equal_in_both_is_joint_and_nothing_missing_is_zero() {
        let same = Scored {
            price: Fen(100),
            criteria: vec![vec![0, 0, 0]],
        };
        let ranks: Vec<_> = results(&[same.clone(), same.clone()], 10)
            .unwrap()
            .iter()
            .map(|o| o.rank)
            .collect();
        assert_eq!(ranks, [1, 1]);
        assert_eq!(
            results(
                &[Scored {
                    price: Fen(100),
                    criteria: vec![vec![]]
                }],
                10
            ),
            None
        );
        assert_eq!(results(&[], 10), None);
    }

    #[test]
    fn a_third_of_a_hundredth_decides() {
        // Shown alike (83.33), apart by exact fractions: 250/3 against 8333/100.
        let of = |points: [i64; 3]| Scored {
            price: Fen(100),
            criteria: vec![points.to_vec()],
        };
        let found = results(&[of([7333, 7333, 7333]), of([7333, 7333, 7334])], 10).unwrap();
        let shown: Vec<_> = found
            .iter()
            .map(|o| (o.total.to_string(), o.rank))
            .collect();
        assert_eq!(shown, [("83.33".to_owned(), 2), ("83.33".to_owned(), 1)]);
    }

    proptest! {
        #[test]
        fn a_checked_panel_has_its_experts(size in 0_u32..50, representatives in 0_u32..50) {
            if statutory().check(size, representatives).is_ok() {
                prop_assert!(size >= 5 && size % 2 == 1);
                prop_assert!((size - representatives) * 3 >= size * 2);
            }
        }

        #[test]
        fn whoever_lies_on_the_median_is_never_wide(mut all in prop::collection::vec(0_i64..=4000, 1..8)) {
            all.sort_unstable();
            let median = all[all.len() / 2];
            if all.len() % 2 == 1 {
                prop_assert!(!is_wide(median, &all, 40));
            }
        }

        #[test]
        fn nothing_typed_panics(text in ".*", weight in 1_i64..=100) {
            if let Ok(points) = read_points(&text, weight, "points_1") {
                prop_assert!((0..=weight * 100).contains(&points));
            }
        }
    }
}
