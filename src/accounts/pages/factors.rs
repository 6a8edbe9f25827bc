//! The second factor of the own account: set up, changed, taken off, and the recovery codes.

use super::{opened, try_code};
use crate::accounts::actions::{self, RecoveryCodes};
use crate::accounts::model::{Proof, SecondFactor};
use crate::accounts::queries;
use crate::accounts::rules::AccountRule;
use crate::accounts::rules::codes::{self, CODE, KEY, Typed};
use crate::infra::actor::Actor;
use crate::infra::failure::{Failure, Rule};
use crate::infra::seal;
use crate::infra::store::machine_now;
use crate::kernel::instant;
use crate::web::{Answer, AppError, Form, SignedIn, Verified, View, qr};
use serde_json::json;

const HOME: &str = "/account/two-factors";

async fn find(view: &View, actor: &Actor) -> Result<(Option<SecondFactor>, i64), AppError> {
    let id = actor.person_id;
    let found = view.state.store.read(move |db| {
        Ok((
            queries::find_factor(db, id)?,
            queries::count_recovery_codes(db, id)?,
        ))
    });
    Ok(found.await?)
}

/// Staff must have one, but in a demo.
fn is_required(view: &View, actor: &Actor) -> bool {
    actor.is_staff && !view.state.config.mode.is_demo()
}

pub async fn show(SignedIn(actor): SignedIn, view: View) -> Answer {
    page(&view, &actor, &Form::default()).await
}

async fn page(view: &View, actor: &Actor, form: &Form) -> Answer {
    let (factor, left) = find(view, actor).await?;
    let since = factor.and_then(|factor| factor.enabled_at);
    let body = json!({
        "since": since.map(instant::minute),
        "left": left.to_string(),
        "few": since.is_some() && left < 3,
        "required": is_required(view, actor),
    });
    let title = view.say("accounts-factors-title");
    view.render_form("accounts/two_factors", "", &title, form, &body)
}

/// Makes a new key; the one in force stays until the new one is proved.
pub async fn begin(Verified(actor): Verified, view: View) -> Answer {
    let key: [u8; KEY] = seal::random()?;
    let sealed = seal::seal(view.state.secrets.server_recipient(), &key)?;
    view.state
        .store
        .write(move |tx| actions::begin_factor(tx, &actor, &sealed))
        .await?;
    Ok(view.see_other("/account/two-factors/set-up"))
}

/// The sealed key that waits for its first code.
async fn pending(view: &View, actor: &Actor) -> Result<Option<Vec<u8>>, AppError> {
    Ok(find(view, actor).await?.0.and_then(|factor| factor.pending))
}

// The key is shown to whoever has just proved who they are, as it is made for.
pub async fn set_up(SignedIn(actor): SignedIn, view: View) -> Answer {
    if !actor.is_verified(machine_now()) {
        return Err(AppError::VerifyFirst);
    }
    match pending(&view, &actor).await? {
        Some(sealed) => set_up_page(&view, &actor, &sealed, &Form::default()).await,
        None => Ok(view.see_other(HOME)),
    }
}

async fn set_up_page(view: &View, actor: &Actor, sealed: &[u8], form: &Form) -> Answer {
    let id = actor.person_id;
    let person = view
        .state
        .store
        .read(move |db| Ok(queries::find_person(db, id)?))
        .await?;
    let key = opened(view, Some(sealed))?;
    let issuer = view.say("layout-brand");
    let uri = codes::key_uri(&key, &issuer, &person.email);
    let body = json!({
        "picture": qr::picture(&uri)?, "key": codes::key_text(&key), "account": person.email,
        "issuer": issuer,
    });
    let title = view.say("accounts-set-up-title");
    view.render_form("accounts/set_up", "", &title, form, &body)
}

/// The first code proves that the authenticator has the key; the recovery codes are shown once, in the answer.
pub async fn enable(Verified(actor): Verified, view: View, mut form: Form) -> Answer {
    let Some(sealed) = pending(&view, &actor).await? else {
        return Ok(view.see_other(HOME));
    };
    let tried = SecondFactor {
        secret: Some(sealed.clone()),
        pending: None,
        last_step: 0,
        enabled_at: None,
    };
    let proof = match codes::read(form.raw(CODE)) {
        // A recovery code says nothing about the new key.
        Some(Typed::Recovery(_)) => Err(AccountRule::WrongCode),
        _ => try_code(&view, actor.person_id, &tried, true, form.raw(CODE))?,
    };
    let step = match proof {
        Ok(Proof::Step(step)) => step,
        Ok(Proof::Recovery(_)) => return Err(AppError::BadRequest),
        Err(rule) => {
            form.refuse(rule.refusal());
            return set_up_page(&view, &actor, &sealed, &form).await;
        }
    };
    let recovery = RecoveryCodes::make(actor.person_id)?;
    let made = recovery.clone();
    view.state
        .store
        .write(move |tx| actions::enable_factor(tx, &actor, &sealed, step, &made))
        .await?;
    codes_page(&view, &recovery)
}

fn codes_page(view: &View, recovery: &RecoveryCodes) -> Answer {
    let title = view.say("accounts-codes-title");
    let body = json!({ "codes": recovery.shown });
    view.render("accounts/recovery_codes", "", &title, &body)
}

pub async fn renew(Verified(actor): Verified, view: View, mut form: Form) -> Answer {
    if !actor.has_code {
        form.refuse(AccountRule::WrongCode.refusal().at("main"));
        return page(&view, &actor, &form).await;
    }
    let recovery = RecoveryCodes::make(actor.person_id)?;
    let made = recovery.clone();
    view.state
        .store
        .write(move |tx| actions::renew_recovery_codes(tx, &actor, &made))
        .await?;
    codes_page(&view, &recovery)
}

pub async fn end(Verified(actor): Verified, view: View, mut form: Form) -> Answer {
    if is_required(&view, &actor) {
        form.refuse(AccountRule::CodeRequired.refusal());
        return page(&view, &actor, &form).await;
    }
    let done = view
        .state
        .store
        .write(move |tx| actions::end_factor(tx, &actor));
    match done.await {
        Ok(()) => Ok(view.see_other_with(HOME, "accounts-factors-ended")),
        // Twice on the button: it is off all the same.
        Err(Failure::NotFound) => Ok(view.see_other(HOME)),
        Err(failure) => Err(failure.into()),
    }
}
