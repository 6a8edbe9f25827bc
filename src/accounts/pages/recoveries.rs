//! Accounts whose owners have lost their second factor: proposed by one administrator, confirmed by another.

use super::RecoverAccounts;
use crate::accounts::model::{Recovery, RecoveryId};
use crate::accounts::{Person, actions, queries, rules};
use crate::infra::access::{self, Look, Looked};
use crate::infra::actor::Actor;
use crate::infra::failure::{Failure, Rule};
use crate::infra::store::machine_now;
use crate::kernel::instant;
use crate::web::{Answer, AppError, Form, May, View};
use actix_web::web::Path;
use serde_json::{Value, json};

const HOME: &str = "/admin/recoveries";

pub async fn list(who: May<RecoverAccounts>, view: View) -> Answer {
    let found = view
        .state
        .store
        .read(|db| Ok(queries::list_recoveries(db)?));
    for recovery in found.await? {
        let look =
            Look::at(Looked::Recoveries, "recovery", recovery.id.0).of_person(recovery.person_id);
        access::looked(&view.state.store, &who.actor, look).await?;
    }
    page(&view, &who.actor, &Form::default()).await
}

async fn page(view: &View, actor: &Actor, form: &Form) -> Answer {
    let found = view.state.store.read(|db| {
        queries::list_recoveries(db)?
            .into_iter()
            .map(|recovery| {
                let person = queries::find_person(db, recovery.person_id)?;
                let by = queries::find_person(db, recovery.proposed_by)?;
                Ok((recovery, person, by))
            })
            .collect::<Result<Vec<(Recovery, Person, Person)>, Failure>>()
    });
    let now = machine_now();
    let rows: Vec<Value> = found
        .await?
        .iter()
        .map(|(recovery, person, by)| {
            let until = recovery.proposed_at + rules::RECOVERY_WAITS;
            json!({
                "id": recovery.id, "name": person.name, "email": person.email,
                "reason": recovery.reason, "by": by.name,
                "at": instant::minute(recovery.proposed_at),
                "until": instant::minute(until), "late": until <= now,
                "can_confirm": rules::may_confirm(recovery, actor.person_id, now).is_ok(),
            })
        })
        .collect();
    let title = view.say("accounts-recoveries-title");
    let body = json!({ "recoveries": rows });
    view.render_form("accounts/recoveries", "work", &title, form, &body)
}

pub async fn propose(who: May<RecoverAccounts>, view: View, mut form: Form) -> Answer {
    let email = form.parsed("email", |text| {
        rules::email(text).map_err(|rule| rule.refusal())
    });
    let reason = form.text("reason", 500);
    let Some(email) = email.filter(|_| form.is_ok()) else {
        return page(&view, &who.actor, &form).await;
    };
    let by = who.actor.clone();
    let done = view
        .state
        .store
        .write(move |tx| actions::propose_recovery(tx, &by, &email, &reason));
    finish(
        &view,
        &who.actor,
        form,
        done.await,
        "accounts-recovery-proposed",
    )
    .await
}

async fn finish(
    view: &View,
    actor: &Actor,
    mut form: Form,
    done: Result<(), Failure>,
    flash: &str,
) -> Answer {
    match done {
        Ok(()) => Ok(view.see_other_with(HOME, flash)),
        Err(failure) => {
            form.take_up(AppError::from(failure))?;
            page(view, actor, &form).await
        }
    }
}

fn recovery_id(path: &str) -> Result<RecoveryId, AppError> {
    path.parse()
        .map_err(|_unknown| AppError::from(Failure::NotFound))
}

pub async fn confirm(
    who: May<RecoverAccounts>,
    view: View,
    id: Path<String>,
    form: Form,
) -> Answer {
    let (id, by) = (recovery_id(&id)?, who.actor.clone());
    let done = view
        .state
        .store
        .write(move |tx| actions::confirm_recovery(tx, &by, id));
    finish(
        &view,
        &who.actor,
        form,
        done.await,
        "accounts-recovery-confirmed",
    )
    .await
}

pub async fn withdraw(
    who: May<RecoverAccounts>,
    view: View,
    id: Path<String>,
    form: Form,
) -> Answer {
    let (id, by) = (recovery_id(&id)?, who.actor.clone());
    let done = view
        .state
        .store
        .write(move |tx| actions::withdraw_recovery(tx, &by, id));
    finish(
        &view,
        &who.actor,
        form,
        done.await,
        "accounts-recovery-withdrawn",
    )
    .await
}
