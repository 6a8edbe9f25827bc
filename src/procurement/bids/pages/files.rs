//! Files of a draft, sealed as they arrive; and the bidder's own copy, out and in.

use super::super::actions::Arrived;
use super::super::model::{Card, Draft, OwnCopy};
use super::super::{PrepareBids, actions, rules};
use super::{Desk, attachment, bid};
use crate::infra::failure::{Failure, Rule};
use crate::infra::files::media_type;
use crate::infra::seal::Sealing;
use crate::kernel::{instant, text};
use crate::procurement::projects::ProjectId;
use crate::web::multipart::{FilePart, Parts, read};
use crate::web::{Answer, AppError, Form, May, State, View};
use actix_multipart::Multipart;
use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use sha2::{Digest, Sha256};

/// How much of a file its kind is told by.
const HEAD: usize = 8 * 1024;

/// Takes files in; all or none of one request.
pub async fn upload(
    who: May<PrepareBids>,
    view: View,
    state: Data<State>,
    id: Path<ProjectId>,
    multipart: Multipart,
) -> Answer {
    let desk = Desk::load(&state, &who.actor, *id).await?;
    let mut arrived = Vec::new();
    let received = receive(&state, &desk, multipart, &mut arrived).await;
    let was_received = received.is_ok();
    let added = match received {
        Ok(()) => add(&who, &state, &desk, arrived.clone()).await,
        Err(error) => Err(error),
    };
    let Err(error) = added else {
        return Ok(view.see_other_with(&desk.place.path("/bid"), "bids-flash-files"));
    };
    // Nothing half-saved: what was stored for this request goes again, unless its rows may have been committed all the
    // same (a connection lost at the commit); then the sweep decides.
    let is_certain = !was_received
        || matches!(
            error,
            AppError::Failed(Failure::Refused(_) | Failure::Changed | Failure::NotFound)
        );
    for file in arrived.iter().filter(|_| is_certain) {
        if let Err(error) = state.files.remove(&file.storage_key).await {
            tracing::warn!(%error, "a sealed file without a row is left");
        }
    }
    match error {
        AppError::Failed(failure) => bid::refused(&view, &who.actor, &desk, failure),
        other => Err(other),
    }
}

async fn receive(
    state: &Data<State>,
    desk: &Desk,
    multipart: Multipart,
    arrived: &mut Vec<Arrived>,
) -> Result<(), AppError> {
    let tender = &desk.place.tender;
    rules::may_receive(tender.state, tender.closes_at, state.store.now()).map_err(Failure::from)?;
    let recipient = tender
        .recipient
        .as_deref()
        .ok_or_else(|| AppError::internal("a published tender has no key"))?;
    let mut have: Vec<i64> = desk.files.iter().map(|(file, _)| file.size).collect();
    let mut known: Vec<String> = desk
        .files
        .iter()
        .map(|(_, card)| card.sha256.clone())
        .collect();
    let mut parts = Parts::new(multipart);
    while let Some(mut part) = parts.next_file().await? {
        let Some((card, sealed)) = seal_part(recipient, &mut part).await? else {
            continue;
        };
        if known.contains(&card.sha256) {
            return Err(Failure::from(rules::BidRule::FileTwice).into());
        }
        // Early, before more is taken in; the write decides again.
        rules::check_files(&have, &[card.size]).map_err(Failure::from)?;
        have.push(card.size);
        known.push(card.sha256.clone());
        let stored = state.files.put_bid(sealed).await?;
        arrived.push(Arrived {
            sealed_name: actions::seal_card(&state.secrets, &card)?,
            size: card.size,
            cipher_sha256: stored.sha256,
            storage_key: stored.key,
        });
    }
    if arrived.is_empty() {
        return Err(Failure::Refused(
            crate::infra::failure::Refusal::new("form-file-missing").at("files"),
        )
        .into());
    }
    Ok(())
}

/// Seals one part piece by piece; of the plaintext only the first bytes and the hash are kept. `None` for an empty field.
async fn seal_part(
    recipient: &str,
    part: &mut FilePart,
) -> Result<Option<(Card, Vec<u8>)>, AppError> {
    let (mut sealing, mut hash) = (Sealing::begin(recipient)?, Sha256::new());
    let (mut head, mut size) = (Vec::new(), 0i64);
    while let Some(chunk) = part.chunk().await? {
        let room = HEAD.saturating_sub(head.len()).min(chunk.len());
        head.extend_from_slice(chunk.get(..room).unwrap_or_default());
        size += i64::try_from(chunk.len()).map_err(AppError::internal)?;
        hash.update(&chunk);
        sealing.push(&chunk)?;
    }
    if part.name.is_empty() && size == 0 {
        return Ok(None);
    }
    if size == 0 {
        return Err(Failure::from(rules::BidRule::FileEmpty).into());
    }
    let kind = media_type(&head).ok_or_else(|| Failure::from(rules::BidRule::FileKind))?;
    let card = Card {
        name: file_name(&part.name),
        media_type: kind.to_owned(),
        size,
        sha256: hex::encode(hash.finalize()),
    };
    Ok(Some((card, sealing.finish()?)))
}

/// The name without folders, cleaned and short enough; it is never used on our disk.
fn file_name(typed: &str) -> String {
    let name = text::clean(typed.rsplit(['/', '\\']).next().unwrap_or_default()).replace('\n', " ");
    let name: String = name.chars().take(rules::MAX_FILE_NAME).collect();
    if name.is_empty() {
        "file".to_owned()
    } else {
        name
    }
}

async fn add(
    who: &May<PrepareBids>,
    state: &Data<State>,
    desk: &Desk,
    arrived: Vec<Arrived>,
) -> Result<(), AppError> {
    let (tender, actor) = (desk.place.tender.id, who.actor.clone());
    let empty = actions::seal_draft(&state.secrets, &Draft::default())?;
    Ok(state
        .store
        .write(move |tx| actions::add_files(tx, &actor, tender, &arrived, &empty))
        .await?)
}

pub async fn remove(
    who: May<PrepareBids>,
    view: View,
    state: Data<State>,
    id: Path<ProjectId>,
    form: Form,
) -> Answer {
    let desk = Desk::load(&state, &who.actor, *id).await?;
    let (tender, actor) = (desk.place.tender.id, who.actor.clone());
    let hash = form.raw("file").to_owned();
    let removed = state
        .store
        .write(move |tx| actions::remove_file(tx, &actor, tender, &hash))
        .await;
    match removed {
        Ok(()) => Ok(view.see_other_with(&desk.place.path("/bid"), "bids-flash-file-removed")),
        Err(failure) => bid::refused(&view, &who.actor, &desk, failure),
    }
}

/// The bidder's own copy of its draft: after submitting, nobody can read the bid here.
pub async fn own_copy(who: May<PrepareBids>, state: Data<State>, id: Path<ProjectId>) -> Answer {
    let desk = Desk::load(&state, &who.actor, *id).await?;
    let Some((draft, ..)) = desk.draft else {
        return Err(Failure::NotFound.into());
    };
    let project = &desk.place.project;
    let copy = OwnCopy {
        kind: OwnCopy::KIND.to_owned(),
        project: project.number.clone(),
        title: project.title.clone(),
        bidder: who
            .actor
            .body
            .as_ref()
            .map(|body| body.name.clone())
            .unwrap_or_default(),
        made_at: instant::rfc3339(state.store.now()),
        price: draft
            .price
            .map(|price| price.to_string())
            .unwrap_or_default(),
        price_fen: draft.price,
        breakdown: draft.lines,
        proposal: draft.proposal,
        files: desk.files.into_iter().map(|(_, card)| card).collect(),
    };
    let text = serde_json::to_string_pretty(&copy).map_err(Failure::from)?;
    let name = format!("own-copy-{}.json", project.number);
    Ok(HttpResponse::Ok()
        .content_type("application/json; charset=utf-8")
        .insert_header(("content-disposition", attachment(&name)))
        .body(text))
}

/// Brings an own copy in: its price, breakdown and text become the draft; files are uploaded anew or stay as they are.
pub async fn take_own_copy(
    who: May<PrepareBids>,
    view: View,
    state: Data<State>,
    id: Path<ProjectId>,
    multipart: Multipart,
) -> Answer {
    let desk = Desk::load(&state, &who.actor, *id).await?;
    let (form, uploads) = read(multipart).await?;
    let draft = match read_copy(uploads.first().map(|file| file.bytes.as_slice()), &desk) {
        Ok(draft) => draft,
        Err(failure) => return bid::refused(&view, &who.actor, &desk, failure),
    };
    let sealed = actions::seal_draft(&state.secrets, &draft)?;
    let (tender, actor, version) = (desk.place.tender.id, who.actor.clone(), form.version());
    let back = desk.place.path("/bid");
    let saved = state
        .write_once(view.once_key(&form), move |tx| {
            actions::save(tx, &actor, tender, version, &sealed)?;
            Ok(back.clone())
        })
        .await;
    match saved {
        Ok(back) => Ok(view.see_other_with(&back, "bids-flash-own-copy")),
        Err(failure) => bid::refused(&view, &who.actor, &desk, failure),
    }
}

fn read_copy(bytes: Option<&[u8]>, desk: &Desk) -> Result<Draft, Failure> {
    let copy: OwnCopy = bytes
        .and_then(|bytes| serde_json::from_slice(bytes).ok())
        .ok_or(rules::BidRule::OwnCopyBroken)?;
    if copy.kind != OwnCopy::KIND {
        return Err(rules::BidRule::OwnCopyBroken.into());
    }
    if copy.project != desk.place.project.number {
        return Err(rules::BidRule::OwnCopyElsewhere.into());
    }
    let draft = Draft {
        price: copy.price_fen,
        lines: copy.breakdown,
        proposal: text::clean(&copy.proposal),
    };
    let found: Vec<_> = rules::check_draft(&draft)
        .iter()
        .map(Rule::refusal)
        .collect();
    if found.is_empty() {
        Ok(draft)
    } else {
        Err(Failure::RefusedAll(found))
    }
}
