//! Administrative division codes (GB/T 2260 and the statistics bureau's codes below it): 6 digits a
//! province, city or county, 9 a town, 12 a community or village. Whether 12 digits are a
//! community (居委会) or a village (村委会) is in the register, not in the code.

/// Why a region code was refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum RegionCodeError {
    #[error("no code given")]
    Empty,
    #[error("not all digits")]
    NotDigits,
    #[error("{0} digits instead of 6, 9 or 12")]
    Length(usize),
}

/// What a code stands for.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum RegionLevel {
    /// `320000`
    Province,
    /// `320500`
    City,
    /// `320585`: a county, a county-level city or a district.
    County,
    /// `320585100`: a town, a sub-district or a development zone.
    Town,
    /// `320585100001`: a community or a village.
    Community,
}

crate::text_value!(
    /// A division code of 6, 9 or 12 digits.
    RegionCode,
    RegionCodeError
);

impl RegionCode {
    /// Reads a code, blanks around it dropped.
    pub fn parse(text: &str) -> Result<Self, RegionCodeError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(RegionCodeError::Empty);
        }
        if !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(RegionCodeError::NotDigits);
        }
        match text.len() {
            6 | 9 | 12 => Ok(Self(text.to_owned())),
            other => Err(RegionCodeError::Length(other)),
        }
    }

    /// The level, from the length and, of six digits, the zeros at the end.
    pub fn level(&self) -> RegionLevel {
        match self.0.len() {
            12 => RegionLevel::Community,
            9 => RegionLevel::Town,
            _ if self.0.ends_with("0000") => RegionLevel::Province,
            _ if self.0.ends_with("00") => RegionLevel::City,
            _ => RegionLevel::County,
        }
    }

    /// The region one level up; `None` above a province.
    pub fn parent(&self) -> Option<Self> {
        let kept = self.stem().len()
            - if self.level() > RegionLevel::County {
                3
            } else {
                2
            };
        let stem = self.0.get(..kept).filter(|stem| !stem.is_empty())?;
        Some(Self(format!("{stem:0<6}")))
    }

    /// Whether the other region is this one or lies inside it.
    pub fn contains(&self, other: &Self) -> bool {
        self.level() <= other.level() && other.0.starts_with(self.stem())
    }

    /// The digits that every region inside begins with.
    fn stem(&self) -> &str {
        let end = match self.level() {
            RegionLevel::Province => 2,
            RegionLevel::City => 4,
            RegionLevel::County => 6,
            RegionLevel::Town => 9,
            RegionLevel::Community => 12,
        };
        self.0.get(..end).unwrap_or(&self.0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn region(code: &str) -> RegionCode {
        code.parse().unwrap()
    }

    #[test]
    fn levels_and_parents() {
        for (code, level, parent) in [
            ("320000", RegionLevel::Province, None),
            ("320500", RegionLevel::City, Some("320000")),
            ("320585", RegionLevel::County, Some("320500")),
            ("320585403", RegionLevel::Town, Some("320585")),
            ("320585100001", RegionLevel::Community, Some("320585100")),
            ("320585100200", RegionLevel::Community, Some("320585100")),
        ] {
            let code = region(code);
            assert_eq!(code.level(), level);
            assert_eq!(code.parent().as_ref().map(RegionCode::as_str), parent);
        }
    }

    #[test]
    fn refused() {
        for (typed, error) in [
            (" ", RegionCodeError::Empty),
            ("32058x", RegionCodeError::NotDigits),
            ("３２０５８５", RegionCodeError::NotDigits),
            ("3205", RegionCodeError::Length(4)),
            ("3205851000010", RegionCodeError::Length(13)),
        ] {
            assert_eq!(RegionCode::parse(typed), Err(error));
        }
    }

    #[test]
    fn inside_and_outside() {
        for (outer, inner, inside) in [
            ("320585", "320585", true),
            ("320585", "320585100001", true),
            ("320500", "320585100", true),
            ("320000", "320500", true),
            ("320585100", "320585101001", false),
            ("320585100", "320585", false),
            ("320500", "320000", false),
            ("320500", "320600", false),
        ] {
            assert_eq!(
                region(outer).contains(&region(inner)),
                inside,
                "{outer} {inner}"
            );
        }
    }

    proptest! {
        #[test]
        fn a_parent_contains_its_child_and_not_the_other_way(code in "[1-9][0-9]{5}([0-9]{3}){0,2}") {
            let child = region(&code);
            if let Some(parent) = child.parent() {
                prop_assert!(parent.contains(&child) && !child.contains(&parent));
                prop_assert!(parent.level() < child.level());
                prop_assert_eq!(RegionCode::parse(parent.as_str()), Ok(parent));
            }
        }
    }
}
