//! Lists as CSV files: spreadsheets read them as UTF-8 and run nothing in them.

use super::Answer;
use crate::infra::failure::Failure;
use actix_web::HttpResponse;
use std::borrow::Cow;

/// Rows that one query of an export reads.
pub const BLOCK: i64 = 500;

/// Whether a block of so many rows is the last one.
pub fn is_last(rows: usize) -> bool {
    i64::try_from(rows).is_ok_and(|rows| rows < BLOCK)
}

pub struct Table(::csv::Writer<Vec<u8>>);

impl Table {
    pub fn new<T: AsRef<str>>(heads: impl IntoIterator<Item = T>) -> Result<Self, Failure> {
        // Excel takes a CSV for UTF-8 only with this mark.
        let mut table = Self(::csv::Writer::from_writer(b"\xEF\xBB\xBF".to_vec()));
        table.row(heads)?;
        Ok(table)
    }

    pub fn row<T: AsRef<str>>(
        &mut self,
        cells: impl IntoIterator<Item = T>,
    ) -> Result<(), Failure> {
        for cell in cells {
            self.0
                .write_field(guarded(cell.as_ref()).as_bytes())
                .map_err(Failure::internal)?;
        }
        self.0
            .write_record(None::<&[u8]>)
            .map_err(Failure::internal)
    }

    pub fn answer(self, file: &str) -> Answer {
        let bytes = self.0.into_inner().map_err(Failure::internal)?;
        Ok(HttpResponse::Ok()
            .content_type("text/csv; charset=utf-8")
            .insert_header((
                "content-disposition",
                format!("attachment; filename=\"{file}\""),
            ))
            .body(bytes))
    }
}

/// A cell that a spreadsheet would take for a formula begins with an apostrophe.
fn guarded(cell: &str) -> Cow<'_, str> {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{cell}").into()
    } else {
        cell.into()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn formulas_are_text() {
        for (cell, kept) in [
            ("=1+1", "'=1+1"),
            ("+86 512", "'+86 512"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\r=1", "'\r=1"),
            ("\t=1", "'\t=1"),
            ("晨光=社", "晨光=社"),
            ("", ""),
        ] {
            assert_eq!(guarded(cell), kept);
        }
    }

    #[test]
    fn rows_stand_under_their_heads() {
        let mut table = Table::new(["a", "b"]).unwrap();
        table.row(["=1", "x,\"y\""]).unwrap();
        let text = String::from_utf8(table.0.into_inner().unwrap()).unwrap();
        assert_eq!(text, "\u{feff}a,b\n'=1,\"x,\"\"y\"\"\"\n");
    }
}
