//! Slows guessing down by network, by device and by account, without ever locking an owner's known device out.

use crate::kernel::people::PersonId;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};

const fn some(n: u32) -> NonZeroU32 {
    match NonZeroU32::new(n) {
        Some(n) => n,
        None => NonZeroU32::MIN,
    }
}

const fn per_minute(n: u32) -> Quota {
    Quota::per_minute(some(n))
}

pub struct Throttle {
    /// Shared networks are normal (an incubator, a town hall): generous.
    networks: DefaultKeyedRateLimiter<String>,
    /// Guesses at one account from devices it does not know, all together.
    strangers: DefaultKeyedRateLimiter<String>,
    /// Guesses at the one-time codes of one account from devices it does not know: whoever tries them has its password.
    codes: DefaultKeyedRateLimiter<String>,
    /// One known device of one account.
    devices: DefaultKeyedRateLimiter<String>,
    /// Mails that a stranger can cause for one address, and somebody signed in for one recipient.
    mails: DefaultKeyedRateLimiter<String>,
    /// Letters to others that one person causes.
    senders: DefaultKeyedRateLimiter<String>,
    /// Large exports that one network asks for; only one is made at a time, so this may be generous too.
    exports: DefaultKeyedRateLimiter<String>,
    /// Requests of programs, of one person or of one network.
    calls: DefaultKeyedRateLimiter<String>,
    asked: AtomicU32,
}

impl Default for Throttle {
    fn default() -> Self {
        Self {
            networks: RateLimiter::keyed(per_minute(60)),
            strangers: RateLimiter::keyed(per_minute(6)),
            codes: RateLimiter::keyed(Quota::per_hour(some(30)).allow_burst(some(6))),
            devices: RateLimiter::keyed(per_minute(10)),
            mails: RateLimiter::keyed(Quota::per_hour(some(12)).allow_burst(some(3))),
            senders: RateLimiter::keyed(Quota::per_hour(some(40)).allow_burst(some(20))),
            exports: RateLimiter::keyed(per_minute(120)),
            calls: RateLimiter::keyed(per_minute(1200)),
            asked: AtomicU32::new(0),
        }
    }
}

impl Throttle {
    /// Whether a password may be tried now. `device` is the mark of a device that the account knows.
    pub fn allows_guess(&self, network: &str, account: &str, device: Option<&str>) -> bool {
        self.forget_now_and_then();
        match device {
            Some(device) => self
                .devices
                .check_key(&format!("{account}\n{device}"))
                .is_ok(),
            None => {
                self.networks.check_key(&network.to_owned()).is_ok()
                    && self.strangers.check_key(&account.to_owned()).is_ok()
            }
        }
    }

    /// Whether a one-time code may be tried now.
    pub fn allows_code(&self, network: &str, account: &str, device: Option<&str>) -> bool {
        match device {
            Some(_) => self.allows_guess(network, account, device),
            None => {
                self.networks.check_key(&network.to_owned()).is_ok()
                    && self.codes.check_key(&account.to_owned()).is_ok()
            }
        }
    }

    /// Whether a stranger may cause a mail to this address; a device that the account knows always may, in measure.
    pub fn allows_mail(&self, network: &str, address: &str, device: Option<&str>) -> bool {
        self.forget_now_and_then();
        if let Some(device) = device {
            return self
                .devices
                .check_key(&format!("{address}\n{device}"))
                .is_ok();
        }
        self.networks.check_key(&network.to_owned()).is_ok()
            && self.mails.check_key(&address.to_owned()).is_ok()
    }

    /// Whether somebody signed in may cause letters to others now; `to` is an address, or what stands for the readers.
    pub fn allows_letter(&self, network: &str, person: PersonId, to: Option<&str>) -> bool {
        self.forget_now_and_then();
        self.networks.check_key(&network.to_owned()).is_ok()
            && self.senders.check_key(&person.to_string()).is_ok()
            && to.is_none_or(|to| self.mails.check_key(&to.to_owned()).is_ok())
    }

    /// Whether a network may have another whole list as a file.
    pub fn allows_export(&self, network: &str) -> bool {
        self.forget_now_and_then();
        self.exports.check_key(&network.to_owned()).is_ok()
    }

    /// Whether a program may ask now; `caller` is its person, or its network.
    pub fn allows_call(&self, caller: &str) -> bool {
        self.forget_now_and_then();
        self.calls.check_key(&caller.to_owned()).is_ok()
    }

    /// Keys come from what strangers type: those that matter no more are let go.
    fn forget_now_and_then(&self) {
        if !self
            .asked
            .fetch_add(1, Ordering::Relaxed)
            .is_multiple_of(512)
        {
            return;
        }
        for limiter in [
            &self.networks,
            &self.strangers,
            &self.codes,
            &self.devices,
            &self.mails,
            &self.senders,
            &self.exports,
            &self.calls,
        ] {
            limiter.retain_recent();
        }
    }
}
