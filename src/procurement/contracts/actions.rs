//! Drawing up, editing, offering, signing, publishing and importing contracts.

use super::SUBJECT;
use super::import::Row;
use super::model::{Contract, ContractId, ContractState, Scan, SecretField, Secrets, SignMethod};
use super::queries::{self, NewContract};
use super::rules::{self, ContractRule, Step};
use crate::accounts::{self, Addressee};
use crate::common::publications::{self, Notice};
use crate::common::{clocks, rulesets};
use crate::infra::actor::Actor;
use crate::infra::db::Db;
use crate::infra::failure::{Failure, Refusal};
use crate::infra::ledger::{self, Entry};
use crate::infra::outbox;
use crate::infra::store::Tx;
use crate::infra::table::{self, Finding};
use crate::kernel::calendar::end_of_day;
use crate::kernel::instant::shanghai_date;
use crate::kernel::people::BodyId;
use crate::kernel::roles::Role;
use crate::organizations::registry;
use crate::procurement::awards::{self, AwardId, Ground};
use crate::procurement::bids;
use crate::procurement::evaluation;
use crate::procurement::projects::{self, ProjectId, ProjectState};
use crate::procurement::tenders::{self, TenderState};
use chrono::Datelike;
use serde_json::json;

/// Draws the contract up from the award: price, term, scope, parties and communities come from the winning bid and
/// the tender documents, and stay as they are (政府采购法 §46).
pub fn draw_up(tx: &mut Tx, actor: &Actor, project: ProjectId) -> Result<ContractId, Failure> {
    let project = projects::find(tx.db, project)?;
    if actor.body_id() != Some(project.buyer_id) {
        return Err(Failure::NotFound);
    }
    let tender = tenders::newest_of(tx.db, project.id)?.ok_or(Failure::NotFound)?;
    let tender = tenders::hold_alone(tx, tender.id)?;
    if queries::find_of_project(tx.db, project.id)?.is_some() {
        return Err(ContractRule::AlreadyDrawnUp.into());
    }
    evaluation::may(tender.state, evaluation::Step::DrawUp)
        .map_err(|_wrong| ContractRule::WrongState)?;
    let award = awards::active_of(tx.db, tender.id)?.ok_or(ContractRule::WrongState)?;
    let (bid, content) = bids::list_opened(tx.db, tender.id)?
        .into_iter()
        .find(|(bid, _)| bid.id == award.bid_id)
        .ok_or(Failure::NotFound)?;
    check_proven(tx.db, bid.bidder_id)?;
    let provider = accounts::find_body(tx.db, bid.bidder_id)?;
    let code = queries::code_of_provider(tx.db, provider.id)?;
    let communities = projects::communities_of(tx.db, project.id)?;
    let number = next_number(tx)?;
    let id = queries::insert(
        tx.db,
        &NewContract {
            number: &number,
            award_id: Some(award.id),
            project_id: Some(project.id),
            buyer_id: project.buyer_id,
            provider_id: Some(provider.id),
            provider_name: &provider.name,
            provider_code: code.as_deref(),
            title: &project.title,
            catalogue_code: &project.catalogue_code,
            scope: &format!("{}\n\n{}", project.requirement, content.proposal),
            amount_fen: content.price,
            term_from: project.term_from,
            term_to: project.term_to,
            phone: &project.phone,
            payment: "",
            duties: "",
            secrets: &serde_json::to_string(&Secrets::default())?,
            state: ContractState::Drafted,
            is_entered_afterwards: false,
            created_at: tx.now,
            published_at: None,
        },
        &communities,
    )
    .map_err(again_when_taken)?;
    ledger::append(
        tx,
        Some(actor),
        &Entry::new(SUBJECT, id.0, "contract.drawn-up")
            .under("政府采购法 §46")
            .for_staff(Some(project.buyer_id)),
    )?;
    Ok(id)
}

/// Anybody may register any name and bid in it; a contract binds only who is proven to be that body.
fn check_proven(db: &mut Db, provider: BodyId) -> Result<(), Failure> {
    if registry::proven_of(db, &[provider])?.is_empty() {
        return Err(ContractRule::ProviderUnproven.into());
    }
    Ok(())
}

fn next_number(tx: &mut Tx) -> Result<String, Failure> {
    let year = shanghai_date(tx.now).year();
    Ok(rules::number(
        year,
        queries::count_numbers(tx.db, year)? + 1,
    ))
}

/// Somebody took the number meanwhile (PostgreSQL): run again and take the next.
fn again_when_taken(error: diesel::result::Error) -> Failure {
    match Failure::from(error) {
        failure if failure.is_unique_violation() => Failure::Again,
        failure => failure,
    }
}

/// The free parts of a contract.
#[derive(Clone, Debug)]
pub struct Terms {
    pub payment: String,
    pub duties: String,
    pub phone: String,
    pub secrets: Secrets,
}

fn of_buyer(tx: &mut Tx, actor: &Actor, id: ContractId, version: i64) -> Result<Contract, Failure> {
    queries::lock(tx.db, id)?;
    let contract = queries::find(tx.db, id)?;
    if actor.body_id() != Some(contract.buyer_id) {
        return Err(Failure::NotFound);
    }
    if contract.version != version {
        return Err(Failure::Changed);
    }
    Ok(contract)
}

pub fn edit(
    tx: &mut Tx,
    actor: &Actor,
    id: ContractId,
    version: i64,
    terms: &Terms,
) -> Result<(), Failure> {
    let contract = of_buyer(tx, actor, id, version)?;
    rules::next(contract.state, Step::Edit, 0)?;
    rules::check_secrets(&terms.secrets)?;
    let secrets = serde_json::to_string(&terms.secrets)?;
    if !queries::save_terms(
        tx.db,
        &contract,
        &terms.payment,
        &terms.duties,
        &terms.phone,
        &secrets,
    )? {
        return Err(Failure::Changed);
    }
    ledger::append(
        tx,
        Some(actor),
        &Entry::new(SUBJECT, id.0, "contract.edited").for_staff(Some(contract.buyer_id)),
    )
}

/// Fixes the text and asks both sides to sign.
pub fn offer(tx: &mut Tx, actor: &Actor, id: ContractId, version: i64) -> Result<(), Failure> {
    let contract = of_buyer(tx, actor, id, version)?;
    let to = rules::next(contract.state, Step::Offer, 0)?;
    let missing: Vec<Refusal> = [
        ("payment", &contract.payment),
        ("duties", &contract.duties),
        ("phone", &contract.phone),
    ]
    .into_iter()
    .filter(|(_, text)| text.is_empty())
    .map(|(field, _)| Refusal::new("form-missing").at(field))
    .collect();
    if !missing.is_empty() {
        return Err(Failure::RefusedAll(missing));
    }
    let provider = contract.provider_id.ok_or(ContractRule::NoProvider)?;
    check_proven(tx.db, provider)?;
    if !queries::set_state(tx.db, &contract, to)? {
        return Err(Failure::Changed);
    }
    for body in [contract.buyer_id, provider] {
        accounts::deliver(
            tx,
            Addressee::Body(body),
            "contract-offered",
            &[("title", &contract.title), ("number", &contract.number)],
            &format!("/contracts/{id}"),
        )?;
    }
    for body in [contract.buyer_id, provider] {
        ledger::append(
            tx,
            Some(actor),
            &Entry::new(SUBJECT, id.0, "contract.offered")
                .moved(contract.state.as_str(), to.as_str())
                .for_staff(Some(body)),
        )?;
    }
    Ok(())
}

/// Back to the officer's desk, as long as nobody has signed.
pub fn take_back(tx: &mut Tx, actor: &Actor, id: ContractId, version: i64) -> Result<(), Failure> {
    let contract = of_buyer(tx, actor, id, version)?;
    let signed = queries::signatures_of(tx.db, id)?.len();
    let to = rules::next(contract.state, Step::TakeBack, signed)?;
    if !queries::set_state(tx.db, &contract, to)? {
        return Err(Failure::Changed);
    }
    ledger::append(
        tx,
        Some(actor),
        &Entry::new(SUBJECT, id.0, "contract.taken-back")
            .moved(contract.state.as_str(), to.as_str())
            .for_staff(Some(contract.buyer_id)),
    )
}

/// Cancels an award and, with it, the contract that nobody has signed yet (条例 §49).
pub fn cancel_award(
    tx: &mut Tx,
    actor: &Actor,
    project: ProjectId,
    version: i64,
    ground: Ground,
    reason: &str,
) -> Result<(), Failure> {
    let tender = tenders::newest_of(tx.db, project)?.ok_or(Failure::NotFound)?;
    let award = awards::active_of(tx.db, tender.id)?.map(|award| award.id);
    // The contract before the tender, as signing takes them: otherwise each could wait for the other.
    let drawn = drawn_from(tx, award)?;
    if let Some(id) = drawn {
        queries::lock(tx.db, id)?;
    }
    awards::cancel(tx, actor, project, version, ground, reason)?;
    if drawn_from(tx, award)? != drawn {
        // Drawn up while we waited for the tender.
        return Err(Failure::Again);
    }
    let Some(id) = drawn else {
        return Ok(());
    };
    let contract = queries::find(tx.db, id)?;
    let signed = queries::signatures_of(tx.db, id)?.len();
    let to = rules::next(contract.state, Step::Cancel, signed)?;
    if !queries::set_state(tx.db, &contract, to)? {
        return Err(Failure::Changed);
    }
    // The provider never saw a draft.
    let provider = contract
        .provider_id
        .filter(|_| contract.state == ContractState::Signing);
    for body in std::iter::once(contract.buyer_id).chain(provider) {
        ledger::append(
            tx,
            Some(actor),
            &Entry::new(SUBJECT, id.0, "contract.cancelled")
                .moved(contract.state.as_str(), to.as_str())
                .because(reason)
                .under("政府采购法实施条例 §49")
                .for_staff(Some(body)),
        )?;
    }
    Ok(())
}

fn drawn_from(tx: &mut Tx, award: Option<AwardId>) -> Result<Option<ContractId>, Failure> {
    match award {
        Some(award) => Ok(queries::find_of_award(tx.db, award)?),
        None => Ok(None),
    }
}

/// How one side signs.
#[derive(Clone, Debug)]
pub struct Signing {
    pub method: SignMethod,
    pub scan: Option<Scan>,
    pub is_demo: bool,
}

/// Signs for the actor's side; the second signature publishes the contract at once (条例 §50).
pub fn sign(tx: &mut Tx, actor: &Actor, id: ContractId, signing: &Signing) -> Result<(), Failure> {
    queries::lock(tx.db, id)?;
    let contract = queries::find(tx.db, id)?;
    let body = actor.body_id().ok_or(Failure::NotFound)?;
    let side = contract.side_of(body).ok_or(Failure::NotFound)?;
    // The provider sees nothing of a draft.
    if contract.state == ContractState::Drafted && contract.buyer_id != body {
        return Err(Failure::NotFound);
    }
    if !actor.has(Role::Signatory) {
        return Err(Failure::Forbidden);
    }
    check_proven(tx.db, contract.provider_id.ok_or(ContractRule::NoProvider)?)?;
    rules::check_method(signing.method, signing.is_demo)?;
    if signing.method == SignMethod::Scan && signing.scan.is_none() {
        return Err(ContractRule::NoScan.into());
    }
    let signatures = queries::signatures_of(tx.db, id)?;
    if signatures.iter().any(|signature| signature.side == side) {
        return Err(ContractRule::AlreadySigned.into());
    }
    let to = rules::next(contract.state, Step::Sign, signatures.len())?;
    let scan = match &signing.scan {
        Some(scan) => Some(queries::insert_scan(
            tx.db,
            id,
            body,
            actor.person_id,
            scan,
            tx.now,
        )?),
        None => None,
    };
    queries::insert_signature(
        tx.db,
        id,
        side,
        signing.method,
        actor.person_id,
        scan,
        tx.now,
    )?;
    if !queries::set_state(tx.db, &contract, to)? {
        return Err(Failure::Changed);
    }
    for party in std::iter::once(contract.buyer_id).chain(contract.provider_id) {
        ledger::append(
            tx,
            Some(actor),
            &Entry::new(SUBJECT, id.0, "contract.signed")
                .because(signing.method.as_str())
                .under("民法典 §490")
                .for_staff(Some(party)),
        )?;
    }
    if to == ContractState::Published {
        publish(tx, &contract)?;
    }
    Ok(())
}

fn publish(tx: &mut Tx, contract: &Contract) -> Result<(), Failure> {
    let id = contract.id;
    queries::set_published(tx.db, id, tx.now)?;
    let mut region = None;
    if let Some(project) = contract.project_id {
        let project = projects::find(tx.db, project)?;
        let tender = tenders::newest_of(tx.db, project.id)?.ok_or(Failure::NotFound)?;
        let tender = tenders::hold_alone(tx, tender.id)?;
        let rules = tenders::rules_of(tx.db, &tender)?;
        let subject = (evaluation::SUBJECT, tender.id.0);
        clocks::finish(tx.db, subject, "signing", tx.now)?;
        let calendar = rulesets::load_calendar(tx.db)?;
        if let Some(day) = rules.publishing.deadline(shanghai_date(tx.now), &calendar) {
            let article = Some(rules.publishing.article.as_str());
            clocks::set(
                tx.db,
                &clocks::Period {
                    subject,
                    code: "publishing",
                    article,
                    body: Some(project.buyer_id),
                    starts_at: tx.now,
                    due_at: end_of_day(day),
                    is_public: true,
                },
            )?;
            clocks::finish(tx.db, subject, "publishing", tx.now)?;
        }
        tenders::set_state(tx, &tender, TenderState::Contracted)?;
        projects::set_state(tx, &project, ProjectState::Contracted)?;
        ledger::append(
            tx,
            None,
            &Entry::new(evaluation::SUBJECT, tender.id.0, "tender.contracted")
                .moved(tender.state.as_str(), TenderState::Contracted.as_str())
                .under("政府采购法 §46"),
        )?;
        region = Some(project.region_code);
    }
    announce(tx, contract, region.as_deref())?;
    for body in [Some(contract.buyer_id), contract.provider_id]
        .into_iter()
        .flatten()
    {
        accounts::deliver(
            tx,
            Addressee::Body(body),
            "contract-published",
            &[("title", &contract.title), ("number", &contract.number)],
            &format!("/contracts/{id}"),
        )?;
    }
    // By the portal: who signed is for the parties.
    ledger::append(
        tx,
        None,
        &Entry::new(SUBJECT, id.0, "contract.published")
            .moved(contract.state.as_str(), ContractState::Published.as_str())
            .under("政府采购法实施条例 §50"),
    )
}

/// The public notice, without what is secret, and the event that the search and others hear.
fn announce(tx: &mut Tx, contract: &Contract, region: Option<&str>) -> Result<(), Failure> {
    let buyer = accounts::find_body(tx.db, contract.buyer_id)?;
    let communities = queries::communities_of(tx.db, contract.id)?;
    let secrets = contract.secrets();
    let shown = |field: SecretField, text: &str| (!secrets.hides(field)).then(|| text.to_owned());
    publications::publish(
        tx,
        &Notice {
            kind: "contract",
            subject: (SUBJECT, contract.id.0),
            region: region.or(buyer.region_code.as_deref()),
            title: &contract.title,
            link: &format!("/contracts/{}", contract.id),
            content: &json!({
                "number": contract.number, "title": contract.title, "catalogue_code": contract.catalogue_code,
                "buyer": buyer.name, "provider": contract.provider_name, "provider_code": contract.provider_code,
                "amount_fen": contract.amount_fen, "term_from": contract.term_from, "term_to": contract.term_to,
                "communities": communities, "phone": contract.phone,
                "scope": shown(SecretField::Scope, &contract.scope),
                "payment": shown(SecretField::Payment, &contract.payment),
                "duties": shown(SecretField::Duties, &contract.duties),
                "secrets": secrets, "is_entered_afterwards": contract.is_entered_afterwards,
            }),
        },
    )?;
    outbox::emit(
        tx,
        "contract.published",
        (SUBJECT, contract.id.0),
        &json!({}),
    )
}

/// What only the database can tell about rows that read well.
pub fn check_import(db: &mut Db, buyer: BodyId, rows: &[Row]) -> Result<Vec<Finding>, Failure> {
    let unknown = queries::unknown_communities(db, rows)?;
    let mut findings = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        for code in row.communities.iter().filter(|code| unknown.contains(code)) {
            findings.push(Finding {
                line: row.line,
                column: "contracts-import-communities-column",
                why: Refusal::new("contracts-import-unknown-community").arg("code", code),
            });
        }
        let twin = rows.iter().take(at).any(|other| {
            (&other.title, &other.provider_code, other.term_from)
                == (&row.title, &row.provider_code, row.term_from)
        });
        if twin || queries::is_known(db, buyer, row)? {
            findings.push(Finding {
                line: row.line,
                column: "contracts-import-title-column",
                why: Refusal::new("contracts-import-known"),
            });
        }
    }
    Ok(findings)
}

/// Enters running contracts from before the portal, all or nothing, marked as entered afterwards. What is wrong with the
/// rows is in [`check_import`].
pub fn import(
    tx: &mut Tx,
    actor: Option<&Actor>,
    buyer: BodyId,
    rows: &[Row],
) -> Result<usize, Failure> {
    let body = accounts::find_body(tx.db, buyer)?;
    let year = shanghai_date(tx.now).year();
    // Counted before the check: who entered the same file after it has taken these numbers, and we run again.
    let taken = queries::count_numbers(tx.db, year)?;
    let findings = check_import(tx.db, buyer, rows)?.len();
    if findings > 0 {
        return Err(Failure::Refused(table::bad(findings)));
    }
    for (number, row) in (taken + 1..).zip(rows) {
        let number = rules::number(year, number);
        let provider = queries::proven_provider(tx.db, &row.provider_code)?;
        let id = queries::insert(
            tx.db,
            &NewContract {
                number: &number,
                award_id: None,
                project_id: None,
                buyer_id: buyer,
                provider_id: provider,
                provider_name: &row.provider_name,
                provider_code: Some(&row.provider_code),
                title: &row.title,
                catalogue_code: &row.catalogue_code,
                scope: &row.scope,
                amount_fen: row.amount,
                term_from: row.term_from,
                term_to: row.term_to,
                phone: &row.phone,
                payment: "",
                duties: "",
                secrets: &serde_json::to_string(&Secrets::default())?,
                state: ContractState::Published,
                is_entered_afterwards: true,
                created_at: tx.now,
                published_at: Some(tx.now),
            },
            &row.communities,
        )
        .map_err(again_when_taken)?;
        let contract = queries::find(tx.db, id)?;
        announce(tx, &contract, body.region_code.as_deref())?;
        ledger::append(tx, actor, &Entry::new(SUBJECT, id.0, "contract.entered"))?;
    }
    Ok(rows.len())
}
