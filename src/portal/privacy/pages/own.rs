//! `/account/data`: what the portal keeps about me, all of it as a file, who looked at it, and closing the account.

use super::super::model::{Hold, Section};
use super::super::{actions, queries};
use super::accesses;
use crate::accounts;
use crate::infra::access::{self, Filter, Look, Looked};
use crate::infra::actor::Actor;
use crate::infra::db::Db;
use crate::infra::failure::{Failure, Rule};
use crate::kernel::instant;
use crate::kernel::people::BodyId;
use crate::portal::work;
use crate::web::{Answer, AppError, Form, SignedIn, Verified, View};
use actix_web::HttpResponse;
use serde_json::{Map, Value, json};

/// Rows of a section that the page shows; the file has all of them.
const SHOWN: usize = 10;
const LOOKS: i64 = 30;

/// Where each kind can be corrected by oneself.
const CORRECTED: &[(&str, &str)] = &[
    ("account", "/account"),
    ("settings", "/account/messages"),
    ("roles", "/account"),
    ("sign-ins", "/account"),
    ("notices", "/inbox"),
];

/// Everything that hangs on the person, with who looked at it.
pub struct Own {
    pub sections: Vec<Section>,
    pub looks: Vec<access::Access>,
}

pub async fn gather(view: &View, actor: &Actor, looks: i64) -> Result<Own, AppError> {
    let me = actor.person_id;
    let found = view.state.store.read(move |db| {
        let bodies: Vec<BodyId> = work::list_holds(db, me)?
            .iter()
            .map(|held| held.body)
            .collect();
        let filter = Filter {
            of_person: Some((me, bodies)),
            ..Filter::default()
        };
        Ok(Own {
            sections: queries::own_data(db, me)?,
            looks: access::list(db, &filter, None, looks)?,
        })
    });
    Ok(found.await?)
}

pub async fn show(SignedIn(actor): SignedIn, view: View) -> Answer {
    page(&view, &actor, &Form::default()).await
}

async fn page(view: &View, actor: &Actor, form: &Form) -> Answer {
    let own = gather(view, actor, LOOKS).await?;
    let by = actor.clone();
    let obstacle = view.state.store.read(move |db| {
        let holds = holds(db, &by)?;
        let is_on_panel = queries::is_on_panel(db, by.person_id)?;
        Ok(super::super::rules::may_close(&holds, is_on_panel).err())
    });
    let obstacle = obstacle.await?.map(|rule| view.word(&rule.refusal()));
    let sections: Vec<Value> = own
        .sections
        .iter()
        .map(|section| shown(view, section))
        .collect();
    let looks: Vec<Value> = own
        .looks
        .iter()
        .map(|line| accesses::row(view, line))
        .collect();
    let body = json!({
        "sections": sections, "looks": looks, "obstacle": obstacle,
        "must_verify": actor.must_verify(), "phone": view.state.config.host.phone,
    });
    let title = view.say("privacy-data-title");
    view.render_form("portal/own_data", "", &title, form, &body)
}

fn shown(view: &View, section: &Section) -> Value {
    let rows: Vec<String> = section
        .rows
        .iter()
        .take(SHOWN)
        .map(|row| line(view, row))
        .collect();
    let edit = CORRECTED
        .iter()
        .find(|(code, _)| *code == section.code)
        .map(|(_, path)| *path);
    json!({
        "title": view.say(&format!("privacy-data-{}", section.code)),
        "rows": rows,
        "more": section.rows.len().checked_sub(SHOWN).filter(|more| *more > 0).map(|more| more.to_string()),
        "edit": edit,
    })
}

/// A code of the file in words: the message that says it.
fn key_of(name: &str, code: &str) -> Option<String> {
    let code = code.replace(['.', '_'], "-");
    match name {
        "role" => Some(format!("accounts-role-{code}")),
        "what" => Some(format!("ledger-{code}")),
        "kind" => Some(format!("accounts-message-{code}")),
        "mail" => Some(format!("accounts-mail-{code}")),
        _ => None,
    }
}

/// One record in a line: what it holds, without what is empty. Instants are shown to the minute.
fn line(view: &View, row: &Map<String, Value>) -> String {
    row.iter()
        .filter_map(|(name, value)| {
            let value = match value {
                Value::Null => return None,
                Value::String(text) if text.is_empty() => return None,
                Value::String(text) => match key_of(name, text) {
                    Some(key) if view.state.words.knows(view.language(), &key) => view.say(&key),
                    // A message's own kind says nothing to its reader.
                    Some(_) => return None,
                    None => instant::parse_rfc3339(text)
                        .map_or_else(|_text| text.clone(), instant::minute),
                },
                Value::Bool(yes) => view.say(if *yes { "privacy-yes" } else { "privacy-no" }),
                other => other.to_string(),
            };
            let field = view.say(&format!("privacy-field-{}", name.replace('_', "-")));
            Some(view.say_with("privacy-pair", &[("field", &field), ("value", &value)]))
        })
        .collect::<Vec<_>>()
        .join(&view.say("privacy-then"))
}

pub fn as_json(own: &Own, at: String) -> Value {
    let mut data = Map::new();
    data.insert("exported_at".into(), Value::String(at));
    for section in &own.sections {
        data.insert(section.code.replace('-', "_"), json!(section.rows));
    }
    let looks: Vec<Value> = own
        .looks
        .iter()
        .map(|look| {
            json!({
                "at": instant::rfc3339(look.at), "who": look.who, "body": look.body,
                "what": look.what.as_str(), "subject": format!("{} {}", look.subject_kind, look.subject_id),
            })
        })
        .collect();
    data.insert("looked_at_by".into(), json!(looks));
    Value::Object(data)
}

/// All of it as one file.
pub async fn export(SignedIn(actor): SignedIn, view: View) -> Answer {
    // A look, but one that takes everything along.
    if actor.must_verify() {
        return Err(AppError::VerifyFirst);
    }
    let _turn = view.export_turn().await?;
    let look = Look::at(Looked::OwnData, "person", actor.person_id.0).of_person(actor.person_id);
    access::looked(&view.state.store, &actor, look).await?;
    let own = gather(&view, &actor, 10_000).await?;
    let data = as_json(&own, instant::rfc3339(view.state.store.now()));
    let text = serde_json::to_string_pretty(&data).map_err(Failure::from)?;
    Ok(HttpResponse::Ok()
        .content_type("application/json; charset=utf-8")
        .insert_header((
            "content-disposition",
            "attachment; filename=\"my-data.json\"",
        ))
        .insert_header(("cache-control", "no-store"))
        .body(text + "\n"))
}

/// The roles held, with what lies open in each.
fn holds(db: &mut Db, actor: &Actor) -> Result<Vec<Hold>, Failure> {
    work::list_holds(db, actor.person_id)?
        .into_iter()
        .map(|held| {
            Ok(Hold {
                has_duties: work::has_duties(db, actor, &held)?,
                body_name: held.body_name,
                role: held.role,
                is_shared: held.is_shared,
            })
        })
        .collect()
}

pub async fn close(Verified(actor): Verified, view: View, mut form: Form) -> Answer {
    if !form.is_checked("sure") {
        form.refuse(super::super::rules::CloseRule::Unsure.refusal());
        return page(&view, &actor, &form).await;
    }
    let (by, words) = (actor.clone(), view.state.words.clone());
    let done = view.state.store.write(move |tx| {
        // Two who close at the same moment must not each count on the other one.
        accounts::hold_bodies_of(tx.db, by.person_id)?;
        let holds = holds(tx.db, &by)?;
        actions::close(tx, &words, &by, &holds)
    });
    match done.await {
        Ok(()) => Ok(view.see_other_with("/", "privacy-closed")),
        Err(failure) => {
            form.take_up(AppError::from(failure))?;
            page(&view, &actor, &form).await
        }
    }
}
