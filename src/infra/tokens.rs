//! The session cookie: a short-lived JWT that names a session row. It proves nothing but that we issued it.

use super::failure::Failure;
use crate::kernel::people::SessionId;
use chrono::{Duration, NaiveDateTime};
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// How long a token is good before it is issued anew (the session row may live longer, or end at once).
pub const FRESH_FOR: Duration = Duration::minutes(10);

#[derive(Serialize, Deserialize)]
struct Claims {
    sid: i64,
    exp: i64,
}

pub fn issue(key: &[u8], session: SessionId, now: NaiveDateTime) -> Result<String, Failure> {
    let claims = Claims {
        sid: session.0,
        exp: (now + FRESH_FOR).and_utc().timestamp(),
    };
    jsonwebtoken::encode(
        &Header::new(Algorithm::HS256),
        &claims,
        &EncodingKey::from_secret(key),
    )
    .map_err(Failure::internal)
}

pub struct Read {
    pub session: SessionId,
    pub is_stale: bool,
}

/// A token that we signed, fresh or stale; `None` for any other text. The session row decides the rest.
pub fn read(key: &[u8], token: &str, now: NaiveDateTime) -> Option<Read> {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.validate_exp = false;
    validation.required_spec_claims.clear();
    let claims = jsonwebtoken::decode::<Claims>(token, &DecodingKey::from_secret(key), &validation)
        .ok()?
        .claims;
    Some(Read {
        session: SessionId(claims.sid),
        is_stale: claims.exp <= now.and_utc().timestamp(),
    })
}

/// HMAC-SHA-256 of a purpose and a text, as hexadecimal: form tokens, device marks, kept forms.
pub fn mac(key: &[u8], purpose: &str, text: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return String::new();
    };
    mac.update(purpose.as_bytes());
    mac.update(&[0]);
    mac.update(text.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

/// Compares in constant time.
pub fn mac_is(key: &[u8], purpose: &str, text: &str, given: &str) -> bool {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return false;
    };
    mac.update(purpose.as_bytes());
    mac.update(&[0]);
    mac.update(text.as_bytes());
    hex::decode(given).is_ok_and(|given| mac.verify_slice(&given).is_ok())
}
