//! A posted form: typed values are kept, each refusal stands at its field.

use super::AppError;
use super::context::Ctx;
use crate::infra::failure::Refusal;
use crate::infra::words::{Language, Words};
use crate::kernel::text;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::future::{Ready, ready};
use std::str::FromStr;

#[derive(Default, Debug, Clone)]
pub struct Form {
    typed: BTreeMap<String, Vec<String>>,
    refusals: Vec<Refusal>,
    /// Which message names a field, for the summary on top: “please fill this in” needs to say what.
    labels: BTreeMap<&'static str, &'static str>,
}

impl Form {
    pub fn from_pairs<K: Into<String>, V: Into<String>>(
        pairs: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let mut form = Self::default();
        for (name, value) in pairs {
            let (name, mut value) = (name.into(), value.into());
            // PostgreSQL takes NUL in no text, and nobody types one.
            value.retain(|c| c != '\0');
            form.typed.entry(name).or_default().push(value);
        }
        form
    }

    pub fn from_body(body: &[u8]) -> Self {
        Self::from_pairs(
            url::form_urlencoded::parse(body).map(|(k, v)| (k.into_owned(), v.into_owned())),
        )
    }

    /// Names fields by messages: `form.name(&[("phone", "registry-phone")])`.
    pub fn name(&mut self, labels: &[(&'static str, &'static str)]) {
        self.labels.extend(labels.iter().copied());
    }

    /// Fills a field for showing.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.typed.insert(name.to_owned(), vec![value.to_string()]);
        self
    }

    #[must_use]
    pub fn with_all(mut self, name: &str, values: impl IntoIterator<Item = String>) -> Self {
        self.typed
            .insert(name.to_owned(), values.into_iter().collect());
        self
    }

    /// As typed, without any cleaning: passwords.
    pub fn raw(&self, name: &str) -> &str {
        self.typed
            .get(name)
            .and_then(|values| values.first())
            .map_or("", String::as_str)
    }

    pub fn all(&self, name: &str) -> Vec<String> {
        self.typed
            .get(name)
            .map(|values| values.iter().map(|v| text::clean(v)).collect())
            .unwrap_or_default()
    }

    pub fn has(&self, name: &str) -> bool {
        self.typed.contains_key(name)
    }

    /// The address of a selection by these fields, and of another page of it.
    pub fn address(&self, path: &str, fields: &[&str], after: Option<&str>) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for name in fields.iter().filter(|name| !self.raw(name).is_empty()) {
            query.append_pair(name, self.raw(name));
        }
        if let Some(after) = after {
            query.append_pair("after", after);
        }
        match query.finish() {
            query if query.is_empty() => path.to_owned(),
            query => format!("{path}?{query}"),
        }
    }

    pub fn is_checked(&self, name: &str) -> bool {
        !self.raw(name).is_empty()
    }

    /// A text of at most `max` characters, cleaned; empty is refused. On refusal the text is empty.
    pub fn text(&mut self, name: &'static str, max: usize) -> String {
        let value = self.optional(name, max);
        if value.is_empty() && !self.is_refused(name) {
            self.refuse(Refusal::new("form-missing").at(name));
        }
        value
    }

    /// A name of at most `max` characters: as [`Self::text`], in one line whatever was typed.
    pub fn name_of(&mut self, name: &'static str, max: usize) -> String {
        text::one_line(&self.text(name, max))
    }

    pub fn optional(&mut self, name: &'static str, max: usize) -> String {
        let value = text::clean(self.raw(name));
        if text::chars(&value) > max {
            self.refuse(Refusal::new("form-too-long").arg("max", max).at(name));
            return String::new();
        }
        value
    }

    /// A value of a type that knows how to read itself; empty is refused as missing.
    pub fn parsed<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, Refusal>,
    ) -> Option<T> {
        let value = text::clean(self.raw(name));
        if value.is_empty() {
            self.refuse(Refusal::new("form-missing").at(name));
            return None;
        }
        parse(&value)
            .map_err(|refusal| self.refuse(refusal.at(name)))
            .ok()
    }

    /// One of a closed set: select, radio, an id in a hidden field.
    pub fn one_of<T: FromStr>(&mut self, name: &'static str) -> Option<T> {
        self.parsed(name, |value| {
            value
                .parse()
                .map_err(|_unknown| Refusal::new("form-choose"))
        })
    }

    /// The version of the row that the form showed.
    pub fn version(&self) -> i64 {
        self.raw("version").parse().unwrap_or(-1)
    }

    pub fn refuse(&mut self, refusal: Refusal) {
        self.refusals.push(refusal);
    }

    /// This form's values with another one's refusals.
    #[must_use]
    pub fn refused_like(mut self, other: Self) -> Self {
        self.refusals = other.refusals;
        self
    }

    /// Takes up what an action refused; any other error goes on up.
    pub fn take_up(&mut self, error: AppError) -> Result<(), AppError> {
        self.refusals.extend(error.refusals()?);
        Ok(())
    }

    pub fn is_refused(&self, name: &str) -> bool {
        self.refusals
            .iter()
            .any(|refusal| refusal.field == Some(name))
    }

    pub fn is_ok(&self) -> bool {
        self.refusals.is_empty()
    }

    /// What templates read: `form.typed`, `form.errors` for the summary, `form.at` by field.
    pub fn view(&self, words: &Words, language: Language) -> Value {
        let worded: Vec<(Option<&str>, String)> = self
            .refusals
            .iter()
            .map(|refusal| (refusal.field, word(words, language, refusal)))
            .collect();
        let errors: Vec<Value> = self
            .refusals
            .iter()
            .zip(&worded)
            .map(|(refusal, (field, text))| {
                // The general sentences name no field; at the field itself its label stands above.
                let label = field
                    .filter(|_| refusal.key.starts_with("form-"))
                    .and_then(|field| self.labels.get(field));
                let text = match label {
                    Some(label) => {
                        let label = words.say(language, label, &[]);
                        words.say(
                            language,
                            "form-at-field",
                            &[("label", &label), ("text", text)],
                        )
                    }
                    None => text.clone(),
                };
                json!({ "href": format!("#{}", field.unwrap_or("main")), "text": text, "code": refusal.key })
            })
            .collect();
        let at: BTreeMap<&str, &String> = worded
            .iter()
            .rev()
            .filter_map(|(field, text)| field.map(|field| (field, text)))
            .collect();
        let typed: BTreeMap<&String, &Vec<String>> = self
            .typed
            .iter()
            .filter(|(name, _)| !is_secret(name))
            .collect();
        json!({ "typed": typed, "errors": errors, "at": at })
    }
}

/// Fields that are neither kept nor shown again: passwords and codes.
pub fn is_secret(name: &str) -> bool {
    name.contains("password") || name == "one_time_code"
}

/// A refusal in words, its article after the sentence.
pub fn word(words: &Words, language: Language, refusal: &Refusal) -> String {
    let args: Vec<(&str, &str)> = refusal.args.iter().map(|(k, v)| (*k, v.as_str())).collect();
    let sentence = words.say(language, refusal.key, &args);
    match &refusal.article {
        Some(article) => words.say(
            language,
            "form-with-article",
            &[("sentence", &sentence), ("article", article)],
        ),
        None => sentence,
    }
}

impl FromRequest for Form {
    type Error = AppError;
    type Future = Ready<Result<Self, AppError>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        ready(
            Ctx::from_request(req, payload)
                .into_inner()
                .map(|ctx| Self::from_body(&ctx.body)),
        )
    }
}
