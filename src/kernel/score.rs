//! Points of an evaluation: exact fractions, rounded only for showing, since a rank must not hang
//! on a rounding that no law fixes.

use crate::kernel::{money::Fen, text::narrow};
use num_rational::Ratio;

/// Exact points. Numerator and denominator stay far enough below `i128::MAX` that showing and
/// comparing never overflow; arithmetic that would pass the bound gives `None`.
/// Serialized as reduced `numerator/denominator` text; a text column uses
/// `#[diesel(serialize_as = String, deserialize_as = String)]`.
#[derive(
    Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, serde::Serialize, serde::Deserialize,
)]
#[serde(into = "String", try_from = "String")]
pub struct Points(Ratio<i128>);

/// Why points were refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PointsError {
    #[error("no points given")]
    Empty,
    #[error("not a number of points")]
    NotANumber,
    #[error("more than two decimals")]
    TooPrecise,
    #[error("below zero")]
    Negative,
    #[error("more than 10,000 points")]
    TooLarge,
    #[error("not a reduced fraction")]
    NotAFraction,
}

const BOUND: i128 = i128::MAX / 400;
const MAX_TYPED_HUNDREDTHS: i64 = 1_000_000;

impl Points {
    pub const ZERO: Self = Self(Ratio::new_raw(0, 1));

    /// Whole hundredths of a point: 850 is 8.50.
    pub fn from_hundredths(hundredths: i64) -> Self {
        Self(Ratio::new(i128::from(hundredths), 100))
    }

    /// Reads points as a panel member types them: `8`, `8.5`, `８．５０`, at most two decimals, at most
    /// 10,000. Whether they fit the criterion is the caller's rule.
    pub fn parse(text: &str) -> Result<Self, PointsError> {
        let text = narrow(text).replace('。', ".").replace('−', "-");
        let text = text.trim();
        if text.is_empty() {
            return Err(PointsError::Empty);
        }
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (whole, decimals) = digits.split_once('.').unwrap_or((digits, "0"));
        if [whole, decimals]
            .iter()
            .any(|p| p.is_empty() || !p.bytes().all(|b| b.is_ascii_digit()))
        {
            return Err(PointsError::NotANumber);
        }
        if text.starts_with('-') {
            return Err(PointsError::Negative);
        }
        if decimals.len() > 2 {
            return Err(PointsError::TooPrecise);
        }
        let hundredths: Option<i64> = format!("{whole}{decimals:0<2}").parse().ok();
        hundredths
            .filter(|hundredths| *hundredths <= MAX_TYPED_HUNDREDTHS)
            .map(Self::from_hundredths)
            .ok_or(PointsError::TooLarge)
    }

    pub fn plus(self, other: Self) -> Option<Self> {
        // Over the least common denominator, so that equal denominators do not grow.
        let (b, d) = (*self.0.denom(), *other.0.denom());
        let shared = gcd(b, d);
        let left = self.0.numer().checked_mul(d / shared)?;
        let right = other.0.numer().checked_mul(b / shared)?;
        Self::of(left.checked_add(right)?, (b / shared).checked_mul(d)?)
    }

    pub fn minus(self, other: Self) -> Option<Self> {
        self.plus(Self(-other.0))
    }

    pub fn times(self, other: Self) -> Option<Self> {
        // Crosswise reduced first: the products are then as small as they can be.
        let left = Ratio::new(*self.0.numer(), *other.0.denom());
        let right = Ratio::new(*other.0.numer(), *self.0.denom());
        let numerator = left.numer().checked_mul(*right.numer())?;
        Self::of(numerator, left.denom().checked_mul(*right.denom())?)
    }

    pub fn sum(points: impl IntoIterator<Item = Self>) -> Option<Self> {
        points.into_iter().try_fold(Self::ZERO, Self::plus)
    }

    /// The arithmetic mean; `None` of nothing.
    pub fn mean(points: &[Self]) -> Option<Self> {
        let count = i128::try_from(points.len()).ok()?;
        Self::sum(points.iter().copied())?.times(Self::of(1, count)?)
    }

    /// The exact value as reduced `numerator/denominator`, for storing and proving.
    pub fn to_text(self) -> String {
        format!("{}/{}", self.0.numer(), self.0.denom())
    }

    /// Reads [`Self::to_text`] back; only the reduced form, so that a value has one text.
    pub fn from_text(text: &str) -> Result<Self, PointsError> {
        let parsed = text.split_once('/').and_then(|(numerator, denominator)| {
            Self::of(numerator.parse().ok()?, denominator.parse().ok()?)
        });
        parsed
            .filter(|points| points.to_text() == text)
            .ok_or(PointsError::NotAFraction)
    }

    fn of(numerator: i128, denominator: i128) -> Option<Self> {
        if denominator <= 0 || numerator == i128::MIN {
            return None;
        }
        let ratio = Ratio::new(numerator, denominator);
        let fits = ratio.numer().abs() <= BOUND && *ratio.denom() <= BOUND;
        fits.then_some(Self(ratio))
    }
}

fn gcd(a: i128, b: i128) -> i128 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// Two decimals, half up (away from zero): `8.64`.
impl std::fmt::Display for Points {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (numerator, denominator) = (self.0.numer().abs(), self.0.denom());
        let (whole, rest) = (numerator / denominator, numerator % denominator);
        let hundredths = (rest * 200 + denominator) / (denominator * 2);
        let (whole, hundredths) = (whole + hundredths / 100, hundredths % 100);
        let is_zero = whole == 0 && hundredths == 0;
        let sign = if self.0 < Ratio::from(0) && !is_zero {
            "-"
        } else {
            ""
        };
        f.pad(&format!("{sign}{whole}.{hundredths:02}"))
    }
}

impl From<Points> for String {
    fn from(points: Points) -> Self {
        points.to_text()
    }
}

impl TryFrom<String> for Points {
    type Error = PointsError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::from_text(&text)
    }
}

/// Price points: `min / price × weight` (财政部令第87号 §55; 财库〔2014〕214号 §24 with the final
/// quotes). `min` is the lowest price among the bids that pass; `weight` the points of the price
/// criterion. `None` unless `0 < min ≤ price`.
pub fn price_points(min: Fen, price: Fen, weight: Points) -> Option<Points> {
    if min.0 <= 0 || min > price {
        return None;
    }
    Points::of(min.0.into(), price.0.into())?.times(weight)
}

/// The rank of each bid, in the order given: total high to low, then price low to high; bids equal
/// in both share a rank and the next one is skipped (1, 1, 3; 财政部令第87号 §57).
pub fn rank(bids: &[(Points, Fen)]) -> Vec<u32> {
    let beats = |a: &(Points, Fen), b: &(Points, Fen)| a.0 > b.0 || (a.0 == b.0 && a.1 < b.1);
    bids.iter()
        .map(|bid| {
            bids.iter()
                .filter(|other| beats(other, bid))
                .fold(1, |rank, _| rank + 1)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn yuan(yuan: i64) -> Fen {
        Fen(yuan * 100)
    }

    fn whole(points: i64) -> Points {
        Points::from_hundredths(points * 100)
    }

    fn shown(min: i64, prices: [i64; 3]) -> [String; 3] {
        prices.map(|p| {
            price_points(yuan(min), yuan(p), whole(10))
                .unwrap()
                .to_string()
        })
    }

    #[test]
    fn price_points_of_the_decree() {
        assert_eq!(
            shown(95_000, [100_000, 95_000, 110_000]),
            ["9.50", "10.00", "8.64"]
        );
        let exact = price_points(yuan(95_000), yuan(110_000), whole(10)).unwrap();
        assert_eq!(exact.to_text(), "95/11");
        // The third at 10 % and at 20 % off.
        assert_eq!(yuan(110_000).discounted(1_000), Some(yuan(99_000)));
        assert_eq!(
            shown(95_000, [100_000, 95_000, 99_000]),
            ["9.50", "10.00", "9.60"]
        );
        assert_eq!(yuan(110_000).discounted(2_000), Some(yuan(88_000)));
        assert_eq!(
            shown(88_000, [100_000, 95_000, 88_000]),
            ["8.80", "9.26", "10.00"]
        );
    }

    #[test]
    fn price_points_need_a_price() {
        assert_eq!(price_points(yuan(0), yuan(5), whole(10)), None);
        assert_eq!(price_points(yuan(-1), yuan(5), whole(10)), None);
        assert_eq!(price_points(yuan(6), yuan(5), whole(10)), None);
    }

    #[test]
    fn typed_points() {
        for (typed, hundredths) in [
            ("8", 800),
            ("8.5", 850),
            (" ８．０５ ", 805),
            ("0", 0),
            ("10000", 1_000_000),
        ] {
            assert_eq!(
                Points::parse(typed),
                Ok(Points::from_hundredths(hundredths))
            );
        }
        for (typed, error) in [
            ("", PointsError::Empty),
            ("九", PointsError::NotANumber),
            ("8.", PointsError::NotANumber),
            ("1/2", PointsError::NotANumber),
            ("1e2", PointsError::NotANumber),
            ("8.555", PointsError::TooPrecise),
            ("-1", PointsError::Negative),
            ("10000.01", PointsError::TooLarge),
            ("99999999999999999999", PointsError::TooLarge),
        ] {
            assert_eq!(Points::parse(typed), Err(error), "{typed}");
        }
    }

    #[test]
    fn rounding_is_half_up() {
        for (text, shown) in [
            ("1/200", "0.01"),
            ("1/201", "0.00"),
            ("1999/200", "10.00"),
            ("19989/2000", "9.99"),
            ("-1/200", "-0.01"),
            ("-1/1000", "0.00"),
        ] {
            assert_eq!(
                Points::from_text(text).unwrap().to_string(),
                shown,
                "{text}"
            );
        }
    }

    #[test]
    fn only_reduced_fractions_are_read() {
        for bad in ["", "1", "2/4", "1/0", "1/-2", "+1/2", "1/2/3", "a/b", "0/5"] {
            assert_eq!(
                Points::from_text(bad),
                Err(PointsError::NotAFraction),
                "{bad}"
            );
        }
    }

    #[test]
    fn means_are_exact() {
        let members = ["8", "8.5", "9"].map(|p| Points::parse(p).unwrap());
        assert_eq!(Points::mean(&members), Points::parse("8.5").ok());
        let thirds = Points::mean(&["1", "1", "2"].map(|p| Points::parse(p).unwrap())).unwrap();
        assert_eq!(thirds.to_text(), "4/3");
        assert_eq!(Points::mean(&[]), None);
    }

    #[test]
    fn arithmetic_past_the_bound_is_none() {
        let big = Points::of(BOUND, 1).unwrap();
        let small = Points::of(1, BOUND).unwrap();
        assert_eq!(
            (big.plus(big), big.times(big), small.times(small)),
            (None, None, None)
        );
        assert_eq!(big.times(small), Some(whole(1)));
        assert!(!big.to_string().is_empty() && !small.to_string().is_empty());
    }

    #[test]
    fn ranks() {
        let bids = [(90, 5), (95, 9), (95, 7), (90, 5), (80, 1)].map(|(t, p)| (whole(t), yuan(p)));
        assert_eq!(rank(&bids), [3, 2, 1, 3, 5]);
        assert_eq!(rank(&[(whole(9), yuan(1)); 3]), [1, 1, 1]);
        assert_eq!(rank(&[]), Vec::<u32>::new());
    }

    fn any_points() -> impl Strategy<Value = Points> {
        (
            -1_000_000_000_000_i128..1_000_000_000_000,
            1_i128..1_000_000_000_000,
        )
            .prop_map(|(n, d)| Points::of(n, d).unwrap())
    }

    proptest! {
        #[test]
        fn text_goes_there_and_back(points in any_points()) {
            prop_assert_eq!(Points::from_text(&points.to_text()), Ok(points));
        }

        #[test]
        fn typed_points_show_as_typed(hundredths in 0_i64..=1_000_000) {
            let points = Points::from_hundredths(hundredths);
            prop_assert_eq!(Points::parse(&points.to_string()), Ok(points));
        }

        #[test]
        fn arithmetic_is_exact(a in any_points(), b in any_points()) {
            let sum = a.plus(b).unwrap();
            prop_assert_eq!(sum, b.plus(a).unwrap());
            prop_assert_eq!(sum.minus(b), Some(a));
            prop_assert_eq!(a.times(b), b.times(a));
            prop_assert_eq!(a.cmp(&b), a.minus(b).unwrap().cmp(&Points::ZERO));
        }

        #[test]
        fn a_lower_price_never_scores_less(
            min in 1..10_000_000_000_000_i64, up in 0..1_000_000_000_i64, more in 1..1_000_000_000_i64,
        ) {
            let (near, far) = (Fen(min + up), Fen(min + up + more));
            let points = |price| price_points(Fen(min), price, whole(30)).unwrap();
            prop_assert!(points(far) < points(near) && points(near) <= whole(30));
        }

        #[test]
        fn ranks_count_who_is_better(bids in prop::collection::vec((0_i64..5, 1_i64..4), 0..9)) {
            let bids: Vec<_> = bids.into_iter().map(|(t, p)| (whole(t), yuan(p))).collect();
            for (rank, bid) in rank(&bids).iter().zip(&bids) {
                let better = bids.iter().filter(|o| (-o.0.0, o.1) < (-bid.0.0, bid.1)).count();
                prop_assert_eq!(*rank as usize, better + 1);
            }
        }
    }
}
