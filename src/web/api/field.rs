//! The fields of an operation: what the document says of them, and what is checked before the handler reads them.

use crate::infra::failure::Refusal;
use crate::kernel::instant;
use serde_json::{Value, json};

/// What a value looks like. The handler still parses it; this is what a caller can know beforehand.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// At most so many characters.
    Text(usize),
    /// Yuan with at most two decimals, as text: `"200000.00"`.
    Money,
    /// Points with decimals, as text: `"35.5"`.
    Points,
    /// `"2026-06-30"`.
    Date,
    /// RFC 3339, or a minute of Asia/Shanghai: `"2026-06-30T17:00"`.
    Instant,
    Integer,
    Boolean,
    OneOf(&'static [&'static str]),
}

#[derive(Clone, Copy, Debug)]
pub struct Field {
    pub name: &'static str,
    pub kind: Kind,
    pub is_needed: bool,
    /// A list of such values.
    pub is_many: bool,
    /// Any field whose name begins with `name`: one for each criterion, for each line.
    pub is_family: bool,
}

pub const fn field(name: &'static str, kind: Kind) -> Field {
    Field {
        name,
        kind,
        is_needed: false,
        is_many: false,
        is_family: false,
    }
}

pub const fn text(name: &'static str, max: usize) -> Field {
    field(name, Kind::Text(max))
}

impl Field {
    #[must_use]
    pub const fn needed(mut self) -> Self {
        self.is_needed = true;
        self
    }

    #[must_use]
    pub const fn many(mut self) -> Self {
        self.is_many = true;
        self
    }

    #[must_use]
    pub const fn family(mut self) -> Self {
        self.is_family = true;
        self
    }

    /// Whether a given name is this field's.
    pub fn is_named(&self, name: &str) -> bool {
        if self.is_family {
            name.strip_prefix(self.name)
                .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()))
        } else {
            self.name == name
        }
    }

    /// JSON Schema of one value.
    pub fn schema(&self) -> Value {
        let one = match self.kind {
            Kind::Text(max) => json!({ "type": "string", "maxLength": max }),
            Kind::Money => json!({ "type": "string", "examples": ["200000.00"] }),
            Kind::Points => json!({ "type": "string", "examples": ["35.5"] }),
            Kind::Date => json!({ "type": "string", "format": "date" }),
            Kind::Instant => {
                json!({ "type": "string", "examples": ["2026-06-30T09:00:00Z", "2026-06-30T17:00"] })
            }
            Kind::Integer => json!({ "type": "integer" }),
            Kind::Boolean => json!({ "type": "boolean" }),
            Kind::OneOf(values) => json!({ "type": "string", "enum": values }),
        };
        if self.is_many {
            json!({ "type": "array", "items": one })
        } else {
            one
        }
    }

    /// The texts that a form would have sent for a JSON value.
    pub fn texts(&self, value: &Value) -> Result<Vec<String>, Refusal> {
        match value {
            Value::Array(values) if self.is_many => {
                let mut texts = Vec::new();
                for value in values {
                    texts.extend(self.one(value)?);
                }
                Ok(texts)
            }
            value => Ok(self.one(value)?.into_iter().collect()),
        }
    }

    fn one(&self, value: &Value) -> Result<Option<String>, Refusal> {
        let wrong = || Refusal::new("api-wrong-type").at(self.name);
        match (self.kind, value) {
            (_, Value::Null) | (Kind::Boolean, Value::Bool(false)) => Ok(None),
            (Kind::Boolean, Value::Bool(true)) => Ok(Some("yes".into())),
            (Kind::Integer, Value::Number(number)) if number.is_i64() => {
                Ok(Some(number.to_string()))
            }
            (Kind::Instant, Value::String(text)) => Ok(Some(match instant::parse_rfc3339(text) {
                Ok(at) => instant::to_shanghai(at)
                    .format("%Y-%m-%dT%H:%M")
                    .to_string(),
                Err(_) => text.clone(),
            })),
            (Kind::Boolean | Kind::Integer, _) => Err(wrong()),
            (_, Value::String(text)) => Ok(Some(text.clone())),
            _ => Err(wrong()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn json_becomes_what_a_form_would_send() {
        for (field, value, texts) in [
            (text("a", 9), json!("x"), Some(vec!["x"])),
            (text("a", 9), json!(null), Some(vec![])),
            (text("a", 9), json!(1), None),
            (text("a", 9), json!({}), None),
            (text("a", 9), json!(["x"]), None),
            (text("a", 9).many(), json!(["x", "y"]), Some(vec!["x", "y"])),
            (text("a", 9).many(), json!([["x"]]), None),
            (field("a", Kind::Boolean), json!(true), Some(vec!["yes"])),
            (field("a", Kind::Boolean), json!(false), Some(vec![])),
            (field("a", Kind::Boolean), json!("true"), None),
            (field("a", Kind::Integer), json!(12), Some(vec!["12"])),
            (field("a", Kind::Integer), json!(1.5), None),
            (field("a", Kind::Money), json!(12), None),
            (
                field("a", Kind::Instant),
                json!("2026-06-30T09:00:00Z"),
                Some(vec!["2026-06-30T17:00"]),
            ),
            (
                field("a", Kind::Instant),
                json!("2026-06-30T17:00"),
                Some(vec!["2026-06-30T17:00"]),
            ),
        ] {
            let given = field.texts(&value).ok();
            let wanted = texts
                .map(|texts: Vec<&str>| texts.into_iter().map(str::to_owned).collect::<Vec<_>>());
            assert_eq!(given, wanted, "{value}");
        }
    }

    #[test]
    fn a_family_takes_numbered_names() {
        let family = text("points_", 9).family();
        assert!(family.is_named("points_12"));
        assert!(!family.is_named("points_"));
        assert!(!family.is_named("points_x"));
        assert!(!text("points", 9).is_named("points_1"));
    }
}
