//! What hangs on a person's roles: for leaving them, and for closing the account.

use super::pages::Desk;
use crate::accounts::{self, MembershipId};
use crate::infra::actor::{Actor, ActorBody};
use crate::infra::db::Db;
use crate::infra::failure::Failure;
use crate::kernel::people::{BodyId, PersonId};
use crate::kernel::roles::{BodyKind, Role};

/// A role that somebody holds.
#[derive(Clone, Debug)]
pub struct Held {
    pub membership: MembershipId,
    pub body: BodyId,
    pub body_name: String,
    pub kind: BodyKind,
    pub region: Option<String>,
    pub role: Role,
    /// Who else holds it in the same body, and not only in this one's stead.
    pub heirs: Vec<(PersonId, String)>,
}

pub fn list_holds(db: &mut Db, person: PersonId) -> Result<Vec<Held>, Failure> {
    let mut holds = Vec::new();
    for id in accounts::list_bodies_of(db, person)? {
        let body = accounts::find_body(db, id)?;
        let members = accounts::list_members(db, id)?;
        let stand_ins = accounts::list_stand_ins(db, id, person)?;
        for own in members.iter().filter(|member| member.person_id == person) {
            let heirs = members.iter().filter(|other| {
                other.person_id != person
                    && other.role == own.role
                    && !stand_ins.contains(&other.id)
            });
            holds.push(Held {
                membership: own.id,
                body: id,
                body_name: body.name.clone(),
                kind: body.kind,
                region: body.region_code.clone(),
                role: own.role,
                heirs: heirs
                    .map(|heir| (heir.person_id, heir.person_name.clone()))
                    .collect(),
            });
        }
    }
    Ok(holds)
}

/// The desk as the person sees it in this role alone.
pub fn has_duties(db: &mut Db, person: &Actor, held: &Held) -> Result<bool, Failure> {
    let as_member = Actor {
        body: Some(ActorBody {
            id: held.body,
            kind: held.kind,
            name: held.body_name.clone(),
            region_code: held.region.clone(),
        }),
        roles: vec![held.role],
        ..person.clone()
    };
    let desk = Desk::load(db, &as_member)?;
    Ok(!desk.tasks.is_empty() || !desk.clocks.is_empty())
}
