//! Handlebars with our own few helpers. No helper decides anything; a missing value is an error, never an empty page.

use super::assets;
use crate::infra::embedded::{self, Templates};
use crate::infra::failure::Failure;
use crate::infra::words::{Language, Words};
use crate::kernel::phone;
use handlebars::{
    Context, Handlebars, Helper, HelperDef, HelperResult, Output, RenderContext, RenderError,
    RenderErrorReason, Renderable, ScopedJson,
};
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::Arc;

pub struct Pages {
    registry: Handlebars<'static>,
}

impl Pages {
    pub fn load(words: &Arc<Words>, prefix: &str) -> Result<Self, Failure> {
        let mut registry = Handlebars::new();
        registry.set_strict_mode(true);
        // An indented partial would put its indentation into a textarea's value.
        registry.set_prevent_indent(true);
        for path in Templates::iter().filter(|path| !path.starts_with("mail/")) {
            if let Some(name) = path.strip_suffix(".hbs") {
                let source = embedded::text(&path).unwrap_or_default();
                registry
                    .register_template_string(name, source)
                    .map_err(Failure::internal)?;
            }
        }
        registry.register_helper("t", Box::new(Say(Arc::clone(words))));
        registry.register_helper("field", Box::new(Field(Arc::clone(words))));
        registry.register_helper("u", Box::new(Link(prefix.to_owned())));
        registry.register_helper("asset", Box::new(Asset(prefix.to_owned())));
        registry.register_helper("tel", Box::new(Tel));
        registry.register_helper("if", Box::new(If(true)));
        registry.register_helper("unless", Box::new(If(false)));
        Ok(Self { registry })
    }

    pub fn render(&self, template: &str, view: &impl Serialize) -> Result<String, Failure> {
        self.registry
            .render(template, view)
            .map_err(|error| Failure::internal(format!("{template}: {error}")))
    }
}

fn fail(what: impl Into<String>) -> RenderError {
    RenderErrorReason::Other(what.into()).into()
}

fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn language(ctx: &Context) -> Language {
    ctx.data()
        .pointer("/page/lang")
        .and_then(Value::as_str)
        .and_then(|l| l.parse().ok())
        .unwrap_or(Language::Chinese)
}

fn first<'a>(h: &'a Helper<'_>) -> Result<&'a Value, RenderError> {
    let param = h
        .param(0)
        .ok_or_else(|| fail(format!("{}: no parameter", h.name())))?;
    if param.is_value_missing() {
        return Err(fail(format!(
            "{}: {} is missing",
            h.name(),
            param.relative_path().map_or("value", String::as_str)
        )));
    }
    Ok(param.value())
}

/// `{{t "key" name=value}}`: a message in the page's language, escaped by handlebars like any value.
struct Say(Arc<Words>);

impl HelperDef for Say {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        h: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        ctx: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        let key = text_of(first(h)?);
        let mut args = Vec::new();
        for (name, value) in h.hash() {
            if value.is_value_missing() {
                return Err(fail(format!("t {key}: {name} is missing")));
            }
            args.push((*name, text_of(value.value())));
        }
        let args: Vec<(&str, &str)> = args
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let text = self
            .0
            .try_say(language(ctx), &key, &args)
            .map_err(|error| fail(error.to_string()))?;
        Ok(ScopedJson::Derived(Value::String(text)))
    }
}

/// `href="tel:{{tel phone}}"`: what a telephone dials.
struct Tel;

impl HelperDef for Tel {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        h: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        let number = phone::tel(&text_of(first(h)?));
        Ok(ScopedJson::Derived(Value::String(number)))
    }
}

/// `{{field "email" label="accounts-email" type="email"}}`: one form field, from `form` at the page's root.
///
/// Parameters: `label` (message), `hint` (message), `type` (`text`, `email`, `password`, `number`, `date`,
/// `datetime-local`, `textarea`, `select`, `radios`, `checkboxes`, `file`), `options` (from the view: `[{value, label, hint?}]`),
/// `prefix`/`suffix` (messages), `width` (`full`, `half`, `short`), `rows`, `max`, `autocomplete`, `inputmode`, `optional=true`.
struct Field(Arc<Words>);

impl HelperDef for Field {
    fn call<'reg: 'rc, 'rc>(
        &self,
        h: &Helper<'rc>,
        registry: &'reg Handlebars<'reg>,
        ctx: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let name = text_of(first(h)?);
        let param = |key: &str| -> Result<Option<Value>, RenderError> {
            match h.hash_get(key) {
                Some(value) if value.is_value_missing() => {
                    Err(fail(format!("field {name}: {key} is missing")))
                }
                Some(value) => Ok(Some(value.value().clone()).filter(|value| !value.is_null())),
                None => Ok(None),
            }
        };
        let text = |key: &str| -> Result<Option<String>, RenderError> {
            Ok(param(key)?.map(|value| text_of(&value)))
        };
        let lang = language(ctx);
        let say = |key: Option<String>| -> Result<Option<String>, RenderError> {
            key.map(|key| {
                self.0
                    .try_say(lang, &key, &[])
                    .map_err(|error| fail(error.to_string()))
            })
            .transpose()
        };
        let form = ctx
            .data()
            .get("form")
            .ok_or_else(|| fail(format!("field {name}: the page has no form")))?;
        let typed: Vec<String> = form
            .pointer("/typed")
            .and_then(|typed| typed.get(&name))
            .and_then(Value::as_array)
            .map(|values| values.iter().map(text_of).collect())
            .unwrap_or_default();
        let error = form
            .pointer("/at")
            .and_then(|at| at.get(&name))
            .map(text_of);
        let kind = text("type")?.unwrap_or_else(|| "text".into());
        param("options")?;
        let given = h
            .hash_get("options")
            .and_then(|options| options.value().as_array())
            .map_or(&[][..], Vec::as_slice);
        let is_select = kind == "select";
        let (options, select) = if is_select {
            (Vec::new(), select_options(given, &typed))
        } else {
            (choices(&name, given, &typed), String::new())
        };
        let view = json!({
            "page": ctx.data().get("page"),
            "id": name,
            "name": name,
            "label": say(text("label")?)?.ok_or_else(|| fail(format!("field {name}: no label")))?,
            "hint": say(text("hint")?)?,
            "error": error,
            "value": typed.first().map_or("", String::as_str),
            "is_input": !matches!(kind.as_str(), "textarea" | "select" | "radios" | "checkboxes" | "file"),
            "is_textarea": kind == "textarea",
            "is_select": is_select,
            "is_radios": kind == "radios",
            "is_checkboxes": kind == "checkboxes",
            "is_file": kind == "file",
            "input_type": kind,
            "autocomplete": text("autocomplete")?,
            "inputmode": text("inputmode")?,
            "prefix": say(text("prefix")?)?,
            "suffix": say(text("suffix")?)?,
            "rows": text("rows")?.unwrap_or_else(|| "6".into()),
            "maxlength": text("max")?,
            "required": text("optional")?.is_none(),
            "multiple": text("multiple")?.is_some(),
            "width": text("width")?.unwrap_or_else(|| "full".into()),
            "options": options,
            "select": select,
        });
        out.write(&registry.render("parts/field", &view)?)?;
        Ok(())
    }
}

fn label_of(option: &Value, key: &str) -> String {
    option.get(key).map(text_of).unwrap_or_default()
}

/// The buttons or boxes of a choice.
fn choices(name: &str, options: &[Value], typed: &[String]) -> Vec<Value> {
    options
        .iter()
        .enumerate()
        .map(|(i, option)| {
            let value = label_of(option, "value");
            json!({
                "id": format!("{name}-{i}"),
                "label": label_of(option, "label"),
                "hint": option.get("hint").filter(|hint| !hint.is_null()).map(text_of),
                "checked": typed.contains(&value),
                "value": value,
            })
        })
        .collect()
}

/// The options of a select, written here: a filter by catalogue item has hundreds, and through the template they took
/// most of their page's time.
fn select_options(options: &[Value], typed: &[String]) -> String {
    let mut html = String::with_capacity(options.len() * 64);
    for option in options {
        let value = label_of(option, "value");
        let selected = if typed.contains(&value) {
            " selected"
        } else {
            ""
        };
        let label = handlebars::html_escape(&label_of(option, "label"));
        let value = handlebars::html_escape(&value);
        html.extend([
            "<option value=\"",
            &value,
            "\"",
            selected,
            ">",
            &label,
            "</option>\n",
        ]);
    }
    html
}

/// `{{u "/projects"}}`: a path on this portal, under the deployment's prefix.
struct Link(String);

impl HelperDef for Link {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        h: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        let path = text_of(first(h)?);
        // An address in the page (`#part`, `?page=2`) or elsewhere stays as it is.
        let link = if path.starts_with('/') {
            format!("{}{path}", self.0)
        } else {
            path
        };
        Ok(ScopedJson::Derived(Value::String(link)))
    }
}

/// `{{asset "portal.css"}}`: an asset under its versioned address.
struct Asset(String);

impl HelperDef for Asset {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        h: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        let name = text_of(first(h)?);
        let version =
            assets::version(&name).ok_or_else(|| fail(format!("asset {name} does not exist")))?;
        Ok(ScopedJson::Derived(Value::String(format!(
            "{}/assets/{name}?v={version}",
            self.0
        ))))
    }
}

/// `{{#if}}` and `{{#unless}}` that refuse a missing value: strict mode does not reach helper parameters.
struct If(bool);

impl HelperDef for If {
    fn call<'reg: 'rc, 'rc>(
        &self,
        h: &Helper<'rc>,
        registry: &'reg Handlebars<'reg>,
        ctx: &'rc Context,
        rc: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let truthy = match first(h)? {
            Value::Null | Value::Bool(false) => false,
            Value::String(text) => !text.is_empty(),
            Value::Array(items) => !items.is_empty(),
            Value::Number(number) => number.as_f64() != Some(0.0),
            _ => true,
        };
        let branch = if truthy == self.0 {
            h.template()
        } else {
            h.inverse()
        };
        branch.map_or(Ok(()), |template| template.render(registry, ctx, rc, out))
    }
}
