//! CSV that spreadsheets read as UTF-8 and run nothing in.

use super::Cell;
use crate::infra::failure::Failure;
use std::borrow::Cow;

/// Excel takes a CSV for UTF-8 only with this mark.
const MARK: &[u8] = b"\xEF\xBB\xBF";

pub fn write(heads: &[String], rows: &[Vec<Cell>]) -> Result<Vec<u8>, Failure> {
    let mut writer = csv::Writer::from_writer(MARK.to_vec());
    let heads = heads.iter().map(|head| guarded(head));
    write_row(&mut writer, heads)?;
    for row in rows {
        let cells: Vec<String> = row.iter().map(Cell::text).collect();
        // Numbers are ours: a minus may lead them.
        let cells = row.iter().zip(&cells).map(|(cell, text)| match cell {
            Cell::Text(_) => guarded(text),
            _ => Cow::Borrowed(text.as_str()),
        });
        write_row(&mut writer, cells)?;
    }
    writer.into_inner().map_err(Failure::internal)
}

fn write_row<'a>(
    writer: &mut csv::Writer<Vec<u8>>,
    cells: impl Iterator<Item = Cow<'a, str>>,
) -> Result<(), Failure> {
    for cell in cells {
        writer
            .write_field(cell.as_bytes())
            .map_err(Failure::internal)?;
    }
    writer
        .write_record(None::<&[u8]>)
        .map_err(Failure::internal)
}

/// A cell that a spreadsheet would take for a formula begins with an apostrophe.
fn guarded(cell: &str) -> Cow<'_, str> {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) {
        format!("'{cell}").into()
    } else {
        cell.into()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::kernel::money::Fen;

    #[test]
    fn formulas_are_text() {
        for (cell, kept) in [
            ("=1+1", "'=1+1"),
            ("+86 512", "'+86 512"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\r=1", "'\r=1"),
            ("\t=1", "'\t=1"),
            ("\n=1", "'\n=1"),
            ("＝1", "'＝1"),
            ("晨光=社", "晨光=社"),
            ("", ""),
        ] {
            assert_eq!(guarded(cell), kept);
        }
    }

    #[test]
    fn rows_stand_under_their_heads() {
        let row = vec!["=1".into(), Cell::from("x,\"y\""), Cell::Money(Fen(-150))];
        let bytes = write(&["a".into(), "b".into(), "c".into()], &[row]).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert_eq!(text, "\u{feff}a,b,c\n'=1,\"x,\"\"y\"\"\",-1.50\n");
    }
}
