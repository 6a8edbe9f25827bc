//! The working calendar. The State Council's notice moves holidays and makes some Saturdays and
//! Sundays working days (调休); periods of the law are counted over it. Dates are days in
//! Asia/Shanghai.

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Weekday};
use std::collections::{BTreeMap, BTreeSet};

crate::text_enum!(
    /// What the notice says of a day that is not as its weekday would have it.
    DayKind {
        /// A day off.
        Holiday = "holiday",
        /// A Saturday or Sunday that is worked.
        MakeupWorkday = "makeup_workday",
    }
);

/// The days that differ from plain weeks. A year without any such day is not known: weekends are
/// its only rest days, and what is counted over it is provisional (暂定).
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Calendar {
    days: BTreeMap<NaiveDate, DayKind>,
    years: BTreeSet<i32>,
}

impl FromIterator<(NaiveDate, DayKind)> for Calendar {
    fn from_iter<I: IntoIterator<Item = (NaiveDate, DayKind)>>(days: I) -> Self {
        let days: BTreeMap<_, _> = days.into_iter().collect();
        let years = days.keys().map(Datelike::year).collect();
        Self { days, years }
    }
}

impl Calendar {
    /// Whether the day is a working day (工作日).
    pub fn is_working(&self, date: NaiveDate) -> bool {
        match self.days.get(&date) {
            Some(DayKind::Holiday) => false,
            Some(DayKind::MakeupWorkday) => true,
            None => !matches!(date.weekday(), Weekday::Sat | Weekday::Sun),
        }
    }

    /// Whether the notice of the year is in the calendar.
    pub fn is_known(&self, year: i32) -> bool {
        self.years.contains(&year)
    }

    /// Whether every year from `from` to `to`, both included, is known: else what was counted
    /// between them is provisional.
    pub fn is_known_between(&self, from: NaiveDate, to: NaiveDate) -> bool {
        (from.year()..=to.year()).all(|year| self.is_known(year))
    }

    /// The `n`th working day after `from`, which does not count (民法典 §201); `from` itself for 0.
    /// `None` past the end of time.
    pub fn add_working_days(&self, from: NaiveDate, n: u32) -> Option<NaiveDate> {
        let Some(before) = n.checked_sub(1) else {
            return Some(from);
        };
        let mut after = from.iter_days().skip(1).filter(|day| self.is_working(*day));
        after.nth(usize::try_from(before).ok()?)
    }

    /// The day itself, or the next working day when it is a rest day. `None` past the end of time.
    pub fn roll_forward(&self, date: NaiveDate) -> Option<NaiveDate> {
        date.iter_days().find(|day| self.is_working(*day))
    }

    /// The last day of a period of `n` working days that bounds someone's right (a challenge
    /// within 7 working days).
    pub fn deadline_working(&self, from: NaiveDate, n: u32) -> Option<NaiveDate> {
        self.roll_forward(self.add_working_days(from, n)?)
    }

    /// The last day of a period of `n` calendar days that bounds someone's right: on a rest day it
    /// rolls to the next working day (民法典 §203, 财政部令第94号 §42).
    pub fn deadline_calendar(&self, from: NaiveDate, n: u32) -> Option<NaiveDate> {
        self.roll_forward(earliest_after_calendar_days(from, n)?)
    }

    /// The day to propose for a date that may lie on a rest day: a deadline should be a working day
    /// even where the law does not ask for it.
    pub fn suggest(&self, date: NaiveDate) -> Option<NaiveDate> {
        self.roll_forward(date)
    }

    /// Working days after `from` up to and with `to`; 0 when `to` is not later.
    pub fn working_days_between(&self, from: NaiveDate, to: NaiveDate) -> u32 {
        let days = from.iter_days().skip(1).take_while(|day| *day <= to);
        days.filter(|day| self.is_working(*day))
            .fold(0, |count, _| count + 1)
    }
}

/// The earliest date that leaves `n` calendar days after `from` (政府采购法 §35: at least 20 days).
/// A minimum is compared as dates and never rolled. `None` past the end of time.
pub fn earliest_after_calendar_days(from: NaiveDate, n: u32) -> Option<NaiveDate> {
    from.checked_add_days(Days::new(n.into()))
}

/// 24:00 of the day in Asia/Shanghai as a UTC instant: at that instant it is already too late.
pub fn end_of_day(date: NaiveDate) -> NaiveDateTime {
    date.and_time(NaiveTime::MIN) + TimeDelta::hours(16)
}

/// The State Council's notices of 2019 to 2026 with the occasion of each day, to seed the table of
/// the calendar with; the table, not this list, is what the portal counts over.
pub fn national_days() -> impl Iterator<Item = (NaiveDate, DayKind, &'static str)> {
    include_str!("data/working_calendar.csv")
        .lines()
        .skip(1)
        .filter_map(|line| {
            let mut fields = line.splitn(3, ',');
            let date = fields.next()?.parse().ok()?;
            Some((date, fields.next()?.parse().ok()?, fields.next()?))
        })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn national() -> Calendar {
        national_days()
            .map(|(date, kind, _)| (date, kind))
            .collect()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn the_whole_list_is_read() {
        let lines = include_str!("data/working_calendar.csv").lines().count();
        assert_eq!((national_days().count(), lines), (290, 291));
        let calendar = national();
        assert!((2019..=2026).all(|year| calendar.is_known(year)));
        assert!(!calendar.is_known(2018) && !calendar.is_known(2027));
        assert!(calendar.is_known_between(day("2025-12-31"), day("2026-01-04")));
        assert!(!calendar.is_known_between(day("2026-12-31"), day("2027-01-04")));
    }

    #[test]
    fn working_days_of_each_month() {
        let calendar = national();
        for (year, months) in [
            (2025, [19, 19, 21, 22, 19, 20, 23, 21, 23, 18, 20, 23]),
            (2026, [21, 16, 22, 21, 19, 21, 23, 21, 22, 18, 21, 23]),
        ] {
            for (month, count) in (1..).zip(months) {
                let first = NaiveDate::from_ymd_opt(year, month, 1).unwrap();
                let days = first.iter_days().take_while(|day| day.month() == month);
                assert_eq!(
                    days.filter(|day| calendar.is_working(*day)).count(),
                    count,
                    "{first}"
                );
            }
        }
    }

    #[test]
    fn periods_of_working_days() {
        let calendar = national();
        for (start, n, due) in [
            ("2025-09-26", 5, "2025-10-10"),
            ("2025-12-31", 3, "2026-01-06"),
            ("2026-02-12", 1, "2026-02-13"),
            ("2026-02-13", 7, "2026-03-02"),
            ("2026-02-13", 30, "2026-04-02"),
            ("2026-04-30", 5, "2026-05-11"),
            ("2026-09-18", 7, "2026-09-29"),
            ("2026-09-30", 15, "2026-10-27"),
        ] {
            assert_eq!(
                calendar.add_working_days(day(start), n),
                Some(day(due)),
                "{start} + {n}"
            );
            assert_eq!(calendar.deadline_working(day(start), n), Some(day(due)));
            assert_eq!(calendar.working_days_between(day(start), day(due)), n);
        }
        let holiday = day("2026-02-16");
        assert_eq!(calendar.add_working_days(holiday, 0), Some(holiday));
        assert_eq!(
            calendar.deadline_working(holiday, 0),
            Some(day("2026-02-24"))
        );
        assert_eq!(
            calendar.working_days_between(day("2026-03-09"), day("2026-03-02")),
            0
        );
    }

    #[test]
    fn periods_of_calendar_days() {
        let calendar = national();
        for (start, n, earliest, suggested) in [
            ("2026-03-02", 20, "2026-03-22", "2026-03-23"),
            ("2026-02-06", 10, "2026-02-16", "2026-02-24"),
            ("2026-01-30", 30, "2026-03-01", "2026-03-02"),
            ("2026-03-02", 2, "2026-03-04", "2026-03-04"),
            // Ends on a Saturday that is worked: it does not roll.
            ("2026-02-18", 10, "2026-02-28", "2026-02-28"),
        ] {
            let date = earliest_after_calendar_days(day(start), n).unwrap();
            assert_eq!(date, day(earliest));
            assert_eq!(calendar.suggest(date), Some(day(suggested)));
            assert_eq!(
                calendar.deadline_calendar(day(start), n),
                Some(day(suggested))
            );
        }
    }

    #[test]
    fn an_unknown_year_has_weekends_only() {
        let calendar = national();
        assert!(calendar.is_working(day("2027-10-01")));
        assert!(!calendar.is_working(day("2027-10-02")));
    }

    #[test]
    fn a_day_ends_at_midnight_in_shanghai() {
        let end = day("2026-11-25").and_hms_opt(16, 0, 0).unwrap();
        assert_eq!(end_of_day(day("2026-11-25")), end);
        assert!(end_of_day(NaiveDate::MAX) < NaiveDateTime::MAX);
    }

    #[test]
    fn the_end_of_time_is_none() {
        let calendar = Calendar::default();
        assert_eq!(calendar.add_working_days(NaiveDate::MAX, 1), None);
        assert_eq!(earliest_after_calendar_days(NaiveDate::MAX, 1), None);
        assert_eq!(calendar.deadline_calendar(NaiveDate::MAX, 1), None);
    }

    fn dates() -> impl Strategy<Value = NaiveDate> {
        (0_u64..365 * 10).prop_map(|n| day("2018-06-01") + Days::new(n))
    }

    proptest! {
        #[test]
        fn counting_undoes_adding(from in dates(), n in 1_u32..90) {
            let calendar = national();
            let due = calendar.add_working_days(from, n).unwrap();
            prop_assert!(due > from && calendar.is_working(due));
            prop_assert_eq!(calendar.working_days_between(from, due), n);
        }

        #[test]
        fn a_later_start_is_never_due_earlier(from in dates(), n in 0_u32..90) {
            let calendar = national();
            let next = from + Days::new(1);
            prop_assert!(calendar.deadline_working(from, n) <= calendar.deadline_working(next, n));
            prop_assert!(calendar.deadline_calendar(from, n) <= calendar.deadline_calendar(next, n));
        }

        #[test]
        fn rolling_lands_on_the_first_working_day(date in dates()) {
            let calendar = national();
            let rolled = calendar.roll_forward(date).unwrap();
            prop_assert!(calendar.is_working(rolled) && rolled >= date);
            prop_assert_eq!(calendar.roll_forward(rolled), Some(rolled));
            let skipped = date.iter_days().take_while(|day| *day < rolled).collect::<Vec<_>>();
            prop_assert!(skipped.iter().all(|day| !calendar.is_working(*day)));
        }
    }
}
