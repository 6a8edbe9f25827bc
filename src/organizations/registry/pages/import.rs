//! Uploading organizations that the bureau has in its own registers.

use super::NAV;
use crate::infra::store::Tx;
use crate::organizations::registry::actions;
use crate::organizations::registry::import::{self as reading, COLUMNS, Row};
use crate::organizations::registry::model::CheckProviders;
use crate::web::imports::Import;
use crate::web::{Answer, Form, May, State, View};
use actix_multipart::Multipart;
use actix_web::web::Data;

const ORGANIZATIONS: Import<Row> = Import {
    path: "/organizations/import",
    nav: NAV,
    title: "registry-import-title",
    lede: "registry-import-lede",
    button: "registry-import-button",
    list: (
        "/organizations/checks?state=unattended",
        "registry-import-list",
    ),
    flash: "registry-flash-imported",
    columns: COLUMNS,
    read: reading::read,
};

pub async fn edit(_who: May<CheckProviders>, view: View) -> Answer {
    ORGANIZATIONS.show(&view, &Form::default(), &[])
}

pub async fn save(
    who: May<CheckProviders>,
    view: View,
    state: Data<State>,
    body: Multipart,
) -> Answer {
    let actor = who.actor;
    let (worded, language) = (super::founder_roles(&view), view.language());
    let write =
        move |tx: &mut Tx, rows: &[Row]| actions::import(tx, &actor, rows, &worded, language);
    ORGANIZATIONS
        .save(&view, &state, body, actions::check_import, write)
        .await
}

pub async fn sheet(_who: May<CheckProviders>, view: View, state: Data<State>) -> Answer {
    let names = super::names(&state).await?;
    let (scopes, areas) = names.as_ref().clone();
    ORGANIZATIONS.sheet(&view, scopes, areas)
}
