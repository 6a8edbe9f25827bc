//! Uploaded tables, CSV or a workbook, read by the names of their columns: every row, or everything that is wrong with its
//! line and column.

use crate::infra::sheet;
use crate::kernel::lines::{Lines, decode};
use crate::kernel::refusal::{Refusal, Rule};
use crate::kernel::text;
use csv::ByteRecord;

/// Rows of one file. One transaction takes them all, and no write may keep bids waiting.
pub const MAX_ROWS: usize = 500;
/// More than anybody mends before trying again.
const MAX_BAD: usize = 200;

/// A column that a table has.
pub struct Column {
    /// In files of programs.
    pub name: &'static str,
    /// The message that names it for people: the heading of the empty sheet.
    pub label: &'static str,
    /// The message that says what to fill in.
    pub hint: &'static str,
    /// The names under which it is found, in small letters and without what stands in brackets.
    pub heads: &'static [&'static str],
    /// Whether a file without it is refused.
    pub is_needed: bool,
}

impl Column {
    /// One that every file has.
    pub const fn new(
        name: &'static str,
        label: &'static str,
        hint: &'static str,
        heads: &'static [&'static str],
    ) -> Self {
        Self {
            name,
            label,
            hint,
            heads,
            is_needed: true,
        }
    }

    /// The same, where a file may do without it.
    #[must_use]
    pub const fn or_not(self) -> Self {
        Self {
            is_needed: false,
            ..self
        }
    }
}

/// What is wrong where. Line 1 is the first of the sheet, 0 the file as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub line: u64,
    /// The label of the column, or nothing.
    pub column: &'static str,
    pub why: Refusal,
}

/// What reading a file comes to: every row, or everything that is wrong.
pub type Outcome<R> = Result<Vec<R>, Vec<Finding>>;

/// The refusal that goes with so many findings.
pub fn bad(findings: usize) -> Refusal {
    Refusal::new(BAD).arg("count", findings).at("file")
}

/// The key of [`bad`].
pub const BAD: &str = "import-bad";

/// The column that a heading names.
pub fn column_of<'a>(columns: &'a [Column], head: &str) -> Option<&'a Column> {
    let head = text::narrow(&text::clean(head)).to_lowercase();
    let head = head.split('(').next().unwrap_or_default().trim();
    columns
        .iter()
        .find(|column| column.name == head || column.heads.contains(&head))
}

/// Reads a whole file of at most [`MAX_ROWS`] rows. `row` reads one; what it finds wrong, it leaves in the cells.
pub fn read<R>(
    columns: &'static [Column],
    bytes: &[u8],
    row: impl Fn(&mut Cells) -> Option<R>,
) -> Outcome<R> {
    let whole = |why: Refusal| {
        vec![Finding {
            line: 0,
            column: "",
            why,
        }]
    };
    let csv = sheet::as_csv(bytes, |head| column_of(columns, head).is_some())
        .map_err(|unread| whole(unread.refusal()))?;
    if csv.contains(&0) {
        return Err(whole(Refusal::new("import-encoding")));
    }
    let text = decode(&csv);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_slice());
    let (mut lines, mut record) = (Lines::new(&text), ByteRecord::new());
    let mut places: Option<Places> = None;
    let (mut rows, mut findings, mut count) = (Vec::new(), Vec::new(), 0);
    // Reading from memory and without UTF-8: `Err` cannot come, and would end the file.
    while let Ok(true) = reader.read_byte_record(&mut record) {
        let line = lines.of(record.position().map_or(0, csv::Position::byte));
        // Spreadsheets leave lines of commas below the table.
        if record.iter().all(|cell| cell.trim_ascii().is_empty()) {
            continue;
        }
        let Some(places) = &places else {
            places = Some(Places::of(columns, &record, line)?);
            continue;
        };
        count += 1;
        if count > MAX_ROWS {
            return Err(whole(Refusal::new("import-too-many").arg("max", MAX_ROWS)));
        }
        let before = findings.len();
        let mut cells = Cells {
            line,
            places,
            record: &record,
            findings: &mut findings,
        };
        let read = row(&mut cells);
        if findings.len() == before {
            rows.extend(read);
        } else if findings.len() > MAX_BAD {
            break;
        }
    }
    if count == 0 {
        return Err(whole(Refusal::new("import-empty")));
    }
    if findings.is_empty() {
        Ok(rows)
    } else {
        Err(findings)
    }
}

/// Which column stands where in a file.
struct Places(Vec<Option<&'static Column>>);

impl Places {
    fn of(columns: &'static [Column], head: &ByteRecord, line: u64) -> Result<Self, Vec<Finding>> {
        let found: Vec<Option<&Column>> = head
            .iter()
            .map(|name| column_of(columns, &String::from_utf8_lossy(name)))
            .collect();
        let count = |column: &Column| {
            let same = |other: &&&Column| other.name == column.name;
            found.iter().flatten().filter(same).count()
        };
        let wrong: Vec<Finding> = columns
            .iter()
            .filter_map(|column| {
                let key = match count(column) {
                    0 if column.is_needed => "import-no-column",
                    0 | 1 => return None,
                    _ => "import-column-twice",
                };
                Some(Finding {
                    line,
                    column: column.label,
                    why: Refusal::new(key),
                })
            })
            .collect();
        if wrong.is_empty() {
            Ok(Self(found))
        } else {
            Err(wrong)
        }
    }

    fn at(&self, name: &str) -> Option<usize> {
        let mut places = self.0.iter();
        places.position(|column| column.is_some_and(|column| column.name == name))
    }

    fn label(&self, name: &str) -> &'static str {
        let column = self
            .at(name)
            .and_then(|at| self.0.get(at).copied().flatten());
        column.map_or("", |column| column.label)
    }
}

/// One row, cell by cell; what is wrong is noted beside its column.
pub struct Cells<'a> {
    pub line: u64,
    places: &'a Places,
    record: &'a ByteRecord,
    findings: &'a mut Vec<Finding>,
}

impl Cells<'_> {
    /// The cleaned text of a cell; empty when there is none.
    pub fn text(&mut self, column: &'static str) -> String {
        let bytes = self.places.at(column).and_then(|at| self.record.get(at));
        match std::str::from_utf8(bytes.unwrap_or_default()) {
            Ok(typed) => text::clean(typed),
            Err(_bytes) => {
                self.wrong(column, Refusal::new("import-encoding"));
                String::new()
            }
        }
    }

    pub fn wrong(&mut self, column: &'static str, why: Refusal) {
        self.findings.push(Finding {
            line: self.line,
            column: self.places.label(column),
            why,
        });
    }

    /// A text of at most so many characters.
    pub fn at_most(&mut self, column: &'static str, max: usize) -> String {
        let typed = self.text(column);
        if text::chars(&typed) > max {
            self.wrong(column, Refusal::new("form-too-long").arg("max", max));
        }
        typed
    }

    /// The same, and not empty.
    pub fn needed(&mut self, column: &'static str, max: usize) -> String {
        let typed = self.at_most(column, max);
        if typed.is_empty() {
            self.wrong(column, Refusal::new("form-missing"));
        }
        typed
    }

    /// A value that has to be there and to be read.
    pub fn parsed<T>(
        &mut self,
        column: &'static str,
        read: impl FnOnce(&str) -> Result<T, Refusal>,
    ) -> Option<T> {
        let typed = self.text(column);
        let value = if typed.is_empty() {
            Err(Refusal::new("form-missing"))
        } else {
            read(&typed)
        };
        value.map_err(|why| self.wrong(column, why)).ok()
    }

    /// Things separated by `;` or `；`, each once, in their order.
    pub fn list(&mut self, column: &'static str) -> Vec<String> {
        let mut things: Vec<String> = Vec::new();
        for thing in self.text(column).split([';', '；']).map(str::trim) {
            if !thing.is_empty() && !things.iter().any(|known| known == thing) {
                things.push(thing.to_owned());
            }
        }
        things
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use proptest::prelude::*;

    const COLUMNS: &[Column] = &[
        Column::new("name", "l-name", "", &["名称"]),
        Column::new("places", "l-places", "", &["地区"]).or_not(),
    ];

    type Row = (u64, String, Vec<String>);

    fn read(bytes: &[u8]) -> Outcome<Row> {
        super::read(COLUMNS, bytes, |cells| {
            Some((cells.line, cells.needed("name", 5), cells.list("places")))
        })
    }

    fn why(bytes: &[u8]) -> Vec<(u64, &'static str, &'static str)> {
        let found = read(bytes).unwrap_err();
        found
            .iter()
            .map(|one| (one.line, one.column, one.why.key))
            .collect()
    }

    #[test]
    fn tables_as_people_have_them() {
        let rows =
            read("\u{feff}名称（全称）,备注,地区\r\n\r\n甲,x,1；2;1\r\n,,\r\n乙\r\n".as_bytes());
        assert_eq!(
            rows.unwrap(),
            [
                (3, "甲".to_owned(), vec!["1".to_owned(), "2".to_owned()]),
                (5, "乙".to_owned(), vec![])
            ]
        );
        let (gb, _, _) = encoding_rs::GB18030.encode("名称\n晨光");
        assert_eq!(read(&gb).unwrap()[0].1, "晨光");
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (file, found) in [
            (&b"PK\x03\x04rest"[..], (0, "", "sheet-broken")),
            (b"n\0a\0", (0, "", "import-encoding")),
            (b"", (0, "", "import-empty")),
            (b"name\n\n", (0, "", "import-empty")),
            (b"places\nx", (1, "l-name", "import-no-column")),
            (b"name,Name\nx", (1, "l-name", "import-column-twice")),
            (b"name,places\n,x", (2, "l-name", "form-missing")),
            (b"name\n\n\n123456", (4, "l-name", "form-too-long")),
            (b"name,places\n\xff\xff,x", (2, "l-name", "import-encoding")),
        ] {
            assert_eq!(why(file)[0], found, "{}", String::from_utf8_lossy(file));
        }
        let many = format!("name\n{}", "x\n".repeat(MAX_ROWS + 1));
        assert_eq!(why(many.as_bytes()), [(0, "", "import-too-many")]);
        let most = format!("name\n{}", "x\n".repeat(MAX_ROWS));
        assert_eq!(read(most.as_bytes()).unwrap().len(), MAX_ROWS);
    }

    proptest! {
        #[test]
        fn no_file_panics(bytes in prop::collection::vec(any::<u8>(), 0..200), text in ".*") {
            let _ = read(&bytes);
            let _ = read(format!("name,places\n{text}").as_bytes());
        }
    }
}
