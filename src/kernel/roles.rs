//! Who people are: the kind of the body that they act for, and their role in it.

use crate::text_enum;

text_enum!(
    /// Kinds of bodies that have members on the portal.
    BodyKind {
        /// A county department: purchaser, or registering authority.
        Bureau = "bureau",
        /// A town or sub-district: purchaser, and party to agreements with villages.
        TownGovernment = "town_government",
        /// Any lawful provider: social organization, enterprise, institution (政府采购法 §21).
        Provider = "provider",
        /// A residents' or villagers' committee.
        CommunityCommittee = "community_committee",
        /// A social organization service center, which runs incubation.
        ServiceCenter = "service_center",
        /// An agency that runs procurements on a purchaser's mandate (政府采购法 §19).
        ProcurementAgency = "procurement_agency",
        /// The finance department: judges complaints, takes no part in procurements (§60).
        FinanceSupervisor = "finance_supervisor",
        /// The operator of the portal, and home of the experts, who belong to no party.
        Platform = "platform",
    }
);

text_enum!(
    /// What a member may be in a body.
    Role {
        /// Prepares and publishes for the purchaser.
        Officer = "officer",
        /// Checks providers and keeps the directory.
        Reviewer = "reviewer",
        /// Prepares bids, without binding the provider.
        Preparer = "preparer",
        /// Submits bids, which binds the provider.
        Submitter = "submitter",
        /// Signs contracts and agreements as legal head or by mandate.
        Signatory = "signatory",
        /// Scores bids in panels.
        Expert = "expert",
        /// Watches and reads, judges complaints.
        Supervisor = "supervisor",
        /// Runs the portal: accounts, settings, keys' custody; sees no sealed content.
        Administrator = "administrator",
        /// Works for residents in a community or village.
        CommunityWorker = "community_worker",
    }
);

/// A right that a role in a kind of body carries. Which rows it reaches is the query's part.
pub trait Permission: 'static {
    /// Whether the password must have been typed in the last minutes (publishing, opening, awarding, signing).
    const STEP_UP: bool = false;

    fn granted_to(role: Role, kind: BodyKind) -> bool;
}

/// Whether the role exists in bodies of the kind. One who acts in two roles has two memberships.
pub fn may(role: Role, kind: BodyKind) -> bool {
    use BodyKind::{
        Bureau, CommunityCommittee, FinanceSupervisor, Platform, ProcurementAgency, Provider,
        ServiceCenter, TownGovernment,
    };
    match role {
        Role::Officer => matches!(kind, Bureau | TownGovernment | ProcurementAgency),
        Role::Reviewer => matches!(kind, Bureau | ServiceCenter),
        Role::Preparer | Role::Submitter => kind == Provider,
        // An agency signs nothing for the purchaser here: contracts bind the two parties.
        Role::Signatory => {
            matches!(
                kind,
                Bureau | TownGovernment | Provider | CommunityCommittee | ServiceCenter
            )
        }
        // Experts come from the pool, never from a purchaser's or a bidder's staff (条例 §39).
        Role::Expert | Role::Administrator => kind == Platform,
        Role::Supervisor => kind == FinanceSupervisor,
        Role::CommunityWorker => kind == CommunityCommittee,
    }
}

/// Whether who acts for a body of the kind works for the public: their sign-in wants a second factor, and is not left
/// open on an unattended desk.
pub const fn is_staff(kind: BodyKind) -> bool {
    !matches!(kind, BodyKind::Provider)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The whole table, role by role, so that a change of the rule is a change here too.
    #[test]
    fn every_role_in_every_kind() {
        for (role, kinds) in [
            (Role::Officer, "bureau town_government procurement_agency"),
            (Role::Reviewer, "bureau service_center"),
            (Role::Preparer, "provider"),
            (Role::Submitter, "provider"),
            (
                Role::Signatory,
                "bureau town_government provider community_committee service_center",
            ),
            (Role::Expert, "platform"),
            (Role::Supervisor, "finance_supervisor"),
            (Role::Administrator, "platform"),
            (Role::CommunityWorker, "community_committee"),
        ] {
            let allowed = BodyKind::ALL.iter().filter(|kind| may(role, **kind));
            let allowed: Vec<_> = allowed.map(BodyKind::as_str).collect();
            assert_eq!(allowed.join(" "), kinds, "{role}");
        }
    }

    #[test]
    fn nobody_is_left_without_a_role_or_a_home() {
        assert_eq!((BodyKind::ALL.len(), Role::ALL.len()), (8, 9));
        assert!(
            BodyKind::ALL
                .iter()
                .all(|kind| Role::ALL.iter().any(|role| may(*role, *kind)))
        );
        assert!(
            Role::ALL
                .iter()
                .all(|role| BodyKind::ALL.iter().any(|kind| may(*role, *kind)))
        );
    }

    #[test]
    fn the_finance_supervisor_takes_no_part() {
        let held = Role::ALL
            .iter()
            .filter(|role| may(**role, BodyKind::FinanceSupervisor));
        assert_eq!(held.collect::<Vec<_>>(), [&Role::Supervisor]);
    }
}
