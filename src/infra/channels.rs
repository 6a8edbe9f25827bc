//! How the portal reaches somebody outside: one trait, a mail carrier and the county's SMS gateway behind it. Messages
//! only remind; what they remind of lies in the inbox.

use super::config::{Config, SmsHook};
use super::failure::Failure;
use super::mail::{Letter, Mailer};
use super::store::machine_now;
use super::words::{Language, Words};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;
use std::time::Duration;

/// A way out. The runner calls it for the jobs of its name, and tries again later what failed.
pub trait Channel: Send + Sync {
    /// The outbox's consumer.
    fn name(&self) -> &'static str;

    /// Words the letter and sends it; blocking. `job` is the same at every try, so that the other side can tell.
    fn send(
        &self,
        config: &Config,
        words: &Words,
        letter: &Letter,
        job: i64,
    ) -> Result<(), Failure>;
}

impl Channel for Mailer {
    fn name(&self) -> &'static str {
        "mail"
    }

    fn send(
        &self,
        config: &Config,
        words: &Words,
        letter: &Letter,
        job: i64,
    ) -> Result<(), Failure> {
        Mailer::send(self, config, words, letter, job)
    }
}

/// The channels of a configuration: mail always, SMS where there is a gateway.
pub fn of(config: &Config) -> Result<Vec<Box<dyn Channel>>, Failure> {
    let mut channels: Vec<Box<dyn Channel>> = vec![Box::new(Mailer::new(config)?)];
    if let Some(hook) = &config.sms {
        channels.push(Box::new(Sms::new(hook)));
    }
    Ok(channels)
}

/// The longest that a gateway may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// A gateway that takes `POST` with `{"id", "to", "text"}`, signed by a shared secret (docs/configuration.md).
pub struct Sms {
    agent: ureq::Agent,
    hook: SmsHook,
}

impl Sms {
    pub fn new(hook: &SmsHook) -> Self {
        Self::with_patience(hook, PATIENCE)
    }

    pub fn with_patience(hook: &SmsHook, patience: Duration) -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(patience))
            // Who answers elsewhere is not the gateway that was configured.
            .max_redirects(0)
            .proxy(None)
            .build();
        Self {
            agent: config.into(),
            hook: hook.clone(),
        }
    }
}

/// `t=<seconds>,v1=<HMAC-SHA-256 of "<seconds>.<body>" in hexadecimal>`.
pub fn signature(secret: &str, seconds: i64, body: &str) -> Result<String, Failure> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map_err(Failure::internal)?;
    mac.update(format!("{seconds}.{body}").as_bytes());
    let mac = hex::encode(mac.finalize().into_bytes());
    Ok(format!("t={seconds},v1={mac}"))
}

impl Channel for Sms {
    fn name(&self) -> &'static str {
        "sms"
    }

    fn send(
        &self,
        config: &Config,
        words: &Words,
        letter: &Letter,
        job: i64,
    ) -> Result<(), Failure> {
        let language: Language = letter.language.parse().unwrap_or(Language::Chinese);
        let args = letter.arguments();
        let mut text = words.try_say(language, &format!("sms-{}", letter.name), &args)?;
        if let Some(link) = &letter.link {
            text = format!("{text} {}", config.link(link));
        }
        let body = json!({ "id": job.to_string(), "to": letter.to, "text": text }).to_string();
        let seconds = machine_now().and_utc().timestamp();
        let sent = self
            .agent
            .post(&self.hook.url)
            .header("content-type", "application/json; charset=utf-8")
            .header(
                "x-sanshe-signature",
                signature(&self.hook.secret, seconds, &body)?,
            )
            .send(&body);
        // The other side's words may repeat the number: only the kind of failure is kept.
        match sent {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => Err(Failure::internal(format!("sms {}", answer.status()))),
            Err(ureq::Error::StatusCode(code)) => Err(Failure::internal(format!("sms {code}"))),
            Err(ureq::Error::Timeout(_)) => Err(Failure::internal("sms: no answer in time")),
            Err(_unreachable) => Err(Failure::internal("sms: not reached")),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Computed with `openssl dgst -sha256 -hmac`.
    #[test]
    fn the_signature_is_plain_hmac() {
        assert_eq!(
            signature("secret", 1_700_000_000, "{}").unwrap(),
            "t=1700000000,v1=b8569b78799ff9e3cbff0fc2d63a33a2b57f3282abd07c37ae5e8e7d79a5f163"
        );
    }
}
