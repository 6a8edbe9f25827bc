//! A role's dates, and who stands in for its holder.

use super::ManageMembers;
use super::account::role;
use crate::accounts::model::{Appointment, AppointmentId, Body, MembershipId};
use crate::accounts::{Membership, actions, queries};
use crate::infra::actor::Actor;
use crate::infra::failure::{Failure, Refusal};
use crate::kernel::instant;
use crate::kernel::people::PersonId;
use crate::kernel::roles::Role;
use crate::web::{Answer, AppError, Form, May, View};
use actix_web::web::Path;
use chrono::NaiveDate;
use serde_json::{Value, json};

fn membership_id(path: &str) -> Result<MembershipId, AppError> {
    path.parse()
        .map_err(|_unknown| AppError::from(Failure::NotFound))
}

/// Where members of a body are listed for this actor.
pub fn members_path(actor: &Actor, body: &Body) -> String {
    if actor.body_id() == Some(body.id) {
        "/account/members".into()
    } else {
        format!("/admin/bodies/{}", body.id)
    }
}

struct Shown {
    member: Membership,
    body: Body,
    members: Vec<Membership>,
    terms: Vec<Appointment>,
}

async fn find(view: &View, actor: &Actor, id: MembershipId) -> Result<Shown, AppError> {
    let actor = actor.clone();
    let found = view.state.store.read(move |db| {
        let (member, body) = actions::find_member(db, &actor, id)?;
        Ok(Shown {
            members: queries::list_members(db, body.id)?,
            terms: queries::list_appointments(db, body.id)?,
            member,
            body,
        })
    });
    Ok(found.await?)
}

pub async fn show(who: May<ManageMembers>, view: View, id: Path<String>) -> Answer {
    let shown = find(&view, &who.actor, membership_id(&id)?).await?;
    page(&view, &who.actor, &shown, Form::default())
}

fn page(view: &View, actor: &Actor, shown: &Shown, form: Form) -> Answer {
    let Shown {
        member,
        body,
        members,
        terms,
    } = shown;
    let own = terms
        .iter()
        .find(|term| term.membership_id == Some(member.id));
    let until = own.and_then(|term| term.until_on);
    let form = match until.filter(|_| !form.has("last_day")) {
        Some(until) => form.with("last_day", until),
        None => form,
    };
    let stands_in = own.and_then(|term| term.deputy_for);
    let holds_it = |person: PersonId| {
        members
            .iter()
            .any(|m| m.person_id == person && m.role == member.role)
    };
    let mut deputies: Vec<Value> = Vec::new();
    for one in members.iter().filter(|m| !holds_it(m.person_id)) {
        let option = json!({ "value": one.person_id, "label": one.person_name });
        if !deputies.contains(&option) {
            deputies.push(option);
        }
    }
    let data = json!({
        "name": member.person_name, "role": role(view, member.role), "body": body.name,
        "since": instant::date(member.created_at), "until": until.map(|day| day.to_string()),
        "holder": stands_in.and_then(|holder| name_of(members, holder)),
        "may_have_deputy": stands_in.is_none() && member.role != Role::Expert,
        "deputies": deputies,
        "back": members_path(actor, body),
        "term_path": format!("/account/memberships/{}/term", member.id),
        "deputy_path": format!("/account/memberships/{}/deputy", member.id),
    });
    let title = view.say("accounts-term-title");
    view.render_form("accounts/term", "work", &title, &form, &data)
}

fn name_of(members: &[Membership], person: PersonId) -> Option<String> {
    let member = members.iter().find(|m| m.person_id == person);
    member.map(|member| member.person_name.clone())
}

/// Appointments that have not begun, for the list of a body's members.
pub fn planned(view: &View, members: &[Membership], terms: &[Appointment]) -> Value {
    terms
        .iter()
        .filter(|term| term.membership_id.is_none())
        .map(|term| {
            json!({
                "id": term.id, "name": name_of(members, term.person_id), "role": role(view, term.role),
                "holder": term.deputy_for.and_then(|holder| name_of(members, holder)),
                "from": term.from_on.to_string(),
                "until": term.until_on.map(|day| day.to_string()),
            })
        })
        .collect()
}

/// A role's last day, and the colleague in whose stead it is held.
pub fn dates(
    members: &[Membership],
    terms: &[Appointment],
    id: MembershipId,
) -> (Option<String>, Option<String>) {
    let term = terms.iter().find(|term| term.membership_id == Some(id));
    (
        term.and_then(|term| term.until_on)
            .map(|day| day.to_string()),
        term.and_then(|term| term.deputy_for)
            .and_then(|holder| name_of(members, holder)),
    )
}

fn day(form: &mut Form, name: &'static str) -> Option<NaiveDate> {
    form.parsed(name, |text| {
        instant::parse_date(text).map_err(|_bad| Refusal::new("form-bad-date"))
    })
}

pub async fn set(who: May<ManageMembers>, view: View, id: Path<String>, mut form: Form) -> Answer {
    let id = membership_id(&id)?;
    let shown = find(&view, &who.actor, id).await?;
    let until = if form.raw("last_day").trim().is_empty() {
        None
    } else {
        day(&mut form, "last_day")
    };
    if !form.is_ok() {
        return page(&view, &who.actor, &shown, form);
    }
    let by = who.actor.clone();
    let done = view
        .state
        .store
        .write(move |tx| actions::set_term(tx, &by, id, until));
    finish(
        &view,
        &who.actor,
        &shown,
        form,
        done.await,
        "accounts-term-saved",
    )
}

pub async fn deputy(
    who: May<ManageMembers>,
    view: View,
    id: Path<String>,
    mut form: Form,
) -> Answer {
    let id = membership_id(&id)?;
    let shown = find(&view, &who.actor, id).await?;
    let deputy = form.one_of::<PersonId>("deputy");
    let from = day(&mut form, "from_on");
    let until = day(&mut form, "until_on");
    let (Some(deputy), Some(from), Some(until)) = (deputy, from, until) else {
        return page(&view, &who.actor, &shown, form);
    };
    let (by, words) = (who.actor.clone(), view.state.words.clone());
    let done = view
        .state
        .store
        .write(move |tx| actions::name_deputy(tx, &words, &by, id, deputy, (from, until)));
    finish(
        &view,
        &who.actor,
        &shown,
        form,
        done.await,
        "accounts-deputy-saved",
    )
}

fn finish(
    view: &View,
    actor: &Actor,
    shown: &Shown,
    mut form: Form,
    done: Result<(), Failure>,
    flash: &str,
) -> Answer {
    match done {
        Ok(()) => Ok(view.see_other_with(&members_path(actor, &shown.body), flash)),
        Err(failure) => {
            form.take_up(AppError::from(failure))?;
            page(view, actor, shown, form)
        }
    }
}

pub async fn cancel(who: May<ManageMembers>, view: View, id: Path<String>, form: Form) -> Answer {
    let id: AppointmentId = id
        .parse()
        .map_err(|_unknown| AppError::from(Failure::NotFound))?;
    let by = who.actor;
    view.state
        .store
        .write(move |tx| actions::cancel_appointment(tx, &by, id))
        .await?;
    let back = crate::accounts::rules::local_path(form.raw("back")).unwrap_or("/account/members");
    Ok(view.see_other_with(back, "accounts-deputy-cancelled"))
}
