//! The scan of the registration certificate: handed in by the body, read by it and by reviewers.

use super::own;
use super::uploads::{read_upload, send};
use crate::infra::access::{self, Look, Looked};
use crate::infra::failure::Failure;
use crate::organizations::registry::actions;
use crate::organizations::registry::model::{CheckProviders, KeepOwnProvider, ProviderId};
use crate::organizations::registry::queries::{self, CERTIFICATE};
use crate::web::{Answer, AppError, May, SignedIn, State, View};
use actix_multipart::Multipart;
use actix_web::web::{Data, Path};

pub async fn upload(
    who: May<KeepOwnProvider>,
    view: View,
    state: Data<State>,
    id: Path<ProviderId>,
    body: Multipart,
) -> Answer {
    let (id, actor) = (*id, who.actor.clone());
    let own_body = actor.body_id();
    // Whose it is comes first: nobody fills the disk through somebody else's address.
    state
        .store
        .read(move |db| Ok(queries::find_own(db, id, own_body)?))
        .await?;
    let (mut form, file) = read_upload(&state, body, CERTIFICATE).await?;
    let Some(file) = file else {
        return own::show_with(&who.actor, &view, &state, id, &form).await;
    };
    let key = view.once_key(&form);
    let done = state.write_once(key, move |tx| {
        actions::attach_certificate(tx, &actor, id, &file)?;
        Ok(format!("/organizations/{id}/registration"))
    });
    match done.await {
        Ok(path) => Ok(view.see_other_with(&path, "registry-flash-certificate")),
        Err(error) => {
            form.take_up(AppError::from(error))?;
            own::show_with(&who.actor, &view, &state, id, &form).await
        }
    }
}

pub async fn download(who: SignedIn, state: Data<State>, id: Path<ProviderId>) -> Answer {
    let (id, actor) = (*id, who.0.clone());
    let (file, of) = state
        .store
        .read(move |db| {
            let provider = if actor.may::<CheckProviders>() {
                queries::find(db, id)?
            } else {
                queries::find_own(db, id, actor.body_id())?
            };
            let file = queries::find_certificate(db, id)?.ok_or(Failure::NotFound)?;
            Ok((file, provider.body_id))
        })
        .await?;
    let look = Look::at(Looked::Papers, "provider", id.0).of_body(of);
    access::looked(&state.store, &who.0, look).await?;
    send(&state, file).await
}
