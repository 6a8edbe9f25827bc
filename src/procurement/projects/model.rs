//! A purchase project: what a bureau or town buys, for whom, with which money (财政部令第102号).

use crate::catalogue::CatalogueId;
use crate::kernel::ids::{id, text_enum};
use crate::kernel::money::Fen;
use crate::kernel::people::{BodyId, PersonId};
use crate::kernel::roles::{BodyKind, Permission, Role};
use crate::schema::projects;
use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

id!(ProjectId);

text_enum!(ProjectState {
    Draft = "draft",
    Tendering = "tendering",
    Failed = "failed",
    Awarded = "awarded",
    Contracted = "contracted",
    Cancelled = "cancelled",
});

text_enum!(
    /// What may never be bought as a service (102号令 §10): each must be answered “no”.
    Forbidden {
        NotAGovernmentDuty = "f1",
        DirectGovernmentWork = "f2",
        GoodsAndWorks = "f3",
        Financing = "f4",
        LaborDispatch = "f5",
        OtherwiseForbidden = "f6",
    }
);

text_enum!(
    /// The conditions under which a term may be longer than a year (102号令 §24): all of them.
    TermGround {
        StableContent = "content",
        Continuous = "continuous",
        StableFunding = "funding",
        StablePrice = "price",
    }
);

#[derive(Queryable, Selectable, Clone, Debug)]
#[diesel(table_name = projects)]
pub struct Project {
    pub id: ProjectId,
    pub number: String,
    pub buyer_id: BodyId,
    pub region_code: String,
    pub catalogue_id: CatalogueId,
    pub catalogue_code: String,
    pub title: String,
    pub requirement: String,
    pub budget_fen: Fen,
    pub term_from: NaiveDate,
    pub term_to: NaiveDate,
    /// JSON list of [`TermGround`] words.
    pub term_grounds: String,
    /// JSON list of the [`Forbidden`] questions answered “no”.
    pub forbidden: String,
    pub phone: String,
    pub state: ProjectState,
    pub created_by: PersonId,
    pub created_at: NaiveDateTime,
    pub published_at: Option<NaiveDateTime>,
    pub version: i64,
}

impl Project {
    pub fn answered_no(&self) -> Vec<Forbidden> {
        serde_json::from_str(&self.forbidden).unwrap_or_default()
    }

    pub fn grounds(&self) -> Vec<TermGround> {
        serde_json::from_str(&self.term_grounds).unwrap_or_default()
    }

    pub fn is_public(&self) -> bool {
        self.published_at.is_some()
    }
}

/// What the officer writes.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct NewProject {
    pub catalogue_code: String,
    pub title: String,
    pub requirement: String,
    pub budget: Fen,
    /// The officer states that the money is secured: no budget, no project.
    pub is_budget_secured: bool,
    pub term_from: NaiveDate,
    pub term_to: NaiveDate,
    pub grounds: Vec<TermGround>,
    pub answered_no: Vec<Forbidden>,
    pub communities: Vec<String>,
    pub phone: String,
}

/// Writing a project and its tender; reaches the own body's rows only.
pub struct PrepareProjects;

impl Permission for PrepareProjects {
    fn granted_to(role: Role, kind: BodyKind) -> bool {
        role == Role::Officer && matches!(kind, BodyKind::Bureau | BodyKind::TownGovernment)
    }
}

/// Publishing, extending, closing, cancelling.
pub struct PublishProjects;

impl Permission for PublishProjects {
    const STEP_UP: bool = true;

    fn granted_to(role: Role, kind: BodyKind) -> bool {
        PrepareProjects::granted_to(role, kind)
    }
}
