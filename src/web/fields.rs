//! Readers of typed values for [`Form::parsed`](super::Form::parsed), each error in words.

use crate::kernel::instant::{self, InstantError};
use crate::kernel::money::{Fen, MoneyError};
use crate::kernel::phone;
use crate::kernel::refusal::Refusal;
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
    phone::parse(text).map_err(|_bad| Refusal::new("form-bad-phone"))
}
