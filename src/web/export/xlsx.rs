//! XLSX: money and dates are numbers, everything else is text; nothing is ever written as a formula.

use super::Cell;
use crate::infra::failure::Failure;
use crate::kernel::instant;
use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format, FormatAlign, Workbook, Worksheet, XlsxError,
};

/// A cell holds no more (`Excel`'s limit is in UTF-16 units).
const MAX_UNITS: usize = 32_767;

/// One table of a workbook; `widths` are in characters.
pub struct Sheet {
    pub title: String,
    pub heads: Vec<String>,
    pub widths: Vec<u8>,
    pub rows: Vec<Vec<Cell>>,
    /// Whether what is typed into it stays text, so that long codes keep their digits.
    pub is_text: bool,
}

pub fn write(sheets: &[Sheet]) -> Result<Vec<u8>, Failure> {
    build(sheets).map_err(Failure::internal)
}

fn build(sheets: &[Sheet]) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    // The same rows give the same file: it does not say when it was asked for.
    let made = ExcelDateTime::from_ymd(2026, 1, 1)?;
    book.set_properties(&DocProperties::new().set_creation_datetime(&made));
    for sheet in sheets {
        fill(book.add_worksheet(), sheet)?;
    }
    book.save_to_buffer()
}

fn fill(sheet: &mut Worksheet, given: &Sheet) -> Result<(), XlsxError> {
    sheet.set_name(sheet_name(&given.title))?;
    let head = Format::new().set_bold().set_align(FormatAlign::Left);
    let text = Format::new().set_num_format("@");
    for (at, (name, width)) in (0_u16..).zip(given.heads.iter().zip(&given.widths)) {
        sheet.set_column_width(at, f64::from(*width))?;
        if given.is_text {
            sheet.set_column_format(at, &text)?;
        }
        sheet.write_string_with_format(0, at, name, &head)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    let last_row = u32::try_from(given.rows.len()).unwrap_or(u32::MAX);
    let last_column = u16::try_from(given.heads.len())
        .unwrap_or(1)
        .saturating_sub(1);
    sheet.autofilter(0, 0, last_row, last_column)?;
    let formats = Formats::new();
    for (at, row) in (1_u32..).zip(&given.rows) {
        for (column, cell) in (0_u16..).zip(row) {
            formats.write(sheet, at, column, cell)?;
        }
    }
    Ok(())
}

struct Formats {
    money: Format,
    day: Format,
    minute: Format,
}

impl Formats {
    fn new() -> Self {
        Self {
            money: Format::new().set_num_format("#,##0.00"),
            day: Format::new().set_num_format("yyyy-mm-dd"),
            minute: Format::new().set_num_format("yyyy-mm-dd hh:mm"),
        }
    }

    fn write(
        &self,
        sheet: &mut Worksheet,
        row: u32,
        column: u16,
        cell: &Cell,
    ) -> Result<(), XlsxError> {
        match cell {
            Cell::Empty => {}
            Cell::Text(text) => {
                sheet.write_string(row, column, fitting(text))?;
            }
            #[expect(
                clippy::cast_precision_loss,
                reason = "a spreadsheet knows no other number"
            )]
            Cell::Number(number) => {
                sheet.write_number(row, column, *number as f64)?;
            }
            #[expect(
                clippy::cast_precision_loss,
                reason = "exact below 90 thousand billion yuan"
            )]
            Cell::Money(amount) => {
                let yuan = amount.0 as f64 / 100.0;
                sheet.write_number_with_format(row, column, yuan, &self.money)?;
            }
            Cell::Day(day) => {
                sheet.write_datetime_with_format(row, column, day, &self.day)?;
            }
            Cell::Minute(at) => {
                let local = instant::to_shanghai(*at);
                sheet.write_datetime_with_format(row, column, local, &self.minute)?;
            }
        }
        Ok(())
    }
}

/// The beginning of a text that a cell can hold.
fn fitting(text: &str) -> &str {
    let mut units = 0;
    let end = text.char_indices().find(|(_, c)| {
        units += c.len_utf16();
        units > MAX_UNITS
    });
    end.and_then(|(at, _)| text.get(..at)).unwrap_or(text)
}

/// A sheet's name has at most 31 letters and none of these.
fn sheet_name(title: &str) -> String {
    let name: String = title
        .chars()
        .map(|c| if "[]:*?/\\'".contains(c) { ' ' } else { c })
        .take(31)
        .collect();
    match name.trim() {
        "" => "1".to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::kernel::money::Fen;
    use calamine::{Data, Reader, Xlsx};
    use chrono::NaiveDate;
    use std::io::Cursor;

    #[test]
    fn what_goes_in_comes_out_with_its_type() {
        let day = NaiveDate::from_ymd_opt(2026, 6, 30).unwrap();
        let row = vec![
            Cell::from("=HYPERLINK(\"http://x\")"),
            Cell::Money(Fen(48_000_050)),
            Cell::Day(day),
            Cell::Empty,
            Cell::Number(7),
            Cell::Text("长".repeat(40_000)),
        ];
        let heads: Vec<String> = ["名称", "金额", "日期", "空", "数", "长"]
            .map(str::to_owned)
            .into();
        let sheet = Sheet {
            title: "合同[2026]: 一/二".into(),
            heads,
            widths: vec![20; 6],
            rows: vec![row],
            is_text: false,
        };
        let bytes = write(&[sheet]).unwrap();
        let mut book = Xlsx::new(Cursor::new(bytes)).unwrap();
        assert_eq!(book.sheet_names(), ["合同 2026   一 二"]);
        let sheet = book.worksheet_range_at(0).unwrap().unwrap();
        let rows: Vec<&[Data]> = sheet.rows().collect();
        assert_eq!(rows[0][0], Data::String("名称".into()));
        assert_eq!(rows[1][0], Data::String("=HYPERLINK(\"http://x\")".into()));
        assert_eq!(rows[1][1], Data::Float(480_000.5));
        assert!(matches!(&rows[1][2], Data::DateTime(at) if (at.as_f64() - 46_203.0).abs() < 1e-9));
        assert_eq!(rows[1][3], Data::Empty);
        assert_eq!(rows[1][4], Data::Float(7.0));
        assert!(matches!(&rows[1][5], Data::String(text) if text.chars().count() == MAX_UNITS));
        let formulas = book.worksheet_formula(&book.sheet_names()[0]).unwrap();
        assert!(formulas.used_cells().next().is_none());
    }
}
