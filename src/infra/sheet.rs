//! Workbooks (XLSX) as people have them, turned into the CSV that the importers read: row for row, so that a finding
//! names the row of the sheet.

use crate::kernel::refusal::{Refusal, Rule};
use calamine::{DataRef, Reader, Xlsx};
use std::borrow::Cow;
use std::io::{Cursor, Read};

/// The largest workbook, bytes.
const MAX_BYTES: usize = 5 * 1024 * 1024;
/// Files in it; a workbook has some twenty.
const MAX_ENTRIES: usize = 400;
/// All of them unpacked, bytes. Calamine unpacks what it is given, so this is asked before.
const MAX_UNPACKED: u64 = 32 * 1024 * 1024;
const MAX_SHEETS: usize = 20;
const MAX_ROWS: u32 = 6_000;
const MAX_COLUMNS: u32 = 60;
/// Titles and notes above the table.
const MAX_ABOVE: usize = 20;
/// Beyond this a number in a sheet has lost digits: it keeps fifteen.
const EXACT: f64 = 1e15;

/// Why a workbook was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SheetRule {
    /// The format before 2007, or one with a password: both lie in the same container.
    OldOrLocked,
    TooLarge,
    Broken,
}

impl Rule for SheetRule {
    fn refusal(&self) -> Refusal {
        Refusal::new(match self {
            Self::OldOrLocked => "sheet-old-or-locked",
            Self::TooLarge => "sheet-too-large",
            Self::Broken => "sheet-broken",
        })
        .at("file")
    }
}

/// CSV as it is; a workbook as CSV. `is_head` knows the names of columns: what stands above them is left out, and the
/// first sheet that has them is read.
pub fn as_csv(bytes: &[u8], is_head: impl Fn(&str) -> bool) -> Result<Cow<'_, [u8]>, SheetRule> {
    if bytes.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]) {
        return Err(SheetRule::OldOrLocked);
    }
    if !bytes.starts_with(b"PK\x03\x04") {
        return Ok(Cow::Borrowed(bytes));
    }
    if bytes.len() > MAX_BYTES {
        return Err(SheetRule::TooLarge);
    }
    check_size(bytes)?;
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|_broken| SheetRule::Broken)?;
    let names = book.sheet_names();
    let mut first = None;
    for name in names.iter().take(MAX_SHEETS) {
        let rows = rows(&mut book, name)?;
        if let Some(at) = head(&rows, &is_head) {
            return write(&rows, at).map(Cow::Owned);
        }
        first.get_or_insert(rows);
    }
    write(&first.ok_or(SheetRule::Broken)?, 0).map(Cow::Owned)
}

/// Unpacks everything once, into nothing: sizes that a file gives for itself may be lies.
fn check_size(bytes: &[u8]) -> Result<(), SheetRule> {
    let mut archive =
        zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_broken| SheetRule::Broken)?;
    if archive.len() > MAX_ENTRIES {
        return Err(SheetRule::TooLarge);
    }
    let mut left = MAX_UNPACKED;
    for at in 0..archive.len() {
        let entry = archive.by_index(at).map_err(|_broken| SheetRule::Broken)?;
        let size = std::io::copy(&mut entry.take(left + 1), &mut std::io::sink())
            .map_err(|_broken| SheetRule::Broken)?;
        left = left.checked_sub(size).ok_or(SheetRule::TooLarge)?;
    }
    Ok(())
}

/// The cells of a sheet as text. A sheet is read cell by cell: calamine's own table has room for all cells up to the
/// last, and one cell far below would take gigabytes.
fn rows(book: &mut Xlsx<Cursor<&[u8]>>, name: &str) -> Result<Vec<Vec<String>>, SheetRule> {
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut cells = match book.worksheet_cells_reader(name) {
        Ok(cells) => cells,
        // A sheet that is a chart.
        Err(_chart) => return Ok(rows),
    };
    // A long text that a thousand cells share lies in the file once.
    let mut left = MAX_UNPACKED;
    while let Some(cell) = cells.next_cell().map_err(|_broken| SheetRule::Broken)? {
        let text = text(cell.get_value());
        if text.is_empty() {
            continue;
        }
        left = left
            .checked_sub(text.len() as u64)
            .ok_or(SheetRule::TooLarge)?;
        let (row, column) = cell.get_position();
        if row >= MAX_ROWS || column >= MAX_COLUMNS {
            return Err(SheetRule::TooLarge);
        }
        let (row, column) = (row as usize, column as usize);
        if rows.len() <= row {
            rows.resize(row + 1, Vec::new());
        }
        let Some(row) = rows.get_mut(row) else {
            continue;
        };
        if row.len() <= column {
            row.resize(column + 1, String::new());
        }
        if let Some(place) = row.get_mut(column) {
            *place = text;
        }
    }
    Ok(rows)
}

/// The row with the names of at least two columns.
fn head(rows: &[Vec<String>], is_head: impl Fn(&str) -> bool) -> Option<usize> {
    rows.iter()
        .take(MAX_ABOVE)
        .position(|row| row.iter().filter(|cell| is_head(cell.trim())).count() > 1)
}

/// What somebody would have typed for it, in one line.
fn text(value: &DataRef) -> String {
    match value {
        DataRef::Empty => String::new(),
        DataRef::String(text) => one_line(text),
        DataRef::SharedString(text) => one_line(text),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number_text(*number),
        DataRef::Bool(true) => "TRUE".into(),
        DataRef::Bool(false) => "FALSE".into(),
        DataRef::DateTime(at) => {
            let (year, month, day, hour, minute, ..) = at.to_ymd_hms_milli();
            let date = format!("{year:04}-{month:02}-{day:02}");
            match (hour, minute) {
                (0, 0) => date,
                _ => format!("{date} {hour:02}:{minute:02}"),
            }
        }
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            text.trim_end_matches("T00:00:00").to_owned()
        }
        DataRef::Error(error) => error.to_string(),
    }
}

/// A whole number without a point; others to six places, so that 0.1 + 0.2 is 0.3. One that has lost digits is written
/// so that no importer takes it for whole.
fn number_text(number: f64) -> String {
    if number.abs() >= EXACT {
        return format!("{number:E}");
    }
    let text = format!("{number:.6}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" {
        "0".into()
    } else {
        text.into()
    }
}

fn one_line(text: &str) -> String {
    text.replace(['\r', '\n'], " ").trim().to_owned()
}

/// Rows above the names of columns become empty lines: the numbers of the lines stay those of the sheet.
fn write(rows: &[Vec<String>], head: usize) -> Result<Vec<u8>, SheetRule> {
    let width = rows.get(head).map_or(0, Vec::len);
    let mut csv = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        if at < head || row.is_empty() {
            csv.push(b'\n');
            continue;
        }
        let missing = width.saturating_sub(row.len());
        let cells = row
            .iter()
            .map(String::as_str)
            .chain(std::iter::repeat_n("", missing));
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer
            .write_record(cells)
            .map_err(|_memory| SheetRule::Broken)?;
        csv.extend(writer.into_inner().map_err(|_memory| SheetRule::Broken)?);
    }
    Ok(csv)
}

/// Whether a text is what becomes of a long number in a spreadsheet: `5.13E+17`.
pub fn has_lost_digits(text: &str) -> bool {
    let Some((digits, power)) = text.trim().split_once(['E', 'e']) else {
        return false;
    };
    let power = power.trim_start_matches('+');
    digits.contains('.')
        && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && power.parse().is_ok_and(|power: u8| power >= 14)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;
    use rust_xlsxwriter::{Format, Workbook};
    use std::io::Write;

    fn is_head(text: &str) -> bool {
        ["code", "name", "day"].contains(&text)
    }

    fn csv_of(bytes: &[u8]) -> Result<String, SheetRule> {
        as_csv(bytes, is_head).map(|csv| String::from_utf8(csv.into_owned()).unwrap())
    }

    #[test]
    fn a_sheet_as_people_have_it() {
        let mut book = Workbook::new();
        book.add_worksheet()
            .write_string(0, 0, "说明：见第二页")
            .unwrap();
        let sheet = book.add_worksheet();
        sheet
            .merge_range(0, 0, 0, 3, "2027 年目录", &Format::new())
            .unwrap();
        for (at, head) in (0_u16..).zip(["code", "name", "day", "other"]) {
            sheet.write_string(2, at, head).unwrap();
        }
        sheet.write_number(3, 0, 513_205_850_123_456_789.0).unwrap();
        sheet.write_string(3, 1, "一，\"二\"\n三").unwrap();
        let day = Format::new().set_num_format("yyyy-mm-dd");
        sheet
            .write_number_with_format(3, 2, 46_203.0, &day)
            .unwrap();
        sheet.write_number(5, 0, 0.1 + 0.2).unwrap();
        sheet.write_string(5, 1, "0402").unwrap();
        let csv = csv_of(&book.save_to_buffer().unwrap()).unwrap();
        let lines: Vec<&str> = csv.lines().collect();
        assert_eq!(
            lines,
            [
                "",
                "",
                "code,name,day,other",
                "5.132058501234568E17,\"一，\"\"二\"\" 三\",2026-06-30,",
                "",
                "0.3,0402,,",
            ]
        );
        assert!(has_lost_digits("5.132058501234568E17") && has_lost_digits("5.13E+17"));
        assert!(!has_lost_digits("52320585MJ5651186F") && !has_lost_digits("1.5E3"));
    }

    #[test]
    fn bombs_are_not_unpacked() {
        let mut book = Workbook::new();
        book.add_worksheet().write_string(900_000, 0, "x").unwrap();
        assert_eq!(
            csv_of(&book.save_to_buffer().unwrap()),
            Err(SheetRule::TooLarge)
        );
        let mut book = Workbook::new();
        book.add_worksheet().write_string(0, 9_000, "x").unwrap();
        assert_eq!(
            csv_of(&book.save_to_buffer().unwrap()),
            Err(SheetRule::TooLarge)
        );
        let mut book = Workbook::new();
        let (sheet, long) = (book.add_worksheet(), "x".repeat(20_000));
        for row in 0..2000 {
            sheet.write_string(row, 0, &long).unwrap();
        }
        let bytes = book.save_to_buffer().unwrap();
        assert!(bytes.len() < 100_000);
        assert_eq!(csv_of(&bytes), Err(SheetRule::TooLarge));
        let mut packed = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Deflated);
        packed.start_file("xl/workbook.xml", options).unwrap();
        let zeros = vec![b' '; 1024 * 1024];
        for _ in 0..40 {
            packed.write_all(&zeros).unwrap();
        }
        let bytes = packed.finish().unwrap().into_inner();
        assert!(bytes.len() < 100_000);
        assert_eq!(csv_of(&bytes), Err(SheetRule::TooLarge));
        let mut packed = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for n in 0..=MAX_ENTRIES {
            packed.start_file(n.to_string(), options).unwrap();
        }
        let bytes = packed.finish().unwrap().into_inner();
        assert_eq!(csv_of(&bytes), Err(SheetRule::TooLarge));
    }

    #[test]
    fn other_files() {
        assert_eq!(csv_of(b"code,name\n"), Ok("code,name\n".into()));
        assert_eq!(csv_of(b"PK\x03\x04rest"), Err(SheetRule::Broken));
        assert_eq!(csv_of(b"\xD0\xCF\x11\xE0\xA1"), Err(SheetRule::OldOrLocked));
    }

    proptest! {
        #[test]
        fn damaged_workbooks_never_panic(at in 0_usize..6000, byte in any::<u8>(), cut in 0_usize..6000) {
            let mut book = Workbook::new();
            book.add_worksheet().write_string(0, 0, "code").unwrap();
            let mut bytes = book.save_to_buffer().unwrap();
            let size = bytes.len();
            if let Some(place) = bytes.get_mut(at % size) {
                *place = byte;
            }
            let _ = as_csv(&bytes, is_head).map(drop);
            bytes.truncate(cut % size);
            let _ = as_csv(&bytes, is_head).map(drop);
        }
    }
}
