//! Awards for programs.

use super::pages;
use crate::infra::actor::Actor;
use crate::kernel::scopes::Scope;
use crate::procurement::projects::ProjectId;
use crate::web::api::field::{field, text};
use crate::web::api::{Api, Kind, thing};
use crate::web::{Answer, State, View};
use actix_web::web::{Data, Path};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

pub fn operations(api: &mut Api) {
    api.post("/projects/{id}/award", "awards-award", pages::save)
        .scope(Scope::Projects)
        .takes([
            text("bid", 20).needed(),
            field(
                "ground",
                Kind::OneOf(&["refused_to_sign", "force_majeure", "found_unlawful"]),
            ),
            text("reason", 1000),
        ])
        .versioned();
    api.get("/projects/{id}/result", "awards-result", result)
        .gives::<ResultDto>();
}

/// The result of a tender, and the reader's own place in it.
#[derive(Serialize, JsonSchema)]
struct ResultDto {
    winner: String,
    /// Yuan.
    price: String,
    /// The award notice: winner, price, panel, grounds.
    notice: Value,
    own: Option<OwnResult>,
}

/// What a bidder may know of itself.
#[derive(Serialize, JsonSchema)]
struct OwnResult {
    rank: Option<i64>,
    price_points: Option<String>,
    total: Option<String>,
    /// The mean of the panel's points for each criterion.
    means: Vec<Mean>,
    is_winner: bool,
}

#[derive(Serialize, JsonSchema)]
struct Mean {
    criterion: String,
    points: String,
}

async fn result(view: View, state: Data<State>, id: Path<ProjectId>) -> Answer {
    let (id, actor): (ProjectId, Option<Actor>) = (*id, view.actor().cloned());
    let found = state
        .store
        .read(move |db| pages::read_result(db, actor.as_ref(), id))
        .await?;
    let own = found.own.as_ref().map(|own| OwnResult {
        rank: own.ranked.as_ref().map(|bid| bid.rank),
        price_points: own.ranked.as_ref().map(|bid| bid.price_points.to_text()),
        total: own.ranked.as_ref().map(|bid| bid.total.to_text()),
        means: own
            .means
            .iter()
            .filter_map(|mean| {
                let criterion = own
                    .criteria
                    .iter()
                    .find(|one| one.id == mean.criterion_id)?;
                Some(Mean {
                    criterion: criterion.name.clone(),
                    points: mean.points.to_text(),
                })
            })
            .collect(),
        is_winner: own.is_winner,
    });
    thing(&ResultDto {
        winner: found.winner.bidder_name.clone(),
        price: found.winner.price.plain(),
        notice: found.notice.clone(),
        own,
    })
}
