//! Scans that a body hands in: taken by their content, given back as a download.

use crate::infra::failure::Refusal;
use crate::infra::files;
use crate::kernel::text;
use crate::organizations::registry::model::{NewFile, StoredFile};
use crate::web::{Answer, AppError, Form, State, multipart};
use actix_multipart::Multipart;
use actix_web::HttpResponse;
use actix_web::http::header::{
    Charset, ContentDisposition, DispositionParam, DispositionType, ExtendedValue,
};

/// A scan is one of these, whatever its name says.
fn is_scan(media_type: &str) -> bool {
    matches!(media_type, "application/pdf" | "image/jpeg" | "image/png")
}

/// Reads a form with one scan in `field` and stores its bytes; without a good one the form says why.
pub async fn read_upload(
    state: &State,
    body: Multipart,
    field: &'static str,
) -> Result<(Form, Option<NewFile>), AppError> {
    let (mut form, uploads) = multipart::read(body).await?;
    // An empty file is no file: the field says that one is missing.
    let is_here = |upload: &multipart::Upload| upload.field == field && !upload.bytes.is_empty();
    let Some(scan) = uploads.into_iter().find(is_here) else {
        form.refuse(Refusal::new("registry-file-missing").at(field));
        return Ok((form, None));
    };
    let Some(media_type) = files::media_type(&scan.bytes).filter(|kind| is_scan(kind)) else {
        form.refuse(Refusal::new("registry-certificate-type").at(field));
        return Ok((form, None));
    };
    let name = file_name(&scan.name);
    let stored = state.files.put(scan.bytes).await?;
    let file = NewFile {
        name,
        media_type,
        size: stored.size,
        sha256: stored.sha256,
        storage_key: stored.key,
    };
    Ok((form, Some(file)))
}

/// The name as typed, without folders, short enough for every disk.
fn file_name(typed: &str) -> String {
    let last = typed.rsplit(['/', '\\']).next().unwrap_or_default();
    match text::excerpt(&text::clean(last), 120) {
        name if name.is_empty() => "scan".to_owned(),
        name => name,
    }
}

/// The file as a download: never shown inside a page of ours.
pub async fn send(state: &State, file: StoredFile) -> Answer {
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

#[cfg(test)]
mod tests {
    use super::file_name;

    #[test]
    fn names_keep_no_folders() {
        for (typed, kept) in [
            ("证书.pdf", "证书.pdf"),
            ("../../etc/passwd", "passwd"),
            ("C:\\scans\\a.png", "a.png"),
            ("\u{202E}gpj.exe", "gpj.exe"),
            ("", "scan"),
            ("/", "scan"),
        ] {
            assert_eq!(file_name(typed), kept);
        }
    }
}
