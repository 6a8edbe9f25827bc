//! Which fields of service a community is covered in. The fields, and what belongs to them, are data.

use chrono::{Days, NaiveDate};

/// A service that ends this soon leaves its field covered only in part.
const SOON: Days = Days::new(60);

const SHIPPED: &str = include_str!("data/fields.csv");

/// One field of service: worded by `communities-field-<name>`.
#[derive(Debug, PartialEq, Eq)]
pub struct Field {
    pub name: String,
    /// Catalogue codes; a code stands for everything under it.
    codes: Vec<String>,
    /// Words of a title: general codes (social work, community governance) say nothing of whom they serve.
    words: Vec<String>,
}

impl Field {
    /// The fields in the order of the grid.
    pub fn shipped() -> Vec<Self> {
        SHIPPED
            .lines()
            .skip(1)
            .filter_map(|line| {
                let mut cells = line.splitn(3, ',');
                let list = |cell: Option<&str>| -> Vec<String> {
                    cell.unwrap_or_default()
                        .split_whitespace()
                        .map(str::to_owned)
                        .collect()
                };
                Some(Self {
                    name: cells.next().filter(|name| !name.is_empty())?.to_owned(),
                    codes: list(cells.next()),
                    words: list(cells.next()),
                })
            })
            .collect()
    }

    fn holds(&self, service: &Served) -> bool {
        self.codes.iter().any(|code| service.code.starts_with(code))
            || self.words.iter().any(|word| service.title.contains(word))
    }
}

/// What the coverage looks at in a contract.
#[derive(Clone, Copy, Debug)]
pub struct Served<'a> {
    pub code: &'a str,
    pub title: &'a str,
    pub until: NaiveDate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cover {
    Full,
    /// Everything in the field ends soon, on this day at the latest.
    Ending(NaiveDate),
    None,
}

#[derive(Debug, PartialEq, Eq)]
pub struct FieldCover {
    pub name: String,
    pub services: usize,
    pub cover: Cover,
}

/// The grid for the services that run on a day.
pub fn coverage(running: &[Served], today: NaiveDate) -> Vec<FieldCover> {
    let soon = today.checked_add_days(SOON).unwrap_or(NaiveDate::MAX);
    Field::shipped()
        .into_iter()
        .map(|field| {
            let ends: Vec<NaiveDate> = running
                .iter()
                .filter(|service| field.holds(service))
                .map(|service| service.until)
                .collect();
            FieldCover {
                name: field.name,
                services: ends.len(),
                cover: match ends.into_iter().max() {
                    None => Cover::None,
                    Some(last) if last < soon => Cover::Ending(last),
                    Some(_) => Cover::Full,
                },
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn field_of(code: &str, title: &str) -> Vec<String> {
        let served = Served {
            code,
            title,
            until: day("2026-12-31"),
        };
        coverage(&[served], day("2026-03-02"))
            .into_iter()
            .filter(|field| field.services > 0)
            .map(|field| field.name)
            .collect()
    }

    #[test]
    fn services_fall_into_their_fields() {
        for (code, title, fields) in [
            ("A0402", "居家服务", "elderly"),
            ("A1003", "社区青少年事务社会工作服务", "youth"),
            ("A1004", "工作室运营", "mediation"),
            ("B0101", "顾问服务", "legal"),
            ("A0406", "日间照料服务", "disability"),
            ("A1003", "老年人心理关爱服务", "elderly psychology"),
            ("A1001", "社区治理服务", ""),
            ("A0404", "帮困服务", "poverty"),
        ] {
            assert_eq!(field_of(code, title).join(" "), fields, "{code} {title}");
        }
    }

    #[test]
    fn the_last_service_to_end_decides() {
        let today = day("2026-03-02");
        for (until, cover) in [
            (&["2026-12-31"][..], Cover::Full),
            (&["2026-04-30"], Cover::Ending(day("2026-04-30"))),
            (&["2026-05-01"], Cover::Full),
            (
                &["2026-03-31", "2026-04-01"],
                Cover::Ending(day("2026-04-01")),
            ),
            (&["2026-03-31", "2027-04-01"], Cover::Full),
            (&[], Cover::None),
        ] {
            let served: Vec<Served> = until
                .iter()
                .map(|until| Served {
                    code: "A0402",
                    title: "",
                    until: day(until),
                })
                .collect();
            let found = coverage(&served, today);
            assert_eq!(found.len(), 8);
            let elderly = found.first().unwrap();
            assert_eq!(
                (elderly.cover, elderly.services),
                (cover, until.len()),
                "{until:?}"
            );
        }
    }
}
