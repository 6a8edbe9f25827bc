//! Registering a body, keeping its data, and deciding whose a credit code is.

use super::import::{Row, label_of};
use super::model::{NewFile, NewProvider, Provider, ProviderId, ProviderState};
use super::queries::{self, Check, SUBJECT};
use super::rules::{self, RegistryRule, Step};
use crate::accounts::{self, Addressee};
use crate::catalogue::{self, CatalogueItem};
use crate::infra::actor::Actor;
use crate::infra::db::Db;
use crate::infra::failure::{Failure, Rule};
use crate::infra::ledger::{self, Entry};
use crate::infra::outbox;
use crate::infra::store::Tx;
use crate::infra::table::{self, Finding};
use crate::infra::words::Language;
use crate::kernel::credit_code::CreditCode;
use crate::kernel::people::BodyId;
use crate::kernel::roles::{BodyKind, Role};
use crate::regions;

/// Every right that a person can have in a provider.
pub const FOUNDER: [Role; 3] = [Role::Preparer, Role::Submitter, Role::Signatory];

/// Creates the body with the person as its member with every right. Nobody else's claim to the code stands in the way.
pub fn register(tx: &mut Tx, actor: &Actor, new: &NewProvider) -> Result<ProviderId, Failure> {
    check(tx, new, &[])?;
    if !queries::list_of_person(tx.db, actor.person_id, &new.credit_code)?.is_empty() {
        return Err(RegistryRule::AlreadyYours.into());
    }
    let body = accounts::create_body(
        tx,
        Some(actor),
        BodyKind::Provider,
        &new.name,
        None,
        Some(&new.phone),
    )?;
    for role in FOUNDER {
        accounts::grant(tx, Some(actor), actor.person_id, body, role)?;
    }
    let id = queries::insert(tx.db, body, new, &rules::sort_key(&new.name), tx.now)?;
    ledger::append(
        tx,
        Some(actor),
        &Entry::new(SUBJECT, id.0, "provider.registered").for_staff(Some(body)),
    )?;
    changed(tx, id)?;
    Ok(id)
}

/// Every rule at once, so that a form shows them all. `kept` are codes of an earlier catalogue that the body holds.
fn check(tx: &mut Tx, new: &NewProvider, kept: &[String]) -> Result<(), Failure> {
    let mut broken: Vec<RegistryRule> = [
        rules::check_name(&new.name),
        rules::check_code(new.kind, &new.credit_code),
        rules::check_phone(&new.phone),
    ]
    .into_iter()
    .filter_map(Result::err)
    .collect();
    // Before the first catalogue is published nobody can choose from it.
    let offered = offered(tx.db)?;
    if offered.is_some() && new.scope.is_empty() {
        broken.push(RegistryRule::NoScope);
    }
    if new.areas.is_empty() {
        broken.push(RegistryRule::NoArea);
    }
    broken.extend(unknown(tx.db, new, offered.as_deref(), kept)?);
    if broken.is_empty() {
        return Ok(());
    }
    Err(Failure::RefusedAll(
        broken.iter().map(Rule::refusal).collect(),
    ))
}

/// The items of the newest catalogue that a body can choose.
fn offered(db: &mut Db) -> Result<Option<Vec<CatalogueItem>>, Failure> {
    let Some(catalogue) = catalogue::newest_published(db)? else {
        return Ok(None);
    };
    let mut items = catalogue::list_items(db, catalogue.id)?;
    items.retain(|item| item.level > 1);
    Ok(Some(items))
}

/// Codes that are neither offered nor kept, and regions that are not here.
fn unknown(
    db: &mut Db,
    new: &NewProvider,
    offered: Option<&[CatalogueItem]>,
    kept: &[String],
) -> Result<Vec<RegistryRule>, Failure> {
    let mut broken = Vec::new();
    if let Some(items) = offered {
        let is_known =
            |code: &String| kept.contains(code) || items.iter().any(|item| item.code == *code);
        let scope = new.scope.iter().filter(|code| !is_known(code));
        broken.extend(scope.map(|code| RegistryRule::UnknownScope(code.clone())));
    }
    let known = regions::find_many(db, &new.areas)?;
    let is_known = |code: &String| known.iter().any(|region| region.code == *code);
    let areas = new.areas.iter().filter(|code| !is_known(code));
    broken.extend(areas.map(|code| RegistryRule::UnknownArea(code.clone())));
    Ok(broken)
}

/// What is wrong with rows of an import that the file alone does not tell.
pub fn check_import(db: &mut Db, rows: &[Row]) -> Result<Vec<Finding>, Failure> {
    let codes: Vec<CreditCode> = rows.iter().map(|row| row.new.credit_code.clone()).collect();
    let claimed = queries::claimed_of(db, &codes)?;
    let offered = offered(db)?;
    let mut findings = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        let code = &row.new.credit_code;
        let mut broken = unknown(db, &row.new, offered.as_deref(), &[])?;
        if claimed.contains(code) || codes.iter().take(at).any(|other| other == code) {
            broken.push(RegistryRule::Claimed);
        }
        findings.extend(broken.iter().map(|rule| Finding {
            line: row.line,
            column: label_of(rule),
            why: rule.refusal(),
        }));
    }
    Ok(findings)
}

/// Takes organizations over from the bureau's registers, all or nothing. Each is unproven until its certificate is
/// checked, and the address in its row is invited to act for it. What is wrong with the rows is in [`check_import`].
pub fn import(
    tx: &mut Tx,
    actor: &Actor,
    rows: &[Row],
    worded: &str,
    language: Language,
) -> Result<(), Failure> {
    // Two colleagues with the same file wait here for each other.
    let bureau = actor.body_id().ok_or(Failure::Forbidden)?;
    accounts::hold_body(tx.db, bureau)?;
    let findings = check_import(tx.db, rows)?.len();
    if findings > 0 {
        return Err(Failure::Refused(table::bad(findings)));
    }
    for row in rows {
        let new = &row.new;
        let kind = BodyKind::Provider;
        let phone = Some(new.phone.as_str());
        let body = accounts::create_body(tx, Some(actor), kind, &new.name, None, phone)?;
        let id = queries::insert(tx.db, body, new, &rules::sort_key(&new.name), tx.now)?;
        ledger::append(
            tx,
            Some(actor),
            &Entry::new(SUBJECT, id.0, "provider.imported").for_staff(Some(body)),
        )?;
        accounts::invite_first(tx, actor, body, &row.email, &FOUNDER, worded, language)?;
        changed(tx, id)?;
    }
    Ok(())
}

/// Invites somebody to act for a body for which nobody acts; whoever was invited before is not any more.
pub fn invite(
    tx: &mut Tx,
    actor: &Actor,
    id: ProviderId,
    email: &str,
    worded: &str,
    language: Language,
) -> Result<(), Failure> {
    let body = queries::find(tx.db, id)?.body_id;
    accounts::hold_body(tx.db, body)?;
    if !accounts::list_members(tx.db, body)?.is_empty() {
        return Err(RegistryRule::HasMembers.into());
    }
    accounts::invite_first(tx, actor, body, email, &FOUNDER, worded, language)
}

fn changed(tx: &mut Tx, id: ProviderId) -> Result<(), Failure> {
    outbox::emit(tx, "provider.changed", (SUBJECT, id.0), &())
}

/// Whether an edit touches what the check compared.
pub fn touches_identity(held: &Provider, new: &NewProvider) -> bool {
    held.name != new.name
        || held.kind != new.kind
        || held.credit_code != new.credit_code
        || held.legal_head != new.legal_head
}

/// Saves the body's own data. A proven body whose name, kind, code or legal head changes is unproven again.
pub fn edit(
    tx: &mut Tx,
    actor: &Actor,
    id: ProviderId,
    version: i64,
    new: &NewProvider,
) -> Result<(), Failure> {
    let mut held = queries::find_own(tx.db, id, actor.body_id())?;
    if held.version != version {
        return Err(Failure::Changed);
    }
    let scope = queries::scopes_of(tx.db, id)?;
    check(tx, new, &scope)?;
    if !queries::set_data(tx.db, &held, new, &rules::sort_key(&new.name))? {
        return Err(Failure::Changed);
    }
    held.version += 1;
    if held.name != new.name {
        accounts::rename_body(tx, Some(actor), held.body_id, &new.name)?;
    }
    let entry = Entry::new(SUBJECT, id.0, "provider.edited").for_staff(Some(held.body_id));
    if touches_identity(&held, new) {
        let next = rules::next_state(held.state, Step::Correct)?;
        let due = Check {
            state: next,
            by: None,
            at: None,
            reason: None,
        };
        if !queries::set_state(tx.db, id, held.version, &due)? {
            return Err(Failure::Changed);
        }
        ledger::append(
            tx,
            Some(actor),
            &entry.moved(held.state.as_str(), next.as_str()),
        )?;
    } else {
        ledger::append(tx, Some(actor), &entry)?;
    }
    changed(tx, id)
}

/// Hands in the scan of the registration certificate; the body is then on the reviewers' list.
pub fn attach_certificate(
    tx: &mut Tx,
    actor: &Actor,
    id: ProviderId,
    file: &NewFile,
) -> Result<(), Failure> {
    let held = queries::find_own(tx.db, id, actor.body_id())?;
    queries::replace_certificate(tx.db, &held, actor.person_id, file, tx.now)?;
    hand_in(tx, actor, &held, "provider.certificate")
}

/// Asks the reviewers for a check after a rival claim was proven: they are told in their inbox.
pub fn ask_for_check(tx: &mut Tx, actor: &Actor, id: ProviderId) -> Result<(), Failure> {
    let held = queries::find_own(tx.db, id, actor.body_id())?;
    if queries::find_certificate(tx.db, id)?.is_none() {
        return Err(RegistryRule::NoCertificate.into());
    }
    if !queries::list_rivals(tx.db, &held)?
        .iter()
        .any(|rival| rival.state == ProviderState::Proven)
    {
        return Err(RegistryRule::NobodyIsProven.into());
    }
    hand_in(tx, actor, &held, "provider.check_asked")?;
    for bureau in accounts::list_bodies(tx.db, &[BodyKind::Bureau])? {
        let members = accounts::list_members(tx.db, bureau.id)?;
        let mut reviewers: Vec<_> = members
            .iter()
            .filter(|member| member.role == Role::Reviewer)
            .map(|member| member.person_id)
            .collect();
        reviewers.dedup();
        for person in reviewers {
            accounts::deliver(
                tx,
                Addressee::Person(person),
                "provider-check-asked",
                &[("name", held.name.as_str())],
                &format!("/organizations/checks/{id}"),
            )?;
        }
    }
    Ok(())
}

fn hand_in(tx: &mut Tx, actor: &Actor, held: &Provider, what: &'static str) -> Result<(), Failure> {
    let next = rules::next_state(held.state, Step::HandIn)?;
    let due = Check {
        state: next,
        by: None,
        at: None,
        reason: None,
    };
    if !queries::set_state(tx.db, held.id, held.version, &due)? {
        return Err(Failure::Changed);
    }
    ledger::append(
        tx,
        Some(actor),
        &Entry::new(SUBJECT, held.id.0, what)
            .moved(held.state.as_str(), next.as_str())
            .for_staff(Some(held.body_id)),
    )
}

/// Proves that the code is this body's. `seen` are the rival claims that the reviewer had before the eyes.
pub fn prove(
    tx: &mut Tx,
    actor: &Actor,
    id: ProviderId,
    version: i64,
    seen: &[ProviderId],
) -> Result<(), Failure> {
    let held = hold(tx, id, version)?;
    let next = rules::next_state(held.state, Step::Prove)?;
    if queries::find_certificate(tx.db, id)?.is_none() {
        return Err(RegistryRule::NoCertificate.into());
    }
    let rivals = queries::list_rivals(tx.db, &held)?;
    if rivals
        .iter()
        .any(|rival| rival.state == ProviderState::Proven)
    {
        return Err(RegistryRule::AnotherIsProven.into());
    }
    if !rivals.iter().all(|rival| seen.contains(&rival.id)) {
        return Err(RegistryRule::RivalsNotSeen.into());
    }
    decide(tx, actor, &held, next, None).map_err(|failure| match failure {
        // A rival was proven in the same moment.
        failure if failure.is_unique_violation() => RegistryRule::AnotherIsProven.into(),
        failure => failure,
    })?;
    ledger::append(
        tx,
        Some(actor),
        &Entry::new(SUBJECT, id.0, "provider.proven").moved(held.state.as_str(), next.as_str()),
    )?;
    tell(
        tx,
        held.body_id,
        "provider-proven",
        &[("name", &held.name)],
        id,
    )?;
    for rival in rivals {
        let args = [
            ("name", rival.name.as_str()),
            ("code", rival.credit_code.as_str()),
        ];
        tell(tx, rival.body_id, "provider-rival-proven", &args, rival.id)?;
    }
    changed(tx, id)
}

/// The check found something wrong; the body learns what.
pub fn refuse(
    tx: &mut Tx,
    actor: &Actor,
    id: ProviderId,
    version: i64,
    reason: &str,
) -> Result<(), Failure> {
    turn_down(tx, actor, id, version, reason, Step::Refuse)
}

/// A proof was wrong: the code is free again, and rival claims can be checked.
pub fn revoke(
    tx: &mut Tx,
    actor: &Actor,
    id: ProviderId,
    version: i64,
    reason: &str,
) -> Result<(), Failure> {
    turn_down(tx, actor, id, version, reason, Step::Revoke)
}

fn turn_down(
    tx: &mut Tx,
    actor: &Actor,
    id: ProviderId,
    version: i64,
    reason: &str,
    step: Step,
) -> Result<(), Failure> {
    let held = hold(tx, id, version)?;
    let next = rules::next_state(held.state, step)?;
    if reason.is_empty() {
        return Err(RegistryRule::NoReason.into());
    }
    decide(tx, actor, &held, next, Some(reason))?;
    let (what, kind) = match step {
        Step::Revoke => ("provider.revoked", "provider-revoked"),
        _ => ("provider.refused", "provider-refused"),
    };
    ledger::append(
        tx,
        Some(actor),
        &Entry::new(SUBJECT, id.0, what)
            .moved(held.state.as_str(), next.as_str())
            .because(reason)
            .for_staff(Some(held.body_id)),
    )?;
    let args = [("name", held.name.as_str()), ("reason", reason)];
    tell(tx, held.body_id, kind, &args, id)?;
    changed(tx, id)
}

fn hold(tx: &mut Tx, id: ProviderId, version: i64) -> Result<Provider, Failure> {
    let held = queries::find(tx.db, id)?;
    if held.version == version {
        Ok(held)
    } else {
        Err(Failure::Changed)
    }
}

fn decide(
    tx: &mut Tx,
    actor: &Actor,
    held: &Provider,
    state: ProviderState,
    reason: Option<&str>,
) -> Result<(), Failure> {
    let check = Check {
        state,
        by: Some(actor.person_id),
        at: Some(tx.now),
        reason,
    };
    if queries::set_state(tx.db, held.id, held.version, &check)? {
        Ok(())
    } else {
        Err(Failure::Changed)
    }
}

fn tell(
    tx: &mut Tx,
    body: BodyId,
    kind: &str,
    args: &[(&str, &str)],
    id: ProviderId,
) -> Result<(), Failure> {
    let link = format!("/organizations/{id}/registration");
    accounts::deliver(tx, Addressee::Body(body), kind, args, &link)
}
