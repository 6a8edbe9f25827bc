//! Reads Rust sources just well enough to know which modules they name.

/// One `a::b::C` found in a source, resolved to segments below the crate's root, or the path of
/// another crate as written.
#[derive(Debug, Clone)]
pub struct Reference {
    pub line: usize,
    pub ours: bool,
    pub path: Vec<String>,
    /// Found by a name that a `use` gave: that `use` is a reference of its own.
    pub by_alias: bool,
    /// The name by which `pub use` hands it on.
    pub handed_on_as: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Token {
    pub line: usize,
    pub text: String,
}

/// The segments of the module that a file holds: `src/a/b/c.rs` and `src/a/b/c/mod.rs` are `a::b::c`.
pub fn module_of(file: &str) -> Vec<String> {
    let inner = file.trim_start_matches("src/").trim_end_matches(".rs");
    let mut segments: Vec<String> = inner.split('/').map(ToOwned::to_owned).collect();
    if segments
        .last()
        .is_some_and(|last| ["mod", "lib", "main"].contains(&last.as_str()))
    {
        segments.pop();
    }
    segments
}

/// The words and signs of a source without comments, text and test modules.
pub fn tokens(source: &str) -> Vec<Token> {
    without_tests(&words(&without_text(source)))
}

/// Every path that the tokens name.
pub fn references(file: &str, tokens: &[Token]) -> Vec<Reference> {
    let mut reader = Reader {
        tokens,
        module: module_of(file),
        inline: Vec::new(),
        depth: 0,
        aliases: Vec::new(),
        found: Vec::new(),
    };
    reader.read();
    reader.found
}

/// Blanks comments, strings and characters; line breaks stay.
fn without_text(source: &str) -> String {
    let chars: Vec<char> = source.chars().collect();
    let at = |index: usize| chars.get(index).copied().unwrap_or('\0');
    let mut out = String::with_capacity(source.len());
    let mut i = 0;
    while i < chars.len() {
        let end = match (at(i), at(i + 1)) {
            ('/', '/') => (i..chars.len())
                .find(|&j| at(j) == '\n')
                .unwrap_or(chars.len()),
            ('/', '*') => end_of_comment(&chars, i),
            ('"', _) => end_of_string(&chars, i),
            ('r', '"' | '#') if !is_word(before(&chars, i)) || before(&chars, i) == 'b' => {
                end_of_raw(&chars, i)
            }
            // A character, not a lifetime: 'x' or '\…'.
            ('\'', '\\') => {
                (i + 3..chars.len())
                    .find(|&j| at(j) == '\'')
                    .unwrap_or(chars.len() - 1)
                    + 1
            }
            ('\'', _) if at(i + 2) == '\'' => i + 3,
            _ => i,
        };
        if end == i {
            out.push(at(i));
            i += 1;
        } else {
            out.push(' ');
            out.extend(
                chars[i..end.min(chars.len())]
                    .iter()
                    .filter(|c| **c == '\n'),
            );
            i = end;
        }
    }
    out
}

fn before(chars: &[char], i: usize) -> char {
    i.checked_sub(1).map_or(' ', |j| chars[j])
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn end_of_comment(chars: &[char], start: usize) -> usize {
    let mut depth = 0;
    let mut i = start;
    while i + 1 < chars.len() {
        match (chars[i], chars[i + 1]) {
            ('/', '*') => depth += 1,
            ('*', '/') => depth -= 1,
            _ => {
                i += 1;
                continue;
            }
        }
        i += 2;
        if depth == 0 {
            return i;
        }
    }
    chars.len()
}

fn end_of_string(chars: &[char], start: usize) -> usize {
    let mut i = start + 1;
    while i < chars.len() {
        match chars[i] {
            '\\' => i += 2,
            '"' => return i + 1,
            _ => i += 1,
        }
    }
    chars.len()
}

/// `start` itself where this is no raw string (`r#type`).
fn end_of_raw(chars: &[char], start: usize) -> usize {
    let hashes = chars[start + 1..].iter().take_while(|c| **c == '#').count();
    let open = start + 1 + hashes;
    if chars.get(open) != Some(&'"') {
        return start;
    }
    (open + 1..chars.len())
        .find(|&i| {
            chars[i] == '"' && chars[i + 1..].iter().take_while(|c| **c == '#').count() >= hashes
        })
        .map_or(chars.len(), |i| i + 1 + hashes)
}

fn words(source: &str) -> Vec<Token> {
    let mut found = Vec::new();
    for (number, text) in source.lines().enumerate() {
        let line = number + 1;
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let length = if is_word(first) {
                rest.find(|c| !is_word(c)).unwrap_or(rest.len())
            } else if rest.starts_with("::") {
                2
            } else {
                first.len_utf8()
            };
            let (word, tail) = rest.split_at(length);
            if !word.trim().is_empty() {
                found.push(Token {
                    line,
                    text: word.to_owned(),
                });
            }
            rest = tail;
        }
    }
    found
}

/// Drops whatever stands under `#[cfg(test)]`.
fn without_tests(tokens: &[Token]) -> Vec<Token> {
    let mark = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut kept = Vec::with_capacity(tokens.len());
    let mut i = 0;
    while i < tokens.len() {
        let marked = tokens[i..].len() >= mark.len()
            && tokens[i..].iter().zip(mark).all(|(t, m)| t.text == m);
        if !marked {
            kept.push(tokens[i].clone());
            i += 1;
            continue;
        }
        i += mark.len();
        let mut depth = 0;
        while i < tokens.len() {
            let text = tokens[i].text.as_str();
            i += 1;
            match text {
                "{" | "(" | "[" => depth += 1,
                ")" | "]" => depth -= 1,
                "}" => {
                    depth -= 1;
                    // A use list or a struct's fields end here too, but for `use` the `;` follows.
                    if depth == 0 && tokens.get(i).is_none_or(|next| next.text != ";") {
                        break;
                    }
                }
                ";" if depth == 0 => break,
                _ => {}
            }
        }
    }
    kept
}

struct Reader<'a> {
    tokens: &'a [Token],
    module: Vec<String>,
    /// Inline modules that we are in, with the depth at which each began.
    inline: Vec<(String, usize)>,
    depth: usize,
    /// Names that `use` gave to modules of ours.
    aliases: Vec<(String, Vec<String>)>,
    found: Vec<Reference>,
}

impl Reader<'_> {
    fn text(&self, index: usize) -> &str {
        self.tokens
            .get(index)
            .map_or("", |token| token.text.as_str())
    }

    fn read(&mut self) {
        let mut i = 0;
        while i < self.tokens.len() {
            match self.text(i) {
                "{" => self.depth += 1,
                "}" => {
                    self.depth = self.depth.saturating_sub(1);
                    if self
                        .inline
                        .last()
                        .is_some_and(|(_, depth)| *depth == self.depth)
                    {
                        self.inline.pop();
                    }
                }
                "mod" if self.text(i + 2) == "{" => {
                    let name = self.text(i + 1).to_owned();
                    self.inline.push((name, self.depth));
                }
                "use" => {
                    i = self.read_use(i);
                    continue;
                }
                word if word.starts_with(is_word)
                    && self.text(i + 1) == "::"
                    && !self.continues(i) =>
                {
                    i = self.read_inline(i);
                    continue;
                }
                _ => {}
            }
            i += 1;
        }
    }

    /// Whether the word at `index` belongs to a path that began before it (`a::B::c`, `<T>::c`).
    fn continues(&self, index: usize) -> bool {
        index > 0 && self.text(index - 1) == "::"
    }

    fn read_inline(&mut self, start: usize) -> usize {
        let mut path = vec![self.text(start).to_owned()];
        let mut i = start + 1;
        while self.text(i) == "::" && self.text(i + 1).starts_with(is_word) {
            path.push(self.text(i + 1).to_owned());
            i += 2;
        }
        let line = self.tokens[start].line;
        self.note(line, &path, None);
        i
    }

    fn read_use(&mut self, start: usize) -> usize {
        let handed_on = start > 0 && ["pub", ")"].contains(&self.text(start - 1));
        let mut leaves = Vec::new();
        let mut i = start + 1;
        if self.text(i) == "::" {
            i += 1;
        }
        let end = self.read_tree(i, &[], &mut leaves);
        for (line, path, name) in leaves {
            let handed_on_as = handed_on.then(|| name.clone());
            if let Some(full) = self.note(line, &path, handed_on_as)
                && name.starts_with(char::is_lowercase)
            {
                self.aliases.push((name, full));
            }
        }
        end
    }

    /// Reads one branch of a `use` tree; yields line, path and the name it is given.
    fn read_tree(
        &self,
        start: usize,
        prefix: &[String],
        leaves: &mut Vec<(usize, Vec<String>, String)>,
    ) -> usize {
        let mut path = prefix.to_vec();
        let mut i = start;
        loop {
            match self.text(i) {
                "{" => {
                    i += 1;
                    while !["}", ""].contains(&self.text(i)) {
                        i = self.read_tree(i, &path, leaves);
                        if self.text(i) == "," {
                            i += 1;
                        }
                    }
                    return i + 1;
                }
                "self" if !prefix.is_empty() => {}
                word => path.push(word.to_owned()),
            }
            i += 1;
            if self.text(i) != "::" {
                break;
            }
            i += 1;
        }
        let line = self
            .tokens
            .get(i.saturating_sub(1))
            .map_or(0, |token| token.line);
        let mut name = path.last().cloned().unwrap_or_default();
        if self.text(i) == "as" {
            self.text(i + 1).clone_into(&mut name);
            i += 2;
        }
        leaves.push((line, path, name));
        i
    }

    /// Resolves and keeps a path; gives its segments back when it is one of ours.
    fn note(
        &mut self,
        line: usize,
        path: &[String],
        handed_on_as: Option<String>,
    ) -> Option<Vec<String>> {
        let resolved = self.resolve(path);
        let ours = resolved.is_some();
        let first = path.first().cloned().unwrap_or_default();
        let path = resolved.clone().unwrap_or_else(|| path.to_vec());
        self.found.push(Reference {
            line,
            ours,
            by_alias: ours && !["crate", "sanshe", "self", "super"].contains(&first.as_str()),
            path,
            handed_on_as,
        });
        resolved
    }

    fn resolve(&self, path: &[String]) -> Option<Vec<String>> {
        let (first, mut rest) = path.split_first()?;
        let mut here = self.module.clone();
        here.extend(self.inline.iter().map(|(name, _)| name.clone()));
        let mut base = match first.as_str() {
            "crate" | "sanshe" => Vec::new(),
            "self" => here,
            "super" => {
                here.pop();
                while let Some((next, tail)) = rest.split_first()
                    && next == "super"
                {
                    here.pop();
                    rest = tail;
                }
                here
            }
            name => {
                // The latest `use` of a name is most likely the one in force.
                let known = self.aliases.iter().rev().find(|(alias, _)| alias == name);
                known.map(|(_, full)| full.clone())?
            }
        };
        base.extend(rest.iter().cloned());
        Some(base)
    }
}
