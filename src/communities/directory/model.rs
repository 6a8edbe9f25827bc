//! What the pages of this wing read: services from published contracts, and projects that are open.

use crate::catalogue::CatalogueId;
use crate::kernel::money::Fen;
use crate::organizations::registry::ProviderId;
use crate::procurement::contracts::ContractId;
use crate::procurement::projects::ProjectId;
use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

/// One published contract as a service to residents: nothing of it can be a secret (条例 §50 hides neither parties,
/// nor price, nor term).
#[derive(Queryable, Clone, Debug)]
pub struct Service {
    pub contract_id: ContractId,
    pub title: String,
    pub catalogue_code: String,
    pub amount: Fen,
    pub term_from: NaiveDate,
    pub term_to: NaiveDate,
    /// The purchaser's.
    pub phone: String,
    pub state: String,
    pub is_entered_afterwards: bool,
    pub provider_name: String,
    pub published_at: Option<NaiveDateTime>,
    /// The provider's page here, if it is registered.
    pub provider: Option<ProviderId>,
    pub provider_phone: Option<String>,
    pub buyer_name: String,
}

impl Service {
    /// A contract runs to the end of its last day; nothing needs to happen for it to end.
    pub fn has_ended(&self, today: NaiveDate) -> bool {
        self.state == "ended" || self.term_to < today
    }

    pub fn has_begun(&self, today: NaiveDate) -> bool {
        self.term_from <= today
    }
}

/// A project that takes bids now. How many there are is nobody's to know (87号令 §28), so nothing here depends on it.
#[derive(Queryable, Clone, Debug)]
pub struct OpenProject {
    pub id: ProjectId,
    pub number: String,
    pub title: String,
    pub budget: Fen,
    pub catalogue_id: CatalogueId,
    pub catalogue_code: String,
    pub method: String,
    pub closes_at: Option<NaiveDateTime>,
}
