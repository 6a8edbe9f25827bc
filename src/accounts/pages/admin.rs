//! Bodies and their members, for the platform's administrators.

use super::ManageBodies;
use super::members::rows;
use super::terms;
use crate::accounts::model::InvitationId;
use crate::accounts::{Body, actions, queries, rules};
use crate::infra::access::{self, Look, Looked};
use crate::infra::failure::{Failure, Refusal, Rule};
use crate::kernel::paging::{Page, PageSize, decode_cursor};
use crate::kernel::people::BodyId;
use crate::kernel::roles::{BodyKind, Role, may};
use crate::regions;
use crate::web::fields;
use crate::web::{Answer, AppError, Form, May, View};
use actix_web::web::{Path, Query};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
pub struct Filter {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    after: String,
}

fn kind_word(view: &View, kind: BodyKind) -> String {
    let key = format!("accounts-kind-{}", kind.as_str().replace('_', "-"));
    view.say(&key)
}

pub async fn list(_: May<ManageBodies>, view: View, query: Query<Filter>) -> Answer {
    let kind: Option<BodyKind> = query.kind.parse().ok();
    let after = decode_cursor::<1>(&query.after)
        .ok()
        .and_then(|[id]| id.parse::<BodyId>().ok());
    let size = PageSize::default();
    let found = view.state.store.read(move |db| {
        let bodies = queries::list_all_bodies(db, kind, after, size.limit())?;
        let codes: Vec<String> = bodies
            .iter()
            .filter_map(|b| b.region_code.clone())
            .collect();
        Ok((bodies, regions::find_many(db, &codes)?))
    });
    let (bodies, places) = found.await?;
    let page = Page::of(bodies, size, |body: &Body| vec![body.id.to_string()]);
    let page = page.map(|body| {
        let place = places
            .iter()
            .find(|region| Some(&region.code) == body.region_code.as_ref());
        json!({
            "id": body.id, "name": body.name, "kind": kind_word(&view, body.kind),
            "region": place.map(|region| &region.name), "phone": body.phone,
        })
    });
    let chosen = kind.map(|kind| kind.as_str()).unwrap_or_default();
    let next = page
        .next
        .map(|cursor| format!("/admin/bodies?kind={chosen}&after={cursor}"));
    let chips: Vec<Value> = std::iter::once(json!({
        "label": view.say("accounts-kind-all"), "href": "/admin/bodies", "current": kind.is_none(),
    }))
    .chain(BodyKind::ALL.iter().map(|one| {
        json!({
            "label": kind_word(&view, *one), "href": format!("/admin/bodies?kind={}", one.as_str()),
            "current": kind == Some(*one),
        })
    }))
    .collect();
    let title = view.say("accounts-bodies-title");
    let body = json!({
        "bodies": page.rows, "chips": chips,
        "pager": { "prev": Value::Null, "next": next, "count_text": "" },
    });
    view.render("accounts/bodies", "work", &title, &body)
}

async fn new_page(view: &View, form: &Form) -> Answer {
    let found = view.state.store.read(|db| {
        let county = regions::find_many(db, &[])?;
        let (towns, communities) = (regions::list_towns(db)?, regions::list_communities(db)?);
        Ok([county, towns, communities].concat())
    });
    let mut places = vec![json!({ "value": "", "label": view.say("accounts-region-county") })];
    let found = found.await?;
    for region in &found {
        let town = found
            .iter()
            .find(|town| Some(&town.code) == region.parent_code.as_ref());
        let label = match town {
            Some(town) => format!("{} · {}", town.name, region.name),
            None => region.name.clone(),
        };
        places.push(json!({ "value": region.code, "label": label }));
    }
    let kinds = BodyKind::ALL
        .iter()
        .filter(|kind| **kind != BodyKind::Provider);
    let kinds: Vec<Value> = kinds
        .map(|kind| json!({ "value": kind.as_str(), "label": kind_word(view, *kind) }))
        .collect();
    let title = view.say("accounts-body-new-title");
    let body = json!({ "kinds": kinds, "regions": places });
    view.render_form("accounts/body_new", "work", &title, form, &body)
}

pub async fn edit(_: May<ManageBodies>, view: View) -> Answer {
    new_page(&view, &Form::default()).await
}

pub async fn save(who: May<ManageBodies>, view: View, mut form: Form) -> Answer {
    let kind = form.one_of::<BodyKind>("kind");
    let name = form.name_of("name", 100);
    let phone = phone(&mut form);
    let region = form.optional("region", 20);
    let region = Some(region).filter(|code| !code.is_empty());
    if let Some(code) = region.clone() {
        let found = view
            .state
            .store
            .read(move |db| Ok(regions::find_many(db, &[code])?));
        if found.await?.is_empty() {
            form.refuse(Refusal::new("form-choose").at("region"));
        }
    }
    let Some(kind) = kind.filter(|_| form.is_ok()) else {
        return new_page(&view, &form).await;
    };
    let region = region.or_else(|| Some(regions::COUNTY.to_owned()));
    let actor = who.actor;
    let done = view.state.write_once(view.once_key(&form), move |tx| {
        let (region, phone) = (region.as_deref(), phone.as_deref());
        let id = actions::found_body(tx, &actor, kind, &name, region, phone)?;
        Ok(format!("/admin/bodies/{id}"))
    });
    match done.await {
        Ok(path) => Ok(view.see_other_with(&path, "accounts-body-made")),
        Err(failure) => {
            form.take_up(AppError::from(failure))?;
            new_page(&view, &form).await
        }
    }
}

fn phone(form: &mut Form) -> Option<String> {
    if form.raw("phone").trim().is_empty() {
        return None;
    }
    form.parsed("phone", fields::phone)
}

async fn page(view: &View, id: BodyId, form: Form) -> Answer {
    let found = view.state.store.read(move |db| {
        Ok((
            queries::find_body(db, id)?,
            queries::list_members(db, id)?,
            queries::list_invitations_of_body(db, id)?,
            queries::list_appointments(db, id)?,
        ))
    });
    let (body, members, invitations, appointments) = found.await?;
    let planned = terms::planned(view, &members, &appointments);
    let (members, invitations) = rows(view, &members, &invitations, &appointments);
    let roles = Role::ALL.iter().filter(|role| may(**role, body.kind));
    let form = if form.has("name") {
        form
    } else {
        form.with("name", &body.name)
            .with("phone", body.phone.clone().unwrap_or_default())
    };
    let data = json!({
        "body": { "id": body.id, "name": body.name, "kind": kind_word(view, body.kind), "version": body.version },
        "members": members, "invitations": invitations, "can_manage": true,
        "self_path": format!("/admin/bodies/{id}"), "grant_path": format!("/admin/bodies/{id}/grant"),
        "planned": planned, "withdraw_path": format!("/admin/bodies/{id}/withdraw"),
        "roles": view.options("accounts-role", roles.map(Role::as_str)),
    });
    view.render_form("accounts/body", "work", &body.name, &form, &data)
}

fn body_id(path: &str) -> Result<BodyId, AppError> {
    path.parse()
        .map_err(|_unknown| AppError::from(Failure::NotFound))
}

pub async fn show(who: May<ManageBodies>, view: View, id: Path<String>) -> Answer {
    let id = body_id(&id)?;
    note(&view, &who, id).await?;
    page(&view, id, Form::default()).await
}

/// A look at who the members of a body are.
async fn note(view: &View, who: &May<ManageBodies>, id: BodyId) -> Result<(), AppError> {
    view.state
        .store
        .read(move |db| Ok(queries::find_body(db, id)?))
        .await?;
    let look = Look::at(Looked::Members, "body", id.0).of_body(id);
    Ok(access::looked(&view.state.store, &who.actor, look).await?)
}

/// Goes back to the body's page, with a word of success or with the refusal at the form.
async fn finish(
    view: &View,
    id: BodyId,
    mut form: Form,
    done: Result<(), Failure>,
    flash: &str,
) -> Answer {
    match done {
        Ok(()) => Ok(view.see_other_with(&format!("/admin/bodies/{id}"), flash)),
        Err(failure) => {
            form.take_up(AppError::from(failure))?;
            page(view, id, form).await
        }
    }
}

pub async fn rename(
    who: May<ManageBodies>,
    view: View,
    id: Path<String>,
    mut form: Form,
) -> Answer {
    let id = body_id(&id)?;
    let (name, version) = (form.name_of("name", 100), form.version());
    let phone = phone(&mut form);
    if !form.is_ok() {
        return page(&view, id, form).await;
    }
    let actor = who.actor;
    let done = view
        .state
        .store
        .write(move |tx| actions::rename(tx, &actor, id, version, &name, phone.as_deref()));
    finish(&view, id, form, done.await, "accounts-body-saved").await
}

pub async fn grant(who: May<ManageBodies>, view: View, id: Path<String>, mut form: Form) -> Answer {
    let id = body_id(&id)?;
    let email = form.parsed("email", |text| {
        rules::email(text).map_err(|rule| rule.refusal())
    });
    let role = form.one_of::<Role>("role");
    let (Some(email), Some(role)) = (email, role) else {
        return page(&view, id, form).await;
    };
    let (actor, words) = (who.actor, view.state.words.clone());
    let done = view
        .state
        .store
        .write(move |tx| actions::grant_by_email(tx, &words, &actor, id, &email, role));
    finish(&view, id, form, done.await, "accounts-granted").await
}

pub async fn withdraw(who: May<ManageBodies>, view: View, id: Path<String>, form: Form) -> Answer {
    let id = body_id(&id)?;
    let invitation: InvitationId = form
        .raw("invitation")
        .parse()
        .map_err(|_unknown| AppError::from(Failure::NotFound))?;
    let actor = who.actor;
    let done = view
        .state
        .store
        .write(move |tx| actions::withdraw(tx, &actor, id, invitation));
    finish(&view, id, form, done.await, "accounts-withdrawn").await
}
