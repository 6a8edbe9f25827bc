//! Templates, messages, assets and reference data, carried inside the binary.

#[derive(rust_embed::RustEmbed)]
#[folder = "templates/"]
pub struct Templates;

/// A text file under `templates/`.
pub fn text(path: &str) -> Option<String> {
    Templates::get(path).and_then(|file| String::from_utf8(file.data.into_owned()).ok())
}
