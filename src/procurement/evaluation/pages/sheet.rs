//! A member's own pages: declaration, the bids, the sheet. Nobody else's scores are ever read here.

use super::fields::{NAMES, crumbs, field};
use crate::common::panels;
use crate::infra::access::{self, Look, Looked};
use crate::infra::actor::Actor;
use crate::infra::db::Db;
use crate::infra::failure::{Failure, Rule};
use crate::kernel::instant;
use crate::kernel::people::BodyId;
use crate::kernel::score::Points;
use crate::procurement::bids::{self, BidContent, BidId};
use crate::procurement::evaluation::actions::{self, Seat};
use crate::procurement::evaluation::model::{Mark, Score, ScoreBids};
use crate::procurement::evaluation::rules::{self, Act, Phase, Step};
use crate::procurement::evaluation::{SUBJECT, queries};
use crate::procurement::projects;
use crate::procurement::tenders::{self, Criterion, TenderId, TenderState};
use crate::web::{Answer, AppError, Form, May, State, View};
use actix_web::web::{Data, Path};
use chrono::NaiveDateTime;
use serde_json::{Value, json};

/// A bid as a member reads it.
pub struct Read {
    pub id: BidId,
    pub bidder_id: BodyId,
    pub bidder: String,
    pub content: BidContent,
    pub is_valid: bool,
    done: usize,
    asked: usize,
}

pub struct Seen {
    pub seat: Seat,
    limit: Option<NaiveDateTime>,
    /// Between whom and oneself there must be no interest, each with its legal head.
    pub bidders: Vec<(String, Option<String>)>,
    pub criteria: Vec<Criterion>,
    pub bids: Vec<Read>,
    pub scores: Vec<Score>,
}

pub fn read(db: &mut Db, actor: &Actor, tender: TenderId) -> Result<Seen, Failure> {
    let tender = tenders::find(db, tender)?;
    let seat = actions::seat(db, tender, actor.person_id)?;
    let may_read = rules::member_may(seat.phase, Act::Read).is_ok();
    let scores = queries::list_scores(db, seat.tender.id, &[actor.person_id])?;
    let mut read = Vec::new();
    if may_read {
        let names = queries::bidder_names(db, seat.tender.id)?;
        for (bid, content) in bids::list_opened(db, seat.tender.id)? {
            let of = || scores.iter().filter(|score| score.bid_id == bid.id);
            read.push(Read {
                id: bid.id,
                bidder_id: bid.bidder_id,
                bidder: names
                    .iter()
                    .find(|(id, _, _)| *id == bid.id)
                    .map(|(_, _, name)| name.clone())
                    .unwrap_or_default(),
                is_valid: rules::is_valid(content.price, seat.project.budget_fen),
                done: of().count(),
                asked: of().filter(|score| score.asked_points.is_some()).count(),
                content,
            });
        }
    }
    // Known to everybody by the opening, and to nobody before it.
    let bidders = if rules::may(seat.tender.state, Step::Declare).is_ok() {
        queries::bidder_heads(db, seat.tender.id)?
    } else {
        Vec::new()
    };
    Ok(Seen {
        bidders,
        limit: actions::limit_of(db, seat.tender.id)?,
        criteria: actions::quality(db, seat.tender.id)?,
        bids: read,
        scores,
        seat,
    })
}

pub async fn list(who: May<ScoreBids>, view: View, state: Data<State>) -> Answer {
    let actor = who.actor;
    let rows = state
        .store
        .read(move |db| {
            let mut rows = Vec::new();
            for tender in panels::list_of_person(db, actor.person_id, SUBJECT)? {
                let tender = tenders::find(db, TenderId(tender))?;
                let project = projects::find(db, tender.project_id)?;
                let seat = actions::seat(db, tender, actor.person_id)?;
                let limit = actions::limit_of(db, seat.tender.id)?;
                rows.push((project, seat, limit));
            }
            Ok(rows)
        })
        .await?;
    let rows: Vec<Value> = rows
        .iter()
        .map(|(project, seat, limit)| {
            let stand = stand(seat.tender.state, seat.phase);
            json!({
                "href": format!("/panel/{}", seat.tender.id), "title": project.title, "number": project.number,
                "stand": view.say(&format!("evaluation-phase-{stand}")),
                "limit": limit.filter(|_| asks(stand)).map(instant::deadline),
            })
        })
        .collect();
    let title = view.say("evaluation-list-title");
    view.render(
        "procurement/evaluation/list",
        "work",
        &title,
        &json!({ "rows": rows }),
    )
}

fn stand(state: TenderState, phase: Phase) -> &'static str {
    match (state, phase) {
        (TenderState::Closed, Phase::Undeclared) => "waiting",
        (TenderState::Opened, Phase::Undeclared) => "undeclared",
        (TenderState::Opened, Phase::Scoring) => "scoring",
        (TenderState::Opened, Phase::Reopened) => "reopened",
        (TenderState::Opened, Phase::Submitted) => "submitted",
        (TenderState::Failed | TenderState::Cancelled, _) => "failed",
        _ => "over",
    }
}

/// Whether the member has something left to do.
fn asks(stand: &str) -> bool {
    matches!(stand, "undeclared" | "scoring" | "reopened")
}

pub async fn show(
    who: May<ScoreBids>,
    view: View,
    state: Data<State>,
    id: Path<TenderId>,
) -> Answer {
    let id = *id;
    page(&view, &state, &who.actor, id, &Form::default()).await
}

async fn page(
    view: &View,
    state: &Data<State>,
    actor: &Actor,
    id: TenderId,
    form: &Form,
) -> Answer {
    let actor = actor.clone();
    let seen = state.store.read(move |db| read(db, &actor, id)).await?;
    let (seat, project) = (&seen.seat, &seen.seat.project);
    let stand = stand(seat.tender.state, seat.phase);
    let bids: Vec<Value> = seen
        .bids
        .iter()
        .map(|bid| {
            json!({
                "href": format!("/panel/{id}/bids/{}", bid.id), "bidder": bid.bidder,
                "price": bid.content.price.to_string(), "is_valid": bid.is_valid,
                "done": bid.done.to_string(), "of": seen.criteria.len().to_string(),
                "complete": bid.done >= seen.criteria.len(), "asked": (bid.asked > 0).then(|| bid.asked.to_string()),
            })
        })
        .collect();
    let valid = seen.bids.iter().filter(|bid| bid.is_valid).count();
    let missing = (valid * seen.criteria.len()).saturating_sub(seen.scores.len());
    let is_scoring = seat.tender.state == TenderState::Opened;
    view.render_form(
        "procurement/evaluation/sheet",
        "work",
        &project.title,
        form,
        &json!({
            "crumbs": crumbs(view, &[("evaluation-list-title", Some("/panel".into())), (&project.title, None)]),
            "id": id.to_string(), "title": project.title, "number": project.number,
            "requirement": project.requirement, "budget": project.budget_fen.to_string(),
            "project_href": format!("/projects/{}", project.id),
            "stand": view.say(&format!("evaluation-phase-{stand}")),
            "may_declare": rules::may(seat.tender.state, Step::Declare).is_ok() && seat.phase == Phase::Undeclared,
            "may_recuse": rules::may(seat.tender.state, Step::FormPanel).is_ok()
                && rules::member_may(seat.phase, Act::Recuse).is_ok(),
            "may_submit": is_scoring && rules::member_may(seat.phase, Act::Submit).is_ok(),
            "reopened": is_scoring && seat.phase == Phase::Reopened,
            "version": seat.sheet.as_ref().map_or(-1, |sheet| sheet.version).to_string(),
            "missing": (missing > 0).then(|| missing.to_string()),
            "bids": bids,
            "limit": seen.limit.filter(|_| asks(stand)).map(instant::deadline),
            "bidders": seen.bidders.iter()
                .map(|(name, head)| json!({ "name": name, "head": head }))
                .collect::<Vec<_>>(),
            "agree": [{ "value": "yes", "label": view.say("evaluation-declare-yes") }],
        }),
    )
}

/// Answers with the member's page again when an action refused; otherwise leads back to it.
async fn after(
    view: &View,
    state: &Data<State>,
    actor: &Actor,
    id: TenderId,
    mut form: Form,
    done: Result<(), Failure>,
    flash: &str,
) -> Answer {
    match done {
        Ok(()) => Ok(view.see_other_with(&format!("/panel/{id}"), flash)),
        Err(error) => {
            form.take_up(AppError::from(error))?;
            page(view, state, actor, id, &form).await
        }
    }
}

pub async fn declare(
    who: May<ScoreBids>,
    view: View,
    state: Data<State>,
    id: Path<TenderId>,
    mut form: Form,
) -> Answer {
    let (id, actor) = (*id, who.actor.clone());
    if !form.is_checked("no_conflict") {
        form.refuse(rules::EvaluationRule::NotConfirmed.refusal());
        return page(&view, &state, &who.actor, id, &form).await;
    }
    let done = state
        .store
        .write(move |tx| actions::declare(tx, &actor, id))
        .await;
    after(
        &view,
        &state,
        &who.actor,
        id,
        form,
        done,
        "evaluation-flash-declared",
    )
    .await
}

pub async fn recuse(
    who: May<ScoreBids>,
    view: View,
    state: Data<State>,
    id: Path<TenderId>,
    mut form: Form,
) -> Answer {
    let (id, actor) = (*id, who.actor.clone());
    let reason = form.text("recuse_reason", 500);
    if !form.is_ok() {
        return page(&view, &state, &who.actor, id, &form).await;
    }
    let done = state
        .store
        .write(move |tx| actions::recuse(tx, &actor, id, &reason))
        .await;
    match done {
        Ok(()) => Ok(view.see_other_with("/panel", "evaluation-flash-recused")),
        Err(error) => {
            form.take_up(AppError::from(error))?;
            page(&view, &state, &who.actor, id, &form).await
        }
    }
}

pub async fn submit(
    who: May<ScoreBids>,
    view: View,
    state: Data<State>,
    id: Path<TenderId>,
    mut form: Form,
) -> Answer {
    let (id, actor, version) = (*id, who.actor.clone(), form.version());
    let reason = form.optional("reason", 500);
    if !form.is_ok() {
        return page(&view, &state, &who.actor, id, &form).await;
    }
    let done = state
        .store
        .write(move |tx| actions::confirm_or_submit(tx, &actor, id, version, &reason))
        .await;
    after(
        &view,
        &state,
        &who.actor,
        id,
        form,
        done,
        "evaluation-flash-submitted",
    )
    .await
}

/// A member's look at what a bidder offered.
pub fn look(bid: &Read) -> Look {
    Look::at(Looked::Bid, "bid", bid.id.0).of_body(bid.bidder_id)
}

pub async fn bid(
    who: May<ScoreBids>,
    view: View,
    state: Data<State>,
    path: Path<(TenderId, BidId)>,
) -> Answer {
    let (id, bid) = path.into_inner();
    let actor = who.actor;
    let by = actor.clone();
    let seen = state.store.read(move |db| read(db, &by, id)).await?;
    for read in seen.bids.iter().filter(|read| read.id == bid) {
        access::looked(&state.store, &actor, look(read)).await?;
    }
    let mut form = Form::default();
    for (criterion, (points, note)) in seen.criteria.iter().zip(NAMES) {
        if let Some(score) = score_of(&seen, bid, criterion) {
            form = form
                .with(points, Points::from_hundredths(score.points))
                .with(note, &score.note);
        }
    }
    show_bid(&view, &seen, bid, &form)
}

fn score_of<'a>(seen: &'a Seen, bid: BidId, criterion: &Criterion) -> Option<&'a Score> {
    seen.scores
        .iter()
        .find(|score| score.bid_id == bid && score.criterion_id == criterion.id)
}

fn show_bid(view: &View, seen: &Seen, id: BidId, form: &Form) -> Answer {
    let seat = &seen.seat;
    // Undeclared members have no bids to find.
    let bid = seen
        .bids
        .iter()
        .find(|bid| bid.id == id)
        .ok_or(Failure::NotFound)?;
    let typed = form.view(&view.state.words, view.language());
    let may_save = bid.is_valid
        && seat.tender.state == TenderState::Opened
        && rules::member_may(seat.phase, Act::Save).is_ok();
    let marks: Vec<Value> = seen
        .criteria
        .iter()
        .zip(NAMES)
        .map(|(criterion, (points, note))| {
            let weight = criterion.weight.to_string();
            let label = view.say_with(
                "evaluation-points",
                &[("name", &criterion.name), ("weight", &weight)],
            );
            let note_hint = view.say("evaluation-note-hint");
            let note_label = view.say_with("evaluation-note-of", &[("name", &criterion.name)]);
            let score = score_of(seen, id, criterion);
            let asked = score
                .and_then(|score| score.asked_points)
                .map(Points::from_hundredths);
            json!({
                "name": criterion.name, "measure": criterion.measure, "weight": weight,
                "points": field(&typed, points, &label, None, true),
                "note": field(&typed, note, &note_label, Some(&note_hint), false),
                "given": score.map(|score| Points::from_hundredths(score.points).to_string()),
                "given_note": score.map(|score| score.note.clone()),
                "asked": asked.map(|asked| asked.to_string()),
            })
        })
        .collect();
    let lines: Vec<Value> = bid
        .content
        .lines
        .iter()
        .map(|line| json!({ "label": line.label, "amount": line.amount.to_string() }))
        .collect();
    let (tender, project) = (seat.tender.id, &seat.project);
    view.render_form(
        "procurement/evaluation/bid",
        "work",
        &bid.bidder,
        form,
        &json!({
            "crumbs": crumbs(view, &[
                ("evaluation-list-title", Some("/panel".into())),
                (&project.title, Some(format!("/panel/{tender}"))),
                (&bid.bidder, None),
            ]),
            "tender": tender.to_string(), "id": id.to_string(), "bidder": bid.bidder, "project": project.title,
            "price": bid.content.price.to_string(), "capitals": bid.content.price.capitals(),
            "share": bid.content.price.share_of(project.budget_fen),
            "budget": project.budget_fen.to_string(),
            "lines": lines, "proposal": bid.content.proposal, "is_valid": bid.is_valid,
            "may_save": may_save, "reopened": seat.phase == Phase::Reopened,
            "version": seat.sheet.as_ref().map_or(-1, |sheet| sheet.version).to_string(),
            "marks": marks, "files": format!("/projects/{}/bids/{id}", project.id),
        }),
    )
}

pub async fn save(
    who: May<ScoreBids>,
    view: View,
    state: Data<State>,
    path: Path<(TenderId, BidId)>,
    mut form: Form,
) -> Answer {
    let (id, bid) = path.into_inner();
    let actor = who.actor.clone();
    let seen = state.store.read(move |db| read(db, &actor, id)).await?;
    let mut marks = Vec::new();
    for (criterion, (field, note)) in seen.criteria.iter().zip(NAMES) {
        // Empty is “not yet”, and no zero.
        let points = match form.raw(field).trim() {
            "" => None,
            typed => match rules::read_points(typed, criterion.weight, field) {
                Ok(points) => Some(points),
                Err(rule) => {
                    form.refuse(rule.refusal());
                    None
                }
            },
        };
        let note = form.optional(note, 1000);
        marks.push(Mark {
            criterion_id: criterion.id,
            field,
            points,
            note,
        });
    }
    if form.is_ok() {
        let (actor, version) = (who.actor.clone(), form.version());
        let done = state
            .store
            .write(move |tx| actions::save_scores(tx, &actor, id, bid, version, &marks))
            .await;
        match done {
            Ok(()) => {
                return Ok(view.see_other_with(&format!("/panel/{id}"), "evaluation-flash-saved"));
            }
            Err(error) => form.take_up(AppError::from(error))?,
        }
    }
    show_bid(&view, &seen, bid, &form)
}
