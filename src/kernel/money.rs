//! Money: whole fen in an `i64`, never a float.

use crate::kernel::text::narrow;

/// An amount in fen (分, 1/100 yuan). May be negative as a difference; amounts that people type are
/// not. Serialized as the number of fen, bound as `BigInt`.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    Eq,
    Hash,
    Ord,
    PartialEq,
    PartialOrd,
    serde::Serialize,
    serde::Deserialize,
    diesel::expression::AsExpression,
    diesel::deserialize::FromSqlRow,
)]
#[serde(transparent)]
#[diesel(sql_type = diesel::sql_types::BigInt)]
pub struct Fen(pub i64);

crate::big_int_column!(Fen);

/// Why an amount was refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum MoneyError {
    #[error("no amount given")]
    Empty,
    #[error("not an amount in yuan")]
    NotANumber,
    #[error("more than two decimals")]
    TooPrecise,
    #[error("below zero")]
    Negative,
    #[error("above 100 billion yuan")]
    TooLarge,
    #[error("the result is out of range")]
    Overflow,
}

impl Fen {
    pub const ZERO: Self = Self(0);
    /// The most that a form may say: 100 billion yuan (1000 亿元).
    pub const MAX_TYPED: Self = Self(10_000_000_000_000);

    /// Reads yuan as typed: `480000`, `480,000.00`, `￥４８０，０００元`, at most two decimals. Commas
    /// only between groups of three, since `1,50` could be meant as 1.50; `。`, which a Chinese
    /// keyboard gives for the point, is one. Zero parses: whether it may stand is the caller's
    /// rule.
    pub fn parse_yuan(text: &str) -> Result<Self, MoneyError> {
        let text = narrow(text).replace('。', ".").replace('−', "-");
        let text = text.trim().trim_end_matches('元').trim();
        let text = text.trim_start_matches('¥').trim();
        if text.is_empty() {
            return Err(MoneyError::Empty);
        }
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest.trim_start_matches('¥')),
            None => (false, text),
        };
        let (whole, decimals) = digits.split_once('.').unwrap_or((digits, "0"));
        let whole = ungroup(whole).ok_or(MoneyError::NotANumber)?;
        if decimals.is_empty() || !decimals.bytes().all(|b| b.is_ascii_digit()) {
            return Err(MoneyError::NotANumber);
        }
        if negative {
            return Err(MoneyError::Negative);
        }
        if decimals.len() > 2 {
            return Err(MoneyError::TooPrecise);
        }
        // Only digits are left, so a failure here means too many of them.
        let fen: Option<i64> = format!("{whole}{decimals:0<2}").parse().ok();
        fen.map(Self)
            .filter(|fen| *fen <= Self::MAX_TYPED)
            .ok_or(MoneyError::TooLarge)
    }

    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        self.0
            .checked_add(other.0)
            .map(Self)
            .ok_or(MoneyError::Overflow)
    }

    /// The difference, which may be below zero.
    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        self.0
            .checked_sub(other.0)
            .map(Self)
            .ok_or(MoneyError::Overflow)
    }

    pub fn sum(amounts: impl IntoIterator<Item = Self>) -> Result<Self, MoneyError> {
        amounts.into_iter().try_fold(Self::ZERO, Self::plus)
    }

    /// The amount less `basis_points` of it (1000 = 10 %), rounded half up to the fen: the price
    /// used in scoring after a policy discount (财库〔2022〕19号). `None` below zero or above 100 %.
    pub fn discounted(self, basis_points: u32) -> Option<Self> {
        let kept = i128::from(10_000_u32.checked_sub(basis_points)?);
        if self.0 < 0 {
            return None;
        }
        let fen = (i128::from(self.0) * kept + 5_000) / 10_000;
        i64::try_from(fen).ok().map(Self)
    }

    /// The share of `budget` in percent, two decimals half up, without the sign: `97.50`. `None`
    /// when there is no budget or the amount is below zero.
    pub fn share_of(self, budget: Self) -> Option<String> {
        if budget.0 <= 0 || self.0 < 0 {
            return None;
        }
        let (part, all) = (i128::from(self.0), i128::from(budget.0));
        let hundredths = (part * 20_000 + all) / (all * 2);
        Some(format!("{}.{:02}", hundredths / 100, hundredths % 100))
    }

    /// Yuan as programs write it, without separators: `200000.00`.
    pub fn plain(self) -> String {
        self.to_string().replace(',', "")
    }

    /// The amount in capitals as cheques and contracts want it: `肆拾捌万元整`,
    /// `壹仟零伍拾元零叁分` (正确填写票据和结算凭证的基本规定: 整 after 元, allowed after 角, never
    /// after 分; 零 where it must stand, left out where it may).
    pub fn capitals(self) -> String {
        let fen = self.0.unsigned_abs();
        let (yuan, jiao, fen) = (fen / 100, fen / 10 % 10, fen % 10);
        let sign = if self.0 < 0 { "负" } else { "" };
        let whole = if yuan > 0 {
            words(yuan) + "元"
        } else {
            String::new()
        };
        let rest = match (jiao, fen) {
            (0, 0) if yuan == 0 => "零元整".to_owned(),
            (0, 0) => "整".to_owned(),
            (_, 0) => format!("{}角整", words(jiao)),
            (0, _) if yuan == 0 => format!("{}分", words(fen)),
            (0, _) => format!("零{}分", words(fen)),
            _ => format!("{}角{}分", words(jiao), words(fen)),
        };
        format!("{sign}{whole}{rest}")
    }
}

/// `480,000.00`.
impl std::fmt::Display for Fen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let fen = self.0.unsigned_abs();
        let digits = (fen / 100).to_string();
        let mut whole = String::new();
        for (i, digit) in digits.chars().enumerate() {
            if i > 0 && (digits.len() - i).is_multiple_of(3) {
                whole.push(',');
            }
            whole.push(digit);
        }
        let sign = if self.0 < 0 { "-" } else { "" };
        f.pad(&format!("{sign}{whole}.{:02}", fen % 100))
    }
}

/// Plain digits, or groups of three with commas between, as plain digits.
fn ungroup(whole: &str) -> Option<String> {
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let mut groups = whole.split(',');
    let first = groups.next().filter(|group| is_digits(group))?;
    let grouped = whole.contains(',');
    let ok = (!grouped || first.len() <= 3) && groups.all(|g| g.len() == 3 && is_digits(g));
    ok.then(|| whole.replace(',', ""))
}

/// A whole number in capitals; empty for zero. Each unit splits it into a head and a rest, with 零
/// between when the rest does not reach the next place.
fn words(n: u64) -> String {
    const UNITS: [(u64, char); 5] = [
        (100_000_000, '亿'),
        (10_000, '万'),
        (1_000, '仟'),
        (100, '佰'),
        (10, '拾'),
    ];
    const DIGITS: [&str; 10] = ["", "壹", "贰", "叁", "肆", "伍", "陆", "柒", "捌", "玖"];
    for (unit, name) in UNITS {
        if n >= unit {
            let rest = n % unit;
            let gap = if rest > 0 && rest < unit / 10 {
                "零"
            } else {
                ""
            };
            return format!("{}{name}{gap}{}", words(n / unit), words(rest));
        }
    }
    DIGITS
        .iter()
        .zip(0..)
        .find(|(_, value)| *value == n)
        .map_or("", |(digit, _)| digit)
        .to_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn typed_amounts() {
        for (typed, fen) in [
            ("480000", 48_000_000),
            ("480,000.00", 48_000_000),
            ("４８０，０００．００", 48_000_000),
            (" ￥480,000.5 元 ", 48_000_050),
            ("¥1。05", 105),
            ("0", 0),
            ("007", 700),
            ("100000000000", 10_000_000_000_000),
        ] {
            assert_eq!(Fen::parse_yuan(typed), Ok(Fen(fen)), "{typed}");
        }
    }

    #[test]
    fn refused_amounts() {
        use MoneyError::{Empty, Negative, NotANumber, TooLarge, TooPrecise};
        for (typed, error) in [
            ("", Empty),
            ("\u{3000}￥ 元", Empty),
            ("abc", NotANumber),
            ("48万", NotANumber),
            ("1,50", NotANumber),
            ("48,0000", NotANumber),
            (",480", NotANumber),
            ("1,000,", NotANumber),
            ("1.", NotANumber),
            (".5", NotANumber),
            ("1.2.3", NotANumber),
            ("1e5", NotANumber),
            ("5²", NotANumber),
            ("--5", NotANumber),
            ("+5", NotANumber),
            ("1.005", TooPrecise),
            ("1.000", TooPrecise),
            ("-5", Negative),
            ("－0.01", Negative),
            ("−¥5", Negative),
            ("100000000000.01", TooLarge),
            ("99999999999999999999999999", TooLarge),
        ] {
            assert_eq!(Fen::parse_yuan(typed), Err(error), "{typed}");
        }
    }

    #[test]
    fn arithmetic() {
        assert_eq!(Fen(5).minus(Fen(8)), Ok(Fen(-3)));
        assert_eq!(Fen(i64::MAX).plus(Fen(1)), Err(MoneyError::Overflow));
        assert_eq!(Fen::sum([Fen(1), Fen(2)]), Ok(Fen(3)));
        assert_eq!(
            Fen::sum([Fen(i64::MAX), Fen(1), Fen(-1)]),
            Err(MoneyError::Overflow)
        );
        assert_eq!(Fen(11_000_000).discounted(1_000), Some(Fen(9_900_000)));
        assert_eq!(Fen(5).discounted(1_000), Some(Fen(5)));
        assert_eq!(
            (Fen(5).discounted(10_001), Fen(-5).discounted(1)),
            (None, None)
        );
    }

    #[test]
    fn shares() {
        for (part, all, share) in [
            (39, 40, Some("97.50")),
            (1, 3, Some("33.33")),
            (2, 3, Some("66.67")),
            (1, 20_000, Some("0.01")),
            (3, 2, Some("150.00")),
            (i64::MAX, i64::MAX, Some("100.00")),
            (1, 0, None),
            (-1, 5, None),
        ] {
            assert_eq!(Fen(part).share_of(Fen(all)).as_deref(), share);
        }
    }

    #[test]
    fn shown() {
        for (fen, shown) in [
            (48_000_000, "480,000.00"),
            (5, "0.05"),
            (99_999, "999.99"),
            (100_000, "1,000.00"),
            (-123_456_789, "-1,234,567.89"),
        ] {
            assert_eq!(Fen(fen).to_string(), shown);
        }
    }

    #[test]
    fn in_capitals() {
        for (fen, capitals) in [
            (0, "零元整"),
            (48_000_000, "肆拾捌万元整"),
            (105_003, "壹仟零伍拾元零叁分"),
            (1, "壹分"),
            (50, "伍角整"),
            (140_950, "壹仟肆佰零玖元伍角整"),
            (600_714, "陆仟零柒元壹角肆分"),
            (168_032, "壹仟陆佰捌拾元叁角贰分"),
            (10_700_053, "壹拾万柒仟元伍角叁分"),
            (1_640_902, "壹万陆仟肆佰零玖元零贰分"),
            (1_000_000_700_000, "壹佰亿零柒仟元整"),
            (10_000_000_000_000, "壹仟亿元整"),
            (10_001_000, "壹拾万零壹拾元整"),
            (-150, "负壹元伍角整"),
        ] {
            assert_eq!(Fen(fen).capitals(), capitals);
        }
    }

    /// Reads capitals back, by another way than they were written.
    fn read(capitals: &str) -> u64 {
        let (mut total, mut section, mut digit) = (0, 0, 0);
        for c in capitals.chars() {
            match c {
                '亿' => (total, section, digit) = ((total + section + digit) * 100_000_000, 0, 0),
                '万' => (total, section, digit) = (total + (section + digit) * 10_000, 0, 0),
                '仟' => (section, digit) = (section + digit * 1_000, 0),
                '佰' => (section, digit) = (section + digit * 100, 0),
                '拾' => (section, digit) = (section + digit * 10, 0),
                '元' => (total, section, digit) = ((total + section + digit) * 100, 0, 0),
                '角' => (total, digit) = (total + digit * 10, 0),
                '分' => (total, digit) = (total + digit, 0),
                '零' | '整' => {}
                _ => {
                    let digits = "壹贰叁肆伍陆柒捌玖";
                    digit = digits.chars().zip(1..).find(|d| d.0 == c).unwrap().1;
                }
            }
        }
        total
    }

    proptest! {
        #[test]
        fn shown_amounts_parse_back(fen in 0..=10_000_000_000_000_i64) {
            prop_assert_eq!(Fen::parse_yuan(&Fen(fen).to_string()), Ok(Fen(fen)));
        }

        #[test]
        fn capitals_read_back(fen in 1..=10_000_000_000_000_i64, shift in 0_u32..13) {
            let fen = (fen / 10_i64.pow(shift)).max(1);
            let capitals = Fen(fen).capitals();
            prop_assert_eq!(read(&capitals), fen.unsigned_abs());
            prop_assert!(!capitals.contains("零零") && !capitals.contains("零元"));
            prop_assert_eq!(capitals.ends_with('整'), fen % 10 == 0);
        }

        #[test]
        fn nothing_typed_panics(text in ".*") {
            let _ = Fen::parse_yuan(&text);
        }

        #[test]
        fn plus_and_minus_undo(a: i64, b: i64) {
            if let Ok(sum) = Fen(a).plus(Fen(b)) {
                prop_assert_eq!(sum.minus(Fen(b)), Ok(Fen(a)));
            }
        }

        #[test]
        fn no_amount_panics(a: i64, b: i64, points: u32) {
            let _ = (Fen(a).share_of(Fen(b)), Fen(a).discounted(points), Fen(a).capitals());
        }
    }
}
