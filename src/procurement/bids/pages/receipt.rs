//! The receipt: to print, and as the signed file.

use super::super::model::Bid;
use super::super::{PrepareBids, actions, queries, rules};
use super::{NAV, Place, attachment, bid, fate, with_cards};
use crate::infra::actor::Actor;
use crate::infra::failure::Failure;
use crate::procurement::projects::ProjectId;
use crate::procurement::tenders;
use crate::web::{Answer, May, State, View};
use actix_web::HttpResponse;
use actix_web::web::{Data, Path, Query};
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
pub struct Which {
    no: Option<String>,
}

/// The bid of that number, or the bidder's last; always only its own.
async fn find(
    state: &Data<State>,
    actor: &Actor,
    id: ProjectId,
    which: Which,
) -> Result<(Place, Bid), Failure> {
    let bidder = actions::bidder_of(actor)?;
    state
        .store
        .read(move |db| {
            let mut place = Place::find(db, id)?;
            let bid = match which.no {
                Some(no) => queries::find_by_receipt(db, bidder, &no)?,
                None => queries::list_of_bidder(db, place.tender.id, bidder)?
                    .into_iter()
                    .next(),
            };
            let bid = bid.ok_or(Failure::NotFound)?;
            // It may be of an earlier round.
            place.tender = tenders::find(db, bid.tender_id)?;
            Ok((place, bid))
        })
        .await
}

pub async fn show(
    who: May<PrepareBids>,
    view: View,
    state: Data<State>,
    id: Path<ProjectId>,
    which: Query<Which>,
) -> Answer {
    let (place, found) = find(&state, &who.actor, *id, which.into_inner()).await?;
    let (bid_id, secrets) = (found.id, state.secrets.clone());
    let files = state
        .store
        .read(move |db| with_cards(&secrets, queries::list_bid_files(db, bid_id)?))
        .await?;
    let title = view.say("bids-receipt-title");
    let checked = actions::check_receipt(&found.receipt, None)
        .ok_or_else(|| Failure::internal("a receipt row holds no receipt"))?;
    let body = json!({
        "project": { "path": place.path(""), "number": place.project.number, "title": place.project.title },
        "receipt": {
            "no": found.receipt_no, "at": rules::exact(found.submitted_at), "hash": found.cipher_sha256,
            "bidder": checked.receipt.bidder, "public_key": checked.receipt.public_key,
            "ledger": checked.receipt.ledger_chain_hash,
            "fate": fate(&view, &place, &found),
            "ended": found.ended_at.map(rules::exact),
            "download": format!("{}?no={}", place.path("/bid/receipt.json"), found.receipt_no),
        },
        "files": bid::files_view(&files),
        "bid_path": place.path("/bid"),
    });
    view.render("procurement/bids/receipt", NAV, &title, &body)
}

pub async fn download(
    who: May<PrepareBids>,
    state: Data<State>,
    id: Path<ProjectId>,
    which: Query<Which>,
) -> Answer {
    let (_, found) = find(&state, &who.actor, *id, which.into_inner()).await?;
    let name = format!("receipt-{}.json", found.receipt_no);
    Ok(HttpResponse::Ok()
        .content_type("application/json; charset=utf-8")
        .insert_header(("content-disposition", attachment(&name)))
        .body(found.receipt))
}
