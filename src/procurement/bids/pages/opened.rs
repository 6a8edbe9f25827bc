//! After the opening: the purchaser's officers and the panel read a bid and its files. Each read of a file is logged.

use super::super::model::{Bid, BidFileId, BidId, FileRow};
use super::super::{SUBJECT, actions, queries, rules};
use super::{NAV, Place, attachment, size_text, with_cards};
use crate::common::panels;
use crate::infra::access::{self, Look, Looked};
use crate::infra::actor::Actor;
use crate::infra::failure::Failure;
use crate::infra::ledger::{self, Entry};
use crate::infra::seal;
use crate::kernel::instant;
use crate::kernel::roles::Role;
use crate::procurement::projects::ProjectId;
use crate::web::{Answer, SignedIn, State, View};
use actix_web::HttpResponse;
use actix_web::web::{Bytes, Data, Path};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::io::Read;

const PIECE: usize = 64 * 1024;

/// Whether this reader may read opened bids: an officer of the purchaser, or a member of the panel who was not recused.
pub async fn may_read(view: &View, state: &Data<State>, place: &Place) -> Result<bool, Failure> {
    let Some(actor) = view.actor() else {
        return Ok(false);
    };
    reads(actor, state, place).await
}

async fn reads(actor: &Actor, state: &Data<State>, place: &Place) -> Result<bool, Failure> {
    if place.tender.opened_at.is_none() {
        return Ok(false);
    }
    if actor.acts_for(place.project.buyer_id, Role::Officer) {
        return Ok(true);
    }
    let (tender, person) = (place.tender.id, actor.person_id);
    state
        .store
        .read(move |db| {
            let Some(panel) = panels::find_of(db, (SUBJECT, tender.0))? else {
                return Ok(false);
            };
            Ok(panels::list_members(db, panel)?.iter().any(|member| {
                member.person_id == person && member.is_active() && member.declared_at.is_some()
            }))
        })
        .await
}

pub(in crate::procurement::bids) async fn find(
    actor: &Actor,
    state: &Data<State>,
    project: ProjectId,
    bid: BidId,
) -> Result<(Place, Bid), Failure> {
    let place = Place::load(state, project).await?;
    if !reads(actor, state, &place).await? {
        return Err(Failure::NotFound);
    }
    let tender = place.tender.id;
    let bid = state
        .store
        .read(move |db| Ok(queries::find_of_tender(db, tender, bid)?))
        .await?;
    Ok((place, bid))
}

/// A look at what a bidder offered.
pub(in crate::procurement::bids) fn look(what: Looked, bid: &Bid) -> Look {
    Look::at(what, "bid", bid.id.0).of_body(bid.bidder_id)
}

pub async fn show(
    who: SignedIn,
    view: View,
    state: Data<State>,
    ids: Path<(ProjectId, BidId)>,
) -> Answer {
    let (project, bid) = ids.into_inner();
    let (place, bid) = find(&who.0, &state, project, bid).await?;
    access::looked(&state.store, &who.0, look(Looked::Bid, &bid)).await?;
    let (bid_id, tender, secrets) = (bid.id, bid.tender_id, state.secrets.clone());
    let (content, files, names) = state
        .store
        .read(move |db| {
            Ok((
                queries::find_content(db, bid_id)?,
                with_cards(&secrets, queries::list_bid_files(db, bid_id)?)?,
                queries::bidder_names(db, tender)?,
            ))
        })
        .await?;
    let budget = place.project.budget_fen;
    let content = content.map(|content| {
        json!({
            "price": content.price.to_string(), "capitals": content.price.capitals(),
            "share": content.price.share_of(budget),
            "is_over": rules::is_over_budget(content.price, budget),
            "lines": content.lines.iter()
                .map(|line| json!({ "label": line.label, "amount": line.amount.to_string() }))
                .collect::<Vec<_>>(),
            "proposal": content.proposal,
        })
    });
    let files: Vec<_> = files
        .iter()
        .map(|(row, card)| {
            let href = place.path(&format!("/bids/{}/files/{}", bid.id, row.id));
            json!({ "name": card.name, "size": size_text(card.size), "href": href })
        })
        .collect();
    let bidder = names
        .into_iter()
        .find(|(body, _)| *body == bid.bidder_id)
        .map(|(_, name)| name)
        .unwrap_or_default();
    let body = json!({
        "project": { "path": place.path(""), "number": place.project.number, "title": place.project.title },
        "record": actions::opening_path(&place.project),
        "bidder": bidder, "receipt_no": bid.receipt_no, "at": instant::second(bid.submitted_at),
        "invalid": bid.invalid_reason.map(|reason| view.say(&format!("bids-invalid-{reason}"))),
        "content": content, "files": files,
    });
    view.render("procurement/bids/opened", NAV, &bidder, &body)
}

pub async fn download(
    who: SignedIn,
    state: Data<State>,
    ids: Path<(ProjectId, BidId, BidFileId)>,
) -> Answer {
    let (project, bid, file) = ids.into_inner();
    let (place, bid) = find(&who.0, &state, project, bid).await?;
    let (bid_id, secrets, tender) = (bid.id, state.secrets.clone(), place.tender.clone());
    let (identity, card, row) = state
        .store
        .read(move |db| {
            let row = queries::list_bid_files(db, bid_id)?
                .into_iter()
                .find(|row| row.id == file)
                .ok_or(Failure::NotFound)?;
            let card = actions::open_card(&secrets, &row)?;
            Ok((actions::unwrap_identity(&secrets, &tender)?, card, row))
        })
        .await?;
    let (actor, tender) = (who.0, place.tender.id);
    let look = look(Looked::BidFile, &bid);
    state
        .store
        .write(move |tx| {
            access::note(tx, &actor, &look)?;
            // No history shows it: the reader may sit in the panel, which is secret until the award (87号令 §47).
            let line = Entry::new(SUBJECT, tender.0, "bid.file-read").for_staff(None);
            ledger::append(tx, Some(&actor), &line)
        })
        .await?;
    let sealed = sealed_bytes(&state, &row).await?;
    Ok(HttpResponse::Ok()
        .content_type(card.media_type)
        .insert_header(("content-disposition", attachment(&card.name)))
        .streaming(opened_stream(identity, sealed)))
}

async fn sealed_bytes(state: &Data<State>, row: &FileRow) -> Result<Vec<u8>, Failure> {
    let sealed = state.files.get(&row.storage_key).await?;
    if hex::encode(Sha256::digest(&sealed)) == row.cipher_sha256 {
        Ok(sealed)
    } else {
        Err(Failure::internal("a stored file is not the one that came"))
    }
}

/// Decrypts piece by piece on a thread of its own (readers that stall must not use up those of the store); the plaintext
/// is never whole in memory.
fn opened_stream(
    identity: String,
    sealed: Vec<u8>,
) -> impl futures_util::Stream<Item = Result<Bytes, std::io::Error>> {
    let (sender, receiver) = tokio::sync::mpsc::channel(2);
    std::thread::spawn(move || {
        let mut reader = match seal::open_reader(&identity, &sealed) {
            Ok(reader) => reader,
            Err(error) => return drop(sender.blocking_send(Err(std::io::Error::other(error)))),
        };
        loop {
            let mut piece = vec![0; PIECE];
            let sent = match reader.read(&mut piece) {
                Ok(0) => return,
                Ok(n) => {
                    piece.truncate(n);
                    sender.blocking_send(Ok(Bytes::from(piece)))
                }
                Err(error) => {
                    return drop(sender.blocking_send(Err(error)));
                }
            };
            if sent.is_err() {
                return; // the reader has gone
            }
        }
    });
    futures_util::stream::unfold(receiver, |mut receiver| async move {
        receiver.recv().await.map(|piece| (piece, receiver))
    })
}
