//! Another e-mail address for the own account.

use super::{Link, link_gone};
use crate::accounts::model::EmailChange;
use crate::accounts::{actions, queries, rules};
use crate::infra::actor::Actor;
use crate::infra::failure::{Refusal, Rule};
use crate::infra::store::machine_now;
use crate::kernel::instant;
use crate::web::{Answer, AppError, Form, SignedIn, Verified, View};
use actix_web::web::Query;
use serde_json::json;

pub async fn show(SignedIn(actor): SignedIn, view: View, query: Query<Link>) -> Answer {
    let secret = query.into_inner().token;
    if secret.is_empty() {
        return page(&view, &actor, &Form::default()).await;
    }
    let (id, hash) = (actor.person_id, actions::hash_of(&secret));
    let found = view
        .state
        .store
        .read(move |db| Ok(queries::find_email_change_by(db, id, &hash, machine_now())?));
    match found.await? {
        None => link_gone(&view),
        Some(change) => confirm_page(&view, &change, &secret),
    }
}

fn confirm_page(view: &View, change: &EmailChange, secret: &str) -> Answer {
    let title = view.say("accounts-email-title");
    let body = json!({ "email": change.email, "token": secret });
    view.render("accounts/email_confirm", "", &title, &body)
}

async fn page(view: &View, actor: &Actor, form: &Form) -> Answer {
    let id = actor.person_id;
    let found = view.state.store.read(move |db| {
        Ok((
            queries::find_person(db, id)?,
            queries::find_email_change(db, id)?,
        ))
    });
    let (person, change) = found.await?;
    let waiting = change
        .filter(|change| change.expires_at > machine_now())
        .map(
            |change| json!({ "email": change.email, "until": instant::minute(change.expires_at) }),
        );
    let title = view.say("accounts-email-title");
    let body = json!({ "email": person.email, "waiting": waiting });
    view.render_form("accounts/email", "", &title, form, &body)
}

pub async fn ask(Verified(actor): Verified, view: View, mut form: Form) -> Answer {
    let email = form.parsed("email", |text| {
        rules::email(text).map_err(|rule| rule.refusal())
    });
    let Some(email) = email else {
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
    let key = view.state.secrets.token_key().to_vec();
    let by = actor.clone();
    let asked = view
        .state
        .store
        .write(move |tx| actions::ask_email(tx, &key, &by, &email));
    match asked.await {
        Ok(()) => Ok(view.see_other_with("/account/email", "accounts-email-sent")),
        Err(failure) => {
            form.take_up(AppError::from(failure))?;
            page(&view, &actor, &form).await
        }
    }
}

pub async fn confirm(Verified(actor): Verified, view: View, form: Form) -> Answer {
    let secret = form.raw("token").to_owned();
    let done = view
        .state
        .store
        .write(move |tx| actions::confirm_email(tx, &actor, &secret));
    done.await?;
    Ok(view.see_other_with("/account", "accounts-email-saved"))
}
