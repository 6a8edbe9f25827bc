//! Templates, messages, assets and reference data, carried inside the binary.

#[derive(rust_embed::RustEmbed)]
#[folder = "templates/"]
pub struct Templates;

/// The pictures of the guides, `<language>/<name>.webp`.
#[derive(rust_embed::RustEmbed)]
#[folder = "docs/help/pictures/"]
pub struct Pictures;

/// A text file under `templates/`.
pub fn text(path: &str) -> Option<String> {
    Templates::get(path).and_then(|file| String::from_utf8(file.data.into_owned()).ok())
}
