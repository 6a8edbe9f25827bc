//! People, bodies with dated names, memberships, roles, sessions and the inbox.

mod actions;
mod api;
mod jobs;
mod model;
mod pages;
mod queries;
mod rules;

pub use actions::{
    accept_first_administrator, begin_session, close_account, complete_link, create_body,
    create_person, deliver, end_membership, find_member, grant, hash_password, invite,
    invite_first, invite_first_administrator, rename_body, switch_body, verify_password,
};
pub use api::operations;
pub use jobs::run_due;
pub use model::{Body, Handover, Membership, MembershipId, Person};
pub use pages::{ManageMembers, members_path, routes};
pub use queries::{
    find_body, find_person, find_person_by_email, hold_bodies_of, hold_body, list_bodies,
    list_bodies_of, list_holders, list_invitations_of_body, list_members, list_stand_ins,
};
pub use rules::email as read_email;

use crate::kernel::people::{BodyId, PersonId};
use crate::kernel::roles::Role;

/// Whose inbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Addressee {
    Body(BodyId),
    /// Those who hold a role in a body: what asks for an act that the others may not do.
    Holders(BodyId, Role),
    Person(PersonId),
}
