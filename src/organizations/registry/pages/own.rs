//! The body's own view of its registration: where it stands and what to do next.

use super::{NAV, facts, named, tag};
use crate::infra::failure::Refusal;
use crate::infra::ledger;
use crate::kernel::instant;
use crate::organizations::registry::actions;
use crate::organizations::registry::model::{
    KeepOwnProvider, ProviderId, ProviderState, SeeOwnProvider, StoredFile,
};
use crate::organizations::registry::queries;
use crate::web::{Answer, Form, May, State, View};
use actix_web::web::{Data, Path};
use serde_json::{Value, json};

pub async fn show(
    who: May<SeeOwnProvider>,
    view: View,
    state: Data<State>,
    id: Path<ProviderId>,
) -> Answer {
    show_with(&who.actor, &view, &state, *id, &Form::default()).await
}

/// The page, with what an upload refused.
pub async fn show_with(
    actor: &crate::infra::actor::Actor,
    view: &View,
    state: &Data<State>,
    id: ProviderId,
    form: &Form,
) -> Answer {
    let (reader, now) = (actor.clone(), state.store.now());
    let (provider, lists, certificate, rival, history) = state
        .store
        .read(move |db| {
            let provider = queries::find_own(db, id, reader.body_id())?;
            let (scopes, areas) = (queries::scopes_of(db, id)?, queries::areas_of(db, id)?);
            let lists = (
                named(&queries::scope_names(db)?, &scopes),
                named(&queries::area_names(db)?, &areas),
            );
            let certificate = queries::find_certificate(db, id)?;
            let rival = queries::list_rivals(db, &provider)?
                .iter()
                .any(|rival| rival.state == ProviderState::Proven);
            let history = ledger::history(db, (queries::SUBJECT, id.0), Some(&reader), now)?;
            Ok((provider, lists, certificate, rival, history))
        })
        .await?;
    let proven = provider.state == ProviderState::Proven;
    let step = |done: bool, now: bool| {
        if done {
            "done"
        } else if now {
            "now"
        } else {
            ""
        }
    };
    let ladder: Vec<Value> = [
        ("registry-ladder-registered", "done"),
        (
            "registry-ladder-certificate",
            step(certificate.is_some(), true),
        ),
        (
            "registry-ladder-proven",
            step(proven, certificate.is_some()),
        ),
    ]
    .iter()
    .map(|(key, state)| json!({ "state": state, "label": view.say(key) }))
    .collect();
    let page = json!({
        "name": provider.name,
        "tag": tag(view, provider.state),
        "proven": proven,
        "refused": provider.state == ProviderState::Refused,
        "reason": provider.reason,
        "checked": provider.checked_at.map(instant::date),
        "social": provider.kind.is_social(),
        "ladder": ladder,
        "rows": facts(view, &provider, &lists.0, &lists.1),
        "certificate": certificate.as_ref().map(file),
        "rival_proven": rival && !proven,
        "can_keep": actor.may::<KeepOwnProvider>(),
        "can_ask": rival && !proven && certificate.is_some(),
        "history": view.history(&history),
        "public": format!("/organizations/{id}"),
        "edit": format!("/organizations/{id}/edit"),
        "ask": format!("/organizations/{id}/ask"),
        "file": format!("/organizations/{id}/certificate"),
        "qualification": format!("/organizations/{id}/qualification"),
    });
    let title = view.say("registry-own-title");
    view.render_form("organizations/registry/own", NAV, &title, form, &page)
}

pub fn file(file: &StoredFile) -> Value {
    let kib = (file.size + 1023) / 1024;
    json!({ "name": file.name, "size": format!("{kib} KB"), "at": instant::minute(file.created_at) })
}

pub async fn ask(
    who: May<KeepOwnProvider>,
    view: View,
    state: Data<State>,
    id: Path<ProviderId>,
    mut form: Form,
) -> Answer {
    let (id, actor, key) = (*id, who.actor.clone(), view.once_key(&form));
    let reviewers = format!("check {id}");
    if !state
        .throttle
        .allows_letter(&view.ctx.network, actor.person_id, Some(&reviewers))
    {
        form.refuse(Refusal::new("form-too-often"));
        return show_with(&who.actor, &view, &state, id, &form).await;
    }
    let done = state.write_once(key, move |tx| {
        actions::ask_for_check(tx, &actor, id)?;
        Ok(format!("/organizations/{id}/registration"))
    });
    match done.await {
        Ok(path) => Ok(view.see_other_with(&path, "registry-flash-asked")),
        Err(error) => {
            form.take_up(error.into())?;
            show_with(&who.actor, &view, &state, id, &form).await
        }
    }
}
