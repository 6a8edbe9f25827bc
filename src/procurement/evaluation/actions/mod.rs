//! What the purchaser and the members of the panel do; here what both read.

mod panel;
mod sheets;

pub use panel::{draw_missing, form_panel, recuse, remind, replace};
pub(super) use panel::{shortage, silent};
pub use sheets::{confirm_or_submit, declare, save_scores};

use super::model::Sheet;
use super::rules::{self, PanelNeeds, Phase};
use super::{SUBJECT, queries};
use crate::common::clocks;
use crate::common::panels::{self, Member, PanelId};
use crate::common::rulesets::MethodRules;
use crate::infra::actor::Actor;
use crate::infra::db::Db;
use crate::infra::failure::Failure;
use crate::infra::ledger::{self, Entry};
use crate::infra::store::Tx;
use crate::kernel::money::Fen;
use crate::kernel::people::{BodyId, PersonId};
use crate::procurement::bids::{self, BidId};
use crate::procurement::projects::{self, Project, ProjectId};
use crate::procurement::tenders::{self, Criterion, CriterionKind, Tender, TenderId};
use chrono::NaiveDateTime;

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

/// When the sheets have to be in: the purchaser's time to decide runs from the opening.
pub(super) fn limit_of(db: &mut Db, tender: TenderId) -> Result<Option<NaiveDateTime>, Failure> {
    let clocks = clocks::list_of(db, (SUBJECT, tender.0), true)?;
    let decision = clocks.iter().find(|clock| clock.code == "decision");
    Ok(decision.map(|clock| clock.due_at))
}

fn bidders(db: &mut Db, tender: TenderId) -> Result<Vec<BodyId>, Failure> {
    Ok(queries::bidder_names(db, tender)?
        .into_iter()
        .map(|(_, body, _)| body)
        .collect())
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
