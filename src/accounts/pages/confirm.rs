//! One-time links of confirmation and of the first administrator. Opening one does nothing; its button does.

use super::sign_up::new_password;
use super::{Guess, Link, browser, enter, guess, hash, holder, link_gone, mark};
use crate::accounts::actions;
use crate::accounts::model::Purpose;
use crate::accounts::rules::AccountRule;
use crate::infra::failure::{Failure, Rule};
use crate::web::{Answer, AppError, Form, View};
use actix_web::HttpRequest;
use actix_web::web::Query;
use serde_json::json;

pub async fn show(view: View, query: Query<Link>) -> Answer {
    let secret = query.into_inner().token;
    let form = Form::default().with("token", &secret);
    let found = view
        .state
        .store
        .read(move |db| holder(db, Purpose::Confirm, &secret));
    match found.await? {
        None => link_gone(&view),
        Some((token, person)) => {
            let elsewhere = token.device_hash.as_deref() != Some(mark(&view).as_str());
            page(&view, &form, &person.email, elsewhere)
        }
    }
}

fn page(view: &View, form: &Form, email: &str, elsewhere: bool) -> Answer {
    let title = view.say("accounts-confirm-title");
    let body = json!({ "token": form.raw("token"), "email": email, "elsewhere": elsewhere });
    view.render_form("accounts/confirm", "", &title, form, &body)
}

pub async fn save(view: View, req: HttpRequest, mut form: Form) -> Answer {
    let secret = form.raw("token").to_owned();
    let found = view
        .state
        .store
        .read(move |db| holder(db, Purpose::Confirm, &secret));
    let Some((token, person)) = found.await? else {
        return link_gone(&view);
    };
    // Whoever opens the mail in another browser says that the password is theirs: a stranger may have signed up with
    // this address and a password that only the stranger knows.
    let elsewhere = token.device_hash.as_deref() != Some(mark(&view).as_str());
    if elsewhere {
        let typed = form.raw("password");
        // Counted by the link, which only the mail's reader has: strangers' tries at the address do not lock it.
        let tried = format!("link {}", actions::hash_of(form.raw("token")));
        let refused = match guess(&view, &tried, Some(&person), false, typed).await? {
            Guess::Right => None,
            Guess::Wrong => Some(AccountRule::WrongPassword),
            Guess::TooMany => Some(AccountRule::TooManyGuesses),
        };
        if let Some(rule) = refused {
            form.refuse(rule.refusal());
            return page(&view, &form, &person.email, elsewhere);
        }
    }
    let (from, hash) = (browser(&view, &req), actions::hash_of(form.raw("token")));
    let done = view
        .state
        .store
        .write(move |tx| actions::confirm(tx, &hash, &from));
    match done.await {
        Ok(session) => enter(&view, &req, session, "/account", "").await,
        Err(Failure::NotFound) => link_gone(&view),
        Err(failure) => Err(failure.into()),
    }
}

pub async fn show_first(view: View, query: Query<Link>) -> Answer {
    let secret = query.into_inner().token;
    let form = Form::default()
        .with("token", &secret)
        .with("body", &view.state.config.host.name);
    let found = view
        .state
        .store
        .read(move |db| holder(db, Purpose::FirstAdministrator, &secret));
    match found.await? {
        None => link_gone(&view),
        Some((_, person)) => page_first(&view, &form, &person.email),
    }
}

fn page_first(view: &View, form: &Form, email: &str) -> Answer {
    let title = view.say("accounts-first-title");
    let body = json!({ "token": form.raw("token"), "email": email });
    view.render_form("accounts/first_administrator", "", &title, form, &body)
}

pub async fn save_first(view: View, req: HttpRequest, mut form: Form) -> Answer {
    let secret = form.raw("token").to_owned();
    let found = view
        .state
        .store
        .read(move |db| holder(db, Purpose::FirstAdministrator, &secret));
    let Some((_, person)) = found.await? else {
        return link_gone(&view);
    };
    let (name, body) = (form.name_of("name", 60), form.name_of("body", 100));
    new_password(&mut form, "password");
    if !form.is_ok() {
        return page_first(&view, &form, &person.email);
    }
    let password_hash = hash(&view, form.raw("password")).await?;
    let (from, hash) = (browser(&view, &req), actions::hash_of(form.raw("token")));
    let done = view.state.store.write(move |tx| {
        actions::accept_first_administrator(tx, &hash, &name, &body, &password_hash, &from)
    });
    match done.await {
        Ok(session) => enter(&view, &req, session, "/admin/bodies", "").await,
        Err(Failure::NotFound) => link_gone(&view),
        Err(failure) => {
            form.take_up(AppError::from(failure))?;
            page_first(&view, &form, &person.email)
        }
    }
}
