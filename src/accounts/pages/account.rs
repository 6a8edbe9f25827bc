//! The own account: name, password, bodies, invitations, sessions.

use super::sign_up::new_password;
use super::{Guess, guess, hash};
use crate::accounts::model::{Held, Invitation, InvitationId, Session};
use crate::accounts::rules::AccountRule;
use crate::accounts::{Person, actions, queries};
use crate::infra::actor::{Actor, IDLE_FOR};
use crate::infra::failure::{Failure, Refusal, Rule};
use crate::infra::store::machine_now;
use crate::kernel::instant;
use crate::kernel::people::{BodyId, SessionId};
use crate::kernel::roles::Role;
use crate::web::{Answer, AppError, Form, SignedIn, View};
use serde_json::{Value, json};

pub async fn show(SignedIn(actor): SignedIn, view: View) -> Answer {
    page(&view, &actor, None).await
}

struct Shown {
    person: Person,
    held: Vec<Held>,
    invitations: Vec<Invitation>,
    sessions: Vec<Session>,
}

async fn find(view: &View, actor: &Actor) -> Result<Shown, AppError> {
    let id = actor.person_id;
    let found = view.state.store.read(move |db| {
        let now = machine_now();
        let person = queries::find_person(db, id)?;
        Ok(Shown {
            held: queries::list_held(db, id)?,
            invitations: queries::list_invitations_to(db, &person.email, now)?,
            sessions: queries::list_sessions(db, id, now, now - IDLE_FOR)?,
            person,
        })
    });
    Ok(found.await?)
}

/// The account, with the form that was refused, if any.
async fn page(view: &View, actor: &Actor, form: Option<Form>) -> Answer {
    let shown = find(view, actor).await?;
    let form = form.unwrap_or_default();
    let form = if form.has("name") {
        form
    } else {
        form.with("name", &shown.person.name)
    };
    let invitations: Vec<Value> = shown
        .invitations
        .iter()
        .map(|i| {
            json!({
                "id": i.id, "body": i.body_name, "role": role(view, i.role),
                "until": instant::minute(i.expires_at),
            })
        })
        .collect();
    let sessions: Vec<Value> = shown
        .sessions
        .iter()
        .map(|session| {
            let device = match session.device.as_str() {
                "" => view.say("accounts-device-unknown"),
                device => device.to_owned(),
            };
            json!({
                "id": session.id, "device": device, "network": session.network,
                "began": instant::minute(session.created_at), "seen": instant::minute(session.seen_at),
                "current": session.id == actor.session_id,
            })
        })
        .collect();
    let body = json!({
        "email": shown.person.email,
        "version": shown.person.version,
        "bodies": bodies(view, actor, &shown.held),
        "invitations": invitations,
        "others": sessions.len() > 1,
        "sessions": sessions,
        "has_body": actor.body.is_some(),
        "has_code": actor.has_code,
    });
    let title = view.say("accounts-account-title");
    view.render_form("accounts/account", "", &title, &form, &body)
}

pub fn role(view: &View, role: Role) -> String {
    let key = format!("accounts-role-{}", role.as_str().replace('_', "-"));
    view.say(&key)
}

/// One row a body, its roles together.
fn bodies(view: &View, actor: &Actor, held: &[Held]) -> Vec<Value> {
    let mut rows: Vec<(&Held, Vec<String>)> = Vec::new();
    for one in held {
        match rows.last_mut().filter(|(h, _)| h.body_id == one.body_id) {
            Some((_, roles)) => roles.push(role(view, one.role)),
            None => rows.push((one, vec![role(view, one.role)])),
        }
    }
    let row = |(one, roles): &(&Held, Vec<String>)| {
        let kind = one.kind.as_str().replace('_', "-");
        json!({
            "id": one.body_id, "name": one.body_name, "kind": view.say(&format!("accounts-kind-{kind}")),
            "roles": roles.join(" · "), "since": instant::date(one.since),
            "current": actor.body_id() == Some(one.body_id),
        })
    };
    rows.iter().map(row).collect()
}

pub async fn save_name(SignedIn(actor): SignedIn, view: View, mut form: Form) -> Answer {
    let (name, version) = (form.name_of("name", 60), form.version());
    if !form.is_ok() {
        return page(&view, &actor, Some(form)).await;
    }
    view.state
        .store
        .write(move |tx| actions::set_name(tx, &actor, version, &name))
        .await?;
    Ok(view.see_other_with("/account", "accounts-name-saved"))
}

pub async fn save_password(SignedIn(actor): SignedIn, view: View, mut form: Form) -> Answer {
    if form.raw("current_password").is_empty() {
        form.refuse(Refusal::new("form-missing").at("current_password"));
    }
    new_password(&mut form, "password");
    if !form.is_ok() {
        return page(&view, &actor, Some(form)).await;
    }
    let person = find(&view, &actor).await?.person;
    let typed = form.raw("current_password");
    let refused = match guess(&view, &person.email, Some(&person), true, typed).await? {
        Guess::Right => None,
        Guess::Wrong => Some(AccountRule::WrongPassword),
        Guess::TooMany => Some(AccountRule::TooManyGuesses),
    };
    if let Some(rule) = refused {
        form.refuse(rule.refusal().at("current_password"));
        return page(&view, &actor, Some(form)).await;
    }
    let hash = hash(&view, form.raw("password")).await?;
    view.state
        .store
        .write(move |tx| actions::change_password(tx, &actor, &hash))
        .await?;
    Ok(view.see_other_with("/account", "accounts-password-saved"))
}

fn id<T: std::str::FromStr>(form: &Form, name: &str) -> Result<T, AppError> {
    form.raw(name)
        .parse()
        .map_err(|_unknown| AppError::from(Failure::NotFound))
}

pub async fn switch(SignedIn(actor): SignedIn, view: View, form: Form) -> Answer {
    let body: BodyId = id(&form, "body")?;
    view.state
        .store
        .write(move |tx| actions::switch_body(tx, &actor, body))
        .await?;
    Ok(view.see_other_with("/account", "accounts-switched"))
}

pub async fn end_session(SignedIn(actor): SignedIn, view: View, form: Form) -> Answer {
    let session: SessionId = id(&form, "session")?;
    view.state
        .store
        .write(move |tx| actions::end_session(tx, &actor, session))
        .await?;
    Ok(view.see_other_with("/account", "accounts-session-ended"))
}

pub async fn end_others(SignedIn(actor): SignedIn, view: View) -> Answer {
    view.state
        .store
        .write(move |tx| actions::end_others(tx, &actor))
        .await?;
    Ok(view.see_other_with("/account", "accounts-sessions-ended"))
}

pub async fn accept(SignedIn(actor): SignedIn, view: View, form: Form) -> Answer {
    let invitation: InvitationId = id(&form, "invitation")?;
    view.state
        .store
        .write(move |tx| actions::accept(tx, &actor, invitation))
        .await?;
    Ok(view.see_other_with("/account", "accounts-accepted"))
}

pub async fn decline(SignedIn(actor): SignedIn, view: View, form: Form) -> Answer {
    let invitation: InvitationId = id(&form, "invitation")?;
    view.state
        .store
        .write(move |tx| actions::decline(tx, &actor, invitation))
        .await?;
    Ok(view.see_other_with("/account", "accounts-declined"))
}
