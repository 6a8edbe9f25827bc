//! Tenders: method, criteria, dates, questions, and their closing by the clock.

mod actions;
mod api;
mod model;
mod pages;
mod queries;
mod rules;

pub use actions::{
    Plan, SUBJECT, TenderKey, answer, ask, cancel, check_due, close_held, extend, find_rules,
    history_of, hold, hold_alone, hold_due, make_key, notices_of, plan, propose, publish, retender,
    rules_of, set_state,
};
pub use api::operations;
pub use model::{
    Criterion, CriterionId, CriterionKind, NewCriterion, Question, QuestionId, Tender, TenderId,
    TenderState,
};
pub use pages::routes;
pub use queries::{
    criteria_of, find, find_question, list_bidders, list_due, list_newest_of, list_own_questions,
    list_questions, list_unanswered, newest_of, next_due,
};
pub use rules::{CancelGround, MAX_CRITERIA, OPENING_GRACE, Proposal};

use crate::kernel::roles::{BodyKind, Role};
use crate::web::Permission;

/// Asking about a tender.
pub struct AskQuestions;

impl Permission for AskQuestions {
    fn granted_to(role: Role, kind: BodyKind) -> bool {
        kind == BodyKind::Provider && matches!(role, Role::Preparer | Role::Submitter)
    }
}
