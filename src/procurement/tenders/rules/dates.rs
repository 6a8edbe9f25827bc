//! The dates of a round: what is proposed, and what is wrong with what was chosen.

use super::TenderRule;
use crate::common::rulesets::MethodRules;
use crate::kernel::calendar::{Calendar, end_of_day};
use crate::kernel::instant;
use chrono::{Datelike, Duration, NaiveDate, NaiveDateTime};

/// Deadlines are proposed at this hour, Shanghai time: the office is there to help.
const CLOSING_HOUR: i64 = 17;

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
    use super::super::tests::rules;
    use super::*;
    use crate::common::rulesets::{Period, Unit};
    use crate::kernel::calendar::national_days;

    fn calendar() -> Calendar {
        national_days().map(|(day, kind, _)| (day, kind)).collect()
    }

    fn at(text: &str) -> NaiveDateTime {
        instant::from_shanghai_local(text).unwrap()
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

    proptest::proptest! {
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
    fn a_year_without_calendar_wants_an_acknowledgement() {
        let now = at("2026-12-20T09:00");
        let (questions, closes) = (at("2026-12-24T17:00"), at("2027-01-12T17:00"));
        let wrong = |accepts| check_dates(&rules(), &calendar(), now, questions, closes, accepts);
        assert_eq!(wrong(true), []);
        assert_eq!(wrong(false), [TenderRule::CalendarProvisional(2027)]);
    }
}
