//! Somebody's role ends: what lies open on their desk is shown, and taken over, or it is said why nobody has to.

use super::pages::{Desk, task_view};
use super::rules::{Task, What, merge};
use crate::accounts::{self, Body, Handover, ManageMembers, Membership, MembershipId};
use crate::infra::actor::{Actor, ActorBody};
use crate::infra::db::Db;
use crate::infra::failure::Failure;
use crate::kernel::people::PersonId;
use crate::kernel::roles::BodyKind;
use crate::web::{Answer, AppError, Form, May, View};
use actix_web::web::Path;
use serde_json::{Value, json};

struct Leaving {
    member: Membership,
    body: Body,
    duties: Vec<Task>,
    heirs: Vec<Membership>,
}

/// The desk as the member sees it in this role alone.
fn load(db: &mut Db, by: &Actor, id: MembershipId) -> Result<Leaving, Failure> {
    let (member, body) = accounts::find_member(db, by, id)?;
    let as_member = Actor {
        person_id: member.person_id,
        name: member.person_name.clone(),
        body: Some(ActorBody {
            id: body.id,
            kind: body.kind,
            name: body.name.clone(),
            region_code: body.region_code.clone(),
        }),
        roles: vec![member.role],
        ..by.clone()
    };
    // What a provider is about to bid for is its own secret; so is whose panel an expert sits on (87号令 §47).
    let is_foreign = by.body_id() != Some(body.id);
    let desk = if is_foreign && body.kind == BodyKind::Provider {
        Desk::default()
    } else {
        Desk::load(db, &as_member)?
    };
    let mut duties = merge(desk.tasks, desk.clocks);
    for duty in &mut duties {
        if duty.what == What::Task("score") {
            duty.about = None;
            duty.link.clear();
        }
    }
    let mut heirs = accounts::list_members(db, body.id)?;
    heirs.retain(|other| other.person_id != member.person_id && other.role == member.role);
    Ok(Leaving {
        member,
        body,
        duties,
        heirs,
    })
}

fn membership_id(path: &str) -> Result<MembershipId, AppError> {
    path.parse()
        .map_err(|_unknown| AppError::from(Failure::NotFound))
}

async fn find(view: &View, by: &Actor, id: MembershipId) -> Result<Leaving, AppError> {
    let by = by.clone();
    let found = view.state.store.read(move |db| load(db, &by, id));
    Ok(found.await?)
}

pub async fn show(who: May<ManageMembers>, view: View, id: Path<String>) -> Answer {
    let leaving = find(&view, &who.actor, membership_id(&id)?).await?;
    page(&view, &who.actor, &leaving, &Form::default())
}

fn page(view: &View, actor: &Actor, leaving: &Leaving, form: &Form) -> Answer {
    let now = view.state.store.now();
    let duties: Vec<Value> = leaving
        .duties
        .iter()
        .map(|task| task_view(view, task, now))
        .collect();
    let heirs: Vec<Value> = leaving
        .heirs
        .iter()
        .map(|heir| json!({ "value": heir.person_id, "label": heir.person_name }))
        .collect();
    let mut choices = vec![json!({ "value": "", "label": view.say("portal-leaving-nobody") })];
    choices.extend(heirs);
    let role = leaving.member.role.as_str().replace('_', "-");
    let body = json!({
        "name": leaving.member.person_name, "role": view.say(&format!("accounts-role-{role}")),
        "body": leaving.body.name, "duties": duties, "heirs": choices,
        "has_heirs": !leaving.heirs.is_empty(),
        "self_path": format!("/work/memberships/{}/end", leaving.member.id),
        "back": accounts::members_path(actor, &leaving.body),
    });
    let title = view.say("portal-leaving-title");
    view.render_form("portal/leaving", "work", &title, form, &body)
}

pub async fn save(who: May<ManageMembers>, view: View, id: Path<String>, mut form: Form) -> Answer {
    let id = membership_id(&id)?;
    let leaving = find(&view, &who.actor, id).await?;
    let successor = if form.raw("successor").is_empty() {
        None
    } else {
        form.one_of::<PersonId>("successor")
    };
    let reason = form.optional("reason", 500);
    if !form.is_ok() {
        return page(&view, &who.actor, &leaving, &form);
    }
    let handover = Handover { successor, reason };
    let (by, words) = (who.actor.clone(), view.state.words.clone());
    let done = view.state.store.write(move |tx| {
        // Looked at again: what fell due meanwhile counts.
        let has_duties = !load(tx.db, &by, id)?.duties.is_empty();
        accounts::end_membership(tx, &words, &by, id, &handover, has_duties)
    });
    match done.await {
        Ok(()) => {
            let back = accounts::members_path(&who.actor, &leaving.body);
            Ok(view.see_other_with(&back, "accounts-ended"))
        }
        Err(failure) => {
            form.take_up(AppError::from(failure))?;
            page(&view, &who.actor, &leaving, &form)
        }
    }
}
