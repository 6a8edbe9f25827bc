//! Text as people type it: cleaned for storing, folded for comparing, cut for showing,
//! split for searching. Lengths are characters (Unicode scalar values), never bytes.

use super::sound::folded;
use unicode_normalization::UnicodeNormalization;

/// The most terms that one query may ask for, so that a pasted page cannot load the index.
pub const MAX_TERMS: usize = 32;

/// Text as typed, apart from what no reader can see: trimmed (U+3000 too), line ends as LF,
/// without control characters (but LF and tab), bidi controls, zero-width spaces and BOMs, which
/// make a name look like another one. Not normalized: rare characters in names stay as they are.
pub fn clean(text: &str) -> String {
    let lines = text.replace("\r\n", "\n").replace('\r', "\n");
    let visible: String = lines.chars().filter(|c| is_kept(*c)).collect();
    visible.trim().to_owned()
}

/// A name or a title: clean, in one line, with single blanks.
pub fn one_line(text: &str) -> String {
    clean(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_kept(c: char) -> bool {
    let invisible = matches!(c,
        '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200E}' | '\u{200F}' | '\u{061C}'
        | '\u{200B}' | '\u{FEFF}');
    matches!(c, '\n' | '\t') || !(c.is_control() || invisible)
}

/// NFKC, for searching and comparing: full-width letters and digits become half-width, but `①`
/// becomes `1` and `²` becomes `2` too; for amounts use [`narrow`].
pub fn half_width(text: &str) -> String {
    text.nfkc().collect()
}

/// Full-width ASCII (`０`, `，`, `￥`, U+3000) as half-width, anything else untouched.
pub fn narrow(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\u{3000}' => ' ',
            '\u{FFE5}' => '¥',
            '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
            _ => c,
        })
        .collect()
}

/// Number of characters.
pub fn chars(text: &str) -> usize {
    text.chars().count()
}

/// The first `n` characters in one line, white space collapsed; what was cut shows as a final `…`,
/// which counts.
pub fn excerpt(text: &str, n: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if chars(&line) <= n {
        return line;
    }
    let Some(kept) = n.checked_sub(1) else {
        return String::new();
    };
    let head: String = line.chars().take(kept).collect();
    format!("{}…", head.trim_end())
}

/// What a query asks for: words of letters and digits, and the overlapping pairs of each run of
/// Chinese characters (the character itself when the run is one) and of long numbers. All terms must be found
/// (AND); each is only letters and digits, so it is safe once quoted. Without repeats, the
/// first [`MAX_TERMS`].
pub fn search_terms(query: &str) -> Vec<String> {
    let mut terms: Vec<String> = Vec::new();
    for run in runs(query) {
        for term in run.pairs_or_whole() {
            if terms.len() < MAX_TERMS && !terms.contains(&term) {
                terms.push(term);
            }
        }
    }
    terms
}

/// What the index holds: words, and both the single characters and the overlapping pairs of each
/// run of Chinese characters, with single spaces between. Each term of a query that was copied
/// from the text is found in it.
pub fn index_text(text: &str) -> String {
    let terms = runs(text).into_iter().flat_map(|run| {
        let mut terms = run.pairs_or_whole();
        if let Run::Han(han) = &run
            && han.len() > 1
        {
            terms.extend(han.iter().map(char::to_string));
        }
        terms
    });
    terms.collect::<Vec<_>>().join(" ")
}

/// An unbroken stretch of folded text.
enum Run {
    Han(Vec<char>),
    Word(String),
}

impl Run {
    fn pairs_or_whole(&self) -> Vec<String> {
        match self {
            Self::Word(word) if is_long_number(word) => {
                let digits: Vec<char> = word.chars().collect();
                digits
                    .windows(PART)
                    .map(|part| part.iter().collect())
                    .collect()
            }
            Self::Word(word) => vec![word.clone()],
            Self::Han(han) if han.len() == 1 => vec![han.iter().collect()],
            Self::Han(han) => han.windows(2).map(|pair| pair.iter().collect()).collect(),
        }
    }
}

/// Long numbers are known by their overlapping parts, so that some of a telephone number's digits find it.
const PART: usize = 4;

fn is_long_number(word: &str) -> bool {
    word.len() > PART && word.bytes().all(|b| b.is_ascii_digit())
}

fn runs(text: &str) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut joined = false;
    for c in folded(text).chars() {
        let (is_han, is_letter) = (is_han(c), c.is_alphanumeric());
        match runs.last_mut() {
            Some(Run::Han(han)) if joined && is_han => han.push(c),
            Some(Run::Word(word)) if joined && is_letter && !is_han => word.push(c),
            _ if is_han => runs.push(Run::Han(vec![c])),
            _ if is_letter => runs.push(Run::Word(c.to_string())),
            _ => {}
        }
        joined = is_han || is_letter;
    }
    runs
}

fn is_han(c: char) -> bool {
    matches!(c, '〇' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}'
        | '\u{20000}'..='\u{3FFFF}')
        && c.is_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn clean_drops_what_nobody_sees() {
        for (typed, kept) in [
            ("\u{3000} 太仓市民政局 \u{3000}", "太仓市民政局"),
            ("一\r\n二\r三\n\t四", "一\n二\n三\n\t四"),
            (
                "a\u{202E}b\u{2066}c\u{200F}d\u{200B}e\u{FEFF}f\0g\u{7}h\u{85}",
                "abcdefgh",
            ),
            ("𠮷田（社区）①", "𠮷田（社区）①"),
            ("\u{200B}\u{3000}\u{FEFF}", ""),
        ] {
            assert_eq!(clean(typed), kept);
        }
    }

    #[test]
    fn widths() {
        assert_eq!(half_width("ＡＢ１２ ｱ ①"), "AB12 ア 1");
        assert_eq!(narrow("￥４８０，０００．００\u{3000}①²"), "¥480,000.00 ①²");
        assert_eq!(chars("𠮷a中"), 3);
    }

    #[test]
    fn excerpts() {
        assert_eq!(excerpt("养老  服务\n项目", 20), "养老 服务 项目");
        assert_eq!(excerpt("养老服务项目", 6), "养老服务项目");
        assert_eq!(excerpt("养老服务项目", 4), "养老服…");
        assert_eq!(excerpt("ab cd", 4), "ab…");
        assert_eq!(
            (excerpt("ab", 1), excerpt("ab", 0)),
            ("…".into(), String::new())
        );
    }

    #[test]
    fn terms_and_index() {
        for (query, terms) in [
            ("养老服务", vec!["养老", "老服", "服务"]),
            ("老", vec!["老"]),
            ("養老", vec!["养老"]),
            ("A包 ＴＣ-2026-0042", vec!["a", "包", "tc", "2026", "0042"]),
            ("服务，服务", vec!["服务"]),
            ("053020", vec!["0530", "5302", "3020"]),
            ("m053020", vec!["m053020"]),
            ("\" OR * -x NEAR(", vec!["or", "x", "near"]),
            ("・—！", vec![]),
        ] {
            assert_eq!(search_terms(query), terms);
        }
        assert_eq!(index_text("养老 A01，人"), "养老 养 老 a01 人");
        assert_eq!(index_text("。"), "");
    }

    fn is_safe(text: &str) -> bool {
        let letters = text.chars().all(|c| c == ' ' || c.is_alphanumeric());
        letters && !text.contains("  ") && text.trim() == text
    }

    proptest! {
        #[test]
        fn clean_is_idempotent(text in ".*") {
            let once = clean(&text);
            prop_assert_eq!(clean(&once), once);
        }

        #[test]
        fn terms_and_index_are_letters_only(text in "(?s).*") {
            prop_assert!(is_safe(&index_text(&text)));
            for term in search_terms(&text) {
                prop_assert!(!term.is_empty() && is_safe(&term) && !term.contains(' '));
            }
        }

        #[test]
        fn a_phrase_copied_from_the_text_is_found(
            before in "[一-龥]{0,9}", phrase in "[一-龥]{1,9}", after in "[一-龥，a-z ]{0,9}",
        ) {
            let index = index_text(&format!("{before}{phrase}{after}"));
            let held: Vec<_> = index.split(' ').collect();
            for term in search_terms(&phrase) {
                prop_assert!(held.contains(&term.as_str()), "{} in {}", term, index);
            }
        }

        #[test]
        fn an_excerpt_fits(text in "(?s).*", n in 0_usize..30) {
            prop_assert!(chars(&excerpt(&text, n)) <= n);
        }
    }
}
