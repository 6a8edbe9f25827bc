//! How one wants to be reminded: by kind of notice, in a daily digest, by short message.

use crate::accounts::actions;
use crate::accounts::model::{MessageChoice, MessageSettings};
use crate::accounts::queries;
use crate::accounts::rules::AccountRule;
use crate::accounts::rules::codes::{self, CODE, Typed};
use crate::accounts::rules::messages::{MailChoice, MessageKind, mobile};
use crate::infra::actor::Actor;
use crate::infra::failure::{Refusal, Rule};
use crate::infra::seal;
use crate::web::{Answer, AppError, Form, SignedIn, Verified, View};
use serde_json::{Value, json};

const HOME: &str = "/account/messages";

pub async fn show(SignedIn(actor): SignedIn, view: View) -> Answer {
    page(&view, &actor, Form::default()).await
}

async fn find(
    view: &View,
    actor: &Actor,
) -> Result<(Vec<MessageChoice>, Option<MessageSettings>), AppError> {
    let id = actor.person_id;
    let found = view.state.store.read(move |db| {
        Ok((
            queries::list_choices(db, id)?,
            queries::find_settings(db, id)?,
        ))
    });
    Ok(found.await?)
}

async fn page(view: &View, actor: &Actor, form: Form) -> Answer {
    let (choices, settings) = find(view, actor).await?;
    let hour = settings
        .as_ref()
        .map_or(queries::DIGEST_HOUR, |settings| settings.digest_hour);
    let mobile = settings
        .as_ref()
        .and_then(|settings| settings.mobile.clone());
    let asked = settings.and_then(|settings| settings.asked_mobile);
    let has_gateway = view.state.config.sms.is_some();
    let kinds: Vec<Value> = MessageKind::ALL
        .iter()
        .map(|kind| {
            let kind = kind.as_str();
            let choice = choices.iter().find(|choice| choice.kind == kind);
            let mail = choice.map_or("at_once", |choice| choice.mail.as_str());
            let options: Vec<Value> = MailChoice::ALL
                .iter()
                .map(|one| {
                    let word = one.as_str().replace('_', "-");
                    json!({
                        "value": one.as_str(), "chosen": one.as_str() == mail,
                        "label": view.say(&format!("accounts-mail-{word}")),
                    })
                })
                .collect();
            json!({
                "label": view.say(&format!("accounts-message-{kind}")),
                "mail_name": format!("mail_{kind}"), "sms_name": format!("sms_{kind}"),
                "options": options, "sms": choice.is_some_and(|choice| choice.has_sms),
            })
        })
        .collect();
    let hours: Vec<Value> = (0..24)
        .map(|hour| json!({ "value": hour.to_string(), "label": format!("{hour:02}:00") }))
        .collect();
    let form = if form.has("hour") {
        form
    } else {
        form.with("hour", hour)
    };
    let body = json!({
        "kinds": kinds, "hours": hours, "has_gateway": has_gateway,
        "with_sms": has_gateway && mobile.is_some(), "mobile": mobile, "asked": asked,
    });
    let title = view.say("accounts-messages-title");
    view.render_form("accounts/messages", "", &title, &form, &body)
}

pub async fn save(SignedIn(actor): SignedIn, view: View, mut form: Form) -> Answer {
    let hour = form.parsed("hour", |text| {
        text.parse()
            .ok()
            .filter(|hour| (0..24).contains(hour))
            .ok_or(Refusal::new("form-choose"))
    });
    let mut choices = Vec::new();
    for kind in MessageKind::ALL {
        let kind = kind.as_str();
        match form.raw(&format!("mail_{kind}")).parse::<MailChoice>() {
            Ok(mail) => choices.push(MessageChoice {
                kind: kind.to_owned(),
                mail: mail.as_str().to_owned(),
                has_sms: form.is_checked(&format!("sms_{kind}")),
            }),
            Err(_) => form.refuse(Refusal::new("form-choose")),
        }
    }
    let Some(hour) = hour.filter(|_| form.is_ok()) else {
        return page(&view, &actor, form).await;
    };
    view.state
        .store
        .write(move |tx| actions::save_choices(tx, &actor, &choices, hour))
        .await?;
    Ok(view.see_other_with(HOME, "accounts-messages-saved"))
}

/// Sends a code to a mobile number.
pub async fn ask(Verified(actor): Verified, view: View, mut form: Form) -> Answer {
    let number = form.parsed("mobile", |text| mobile(text).map_err(|rule| rule.refusal()));
    if view.state.config.sms.is_none() {
        form.refuse(AccountRule::NoGateway.refusal());
    }
    let Some(number) = number.filter(|_| form.is_ok()) else {
        return page(&view, &actor, form).await;
    };
    if !view
        .state
        .throttle
        .allows_letter(&view.ctx.network, actor.person_id, Some(&number))
    {
        form.refuse(Refusal::new("form-too-often").at("mobile"));
        return page(&view, &actor, form).await;
    }
    let random = u64::from_be_bytes(seal::random()?);
    let code = format!("{:06}", random % 1_000_000);
    view.state
        .store
        .write(move |tx| actions::ask_mobile(tx, &actor, &number, &code))
        .await?;
    Ok(view.see_other_with(HOME, "accounts-mobile-sent"))
}

pub async fn confirm(Verified(actor): Verified, view: View, mut form: Form) -> Answer {
    let done = match codes::read(form.raw(CODE)) {
        Some(Typed::Code(code)) => {
            let by = actor.clone();
            view.state
                .store
                .write(move |tx| actions::confirm_mobile(tx, &by, &code))
                .await
        }
        _ => Ok(false),
    };
    match done {
        Ok(true) => Ok(view.see_other_with(HOME, "accounts-mobile-saved")),
        Ok(false) => {
            form.refuse(Refusal::new("accounts-mobile-code-wrong").at(CODE));
            page(&view, &actor, form).await
        }
        Err(failure) => {
            form.take_up(AppError::from(failure))?;
            page(&view, &actor, form).await
        }
    }
}

pub async fn remove(Verified(actor): Verified, view: View) -> Answer {
    view.state
        .store
        .write(move |tx| actions::remove_mobile(tx, &actor))
        .await?;
    Ok(view.see_other_with(HOME, "accounts-mobile-removed"))
}
