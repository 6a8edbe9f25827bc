//! Tokens for programs: made, shown once, ended by their person.

use crate::accounts::actions::{self, NewToken};
use crate::accounts::queries;
use crate::infra::actor::Actor;
use crate::infra::seal::random_hex;
use crate::infra::store::machine_now;
use crate::kernel::instant;
use crate::kernel::people::SessionId;
use crate::kernel::scopes::{Scope, Scopes};
use crate::web::{Answer, AppError, Form, SignedIn, View};
use serde_json::{Value, json};

/// How long tokens may live, days.
const LIVES: [i64; 4] = [7, 30, 90, 365];

pub async fn list(SignedIn(actor): SignedIn, view: View) -> Answer {
    page(&view, &actor, &Form::default().with("days", 90), None).await
}

/// The list and the form; `made` is the secret of a token that was made just now, shown this once.
async fn page(view: &View, actor: &Actor, form: &Form, made: Option<&str>) -> Answer {
    let person = actor.person_id;
    let tokens = view
        .state
        .store
        .read(move |db| Ok(queries::list_api_tokens(db, person, machine_now())?))
        .await?;
    let rows: Vec<Value> = tokens
        .iter()
        .map(|token| {
            let scopes: Vec<String> = Scopes::parse(&token.scopes)
                .iter()
                .map(|scope| view.say(&format!("accounts-scope-{scope}")))
                .collect();
            json!({
                "id": token.session_id, "name": token.name, "body": token.body,
                "scopes": scopes.join(" · "), "made": instant::minute(token.made_at),
                "used": instant::minute(token.used_at), "until": instant::minute(token.expires_at),
            })
        })
        .collect();
    let chosen = form.all("scope");
    let scopes: Vec<Value> = Scope::ALL
        .iter()
        .map(|scope| {
            json!({
                "value": scope, "label": view.say(&format!("accounts-scope-{scope}")),
                "checked": chosen.iter().any(|chosen| chosen == scope.as_str()),
            })
        })
        .collect();
    let lives: Vec<Value> = LIVES
        .iter()
        .map(|days| {
            let days = days.to_string();
            let label = view.say_with("accounts-token-days", &[("days", &days)]);
            json!({ "value": days, "label": label })
        })
        .collect();
    let body = json!({
        "tokens": rows, "scopes": scopes, "lives": lives, "made": made,
        "body": actor.body.as_ref().map(|body| &body.name),
    });
    let title = view.say("accounts-tokens-title");
    view.render_form("accounts/tokens", "", &title, form, &body)
}

pub async fn make(SignedIn(actor): SignedIn, view: View, mut form: Form) -> Answer {
    // A token acts without anybody being asked again: who makes one has just proved who it is.
    if !actor.is_verified(machine_now()) {
        return Err(AppError::VerifyFirst);
    }
    form.name(&[
        ("name", "accounts-token-name"),
        ("scope", "accounts-token-scopes"),
        ("days", "accounts-token-life"),
    ]);
    let name = form.name_of("name", 60);
    let scopes: Scopes = form
        .all("scope")
        .iter()
        .filter_map(|scope| scope.parse().ok())
        .collect();
    if scopes.iter().next().is_none() {
        form.refuse(crate::infra::failure::Refusal::new("form-choose").at("scope"));
    }
    let days = form
        .one_of::<i64>("days")
        .filter(|days| LIVES.contains(days));
    let (true, Some(days)) = (form.is_ok(), days) else {
        if form.is_ok() {
            form.refuse(crate::infra::failure::Refusal::new("form-choose").at("days"));
        }
        return page(&view, &actor, &form, None).await;
    };
    let secret = format!("sanshe_{}", random_hex::<32>()?);
    let hash = actions::hash_of(&secret);
    let (acting, new) = (actor.clone(), NewToken { name, scopes, days });
    let done = view
        .state
        .store
        .write(move |tx| actions::make_token(tx, &acting, &new, &hash));
    match done.await {
        Ok(()) => {
            page(
                &view,
                &actor,
                &Form::default().with("days", 90),
                Some(&secret),
            )
            .await
        }
        Err(error) => {
            form.take_up(AppError::from(error))?;
            page(&view, &actor, &form, None).await
        }
    }
}

pub async fn end(SignedIn(actor): SignedIn, view: View, form: Form) -> Answer {
    let session = form
        .raw("token")
        .parse::<i64>()
        .map(SessionId)
        .map_err(|_typed| crate::infra::failure::Failure::NotFound)?;
    view.state
        .store
        .write(move |tx| actions::end_session(tx, &actor, session))
        .await?;
    Ok(view.see_other_with("/account/tokens", "accounts-token-ended"))
}
