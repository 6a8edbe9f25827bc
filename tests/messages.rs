//! Every visible sentence exists in both languages, with the same arguments, and is asked for with
//! just these.

use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Key → the arguments that its message takes.
type Messages = BTreeMap<String, BTreeSet<String>>;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn texts(folder: &str, extension: &str) -> Vec<(String, String)> {
    files(&root().join(folder), extension)
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(root()).unwrap().display().to_string();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect()
}

fn messages(language: &str, problems: &mut Vec<String>) -> Messages {
    let mut known = Messages::new();
    let folder = format!("templates/locales/{language}");
    for (file, text) in texts(&folder, "ftl") {
        read_messages(&file, &text, &mut known, problems);
    }
    known
}

fn read_messages(file: &str, text: &str, known: &mut Messages, problems: &mut Vec<String>) {
    if text.contains(['\u{2068}', '\u{2069}']) {
        problems.push(format!(
            "{file}: holds a mark of text direction (U+2068, U+2069)"
        ));
    }
    let resource = match fluent_syntax::parser::parse(text) {
        Ok(resource) => resource,
        Err((resource, errors)) => {
            for error in errors {
                let line = text[..error.pos.start.min(text.len())].lines().count();
                problems.push(format!("{file}:{line}: {error}"));
            }
            resource
        }
    };
    for entry in &resource.body {
        let Entry::Message(message) = entry else {
            continue;
        };
        let key = message.id.name;
        let mut found = Found::default();
        match &message.value {
            Some(pattern) => found.read(pattern),
            None => problems.push(format!("{file}: {key} has no text")),
        }
        if !found.says_something {
            problems.push(format!("{file}: {key} is empty"));
        }
        for attribute in &message.attributes {
            found.read(&attribute.value);
        }
        if known.insert(key.to_owned(), found.arguments).is_some() {
            problems.push(format!("{file}: {key} is said twice"));
        }
    }
}

#[derive(Default)]
struct Found {
    arguments: BTreeSet<String>,
    says_something: bool,
}

impl Found {
    fn read(&mut self, pattern: &Pattern<&str>) {
        for element in &pattern.elements {
            match element {
                PatternElement::TextElement { value } => {
                    self.says_something |= !value.trim().is_empty();
                }
                PatternElement::Placeable { expression } => self.expression(expression),
            }
        }
    }

    fn expression(&mut self, expression: &Expression<&str>) {
        match expression {
            Expression::Inline(inline) => {
                self.says_something = true;
                self.inline(inline);
            }
            Expression::Select { selector, variants } => {
                self.inline(selector);
                for variant in variants {
                    self.read(&variant.value);
                }
            }
        }
    }

    fn inline(&mut self, inline: &InlineExpression<&str>) {
        match inline {
            InlineExpression::VariableReference { id } => {
                self.arguments.insert(id.name.to_owned());
            }
            InlineExpression::FunctionReference { arguments, .. } => {
                for argument in &arguments.positional {
                    self.inline(argument);
                }
                for argument in &arguments.named {
                    self.inline(&argument.value);
                }
            }
            InlineExpression::Placeable { expression } => self.expression(expression),
            _ => {}
        }
    }
}

/// A message that a template or a handler asks for. `arguments` is `None` where they cannot be seen.
#[derive(Debug, PartialEq)]
struct Asked {
    line: usize,
    key: String,
    arguments: Option<BTreeSet<String>>,
}

/// What a template asks for: `{{t "key" name=value}}`, `(t "key")`, `{{field … label="key"}}`.
fn asked_by_template(text: &str) -> Vec<Asked> {
    let mut asked = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("{{") {
        let line = text[..text.len() - rest.len() + start]
            .matches('\n')
            .count()
            + 1;
        let inside = rest[start..].trim_start_matches('{');
        if inside.starts_with("!--") || inside.starts_with('!') {
            let end = if inside.starts_with("!--") {
                "--}}"
            } else {
                "}}"
            };
            rest = inside.split_once(end).map_or("", |(_, after)| after);
            continue;
        }
        let (tag, after) = inside.split_once("}}").unwrap_or((inside, ""));
        rest = after;
        let words = words(tag);
        for (i, word) in words.iter().enumerate() {
            let Some(key) = literal(words.get(i + 1)) else {
                continue;
            };
            if *word == "t" && (i == 0 || words[i - 1] == "(") {
                asked.push(Asked {
                    line,
                    key,
                    arguments: Some(arguments(&words[i + 2..])),
                });
            } else if ["label=", "hint=", "prefix=", "suffix="].contains(word)
                && words.first() == Some(&"field")
            {
                asked.push(Asked {
                    line,
                    key,
                    arguments: Some(BTreeSet::new()),
                });
            }
        }
    }
    asked
}

/// The parts of a tag: brackets, `name=`, literals with their quotes, and the rest.
fn words(tag: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = tag.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '(' | ')' => 1,
            '"' | '\'' => rest[1..].find(first).map_or(rest.len(), |end| end + 2),
            _ => rest
                .find(|c: char| c.is_whitespace() || "()=".contains(c))
                .map_or(rest.len(), |end| {
                    end + usize::from(rest[end..].starts_with('='))
                }),
        };
        let (word, tail) = rest.split_at(length.max(1));
        found.push(word);
        rest = tail.trim_start();
    }
    found
}

fn literal(word: Option<&&str>) -> Option<String> {
    let word = word?;
    let inner = word
        .strip_prefix(['"', '\''])
        .and_then(|word| word.strip_suffix(['"', '\'']))?;
    Some(inner.to_owned())
}

/// The names given to a helper, up to the end of its brackets.
fn arguments(words: &[&str]) -> BTreeSet<String> {
    let mut depth = 0;
    let mut names = BTreeSet::new();
    for word in words {
        match *word {
            "(" => depth += 1,
            ")" if depth == 0 => break,
            ")" => depth -= 1,
            name if depth == 0 => {
                if let Some(name) = name.strip_suffix('=') {
                    names.insert(name.to_owned());
                }
            }
            _ => {}
        }
    }
    names
}

/// What a source asks for outright: the first literal of a call of `say`, `try_say`, `say_with`.
fn asked_by_source(text: &str) -> Vec<Asked> {
    let mut asked = Vec::new();
    for call in ["say(", "say_with("] {
        for (start, _) in text.match_indices(call) {
            let before = text[..start].chars().next_back().unwrap_or(' ');
            if before.is_alphanumeric() {
                continue;
            }
            let inside = &text[start + call.len()..];
            // Nothing but names may stand before the key, or it is some other call's text.
            let Some((names, tail)) = inside.split_once('"') else {
                continue;
            };
            let plain = |c: char| c.is_alphanumeric() || c.is_whitespace() || "_.,&".contains(c);
            if !names.chars().all(plain) {
                continue;
            }
            let key = tail.split('"').next().unwrap_or_default();
            asked.push(Asked {
                line: text[..start].matches('\n').count() + 1,
                key: key.to_owned(),
                arguments: None,
            });
        }
    }
    asked
}

fn compare(chinese: &Messages, english: &Messages, problems: &mut Vec<String>) {
    let keys: BTreeSet<&String> = chinese.keys().chain(english.keys()).collect();
    for key in keys {
        match (chinese.get(key), english.get(key)) {
            (Some(one), Some(other)) if one != other => problems.push(format!(
                "{key}: takes {one:?} in Chinese and {other:?} in English"
            )),
            (None, _) => problems.push(format!("{key}: is missing in Chinese")),
            (_, None) => problems.push(format!("{key}: is missing in English")),
            _ => {}
        }
    }
}

fn unmet(file: &str, asked: Vec<Asked>, known: &Messages, problems: &mut Vec<String>) {
    for Asked {
        line,
        key,
        arguments,
    } in asked
    {
        match (known.get(&key), arguments) {
            (None, _) => problems.push(format!("{file}:{line}: there is no message {key:?}")),
            (Some(taken), Some(given)) if *taken != given => problems.push(format!(
                "{file}:{line}: {key} takes {taken:?} and is given {given:?}"
            )),
            _ => {}
        }
    }
}

#[test]
fn every_message_exists_in_both_languages() {
    let mut problems = Vec::new();
    let chinese = messages("zh-CN", &mut problems);
    let english = messages("en", &mut problems);
    assert!(chinese.len() > 50, "only {} messages", chinese.len());
    compare(&chinese, &english, &mut problems);
    let mut count = 0;
    for (file, text) in texts("templates", "hbs") {
        let asked = asked_by_template(&text);
        count += asked.len();
        unmet(&file, asked, &chinese, &mut problems);
    }
    assert!(count > 50, "the templates ask for {count} messages only");
    for (file, text) in texts("src", "rs") {
        unmet(&file, asked_by_source(&text), &chinese, &mut problems);
    }
    assert!(
        problems.is_empty(),
        "{} problems:\n{}",
        problems.len(),
        problems.join("\n")
    );
}

/// Quoted in a guide though the portal does not say it: what somebody else would write.
const OTHERS_SAY: &[&str] = &["看不到投标家数", "不符合", "not met"];

/// A guide that names a button names it as the page does.
#[test]
fn what_the_guides_quote_stands_in_the_portal() {
    let mut count = 0;
    for language in ["zh-CN", "en"] {
        let said: String = texts(&format!("templates/locales/{language}"), "ftl")
            .into_iter()
            .map(|(_, text)| text)
            .collect();
        for (guide, text) in texts(&format!("docs/help/{language}"), "md") {
            let quotes = text
                .split('“')
                .skip(1)
                .filter_map(|rest| rest.split('”').next());
            for quote in quotes.filter(|quote| !OTHERS_SAY.contains(quote)) {
                assert!(
                    said.contains(quote),
                    "{guide}: “{quote}” is no word of the portal"
                );
                count += 1;
            }
        }
    }
    assert!(count > 10, "{count} quotes only");
}

/// Beginnings that a source puts together with a word of its own, such as a state's.
const PUT_TOGETHER: &[&str] = &[
    "access-",
    "access-subject-",
    "accounts-kind-",
    "accounts-mail-",
    "accounts-message-",
    "accounts-role-",
    "accounts-scope-",
    "api-",
    "awards-ground-",
    "bids-invalid-",
    "bids-standing-",
    "bids-standing-text-",
    "catalogue-change-",
    "catalogue-level-",
    "clock-",
    "communities-field-",
    "communities-method-",
    "contracts-method-",
    "contracts-secret-",
    "contracts-side-",
    "contracts-state-",
    "error-",
    "evaluation-capacity-",
    "evaluation-member-",
    "evaluation-phase-",
    "help-about-",
    "help-for-",
    "inbox-",
    "ledger-",
    "mail-",
    "portal-organization-kind-",
    "portal-work-link-",
    "portal-work-provider-",
    "portal-work-stage-",
    "portal-work-task-",
    "privacy-data-",
    "privacy-field-",
    "projects-",
    "projects-ground-",
    "projects-notice-",
    "projects-own-bid-",
    "projects-question-",
    "projects-state-",
    "publication-",
    "qualification-declare-",
    "qualification-state-",
    "redactions-ground-",
    "registry-checks-",
    "registry-checks-none-",
    "registry-kind-",
    "registry-state-",
    "retention-from-",
    "retention-what-",
    "retention-why-",
    "search-kind-",
    "search-one-",
    "sms-",
    "tenders-ground-",
    "tenders-method-",
    "tenders-state-",
];

/// Messages that nothing asks for: the key stands in no source, nor does the word that would be put to a beginning.
fn unused<'a>(known: &'a Messages, said: &BTreeSet<String>) -> Vec<&'a String> {
    let is_said = |key: &str| {
        said.contains(key)
            || PUT_TOGETHER.iter().any(|beginning| {
                let Some(word) = key.strip_prefix(beginning) else {
                    return false;
                };
                let whole = word
                    .strip_suffix("-subject")
                    .or_else(|| word.strip_suffix("-body"));
                let number = word.split('-').next().unwrap_or_default();
                said.contains(word)
                    || (*beginning == "mail-" && whole.is_some_and(|word| said.contains(word)))
                    || (*beginning == "error-"
                        && number.len() == 3
                        && number.parse::<u16>().is_ok())
            })
    };
    known.keys().filter(|key| !is_said(key)).collect()
}

/// Every literal of a text, its dots and underscores as messages write them.
fn literals(text: &str) -> BTreeSet<String> {
    text.split(['"', '\n', ','])
        .map(|part| part.replace(['.', '_'], "-"))
        .collect()
}

#[test]
fn every_message_is_asked_for() {
    let mut said = BTreeSet::new();
    for (folder, extension) in [
        ("src", "rs"),
        ("src", "csv"),
        ("src", "toml"),
        ("templates", "hbs"),
    ] {
        for (_, text) in texts(folder, extension) {
            said.extend(literals(&text));
        }
    }
    let known = messages("zh-CN", &mut Vec::new());
    assert_eq!(unused(&known, &said), Vec::<&String>::new());
    let (planted, _) =
        planted("feed-title-demo = A\nledger-a-b = B\nledger-a-c = C\nmail-a-body = D\n");
    let said = literals("(\"a.b\") \"mail-a\"");
    assert_eq!(
        unused(&planted, &said),
        ["feed-title-demo", "ledger-a-c", "mail-a-body"]
    );
    for beginning in PUT_TOGETHER {
        let is_there = known.keys().any(|key| key.starts_with(beginning));
        assert!(is_there, "{beginning} begins no message");
    }
}

fn planted(text: &str) -> (Messages, Vec<String>) {
    let (mut known, mut problems) = (Messages::new(), Vec::new());
    read_messages("planted.ftl", text, &mut known, &mut problems);
    (known, problems)
}

#[test]
fn the_checker_finds_planted_problems_in_messages() {
    let (known, problems) = planted("a = A { $x } { $n ->\n    [one] { $y }\n   *[other] b\n }\n");
    assert_eq!(problems, Vec::<String>::new());
    let taken: Vec<&str> = known["a"].iter().map(String::as_str).collect();
    assert_eq!(taken, ["n", "x", "y"]);
    for (text, problem) in [
        ("a = A\na = B\n", "a is said twice"),
        ("a = { \"\" }\nb =\n    .title = B\n", "b has no text"),
        ("a = \u{2068}A\n", "text direction"),
        ("a = A\nb b\n", "planted.ftl:2"),
    ] {
        let (_, problems) = planted(text);
        assert!(
            problems.iter().any(|said| said.contains(problem)),
            "{text:?}: {problems:?}"
        );
    }
    let mut problems = Vec::new();
    let (chinese, _) = planted("a = { $x }\nb = B\n");
    let (english, _) = planted("a = { $y }\nc = C\n");
    compare(&chinese, &english, &mut problems);
    assert_eq!(problems.len(), 3, "{problems:?}");
}

#[test]
fn the_checker_finds_what_templates_and_sources_ask_for() {
    let names = |names: &[&str]| Some(names.iter().map(ToString::to_string).collect());
    let asked = asked_by_template(
        "{{!-- {{t \"no\"}} --}}{{! t \"no\"}}<a href=\"{{u \"/x\"}}\">\n{{t \"a\" x=y z=\"q\"}} {{{t 'b'}}}\n\
         {{#if (same (t \"c\" n=(len list more=1)) d)}}{{field \"q\" label=\"d\" hint=\"e\" max=\"3\"}}",
    );
    let expected = [
        (2, "a", names(&["x", "z"])),
        (2, "b", names(&[])),
        (3, "c", names(&["n"])),
        (3, "d", names(&[])),
        (3, "e", names(&[])),
    ]
    .map(|(line, key, arguments)| Asked {
        line,
        key: key.to_owned(),
        arguments,
    });
    assert_eq!(asked, expected);
    let asked = asked_by_source(
        "view.say(\"a\");\nview.say(&format!(\"no-{x}\")); words.try_say(lang,\n \"b\", &[]); essay(\"no\")",
    );
    let keys: Vec<(usize, &str)> = asked.iter().map(|a| (a.line, a.key.as_str())).collect();
    assert_eq!(keys, [(1, "a"), (2, "b")]);
    let (known, _) = planted("a = { $x }\n");
    let mut problems = Vec::new();
    let asked = asked_by_template("{{t \"a\"}}{{t \"a\" x=1}}{{t \"a\" x=1 y=2}}{{t \"b\"}}");
    unmet("planted.hbs", asked, &known, &mut problems);
    assert_eq!(problems.len(), 3, "{problems:?}");
}

#[test]
fn every_message_keeps_its_arguments_in_traditional_characters() {
    let traditional = sanshe::infra::traditional::Traditional::load().unwrap();
    let mut problems = Vec::new();
    let (mut before, mut after) = (Messages::new(), Messages::new());
    let mut changed = 0;
    for (file, text) in texts("templates/locales/zh-CN", "ftl") {
        let converted = traditional.convert(&text);
        assert_eq!(converted.lines().count(), text.lines().count(), "{file}");
        changed += usize::from(converted != text);
        read_messages(&file, &text, &mut before, &mut problems);
        read_messages(&file, &converted, &mut after, &mut problems);
    }
    assert!(changed > 10, "{changed} files");
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(after, before);
}
