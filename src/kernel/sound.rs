//! Chinese as it sounds and as it is simplified: for ordering names, and for finding them by what somebody types.

use super::text::half_width;
use ferrous_opencc::OpenCC;
use ferrous_opencc::config::BuiltinConfig;
use pinyin::ToPinyin;
use std::collections::HashMap;
use std::sync::LazyLock;

/// Traditional characters with their simplified ones. Character by character: what a character becomes may not depend on
/// its neighbors, or a piece of a text would not be found in it.
static SIMPLIFIED: LazyLock<HashMap<char, char>> = LazyLock::new(|| {
    // Without its tables everything is searched as it was typed.
    let Ok(tables) = OpenCC::from_config(BuiltinConfig::T2s) else {
        return HashMap::new();
    };
    ('\u{3400}'..='\u{9FFF}')
        .filter_map(|c| {
            let converted = tables.convert(&c.to_string());
            let mut letters = converted.chars();
            match (letters.next(), letters.next()) {
                (Some(simple), None) if simple != c => Some((c, simple)),
                _ => None,
            }
        })
        .collect()
});

/// The simplified character of a traditional one; any other stays itself.
pub fn simplified(c: char) -> char {
    SIMPLIFIED.get(&c).copied().unwrap_or(c)
}

/// As two texts are compared: half-width, lower case, simplified.
pub fn folded(text: &str) -> String {
    half_width(text)
        .to_lowercase()
        .chars()
        .map(simplified)
        .collect()
}

/// Under which spellings a typed text may stand in a name: as it is, and half-width and simplified.
pub fn in_names(text: &str) -> [String; 2] {
    [text.to_lowercase(), folded(text)]
}

/// The key that lists of names are ordered by: pinyin syllables without tones, other characters in lower case.
pub fn sort_key(name: &str) -> String {
    let mut key = String::new();
    for c in half_width(name).chars() {
        match c.to_pinyin() {
            Some(syllable) => {
                key.push_str(syllable.plain());
                key.push(' ');
            }
            None => key.extend(c.to_lowercase()),
        }
    }
    key.trim_end().to_owned()
}

/// The syllables of each unbroken run of Chinese characters, without tones.
fn syllables(text: &str) -> Vec<Vec<&'static str>> {
    let mut runs: Vec<Vec<&'static str>> = vec![Vec::new()];
    for c in half_width(text).chars().map(simplified) {
        match (c.to_pinyin(), runs.last_mut()) {
            (Some(syllable), Some(run)) => run.push(syllable.plain()),
            (None, Some(run)) if !run.is_empty() => runs.push(Vec::new()),
            _ => {}
        }
    }
    runs.retain(|run| !run.is_empty());
    runs
}

/// The longest run that is written out at every place where a word may begin: names and titles, not essays.
const LONGEST: usize = 24;
/// Syllables that a typed word may have.
const SPAN: usize = 8;

/// What somebody may type for a name: each two to eight syllables that follow each other (`yanglao`), and their initials
/// (`yl`) where a name is short.
pub fn spellings(name: &str, with_initials: bool) -> Vec<String> {
    let mut words = Vec::new();
    for run in syllables(name) {
        for start in 0..run.len().min(LONGEST) {
            let (mut full, mut initials) = (String::new(), String::new());
            for (count, syllable) in (1_usize..=SPAN).zip(run.iter().skip(start)) {
                full.push_str(syllable);
                initials.extend(syllable.chars().next());
                if count > 1 {
                    words.push(full.clone());
                    if with_initials {
                        words.push(initials.clone());
                    }
                }
            }
        }
    }
    words.sort_unstable();
    words.dedup();
    words
}

/// Whether a name is meant by what was typed: a piece of it, simplified or not, its sound, or its initials.
pub fn is_meant(name: &str, typed: &str) -> bool {
    let wanted = folded(typed);
    let wanted = wanted.trim();
    if folded(name).contains(wanted) {
        return true;
    }
    let sound: String = wanted.split_whitespace().collect();
    sound.len() > 1
        && sound.bytes().all(|b| b.is_ascii_lowercase())
        && spellings(name, true).binary_search(&sound).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traditional_and_simplified_are_one() {
        assert_eq!(folded("養老服務 ＡB"), "养老服务 ab");
        assert_eq!(folded("乾隆 里長 後面"), folded("干隆 里长 后面"));
        assert_eq!(folded("养老"), "养老");
    }

    #[test]
    fn names_are_found_by_their_sound() {
        for (name, typed, found) in [
            ("居家养老服务", "yanglao", true),
            ("居家养老服务", "yang lao", true),
            ("居家养老服务", "YangLao", true),
            ("居家养老服务", "yl", true),
            ("居家养老服务", "養老", true),
            ("居家养老服务", "laoyang", false),
            ("居家养老服务", "yanglaoyuan", false),
            ("居家养老服务", "y", false),
            ("中区社区居民委员会", "zhongqu", true),
            ("中区社区居民委员会", "zq", true),
            ("中区社区居民委员会", "zqsq", true),
            ("晨曦(太仓)社工", "chenxi", true),
            ("晨曦(太仓)社工", "xitai", false),
            ("A04 养老", "a04", true),
        ] {
            assert_eq!(is_meant(name, typed), found, "{name} {typed}");
        }
        assert!(!spellings("养老", false).contains(&"yl".to_owned()));
    }

    #[test]
    fn names_stand_in_the_order_of_their_sound() {
        assert!(sort_key("白鹭") < sort_key("晨曦"));
        assert_eq!(sort_key("Ａ晨曦"), "achen xi");
    }
}
