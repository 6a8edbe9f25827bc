//! Criteria, dates and moves of a tender. Pure: the numbers come from the rule set, the calendar comes in.

use super::model::{CriterionKind, NewCriterion, TenderState};
use crate::common::rulesets::MethodRules;
use crate::kernel::calendar::{Calendar, end_of_day};
use crate::kernel::ids::text_enum;
use crate::kernel::instant;
use crate::kernel::refusal::{Refusal, Rule};
use crate::kernel::text::narrow;
use chrono::{Datelike, Duration, NaiveDate, NaiveDateTime};

/// At most this many quality criteria.
pub const MAX_CRITERIA: usize = 12;
/// So many questions of one asker about one tender may wait for an answer.
pub const MOST_QUESTIONS: usize = 10;
/// Bids are opened at the deadline (87号令 §39): after this an opening is late.
pub const OPENING_GRACE: Duration = Duration::minutes(30);
/// Deadlines are proposed at this hour, Shanghai time: the office is there to help.
const CLOSING_HOUR: i64 = 17;

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

/// Everything that is wrong with a list of criteria, all at once.
pub fn check_criteria(rows: &[NewCriterion], rules: &MethodRules) -> Vec<TenderRule> {
    let mut wrong = Vec::new();
    let quality: Vec<&NewCriterion> = rows
        .iter()
        .filter(|row| row.kind == CriterionKind::Quality)
        .collect();
    if quality.is_empty() {
        wrong.push(TenderRule::NoCriteria);
    }
    if quality.len() > MAX_CRITERIA {
        wrong.push(TenderRule::TooManyCriteria);
    }
    match rows
        .iter()
        .filter(|row| row.kind == CriterionKind::Price)
        .collect::<Vec<_>>()
        .as_slice()
    {
        [price]
            if price.weight < i64::from(rules.price_weight_min)
                || price.weight > i64::from(rules.price_weight_max) =>
        {
            wrong.push(TenderRule::PriceWeight {
                weight: price.weight,
                min: rules.price_weight_min,
                max: rules.price_weight_max,
                article: rules.price_weight_article.clone(),
            });
        }
        [_] => {}
        _ => wrong.push(TenderRule::NoPrice {
            article: rules.price_weight_article.clone(),
        }),
    }
    let sum = rows
        .iter()
        .fold(0_i64, |sum, row| sum.saturating_add(row.weight));
    if sum != 100 {
        wrong.push(TenderRule::WeightSum {
            sum,
            article: rules.price_weight_article.clone(),
        });
    }
    wrong.extend(quality.iter().filter_map(|row| check_words(row)));
    wrong
}

/// What shuts out by seat, ownership or size (条例 §20), as people write it.
const PLACE_OR_OWNERSHIP: &[&str] = &[
    "本地企业",
    "本地机构",
    "本地社会组织",
    "本地注册",
    "本市注册",
    "本县注册",
    "本区注册",
    "本镇注册",
    "本市企业",
    "本市机构",
    "注册地在",
    "注册在本",
    "限本",
    "本地业绩",
    "本市业绩",
    "本地奖项",
    "本市奖项",
    "本市荣誉",
    "国有企业",
    "国企",
    "民营企业",
    "私营企业",
    "外资",
    "合资",
    "所有制",
    "注册资本",
    "注册资金",
    "资产总额",
    "营业收入",
    "从业人员数",
    "纳税额",
];

/// A criterion must be tied to points, and must not shut anybody out by age, seat, ownership or size.
fn check_words(row: &NewCriterion) -> Option<TenderRule> {
    let text: String = narrow(&format!("{} {}", row.name, row.measure))
        .chars()
        .filter(|c| !c.is_whitespace())
        .collect();
    let name = row.name.clone();
    if asks_for_years(&text) {
        return Some(TenderRule::YearsOfExistence { name });
    }
    if PLACE_OR_OWNERSHIP.iter().any(|word| text.contains(word)) {
        return Some(TenderRule::PlaceOrOwnership { name });
    }
    (!is_quantified(&row.measure)).then_some(TenderRule::NotQuantified { name })
}

const HAN_NUMBERS: &str = "一二三四五六七八九十百两";

/// “成立满三年”, “成立 3 年以上”, “注册时间不少于两年”: new organizations must be admitted (财综〔2016〕54号).
fn asks_for_years(text: &str) -> bool {
    const FILLERS: &str = "满时间期限年不少于低至已超过达到须需应了为在以来";
    const WORDS: [&str; 5] = ["成立", "注册", "登记", "设立", "存续"];
    let is_number = |c: char| c.is_ascii_digit() || HAN_NUMBERS.contains(c);
    if ["成立满", "成立时间", "注册满", "登记满", "成立年限"]
        .iter()
        .any(|word| text.contains(word))
    {
        return true;
    }
    WORDS.iter().any(|word| {
        text.match_indices(word).any(|(at, _)| {
            let near: Vec<char> = text
                .get(at + word.len()..)
                .unwrap_or_default()
                .chars()
                .skip_while(|c| FILLERS.contains(*c))
                .take(4)
                .collect();
            // “成立于2019年” has four digits: a date, not an age. “注册社工满3年” speaks of people.
            let digits = near.iter().take_while(|c| is_number(**c)).count();
            (1..=3).contains(&digits) && near.get(digits) == Some(&'年')
        })
    })
}

/// A measure ties something to a number of points: digits, or “八分” (条例 §34). “一般” is no number.
fn is_quantified(measure: &str) -> bool {
    let chars: Vec<char> = narrow(measure).chars().collect();
    chars.iter().any(char::is_ascii_digit)
        || chars
            .windows(2)
            .any(|pair| matches!(pair, [n, '分'] if HAN_NUMBERS.contains(*n)))
}

/// The earliest lawful dates for a publication on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// On a working day, when somebody is there to see the questions.
    pub questions_until: NaiveDateTime,
    /// Nothing after the day of this instant is lawful.
    pub latest_questions: NaiveDateTime,
    pub closes_at: NaiveDateTime,
    /// Nothing before this instant is lawful.
    pub earliest_closing: NaiveDateTime,
    pub is_provisional: bool,
    pub tendering_article: String,
    pub questions_article: String,
}

/// Proposes the earliest lawful deadline and, before it, the last lawful cut-off, both on working days in office hours.
pub fn propose(rules: &MethodRules, calendar: &Calendar, today: NaiveDate) -> Option<Proposal> {
    let earliest = rules.tendering.earliest(today, calendar)?;
    let closes_on = calendar.suggest(earliest)?;
    let closes_at = local(closes_on, CLOSING_HOUR);
    let latest = latest_questions(rules, calendar, closes_at)?;
    let mut questions_on = last_day(latest);
    // A rest day only where no working day is left between.
    while !calendar.is_working(questions_on) && questions_on > today.succ_opt()? {
        questions_on = questions_on.pred_opt()?;
    }
    Some(Proposal {
        questions_until: local(questions_on, CLOSING_HOUR),
        latest_questions: latest,
        closes_at,
        earliest_closing: local(earliest, 0),
        is_provisional: !calendar.is_known_between(today, closes_on),
        tendering_article: rules.tendering.article.clone(),
        questions_article: rules.questions.article.clone(),
    })
}

/// The last instant at which questions may end before a deadline: the end of the day that lies the whole period before.
fn latest_questions(
    rules: &MethodRules,
    calendar: &Calendar,
    closes_at: NaiveDateTime,
) -> Option<NaiveDateTime> {
    let closes_on = last_day(closes_at);
    let mut day = closes_on.pred_opt()?;
    while rules.questions.earliest(day, calendar)? > closes_on {
        day = day.pred_opt()?;
    }
    Some(local(day, CLOSING_HOUR))
}

/// Until when a question must be answered: three working days (政府采购法 §51), and before nobody can bid any more.
pub fn answer_limit(
    calendar: &Calendar,
    asked_at: NaiveDateTime,
    closes_at: Option<NaiveDateTime>,
) -> Option<NaiveDateTime> {
    let day = calendar.deadline_working(instant::shanghai_date(asked_at), 3)?;
    let due = end_of_day(day);
    Some(closes_at.map_or(due, |closes_at| due.min(closes_at)))
}

/// What is wrong with chosen dates for a publication at `now`.
pub fn check_dates(
    rules: &MethodRules,
    calendar: &Calendar,
    now: NaiveDateTime,
    questions_until: NaiveDateTime,
    closes_at: NaiveDateTime,
    accepts_provisional: bool,
) -> Vec<TenderRule> {
    let mut wrong = Vec::new();
    let today = instant::shanghai_date(now);
    let closes_on = last_day(closes_at);
    if let Some(earliest) = rules
        .tendering
        .earliest(today, calendar)
        .filter(|earliest| closes_on < *earliest)
    {
        wrong.push(TenderRule::ClosesTooEarly {
            earliest: local(earliest, 0),
            article: rules.tendering.article.clone(),
        });
    }
    // Counted back from a closing that is itself too early, the questions' end would be a day long past.
    let closes_in_time = wrong.is_empty();
    if questions_until <= now {
        wrong.push(TenderRule::QuestionsPast);
    }
    if let Some(latest) = latest_questions(rules, calendar, closes_at)
        .filter(|latest| closes_in_time && last_day(questions_until) > last_day(*latest))
    {
        wrong.push(TenderRule::QuestionsTooLate {
            latest,
            article: rules.questions.article.clone(),
        });
    }
    if let Some(year) =
        provisional_year(calendar, today, closes_at).filter(|_| !accepts_provisional)
    {
        wrong.push(TenderRule::CalendarProvisional(year));
    }
    wrong
}

/// The year whose holidays are not announced yet, when a period from `today` touches one (暂定).
pub fn provisional_year(
    calendar: &Calendar,
    today: NaiveDate,
    closes_at: NaiveDateTime,
) -> Option<i32> {
    let closes_on = last_day(closes_at);
    (closes_on >= today && !calendar.is_known_between(today, closes_on)).then(|| closes_on.year())
}

/// A service that begins while bids still come could only be one that somebody has already.
pub fn check_term(from: NaiveDate, closes_at: NaiveDateTime) -> Option<TenderRule> {
    (from <= last_day(closes_at)).then_some(TenderRule::TermBeforeClosing(from))
}

/// The day that an instant ends: midnight is 24:00 of the day before.
pub fn last_day(at: NaiveDateTime) -> NaiveDate {
    instant::shanghai_date(at - Duration::microseconds(1))
}

/// Midnight of a Shanghai day plus hours, as UTC.
fn local(day: NaiveDate, hours: i64) -> NaiveDateTime {
    day.and_time(chrono::NaiveTime::MIN) + Duration::hours(hours - 8)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::common::rulesets::{Period, Unit};
    use crate::kernel::calendar::national_days;

    fn rules() -> MethodRules {
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

    fn calendar() -> Calendar {
        national_days().map(|(day, kind, _)| (day, kind)).collect()
    }

    fn at(text: &str) -> NaiveDateTime {
        instant::from_shanghai_local(text).unwrap()
    }

    fn row(kind: CriterionKind, name: &str, measure: &str, weight: i64) -> NewCriterion {
        NewCriterion {
            kind,
            name: name.into(),
            measure: measure.into(),
            weight,
        }
    }

    fn quality(weight: i64) -> NewCriterion {
        row(
            CriterionKind::Quality,
            "服务方案",
            "每个要点 0 至 8 分",
            weight,
        )
    }

    fn price(weight: i64) -> NewCriterion {
        row(
            CriterionKind::Price,
            "价格",
            "最低有效报价÷报价×权重",
            weight,
        )
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
    fn a_service_begins_after_the_deadline() {
        let closes_at = at("2026-03-23T17:00");
        for (from, ok) in [
            ("2026-03-22", false),
            ("2026-03-23", false),
            ("2026-03-24", true),
        ] {
            assert_eq!(
                check_term(from.parse().unwrap(), closes_at).is_none(),
                ok,
                "{from}"
            );
        }
    }

    #[test]
    fn criteria() {
        let wrong = |rows: &[NewCriterion]| check_criteria(rows, &rules());
        assert_eq!(wrong(&[quality(90), price(10)]), []);
        assert_eq!(wrong(&[quality(90), price(9)]).len(), 2, "weight and sum");
        assert!(matches!(
            wrong(&[quality(69), price(31)]).as_slice(),
            [TenderRule::PriceWeight { weight: 31, .. }]
        ));
        assert_eq!(
            wrong(&[quality(80), price(10)]),
            [TenderRule::WeightSum {
                sum: 90,
                article: "条".into()
            }]
        );
        assert_eq!(
            wrong(&[quality(100)]),
            [TenderRule::NoPrice {
                article: "条".into()
            }]
        );
        assert!(wrong(&[price(30)]).contains(&TenderRule::NoCriteria));
        let vague = row(CriterionKind::Quality, "方案", "好", 90);
        assert_eq!(
            wrong(&[vague, price(10)]),
            [TenderRule::NotQuantified {
                name: "方案".into()
            }]
        );
        let years = row(CriterionKind::Quality, "经验", "成立满3年得10分", 90);
        assert_eq!(
            wrong(&[years, price(10)]),
            [TenderRule::YearsOfExistence {
                name: "经验".into()
            }]
        );
        let local = row(CriterionKind::Quality, "注册地", "本地企业加5分", 90);
        assert_eq!(
            wrong(&[local, price(10)]),
            [TenderRule::PlaceOrOwnership {
                name: "注册地".into()
            }]
        );
        let many: Vec<_> = (0..13).map(|_| quality(5)).chain([price(35)]).collect();
        assert!(wrong(&many).contains(&TenderRule::TooManyCriteria));
    }

    #[test]
    fn words_of_criteria() {
        let says = |name: &str, measure: &str| {
            check_words(&row(CriterionKind::Quality, name, measure, 10))
        };
        for measure in [
            "成立满三年得 5 分",
            "成立 3 年以上，5 分",
            "成立３年以上，5 分",
            "注册时间不少于两年的得 2 分",
            "在民政部门登记满1年，5 分",
            "存续十年以上 3 分",
        ] {
            assert!(
                matches!(
                    says("经验", measure),
                    Some(TenderRule::YearsOfExistence { .. })
                ),
                "{measure}"
            );
        }
        for measure in [
            "本市注册的加 5 分",
            "限本县机构，5 分",
            "国有企业得 3 分",
            "注册资本 500 万元以上 5 分",
            "获本市奖项每项 2 分",
        ] {
            assert!(
                matches!(
                    says("资质", measure),
                    Some(TenderRule::PlaceOrOwnership { .. })
                ),
                "{measure}"
            );
        }
        for measure in ["一般", "优、良、中、差", "综合评定", "按一定标准酌情"]
        {
            assert!(
                matches!(
                    says("方案", measure),
                    Some(TenderRule::NotQuantified { .. })
                ),
                "{measure}"
            );
        }
        for measure in [
            "五个要点，每点 0 至 8 分",
            "每名持证社工 ３ 分，最多 18",
            "响应时间每提前一天加八分",
            "近 3 年同类合同每份 4 分，最多 12",
            "社区联结协议成立后每份 5 分",
            "设立服务点，每处 2 分",
            "注册社工从业满 3 年，每名 2 分",
            "登记志愿者近 2 年服务每百小时 1 分",
            "成立于 2019 年的服务点，每处 1 分",
        ] {
            assert_eq!(says("服务", measure), None, "{measure}");
        }
        assert!(matches!(
            says("成立年限", "每满一年 1 分"),
            Some(TenderRule::YearsOfExistence { .. })
        ));
    }

    proptest::proptest! {
        #[test]
        fn weights_of_lawful_criteria_are_a_hundred(
            weights in proptest::collection::vec(1_i64..12, 1..14), price_weight in 0_i64..60,
            fill in proptest::bool::ANY,
        ) {
            let mut weights = weights;
            let missing = 100 - price_weight - weights.iter().sum::<i64>();
            if fill && missing > 0 {
                weights.push(missing);
            }
            let rows: Vec<NewCriterion> = weights
                .iter()
                .map(|weight| quality(*weight))
                .chain([price(price_weight)])
                .collect();
            let sum: i64 = weights.iter().sum::<i64>() + price_weight;
            let lawful = sum == 100 && weights.len() <= MAX_CRITERIA && (10..=30).contains(&price_weight);
            proptest::prop_assert_eq!(check_criteria(&rows, &rules()).is_empty(), lawful);
        }

        #[test]
        fn no_text_panics(name in ".*", measure in ".*") {
            let _ = check_words(&row(CriterionKind::Quality, &name, &measure, 10));
        }

        #[test]
        fn a_later_deadline_is_never_refused_where_an_earlier_was_not(
            minutes in 0_i64..60_000, more in 1_i64..20_000,
        ) {
            let now = at("2026-03-02T09:00");
            let questions = at("2026-03-03T17:00");
            let refused = |closes: NaiveDateTime| {
                !check_dates(&rules(), &calendar(), now, questions, closes, true).is_empty()
            };
            let closes = now + Duration::minutes(minutes);
            proptest::prop_assert!(!refused(closes + Duration::minutes(more)) || refused(closes));
        }
    }

    #[test]
    fn proposes_the_earliest_lawful_dates() {
        let found = propose(&rules(), &calendar(), "2026-03-02".parse().unwrap()).unwrap();
        assert_eq!(
            found.earliest_closing,
            at("2026-03-22T00:00"),
            "20 days: a Sunday"
        );
        assert_eq!(
            found.closes_at,
            at("2026-03-23T17:00"),
            "suggested on the Monday"
        );
        assert_eq!(
            found.latest_questions,
            at("2026-03-08T17:00"),
            "15 days before: a Sunday"
        );
        assert_eq!(
            found.questions_until,
            at("2026-03-06T17:00"),
            "suggested on the Friday"
        );
        assert!(!found.is_provisional);
        assert!(
            propose(&rules(), &calendar(), "2026-12-20".parse().unwrap())
                .unwrap()
                .is_provisional
        );
        let mut short = rules();
        short.tendering = Period {
            days: 5,
            unit: Unit::WorkingDays,
            article: "条".into(),
        };
        short.questions = Period {
            days: 2,
            unit: Unit::WorkingDays,
            article: "条".into(),
        };
        let found = propose(&short, &calendar(), "2026-02-12".parse().unwrap()).unwrap();
        assert_eq!(
            found.closes_at,
            at("2026-02-26T17:00"),
            "over Spring Festival; 02-14 counts"
        );
        assert_eq!(found.questions_until, at("2026-02-24T17:00"));
    }

    #[test]
    fn what_is_proposed_is_never_refused_and_a_day_less_is() {
        for (day, _, _) in national_days().filter(|(day, _, _)| chrono::Datelike::year(day) == 2026)
        {
            let found = propose(&rules(), &calendar(), day).unwrap();
            let now = local(day, 9);
            let wrong = |questions, closes| {
                check_dates(&rules(), &calendar(), now, questions, closes, true)
            };
            assert_eq!(wrong(found.questions_until, found.closes_at), [], "{day}");
            assert_eq!(wrong(found.latest_questions, found.closes_at), [], "{day}");
            let questions_on = last_day(found.questions_until);
            let none_between = questions_on.pred_opt() == Some(day);
            assert!(
                calendar().is_working(questions_on) || none_between,
                "{day}: questions end on the rest day {questions_on}"
            );
            let early = found.earliest_closing - Duration::seconds(1);
            let refused = wrong(found.questions_until, early);
            assert!(
                refused
                    .iter()
                    .any(|rule| matches!(rule, TenderRule::ClosesTooEarly { .. })),
                "{day}"
            );
            let late = wrong(found.latest_questions + Duration::days(1), found.closes_at);
            assert!(
                late.iter()
                    .any(|rule| matches!(rule, TenderRule::QuestionsTooLate { .. })),
                "{day}"
            );
        }
    }

    #[test]
    fn answers_are_due_in_three_working_days_and_before_the_closing() {
        let limit = |asked, closes: Option<&str>| {
            answer_limit(&calendar(), at(asked), closes.map(at)).unwrap()
        };
        // Asked on a Friday: Monday, Tuesday, Wednesday until 24:00.
        let wednesday = at("2026-03-12T00:00");
        assert_eq!(limit("2026-03-06T10:00", None), wednesday);
        assert_eq!(
            limit("2026-03-06T10:00", Some("2026-03-23T17:00")),
            wednesday
        );
        let closing = at("2026-03-10T17:00");
        assert_eq!(limit("2026-03-06T10:00", Some("2026-03-10T17:00")), closing);
    }

    #[test]
    fn midnight_is_the_end_of_the_day_before() {
        let now = at("2026-03-02T09:00");
        let wrong = |closes| {
            check_dates(
                &rules(),
                &calendar(),
                now,
                at("2026-03-03T17:00"),
                closes,
                true,
            )
        };
        assert_eq!(wrong(at("2026-03-23T00:00")), [], "24:00 of the 22nd");
        assert!(matches!(
            wrong(at("2026-03-22T00:00")).as_slice(),
            [TenderRule::ClosesTooEarly { .. }]
        ));
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

    #[test]
    fn a_year_without_calendar_wants_an_acknowledgement() {
        let now = at("2026-12-20T09:00");
        let (questions, closes) = (at("2026-12-24T17:00"), at("2027-01-12T17:00"));
        let wrong = |accepts| check_dates(&rules(), &calendar(), now, questions, closes, accepts);
        assert_eq!(wrong(true), []);
        assert_eq!(wrong(false), [TenderRule::CalendarProvisional(2027)]);
    }
}
