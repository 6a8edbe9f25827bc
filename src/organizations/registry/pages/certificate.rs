//! The scan of the registration certificate: handed in by the body, read by it and by reviewers.

use super::own;
use crate::infra::failure::{Failure, Refusal};
use crate::infra::files;
use crate::kernel::text;
use crate::organizations::registry::actions;
use crate::organizations::registry::model::{CheckProviders, KeepOwnProvider, NewFile, ProviderId};
use crate::organizations::registry::queries;
use crate::web::{Answer, AppError, May, SignedIn, State, View, multipart};
use actix_multipart::Multipart;
use actix_web::HttpResponse;
use actix_web::http::header::{
    Charset, ContentDisposition, DispositionParam, DispositionType, ExtendedValue,
};
use actix_web::web::{Data, Path};

/// A scan is one of these, whatever its name says.
const SCANS: &[&str] = &["application/pdf", "image/jpeg", "image/png"];

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
    let (mut form, uploads) = multipart::read(body).await?;
    let mut scan = uploads
        .into_iter()
        .filter(|upload| upload.field == "certificate");
    let Some(scan) = scan.next() else {
        form.refuse(Refusal::new("form-missing").at("certificate"));
        return own::show_with(&who.actor, &view, &state, id, &form).await;
    };
    let kind = files::media_type(&scan.bytes).filter(|kind| SCANS.contains(kind));
    let Some(media_type) = kind else {
        form.refuse(Refusal::new("registry-certificate-type").at("certificate"));
        return own::show_with(&who.actor, &view, &state, id, &form).await;
    };
    let name = file_name(&scan.name);
    let key = view.once_key(&form);
    let stored = state.files.put(scan.bytes).await?;
    let done = state.write_once(key, move |tx| {
        let file = NewFile {
            name: name.clone(),
            media_type,
            size: stored.size,
            sha256: stored.sha256.clone(),
            storage_key: stored.key.clone(),
        };
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

/// The name as typed, without folders, short enough for every disk.
fn file_name(typed: &str) -> String {
    let last = typed.rsplit(['/', '\\']).next().unwrap_or_default();
    match text::excerpt(&text::clean(last), 120) {
        name if name.is_empty() => "certificate".to_owned(),
        name => name,
    }
}

pub async fn download(who: SignedIn, state: Data<State>, id: Path<ProviderId>) -> Answer {
    let (id, actor) = (*id, who.0);
    let file = state
        .store
        .read(move |db| {
            if !actor.may::<CheckProviders>() {
                queries::find_own(db, id, actor.body_id())?;
            }
            queries::find_certificate(db, id)?.ok_or(Failure::NotFound)
        })
        .await?;
    let bytes = state.files.stream(&file.storage_key).await?;
    let disposition = ContentDisposition {
        disposition: DispositionType::Attachment,
        parameters: vec![DispositionParam::FilenameExt(ExtendedValue {
            charset: Charset::Ext("UTF-8".to_owned()),
            language_tag: None,
            value: file.name.into_bytes(),
        })],
    };
    Ok(HttpResponse::Ok()
        .content_type(file.media_type)
        .insert_header(disposition)
        .streaming(bytes))
}
