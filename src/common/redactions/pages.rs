//! `/admin/redactions`: asked by one administrator, confirmed by another one.

use super::model::{Ground, Redaction, RedactionId};
use super::rules;
use super::{actions, queries};
use crate::accounts;
use crate::infra::access::{self, Look, Looked};
use crate::infra::actor::Actor;
use crate::infra::failure::{Failure, Rule};
use crate::kernel::instant;
use crate::kernel::roles::{BodyKind, Permission, Role};
use crate::web::{Answer, AppError, Form, May, View};
use actix_web::web::{Path, ServiceConfig, get, post};
use serde_json::{Value, json};

/// Covers what was published by mistake.
pub struct Redact;

impl Permission for Redact {
    const STEP_UP: bool = true;

    fn granted_to(role: Role, kind: BodyKind) -> bool {
        role == Role::Administrator && kind == BodyKind::Platform
    }
}

const HOME: &str = "/admin/redactions";
const SHOWN: i64 = 50;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.route("/admin/redactions", get().to(list))
        .route("/admin/redactions", post().to(ask))
        .route("/admin/redactions/{id}/confirm", post().to(confirm))
        .route("/admin/redactions/{id}/refuse", post().to(refuse));
}

pub async fn list(who: May<Redact>, view: View) -> Answer {
    page(&view, &who.actor, &Form::default()).await
}

/// A request, who asked, and in how many places it will cover or has covered something.
pub struct Shown {
    pub redaction: Redaction,
    pub by: String,
    pub places: i64,
    /// Each of them with the words around it, until it is decided.
    pub contexts: Vec<String>,
}

/// The newest requests; each open one is a look at what shall not be seen.
pub async fn find(view: &View, actor: &Actor) -> Result<Vec<Shown>, AppError> {
    let shown = view.state.store.read(|db| {
        let mut shown = Vec::new();
        for redaction in queries::list(db, SHOWN)? {
            let subject = (redaction.subject_kind, redaction.subject_id);
            let (places, contexts) = match &redaction.passage {
                Some(passage) => (
                    actions::count(db, subject, passage)?,
                    actions::contexts(db, subject, passage)?,
                ),
                None => (redaction.places.unwrap_or_default(), Vec::new()),
            };
            let by = accounts::find_person(db, redaction.asked_by)?.name;
            shown.push(Shown {
                redaction,
                by,
                places,
                contexts,
            });
        }
        Ok::<_, Failure>(shown)
    });
    let shown = shown.await?;
    let looks: Vec<Look> = shown
        .iter()
        .filter(|shown| shown.redaction.passage.is_some())
        .map(|shown| Look::at(Looked::Redactions, "redaction", shown.redaction.id.0))
        .collect();
    let actor = actor.clone();
    let noted = view.state.store.write(move |tx| {
        looks
            .iter()
            .try_for_each(|look| access::note(tx, &actor, look))
    });
    noted.await?;
    Ok(shown)
}

async fn page(view: &View, actor: &Actor, form: &Form) -> Answer {
    let found = find(view, actor).await?;
    let rows: Vec<Value> = found
        .iter()
        .map(|shown| {
            let Shown { redaction, by, .. } = shown;
            let places = shown.places.to_string();
            let state = match (redaction.decided_at, redaction.places) {
                (None, _) => view.say_with("redactions-open", &[("places", &places)]),
                (Some(at), Some(_)) => view.say_with(
                    "redactions-done",
                    &[("at", &instant::minute(at)), ("places", &places)],
                ),
                (Some(at), None) => {
                    view.say_with("redactions-refused", &[("at", &instant::minute(at))])
                }
            };
            json!({
                "id": redaction.id.0,
                "href": format!("/{}/{}", redaction.subject_kind.folder(), redaction.subject_id),
                "passage": redaction.passage, "contexts": shown.contexts, "reason": redaction.reason,
                "ground": view.say(&format!("redactions-ground-{}", redaction.ground.as_str())),
                "by": by, "at": instant::minute(redaction.asked_at), "state": state,
                "is_open": redaction.decided_at.is_none(),
                "can_confirm": rules::may_confirm(redaction, actor.person_id).is_ok(),
            })
        })
        .collect();
    let body = json!({
        "rows": rows,
        "grounds": view.options("redactions-ground", Ground::ALL.iter().map(Ground::as_str)),
    });
    let title = view.say("redactions-title");
    view.render_form("common/redactions", "work", &title, form, &body)
}

pub async fn ask(who: May<Redact>, view: View, mut form: Form) -> Answer {
    let subject = form.parsed("page", |text| {
        rules::subject(text).map_err(|rule| rule.refusal())
    });
    let passage = form.text("passage", rules::LONGEST);
    let ground = form.one_of::<Ground>("ground");
    let reason = form.text("reason", 500);
    let (Some(subject), Some(ground), true) = (subject, ground, form.is_ok()) else {
        return page(&view, &who.actor, &form).await;
    };
    let by = who.actor.clone();
    let done = view.state.write_once(view.once_key(&form), move |tx| {
        actions::ask(tx, &by, subject, &passage, ground, &reason)?;
        Ok(HOME.to_owned())
    });
    finish(
        &view,
        &who.actor,
        form,
        done.await.map(|_home| ()),
        "redactions-asked",
    )
    .await
}

async fn finish(
    view: &View,
    actor: &Actor,
    mut form: Form,
    done: Result<(), Failure>,
    flash: &str,
) -> Answer {
    match done {
        Ok(()) => Ok(view.see_other_with(HOME, flash)),
        Err(failure) => {
            form.take_up(AppError::from(failure))?;
            page(view, actor, &form).await
        }
    }
}

fn redaction_id(path: &str) -> Result<RedactionId, AppError> {
    path.parse()
        .map_err(|_unknown| AppError::from(Failure::NotFound))
}

pub async fn confirm(who: May<Redact>, view: View, id: Path<String>, form: Form) -> Answer {
    let (id, by) = (redaction_id(&id)?, who.actor.clone());
    let done = view
        .state
        .store
        .write(move |tx| actions::confirm(tx, &by, id));
    finish(&view, &who.actor, form, done.await, "redactions-confirmed").await
}

pub async fn refuse(who: May<Redact>, view: View, id: Path<String>, form: Form) -> Answer {
    let (id, by) = (redaction_id(&id)?, who.actor.clone());
    let done = view
        .state
        .store
        .write(move |tx| actions::refuse(tx, &by, id));
    finish(&view, &who.actor, form, done.await, "redactions-left").await
}
