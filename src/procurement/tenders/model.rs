//! A tender: one round of a project under one method's rules, with its criteria, questions and key.

use crate::common::rulesets::{Method, RuleSetId};
use crate::kernel::ids::{id, text_enum};
use crate::kernel::people::PersonId;
use crate::procurement::projects::ProjectId;
use crate::schema::{criteria, questions, tenders};
use chrono::NaiveDateTime;
use diesel::prelude::*;

id!(TenderId);
id!(CriterionId);
id!(QuestionId);

text_enum!(TenderState {
    Draft = "draft",
    Open = "open",
    Held = "held",
    Closed = "closed",
    Opened = "opened",
    Evaluated = "evaluated",
    Awarded = "awarded",
    Contracted = "contracted",
    Failed = "failed",
    Cancelled = "cancelled",
});

impl TenderState {
    /// Asked in time, a question is answered even after the deadline; once bids are open, an answer would be late for
    /// everybody.
    pub const ANSWERING: [Self; 3] = [Self::Open, Self::Held, Self::Closed];

    /// Nothing is weighed any more: who sat on the panel is no secret from here on (87号令 §47).
    pub const DECIDED: [Self; 4] = [
        Self::Awarded,
        Self::Contracted,
        Self::Failed,
        Self::Cancelled,
    ];

    pub fn is_decided(self) -> bool {
        Self::DECIDED.contains(&self)
    }
}

#[derive(Queryable, Selectable, Clone, Debug)]
#[diesel(table_name = tenders)]
pub struct Tender {
    pub id: TenderId,
    pub project_id: ProjectId,
    /// 1 for the first; a failed project may be tendered again.
    pub round: i64,
    pub method: Method,
    pub rule_set_id: RuleSetId,
    pub state: TenderState,
    pub published_at: Option<NaiveDateTime>,
    pub questions_until: Option<NaiveDateTime>,
    pub closes_at: Option<NaiveDateTime>,
    pub closed_at: Option<NaiveDateTime>,
    pub opened_at: Option<NaiveDateTime>,
    /// How long the portal was down, when that is why the tender is held.
    pub held_minutes: Option<i64>,
    pub next_check: Option<NaiveDateTime>,
    /// The public half of the tender's key: bids are sealed to it.
    pub recipient: Option<String>,
    /// The secret half, sealed under the server's key, as hexadecimal.
    pub wrapped_identity: Option<String>,
    pub version: i64,
}

text_enum!(CriterionKind {
    Quality = "quality",
    Price = "price",
});

/// One line of the evaluation; `weight` is whole points of 100.
#[derive(Queryable, Selectable, Clone, Debug, PartialEq, Eq)]
#[diesel(table_name = criteria)]
pub struct Criterion {
    pub id: CriterionId,
    pub tender_id: TenderId,
    pub position: i64,
    pub kind: CriterionKind,
    pub name: String,
    pub measure: String,
    pub weight: i64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCriterion {
    pub kind: CriterionKind,
    pub name: String,
    pub measure: String,
    pub weight: i64,
}

/// A question as everybody may see it: who asked is in no query of this room but the asker's own.
#[derive(Queryable, Selectable, Clone, Debug)]
#[diesel(table_name = questions)]
pub struct Question {
    pub id: QuestionId,
    pub tender_id: TenderId,
    pub question: String,
    pub asked_at: NaiveDateTime,
    pub answer: Option<String>,
    pub answered_by: Option<PersonId>,
    pub answered_at: Option<NaiveDateTime>,
    pub version: i64,
}
