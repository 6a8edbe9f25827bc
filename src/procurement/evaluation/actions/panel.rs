//! Forming the panel, and filling the seats of those who step back or stay silent.

use super::super::rules::{self, Act, EvaluationRule, Screened, Step};
use super::super::{SUBJECT, queries};
use super::{bidders, needs_of, of_buyer, seat, secretly};
use crate::accounts::{self, Addressee};
use crate::common::clocks;
use crate::common::panels::{self, Capacity, Member, PanelId};
use crate::common::publications::{self, Notice};
use crate::infra::actor::Actor;
use crate::infra::db::Db;
use crate::infra::failure::Failure;
use crate::infra::ledger::{self, Entry};
use crate::infra::seal::random_hex;
use crate::infra::store::Tx;
use crate::kernel::money::Fen;
use crate::kernel::people::PersonId;
use crate::kernel::roles::Role;
use crate::procurement::bids;
use crate::procurement::projects::{self, Project, ProjectId, ProjectState};
use crate::procurement::tenders::{self, Tender, TenderId, TenderState};
use serde_json::json;

/// Forms the panel: the named representatives, and experts drawn at random from the pool (条例 §39).
pub fn form_panel(
    tx: &mut Tx,
    actor: &Actor,
    project: ProjectId,
    size: u32,
    representatives: &[PersonId],
) -> Result<(), Failure> {
    let (project, tender) = of_buyer(tx.db, actor, project)?;
    let tender = tenders::hold_alone(tx, tender.id)?;
    rules::may(tender.state, Step::FormPanel)?;
    if panels::find_of(tx.db, (SUBJECT, tender.id.0))?.is_some() {
        return Err(EvaluationRule::PanelExists.into());
    }
    let chosen = u32::try_from(representatives.len()).unwrap_or(u32::MAX);
    needs_of(&tenders::rules_of(tx.db, &tender)?).check(size, chosen)?;
    let staff = queries::people_of(tx.db, &[project.buyer_id])?;
    let openers = queries::openers_of(tx.db, tender.id)?;
    if representatives.iter().any(|person| !staff.contains(person)) {
        return Err(EvaluationRule::NotARepresentative.into());
    }
    if representatives
        .iter()
        .any(|person| openers.contains(person))
    {
        return Err(EvaluationRule::RepresentativeOpened.into());
    }
    let panel = panels::create(tx.db, (SUBJECT, tender.id.0), tx.now)?;
    for person in representatives {
        panels::add_member(tx.db, panel, *person, Capacity::Purchaser)?;
        invite(tx, &project, &tender, *person)?;
    }
    draw_experts(
        tx,
        Some(actor),
        &project,
        &tender,
        panel,
        (size - chosen) as usize,
    )?;
    fail_if_too_few(tx, &project, &tender)?;
    Ok(())
}

/// Draws what a panel lacks after recusals.
pub fn draw_missing(tx: &mut Tx, actor: &Actor, project: ProjectId) -> Result<(), Failure> {
    let (project, tender) = of_buyer(tx.db, actor, project)?;
    let tender = tenders::hold_alone(tx, tender.id)?;
    rules::may(tender.state, Step::FormPanel)?;
    let panel = panels::find_of(tx.db, (SUBJECT, tender.id.0))?.ok_or(Failure::NotFound)?;
    let lacking = shortage(tx.db, &tender, panel)?;
    if lacking == 0 {
        return Err(EvaluationRule::PanelExists.into());
    }
    draw_experts(tx, Some(actor), &project, &tender, panel, lacking as usize)
}

/// Members whose sheet is not in.
pub fn silent(db: &mut Db, tender: TenderId, panel: PanelId) -> Result<Vec<Member>, Failure> {
    let sheets = queries::list_sheets(db, tender)?;
    let has_handed_in = |member: &Member| {
        sheets
            .iter()
            .any(|sheet| sheet.person_id == member.person_id && sheet.submitted_at.is_some())
    };
    Ok(panels::list_members(db, panel)?
        .into_iter()
        .filter(|member| member.is_active() && !has_handed_in(member))
        .collect())
}

/// Reminds those whose sheet is not in, none of them more than once a day.
pub fn remind(tx: &mut Tx, actor: &Actor, project: ProjectId) -> Result<(), Failure> {
    let (project, tender) = of_buyer(tx.db, actor, project)?;
    let tender = tenders::hold_alone(tx, tender.id)?;
    rules::may(tender.state, Step::Score)?;
    let panel = panels::find_of(tx.db, (SUBJECT, tender.id.0))?.ok_or(Failure::NotFound)?;
    let silent = silent(tx.db, tender.id, panel)?;
    let reminded: Vec<(&Member, _)> = silent
        .iter()
        .map(|member| (member, member.reminded_at))
        .collect();
    for member in rules::whom_to_remind(&reminded, tx.now)? {
        panels::set_reminded(tx.db, member.id, tx.now)?;
        accounts::deliver(
            tx,
            Addressee::Person(member.person_id),
            "panel-reminded",
            &[("title", &project.title)],
            &format!("/panel/{}", tender.id),
        )?;
    }
    let entry = Entry::new(SUBJECT, tender.id.0, "panel.reminded").for_staff(None);
    ledger::append(tx, Some(actor), &entry)
}

/// Draws another one for a member who does not hand in; what that member has scored so far counts for nothing.
pub fn replace(
    tx: &mut Tx,
    actor: &Actor,
    project: ProjectId,
    member: PersonId,
    reason: &str,
) -> Result<(), Failure> {
    let (project, tender) = of_buyer(tx.db, actor, project)?;
    let tender = tenders::hold_alone(tx, tender.id)?;
    rules::may(tender.state, Step::FormPanel)?;
    let panel = panels::find_of(tx.db, (SUBJECT, tender.id.0))?.ok_or(Failure::NotFound)?;
    let silent = silent(tx.db, tender.id, panel)?;
    let seat = silent
        .iter()
        .find(|silent| silent.person_id == member)
        .ok_or(EvaluationRule::HandedIn)?;
    rules::may_replace(seat.reminded_at, tx.now)?;
    panels::replace(tx.db, panel, member, reason, tx.now)?;
    let entry = Entry::new(SUBJECT, tender.id.0, "panel.replaced")
        .because(reason)
        .under("财政部令第87号 §49")
        .for_staff(None);
    ledger::append(tx, Some(actor), &entry)?;
    accounts::deliver(
        tx,
        Addressee::Person(member),
        "panel-replaced",
        &[("title", &project.title)],
        "/panel",
    )?;
    draw_experts(tx, Some(actor), &project, &tender, panel, 1)
}

pub fn shortage(db: &mut Db, tender: &Tender, panel: PanelId) -> Result<u32, Failure> {
    let active = panels::list_members(db, panel)?
        .iter()
        .filter(|member| member.is_active())
        .count();
    let needs = needs_of(&tenders::rules_of(db, tender)?);
    Ok(needs.shortage(u32::try_from(active).unwrap_or(u32::MAX)))
}

/// Draws experts who work for neither side, took no part in the opening and sat in this panel never before.
fn draw_experts(
    tx: &mut Tx,
    actor: Option<&Actor>,
    project: &Project,
    tender: &Tender,
    panel: PanelId,
    count: usize,
) -> Result<(), Failure> {
    let mut sides = vec![project.buyer_id];
    // Before the opening nothing may depend on who bid, not even a draw.
    if tender.state == TenderState::Opened {
        sides.extend(bidders(tx.db, tender.id)?);
    }
    let mut barred = queries::people_of(tx.db, &sides)?;
    barred.extend(queries::openers_of(tx.db, tender.id)?);
    barred.extend(
        panels::list_members(tx.db, panel)?
            .iter()
            .map(|member| member.person_id),
    );
    let pool: Vec<i64> = accounts::list_holders(tx.db, Role::Expert)?
        .iter()
        .map(|person| person.id)
        .filter(|person| !barred.contains(person))
        .map(|person| person.0)
        .collect();
    let seed = random_hex::<16>()?;
    let drawn = rules::draw(&seed, &pool, count).ok_or(EvaluationRule::PoolShort {
        need: count,
        have: pool.len(),
    })?;
    for person in &drawn {
        panels::add_member(tx.db, panel, PersonId(*person), Capacity::Expert)?;
        invite(tx, project, tender, PersonId(*person))?;
    }
    // With seed and pool the draw can be made again; who was drawn is secret until the award (87号令 §47), so no page
    // shows this line.
    let record = json!({ "seed": seed, "pool": pool, "drawn": drawn }).to_string();
    let entry = Entry::new(SUBJECT, tender.id.0, "panel.drawn")
        .because(&record)
        .under("政府采购法实施条例 §39")
        .for_staff(None);
    ledger::append(tx, actor, &entry)
}

fn invite(
    tx: &mut Tx,
    project: &Project,
    tender: &Tender,
    person: PersonId,
) -> Result<(), Failure> {
    accounts::deliver(
        tx,
        Addressee::Person(person),
        "panel-drawn",
        &[("title", &project.title)],
        &format!("/panel/{}", tender.id),
    )
}

/// Ends the tender when the prices leave too few valid bids (for an open tender 政府采购法 §36); whether it did.
pub fn fail_if_too_few(tx: &mut Tx, project: &Project, tender: &Tender) -> Result<bool, Failure> {
    if tender.state != TenderState::Opened {
        return Ok(false);
    }
    let prices: Vec<Fen> = bids::list_opened(tx.db, tender.id)?
        .iter()
        .map(|(_, content)| content.price)
        .collect();
    let rules = tenders::rules_of(tx.db, tender)?;
    let (ground, what) = match rules::screen(&prices, project.budget_fen, rules.min_bids) {
        Screened::Enough => return Ok(false),
        Screened::AllAboveBudget => ("all_above_budget", "tender.failed-above-budget"),
        Screened::TooFewValid { .. } => ("too_few_valid", "tender.failed-too-few-valid"),
    };
    let link = format!("/projects/{}", project.id);
    tenders::set_state(tx, tender, TenderState::Failed)?;
    let now = projects::find(tx.db, project.id)?;
    projects::set_state(tx, &now, ProjectState::Failed)?;
    publications::publish(
        tx,
        &Notice {
            kind: "failure",
            subject: (SUBJECT, tender.id.0),
            region: Some(&project.region_code),
            title: &project.title,
            link: &link,
            content: &json!({
                "number": project.number, "title": project.title, "round": tender.round,
                "ground": ground, "min_bids": rules.min_bids, "article": rules.min_bids_article,
            }),
        },
    )?;
    clocks::finish(tx.db, (SUBJECT, tender.id.0), "decision", tx.now)?;
    let told = bidders(tx.db, tender.id)?
        .into_iter()
        .map(Addressee::Body)
        .chain([Addressee::Holders(project.buyer_id, Role::Officer)]);
    for to in told {
        accounts::deliver(tx, to, "tender-failed", &[("title", &project.title)], &link)?;
    }
    ledger::append(
        tx,
        None,
        &Entry::new(SUBJECT, tender.id.0, what)
            .moved(tender.state.as_str(), TenderState::Failed.as_str())
            .under(&rules.min_bids_article),
    )?;
    Ok(true)
}

/// The member steps back with a reason; another is drawn at once, or the purchaser hears that nobody is left.
pub fn recuse(tx: &mut Tx, actor: &Actor, tender: TenderId, reason: &str) -> Result<(), Failure> {
    let tender = tenders::hold_alone(tx, tender)?;
    let seat = seat(tx.db, tender, actor.person_id)?;
    rules::may(seat.tender.state, Step::FormPanel)?;
    rules::member_may(seat.phase, Act::Recuse)?;
    panels::recuse(tx.db, seat.panel, actor.person_id, reason, tx.now)?;
    secretly(tx, actor, &seat, "panel.recused", Some(reason))?;
    let (project, tender) = (&seat.project, &seat.tender);
    match draw_experts(tx, None, project, tender, seat.panel, 1) {
        Err(Failure::Refused(refusal)) if refusal.key == "evaluation-rule-pool" => {
            accounts::deliver(
                tx,
                Addressee::Holders(project.buyer_id, Role::Officer),
                "panel-short",
                &[("title", &project.title)],
                &format!("/projects/{}/panel", project.id),
            )
        }
        other => other,
    }
}
