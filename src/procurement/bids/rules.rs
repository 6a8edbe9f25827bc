//! When a bid may come, go and be opened, and what it must hold. Pure: no clock, no database.

use super::model::{BidState, Draft, Line, SealedBid};
use crate::kernel::instant;
use crate::kernel::money::{Fen, MoneyError};
use crate::kernel::people::BodyId;
use crate::kernel::refusal::{Refusal, Rule};
use crate::kernel::text;
use crate::procurement::tenders::{TenderId, TenderState};
use chrono::NaiveDateTime;

pub const MAX_LINES: usize = 12;
pub const MAX_LABEL: usize = 60;
pub const MAX_PROPOSAL: usize = 20_000;
pub const MAX_FILES: usize = 20;
/// All files of one bidder in one tender, bytes.
pub const MAX_FILES_SIZE: i64 = 100 * 1024 * 1024;
/// What one bidder may send in within 24 hours, all tenders together, bytes.
pub const MAX_DAY_SIZE: i64 = 6 * MAX_FILES_SIZE;
pub const MAX_FILE_NAME: usize = 200;

/// The fields of the breakdown, so that a refusal stands at its line.
pub const LABELS: [&str; MAX_LINES] = [
    "label-1", "label-2", "label-3", "label-4", "label-5", "label-6", "label-7", "label-8",
    "label-9", "label-10", "label-11", "label-12",
];
pub const AMOUNTS: [&str; MAX_LINES] = [
    "amount-1",
    "amount-2",
    "amount-3",
    "amount-4",
    "amount-5",
    "amount-6",
    "amount-7",
    "amount-8",
    "amount-9",
    "amount-10",
    "amount-11",
    "amount-12",
];

/// A step in the life of a bid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Replace,
    Withdraw,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BidRule {
    /// The deadline has come; both instants are the server's.
    Late {
        now: NaiveDateTime,
        closes_at: NaiveDateTime,
    },
    NotOpen,
    WrongState {
        from: BidState,
        step: Step,
    },
    PriceMissing,
    PriceZero,
    LinesMissing,
    LabelMissing(usize),
    LabelTooLong(usize),
    AmountMissing(usize),
    AmountZero(usize),
    TooManyLines,
    SumDiffers {
        sum: Fen,
        price: Fen,
    },
    SumTooLarge,
    ContentMissing,
    ProposalTooLong,
    TooManyFiles,
    FilesTooLarge,
    DayFull,
    FileEmpty,
    FileKind,
    FileTwice,
    Amount {
        field: &'static str,
        error: MoneyError,
    },
    OwnCopyBroken,
    OwnCopyElsewhere,
    NotClosed,
    PanelMember {
        article: String,
    },
    AlreadyConfirmed,
}

impl Rule for BidRule {
    fn refusal(&self) -> Refusal {
        let label = |n: &usize| LABELS.get(*n).copied().unwrap_or("breakdown");
        let amount = |n: &usize| AMOUNTS.get(*n).copied().unwrap_or("breakdown");
        let line = |n: &usize| (n + 1).to_string();
        match self {
            Self::Late { now, closes_at } => Refusal::new("bids-rule-late")
                .arg("now", exact(*now))
                .arg("closes", instant::deadline(*closes_at)),
            Self::NotOpen => Refusal::new("bids-rule-not-open"),
            Self::WrongState { from, .. } => Refusal::new(match from {
                BidState::Withdrawn => "bids-rule-withdrawn",
                BidState::Submitted | BidState::Replaced => "bids-rule-replaced",
            }),
            Self::PriceMissing => Refusal::new("bids-rule-price-missing").at("price"),
            Self::PriceZero => Refusal::new("bids-rule-price-zero").at("price"),
            Self::LinesMissing => Refusal::new("bids-rule-lines-missing").at("breakdown"),
            Self::LabelMissing(n) => Refusal::new("bids-rule-label-missing")
                .arg("line", line(n))
                .at(label(n)),
            Self::LabelTooLong(n) => Refusal::new("bids-rule-label-too-long")
                .arg("line", line(n))
                .arg("max", MAX_LABEL)
                .at(label(n)),
            Self::AmountMissing(n) => Refusal::new("bids-rule-amount-missing")
                .arg("line", line(n))
                .at(amount(n)),
            Self::AmountZero(n) => Refusal::new("bids-rule-amount-zero")
                .arg("line", line(n))
                .at(amount(n)),
            Self::TooManyLines => Refusal::new("bids-rule-too-many-lines")
                .arg("max", MAX_LINES)
                .at("breakdown"),
            Self::SumDiffers { sum, price } => Refusal::new("bids-rule-sum")
                .arg("sum", sum)
                .arg("price", price)
                .at("breakdown"),
            Self::SumTooLarge => Refusal::new("bids-rule-sum-too-large").at("breakdown"),
            Self::ContentMissing => Refusal::new("bids-rule-content-missing").at("proposal"),
            Self::ProposalTooLong => Refusal::new("bids-rule-proposal-too-long")
                .arg("max", MAX_PROPOSAL)
                .at("proposal"),
            Self::TooManyFiles => Refusal::new("bids-rule-too-many-files")
                .arg("max", MAX_FILES)
                .at("files"),
            Self::FilesTooLarge => Refusal::new("bids-rule-files-too-large").at("files"),
            Self::DayFull => Refusal::new("bids-rule-day-full").at("files"),
            Self::FileEmpty => Refusal::new("bids-rule-file-empty").at("files"),
            Self::FileKind => Refusal::new("bids-rule-file-kind").at("files"),
            Self::FileTwice => Refusal::new("bids-rule-file-twice").at("files"),
            Self::Amount { field, error } => Refusal::new(match error {
                MoneyError::Empty => "form-missing",
                MoneyError::NotANumber => "form-bad-money",
                MoneyError::TooPrecise => "form-money-too-precise",
                MoneyError::Negative => "form-money-negative",
                MoneyError::TooLarge | MoneyError::Overflow => "form-money-too-large",
            })
            .at(field),
            Self::OwnCopyBroken => Refusal::new("bids-rule-own-copy-broken").at("own_copy"),
            Self::OwnCopyElsewhere => Refusal::new("bids-rule-own-copy-elsewhere").at("own_copy"),
            Self::NotClosed => Refusal::new("bids-rule-not-closed"),
            Self::PanelMember { article } => {
                Refusal::new("bids-rule-panel-member").article(article)
            }
            Self::AlreadyConfirmed => Refusal::new("bids-rule-already-confirmed"),
        }
    }
}

/// `2026-11-25 17:00:00.000001`: a refusal at the deadline shows the microsecond that decided.
pub fn exact(at: NaiveDateTime) -> String {
    format!(
        "{}.{:06}",
        instant::second(at),
        at.and_utc().timestamp_subsec_micros()
    )
}

/// Whether a bid may come or go now: the tender is open, and the deadline has not come. The instant of the deadline
/// itself is too late.
pub fn may_receive(
    state: TenderState,
    closes_at: Option<NaiveDateTime>,
    now: NaiveDateTime,
) -> Result<(), BidRule> {
    let closes_at = closes_at.ok_or(BidRule::NotOpen)?;
    match state {
        TenderState::Open if now < closes_at => Ok(()),
        TenderState::Open => Err(BidRule::Late { now, closes_at }),
        // Past its deadline a tender may be held, closed or further on; to the bidder it is the same: too late.
        TenderState::Draft => Err(BidRule::NotOpen),
        _ if closes_at <= now => Err(BidRule::Late { now, closes_at }),
        _ => Err(BidRule::NotOpen),
    }
}

/// Where a bid that counts is on its way, as its bidder is told: the end of a message's key. Evaluated is opened still:
/// the result is told with the award.
pub fn standing(tender: TenderState, is_receiving: bool, was_opened: bool) -> &'static str {
    match tender {
        TenderState::Open if is_receiving => "sealed",
        TenderState::Draft | TenderState::Open | TenderState::Held | TenderState::Closed => {
            "waiting"
        }
        TenderState::Opened | TenderState::Evaluated => "opened",
        TenderState::Awarded | TenderState::Contracted => "decided",
        TenderState::Failed | TenderState::Cancelled if was_opened => "ended",
        TenderState::Failed | TenderState::Cancelled => "unopened",
    }
}

/// Every pair of state and step is decided.
pub fn next_state(from: BidState, step: Step) -> Result<BidState, BidRule> {
    match (from, step) {
        (BidState::Submitted, Step::Replace) => Ok(BidState::Replaced),
        (BidState::Submitted, Step::Withdraw) => Ok(BidState::Withdrawn),
        (BidState::Replaced | BidState::Withdrawn, Step::Replace | Step::Withdraw) => {
            Err(BidRule::WrongState { from, step })
        }
    }
}

/// Whether this officer may confirm the opening. Members of the panel take no part in it: they evaluate what others
/// opened. `article` is the method's own.
pub fn may_confirm(
    article: &str,
    state: TenderState,
    is_panel_member: bool,
    has_confirmed: bool,
) -> Result<(), BidRule> {
    if state != TenderState::Closed {
        return Err(BidRule::NotClosed);
    }
    if is_panel_member {
        return Err(BidRule::PanelMember {
            article: article.to_owned(),
        });
    }
    if has_confirmed {
        return Err(BidRule::AlreadyConfirmed);
    }
    Ok(())
}

/// Reads an amount typed in yuan; empty is none.
pub fn read_amount(typed: &str, field: &'static str) -> Result<Option<Fen>, BidRule> {
    match Fen::parse_yuan(typed) {
        Ok(fen) => Ok(Some(fen)),
        Err(MoneyError::Empty) => Ok(None),
        Err(error) => Err(BidRule::Amount { field, error }),
    }
}

/// What a draft may not hold even while it is being written: a price of 0, amounts without a name.
pub fn check_draft(draft: &Draft) -> Vec<BidRule> {
    let mut found = Vec::new();
    if draft.price.is_some_and(|price| price <= Fen::ZERO) {
        found.push(BidRule::PriceZero);
    }
    if draft.lines.len() > MAX_LINES {
        found.push(BidRule::TooManyLines);
    }
    for (n, line) in draft.lines.iter().enumerate() {
        if line.label.is_empty() {
            found.push(BidRule::LabelMissing(n));
        }
        if text::chars(&line.label) > MAX_LABEL {
            found.push(BidRule::LabelTooLong(n));
        }
        if line.amount <= Fen::ZERO {
            found.push(BidRule::AmountZero(n));
        }
    }
    if text::chars(&draft.proposal) > MAX_PROPOSAL {
        found.push(BidRule::ProposalTooLong);
    }
    found
}

/// What still keeps a draft from being submitted.
pub fn check_complete(draft: &Draft, files: usize) -> Vec<BidRule> {
    let mut found = check_draft(draft);
    match draft.price {
        None => found.push(BidRule::PriceMissing),
        Some(price) => found.extend(check_sum(price, &draft.lines).err()),
    }
    if draft.proposal.is_empty() && files == 0 {
        found.push(BidRule::ContentMissing);
    }
    found
}

/// The breakdown gives the price exactly.
pub fn check_sum(price: Fen, lines: &[Line]) -> Result<(), BidRule> {
    if lines.is_empty() {
        return Err(BidRule::LinesMissing);
    }
    let sum =
        Fen::sum(lines.iter().map(|line| line.amount)).map_err(|_overflow| BidRule::SumTooLarge)?;
    if sum == price {
        Ok(())
    } else {
        Err(BidRule::SumDiffers { sum, price })
    }
}

/// Whether more files fit: `have` and `more` are sizes in bytes.
pub fn check_files(have: &[i64], more: &[i64]) -> Result<(), BidRule> {
    if have.len() + more.len() > MAX_FILES {
        return Err(BidRule::TooManyFiles);
    }
    let size = have
        .iter()
        .chain(more)
        .try_fold(0i64, |sum, size| sum.checked_add(*size));
    match size {
        Some(size) if size <= MAX_FILES_SIZE => Ok(()),
        _ => Err(BidRule::FilesTooLarge),
    }
}

/// Whether a bidder may still send files in today: its own limit over all tenders, so that nobody fills the disk.
pub fn check_day(today: &[i64], more: &[i64]) -> Result<(), BidRule> {
    let size = today
        .iter()
        .chain(more)
        .try_fold(0i64, |sum, size| sum.checked_add(*size));
    match size {
        Some(size) if size <= MAX_DAY_SIZE => Ok(()),
        _ => Err(BidRule::DayFull),
    }
}

/// Above the budget is the bidder's risk: it is warned, not refused (the bid is invalid at evaluation).
pub fn is_over_budget(price: Fen, budget: Fen) -> bool {
    price > budget
}

/// Whether a decrypted bid is what its row says, and its numbers hold.
pub fn is_sound(
    bid: &SealedBid,
    tender: TenderId,
    bidder: BodyId,
    receipt_no: &str,
    files: &[String],
) -> bool {
    let named: Vec<&str> = bid.files.iter().map(|f| f.cipher_sha256.as_str()).collect();
    let mut attached: Vec<&str> = files.iter().map(String::as_str).collect();
    let mut sorted = named.clone();
    sorted.sort_unstable();
    attached.sort_unstable();
    let draft = Draft {
        price: Some(bid.price_fen),
        lines: bid.breakdown.clone(),
        proposal: bid.proposal.clone(),
    };
    bid.kind == SealedBid::KIND
        && bid.tender_id == tender
        && bid.bidder_id == bidder
        && bid.receipt_no == receipt_no
        && sorted == attached
        && check_complete(&draft, named.len()).is_empty()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn at(us: i64) -> NaiveDateTime {
        chrono::DateTime::from_timestamp_micros(1_772_413_200_000_000 + us)
            .unwrap()
            .naive_utc()
    }

    fn line(label: &str, fen: i64) -> Line {
        Line {
            label: label.into(),
            amount: Fen(fen),
        }
    }

    #[test]
    fn the_deadline_to_the_microsecond() {
        let closes = Some(at(0));
        assert_eq!(may_receive(TenderState::Open, closes, at(-1)), Ok(()));
        for late in [0, 1, 1_000_000] {
            assert!(matches!(
                may_receive(TenderState::Open, closes, at(late)),
                Err(BidRule::Late { .. })
            ));
        }
    }

    #[test]
    fn only_an_open_tender_receives() {
        for state in TenderState::ALL {
            let before = may_receive(*state, Some(at(0)), at(-1));
            assert_eq!(before.is_ok(), *state == TenderState::Open, "{state}");
            assert!(may_receive(*state, Some(at(0)), at(0)).is_err(), "{state}");
            assert_eq!(may_receive(*state, None, at(0)), Err(BidRule::NotOpen));
        }
    }

    #[test]
    fn every_state_and_step() {
        for from in BidState::ALL {
            for step in [Step::Replace, Step::Withdraw] {
                let expected = match (from, step) {
                    (BidState::Submitted, Step::Replace) => Ok(BidState::Replaced),
                    (BidState::Submitted, Step::Withdraw) => Ok(BidState::Withdrawn),
                    _ => Err(BidRule::WrongState { from: *from, step }),
                };
                assert_eq!(next_state(*from, step), expected);
            }
        }
    }

    #[test]
    fn who_confirms_an_opening() {
        for state in TenderState::ALL {
            for (panel, before) in [(false, false), (false, true), (true, false), (true, true)] {
                let ok = may_confirm("条", *state, panel, before).is_ok();
                assert_eq!(ok, *state == TenderState::Closed && !panel && !before);
            }
        }
    }

    #[test]
    fn a_price_of_zero_is_refused_and_one_above_the_budget_is_not() {
        let draft = |price| Draft {
            price: Some(Fen(price)),
            ..Draft::default()
        };
        assert_eq!(check_draft(&draft(0)), [BidRule::PriceZero]);
        assert_eq!(check_draft(&draft(-1)), [BidRule::PriceZero]);
        assert!(check_draft(&draft(1)).is_empty());
        assert!(is_over_budget(Fen(101), Fen(100)));
        assert!(!is_over_budget(Fen(100), Fen(100)));
        assert!(matches!(
            read_amount("-5", "price"),
            Err(BidRule::Amount {
                error: MoneyError::Negative,
                ..
            })
        ));
        assert_eq!(read_amount(" ", "price"), Ok(None));
    }

    #[test]
    fn what_a_whole_bid_needs() {
        let whole = Draft {
            price: Some(Fen(300)),
            lines: vec![line("人员", 100), line("活动", 200)],
            proposal: "方案".into(),
        };
        assert!(check_complete(&whole, 0).is_empty());
        let mut wordless = whole.clone();
        wordless.proposal.clear();
        assert_eq!(check_complete(&wordless, 0), [BidRule::ContentMissing]);
        assert!(check_complete(&wordless, 1).is_empty());
        let mut short = whole.clone();
        short.lines.pop();
        assert_eq!(
            check_complete(&short, 0),
            [BidRule::SumDiffers {
                sum: Fen(100),
                price: Fen(300)
            }]
        );
        let mut none = whole.clone();
        none.lines.clear();
        assert_eq!(check_complete(&none, 0), [BidRule::LinesMissing]);
        let mut many = whole;
        many.lines = (0..13).map(|n| line("项", 1 + n)).collect();
        assert!(check_complete(&many, 0).contains(&BidRule::TooManyLines));
    }

    #[test]
    fn a_day_has_its_limit() {
        assert_eq!(check_day(&[], &[MAX_DAY_SIZE]), Ok(()));
        assert_eq!(check_day(&[1], &[MAX_DAY_SIZE]), Err(BidRule::DayFull));
        assert_eq!(check_day(&[i64::MAX], &[1]), Err(BidRule::DayFull));
    }

    #[test]
    fn limits_of_files() {
        assert!(check_files(&[1; 19], &[1]).is_ok());
        assert_eq!(check_files(&[1; 20], &[1]), Err(BidRule::TooManyFiles));
        let mib = 1024 * 1024;
        assert!(check_files(&[20 * mib; 4], &[20 * mib]).is_ok());
        assert_eq!(
            check_files(&[20 * mib; 5], &[1]),
            Err(BidRule::FilesTooLarge)
        );
        assert_eq!(
            check_files(&[i64::MAX], &[i64::MAX]),
            Err(BidRule::FilesTooLarge)
        );
    }

    #[test]
    fn an_opened_bid_must_be_its_rows() {
        let bid = SealedBid {
            kind: SealedBid::KIND.into(),
            tender_id: TenderId(1),
            bidder_id: BodyId(2),
            receipt_no: "a".into(),
            price_fen: Fen(100),
            breakdown: vec![line("全部", 100)],
            proposal: "方案".into(),
            files: Vec::new(),
        };
        let sound = |bid: &SealedBid| is_sound(bid, TenderId(1), BodyId(2), "a", &[]);
        assert!(sound(&bid));
        assert!(!is_sound(&bid, TenderId(2), BodyId(2), "a", &[]));
        assert!(!is_sound(&bid, TenderId(1), BodyId(3), "a", &[]));
        assert!(!is_sound(&bid, TenderId(1), BodyId(2), "b", &[]));
        assert!(!is_sound(&bid, TenderId(1), BodyId(2), "a", &["x".into()]));
        let mut bent = bid.clone();
        bent.price_fen = Fen(99);
        assert!(!sound(&bent));
        bent = bid;
        bent.kind = "other".into();
        assert!(!sound(&bent));
    }

    proptest! {
        #[test]
        fn the_sum_is_the_price_or_refused(amounts in prop::collection::vec(1i64..10_000_000_000_000, 1..=12), off in -3i64..=3) {
            let lines: Vec<Line> = amounts.iter().map(|fen| line("项", *fen)).collect();
            let price: i64 = amounts.iter().sum::<i64>() + off;
            prop_assert_eq!(check_sum(Fen(price), &lines).is_ok(), off == 0);
        }

        #[test]
        fn sums_never_overflow_silently(amounts in prop::collection::vec(any::<i64>(), 1..=12)) {
            let lines: Vec<Line> = amounts.iter().map(|fen| line("项", *fen)).collect();
            let exact: i128 = amounts.iter().map(|fen| i128::from(*fen)).sum();
            if let Ok(price) = i64::try_from(exact) {
                let _ = check_sum(Fen(price), &lines);
            } else {
                prop_assert_eq!(check_sum(Fen(0), &lines), Err(BidRule::SumTooLarge));
            }
        }

        #[test]
        fn received_only_before_the_deadline(now in -5i64..5) {
            prop_assert_eq!(may_receive(TenderState::Open, Some(at(0)), at(now)).is_ok(), now < 0);
        }

        #[test]
        fn typed_amounts_never_panic(typed in ".*") {
            let _ = read_amount(&typed, "price");
        }
    }
}
