//! One row of an imported catalogue, and what may be wrong with it.

use crate::kernel::catalogue_code::CatalogueCode;
use crate::kernel::refusal::{Refusal, Rule};
use crate::kernel::text;
use std::collections::BTreeMap;

pub const MAX_CODE: usize = 20;
pub const MAX_NAME: usize = 100;
pub const MAX_DESCRIPTION: usize = 1_000;
pub const MAX_ALIASES: usize = 200;

crate::text_enum!(
    /// The columns of the file, by their English names; [`Column::of`] knows the Chinese ones too.
    Column {
        Code = "code",
        Name = "name",
        Level = "level",
        Parent = "parent_code",
        Verified = "verified",
        Description = "description",
        Aliases = "aliases",
    }
);

impl Column {
    pub const NEEDED: [Self; 4] = [Self::Code, Self::Name, Self::Level, Self::Parent];

    pub fn of(header: &str) -> Option<Self> {
        let header = text::narrow(&text::clean(header)).to_lowercase();
        match header.as_str() {
            "编码" | "代码" | "目录编码" => Some(Self::Code),
            "名称" | "目录名称" => Some(Self::Name),
            "级别" | "层级" => Some(Self::Level),
            "上级编码" | "上级代码" => Some(Self::Parent),
            "已核实" => Some(Self::Verified),
            "说明" => Some(Self::Description),
            "别名" | "俗称" => Some(Self::Aliases),
            english => english.parse().ok(),
        }
    }
}

/// Whether a text names a column.
pub fn is_column(header: &str) -> bool {
    Column::of(header).is_some()
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub code: String,
    pub name: String,
    pub level: i64,
    pub parent_code: Option<String>,
    pub description: String,
    pub aliases: String,
    pub is_verified: bool,
}

impl Row {
    /// All that is known of a row that could not be read.
    pub fn only_code(code: &str) -> Self {
        Self {
            code: code_of(code),
            name: String::new(),
            level: 0,
            parent_code: None,
            description: String::new(),
            aliases: String::new(),
            is_verified: false,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    Empty,
    TooLarge,
    TooManyRows,
    Spreadsheet,
    Encoding,
    HeaderMissing(Column),
    HeaderTwice(String),
    HeaderUnknown(String),
    Fields { needed: usize, found: usize },
    CodeMissing,
    CodeLetters(String),
    CodePattern(String),
    CodeLevel { code: String, level: i64 },
    CodeTwice { code: String, first: u64 },
    NameMissing,
    TooLong(usize),
    Level(String),
    ParentMissing,
    ParentOfTop(String),
    ParentUnknown(String),
    ParentLevel(String),
    ParentOther { code: String, parent: String },
    Verified(String),
}

/// Where it is wrong: the line as an editor counts, the column as a spreadsheet does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRow {
    pub line: u64,
    pub column: Option<usize>,
    pub reason: Reason,
}

impl BadRow {
    pub const fn file(reason: Reason) -> Self {
        Self {
            line: 1,
            column: None,
            reason,
        }
    }
}

impl Rule for Reason {
    fn refusal(&self) -> Refusal {
        let cut = |text: &str| text::excerpt(text, 30);
        match self {
            Self::Empty => Refusal::new("catalogue-bad-empty"),
            Self::TooLarge => {
                Refusal::new("catalogue-bad-too-large").arg("max", super::MAX_BYTES / 1024 / 1024)
            }
            Self::TooManyRows => Refusal::new("catalogue-bad-too-many").arg("max", super::MAX_ROWS),
            Self::Spreadsheet => Refusal::new("catalogue-bad-spreadsheet"),
            Self::Encoding => Refusal::new("catalogue-bad-encoding"),
            Self::HeaderMissing(column) => {
                Refusal::new("catalogue-bad-header-missing").arg("column", column)
            }
            Self::HeaderTwice(name) => {
                Refusal::new("catalogue-bad-header-twice").arg("column", cut(name))
            }
            Self::HeaderUnknown(name) => {
                Refusal::new("catalogue-bad-header-unknown").arg("column", cut(name))
            }
            Self::Fields { needed, found } => Refusal::new("catalogue-bad-fields")
                .arg("needed", needed)
                .arg("found", found),
            Self::CodeMissing => Refusal::new("catalogue-bad-code-missing"),
            Self::CodeLetters(code) => {
                Refusal::new("catalogue-bad-code-letters").arg("code", cut(code))
            }
            Self::CodePattern(code) => {
                Refusal::new("catalogue-bad-code-pattern").arg("code", cut(code))
            }
            Self::CodeLevel { code, level } => Refusal::new("catalogue-bad-code-level")
                .arg("code", cut(code))
                .arg("level", level),
            Self::CodeTwice { code, first } => Refusal::new("catalogue-bad-code-twice")
                .arg("code", cut(code))
                .arg("line", first),
            Self::NameMissing => Refusal::new("catalogue-bad-name-missing"),
            Self::TooLong(max) => Refusal::new("catalogue-bad-too-long").arg("max", max),
            Self::Level(level) => Refusal::new("catalogue-bad-level").arg("level", cut(level)),
            Self::ParentMissing => Refusal::new("catalogue-bad-parent-missing"),
            Self::ParentOfTop(parent) => {
                Refusal::new("catalogue-bad-parent-of-top").arg("parent", cut(parent))
            }
            Self::ParentUnknown(parent) => {
                Refusal::new("catalogue-bad-parent-unknown").arg("parent", cut(parent))
            }
            Self::ParentLevel(parent) => {
                Refusal::new("catalogue-bad-parent-level").arg("parent", cut(parent))
            }
            Self::ParentOther { code, parent } => Refusal::new("catalogue-bad-parent-other")
                .arg("code", cut(code))
                .arg("parent", cut(parent)),
            Self::Verified(text) => Refusal::new("catalogue-bad-verified").arg("text", cut(text)),
        }
    }
}

impl Rule for BadRow {
    fn refusal(&self) -> Refusal {
        self.reason.refusal()
    }
}

/// The text of one field and its place.
pub struct Field<'a> {
    pub column: usize,
    pub text: &'a str,
}

/// A field as stored: full-width letters narrowed, white space collapsed.
fn tidy(text: &str) -> String {
    let clean = text::clean(text);
    clean.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn code_of(text: &str) -> String {
    tidy(&text::narrow(text)).to_uppercase()
}

/// Reads one row by itself (level 0: not known); what must agree between rows comes in [`check_together`].
pub fn read_row<'a>(field: impl Fn(Column) -> Field<'a>, line: u64, bad: &mut Vec<BadRow>) -> Row {
    let mut refuse = |column: Column, reason: Reason| {
        bad.push(BadRow {
            line,
            column: Some(field(column).column),
            reason,
        });
    };
    let code = code_of(field(Column::Code).text);
    if code.is_empty() {
        refuse(Column::Code, Reason::CodeMissing);
    } else if text::chars(&code) > MAX_CODE {
        refuse(Column::Code, Reason::TooLong(MAX_CODE));
    } else if !is_code(&code) {
        refuse(Column::Code, Reason::CodeLetters(code.clone()));
    }
    let name = tidy(field(Column::Name).text);
    if name.is_empty() {
        refuse(Column::Name, Reason::NameMissing);
    } else if text::chars(&name) > MAX_NAME {
        refuse(Column::Name, Reason::TooLong(MAX_NAME));
    }
    let typed = tidy(&text::narrow(field(Column::Level).text));
    let level = match typed.as_str() {
        "1" => 1,
        "2" => 2,
        "3" => 3,
        _ => {
            refuse(Column::Level, Reason::Level(typed));
            0
        }
    };
    let parent = code_of(field(Column::Parent).text);
    if level == 1 && !parent.is_empty() {
        refuse(Column::Parent, Reason::ParentOfTop(parent.clone()));
    } else if level > 1 && parent.is_empty() {
        refuse(Column::Parent, Reason::ParentMissing);
    }
    let description = text::clean(field(Column::Description).text);
    if text::chars(&description) > MAX_DESCRIPTION {
        refuse(Column::Description, Reason::TooLong(MAX_DESCRIPTION));
    }
    let aliases = joined(field(Column::Aliases).text);
    if text::chars(&aliases) > MAX_ALIASES {
        refuse(Column::Aliases, Reason::TooLong(MAX_ALIASES));
    }
    let typed = tidy(&text::narrow(field(Column::Verified).text)).to_lowercase();
    let is_verified = match typed.as_str() {
        "true" | "1" | "yes" | "是" => true,
        "" | "false" | "0" | "no" | "否" => false,
        _ => {
            refuse(Column::Verified, Reason::Verified(typed));
            false
        }
    };
    Row {
        code,
        name,
        level,
        parent_code: (!parent.is_empty()).then_some(parent),
        description,
        aliases,
        is_verified,
    }
}

/// A list as people write it, in one spelling.
fn joined(list: &str) -> String {
    let words = list
        .split(['、', '；', ';', '，', ',', '|', '\n'])
        .map(tidy);
    words
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join("、")
}

/// Codes stand in addresses: ASCII letters and digits, with dots and dashes inside.
fn is_code(code: &str) -> bool {
    let outer = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    code.chars()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))
        && code.len() <= MAX_CODE
        && outer(code.chars().next())
        && outer(code.chars().last())
}

/// Checks the rows against each other; rows come with their lines.
pub fn check_together(
    rows: &[(u64, Row)],
    code_column: usize,
    parent_column: usize,
    bad: &mut Vec<BadRow>,
) {
    // The letter scheme (A, A01, A0101) is checked wherever it is used; other provinces number otherwise.
    let is_letter_scheme = rows
        .iter()
        .any(|(_, row)| row.level == 1 && CatalogueCode::parse(&row.code).is_ok());
    let mut known: BTreeMap<&str, (u64, i64)> = BTreeMap::new();
    let mut refuse = |line: u64, column: usize, reason: Reason| {
        bad.push(BadRow {
            line,
            column: Some(column),
            reason,
        });
    };
    for (line, row) in rows.iter().filter(|(_, row)| !row.code.is_empty()) {
        match known.get(row.code.as_str()) {
            Some((first, _)) => {
                let (code, first) = (row.code.clone(), *first);
                refuse(*line, code_column, Reason::CodeTwice { code, first });
            }
            None => {
                known.insert(&row.code, (*line, row.level));
            }
        }
    }
    for (line, row) in rows {
        // What is no code at all was named already.
        let code =
            (is_letter_scheme && is_code(&row.code)).then(|| CatalogueCode::parse(&row.code));
        match &code {
            Some(Err(_)) => refuse(*line, code_column, Reason::CodePattern(row.code.clone())),
            Some(Ok(code)) if row.level > 0 && i64::from(code.level()) != row.level => {
                let (code, level) = (row.code.clone(), row.level);
                refuse(*line, code_column, Reason::CodeLevel { code, level });
            }
            _ => {}
        }
        let Some(parent) = row.parent_code.as_ref().filter(|_| row.level != 1) else {
            continue;
        };
        match known.get(parent.as_str()) {
            None => refuse(*line, parent_column, Reason::ParentUnknown(parent.clone())),
            Some((_, level)) if *level > 0 && row.level > 0 && level + 1 != row.level => {
                refuse(*line, parent_column, Reason::ParentLevel(parent.clone()));
            }
            Some(_) => {
                let own = code.and_then(Result::ok).and_then(|code| code.parent());
                if own.is_some_and(|own| own.as_str() != parent) {
                    let (code, parent) = (row.code.clone(), parent.clone());
                    refuse(*line, parent_column, Reason::ParentOther { code, parent });
                }
            }
        }
    }
}
