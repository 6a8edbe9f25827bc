//! Whether the machine's clock can be trusted: it runs as the processor's steady one does, and a time server keeps it.
//!
//! While it cannot, nothing closes by it: tenders that fall due are held for their officer.

use chrono::NaiveDateTime;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// More than this between two looks is a jump, not a correction.
const JUMP: i64 = 2_000;
/// After a jump the clock is trusted again when it was steady for so long.
const QUIET: Duration = Duration::from_mins(10);
/// A clock without its time server stays good for a while.
const ALONE: Duration = Duration::from_hours(1);

/// Why the clock is not trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// It jumped, by so many milliseconds.
    Jumped(i64),
    /// No time server keeps it.
    Alone,
}

impl std::fmt::Display for Doubt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Jumped(ms) => {
                let (sign, ms) = (if *ms < 0 { "-" } else { "+" }, ms.unsigned_abs());
                write!(f, "{sign}{}.{:03} s", ms / 1000, ms % 1000)
            }
            Self::Alone => f.write_str("NTP"),
        }
    }
}

/// Looks at both clocks, again and again.
#[derive(Default)]
pub struct Watch {
    seen: Option<(Instant, NaiveDateTime)>,
    jumped: Option<(Instant, i64)>,
    alone_since: Option<Instant>,
}

impl Watch {
    /// One look; `is_kept` is what is known of the time server.
    pub fn look(
        &mut self,
        steady: Instant,
        wall: NaiveDateTime,
        is_kept: Option<bool>,
    ) -> Option<Doubt> {
        if let Some((before, then)) = self.seen.replace((steady, wall)) {
            let passed = i64::try_from((steady - before).as_millis()).unwrap_or(i64::MAX);
            let off = (wall - then).num_milliseconds() - passed;
            if off.abs() > JUMP {
                self.jumped = Some((steady, off));
            }
        }
        self.alone_since = match is_kept {
            Some(false) => self.alone_since.or(Some(steady)),
            _ => None,
        };
        self.jumped = self.jumped.filter(|(at, _)| steady - *at < QUIET);
        match (self.jumped, self.alone_since) {
            (Some((_, off)), _) => Some(Doubt::Jumped(off)),
            (None, Some(since)) if steady - since >= ALONE => Some(Doubt::Alone),
            _ => None,
        }
    }
}

/// What the last look found, for everybody.
#[derive(Default)]
pub struct Trust(Mutex<Option<Doubt>>);

impl Trust {
    pub fn doubt(&self) -> Option<Doubt> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.clone()
    }

    /// Keeps what was found; what it was before, when that was something else.
    pub fn set(&self, doubt: Option<Doubt>) -> bool {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = *held != doubt;
        *held = doubt;
        is_new
    }
}

/// Whether a time server keeps the clock, by a command that prints `yes` or `no`; anything else is not known.
pub fn is_kept(command: &[String]) -> Option<bool> {
    let (program, arguments) = command.split_first()?;
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    match String::from_utf8_lossy(&output.stdout).trim() {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn at(ms: i64) -> NaiveDateTime {
        chrono::DateTime::from_timestamp_millis(ms)
            .unwrap()
            .naive_utc()
    }

    #[test]
    fn a_jump_is_seen_either_way_and_forgotten_when_it_is_quiet() {
        for off in [-5_000i64, 5_000, 90_000_000] {
            let (mut watch, begun) = (Watch::default(), Instant::now());
            let steady = |s: u64| begun + Duration::from_secs(s);
            assert_eq!(watch.look(steady(0), at(1_000_000_000), None), None);
            // A correction is no jump.
            assert_eq!(watch.look(steady(1), at(1_000_002_500), None), None);
            let then = 1_000_003_500 + off;
            assert_eq!(
                watch.look(steady(2), at(then), None),
                Some(Doubt::Jumped(off))
            );
            let later = |s: i64| at(then + s * 1000);
            assert!(watch.look(steady(3), later(1), None).is_some());
            assert!(watch.look(steady(600), later(598), None).is_some());
            assert_eq!(watch.look(steady(602), later(600), None), None);
        }
    }

    #[test]
    fn a_clock_without_its_server_is_good_for_an_hour() {
        let (mut watch, begun) = (Watch::default(), Instant::now());
        let mut look = |s: u64, kept| {
            let wall = at(i64::try_from(s).unwrap() * 1000);
            watch.look(begun + Duration::from_secs(s), wall, kept)
        };
        assert_eq!(look(0, Some(false)), None);
        assert_eq!(look(3599, Some(false)), None);
        assert_eq!(look(3600, Some(false)), Some(Doubt::Alone));
        assert_eq!(look(3601, Some(true)), None);
        assert_eq!(look(3602, Some(false)), None, "the hour begins anew");
        assert_eq!(look(9000, None), None, "what is not known is no doubt");
    }

    #[test]
    fn what_the_command_prints() {
        let printed = |text: &str| is_kept(&["echo".to_owned(), text.to_owned()]);
        assert_eq!(printed("yes"), Some(true));
        assert_eq!(printed("no"), Some(false));
        assert_eq!(printed("n/a"), None);
        assert_eq!(is_kept(&[]), None);
        assert_eq!(is_kept(&["/nowhere/at-all".to_owned()]), None);
        assert_eq!(Doubt::Jumped(-90_061).to_string(), "-90.061 s");
    }
}
