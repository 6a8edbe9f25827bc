//! Reading the `.eml` files that the demo writes in place of sending: just enough MIME for our own letters.

use crate::infra::failure::Failure;
use crate::kernel::instant;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::path::Path;

/// A letter as its reader would see it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Mail {
    pub subject: String,
    pub to: String,
    pub date: String,
    pub text: String,
    pub attachments: Vec<Attachment>,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Attachment {
    pub name: String,
    pub text: String,
}

/// The numbers of the letters in a folder, newest first.
pub fn numbers(folder: &Path, size: usize) -> Result<Vec<u64>, Failure> {
    let mut numbers: Vec<u64> = std::fs::read_dir(folder)
        .map_err(Failure::internal)?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter_map(|name| name.strip_suffix(".eml")?.parse().ok())
        .collect();
    numbers.sort_unstable_by(|a, b| b.cmp(a));
    numbers.truncate(size);
    Ok(numbers)
}

pub fn find(folder: &Path, number: u64) -> Result<Mail, Failure> {
    let path = folder.join(format!("{number:08}.eml"));
    let bytes = std::fs::read(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Failure::NotFound,
        _ => Failure::internal(error),
    })?;
    Ok(parse(&String::from_utf8_lossy(&bytes)))
}

pub fn parse(source: &str) -> Mail {
    let source = source.replace("\r\n", "\n");
    let part = Part::of(&source);
    let mut mail = Mail {
        subject: words(part.header("subject")),
        to: words(part.header("to")),
        date: written(part.header("date")),
        ..Mail::default()
    };
    take_in(&mut mail, &part);
    mail
}

/// The date of the machine's clock, to the minute, as people here read it.
fn written(date: &str) -> String {
    chrono::DateTime::parse_from_rfc2822(date)
        .map_or_else(|_| date.to_owned(), |at| instant::minute(at.naive_utc()))
}

fn take_in(mail: &mut Mail, part: &Part) {
    let kind = part.header("content-type");
    if let Some(boundary) = parameter(kind, "boundary") {
        let fence = format!("--{boundary}");
        // Before the first fence stands a preamble, after the last one an epilogue.
        for piece in part.body.split(fence.as_str()).skip(1) {
            if let Some(piece) = piece.strip_prefix('\n') {
                take_in(mail, &Part::of(piece));
            }
        }
        return;
    }
    let disposition = part.header("content-disposition");
    if disposition.starts_with("attachment") {
        mail.attachments.push(Attachment {
            name: parameter(disposition, "filename").map_or_else(String::new, |name| words(&name)),
            text: part.text(),
        });
    } else if mail.text.is_empty() && (kind.is_empty() || kind.starts_with("text/plain")) {
        part.text().trim_end().clone_into(&mut mail.text);
    }
}

struct Part<'a> {
    headers: Vec<(String, String)>,
    body: &'a str,
}

impl<'a> Part<'a> {
    fn of(source: &'a str) -> Self {
        let (head, body) = source.split_once("\n\n").unwrap_or((source, ""));
        let mut headers: Vec<(String, String)> = Vec::new();
        for line in head.lines() {
            match (line.starts_with([' ', '\t']), headers.last_mut()) {
                (true, Some((_, value))) => {
                    value.push(' ');
                    value.push_str(line.trim());
                }
                _ => headers.extend(
                    line.split_once(':')
                        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())),
                ),
            }
        }
        Self { headers, body }
    }

    fn header(&self, name: &str) -> &str {
        self.headers
            .iter()
            .find(|(have, _)| have == name)
            .map_or("", |(_, value)| value)
    }

    fn text(&self) -> String {
        let encoding = self
            .header("content-transfer-encoding")
            .to_ascii_lowercase();
        let text = match encoding.as_str() {
            "base64" => {
                let packed: String = self.body.split_whitespace().collect();
                lossy(&STANDARD.decode(packed).unwrap_or_default())
            }
            "quoted-printable" => lossy(&unquote(&self.body.replace("=\n", ""), false)),
            _ => self.body.to_owned(),
        };
        // What was encoded keeps the line ends of mail.
        text.replace("\r\n", "\n")
    }
}

fn parameter(header: &str, name: &str) -> Option<String> {
    header.split(';').skip(1).find_map(|pair| {
        let (have, value) = pair.split_once('=')?;
        have.trim()
            .eq_ignore_ascii_case(name)
            .then(|| value.trim().trim_matches('"').to_owned())
    })
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Undoes `=E4` (and, in headers, `_` for a blank).
fn unquote(text: &str, in_header: bool) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'=' => {
                let pair: Vec<u8> = rest.by_ref().take(2).collect();
                bytes.extend(hex::decode(pair).unwrap_or_default());
            }
            b'_' if in_header => bytes.push(b' '),
            other => bytes.push(other),
        }
    }
    bytes
}

/// Decodes `=?utf-8?b?…?=` words; the blank between two of them is not part of the text (RFC 2047).
fn words(header: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = header;
    while let Some((before, found)) = rest.split_once("=?") {
        let mut fields = found.splitn(3, '?');
        let (charset, encoding, after) = (fields.next(), fields.next(), fields.next());
        let decoded =
            after.and_then(|after| after.split_once("?=")).and_then(
                |(text, after)| match encoding?.to_ascii_lowercase().as_str() {
                    "b" => Some((STANDARD.decode(text).ok()?, after)),
                    "q" => Some((unquote(text, true), after)),
                    _ => None,
                },
            );
        let Some((decoded, after)) = decoded
            .filter(|_| charset.is_some_and(|charset| charset.eq_ignore_ascii_case("utf-8")))
        else {
            bytes.extend_from_slice(before.as_bytes());
            bytes.extend_from_slice(b"=?");
            rest = found;
            continue;
        };
        if bytes.is_empty() || !before.trim().is_empty() {
            bytes.extend_from_slice(before.as_bytes());
        }
        bytes.extend(decoded);
        rest = after;
    }
    bytes.extend_from_slice(rest.as_bytes());
    lossy(&bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use lettre::Message;
    use lettre::message::header::ContentType;
    use lettre::message::{Attachment as Attached, MultiPart};

    fn written(subject: &str, text: &str, attached: Option<&str>) -> String {
        let alternative =
            MultiPart::alternative_plain_html(text.to_owned(), "<p>html</p>".to_owned());
        let parts = match attached {
            None => alternative,
            Some(content) => MultiPart::mixed().multipart(alternative).singlepart(
                Attached::new("receipt.txt".into())
                    .body(content.to_owned(), ContentType::TEXT_PLAIN),
            ),
        };
        let message = Message::builder()
            .from("portal@sanshe.invalid".parse().unwrap())
            .to("li@demo.invalid".parse().unwrap())
            .subject(subject)
            .multipart(parts)
            .unwrap();
        String::from_utf8(message.formatted()).unwrap()
    }

    #[test]
    fn what_was_written_is_read() {
        for (subject, text) in [
            (
                "Please confirm",
                "plain = simple\n\nhttp://127.0.0.1/confirm?token=abc",
            ),
            (
                "【演示】请确认您的邮箱地址，以便继续办理登记和后续的各项手续（第一次提醒）",
                "您好：\n\n请点击链接 = 确认。\n\n𠮷字也要读得出来",
            ),
            ("=? odd ?= ?", "--\nfooter"),
        ] {
            let mail = parse(&written(subject, text, None));
            assert_eq!(mail.subject, subject);
            assert_eq!(mail.text, text);
            assert_eq!(mail.to, "li@demo.invalid");
            assert_eq!(mail.attachments, []);
        }
    }

    #[test]
    fn attachments_are_read() {
        let receipt = "receipt R-1\nsha256 00ff\n签名";
        let mail = parse(&written("回执", "已收到", Some(receipt)));
        assert_eq!(mail.text, "已收到");
        let [attachment] = &mail.attachments[..] else {
            unreachable!("one attachment")
        };
        assert_eq!(attachment.name, "receipt.txt");
        assert_eq!(attachment.text.trim_end(), receipt);
    }

    #[test]
    fn nothing_panics_on_a_broken_file() {
        for broken in [
            "",
            "\n\n",
            "Subject: =?utf-8?b?",
            "Content-Type: multipart/mixed; boundary=x\n\n--x",
            "Content-Transfer-Encoding: quoted-printable\n\n=",
            "Subject: =?utf-8?q?=é?=\n\n=",
        ] {
            let _ = parse(broken);
        }
    }
}
