//! Uploading running contracts from before the portal: everything that is wrong at once, or all rows.

use crate::infra::failure::{Failure, Refusal, Rule};
use crate::infra::sheet::{self, SheetRule};
use crate::procurement::contracts::actions;
use crate::procurement::contracts::import::{self as reading, COLUMNS, Finding};
use crate::procurement::contracts::model::PublishContracts;
use crate::procurement::contracts::rules::ContractRule;
use crate::web::{Answer, AppError, Form, May, State, View, multipart};
use actix_multipart::Multipart;
use actix_web::web::{self, Data};
use serde_json::{Value, json};
use std::sync::Arc;

pub async fn edit(_who: May<PublishContracts>, view: View) -> Answer {
    show(&view, &Form::default(), &[])
}

fn show(view: &View, form: &Form, findings: &[Finding]) -> Answer {
    let rows: Vec<Value> = findings
        .iter()
        .map(|finding| {
            json!({
                "line": finding.line.to_string(),
                "column": if finding.column.is_empty() { "—" } else { finding.column },
                "reason": view.word(&finding.why),
            })
        })
        .collect();
    let title = view.say("contracts-import-title");
    view.render_form(
        "procurement/contracts/import",
        "work",
        &title,
        form,
        &json!({ "bad": rows, "columns": COLUMNS.join(",") }),
    )
}

pub async fn save(
    who: May<PublishContracts>,
    view: View,
    state: Data<State>,
    body: Multipart,
) -> Answer {
    let (mut form, uploads) = multipart::read(body).await?;
    let buyer = who.actor.body_id().ok_or(AppError::Forbidden)?;
    let Some(upload) = uploads.into_iter().find(|upload| upload.field == "file") else {
        form.refuse(Refusal::new("form-file-missing").at("file"));
        return show(&view, &form, &[]);
    };
    let read = web::block(move || {
        let csv = sheet::as_csv(&upload.bytes, |head| reading::column_of(head).is_some())?;
        Ok::<_, SheetRule>(reading::read(&csv))
    });
    let rows = match read.await.map_err(AppError::internal)? {
        Ok(Ok(rows)) => Arc::new(rows),
        Ok(Err(findings)) => return show_bad(&view, form, &findings),
        Err(unread) => {
            form.refuse(unread.refusal());
            return show(&view, &form, &[]);
        }
    };
    let (actor, entered) = (who.actor, rows.clone());
    let done = state
        .write_once(view.once_key(&form), move |tx| {
            actions::import(tx, Some(&actor), buyer, &entered)?;
            Ok("/contracts".to_owned())
        })
        .await;
    match done {
        Ok(place) => Ok(view.see_other_with(&place, "contracts-flash-imported")),
        Err(Failure::Refused(refusal)) if refusal.key == "contracts-import-bad" => {
            let findings = state
                .store
                .read(move |db| actions::check_import(db, buyer, &rows))
                .await?;
            show_bad(&view, form, &findings)
        }
        Err(error) => Err(error.into()),
    }
}

fn show_bad(view: &View, mut form: Form, findings: &[Finding]) -> Answer {
    form.refuse(ContractRule::BadImport(findings.len()).refusal());
    show(view, &form, findings)
}
