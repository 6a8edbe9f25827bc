//! Files beside an application: proofs that the reviewer reads, never public.

use super::apply;
use crate::infra::access::{self, Look, Looked};
use crate::infra::failure::Failure;
use crate::organizations::qualification::actions;
use crate::organizations::qualification::model::{KeepDirectory, QualificationState};
use crate::organizations::qualification::queries;
use crate::organizations::registry::{self, KeepOwnProvider, ProviderId};
use crate::web::{Answer, AppError, Form, May, SignedIn, State, View};
use actix_multipart::Multipart;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};

pub async fn attach(
    who: May<KeepOwnProvider>,
    view: View,
    state: Data<State>,
    id: Path<ProviderId>,
    body: Multipart,
) -> Answer {
    let (id, actor) = (*id, who.actor.clone());
    let own_body = actor.body_id();
    state
        .store
        .read(move |db| Ok(registry::find_own(db, id, own_body)?))
        .await?;
    let (mut form, file) = registry::read_upload(&state, body, "file").await?;
    if let Some(file) = file {
        let key = view.once_key(&form);
        let done = state.write_once(key, move |tx| {
            actions::attach(tx, &actor, id, &file)?;
            Ok(format!("/organizations/{id}/qualification"))
        });
        match done.await {
            Ok(path) => return Ok(view.see_other_with(&path, "qualification-flash-attached")),
            Err(error) => form.take_up(AppError::from(error))?,
        }
    }
    apply::show_with(&who.actor, &view, &state, id, Some(form), StatusCode::OK).await
}

pub async fn detach(
    who: May<KeepOwnProvider>,
    view: View,
    state: Data<State>,
    path: Path<(ProviderId, i64)>,
    mut form: Form,
) -> Answer {
    let (id, file) = *path;
    let (actor, key) = (who.actor.clone(), view.once_key(&form));
    let done = state.write_once(key, move |tx| {
        actions::detach(tx, &actor, id, file)?;
        Ok(format!("/organizations/{id}/qualification"))
    });
    match done.await {
        Ok(path) => Ok(view.see_other_with(&path, "qualification-flash-detached")),
        Err(error) => {
            form.take_up(AppError::from(error))?;
            apply::show_with(&who.actor, &view, &state, id, Some(form), StatusCode::OK).await
        }
    }
}

/// The applicant reads its own files; a reviewer reads them once they are handed in.
pub async fn download(who: SignedIn, state: Data<State>, path: Path<(ProviderId, i64)>) -> Answer {
    let (id, file) = *path;
    let actor = who.0.clone();
    let (file, of) = state
        .store
        .read(move |db| {
            if actor.may::<KeepDirectory>() {
                let entry = queries::find_by_provider(db, id)?.ok_or(Failure::NotFound)?;
                if matches!(
                    entry.state,
                    QualificationState::Draft | QualificationState::Withdrawn
                ) {
                    return Err(Failure::NotFound);
                }
            } else {
                registry::find_own(db, id, actor.body_id())?;
            }
            let of = registry::find(db, id)?.body_id;
            Ok((registry::find_file(db, id, actions::FILES, file)?, of))
        })
        .await?;
    let look = Look::at(Looked::Papers, "provider", id.0).of_body(of);
    access::looked(&state.store, &who.0, look).await?;
    registry::send(&state, file).await
}
