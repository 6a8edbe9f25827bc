//! Rows of contracts. What the public asks for comes without its secrets.

use super::import::Row;
use super::model::{
    Contract, ContractId, ContractState, Scan, ScanId, Side, SignMethod, Signature,
};
use crate::common::clocks::Clock;
use crate::infra::db::{Db, ESCAPE, beginning, columns, containing};
use crate::kernel::people::{BodyId, PersonId};
use crate::kernel::sound::folded;
use crate::on_db;
use crate::organizations::registry::ProviderId;
use crate::procurement::awards::AwardId;
use crate::procurement::projects::ProjectId;
use crate::schema::{
    awards, clocks, contract_communities, contract_signatures, contracts, files, providers, regions,
};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use std::collections::BTreeMap;

pub fn find(db: &mut Db, id: ContractId) -> QueryResult<Contract> {
    contracts::table
        .find(id)
        .select(columns::<Contract>())
        .first(db)
}

/// A published contract without its secrets.
pub fn find_public(db: &mut Db, id: ContractId) -> QueryResult<Option<Contract>> {
    let found: Option<Contract> = contracts::table
        .find(id)
        .filter(contracts::published_at.is_not_null())
        .select(columns::<Contract>())
        .first(db)
        .optional()?;
    Ok(found.map(Contract::redacted))
}

/// The contract of a project that stands, whatever its state.
pub fn find_of_project(db: &mut Db, project: ProjectId) -> QueryResult<Option<Contract>> {
    contracts::table
        .filter(contracts::project_id.eq(project))
        .filter(contracts::state.ne(ContractState::Cancelled))
        .order(contracts::id.desc())
        .select(columns::<Contract>())
        .first(db)
        .optional()
}

/// The contract that was drawn up from an award.
pub fn find_of_award(db: &mut Db, award: AwardId) -> QueryResult<Option<ContractId>> {
    contracts::table
        .filter(contracts::award_id.eq(award))
        .select(contracts::id)
        .first(db)
        .optional()
}

/// Until when a contract must be signed, by the clock of its tender.
pub fn signing_limit(db: &mut Db, award: Option<AwardId>) -> QueryResult<Option<Clock>> {
    let Some(award) = award else {
        return Ok(None);
    };
    clocks::table
        .inner_join(awards::table.on(awards::tender_id.eq(clocks::subject_id)))
        .filter(awards::id.eq(award))
        .filter(clocks::subject_kind.eq("tender"))
        .filter(clocks::code.eq("signing"))
        .select(columns::<Clock>())
        .first(db)
        .optional()
}

/// The sides of a contract that have not signed yet.
pub fn unsigned_sides(db: &mut Db, id: ContractId) -> QueryResult<Vec<Side>> {
    let signed = signatures_of(db, id)?;
    let is_missing = |side: &&Side| !signed.iter().any(|signature| signature.side == **side);
    Ok(Side::ALL.iter().filter(is_missing).copied().collect())
}

/// A body's contracts that are not published yet, on either side.
pub fn list_unpublished(db: &mut Db, body: BodyId) -> QueryResult<Vec<Contract>> {
    contracts::table
        .filter(
            contracts::buyer_id
                .eq(body)
                .or(contracts::provider_id.eq(body)),
        )
        .filter(contracts::state.eq_any([ContractState::Drafted, ContractState::Signing]))
        .order(contracts::id)
        .select(columns::<Contract>())
        .load(db)
}

/// What a visitor filters the public list by.
#[derive(Clone, Debug, Default)]
pub struct Filters {
    /// A county, town, community or village.
    pub region: Option<String>,
    pub catalogue: Option<String>,
    pub text: Option<String>,
    /// Contracts that run on some day of this year.
    pub year: Option<i32>,
}

/// Published contracts, newest first, after the last one seen.
pub fn list_published(
    db: &mut Db,
    filters: &Filters,
    after: Option<(NaiveDateTime, ContractId)>,
    size: i64,
) -> QueryResult<Vec<Contract>> {
    let mut query = contracts::table
        .filter(contracts::published_at.is_not_null())
        .order((contracts::published_at.desc(), contracts::id.desc()))
        .limit(size)
        .select(columns::<Contract>())
        .into_boxed();
    if let Some((at, id)) = after {
        query = query.filter(contracts::published_at.le(at)).filter(
            contracts::published_at
                .lt(at)
                .or(contracts::id.lt(id))
                .assume_not_null(),
        );
    }
    if let Some(region) = &filters.region {
        let under = contract_communities::table
            .filter(contract_communities::contract_id.eq(contracts::id))
            .filter(
                contract_communities::region_code
                    .like(beginning(region))
                    .escape(ESCAPE),
            );
        query = query.filter(diesel::dsl::exists(under));
    }
    if let Some(code) = &filters.catalogue {
        query = query.filter(
            contracts::catalogue_code
                .like(beginning(code))
                .escape(ESCAPE),
        );
    }
    if let Some(text) = &filters.text {
        let typed = containing(text);
        let like = containing(&folded(text));
        let served = contract_communities::table
            .inner_join(regions::table.on(regions::code.eq(contract_communities::region_code)))
            .filter(regions::name.like(like.clone()).escape(ESCAPE))
            .select(contract_communities::contract_id);
        query = query.filter(
            contracts::provider_name
                .like(like.clone())
                .escape(ESCAPE)
                .or(contracts::provider_name.like(typed.clone()).escape(ESCAPE))
                .or(contracts::title.like(like).escape(ESCAPE))
                .or(contracts::title.like(typed).escape(ESCAPE))
                .or(contracts::id.eq_any(served)),
        );
    }
    if let Some((first, last)) = filters.year.and_then(|year| {
        Some((
            NaiveDate::from_ymd_opt(year, 1, 1)?,
            NaiveDate::from_ymd_opt(year, 12, 31)?,
        ))
    }) {
        query = query
            .filter(contracts::term_from.le(last))
            .filter(contracts::term_to.ge(first));
    }
    let found: Vec<Contract> = query.load(db)?;
    Ok(found.into_iter().map(Contract::redacted).collect())
}

pub fn communities_of(db: &mut Db, id: ContractId) -> QueryResult<Vec<String>> {
    contract_communities::table
        .filter(contract_communities::contract_id.eq(id))
        .order(contract_communities::region_code)
        .select(contract_communities::region_code)
        .load(db)
}

/// The communities of each contract.
pub fn communities_of_many(
    db: &mut Db,
    ids: Vec<ContractId>,
) -> QueryResult<BTreeMap<ContractId, Vec<String>>> {
    let rows: Vec<(ContractId, String)> = contract_communities::table
        .filter(contract_communities::contract_id.eq_any(ids))
        .order((
            contract_communities::contract_id,
            contract_communities::region_code,
        ))
        .select((
            contract_communities::contract_id,
            contract_communities::region_code,
        ))
        .load(db)?;
    let mut many: BTreeMap<ContractId, Vec<String>> = BTreeMap::new();
    for (id, code) in rows {
        many.entry(id).or_default().push(code);
    }
    Ok(many)
}

pub fn signatures_of(db: &mut Db, id: ContractId) -> QueryResult<Vec<Signature>> {
    contract_signatures::table
        .filter(contract_signatures::contract_id.eq(id))
        .order(contract_signatures::id)
        .select(columns::<Signature>())
        .load(db)
}

/// How many numbers of this year are taken. Contracts are never deleted, so the next is free; a race meets the
/// unique number.
pub fn count_numbers(db: &mut Db, year: i32) -> QueryResult<i64> {
    contracts::table
        .filter(contracts::number.like(format!("TC-HT-{year}-%")))
        .count()
        .get_result(db)
}

#[derive(Insertable, Clone, Debug)]
#[diesel(table_name = contracts)]
pub struct NewContract<'a> {
    pub number: &'a str,
    pub award_id: Option<AwardId>,
    pub project_id: Option<ProjectId>,
    pub buyer_id: BodyId,
    pub provider_id: Option<BodyId>,
    pub provider_name: &'a str,
    pub provider_code: Option<&'a str>,
    pub title: &'a str,
    pub catalogue_code: &'a str,
    pub scope: &'a str,
    pub amount_fen: crate::kernel::money::Fen,
    pub term_from: NaiveDate,
    pub term_to: NaiveDate,
    pub phone: &'a str,
    pub payment: &'a str,
    pub duties: &'a str,
    pub secrets: &'a str,
    pub state: ContractState,
    pub is_entered_afterwards: bool,
    pub created_at: NaiveDateTime,
    pub published_at: Option<NaiveDateTime>,
}

pub fn insert(
    db: &mut Db,
    contract: &NewContract,
    communities: &[String],
) -> QueryResult<ContractId> {
    let id: ContractId = diesel::insert_into(contracts::table)
        .values(contract.clone())
        .returning(contracts::id)
        .get_result(db)?;
    for code in communities {
        diesel::insert_into(contract_communities::table)
            .values((
                contract_communities::contract_id.eq(id),
                contract_communities::region_code.eq(code),
            ))
            .execute(db)?;
    }
    Ok(id)
}

/// Saves the free parts; false when somebody saved meanwhile.
pub fn save_terms(
    db: &mut Db,
    contract: &Contract,
    payment: &str,
    duties: &str,
    phone: &str,
    secrets: &str,
) -> QueryResult<bool> {
    let row = contracts::table
        .find(contract.id)
        .filter(contracts::version.eq(contract.version));
    diesel::update(row)
        .set((
            contracts::payment.eq(payment),
            contracts::duties.eq(duties),
            contracts::phone.eq(phone),
            contracts::secrets.eq(secrets),
            contracts::version.eq(contract.version + 1),
        ))
        .execute(db)
        .map(|rows| rows == 1)
}

pub fn set_state(db: &mut Db, contract: &Contract, state: ContractState) -> QueryResult<bool> {
    let row = contracts::table
        .find(contract.id)
        .filter(contracts::version.eq(contract.version));
    diesel::update(row)
        .set((
            contracts::state.eq(state),
            contracts::version.eq(contract.version + 1),
        ))
        .execute(db)
        .map(|rows| rows == 1)
}

pub fn set_published(db: &mut Db, id: ContractId, at: NaiveDateTime) -> QueryResult<usize> {
    diesel::update(contracts::table.find(id))
        .set((contracts::signed_at.eq(at), contracts::published_at.eq(at)))
        .execute(db)
}

pub fn insert_signature(
    db: &mut Db,
    contract: ContractId,
    side: Side,
    method: SignMethod,
    person: PersonId,
    file: Option<ScanId>,
    at: NaiveDateTime,
) -> QueryResult<usize> {
    diesel::insert_into(contract_signatures::table)
        .values((
            contract_signatures::contract_id.eq(contract),
            contract_signatures::side.eq(side),
            contract_signatures::method.eq(method),
            contract_signatures::person_id.eq(person),
            contract_signatures::file_id.eq(file),
            contract_signatures::at.eq(at),
        ))
        .execute(db)
}

/// The row of a scan that lies in the file store already: for the two parties only.
pub fn insert_scan(
    db: &mut Db,
    contract: ContractId,
    owner: BodyId,
    by: PersonId,
    scan: &Scan,
    at: NaiveDateTime,
) -> QueryResult<ScanId> {
    diesel::insert_into(files::table)
        .values((
            files::subject_kind.eq(super::SUBJECT),
            files::subject_id.eq(contract.0),
            files::purpose.eq("signed_scan"),
            files::owner_body_id.eq(Some(owner.0)),
            files::uploaded_by.eq(Some(by.0)),
            files::name.eq(&scan.name),
            files::media_type.eq(scan.media_type),
            files::size.eq(scan.size),
            files::sha256.eq(&scan.sha256),
            files::storage_key.eq(&scan.key),
            files::audience.eq("parties"),
            files::created_at.eq(at),
        ))
        .returning(files::id)
        .get_result(db)
}

/// A contract's scan: name, media type, size and where it lies.
pub fn find_scan(
    db: &mut Db,
    contract: ContractId,
    scan: ScanId,
) -> QueryResult<(String, String, i64, String)> {
    files::table
        .find(scan)
        .filter(files::subject_kind.eq(super::SUBJECT))
        .filter(files::subject_id.eq(contract.0))
        .filter(files::purpose.eq("signed_scan"))
        .filter(files::removed_at.is_null())
        .select((
            files::name,
            files::media_type,
            files::size,
            files::storage_key,
        ))
        .first(db)
}

/// The body of the proven provider with this code, if it is registered here.
pub fn proven_provider(db: &mut Db, code: &str) -> QueryResult<Option<BodyId>> {
    providers::table
        .filter(providers::credit_code.eq(code.to_owned()))
        .filter(providers::state.eq("proven"))
        .select(providers::body_id)
        .first(db)
        .optional()
}

/// The public pages of the contracts' providers: a page is the registration's, a contract names the body.
pub fn provider_pages(
    db: &mut Db,
    contracts: &[Contract],
) -> QueryResult<BTreeMap<BodyId, String>> {
    let bodies: Vec<BodyId> = contracts
        .iter()
        .filter_map(|contract| contract.provider_id)
        .collect();
    let rows: Vec<(BodyId, ProviderId)> = providers::table
        .filter(providers::body_id.eq_any(bodies))
        .filter(providers::state.ne("refused"))
        .select((providers::body_id, providers::id))
        .load(db)?;
    Ok(rows
        .into_iter()
        .map(|(body, id)| (body, format!("/organizations/{id}")))
        .collect())
}

/// The credit code under which a provider is registered.
pub fn code_of_provider(db: &mut Db, body: BodyId) -> QueryResult<Option<String>> {
    providers::table
        .filter(providers::body_id.eq(body))
        .select(providers::credit_code)
        .first(db)
        .optional()
}

/// Communities and villages that rows of an import name, but that the county does not have.
pub fn unknown_communities(db: &mut Db, rows: &[Row]) -> QueryResult<Vec<String>> {
    let mut named: Vec<String> = rows
        .iter()
        .flat_map(|row| row.communities.clone())
        .collect();
    named.sort_unstable();
    named.dedup();
    let known: Vec<String> = regions::table
        .filter(regions::code.eq_any(named.clone()))
        .filter(regions::kind.eq_any(["community", "village"]))
        .select(regions::code)
        .load(db)?;
    named.retain(|code| !known.contains(code));
    Ok(named)
}

/// Whether this running contract was entered before.
pub fn is_known(db: &mut Db, buyer: BodyId, row: &Row) -> QueryResult<bool> {
    let same = contracts::table
        .filter(contracts::buyer_id.eq(buyer))
        .filter(contracts::provider_code.eq(row.provider_code.clone()))
        .filter(contracts::title.eq(row.title.clone()))
        .filter(contracts::term_from.eq(row.term_from));
    diesel::select(diesel::dsl::exists(same)).get_result(db)
}

/// Waits for everybody else who moves this contract (`PostgreSQL`; the writer of `SQLite` is alone anyway).
pub fn lock(db: &mut Db, id: ContractId) -> QueryResult<()> {
    on_db!(db,
        sqlite _conn => Ok(()),
        postgres conn => contracts::table
            .find(id)
            .select(contracts::id)
            .for_update()
            .first::<ContractId>(conn)
            .map(|_| ())
    )
}
