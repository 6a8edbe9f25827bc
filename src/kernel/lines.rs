//! The text of an uploaded file and its lines, as an editor counts them.

use std::borrow::Cow;

/// UTF-8 with or without its mark, or the GB 18030 that Excel writes in China; line ends as LF. Bytes that are neither
/// stay as they are, so that the field can be named in which they stand.
pub fn decode(bytes: &[u8]) -> Vec<u8> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = if str::from_utf8(bytes).is_ok() || is_mostly_utf8(bytes) {
        Cow::Borrowed(bytes)
    } else {
        match encoding_rs::GB18030.decode_without_bom_handling_and_without_replacement(bytes) {
            Some(text) => Cow::Owned(text.into_owned().into_bytes()),
            None => Cow::Borrowed(bytes),
        }
    };
    let mut lines = Vec::with_capacity(text.len());
    let mut rest = text.as_ref();
    while let Some((first, tail)) = rest.split_first() {
        rest = match (first, tail) {
            (b'\r', [b'\n', ..]) => tail,
            (b'\r', _) => {
                lines.push(b'\n');
                tail
            }
            _ => {
                lines.push(*first);
                tail
            }
        };
    }
    lines
}

/// A UTF-8 file with a damaged place decodes as GB 18030 without complaint, and as nonsense.
fn is_mostly_utf8(bytes: &[u8]) -> bool {
    let (mut valid, mut broken) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        valid += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        broken += usize::from(!chunk.invalid().is_empty());
    }
    valid > broken
}

/// Counts lines as an editor does: the reader's own count stays behind after blank lines.
pub struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    line: u64,
}

impl<'a> Lines<'a> {
    pub const fn new(text: &'a [u8]) -> Self {
        Self {
            text,
            at: 0,
            line: 1,
        }
    }

    /// The line on which the record that begins at `start`, or after the blank lines there, stands.
    pub fn of(&mut self, start: u64) -> u64 {
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        while let Some(byte) = self.text.get(self.at) {
            if self.at >= start && *byte != b'\n' {
                break;
            }
            self.line += u64::from(*byte == b'\n');
            self.at += 1;
        }
        self.line
    }
}
