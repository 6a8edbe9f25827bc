//! Evaluation: the panel of a tender, each member's own sheet of scores, and the ranking that follows.

mod actions;
mod api;
mod model;
mod pages;
mod queries;
mod rules;

pub use actions::{
    confirm_or_submit, declare, draw_missing, form_panel, recuse, remind, replace, save_scores,
};
pub use api::operations;
pub use model::{CriterionMean, EvaluateTenders, Mark, RankedBid, ScoreBids};
pub use pages::routes;
pub use queries::{criterion_means, find_sheet, results_of};
pub use rules::{EvaluationRule, Step, is_valid, may};

/// The panel of a tender, as `panels` names its subject.
pub const SUBJECT: &str = "tender";

/// The people of the panel, who are secret until the award (87号令 §47): experts first.
pub fn panel_names(
    db: &mut crate::infra::db::Db,
    tender: crate::procurement::tenders::TenderId,
) -> diesel::QueryResult<Vec<(String, crate::common::panels::Capacity)>> {
    queries::panel_names(db, tender)
}

/// How the experts were drawn, as each draw was recorded: seed, pool and who was drawn, by their numbers.
pub fn draws_of(
    db: &mut crate::infra::db::Db,
    tender: crate::procurement::tenders::TenderId,
) -> Result<Vec<serde_json::Value>, crate::infra::failure::Failure> {
    crate::infra::ledger::reasons_of(db, (SUBJECT, tender.0), "panel.drawn")?
        .iter()
        .map(|record| Ok(serde_json::from_str(record)?))
        .collect()
}

/// Every body whose bid was opened, readable or not.
pub fn bidders_of(
    db: &mut crate::infra::db::Db,
    tender: crate::procurement::tenders::TenderId,
) -> diesel::QueryResult<Vec<crate::kernel::people::BodyId>> {
    let bids = queries::bidder_names(db, tender)?;
    Ok(bids.into_iter().map(|(_, body, _)| body).collect())
}
