//! Applying for the directory, and keeping it.

use super::model::{Application, Qualification, QualificationId, QualificationState};
use super::queries;
use super::rules::{self, QualificationRule, Step};
use crate::accounts::{self, Addressee};
use crate::infra::actor::Actor;
use crate::infra::failure::{Failure, Rule};
use crate::infra::ledger::{self, Entry};
use crate::infra::outbox;
use crate::infra::store::Tx;
use crate::organizations::registry::{self, NewFile, Provider, ProviderId};

/// The history of an entry is the provider's own history.
const SUBJECT: &str = "provider";

/// Writes the application without handing it in. `version` is the one the form showed, none for a first one.
pub fn apply(
    tx: &mut Tx,
    actor: &Actor,
    provider: ProviderId,
    version: Option<i64>,
    application: &Application,
) -> Result<QualificationId, Failure> {
    let provider = registry::find_own(tx.db, provider, actor.body_id())?;
    rules::may_apply(&provider)?;
    let declarations = serde_json::to_string(&application.declarations)?;
    let (id, from, to) = match queries::find_by_provider(tx.db, provider.id)? {
        None => {
            let id = queries::insert(tx.db, provider.id, application, &declarations)?;
            (id, None, QualificationState::Draft)
        }
        Some(held) => {
            if Some(held.version) != version {
                return Err(Failure::Changed);
            }
            let next = rules::next_state(held.state, Step::Write)?;
            if !queries::set_text(tx.db, &held, next, application, &declarations)? {
                return Err(Failure::Changed);
            }
            (held.id, Some(held.state), next)
        }
    };
    let mut entry = Entry::new(SUBJECT, provider.id.0, "qualification.written")
        .for_staff(Some(provider.body_id));
    entry.from = from.as_ref().map(QualificationState::as_str);
    entry.to = Some(to.as_str());
    ledger::append(tx, Some(actor), &entry)?;
    Ok(id)
}

/// What the files beside an application are stored under.
pub const FILES: &str = "qualification";

/// Adds a file to an application that is not handed in.
pub fn attach(
    tx: &mut Tx,
    actor: &Actor,
    provider: ProviderId,
    file: &NewFile,
) -> Result<(), Failure> {
    let provider = writable(tx, actor, provider)?;
    if registry::list_files(tx.db, provider.id, FILES)?.len() >= rules::MAX_FILES {
        return Err(QualificationRule::TooManyFiles.into());
    }
    registry::insert_file(tx.db, &provider, FILES, actor.person_id, file, tx.now)?;
    ledger::append(
        tx,
        Some(actor),
        &Entry::new(SUBJECT, provider.id.0, "qualification.attached")
            .for_staff(Some(provider.body_id)),
    )
}

/// Takes a file off an application that is not handed in.
pub fn detach(tx: &mut Tx, actor: &Actor, provider: ProviderId, file: i64) -> Result<(), Failure> {
    let provider = writable(tx, actor, provider)?;
    let file = registry::find_file(tx.db, provider.id, FILES, file)?;
    registry::remove_file(tx.db, &file, tx.now)?;
    ledger::append(
        tx,
        Some(actor),
        &Entry::new(SUBJECT, provider.id.0, "qualification.detached")
            .for_staff(Some(provider.body_id)),
    )
}

/// The own provider, while its application may be written.
fn writable(tx: &mut Tx, actor: &Actor, provider: ProviderId) -> Result<Provider, Failure> {
    let provider = registry::find_own(tx.db, provider, actor.body_id())?;
    rules::may_apply(&provider)?;
    if let Some(held) = queries::find_by_provider(tx.db, provider.id)? {
        rules::next_state(held.state, Step::Write)?;
    }
    Ok(provider)
}

/// Hands the application in; everything that it lacks is said at once.
pub fn submit(tx: &mut Tx, actor: &Actor, id: QualificationId) -> Result<(), Failure> {
    let held = queries::find(tx.db, id)?;
    let provider = registry::find_own(tx.db, held.provider_id, actor.body_id())?;
    rules::may_apply(&provider)?;
    let next = rules::next_state(held.state, Step::Submit)?;
    let lacks = rules::lacks(&Application {
        statement: held.statement.clone(),
        declarations: held.declared(),
    });
    if !lacks.is_empty() {
        return Err(Failure::RefusedAll(
            lacks.iter().map(Rule::refusal).collect(),
        ));
    }
    if !queries::set_submitted(tx.db, &held, tx.now)? {
        return Err(Failure::Changed);
    }
    ledger::append(
        tx,
        Some(actor),
        &Entry::new(SUBJECT, provider.id.0, "qualification.submitted")
            .moved(held.state.as_str(), next.as_str())
            .for_staff(Some(provider.body_id)),
    )
}

/// Takes the organization into the public directory.
pub fn accept(
    tx: &mut Tx,
    actor: &Actor,
    id: QualificationId,
    version: i64,
) -> Result<(), Failure> {
    let (held, provider) = hold(tx, id, version)?;
    rules::may_apply(&provider)?;
    decide(tx, actor, &held, &provider, Step::Accept, None)
}

/// Sends the application back to be mended.
pub fn send_back(
    tx: &mut Tx,
    actor: &Actor,
    id: QualificationId,
    version: i64,
    reason: &str,
) -> Result<(), Failure> {
    let (held, provider) = hold(tx, id, version)?;
    decide(tx, actor, &held, &provider, Step::SendBack, Some(reason))
}

/// Takes the entry off the public directory for a while.
pub fn suspend(
    tx: &mut Tx,
    actor: &Actor,
    id: QualificationId,
    version: i64,
    reason: &str,
) -> Result<(), Failure> {
    let (held, provider) = hold(tx, id, version)?;
    decide(tx, actor, &held, &provider, Step::Suspend, Some(reason))
}

pub fn resume(
    tx: &mut Tx,
    actor: &Actor,
    id: QualificationId,
    version: i64,
    reason: &str,
) -> Result<(), Failure> {
    let (held, provider) = hold(tx, id, version)?;
    rules::may_apply(&provider)?;
    decide(tx, actor, &held, &provider, Step::Resume, Some(reason))
}

/// The organization takes its application or its entry back.
pub fn withdraw(
    tx: &mut Tx,
    actor: &Actor,
    id: QualificationId,
    version: i64,
) -> Result<(), Failure> {
    let (held, _) = hold(tx, id, version)?;
    let provider = registry::find_own(tx.db, held.provider_id, actor.body_id())?;
    let next = rules::next_state(held.state, Step::Withdraw)?;
    if !queries::set_decided(tx.db, &held, next, None, tx.now, None, None)? {
        return Err(Failure::Changed);
    }
    let entry = Entry::new(SUBJECT, provider.id.0, "qualification.withdrawn")
        .moved(held.state.as_str(), next.as_str());
    // Nobody outside knew of an application; of an entry everybody did.
    let was_public = matches!(
        held.state,
        QualificationState::Listed | QualificationState::Suspended
    );
    let entry = if was_public {
        entry
    } else {
        entry.for_staff(Some(provider.body_id))
    };
    ledger::append(tx, Some(actor), &entry)?;
    outbox::emit(tx, "provider.changed", (SUBJECT, provider.id.0), &())
}

fn hold(
    tx: &mut Tx,
    id: QualificationId,
    version: i64,
) -> Result<(Qualification, Provider), Failure> {
    let held = queries::find(tx.db, id)?;
    if held.version != version {
        return Err(Failure::Changed);
    }
    let provider = registry::find(tx.db, held.provider_id)?;
    Ok((held, provider))
}

fn decide(
    tx: &mut Tx,
    actor: &Actor,
    held: &Qualification,
    provider: &Provider,
    step: Step,
    reason: Option<&str>,
) -> Result<(), Failure> {
    let next = rules::next_state(held.state, step)?;
    if reason.is_some_and(str::is_empty) {
        return Err(QualificationRule::NoReason.into());
    }
    let listed_at = match step {
        Step::Accept => Some(tx.now),
        _ => held.listed_at,
    };
    let by = Some(actor.person_id);
    if !queries::set_decided(tx.db, held, next, by, tx.now, reason, listed_at)? {
        return Err(Failure::Changed);
    }
    let (what, kind) = match step {
        Step::Accept => ("qualification.listed", "qualification-listed"),
        Step::Suspend => ("qualification.suspended", "qualification-suspended"),
        Step::Resume => ("qualification.resumed", "qualification-resumed"),
        _ => ("qualification.returned", "qualification-returned"),
    };
    let mut entry =
        Entry::new(SUBJECT, provider.id.0, what).moved(held.state.as_str(), next.as_str());
    if let Some(reason) = reason {
        entry = entry.because(reason);
    }
    if step == Step::SendBack {
        entry = entry.for_staff(Some(provider.body_id));
    }
    ledger::append(tx, Some(actor), &entry)?;
    let mut args = vec![("name", provider.name.as_str())];
    if let Some(reason) = reason {
        args.push(("reason", reason));
    }
    let link = format!("/organizations/{}/qualification", provider.id);
    accounts::deliver(tx, Addressee::Body(provider.body_id), kind, &args, &link)?;
    outbox::emit(tx, "provider.changed", (SUBJECT, provider.id.0), &())
}
