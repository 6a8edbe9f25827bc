//! The reviewers' list of applications, and their decisions.

use super::{NAV, attached, declarations, tag, word_kind};
use crate::infra::actor::Actor;
use crate::infra::failure::{Failure, Refusal};
use crate::infra::ledger;
use crate::kernel::instant;
use crate::kernel::paging::{Page, PageSize, decode_cursor};
use crate::organizations::qualification::actions;
use crate::organizations::qualification::model::{
    KeepDirectory, Qualification, QualificationId, QualificationState,
};
use crate::organizations::qualification::queries;
use crate::organizations::qualification::rules::{self, Step};
use crate::organizations::registry;
use crate::web::{Answer, AppError, Form, May, State, View};
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use serde_json::{Value, json};

/// What reviewers look through: drafts and withdrawn ones are the applicant's own affair.
const TABS: [QualificationState; 4] = [
    QualificationState::Submitted,
    QualificationState::Returned,
    QualificationState::Listed,
    QualificationState::Suspended,
];

pub async fn list(_who: May<KeepDirectory>, view: View, state: Data<State>) -> Answer {
    let query = view.query();
    let wanted = query
        .raw("state")
        .parse()
        .ok()
        .filter(|state| TABS.contains(state))
        .unwrap_or(QualificationState::Submitted);
    let after: Option<QualificationId> = decode_cursor::<1>(query.raw("after"))
        .ok()
        .and_then(|[id]| id.parse().ok());
    let size = PageSize::default();
    let rows = state
        .store
        .read(move |db| Ok(queries::list_by_state(db, wanted, after, size.limit())?))
        .await?;
    let page = Page::of(rows, size, |row| vec![row.0.id.to_string()]);
    let here = format!("/organizations/applications?state={wanted}");
    let next = page.next.map(|cursor| format!("{here}&after={cursor}"));
    let rows: Vec<Value> = page
        .rows
        .iter()
        .map(|(entry, provider)| {
            json!({
                "href": format!("/organizations/applications/{}", entry.id),
                "name": provider.name,
                "kind": word_kind(&view, provider.kind),
                "since": entry.submitted_at.map(instant::minute),
                "waited": waited(&view, entry),
            })
        })
        .collect();
    let tabs: Vec<Value> = TABS
        .iter()
        .map(|state| {
            json!({
                "href": format!("/organizations/applications?state={state}"),
                "label": view.say(&format!("qualification-state-{state}")),
                "current": *state == wanted,
            })
        })
        .collect();
    let title = view.say("qualification-review-title");
    let page = json!({
        "rows": rows, "tabs": tabs,
        "pager": { "prev": after.map(|_| here), "next": next, "count_text": "" },
    });
    view.render(
        "organizations/qualification/applications",
        "work",
        &title,
        &page,
    )
}

/// How long an application waits for its decision.
fn waited(view: &View, entry: &Qualification) -> Option<String> {
    let is_waiting = entry.state == QualificationState::Submitted;
    let since = entry.submitted_at.filter(|_| is_waiting)?;
    Some(view.waited(since))
}

pub async fn show(
    who: May<KeepDirectory>,
    view: View,
    state: Data<State>,
    id: Path<QualificationId>,
) -> Answer {
    show_with(
        &who.actor,
        &view,
        &state,
        *id,
        &Form::default(),
        StatusCode::OK,
    )
    .await
}

async fn show_with(
    actor: &Actor,
    view: &View,
    state: &Data<State>,
    id: QualificationId,
    form: &Form,
    status: StatusCode,
) -> Answer {
    let (reader, now) = (actor.clone(), state.store.now());
    let (entry, provider, scope, files, history) = state
        .store
        .read(move |db| {
            let entry = queries::find(db, id)?;
            // Nobody else reads what was not handed in.
            if matches!(
                entry.state,
                QualificationState::Draft | QualificationState::Withdrawn
            ) {
                return Err(Failure::NotFound);
            }
            let provider = registry::find(db, entry.provider_id)?;
            let names = registry::scope_names(db)?;
            let scope: Vec<String> = registry::scopes_of(db, provider.id)?
                .into_iter()
                .map(|code| names.get(&code).cloned().unwrap_or(code))
                .collect();
            let history = ledger::history(db, ("provider", provider.id.0), Some(&reader), now)?;
            let files = registry::list_files(db, provider.id, actions::FILES)?;
            Ok((entry, provider, scope, files, history))
        })
        .await?;
    let declared: Vec<String> = entry
        .declared()
        .iter()
        .map(|declaration| declaration.as_str().to_owned())
        .collect();
    let declarations: Vec<Value> = declarations(view)
        .as_array()
        .into_iter()
        .flatten()
        .filter(|option| {
            let value = option.get("value").and_then(Value::as_str);
            value.is_some_and(|value| declared.iter().any(|word| word == value))
        })
        .cloned()
        .collect();
    let may = |step| rules::next_state(entry.state, step).is_ok();
    let submitted: Vec<String> = entry
        .submitted_at
        .map(instant::minute)
        .into_iter()
        .chain(waited(view, &entry))
        .collect();
    let row = |key: &str, value: String| json!({ "key": view.say(key), "value": value });
    let page = json!({
        "name": provider.name,
        "tag": tag(view, entry.state),
        "rows": [
            row("registry-kind", word_kind(view, provider.kind)),
            row("registry-code", provider.credit_code.to_string()),
            row("registry-head", provider.legal_head.clone()),
            row("registry-phone", provider.phone.clone()),
            row("registry-scope", scope.join(&view.say("registry-joint"))),
            row("qualification-submitted-at", submitted.join(" · ")),
        ],
        "obstacle": rules::may_apply(&provider).err()
            .map(|rule| view.word(&crate::infra::failure::Rule::refusal(&rule))),
        "statement": entry.statement,
        "declarations": declarations,
        "files": attached(provider.id, &files),
        "reason": entry.reason,
        "can_accept": may(Step::Accept),
        "can_suspend": may(Step::Suspend),
        "can_resume": may(Step::Resume),
        "version": entry.version,
        "action": format!("/organizations/applications/{id}"),
        "check": format!("/organizations/checks/{}", provider.id),
        "history": view.history(&history),
        "form": form.view(&view.state.words, view.language()),
    });
    let title = view.say_with("qualification-review-of", &[("name", &provider.name)]);
    let status = match status {
        StatusCode::OK if !form.is_ok() => StatusCode::UNPROCESSABLE_ENTITY,
        other => other,
    };
    view.render_as(
        status,
        "organizations/qualification/application",
        NAV,
        &title,
        &page,
    )
}

pub async fn decide(
    who: May<KeepDirectory>,
    view: View,
    state: Data<State>,
    id: Path<QualificationId>,
    mut form: Form,
) -> Answer {
    let (id, actor, version) = (*id, who.actor.clone(), form.version());
    let act = form.raw("act").to_owned();
    let flash = match act.as_str() {
        "accept" => "qualification-flash-listed",
        "return" => "qualification-flash-returned",
        "suspend" => "qualification-flash-suspended",
        "resume" => "qualification-flash-resumed",
        _ => return Err(AppError::BadRequest),
    };
    form.name(&[("reason", "registry-reason")]);
    let reason = if act == "accept" {
        String::new()
    } else {
        form.text("reason", 500)
    };
    if !form.is_ok() {
        return show_with(&who.actor, &view, &state, id, &form, StatusCode::OK).await;
    }
    let key = view.once_key(&form);
    let done = state.write_once(key, move |tx| {
        match act.as_str() {
            "accept" => actions::accept(tx, &actor, id, version)?,
            "return" => actions::send_back(tx, &actor, id, version, &reason)?,
            "suspend" => actions::suspend(tx, &actor, id, version, &reason)?,
            _ => actions::resume(tx, &actor, id, version, &reason)?,
        }
        Ok(format!("/organizations/applications/{id}"))
    });
    match done.await {
        Ok(path) => Ok(view.see_other_with(&path, flash)),
        Err(Failure::Changed) => {
            form.refuse(Refusal::new("qualification-changed"));
            show_with(&who.actor, &view, &state, id, &form, StatusCode::CONFLICT).await
        }
        Err(error) => {
            form.take_up(AppError::from(error))?;
            show_with(&who.actor, &view, &state, id, &form, StatusCode::OK).await
        }
    }
}
