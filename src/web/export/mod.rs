//! A whole public list as a file: CSV, XLSX or Atom from one description of its columns.
//!
//! The handler of a page's list and the one of its files read the same filters by the same query, so a file never holds
//! what the page would not show.

mod atom;
mod csv;
mod xlsx;

pub use atom::tag;
pub use xlsx::{Sheet, write as write_book};

use super::{Answer, AppError, View};
use crate::infra::failure::{Failure, Refusal};
use crate::kernel::instant;
use crate::kernel::money::Fen;
use crate::web::api::{Api, Field, Operation};
use actix_web::web::{ServiceConfig, get};
use actix_web::{FromRequest, Handler, HttpResponse, Responder};
use chrono::{NaiveDate, NaiveDateTime};
use serde_json::{Value, json};

/// Rows that one query of an export reads.
pub const BLOCK: i64 = 500;
/// A file of more rows opens nowhere, and its making would hold the memory of the portal.
pub const MAX_ROWS: usize = 50_000;
/// A feed holds what is new; whoever wants all takes the other files.
pub const MAX_ENTRIES: usize = 200;

/// Whether a block of so many rows is the last one.
pub fn is_last(rows: usize) -> bool {
    i64::try_from(rows).is_ok_and(|rows| rows < BLOCK)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Csv,
    Xlsx,
    Atom,
}

impl Format {
    pub const ALL: [Self; 3] = [Self::Csv, Self::Xlsx, Self::Atom];

    pub const fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::Atom => "atom",
        }
    }

    pub const fn media(self) -> &'static str {
        match self {
            Self::Csv => "text/csv",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Atom => "application/atom+xml",
        }
    }

    /// By the ending of the address.
    fn of(path: &str) -> Result<Self, AppError> {
        let path = path.split('?').next().unwrap_or_default();
        Self::ALL
            .into_iter()
            .find(|format| path.ends_with(&format!(".{}", format.ending())))
            .ok_or(AppError::Failed(Failure::NotFound))
    }
}

/// The address of a list, with its filters, as each of its files.
pub fn links(address: &str) -> Value {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let link = |format: Format| match query {
        "" => format!("{path}.{}", format.ending()),
        query => format!("{path}.{}?{query}", format.ending()),
    };
    json!({ "csv": link(Format::Csv), "xlsx": link(Format::Xlsx), "atom": link(Format::Atom) })
}

/// The routes of a list's files for people.
pub fn routes<F, Args>(cfg: &mut ServiceConfig, path: &str, handler: F)
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    for format in Format::ALL {
        cfg.route(
            &format!("{path}.{}", format.ending()),
            get().to(handler.clone()),
        );
    }
}

/// What a list is called to programs: path and operation of the list, and of its files.
pub struct Names {
    pub list: &'static str,
    /// Path and id of each file, in the order of [`Format::ALL`].
    pub files: [(&'static str, &'static str); 3],
}

/// The names of a list's files, from path and id of the list.
#[macro_export]
macro_rules! export_names {
    ($path:literal, $id:literal) => {
        $crate::web::export::Names {
            list: $id,
            files: [
                (concat!($path, ".csv"), concat!($id, "-csv")),
                (concat!($path, ".xlsx"), concat!($id, "-xlsx")),
                (concat!($path, ".atom"), concat!($id, "-atom")),
            ],
        }
    };
}

/// The operations of a list's files.
pub fn operations<F, Args>(api: &mut Api, names: &Names, fields: &[Field], handler: F)
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    for (format, (path, id)) in Format::ALL.into_iter().zip(names.files) {
        let operation: &mut Operation = api.get(path, id, handler.clone());
        operation
            .takes(fields.iter().copied())
            .media(format.media())
            .exports(names.list);
    }
}

/// A value with its type, so that a spreadsheet can add and sort.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    Text(String),
    Money(Fen),
    Number(i64),
    Day(NaiveDate),
    /// An instant, shown as the minute in Asia/Shanghai.
    Minute(NaiveDateTime),
    Empty,
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        if text.is_empty() {
            Self::Empty
        } else {
            Self::Text(text)
        }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<Fen> for Cell {
    fn from(amount: Fen) -> Self {
        Self::Money(amount)
    }
}

impl From<NaiveDate> for Cell {
    fn from(day: NaiveDate) -> Self {
        Self::Day(day)
    }
}

impl From<NaiveDateTime> for Cell {
    fn from(at: NaiveDateTime) -> Self {
        Self::Minute(at)
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Empty, Into::into)
    }
}

impl Cell {
    /// Plain text, as CSV and a feed's summary hold it: `480000.00`, `2026-06-30`.
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Money(amount) => amount.plain(),
            Self::Number(number) => number.to_string(),
            Self::Day(day) => day.to_string(),
            Self::Minute(at) => instant::minute(*at),
            Self::Empty => String::new(),
        }
    }
}

/// A row as an entry of a feed.
pub struct Entry {
    /// Stays when the page moves: `contract/12`.
    pub id: String,
    pub title: String,
    pub link: String,
    pub updated: NaiveDateTime,
}

/// A column: the message that names it, and how many characters it is wide.
pub type Column = (&'static str, u8);

enum Rows {
    Sheet(Vec<Vec<Cell>>),
    Feed(Vec<(Entry, String)>),
}

/// A file on its way: rows go in, block by block, and the answer comes out.
pub struct Export<'a> {
    view: &'a View,
    format: Format,
    name: &'static str,
    title: String,
    heads: Vec<String>,
    widths: Vec<u8>,
    rows: Rows,
}

impl<'a> Export<'a> {
    /// `name` is the file's; `title` is the page's; the ending of the address says what the file shall be.
    pub fn new(
        view: &'a View,
        name: &'static str,
        title: String,
        columns: &[Column],
    ) -> Result<Self, AppError> {
        let format = Format::of(&view.ctx.path)?;
        Ok(Self {
            view,
            format,
            name,
            title,
            heads: columns.iter().map(|(key, _)| view.say(key)).collect(),
            widths: columns.iter().map(|(_, width)| *width).collect(),
            rows: match format {
                Format::Atom => Rows::Feed(Vec::new()),
                Format::Csv | Format::Xlsx => Rows::Sheet(Vec::new()),
            },
        })
    }

    /// The entry's own title is not repeated in its text.
    pub fn row(
        &mut self,
        cells: impl IntoIterator<Item = Cell>,
        entry: Entry,
    ) -> Result<(), Failure> {
        let count = match &mut self.rows {
            Rows::Sheet(rows) => {
                rows.push(cells.into_iter().collect());
                rows.len()
            }
            Rows::Feed(entries) => {
                let parts: Vec<String> = self
                    .heads
                    .iter()
                    .zip(cells)
                    .map(|(head, cell)| (head, cell.text()))
                    .filter(|(_, text)| !text.is_empty() && *text != entry.title)
                    .map(|(head, text)| {
                        self.view
                            .say_with("export-pair", &[("head", head), ("text", &text)])
                    })
                    .collect();
                entries.push((entry, parts.join("\n")));
                entries.len()
            }
        };
        if count > MAX_ROWS {
            return Err(Failure::Refused(
                Refusal::new("export-too-many").arg("max", MAX_ROWS),
            ));
        }
        Ok(())
    }

    /// Whether a list that begins with its newest rows may stop here.
    pub fn has_enough(&self) -> bool {
        matches!(&self.rows, Rows::Feed(entries) if entries.len() >= MAX_ENTRIES)
    }

    pub async fn answer(self) -> Answer {
        let (format, name) = (self.format, self.name);
        let bytes = match self.rows {
            Rows::Feed(entries) => atom::write(self.view, name, self.title, entries).into_bytes(),
            Rows::Sheet(rows) => {
                let sheet = Sheet {
                    title: self.title,
                    heads: self.heads,
                    widths: self.widths,
                    rows,
                    is_text: false,
                };
                // A large sheet takes a second to pack.
                actix_web::web::block(move || match format {
                    Format::Xlsx => write_book(&[sheet]),
                    Format::Csv | Format::Atom => csv::write(&sheet.heads, &sheet.rows),
                })
                .await
                .map_err(AppError::internal)??
            }
        };
        let mut response = HttpResponse::Ok();
        match format {
            Format::Xlsx => response.content_type(format.media()),
            _ => response.content_type(format!("{}; charset=utf-8", format.media())),
        };
        if format != Format::Atom {
            let file = format!("attachment; filename=\"{name}.{}\"", format.ending());
            response.insert_header(("content-disposition", file));
        }
        Ok(response.body(bytes))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn the_ending_stands_before_the_filters() {
        assert_eq!(links("/projects")["xlsx"], "/projects.xlsx");
        assert_eq!(
            links("/projects?q=%E5%85%BB&town=1")["atom"],
            "/projects.atom?q=%E5%85%BB&town=1"
        );
        assert_eq!(Format::of("/projects.csv?q=a.atom").unwrap(), Format::Csv);
        assert!(Format::of("/projects").is_err());
    }
}
