//! The page that takes a table in: an empty sheet to begin with, a trial, everything wrong at once, or all rows.

use super::export::{Cell, Format, Sheet, write_book};
use super::{Answer, AppError, Form, State, View, multipart};
use crate::infra::db::Db;
use crate::infra::failure::{Failure, Refusal};
use crate::infra::store::Tx;
use crate::infra::table::{self, Column, Finding, Outcome};
use actix_multipart::Multipart;
use actix_web::HttpResponse;
use actix_web::web;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is imported where, and in which words.
pub struct Import<R> {
    /// The address of the page; its empty sheet lies at `/sheet` below.
    pub path: &'static str,
    pub nav: &'static str,
    pub title: &'static str,
    pub lede: &'static str,
    pub button: &'static str,
    /// Where the imported rows are seen, and its name.
    pub list: (&'static str, &'static str),
    /// The word after an import.
    pub flash: &'static str,
    pub columns: &'static [Column],
    pub read: fn(&[u8]) -> Outcome<R>,
}

impl<R: Send + Sync + 'static> Import<R> {
    pub fn show(&self, view: &View, form: &Form, findings: &[Finding]) -> Answer {
        let bad: Vec<Value> = findings
            .iter()
            .map(|finding| {
                json!({
                    "line": match finding.line { 0 => "—".to_owned(), line => line.to_string() },
                    "column": match finding.column { "" => "—".to_owned(), key => view.say(key) },
                    "reason": view.word(&finding.why),
                })
            })
            .collect();
        let columns: Vec<Value> = self
            .columns
            .iter()
            .map(|column| {
                json!({
                    "label": view.say(column.label),
                    "name": column.name,
                    "hint": view.say(column.hint),
                    "optional": !column.is_needed,
                })
            })
            .collect();
        let page = json!({
            "path": self.path, "sheet": format!("{}/sheet", self.path),
            "lede": view.say(self.lede), "button": view.say(self.button),
            "list": self.list.0, "list_name": view.say(self.list.1),
            "bad": bad, "columns": columns,
        });
        let title = view.say(self.title);
        view.render_form("common/import", self.nav, &title, form, &page)
    }

    fn show_bad(&self, view: &View, mut form: Form, findings: &[Finding]) -> Answer {
        form.refuse(table::bad(findings.len()));
        self.show(view, &form, findings)
    }

    /// Reads the upload and carries `write` out with all its rows, or shows what is wrong. `check` finds what the file
    /// alone does not tell; `write` asks it again and refuses with [`table::bad`].
    pub async fn save(
        &self,
        view: &View,
        state: &State,
        body: Multipart,
        check: impl Fn(&mut Db, &[R]) -> Result<Vec<Finding>, Failure> + Clone + Send + 'static,
        write: impl Fn(&mut Tx, &[R]) -> Result<(), Failure> + Send + 'static,
    ) -> Answer {
        let (mut form, uploads) = multipart::read(body).await?;
        let Some(upload) = uploads.into_iter().find(|upload| upload.field == "file") else {
            form.refuse(Refusal::new("form-file-missing").at("file"));
            return self.show(view, &form, &[]);
        };
        let read = self.read;
        let rows = web::block(move || read(&upload.bytes)).await;
        let rows = match rows.map_err(AppError::internal)? {
            Ok(rows) => Arc::new(rows),
            Err(findings) => return self.show_bad(view, form, &findings),
        };
        let find = |rows: Arc<Vec<R>>| {
            let check = check.clone();
            state.store.read(move |db| check(db, &rows))
        };
        if form.raw("act") == "check" {
            let findings = find(rows).await?;
            if findings.is_empty() {
                return Ok(view.see_other_with(self.path, "import-flash-checked"));
            }
            return self.show_bad(view, form, &findings);
        }
        let (entered, list) = (rows.clone(), self.list.0);
        let done = state.write_once(view.once_key(&form), move |tx| {
            write(tx, &entered)?;
            Ok(list.to_owned())
        });
        match done.await {
            Ok(place) => Ok(view.see_other_with(&place, self.flash)),
            Err(Failure::Refused(refusal)) if refusal.key == table::BAD => {
                self.show_bad(view, form, &find(rows).await?)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The empty sheet with the headings in the reader's language, and lists of the codes that go into it: catalogue
    /// items and regions with their names.
    pub fn sheet(&self, view: &View, items: Names, regions: Names) -> Answer {
        let heads: Vec<String> = self.columns.iter().map(|one| view.say(one.label)).collect();
        let empty = Sheet {
            title: view.say(self.title),
            widths: vec![24; heads.len()],
            heads,
            rows: Vec::new(),
            is_text: true,
        };
        let list = |title: &str, names: Names| Sheet {
            title: view.say(title),
            heads: vec![view.say("import-code"), view.say("import-name")],
            widths: vec![16, 40],
            rows: names
                .into_iter()
                .map(|(code, name)| vec![Cell::from(code), Cell::from(name)])
                .collect(),
            is_text: true,
        };
        let book = [
            empty,
            list("import-codes-catalogue", items),
            list("import-codes-regions", regions),
        ];
        let file = self.path.trim_matches('/').replace('/', "-");
        Ok(HttpResponse::Ok()
            .content_type(Format::Xlsx.media())
            .insert_header((
                "content-disposition",
                format!("attachment; filename=\"{file}.xlsx\""),
            ))
            .body(write_book(&book)?))
    }
}

/// Names by their codes.
type Names = BTreeMap<String, String>;
