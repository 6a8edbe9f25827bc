//! What an imported catalogue must be like, and what publishing asks for.

mod diff;
mod reading;
mod rows;

pub use diff::{Change, ChangeKind, compare};
pub use reading::{MAX_BYTES, MAX_ROWS, read};
pub use rows::{BadRow, Row, is_column};

use super::model::CatalogueState;
use crate::kernel::refusal::{Refusal, Rule};
use std::ops::RangeInclusive;

/// The years that a catalogue may be for.
pub const YEARS: RangeInclusive<i64> = 2000..=2100;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CatalogueRule {
    /// Only a draft is published or thrown away.
    NotDraft(CatalogueState),
    Year,
}

impl Rule for CatalogueRule {
    fn refusal(&self) -> Refusal {
        match self {
            Self::NotDraft(_) => Refusal::new("catalogue-refused-not-draft"),
            Self::Year => Refusal::new("catalogue-refused-year")
                .arg("from", YEARS.start())
                .arg("to", YEARS.end())
                .at("year"),
        }
    }
}

pub fn may_change(state: CatalogueState) -> Result<(), CatalogueRule> {
    match state {
        CatalogueState::Draft => Ok(()),
        CatalogueState::Staging | CatalogueState::Published | CatalogueState::Replaced => {
            Err(CatalogueRule::NotDraft(state))
        }
    }
}

pub fn check_year(year: i64) -> Result<i64, CatalogueRule> {
    if YEARS.contains(&year) {
        Ok(year)
    } else {
        Err(CatalogueRule::Year)
    }
}
