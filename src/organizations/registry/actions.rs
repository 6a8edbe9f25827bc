//! Registering a body, keeping its data, and deciding whose a credit code is.

use super::model::{NewFile, NewProvider, Provider, ProviderId, ProviderState};
use super::queries::{self, Check, SUBJECT};
use super::rules::{self, RegistryRule, Step};
use crate::accounts::{self, Addressee};
use crate::catalogue::{self, CatalogueItem};
use crate::infra::actor::Actor;
use crate::infra::failure::{Failure, Rule};
use crate::infra::ledger::{self, Entry};
use crate::infra::outbox;
use crate::infra::store::Tx;
use crate::kernel::people::BodyId;
use crate::kernel::roles::{BodyKind, Role};
use crate::regions;

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
    for role in [Role::Preparer, Role::Submitter, Role::Signatory] {
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
    if let Some(catalogue) = catalogue::newest_published(tx.db)? {
        if new.scope.is_empty() {
            broken.push(RegistryRule::NoScope);
        }
        let items = catalogue::list_items(tx.db, catalogue.id)?;
        let known = |code: &String| {
            let is_item = |item: &CatalogueItem| item.code == *code && item.level > 1;
            kept.contains(code) || items.iter().any(is_item)
        };
        broken.extend(
            new.scope
                .iter()
                .filter(|code| !known(code))
                .map(|code| RegistryRule::UnknownScope(code.clone())),
        );
    }
    if new.areas.is_empty() {
        broken.push(RegistryRule::NoArea);
    }
    let known = regions::find_many(tx.db, &new.areas)?;
    broken.extend(
        new.areas
            .iter()
            .filter(|code| !known.iter().any(|region| region.code == **code))
            .map(|code| RegistryRule::UnknownArea(code.clone())),
    );
    if broken.is_empty() {
        return Ok(());
    }
    Err(Failure::RefusedAll(
        broken.iter().map(Rule::refusal).collect(),
    ))
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
