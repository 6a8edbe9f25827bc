//! Cancelling an award, together with the contract that was drawn up from it.

use crate::procurement::awards::{self, AwardTenders, Ground};
use crate::procurement::contracts::actions;
use crate::procurement::projects::ProjectId;
use crate::web::{Answer, AppError, Form, May, State, View};
use actix_web::web::{Data, Path};

pub async fn cancel(
    who: May<AwardTenders>,
    view: View,
    state: Data<State>,
    id: Path<ProjectId>,
    mut form: Form,
) -> Answer {
    let (id, version) = (*id, form.version());
    let ground = form.one_of::<Ground>("ground");
    let reason = form.text("reason", 1000);
    if let Some(ground) = ground.filter(|_| form.is_ok()) {
        let actor = who.actor.clone();
        let done = state
            .store
            .write(move |tx| actions::cancel_award(tx, &actor, id, version, ground, &reason))
            .await;
        match done {
            Ok(()) => {
                return Ok(
                    view.see_other_with(&format!("/projects/{id}/award"), "awards-flash-cancelled")
                );
            }
            Err(error) => form.take_up(AppError::from(error))?,
        }
    }
    awards::show_refused(&view, &state, who.actor, id, &form).await
}
