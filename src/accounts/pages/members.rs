//! The members of the body acted for.

use super::ManageMembers;
use super::account::role;
use super::terms;
use crate::accounts::model::{Appointment, Invitation, InvitationId};
use crate::accounts::{Membership, actions, queries, rules};
use crate::infra::access::{self, Look, Looked};
use crate::infra::actor::{Actor, ActorBody};
use crate::infra::failure::{Failure, Refusal, Rule};
use crate::infra::store::machine_now;
use crate::kernel::instant;
use crate::kernel::roles::Role;
use crate::web::{Answer, AppError, Form, May, SignedIn, View};
use serde_json::{Value, json};

pub async fn list(SignedIn(actor): SignedIn, view: View) -> Answer {
    let body = acted_for(&actor)?.id;
    let look = Look::at(Looked::Members, "body", body.0).of_body(body);
    access::looked(&view.state.store, &actor, look).await?;
    page(&view, &actor, &Form::default()).await
}

fn acted_for(actor: &Actor) -> Result<&ActorBody, AppError> {
    Ok(actor.body.as_ref().ok_or(Failure::NotFound)?)
}

/// Rows of members and of open invitations, as both pages of members show them.
pub fn rows(
    view: &View,
    members: &[Membership],
    invitations: &[Invitation],
    terms: &[Appointment],
) -> (Value, Value) {
    let members = members
        .iter()
        .map(|m| {
            let (until, holder) = terms::dates(members, terms, m.id);
            json!({
                "until": until, "holder": holder,
                "id": m.id, "name": m.person_name, "email": m.email,
                "role": role(view, m.role), "since": instant::date(m.created_at),
            })
        })
        .collect();
    let now = machine_now();
    let invitations = invitations
        .iter()
        .map(|i| {
            json!({
                "id": i.id, "email": i.email, "role": role(view, i.role),
                "until": instant::minute(i.expires_at), "late": i.expires_at <= now,
            })
        })
        .collect();
    (members, invitations)
}

async fn page(view: &View, actor: &Actor, form: &Form) -> Answer {
    let body = acted_for(actor)?;
    let id = body.id;
    let found = view.state.store.read(move |db| {
        Ok((
            queries::list_members(db, id)?,
            queries::list_invitations_of_body(db, id)?,
            queries::list_appointments(db, id)?,
        ))
    });
    let (members, invitations, appointments) = found.await?;
    let planned = terms::planned(view, &members, &appointments);
    let (members, invitations) = rows(view, &members, &invitations, &appointments);
    let gives = Role::ALL
        .iter()
        .filter(|role| rules::may_give(&actor.roles, **role, body.kind).is_ok());
    let data = json!({
        "body": body.name,
        "members": members,
        "invitations": invitations,
        "can_manage": actor.may::<ManageMembers>(),
        "planned": planned, "self_path": "/account/members", "withdraw_path": "/account/members/withdraw",
        "roles": view.options("accounts-role", gives.map(Role::as_str)),
    });
    let title = view.say("accounts-members-title");
    view.render_form("accounts/members", "work", &title, form, &data)
}

pub async fn invite(who: May<ManageMembers>, view: View, mut form: Form) -> Answer {
    let actor = who.actor;
    let email = form.parsed("email", |text| {
        rules::email(text).map_err(|rule| rule.refusal())
    });
    let roles = roles_of(&mut form);
    let Some(email) = email.filter(|_| form.is_ok()) else {
        return page(&view, &actor, &form).await;
    };
    if !view
        .state
        .throttle
        .allows_letter(&view.ctx.network, actor.person_id, Some(&email))
    {
        form.refuse(Refusal::new("form-too-often").at("email"));
        return page(&view, &actor, &form).await;
    }
    let words: Vec<String> = roles.iter().map(|one| role(&view, *one)).collect();
    let (worded, language) = (words.join(" · "), view.language());
    let by = actor.clone();
    let done = view
        .state
        .store
        .write(move |tx| actions::invite(tx, &by, &email, &roles, &worded, language));
    match done.await {
        Ok(()) => Ok(view.see_other_with("/account/members", "accounts-invited")),
        Err(failure) => {
            form.take_up(AppError::from(failure))?;
            page(&view, &actor, &form).await
        }
    }
}

fn roles_of(form: &mut Form) -> Vec<Role> {
    let mut roles: Vec<Role> = Vec::new();
    for typed in form.all("role") {
        match typed.parse() {
            Ok(role) if !roles.contains(&role) => roles.push(role),
            Ok(_) => {}
            Err(_) => form.refuse(Refusal::new("form-choose").at("role")),
        }
    }
    if roles.is_empty() && form.is_ok() {
        form.refuse(Refusal::new("form-choose-one").at("role"));
    }
    roles
}

pub async fn withdraw(who: May<ManageMembers>, view: View, form: Form) -> Answer {
    let (actor, body) = (who.actor.clone(), acted_for(&who.actor)?.id);
    let id: InvitationId = form
        .raw("invitation")
        .parse()
        .map_err(|_unknown| AppError::from(Failure::NotFound))?;
    view.state
        .store
        .write(move |tx| actions::withdraw(tx, &actor, body, id))
        .await?;
    Ok(view.see_other_with("/account/members", "accounts-withdrawn"))
}
