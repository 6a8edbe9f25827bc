//! The frame of every page: language, actor, tokens; `render` puts a room's view into it.

use super::AppError;
use super::api;
use super::context::Ctx;
use super::error::{Personal, Worded};
use super::form::{self, Form};
use super::state::State;
use crate::infra::actor::Actor;
use crate::infra::failure::{Failure, Refusal};
use crate::infra::ledger;
use crate::infra::seal::random_hex;
use crate::infra::tokens;
use crate::infra::words::Language;
use crate::kernel::instant;
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use chrono::NaiveDateTime;
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::future::{Ready, ready};
use std::time::Duration;
use tokio::sync::SemaphorePermit;
use tokio::time::timeout;

/// How long an export waits for its turn.
const EXPORT_WAIT: Duration = Duration::from_secs(10);

#[derive(Clone)]
pub struct View {
    pub ctx: Ctx,
    pub state: Data<State>,
}

impl FromRequest for View {
    type Error = AppError;
    type Future = Ready<Result<Self, AppError>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let state = req
            .app_data::<Data<State>>()
            .cloned()
            .ok_or_else(|| AppError::internal("no state"));
        ready(state.and_then(|state| {
            Ok(Self {
                ctx: Ctx::from_request(req, payload).into_inner()?,
                state,
            })
        }))
    }
}

impl View {
    pub fn language(&self) -> Language {
        self.ctx.language
    }

    pub fn actor(&self) -> Option<&Actor> {
        self.ctx.actor.as_ref()
    }

    /// The query of the address as a form.
    pub fn query(&self) -> Form {
        let query = self.ctx.path.split_once('?').map_or("", |(_, query)| query);
        Form::from_body(query.as_bytes())
    }

    /// The turn to put a whole list together; too many in a short time from one network are refused.
    pub async fn export_turn(&self) -> Result<SemaphorePermit<'_>, AppError> {
        if !self.state.throttle.allows_export(&self.ctx.network) {
            return Err(AppError::TooMany);
        }
        // Whoever waits longer is better off coming back than holding a connection.
        let turn = timeout(EXPORT_WAIT, self.state.exporting.acquire()).await;
        turn.map_err(|_long| AppError::TooMany)?
            .map_err(AppError::internal)
    }

    /// A message in the reader's language.
    pub fn say(&self, key: &str) -> String {
        self.state.words.say(self.ctx.language, key, &[])
    }

    pub fn say_with(&self, key: &str, args: &[(&str, &str)]) -> String {
        self.state.words.say(self.ctx.language, key, args)
    }

    pub fn word(&self, refusal: &Refusal) -> String {
        form::word(&self.state.words, self.ctx.language, refusal)
    }

    /// Choices for `{{field … options=…}}`: the values of a text enum, worded by `<prefix>-<value>`.
    pub fn options<'a>(&self, prefix: &str, values: impl IntoIterator<Item = &'a str>) -> Value {
        values
            .into_iter()
            .map(|value| json!({ "value": value, "label": self.say(&format!("{prefix}-{}", value.replace('_', "-"))) }))
            .collect()
    }

    /// Choices of a filter: all of them, named by `all`, then the values with their labels.
    pub fn choices(
        &self,
        all: &str,
        values: impl IntoIterator<Item = (String, String)>,
    ) -> Vec<Value> {
        std::iter::once((String::new(), self.say(all)))
            .chain(values)
            .map(|(value, label)| json!({ "value": value, "label": label }))
            .collect()
    }

    /// A thing's history for `parts/history`. People's names are for those who signed in; the public sees the body.
    pub fn history(&self, lines: &[(ledger::Line, Option<ledger::LineText>)]) -> Value {
        lines
            .iter()
            .map(|(line, text)| {
                let who = text.as_ref().map_or("", |text| text.who.as_str());
                let who = match (self.actor(), who.split_once(" · ")) {
                    (None, Some((body, _person))) => body,
                    (None, None) => "",
                    (Some(_), _) => who,
                };
                let key = format!("ledger-{}", line.what.replace(['.', '_'], "-"));
                json!({
                    "when": instant::minute(line.at),
                    "who": who,
                    "what": self.say(&key),
                    "reason": text.as_ref().and_then(|text| text.reason.as_ref()),
                    "article": line.article,
                })
            })
            .collect()
    }

    /// How many days something has waited, by the portal's clock.
    pub fn waited(&self, since: NaiveDateTime) -> String {
        let today = instant::shanghai_date(self.state.store.now());
        let days = (today - instant::shanghai_date(since)).num_days();
        self.say_with("layout-waited", &[("days", &days.to_string())])
    }

    fn token_subject(&self) -> String {
        match &self.ctx.actor {
            Some(actor) => format!("session {}", actor.session_id),
            None => format!("visitor {}", self.ctx.visitor),
        }
    }

    /// The form token of this session, or of this browser before sign-in.
    pub fn csrf(&self) -> String {
        tokens::mac(
            self.state.secrets.token_key(),
            "form",
            &self.token_subject(),
        )
    }

    pub fn csrf_is(&self, given: &str) -> bool {
        tokens::mac_is(
            self.state.secrets.token_key(),
            "form",
            &self.token_subject(),
            given,
        )
    }

    /// The key under which this form is carried out once: its hidden token, its place and its sender.
    pub fn once_key(&self, form: &Form) -> String {
        let path = self.ctx.path.split('?').next().unwrap_or_default();
        let token = match form.raw("once") {
            // A form without the token counts as new each time.
            "" => random_hex::<16>().unwrap_or_default(),
            token => token.to_owned(),
        };
        hex::encode(Sha256::digest(format!(
            "{}\n{path}\n{token}",
            self.token_subject()
        )))
    }

    /// A redirect after a carried-out form.
    pub fn see_other(&self, path: &str) -> HttpResponse {
        if self.ctx.is_api {
            return api::done(self, path, None);
        }
        HttpResponse::SeeOther()
            .insert_header(("location", format!("{}{path}", self.state.config.prefix)))
            .finish()
    }

    /// The same with a word at the top of the next page (a message key).
    pub fn see_other_with(&self, path: &str, flash: &str) -> HttpResponse {
        if self.ctx.is_api {
            return api::done(self, path, Some(flash));
        }
        let mut response = self.see_other(path);
        let cookie =
            super::cookies::cookie(&self.state.config, "flash", flash.to_owned(), Some(60));
        if let Err(error) = response.add_cookie(&cookie) {
            tracing::error!(%error, "flash cookie");
        }
        response
    }

    /// Renders `template` with the view's fields beside `page`. `nav` names the menu entry.
    pub fn render(
        &self,
        template: &str,
        nav: &str,
        title: &str,
        view: &impl Serialize,
    ) -> Result<HttpResponse, AppError> {
        self.render_as(StatusCode::OK, template, nav, title, view)
    }

    /// Shows a form again with its refusals: 422.
    pub fn refused(
        &self,
        template: &str,
        nav: &str,
        title: &str,
        view: &impl Serialize,
    ) -> Result<HttpResponse, AppError> {
        self.render_as(StatusCode::UNPROCESSABLE_ENTITY, template, nav, title, view)
    }

    /// 200, or 422 when the form holds refusals. The form goes into the view as `form`.
    pub fn render_form(
        &self,
        template: &str,
        nav: &str,
        title: &str,
        form: &Form,
        view: &impl Serialize,
    ) -> Result<HttpResponse, AppError> {
        let mut view = serde_json::to_value(view).map_err(Failure::from)?;
        if let Some(fields) = view.as_object_mut() {
            fields.insert(
                "form".into(),
                form.view(&self.state.words, self.ctx.language),
            );
        }
        let status = if form.is_ok() {
            StatusCode::OK
        } else {
            StatusCode::UNPROCESSABLE_ENTITY
        };
        self.render_as(status, template, nav, title, &view)
    }

    pub fn render_as(
        &self,
        status: StatusCode,
        template: &str,
        nav: &str,
        title: &str,
        view: &impl Serialize,
    ) -> Result<HttpResponse, AppError> {
        if self.ctx.is_api {
            let view = serde_json::to_value(view).map_err(Failure::from)?;
            return Ok(api::instead_of_page(self, status, title, &view));
        }
        let mut view = serde_json::to_value(view).map_err(Failure::from)?;
        let Some(fields) = view.as_object_mut() else {
            return Err(AppError::internal("a view must be an object"));
        };
        let csrf = self.csrf();
        fields.insert("page".into(), self.page(nav, title, &csrf)?);
        let html = self.state.pages.render(template, &view)?;
        let is_personal = html.contains(&csrf);
        let mut response = HttpResponse::build(status)
            .content_type("text/html; charset=utf-8")
            .body(html);
        response.extensions_mut().insert(Worded);
        if is_personal {
            response.extensions_mut().insert(Personal);
        }
        Ok(response)
    }

    fn page(&self, nav: &str, title: &str, csrf: &str) -> Result<Value, Failure> {
        let (ctx, config) = (&self.ctx, &self.state.config);
        // A form with files carries its token in the address: what was refused there is not linked with it.
        let here = match ctx.path.split("?csrf=").next() {
            None | Some("") => "/",
            Some(path) => path,
        };
        let switch = |address: &str, to: &str| {
            let query: String = url::form_urlencoded::Serializer::new(String::new())
                .append_pair("to", to)
                .append_pair("back", here)
                .finish();
            format!("{}{address}?{query}", config.prefix)
        };
        let langs: Vec<Value> = Language::ALL
            .iter()
            .map(|language| {
                json!({
                    "code": language.as_str(),
                    "label": language.own_name(),
                    "href": switch("/language", language.as_str()),
                    "current": *language == ctx.language,
                })
            })
            .collect();
        let clock = config.mode.is_demo().then(|| {
            json!({
                "now": instant::minute(self.state.store.now()),
                "next": ctx.next_event.map(instant::deadline),
                "next_what": Value::Null,
            })
        });
        let actor = match &ctx.actor {
            None => Value::Null,
            Some(actor) => json!({
                "name": actor.name,
                "body": actor.body.as_ref().map(|body| &body.name),
                "can_switch": actor.bodies > 1,
                "unread": match ctx.unread {
                    0 => None,
                    1..=99 => Some(ctx.unread.to_string()),
                    _ => Some("99+".to_owned()),
                },
            }),
        };
        let flash = ctx.flash.as_ref().filter(|key| self.state.words.knows(ctx.language, key)).map(|key| {
            json!({ "kind": if key.ends_with("-problem") { "problem" } else { "done" }, "text": self.say(key) })
        });
        Ok(json!({
            "lang": ctx.language.as_str(),
            "title": title,
            "nav": nav,
            "csrf": csrf,
            "once": random_hex::<16>()?,
            "demo": config.mode.is_demo(),
            "demo_clock": clock,
            "actor": actor,
            "host": config.host,
            "logo": config.logo.as_ref().map(|logo| format!("/assets/host-logo?v={}", logo.version)),
            "langs": langs,
            "elder": ctx.is_elder,
            "elder_switch": switch("/elder", if ctx.is_elder { "off" } else { "on" }),
            "path": here,
            "flash": flash,
            "request_id": ctx.request_id,
            "wide": false,
        }))
    }
}
