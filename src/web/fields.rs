//! Readers of typed values for [`Form::parsed`](super::Form::parsed), each error in words.

use crate::kernel::instant::{self, InstantError};
use crate::kernel::money::{Fen, MoneyError};
use crate::kernel::refusal::Refusal;
use crate::kernel::text;
use chrono::{NaiveDate, NaiveDateTime};

/// An amount in yuan; zero reads, whether it may stand is the room's rule.
pub fn money(text: &str) -> Result<Fen, Refusal> {
    Fen::parse_yuan(text).map_err(|error| {
        Refusal::new(match error {
            MoneyError::Empty => "form-missing",
            MoneyError::NotANumber => "form-bad-money",
            MoneyError::TooPrecise => "form-money-too-precise",
            MoneyError::Negative => "form-money-negative",
            MoneyError::TooLarge | MoneyError::Overflow => "form-money-too-large",
        })
    })
}

/// A `date` input.
pub fn date(text: &str) -> Result<NaiveDate, Refusal> {
    instant::parse_date(text).map_err(|error| moment(error, "form-bad-date"))
}

/// A `datetime-local` input, typed as Asia/Shanghai time.
pub fn local_time(text: &str) -> Result<NaiveDateTime, Refusal> {
    instant::from_shanghai_local(text).map_err(|error| moment(error, "form-bad-time"))
}

/// The value that a `datetime-local` input shows for an instant.
pub fn shown_time(at: NaiveDateTime) -> String {
    instant::to_shanghai(at)
        .format("%Y-%m-%dT%H:%M")
        .to_string()
}

fn moment(error: InstantError, shape: &'static str) -> Refusal {
    Refusal::new(match error {
        InstantError::Empty => "form-missing",
        InstantError::Shape => shape,
        InstantError::NoSuchDate => "form-no-such-date",
        InstantError::NoSuchTime => "form-no-such-time",
        InstantError::OutOfRange => "form-date-out-of-range",
    })
}

/// An office telephone: digits in groups, with an area code or an extension.
pub fn phone(text: &str) -> Result<String, Refusal> {
    let phone = text::narrow(text);
    let digits = phone.chars().filter(char::is_ascii_digit).count();
    let is_plain = phone
        .chars()
        .all(|c| c.is_ascii_digit() || " -+()/转".contains(c));
    if is_plain && (7..=20).contains(&digits) {
        Ok(phone)
    } else {
        Err(Refusal::new("form-bad-phone"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn telephones() {
        for (typed, kept) in [
            ("0512-12345678", Some("0512-12345678")),
            ("０５１２－1234567 转 801", Some("0512-1234567 转 801")),
            ("12345", None),
            ("请打电话 1234567", None),
            ("123456789012345678901", None),
        ] {
            assert_eq!(phone(typed).ok().as_deref(), kept, "{typed}");
        }
    }
}
