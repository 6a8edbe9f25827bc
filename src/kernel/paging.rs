//! Keyset paging: a page, and the opaque cursor to the next one. Nothing counts the rows.

/// Rows of one page; `next` is the cursor to the page after it.
#[derive(Clone, Debug, Eq, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct Page<T> {
    pub rows: Vec<T>,
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// Makes a page of what [`PageSize::limit`] fetched: the row too many is dropped and proves that
    /// there is more; `key` gives the columns that the query is ordered by.
    pub fn of<K: AsRef<str>>(mut rows: Vec<T>, size: PageSize, key: impl Fn(&T) -> Vec<K>) -> Self {
        let more = rows.len() > size.rows();
        rows.truncate(size.rows());
        let next = rows
            .last()
            .filter(|_| more)
            .map(|last| encode_cursor(&key(last)));
        Self { rows, next }
    }

    /// The same page with other rows, such as view models.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page {
            rows: self.rows.into_iter().map(change).collect(),
            next: self.next,
        }
    }
}

/// Rows of a page: 1 to 100, 30 unless asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PageSize(u8);

impl PageSize {
    pub const MAX: u8 = 100;

    /// The size asked for, brought into range.
    pub fn new(asked: Option<u32>) -> Self {
        let size = asked.map(|n| n.clamp(1, Self::MAX.into()));
        size.and_then(|n| u8::try_from(n).ok())
            .map_or_else(Self::default, Self)
    }

    pub fn rows(self) -> usize {
        self.0.into()
    }

    /// The LIMIT of the query: one row more than is shown.
    pub fn limit(self) -> i64 {
        i64::from(self.0) + 1
    }
}

impl Default for PageSize {
    fn default() -> Self {
        Self(30)
    }
}

/// A cursor that no page of ours gave out.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not a cursor")]
pub struct BadCursor;

/// No key is longer; a longer cursor is not looked at.
const MAX_CURSOR: usize = 2_048;

/// The key of a row as URL-safe text: each part in hexadecimal, joined by `-`. It hides nothing: a
/// key may hold only what its reader may see.
pub fn encode_cursor<K: AsRef<str>>(key: &[K]) -> String {
    let hex = |part: &K| {
        let nibbles = part
            .as_ref()
            .bytes()
            .flat_map(|byte| [byte >> 4, byte & 15]);
        nibbles
            .filter_map(|nibble| char::from_digit(nibble.into(), 16))
            .collect::<String>()
    };
    key.iter().map(hex).collect::<Vec<_>>().join("-")
}

/// The key back from a cursor, with exactly `N` parts: `let [at, id] = decode_cursor(text)?`.
pub fn decode_cursor<const N: usize>(cursor: &str) -> Result<[String; N], BadCursor> {
    if cursor.len() > MAX_CURSOR {
        return Err(BadCursor);
    }
    let parts: Option<Vec<String>> = cursor.split('-').map(decode_part).collect();
    parts
        .and_then(|parts| parts.try_into().ok())
        .ok_or(BadCursor)
}

fn decode_part(part: &str) -> Option<String> {
    let canonical = |b: &u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
    let (pairs, rest) = part.as_bytes().as_chunks::<2>();
    if !rest.is_empty() || !part.as_bytes().iter().all(canonical) {
        return None;
    }
    let bytes = pairs
        .iter()
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok());
    String::from_utf8(bytes.collect::<Option<_>>()?).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sizes() {
        for (asked, rows) in [
            (None, 30),
            (Some(0), 1),
            (Some(50), 50),
            (Some(u32::MAX), 100),
        ] {
            let size = PageSize::new(asked);
            assert_eq!(
                (size.rows(), size.limit()),
                (rows, i64::try_from(rows).unwrap() + 1)
            );
        }
    }

    #[test]
    fn the_row_too_many_makes_the_cursor() {
        let size = PageSize::new(Some(2));
        let key = |n: &i32| vec![n.to_string()];
        let page = Page::of(vec![1, 2, 3], size, key);
        assert_eq!(page.rows, [1, 2]);
        assert_eq!(
            decode_cursor(&page.next.clone().unwrap()),
            Ok(["2".to_owned()])
        );
        assert_eq!(page.map(|n| n * 10).rows, [10, 20]);
        assert_eq!(Page::of(vec![1, 2], size, key).next, None);
        assert_eq!(Page::of(vec![], size, key).next, None);
    }

    #[test]
    fn refused_cursors() {
        for bad in [
            "x",
            "0",
            "0A",
            "ff",
            "31-32",
            "é",
            "+1",
            "--",
            &"31".repeat(2_000),
        ] {
            assert_eq!(decode_cursor::<1>(bad), Err(BadCursor), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn keys_go_there_and_back(at in ".{0,20}", id: i64) {
            let cursor = encode_cursor(&[at.clone(), id.to_string()]);
            prop_assert!(cursor.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-'));
            prop_assert_eq!(decode_cursor(&cursor), Ok([at, id.to_string()]));
        }

        #[test]
        fn a_cursor_has_one_form(cursor in "[0-9a-f-]{0,20}") {
            if let Ok(key) = decode_cursor::<2>(&cursor) {
                prop_assert_eq!(encode_cursor(&key), cursor);
            }
        }

        #[test]
        fn nothing_typed_panics(text in ".*") {
            let _ = decode_cursor::<2>(&text);
        }
    }
}
