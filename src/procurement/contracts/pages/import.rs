//! Uploading running contracts from before the portal.

use crate::infra::db::Db;
use crate::infra::store::Tx;
use crate::organizations::registry;
use crate::procurement::contracts::actions;
use crate::procurement::contracts::import::{self as reading, COLUMNS, Row};
use crate::procurement::contracts::model::PublishContracts;
use crate::web::imports::Import;
use crate::web::{Answer, AppError, Form, May, State, View};
use actix_multipart::Multipart;
use actix_web::web::Data;

const CONTRACTS: Import<Row> = Import {
    path: "/contracts/import",
    nav: "work",
    title: "contracts-import-title",
    lede: "contracts-import-lede",
    button: "contracts-import-button",
    list: ("/contracts", "contracts-title"),
    flash: "contracts-flash-imported",
    columns: COLUMNS,
    read: reading::read,
};

pub async fn edit(_who: May<PublishContracts>, view: View) -> Answer {
    CONTRACTS.show(&view, &Form::default(), &[])
}

pub async fn save(
    who: May<PublishContracts>,
    view: View,
    state: Data<State>,
    body: Multipart,
) -> Answer {
    let actor = who.actor;
    let buyer = actor.body_id().ok_or(AppError::Forbidden)?;
    let check = move |db: &mut Db, rows: &[Row]| actions::check_import(db, buyer, rows);
    let write = move |tx: &mut Tx, rows: &[Row]| {
        actions::import(tx, Some(&actor), buyer, rows).map(|_count| ())
    };
    CONTRACTS.save(&view, &state, body, check, write).await
}

pub async fn sheet(_who: May<PublishContracts>, view: View, state: Data<State>) -> Answer {
    let names = registry::names(&state).await?;
    let (scopes, areas) = names.as_ref().clone();
    // A contract names communities and villages.
    let communities = areas.into_iter().filter(|(code, _)| code.len() == 12);
    CONTRACTS.sheet(&view, scopes, communities.collect())
}
