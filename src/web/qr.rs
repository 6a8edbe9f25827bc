//! QR codes as pictures in the page: no file, no other host.

use super::AppError;
use qrcode::{Color, QrCode};
use serde_json::{Value, json};
use std::fmt::Write;

/// A QR code as one path in squares of 1, with the quiet border of 4 that readers want; for `parts/qr`.
pub fn picture(text: &str) -> Result<Value, AppError> {
    let code = QrCode::new(text).map_err(AppError::internal)?;
    let width = code.width();
    let mut path = String::new();
    for (at, color) in code.to_colors().into_iter().enumerate() {
        if color == Color::Dark {
            let (x, y) = (at % width + 4, at / width + 4);
            write!(path, "M{x} {y}h1v1h-1z").map_err(AppError::internal)?;
        }
    }
    Ok(json!({ "size": (width + 8).to_string(), "path": path }))
}
