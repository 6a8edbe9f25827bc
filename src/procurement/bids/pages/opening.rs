//! `/projects/{id}/opening`: officers open together; afterwards everybody reads the record.

use super::super::actions;
use super::super::{OpenBids, queries, rules};
use super::{NAV, Place};
use crate::common::rulesets;
use crate::infra::actor::Actor;
use crate::infra::failure::{Failure, Rule};
use crate::kernel::instant;
use crate::kernel::roles::Role;
use crate::organizations::registry;
use crate::procurement::projects::ProjectId;
use crate::procurement::tenders::TenderState;
use crate::web::{Answer, Form, May, State, View};
use actix_web::web::{Data, Path};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub async fn show(view: View, state: Data<State>, id: Path<ProjectId>) -> Answer {
    let place = Place::load(&state, *id).await?;
    page(&view, &state, &place, &Form::default()).await
}

async fn page(view: &View, state: &Data<State>, place: &Place, form: &Form) -> Answer {
    if place.tender.opened_at.is_some() {
        return record(view, state, place).await;
    }
    let officer = view
        .actor()
        .filter(|actor| actor.acts_for(place.project.buyer_id, Role::Officer))
        .ok_or(Failure::NotFound)?
        .clone();
    let (tender, me) = (place.tender.clone(), officer.person_id);
    let (openers, method, is_member) = state
        .store
        .read(move |db| {
            Ok((
                queries::list_openers(db, tender.id)?,
                rulesets::load_method(db, tender.rule_set_id)?.rules,
                actions::is_panel_member(db, tender.id, me)?,
            ))
        })
        .await?;
    let has_confirmed = openers.iter().any(|(opener, _)| opener.person_id == me);
    let needed = method.openers as usize;
    let is_full = openers.len() >= needed;
    let refusal = rules::may_confirm(
        &method.opening_article,
        place.tender.state,
        is_member,
        has_confirmed && !is_full,
    )
    .err();
    let body = json!({
        "project": { "path": place.path(""), "number": place.project.number, "title": place.project.title },
        "action": place.path("/opening"),
        "closes": place.tender.closes_at.map(instant::deadline),
        "state": view.say(&format!("tenders-state-{}", place.tender.state)),
        "openers": openers
            .iter()
            .map(|(opener, name)| json!({ "name": name, "at": instant::second(opener.at) }))
            .collect::<Vec<_>>(),
        "needed": needed.to_string(),
        "is_interrupted": is_full && has_confirmed,
        "refusal": refusal.as_ref().map(|rule| view.word(&rule.refusal())),
    });
    view.render_form(
        "procurement/bids/opening",
        NAV,
        &view.say("bids-opening-title"),
        form,
        &body,
    )
}

/// Confirms; with enough confirmations it opens. An opening that was interrupted is taken up by confirming again.
pub async fn confirm(
    who: May<OpenBids>,
    view: View,
    state: Data<State>,
    id: Path<ProjectId>,
) -> Answer {
    let place = Place::load(&state, *id).await?;
    let (tender, actor) = (place.tender.id, who.actor.clone());
    let confirmed = state
        .store
        .write(move |tx| actions::confirm(tx, &actor, tender))
        .await;
    if let Err(failure) = confirmed {
        let mut form = Form::default();
        form.take_up(failure.into())?;
        return page(&view, &state, &place, &form).await;
    }
    let opened = open_if_enough(&state, &who.actor, &place).await?;
    let flash = if opened {
        "bids-flash-opened"
    } else {
        "bids-flash-confirmed"
    };
    Ok(view.see_other_with(&actions::opening_path(&place.project), flash))
}

async fn open_if_enough(
    state: &Data<State>,
    actor: &Actor,
    place: &Place,
) -> Result<bool, Failure> {
    let (tender, secrets) = (place.tender.clone(), state.secrets.clone());
    let outcomes = state
        .store
        .read(move |db| actions::decrypt(db, &secrets, &tender))
        .await?;
    let Some(outcomes) = outcomes else {
        return Ok(false);
    };
    let (tender, actor) = (place.tender.id, actor.clone());
    state
        .store
        .write(move |tx| actions::record(tx, &actor, tender, &outcomes))
        .await?;
    Ok(true)
}

/// The public record.
async fn record(view: &View, state: &Data<State>, place: &Place) -> Answer {
    let tender = place.tender.clone();
    let (openers, bids, contents, names, proven) = state
        .store
        .read(move |db| {
            let bids = queries::list_current(db, tender.id)?;
            let bidders: Vec<_> = bids.iter().map(|bid| bid.bidder_id).collect();
            let names = queries::bidder_names(db, tender.id)?;
            Ok((
                queries::list_openers(db, tender.id)?,
                bids,
                queries::list_opened(db, tender.id)?,
                names,
                registry::proven_of(db, &bidders)?,
            ))
        })
        .await?;
    let names: BTreeMap<_, _> = names.into_iter().collect();
    let prices: BTreeMap<_, _> = contents
        .into_iter()
        .map(|(bid, content)| (bid.id, content.price))
        .collect();
    let budget = place.project.budget_fen;
    let reads = super::opened::may_read(view, state, place).await?;
    let rows: Vec<Value> = bids
        .iter()
        .map(|bid| {
            let price = prices.get(&bid.id);
            json!({
                "bidder": names.get(&bid.bidder_id),
                "is_unproven": !proven.contains(&bid.bidder_id),
                "price": price.map(ToString::to_string),
                "capitals": price.map(|price| price.capitals()),
                "share": price.and_then(|price| price.share_of(budget)),
                "is_over": price.is_some_and(|price| rules::is_over_budget(*price, budget)),
                "invalid": bid.invalid_reason.map(|reason| view.say(&format!("bids-invalid-{reason}"))),
                "href": reads.then(|| place.path(&format!("/bids/{}", bid.id))),
            })
        })
        .collect();
    let title = view.say("bids-record-title");
    let body = json!({
        "crumbs": [
            { "label": view.say("layout-nav-projects"), "href": "/projects" },
            { "label": place.project.title, "href": place.path("") },
            { "label": title, "href": Value::Null },
        ],
        "project": { "path": place.path(""), "number": place.project.number, "title": place.project.title },
        "budget": budget.to_string(),
        "opened_at": place.tender.opened_at.map(instant::second),
        "openers": openers
            .iter()
            .map(|(opener, name)| json!({ "name": name, "at": instant::second(opener.at) }))
            .collect::<Vec<_>>(),
        "bids": rows,
        "is_opened": place.tender.state != TenderState::Closed,
    });
    view.render("procurement/bids/record", NAV, &title, &body)
}
