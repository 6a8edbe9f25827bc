//! The officer's desk: draw up, fill in the free parts, offer, take back.

use super::show::{self, Seen};
use crate::infra::failure::{Failure, Refusal, Rule};
use crate::procurement::contracts::actions::{self, Terms};
use crate::procurement::contracts::model::{
    ContractId, ContractState, DraftContracts, PublishContracts, SecretField, Secrets,
};
use crate::procurement::contracts::rules;
use crate::procurement::projects::ProjectId;
use crate::web::fields;
use crate::web::{Answer, AppError, Form, May, State, View};
use actix_web::web::{Data, Path};
use serde_json::{Value, json};

pub async fn draw_up(
    who: May<DraftContracts>,
    view: View,
    state: Data<State>,
    id: Path<ProjectId>,
    form: Form,
) -> Answer {
    let (id, actor) = (*id, who.actor);
    let place = state
        .write_once(view.once_key(&form), move |tx| {
            let contract = actions::draw_up(tx, &actor, id)?;
            Ok(format!("/contracts/{contract}/edit"))
        })
        .await?;
    Ok(view.see_other_with(&place, "contracts-flash-drawn-up"))
}

async fn seen(
    who: &May<DraftContracts>,
    state: &Data<State>,
    id: ContractId,
) -> Result<Seen, AppError> {
    let (actor, now) = (who.actor.clone(), state.store.now());
    let seen = state
        .store
        .read(move |db| {
            let seen = show::read(db, Some(&actor), id, now)?;
            if actor.body_id() != Some(seen.contract.buyer_id) {
                return Err(Failure::NotFound);
            }
            Ok(seen)
        })
        .await?;
    Ok(seen)
}

pub async fn edit(
    who: May<DraftContracts>,
    view: View,
    state: Data<State>,
    id: Path<ContractId>,
) -> Answer {
    let seen = seen(&who, &state, *id).await?;
    if seen.contract.state != ContractState::Drafted {
        return Ok(view.see_other(&format!("/contracts/{id}")));
    }
    let (contract, secrets) = (&seen.contract, seen.contract.secrets());
    let form = Form::default()
        .with("payment", &contract.payment)
        .with("duties", &contract.duties)
        .with("phone", &contract.phone)
        .with("secret_reason", &secrets.reason)
        .with_all("secrets", secrets.fields.iter().map(ToString::to_string));
    show_form(&view, &seen, &form)
}

fn show_form(view: &View, seen: &Seen, form: &Form) -> Answer {
    let mut body = show::body(view, seen);
    let title = view.say("contracts-edit-title");
    if let Some(fields) = body.as_object_mut() {
        let options = view.options(
            "contracts-secret",
            SecretField::ALL.iter().map(SecretField::as_str),
        );
        fields.insert("secret_options".into(), options);
        let crumbs = json!([
            { "label": view.say("contracts-drafts-title"), "href": "/contracts/drafts" },
            { "label": seen.contract.number, "href": format!("/contracts/{}", seen.contract.id) },
            { "label": title, "href": Value::Null },
        ]);
        fields.insert("crumbs".into(), crumbs);
    }
    view.render_form("procurement/contracts/edit", "work", &title, form, &body)
}

pub async fn save(
    who: May<DraftContracts>,
    view: View,
    state: Data<State>,
    id: Path<ContractId>,
    mut form: Form,
) -> Answer {
    let id = *id;
    let seen = seen(&who, &state, id).await?;
    if let Err(rule) = rules::check_unlocked(|name| form.has(name)) {
        form.refuse(rule.refusal());
    }
    let mut fields: Vec<SecretField> = Vec::new();
    for value in form.all("secrets") {
        match value.parse() {
            Ok(field) if !fields.contains(&field) => fields.push(field),
            Ok(_) => {}
            Err(_) => form.refuse(Refusal::new("form-choose").at("secrets")),
        }
    }
    let phone = form.parsed("phone", fields::phone);
    let terms = Terms {
        payment: form.optional("payment", 5000),
        duties: form.optional("duties", 5000),
        phone: phone.unwrap_or_default(),
        secrets: Secrets {
            fields,
            reason: form.optional("secret_reason", 500),
        },
    };
    if form.is_ok() {
        let (actor, version) = (who.actor.clone(), form.version());
        let done = state
            .store
            .write(move |tx| actions::edit(tx, &actor, id, version, &terms))
            .await;
        match done {
            Ok(()) => {
                return Ok(
                    view.see_other_with(&format!("/contracts/{id}"), "contracts-flash-saved")
                );
            }
            Err(error) => form.take_up(AppError::from(error))?,
        }
    }
    show_form(&view, &seen, &form)
}

pub async fn offer(
    who: May<PublishContracts>,
    view: View,
    state: Data<State>,
    id: Path<ContractId>,
    form: Form,
) -> Answer {
    let (id, actor, version) = (*id, who.actor, form.version());
    let done = state
        .store
        .write(move |tx| actions::offer(tx, &actor, id, version))
        .await;
    match done {
        Ok(()) => Ok(view.see_other_with(&format!("/contracts/{id}"), "contracts-flash-offered")),
        // What is missing is filled in on the desk.
        Err(Failure::RefusedAll(_)) => Ok(view.see_other_with(
            &format!("/contracts/{id}/edit"),
            "contracts-flash-missing-problem",
        )),
        Err(error) => Err(error.into()),
    }
}

pub async fn take_back(
    who: May<DraftContracts>,
    view: View,
    state: Data<State>,
    id: Path<ContractId>,
    form: Form,
) -> Answer {
    let (id, actor, version) = (*id, who.actor, form.version());
    state
        .store
        .write(move |tx| actions::take_back(tx, &actor, id, version))
        .await?;
    Ok(view.see_other_with(
        &format!("/contracts/{id}/edit"),
        "contracts-flash-taken-back",
    ))
}
