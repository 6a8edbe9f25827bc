//! Rendered pages that all visitors share, kept until something public changes (ADR 9).
//!
//! Only what an unknown browser gets is shared: a request with a session, a token or any cookie that this module does
//! not know goes past. Copies end by their key: the version of the public pages, and the minute of the portal's clock,
//! since nothing on a page is worded more finely than that.

use super::context::{is_elder, language_of};
use super::cookies::{ELDER, LANGUAGE, VISITOR};
use super::error::Personal;
use super::state::State;
use crate::infra::db::Db;
use crate::infra::failure::Failure;
use crate::kernel::language::Language;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{Method, StatusCode, header};
use actix_web::middleware::Next;
use actix_web::web::{Bytes, Data};
use actix_web::{Error, HttpResponse};
use quick_cache::{Weighter, sync};
use std::any::Any;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

/// What the copies may take together, bytes.
const CAPACITY: u64 = 32 * 1024 * 1024;
/// A page's address that is longer is not kept.
const LONGEST: usize = 300;
/// Cookies that a shared page may come with: they change nothing but what stands in the key.
const NEUTRAL: &[&str] = &[LANGUAGE, ELDER, VISITOR];
/// Kept copies serve the routes' metrics under one name.
const METRIC: &str = "cache";

#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    address: String,
    language: Language,
    is_elder: bool,
    version: i64,
    /// Of the portal's clock.
    minute: i64,
}

/// An answer as every visitor gets it.
struct Shared {
    status: StatusCode,
    headers: header::HeaderMap,
    body: Bytes,
    /// `None` once it was seen that it cannot be compressed.
    brotli: OnceLock<Option<Bytes>>,
}

/// `None` remembers that an address has no shared page, so that nobody waits for another one's.
type Kept = Option<Arc<Shared>>;

#[derive(Clone)]
struct Weight;

impl Weighter<Key, Kept> for Weight {
    fn weight(&self, key: &Key, kept: &Kept) -> u64 {
        // A third on top for the compressed form, and what the entry itself takes.
        let body = kept
            .as_ref()
            .map_or(0, |shared| shared.body.len() * 4 / 3 + 1500);
        (key.address.len() + body + 200) as u64
    }
}

/// Sums and counts over whole tables, by name and version of the public pages.
type Values = sync::Cache<(String, i64), Arc<dyn Any + Send + Sync>>;

pub struct Cache {
    kept: sync::Cache<Key, Kept, Weight>,
    values: Values,
    is_checked: AtomicBool,
}

impl Default for Cache {
    fn default() -> Self {
        Self {
            kept: sync::Cache::with_weighter(2000, CAPACITY, Weight),
            values: sync::Cache::new(1000),
            is_checked: AtomicBool::new(false),
        }
    }
}

impl Cache {
    /// From now on each kept copy is compared with the page made anew before it is given; one that differs is a 500.
    /// For tests: an act that changes a public page and does not say so shows at once.
    pub fn check_copies(&self) {
        self.is_checked.store(true, Ordering::Relaxed);
    }

    pub fn trust_copies(&self) {
        self.is_checked.store(false, Ordering::Relaxed);
    }

    fn is_checked(&self) -> bool {
        self.is_checked.load(Ordering::Relaxed)
    }
}

impl State {
    /// A value that only a change of the public pages changes and that costs a walk through whole tables: read by the
    /// first who asks for it at each version. Values that nobody asks for any more are pushed out.
    pub async fn read_shared<T, F>(&self, name: String, query: F) -> Result<T, Failure>
    where
        T: Clone + Send + Sync + 'static,
        F: FnOnce(&mut Db) -> Result<T, Failure> + Send + 'static,
    {
        // The copies' check makes everything anew.
        if self.cache.is_checked() {
            return self.store.read(query).await;
        }
        // The version before the snapshot: a change in between is then read twice, never missed.
        let key = (name, self.store.pages_version());
        match self.cache.values.get_value_or_guard_async(&key).await {
            Ok(value) => match value.downcast_ref::<T>() {
                Some(value) => Ok(value.clone()),
                None => Err(Failure::internal(format!("{}: another type", key.0))),
            },
            Err(place) => {
                let value = self.store.read(query).await?;
                drop(place.insert(Arc::new(value.clone())));
                Ok(value)
            }
        }
    }
}

/// Answers from the kept copies, or keeps what the portal answers.
pub async fn shared(
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let state = req.app_data::<Data<State>>().cloned();
    let Some((state, key)) = state.and_then(|state| Some((state.clone(), key_of(&req, &state)?)))
    else {
        return Ok(next.call(req).await?.map_into_boxed_body());
    };
    let started = Instant::now();
    let place = match state.cache.kept.get_value_or_guard_async(&key).await {
        Ok(Some(copy)) if state.cache.is_checked() => {
            return Ok(compare(
                &state,
                &key,
                &copy,
                next.call(req).await?.map_into_boxed_body(),
            ));
        }
        Ok(Some(copy)) => {
            let response = copy.answer(accepts_brotli(&req));
            state.metrics.record(true, METRIC, 200, started.elapsed());
            return Ok(req.into_response(response));
        }
        Ok(None) => return Ok(next.call(req).await?.map_into_boxed_body()),
        // The others that ask for this page wait until it is here, or until this request is dropped.
        Err(place) => place,
    };
    let (response, copy) = keep(next.call(req).await?.map_into_boxed_body());
    // What failed for one asker says nothing of the address: the next one tries again.
    let has_failed =
        response.status() == StatusCode::TOO_MANY_REQUESTS || response.status().is_server_error();
    if !has_failed {
        // An entry that was pushed out meanwhile is made again by the next one who asks.
        drop(place.insert(copy));
    }
    Ok(response)
}

/// The key of what an unknown visitor asks for; `None` for everything else.
fn key_of(req: &ServiceRequest, state: &State) -> Option<Key> {
    let address = req.uri().path_and_query()?.as_str();
    let has = |name| req.headers().contains_key(name);
    let is_plain = req.method() == Method::GET
        && address.len() <= LONGEST
        && ![header::AUTHORIZATION, header::IF_NONE_MATCH, header::RANGE]
            .into_iter()
            .any(has);
    let is_known = !has(header::COOKIE)
        || req.cookies().is_ok_and(|cookies| {
            cookies
                .iter()
                .all(|cookie| NEUTRAL.contains(&cookie.name()))
        });
    if !is_plain || !is_known {
        return None;
    }
    Some(Key {
        address: address.to_owned(),
        language: language_of(req),
        is_elder: is_elder(req),
        version: state.store.pages_version(),
        minute: state.store.now().and_utc().timestamp() / 60,
    })
}

fn accepts_brotli(req: &ServiceRequest) -> bool {
    let accepted = req.headers().get(header::ACCEPT_ENCODING);
    accepted
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| {
            value.split(',').any(|coding| {
                coding
                    .split(';')
                    .next()
                    .is_some_and(|name| name.trim() == "br")
                    && !coding.contains("q=0")
            })
        })
}

/// The answer, and its copy where it may be shared: whole, of a kind that people read, and the same for everybody.
fn keep(response: ServiceResponse<BoxBody>) -> (ServiceResponse<BoxBody>, Kept) {
    let head = response.response();
    let kind = response.headers().get(header::CONTENT_TYPE);
    let is_text = kind
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| {
            ["text/html", "application/json", "application/atom+xml"]
                .iter()
                .any(|text| kind.starts_with(text))
        });
    let is_personal = head.extensions().get::<Personal>().is_some();
    if head.status() != StatusCode::OK
        || !is_text
        || is_personal
        || response.headers().contains_key(header::SET_COOKIE)
    {
        return (response, None);
    }
    let (request, response) = response.into_parts();
    let (response, body) = response.into_parts();
    match body.try_into_bytes() {
        Ok(body) => {
            let mut headers = response.headers().clone();
            // It names one request in the log, and this answer goes to many.
            headers.remove("x-request-id");
            let copy = Shared {
                status: response.status(),
                headers,
                body: body.clone(),
                brotli: OnceLock::new(),
            };
            let response = response.set_body(BoxBody::new(body));
            (
                ServiceResponse::new(request, response),
                Some(Arc::new(copy)),
            )
        }
        // It streams, and is not kept.
        Err(body) => (ServiceResponse::new(request, response.set_body(body)), None),
    }
}

impl Shared {
    fn answer(&self, brotli: bool) -> HttpResponse {
        let mut response = HttpResponse::new(self.status);
        *response.headers_mut() = self.headers.clone();
        let compressed = || self.brotli.get_or_init(|| compress(&self.body)).clone();
        let Some(compressed) = brotli.then(compressed).flatten() else {
            return response.set_body(BoxBody::new(self.body.clone()));
        };
        let br = header::HeaderValue::from_static("br");
        response.headers_mut().insert(header::CONTENT_ENCODING, br);
        response.set_body(BoxBody::new(compressed))
    }
}

fn compress(body: &Bytes) -> Option<Bytes> {
    let params = brotli::enc::BrotliEncoderParams {
        quality: 5,
        size_hint: body.len(),
        ..Default::default()
    };
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut body.as_ref(), &mut compressed, &params)
        .inspect_err(|error| tracing::error!(%error, "a page was not compressed"))
        .ok()?;
    Some(compressed.into())
}

/// The page made anew, if the copy is the same; nothing is said when something public changed in between.
fn compare(
    state: &State,
    key: &Key,
    copy: &Shared,
    fresh: ServiceResponse<BoxBody>,
) -> ServiceResponse<BoxBody> {
    let (fresh, anew) = keep(fresh);
    let anew = anew.map_or_else(Bytes::new, |anew| anew.body.clone());
    let is_still = state.store.pages_version() == key.version
        && state.store.now().and_utc().timestamp() / 60 == key.minute;
    // An asker who is told to wait learns nothing of the page.
    let is_told_to_wait = fresh.status() == StatusCode::TOO_MANY_REQUESTS;
    if anew == copy.body || !is_still || is_told_to_wait {
        return fresh;
    }
    let (old, new) = (
        String::from_utf8_lossy(&copy.body),
        String::from_utf8_lossy(&anew),
    );
    let differing = old.lines().zip(new.lines()).find(|(old, new)| old != new);
    let text = format!(
        "the kept copy of {} differs from the page: {differing:?}",
        key.address
    );
    tracing::error!("{text}");
    let (request, _) = fresh.into_parts();
    ServiceResponse::new(
        request,
        HttpResponse::InternalServerError()
            .insert_header(("x-stale-copy", "1"))
            .body(text),
    )
}
