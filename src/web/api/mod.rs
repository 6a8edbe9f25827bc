//! The second face of the portal, for programs: JSON under `/api/v1`.
//!
//! An act has one handler. A page posts a form to it, a program posts JSON with the same names; permission, rules and
//! transaction are therefore the same by construction (ADR 8). Only what is read has handlers of its own (`api.rs` in
//! each room), since a page's view is worded for people. Each room lists its operations once, in `api.rs`: the routes,
//! the `OpenAPI` document, the readable page and the tests are all made from that list.

pub mod field;
pub mod openapi;
pub mod problem;
mod request;

pub use field::{Field, Kind};

use super::{Answer, View};
use crate::infra::failure::Failure;
use crate::infra::words::{Language, Words};
use crate::kernel::paging::{PageSize, decode_cursor};
use crate::kernel::scopes::Scope;
use actix_web::body::BoxBody;
use actix_web::http::{StatusCode, header};
use actix_web::web::{self, ServiceConfig};
use actix_web::{FromRequest, Handler, HttpResponse, Responder, Route};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::OnceLock;

/// One thing that a program may ask for, as it is documented and checked.
#[derive(Clone)]
pub struct Operation {
    /// Only `GET` and `POST`.
    pub method: &'static str,
    /// Below `/api/v1`.
    pub path: &'static str,
    /// Also names the message that says what it does: `api-<id>`.
    pub id: &'static str,
    /// `None`: anybody may ask, without a token.
    pub scope: Option<Scope>,
    /// In the address of a GET, in the body of a POST.
    pub fields: Vec<Field>,
    /// The body is `multipart/form-data`, with a file in the field named so.
    pub file: Option<&'static str>,
    /// The version that the sender saw must come along, as `If-Match`.
    pub is_versioned: bool,
    /// The answer of a GET; `None` for what is not JSON.
    pub schema: Option<fn(&mut SchemaGenerator) -> Schema>,
    /// The media type of a GET that is not JSON.
    pub media: &'static str,
    /// The list that this gives as a file.
    pub export_of: Option<&'static str>,
}

impl Operation {
    fn new(method: &'static str, path: &'static str, id: &'static str) -> Self {
        Self {
            method,
            path,
            id,
            scope: None,
            fields: Vec::new(),
            file: None,
            is_versioned: false,
            schema: None,
            media: "application/json",
            export_of: None,
        }
    }

    /// Needs a token that opens this.
    pub fn scope(&mut self, scope: Scope) -> &mut Self {
        self.scope = Some(scope);
        self
    }

    pub fn takes(&mut self, fields: impl IntoIterator<Item = Field>) -> &mut Self {
        self.fields.extend(fields);
        self
    }

    pub fn file(&mut self, field: &'static str) -> &mut Self {
        self.file = Some(field);
        self
    }

    pub fn versioned(&mut self) -> &mut Self {
        self.is_versioned = true;
        self
    }

    pub fn gives<T: JsonSchema>(&mut self) -> &mut Self {
        self.schema = Some(SchemaGenerator::subschema_for::<T>);
        self
    }

    /// Gives a file of this media type.
    pub fn media(&mut self, media: &'static str) -> &mut Self {
        self.media = media;
        self
    }

    /// Gives the list of this operation as a file.
    pub fn exports(&mut self, list: &'static str) -> &mut Self {
        self.export_of = Some(list);
        self
    }

    /// What it does, in words.
    pub fn summary(&self, words: &Words, language: Language) -> String {
        let Some(list) = self.export_of else {
            return words.say(language, &format!("api-{}", self.id), &[]);
        };
        let list = words.say(language, &format!("api-{list}"), &[]);
        let ending = self.path.rsplit_once('.').map_or("", |(_, ending)| ending);
        let format = ending.to_uppercase();
        words.say(
            language,
            "api-export",
            &[("list", &list), ("format", &format)],
        )
    }

    /// The address with `/api/v1`.
    pub fn address(&self) -> String {
        format!("/api/v1{}", self.path)
    }
}

/// Collects what the rooms offer.
#[derive(Default)]
pub struct Api(Vec<(Operation, Route)>);

impl Api {
    pub fn get<F, Args>(
        &mut self,
        path: &'static str,
        id: &'static str,
        handler: F,
    ) -> &mut Operation
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.add(Operation::new("GET", path, id), web::get().to(handler))
    }

    /// The handler is the form's.
    pub fn post<F, Args>(
        &mut self,
        path: &'static str,
        id: &'static str,
        handler: F,
    ) -> &mut Operation
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.add(Operation::new("POST", path, id), web::post().to(handler))
    }

    fn add(&mut self, operation: Operation, route: Route) -> &mut Operation {
        let at = self.0.len();
        self.0.push((operation, route));
        #[expect(clippy::indexing_slicing, reason = "pushed in the line above")]
        &mut self.0[at].0
    }

    /// Registers the routes, the operations of one path together, and makes the list known to the document.
    pub fn routes(self, cfg: &mut ServiceConfig) {
        let operations: Vec<Operation> = self.0.iter().map(|(op, _)| op.clone()).collect();
        OPERATIONS.get_or_init(|| operations);
        let mut rest = self.0;
        // `/projects/mine` must be asked before `/projects/{id}`.
        rest.sort_by_key(|(op, _)| op.path.matches('{').count());
        while let Some(path) = rest.first().map(|(op, _)| op.path) {
            let (same, others): (Vec<_>, Vec<_>) =
                rest.into_iter().partition(|(op, _)| op.path == path);
            rest = others;
            let mut resource = web::resource(format!("/api/v1{path}"));
            for (operation, route) in same {
                resource = resource.route(route.wrap(request::Face::new(operation)));
            }
            cfg.service(resource);
        }
    }
}

static OPERATIONS: OnceLock<Vec<Operation>> = OnceLock::new();

/// Every operation, in the order of the rooms.
pub fn operations() -> &'static [Operation] {
    OPERATIONS.get().map_or(&[], Vec::as_slice)
}

/// Where a program reads what lies under a page's path: the longest beginning of it that can be read.
fn resource_of(path: &str) -> Option<String> {
    let mut path = path.split(['?', '#']).next().unwrap_or_default();
    loop {
        let fits = |op: &&Operation| op.method == "GET" && matches(op.path, path);
        if operations().iter().any(|op| fits(&op)) {
            return Some(format!("/api/v1{path}"));
        }
        path = path.rsplit_once('/')?.0;
        if path.is_empty() {
            return None;
        }
    }
}

fn matches(pattern: &str, path: &str) -> bool {
    let (mut pattern, mut path) = (pattern.split('/'), path.split('/'));
    loop {
        match (pattern.next(), path.next()) {
            (None, None) => return true,
            (Some(part), Some(given)) => {
                let is_id = part.starts_with('{') && !given.is_empty();
                // Ids are numbers, so that `/projects/new` is not taken for a project.
                let fits = is_id && given.bytes().any(|byte| byte.is_ascii_digit());
                if part != given && !fits {
                    return false;
                }
            }
            _ => return false,
        }
    }
}

/// The answer to an act: where its result can be read, by a program and by a person.
pub(super) fn done(view: &View, path: &str, flash: Option<&str>) -> HttpResponse {
    let prefix = &view.state.config.prefix;
    let resource = resource_of(path).map(|path| format!("{prefix}{path}"));
    let said = flash.map(|key| view.say(key));
    let mut response = HttpResponse::Ok();
    if let Some(resource) = &resource {
        response.insert_header((header::LOCATION, resource.as_str()));
    }
    response.json(json!({ "resource": resource, "page": format!("{prefix}{path}"), "said": said }))
}

/// A page that a handler would show, in the answer to a program: what its form refused, or where the page is.
pub(super) fn instead_of_page(
    view: &View,
    status: StatusCode,
    title: &str,
    page: &Value,
) -> HttpResponse {
    let errors = page.pointer("/form/errors").and_then(Value::as_array);
    if let Some(errors) = errors.filter(|errors| !errors.is_empty()) {
        let bad = page.get("bad").and_then(Value::as_array);
        return problem::of_form(view, status, errors, bad.map_or(&[][..], Vec::as_slice));
    }
    if status.is_client_error() || status.is_server_error() {
        return problem::answer(view, status, &super::error::Why::Status);
    }
    let path = view.ctx.path.strip_prefix("/api/v1").unwrap_or_default();
    let mut body = json!({ "resource": resource_of(path), "page": path, "said": title });
    if let Some(resource) = body.get_mut("resource").filter(|value| !value.is_null()) {
        *resource = Value::String(format!(
            "{}{}",
            view.state.config.prefix,
            resource.as_str().unwrap_or_default()
        ));
    }
    HttpResponse::build(status).json(body)
}

/// What every list takes besides its filters: the cursor that the page before gave, and the rows of a page (1 to 100).
pub const PAGED: [Field; 2] = [
    field::field("after", Kind::Text(2000)),
    field::field("size", Kind::Integer),
];

/// The key of the last row of the page before.
pub fn after<const N: usize>(view: &View) -> Option<[String; N]> {
    decode_cursor(view.query().raw("after")).ok()
}

pub fn size(view: &View) -> PageSize {
    PageSize::new(view.query().raw("size").parse().ok())
}

/// A thing as JSON.
pub fn thing(value: &impl Serialize) -> Answer {
    Ok(HttpResponse::Ok().json(value))
}

/// A thing with parts that change without it: its version is given for `If-Match`, and it is always sent whole.
pub fn tagged(version: i64, value: &impl Serialize) -> Answer {
    let body = serde_json::to_vec(value).map_err(Failure::from)?;
    Ok(HttpResponse::Ok()
        .insert_header((header::ETAG, format!("\"{version}\"")))
        .content_type("application/json")
        .body(BoxBody::new(body)))
}

/// An editable thing: its version is its `ETag`, and what the reader has already is not sent again.
pub fn editable(view: &View, version: i64, value: &impl Serialize) -> Answer {
    let tag = format!("\"{version}\"");
    if view.ctx.if_none_match.as_deref() == Some(tag.as_str()) {
        return Ok(HttpResponse::NotModified()
            .insert_header((header::ETAG, tag))
            .finish());
    }
    tagged(version, value)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_place_in_the_pattern_takes_an_id_only() {
        for (pattern, path, fits) in [
            ("/projects/{id}", "/projects/12", true),
            ("/projects/{id}", "/projects/new", false),
            ("/projects/{id}", "/projects", false),
            ("/projects/{id}/bid", "/projects/3/bid", true),
            ("/catalogue/{year}/{code}", "/catalogue/2026/A0101", true),
            ("/projects", "/projects", true),
        ] {
            assert_eq!(matches(pattern, path), fits, "{pattern} {path}");
        }
    }
}
