//! Codes of the purchase catalogue (政府购买服务指导性目录): `A` (level 1), `A01` (2), `A0101` (3).

/// Not a letter with none, two or four digits after it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not a catalogue code such as A, A01 or A0101")]
pub struct CatalogueCodeError;

crate::text_value!(
    /// A code of the form `[A-Z]`, `[A-Z]dd` or `[A-Z]dddd`. That it stands in the catalogue of a
    /// year is for the catalogue to check.
    CatalogueCode,
    CatalogueCodeError
);

impl CatalogueCode {
    /// Reads a code; blanks around it are dropped, lower case is raised.
    pub fn parse(text: &str) -> Result<Self, CatalogueCodeError> {
        let code = text.trim().to_ascii_uppercase();
        match code.as_bytes() {
            [b'A'..=b'Z', digits @ ..]
                if matches!(digits.len(), 0 | 2 | 4) && digits.iter().all(u8::is_ascii_digit) =>
            {
                Ok(Self(code))
            }
            _ => Err(CatalogueCodeError),
        }
    }

    /// 1, 2 or 3.
    pub fn level(&self) -> u8 {
        match self.0.len() {
            1 => 1,
            3 => 2,
            _ => 3,
        }
    }

    /// The code one level up; `None` at the top.
    pub fn parent(&self) -> Option<Self> {
        let kept = self.0.len().checked_sub(2)?;
        self.0.get(..kept).map(|code| Self(code.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn levels_and_parents() {
        for (typed, level, parent) in [
            ("A", 1, None),
            ("B01", 2, Some("B")),
            (" a0101 ", 3, Some("A01")),
        ] {
            let code = CatalogueCode::parse(typed).unwrap();
            assert_eq!(code.level(), level);
            assert_eq!(code.parent().as_ref().map(CatalogueCode::as_str), parent);
        }
    }

    #[test]
    fn refused() {
        for typed in [
            "", "1", "A1", "A010", "A01011", "AA01", "A０１", "A01X1", "养",
        ] {
            assert_eq!(
                CatalogueCode::parse(typed),
                Err(CatalogueCodeError),
                "{typed}"
            );
        }
    }

    proptest! {
        #[test]
        fn parents_lead_to_the_top(typed in "[A-Z]([0-9]{2}){0,2}") {
            let code = CatalogueCode::parse(&typed).unwrap();
            prop_assert_eq!(code.as_str(), &typed);
            let ancestors = std::iter::successors(code.parent(), CatalogueCode::parent).count();
            prop_assert_eq!(ancestors + 1, usize::from(code.level()));
        }

        #[test]
        fn nothing_typed_panics(text in ".*") {
            let _ = CatalogueCode::parse(&text);
        }
    }
}
