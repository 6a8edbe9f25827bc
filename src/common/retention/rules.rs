//! The table as it is shipped, and how far back "past its time" lies.

use super::model::{Class, Span, Table, Unit};
use chrono::{Duration, Months, NaiveDateTime};
use std::sync::LazyLock;

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    toml::from_str(include_str!("data/retention.toml")).unwrap_or_else(|error| {
        // The tests read the same file; a portal that cannot say what it erases must not run.
        panic!("retention.toml: {error}")
    })
});

pub fn classes() -> &'static [Class] {
    &TABLE.class
}

/// Whatever happened before this instant is past its time.
pub fn limit(span: Span, now: NaiveDateTime) -> Option<NaiveDateTime> {
    match span.unit {
        Unit::Days => now.checked_sub_signed(Duration::days(i64::from(span.count))),
        Unit::Months => now.checked_sub_months(Months::new(span.count)),
        Unit::Years => now.checked_sub_months(Months::new(span.count.checked_mul(12)?)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    /// Columns that tell of a person, by what they are called.
    fn is_personal(column: &str) -> bool {
        const NAMES: &[&str] = &[
            "email",
            "mobile",
            "asked_mobile",
            "network",
            "device",
            "device_hash",
            "who",
            "legal_head",
            "reason",
            "address",
            "password_hash",
            "body",
            "payload",
        ];
        NAMES.contains(&column) || column.ends_with("person_id") || column.ends_with("_by")
    }

    fn schema() -> BTreeMap<&'static str, Vec<&'static str>> {
        let mut tables: BTreeMap<_, Vec<_>> = BTreeMap::new();
        let mut table = "";
        for line in include_str!("../../schema.rs").lines().map(str::trim) {
            if let Some((name, _)) = line.split_once(" (").filter(|_| line.ends_with('{')) {
                table = name;
                tables.entry(table).or_default();
            } else if let Some((column, _)) = line.split_once(" -> ") {
                tables.entry(table).or_default().push(column);
            }
        }
        tables
    }

    #[test]
    fn every_table_has_a_class_or_tells_of_nobody() {
        let classed: BTreeSet<&str> = classes()
            .iter()
            .flat_map(|class| class.tables.iter().map(String::as_str))
            .collect();
        let impersonal: BTreeSet<&str> = TABLE.impersonal.iter().map(String::as_str).collect();
        assert_eq!(classed.intersection(&impersonal).count(), 0);
        let schema = schema();
        assert!(schema.len() > 50, "the schema was read: {}", schema.len());
        for (table, columns) in &schema {
            let is_named = classed.contains(table) || impersonal.contains(table);
            assert!(is_named, "{table} is in no class of retention.toml");
            let personal = columns.iter().find(|column| is_personal(column));
            if let (Some(column), true) = (personal, impersonal.contains(table)) {
                assert!(
                    matches!(*table, "search_documents"),
                    "{table}.{column} tells of a person"
                );
            }
        }
        for table in classed.union(&impersonal) {
            assert!(schema.contains_key(table), "{table} does not exist");
        }
    }

    #[test]
    fn procurement_files_are_kept_for_fifteen_years_at_least() {
        let file = classes()
            .iter()
            .find(|class| class.code == "procurement")
            .unwrap();
        assert!(file.is_least && file.rows.is_empty());
        let now = chrono::NaiveDate::from_ymd_opt(2026, 6, 2)
            .unwrap()
            .and_hms_opt(0, 0, 0)
            .unwrap();
        let fifteen = now.checked_sub_months(Months::new(180)).unwrap();
        assert!(limit(file.keep.unwrap(), now).unwrap() <= fifteen);
        // What another class erases of its tables says which rows.
        for rows in classes().iter().flat_map(|class| &class.rows) {
            if file.tables.contains(&rows.table) {
                assert_ne!(rows.r#where, "1 = 1", "{}", rows.table);
            }
        }
    }

    #[test]
    fn spans() {
        let at = |y, m, d| {
            chrono::NaiveDate::from_ymd_opt(y, m, d)
                .unwrap()
                .and_hms_opt(1, 2, 3)
                .unwrap()
        };
        for (text, before) in [
            ("1 day", at(2028, 2, 28)),
            ("6 months", at(2027, 8, 29)),
            ("3 years", at(2025, 2, 28)),
        ] {
            let span = Span::try_from(text.to_owned()).unwrap();
            assert_eq!(limit(span, at(2028, 2, 29)), Some(before), "{text}");
        }
        for bad in ["", "1", "x days", "1 week", "-1 days"] {
            assert!(Span::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }
}
