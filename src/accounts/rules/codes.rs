//! The second factor: one-time codes by time (RFC 6238), and recovery codes for the day the telephone is lost.

use crate::kernel::text::narrow;
use totp_rs::{Builder, Secret, Totp};

/// The name of the field for a code, wherever one is typed. Like passwords it is neither kept nor shown again.
pub const CODE: &str = "one_time_code";

/// Bytes of an authenticator's key, as RFC 4226 §4 recommends.
pub const KEY: usize = 20;

pub const RECOVERY_CODES: usize = 10;
/// Random bytes of a recovery code: no guess finds one, nor does a reader of the hashes.
pub const RECOVERY_BYTES: usize = 10;
const RECOVERY_CHARS: usize = RECOVERY_BYTES * 8 / 5;
/// Crockford's digits: none that looks like another.
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// What somebody typed where a code was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Typed {
    Code(String),
    Recovery(String),
}

/// Reads a code with the blanks and hyphens that people type; `None` when it can be neither kind.
pub fn read(text: &str) -> Option<Typed> {
    let text: String = narrow(text)
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .map(|c| match c.to_ascii_lowercase() {
            'o' => '0',
            'i' | 'l' => '1',
            c => c,
        })
        .collect();
    if text.len() == 6 && text.bytes().all(|b| b.is_ascii_digit()) {
        return Some(Typed::Code(text));
    }
    (text.len() == RECOVERY_CHARS && text.bytes().all(|b| DIGITS.contains(&b)))
        .then_some(Typed::Recovery(text))
}

fn totp(key: &[u8]) -> Option<Totp> {
    // Six digits every 30 seconds by SHA-1: the one setting that every authenticator knows. One step either way for
    // clocks that differ.
    Builder::new().with_secret(key.to_vec()).build().ok()
}

/// The step whose code this is, if it is a code of these moments (seconds since 1970) and newer than the last one used.
pub fn accepted_step(key: &[u8], code: &str, seconds: i64, last: i64) -> Option<i64> {
    let step = totp(key)?.check(code, u64::try_from(seconds).ok()?)?;
    i64::try_from(step).ok().filter(|step| *step > last)
}

/// The key as it is typed into an authenticator: in groups of four.
pub fn key_text(key: &[u8]) -> String {
    grouped(&Secret::from(key.to_vec()).to_base32())
}

/// What the picture says to an authenticator.
pub fn key_uri(key: &[u8], issuer: &str, account: &str) -> String {
    let encode = |text: &str| -> String {
        url::form_urlencoded::byte_serialize(text.as_bytes())
            .collect::<String>()
            .replace('+', "%20")
    };
    let secret = Secret::from(key.to_vec()).to_base32();
    let issuer = encode(issuer);
    format!(
        "otpauth://totp/{issuer}:{}?secret={secret}&issuer={issuer}",
        encode(account)
    )
}

/// A recovery code of random bytes, without its hyphens.
pub fn recovery_code(random: &[u8; RECOVERY_BYTES]) -> String {
    let mut text = String::with_capacity(RECOVERY_CHARS);
    let (mut held, mut bits) = (0u32, 0u32);
    for byte in random {
        held = (held << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            let digit = DIGITS.get((held >> bits) as usize & 31);
            text.extend(digit.map(|digit| char::from(*digit)));
        }
    }
    text
}

pub fn grouped(text: &str) -> String {
    text.as_bytes()
        .chunks(4)
        .map(String::from_utf8_lossy)
        .collect::<Vec<_>>()
        .join("-")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    const RFC: &[u8] = b"12345678901234567890";

    /// RFC 6238, appendix B, the last six of its eight digits.
    #[test]
    fn codes_of_the_standard() {
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
        ] {
            assert_eq!(
                accepted_step(RFC, code, seconds, 0),
                Some(seconds / 30),
                "{code}"
            );
        }
    }

    #[test]
    fn a_code_is_good_once_and_for_a_minute_and_a_half() {
        let step = 1_234_567_890 / 30;
        for (seconds, last, expected) in [
            (1_234_567_890, step - 1, Some(step)),
            (1_234_567_890, step, None),
            (1_234_567_890, step + 1, None),
            (1_234_567_890 + 30, 0, Some(step)),
            (1_234_567_890 - 30, 0, Some(step)),
            (1_234_567_890 + 60, 0, None),
            (1_234_567_890 - 60, 0, None),
            (-1, 0, None),
        ] {
            assert_eq!(
                accepted_step(RFC, "005924", seconds, last),
                expected,
                "{seconds} {last}"
            );
        }
    }

    #[test]
    fn codes_as_people_type_them() {
        for (typed, read_as) in [
            ("005924", Some(Typed::Code("005924".into()))),
            (" 005 924 ", Some(Typed::Code("005924".into()))),
            ("００５９２４", Some(Typed::Code("005924".into()))),
            ("00592", None),
            ("0059245", None),
            ("00592x", None),
            ("", None),
            (
                "OIL0-abcd-EFGH-jkmn",
                Some(Typed::Recovery("0110abcdefghjkmn".into())),
            ),
            (
                "0110abcdefghjkmn",
                Some(Typed::Recovery("0110abcdefghjkmn".into())),
            ),
            ("u110abcdefghjkmn", None),
            ("0110abcdefghjkm", None),
        ] {
            assert_eq!(read(typed), read_as, "{typed}");
        }
    }

    #[test]
    fn the_key_in_letters_and_in_the_picture() {
        assert_eq!(key_text(RFC), "GEZD-GNBV-GY3T-QOJQ-GEZD-GNBV-GY3T-QOJQ");
        assert_eq!(
            key_uri(RFC, "三社 A", "a+b@c.cn"),
            "otpauth://totp/%E4%B8%89%E7%A4%BE%20A:a%2Bb%40c.cn?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=%E4%B8%89%E7%A4%BE%20A"
        );
    }

    proptest! {
        #[test]
        fn nothing_typed_panics(text in ".*") {
            drop(read(&text));
        }

        #[test]
        fn a_recovery_code_is_read_as_it_was_shown(random in any::<[u8; RECOVERY_BYTES]>()) {
            let code = recovery_code(&random);
            prop_assert_eq!(read(&grouped(&code).to_uppercase()), Some(Typed::Recovery(code)));
        }

        #[test]
        fn different_bytes_give_different_codes(one in any::<[u8; RECOVERY_BYTES]>(), other in any::<[u8; RECOVERY_BYTES]>()) {
            prop_assert_eq!(one == other, recovery_code(&one) == recovery_code(&other));
        }
    }
}
