//! What may happen to a tender when, and why something is refused. Pure: the numbers come from the rule set.

mod criteria;
mod dates;

pub use criteria::{MAX_CRITERIA, check_criteria};
pub use dates::{
    Proposal, answer_limit, check_dates, check_term, last_day, propose, provisional_year,
};

use super::model::TenderState;
use crate::kernel::ids::text_enum;
use crate::kernel::instant;
use crate::kernel::refusal::{Refusal, Rule};
use chrono::{Duration, NaiveDate, NaiveDateTime};

/// So many questions of one asker about one tender may wait for an answer.
pub const MOST_QUESTIONS: usize = 10;

/// Bids are opened at the deadline (87号令 §39): after this an opening is late.
pub const OPENING_GRACE: Duration = Duration::minutes(30);

text_enum!(
    /// Why a tender may be given up (政府采购法 §36).
    CancelGround {
        Unlawful = "unlawful",
        AllAboveBudget = "all_above_budget",
        TaskGone = "task_gone",
    }
);

text_enum!(Step {
    Publish = "publish",
    Extend = "extend",
    Close = "close",
    Hold = "hold",
    Fail = "fail",
    Cancel = "cancel",
});

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TenderRule {
    NotNow {
        step: Step,
        state: TenderState,
    },
    NoCriteria,
    TooManyCriteria,
    WeightSum {
        sum: i64,
        article: String,
    },
    NoPrice {
        article: String,
    },
    PriceWeight {
        weight: i64,
        min: u32,
        max: u32,
        article: String,
    },
    NotQuantified {
        name: String,
    },
    YearsOfExistence {
        name: String,
    },
    PlaceOrOwnership {
        name: String,
    },
    ClosesTooEarly {
        earliest: NaiveDateTime,
        article: String,
    },
    QuestionsTooLate {
        latest: NaiveDateTime,
        article: String,
    },
    QuestionsPast,
    NotLater,
    CalendarProvisional(i32),
    TermBeforeClosing(NaiveDate),
    QuestionsClosed(NaiveDateTime),
    TooManyQuestions,
    NotPlanned,
    GroundTooEarly,
    NoReason {
        field: &'static str,
    },
}

impl Rule for TenderRule {
    fn refusal(&self) -> Refusal {
        match self {
            Self::NotNow { .. } => Refusal::new("tenders-not-now"),
            Self::NoCriteria => Refusal::new("tenders-no-criteria")
                .article("政府采购法实施条例 §34")
                .at("criteria"),
            Self::TooManyCriteria => Refusal::new("tenders-too-many-criteria")
                .arg("max", MAX_CRITERIA)
                .at("criteria"),
            Self::WeightSum { sum, article } => Refusal::new("tenders-weight-sum")
                .arg("sum", sum)
                .article(article)
                .at("criteria"),
            Self::NoPrice { article } => Refusal::new("tenders-no-price")
                .article(article)
                .at("price_weight"),
            Self::PriceWeight {
                weight,
                min,
                max,
                article,
            } => Refusal::new("tenders-price-weight")
                .arg("weight", weight)
                .arg("min", min)
                .arg("max", max)
                .article(article)
                .at("price_weight"),
            Self::NotQuantified { name } => Refusal::new("tenders-not-quantified")
                .arg("name", name)
                .article("政府采购法实施条例 §34")
                .at("criteria"),
            Self::YearsOfExistence { name } => Refusal::new("tenders-years-of-existence")
                .arg("name", name)
                .article("财综〔2016〕54号")
                .at("criteria"),
            Self::PlaceOrOwnership { name } => Refusal::new("tenders-place-or-ownership")
                .arg("name", name)
                .article("政府采购法实施条例 §20")
                .at("criteria"),
            Self::ClosesTooEarly { earliest, article } => Refusal::new("tenders-closes-too-early")
                .arg("earliest", instant::date(*earliest))
                .article(article)
                .at("closes_at"),
            Self::QuestionsTooLate { latest, article } => {
                Refusal::new("tenders-questions-too-late")
                    .arg("latest", instant::date(*latest))
                    .article(article)
                    .at("questions_until")
            }
            Self::QuestionsPast => Refusal::new("tenders-questions-past").at("questions_until"),
            Self::NotLater => Refusal::new("tenders-not-later").at("closes_at"),
            Self::CalendarProvisional(year) => Refusal::new("tenders-calendar-provisional")
                .arg("year", year)
                .at("provisional"),
            Self::TermBeforeClosing(from) => Refusal::new("tenders-term-before-closing")
                .arg("from", from)
                .at("closes_at"),
            Self::QuestionsClosed(at) => Refusal::new("tenders-questions-closed")
                .arg("at", instant::minute(*at))
                .at("question"),
            Self::TooManyQuestions => Refusal::new("tenders-too-many-questions")
                .arg("max", MOST_QUESTIONS)
                .at("question"),
            Self::GroundTooEarly => Refusal::new("tenders-ground-too-early").at("ground"),
            Self::NotPlanned => Refusal::new("tenders-not-planned"),
            Self::NoReason { field } => Refusal::new("tenders-no-reason").at(field),
        }
    }
}

/// Every pair of state and step is decided here.
pub fn next_state(from: TenderState, step: Step) -> Result<TenderState, TenderRule> {
    use TenderState::{
        Awarded, Cancelled, Closed, Contracted, Draft, Evaluated, Failed, Held, Open, Opened,
    };
    match (step, from) {
        (Step::Publish, Draft) | (Step::Extend, Open | Held) => Ok(Open),
        (Step::Close, Open) => Ok(Closed),
        (Step::Hold, Open) => Ok(Held),
        (Step::Fail, Open | Held | Opened | Evaluated) => Ok(Failed),
        (Step::Cancel, Open | Held | Closed | Opened | Evaluated) => Ok(Cancelled),
        (
            _,
            Draft | Open | Held | Closed | Opened | Evaluated | Awarded | Contracted | Failed
            | Cancelled,
        ) => Err(TenderRule::NotNow { step, state: from }),
    }
}

/// What is published with a decision says why; `field` is where the page asks for it.
pub fn check_reason(reason: &str, field: &'static str) -> Result<(), TenderRule> {
    if reason.trim().is_empty() {
        return Err(TenderRule::NoReason { field });
    }
    Ok(())
}

/// That every price is above the budget is known once the prices are.
pub fn check_ground(from: TenderState, ground: CancelGround) -> Result<(), TenderRule> {
    let knows_prices = matches!(from, TenderState::Opened | TenderState::Evaluated);
    match ground {
        CancelGround::AllAboveBudget if !knows_prices => Err(TenderRule::GroundTooEarly),
        CancelGround::AllAboveBudget | CancelGround::Unlawful | CancelGround::TaskGone => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::common::rulesets::{MethodRules, Period, Unit};

    /// Lawful rules to test against.
    pub fn rules() -> MethodRules {
        let period = |days, unit| Period {
            days,
            unit,
            article: "条".into(),
        };
        MethodRules {
            min_bids: 3,
            min_bids_article: "条".into(),
            opening_article: "条".into(),
            tendering: period(20, Unit::CalendarDays),
            questions: period(15, Unit::CalendarDays),
            price_weight_min: 10,
            price_weight_max: 30,
            price_weight_article: "条".into(),
            panel_min: 5,
            panel_article: "条".into(),
            expert_share: (2, 3),
            openers: 2,
            decision: period(5, Unit::WorkingDays),
            result_notice: period(1, Unit::WorkingDays),
            challenge: period(7, Unit::WorkingDays),
            signing: period(30, Unit::CalendarDays),
            publishing: period(2, Unit::WorkingDays),
            outage_minutes: 60,
        }
    }

    #[test]
    fn every_state_and_step_is_decided() {
        use TenderState as S;
        for state in S::ALL {
            for step in Step::ALL {
                let allowed = match step {
                    Step::Publish => matches!(state, S::Draft),
                    Step::Extend => matches!(state, S::Open | S::Held),
                    Step::Close | Step::Hold => matches!(state, S::Open),
                    Step::Fail => matches!(state, S::Open | S::Held | S::Opened | S::Evaluated),
                    Step::Cancel => matches!(
                        state,
                        S::Open | S::Held | S::Closed | S::Opened | S::Evaluated
                    ),
                };
                assert_eq!(next_state(*state, *step).is_ok(), allowed, "{state} {step}");
            }
        }
    }

    #[test]
    fn prices_are_a_ground_once_they_are_known() {
        for state in TenderState::ALL {
            let knows = matches!(state, TenderState::Opened | TenderState::Evaluated);
            assert_eq!(
                check_ground(*state, CancelGround::AllAboveBudget).is_ok(),
                knows
            );
            assert_eq!(check_ground(*state, CancelGround::TaskGone), Ok(()));
            assert_eq!(check_ground(*state, CancelGround::Unlawful), Ok(()));
        }
    }
}
