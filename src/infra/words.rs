//! Fluent messages in the languages of the portal. Arguments are strings: money and dates are worded before.

use super::embedded::Templates;
use super::failure::Failure;
use super::traditional::Traditional;
pub use crate::kernel::language::Language;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use std::sync::OnceLock;
use unic_langid::LanguageIdentifier;

type Bundle = FluentBundle<FluentResource>;

pub struct Words {
    chinese: Bundle,
    english: Bundle,
    /// Made of the simplified words when somebody first asks, so that the start does not wait for it.
    traditional: OnceLock<Result<Bundle, String>>,
}

/// Every `locales/<folder>/*.ftl`; a syntax error or a key said twice is an error.
fn read(
    language: Language,
    folder: &str,
    convert: impl Fn(String) -> String,
) -> Result<Bundle, Failure> {
    let id: LanguageIdentifier = language.as_str().parse().map_err(Failure::internal)?;
    let mut bundle = FluentBundle::new_concurrent(vec![id]);
    bundle.set_use_isolating(false);
    for path in Templates::iter().filter(|path| {
        path.strip_prefix("locales/")
            .and_then(|path| path.strip_prefix(folder))
            .is_some_and(|path| path.starts_with('/'))
    }) {
        // Keys and the names of arguments are ASCII, so that a whole file can be converted.
        let text = convert(super::embedded::text(&path).unwrap_or_default());
        let resource = FluentResource::try_new(text)
            .map_err(|(_, errors)| Failure::internal(format!("{path}: {errors:?}")))?;
        bundle
            .add_resource(resource)
            .map_err(|errors| Failure::internal(format!("{path}: {errors:?}")))?;
    }
    Ok(bundle)
}

impl Words {
    pub fn load() -> Result<Self, Failure> {
        let own = |language: Language| read(language, language.as_str(), |text| text);
        Ok(Self {
            chinese: own(Language::Chinese)?,
            english: own(Language::English)?,
            traditional: OnceLock::new(),
        })
    }

    fn bundle(&self, language: Language) -> Result<&Bundle, Failure> {
        match language {
            Language::Chinese => Ok(&self.chinese),
            Language::English => Ok(&self.english),
            Language::Traditional => self
                .traditional
                .get_or_init(|| {
                    let converter = Traditional::load().map_err(|error| error.to_string())?;
                    let folder = Language::Chinese.as_str();
                    read(language, folder, |text| converter.convert(&text))
                        .map_err(|error| error.to_string())
                })
                .as_ref()
                .map_err(Failure::internal),
        }
    }

    pub fn knows(&self, language: Language, key: &str) -> bool {
        self.bundle(language)
            .is_ok_and(|bundle| bundle.has_message(key))
    }

    /// The message, or an error that names what is missing: an unknown key or argument never reaches a reader.
    pub fn try_say(
        &self,
        language: Language,
        key: &str,
        args: &[(&str, &str)],
    ) -> Result<String, Failure> {
        let missing = || Failure::internal(format!("message {key} in {}", language.as_str()));
        let bundle = self.bundle(language)?;
        let pattern = bundle
            .get_message(key)
            .and_then(|message| message.value())
            .ok_or_else(missing)?;
        let mut fluent = FluentArgs::new();
        for (name, value) in args {
            fluent.set(*name, *value);
        }
        let mut errors = Vec::new();
        let text = bundle
            .format_pattern(pattern, Some(&fluent), &mut errors)
            .into_owned();
        if errors.is_empty() {
            Ok(text)
        } else {
            Err(Failure::internal(format!("message {key}: {errors:?}")))
        }
    }

    /// The message; a missing one is logged and shows its key, so that a page never dies of a word.
    pub fn say(&self, language: Language, key: &str, args: &[(&str, &str)]) -> String {
        self.try_say(language, key, args).unwrap_or_else(|error| {
            tracing::error!(%error, "a message is missing");
            key.to_owned()
        })
    }
}
