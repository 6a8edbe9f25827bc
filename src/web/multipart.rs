//! Forms with files: fields in memory, one file at a time handed on piece by piece, never to a temporary file.

use super::{AppError, Form};
use crate::infra::files::MAX_FILE;
use actix_multipart::Multipart;
use actix_web::web::Bytes;
use futures_util::StreamExt;

/// A file part whose pieces were kept in memory: small documents such as CSV imports and scans (≤ [`MAX_FILE`]).
pub struct Upload {
    pub field: String,
    pub name: String,
    pub bytes: Vec<u8>,
}

/// Reads a whole multipart body. Empty file fields are left out; a broken body is a bad request.
pub async fn read(multipart: Multipart) -> Result<(Form, Vec<Upload>), AppError> {
    let mut uploads: Vec<Upload> = Vec::new();
    let form = read_streaming(multipart, |event| {
        match event {
            Piece::Begin { field, name } => uploads.push(Upload {
                field,
                name,
                bytes: Vec::new(),
            }),
            Piece::More(bytes) => {
                if let Some(upload) = uploads.last_mut() {
                    upload.bytes.extend_from_slice(&bytes);
                }
            }
            Piece::End => {}
        }
        Ok(())
    })
    .await?;
    uploads.retain(|upload| !(upload.name.is_empty() && upload.bytes.is_empty()));
    Ok((form, uploads))
}

pub enum Piece {
    Begin { field: String, name: String },
    More(Bytes),
    End,
}

/// Hands every file on piece by piece as it arrives; returns the plain fields.
pub async fn read_streaming(
    mut multipart: Multipart,
    mut take: impl FnMut(Piece) -> Result<(), AppError>,
) -> Result<Form, AppError> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    while let Some(part) = multipart.next().await {
        let mut part = part.map_err(|_broken| AppError::BadRequest)?;
        let (field, file) = {
            let disposition = part.content_disposition().ok_or(AppError::BadRequest)?;
            (
                disposition
                    .get_name()
                    .ok_or(AppError::BadRequest)?
                    .to_owned(),
                disposition.get_filename().map(str::to_owned),
            )
        };
        let is_file = file.is_some();
        let limit = if is_file { MAX_FILE } else { 64 * 1024 };
        if let Some(name) = file {
            take(Piece::Begin {
                field: field.clone(),
                name,
            })?;
        }
        let (mut value, mut size) = (Vec::new(), 0);
        while let Some(chunk) = part.next().await {
            let chunk = chunk.map_err(|_broken| AppError::BadRequest)?;
            size += chunk.len();
            if size > limit {
                return Err(AppError::TooLarge);
            }
            if is_file {
                take(Piece::More(chunk))?;
            } else {
                value.extend_from_slice(&chunk);
            }
        }
        if is_file {
            take(Piece::End)?;
        } else {
            pairs.push((
                field,
                String::from_utf8(value).map_err(|_bytes| AppError::BadRequest)?,
            ));
        }
    }
    Ok(Form::from_pairs(pairs))
}
