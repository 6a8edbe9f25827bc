//! The figures of the first page: sums over the wings.

use crate::infra::db::Db;
use crate::kernel::money::Fen;
use crate::organizations::qualification::QualificationState;
use crate::organizations::registry::ProviderState;
use crate::schema::{contract_communities, contracts, providers, qualifications};
use chrono::{Datelike, NaiveDate};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Providers whose certificate was checked.
    pub proven: i64,
    /// Of these, in the directory of qualified organizations.
    pub listed: i64,
    /// Communities and villages with a service today.
    pub served: usize,
    /// Contracts whose term begins this year.
    pub amount: Fen,
}

pub fn figures(db: &mut Db, today: NaiveDate) -> QueryResult<Figures> {
    let proven = providers::table
        .filter(providers::state.eq(ProviderState::Proven))
        .count()
        .get_result(db)?;
    let listed = qualifications::table
        .inner_join(providers::table.on(providers::id.eq(qualifications::provider_id)))
        .filter(qualifications::state.eq(QualificationState::Listed))
        .filter(providers::state.eq(ProviderState::Proven))
        .count()
        .get_result(db)?;
    let served: Vec<String> = contract_communities::table
        .inner_join(contracts::table.on(contracts::id.eq(contract_communities::contract_id)))
        .filter(contracts::published_at.is_not_null())
        .filter(contracts::state.ne("ended"))
        .filter(contracts::term_from.le(today))
        .filter(contracts::term_to.ge(today))
        .select(contract_communities::region_code)
        .distinct()
        .load(db)?;
    let (Some(first), Some(last)) = (
        NaiveDate::from_ymd_opt(today.year(), 1, 1),
        NaiveDate::from_ymd_opt(today.year(), 12, 31),
    ) else {
        return Ok(Figures::default());
    };
    let amount: Option<i64> = contracts::table
        .filter(contracts::published_at.is_not_null())
        .filter(contracts::term_from.between(first, last))
        .select(sql::<Nullable<BigInt>>("CAST(SUM(amount_fen) AS BIGINT)"))
        .first(db)?;
    Ok(Figures {
        proven,
        listed,
        served: served.len(),
        amount: Fen(amount.unwrap_or(0)),
    })
}
