//! The reviewers' checks: certificate against data, rival claims side by side.

use super::{NAV, facts, named, own, tag};
use crate::accounts;
use crate::infra::actor::Actor;
use crate::infra::failure::{Failure, Refusal, Rule};
use crate::infra::ledger;
use crate::kernel::instant;
use crate::kernel::paging::{Page, PageSize, decode_cursor};
use crate::organizations::registry::actions;
use crate::organizations::registry::model::{CheckProviders, Provider, ProviderId, ProviderState};
use crate::organizations::registry::queries;
use crate::web::{Answer, AppError, Form, May, State, View};
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use chrono::NaiveDateTime;
use serde_json::{Value, json};

/// The tab of bodies for which nobody acts.
const UNATTENDED: &str = "unattended";

pub async fn list(_who: May<CheckProviders>, view: View, state: Data<State>) -> Answer {
    let query = view.query();
    // Either a state of the check, or those for which nobody acts.
    let wanted: Option<ProviderState> = match query.raw("state") {
        UNATTENDED => None,
        state => Some(state.parse().unwrap_or(ProviderState::Unproven)),
    };
    let tab = wanted.map_or(UNATTENDED, |state| state.as_str());
    let after = decode_cursor::<1>(query.raw("after"))
        .ok()
        .and_then(|[id]| id.parse().ok());
    let size = PageSize::default();
    let rows = state
        .store
        .read(move |db| {
            let found = match wanted {
                Some(state) => queries::list_by_state(db, state, after, size.limit())?,
                None => queries::list_unattended(db, after, size.limit())?,
            };
            let claims = queries::count_claims(db, &found)?;
            let handed_in = queries::certificates_of(db, &found)?;
            let rows = found.into_iter().map(|provider| {
                let claims = claims.get(&provider.credit_code.to_string()).copied();
                let since = handed_in.get(&provider.id.0).copied();
                (provider, claims.unwrap_or(1) - 1, since)
            });
            Ok(rows.collect::<Vec<(Provider, usize, Option<NaiveDateTime>)>>())
        })
        .await?;
    let page = Page::of(rows, size, |row| vec![row.0.id.to_string()]);
    let next = page
        .next
        .map(|cursor| format!("/organizations/checks?state={tab}&after={cursor}"));
    let rows: Vec<Value> = page
        .rows
        .iter()
        .map(|(provider, rivals, since)| {
            json!({
                "href": format!("/organizations/checks/{}", provider.id),
                "name": provider.name,
                "kind": word_kind(&view, provider),
                "code": provider.credit_code,
                "head": provider.legal_head,
                "since": since.map(instant::minute),
                "waited": since.filter(|_| wanted == Some(ProviderState::Unproven)).map(|since| view.waited(since)),
                "rivals": (*rivals > 0).then(|| rivals.to_string()),
            })
        })
        .collect();
    let tabs: Vec<Value> = ProviderState::ALL
        .iter()
        .map(ProviderState::as_str)
        .chain([UNATTENDED])
        .map(|one| {
            json!({
                "href": format!("/organizations/checks?state={one}"),
                "label": view.say(&format!("registry-checks-{one}")),
                "current": one == tab,
            })
        })
        .collect();
    let title = view.say("registry-checks-title");
    let page = json!({
        "rows": rows, "tabs": tabs, "empty": view.say(&format!("registry-checks-none-{tab}")),
        "pager": { "prev": after.map(|_: ProviderId| format!("/organizations/checks?state={tab}")), "next": next, "count_text": "" },
    });
    view.render("organizations/registry/checks", "work", &title, &page)
}

fn word_kind(view: &View, provider: &Provider) -> String {
    view.say(&format!(
        "registry-kind-{}",
        provider.kind.as_str().replace('_', "-")
    ))
}

pub async fn show(
    who: May<CheckProviders>,
    view: View,
    state: Data<State>,
    id: Path<ProviderId>,
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
    id: ProviderId,
    form: &Form,
    status: StatusCode,
) -> Answer {
    let (reader, now) = (actor.clone(), state.store.now());
    let (provider, lists, certificate, rivals, invited, history) = state
        .store
        .read(move |db| {
            let provider = queries::find(db, id)?;
            let (scopes, areas) = (queries::scopes_of(db, id)?, queries::areas_of(db, id)?);
            let lists = (
                named(&queries::scope_names(db)?, &scopes),
                named(&queries::area_names(db)?, &areas),
            );
            let certificate = queries::find_certificate(db, id)?;
            let mut rivals = Vec::new();
            for rival in queries::list_rivals(db, &provider)? {
                let has_certificate = queries::find_certificate(db, rival.id)?.is_some();
                rivals.push((rival, has_certificate));
            }
            let is_attended = !accounts::list_members(db, provider.body_id)?.is_empty();
            let invited = if is_attended {
                None
            } else {
                Some(accounts::list_invitations_of_body(db, provider.body_id)?)
            };
            let history = ledger::history(db, (queries::SUBJECT, id.0), Some(&reader), now)?;
            Ok((provider, lists, certificate, rivals, invited, history))
        })
        .await?;
    let seen: Vec<String> = rivals
        .iter()
        .map(|(rival, _)| rival.id.to_string())
        .collect();
    let blocked = rivals
        .iter()
        .any(|(rival, _)| rival.state == ProviderState::Proven);
    let claims: Vec<Value> = std::iter::once((&provider, certificate.is_some()))
        .chain(rivals.iter().map(|(rival, has)| (rival, *has)))
        .map(|(claim, has_certificate)| {
            json!({
                "me": claim.id == provider.id,
                "href": format!("/organizations/checks/{}", claim.id),
                "file": has_certificate.then(|| format!("/organizations/{}/certificate", claim.id)),
                "name": claim.name, "kind": word_kind(view, claim), "head": claim.legal_head,
                "address": claim.address, "phone": claim.phone,
                "registered": instant::date(claim.created_at),
                "tag": tag(view, claim.state),
            })
        })
        .collect();
    let unproven = provider.state == ProviderState::Unproven;
    // All offers of one letter end together.
    let invitation = invited.iter().flatten().next_back().map(|last| {
        let until = instant::date(last.expires_at);
        view.say_with(
            "registry-invited",
            &[("email", &last.email), ("until", &until)],
        )
    });
    let page = json!({
        "name": provider.name,
        "can_invite": invited.is_some(),
        "invitation": invitation,
        "version": provider.version,
        "tag": tag(view, provider.state),
        "rows": facts(view, &provider, &lists.0, &lists.1),
        "certificate": certificate.as_ref().map(own::file),
        "claims": if rivals.is_empty() { Vec::new() } else { claims },
        "seen": seen.join(" "),
        "blocked": blocked,
        "can_prove": unproven && certificate.is_some() && !blocked,
        "can_refuse": unproven,
        "can_revoke": provider.state == ProviderState::Proven,
        "reason": provider.reason,
        "history": view.history(&history),
        "action": format!("/organizations/checks/{id}"),
        "file": format!("/organizations/{id}/certificate"),
        "seen_options": [{ "value": "yes", "label": view.say("registry-seen") }],
        "form": form.view(&view.state.words, view.language()),
    });
    let title = view.say_with("registry-check-title", &[("name", &provider.name)]);
    let status = match status {
        StatusCode::OK if !form.is_ok() => StatusCode::UNPROCESSABLE_ENTITY,
        other => other,
    };
    view.render_as(status, "organizations/registry/check", NAV, &title, &page)
}

pub async fn decide(
    who: May<CheckProviders>,
    view: View,
    state: Data<State>,
    id: Path<ProviderId>,
    mut form: Form,
) -> Answer {
    let (id, actor, version) = (*id, who.actor.clone(), form.version());
    let act = form.raw("act").to_owned();
    form.name(&[("reason", "registry-reason")]);
    let reason = match act.as_str() {
        "prove" | "invite" => String::new(),
        _ => form.text("reason", 500),
    };
    let email = match act.as_str() {
        "invite" => form.parsed("email", |typed| {
            accounts::read_email(typed).map_err(|rule| rule.refusal())
        }),
        _ => None,
    };
    // The ids that lay side by side on the page count as seen only with the box ticked.
    let seen: Vec<ProviderId> = if form.is_checked("seen") {
        let ids = form.raw("seen_ids");
        ids.split_whitespace()
            .filter_map(|id| id.parse().ok())
            .collect()
    } else {
        Vec::new()
    };
    let flash = match act.as_str() {
        "prove" => "registry-flash-proven",
        "refuse" => "registry-flash-refused",
        "revoke" => "registry-flash-revoked",
        "invite" => "registry-flash-invited",
        _ => return Err(AppError::BadRequest),
    };
    if let Some(email) = &email
        && !state
            .throttle
            .allows_letter(&view.ctx.network, actor.person_id, Some(email))
    {
        form.refuse(Refusal::new("form-too-often").at("email"));
    }
    if !form.is_ok() {
        return show_with(&who.actor, &view, &state, id, &form, StatusCode::OK).await;
    }
    let (worded, language) = (super::founder_roles(&view), view.language());
    let key = view.once_key(&form);
    let done = state.write_once(key, move |tx| {
        match act.as_str() {
            "prove" => actions::prove(tx, &actor, id, version, &seen)?,
            "refuse" => actions::refuse(tx, &actor, id, version, &reason)?,
            "invite" => {
                let email = email.as_deref().unwrap_or_default();
                actions::invite(tx, &actor, id, email, &worded, language)?;
            }
            _ => actions::revoke(tx, &actor, id, version, &reason)?,
        }
        Ok(format!("/organizations/checks/{id}"))
    });
    match done.await {
        Ok(path) => Ok(view.see_other_with(&path, flash)),
        Err(Failure::Changed) => {
            form.refuse(Refusal::new("registry-check-changed"));
            show_with(&who.actor, &view, &state, id, &form, StatusCode::CONFLICT).await
        }
        Err(error) => {
            form.take_up(AppError::from(error))?;
            show_with(&who.actor, &view, &state, id, &form, StatusCode::OK).await
        }
    }
}
