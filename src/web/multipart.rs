//! Forms with files: fields in memory, one file at a time handed on piece by piece, never to a temporary file.

use super::{AppError, Form};
use crate::infra::files::MAX_FILE;
use actix_multipart::{Field, Multipart};
use actix_web::web::Bytes;
use futures_util::StreamExt;

/// The longest plain field of such a form, bytes.
const MAX_FIELD: usize = 64 * 1024;
/// All plain fields together, bytes.
const MAX_FIELDS: usize = 512 * 1024;
/// Fields and files of one body.
const MAX_PARTS: usize = 200;

/// A file part whose pieces were kept in memory: small documents such as CSV imports and scans (≤ [`MAX_FILE`]).
pub struct Upload {
    pub field: String,
    pub name: String,
    pub bytes: Vec<u8>,
}

/// Reads a whole multipart body into memory, at most [`MAX_FILE`] of files. Empty files are left out; a broken body is a
/// bad request.
pub async fn read(multipart: Multipart) -> Result<(Form, Vec<Upload>), AppError> {
    let (mut parts, mut uploads) = (Parts::new(multipart), Vec::new());
    let mut kept = 0;
    while let Some(mut file) = parts.next_file().await? {
        let mut bytes = Vec::new();
        while let Some(chunk) = file.chunk().await? {
            kept += chunk.len();
            if kept > MAX_FILE {
                return Err(AppError::TooLarge);
            }
            bytes.extend_from_slice(&chunk);
        }
        if !(file.name.is_empty() && bytes.is_empty()) {
            uploads.push(Upload {
                field: file.field,
                name: file.name,
                bytes,
            });
        }
    }
    Ok((parts.into_form(), uploads))
}

/// A multipart body read part by part: files are handed on as they arrive, plain fields are kept.
pub struct Parts {
    multipart: Multipart,
    pairs: Vec<(String, String)>,
    seen: usize,
    kept: usize,
}

impl Parts {
    pub fn new(multipart: Multipart) -> Self {
        Self {
            multipart,
            pairs: Vec::new(),
            seen: 0,
            kept: 0,
        }
    }

    /// The next file; the one before must have been read to its end.
    pub async fn next_file(&mut self) -> Result<Option<FilePart>, AppError> {
        while let Some(part) = self.multipart.next().await {
            let part = part.map_err(|_broken| AppError::BadRequest)?;
            self.seen += 1;
            if self.seen > MAX_PARTS {
                return Err(AppError::TooLarge);
            }
            let (field, file) = {
                let disposition = part.content_disposition().ok_or(AppError::BadRequest)?;
                let field = disposition.get_name().ok_or(AppError::BadRequest)?;
                (
                    field.to_owned(),
                    disposition.get_filename().map(str::to_owned),
                )
            };
            let mut part = FilePart {
                field,
                name: String::new(),
                limit: MAX_FILE,
                part,
                size: 0,
            };
            if let Some(name) = file {
                part.name = name;
                return Ok(Some(part));
            }
            part.limit = MAX_FIELD;
            let mut value = Vec::new();
            while let Some(chunk) = part.chunk().await? {
                value.extend_from_slice(&chunk);
            }
            let value = String::from_utf8(value).map_err(|_bytes| AppError::BadRequest)?;
            self.kept += part.field.len() + value.len();
            if self.kept > MAX_FIELDS {
                return Err(AppError::TooLarge);
            }
            self.pairs.push((part.field, value));
        }
        Ok(None)
    }

    /// The plain fields.
    pub fn into_form(self) -> Form {
        Form::from_pairs(self.pairs)
    }
}

pub struct FilePart {
    pub field: String,
    /// As the browser gave it.
    pub name: String,
    limit: usize,
    part: Field,
    size: usize,
}

impl FilePart {
    /// The next piece; more than [`MAX_FILE`] in all is refused.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, AppError> {
        let Some(chunk) = self.part.next().await else {
            return Ok(None);
        };
        let chunk = chunk.map_err(|_broken| AppError::BadRequest)?;
        self.size += chunk.len();
        if self.size > self.limit {
            return Err(AppError::TooLarge);
        }
        Ok(Some(chunk))
    }
}
