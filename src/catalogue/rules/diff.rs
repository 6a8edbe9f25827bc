//! What a draft would change.

use crate::catalogue::model::CatalogueItem;
use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub code: String,
    pub before: String,
    pub after: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diff {
    pub new: Vec<CatalogueItem>,
    pub changed: Vec<Change>,
    pub gone: Vec<CatalogueItem>,
}

/// By code: what is new, what has another name, place, description or alias, what is no longer there.
pub fn compare(before: &[CatalogueItem], after: &[CatalogueItem]) -> Diff {
    let old: BTreeMap<&str, &CatalogueItem> = before
        .iter()
        .map(|item| (item.code.as_str(), item))
        .collect();
    let new: BTreeMap<&str, &CatalogueItem> = after
        .iter()
        .map(|item| (item.code.as_str(), item))
        .collect();
    let mut diff = Diff::default();
    for (code, item) in &new {
        match old.get(code) {
            None => diff.new.push((*item).clone()),
            Some(was) if !is_same(was, item) => diff.changed.push(Change {
                code: (*code).to_owned(),
                before: describe(was, item),
                after: describe(item, was),
            }),
            Some(_) => {}
        }
    }
    let gone = old.iter().filter(|(code, _)| !new.contains_key(*code));
    diff.gone = gone.map(|(_, item)| (*item).clone()).collect();
    diff
}

fn is_same(a: &CatalogueItem, b: &CatalogueItem) -> bool {
    a.name == b.name
        && a.level == b.level
        && a.parent_code == b.parent_code
        && a.description == b.description
        && a.aliases == b.aliases
}

/// The name, and whatever else differs from the other.
fn describe(item: &CatalogueItem, other: &CatalogueItem) -> String {
    let mut parts = vec![item.name.clone()];
    if item.parent_code != other.parent_code || item.level != other.level {
        parts.push(item.parent_code.clone().unwrap_or_else(|| "—".into()));
    }
    if item.description != other.description {
        parts.push(crate::kernel::text::excerpt(&item.description, 80));
    }
    if item.aliases != other.aliases {
        parts.push(item.aliases.clone());
    }
    parts.join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::model::{CatalogueId, CatalogueItemId};

    fn item(code: &str, name: &str, parent: Option<&str>) -> CatalogueItem {
        CatalogueItem {
            id: CatalogueItemId(1),
            catalogue_id: CatalogueId(1),
            code: code.into(),
            name: name.into(),
            level: 1 + i64::from(parent.is_some()),
            parent_code: parent.map(str::to_owned),
            description: String::new(),
            aliases: String::new(),
        }
    }

    #[test]
    fn new_changed_and_gone() {
        let before = [
            item("A", "甲", None),
            item("A01", "乙", Some("A")),
            item("A02", "丙", Some("A")),
        ];
        let after = [
            item("A", "甲", None),
            item("A01", "乙二", Some("A")),
            item("A03", "丁", Some("A")),
        ];
        let diff = compare(&before, &after);
        assert_eq!(diff.new, [item("A03", "丁", Some("A"))]);
        assert_eq!(diff.gone, [item("A02", "丙", Some("A"))]);
        let change = Change {
            code: "A01".into(),
            before: "乙".into(),
            after: "乙二".into(),
        };
        assert_eq!(diff.changed, [change]);
        assert_eq!(compare(&after, &after), Diff::default());
    }
}
