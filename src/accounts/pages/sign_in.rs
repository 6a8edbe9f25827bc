//! Sign-in, the password typed again, sign-out, the demo's one click, and how pages are shown.

use super::{Guess, YEAR, browser, enter, guess, half, holder_of_half, mark, try_code};
use crate::accounts::model::Proof;
use crate::accounts::rules::codes::CODE;
use crate::accounts::rules::{self, AccountRule};
use crate::accounts::{actions, queries};
use crate::infra::actor::Actor;
use crate::infra::failure::{Failure, Refusal, Rule};
use crate::infra::store::Tx;
use crate::infra::words::Language;
use crate::web::cookies::{ELDER, LANGUAGE, SESSION, cookie};
use crate::web::error_pages::sign_in_page;
use crate::web::{Answer, AppError, Form, View};
use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::Query;
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
pub struct Next {
    #[serde(default)]
    next: String,
}

pub async fn show(view: View, query: Query<Next>) -> Answer {
    let next = rules::local_path(&query.next).unwrap_or_default();
    if view.actor().is_some() {
        return Ok(view.see_other(if next.is_empty() { "/work" } else { next }));
    }
    let form = Form::default().with("next", next);
    let title = view.say("accounts-sign-in-title");
    sign_in_page(&view, StatusCode::OK, &title, &form, false)
}

pub async fn save(view: View, req: HttpRequest, form: Form) -> Answer {
    match view.actor().cloned().filter(|_| form.is_checked("verify")) {
        Some(actor) => verify(view, req, actor, form).await,
        None => sign_in(view, req, form).await,
    }
}

async fn sign_in(view: View, req: HttpRequest, mut form: Form) -> Answer {
    let email = form.parsed("email", |text| {
        rules::email(text).map_err(|rule| rule.refusal())
    });
    if form.raw("password").is_empty() {
        form.refuse(Refusal::new("form-missing").at("password"));
    }
    let Some(email) = email.filter(|_| form.is_ok()) else {
        return again(&view, StatusCode::UNPROCESSABLE_ENTITY, &form, false);
    };
    let (address, device) = (email.clone(), mark(&view));
    let found = view.state.store.read(move |db| {
        let person = queries::find_person_by_email(db, &address)?;
        let is_known = match &person {
            Some(person) => queries::is_known_device(db, person.id, &device)?,
            None => false,
        };
        let factor = match &person {
            Some(person) => queries::find_factor(db, person.id)?,
            None => None,
        };
        Ok((person, is_known, factor))
    });
    let (person, is_known, factor) = found.await?;
    let guessed = guess(
        &view,
        &email,
        person.as_ref(),
        is_known,
        form.raw("password"),
    )
    .await?;
    let person = person.filter(|p| p.confirmed_at.is_some() && p.disabled_at.is_none());
    match (guessed, person) {
        (Guess::TooMany, _) => {
            form.refuse(AccountRule::TooManyGuesses.refusal());
            again(&view, StatusCode::TOO_MANY_REQUESTS, &form, false)
        }
        (Guess::Right, Some(person)) if factor.is_some_and(|f| f.enabled_at.is_some()) => {
            let form = form.with("half", half(&view, &person));
            code_page(&view, &form)
        }
        (Guess::Right, Some(person)) => {
            let from = browser(&view, &req);
            let begun = view
                .state
                .store
                .write(move |tx| actions::sign_in(tx, person.id, &from));
            let session = begun.await?;
            enter(&view, &req, session, form.raw("next"), form.raw("keep")).await
        }
        _ => {
            form.refuse(AccountRule::WrongSignIn.refusal());
            again(&view, StatusCode::UNPROCESSABLE_ENTITY, &form, false)
        }
    }
}

fn code_page(view: &View, form: &Form) -> Answer {
    let title = view.say("accounts-code-title");
    let body = json!({
        "half": form.raw("half"), "next": form.raw("next"), "keep": form.raw("keep"),
    });
    view.render_form("accounts/sign_in_code", "", &title, form, &body)
}

/// The code after the password.
pub async fn code(view: View, req: HttpRequest, mut form: Form) -> Answer {
    let Some((person, factor, is_known)) = holder_of_half(&view, form.raw("half")).await? else {
        form.refuse(AccountRule::CodeTooLate.refusal());
        return again(&view, StatusCode::UNPROCESSABLE_ENTITY, &form, false);
    };
    let typed = form.raw(CODE);
    let proof = match try_code(&view, person.id, &factor, is_known, typed)? {
        Ok(proof) => proof,
        Err(rule) => {
            form.refuse(rule.refusal());
            return code_page(&view, &form);
        }
    };
    let from = browser(&view, &req);
    let begun = view.state.store.write(move |tx| {
        actions::prove(tx, person.id, &proof)?;
        actions::sign_in(tx, person.id, &from)
    });
    match begun.await {
        Ok(session) => enter(&view, &req, session, form.raw("next"), form.raw("keep")).await,
        Err(failure) => {
            form.take_up(AppError::from(failure))?;
            code_page(&view, &form)
        }
    }
}

/// The password typed again by somebody who has signed in already.
async fn verify(view: View, req: HttpRequest, actor: Actor, mut form: Form) -> Answer {
    let session = actor.session_id;
    match prove_again(&view, actor, &form).await {
        Ok(()) => enter(&view, &req, session, form.raw("next"), form.raw("keep")).await,
        Err(error) => {
            form.take_up(error)?;
            again(&view, StatusCode::UNPROCESSABLE_ENTITY, &form, true)
        }
    }
}

/// The password, and the code of who has one: afterwards acts that bind are open for a while.
pub async fn prove_again(view: &View, actor: Actor, form: &Form) -> Result<(), AppError> {
    let id = actor.person_id;
    let found = view.state.store.read(move |db| {
        Ok((
            queries::find_person(db, id)?,
            queries::find_factor(db, id)?.filter(|factor| factor.enabled_at.is_some()),
        ))
    });
    let (person, factor) = found.await?;
    // The session itself is the known device here.
    let guessed = guess(
        view,
        &person.email,
        Some(&person),
        true,
        form.raw("password"),
    );
    match guessed.await? {
        Guess::Right => {}
        Guess::Wrong => return Err(Failure::from(AccountRule::WrongPassword).into()),
        Guess::TooMany => return Err(Failure::from(AccountRule::TooManyGuesses).into()),
    }
    let proof = match factor {
        None => None,
        Some(factor) => {
            let tried = try_code(view, id, &factor, true, form.raw(CODE))?;
            Some(tried.map_err(Failure::from)?)
        }
    };
    verified(view, actor, proof).await
}

async fn verified(view: &View, actor: Actor, proof: Option<Proof>) -> Result<(), AppError> {
    let verify = move |tx: &mut Tx| {
        if let Some(proof) = &proof {
            actions::prove(tx, actor.person_id, proof)?;
        }
        actions::verify(tx, &actor)
    };
    Ok(view.state.store.write(verify).await?)
}

fn again(view: &View, status: StatusCode, form: &Form, verify: bool) -> Answer {
    let title = view.say(if verify {
        "accounts-verify-title"
    } else {
        "accounts-sign-in-title"
    });
    sign_in_page(view, status, &title, form, verify)
}

pub async fn sign_out(view: View) -> Answer {
    if let Some(actor) = view.actor().cloned() {
        let ended = view
            .state
            .store
            .write(move |tx| actions::end_session(tx, &actor, actor.session_id));
        match ended.await {
            // Ended elsewhere in the same moment: out all the same.
            Ok(()) | Err(Failure::NotFound) => {}
            Err(failure) => return Err(failure.into()),
        }
    }
    let mut response = view.see_other("/");
    let mut gone = cookie(&view.state.config, SESSION, String::new(), Some(0));
    gone.make_removal();
    response.add_cookie(&gone).map_err(AppError::internal)?;
    Ok(response)
}

/// One click, in demo mode only, to an account of the demo's own domain.
pub async fn demo(view: View, req: HttpRequest, form: Form) -> Answer {
    let email = form.raw("email").to_owned();
    if !view.state.config.mode.is_demo() || !email.ends_with("@demo.invalid") {
        return Err(Failure::NotFound.into());
    }
    let found = view
        .state
        .store
        .read(move |db| Ok(queries::find_person_by_email(db, &email)?));
    let person = found.await?.ok_or(Failure::NotFound)?;
    let (next, keep) = (form.raw("next"), form.raw("keep"));
    if let Some(actor) = view.actor().cloned()
        && form.is_checked("verify")
        && actor.person_id == person.id
    {
        let session = actor.session_id;
        verified(&view, actor, None).await?;
        return enter(&view, &req, session, next, keep).await;
    }
    let from = browser(&view, &req);
    let begun = view
        .state
        .store
        .write(move |tx| actions::sign_in(tx, person.id, &from));
    enter(&view, &req, begun.await?, next, keep).await
}

#[derive(Deserialize)]
pub struct Switch {
    to: String,
    #[serde(default)]
    back: String,
}

pub async fn language(view: View, query: Query<Switch>) -> Answer {
    let Ok(to) = query.to.parse::<Language>() else {
        return Err(Failure::NotFound.into());
    };
    if let Some(actor) = view.actor().cloned() {
        view.state
            .store
            .write(move |tx| actions::set_language(tx, &actor, to))
            .await?;
    }
    prefer(&view, &query.back, LANGUAGE, to.as_str())
}

/// Large type and high contrast, in this browser.
pub async fn elder(view: View, query: Query<Switch>) -> Answer {
    match query.to.as_str() {
        "on" | "off" => prefer(&view, &query.back, ELDER, &query.to),
        _ => Err(Failure::NotFound.into()),
    }
}

/// Keeps how this browser shows pages, and goes back to the page where that was chosen.
fn prefer(view: &View, back: &str, name: &'static str, value: &str) -> Answer {
    let mut response = view.see_other(rules::local_path(back).unwrap_or("/"));
    response
        .add_cookie(&cookie(
            &view.state.config,
            name,
            value.to_owned(),
            Some(YEAR),
        ))
        .map_err(AppError::internal)?;
    Ok(response)
}
