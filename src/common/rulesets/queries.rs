//! Finding the rules in force, and bringing the shipped ones in.

use super::model::{FoundMethod, Method, RuleSet, RuleSetId};
use crate::infra::db::{Db, columns};
use crate::infra::failure::Failure;
use crate::kernel::calendar::{Calendar, DayKind, national_days};
use crate::schema::{calendar_days, rule_sets};
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Deserialize;

const METHODS: &str = include_str!("data/methods.json");

/// The rules of a method in force on a day in a region.
pub fn find_method(
    db: &mut Db,
    region: &str,
    method: Method,
    on: NaiveDate,
) -> Result<FoundMethod, Failure> {
    let row: RuleSet = rule_sets::table
        .filter(
            rule_sets::region_code
                .eq(region)
                .and(rule_sets::kind.eq("method")),
        )
        .filter(
            rule_sets::name
                .eq(method.as_str())
                .and(rule_sets::valid_from.le(on)),
        )
        .filter(rule_sets::valid_to.is_null().or(rule_sets::valid_to.ge(on)))
        .order(rule_sets::valid_from.desc())
        .select(columns::<RuleSet>())
        .first(db)?;
    read(&row)
}

/// The set that a tender was published under, whatever is in force now.
pub fn load_method(db: &mut Db, id: RuleSetId) -> Result<FoundMethod, Failure> {
    let row: RuleSet = rule_sets::table
        .find(id)
        .select(columns::<RuleSet>())
        .first(db)?;
    read(&row)
}

fn read(row: &RuleSet) -> Result<FoundMethod, Failure> {
    Ok(FoundMethod {
        id: row.id,
        method: row.name.parse().map_err(Failure::internal)?,
        rules: serde_json::from_str(&row.rules)?,
        source: row.source.clone(),
        is_verified: row.is_verified,
    })
}

/// The working calendar as the portal has it.
pub fn load_calendar(db: &mut Db) -> Result<Calendar, Failure> {
    let rows: Vec<(NaiveDate, String)> = calendar_days::table
        .select((calendar_days::day, calendar_days::kind))
        .load(db)?;
    Ok(rows
        .into_iter()
        .map(|(day, kind)| {
            (
                day,
                if kind == "holiday" {
                    DayKind::Holiday
                } else {
                    DayKind::MakeupWorkday
                },
            )
        })
        .collect())
}

#[derive(Deserialize)]
struct Shipped {
    name: String,
    valid_from: NaiveDate,
    source: String,
    is_verified: bool,
    rules: serde_json::Value,
}

/// Brings in the shipped calendar and methods where there are none yet.
pub fn import_reference(db: &mut Db, region: &str) -> Result<(), Failure> {
    let known: i64 = calendar_days::table.count().get_result(db)?;
    if known == 0 {
        for (day, kind, occasion) in national_days() {
            let kind = match kind {
                DayKind::Holiday => "holiday",
                DayKind::MakeupWorkday => "makeup_workday",
            };
            diesel::insert_into(calendar_days::table)
                .values((
                    calendar_days::day.eq(day),
                    calendar_days::kind.eq(kind),
                    calendar_days::occasion.eq(occasion),
                    calendar_days::source.eq("国务院办公厅节假日安排通知"),
                ))
                .execute(db)?;
        }
    }
    let sets: i64 = rule_sets::table.count().get_result(db)?;
    if sets == 0 {
        for set in serde_json::from_str::<Vec<Shipped>>(METHODS)? {
            diesel::insert_into(rule_sets::table)
                .values((
                    rule_sets::region_code.eq(region),
                    rule_sets::kind.eq("method"),
                    rule_sets::name.eq(set.name),
                    rule_sets::valid_from.eq(set.valid_from),
                    rule_sets::rules.eq(set.rules.to_string()),
                    rule_sets::source.eq(set.source),
                    rule_sets::is_verified.eq(set.is_verified),
                ))
                .execute(db)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::common::rulesets::MethodRules;

    #[test]
    fn shipped_methods_read() {
        for set in serde_json::from_str::<Vec<Shipped>>(METHODS).unwrap() {
            let rules: MethodRules = serde_json::from_value(set.rules).unwrap();
            assert!(
                rules.price_weight_min <= rules.price_weight_max,
                "{}",
                set.name
            );
            assert!(set.name.parse::<Method>().is_ok());
        }
    }
}
