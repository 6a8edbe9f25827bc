//! Bringing a version in, publishing it, throwing a draft away.

use super::model::{Catalogue, CatalogueId, CatalogueState, Heading, NewItem};
use super::queries;
use super::rules::{self, Row};
use crate::common::publications::{self, Notice};
use crate::infra::actor::Actor;
use crate::infra::failure::{Failure, Rule};
use crate::infra::ledger::{self, Entry};
use crate::infra::outbox;
use crate::infra::store::Tx;
use serde_json::json;

const SHIPPED: &[u8] = include_bytes!("data/catalogue_2026.csv");
const SHIPPED_YEAR: i64 = 2026;
const SHIPPED_TITLE: &str = "政府购买服务指导性目录（示例）";
const SHIPPED_SOURCE: &str = "示例，以财政部门公布为准";

/// How many rows go in with one job, so that nothing else waits long behind an import.
pub const BLOCK: usize = 500;

/// Begins an import: a version that nobody sees until [`finish_import`].
pub fn begin_import(
    tx: &mut Tx,
    actor: Option<&Actor>,
    heading: &Heading,
    is_verified: bool,
) -> Result<CatalogueId, Failure> {
    rules::check_year(heading.year)?;
    sweep(tx)?;
    let by = actor.map(|actor| actor.person_id);
    Ok(queries::insert(
        tx.db,
        heading,
        is_verified,
        by,
        actor.and_then(Actor::body_id),
        tx.now,
    )?)
}

/// An import whose process died is taken away by the next one, a day later.
fn sweep(tx: &mut Tx) -> Result<(), Failure> {
    let left = queries::list_left_staging(tx.db, tx.now - chrono::Duration::days(1))?;
    left.into_iter().try_for_each(|id| delete(tx, id))
}

/// Adds up to [`BLOCK`] rows to an import.
pub fn stage_rows(tx: &mut Tx, id: CatalogueId, rows: &[Row]) -> Result<(), Failure> {
    let items: Vec<NewItem> = rows
        .iter()
        .map(|row| NewItem {
            catalogue_id: id,
            code: &row.code,
            name: &row.name,
            level: row.level,
            parent_code: row.parent_code.as_deref(),
            description: &row.description,
            aliases: &row.aliases,
        })
        .collect();
    Ok(queries::insert_items(tx.db, &items)?)
}

/// The flip: all rows are in, the version becomes a draft that staff see.
pub fn finish_import(tx: &mut Tx, actor: Option<&Actor>, id: CatalogueId) -> Result<(), Failure> {
    let changed = queries::end_staging(tx.db, id)?;
    if changed == 0 {
        return Err(Failure::Changed);
    }
    let body = actor.and_then(Actor::body_id);
    let entry = Entry::new("catalogue", id.0, "catalogue.imported").for_staff(body);
    ledger::append(tx, actor, &entry)
}

/// Takes an import back that will not be finished.
pub fn drop_import(tx: &mut Tx, id: CatalogueId) -> Result<(), Failure> {
    let catalogue = queries::find(tx.db, id)?;
    if catalogue.state == CatalogueState::Staging {
        delete(tx, id)?;
    }
    Ok(())
}

fn delete(tx: &mut Tx, id: CatalogueId) -> Result<(), Failure> {
    queries::delete(tx.db, id)?;
    Ok(())
}

/// Imports a small file as a draft in one go: the shipped sample, the demo, tests. Both faces take blocks instead.
pub fn import_csv(
    tx: &mut Tx,
    actor: Option<&Actor>,
    heading: &Heading,
    bytes: &[u8],
) -> Result<CatalogueId, Failure> {
    let rows = rules::read(bytes)
        .map_err(|bad| Failure::RefusedAll(bad.iter().map(Rule::refusal).collect()))?;
    let id = begin_import(tx, actor, heading, is_verified(&rows))?;
    for block in rows.chunks(BLOCK) {
        stage_rows(tx, id, block)?;
    }
    finish_import(tx, actor, id)?;
    Ok(id)
}

/// A version counts as verified when each of its rows does.
pub fn is_verified(rows: &[Row]) -> bool {
    rows.iter().all(|row| row.is_verified)
}

/// Puts a draft in force; the version that was in force for its year stays readable as replaced.
pub fn publish(tx: &mut Tx, actor: &Actor, id: CatalogueId) -> Result<(), Failure> {
    queries::find_own(tx.db, id, actor.body_id())?;
    publish_by(tx, Some(actor), id)
}

/// The same, also by the portal itself (command line, first start).
pub fn publish_by(tx: &mut Tx, actor: Option<&Actor>, id: CatalogueId) -> Result<(), Failure> {
    let catalogue = queries::find(tx.db, id)?;
    rules::may_change(catalogue.state)?;
    if let Some(before) = queries::find_published(tx.db, catalogue.year)? {
        set_state(tx, &before, CatalogueState::Replaced)?;
        let entry = Entry::new("catalogue", before.id.0, "catalogue.replaced").moved(
            CatalogueState::Published.as_str(),
            CatalogueState::Replaced.as_str(),
        );
        ledger::append(tx, actor, &entry)?;
    }
    set_state(tx, &catalogue, CatalogueState::Published)?;
    let entry = Entry::new("catalogue", id.0, "catalogue.published").moved(
        CatalogueState::Draft.as_str(),
        CatalogueState::Published.as_str(),
    );
    ledger::append(tx, actor, &entry)?;
    announce(tx, &catalogue)?;
    outbox::emit(tx, "catalogue.published", ("catalogue", id.0), &json!({}))
}

fn set_state(tx: &mut Tx, catalogue: &Catalogue, state: CatalogueState) -> Result<(), Failure> {
    let at = match state {
        CatalogueState::Published => Some(tx.now),
        _ => catalogue.published_at,
    };
    let changed = queries::set_state(tx.db, catalogue, state, at)
        // Another version of the year was published at the same moment.
        .map_err(|error| match Failure::from(error) {
            failure if failure.is_unique_violation() => Failure::Changed,
            failure => failure,
        })?;
    if changed == 0 {
        return Err(Failure::Changed);
    }
    Ok(())
}

fn announce(tx: &mut Tx, catalogue: &Catalogue) -> Result<(), Failure> {
    let items: Vec<_> = queries::list_items(tx.db, catalogue.id)?
        .into_iter()
        .map(|item| {
            json!({
                "code": item.code, "name": item.name, "level": item.level, "parent_code": item.parent_code,
                "description": item.description,
            })
        })
        .collect();
    let content = json!({
        "year": catalogue.year, "title": catalogue.title, "issued_no": catalogue.issued_no,
        "source": catalogue.source, "is_verified": catalogue.is_verified, "items": items,
    });
    publications::publish(
        tx,
        &Notice {
            kind: "catalogue",
            subject: ("catalogue", catalogue.id.0),
            region: None,
            title: &catalogue.title,
            link: &format!("/catalogue?year={}", catalogue.year),
            content: &content,
        },
    )?;
    Ok(())
}

/// Throws a draft away; its line in the ledger stays.
pub fn discard(tx: &mut Tx, actor: &Actor, id: CatalogueId) -> Result<(), Failure> {
    let catalogue = queries::find_own(tx.db, id, actor.body_id())?;
    rules::may_change(catalogue.state)?;
    // Saved over the version first: what a colleague publishes at the same moment is not thrown away.
    set_state(tx, &catalogue, CatalogueState::Staging)?;
    delete(tx, id)?;
    let entry = Entry::new("catalogue", id.0, "catalogue.discarded").for_staff(actor.body_id());
    ledger::append(tx, Some(actor), &entry)
}

/// Brings in the shipped sample, in force but unverified, where there is no catalogue yet.
pub fn import_reference(tx: &mut Tx) -> Result<(), Failure> {
    let known = queries::count(tx.db)?;
    if known > 0 {
        return Ok(());
    }
    let heading = Heading {
        year: SHIPPED_YEAR,
        title: SHIPPED_TITLE.into(),
        issued_no: None,
        source: SHIPPED_SOURCE.into(),
    };
    let id = import_csv(tx, None, &heading, SHIPPED)?;
    publish_by(tx, None, id)
}
