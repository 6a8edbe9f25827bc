//! Writing a project.

use super::model::{NewProject, Project, ProjectId, ProjectState};
use super::queries::{self, Frame};
use super::rules::{self, ProjectRule};
use crate::catalogue;
use crate::infra::actor::Actor;
use crate::infra::failure::{Failure, Rule};
use crate::infra::ledger::{self, Entry};
use crate::infra::outbox;
use crate::infra::store::Tx;
use crate::kernel::instant;
use crate::regions;
use chrono::Datelike;

pub const SUBJECT: &str = "project";

/// A new draft of the actor's own body.
pub fn create(tx: &mut Tx, actor: &Actor, new: &NewProject) -> Result<ProjectId, Failure> {
    let body = actor.body.clone().ok_or(Failure::Forbidden)?;
    let catalogue = catalogue::newest_published(tx.db)?.ok_or(ProjectRule::NotInCatalogue)?;
    check(tx, new, catalogue.id)?;
    let prefix = format!("TC-{}-", instant::shanghai_date(tx.now).year());
    let number = format!("{prefix}{:04}", queries::last_number(tx.db, &prefix)? + 1);
    let region = body.region_code.unwrap_or_default();
    let frame = Frame {
        number: &number,
        buyer: body.id,
        region: &region,
        catalogue: catalogue.id,
        person: actor.person_id,
        at: tx.now,
    };
    let (grounds, forbidden) = lists(new)?;
    let id = queries::insert(tx.db, &frame, new, &grounds, &forbidden).map_err(|error| {
        match Failure::from(error) {
            // Two officers took the same number at once (PostgreSQL): run again.
            failure if failure.is_unique_violation() => Failure::Again,
            failure => failure,
        }
    })?;
    queries::set_communities(tx.db, id, &new.communities)?;
    ledger::append(
        tx,
        Some(actor),
        &Entry::new(SUBJECT, id.0, "project.created").for_staff(Some(body.id)),
    )?;
    Ok(id)
}

/// Rewrites a draft; `version` is the one that the form showed.
pub fn edit(
    tx: &mut Tx,
    actor: &Actor,
    id: ProjectId,
    version: i64,
    new: &NewProject,
) -> Result<(), Failure> {
    let held = queries::find_own(tx.db, id, actor.body_id())?;
    if held.state != ProjectState::Draft {
        return Err(ProjectRule::NotADraft(held.state).into());
    }
    if held.version != version {
        return Err(Failure::Changed);
    }
    check(tx, new, held.catalogue_id)?;
    let (grounds, forbidden) = lists(new)?;
    if queries::update(tx.db, &held, new, &grounds, &forbidden)? == 0 {
        return Err(Failure::Changed);
    }
    queries::set_communities(tx.db, id, &new.communities)?;
    ledger::append(
        tx,
        Some(actor),
        &Entry::new(SUBJECT, id.0, "project.edited").for_staff(Some(held.buyer_id)),
    )
}

fn check(tx: &mut Tx, new: &NewProject, catalogue: catalogue::CatalogueId) -> Result<(), Failure> {
    let item = catalogue::find_item(tx.db, catalogue, &new.catalogue_code)?;
    let known: Vec<String> = regions::list_communities(tx.db)?
        .into_iter()
        .map(|region| region.code)
        .collect();
    let wrong = rules::check(new, item.is_some_and(|item| item.level >= 2), &known);
    if wrong.is_empty() {
        return Ok(());
    }
    Err(Failure::RefusedAll(
        wrong.iter().map(Rule::refusal).collect(),
    ))
}

fn lists(new: &NewProject) -> Result<(String, String), Failure> {
    Ok((
        serde_json::to_string(&new.grounds)?,
        serde_json::to_string(&new.answered_no)?,
    ))
}

/// Moves a project as its tender's life demands; search and feeds learn of it.
pub fn set_state(tx: &mut Tx, held: &Project, state: ProjectState) -> Result<(), Failure> {
    if !rules::may_become(held.state, state) {
        return Err(ProjectRule::NotADraft(held.state).into());
    }
    let now = tx.now;
    if queries::set_state(
        tx.db,
        held,
        state,
        (state == ProjectState::Tendering).then_some(now),
    )? == 0
    {
        return Err(Failure::Changed);
    }
    let topic = if held.published_at.is_none() {
        "project.published"
    } else {
        "project.changed"
    };
    outbox::emit(tx, topic, (SUBJECT, held.id.0), &held.id)
}
