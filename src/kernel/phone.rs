//! Office telephones: what may be typed, and what a telephone dials.

use super::text::narrow;

/// Not a telephone that somebody can call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadPhone;

/// A telephone as offices write it, in narrow characters: digits with `+`, `-`, `/`, brackets and blanks between, and
/// `转` before an extension. The number itself has 5 (12345, 96xxx) to 15 digits, everything together at most 24.
pub fn parse(typed: &str) -> Result<String, BadPhone> {
    let phone = narrow(typed).trim().to_owned();
    let is_plain = phone
        .chars()
        .all(|c| c.is_ascii_digit() || " -+()/转".contains(c));
    let count = |text: &str| text.bytes().filter(u8::is_ascii_digit).count();
    if is_plain
        && (5..=15).contains(&count(&tel(&phone)))
        && count(&phone) <= 24
        && phone.len() <= 40
    {
        Ok(phone)
    } else {
        Err(BadPhone)
    }
}

/// The telephone as a telephone dials it: the first number, without an extension.
pub fn tel(phone: &str) -> String {
    let mut number = String::new();
    for c in narrow(phone).chars() {
        // Brackets around an area code belong to the number; others begin a remark.
        let is_area = number.len() <= 4 && (number.is_empty() || number.starts_with(['0', '+']));
        match c {
            '0'..='9' => number.push(c),
            '+' if number.is_empty() => number.push(c),
            '转' | '/' => break,
            '(' if !is_area => break,
            _ => {}
        }
    }
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn telephones() {
        for (typed, kept, dialled) in [
            ("0512-53520000", "0512-53520000", "051253520000"),
            (
                "０５１２－1234567 转 801",
                "0512-1234567 转 801",
                "05121234567",
            ),
            ("0512-1234567转801", "0512-1234567转801", "05121234567"),
            ("（0512）53520000", "(0512)53520000", "051253520000"),
            ("+86 (512) 53520000", "+86 (512) 53520000", "+8651253520000"),
            ("0512(53520000)", "0512(53520000)", "051253520000"),
            ("53520000 / 53520001", "53520000 / 53520001", "53520000"),
            ("53520000(801)", "53520000(801)", "53520000"),
            ("12345", "12345", "12345"),
        ] {
            assert_eq!(parse(typed).as_deref(), Ok(kept), "{typed}");
            assert_eq!(tel(kept), dialled, "{typed}");
        }
        for bad in [
            "",
            "1234",
            "转 80123",
            "请打电话 1234567",
            "0512-5352000a",
            "053520000 0512535200001",
            "12345678/12345678/12345678901",
            "☎️☎️☎️☎️☎️",
        ] {
            assert_eq!(parse(bad), Err(BadPhone), "{bad}");
        }
    }
}
