//! Forming the panel, declaring, scoring, and the result in the transaction of the last sheet.

use super::SUBJECT;
use super::model::{Mark, Score, Sheet};
use super::queries;
use super::rules::{self, Act, EvaluationRule, PanelNeeds, Phase, Screened, Step};
use crate::accounts::{self, Addressee};
use crate::common::clocks::{self, Period};
use crate::common::panels::{self, Capacity, Member, PanelId};
use crate::common::publications::{self, Notice};
use crate::common::rulesets::{self, MethodRules};
use crate::infra::actor::Actor;
use crate::infra::db::Db;
use crate::infra::failure::Failure;
use crate::infra::ledger::{self, Entry};
use crate::infra::seal::random_hex;
use crate::infra::store::Tx;
use crate::kernel::calendar::end_of_day;
use crate::kernel::instant::shanghai_date;
use crate::kernel::money::Fen;
use crate::kernel::people::{BodyId, PersonId};
use crate::kernel::roles::Role;
use crate::procurement::bids::{self, BidId};
use crate::procurement::projects::{self, Project, ProjectId, ProjectState};
use crate::procurement::tenders::{self, Criterion, CriterionKind, Tender, TenderId, TenderState};
use chrono::NaiveDateTime;
use serde_json::json;

/// The project and its newest tender, for the body that buys; for anybody else there is none.
pub(super) fn of_buyer(
    db: &mut Db,
    actor: &Actor,
    id: ProjectId,
) -> Result<(Project, Tender), Failure> {
    let project = projects::find(db, id)?;
    if actor.body_id() != Some(project.buyer_id) {
        return Err(Failure::NotFound);
    }
    let tender = tenders::newest_of(db, id)?.ok_or(Failure::NotFound)?;
    Ok((project, tender))
}

pub(super) fn needs_of(rules: &MethodRules) -> PanelNeeds {
    PanelNeeds {
        min: rules.panel_min,
        expert_share: rules.expert_share,
        article: rules.panel_article.clone(),
    }
}

/// Valid bids: opened, and within the budget.
pub(super) fn valid_bids(
    db: &mut Db,
    tender: &Tender,
    budget: Fen,
) -> Result<Vec<(BidId, Fen)>, Failure> {
    Ok(bids::list_opened(db, tender.id)?
        .into_iter()
        .filter(|(_, content)| rules::is_valid(content.price, budget))
        .map(|(bid, content)| (bid.id, content.price))
        .collect())
}

pub(super) fn quality(db: &mut Db, tender: TenderId) -> Result<Vec<Criterion>, Failure> {
    Ok(tenders::criteria_of(db, tender)?
        .into_iter()
        .filter(|criterion| criterion.kind == CriterionKind::Quality)
        .collect())
}

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
pub(super) fn silent(
    db: &mut Db,
    tender: TenderId,
    panel: PanelId,
) -> Result<Vec<Member>, Failure> {
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

/// When the sheets have to be in: the purchaser's time to decide runs from the opening.
pub(super) fn limit_of(db: &mut Db, tender: TenderId) -> Result<Option<NaiveDateTime>, Failure> {
    let clocks = clocks::list_of(db, (SUBJECT, tender.0), true)?;
    let decision = clocks.iter().find(|clock| clock.code == "decision");
    Ok(decision.map(|clock| clock.due_at))
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

pub(super) fn shortage(db: &mut Db, tender: &Tender, panel: PanelId) -> Result<u32, Failure> {
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

fn bidders(db: &mut Db, tender: TenderId) -> Result<Vec<BodyId>, Failure> {
    Ok(queries::bidder_names(db, tender)?
        .into_iter()
        .map(|(_, body, _)| body)
        .collect())
}

/// Ends the tender when the prices leave too few valid bids (for an open tender 政府采购法 §36); whether it did.
fn fail_if_too_few(tx: &mut Tx, project: &Project, tender: &Tender) -> Result<bool, Failure> {
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

/// A member's own seat: the tender, the panel and where the member stands; not found for anybody else.
pub(super) struct Seat {
    pub project: Project,
    pub tender: Tender,
    pub panel: PanelId,
    pub member: Member,
    pub sheet: Option<Sheet>,
    pub phase: Phase,
}

pub(super) fn seat(db: &mut Db, tender: Tender, person: PersonId) -> Result<Seat, Failure> {
    let panel = panels::find_of(db, (SUBJECT, tender.id.0))?.ok_or(Failure::NotFound)?;
    let member = panels::list_members(db, panel)?
        .into_iter()
        .find(|member| member.person_id == person && member.is_active())
        .ok_or(Failure::NotFound)?;
    let sheet = queries::find_sheet(db, tender.id, person)?;
    let phase = match (&member.declared_at, &sheet) {
        (None, _) | (_, None) => Phase::Undeclared,
        (_, Some(sheet)) if sheet.submitted_at.is_some() => Phase::Submitted,
        (_, Some(sheet)) if sheet.reopened_at.is_some() => Phase::Reopened,
        _ => Phase::Scoring,
    };
    Ok(Seat {
        project: projects::find(db, tender.project_id)?,
        tender,
        panel,
        member,
        sheet,
        phase,
    })
}

/// The member declares to have no conflict of interest; only then bids may be read.
pub fn declare(tx: &mut Tx, actor: &Actor, tender: TenderId) -> Result<(), Failure> {
    let tender = tenders::hold_alone(tx, tender)?;
    let seat = seat(tx.db, tender, actor.person_id)?;
    rules::may(seat.tender.state, Step::Declare)?;
    rules::member_may(seat.phase, Act::Declare)?;
    let own = queries::bodies_of(tx.db, actor.person_id)?;
    let mut against = bidders(tx.db, seat.tender.id)?;
    if seat.member.capacity == Capacity::Expert {
        against.push(seat.project.buyer_id);
    }
    if own.iter().any(|body| against.contains(body)) {
        return Err(EvaluationRule::HasConflict.into());
    }
    if queries::openers_of(tx.db, seat.tender.id)?.contains(&actor.person_id) {
        return Err(EvaluationRule::OpenedIt.into());
    }
    if fail_if_too_few(tx, &seat.project, &seat.tender)? {
        return Ok(());
    }
    panels::declare(tx.db, seat.panel, actor.person_id, tx.now)?;
    queries::insert_sheet(tx.db, seat.tender.id, actor.person_id)?;
    secretly(tx, actor, &seat, "panel.declared", None)
}

/// A line that no page shows: it would tell who sits in the panel.
fn secretly(
    tx: &mut Tx,
    actor: &Actor,
    seat: &Seat,
    what: &'static str,
    reason: Option<&str>,
) -> Result<(), Failure> {
    let mut entry = Entry::new(SUBJECT, seat.tender.id.0, what).for_staff(None);
    entry.reason = reason;
    ledger::append(tx, Some(actor), &entry)
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

/// Saves what a member has scored of one bid so far.
pub fn save_scores(
    tx: &mut Tx,
    actor: &Actor,
    tender: TenderId,
    bid: BidId,
    version: i64,
    marks: &[Mark],
) -> Result<(), Failure> {
    let tender = tenders::hold(tx, tender)?;
    let seat = seat(tx.db, tender, actor.person_id)?;
    rules::may(seat.tender.state, Step::Score)?;
    rules::member_may(seat.phase, Act::Save)?;
    let valid = valid_bids(tx.db, &seat.tender, seat.project.budget_fen)?;
    let criteria = quality(tx.db, seat.tender.id)?;
    if !valid.iter().any(|(id, _)| *id == bid)
        || marks
            .iter()
            .any(|mark| !criteria.iter().any(|c| c.id == mark.criterion_id))
    {
        return Err(Failure::NotFound);
    }
    let scores = queries::list_scores(tx.db, seat.tender.id, &[actor.person_id])?;
    if seat.phase == Phase::Reopened {
        check_reopened(&scores, bid, marks)?;
    }
    let sheet = seat.sheet.as_ref().ok_or(Failure::NotFound)?;
    if sheet.version != version || !queries::touch_sheet(tx.db, sheet)? {
        return Err(Failure::Changed);
    }
    for mark in marks {
        queries::set_score(
            tx.db,
            seat.tender.id,
            bid,
            actor.person_id,
            mark.criterion_id,
            mark.points,
            &mark.note,
        )?;
    }
    secretly(tx, actor, &seat, "sheet.saved", None)
}

/// A sheet that was brought back may change only where it was asked about.
fn check_reopened(scores: &[Score], bid: BidId, marks: &[Mark]) -> Result<(), EvaluationRule> {
    for mark in marks {
        let before = scores
            .iter()
            .find(|score| score.bid_id == bid && score.criterion_id == mark.criterion_id);
        let asked = before.is_some_and(|score| score.asked_points.is_some());
        if !asked && before.map(|score| score.points) != mark.points {
            return Err(EvaluationRule::NotReopened(mark.field));
        }
        if mark.points.is_none() {
            return Err(EvaluationRule::Empty(mark.field));
        }
    }
    Ok(())
}

/// Submits the sheet, or confirms one that was brought back; the last one brings the result.
pub fn confirm_or_submit(
    tx: &mut Tx,
    actor: &Actor,
    tender: TenderId,
    version: i64,
    reason: &str,
) -> Result<(), Failure> {
    // Two last members must not each take the other for missing.
    let tender = tenders::hold_alone(tx, tender)?;
    let seat = seat(tx.db, tender, actor.person_id)?;
    rules::may(seat.tender.state, Step::Score)?;
    rules::member_may(seat.phase, Act::Submit)?;
    let valid = valid_bids(tx.db, &seat.tender, seat.project.budget_fen)?;
    let criteria = quality(tx.db, seat.tender.id)?;
    let scores = queries::list_scores(tx.db, seat.tender.id, &[actor.person_id])?;
    let missing = (valid.len() * criteria.len()).saturating_sub(scores.len());
    if missing > 0 {
        return Err(EvaluationRule::Incomplete { missing }.into());
    }
    let sheet = seat.sheet.as_ref().ok_or(Failure::NotFound)?;
    let changed: Vec<String> = scores
        .iter()
        .filter(|score| {
            score
                .asked_points
                .is_some_and(|asked| asked != score.points)
        })
        .map(|score| {
            let before = score.asked_points.unwrap_or_default();
            format!(
                "bid {} criterion {}: {before} → {}",
                score.bid_id, score.criterion_id, score.points
            )
        })
        .collect();
    let reason = Some(reason).filter(|reason| !reason.is_empty());
    if !changed.is_empty() && reason.is_none() {
        return Err(EvaluationRule::ReasonNeeded.into());
    }
    if sheet.version != version || !queries::submit_sheet(tx.db, sheet, reason, tx.now)? {
        return Err(Failure::Changed);
    }
    let (what, record) = match (seat.phase, changed.is_empty()) {
        (Phase::Reopened, true) => ("sheet.confirmed", None),
        (Phase::Reopened, false) => (
            "sheet.rescored",
            Some(format!(
                "{} · {}",
                reason.unwrap_or_default(),
                changed.join("; ")
            )),
        ),
        _ => ("sheet.submitted", None),
    };
    secretly(tx, actor, &seat, what, record.as_deref())?;
    settle(tx, &seat, &valid, &criteria)
}

/// After each sheet: nothing while one is missing; then the wide ones go back once; then the result.
fn settle(
    tx: &mut Tx,
    seat: &Seat,
    valid: &[(BidId, Fen)],
    criteria: &[Criterion],
) -> Result<(), Failure> {
    let tender = &seat.tender;
    let members: Vec<PersonId> = panels::list_members(tx.db, seat.panel)?
        .iter()
        .filter(|member| member.is_active())
        .map(|member| member.person_id)
        .collect();
    let sheets = queries::list_sheets(tx.db, tender.id)?;
    let sheet_of = |person: &PersonId| sheets.iter().find(|sheet| sheet.person_id == *person);
    let is_complete = members
        .iter()
        .all(|person| sheet_of(person).is_some_and(|sheet| sheet.submitted_at.is_some()));
    if !is_complete || shortage(tx.db, tender, seat.panel)? > 0 {
        return Ok(());
    }
    let scores = queries::list_scores(tx.db, tender.id, &members)?;
    let mut back: Vec<PersonId> = Vec::new();
    for criterion in criteria {
        for (bid, _) in valid {
            let given: Vec<&Score> = scores
                .iter()
                .filter(|score| score.bid_id == *bid && score.criterion_id == criterion.id)
                .collect();
            let all: Vec<i64> = given.iter().map(|score| score.points).collect();
            for score in given {
                let asked_before =
                    sheet_of(&score.person_id).is_some_and(|sheet| sheet.reopened_at.is_some());
                if !asked_before && rules::is_wide(score.points, &all, criterion.weight) {
                    queries::ask_about(tx.db, score.id, score.points)?;
                    back.push(score.person_id);
                }
            }
        }
    }
    back.sort_unstable();
    back.dedup();
    if back.is_empty() {
        return finish(tx, seat, valid, criteria, &scores);
    }
    for person in back {
        queries::reopen_sheet(tx.db, tender.id, person, tx.now)?;
        accounts::deliver(
            tx,
            Addressee::Person(person),
            "panel-spread",
            &[("title", &seat.project.title)],
            &format!("/panel/{}", tender.id),
        )?;
    }
    Ok(())
}

/// Totals, ranks and the tender's next state.
fn finish(
    tx: &mut Tx,
    seat: &Seat,
    valid: &[(BidId, Fen)],
    criteria: &[Criterion],
    scores: &[Score],
) -> Result<(), Failure> {
    let (project, tender) = (&seat.project, &seat.tender);
    let price_weight = tenders::criteria_of(tx.db, tender.id)?
        .iter()
        .find(|criterion| criterion.kind == CriterionKind::Price)
        .map_or(0, |criterion| criterion.weight);
    let sums: Vec<rules::Scored> = valid
        .iter()
        .map(|(bid, price)| rules::Scored {
            price: *price,
            criteria: criteria
                .iter()
                .map(|criterion| {
                    scores
                        .iter()
                        .filter(|score| score.bid_id == *bid && score.criterion_id == criterion.id)
                        .map(|score| score.points)
                        .collect()
                })
                .collect(),
        })
        .collect();
    let outcomes = rules::results(&sums, price_weight)
        .ok_or_else(|| Failure::internal("a score is missing from a complete panel"))?;
    for ((bid, _), outcome) in valid.iter().zip(&outcomes) {
        queries::insert_result(tx.db, tender.id, *bid, outcome)?;
    }
    tenders::set_state(tx, tender, TenderState::Evaluated)?;
    let rules = tenders::rules_of(tx.db, tender)?;
    let calendar = rulesets::load_calendar(tx.db)?;
    if let Some(day) = rules.decision.deadline(shanghai_date(tx.now), &calendar) {
        clocks::set(
            tx.db,
            &Period {
                subject: (SUBJECT, tender.id.0),
                code: "decision",
                article: Some(&rules.decision.article),
                body: Some(project.buyer_id),
                starts_at: tx.now,
                due_at: end_of_day(day),
                is_public: true,
            },
        )?;
    }
    accounts::deliver(
        tx,
        Addressee::Holders(project.buyer_id, Role::Officer),
        "tender-evaluated",
        &[("title", &project.title)],
        &format!("/projects/{}/evaluation", project.id),
    )?;
    // By the portal: the last member's name would tell who sits in the panel.
    ledger::append(
        tx,
        None,
        &Entry::new(SUBJECT, tender.id.0, "tender.evaluated")
            .moved(tender.state.as_str(), TenderState::Evaluated.as_str())
            .under("政府采购法实施条例 §41"),
    )
}
