//! The forgotten password: a mail, a link, a new one. Nothing here is ever locked by others' guesses.

use super::sign_up::new_password;
use super::{Link, browser, enter, hash, holder, link_gone, mark};
use crate::accounts::model::Purpose;
use crate::accounts::{actions, queries, rules};
use crate::infra::failure::{Failure, Rule};
use crate::web::{Answer, AppError, Form, View};
use actix_web::HttpRequest;
use actix_web::web::Query;
use serde_json::json;
use std::time::Duration;

/// The answer comes after this time, whether there is an account or not.
const ANSWER_AFTER: Duration = Duration::from_millis(250);

pub async fn forgot(view: View) -> Answer {
    page(&view, &Form::default())
}

fn page(view: &View, form: &Form) -> Answer {
    let title = view.say("accounts-forgot-title");
    view.render_form("accounts/forgot", "", &title, form, &json!({}))
}

pub async fn send(view: View, mut form: Form) -> Answer {
    let email = form.parsed("email", |text| {
        rules::email(text).map_err(|rule| rule.refusal())
    });
    let Some(email) = email else {
        return page(&view, &form);
    };
    let (sent, ()) = tokio::join!(write(&view, email), tokio::time::sleep(ANSWER_AFTER));
    sent?;
    Ok(view.see_other("/forgot/sent"))
}

async fn write(view: &View, email: String) -> Result<(), AppError> {
    let (address, device) = (email.clone(), mark(view));
    let known = view.state.store.read(move |db| {
        Ok(match queries::find_person_by_email(db, &address)? {
            Some(person) => queries::is_known_device(db, person.id, &device)?,
            None => false,
        })
    });
    let device = mark(view);
    let known = known.await?.then_some(device.as_str());
    if !view
        .state
        .throttle
        .allows_mail(&view.ctx.network, &email, known)
    {
        return Err(AppError::TooMany);
    }
    let key = view.state.secrets.token_key().to_vec();
    let sent = view
        .state
        .store
        .write(move |tx| actions::forgot(tx, &key, &email));
    Ok(sent.await?)
}

pub async fn sent(view: View) -> Answer {
    let title = view.say("accounts-sent-title");
    let text = view.say("accounts-forgot-sent");
    view.render("accounts/sent", "", &title, &json!({ "text": text }))
}

pub async fn show(view: View, query: Query<Link>) -> Answer {
    let secret = query.into_inner().token;
    let form = Form::default().with("token", &secret);
    let found = view
        .state
        .store
        .read(move |db| holder(db, Purpose::Reset, &secret));
    match found.await? {
        None => link_gone(&view),
        Some((_, person)) => reset_page(&view, &form, &person.email),
    }
}

fn reset_page(view: &View, form: &Form, email: &str) -> Answer {
    let title = view.say("accounts-reset-title");
    let body = json!({ "token": form.raw("token"), "email": email });
    view.render_form("accounts/reset", "", &title, form, &body)
}

pub async fn save(view: View, req: HttpRequest, mut form: Form) -> Answer {
    let secret = form.raw("token").to_owned();
    let found = view
        .state
        .store
        .read(move |db| holder(db, Purpose::Reset, &secret));
    let Some((_, person)) = found.await? else {
        return link_gone(&view);
    };
    new_password(&mut form, "password");
    if !form.is_ok() {
        return reset_page(&view, &form, &person.email);
    }
    let password_hash = hash(&view, form.raw("password")).await?;
    let (from, hash) = (browser(&view, &req), actions::hash_of(form.raw("token")));
    let done = view
        .state
        .store
        .write(move |tx| actions::reset(tx, &hash, &password_hash, &from));
    match done.await {
        Ok(Some(session)) => enter(&view, &req, session, "/account", "").await,
        Ok(None) => Ok(view.see_other_with("/sign-in", "accounts-password-saved")),
        Err(Failure::NotFound) => link_gone(&view),
        Err(failure) => Err(failure.into()),
    }
}
