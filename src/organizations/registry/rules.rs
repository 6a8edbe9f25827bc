//! Which code fits which kind, what may follow what, and in which order names stand.

use super::model::{ProviderKind, ProviderState};
use crate::kernel::credit_code::{CreditCode, CreditCodeError};
use crate::kernel::phone;
use crate::kernel::refusal::{Refusal, Rule};
pub use crate::kernel::sound::sort_key;

/// Why a registration or a check did not happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegistryRule {
    Code(CreditCodeError),
    /// Social organizations carry their registration category in the first two characters (GB 32100).
    PrefixForKind {
        kind: ProviderKind,
        found: String,
    },
    /// No province has this number, and it is not the central registration either (GB/T 2260).
    UnknownProvince(String),
    NameWithoutLetters,
    BadPhone,
    NoScope,
    UnknownScope(String),
    NoArea,
    UnknownArea(String),
    AlreadyYours,
    WrongState,
    NoCertificate,
    NoReason,
    /// Rival claims must lie side by side before one is proven; here are others than those seen.
    RivalsNotSeen,
    AnotherIsProven,
    /// Who acts for a body invites others by oneself.
    HasMembers,
    /// The code of a row of an import, which another body or another row claims.
    Claimed,
    /// A check out of turn is for those whose code another body was proven to hold.
    NobodyIsProven,
}

impl Rule for RegistryRule {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Code(error) => code_refusal(*error).at("credit_code"),
            Self::PrefixForKind { kind, found } => Refusal::new(match kind {
                ProviderKind::Association => "registry-code-not-51",
                ProviderKind::SocialService => "registry-code-not-52",
                ProviderKind::Foundation => "registry-code-not-53",
                _ => "registry-code-is-social",
            })
            .arg("found", found)
            .at("credit_code"),
            Self::UnknownProvince(digits) => Refusal::new("registry-code-province")
                .arg("digits", digits)
                .at("credit_code"),
            Self::NameWithoutLetters => Refusal::new("registry-name-letters").at("name"),
            Self::BadPhone => Refusal::new("registry-phone-bad").at("phone"),
            Self::NoScope => Refusal::new("registry-scope-none").at("scope"),
            Self::UnknownScope(code) => Refusal::new("registry-scope-unknown")
                .arg("code", code)
                .at("scope"),
            Self::NoArea => Refusal::new("registry-area-none").at("areas"),
            Self::UnknownArea(code) => Refusal::new("registry-area-unknown")
                .arg("code", code)
                .at("areas"),
            Self::AlreadyYours => Refusal::new("registry-already-yours").at("credit_code"),
            Self::WrongState => Refusal::new("registry-wrong-state"),
            Self::NoCertificate => Refusal::new("registry-no-certificate"),
            Self::NoReason => Refusal::new("form-missing").at("reason"),
            Self::RivalsNotSeen => Refusal::new("registry-rivals-not-seen").at("seen"),
            Self::HasMembers => Refusal::new("registry-has-members").at("email"),
            Self::Claimed => Refusal::new("registry-import-claimed"),
            Self::NobodyIsProven => Refusal::new("registry-nobody-proven"),
            Self::AnotherIsProven => Refusal::new("registry-another-proven"),
        }
    }
}

fn code_refusal(error: CreditCodeError) -> Refusal {
    match error {
        CreditCodeError::Empty => Refusal::new("form-missing"),
        CreditCodeError::FullWidth => Refusal::new("registry-code-full-width"),
        CreditCodeError::Length(length) => {
            Refusal::new("registry-code-length").arg("length", length)
        }
        CreditCodeError::BadCharacter {
            position,
            character,
        } => Refusal::new("registry-code-character")
            .arg("position", position)
            .arg("character", character),
        CreditCodeError::OrganizationCheck { expected } => Refusal::new("registry-code-check")
            .arg("position", 17)
            .arg("expected", expected),
        CreditCodeError::CheckDigit { expected } => Refusal::new("registry-code-check")
            .arg("position", 18)
            .arg("expected", expected),
    }
}

/// The numbers of provinces in GB/T 2260; `10` is the registration at the central authorities.
const PROVINCES: &[&str] = &[
    "10", "11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37",
    "41", "42", "43", "44", "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65",
    "71", "81", "82",
];

/// Whether a code, right in itself, can belong to a body of this kind.
pub fn check_code(kind: ProviderKind, code: &CreditCode) -> Result<(), RegistryRule> {
    let found = code.prefix();
    let fits = match kind {
        ProviderKind::Association => found == "51",
        ProviderKind::SocialService => found == "52",
        ProviderKind::Foundation => found == "53",
        ProviderKind::Enterprise | ProviderKind::Institution | ProviderKind::Other => {
            !matches!(found, "51" | "52" | "53")
        }
    };
    if !fits {
        return Err(RegistryRule::PrefixForKind {
            kind,
            found: found.to_owned(),
        });
    }
    let province = code.region().get(..2).unwrap_or_default();
    if !PROVINCES.contains(&province) {
        return Err(RegistryRule::UnknownProvince(code.region().to_owned()));
    }
    Ok(())
}

pub fn check_phone(phone: &str) -> Result<(), RegistryRule> {
    match phone::parse(phone) {
        Ok(kept) if kept == phone => Ok(()),
        _ => Err(RegistryRule::BadPhone),
    }
}

/// A name needs something to be called by: signs and pictures alone are none.
pub fn check_name(name: &str) -> Result<(), RegistryRule> {
    if name.chars().filter(|c| c.is_alphabetic()).count() < 2 {
        return Err(RegistryRule::NameWithoutLetters);
    }
    Ok(())
}

/// Codes without those that another one contains: a town stands for its communities, `A01` for `A0101`.
pub fn widest(codes: &[String]) -> Vec<String> {
    let mut widest: Vec<String> = codes
        .iter()
        .filter(|code| {
            let inside =
                |other: &&String| code.len() > other.len() && code.starts_with(other.as_str());
            !code.is_empty()
                && !codes
                    .iter()
                    .any(|other| !other.is_empty() && inside(&other))
        })
        .cloned()
        .collect();
    widest.sort_unstable();
    widest.dedup();
    widest
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A certificate is handed in, or a check is asked for.
    HandIn,
    /// Name, kind, credit code or legal head changed: what was compared no longer stands.
    Correct,
    Prove,
    Refuse,
    /// A proof turns out wrong.
    Revoke,
}

pub fn next_state(from: ProviderState, step: Step) -> Result<ProviderState, RegistryRule> {
    use ProviderState::{Proven, Refused, Unproven};
    match (from, step) {
        (_, Step::Correct) | (Unproven | Refused, Step::HandIn) => Ok(Unproven),
        (Unproven, Step::Prove) => Ok(Proven),
        (Unproven, Step::Refuse) | (Proven, Step::Revoke) => Ok(Refused),
        (Proven, Step::HandIn | Step::Prove | Step::Refuse)
        | (Refused, Step::Prove | Step::Refuse | Step::Revoke)
        | (Unproven, Step::Revoke) => Err(RegistryRule::WrongState),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use ProviderKind::{Association, Enterprise, Foundation, Institution, Other, SocialService};

    #[test]
    fn every_state_and_step() {
        use ProviderState::{Proven, Refused, Unproven};
        use Step::{Correct, HandIn, Prove, Refuse, Revoke};
        for (from, step, to) in [
            (Unproven, HandIn, Some(Unproven)),
            (Unproven, Correct, Some(Unproven)),
            (Unproven, Prove, Some(Proven)),
            (Unproven, Refuse, Some(Refused)),
            (Unproven, Revoke, None),
            (Proven, HandIn, None),
            (Proven, Correct, Some(Unproven)),
            (Proven, Prove, None),
            (Proven, Refuse, None),
            (Proven, Revoke, Some(Refused)),
            (Refused, HandIn, Some(Unproven)),
            (Refused, Correct, Some(Unproven)),
            (Refused, Prove, None),
            (Refused, Refuse, None),
            (Refused, Revoke, None),
        ] {
            assert_eq!(next_state(from, step).ok(), to, "{from} {step:?}");
        }
    }

    #[test]
    fn codes_fit_their_kinds() {
        let kinds = [
            Association,
            SocialService,
            Foundation,
            Enterprise,
            Institution,
            Other,
        ];
        for (prefix, fits) in [
            ("51", vec![Association]),
            ("52", vec![SocialService]),
            ("53", vec![Foundation]),
            ("91", vec![Enterprise, Institution, Other]),
            ("12", vec![Enterprise, Institution, Other]),
        ] {
            let code = CreditCode::make(prefix, "320585", "MJ565001").unwrap();
            for kind in kinds {
                assert_eq!(
                    check_code(kind, &code).is_ok(),
                    fits.contains(&kind),
                    "{prefix} {kind}"
                );
            }
        }
    }

    #[test]
    fn no_province_no_code() {
        let code = CreditCode::make("91", "990585", "MJ565001").unwrap();
        assert_eq!(
            check_code(Enterprise, &code),
            Err(RegistryRule::UnknownProvince("990585".into()))
        );
        assert!(
            check_code(
                Enterprise,
                &CreditCode::make("91", "100000", "MJ565001").unwrap()
            )
            .is_ok()
        );
    }

    #[test]
    fn the_wider_code_stands_for_the_narrower() {
        for (given, kept) in [
            (vec!["A0101", "A01", "A0201"], vec!["A01", "A0201"]),
            (
                vec!["320585100001", "320585101", "320585100002", "320585101001"],
                vec!["320585100001", "320585100002", "320585101"],
            ),
            (vec!["320585100", "320585"], vec!["320585"]),
            (vec!["A01", "A01", ""], vec!["A01"]),
        ] {
            let given: Vec<String> = given.into_iter().map(str::to_owned).collect();
            assert_eq!(widest(&given), kept);
        }
    }

    #[test]
    fn names_need_letters_and_order_by_sound() {
        assert!(check_name("👵👵👵").is_err() && check_name("安").is_err());
        assert!(check_name("安居").is_ok() && check_name("جمعية").is_ok());
        let mut names = ["张村协会", "ＡＢ服务社", "安居服务社", "白云协会", "𠮷田社"];
        names.sort_by_key(|name| sort_key(name));
        assert_eq!(
            names,
            ["ＡＢ服务社", "安居服务社", "白云协会", "张村协会", "𠮷田社"]
        );
    }
}
