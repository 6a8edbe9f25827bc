//! Sign-up: the same page after it for every address.

use super::{hash, mark};
use crate::accounts::actions::{self, SignUp};
use crate::accounts::queries;
use crate::accounts::rules;
use crate::infra::failure::{Refusal, Rule};
use crate::web::{Answer, AppError, Form, View};
use serde_json::json;

pub async fn edit(view: View) -> Answer {
    page(&view, &Form::default())
}

fn page(view: &View, form: &Form) -> Answer {
    let title = view.say("accounts-sign-up-title");
    view.render_form("accounts/sign_up", "", &title, form, &json!({}))
}

pub async fn save(view: View, mut form: Form) -> Answer {
    let name = form.name_of("name", 60);
    let email = form.parsed("email", |text| {
        rules::email(text).map_err(|rule| rule.refusal())
    });
    new_password(&mut form, "password");
    let Some(email) = email.filter(|_| form.is_ok()) else {
        return page(&view, &form);
    };
    let (address, device) = (email.clone(), mark(&view));
    let known = view.state.store.read(move |db| {
        Ok(match queries::find_person_by_email(db, &address)? {
            Some(person) => queries::is_known_device(db, person.id, &device)?,
            None => false,
        })
    });
    let device = mark(&view);
    let known = known.await?.then_some(device.as_str());
    if !view
        .state
        .throttle
        .allows_mail(&view.ctx.network, &email, known)
    {
        return Err(AppError::TooMany);
    }
    let asked = SignUp {
        email,
        name,
        password_hash: hash(&view, form.raw("password")).await?,
        language: view.language(),
        device,
    };
    let key = view.state.secrets.token_key().to_vec();
    view.state
        .store
        .write(move |tx| actions::sign_up(tx, &key, &asked))
        .await?;
    Ok(view.see_other("/sign-up/sent"))
}

pub async fn sent(view: View) -> Answer {
    let title = view.say("accounts-sent-title");
    let text = view.say("accounts-sign-up-sent");
    view.render("accounts/sent", "", &title, &json!({ "text": text }))
}

/// Refuses at the field what is no password of ours; the text itself is taken raw from the form.
pub fn new_password(form: &mut Form, name: &'static str) {
    let checked = match form.raw(name) {
        "" => Err(Refusal::new("form-missing")),
        typed => rules::check_password(typed).map_err(|rule| rule.refusal()),
    };
    if let Err(refusal) = checked {
        form.refuse(refusal.at(name));
    }
}
