//! Classes of personal data, as the table in `data` has them.

use serde::Deserialize;

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Table {
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "asked for by the test of completeness")
    )]
    pub impersonal: Vec<String>,
    pub class: Vec<Class>,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Class {
    /// Worded by `retention-what-<code>`, `-why-` and `-from-`.
    pub code: String,
    /// Where its data lies.
    pub tables: Vec<String>,
    /// `None`: as long as what it belongs to.
    pub keep: Option<Span>,
    /// The law wants it kept so long; no worker erases it.
    #[serde(default)]
    pub is_least: bool,
    pub article: String,
    #[serde(default)]
    pub rows: Vec<Rows>,
}

/// What the worker erases of a table: rows, or what `set` says of them.
#[derive(Deserialize, Clone, Debug)]
#[serde(deny_unknown_fields)]
pub struct Rows {
    pub table: String,
    /// The instant from which the time runs; rows where it is unknown stay.
    pub since: String,
    #[serde(default = "any")]
    pub r#where: String,
    pub set: Option<String>,
    #[serde(default)]
    pub clock: Clock,
}

fn any() -> String {
    "1 = 1".into()
}

/// Which of the two clocks wrote `since`.
#[derive(Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Clock {
    #[default]
    Machine,
    Portal,
}

#[derive(Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(try_from = "String")]
pub struct Span {
    pub count: u32,
    pub unit: Unit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Days,
    Months,
    Years,
}

impl TryFrom<String> for Span {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || format!("not a span: {text}");
        let (count, unit) = text.split_once(' ').ok_or_else(wrong)?;
        let unit = match unit.trim_end_matches('s') {
            "day" => Unit::Days,
            "month" => Unit::Months,
            "year" => Unit::Years,
            _ => return Err(wrong()),
        };
        let count = count.parse().map_err(|_number| wrong())?;
        Ok(Self { count, unit })
    }
}
