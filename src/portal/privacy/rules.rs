//! When an account may be closed.

use super::model::Hold;
use crate::kernel::refusal::{Refusal, Rule};
use crate::kernel::roles::Role;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CloseRule {
    /// The box that says so was not ticked.
    Unsure,
    /// Nobody else could act for the body.
    SoleHolder(String),
    /// Work lies open that nobody else would do.
    OpenDuties(String),
    /// A member scores in person until the award (87号令 §47).
    OnPanel,
}

impl Rule for CloseRule {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Unsure => Refusal::new("privacy-close-unsure").at("sure"),
            Self::SoleHolder(body) => Refusal::new("privacy-close-sole")
                .arg("body", body)
                .at("sure"),
            Self::OpenDuties(body) => Refusal::new("privacy-close-duties")
                .arg("body", body)
                .at("sure"),
            Self::OnPanel => Refusal::new("privacy-close-panel")
                .article("87号令 §47")
                .at("sure"),
        }
    }
}

/// Roles that a body cannot be without.
const NEEDED: &[Role] = &[
    Role::Officer,
    Role::Reviewer,
    Role::Submitter,
    Role::Signatory,
    Role::Supervisor,
    Role::Administrator,
];

/// What stands against closing the account, the first thing first.
pub fn may_close(holds: &[Hold], is_on_panel: bool) -> Result<(), CloseRule> {
    if is_on_panel {
        return Err(CloseRule::OnPanel);
    }
    for hold in holds.iter().filter(|hold| !hold.is_shared) {
        if hold.has_duties {
            return Err(CloseRule::OpenDuties(hold.body_name.clone()));
        }
        if NEEDED.contains(&hold.role) {
            return Err(CloseRule::SoleHolder(hold.body_name.clone()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_leaves_a_body_without_hands() {
        let sole = || Err(CloseRule::SoleHolder("b".into()));
        let duties = || Err(CloseRule::OpenDuties("b".into()));
        for (role, is_shared, has_duties, expected) in [
            (Role::Officer, true, true, Ok(())),
            (Role::Officer, false, false, sole()),
            (Role::Administrator, false, false, sole()),
            (Role::Signatory, false, true, duties()),
            (Role::Preparer, false, false, Ok(())),
            (Role::Preparer, false, true, duties()),
            (Role::Expert, false, false, Ok(())),
        ] {
            let hold = Hold {
                body_name: "b".into(),
                role,
                is_shared,
                has_duties,
            };
            assert_eq!(
                may_close(std::slice::from_ref(&hold), false),
                expected,
                "{hold:?}"
            );
            assert_eq!(may_close(&[hold], true), Err(CloseRule::OnPanel));
        }
        assert_eq!(may_close(&[], false), Ok(()));
    }
}
