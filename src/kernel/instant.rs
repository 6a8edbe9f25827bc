//! Instants: `NaiveDateTime` in UTC, whole microseconds (what both databases keep). People read and
//! type Asia/Shanghai, UTC+8 without summer time.

use crate::kernel::text::narrow;
use chrono::{
    DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat, TimeDelta,
    Timelike,
};

const SHANGHAI: TimeDelta = TimeDelta::hours(8);

/// Why a typed date or time was refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum InstantError {
    #[error("no date given")]
    Empty,
    #[error("not of the form 2026-12-31 or 2026-12-31T17:00")]
    Shape,
    #[error("no such day in the calendar")]
    NoSuchDate,
    #[error("no such time of day")]
    NoSuchTime,
    #[error("not between 1900 and 2199")]
    OutOfRange,
}

/// The instant cut to microseconds; a leap second becomes the last microsecond before it.
pub fn micros(instant: NaiveDateTime) -> NaiveDateTime {
    let nanos = instant.nanosecond().min(999_999_999) / 1_000 * 1_000;
    instant.with_nanosecond(nanos).unwrap_or(instant)
}

/// The wall clock in Asia/Shanghai.
pub fn to_shanghai(instant: NaiveDateTime) -> NaiveDateTime {
    instant
        .checked_add_signed(SHANGHAI)
        .unwrap_or(NaiveDateTime::MAX)
}

/// The day in Asia/Shanghai on which the instant falls: where a period of the law starts.
pub fn shanghai_date(instant: NaiveDateTime) -> NaiveDate {
    to_shanghai(instant).date()
}

/// Reads a `datetime-local` input (`2026-11-25T17:00`, seconds allowed) as Asia/Shanghai time, into
/// UTC.
pub fn from_shanghai_local(text: &str) -> Result<NaiveDateTime, InstantError> {
    let text = narrow(text);
    let text = text.trim();
    if text.is_empty() {
        return Err(InstantError::Empty);
    }
    let (date, time) = text.split_once(['T', ' ']).ok_or(InstantError::Shape)?;
    // Both halves must be of the form before either is looked up, so that the message fits.
    let date_parts = numbers(date, '-', &[4, 2, 2]).ok_or(InstantError::Shape)?;
    let time_parts = numbers(time, ':', &[2, 2]).or_else(|| numbers(time, ':', &[2, 2, 2]));
    let time_parts = time_parts.ok_or(InstantError::Shape)?;
    let local = existing_date(&date_parts)?.and_time(existing_time(&time_parts)?);
    local
        .checked_sub_signed(SHANGHAI)
        .ok_or(InstantError::OutOfRange)
}

/// Reads a `date` input (`2026-12-31`).
pub fn parse_date(text: &str) -> Result<NaiveDate, InstantError> {
    let text = narrow(text);
    let text = text.trim();
    if text.is_empty() {
        return Err(InstantError::Empty);
    }
    existing_date(&numbers(text, '-', &[4, 2, 2]).ok_or(InstantError::Shape)?)
}

/// Numbers of exactly the given widths with the separator between.
fn numbers(text: &str, separator: char, widths: &[usize]) -> Option<Vec<u32>> {
    let parts: Vec<&str> = text.split(separator).collect();
    let fits =
        |part: &&str, width: usize| part.len() == width && part.bytes().all(|b| b.is_ascii_digit());
    let shaped = parts.len() == widths.len() && parts.iter().zip(widths).all(|(p, w)| fits(p, *w));
    shaped.then(|| parts.iter().filter_map(|part| part.parse().ok()).collect())
}

fn existing_date(parts: &[u32]) -> Result<NaiveDate, InstantError> {
    let [year, month, day] = *parts else {
        return Err(InstantError::Shape);
    };
    let year = i32::try_from(year).unwrap_or(i32::MAX);
    let date = NaiveDate::from_ymd_opt(year, month, day).ok_or(InstantError::NoSuchDate)?;
    // Four-digit typing slips (0206, 2926), and years that a database would order wrongly.
    if (1900..=2199).contains(&date.year()) {
        Ok(date)
    } else {
        Err(InstantError::OutOfRange)
    }
}

fn existing_time(parts: &[u32]) -> Result<NaiveTime, InstantError> {
    let (hour, minute, second) = match *parts {
        [hour, minute] => (hour, minute, 0),
        [hour, minute, second] => (hour, minute, second),
        _ => return Err(InstantError::Shape),
    };
    NaiveTime::from_hms_opt(hour, minute, second).ok_or(InstantError::NoSuchTime)
}

/// `2026-12-31`, in Asia/Shanghai.
pub fn date(instant: NaiveDateTime) -> String {
    to_shanghai(instant).format("%Y-%m-%d").to_string()
}

/// `2026-11-25 17:00`, in Asia/Shanghai.
pub fn minute(instant: NaiveDateTime) -> String {
    to_shanghai(instant).format("%Y-%m-%d %H:%M").to_string()
}

/// `2026-11-25 17:00:09`, in Asia/Shanghai.
pub fn second(instant: NaiveDateTime) -> String {
    to_shanghai(instant).format("%Y-%m-%d %H:%M:%S").to_string()
}

/// A deadline to the minute; one at midnight reads as 24:00 of the day that ends, as the law has it:
/// `2026-11-25 24:00`, not `2026-11-26 00:00`.
pub fn deadline(instant: NaiveDateTime) -> String {
    let local = to_shanghai(instant);
    match local.date().pred_opt() {
        Some(before) if local.time() == NaiveTime::MIN => format!("{before} 24:00"),
        _ => minute(instant),
    }
}

/// `2026-11-25T17:00:00+08:00`, with as many decimals as the instant has: exact, and readable.
pub fn rfc3339(instant: NaiveDateTime) -> String {
    let instant = instant.and_utc();
    match FixedOffset::east_opt(8 * 3600) {
        Some(offset) => instant
            .with_timezone(&offset)
            .to_rfc3339_opts(SecondsFormat::AutoSi, true),
        None => instant.to_rfc3339_opts(SecondsFormat::AutoSi, true),
    }
}

/// Reads an RFC 3339 instant with any offset, into UTC microseconds.
pub fn parse_rfc3339(text: &str) -> Result<NaiveDateTime, InstantError> {
    match DateTime::parse_from_rfc3339(text) {
        Ok(instant) => Ok(micros(instant.naive_utc())),
        Err(_) => Err(InstantError::Shape),
    }
}

/// Time left, cut to whole minutes.
#[derive(Clone, Copy, Debug, Eq, PartialEq, serde::Serialize)]
pub struct Remaining {
    pub days: i64,
    /// 0 to 23.
    pub hours: i64,
    /// 0 to 59.
    pub minutes: i64,
}

impl Remaining {
    /// From `now` until `due`; `None` at that instant and after it.
    pub fn until(now: NaiveDateTime, due: NaiveDateTime) -> Option<Self> {
        if now >= due {
            return None;
        }
        let minutes = due.signed_duration_since(now).num_minutes();
        Some(Self {
            days: minutes / 1_440,
            hours: minutes / 60 % 24,
            minutes: minutes % 60,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn utc(text: &str) -> NaiveDateTime {
        text.parse().unwrap()
    }

    #[test]
    fn typed_times() {
        for (typed, instant) in [
            ("2026-11-25T17:00", "2026-11-25T09:00:00"),
            // As people write it where the browser has no such field.
            ("2026-11-25 17:00", "2026-11-25T09:00:00"),
            (" 2026-11-25T07:59:30 ", "2026-11-24T23:59:30"),
            ("２０２６-03-01T00:00", "2026-02-28T16:00:00"),
        ] {
            assert_eq!(from_shanghai_local(typed), Ok(utc(instant)), "{typed}");
        }
        for (typed, error) in [
            ("", InstantError::Empty),
            ("2026-11-25", InstantError::Shape),
            ("2026-11-25  17:00", InstantError::Shape),
            ("2026-11-25T7:00", InstantError::Shape),
            ("2026-02-30Tsoon", InstantError::Shape),
            ("2026-02-30T17:00", InstantError::NoSuchDate),
            ("2026-11-25T24:00", InstantError::NoSuchTime),
            ("2026-11-25T23:59:60", InstantError::NoSuchTime),
            ("0206-11-25T17:00", InstantError::OutOfRange),
        ] {
            assert_eq!(from_shanghai_local(typed), Err(error), "{typed}");
        }
    }

    #[test]
    fn typed_dates() {
        let day = |y, m, d| Ok(NaiveDate::from_ymd_opt(y, m, d).unwrap());
        assert_eq!(parse_date("2026-12-31"), day(2026, 12, 31));
        assert_eq!(parse_date("2028-02-29"), day(2028, 2, 29));
        for (typed, error) in [
            ("\u{3000}", InstantError::Empty),
            ("2026-2-3", InstantError::Shape),
            ("2026/12/31", InstantError::Shape),
            ("+026-12-31", InstantError::Shape),
            ("2026-12-31-", InstantError::Shape),
            ("2026-02-29", InstantError::NoSuchDate),
            ("2026-13-01", InstantError::NoSuchDate),
            ("2200-01-01", InstantError::OutOfRange),
        ] {
            assert_eq!(parse_date(typed), Err(error), "{typed}");
        }
    }

    #[test]
    fn shown_in_shanghai() {
        let instant = utc("2026-11-25T16:00:09.5");
        assert_eq!(date(instant), "2026-11-26");
        assert_eq!(shanghai_date(instant).to_string(), "2026-11-26");
        assert_eq!(minute(instant), "2026-11-26 00:00");
        assert_eq!(second(instant), "2026-11-26 00:00:09");
        assert_eq!(rfc3339(instant), "2026-11-26T00:00:09.500+08:00");
        assert_eq!(
            rfc3339(utc("2026-11-25T09:00:00")),
            "2026-11-25T17:00:00+08:00"
        );
        assert_eq!(deadline(utc("2026-11-25T16:00:00")), "2026-11-25 24:00");
        assert_eq!(deadline(utc("2026-11-25T09:00:00")), "2026-11-25 17:00");
        assert_eq!(parse_rfc3339("soon"), Err(InstantError::Shape));
    }

    #[test]
    fn microseconds_and_the_edges() {
        assert_eq!(
            micros(utc("2026-11-25T09:00:00.123456789")),
            utc("2026-11-25T09:00:00.123456")
        );
        let leap = NaiveTime::from_hms_nano_opt(23, 59, 59, 1_500_000_000).unwrap();
        let leap = utc("2016-12-31T00:00:00").date().and_time(leap);
        assert_eq!(micros(leap), utc("2016-12-31T23:59:59.999999"));
        assert_eq!(to_shanghai(NaiveDateTime::MAX), NaiveDateTime::MAX);
    }

    #[test]
    fn remaining() {
        let due = utc("2026-11-25T09:00:00");
        let left = |now: &str| Remaining::until(utc(now), due);
        let of = |days, hours, minutes| {
            Some(Remaining {
                days,
                hours,
                minutes,
            })
        };
        assert_eq!(left("2026-11-23T07:30:00"), of(2, 1, 30));
        assert_eq!(left("2026-11-25T08:59:59"), of(0, 0, 0));
        assert_eq!(left("2026-11-25T09:00:00"), None);
        assert_eq!(left("2026-11-26T09:00:00"), None);
    }

    fn instants() -> impl Strategy<Value = NaiveDateTime> {
        (-2_000_000_000_i64..7_000_000_000, 0_u32..1_000_000_000)
            .prop_map(|(s, n)| DateTime::from_timestamp(s, n).unwrap().naive_utc())
    }

    proptest! {
        #[test]
        fn micros_only_cut(instant in instants()) {
            let cut = micros(instant);
            prop_assert_eq!(micros(cut), cut);
            prop_assert!(cut <= instant && instant - cut < TimeDelta::microseconds(1));
        }

        #[test]
        fn shown_instants_read_back(instant in instants()) {
            let instant = micros(instant);
            prop_assert_eq!(parse_rfc3339(&rfc3339(instant)), Ok(instant));
            let typed = second(instant).replace(' ', "T");
            prop_assert_eq!(from_shanghai_local(&typed), Ok(instant.with_nanosecond(0).unwrap()));
        }

        #[test]
        fn nothing_typed_panics(text in ".*") {
            let _ = (from_shanghai_local(&text), parse_date(&text), parse_rfc3339(&text));
        }

        #[test]
        fn remaining_adds_up(now in instants(), seconds in 1_i64..100_000_000) {
            let left = Remaining::until(now, now + TimeDelta::seconds(seconds)).unwrap();
            prop_assert_eq!(left.days * 1_440 + left.hours * 60 + left.minutes, seconds / 60);
            prop_assert!(left.hours < 24 && left.minutes < 60);
        }
    }
}
