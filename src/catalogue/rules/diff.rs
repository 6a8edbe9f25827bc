//! How two versions differ: what a draft would change, what a year brought.

use crate::catalogue::model::CatalogueItem;
use crate::kernel::ids::text_enum;
use std::collections::BTreeMap;

text_enum!(ChangeKind {
    Added = "added",
    Changed = "changed",
    Dropped = "dropped",
});

text_enum!(
    /// What of an item may change while its code stays.
    Part {
        Name = "name",
        Level = "level",
        Parent = "parent",
        Description = "description",
        Aliases = "aliases",
    }
);

impl Part {
    fn of(self, item: &CatalogueItem) -> String {
        match self {
            Self::Name => item.name.clone(),
            Self::Level => item.level.to_string(),
            Self::Parent => item.parent_code.clone().unwrap_or_default(),
            Self::Description => item.description.clone(),
            Self::Aliases => item.aliases.clone(),
        }
    }
}

/// One code in two versions, of which at least one has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub kind: ChangeKind,
    /// As it stands in the later version, or stood in the earlier one.
    pub item: CatalogueItem,
    /// What differs, before and after: nothing for what was added or dropped.
    pub parts: Vec<(Part, String, String)>,
}

impl Change {
    /// The code of the class at the top: codes begin with its letter.
    pub fn class(&self) -> &str {
        self.item.code.get(..1).unwrap_or_default()
    }
}

/// What changed from one version to another, in the order of the codes.
pub fn compare(before: &[CatalogueItem], after: &[CatalogueItem]) -> Vec<Change> {
    let mut both: BTreeMap<&str, [Option<&CatalogueItem>; 2]> = BTreeMap::new();
    for item in before {
        both.entry(&item.code).or_default()[0] = Some(item);
    }
    for item in after {
        both.entry(&item.code).or_default()[1] = Some(item);
    }
    both.into_values().filter_map(change).collect()
}

fn change(versions: [Option<&CatalogueItem>; 2]) -> Option<Change> {
    let (kind, item, parts) = match versions {
        [Some(before), Some(after)] => (ChangeKind::Changed, after, differences(before, after)),
        [None, Some(after)] => (ChangeKind::Added, after, Vec::new()),
        [Some(before), None] => (ChangeKind::Dropped, before, Vec::new()),
        [None, None] => return None,
    };
    if kind == ChangeKind::Changed && parts.is_empty() {
        return None;
    }
    Some(Change {
        kind,
        item: item.clone(),
        parts,
    })
}

fn differences(before: &CatalogueItem, after: &CatalogueItem) -> Vec<(Part, String, String)> {
    Part::ALL
        .iter()
        .map(|part| (*part, part.of(before), part.of(after)))
        .filter(|(_, before, after)| before != after)
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing)]
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
    fn added_changed_and_dropped() {
        let before = [
            item("A", "甲", None),
            item("A01", "乙", Some("A")),
            item("A02", "丙", Some("A")),
        ];
        let after = [
            item("A03", "丁", Some("A")),
            item("A", "甲", None),
            item("A01", "乙二", Some("A")),
        ];
        let told: Vec<(ChangeKind, String)> = compare(&before, &after)
            .into_iter()
            .map(|change| (change.kind, change.item.name))
            .collect();
        let expected = [
            (ChangeKind::Changed, "乙二"),
            (ChangeKind::Dropped, "丙"),
            (ChangeKind::Added, "丁"),
        ];
        assert_eq!(told, expected.map(|(kind, name)| (kind, name.to_owned())));
        assert_eq!(compare(&after, &after), []);
        assert_eq!(compare(&[], &after).len(), 3);
        assert_eq!(compare(&after, &[])[0].class(), "A");
    }

    #[test]
    fn every_part_counts() {
        let before = item("A01", "乙", Some("A"));
        for (part, old, new, after) in [
            (
                Part::Name,
                "乙",
                "丙",
                CatalogueItem {
                    name: "丙".into(),
                    ..before.clone()
                },
            ),
            (
                Part::Level,
                "2",
                "3",
                CatalogueItem {
                    level: 3,
                    ..before.clone()
                },
            ),
            (
                Part::Parent,
                "A",
                "B",
                CatalogueItem {
                    parent_code: Some("B".into()),
                    ..before.clone()
                },
            ),
            (
                Part::Description,
                "",
                "助餐",
                CatalogueItem {
                    description: "助餐".into(),
                    ..before.clone()
                },
            ),
            (
                Part::Aliases,
                "",
                "食堂",
                CatalogueItem {
                    aliases: "食堂".into(),
                    ..before.clone()
                },
            ),
        ] {
            let found = compare(std::slice::from_ref(&before), &[after]);
            assert_eq!(found[0].parts, [(part, old.into(), new.into())], "{part}");
        }
        // Where it is kept is no change.
        let elsewhere = CatalogueItem {
            id: CatalogueItemId(9),
            catalogue_id: CatalogueId(9),
            ..before.clone()
        };
        assert_eq!(compare(&[before], &[elsewhere]), []);
    }
}
