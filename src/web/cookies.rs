//! The cookies of this portal.

use crate::infra::config::Config;
use actix_web::cookie::{Cookie, SameSite, time::Duration};

pub const SESSION: &str = "session";
/// A random mark of this browser, set with the first page that holds a form.
pub const VISITOR: &str = "visitor";
pub const LANGUAGE: &str = "language";
/// Large type and high contrast: `on` or `off`.
pub const ELDER: &str = "elder";

/// A cookie of this portal: `HttpOnly`, SameSite=Lax, Secure when the public URL is.
pub fn cookie(
    config: &Config,
    name: &'static str,
    value: String,
    seconds: Option<i64>,
) -> Cookie<'static> {
    let path = if config.prefix.is_empty() {
        "/".to_owned()
    } else {
        config.prefix.clone()
    };
    let mut cookie = Cookie::build(name, value)
        .path(path)
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(config.is_https())
        .finish();
    if let Some(seconds) = seconds {
        cookie.set_max_age(Duration::seconds(seconds));
    }
    cookie
}
