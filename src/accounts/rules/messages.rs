//! Which notices belong together, what cannot wait for a digest, and when that goes out.

use super::AccountRule;
use crate::kernel::text::narrow;
use crate::text_enum;
use chrono::{Duration, NaiveDateTime, NaiveTime, Timelike};

text_enum!(
    /// What a notice is about, as people choose how to be reminded.
    MessageKind {
        Purchases = "purchases",
        Bids = "bids",
        Contracts = "contracts",
        Panels = "panels",
        Organization = "organization",
        Account = "account",
    }
);

text_enum!(MailChoice {
    AtOnce = "at_once",
    Digest = "digest",
    None = "none",
});

/// The kind of a notice by the name that it is delivered under.
pub fn kind_of(notice: &str) -> MessageKind {
    match notice.split(['.', '-', '_']).next().unwrap_or_default() {
        "tender" | "question" | "project" => MessageKind::Purchases,
        "bid" | "award" => MessageKind::Bids,
        "contract" => MessageKind::Contracts,
        "panel" => MessageKind::Panels,
        "provider" | "qualification" => MessageKind::Organization,
        _ => MessageKind::Account,
    }
}

/// Notices of what must be done within a day: their mail never waits for a digest.
pub fn cannot_wait(notice: &str) -> bool {
    matches!(
        notice,
        "tender.closed" | "tender.held" | "panel.drawn" | "recovery.confirmed"
    )
}

/// When what came at an instant goes out with others: at the next full hour of the person's choice, in China.
pub fn digest_at(came: NaiveDateTime, hour: u32) -> NaiveDateTime {
    const SHANGHAI: Duration = Duration::hours(8);
    let local = came + SHANGHAI;
    let at = NaiveTime::from_hms_opt(hour.min(23), 0, 0).unwrap_or(NaiveTime::MIN);
    let same_day = local.date().and_time(at);
    let is_over = local.hour() >= at.hour();
    same_day
        + if is_over {
            Duration::days(1)
        } else {
            Duration::zero()
        }
        - SHANGHAI
}

/// A mobile number of the mainland as the gateway takes it.
pub fn mobile(typed: &str) -> Result<String, AccountRule> {
    let number: String = narrow(typed)
        .chars()
        .filter(|c| !matches!(c, ' ' | '-'))
        .collect();
    let number = number.strip_prefix("+86").unwrap_or(&number);
    let is_mobile = number.len() == 11
        && number.bytes().all(|b| b.is_ascii_digit())
        && number.starts_with('1')
        && !matches!(number.as_bytes().get(1), Some(b'0' | b'1' | b'2'));
    if is_mobile {
        Ok(number.to_owned())
    } else {
        Err(AccountRule::NotAMobile)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_notice_has_its_kind() {
        for (notice, kind) in [
            ("tender.closed", "purchases"),
            ("question.asked", "purchases"),
            ("bid.received", "bids"),
            ("award.lost", "bids"),
            ("contract.offered", "contracts"),
            ("panel.drawn", "panels"),
            ("provider.proven", "organization"),
            ("qualification.listed", "organization"),
            ("term.ending", "account"),
            ("recovery.confirmed", "account"),
        ] {
            assert_eq!(kind_of(notice).as_str(), kind, "{notice}");
        }
    }

    #[test]
    fn a_digest_goes_out_at_the_next_chosen_hour() {
        let at = |day, hour, minute| {
            chrono::NaiveDate::from_ymd_opt(2026, 3, day)
                .unwrap()
                .and_hms_opt(hour, minute, 0)
                .unwrap()
        };
        // 08:00 in China is 00:00 UTC.
        for (came, hour, goes) in [
            (at(1, 23, 59), 8, at(2, 0, 0)),
            (at(2, 0, 0), 8, at(3, 0, 0)),
            (at(2, 0, 1), 8, at(3, 0, 0)),
            (at(2, 5, 0), 18, at(2, 10, 0)),
            (at(2, 15, 59), 0, at(2, 16, 0)),
            (at(2, 16, 0), 0, at(3, 16, 0)),
        ] {
            assert_eq!(digest_at(came, hour), goes, "{came} {hour}");
        }
    }

    #[test]
    fn mobile_numbers() {
        for (typed, kept) in [
            ("13800000000", Some("13800000000")),
            (" 138-0000 0000 ", Some("13800000000")),
            ("+8613800000000", Some("13800000000")),
            ("１３８００００００００", Some("13800000000")),
            ("12800000000", None),
            ("1380000000", None),
            ("138000000000", None),
            ("0512-00000000", None),
            ("", None),
        ] {
            assert_eq!(mobile(typed).ok().as_deref(), kept, "{typed}");
        }
    }

    proptest! {
        #[test]
        fn a_digest_waits_for_a_day_at_most(seconds in 0i64..4_000_000_000, hour in 0u32..24) {
            let came = chrono::DateTime::from_timestamp(seconds, 0).unwrap().naive_utc();
            let goes = digest_at(came, hour);
            prop_assert!(goes > came && goes - came <= Duration::days(1));
        }
    }
}
