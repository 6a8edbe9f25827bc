//! People, bodies with dated names, memberships, roles and the inbox.

mod actions;
mod model;
mod queries;

pub use actions::{
    begin_session, create_body, create_person, deliver, grant, hash_password, rename_body,
};
pub use model::{Body, Membership, Person};
pub use queries::{
    find_body, find_person, find_person_by_email, list_bodies, list_holders, list_members,
};

use crate::kernel::people::{BodyId, PersonId};
use actix_web::web::ServiceConfig;

/// Whose inbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Addressee {
    Body(BodyId),
    Person(PersonId),
}

pub fn routes(_cfg: &mut ServiceConfig) {}
