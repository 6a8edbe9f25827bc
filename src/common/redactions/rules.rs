//! Who may cover what, and what stands in its place.

use super::model::{Ground, Place, Redaction, Subject};
use crate::kernel::instant;
use crate::kernel::people::PersonId;
use crate::kernel::refusal::{Refusal, Rule};
use chrono::NaiveDateTime;
use serde_json::Value;

/// A shorter passage stands in ordinary words too, and covering those destroys what nobody meant.
pub const SHORTEST: usize = 4;
/// Only a person's name may be that short.
const SHORTEST_NAME: usize = 2;
/// So many characters around a passage tell whoever decides where it stands.
const AROUND: usize = 20;
pub const LONGEST: usize = 2000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedactionRule {
    NoSuchPage,
    TooShort,
    /// The page and what hangs on it do not hold these words.
    NotThere,
    /// The reason becomes public, with the passage in it.
    InReason,
    AskedAlready,
    NotTheSecond,
    DecidedAlready,
}

impl Rule for RedactionRule {
    fn refusal(&self) -> Refusal {
        match self {
            Self::NoSuchPage => Refusal::new("redactions-no-page").at("page"),
            Self::TooShort => Refusal::new("redactions-short")
                .arg("min", SHORTEST)
                .at("passage"),
            Self::NotThere => Refusal::new("redactions-not-there").at("passage"),
            Self::InReason => Refusal::new("redactions-in-reason").at("reason"),
            Self::AskedAlready => Refusal::new("redactions-asked-already").at("passage"),
            Self::NotTheSecond => Refusal::new("redactions-not-second"),
            Self::DecidedAlready => Refusal::new("redactions-decided"),
        }
    }
}

impl Ground {
    pub const fn article(self) -> &'static str {
        match self {
            Self::Personal => "个人信息保护法 §47",
            Self::Secret => "政府信息公开条例 §15",
            Self::Wrong => "政府信息公开条例 §41",
        }
    }
}

/// The subject of a page's address, however much of it was copied: `https://host/projects/12/notices/3`.
pub fn subject(address: &str) -> Result<(Subject, i64), RedactionRule> {
    let mut parts = address
        .split(['/', '?', '#'])
        .skip_while(|part| !Subject::ALL.iter().any(|subject| subject.folder() == *part));
    let folder = parts.next().unwrap_or_default();
    let subject = Subject::ALL
        .iter()
        .find(|subject| subject.folder() == folder);
    let id = parts
        .next()
        .and_then(|id| id.parse().ok())
        .filter(|id| *id > 0);
    match (subject, id) {
        (Some(subject), Some(id)) => Ok((*subject, id)),
        _ => Err(RedactionRule::NoSuchPage),
    }
}

/// Names of people are Chinese characters alone, with a dot between the parts of some.
fn is_name(passage: &str) -> bool {
    passage
        .chars()
        .all(|c| c == '·' || ('\u{4e00}'..='\u{9fff}').contains(&c))
}

pub fn is_long_enough(passage: &str, ground: Ground) -> Result<(), RedactionRule> {
    let least = if ground == Ground::Personal && is_name(passage) {
        SHORTEST_NAME
    } else {
        SHORTEST
    };
    if passage.chars().count() < least {
        return Err(RedactionRule::TooShort);
    }
    Ok(())
}

/// The reason is read by everybody.
pub fn may_publish(reason: &str, passage: &str) -> Result<(), RedactionRule> {
    if reason.contains(passage) {
        return Err(RedactionRule::InReason);
    }
    Ok(())
}

/// The one who asked never decides.
pub fn may_confirm(redaction: &Redaction, by: PersonId) -> Result<(), RedactionRule> {
    if redaction.decided_at.is_some() {
        return Err(RedactionRule::DecidedAlready);
    }
    if redaction.asked_by == by {
        return Err(RedactionRule::NotTheSecond);
    }
    Ok(())
}

pub fn stub(ground: Ground, at: NaiveDateTime) -> String {
    format!(
        "[内容已按{}于{}遮盖 / redacted]",
        ground.article(),
        instant::date(at)
    )
}

impl Place {
    /// The passage with the words around it, once for each text that holds it.
    pub fn contexts(&self, text: &str, passage: &str) -> Vec<String> {
        let mut found = Vec::new();
        if self.is_json {
            let value = serde_json::from_str(text).unwrap_or_default();
            collect(&value, passage, &mut found);
        } else {
            found.extend(context(text, passage));
        }
        found
    }

    /// The text of this place with the passage covered; `None` when it does not hold it.
    pub fn cover(&self, text: &str, passage: &str, stub: &str) -> Option<String> {
        if self.is_json {
            cover_json(text, passage, stub)
        } else {
            cover(text, passage, stub)
        }
    }
}

fn context(text: &str, passage: &str) -> Option<String> {
    let (before, after) = text.split_once(passage)?;
    let skipped = before.chars().count().saturating_sub(AROUND);
    let before: String = before.chars().skip(skipped).collect();
    let after: String = after.chars().take(AROUND).collect();
    Some(format!("{before}【{passage}】{after}"))
}

fn collect(value: &Value, passage: &str, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.extend(context(text, passage)),
        Value::Array(values) => values.iter().for_each(|one| collect(one, passage, found)),
        Value::Object(fields) => fields.values().for_each(|one| collect(one, passage, found)),
        _ => {}
    }
}

fn cover(text: &str, passage: &str, stub: &str) -> Option<String> {
    text.contains(passage).then(|| text.replace(passage, stub))
}

/// The same in every string of a JSON text.
fn cover_json(text: &str, passage: &str, stub: &str) -> Option<String> {
    let mut value: Value = serde_json::from_str(text).ok()?;
    cover_value(&mut value, passage, stub).then(|| value.to_string())
}

fn cover_value(value: &mut Value, passage: &str, stub: &str) -> bool {
    match value {
        Value::String(text) => match cover(text, passage, stub) {
            Some(covered) => {
                *text = covered;
                true
            }
            None => false,
        },
        // Each of them, not only the first that holds it.
        Value::Array(values) => {
            let covered = values
                .iter_mut()
                .filter_map(|value| cover_value(value, passage, stub).then_some(()));
            covered.count() > 0
        }
        Value::Object(fields) => {
            let covered = fields
                .values_mut()
                .filter_map(|value| cover_value(value, passage, stub).then_some(()));
            covered.count() > 0
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn addresses() {
        for (address, found) in [
            ("/projects/12", Ok((Subject::Project, 12))),
            (
                "https://a.example/x/projects/12/notices/3?a=1",
                Ok((Subject::Project, 12)),
            ),
            ("/organizations/7", Ok((Subject::Provider, 7))),
            ("/contracts/9#top", Ok((Subject::Contract, 9))),
            ("/contracts", Err(RedactionRule::NoSuchPage)),
            ("/projects/-1", Err(RedactionRule::NoSuchPage)),
            ("/account", Err(RedactionRule::NoSuchPage)),
            ("", Err(RedactionRule::NoSuchPage)),
        ] {
            assert_eq!(subject(address), found, "{address}");
        }
    }

    #[test]
    fn only_a_name_is_short() {
        for (passage, ground, is_taken) in [
            ("服务", Ground::Wrong, false),
            ("养老服", Ground::Secret, false),
            ("养老服务", Ground::Wrong, true),
            ("王明", Ground::Personal, true),
            ("王", Ground::Personal, false),
            ("13", Ground::Personal, false),
            ("1380", Ground::Personal, true),
        ] {
            let taken = is_long_enough(passage, ground).is_ok();
            assert_eq!(taken, is_taken, "{passage} {ground}");
        }
    }

    #[test]
    fn whoever_decides_sees_where_it_stands() {
        assert_eq!(context("请找王明。", "王明").unwrap(), "请找【王明】。");
        let long = format!("{}王明{}", "前".repeat(30), "后".repeat(30));
        let around = format!("{}【王明】{}", "前".repeat(20), "后".repeat(20));
        assert_eq!(context(&long, "王明").unwrap(), around);
        let mut found = Vec::new();
        let json = serde_json::json!({ "a": ["x王明", 1], "b": "无" });
        collect(&json, "王明", &mut found);
        assert_eq!(found, ["x【王明】"]);
    }

    #[test]
    fn every_copy_is_covered() {
        assert_eq!(cover("找张三，张三在", "张三", "▇").unwrap(), "找▇，▇在");
        assert_eq!(cover("无", "张三", "▇"), None);
        let json = r#"{"a":["张三",{"b":"x张三"}],"n":1}"#;
        assert_eq!(
            cover_json(json, "张三", "▇").unwrap(),
            r#"{"a":["▇",{"b":"x▇"}],"n":1}"#
        );
        assert_eq!(cover_json(json, "李四", "▇"), None);
        // Written with escapes, it is the same passage.
        assert!(cover_json(r#"{"a":"line\none"}"#, "line\none", "▇").is_some());
    }

    #[test]
    fn another_one_confirms() {
        let at = chrono::NaiveDate::from_ymd_opt(2026, 6, 2)
            .unwrap()
            .and_hms_opt(4, 0, 0)
            .unwrap();
        let mut redaction = Redaction {
            id: super::super::model::RedactionId(1),
            subject_kind: Subject::Project,
            subject_id: 1,
            passage: Some("x".into()),
            ground: Ground::Personal,
            reason: String::new(),
            asked_by: PersonId(1),
            asked_at: at,
            decided_at: None,
            places: None,
        };
        assert_eq!(
            may_confirm(&redaction, PersonId(1)),
            Err(RedactionRule::NotTheSecond)
        );
        assert_eq!(may_confirm(&redaction, PersonId(2)), Ok(()));
        redaction.decided_at = Some(at);
        assert_eq!(
            may_confirm(&redaction, PersonId(2)),
            Err(RedactionRule::DecidedAlready)
        );
        assert_eq!(
            stub(Ground::Personal, at),
            "[内容已按个人信息保护法 §47于2026-06-02遮盖 / redacted]"
        );
    }
}
