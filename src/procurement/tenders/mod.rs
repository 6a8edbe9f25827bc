//! Tenders: method, criteria, dates, questions, and their closing by the clock.

mod actions;
mod model;
mod queries;

pub use actions::{hold, rules_of, set_state};
pub use model::{
    Criterion, CriterionId, CriterionKind, NewCriterion, Question, QuestionId, Tender, TenderId,
    TenderState,
};
pub use queries::{
    count_unanswered, criteria_of, find, list_bidders, list_due, list_newest_of, list_open,
    newest_of,
};
