//! When a backup is made, and made again.

use chrono::{Duration, NaiveDateTime};

const ATTEMPTS: i64 = 3;
/// One that failed is tried again after this long.
const AGAIN: Duration = Duration::hours(1);
/// One that neither ended nor failed is taken for dead with its process.
const LOST: Duration = Duration::hours(6);

/// A day's backup so far.
#[derive(Clone, Copy, Debug)]
pub struct Tried {
    pub started_at: NaiveDateTime,
    pub attempts: i64,
    pub is_done: bool,
    pub failed_at: Option<NaiveDateTime>,
}

/// Whether somebody should begin now; nobody has tried where there is nothing.
pub fn should_try(tried: Option<Tried>, now: NaiveDateTime) -> bool {
    let Some(tried) = tried else {
        return true;
    };
    !tried.is_done
        && tried.attempts < ATTEMPTS
        && match tried.failed_at {
            Some(failed) => now - failed >= AGAIN,
            None => now - tried.started_at >= LOST,
        }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn once_a_day_and_again_after_a_failure() {
        let day = chrono::NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
        let at = |hour| day.and_hms_opt(hour, 0, 0).unwrap();
        let tried = |attempts, is_done, failed: Option<u32>| {
            Some(Tried {
                started_at: at(2),
                attempts,
                is_done,
                failed_at: failed.map(at),
            })
        };
        assert!(should_try(None, at(2)));
        assert!(!should_try(tried(1, true, None), at(20)));
        assert!(!should_try(tried(1, false, None), at(7)), "it may run yet");
        assert!(should_try(tried(1, false, None), at(8)), "its process died");
        assert!(!should_try(tried(1, false, Some(3)), at(3)));
        assert!(should_try(tried(2, false, Some(3)), at(4)));
        assert!(!should_try(tried(3, false, Some(3)), at(20)), "given up");
    }
}
