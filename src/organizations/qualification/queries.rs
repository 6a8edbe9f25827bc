//! Rows of the directory.

use super::model::{Application, Qualification, QualificationId, QualificationState};
use crate::infra::db::{Backend, Db, ESCAPE, beginning, columns, containing, lower, replace};
use crate::kernel::people::PersonId;
use crate::kernel::sound::in_names;
use crate::organizations::registry::{Provider, ProviderId, ProviderKind, ProviderState};
use crate::schema::{bodies, provider_areas, provider_scopes, providers, qualifications};
use chrono::NaiveDateTime;
use diesel::dsl::{exists, select};
use diesel::prelude::*;
use std::collections::BTreeMap;

pub fn find(db: &mut Db, id: QualificationId) -> QueryResult<Qualification> {
    qualifications::table
        .find(id)
        .select(columns::<Qualification>())
        .first(db)
}

pub fn find_by_provider(db: &mut Db, id: ProviderId) -> QueryResult<Option<Qualification>> {
    qualifications::table
        .filter(qualifications::provider_id.eq(id))
        .select(columns::<Qualification>())
        .first(db)
        .optional()
}

/// Whether the provider stands in the public directory now: listed, and still proven.
pub fn is_listed(db: &mut Db, id: ProviderId) -> QueryResult<bool> {
    select(exists(
        qualifications::table
            .inner_join(providers::table.on(providers::id.eq(qualifications::provider_id)))
            .filter(qualifications::provider_id.eq(id))
            .filter(qualifications::state.eq(QualificationState::Listed))
            .filter(providers::state.eq(ProviderState::Proven)),
    ))
    .get_result(db)
}

/// How many applications wait: the reviewer's to-do list.
/// How many applications wait, and since when the oldest does.
pub fn count_submitted(db: &mut Db) -> QueryResult<(i64, Option<NaiveDateTime>)> {
    qualifications::table
        .filter(qualifications::state.eq(QualificationState::Submitted))
        .select((
            diesel::dsl::count_star(),
            diesel::dsl::min(qualifications::submitted_at),
        ))
        .first(db)
}

pub fn insert(
    db: &mut Db,
    provider: ProviderId,
    application: &Application,
    declarations: &str,
) -> QueryResult<QualificationId> {
    diesel::insert_into(qualifications::table)
        .values((
            qualifications::provider_id.eq(provider),
            qualifications::state.eq(QualificationState::Draft),
            qualifications::statement.eq(&application.statement),
            qualifications::declarations.eq(declarations),
        ))
        .returning(qualifications::id)
        .get_result(db)
}

pub fn set_text(
    db: &mut Db,
    held: &Qualification,
    state: QualificationState,
    application: &Application,
    declarations: &str,
) -> QueryResult<bool> {
    let saved = diesel::update(
        qualifications::table
            .filter(qualifications::id.eq(held.id))
            .filter(qualifications::version.eq(held.version)),
    )
    .set((
        qualifications::state.eq(state),
        qualifications::statement.eq(&application.statement),
        qualifications::declarations.eq(declarations),
        qualifications::version.eq(held.version + 1),
    ))
    .execute(db)?;
    Ok(saved == 1)
}

pub fn set_submitted(db: &mut Db, held: &Qualification, at: NaiveDateTime) -> QueryResult<bool> {
    let saved = diesel::update(
        qualifications::table
            .filter(qualifications::id.eq(held.id))
            .filter(qualifications::version.eq(held.version)),
    )
    .set((
        qualifications::state.eq(QualificationState::Submitted),
        qualifications::submitted_at.eq(at),
        qualifications::version.eq(held.version + 1),
    ))
    .execute(db)?;
    Ok(saved == 1)
}

/// A step of the reviewer, or a withdrawal (decided by nobody). `listed_at` is set at the first acceptance.
pub fn set_decided(
    db: &mut Db,
    held: &Qualification,
    state: QualificationState,
    by: Option<PersonId>,
    at: NaiveDateTime,
    reason: Option<&str>,
    listed_at: Option<NaiveDateTime>,
) -> QueryResult<bool> {
    let saved = diesel::update(
        qualifications::table
            .filter(qualifications::id.eq(held.id))
            .filter(qualifications::version.eq(held.version)),
    )
    .set((
        qualifications::state.eq(state),
        qualifications::decided_by.eq(by),
        qualifications::decided_at.eq(at),
        qualifications::reason.eq(reason),
        qualifications::listed_at.eq(listed_at),
        qualifications::version.eq(held.version + 1),
    ))
    .execute(db)?;
    Ok(saved == 1)
}

/// Applications and entries in a state with their providers; the longest waiting first.
pub fn list_by_state(
    db: &mut Db,
    state: QualificationState,
    after: Option<QualificationId>,
    limit: i64,
) -> QueryResult<Vec<(Qualification, Provider)>> {
    qualifications::table
        .inner_join(providers::table.on(providers::id.eq(qualifications::provider_id)))
        .inner_join(bodies::table.on(bodies::id.eq(providers::body_id)))
        .filter(qualifications::state.eq(state))
        .filter(qualifications::id.gt(after.unwrap_or(QualificationId(0))))
        .order(qualifications::id)
        .limit(limit)
        .select((columns::<Qualification>(), columns::<Provider>()))
        .load(db)
}

/// What a reader of the public directory asks for; everything at once.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub kind: Option<ProviderKind>,
    /// Serves this town: all of it, a community in it, or the whole county.
    pub town: Option<String>,
    /// Offers this catalogue item: itself, the group around it, or something in it.
    pub code: Option<String>,
    /// Words that must all be in the name or the summary, or name a service (`services`).
    pub words: Vec<String>,
    /// Catalogue codes whose names hold all the words.
    pub services: Vec<String>,
}

/// One line of the public directory.
#[derive(Clone, Debug)]
pub struct Listed {
    pub provider: Provider,
    pub listed_at: Option<NaiveDateTime>,
    pub scope: Vec<String>,
    pub areas: Vec<String>,
}

/// The providers that a filter lets through; a macro, since two queries with different columns grow from it. All is asked
/// of each row on the way down the list, which ends with the page.
macro_rules! filtered {
    ($filter:expr) => {{
        let filter: &Filter = $filter;
        let listed = qualifications::table
            .filter(qualifications::provider_id.eq(providers::id))
            .filter(qualifications::state.eq(QualificationState::Listed));
        let mut query = providers::table
            .inner_join(bodies::table.on(bodies::id.eq(providers::body_id)))
            .filter(exists(listed))
            .filter(providers::state.eq(ProviderState::Proven))
            .into_boxed::<Backend>();
        if let Some(kind) = filter.kind {
            query = query.filter(providers::kind.eq(kind));
        }
        if let Some(town) = &filter.town {
            let county: String = town.chars().take(6).collect();
            let serving = provider_areas::table
                .filter(provider_areas::provider_id.eq(providers::id))
                .filter(
                    provider_areas::region_code
                        .like(beginning(town))
                        .escape(ESCAPE)
                        .or(provider_areas::region_code.eq(county)),
                );
            query = query.filter(exists(serving));
        }
        if let Some(code) = &filter.code {
            let around: Vec<String> = [1, 3, 5]
                .iter()
                .filter_map(|length| code.get(..*length).map(str::to_owned))
                .collect();
            let offering = provider_scopes::table
                .filter(provider_scopes::provider_id.eq(providers::id))
                .filter(
                    provider_scopes::catalogue_code
                        .like(beginning(code))
                        .escape(ESCAPE)
                        .or(provider_scopes::catalogue_code.eq_any(around)),
                );
            query = query.filter(exists(offering));
        }
        if !filter.words.is_empty() {
            let offering = provider_scopes::table
                .filter(provider_scopes::catalogue_code.eq_any(filter.services.clone()))
                .select(provider_scopes::provider_id);
            for word in filter.words.iter().take(8) {
                let [typed, word] = in_names(word).map(|word| containing(&word));
                query = query.filter(
                    lower(bodies::name)
                        .like(word.clone())
                        .escape(ESCAPE)
                        .or(lower(bodies::name).like(typed.clone()).escape(ESCAPE))
                        .or(lower(providers::summary).like(word.clone()).escape(ESCAPE))
                        .or(lower(providers::summary).like(typed).escape(ESCAPE))
                        .or(lower(providers::credit_code)
                            .like(word.clone())
                            .escape(ESCAPE))
                        // By its sound: `chenxi` for `chen xi she gong`.
                        .or(replace(providers::sort_key, " ", "")
                            .like(word)
                            .escape(ESCAPE))
                        .or(providers::id.eq_any(offering.clone())),
                );
            }
        }
        query
    }};
}

/// The public directory in the order of its names' sound, after the last row seen.
pub fn list_listed(
    db: &mut Db,
    filter: &Filter,
    after: Option<(String, ProviderId)>,
    limit: i64,
) -> QueryResult<Vec<Listed>> {
    let mut query = filtered!(filter);
    if let Some((key, id)) = after {
        query = query.filter(providers::sort_key.ge(key.clone()));
        query = query.filter(providers::sort_key.gt(key).or(providers::id.gt(id)));
    }
    let rows: Vec<Provider> = query
        .order((providers::sort_key, providers::id))
        .limit(limit)
        .select(columns::<Provider>())
        .load(db)?;
    let ids: Vec<ProviderId> = rows.iter().map(|provider| provider.id).collect();
    let since: Vec<(ProviderId, Option<NaiveDateTime>)> = qualifications::table
        .filter(qualifications::provider_id.eq_any(ids.clone()))
        .filter(qualifications::state.eq(QualificationState::Listed))
        .select((qualifications::provider_id, qualifications::listed_at))
        .load(db)?;
    let since: BTreeMap<ProviderId, Option<NaiveDateTime>> = since.into_iter().collect();
    let scopes: Vec<(ProviderId, String)> = provider_scopes::table
        .filter(provider_scopes::provider_id.eq_any(ids.clone()))
        .order((
            provider_scopes::provider_id,
            provider_scopes::catalogue_code,
        ))
        .select((
            provider_scopes::provider_id,
            provider_scopes::catalogue_code,
        ))
        .load(db)?;
    let areas: Vec<(ProviderId, String)> = provider_areas::table
        .filter(provider_areas::provider_id.eq_any(ids))
        .order((provider_areas::provider_id, provider_areas::region_code))
        .select((provider_areas::provider_id, provider_areas::region_code))
        .load(db)?;
    let (mut scopes, mut areas) = (by_provider(scopes), by_provider(areas));
    Ok(rows
        .into_iter()
        .map(|provider| Listed {
            listed_at: since.get(&provider.id).copied().flatten(),
            scope: scopes.remove(&provider.id).unwrap_or_default(),
            areas: areas.remove(&provider.id).unwrap_or_default(),
            provider,
        })
        .collect())
}

fn by_provider(rows: Vec<(ProviderId, String)>) -> BTreeMap<ProviderId, Vec<String>> {
    let mut lists: BTreeMap<ProviderId, Vec<String>> = BTreeMap::new();
    for (id, code) in rows {
        lists.entry(id).or_default().push(code);
    }
    lists
}

pub fn count_listed(db: &mut Db, filter: &Filter) -> QueryResult<i64> {
    filtered!(filter).count().get_result(db)
}
