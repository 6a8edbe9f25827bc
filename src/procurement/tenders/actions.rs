//! What happens to a tender.

use super::model::{Tender, TenderId, TenderState};
use super::queries;
use crate::common::rulesets::{self, MethodRules};
use crate::infra::db::Db;
use crate::infra::failure::Failure;
use crate::infra::store::Tx;
use crate::on_db;
use crate::schema::tenders;
use diesel::prelude::*;

/// Loads a tender whose state an action relies on: it cannot change until the transaction ends, and `tx.now` is taken
/// anew after the wait for it.
pub fn hold(tx: &mut Tx, id: TenderId) -> Result<Tender, Failure> {
    on_db!(&mut *tx.db,
        sqlite _alone => (),
        postgres conn => {
            tenders::table.find(id).select(tenders::id).for_share().first::<TenderId>(conn)?;
        }
    );
    if matches!(tx.db, Db::Postgres(_)) {
        tx.refresh_now()?;
    }
    Ok(queries::find(tx.db, id)?)
}

/// Compare-and-set on the version; the opening's instant is kept when the state becomes `opened`.
pub fn set_state(tx: &mut Tx, tender: &Tender, state: TenderState) -> Result<(), Failure> {
    let mut next = tender.clone();
    next.state = state;
    if state == TenderState::Opened {
        next.opened_at = Some(tx.now);
    }
    save(tx, &next)
}

pub(super) fn save(tx: &mut Tx, tender: &Tender) -> Result<(), Failure> {
    match queries::save(tx.db, tender)? {
        0 => Err(Failure::Changed),
        _ => Ok(()),
    }
}

/// The rules that the tender was published under.
pub fn rules_of(db: &mut Db, tender: &Tender) -> Result<MethodRules, Failure> {
    Ok(rulesets::load_method(db, tender.rule_set_id)?.rules)
}
