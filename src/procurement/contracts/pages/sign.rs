//! Signing: a scan of the sealed original; in the demonstration the password again.

use super::show::{self, Seen};
use crate::accounts;
use crate::infra::actor::Actor;
use crate::infra::failure::{Failure, Rule};
use crate::infra::files::media_type;
use crate::kernel::text;
use crate::procurement::contracts::actions::{self, Signing};
use crate::procurement::contracts::model::{
    ContractId, ContractState, Scan, SignContracts, SignMethod,
};
use crate::procurement::contracts::rules::{self, ContractRule};
use crate::web::{Answer, AppError, Form, May, State, View, multipart};
use actix_multipart::Multipart;
use actix_web::web::{self, Data, Path};
use serde_json::{Value, json};

async fn seen(actor: &Actor, state: &Data<State>, id: ContractId) -> Result<Seen, AppError> {
    let (actor, now) = (actor.clone(), state.store.now());
    Ok(state
        .store
        .read(move |db| {
            let seen = show::read(db, Some(&actor), id, now)?;
            if seen.is_party {
                Ok(seen)
            } else {
                Err(Failure::NotFound)
            }
        })
        .await?)
}

pub async fn edit(
    who: May<SignContracts>,
    view: View,
    state: Data<State>,
    id: Path<ContractId>,
) -> Answer {
    let seen = seen(&who.actor, &state, *id).await?;
    // The contract's own page says what is to be done first.
    if seen.contract.state != ContractState::Signing || !seen.is_proven {
        return Ok(view.see_other(&format!("/contracts/{id}")));
    }
    show_form(&view, &seen, &Form::default())
}

fn show_form(view: &View, seen: &Seen, form: &Form) -> Answer {
    let mut body = show::body(view, seen);
    let title = view.say("contracts-sign-title");
    if let Some(fields) = body.as_object_mut() {
        let crumbs = json!([
            { "label": view.say("layout-nav-contracts"), "href": "/contracts" },
            { "label": seen.contract.number, "href": format!("/contracts/{}", seen.contract.id) },
            { "label": title, "href": Value::Null },
        ]);
        fields.insert("crumbs".into(), crumbs);
        fields.insert(
            "by_password".into(),
            json!(view.state.config.mode.is_demo()),
        );
    }
    view.render_form(
        "procurement/contracts/sign",
        "contracts",
        &title,
        form,
        &body,
    )
}

pub async fn by_scan(
    who: May<SignContracts>,
    view: View,
    state: Data<State>,
    id: Path<ContractId>,
    body: Multipart,
) -> Answer {
    let id = *id;
    let (mut form, uploads) = multipart::read(body).await?;
    let seen = seen(&who.actor, &state, id).await?;
    let upload = uploads.into_iter().find(|upload| upload.field == "scan");
    let scan = match upload {
        None => Err(ContractRule::NoScan),
        Some(upload) => rules::check_scan(media_type(&upload.bytes)).map(|kind| (upload, kind)),
    };
    match scan {
        Err(rule) => form.refuse(rule.refusal()),
        Ok((upload, kind)) => {
            let stored = state.files.put(upload.bytes).await?;
            let name = text::excerpt(&text::clean(&upload.name), 120);
            let signing = Signing {
                method: SignMethod::Scan,
                scan: Some(Scan {
                    name: if name.is_empty() { "scan".into() } else { name },
                    media_type: kind,
                    size: stored.size,
                    sha256: stored.sha256,
                    key: stored.key,
                }),
                is_demo: state.config.mode.is_demo(),
            };
            if let Some(answer) = sign(&view, &state, &who.actor, id, &mut form, signing).await? {
                return Ok(answer);
            }
        }
    }
    show_form(&view, &seen, &form)
}

pub async fn by_password(
    who: May<SignContracts>,
    view: View,
    state: Data<State>,
    id: Path<ContractId>,
    mut form: Form,
) -> Answer {
    let id = *id;
    let seen = seen(&who.actor, &state, id).await?;
    let is_demo = state.config.mode.is_demo();
    if let Err(rule) = rules::check_method(SignMethod::Password, is_demo) {
        form.refuse(rule.refusal());
    } else if !password_is(&state, &who.actor, form.raw("password")).await? {
        form.refuse(ContractRule::WrongPassword.refusal());
    } else {
        let signing = Signing {
            method: SignMethod::Password,
            scan: None,
            is_demo,
        };
        if let Some(answer) = sign(&view, &state, &who.actor, id, &mut form, signing).await? {
            return Ok(answer);
        }
    }
    show_form(&view, &seen, &form)
}

/// Whether the person typed the own password; slow by design, so outside any database job.
async fn password_is(state: &Data<State>, actor: &Actor, typed: &str) -> Result<bool, AppError> {
    let (person, typed) = (actor.person_id, typed.to_owned());
    let hash = state
        .store
        .read(move |db| Ok(accounts::find_person(db, person)?.password_hash))
        .await?;
    let _turn = state.hashing.acquire().await.map_err(AppError::internal)?;
    web::block(move || accounts::verify_password(Some(&hash), &typed))
        .await
        .map_err(AppError::internal)
}

/// Signs; `None` when a rule refused and the form shows why.
async fn sign(
    view: &View,
    state: &Data<State>,
    actor: &Actor,
    id: ContractId,
    form: &mut Form,
    signing: Signing,
) -> Result<Option<actix_web::HttpResponse>, AppError> {
    let actor = actor.clone();
    let done = state
        .store
        .write(move |tx| actions::sign(tx, &actor, id, &signing))
        .await;
    match done {
        Ok(()) => Ok(Some(view.see_other_with(
            &format!("/contracts/{id}"),
            "contracts-flash-signed",
        ))),
        Err(error) => {
            form.take_up(AppError::from(error))?;
            Ok(None)
        }
    }
}
