//! Bids for programs: the own one until the opening, the record afterwards.

use super::pages::{Desk, Place, bid, files, opened, opening, receipt};
use super::{PrepareBids, actions, queries};
use crate::infra::access::{self, Looked};
use crate::infra::failure::Failure;
use crate::kernel::instant;
use crate::kernel::scopes::Scope;
use crate::procurement::projects::ProjectId;
use crate::web::api::field::{field, text};
use crate::web::api::{Api, Kind, tagged, thing};
use crate::web::{Answer, May, State, View};
use actix_web::web::{Data, Path};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

pub fn operations(api: &mut Api) {
    api.get("/projects/{id}/bid", "bids-own", own)
        .scope(Scope::Bids)
        .gives::<OwnBid>();
    api.post("/projects/{id}/bid/draft", "bids-draft", bid::save)
        .scope(Scope::Bids)
        .takes([
            field("price", Kind::Money),
            text("proposal", super::rules::MAX_PROPOSAL),
            text("label-", super::rules::MAX_LABEL).family(),
            field("amount-", Kind::Money).family(),
        ])
        .versioned();
    api.post("/projects/{id}/bid/discard", "bids-discard", bid::discard)
        .scope(Scope::Bids)
        .versioned();
    api.post("/projects/{id}/bid/files", "bids-files", files::upload)
        .scope(Scope::Bids)
        .file("files");
    api.post(
        "/projects/{id}/bid/files/remove",
        "bids-files-remove",
        files::remove,
    )
    .scope(Scope::Bids)
    .takes([text("file", 64).needed()])
    .versioned();
    api.post("/projects/{id}/bid/submit", "bids-submit", bid::submit)
        .scope(Scope::Bids)
        .takes([text("file", 64).many()])
        .versioned();
    api.post("/projects/{id}/bid/replace", "bids-replace", bid::replace)
        .scope(Scope::Bids);
    api.post(
        "/projects/{id}/bid/withdraw",
        "bids-withdraw",
        bid::withdraw,
    )
    .scope(Scope::Bids)
    .takes([field("sure", Kind::Boolean).needed()]);
    api.get(
        "/projects/{id}/bid/receipt",
        "bids-receipt",
        receipt::download,
    )
    .scope(Scope::Bids)
    .takes([text("no", 40)])
    .gives::<serde_json::Value>();
    api.get("/projects/{id}/opening", "opening-show", record)
        .gives::<Record>();
    api.post(
        "/projects/{id}/opening",
        "opening-confirm",
        opening::confirm,
    )
    .scope(Scope::Projects);
    api.get("/projects/{id}/bids/{bid}", "bids-opened", show_opened)
        .scope(Scope::Read)
        .gives::<OpenedBid>();
    api.get(
        "/projects/{id}/bids/{bid}/files/{file}",
        "bids-opened-file",
        opened::download,
    )
    .scope(Scope::Read)
    .media("application/octet-stream");
}

/// What the own body has in a tender. A submitted bid is sealed: nobody reads it here before the opening.
#[derive(Serialize, JsonSchema)]
struct OwnBid {
    draft: Option<DraftDto>,
    /// Files of the draft.
    files: Vec<FileDto>,
    submitted: Option<Submitted>,
}

#[derive(Serialize, JsonSchema)]
struct DraftDto {
    /// Yuan.
    price: Option<String>,
    lines: Vec<LineDto>,
    proposal: String,
    saved_at: String,
}

#[derive(Serialize, JsonSchema)]
struct LineDto {
    label: String,
    /// Yuan.
    amount: String,
}

#[derive(Serialize, JsonSchema)]
struct FileDto {
    name: String,
    size: i64,
    /// Of the sealed bytes; submitting names each file by it.
    cipher_sha256: String,
}

#[derive(Serialize, JsonSchema)]
struct Submitted {
    state: String,
    receipt_no: String,
    at: String,
    cipher_sha256: String,
}

fn lines(lines: &[super::Line]) -> Vec<LineDto> {
    lines
        .iter()
        .map(|line| LineDto {
            label: line.label.clone(),
            amount: line.amount.plain(),
        })
        .collect()
}

async fn own(who: May<PrepareBids>, state: Data<State>, id: Path<ProjectId>) -> Answer {
    let desk = Desk::load(&state, &who.actor, *id).await?;
    let version = desk.version();
    let own = OwnBid {
        draft: desk.draft.as_ref().map(|(draft, _, at)| DraftDto {
            price: draft.price.map(crate::kernel::money::Fen::plain),
            lines: lines(&draft.lines),
            proposal: draft.proposal.clone(),
            saved_at: instant::rfc3339(*at),
        }),
        files: desk
            .files
            .iter()
            .map(|(row, card)| FileDto {
                name: card.name.clone(),
                size: card.size,
                cipher_sha256: row.cipher_sha256.clone(),
            })
            .collect(),
        submitted: desk.current.as_ref().map(|(bid, _)| Submitted {
            state: bid.state.to_string(),
            receipt_no: bid.receipt_no.clone(),
            at: instant::rfc3339(bid.submitted_at),
            cipher_sha256: bid.cipher_sha256.clone(),
        }),
    };
    tagged(version, &own)
}

/// The public record of the opening.
#[derive(Serialize, JsonSchema)]
struct Record {
    opened_at: String,
    openers: Vec<OpenerDto>,
    bids: Vec<RecordedBid>,
}

#[derive(Serialize, JsonSchema)]
struct OpenerDto {
    name: String,
    at: String,
}

#[derive(Serialize, JsonSchema)]
struct RecordedBid {
    /// For those who may read opened bids.
    id: String,
    bidder: Option<String>,
    /// Yuan; none when the bid could not be read.
    price: Option<String>,
    invalid: Option<String>,
}

async fn record(state: Data<State>, id: Path<ProjectId>) -> Answer {
    let place = Place::load(&state, *id).await?;
    let opened_at = place.tender.opened_at.ok_or(Failure::NotFound)?;
    let tender = place.tender.id;
    let (openers, bids, contents, names) = state
        .store
        .read(move |db| {
            Ok((
                queries::list_openers(db, tender)?,
                queries::list_current(db, tender)?,
                queries::list_opened(db, tender)?,
                queries::bidder_names(db, tender)?,
            ))
        })
        .await?;
    let mut names: BTreeMap<_, _> = names.into_iter().collect();
    let prices: BTreeMap<_, _> = contents
        .into_iter()
        .map(|(bid, content)| (bid.id, content.price))
        .collect();
    thing(&Record {
        opened_at: instant::rfc3339(opened_at),
        openers: openers
            .into_iter()
            .map(|(opener, name)| OpenerDto {
                name,
                at: instant::rfc3339(opener.at),
            })
            .collect(),
        bids: bids
            .iter()
            .map(|bid| RecordedBid {
                id: bid.id.to_string(),
                bidder: names.remove(&bid.bidder_id),
                price: prices.get(&bid.id).map(|price| price.plain()),
                invalid: bid.invalid_reason.map(|reason| reason.to_string()),
            })
            .collect(),
    })
}

/// An opened bid, for the purchaser's officers and the panel.
#[derive(Serialize, JsonSchema)]
struct OpenedBid {
    bidder: String,
    receipt_no: String,
    submitted_at: String,
    invalid: Option<String>,
    /// Yuan; none when the bid could not be read.
    price: Option<String>,
    lines: Vec<LineDto>,
    proposal: Option<String>,
    files: Vec<OpenedFile>,
}

#[derive(Serialize, JsonSchema)]
struct OpenedFile {
    id: String,
    name: String,
    size: i64,
    media_type: String,
}

async fn show_opened(
    who: crate::web::SignedIn,
    view: View,
    ids: Path<(ProjectId, super::BidId)>,
) -> Answer {
    let (project, bid) = ids.into_inner();
    let (place, bid) = opened::find(&who.0, &view.state, project, bid).await?;
    access::looked(&view.state.store, &who.0, opened::look(Looked::Bid, &bid)).await?;
    let (bid_id, tender, secrets) = (bid.id, place.tender.id, view.state.secrets.clone());
    let (content, files, names) = view
        .state
        .store
        .read(move |db| {
            let mut files = Vec::new();
            for row in queries::list_bid_files(db, bid_id)? {
                files.push((row.id, actions::open_card(&secrets, &row)?));
            }
            Ok((
                queries::find_content(db, bid_id)?,
                files,
                queries::bidder_names(db, tender)?,
            ))
        })
        .await?;
    let bidder = names.into_iter().find(|(body, _)| *body == bid.bidder_id);
    thing(&OpenedBid {
        bidder: bidder.map(|(_, name)| name).unwrap_or_default(),
        receipt_no: bid.receipt_no,
        submitted_at: instant::rfc3339(bid.submitted_at),
        invalid: bid.invalid_reason.map(|reason| reason.to_string()),
        price: content.as_ref().map(|content| content.price.plain()),
        lines: content
            .as_ref()
            .map(|content| lines(&content.lines))
            .unwrap_or_default(),
        proposal: content.map(|content| content.proposal),
        files: files
            .into_iter()
            .map(|(id, card)| OpenedFile {
                id: id.to_string(),
                name: card.name,
                size: card.size,
                media_type: card.media_type,
            })
            .collect(),
    })
}
