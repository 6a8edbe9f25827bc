//! What an address, a password, a path and a role must be like.

pub mod codes;
pub mod messages;
pub mod terms;

use self::codes::CODE;
use crate::accounts::model::{Recovery, Token};
use crate::kernel::people::PersonId;
use crate::kernel::refusal::{Refusal, Rule};
use crate::kernel::roles::{BodyKind, Role, may};
use crate::kernel::text::narrow;
use chrono::{Duration, NaiveDateTime};

/// How long links live (machine clock).
pub const CONFIRM_FOR: Duration = Duration::hours(24);
pub const RESET_FOR: Duration = Duration::hours(1);
pub const INVITED_FOR: Duration = Duration::days(7);
/// How long the page that asks for the code waits after the password.
pub const CODE_WAITS: Duration = Duration::minutes(10);
/// A proposal to take somebody's second factor off that nobody confirmed for so long is void.
pub const RECOVERY_WAITS: Duration = Duration::days(7);

/// So many invitations of one body may wait for an answer.
pub const MOST_INVITATIONS: usize = 20;

pub const PASSWORD_MIN: usize = 10;
pub const PASSWORD_MAX: usize = 200;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountRule {
    NotAnEmail,
    PasswordTooShort,
    PasswordTooLong,
    PasswordTooPlain,
    /// Unknown address, wrong password, unconfirmed: one answer for all of them.
    WrongSignIn,
    WrongPassword,
    TooManyGuesses,
    RoleNotInBody(Role),
    MayNotGive,
    HoldsItAlready,
    InvitedAlready,
    TooManyInvitations,
    MayNotEnd,
    /// Somebody must remain who can give rights in the body.
    LastOne,
    AdministratorExists,
    TooManyTokens(usize),
    KindNotMadeHere,
    WrongCode,
    TooManyCodes,
    /// The password was typed too long ago for the code to follow.
    CodeTooLate,
    /// Staff may take another device, not none.
    CodeRequired,
    NothingToRecover,
    RecoveryOpen,
    /// The administrator who proposed, or the person concerned.
    NotTheSecond,
    RecoveryTooLate,
    SameEmail,
    TermPast,
    TermReversed,
    DeputyTooLong,
    /// A panel's member scores in person (87号令 §47).
    NoDeputyFor(Role),
    DeputyUnfit,
    HandOver,
    NotAMobile,
    NoGateway,
}

impl Rule for AccountRule {
    fn refusal(&self) -> Refusal {
        match self {
            Self::NotAnEmail => Refusal::new("form-bad-email").at("email"),
            Self::PasswordTooShort => Refusal::new("accounts-password-short")
                .arg("min", PASSWORD_MIN)
                .at("password"),
            Self::PasswordTooLong => Refusal::new("form-too-long")
                .arg("max", PASSWORD_MAX)
                .at("password"),
            Self::PasswordTooPlain => Refusal::new("accounts-password-plain").at("password"),
            Self::WrongSignIn => Refusal::new("accounts-sign-in-wrong").at("password"),
            Self::WrongPassword => Refusal::new("accounts-verify-wrong").at("password"),
            Self::TooManyGuesses => Refusal::new("accounts-too-many-guesses").at("password"),
            Self::RoleNotInBody(_) => Refusal::new("accounts-role-not-in-body").at("role"),
            Self::MayNotGive => Refusal::new("accounts-may-not-give").at("role"),
            Self::HoldsItAlready => Refusal::new("accounts-holds-it-already").at("email"),
            Self::InvitedAlready => Refusal::new("accounts-invited-already").at("email"),
            Self::TooManyInvitations => Refusal::new("accounts-too-many-invitations")
                .arg("max", MOST_INVITATIONS)
                .at("email"),
            Self::MayNotEnd => Refusal::new("accounts-may-not-end"),
            Self::LastOne => Refusal::new("accounts-last-one"),
            Self::TooManyTokens(max) => Refusal::new("accounts-too-many-tokens")
                .arg("max", max)
                .at("name"),
            Self::AdministratorExists => Refusal::new("accounts-administrator-exists"),
            Self::KindNotMadeHere => Refusal::new("accounts-kind-not-made-here").at("kind"),
            Self::WrongCode => Refusal::new("accounts-code-wrong").at(CODE),
            Self::TooManyCodes => Refusal::new("accounts-code-too-many").at(CODE),
            Self::CodeTooLate => Refusal::new("accounts-code-too-late").at("password"),
            Self::CodeRequired => Refusal::new("accounts-code-required"),
            Self::NothingToRecover => Refusal::new("accounts-recovery-nothing").at("email"),
            Self::RecoveryOpen => Refusal::new("accounts-recovery-open").at("email"),
            Self::NotTheSecond => Refusal::new("accounts-recovery-not-second"),
            Self::RecoveryTooLate => Refusal::new("accounts-recovery-late"),
            Self::TermPast => Refusal::new("accounts-term-past").at("until_on"),
            Self::TermReversed => Refusal::new("accounts-term-reversed").at("until_on"),
            Self::DeputyTooLong => Refusal::new("accounts-deputy-long").at("until_on"),
            Self::NoDeputyFor(_) => Refusal::new("accounts-deputy-none")
                .article("87号令 §47")
                .at("deputy"),
            Self::DeputyUnfit => Refusal::new("accounts-deputy-unfit").at("deputy"),
            Self::HandOver => Refusal::new("accounts-hand-over").at("reason"),
            Self::NotAMobile => Refusal::new("accounts-mobile-bad").at("mobile"),
            Self::NoGateway => Refusal::new("accounts-mobile-none").at("mobile"),
            Self::SameEmail => Refusal::new("accounts-email-same").at("email"),
        }
    }
}

/// An address as we keep and compare it: narrow characters, lower case.
pub fn email(text: &str) -> Result<String, AccountRule> {
    let text = narrow(text).trim().to_ascii_lowercase();
    let (local, domain) = text.split_once('@').ok_or(AccountRule::NotAnEmail)?;
    let is_dotted = |text: &str, allowed: fn(char) -> bool| {
        text.split('.')
            .all(|part| !part.is_empty() && part.chars().all(allowed))
    };
    let is_label =
        |label: &str| !label.starts_with('-') && !label.ends_with('-') && label.len() <= 63;
    let is_address = text.len() <= 254
        && local.len() <= 64
        && is_dotted(local, |c| {
            c.is_ascii_alphanumeric() || "!#$%&'*+/=?^_`{|}~-".contains(c)
        })
        && is_dotted(domain, |c| c.is_ascii_alphanumeric() || c == '-')
        && domain.contains('.')
        && domain.split('.').all(is_label);
    if is_address {
        Ok(text)
    } else {
        Err(AccountRule::NotAnEmail)
    }
}

/// At least ten characters of three of the four classes: lower case, upper case, digits, anything else.
pub fn check_password(password: &str) -> Result<(), AccountRule> {
    let length = password.chars().count();
    if length < PASSWORD_MIN {
        return Err(AccountRule::PasswordTooShort);
    }
    if length > PASSWORD_MAX {
        return Err(AccountRule::PasswordTooLong);
    }
    let has = |class: fn(char) -> bool| usize::from(password.chars().any(class));
    let classes = has(|c| c.is_ascii_lowercase())
        + has(|c| c.is_ascii_uppercase())
        + has(|c| c.is_ascii_digit())
        + has(|c| !c.is_ascii_alphanumeric());
    if classes < 3 {
        return Err(AccountRule::PasswordTooPlain);
    }
    Ok(())
}

/// A path on this portal to go on to; anything else is left out, so that no sign-in leads elsewhere.
pub fn local_path(text: &str) -> Option<&str> {
    let is_local = text.starts_with('/')
        && !text.starts_with("//")
        && text.len() <= 2000
        && text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    is_local.then_some(text)
}

/// A link is good once, within its time.
pub fn is_good(token: &Token, now: NaiveDateTime) -> bool {
    token.used_at.is_none() && token.expires_at > now
}

/// Whether this administrator may confirm that the person's second factor be taken off.
pub fn may_confirm(
    recovery: &Recovery,
    by: PersonId,
    now: NaiveDateTime,
) -> Result<(), AccountRule> {
    if by == recovery.proposed_by || by == recovery.person_id {
        return Err(AccountRule::NotTheSecond);
    }
    if recovery.proposed_at + RECOVERY_WAITS <= now {
        return Err(AccountRule::RecoveryTooLate);
    }
    Ok(())
}

/// Who gives rights in a body of the kind; every body of another kind is the administrator's care.
pub fn manages(role: Role, kind: BodyKind) -> bool {
    match kind {
        BodyKind::Provider => matches!(role, Role::Submitter | Role::Signatory),
        BodyKind::Platform => role == Role::Administrator,
        _ => false,
    }
}

/// Whether somebody with the roles may give `role` to a colleague. Nobody makes a signatory but a signatory.
pub fn may_give(holds: &[Role], role: Role, kind: BodyKind) -> Result<(), AccountRule> {
    if !may(role, kind) {
        return Err(AccountRule::RoleNotInBody(role));
    }
    let manages = holds.iter().any(|held| manages(*held, kind));
    if !manages || (role == Role::Signatory && !holds.contains(&Role::Signatory)) {
        return Err(AccountRule::MayNotGive);
    }
    Ok(())
}

/// Whether somebody with the roles may end `ended`; `left` are the roles that remain in the body. Nobody ends a
/// signatory but a signatory or the platform.
pub fn may_end(
    holds: &[Role],
    ended: Role,
    left: &[Role],
    kind: BodyKind,
) -> Result<(), AccountRule> {
    let above = [Role::Signatory, Role::Administrator];
    if ended == Role::Signatory && !holds.iter().any(|held| above.contains(held)) {
        return Err(AccountRule::MayNotEnd);
    }
    if manages(ended, kind) && !left.iter().any(|role| manages(*role, kind)) {
        return Err(AccountRule::LastOne);
    }
    Ok(())
}

/// Browser and system in two words, for the list of sessions.
pub fn device(user_agent: &str) -> String {
    let first = |names: &[(&str, &'static str)]| {
        names
            .iter()
            .find(|(mark, _)| user_agent.contains(mark))
            .map(|(_, name)| *name)
    };
    let browser = first(&[
        ("MicroMessenger", "WeChat"),
        ("HarmonyOS", "Huawei Browser"),
        ("Edg", "Edge"),
        ("OPR", "Opera"),
        ("Firefox", "Firefox"),
        ("Chrome", "Chrome"),
        ("Safari", "Safari"),
    ]);
    let system = first(&[
        ("HarmonyOS", "HarmonyOS"),
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    ]);
    [browser, system]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" · ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::accounts::model::RecoveryId;
    use proptest::prelude::*;

    #[test]
    fn addresses() {
        for (typed, kept) in [
            (" Zhang@Example.COM ", "zhang@example.com"),
            ("zhang＠example．com", "zhang@example.com"),
            ("a.b+c@x-y.example", "a.b+c@x-y.example"),
        ] {
            assert_eq!(email(typed).as_deref(), Ok(kept), "{typed}");
        }
        for bad in [
            "",
            "a",
            "a@b",
            "@b.cn",
            "a@",
            "a@b..cn",
            "a..b@c.cn",
            ".a@c.cn",
            "a@-b.cn",
            "a b@c.cn",
            "a@b@c.cn",
            "张@例.cn",
            "a@b.cn\r\nbcc: x@y.cn",
            "a@b.cn,c@d.cn",
            "<a@b.cn>",
            "😀@b.cn",
        ] {
            assert_eq!(email(bad), Err(AccountRule::NotAnEmail), "{bad}");
        }
        assert!(email(&format!("{}@b.cn", "a".repeat(65))).is_err());
    }

    #[test]
    fn passwords() {
        use AccountRule::{PasswordTooLong, PasswordTooPlain, PasswordTooShort};
        for (password, expected) in [
            ("correct-horse-7", Ok(())),
            ("Abcdefghi1", Ok(())),
            ("我的密码是abc123", Ok(())),
            ("Abcdefgh1", Err(PasswordTooShort)),
            ("abcdefghij1", Err(PasswordTooPlain)),
            ("ABCDEFGHIJ", Err(PasswordTooPlain)),
            ("correct horse", Err(PasswordTooPlain)),
        ] {
            assert_eq!(check_password(password), expected, "{password}");
        }
        assert_eq!(check_password(&"aB3".repeat(67)), Err(PasswordTooLong));
        assert_eq!(check_password(&"aB3".repeat(66)), Ok(()));
    }

    #[test]
    fn only_paths_of_this_portal() {
        for good in ["/", "/work", "/projects/3?tab=clock#now", "/a%20b"] {
            assert_eq!(local_path(good), Some(good));
        }
        for bad in [
            "",
            "work",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a\r\nx: y",
            "/a b",
            "/张",
            "javascript:alert(1)",
        ] {
            assert_eq!(local_path(bad), None, "{bad}");
        }
    }

    #[test]
    fn rights_are_given_by_those_who_have_them() {
        use AccountRule::{MayNotGive, RoleNotInBody};
        use Role::{Officer, Preparer, Signatory, Submitter};
        let provider = BodyKind::Provider;
        for (holds, gives, expected) in [
            (&[Submitter][..], Preparer, Ok(())),
            (&[Submitter], Submitter, Ok(())),
            (&[Submitter], Signatory, Err(MayNotGive)),
            (&[Signatory], Signatory, Ok(())),
            (&[Preparer], Preparer, Err(MayNotGive)),
            (&[], Preparer, Err(MayNotGive)),
            (&[Signatory], Officer, Err(RoleNotInBody(Officer))),
        ] {
            assert_eq!(
                may_give(holds, gives, provider),
                expected,
                "{holds:?} {gives}"
            );
        }
        assert_eq!(
            may_give(&[Officer, Signatory], Officer, BodyKind::Bureau),
            Err(MayNotGive)
        );
    }

    #[test]
    fn somebody_who_gives_rights_remains() {
        use Role::{Administrator, Officer, Preparer, Signatory, Submitter};
        let provider = BodyKind::Provider;
        assert_eq!(
            may_end(&[Submitter], Submitter, &[Preparer], provider),
            Err(AccountRule::LastOne)
        );
        assert_eq!(
            may_end(&[Submitter], Submitter, &[Preparer, Signatory], provider),
            Ok(())
        );
        let left = [Preparer, Submitter, Signatory];
        for (holds, expected) in [
            (&[Signatory][..], Ok(())),
            (&[Administrator], Ok(())),
            (&[Submitter, Preparer], Err(AccountRule::MayNotEnd)),
        ] {
            assert_eq!(may_end(holds, Signatory, &left, provider), expected);
        }
        assert_eq!(
            may_end(&[Submitter], Preparer, &[Submitter], provider),
            Ok(())
        );
        assert_eq!(
            may_end(&[Administrator], Officer, &[], BodyKind::Bureau),
            Ok(())
        );
        assert_eq!(
            may_end(&[Administrator], Administrator, &[], BodyKind::Platform),
            Err(AccountRule::LastOne)
        );
    }

    #[test]
    fn a_second_administrator_confirms_in_time() {
        use AccountRule::{NotTheSecond, RecoveryTooLate};
        let at = |day| {
            chrono::NaiveDate::from_ymd_opt(2026, 3, day)
                .unwrap()
                .and_hms_opt(9, 0, 0)
                .unwrap()
        };
        let recovery = Recovery {
            id: RecoveryId(1),
            person_id: PersonId(1),
            reason: String::new(),
            proposed_by: PersonId(2),
            proposed_at: at(2),
        };
        for (by, day, expected) in [
            (3, 2, Ok(())),
            (3, 8, Ok(())),
            (3, 9, Err(RecoveryTooLate)),
            (2, 2, Err(NotTheSecond)),
            (1, 2, Err(NotTheSecond)),
        ] {
            assert_eq!(
                may_confirm(&recovery, PersonId(by), at(day)),
                expected,
                "{by} {day}"
            );
        }
    }

    #[test]
    fn devices_in_two_words() {
        for (agent, name) in [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/142.0 Safari/537.36",
                "Chrome · Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1",
                "Safari · iPhone",
            ),
            (
                "Mozilla/5.0 (Linux; Android 14) Chrome/130 MicroMessenger/8.0",
                "WeChat · Android",
            ),
            ("curl/8", ""),
        ] {
            assert_eq!(device(agent), name);
        }
    }

    proptest! {
        #[test]
        fn nothing_typed_panics(text in ".*") {
            drop(email(&text));
            let _ = check_password(&text);
            let _ = local_path(&text);
            device(&text);
        }

        #[test]
        fn a_kept_address_is_kept_as_it_is(text in "[a-z0-9.+-]{1,12}@[a-z0-9-]{1,8}\\.cn") {
            if let Ok(kept) = email(&text) {
                prop_assert_eq!(email(&kept), Ok(kept));
            }
        }
    }
}
