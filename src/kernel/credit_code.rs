//! Unified social credit codes (统一社会信用代码, GB 32100-2015): department (1), category (1),
//! region (6 digits), organization code of GB 11714 (8 and its check digit), check digit.
//!
//! What the standard guarantees: the sum of all 18 values, weighted, is 0 modulo the prime 31, and
//! no weight is, so **any** single wrong character of the alphabet is found. The powers of 3
//! among the first 17 weights all differ, so any two swapped characters there are found too;
//! only the first and the last, which share the weight 1, may be swapped unseen by it.

/// The 31 characters; the place is the value. I, O, S, V and Z are left out.
const ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
const WEIGHTS: [u32; 17] = [
    1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28,
];
const BODY_WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];

/// Why a credit code was refused, the first reason that applies.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum CreditCodeError {
    #[error("no code given")]
    Empty,
    #[error("full-width characters")]
    FullWidth,
    #[error("{0} characters instead of 18")]
    Length(usize),
    /// `position` counts from 1.
    #[error("{character:?} cannot stand at position {position}")]
    BadCharacter { position: usize, character: char },
    /// Position 17, the check digit of the organization code (GB 11714).
    #[error("the organization code's check digit should be {expected}")]
    OrganizationCheck { expected: char },
    /// Position 18.
    #[error("the check digit should be {expected}")]
    CheckDigit { expected: char },
}

crate::text_value!(
    /// A code whose characters and both check digits are right. That the region exists and the
    /// category fits the body is for the registry to check.
    CreditCode,
    CreditCodeError
);

impl CreditCode {
    /// Reads a code as typed: blanks around it are dropped, lower case is raised, full width is
    /// refused (it is not the registered code, and copies of it would not be found).
    pub fn parse(text: &str) -> Result<Self, CreditCodeError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(CreditCodeError::Empty);
        }
        if text.chars().any(|c| matches!(c, '\u{FF01}'..='\u{FF5E}')) {
            return Err(CreditCodeError::FullWidth);
        }
        let code = text.to_ascii_uppercase();
        let length = code.chars().count();
        if length != 18 {
            return Err(CreditCodeError::Length(length));
        }
        for (character, position) in code.chars().zip(1..) {
            let in_region = (3..=8).contains(&position);
            if value(character).is_none() || (in_region && !character.is_ascii_digit()) {
                return Err(CreditCodeError::BadCharacter {
                    position,
                    character,
                });
            }
        }
        let (organization, check) = check_digits(&code);
        let mut last = code.chars().skip(16);
        if last.next() != Some(organization) {
            return Err(CreditCodeError::OrganizationCheck {
                expected: organization,
            });
        }
        if last.next() != Some(check) {
            return Err(CreditCodeError::CheckDigit { expected: check });
        }
        Ok(Self(code))
    }

    /// Builds a code with both check digits, to invent bodies for the demonstration and tests:
    /// department and category (`52`), region (`320585`), body of 8 (`MJ565118`). `None` when a
    /// part is not of that shape.
    pub fn make(dept_category: &str, region: &str, body8: &str) -> Option<Self> {
        let shaped = dept_category.len() == 2 && region.len() == 6 && body8.len() == 8;
        let start = format!("{dept_category}{region}{body8}");
        if !shaped {
            return None;
        }
        let (organization, _) = check_digits(&start);
        let start = format!("{start}{organization}");
        let (_, check) = check_digits(&start);
        Self::parse(&format!("{start}{check}")).ok()
    }

    /// Department and category: `51` association, `52` private non-enterprise unit, `53` foundation.
    pub fn prefix(&self) -> &str {
        self.0.get(..2).unwrap_or_default()
    }

    /// The registering region, 6 digits of GB/T 2260.
    pub fn region(&self) -> &str {
        self.0.get(2..8).unwrap_or_default()
    }
}

/// The value of a character in GB 32100.
fn value(character: char) -> Option<u32> {
    ALPHABET
        .chars()
        .zip(0..)
        .find(|(c, _)| *c == character)
        .map(|(_, value)| value)
}

/// What should stand at positions 17 and 18, from the 16 and the 17 characters before.
fn check_digits(code: &str) -> (char, char) {
    let body = code.chars().skip(8).zip(BODY_WEIGHTS);
    let body: u32 = body
        .map(|(c, weight)| c.to_digit(36).unwrap_or(0) * weight)
        .sum();
    let organization = match (11 - body % 11) % 11 {
        10 => 'X',
        digit => char::from_digit(digit, 10).unwrap_or('0'),
    };
    let all = code.chars().zip(WEIGHTS);
    let all: u32 = all.map(|(c, weight)| value(c).unwrap_or(0) * weight).sum();
    let check = ALPHABET
        .chars()
        .zip(0..)
        .find(|(_, v)| *v == (31 - all % 31) % 31);
    (organization, check.map_or('0', |(c, _)| c))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn right_codes() {
        for code in [
            "51320585MJ565001XM",
            "52320585MJ5651186F",
            "53320500MJ90002768",
            "52320585MJ56600T4N",
            "513205855020031720",
            "52320585MJ56K26X78",
            "91512081MA62K0260E",
            "9144030071526726XG",
        ] {
            let parsed = CreditCode::parse(code).unwrap();
            assert_eq!(parsed.as_str(), code);
            let made = CreditCode::make(parsed.prefix(), parsed.region(), &code[8..16]);
            assert_eq!(made, Some(parsed));
        }
        let parsed = CreditCode::parse("\u{3000}52320585mj5651186f ").unwrap();
        assert_eq!((parsed.prefix(), parsed.region()), ("52", "320585"));
        assert_eq!(parsed.as_str(), "52320585MJ5651186F");
    }

    #[test]
    fn wrong_codes() {
        use CreditCodeError::{
            BadCharacter, CheckDigit, Empty, FullWidth, Length, OrganizationCheck,
        };
        let at_10 = |character| BadCharacter {
            position: 10,
            character,
        };
        for (code, error) in [
            ("91310115MA1G4L1WXK", OrganizationCheck { expected: '0' }),
            ("51320585MJ565001XN", CheckDigit { expected: 'M' }),
            ("51320585MI565001XM", at_10('I')),
            ("51320585MO565001XM", at_10('O')),
            ("51320585MS565001XM", at_10('S')),
            ("51320585MV565001XM", at_10('V')),
            ("51320585MZ565001XM", at_10('Z')),
            (
                "51320A85MJ565001XM",
                BadCharacter {
                    position: 6,
                    character: 'A',
                },
            ),
            (
                "51320585MJ56500-XM",
                BadCharacter {
                    position: 16,
                    character: '-',
                },
            ),
            ("51320585MJ565001X", Length(17)),
            ("51320585MJ565001XMM", Length(19)),
            ("社会信用代码", Length(6)),
            ("５１３２０５８５ＭＪ５６５００１ＸＭ", FullWidth),
            ("5132058５MJ565001XM", FullWidth),
            ("", Empty),
            ("\u{3000} ", Empty),
        ] {
            assert_eq!(CreditCode::parse(code), Err(error), "{code}");
        }
    }

    #[test]
    fn makes_only_from_parts_of_the_right_shape() {
        for (prefix, region, body) in [
            ("5", "320585", "MJ565001"),
            ("51", "32058", "5MJ565001"),
            ("51", "32058X", "MJ565001"),
            ("51", "320585", "MI565001"),
            ("51", "320585", "MJ5650011"),
            ("五1", "320585", "MJ565001"),
        ] {
            assert_eq!(
                CreditCode::make(prefix, region, body),
                None,
                "{prefix} {region} {body}"
            );
        }
    }

    fn codes() -> impl Strategy<Value = CreditCode> {
        ("[159][1239]", "[1-9][0-9]{5}", "[0-9A-HJ-NP-RT-UW-Y]{8}")
            .prop_map(|(prefix, region, body)| CreditCode::make(&prefix, &region, &body).unwrap())
    }

    proptest! {
        #[test]
        fn made_codes_parse(code in codes()) {
            prop_assert_eq!(CreditCode::parse(code.as_str()), Ok(code));
        }

        #[test]
        fn any_one_wrong_character_is_found(code in codes(), at in 0_usize..18, by in 1_usize..31) {
            let mut wrong: Vec<char> = code.as_str().chars().collect();
            let place = (value(wrong[at]).unwrap() as usize + by) % 31;
            wrong[at] = ALPHABET.chars().nth(place).unwrap();
            prop_assert!(CreditCode::parse(&String::from_iter(wrong)).is_err());
        }

        #[test]
        fn any_two_swapped_characters_are_found(code in codes(), a in 0_usize..17, b in 0_usize..17) {
            let mut wrong: Vec<char> = code.as_str().chars().collect();
            prop_assume!(wrong[a] != wrong[b]);
            wrong.swap(a, b);
            prop_assert!(CreditCode::parse(&String::from_iter(wrong)).is_err());
        }

        #[test]
        fn nothing_typed_panics(text in ".*") {
            let _ = CreditCode::parse(&text);
            let _ = CreditCode::make(&text, &text, &text);
        }
    }
}
