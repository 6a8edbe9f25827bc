//! Rows of providers, their scopes, areas and certificates.

use super::model::{NewFile, NewProvider, Provider, ProviderId, ProviderState, StoredFile};
use crate::catalogue;
use crate::infra::db::{Backend, Db, columns};
use crate::kernel::credit_code::CreditCode;
use crate::kernel::people::{BodyId, PersonId};
use crate::regions;
use crate::schema::{bodies, files, memberships, provider_areas, provider_scopes, providers};
use chrono::NaiveDateTime;
use diesel::prelude::*;
use std::collections::BTreeMap;

pub const SUBJECT: &str = "provider";
pub const CERTIFICATE: &str = "certificate";

pub fn find(db: &mut Db, id: ProviderId) -> QueryResult<Provider> {
    providers::table
        .inner_join(bodies::table.on(bodies::id.eq(providers::body_id)))
        .filter(providers::id.eq(id))
        .select(columns::<Provider>())
        .first(db)
}

pub fn find_by_body(db: &mut Db, body: BodyId) -> QueryResult<Option<Provider>> {
    providers::table
        .inner_join(bodies::table.on(bodies::id.eq(providers::body_id)))
        .filter(providers::body_id.eq(body))
        .select(columns::<Provider>())
        .first(db)
        .optional()
}

/// Those of these bodies whose registration was checked and proven.
pub fn proven_of(db: &mut Db, of: &[BodyId]) -> QueryResult<Vec<BodyId>> {
    providers::table
        .filter(providers::body_id.eq_any(of.to_vec()))
        .filter(providers::state.eq(ProviderState::Proven))
        .order(providers::body_id)
        .select(providers::body_id)
        .load(db)
}

/// The provider, if it is this body's; anybody else's does not exist for it.
pub fn find_own(db: &mut Db, id: ProviderId, body: Option<BodyId>) -> QueryResult<Provider> {
    let provider = find(db, id)?;
    if Some(provider.body_id) == body {
        Ok(provider)
    } else {
        Err(diesel::NotFound)
    }
}

/// The bodies with this code that the person acts for already.
pub fn list_of_person(
    db: &mut Db,
    person: PersonId,
    code: &CreditCode,
) -> QueryResult<Vec<ProviderId>> {
    providers::table
        .inner_join(memberships::table.on(memberships::body_id.eq(providers::body_id)))
        .filter(memberships::person_id.eq(person))
        .filter(memberships::ended_at.is_null())
        .filter(providers::credit_code.eq(code.clone()))
        .order(providers::id)
        .select(providers::id)
        .distinct()
        .load(db)
}

/// Other claims to the same code, refused ones too.
pub fn list_rivals(db: &mut Db, provider: &Provider) -> QueryResult<Vec<Provider>> {
    providers::table
        .inner_join(bodies::table.on(bodies::id.eq(providers::body_id)))
        .filter(providers::credit_code.eq(provider.credit_code.clone()))
        .filter(providers::id.ne(provider.id))
        .order(providers::id)
        .select(columns::<Provider>())
        .load(db)
}

/// How many claims there are to the code of each of these.
pub fn count_claims(db: &mut Db, providers: &[Provider]) -> QueryResult<BTreeMap<String, usize>> {
    let codes: Vec<CreditCode> = providers
        .iter()
        .map(|provider| provider.credit_code.clone())
        .collect();
    let claims: Vec<CreditCode> = providers::table
        .filter(providers::credit_code.eq_any(codes))
        .select(providers::credit_code)
        .load(db)?;
    let mut counted = BTreeMap::new();
    for code in claims {
        *counted.entry(code.to_string()).or_default() += 1;
    }
    Ok(counted)
}

/// When the certificate of each of these was handed in.
pub fn certificates_of(
    db: &mut Db,
    providers: &[Provider],
) -> QueryResult<BTreeMap<i64, NaiveDateTime>> {
    let ids: Vec<i64> = providers.iter().map(|provider| provider.id.0).collect();
    let rows: Vec<(i64, NaiveDateTime)> = files::table
        .filter(files::subject_kind.eq(SUBJECT))
        .filter(files::subject_id.eq_any(ids))
        .filter(files::purpose.eq(CERTIFICATE))
        .filter(files::removed_at.is_null())
        .order(files::id)
        .select((files::subject_id, files::created_at))
        .load(db)?;
    Ok(rows.into_iter().collect())
}

/// The providers whose certificate lies here.
macro_rules! with_certificate {
    () => {
        files::table
            .filter(files::subject_kind.eq(SUBJECT))
            .filter(files::purpose.eq(CERTIFICATE))
            .filter(files::removed_at.is_null())
            .select(files::subject_id)
    };
}

/// Providers in a state, the longest registered first; of the unproven ones those that handed in a certificate.
pub fn list_by_state(
    db: &mut Db,
    state: ProviderState,
    after: Option<ProviderId>,
    limit: i64,
) -> QueryResult<Vec<Provider>> {
    let mut query = providers::table
        .inner_join(bodies::table.on(bodies::id.eq(providers::body_id)))
        .filter(providers::state.eq(state))
        .filter(providers::id.gt(after.unwrap_or(ProviderId(0))))
        .into_boxed::<Backend>();
    if state == ProviderState::Unproven {
        query = query.filter(providers::id.eq_any(with_certificate!()));
    }
    query
        .order(providers::id)
        .limit(limit)
        .select(columns::<Provider>())
        .load(db)
}

/// Providers for which nobody acts, the longest registered first.
pub fn list_unattended(
    db: &mut Db,
    after: Option<ProviderId>,
    limit: i64,
) -> QueryResult<Vec<Provider>> {
    let attended = memberships::table
        .filter(memberships::body_id.eq(providers::body_id))
        .filter(memberships::ended_at.is_null());
    providers::table
        .inner_join(bodies::table.on(bodies::id.eq(providers::body_id)))
        .filter(diesel::dsl::not(diesel::dsl::exists(attended)))
        .filter(providers::id.gt(after.unwrap_or(ProviderId(0))))
        .order(providers::id)
        .limit(limit)
        .select(columns::<Provider>())
        .load(db)
}

/// Which of these codes some body claims that was not refused.
pub fn claimed_of(db: &mut Db, codes: &[CreditCode]) -> QueryResult<Vec<CreditCode>> {
    providers::table
        .filter(providers::credit_code.eq_any(codes.to_vec()))
        .filter(providers::state.ne(ProviderState::Refused))
        .select(providers::credit_code)
        .distinct()
        .load(db)
}

/// How many wait for a check, and since when the oldest does: the reviewer's to-do list.
pub fn count_waiting(db: &mut Db) -> QueryResult<(i64, Option<NaiveDateTime>)> {
    files::table
        .inner_join(providers::table.on(files::subject_id.eq(providers::id)))
        .filter(providers::state.eq(ProviderState::Unproven))
        .filter(files::subject_kind.eq(SUBJECT))
        .filter(files::purpose.eq(CERTIFICATE))
        .filter(files::removed_at.is_null())
        .select((
            diesel::dsl::count(providers::id).aggregate_distinct(),
            diesel::dsl::min(files::created_at),
        ))
        .first(db)
}

pub fn scopes_of(db: &mut Db, id: ProviderId) -> QueryResult<Vec<String>> {
    provider_scopes::table
        .filter(provider_scopes::provider_id.eq(id))
        .order(provider_scopes::catalogue_code)
        .select(provider_scopes::catalogue_code)
        .load(db)
}

pub fn areas_of(db: &mut Db, id: ProviderId) -> QueryResult<Vec<String>> {
    provider_areas::table
        .filter(provider_areas::provider_id.eq(id))
        .order(provider_areas::region_code)
        .select(provider_areas::region_code)
        .load(db)
}

pub fn insert(
    db: &mut Db,
    body: BodyId,
    new: &NewProvider,
    sort_key: &str,
    at: NaiveDateTime,
) -> QueryResult<ProviderId> {
    let id: ProviderId = diesel::insert_into(providers::table)
        .values((
            providers::body_id.eq(body),
            providers::kind.eq(new.kind),
            providers::credit_code.eq(&new.credit_code),
            providers::legal_head.eq(&new.legal_head),
            providers::address.eq(&new.address),
            providers::phone.eq(&new.phone),
            providers::summary.eq(&new.summary),
            providers::state.eq(ProviderState::Unproven),
            providers::sort_key.eq(sort_key),
            providers::created_at.eq(at),
        ))
        .returning(providers::id)
        .get_result(db)?;
    insert_lists(db, id, new)?;
    Ok(id)
}

fn insert_lists(db: &mut Db, id: ProviderId, new: &NewProvider) -> QueryResult<()> {
    for code in &new.scope {
        diesel::insert_into(provider_scopes::table)
            .values((
                provider_scopes::provider_id.eq(id),
                provider_scopes::catalogue_code.eq(code),
            ))
            .execute(db)?;
    }
    for code in &new.areas {
        diesel::insert_into(provider_areas::table)
            .values((
                provider_areas::provider_id.eq(id),
                provider_areas::region_code.eq(code),
            ))
            .execute(db)?;
    }
    Ok(())
}

/// Saves what the body says about itself; false when somebody else saved first.
pub fn set_data(
    db: &mut Db,
    held: &Provider,
    new: &NewProvider,
    sort_key: &str,
) -> QueryResult<bool> {
    let saved = diesel::update(
        providers::table
            .filter(providers::id.eq(held.id))
            .filter(providers::version.eq(held.version)),
    )
    .set((
        providers::kind.eq(new.kind),
        providers::credit_code.eq(&new.credit_code),
        providers::legal_head.eq(&new.legal_head),
        providers::address.eq(&new.address),
        providers::phone.eq(&new.phone),
        providers::summary.eq(&new.summary),
        providers::sort_key.eq(sort_key),
        providers::version.eq(held.version + 1),
    ))
    .execute(db)?;
    if saved == 0 {
        return Ok(false);
    }
    diesel::delete(provider_scopes::table.filter(provider_scopes::provider_id.eq(held.id)))
        .execute(db)?;
    diesel::delete(provider_areas::table.filter(provider_areas::provider_id.eq(held.id)))
        .execute(db)?;
    insert_lists(db, held.id, new)?;
    Ok(true)
}

/// What a check decided: who, when and why; nothing of it when a new check is due.
pub struct Check<'a> {
    pub state: ProviderState,
    pub by: Option<PersonId>,
    pub at: Option<NaiveDateTime>,
    pub reason: Option<&'a str>,
}

pub fn set_state(db: &mut Db, id: ProviderId, version: i64, check: &Check) -> QueryResult<bool> {
    let saved = diesel::update(
        providers::table
            .filter(providers::id.eq(id))
            .filter(providers::version.eq(version)),
    )
    .set((
        providers::state.eq(check.state),
        providers::checked_by.eq(check.by),
        providers::checked_at.eq(check.at),
        providers::reason.eq(check.reason),
        providers::version.eq(version + 1),
    ))
    .execute(db)?;
    Ok(saved == 1)
}

pub fn find_certificate(db: &mut Db, id: ProviderId) -> QueryResult<Option<StoredFile>> {
    files::table
        .filter(files::subject_kind.eq(SUBJECT))
        .filter(files::subject_id.eq(id.0))
        .filter(files::purpose.eq(CERTIFICATE))
        .filter(files::removed_at.is_null())
        .order(files::id.desc())
        .select(columns::<StoredFile>())
        .first(db)
        .optional()
}

/// Puts a new certificate in the place of the earlier one, whose bytes a sweeper removes later.
pub fn replace_certificate(
    db: &mut Db,
    provider: &Provider,
    by: PersonId,
    file: &NewFile,
    at: NaiveDateTime,
) -> QueryResult<()> {
    diesel::update(
        files::table
            .filter(files::subject_kind.eq(SUBJECT))
            .filter(files::subject_id.eq(provider.id.0))
            .filter(files::purpose.eq(CERTIFICATE))
            .filter(files::removed_at.is_null()),
    )
    .set(files::removed_at.eq(at))
    .execute(db)?;
    insert_file(db, provider, CERTIFICATE, by, file, at)
}

/// A file of this provider for staff and itself; `purpose` says which of its pages it belongs to.
pub fn insert_file(
    db: &mut Db,
    provider: &Provider,
    purpose: &str,
    by: PersonId,
    file: &NewFile,
    at: NaiveDateTime,
) -> QueryResult<()> {
    diesel::insert_into(files::table)
        .values((
            files::subject_kind.eq(SUBJECT),
            files::subject_id.eq(provider.id.0),
            files::purpose.eq(purpose),
            files::owner_body_id.eq(provider.body_id),
            files::uploaded_by.eq(by),
            files::name.eq(&file.name),
            files::media_type.eq(file.media_type),
            files::size.eq(file.size),
            files::sha256.eq(&file.sha256),
            files::storage_key.eq(&file.storage_key),
            files::audience.eq("staff"),
            files::created_at.eq(at),
        ))
        .execute(db)?;
    Ok(())
}

pub fn list_files(db: &mut Db, id: ProviderId, purpose: &str) -> QueryResult<Vec<StoredFile>> {
    files::table
        .filter(files::subject_kind.eq(SUBJECT))
        .filter(files::subject_id.eq(id.0))
        .filter(files::purpose.eq(purpose.to_owned()))
        .filter(files::removed_at.is_null())
        .order(files::id)
        .select(columns::<StoredFile>())
        .load(db)
}

/// One of a provider's files, by its number and what it belongs to.
pub fn find_file(db: &mut Db, id: ProviderId, purpose: &str, file: i64) -> QueryResult<StoredFile> {
    files::table
        .filter(files::id.eq(file))
        .filter(files::subject_kind.eq(SUBJECT))
        .filter(files::subject_id.eq(id.0))
        .filter(files::purpose.eq(purpose.to_owned()))
        .filter(files::removed_at.is_null())
        .select(columns::<StoredFile>())
        .first(db)
}

/// Takes a file off its page; a sweeper removes its bytes later.
pub fn remove_file(db: &mut Db, file: &StoredFile, at: NaiveDateTime) -> QueryResult<()> {
    diesel::update(files::table.find(file.id))
        .set(files::removed_at.eq(at))
        .execute(db)?;
    Ok(())
}

/// Names of catalogue items, newest catalogue first; a code of an earlier year keeps its own name.
pub fn scope_names(db: &mut Db) -> QueryResult<BTreeMap<String, String>> {
    let mut names = BTreeMap::new();
    for catalogue in catalogue::list_public(db)?.iter().take(5) {
        for item in catalogue::list_items(db, catalogue.id)? {
            names.entry(item.code).or_insert(item.name);
        }
    }
    Ok(names)
}

/// Names of areas: the county, a town, or a community with its town.
pub fn area_names(db: &mut Db) -> QueryResult<BTreeMap<String, String>> {
    let towns = regions::list_towns(db)?;
    let mut names: BTreeMap<String, String> = towns
        .iter()
        .map(|town| (town.code.clone(), town.name.clone()))
        .collect();
    for community in regions::list_communities(db)? {
        let town = community
            .parent_code
            .as_ref()
            .and_then(|code| names.get(code));
        let name = match town {
            Some(town) => format!("{town}·{}", community.name),
            None => community.name,
        };
        names.insert(community.code, name);
    }
    if let Some(county) = towns.first().and_then(|town| town.parent_code.clone()) {
        let county = regions::find(db, &county)?;
        names.insert(county.code, county.name);
    }
    Ok(names)
}
