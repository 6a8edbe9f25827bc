//! Contracts for programs: public ones for everybody, the own ones for their parties.

use super::model::{Contract, ContractId, SecretField};
use super::pages::{award, edit, import, list, show, sign};
use super::queries;
use crate::accounts;
use crate::export_names;
use crate::infra::actor::Actor;
use crate::infra::db::Db;
use crate::infra::failure::Failure;
use crate::kernel::instant;
use crate::kernel::paging::Page;
use crate::kernel::scopes::Scope;
use crate::web::api::field::{field, text};
use crate::web::api::{Api, Field, Kind, PAGED, size, tagged, thing};
use crate::web::{Answer, SignedIn, State, View, export};
use actix_web::web::{Data, Path};
use schemars::JsonSchema;
use serde::Serialize;

/// The filters of the list, as on its page.
const FILTERS: [Field; 4] = [
    text("q", 60),
    text("region", 12),
    text("code", 20),
    text("year", 4),
];

pub fn operations(api: &mut Api) {
    api.post(
        "/projects/{id}/contract",
        "contracts-draw-up",
        edit::draw_up,
    )
    .scope(Scope::Contracts);
    api.post(
        "/projects/{id}/award/cancel",
        "awards-cancel",
        award::cancel,
    )
    .scope(Scope::Projects)
    .takes([
        field(
            "ground",
            Kind::OneOf(&["refused_to_sign", "force_majeure", "found_unlawful"]),
        )
        .needed(),
        text("reason", 1000).needed(),
    ])
    .versioned();
    api.get("/contracts", "contracts-list", list_public)
        .takes(FILTERS)
        .takes(PAGED)
        .gives::<Page<ContractDto>>();
    let names = export_names!("/contracts", "contracts-list");
    export::operations(api, &names, &FILTERS, list::export);
    api.post("/contracts/import", "contracts-import", import::save)
        .scope(Scope::Contracts)
        .takes([field("act", Kind::OneOf(&["check"]))])
        .file("file");
    api.get("/contracts/drafts", "contracts-drafts", list_drafts)
        .scope(Scope::Contracts)
        .gives::<Page<ContractDto>>();
    api.get("/contracts/{id}", "contracts-show", show_one)
        .gives::<ContractDto>();
    api.post("/contracts/{id}", "contracts-edit", edit::save)
        .scope(Scope::Contracts)
        .takes([
            text("payment", 5000),
            text("duties", 5000),
            text("phone", 40).needed(),
            field("secrets", Kind::OneOf(&["scope", "payment", "duties"])).many(),
            text("secret_reason", 500),
        ])
        .versioned();
    api.post("/contracts/{id}/offer", "contracts-offer", edit::offer)
        .scope(Scope::Contracts)
        .versioned();
    api.post(
        "/contracts/{id}/take-back",
        "contracts-take-back",
        edit::take_back,
    )
    .scope(Scope::Contracts)
    .versioned();
    api.post("/contracts/{id}/sign", "contracts-sign", sign::by_scan)
        .scope(Scope::Contracts)
        .file("scan");
    api.post(
        "/contracts/{id}/sign-by-password",
        "contracts-sign-demo",
        sign::by_password,
    )
    .scope(Scope::Contracts)
    .takes([text("password", 200).needed()]);
    api.get("/contracts/{id}/scans/{scan}", "contracts-scan", show::scan)
        .scope(Scope::Read)
        .media("application/octet-stream");
}

#[derive(Serialize, JsonSchema)]
struct ContractDto {
    id: i64,
    number: String,
    title: String,
    state: String,
    project: Option<i64>,
    buyer: String,
    provider: String,
    /// The provider's unified social credit code.
    provider_code: Option<String>,
    catalogue_code: String,
    /// Yuan.
    amount: String,
    term_from: String,
    term_to: String,
    /// Region codes.
    communities: Vec<String>,
    phone: String,
    scope: String,
    payment: String,
    duties: String,
    /// Which of these texts are secret, and empty for who is no party (民法典 §501 with 政府采购 rules of publication).
    secrets: Vec<String>,
    is_entered_afterwards: bool,
    signed_at: Option<String>,
    published_at: Option<String>,
}

impl ContractDto {
    /// Of a contract that its reader may see in this form.
    fn load(db: &mut Db, contract: Contract) -> Result<Self, Failure> {
        let secrets = contract.secrets();
        Ok(Self {
            buyer: accounts::find_body(db, contract.buyer_id)?.name,
            communities: queries::communities_of(db, contract.id)?,
            secrets: SecretField::ALL
                .iter()
                .filter(|field| secrets.hides(**field))
                .map(ToString::to_string)
                .collect(),
            id: contract.id.0,
            number: contract.number,
            title: contract.title,
            state: contract.state.to_string(),
            project: contract.project_id.map(|id| id.0),
            provider: contract.provider_name,
            provider_code: contract.provider_code,
            catalogue_code: contract.catalogue_code,
            amount: contract.amount_fen.plain(),
            term_from: contract.term_from.to_string(),
            term_to: contract.term_to.to_string(),
            phone: contract.phone,
            scope: contract.scope,
            payment: contract.payment,
            duties: contract.duties,
            is_entered_afterwards: contract.is_entered_afterwards,
            signed_at: contract.signed_at.map(instant::rfc3339),
            published_at: contract.published_at.map(instant::rfc3339),
        })
    }
}

async fn list_public(view: View, state: Data<State>) -> Answer {
    let (form, size) = (view.query(), size(&view));
    let (filters, after) = (list::filters(&form), list::after(&form));
    let page = state
        .store
        .read(move |db| {
            let rows = queries::list_published(db, &filters, after, size.limit())?;
            let page = Page::of(rows, size, list::key);
            let mut rows = Vec::new();
            for contract in page.rows {
                rows.push(ContractDto::load(db, contract.redacted())?);
            }
            Ok(Page {
                rows,
                next: page.next,
            })
        })
        .await?;
    thing(&page)
}

async fn list_drafts(SignedIn(actor): SignedIn, state: Data<State>) -> Answer {
    let body = actor.body_id().ok_or(Failure::Forbidden)?;
    let rows = state
        .store
        .read(move |db| {
            let mut rows = Vec::new();
            let all = queries::list_unpublished(db, body)?;
            for contract in all.into_iter().filter(|one| one.is_seen_by(body)) {
                rows.push(ContractDto::load(db, contract)?);
            }
            Ok(rows)
        })
        .await?;
    thing(&Page { rows, next: None })
}

async fn show_one(view: View, state: Data<State>, id: Path<ContractId>) -> Answer {
    let (id, now) = (*id, state.store.now());
    let actor: Option<Actor> = view.actor().cloned();
    let (version, dto) = state
        .store
        .read(move |db| {
            let seen = show::read(db, actor.as_ref(), id, now)?;
            let version = seen.contract.version;
            Ok((version, ContractDto::load(db, seen.contract)?))
        })
        .await?;
    tagged(version, &dto)
}
