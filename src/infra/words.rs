//! Fluent messages in the languages of the portal. Arguments are strings: money and dates are worded before.

use super::embedded::Templates;
use super::failure::Failure;
pub use crate::kernel::language::Language;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use std::collections::HashMap;
use unic_langid::LanguageIdentifier;

pub struct Words {
    bundles: HashMap<&'static str, FluentBundle<FluentResource>>,
}

impl Words {
    /// Reads every `locales/<language>/*.ftl`; a syntax error or a key said twice is an error at start.
    pub fn load() -> Result<Self, Failure> {
        let mut bundles = HashMap::new();
        for language in Language::ALL {
            let id: LanguageIdentifier = language.as_str().parse().map_err(Failure::internal)?;
            let mut bundle = FluentBundle::new_concurrent(vec![id]);
            bundle.set_use_isolating(false);
            let folder = format!("locales/{}/", language.as_str());
            for path in Templates::iter().filter(|path| path.starts_with(&folder)) {
                let text = super::embedded::text(&path).unwrap_or_default();
                let resource = FluentResource::try_new(text)
                    .map_err(|(_, errors)| Failure::internal(format!("{path}: {errors:?}")))?;
                bundle
                    .add_resource(resource)
                    .map_err(|errors| Failure::internal(format!("{path}: {errors:?}")))?;
            }
            bundles.insert(language.as_str(), bundle);
        }
        Ok(Self { bundles })
    }

    pub fn knows(&self, language: Language, key: &str) -> bool {
        self.bundles
            .get(language.as_str())
            .is_some_and(|bundle| bundle.has_message(key))
    }

    /// The message, or an error that names what is missing: an unknown key or argument never reaches a reader.
    pub fn try_say(
        &self,
        language: Language,
        key: &str,
        args: &[(&str, &str)],
    ) -> Result<String, Failure> {
        let missing = || Failure::internal(format!("message {key} in {}", language.as_str()));
        let bundle = self.bundles.get(language.as_str()).ok_or_else(missing)?;
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
