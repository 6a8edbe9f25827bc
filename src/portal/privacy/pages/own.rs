//! `/account/data`: what the portal keeps about me, all of it as a file, who looked at it, and closing the account.

use super::super::model::{Hold, Section};
use super::super::{actions, queries};
use super::accesses;
use crate::accounts::{self, MembershipId};
use crate::infra::access::{self, Filter, Look, Looked};
use crate::infra::actor::Actor;
use crate::infra::db::Db;
use crate::infra::failure::{Failure, Rule};
use crate::infra::words::Words;
use crate::kernel::instant;
use crate::kernel::language::Language;
use crate::kernel::people::{BodyId, PersonId};
use crate::kernel::roles::Role;
use crate::portal::work;
use crate::web::{Answer, AppError, Form, SignedIn, Verified, View};
use actix_web::HttpResponse;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Rows of a section that the page shows; the file has all of them.
const SHOWN: usize = 10;
/// One more tells that there are more.
const ASKED: i64 = 11;

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

/// At most so many of each kind.
pub async fn gather(view: &View, actor: &Actor, most: i64) -> Result<Own, AppError> {
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
            sections: queries::own_data(db, me, most)?,
            looks: accesses::find(db, &filter, false, None, most)?,
        })
    });
    Ok(found.await?)
}

pub async fn show(SignedIn(actor): SignedIn, view: View) -> Answer {
    page(&view, &actor, &Form::default()).await
}

async fn page(view: &View, actor: &Actor, form: &Form) -> Answer {
    let own = gather(view, actor, ASKED).await?;
    let (by, say) = (actor.clone(), Say::of(view));
    let found = view.state.store.read(move |db| {
        let holds = holds(db, &by, &say)?;
        let is_on_panel = queries::is_on_panel(db, by.person_id)?;
        let obstacle = super::super::rules::may_close(&holds, is_on_panel).err();
        Ok((holds, obstacle))
    });
    let (holds, obstacle) = found.await?;
    let obstacle = obstacle.map(|rule| view.word(&rule.refusal()));
    let sections: Vec<Value> = own
        .sections
        .iter()
        .map(|section| shown(view, section))
        .collect();
    let looks: Vec<Value> = own
        .looks
        .iter()
        .take(SHOWN)
        .map(|line| accesses::row(view, line))
        .collect();
    let body = json!({
        "sections": sections, "handovers": handovers(view, &holds, form), "looks": looks, "more_looks": own.looks.len() > SHOWN, "obstacle": obstacle,
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
        "more": section.rows.len() > SHOWN,
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
        "capacity" => Some(format!("evaluation-capacity-{code}")),
        "side" => Some(format!("contracts-side-{code}")),
        "method" => Some(format!("contracts-method-{code}")),
        "looked" => Some(format!("access-{code}")),
        _ => None,
    }
}

/// What no message says: a language by its own name, a thing by its kind, an instant to the minute.
fn plain(view: &View, name: &str, text: &str) -> String {
    match name {
        "language" => text
            .parse()
            .map_or(text.to_owned(), |one: Language| one.own_name().to_owned()),
        "purpose" => view.say(match text {
            "confirm" => "privacy-purpose-confirm",
            "reset" => "privacy-purpose-reset",
            _ => "privacy-purpose-first-administrator",
        }),
        "subject" => {
            let (kind, id) = text.split_once(' ').unwrap_or((text, ""));
            let key = format!("access-subject-{}", kind.replace('_', "-"));
            if view.state.words.knows(view.language(), &key) {
                format!("{} {id}", view.say(&key))
            } else {
                text.to_owned()
            }
        }
        _ => instant::parse_rfc3339(text).map_or_else(|_text| text.to_owned(), instant::minute),
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
                    None => plain(view, name, text),
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
    let own = gather(&view, &actor, i64::MAX).await?;
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

/// What words roles inside a transaction.
#[derive(Clone)]
struct Say(Arc<Words>, Language);

impl Say {
    fn of(view: &View) -> Self {
        Self(view.state.words.clone(), view.language())
    }

    fn post(&self, body: &str, role: Role) -> String {
        let key = format!("accounts-role-{}", role.as_str().replace('_', "-"));
        let role = self.0.say(self.1, &key, &[]);
        let args = [("body", body), ("role", role.as_str())];
        self.0.say(self.1, "privacy-post", &args)
    }
}

/// The field that names who takes a role's open work over.
fn successor(hold: &Hold) -> String {
    format!("successor_{}", hold.membership)
}

/// Whom the form asks for: one for each role in which work lies open.
fn handovers(view: &View, holds: &[Hold], form: &Form) -> Vec<Value> {
    let open = holds.iter().filter(|hold| hold.has_duties);
    open.map(|hold| {
        let name = successor(hold);
        let nobody =
            json!({ "value": "", "label": view.say("portal-leaving-nobody"), "chosen": false });
        let heirs = hold.heirs.iter().map(|(heir, called)| {
            let value = heir.to_string();
            json!({ "chosen": form.raw(&name) == value, "value": value, "label": called })
        });
        let heirs: Vec<Value> = std::iter::once(nobody).chain(heirs).collect();
        let label = view.say_with("privacy-close-successor", &[("post", &hold.post)]);
        json!({ "name": name, "label": label, "heirs": heirs })
    })
    .collect()
}

/// The roles held, with what lies open in each.
fn holds(db: &mut Db, actor: &Actor, say: &Say) -> Result<Vec<Hold>, Failure> {
    work::list_holds(db, actor.person_id)?
        .into_iter()
        .map(|held| {
            Ok(Hold {
                has_duties: work::has_duties(db, actor, &held)?,
                post: say.post(&held.body_name, held.role),
                membership: held.membership,
                role: held.role,
                heirs: held.heirs,
            })
        })
        .collect()
}

pub async fn close(Verified(actor): Verified, view: View, mut form: Form) -> Answer {
    if !form.is_checked("sure") {
        form.refuse(super::super::rules::CloseRule::Unsure.refusal());
        return page(&view, &actor, &form).await;
    }
    let reason = form.optional("reason", 500);
    if !form.is_ok() {
        return page(&view, &actor, &form).await;
    }
    let (by, say) = (actor.clone(), Say::of(&view));
    let found = view.state.store.read(move |db| holds(db, &by, &say));
    let chosen: Vec<(MembershipId, PersonId)> = found
        .await?
        .iter()
        .filter_map(|hold| Some((hold.membership, form.raw(&successor(hold)).parse().ok()?)))
        .collect();
    let (by, say) = (actor.clone(), Say::of(&view));
    let done = view.state.store.write(move |tx| {
        // Two who close at the same moment must not each count on the other one.
        accounts::hold_bodies_of(tx.db, by.person_id)?;
        let holds = holds(tx.db, &by, &say)?;
        actions::close(tx, &say.0, &by, &holds, &chosen, &reason)
    });
    match done.await {
        Ok(()) => Ok(view.see_other_with("/", "privacy-closed")),
        Err(failure) => {
            form.take_up(AppError::from(failure))?;
            page(&view, &actor, &form).await
        }
    }
}
