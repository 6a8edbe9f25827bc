//! Where in a text the words stand that were asked for.

use crate::kernel::sound;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    pub text: String,
    pub is_hit: bool,
}

/// At most `size` characters around the first hit, in pieces that are hits or not. White space is collapsed.
pub fn marked(source: &str, words: &[String], size: usize) -> Vec<Piece> {
    let line = source.split_whitespace().collect::<Vec<_>>().join(" ");
    let letters: Vec<char> = line.chars().collect();
    let folded: Vec<char> = letters.iter().map(|c| fold(*c)).collect();
    let mut is_hit = vec![false; letters.len()];
    for word in words {
        let word: Vec<char> = word.chars().collect();
        if word.is_empty() {
            continue;
        }
        for (at, window) in folded.windows(word.len()).enumerate() {
            if window == word.as_slice() {
                is_hit
                    .iter_mut()
                    .skip(at)
                    .take(word.len())
                    .for_each(|hit| *hit = true);
            }
        }
    }
    let first = is_hit.iter().position(|hit| *hit).unwrap_or(0);
    // A little before the first hit, and never less than what fits.
    let start = if letters.len() <= size {
        0
    } else {
        first.saturating_sub(12).min(letters.len() - size)
    };
    let mut pieces: Vec<Piece> = Vec::new();
    if start > 0 {
        push(&mut pieces, '…', false);
    }
    for (letter, hit) in letters.iter().zip(is_hit).skip(start).take(size) {
        push(&mut pieces, *letter, hit);
    }
    if start + size < letters.len() {
        push(&mut pieces, '…', false);
    }
    pieces
}

fn push(pieces: &mut Vec<Piece>, letter: char, is_hit: bool) {
    match pieces.last_mut() {
        Some(piece) if piece.is_hit == is_hit => piece.text.push(letter),
        _ => pieces.push(Piece {
            text: letter.to_string(),
            is_hit,
        }),
    }
}

/// One character as the index folds it; what folds to several stays itself.
fn fold(letter: char) -> char {
    let folded = sound::folded(&letter.to_string());
    let mut letters = folded.chars();
    match (letters.next(), letters.next()) {
        (Some(one), None) => one,
        _ => letter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::text;
    use proptest::prelude::*;

    fn shown(source: &str, query: &str, size: usize) -> String {
        marked(source, &text::search_terms(query), size)
            .into_iter()
            .map(|piece| {
                if piece.is_hit {
                    format!("[{}]", piece.text)
                } else {
                    piece.text
                }
            })
            .collect()
    }

    #[test]
    fn hits_are_marked_and_long_texts_cut_around_them() {
        assert_eq!(shown("居家养老服务", "养老服务", 50), "居家[养老服务]");
        assert_eq!(shown("Ａ01 公共安全", "a01", 50), "[Ａ01] 公共安全");
        assert_eq!(shown("居家养老服务", "養老", 50), "居家[养老]服务");
        assert_eq!(shown("没有", "养老", 50), "没有");
        let long = format!("{}养老{}", "前".repeat(40), "后".repeat(40));
        assert_eq!(
            shown(&long, "养老", 20),
            format!("…{}[养老]{}…", "前".repeat(12), "后".repeat(6))
        );
        assert_eq!(shown(&long, "无关", 5), format!("{}…", "前".repeat(5)));
        assert_eq!(shown("", "养老", 5), "");
    }

    proptest! {
        #[test]
        fn nothing_is_lost_of_a_short_text(source in "[一-龥a-zＡ-Ｚ ]{0,40}", query in "[一-龥a-z]{0,4}") {
            let pieces = marked(&source, &text::search_terms(&query), 50);
            let joined: String = pieces.iter().map(|piece| piece.text.as_str()).collect();
            prop_assert_eq!(joined, source.split_whitespace().collect::<Vec<_>>().join(" "));
        }

        #[test]
        fn nothing_typed_panics(source in "(?s).*", query in ".*", size in 1_usize..60) {
            let pieces = marked(&source, &text::search_terms(&query), size);
            let shown: usize = pieces.iter().map(|piece| text::chars(&piece.text)).sum();
            prop_assert!(shown <= size + 2);
        }
    }
}
