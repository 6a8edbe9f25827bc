//! What every handler shares.

use super::cache::Cache;
use super::page::Pages;
use super::throttle::Throttle;
use crate::infra::channels::{self, Channel};
use crate::infra::clock::Trust;
use crate::infra::config::Config;
use crate::infra::failure::Failure;
use crate::infra::files::Files;
use crate::infra::metrics::Metrics;
use crate::infra::mirror::Mirror;
use crate::infra::once::once;
use crate::infra::secrets::Secrets;
use crate::infra::signing::Signatures;
use crate::infra::store::{Store, Tx};
use crate::infra::words::Words;
use std::sync::Arc;

pub struct State {
    pub config: Config,
    pub store: Store,
    pub secrets: Secrets,
    pub signatures: Signatures,
    pub files: Files,
    pub channels: Vec<Box<dyn Channel>>,
    pub words: Arc<Words>,
    pub pages: Pages,
    pub cache: Cache,
    pub throttle: Throttle,
    /// argon2 takes 19 MiB a run: this many at once.
    pub hashing: tokio::sync::Semaphore,
    /// Whole lists are put together one at a time.
    pub exporting: tokio::sync::Semaphore,
    /// A second disk for bids, where there is one.
    pub mirror: Option<Mirror>,
    /// Whether the machine's clock can be trusted.
    pub clock: Trust,
    pub metrics: Metrics,
}

impl State {
    pub fn new(config: Config, secrets: Secrets, store: Store) -> Result<Self, Failure> {
        let words = Arc::new(Words::load()?);
        Ok(Self {
            pages: Pages::load(&words, &config.prefix)?,
            files: Files::open(&config.data.join("files"), config.keep_free)?,
            channels: channels::of(&config)?,
            signatures: secrets.signatures()?,
            cache: Cache::default(),
            throttle: Throttle::default(),
            hashing: tokio::sync::Semaphore::new(4),
            exporting: tokio::sync::Semaphore::new(1),
            mirror: config
                .mirror
                .as_ref()
                .map(|folder| Mirror::new(folder, &config.data)),
            clock: Trust::default(),
            metrics: Metrics::default(),
            words,
            store,
            secrets,
            config,
        })
    }

    /// Carries a form out once; `key` comes from [`super::View::once_key`]. The answer is where the result lies.
    pub async fn write_once<F>(&self, key: String, action: F) -> Result<String, Failure>
    where
        F: Fn(&mut Tx) -> Result<String, Failure> + Send + 'static,
    {
        self.store
            .write(move |tx| once(tx, &key, |tx| action(tx)))
            .await
    }
}
