//! Members of a body: invited by those who hold its rights, joined by their own word, ended by either side's wish.

use super::{deliver, grant};
use crate::accounts::model::{Body, Handover, InvitationId, Membership, MembershipId};
use crate::accounts::rules::{self, AccountRule, INVITED_FOR, MOST_INVITATIONS};
use crate::accounts::{Addressee, queries};
use crate::infra::actor::Actor;
use crate::infra::failure::Failure;
use crate::infra::ledger::{self, Entry};
use crate::infra::mail::{self, Letter};
use crate::infra::store::Tx;
use crate::infra::words::{Language, Words};
use crate::kernel::people::BodyId;
use crate::kernel::roles::{BodyKind, Role};

/// Offers roles in the actor's body to an address. The answer is the same whether or not it has an account.
pub fn invite(
    tx: &mut Tx,
    actor: &Actor,
    email: &str,
    roles: &[Role],
    worded: &str,
    language: Language,
) -> Result<(), Failure> {
    let body = actor.body.as_ref().ok_or(Failure::Forbidden)?;
    for role in roles {
        rules::may_give(&actor.roles, *role, body.kind)?;
        offer(tx, actor, body.id, email, *role)?;
    }
    // Providers name themselves: their word does not go to an address that nobody has confirmed.
    let is_known = queries::find_person_by_email(tx.db, email)?
        .is_some_and(|person| person.confirmed_at.is_some());
    let letter = if is_known || body.kind != BodyKind::Provider {
        Letter::new(email, language, "invited").arg("body", &body.name)
    } else {
        Letter::new(email, language, "invited-unnamed")
    };
    mail::post(tx, &letter.arg("role", worded).link("/account"))
}

/// Offers roles in a body for which nobody acts yet; earlier offers end.
pub fn invite_first(
    tx: &mut Tx,
    actor: &Actor,
    body: BodyId,
    email: &str,
    roles: &[Role],
    worded: &str,
    language: Language,
) -> Result<(), Failure> {
    let now = tx.machine_now();
    for earlier in queries::list_invitations_of_body(tx.db, body)? {
        queries::end_invitation(tx.db, earlier.id, now)?;
    }
    for role in roles {
        offer(tx, actor, body, email, *role)?;
    }
    let body = queries::find_body(tx.db, body)?;
    let letter = Letter::new(email, language, "invited")
        .arg("body", &body.name)
        .arg("role", worded)
        .link("/account");
    mail::post(tx, &letter)
}

/// Writes an invitation down; one that ran out of time makes place for a new one.
pub(super) fn offer(
    tx: &mut Tx,
    actor: &Actor,
    body: BodyId,
    email: &str,
    role: Role,
) -> Result<(), Failure> {
    // Two who invite at the same moment wait here for each other.
    queries::hold_body(tx.db, body)?;
    let (now, held) = (tx.machine_now(), queries::list_members(tx.db, body)?);
    if held.iter().any(|m| m.email == email && m.role == role) {
        return Err(AccountRule::HoldsItAlready.into());
    }
    let open = queries::list_invitations_of_body(tx.db, body)?;
    if let Some(before) = open.iter().find(|i| i.email == email && i.role == role) {
        if before.expires_at > now {
            return Err(AccountRule::InvitedAlready.into());
        }
        queries::end_invitation(tx.db, before.id, now)?;
    }
    if open.iter().filter(|i| i.expires_at > now).count() >= MOST_INVITATIONS {
        return Err(AccountRule::TooManyInvitations.into());
    }
    queries::insert_invitation(
        tx.db,
        body,
        email,
        role,
        actor.person_id,
        now,
        now + INVITED_FOR,
    )
    .map_err(|error| match Failure::from(error) {
        failure if failure.is_unique_violation() => AccountRule::InvitedAlready.into(),
        failure => failure,
    })?;
    ledger::append(
        tx,
        Some(actor),
        &Entry::new("body", body.0, "member.invited")
            .because(role.as_str())
            .for_staff(Some(body)),
    )
}

/// The invited person takes the role. Only the holder of the address finds the invitation.
pub fn accept(tx: &mut Tx, actor: &Actor, id: InvitationId) -> Result<(), Failure> {
    let (now, me) = (
        tx.machine_now(),
        queries::find_person(tx.db, actor.person_id)?,
    );
    let invitation = queries::find_invitation(tx.db, id)?;
    if invitation.email != me.email || invitation.expires_at <= now {
        return Err(Failure::NotFound);
    }
    if queries::end_invitation(tx.db, id, now)? == 0 {
        return Err(Failure::NotFound);
    }
    grant(
        tx,
        Some(actor),
        actor.person_id,
        invitation.body_id,
        invitation.role,
    )
}

pub fn decline(tx: &mut Tx, actor: &Actor, id: InvitationId) -> Result<(), Failure> {
    let (now, me) = (
        tx.machine_now(),
        queries::find_person(tx.db, actor.person_id)?,
    );
    let invitation = queries::find_invitation(tx.db, id)?;
    if invitation.email != me.email || queries::end_invitation(tx.db, id, now)? == 0 {
        return Err(Failure::NotFound);
    }
    Ok(())
}

/// Takes an invitation back.
pub fn withdraw(tx: &mut Tx, actor: &Actor, body: BodyId, id: InvitationId) -> Result<(), Failure> {
    let now = tx.machine_now();
    let invitation = queries::find_invitation(tx.db, id)?;
    if invitation.body_id != body || queries::end_invitation(tx.db, id, now)? == 0 {
        return Err(Failure::NotFound);
    }
    ledger::append(
        tx,
        Some(actor),
        &Entry::new("body", body.0, "member.invitation-withdrawn")
            .because(invitation.role.as_str())
            .for_staff(Some(body)),
    )
}

/// Ends one role of one member, but never the last that gives rights in the body. `has_duties` says whether something
/// is left open: then somebody takes it over, or it is said why nobody has to.
pub fn end_membership(
    tx: &mut Tx,
    words: &Words,
    actor: &Actor,
    id: MembershipId,
    handover: &Handover,
    has_duties: bool,
) -> Result<(), Failure> {
    let (_, body) = super::terms::find_member(tx.db, actor, id)?;
    // Two who end each other at the same moment wait here for each other.
    let body = queries::hold_body(tx.db, body.id)?;
    let member = queries::find_membership(tx.db, body.id, id)?;
    let mut others = queries::list_members(tx.db, body.id)?;
    let stand_ins = queries::list_stand_ins(tx.db, body.id, member.person_id)?;
    others.retain(|other| {
        other.id != id && !(other.role == member.role && stand_ins.contains(&other.id))
    });
    let left: Vec<Role> = others.iter().map(|other| other.role).collect();
    rules::may_end(&actor.roles, member.role, &left, body.kind)?;
    if has_duties && heir(&member, &others, handover).is_none() && handover.reason.is_empty() {
        return Err(AccountRule::HandOver.into());
    }
    hand_over(tx, actor, &body, (&member, &others), handover)?;
    end(tx, words, Some(actor), &body, &member)
}

/// Who takes over, if it is somebody who may: a colleague in the same role.
fn heir<'a>(
    member: &Membership,
    others: &'a [Membership],
    handover: &Handover,
) -> Option<&'a Membership> {
    let successor = handover.successor?;
    others
        .iter()
        .find(|other| other.person_id == successor && other.role == member.role)
}

/// Tells the one who takes over, and writes down who it is, or why nobody has to.
pub(super) fn hand_over(
    tx: &mut Tx,
    actor: &Actor,
    body: &Body,
    (member, others): (&Membership, &[Membership]),
    handover: &Handover,
) -> Result<(), Failure> {
    let successor = heir(member, others, handover);
    if let Some(successor) = successor {
        let args = [("name", member.person_name.as_str()), ("body", &body.name)];
        let to = Addressee::Person(successor.person_id);
        deliver(tx, to, "duties.taken", &args, "/work")?;
    }
    let taken = successor.map(|successor| successor.person_name.as_str());
    // Whoever goes by oneself is named by the line already, as long as the account is.
    let name = if actor.person_id == member.person_id {
        ""
    } else {
        member.person_name.as_str()
    };
    let reason = [name, "→", taken.unwrap_or("—"), &handover.reason];
    ledger::append(
        tx,
        Some(actor),
        &Entry::new("body", body.id.0, "duties.handed-over")
            .because(reason.join(" ").trim())
            .for_staff(Some(body.id)),
    )
}

/// Ends a role of a member, and what hangs on it: dates, deputies, invitations that the member may no longer make, and
/// those to somebody who is no member any more.
pub(super) fn end(
    tx: &mut Tx,
    words: &Words,
    actor: Option<&Actor>,
    body: &Body,
    member: &Membership,
) -> Result<(), Failure> {
    queries::end_membership(tx.db, member.id, tx.now)?;
    for term in queries::list_appointments(tx.db, body.id)? {
        let is_its = term.membership_id == Some(member.id);
        let stands_in = term.deputy_for == Some(member.person_id) && term.role == member.role;
        if is_its || stands_in {
            queries::end_appointment(tx.db, term.id, tx.now)?;
        }
        if let Some(deputy) = term.membership_id.filter(|_| stands_in) {
            let deputy = queries::find_membership(tx.db, body.id, deputy)?;
            end(tx, words, actor, body, &deputy)?;
        }
    }
    let kept: Vec<Role> = queries::list_members(tx.db, body.id)?
        .iter()
        .filter(|other| other.person_id == member.person_id)
        .map(|other| other.role)
        .collect();
    let now = tx.machine_now();
    for invitation in queries::list_invitations_of_body(tx.db, body.id)? {
        let by_them = invitation.invited_by == member.person_id
            && rules::may_give(&kept, invitation.role, body.kind).is_err();
        let to_them = kept.is_empty() && invitation.email == member.email;
        if by_them || to_them {
            queries::end_invitation(tx.db, invitation.id, now)?;
        }
    }
    ledger::append(
        tx,
        actor,
        &Entry::new("body", body.id.0, "member.ended")
            .because(member.role.as_str())
            .for_staff(Some(body.id)),
    )?;
    tell(
        tx,
        words,
        member.person_id,
        &body.name,
        member.role,
        "role-ended",
    )
}

/// A word by mail about a role given or ended.
pub(super) fn tell(
    tx: &mut Tx,
    words: &Words,
    person: crate::kernel::people::PersonId,
    body: &str,
    role: Role,
    name: &str,
) -> Result<(), Failure> {
    let person = queries::find_person(tx.db, person)?;
    let language = person.language.parse().unwrap_or(Language::Chinese);
    let letter = Letter::new(&person.email, language, name)
        .arg("name", &person.name)
        .arg("body", body)
        .arg("role", role_word(words, language, role))
        .link("/account");
    mail::post(tx, &letter)
}

pub fn role_word(words: &Words, language: Language, role: Role) -> String {
    let key = format!("accounts-role-{}", role.as_str().replace('_', "-"));
    words.say(language, &key, &[])
}
