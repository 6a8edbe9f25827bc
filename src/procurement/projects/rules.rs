//! What a project must be before it may be published.

use super::model::{Forbidden, NewProject, ProjectState, TermGround};
use crate::kernel::money::Fen;
use crate::kernel::refusal::{Refusal, Rule};
use chrono::{Months, NaiveDate};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProjectRule {
    NoBudget,
    BudgetNotSecured,
    NotInCatalogue,
    TermBackward,
    TermTooLong,
    TermNeedsGrounds,
    ForbiddenContent(Forbidden),
    NoCommunity,
    UnknownCommunity(String),
    NotADraft(ProjectState),
}

impl Rule for ProjectRule {
    fn refusal(&self) -> Refusal {
        match self {
            Self::NoBudget => Refusal::new("projects-no-budget")
                .article("财政部令第102号 §11")
                .at("budget"),
            Self::BudgetNotSecured => Refusal::new("projects-budget-not-secured")
                .article("财政部令第102号 §14")
                .at("secured"),
            Self::NotInCatalogue => Refusal::new("projects-not-in-catalogue")
                .article("财政部令第102号 §11")
                .at("catalogue_code"),
            Self::TermBackward => Refusal::new("projects-term-backward").at("term_to"),
            Self::TermTooLong => Refusal::new("projects-term-too-long")
                .article("财政部令第102号 §24")
                .at("term_to"),
            Self::TermNeedsGrounds => Refusal::new("projects-term-needs-grounds")
                .article("财政部令第102号 §24")
                .at("grounds"),
            Self::ForbiddenContent(item) => {
                let (key, field) = match item {
                    Forbidden::NotAGovernmentDuty => ("projects-forbidden-f1", "f1"),
                    Forbidden::DirectGovernmentWork => ("projects-forbidden-f2", "f2"),
                    Forbidden::GoodsAndWorks => ("projects-forbidden-f3", "f3"),
                    Forbidden::Financing => ("projects-forbidden-f4", "f4"),
                    Forbidden::LaborDispatch => ("projects-forbidden-f5", "f5"),
                    Forbidden::OtherwiseForbidden => ("projects-forbidden-f6", "f6"),
                };
                Refusal::new(key).article("财政部令第102号 §10").at(field)
            }
            Self::NoCommunity => Refusal::new("projects-no-community").at("communities"),
            Self::UnknownCommunity(code) => Refusal::new("projects-unknown-community")
                .arg("code", code)
                .at("communities"),
            Self::NotADraft(_) => Refusal::new("projects-not-a-draft"),
        }
    }
}

/// Everything that is wrong with what was written, all at once. `in_catalogue`: the code is an item of level 2 or 3 of
/// the published catalogue; `known`: the communities that exist.
pub fn check(new: &NewProject, in_catalogue: bool, known: &[String]) -> Vec<ProjectRule> {
    let mut wrong = Vec::new();
    if new.budget <= Fen::ZERO {
        wrong.push(ProjectRule::NoBudget);
    }
    if !new.is_budget_secured {
        wrong.push(ProjectRule::BudgetNotSecured);
    }
    if !in_catalogue {
        wrong.push(ProjectRule::NotInCatalogue);
    }
    wrong.extend(check_term(new));
    for item in Forbidden::ALL {
        if !new.answered_no.contains(item) {
            wrong.push(ProjectRule::ForbiddenContent(*item));
        }
    }
    if new.communities.is_empty() {
        wrong.push(ProjectRule::NoCommunity);
    }
    if let Some(code) = new.communities.iter().find(|code| !known.contains(code)) {
        wrong.push(ProjectRule::UnknownCommunity(code.clone()));
    }
    wrong
}

/// One year, or up to three under all four conditions. A term from 1 January to 31 December is one year.
fn check_term(new: &NewProject) -> Option<ProjectRule> {
    if new.term_to < new.term_from {
        return Some(ProjectRule::TermBackward);
    }
    if lasts_at_most(12, new.term_from, new.term_to) {
        None
    } else if !lasts_at_most(36, new.term_from, new.term_to) {
        Some(ProjectRule::TermTooLong)
    } else if TermGround::ALL
        .iter()
        .all(|ground| new.grounds.contains(ground))
    {
        None
    } else {
        Some(ProjectRule::TermNeedsGrounds)
    }
}

/// Whether a term, both days included, is no longer than so many months: a year from 1 January ends on 31 December.
pub fn lasts_at_most(months: u32, from: NaiveDate, to: NaiveDate) -> bool {
    from.checked_add_months(Months::new(months))
        .is_some_and(|limit| to < limit)
}

/// Moves of a project that its tender's life causes.
pub fn may_become(from: ProjectState, to: ProjectState) -> bool {
    use ProjectState::{Awarded, Cancelled, Contracted, Draft, Failed, Tendering};
    matches!(
        (from, to),
        // A cancelled award leads back into the tender.
        (Draft | Failed | Awarded, Tendering | Cancelled)
            | (Tendering, Failed | Awarded | Cancelled)
            | (Awarded, Contracted | Failed)
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    fn good() -> NewProject {
        NewProject {
            catalogue_code: "A0402".into(),
            title: "居家养老巡访".into(),
            requirement: "每周一次".into(),
            budget: Fen(48_000_000),
            is_budget_secured: true,
            term_from: NaiveDate::from_ymd_opt(2026, 5, 1).unwrap(),
            term_to: NaiveDate::from_ymd_opt(2027, 4, 30).unwrap(),
            grounds: Vec::new(),
            answered_no: Forbidden::ALL.to_vec(),
            communities: vec!["320585100001".into()],
            phone: "0512-0000 0000".into(),
        }
    }

    fn wrong(change: impl FnOnce(&mut NewProject)) -> Vec<ProjectRule> {
        let mut new = good();
        change(&mut new);
        check(&new, true, &["320585100001".to_owned()])
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn each_rule_is_its_own() {
        assert_eq!(wrong(|_| {}), []);
        assert_eq!(wrong(|p| p.budget = Fen(0)), [ProjectRule::NoBudget]);
        assert_eq!(
            wrong(|p| p.is_budget_secured = false),
            [ProjectRule::BudgetNotSecured]
        );
        assert_eq!(wrong(|p| p.communities.clear()), [ProjectRule::NoCommunity]);
        assert_eq!(
            wrong(|p| p.communities = vec!["9".into()]),
            [ProjectRule::UnknownCommunity("9".into())]
        );
        for item in Forbidden::ALL {
            assert_eq!(
                wrong(|p| p.answered_no.retain(|x| x != item)),
                [ProjectRule::ForbiddenContent(*item)]
            );
        }
        assert_eq!(
            check(&good(), false, &["320585100001".to_owned()]),
            [ProjectRule::NotInCatalogue]
        );
        let all = wrong(|p| {
            p.budget = Fen(0);
            p.communities.clear();
        });
        assert_eq!(
            all,
            [ProjectRule::NoBudget, ProjectRule::NoCommunity],
            "all at once"
        );
    }

    #[test]
    fn terms() {
        let term = |from: &str, to: &str, grounds: &[TermGround]| {
            wrong(|p| {
                p.term_from = day(from);
                p.term_to = day(to);
                p.grounds = grounds.to_vec();
            })
        };
        let all = TermGround::ALL;
        assert_eq!(term("2026-01-01", "2026-12-31", &[]), []);
        assert_eq!(
            term("2028-01-01", "2028-12-31", &[]),
            [],
            "a leap year has 366 days and is one year"
        );
        assert_eq!(
            term("2026-01-01", "2027-01-01", &[]),
            [ProjectRule::TermNeedsGrounds],
            "366 days"
        );
        assert_eq!(
            term("2026-01-01", "2027-01-01", all.split_last().unwrap().1),
            [ProjectRule::TermNeedsGrounds]
        );
        assert_eq!(term("2026-01-01", "2028-12-31", all), []);
        assert_eq!(
            term("2026-01-01", "2029-01-01", all),
            [ProjectRule::TermTooLong]
        );
        assert_eq!(
            term("2026-01-02", "2026-01-01", all),
            [ProjectRule::TermBackward]
        );
    }
}
