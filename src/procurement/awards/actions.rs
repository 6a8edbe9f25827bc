//! Awarding, and cancelling an award that cannot stand.

use super::model::{AwardId, Ground};
use super::queries;
use super::rules::{AwardRule, choose};
use crate::accounts::{self, Addressee};
use crate::common::clocks::{self, Period};
use crate::common::publications::{self, Notice};
use crate::common::rulesets::{self, MethodRules};
use crate::infra::actor::Actor;
use crate::infra::failure::Failure;
use crate::infra::ledger::{self, Entry};
use crate::infra::store::Tx;
use crate::kernel::calendar::end_of_day;
use crate::kernel::instant::shanghai_date;
use crate::procurement::bids::{self, BidId};
use crate::procurement::evaluation::{self, RankedBid, SUBJECT, Step};
use crate::procurement::projects::{self, Project, ProjectId, ProjectState};
use crate::procurement::tenders::{self, Tender, TenderState};
use serde_json::json;

/// What the officer decided; `version` is of the tender that the form showed.
#[derive(Clone, Debug)]
pub struct Decision {
    pub bid: BidId,
    pub version: i64,
    pub ground: Option<Ground>,
    pub reason: String,
}

fn of_buyer(
    tx: &mut Tx,
    actor: &Actor,
    id: ProjectId,
    version: i64,
) -> Result<(Project, Tender), Failure> {
    let project = projects::find(tx.db, id)?;
    if actor.body_id() != Some(project.buyer_id) {
        return Err(Failure::NotFound);
    }
    let tender = tenders::newest_of(tx.db, id)?.ok_or(Failure::NotFound)?;
    let tender = tenders::hold_alone(tx, tender.id)?;
    if tender.version != version {
        return Err(Failure::Changed);
    }
    Ok((project, tender))
}

/// Awards in one transaction: notice, every bidder's inbox and the clocks begin at the same instant (条例 §43).
pub fn award(
    tx: &mut Tx,
    actor: &Actor,
    project: ProjectId,
    decision: &Decision,
) -> Result<AwardId, Failure> {
    let (project, tender) = of_buyer(tx, actor, project, decision.version)?;
    evaluation::may(tender.state, Step::Award).map_err(|_wrong| AwardRule::WrongState)?;
    let ranking = evaluation::results_of(tx.db, tender.id)?;
    let before = queries::list_of(tx.db, tender.id)?;
    let cancelled: Vec<BidId> = before.iter().map(|award| award.bid_id).collect();
    let order: Vec<(BidId, i64)> = ranking.iter().map(|bid| (bid.bid_id, bid.rank)).collect();
    choose(
        &order,
        &cancelled,
        decision.bid,
        decision.ground,
        &decision.reason,
    )?;
    let winner = ranking
        .iter()
        .find(|bid| bid.bid_id == decision.bid)
        .ok_or(AwardRule::NotRanked)?;
    let reason = Some(decision.reason.as_str()).filter(|reason| !reason.is_empty());
    let id = queries::insert(
        tx.db,
        tender.id,
        decision.bid,
        decision.ground,
        reason,
        actor.person_id,
        tx.now,
    )
    .map_err(|error| match Failure::from(error) {
        failure if failure.is_unique_violation() => AwardRule::AlreadyAwarded.into(),
        failure => failure,
    })?;
    tenders::set_state(tx, &tender, TenderState::Awarded)?;
    projects::set_state(tx, &project, ProjectState::Awarded)?;
    let rules = tenders::rules_of(tx.db, &tender)?;
    start_clocks(tx, &project, &tender, &rules)?;
    announce(tx, &project, &tender, winner, decision, &rules)?;
    tell(tx, &project, &tender, winner)?;
    let mut entry = Entry::new(SUBJECT, tender.id.0, "tender.awarded")
        .moved(tender.state.as_str(), TenderState::Awarded.as_str())
        .under(&rules.decision.article);
    entry.reason = reason;
    ledger::append(tx, Some(actor), &entry)?;
    let entry = Entry::new(SUBJECT, tender.id.0, "panel.published").under("政府采购法实施条例 §43");
    ledger::append(tx, Some(actor), &entry)?;
    Ok(id)
}

fn start_clocks(
    tx: &mut Tx,
    project: &Project,
    tender: &Tender,
    rules: &MethodRules,
) -> Result<(), Failure> {
    let subject = (SUBJECT, tender.id.0);
    let (today, calendar) = (shanghai_date(tx.now), rulesets::load_calendar(tx.db)?);
    clocks::finish(tx.db, subject, "decision", tx.now)?;
    for (code, period) in [
        ("result-notice", &rules.result_notice),
        ("signing", &rules.signing),
    ] {
        if let Some(day) = period.deadline(today, &calendar) {
            clocks::set(
                tx.db,
                &Period {
                    subject,
                    code,
                    article: Some(&period.article),
                    body: Some(project.buyer_id),
                    starts_at: tx.now,
                    due_at: end_of_day(day),
                    is_public: true,
                },
            )?;
        }
    }
    // A notice period is a time that passes: publishing begins and fulfils it.
    clocks::finish(tx.db, subject, "result-notice", tx.now)?;
    Ok(())
}

/// The public notice: winner with address, price, main items and the panel's names (条例 §43).
fn announce(
    tx: &mut Tx,
    project: &Project,
    tender: &Tender,
    winner: &RankedBid,
    decision: &Decision,
    rules: &MethodRules,
) -> Result<(), Failure> {
    let buyer = accounts::find_body(tx.db, project.buyer_id)?;
    let items: Vec<serde_json::Value> = bids::list_opened(tx.db, tender.id)?
        .iter()
        .filter(|(bid, _)| bid.id == winner.bid_id)
        .flat_map(|(_, content)| &content.lines)
        .map(|line| json!({ "label": line.label, "amount_fen": line.amount }))
        .collect();
    let panel: Vec<String> = evaluation::panel_names(tx.db, tender.id)?
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    let draws = evaluation::draws_of(tx.db, tender.id)?;
    let address = queries::address_of(tx.db, winner.bidder_id)?;
    publications::publish(
        tx,
        &Notice {
            kind: "award",
            subject: (SUBJECT, tender.id.0),
            region: Some(&project.region_code),
            title: &project.title,
            link: &format!("/projects/{}/result", project.id),
            content: &json!({
                "number": project.number, "title": project.title, "round": tender.round, "method": tender.method,
                "buyer": buyer.name, "phone": project.phone, "catalogue_code": project.catalogue_code,
                "winner": winner.bidder_name, "winner_address": address, "price_fen": winner.price, "total": winner.total.to_string(),
                "items": items, "panel": panel, "draws": draws,
                "term_from": project.term_from, "term_to": project.term_to, "requirement": project.requirement,
                "ground": decision.ground, "notice_days": rules.result_notice.days,
            }),
        },
    )?;
    Ok(())
}

/// Into every bidder's inbox, in the transaction of the notice: delivery starts the loser's clocks (94号令).
fn tell(
    tx: &mut Tx,
    project: &Project,
    tender: &Tender,
    winner: &RankedBid,
) -> Result<(), Failure> {
    let link = format!("/projects/{}/result", project.id);
    for body in evaluation::bidders_of(tx.db, tender.id)? {
        let kind = if body == winner.bidder_id {
            "award-won"
        } else {
            "award-lost"
        };
        accounts::deliver(
            tx,
            Addressee::Body(body),
            kind,
            &[("title", &project.title), ("winner", &winner.bidder_name)],
            &link,
        )?;
    }
    Ok(())
}

/// Cancels the award on a ground of the law; the next in rank may then be awarded (条例 §49). What was drawn up from it
/// is the contracts' own affair: they cancel both together.
pub fn cancel(
    tx: &mut Tx,
    actor: &Actor,
    project: ProjectId,
    version: i64,
    ground: Ground,
    reason: &str,
) -> Result<(), Failure> {
    let (project, tender) = of_buyer(tx, actor, project, version)?;
    evaluation::may(tender.state, Step::CancelAward).map_err(|_wrong| AwardRule::WrongState)?;
    if reason.trim().is_empty() {
        return Err(AwardRule::ReasonNeeded.into());
    }
    let award = queries::active_of(tx.db, tender.id)?.ok_or(Failure::NotFound)?;
    if !queries::cancel(tx.db, award.id, ground, reason)? {
        return Err(Failure::Changed);
    }
    tenders::set_state(tx, &tender, TenderState::Evaluated)?;
    projects::set_state(tx, &project, ProjectState::Tendering)?;
    decide_anew(tx, &project, &tender)?;
    let link = format!("/projects/{}", project.id);
    publications::publish(
        tx,
        &Notice {
            kind: "award-cancelled",
            subject: (SUBJECT, tender.id.0),
            region: Some(&project.region_code),
            title: &project.title,
            link: &link,
            content: &json!({ "number": project.number, "title": project.title, "ground": ground }),
        },
    )?;
    for body in evaluation::bidders_of(tx.db, tender.id)? {
        accounts::deliver(
            tx,
            Addressee::Body(body),
            "award-cancelled",
            &[("title", &project.title)],
            &link,
        )?;
    }
    ledger::append(
        tx,
        Some(actor),
        &Entry::new(SUBJECT, tender.id.0, "award.cancelled")
            .moved(tender.state.as_str(), TenderState::Evaluated.as_str())
            .because(reason)
            .under("政府采购法实施条例 §49"),
    )
}

/// Nothing is left to be signed, and the purchaser has to decide again, in the time that the rules give.
fn decide_anew(tx: &mut Tx, project: &Project, tender: &Tender) -> Result<(), Failure> {
    let subject = (SUBJECT, tender.id.0);
    clocks::finish(tx.db, subject, "signing", tx.now)?;
    let period = tenders::rules_of(tx.db, tender)?.decision;
    let calendar = rulesets::load_calendar(tx.db)?;
    if let Some(day) = period.deadline(shanghai_date(tx.now), &calendar) {
        clocks::set(
            tx.db,
            &Period {
                subject,
                code: "decision",
                article: Some(&period.article),
                body: Some(project.buyer_id),
                starts_at: tx.now,
                due_at: end_of_day(day),
                is_public: true,
            },
        )?;
    }
    Ok(())
}
