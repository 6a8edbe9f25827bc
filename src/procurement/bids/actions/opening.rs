//! The opening: two officers confirm, the bids are decrypted outside the write, one transaction brings them to light.

use super::super::model::{Bid, BidContent, BidId, Invalid, SealedBid};
use super::super::{SUBJECT, queries, rules};
use crate::accounts::{self, Addressee};
use crate::common::{clocks, panels, publications, rulesets};
use crate::infra::actor::Actor;
use crate::infra::db::Db;
use crate::infra::failure::Failure;
use crate::infra::ledger::{self, Entry};
use crate::infra::outbox;
use crate::infra::seal;
use crate::infra::secrets::Secrets;
use crate::infra::store::Tx;
use crate::kernel::people::{BodyId, PersonId};
use crate::kernel::roles::Role;
use crate::kernel::{calendar, instant};
use crate::organizations::registry;
use crate::procurement::projects::{self, Project};
use crate::procurement::tenders::{self, Tender, TenderId, TenderState};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// What became of one bid.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub bid: BidId,
    pub bidder: BodyId,
    pub result: Result<BidContent, Invalid>,
}

/// Every standing bid, decrypted, once enough officers have confirmed; `None` before. Slow work: outside the write.
pub fn decrypt(
    db: &mut Db,
    secrets: &Secrets,
    tender: &Tender,
) -> Result<Option<Vec<Outcome>>, Failure> {
    let needed = rulesets::load_method(db, tender.rule_set_id)?.rules.openers as usize;
    if queries::list_openers(db, tender.id)?.len() < needed {
        return Ok(None);
    }
    let identity = unwrap_identity(secrets, tender)?;
    let mut outcomes = Vec::new();
    for bid in queries::list_current(db, tender.id)? {
        let sealed = queries::load_sealed(db, bid.id)?;
        let files: Vec<String> = queries::list_bid_files(db, bid.id)?
            .into_iter()
            .map(|file| file.cipher_sha256)
            .collect();
        outcomes.push(open_bid(&identity, &bid, &sealed, &files));
    }
    Ok(Some(outcomes))
}

/// The tender's secret key, unwrapped with the server's.
pub fn unwrap_identity(secrets: &Secrets, tender: &Tender) -> Result<String, Failure> {
    let wrapped = tender
        .wrapped_identity
        .as_deref()
        .ok_or_else(|| Failure::internal("the tender has no key"))?;
    let wrapped = hex::decode(wrapped).map_err(Failure::internal)?;
    let identity = secrets.open(&wrapped)?;
    String::from_utf8(identity).map_err(|_bytes| Failure::internal("the tender's key is damaged"))
}

/// Decrypts one bid. What is wrong with it becomes its reason, and stops no other.
fn open_bid(identity: &str, bid: &Bid, sealed: &[u8], files: &[String]) -> Outcome {
    Outcome {
        bid: bid.id,
        bidder: bid.bidder_id,
        result: read(identity, bid, sealed, files),
    }
}

fn read(identity: &str, bid: &Bid, sealed: &[u8], files: &[String]) -> Result<BidContent, Invalid> {
    if hex::encode(Sha256::digest(sealed)) != bid.cipher_sha256 {
        return Err(Invalid::Unreadable);
    }
    let plain = seal::open(identity, sealed).map_err(|_damaged| Invalid::Unreadable)?;
    let content: SealedBid =
        serde_json::from_slice(&plain).map_err(|_content| Invalid::Malformed)?;
    if !rules::is_sound(
        &content,
        bid.tender_id,
        bid.bidder_id,
        &bid.receipt_no,
        files,
    ) {
        return Err(Invalid::Malformed);
    }
    Ok(BidContent {
        price: content.price_fen,
        lines: content.breakdown,
        proposal: content.proposal,
    })
}

/// The project as its purchaser's officer sees it; to everybody else it has no opening.
pub fn find_for_officer(
    tx: &mut Tx,
    actor: &Actor,
    tender: TenderId,
) -> Result<(Tender, Project), Failure> {
    let tender = tenders::hold_alone(tx, tender)?;
    let project = projects::find(tx.db, tender.project_id)?;
    if !actor.acts_for(project.buyer_id, Role::Officer) {
        return Err(Failure::NotFound);
    }
    Ok((tender, project))
}

pub fn is_panel_member(db: &mut Db, tender: TenderId, person: PersonId) -> Result<bool, Failure> {
    let Some(panel) = panels::find_of(db, (SUBJECT, tender.0))? else {
        return Ok(false);
    };
    Ok(panels::list_members(db, panel)?
        .iter()
        .any(|member| member.person_id == person))
}

/// One officer's confirmation. Confirming twice changes nothing, so that an interrupted opening can be taken up again.
pub fn confirm(tx: &mut Tx, actor: &Actor, tender: TenderId) -> Result<(), Failure> {
    let (tender, _) = find_for_officer(tx, actor, tender)?;
    let has_confirmed = queries::list_openers(tx.db, tender.id)?
        .iter()
        .any(|(opener, _)| opener.person_id == actor.person_id);
    if has_confirmed && tender.state == TenderState::Closed {
        return Ok(());
    }
    let is_member = is_panel_member(tx.db, tender.id, actor.person_id)?;
    let method = rulesets::load_method(tx.db, tender.rule_set_id)?.rules;
    rules::may_confirm(
        &method.opening_article,
        tender.state,
        is_member,
        has_confirmed,
    )?;
    queries::insert_opener(tx.db, tender.id, actor.person_id, tx.now)?;
    let line =
        Entry::new(SUBJECT, tender.id.0, "tender.opening-confirmed").for_staff(actor.body_id());
    ledger::append(tx, Some(actor), &line)
}

/// Brings the decrypted bids to light. Done already by a colleague, it does nothing.
pub fn record(
    tx: &mut Tx,
    actor: &Actor,
    tender: TenderId,
    outcomes: &[Outcome],
) -> Result<(), Failure> {
    let (tender, project) = find_for_officer(tx, actor, tender)?;
    if tender.opened_at.is_some() {
        return Ok(());
    }
    let found = rulesets::load_method(tx.db, tender.rule_set_id)?;
    let openers = queries::list_openers(tx.db, tender.id)?;
    if tender.state != TenderState::Closed || openers.len() < found.rules.openers as usize {
        return Err(rules::BidRule::NotClosed.into());
    }
    let current: Vec<BidId> = queries::list_current(tx.db, tender.id)?
        .iter()
        .map(|bid| bid.id)
        .collect();
    if current
        != outcomes
            .iter()
            .map(|outcome| outcome.bid)
            .collect::<Vec<_>>()
    {
        return Err(Failure::Changed);
    }
    for outcome in outcomes {
        match &outcome.result {
            Ok(content) => {
                let lines = serde_json::to_string(&content.lines)?;
                queries::insert_content(
                    tx.db,
                    outcome.bid,
                    content.price,
                    &lines,
                    &content.proposal,
                )?;
            }
            Err(reason) => {
                queries::set_invalid(tx.db, outcome.bid, *reason)?;
            }
        }
    }
    tenders::set_state(tx, &tender, TenderState::Opened)?;
    let line = Entry::new(SUBJECT, tender.id.0, "tender.opened")
        .moved(TenderState::Closed.as_str(), TenderState::Opened.as_str());
    ledger::append(tx, Some(actor), &line)?;
    publish(tx, &tender, &project, &openers, outcomes)?;
    let days = rulesets::load_calendar(tx.db)?;
    // Provisional: when the evaluation's report reaches the purchaser, its room moves these dates.
    if let Some(due) = found
        .rules
        .decision
        .deadline(instant::shanghai_date(tx.now), &days)
    {
        clocks::set(
            tx.db,
            &clocks::Period {
                subject: (SUBJECT, tender.id.0),
                code: "decision",
                article: Some(&found.rules.decision.article),
                body: Some(project.buyer_id),
                starts_at: tx.now,
                due_at: calendar::end_of_day(due),
                is_public: true,
            },
        )?;
    }
    let page = opening_path(&project);
    for outcome in outcomes {
        let kind = if outcome.result.is_ok() {
            "bid-opened"
        } else {
            "bid-invalid"
        };
        let args = [("project", project.title.as_str())];
        accounts::deliver(tx, Addressee::Body(outcome.bidder), kind, &args, &page)?;
    }
    outbox::emit(
        tx,
        "tender.opened",
        (SUBJECT, tender.id.0),
        &json!({ "project": project.id }),
    )
}

pub fn opening_path(project: &Project) -> String {
    format!("/projects/{}/opening", project.id)
}

/// The opening record: who, when, which bidders, which prices (财政部令第87号 §41).
fn publish(
    tx: &mut Tx,
    tender: &Tender,
    project: &Project,
    openers: &[(super::super::model::Opener, String)],
    outcomes: &[Outcome],
) -> Result<(), Failure> {
    let bidders: Vec<BodyId> = outcomes.iter().map(|outcome| outcome.bidder).collect();
    let names: BTreeMap<BodyId, String> = queries::bidder_names(tx.db, tender.id)?
        .into_iter()
        .collect();
    let proven = registry::proven_of(tx.db, &bidders)?;
    let bids: Vec<Value> = outcomes
        .iter()
        .map(|outcome| {
            let (price, invalid) = match &outcome.result {
                Ok(content) => (Some(content.price), None),
                Err(reason) => (None, Some(reason.as_str())),
            };
            json!({
                "bidder": names.get(&outcome.bidder), "is_proven": proven.contains(&outcome.bidder),
                "price_fen": price, "invalid": invalid,
            })
        })
        .collect();
    let content = json!({
        "project": project.number,
        "round": tender.round,
        "opened_at": instant::rfc3339(tx.now),
        "openers": openers
            .iter()
            .map(|(opener, name)| json!({ "name": name, "confirmed_at": instant::rfc3339(opener.at) }))
            .collect::<Vec<_>>(),
        "bids": bids,
    });
    let link = opening_path(project);
    let notice = publications::Notice {
        kind: "opening",
        subject: (SUBJECT, tender.id.0),
        region: Some(&project.region_code),
        title: &project.title,
        link: &link,
        content: &content,
    };
    publications::publish(tx, &notice)?;
    Ok(())
}
