//! What may be written into a contract, who may sign it when.

use super::model::{ContractState, Secrets, SignMethod};
use crate::kernel::refusal::{Refusal, Rule};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContractRule {
    WrongState,
    /// The winner's content is not editable.
    Locked(&'static str),
    SecretsWithoutReason,
    ReasonWithoutSecrets,
    AlreadySigned,
    SomebodySigned,
    /// What a side has signed does not fall with its award.
    SignedAward,
    OnlyInDemo,
    WrongPassword,
    NoScan,
    NotAScan,
    NoProvider,
    AlreadyDrawnUp,
    /// Anybody may bid in anybody's name; only who is proven to be that body signs for it.
    ProviderUnproven,
}

impl Rule for ContractRule {
    fn refusal(&self) -> Refusal {
        match self {
            Self::WrongState => Refusal::new("contracts-rule-state"),
            Self::Locked(field) => Refusal::new("contracts-rule-locked")
                .article("政府采购法 §46")
                .at(field),
            Self::SecretsWithoutReason => Refusal::new("contracts-rule-secret-reason")
                .article("政府采购法实施条例 §50")
                .at("secret_reason"),
            Self::ReasonWithoutSecrets => Refusal::new("contracts-rule-secret-none").at("secrets"),
            Self::AlreadySigned => Refusal::new("contracts-rule-signed"),
            Self::SomebodySigned => Refusal::new("contracts-rule-somebody-signed"),
            Self::SignedAward => Refusal::new("contracts-rule-signed-award"),
            Self::OnlyInDemo => Refusal::new("contracts-rule-only-demo")
                .article("电子签名法 §13")
                .at("password"),
            Self::WrongPassword => Refusal::new("contracts-rule-password").at("password"),
            Self::NoScan => Refusal::new("contracts-rule-no-scan").at("scan"),
            Self::NotAScan => Refusal::new("contracts-rule-not-a-scan").at("scan"),
            Self::NoProvider => Refusal::new("contracts-rule-no-provider"),
            Self::AlreadyDrawnUp => Refusal::new("contracts-rule-drawn-up"),
            Self::ProviderUnproven => Refusal::new("contracts-rule-unproven"),
        }
    }
}

/// Fields that come from the winning bid and the tender documents (政府采购法 §46): a form that names one was not
/// made by us, and is refused rather than half obeyed.
pub const LOCKED: &[&str] = &[
    "amount",
    "amount_fen",
    "amount_yuan",
    "term_from",
    "term_to",
    "scope",
    "title",
    "communities",
    "provider",
    "provider_id",
    "provider_name",
    "catalogue_code",
];

/// Refuses a form that carries a locked field.
pub fn check_unlocked(has: impl Fn(&str) -> bool) -> Result<(), ContractRule> {
    match LOCKED.iter().find(|field| has(field)) {
        Some(field) => Err(ContractRule::Locked(field)),
        None => Ok(()),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Edit,
    Offer,
    TakeBack,
    Sign,
    /// Its award is cancelled.
    Cancel,
}

#[cfg(test)]
impl Step {
    const ALL: &'static [Self] = &[
        Self::Edit,
        Self::Offer,
        Self::TakeBack,
        Self::Sign,
        Self::Cancel,
    ];
}

/// The state that a step leads to; `signed` is how many sides have signed before it.
pub fn next(
    state: ContractState,
    step: Step,
    signed: usize,
) -> Result<ContractState, ContractRule> {
    use ContractState::{Cancelled, Drafted, Published, Signing};
    match (state, step) {
        (Signing, Step::TakeBack) if signed > 0 => Err(ContractRule::SomebodySigned),
        (Signing, Step::Cancel) if signed > 0 => Err(ContractRule::SignedAward),
        (Drafted | Signing, Step::Cancel) => Ok(Cancelled),
        (Drafted, Step::Edit) | (Signing, Step::TakeBack) => Ok(Drafted),
        (Drafted, Step::Offer) => Ok(Signing),
        (Signing, Step::Sign) if signed == 0 => Ok(Signing),
        (Signing, Step::Sign) => Ok(Published),
        (Drafted, Step::TakeBack | Step::Sign)
        | (Signing, Step::Edit | Step::Offer)
        | (Published | Cancelled, _) => Err(ContractRule::WrongState),
    }
}

/// Whether a side may sign in this way here (电子签名法 §13–14: a password binds nobody outside a demonstration).
pub fn check_method(method: SignMethod, is_demo: bool) -> Result<(), ContractRule> {
    if method == SignMethod::Password && !is_demo {
        return Err(ContractRule::OnlyInDemo);
    }
    Ok(())
}

/// A scan is a PDF or a picture, by its content.
pub fn check_scan(media_type: Option<&'static str>) -> Result<&'static str, ContractRule> {
    media_type
        .filter(|kind| matches!(*kind, "application/pdf" | "image/jpeg" | "image/png"))
        .ok_or(ContractRule::NotAScan)
}

/// What is hidden needs a reason, and a reason something hidden (实施条例 §50).
pub fn check_secrets(secrets: &Secrets) -> Result<(), ContractRule> {
    match (secrets.fields.is_empty(), secrets.reason.is_empty()) {
        (false, true) => Err(ContractRule::SecretsWithoutReason),
        (true, false) => Err(ContractRule::ReasonWithoutSecrets),
        _ => Ok(()),
    }
}

/// `TC-HT-2026-0001`.
pub fn number(year: i32, counted: i64) -> String {
    format!("TC-HT-{year}-{counted:04}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::procurement::contracts::SecretField;

    #[test]
    fn every_step_in_every_state() {
        use ContractState::{Cancelled, Drafted, Published, Signing};
        for (state, step, signed, to) in [
            (Drafted, Step::Edit, 0, Some(Drafted)),
            (Drafted, Step::Offer, 0, Some(Signing)),
            (Drafted, Step::TakeBack, 0, None),
            (Drafted, Step::Sign, 0, None),
            (Signing, Step::Edit, 0, None),
            (Signing, Step::Offer, 0, None),
            (Signing, Step::TakeBack, 0, Some(Drafted)),
            (Signing, Step::TakeBack, 1, None),
            (Signing, Step::Sign, 0, Some(Signing)),
            (Signing, Step::Sign, 1, Some(Published)),
            (Drafted, Step::Cancel, 0, Some(Cancelled)),
            (Signing, Step::Cancel, 0, Some(Cancelled)),
            (Signing, Step::Cancel, 1, None),
        ] {
            assert_eq!(
                next(state, step, signed).ok(),
                to,
                "{state} {step:?} {signed}"
            );
        }
        for state in [Published, ContractState::Cancelled] {
            for step in Step::ALL {
                assert_eq!(
                    next(state, *step, 2),
                    Err(ContractRule::WrongState),
                    "{state} {step:?}"
                );
            }
        }
    }

    #[test]
    fn locked_fields_are_refused_where_they_stand() {
        assert_eq!(
            check_unlocked(|name| name == "payment" || name == "phone"),
            Ok(())
        );
        for field in LOCKED {
            let refused = check_unlocked(|name| name == *field);
            assert_eq!(refused, Err(ContractRule::Locked(field)));
            assert_eq!(
                refused.map_err(|rule| rule.refusal().field),
                Err(Some(*field))
            );
        }
    }

    #[test]
    fn secrets_and_reasons_come_together() {
        let secrets = |fields: &[SecretField], reason: &str| Secrets {
            fields: fields.to_vec(),
            reason: reason.into(),
        };
        assert_eq!(check_secrets(&secrets(&[], "")), Ok(()));
        assert_eq!(
            check_secrets(&secrets(&[SecretField::Duties], "涉及个人信息")),
            Ok(())
        );
        assert_eq!(
            check_secrets(&secrets(&[SecretField::Duties], "")),
            Err(ContractRule::SecretsWithoutReason)
        );
        assert_eq!(
            check_secrets(&secrets(&[], "无")),
            Err(ContractRule::ReasonWithoutSecrets)
        );
    }

    #[test]
    fn methods_and_scans() {
        assert_eq!(check_method(SignMethod::Scan, false), Ok(()));
        assert_eq!(check_method(SignMethod::Password, true), Ok(()));
        assert_eq!(
            check_method(SignMethod::Password, false),
            Err(ContractRule::OnlyInDemo)
        );
        assert_eq!(check_scan(Some("application/pdf")), Ok("application/pdf"));
        for other in [None, Some("application/zip"), Some("application/msword")] {
            assert_eq!(check_scan(other), Err(ContractRule::NotAScan));
        }
    }

    #[test]
    fn numbers_grow_past_four_digits() {
        assert_eq!(number(2026, 1), "TC-HT-2026-0001");
        assert_eq!(number(2026, 12_345), "TC-HT-2026-12345");
    }
}
