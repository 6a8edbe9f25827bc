//! Rule sets as rows: a name, a validity, a source, and the rules as JSON.

use crate::kernel::calendar::{Calendar, earliest_after_calendar_days};
use crate::kernel::ids::{id, text_enum};
use crate::schema::rule_sets;
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

id!(RuleSetId);

text_enum!(
    /// The procurement methods that have rules so far.
    Method {
        OpenTender = "open_tender",
        Comparison = "comparison",
    }
);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    CalendarDays,
    WorkingDays,
}

/// A number of days with the article that it rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    pub days: u32,
    pub unit: Unit,
    pub article: String,
}

impl Period {
    /// The first day that lies the whole period after `from` (start day excluded, 民法典 §201).
    pub fn earliest(&self, from: NaiveDate, calendar: &Calendar) -> Option<NaiveDate> {
        match self.unit {
            Unit::CalendarDays => earliest_after_calendar_days(from, self.days),
            Unit::WorkingDays => calendar.add_working_days(from, self.days),
        }
    }

    /// The last day of a right that runs from `from`; a rest day rolls on (民法典 §203).
    pub fn deadline(&self, from: NaiveDate, calendar: &Calendar) -> Option<NaiveDate> {
        match self.unit {
            Unit::CalendarDays => calendar.deadline_calendar(from, self.days),
            Unit::WorkingDays => calendar.deadline_working(from, self.days),
        }
    }
}

/// What a method asks for. Weights are whole percent of 100 points.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MethodRules {
    pub min_bids: u32,
    pub min_bids_article: String,
    /// Opening at the deadline itself, without the panel.
    pub opening_article: String,
    /// From publication to the deadline for bids.
    pub tendering: Period,
    /// Questions end at least this long before the deadline.
    pub questions: Period,
    pub price_weight_min: u32,
    pub price_weight_max: u32,
    pub price_weight_article: String,
    pub panel_min: u32,
    pub panel_article: String,
    /// Experts' least share of the panel, as a fraction.
    pub expert_share: (u32, u32),
    /// How many officers open together.
    pub openers: u32,
    pub decision: Period,
    pub result_notice: Period,
    /// From the end of the notice period to the last day for a challenge.
    pub challenge: Period,
    pub signing: Period,
    pub publishing: Period,
    /// The longest outage, in minutes, on the last day before a deadline that does not hold the tender.
    pub outage_minutes: i64,
}

#[derive(Queryable, Selectable, Clone, Debug)]
#[diesel(table_name = rule_sets)]
pub struct RuleSet {
    pub id: RuleSetId,
    pub name: String,
    pub rules: String,
    pub source: String,
    pub is_verified: bool,
}

/// A method's rules as found in force.
#[derive(Clone, Debug)]
pub struct FoundMethod {
    pub id: RuleSetId,
    pub method: Method,
    pub rules: MethodRules,
    pub source: String,
    pub is_verified: bool,
}
