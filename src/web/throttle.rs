//! Slows guessing down by network, by device and by account, without ever locking an owner's known device out.

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::num::NonZeroU32;

const fn per_minute(n: u32) -> Quota {
    match NonZeroU32::new(n) {
        Some(n) => Quota::per_minute(n),
        None => Quota::per_minute(NonZeroU32::MIN),
    }
}

pub struct Throttle {
    /// Shared networks are normal (an incubator, a town hall): generous.
    networks: DefaultKeyedRateLimiter<String>,
    /// Guesses at one account from devices it does not know, all together.
    strangers: DefaultKeyedRateLimiter<String>,
    /// One known device of one account.
    devices: DefaultKeyedRateLimiter<String>,
    /// Mails that a stranger can cause for one address.
    mails: DefaultKeyedRateLimiter<String>,
}

impl Default for Throttle {
    fn default() -> Self {
        Self {
            networks: RateLimiter::keyed(per_minute(60)),
            strangers: RateLimiter::keyed(per_minute(6)),
            devices: RateLimiter::keyed(per_minute(10)),
            mails: RateLimiter::keyed(per_minute(3)),
        }
    }
}

impl Throttle {
    /// Whether a password may be tried now. `device` is the mark of a device that the account knows.
    pub fn allows_guess(&self, network: &str, account: &str, device: Option<&str>) -> bool {
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

    pub fn allows_mail(&self, network: &str, address: &str) -> bool {
        self.networks.check_key(&network.to_owned()).is_ok()
            && self.mails.check_key(&address.to_owned()).is_ok()
    }
}
