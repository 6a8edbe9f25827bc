//! When an account may be closed.

use super::model::Hold;
use crate::accounts::MembershipId;
use crate::kernel::people::PersonId;
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
    /// A colleague could take the open work over: it is said who does, or why nobody has to.
    HandOver(String),
    /// A member scores in person until the award (87号令 §47).
    OnPanel,
}

impl Rule for CloseRule {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Unsure => Refusal::new("privacy-close-unsure").at("sure"),
            Self::SoleHolder(post) => Refusal::new("privacy-close-sole")
                .arg("post", post)
                .at("sure"),
            Self::OpenDuties(post) => Refusal::new("privacy-close-duties")
                .arg("post", post)
                .at("sure"),
            Self::HandOver(post) => Refusal::new("privacy-close-hand-over")
                .arg("post", post)
                .at("reason"),
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
    for hold in holds.iter().filter(|hold| hold.heirs.is_empty()) {
        if hold.has_duties {
            return Err(CloseRule::OpenDuties(hold.post.clone()));
        }
        if NEEDED.contains(&hold.role) {
            return Err(CloseRule::SoleHolder(hold.post.clone()));
        }
    }
    Ok(())
}

/// Work that lies open is taken over by somebody, or it is said why nobody has to: as when a body ends a role.
pub fn check_handover(
    holds: &[Hold],
    chosen: &[(MembershipId, PersonId)],
    reason: &str,
) -> Result<(), CloseRule> {
    let is_taken = |hold: &Hold| {
        let mut heirs = hold.heirs.iter();
        heirs.any(|(heir, _)| chosen.contains(&(hold.membership, *heir)))
    };
    let left = holds
        .iter()
        .find(|hold| hold.has_duties && reason.is_empty() && !is_taken(hold));
    left.map_or(Ok(()), |hold| Err(CloseRule::HandOver(hold.post.clone())))
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
            let heirs = is_shared.then(|| (PersonId(2), "c".into()));
            let hold = Hold {
                membership: MembershipId(1),
                post: "b".into(),
                role,
                heirs: heirs.into_iter().collect(),
                has_duties,
            };
            let left = has_duties.then(|| CloseRule::HandOver("b".into()));
            let chosen = [(MembershipId(1), PersonId(2))];
            let holds = std::slice::from_ref(&hold);
            assert_eq!(check_handover(holds, &[], "").err(), left);
            assert_eq!(check_handover(holds, &[], "x"), Ok(()));
            assert_eq!(
                check_handover(holds, &chosen, "").is_ok(),
                is_shared || !has_duties
            );
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
