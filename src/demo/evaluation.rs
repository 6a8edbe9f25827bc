//! Opening, panel and sheets of the demo's tenders.

use super::bids::Offer;
use super::cast;
use super::projects::Sample;
use super::story::Story;
use crate::accounts;
use crate::common::panels;
use crate::infra::failure::Failure;
use crate::infra::store::Tx;
use crate::kernel::people::{BodyId, PersonId};
use crate::procurement::bids::{self, BidId};
use crate::procurement::evaluation::{self, Mark};
use crate::procurement::projects::ProjectId;
use crate::procurement::tenders::{self, CriterionKind, Tender, TenderId};

/// Whether one member stands so far from the others that the portal asks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Spread {
    Narrow,
    OneWide,
}

fn tender_of(story: &Story, project: ProjectId) -> Result<Tender, Failure> {
    story
        .read(|db| Ok(tenders::newest_of(db, project)?))?
        .ok_or(Failure::NotFound)
}

/// Two officers of the purchaser confirm; the second one's confirmation opens.
pub fn open(story: &Story, sample: &'static Sample, project: ProjectId) -> Result<(), Failure> {
    let tender = tender_of(story, project)?.id;
    for account in sample.officers {
        story.write(move |tx| {
            let officer = cast::actor(tx, account)?;
            bids::confirm_opening(tx, &officer, tender)
        })?;
    }
    let secrets = &story.state.secrets;
    let outcomes = story
        .read(|db| {
            let tender = tenders::find(db, tender)?;
            bids::decrypt(db, secrets, &tender)
        })?
        .ok_or_else(|| Failure::internal("too few officers opened"))?;
    story.write(move |tx| {
        let officer = cast::actor(tx, sample.account)?;
        bids::record_opening(tx, &officer, tender, &outcomes)
    })?;
    story.hours(15)
}

/// The named representatives, and experts drawn from the pool.
pub fn form_panel(
    story: &Story,
    sample: &'static Sample,
    project: ProjectId,
    size: u32,
    representatives: &'static [&'static str],
) -> Result<(), Failure> {
    story.write(move |tx| {
        let officer = cast::actor(tx, sample.account)?;
        let people = representatives
            .iter()
            .map(|account| Ok(cast::actor(tx, account)?.person_id))
            .collect::<Result<Vec<PersonId>, Failure>>()?;
        evaluation::form_panel(tx, &officer, project, size, &people)
    })?;
    story.hours(2)
}

fn members(story: &Story, tender: TenderId) -> Result<Vec<PersonId>, Failure> {
    story.read(|db| {
        let panel =
            panels::find_of(db, (evaluation::SUBJECT, tender.0))?.ok_or(Failure::NotFound)?;
        let members = panels::list_members(db, panel)?;
        Ok(members.iter().map(|member| member.person_id).collect())
    })
}

/// Everybody declares, scores and submits; who is asked about a wide spread scores again with a reason.
pub fn score_all(
    story: &Story,
    project: ProjectId,
    offers: &'static [Offer],
    spread: Spread,
) -> Result<(), Failure> {
    let tender = tender_of(story, project)?.id;
    for (seat, person) in members(story, tender)?.into_iter().enumerate() {
        let is_wide = spread == Spread::OneWide && seat == 1;
        declare(story, tender, person)?;
        save(story, tender, person, seat, offers, is_wide)?;
        submit(story, tender, person, "")?;
        story.hours(1)?;
    }
    if spread == Spread::OneWide {
        let person = *members(story, tender)?.get(1).ok_or(Failure::NotFound)?;
        save(story, tender, person, 1, offers, false)?;
        let reason = "首次评分漏看方案附件中的走访记录样表，经复核后改正。";
        submit(story, tender, person, reason)?;
    }
    story.hours(3)
}

/// One sheet is in, one is begun; the others have not declared yet.
pub fn score_some(
    story: &Story,
    project: ProjectId,
    offers: &'static [Offer],
) -> Result<(), Failure> {
    let tender = tender_of(story, project)?.id;
    let members = members(story, tender)?;
    for (seat, person) in members.into_iter().take(2).enumerate() {
        declare(story, tender, person)?;
        save(story, tender, person, seat, offers, false)?;
        if seat == 0 {
            submit(story, tender, person, "")?;
        }
    }
    story.hours(2)
}

fn declare(story: &Story, tender: TenderId, person: PersonId) -> Result<(), Failure> {
    story.write(move |tx| {
        let member = cast::actor_of(tx, person)?;
        evaluation::declare(tx, &member, tender)
    })
}

fn version(tx: &mut Tx, tender: TenderId, person: PersonId) -> Result<i64, Failure> {
    let sheet = evaluation::find_sheet(tx.db, tender, person)?.ok_or(Failure::NotFound)?;
    Ok(sheet.version)
}

fn save(
    story: &Story,
    tender: TenderId,
    person: PersonId,
    seat: usize,
    offers: &'static [Offer],
    is_wide: bool,
) -> Result<(), Failure> {
    story.write(move |tx| {
        let member = cast::actor_of(tx, person)?;
        let opened: Vec<(BidId, BodyId)> = bids::list_opened(tx.db, tender)?
            .iter()
            .map(|(bid, _)| (bid.id, bid.bidder_id))
            .collect();
        for (bid, bidder) in opened {
            let offer = offer_of(tx, offers, bidder)?;
            let marks = marks(tx, tender, seat, offer, is_wide)?;
            let version = version(tx, tender, person)?;
            evaluation::save_scores(tx, &member, tender, bid, version, &marks)?;
        }
        Ok(())
    })
}

fn offer_of(
    tx: &mut Tx,
    offers: &'static [Offer],
    bidder: BodyId,
) -> Result<&'static Offer, Failure> {
    for offer in offers {
        let account = cast::address(offer.account);
        let is_theirs = accounts::list_members(tx.db, bidder)?
            .iter()
            .any(|member| member.email == account);
        if is_theirs {
            return Ok(offer);
        }
    }
    Err(Failure::NotFound)
}

/// Hundredths of points in steps of half a point, a little above or below from seat to seat.
fn marks(
    tx: &mut Tx,
    tender: TenderId,
    seat: usize,
    offer: &Offer,
    is_wide: bool,
) -> Result<Vec<Mark>, Failure> {
    const LEAN: [i64; 5] = [0, -100, 50, 100, -50];
    let lean = LEAN.iter().cycle().nth(seat).copied().unwrap_or(0);
    let quality = tenders::criteria_of(tx.db, tender)?
        .into_iter()
        .filter(|criterion| criterion.kind == CriterionKind::Quality);
    Ok(quality
        .enumerate()
        .map(|(at, criterion)| {
            let full = criterion.weight * 100;
            let worth = if is_wide && at == 0 {
                offer.worth / 2
            } else {
                offer.worth
            };
            let points = (criterion.weight * worth + lean).clamp(0, full) / 50 * 50;
            let note = match (at, offer.worth) {
                (0, 90..) => "要点齐全，步骤具体，记录办法可核查。",
                (0, 80..90) => "要点齐全，个别环节记录办法不够具体。",
                (0, _) => "方向可行，与需求的主要内容衔接不足。",
                _ => "",
            };
            Mark {
                criterion_id: criterion.id,
                field: "points",
                points: Some(points),
                note: note.to_owned(),
            }
        })
        .collect())
}

fn submit(
    story: &Story,
    tender: TenderId,
    person: PersonId,
    reason: &'static str,
) -> Result<(), Failure> {
    story.write(move |tx| {
        let member = cast::actor_of(tx, person)?;
        let version = version(tx, tender, person)?;
        evaluation::confirm_or_submit(tx, &member, tender, version, reason)
    })
}
