//! Panels and sheets for programs: a member reads and scores alone, the officer forms the panel.

use super::model::{EvaluateTenders, ScoreBids};
use super::pages::{officer, sheet};
use super::queries;
use crate::common::panels;
use crate::infra::access::{self, Look};
use crate::infra::failure::Failure;
use crate::kernel::paging::Page;
use crate::kernel::scopes::Scope;
use crate::kernel::score::Points;
use crate::procurement::projects::{self, ProjectId};
use crate::procurement::tenders::{self, TenderId};
use crate::web::api::field::{field, text};
use crate::web::api::{Api, Kind, tagged, thing};
use crate::web::{Answer, May, State};
use actix_web::web::{Data, Path};
use schemars::JsonSchema;
use serde::Serialize;

pub fn operations(api: &mut Api) {
    api.post("/projects/{id}/panel", "panel-form", officer::form)
        .scope(Scope::Projects)
        .takes([text("size", 3).needed(), text("representatives", 20).many()]);
    api.post("/projects/{id}/panel/draw", "panel-draw", officer::draw)
        .scope(Scope::Projects);
    api.post(
        "/projects/{id}/panel/remind",
        "panel-remind",
        officer::remind,
    )
    .scope(Scope::Projects);
    api.post(
        "/projects/{id}/panel/replace",
        "panel-replace",
        officer::replace,
    )
    .scope(Scope::Projects)
    .takes([
        text("member", 20).needed(),
        text("replace_reason", 500).needed(),
    ]);
    api.get("/projects/{id}/evaluation", "evaluation-show", ranking)
        .scope(Scope::Projects)
        .gives::<Page<Ranked>>();
    api.get("/panel", "panel-list", list)
        .scope(Scope::Evaluation)
        .gives::<Page<Seat>>();
    api.get("/panel/{tender}", "panel-show", show)
        .scope(Scope::Evaluation)
        .gives::<SheetDto>();
    api.post("/panel/{tender}/declare", "panel-declare", sheet::declare)
        .scope(Scope::Evaluation)
        .takes([field("no_conflict", Kind::Boolean).needed()]);
    api.post("/panel/{tender}/recuse", "panel-recuse", sheet::recuse)
        .scope(Scope::Evaluation)
        .takes([text("recuse_reason", 500).needed()]);
    api.post("/panel/{tender}/bids/{bid}", "panel-score", sheet::save)
        .scope(Scope::Evaluation)
        .takes([
            field("points_", Kind::Points).family(),
            text("note_", 1000).family(),
        ])
        .versioned();
    api.post("/panel/{tender}/submit", "panel-submit", sheet::submit)
        .scope(Scope::Evaluation)
        .takes([text("reason", 500)])
        .versioned();
}

/// A tender in whose panel the person sits.
#[derive(Serialize, JsonSchema)]
struct Seat {
    tender: i64,
    project: i64,
    number: String,
    title: String,
    state: String,
}

async fn list(who: May<ScoreBids>, state: Data<State>) -> Answer {
    let person = who.actor.person_id;
    let rows = state
        .store
        .read(move |db| {
            let mut rows = Vec::new();
            for tender in panels::list_of_person(db, person, super::SUBJECT)? {
                let tender = tenders::find(db, TenderId(tender))?;
                let project = projects::find(db, tender.project_id)?;
                rows.push(Seat {
                    tender: tender.id.0,
                    project: project.id.0,
                    number: project.number,
                    title: project.title,
                    state: tender.state.to_string(),
                });
            }
            Ok(rows)
        })
        .await?;
    thing(&Page { rows, next: None })
}

/// A member's own sheet; nobody else's scores are in it.
#[derive(Serialize, JsonSchema)]
struct SheetDto {
    project: i64,
    requirement: String,
    /// Yuan.
    budget: String,
    criteria: Vec<Asked>,
    bids: Vec<ReadBid>,
}

#[derive(Serialize, JsonSchema)]
struct Asked {
    /// Its fields are `points_<place>` and `note_<place>`.
    place: usize,
    name: String,
    measure: String,
    weight: i64,
}

#[derive(Serialize, JsonSchema)]
struct ReadBid {
    id: String,
    bidder: String,
    /// Yuan.
    price: String,
    is_valid: bool,
    proposal: String,
    /// Own points by the criterion's place.
    points: Vec<Option<String>>,
}

async fn show(who: May<ScoreBids>, state: Data<State>, id: Path<TenderId>) -> Answer {
    let (id, actor) = (*id, who.actor);
    let by = actor.clone();
    let seen = state.store.read(move |db| sheet::read(db, &by, id)).await?;
    let looks: Vec<Look> = seen.bids.iter().map(sheet::look).collect();
    state
        .store
        .write(move |tx| {
            looks
                .iter()
                .try_for_each(|look| access::note(tx, &actor, look))
        })
        .await?;
    let own = |bid: &sheet::Read, criterion: &tenders::Criterion| {
        let score = seen
            .scores
            .iter()
            .find(|score| score.bid_id == bid.id && score.criterion_id == criterion.id);
        score.map(|score| Points::from_hundredths(score.points).to_string())
    };
    let version = seen.seat.sheet.as_ref().map_or(-1, |sheet| sheet.version);
    let dto = SheetDto {
        project: seen.seat.project.id.0,
        requirement: seen.seat.project.requirement.clone(),
        budget: seen.seat.project.budget_fen.plain(),
        criteria: (1..)
            .zip(&seen.criteria)
            .map(|(place, criterion)| Asked {
                place,
                name: criterion.name.clone(),
                measure: criterion.measure.clone(),
                weight: criterion.weight,
            })
            .collect(),
        bids: seen
            .bids
            .iter()
            .map(|bid| ReadBid {
                id: bid.id.to_string(),
                bidder: bid.bidder.clone(),
                price: bid.content.price.plain(),
                is_valid: bid.is_valid,
                proposal: bid.content.proposal.clone(),
                points: seen
                    .criteria
                    .iter()
                    .map(|criterion| own(bid, criterion))
                    .collect(),
            })
            .collect(),
    };
    tagged(version, &dto)
}

#[derive(Serialize, JsonSchema)]
struct Ranked {
    bid: String,
    bidder: String,
    /// Yuan.
    price: String,
    price_points: String,
    /// Exact, as a fraction where it has no end.
    total: String,
    rank: i64,
}

/// The ranking, once all sheets are in: for the purchaser, as on its page. The tag is the tender's, for the award.
async fn ranking(who: May<EvaluateTenders>, state: Data<State>, id: Path<ProjectId>) -> Answer {
    let (id, body) = (*id, who.actor.body_id());
    let (version, rows) = state
        .store
        .read(move |db| {
            let project = projects::find(db, id)?;
            if body != Some(project.buyer_id) {
                return Err(Failure::NotFound);
            }
            let tender = tenders::newest_of(db, id)?.ok_or(Failure::NotFound)?;
            Ok((tender.version, queries::results_of(db, tender.id)?))
        })
        .await?;
    let rows = rows
        .into_iter()
        .map(|bid| Ranked {
            bid: bid.bid_id.to_string(),
            bidder: bid.bidder_name,
            price: bid.price.plain(),
            price_points: bid.price_points.to_text(),
            total: bid.total.to_text(),
            rank: bid.rank,
        })
        .collect();
    tagged(version, &Page { rows, next: None })
}
