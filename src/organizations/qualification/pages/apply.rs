//! The organization's own application for the directory.

use super::{NAV, attached, declarations, tag};
use crate::infra::actor::Actor;
use crate::infra::failure::{Failure, Refusal, Rule};
use crate::kernel::instant;
use crate::organizations::qualification::actions;
use crate::organizations::qualification::model::{
    Application, Declaration, Qualification, QualificationState,
};
use crate::organizations::qualification::queries;
use crate::organizations::qualification::rules;
use crate::organizations::registry::{self, KeepOwnProvider, ProviderId, SeeOwnProvider};
use crate::web::{Answer, AppError, Form, May, State, View};
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use serde_json::json;

pub async fn show(
    who: May<SeeOwnProvider>,
    view: View,
    state: Data<State>,
    id: Path<ProviderId>,
) -> Answer {
    show_with(&who.actor, &view, &state, *id, None, StatusCode::OK).await
}

/// The page; `typed` is a form that was refused, otherwise what is stored is shown.
pub async fn show_with(
    actor: &Actor,
    view: &View,
    state: &Data<State>,
    id: ProviderId,
    typed: Option<Form>,
    status: StatusCode,
) -> Answer {
    let body = actor.body_id();
    let (provider, entry, files) = state
        .store
        .read(move |db| {
            let provider = registry::find_own(db, id, body)?;
            let files = registry::list_files(db, id, actions::FILES)?;
            Ok((provider, queries::find_by_provider(db, id)?, files))
        })
        .await?;
    let obstacle = rules::may_apply(&provider).err();
    let stands = entry.as_ref().map(|entry| entry.state);
    let writable = matches!(
        stands,
        None | Some(
            QualificationState::Draft
                | QualificationState::Returned
                | QualificationState::Withdrawn
        )
    );
    // A refused upload or removal knows nothing of the text: what is stored stays in its fields.
    let form = match typed {
        Some(typed) if typed.has("statement") => typed,
        Some(typed) => filled(entry.as_ref()).refused_like(typed),
        None => filled(entry.as_ref()),
    };
    let version = entry.as_ref().map_or(-1, |entry| entry.version);
    let page = json!({
        "name": provider.name,
        "tag": stands.map(|state| tag(view, state)),
        "obstacle": obstacle.map(|rule| view.word(&rule.refusal())),
        "reason": entry.as_ref().and_then(|entry| entry.reason.clone()),
        "returned": stands == Some(QualificationState::Returned),
        "suspended": stands == Some(QualificationState::Suspended),
        "submitted": stands == Some(QualificationState::Submitted),
        "listed": stands == Some(QualificationState::Listed),
        "submitted_at": entry.as_ref().and_then(|entry| entry.submitted_at).map(instant::minute),
        "listed_at": entry.as_ref().and_then(|entry| entry.listed_at).map(instant::date),
        "statement": entry.as_ref().map(|entry| entry.statement.clone()),
        "can_write": writable && actor.may::<KeepOwnProvider>() && rules::may_apply(&provider).is_ok(),
        "can_withdraw": actor.may::<KeepOwnProvider>()
            && stands.is_some_and(|state| rules::next_state(state, rules::Step::Withdraw).is_ok()),
        "version": version,
        "declarations": declarations(view),
        "files": attached(id, &files),
        "attach": format!("/organizations/{id}/qualification/files"),
        "action": format!("/organizations/{id}/qualification"),
        "withdraw": format!("/organizations/{id}/qualification/withdraw"),
        "registration": format!("/organizations/{id}/registration"),
        "public": format!("/organizations/{id}"),
        "form": form.view(&view.state.words, view.language()),
    });
    let title = view.say("qualification-apply-title");
    let status = match status {
        StatusCode::OK if !form.is_ok() => StatusCode::UNPROCESSABLE_ENTITY,
        other => other,
    };
    view.render_as(
        status,
        "organizations/qualification/apply",
        NAV,
        &title,
        &page,
    )
}

fn filled(entry: Option<&Qualification>) -> Form {
    let Some(entry) = entry else {
        return Form::default();
    };
    let declared = entry
        .declared()
        .iter()
        .map(|declaration| declaration.as_str().to_owned())
        .collect::<Vec<_>>();
    Form::default()
        .with("statement", &entry.statement)
        .with_all("declarations", declared)
}

pub async fn save(
    who: May<KeepOwnProvider>,
    view: View,
    state: Data<State>,
    id: Path<ProviderId>,
    mut form: Form,
) -> Answer {
    let (id, actor) = (*id, who.actor.clone());
    let hands_in = form.raw("act") == "submit";
    form.name(&[("statement", "qualification-statement")]);
    let application = Application {
        statement: form.optional("statement", 2000),
        declarations: form
            .all("declarations")
            .iter()
            .filter_map(|word| word.parse::<Declaration>().ok())
            .collect(),
    };
    if hands_in {
        for lack in rules::lacks(&application) {
            form.refuse(lack.refusal());
        }
    }
    if !form.is_ok() {
        return show_with(&who.actor, &view, &state, id, Some(form), StatusCode::OK).await;
    }
    let version = Some(form.version()).filter(|version| *version >= 0);
    let key = view.once_key(&form);
    let done = state.write_once(key, move |tx| {
        let entry = actions::apply(tx, &actor, id, version, &application)?;
        if hands_in {
            actions::submit(tx, &actor, entry)?;
        }
        Ok(format!("/organizations/{id}/qualification"))
    });
    let flash = if hands_in {
        "qualification-flash-submitted"
    } else {
        "qualification-flash-saved"
    };
    match done.await {
        Ok(path) => Ok(view.see_other_with(&path, flash)),
        Err(Failure::Changed) => {
            form.refuse(Refusal::new("qualification-changed"));
            show_with(
                &who.actor,
                &view,
                &state,
                id,
                Some(form),
                StatusCode::CONFLICT,
            )
            .await
        }
        Err(error) => {
            form.take_up(AppError::from(error))?;
            show_with(&who.actor, &view, &state, id, Some(form), StatusCode::OK).await
        }
    }
}

pub async fn withdraw(
    who: May<KeepOwnProvider>,
    view: View,
    state: Data<State>,
    id: Path<ProviderId>,
    mut form: Form,
) -> Answer {
    let (id, actor, version) = (*id, who.actor.clone(), form.version());
    let key = view.once_key(&form);
    let done = state.write_once(key, move |tx| {
        let provider = registry::find_own(tx.db, id, actor.body_id())?;
        let entry = queries::find_by_provider(tx.db, provider.id)?.ok_or(Failure::NotFound)?;
        actions::withdraw(tx, &actor, entry.id, version)?;
        Ok(format!("/organizations/{id}/qualification"))
    });
    match done.await {
        Ok(path) => Ok(view.see_other_with(&path, "qualification-flash-withdrawn")),
        Err(Failure::Changed) => {
            form.refuse(Refusal::new("qualification-changed"));
            show_with(
                &who.actor,
                &view,
                &state,
                id,
                Some(form),
                StatusCode::CONFLICT,
            )
            .await
        }
        Err(error) => {
            form.take_up(AppError::from(error))?;
            show_with(&who.actor, &view, &state, id, Some(form), StatusCode::OK).await
        }
    }
}
