//! What stands between a program's request and the handler of the form: token, JSON, version, key.

use super::Operation;
use crate::infra::failure::{Failure, Refusal};
use crate::infra::once::{self, Claim};
use crate::infra::store::machine_now;
use crate::kernel::scopes::Scope;
use crate::web::context::Ctx;
use crate::web::{AppError, State, View};
use actix_web::body::{BoxBody, MessageBody, to_bytes};
use actix_web::dev::{Payload, Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::http::{StatusCode, header};
use actix_web::web::{Bytes, BytesMut, Data};
use actix_web::{HttpMessage, HttpResponse, ResponseError};
use chrono::Duration;
use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::future::{Ready, ready};
use std::rc::Rc;

/// The largest JSON body, bytes.
const MAX_BODY: usize = 512 * 1024;
/// The longest Idempotency-Key.
const MAX_KEY: usize = 200;
/// After this, a request whose answer was never kept is taken for done, not for running.
const RUNS_FOR: Duration = Duration::minutes(2);

/// The middleware of one operation.
pub struct Face(Rc<Operation>);

impl Face {
    pub fn new(operation: Operation) -> Self {
        Self(Rc::new(operation))
    }
}

impl<S, B> Transform<S, ServiceRequest> for Face
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = actix_web::Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<BoxBody>;
    type Error = actix_web::Error;
    type Transform = Faced<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(Faced {
            operation: Rc::clone(&self.0),
            service: Rc::new(service),
        }))
    }
}

pub struct Faced<S> {
    operation: Rc<Operation>,
    service: Rc<S>,
}

impl<S, B> Service<ServiceRequest> for Faced<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = actix_web::Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<BoxBody>;
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Self::Response, Self::Error>>;

    forward_ready!(service);

    fn call(&self, mut req: ServiceRequest) -> Self::Future {
        let (operation, service) = (Rc::clone(&self.operation), Rc::clone(&self.service));
        Box::pin(async move {
            let prepared = match prepared(&mut req, &operation).await {
                Ok(prepared) => prepared,
                Err(error) => return Ok(req.into_response(error.error_response())),
            };
            match prepared {
                Prepared::Go(None) => Ok(service.call(req).await?.map_into_boxed_body()),
                Prepared::Go(Some((view, claim))) => {
                    let answered = once::claimed(claim.clone(), service.call(req)).await?;
                    Ok(kept(&view, claim, answered.map_into_boxed_body()).await)
                }
                Prepared::Answer(answer) => Ok(req.into_response(answer)),
            }
        })
    }
}

enum Prepared {
    /// On to the handler, with the claim of its Idempotency-Key.
    Go(Option<(View, Claim)>),
    Answer(HttpResponse),
}

async fn prepared(req: &mut ServiceRequest, operation: &Operation) -> Result<Prepared, AppError> {
    let state = req.app_data::<Data<State>>().cloned();
    let ctx = req.extensions().get::<Ctx>().cloned();
    let (Some(state), Some(ctx)) = (state, ctx) else {
        return Err(AppError::internal("no context"));
    };
    let view = View { ctx, state };
    barred(req, operation, &view)?;
    if operation.method == "GET" {
        return Ok(Prepared::Go(None));
    }
    let body = if operation.file.is_some() {
        // Files stream past; their length stands for them.
        let length = req.headers().get(header::CONTENT_LENGTH);
        Bytes::copy_from_slice(length.map_or(b"", |length| length.as_bytes()))
    } else {
        form_of(req, operation, &view).await?
    };
    let Some(claim) = claim_of(req, &view, &body)? else {
        return Ok(Prepared::Go(None));
    };
    let key = claim.key_hash.clone();
    let before = view
        .state
        .store
        .read(move |db| Ok(once::find_reply(db, &key)?))
        .await?;
    match before {
        Some(reply) => Ok(Prepared::Answer(replay(&view, &claim, &reply)?)),
        None => Ok(Prepared::Go(Some((view, claim)))),
    }
}

/// Refuses what shall not reach the handler: too many, no token, a token for other work.
fn barred(req: &ServiceRequest, operation: &Operation, view: &View) -> Result<(), AppError> {
    let caller = match view.actor() {
        Some(actor) => format!("person {}", actor.person_id),
        None => view.ctx.network.clone(),
    };
    if !view.state.throttle.allows_call(&caller) {
        return Err(AppError::Api(StatusCode::TOO_MANY_REQUESTS, "too-many"));
    }
    let Some(actor) = view.actor() else {
        // A token that is not good must not pass for nobody: its owner would miss what it is owed.
        let gave_one = req.headers().contains_key(header::AUTHORIZATION);
        if operation.scope.is_some() || gave_one {
            return Err(AppError::SignInFirst);
        }
        return Ok(());
    };
    let scope = operation.scope.unwrap_or(Scope::Read);
    match &actor.scopes {
        Some(scopes) if scopes.allows(scope) => Ok(()),
        _ => Err(AppError::Api(StatusCode::FORBIDDEN, "scope")),
    }
}

/// Reads the JSON body, and leaves for the handler the form that a browser would have sent.
async fn form_of(
    req: &mut ServiceRequest,
    operation: &Operation,
    view: &View,
) -> Result<Bytes, AppError> {
    let is_json = req.content_type().eq_ignore_ascii_case("application/json");
    let body = read(req).await?;
    if !is_json && !body.is_empty() {
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(AppError::Api(status, "not-json"));
    }
    let given: Map<String, Value> = if body.is_empty() {
        Map::new()
    } else {
        serde_json::from_slice(&body)
            .map_err(|_syntax| AppError::Api(StatusCode::BAD_REQUEST, "not-json"))?
    };
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    let mut refusals = Vec::new();
    for (name, value) in &given {
        let field = operation.fields.iter().find(|field| field.is_named(name));
        match field.map(|field| field.texts(value)) {
            Some(Ok(texts)) => {
                for text in texts {
                    form.append_pair(name, &text);
                }
            }
            Some(Err(refusal)) => refusals.push(refusal),
            None => {
                let name: String = name.chars().take(60).collect();
                refusals.push(Refusal::new("api-unknown-field").arg("name", name));
            }
        }
    }
    if !refusals.is_empty() {
        return Err(Failure::RefusedAll(refusals).into());
    }
    if operation.is_versioned {
        let tag = req.headers().get(header::IF_MATCH);
        let tag = tag
            .and_then(|tag| tag.to_str().ok())
            .ok_or(AppError::Api(StatusCode::PRECONDITION_REQUIRED, "if-match"))?;
        form.append_pair("version", tag.trim().trim_matches('"'));
    }
    let ctx = view.ctx.with_body(Bytes::from(form.finish()));
    req.extensions_mut().insert(Ctx(Rc::new(ctx)));
    Ok(body)
}

async fn read(req: &mut ServiceRequest) -> Result<Bytes, AppError> {
    let mut payload = req.take_payload();
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_broken| AppError::BadRequest)?;
        if body.len() + chunk.len() > MAX_BODY {
            return Err(AppError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    req.set_payload(Payload::None);
    Ok(body.freeze())
}

fn claim_of(req: &ServiceRequest, view: &View, body: &[u8]) -> Result<Option<Claim>, AppError> {
    let Some(key) = req.headers().get("idempotency-key") else {
        return Ok(None);
    };
    let key = key.as_bytes();
    if key.is_empty() || key.len() > MAX_KEY {
        return Err(AppError::Api(StatusCode::BAD_REQUEST, "key-length"));
    }
    let who = view.actor().map_or(0, |actor| actor.person_id.0);
    let hash = |parts: &[&[u8]]| {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(part.len().to_be_bytes());
            hash.update(part);
        }
        hex::encode(hash.finalize())
    };
    Ok(Some(Claim {
        key_hash: hash(&[&who.to_be_bytes(), key]),
        fingerprint: hash(&[view.ctx.path.as_bytes(), body]),
        request_id: view.ctx.request_id.clone(),
    }))
}

/// The answer to a key that was used before.
fn replay(view: &View, claim: &Claim, before: &once::Reply) -> Result<HttpResponse, AppError> {
    if before.fingerprint != claim.fingerprint {
        return Err(AppError::Api(
            StatusCode::UNPROCESSABLE_ENTITY,
            "key-reused",
        ));
    }
    let status = before
        .status
        .and_then(|status| u16::try_from(status).ok())
        .and_then(|status| StatusCode::from_u16(status).ok());
    let mut answer = match (status, &before.body) {
        (Some(status), Some(body)) => {
            let media = if status.is_success() {
                "application/json"
            } else {
                "application/problem+json"
            };
            HttpResponse::build(status)
                .content_type(media)
                .body(body.clone())
        }
        _ if machine_now() - before.at < RUNS_FOR => {
            return Err(Failure::Repeated.into());
        }
        // It was carried out and its answer lost: the act is in the books, only the words are gone.
        _ => HttpResponse::Ok().json(serde_json::json!({
            "resource": null, "page": null, "said": view.say("api-answer-lost"),
        })),
    };
    answer.headers_mut().insert(
        header::HeaderName::from_static("idempotent-replayed"),
        header::HeaderValue::from_static("true"),
    );
    answer.extensions_mut().insert(crate::web::error::Worded);
    Ok(answer)
}

/// Keeps a small answer beside its key; answers of acts say where the result lies, never what it is.
async fn kept(
    view: &View,
    claim: Claim,
    answered: ServiceResponse<BoxBody>,
) -> ServiceResponse<BoxBody> {
    let status = answered.status();
    let (request, response) = answered.into_parts();
    let (head, body) = response.into_parts();
    let bytes = to_bytes(body).await.unwrap_or_default();
    if !status.is_server_error() && status != StatusCode::CONFLICT {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let stored = view
            .state
            .store
            .write(move |tx| {
                Ok::<_, Failure>(once::keep_reply(tx, &claim, status.as_u16(), &text)?)
            })
            .await;
        if let Err(error) = stored {
            tracing::error!(%error, "an answer was not kept beside its key");
        }
    }
    ServiceResponse::new(request, head.set_body(BoxBody::new(bytes)))
}
