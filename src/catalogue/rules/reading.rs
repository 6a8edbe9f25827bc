//! From the bytes of a CSV file to rows, or to every place that is wrong with it.

use super::rows::{self, BadRow, Column, Field, Reason, Row};
use crate::kernel::lines::{Lines, decode};
use crate::kernel::text;
use csv::ByteRecord;

/// A county's catalogue has some hundred rows; this is far above any.
pub const MAX_ROWS: usize = 5_000;
pub const MAX_BYTES: usize = 2 * 1024 * 1024;
/// Beyond this many places nobody reads on.
const MAX_BAD: usize = 200;

/// Reads a whole file: all rows, or everything that is wrong (up to 200 places).
pub fn read(bytes: &[u8]) -> Result<Vec<Row>, Vec<BadRow>> {
    if bytes.len() > MAX_BYTES {
        return Err(vec![BadRow::file(Reason::TooLarge)]);
    }
    // ZIP (xlsx) and the old Office container: somebody chose the workbook instead of the CSV.
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]) {
        return Err(vec![BadRow::file(Reason::Spreadsheet)]);
    }
    if bytes.contains(&0) {
        return Err(vec![BadRow::file(Reason::Encoding)]);
    }
    let text = decode(bytes);
    let mut bad = Vec::new();
    let rows = read_lines(&text, &mut bad);
    if bad.is_empty() {
        Ok(rows)
    } else {
        bad.sort_by_key(|bad| (bad.line, bad.column));
        bad.truncate(MAX_BAD);
        Err(bad)
    }
}

/// Where each column stands in the file.
struct Header {
    columns: Vec<Column>,
}

impl Header {
    fn place(&self, column: Column) -> Option<usize> {
        self.columns.iter().position(|have| *have == column)
    }
}

fn read_lines(text: &[u8], bad: &mut Vec<BadRow>) -> Vec<Row> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(text);
    let mut lines = Lines::new(text);
    let mut header: Option<Header> = None;
    let mut rows: Vec<(u64, Row)> = Vec::new();
    let mut record = ByteRecord::new();
    let mut is_whole = true;
    // Reading from memory and without UTF-8: `Err` cannot come, and would end the file.
    while let Ok(true) = reader.read_byte_record(&mut record) {
        let line = lines.of(record.position().map_or(0, csv::Position::byte));
        let Some(fields) = texts(&record, line, bad) else {
            if header.is_none() || bad.len() >= MAX_BAD {
                return Vec::new();
            }
            is_whole = false;
            continue;
        };
        // Spreadsheets leave lines of commas below the table.
        if fields.iter().all(|field| text::clean(field).is_empty()) {
            continue;
        }
        let Some(header) = &header else {
            match read_header(&fields, line, bad) {
                Some(found) => header = Some(found),
                None => return Vec::new(),
            }
            continue;
        };
        if rows.len() >= MAX_ROWS {
            bad.push(BadRow {
                line,
                column: None,
                reason: Reason::TooManyRows,
            });
            return Vec::new();
        }
        rows.push((line, read_fields(header, &fields, line, bad)));
        if bad.len() >= MAX_BAD {
            return Vec::new();
        }
    }
    let Some(header) = header.filter(|_| !rows.is_empty() || !is_whole) else {
        bad.push(BadRow::file(Reason::Empty));
        return Vec::new();
    };
    let place = |column| header.place(column).map_or(1, |at| at + 1);
    // A row that could not even be read is missing here: its children would be blamed for it.
    if is_whole {
        rows::check_together(&rows, place(Column::Code), place(Column::Parent), bad);
    }
    rows.into_iter().map(|(_, row)| row).collect()
}

/// The fields as text; a field that is not UTF-8 is named.
fn texts<'a>(record: &'a ByteRecord, line: u64, bad: &mut Vec<BadRow>) -> Option<Vec<&'a str>> {
    let mut fields = Vec::with_capacity(record.len());
    let before = bad.len();
    for (at, field) in record.iter().enumerate() {
        match str::from_utf8(field) {
            Ok(text) => fields.push(text),
            Err(_bytes) => bad.push(BadRow {
                line,
                column: Some(at + 1),
                reason: Reason::Encoding,
            }),
        }
    }
    (bad.len() == before).then_some(fields)
}

fn read_header(fields: &[&str], line: u64, bad: &mut Vec<BadRow>) -> Option<Header> {
    let before = bad.len();
    let mut columns: Vec<Column> = Vec::new();
    for (at, field) in fields.iter().enumerate() {
        let reason = match Column::of(field) {
            None => Some(Reason::HeaderUnknown((*field).to_owned())),
            Some(column) if columns.contains(&column) => {
                Some(Reason::HeaderTwice((*field).to_owned()))
            }
            Some(column) => {
                columns.push(column);
                None
            }
        };
        if let Some(reason) = reason {
            bad.push(BadRow {
                line,
                column: Some(at + 1),
                reason,
            });
        }
    }
    for column in Column::NEEDED {
        if !columns.contains(&column) {
            bad.push(BadRow {
                line,
                column: None,
                reason: Reason::HeaderMissing(column),
            });
        }
    }
    (bad.len() == before).then_some(Header { columns })
}

/// The row, with level 0 where its level is not known, for what must agree between rows.
fn read_fields(header: &Header, fields: &[&str], line: u64, bad: &mut Vec<BadRow>) -> Row {
    let field = |column: Column| {
        let at = header.place(column);
        Field {
            column: at.map_or(0, |at| at + 1),
            text: at.and_then(|at| fields.get(at)).map_or("", |text| *text),
        }
    };
    let (needed, found) = (header.columns.len(), fields.len());
    if needed == found {
        return rows::read_row(field, line, bad);
    }
    bad.push(BadRow {
        line,
        column: Some(needed.min(found) + 1),
        reason: Reason::Fields { needed, found },
    });
    Row::only_code(field(Column::Code).text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use proptest::prelude::*;

    const HEAD: &str = "code,name,level,parent_code,verified\n";

    fn bad(lines: &str) -> Vec<(u64, Option<usize>, Reason)> {
        let text = format!("{HEAD}A,公共服务,1,,false\n{lines}");
        let found = read(text.as_bytes()).unwrap_err();
        found
            .into_iter()
            .map(|bad| (bad.line, bad.column, bad.reason))
            .collect()
    }

    #[test]
    fn the_shipped_sample_is_whole() {
        let rows = read(include_bytes!("../data/catalogue_2026.csv")).unwrap();
        let count = |level| rows.iter().filter(|row| row.level == level).count();
        assert_eq!((count(1), count(2)), (2, 30));
        assert!(rows.iter().all(|row| !row.is_verified));
        assert!(rows.iter().any(|row| row.name == "基本养老服务"));
    }

    #[test]
    fn every_bad_row_is_named() {
        let text = |text: &str| text.to_owned();
        for (lines, column, reason) in [
            (",甲,1,,", 1, Reason::CodeMissing),
            ("A 1,甲,1,,", 1, Reason::CodeLetters(text("A 1"))),
            ("-A1,甲,1,,", 1, Reason::CodeLetters(text("-A1"))),
            ("养,甲,1,,", 1, Reason::CodeLetters(text("养"))),
            ("A123456789012345678901,甲,2,A,", 1, Reason::TooLong(20)),
            ("A1,甲,2,A,", 1, Reason::CodePattern(text("A1"))),
            (
                "A01,甲,3,A,",
                1,
                Reason::CodeLevel {
                    code: text("A01"),
                    level: 3,
                },
            ),
            (
                "A,甲,1,,",
                1,
                Reason::CodeTwice {
                    code: text("A"),
                    first: 2,
                },
            ),
            ("A01,,2,A,", 2, Reason::NameMissing),
            ("A01, \u{3000}\u{200B},2,A,", 2, Reason::NameMissing),
            ("A01,甲,4,A,", 3, Reason::Level(text("4"))),
            ("A01,甲,,A,", 3, Reason::Level(String::new())),
            ("A01,甲,2,,", 4, Reason::ParentMissing),
            ("B,甲,1,A,", 4, Reason::ParentOfTop(text("A"))),
            ("B01,甲,2,B,", 4, Reason::ParentUnknown(text("B"))),
            ("A01,甲,2,A,也许", 5, Reason::Verified(text("也许"))),
            (
                "A01,甲,2,A",
                5,
                Reason::Fields {
                    needed: 5,
                    found: 4,
                },
            ),
            (
                "A01,甲,2,A,,",
                6,
                Reason::Fields {
                    needed: 5,
                    found: 6,
                },
            ),
        ] {
            let found = bad(lines);
            assert!(
                found.contains(&(3, Some(column), reason)),
                "{lines}: {found:?}"
            );
        }
        let long = format!("A01,{},2,A,", "长".repeat(101));
        assert_eq!(bad(&long), [(3, Some(2), Reason::TooLong(100))]);
        let other = Reason::ParentOther {
            code: text("B01"),
            parent: text("A"),
        };
        assert_eq!(bad("B,乙,1,,\nB01,丙,2,A,"), [(4, Some(4), other)]);
        let level = Reason::ParentLevel(text("A"));
        assert!(bad("A0101,丙,3,A,").contains(&(3, Some(4), level)));
    }

    #[test]
    fn all_bad_rows_come_at_once_in_their_order() {
        let found = bad("A01,,2,A,\n\n\nA02,乙,9,A,\n,丙,2,,");
        let places: Vec<_> = found.iter().map(|bad| (bad.0, bad.1)).collect();
        assert_eq!(
            places,
            [(3, Some(2)), (6, Some(3)), (7, Some(1)), (7, Some(4))]
        );
    }

    #[test]
    fn what_disagrees_between_rows_is_named_beside_what_is_wrong_in_one() {
        let found = bad("A01,,2,A,\nA0101,乙,3,A01,\nA0102,丙,3\nB01,丁,2,B,也许\nA0102,戊,3,A01,");
        let places: Vec<_> = found.iter().map(|bad| (bad.0, bad.1)).collect();
        assert_eq!(
            places,
            [
                (3, Some(2)),
                (5, Some(4)),
                (6, Some(4)),
                (6, Some(5)),
                (7, Some(1))
            ]
        );
    }

    #[test]
    fn bad_files() {
        let head = |head: &str| read(format!("{head}\nA,甲,1,\n").as_bytes()).unwrap_err();
        assert_eq!(
            head("code,name,level")[0].reason,
            Reason::HeaderMissing(Column::Parent)
        );
        assert_eq!(head("code,名称,name,level,parent_code")[0].column, Some(3));
        let unknown = &head("code,name,level,parent_code,color")[0];
        assert_eq!(unknown.reason, Reason::HeaderUnknown("color".into()));
        for (bytes, reason) in [
            (&b""[..], Reason::Empty),
            (HEAD.as_bytes(), Reason::Empty),
            (b"PK\x03\x04rest", Reason::Spreadsheet),
            (b"c\0o\0d\0e\0", Reason::Encoding),
            (b"\xFF\xFE\xFF", Reason::Encoding),
            (&vec![b'a'; MAX_BYTES + 1], Reason::TooLarge),
        ] {
            assert_eq!(read(bytes).unwrap_err()[0].reason, reason);
        }
        let mut many = HEAD.to_owned();
        for n in 0..=MAX_ROWS {
            many += &n.to_string();
            many += ",甲,1,,\n";
        }
        assert_eq!(
            read(many.as_bytes()).unwrap_err()[0].reason,
            Reason::TooManyRows
        );
    }

    #[test]
    fn a_damaged_character_is_found_by_line_and_column() {
        let mut bytes = format!("{HEAD}A,公共服务,1,,\nA01,教育公共服务,2,A,\n").into_bytes();
        let at = bytes.len() - 8;
        bytes[at] = 0xFF;
        let found = read(&bytes).unwrap_err();
        assert_eq!((found[0].line, found[0].column), (3, Some(2)));
        assert_eq!(found[0].reason, Reason::Encoding);
    }

    #[test]
    fn what_excel_writes_is_read() {
        let plain = format!("{HEAD}A,公共服务,1,,否\nＡ０１,\" 教育  服务\",２,A,TRUE\n,,,,\n");
        let rows = read(plain.as_bytes()).unwrap();
        assert_eq!(rows[1].code, "A01");
        assert_eq!(rows[1].name, "教育 服务");
        assert_eq!((rows[0].is_verified, rows[1].is_verified), (false, true));
        let marked = format!("\u{FEFF}{}", plain.replace('\n', "\r\n"));
        assert_eq!(read(marked.as_bytes()).unwrap(), rows);
        assert_eq!(read(plain.replace('\n', "\r").as_bytes()).unwrap(), rows);
        let (gb, _, lossy) = encoding_rs::GB18030.encode(&plain);
        assert!(!lossy);
        assert_eq!(read(&gb).unwrap(), rows);
        let chinese = "编码,名称,级别,上级编码\nA,公共服务,1,\n";
        assert_eq!(read(chinese.as_bytes()).unwrap()[0].code, "A");
    }

    #[test]
    fn other_schemes_go_by_their_columns() {
        let text = format!("{HEAD}1,基本公共服务,1,,\n1-01,公共教育,2,1,\n101.7,其他,3,1-01,\n");
        assert_eq!(read(text.as_bytes()).unwrap().len(), 3);
        let six = format!("{HEAD}A,甲,1,,\nF,其他,1,,\nF01,其他,2,F,\n");
        assert_eq!(read(six.as_bytes()).unwrap().len(), 3);
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            let _ = read(&bytes);
        }

        #[test]
        fn arbitrary_rows_never_panic(rows in "(?s)([A-B0-9,\"\n\r\t 公﻿é1-3]|[^\\x00]){0,200}") {
            let text = format!("{HEAD}{rows}");
            if let Err(bad) = read(text.as_bytes()) {
                prop_assert!(!bad.is_empty() && bad.len() <= MAX_BAD);
            }
        }

        #[test]
        fn a_bad_row_is_on_its_line(blank in 0_usize..5, good in 0_usize..20) {
            let mut text = HEAD.to_owned();
            for n in 0..good {
                text += &n.to_string();
                text += ",甲,1,,\n";
            }
            text.push_str(&"\r\n".repeat(blank));
            text.push_str("X,甲,8,,\n");
            let found = read(text.as_bytes()).unwrap_err();
            prop_assert_eq!(found[0].line, u64::try_from(good + blank + 2).unwrap());
        }
    }
}
