//! Uploading a version: everything that is wrong at once, or a draft.

use super::ManageCatalogue;
use crate::catalogue::Heading;
use crate::catalogue::actions::{self, BLOCK};
use crate::catalogue::model::CatalogueId;
use crate::catalogue::rules::{self, BadRow, Row};
use crate::infra::actor::Actor;
use crate::infra::failure::{Failure, Refusal, Rule};
use crate::infra::sheet::{self, SheetRule};
use crate::kernel::instant;
use crate::web::{Answer, AppError, Form, May, State, View, multipart};
use actix_multipart::Multipart;
use actix_web::web::{self, Data};
use chrono::Datelike;
use serde_json::{Value, json};

pub async fn edit(_who: May<ManageCatalogue>, view: View, state: Data<State>) -> Answer {
    let year = instant::shanghai_date(state.store.now()).year();
    let form = Form::default().with("year", year);
    show(&view, &form, &[])
}

fn show(view: &View, form: &Form, bad: &[BadRow]) -> Answer {
    let rows: Vec<Value> = bad
        .iter()
        .map(|bad| {
            json!({
                "line": bad.line.to_string(),
                "column": bad.column.map_or_else(|| "—".into(), column),
                "reason": view.word(&bad.refusal()),
            })
        })
        .collect();
    let title = view.say("catalogue-import-title");
    view.render_form(
        "catalogue/import",
        "catalogue",
        &title,
        form,
        &json!({ "bad": rows }),
    )
}

/// A column by its number and by the letter that a spreadsheet gives it.
fn column(number: usize) -> String {
    let letter = u32::try_from(number)
        .ok()
        .and_then(|number| char::from_u32(u32::from('A') + number.checked_sub(1)?))
        .filter(char::is_ascii_uppercase);
    letter.map_or_else(
        || number.to_string(),
        |letter| format!("{number} ({letter})"),
    )
}

pub async fn save(
    who: May<ManageCatalogue>,
    view: View,
    state: Data<State>,
    body: Multipart,
) -> Answer {
    let (mut form, uploads) = multipart::read(body).await?;
    let year = form.parsed("year", |text| {
        let narrow = crate::kernel::text::narrow(text);
        let year = narrow
            .parse()
            .map_err(|_typed| rules::CatalogueRule::Year.refusal())?;
        rules::check_year(year).map_err(|rule| rule.refusal())
    });
    let title = form.text("title", 100);
    let issued_no = form.optional("issued_no", 60);
    let mut rows = Vec::new();
    let mut bad = Vec::new();
    match uploads.into_iter().find(|upload| upload.field == "file") {
        None => form.refuse(Refusal::new("catalogue-import-no-file").at("file")),
        Some(upload) => {
            let read = web::block(move || {
                let csv = sheet::as_csv(&upload.bytes, rules::is_column)?;
                Ok::<_, SheetRule>(rules::read(&csv))
            });
            match read.await.map_err(AppError::internal)? {
                Err(unread) => form.refuse(unread.refusal()),
                Ok(Ok(good)) => rows = good,
                Ok(Err(found)) => {
                    let count = found.len();
                    form.refuse(
                        Refusal::new("catalogue-import-bad")
                            .arg("count", count)
                            .at("file"),
                    );
                    bad = found;
                }
            }
        }
    }
    let Some(year) = year.filter(|_| form.is_ok()) else {
        return show(&view, &form, &bad);
    };
    let heading = Heading {
        year,
        title,
        source: source(&who.actor, &issued_no),
        issued_no: (!issued_no.is_empty()).then_some(issued_no),
    };
    let place = stage(&view, &state, &who.actor, heading, rows, &form).await?;
    Ok(view.see_other_with(&place, "catalogue-flash-imported"))
}

fn source(actor: &Actor, issued_no: &str) -> String {
    let body = actor
        .body
        .as_ref()
        .map_or(actor.name.as_str(), |body| &body.name);
    if issued_no.is_empty() {
        body.to_owned()
    } else {
        format!("{issued_no} · {body}")
    }
}

/// Block by block, so that no other write waits long; the last job makes the draft visible.
async fn stage(
    view: &View,
    state: &Data<State>,
    actor: &Actor,
    heading: Heading,
    rows: Vec<Row>,
    form: &Form,
) -> Result<String, Failure> {
    let is_verified = actions::is_verified(&rows);
    let by = actor.clone();
    let id = state
        .store
        .write(move |tx| actions::begin_import(tx, Some(&by), &heading, is_verified))
        .await?;
    let done = fill(view, state, actor, id, rows, form).await;
    let own = place(id);
    // Failed half way, or the same form was already carried out: nothing of this run stays.
    if !matches!(&done, Ok(place) if *place == own) {
        state
            .store
            .write(move |tx| actions::drop_import(tx, id))
            .await?;
    }
    done
}

async fn fill(
    view: &View,
    state: &Data<State>,
    actor: &Actor,
    id: CatalogueId,
    rows: Vec<Row>,
    form: &Form,
) -> Result<String, Failure> {
    for block in rows.chunks(BLOCK) {
        let block = block.to_vec();
        state
            .store
            .write(move |tx| actions::stage_rows(tx, id, &block))
            .await?;
    }
    let by = actor.clone();
    state
        .write_once(view.once_key(form), move |tx| {
            actions::finish_import(tx, Some(&by), id)?;
            Ok(place(id))
        })
        .await
}

fn place(id: CatalogueId) -> String {
    format!("/catalogue/drafts/{id}")
}
