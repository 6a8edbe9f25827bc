//! One contract: everything for its parties, what is public for everybody.

use super::{names, stand, unsigned_text};
use crate::accounts;
use crate::catalogue;
use crate::common::clocks::Clock;
use crate::infra::actor::Actor;
use crate::infra::db::Db;
use crate::infra::failure::Failure;
use crate::infra::ledger;
use crate::kernel::instant;
use crate::organizations::registry::{self, ProviderState};
use crate::procurement::contracts::model::{
    Contract, ContractId, ContractState, DraftContracts, ScanId, SecretField, Side, SignContracts,
    Signature,
};
use crate::procurement::contracts::{SUBJECT, queries};
use crate::regions::{self, Region};
use crate::web::{Answer, AppError, State, View};
use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use chrono::NaiveDateTime;
use serde_json::{Value, json};

pub struct Seen {
    pub contract: Contract,
    pub is_party: bool,
    pub buyer: String,
    /// The catalogue's year and name for what is bought.
    item: Option<(i64, String)>,
    pub communities: Vec<Region>,
    pub signatures: Vec<(Signature, String)>,
    pub provider_page: Option<String>,
    provider_phone: Option<String>,
    pub is_proven: bool,
    /// Until when it must be signed.
    limit: Option<Clock>,
    unsigned: Vec<Side>,
    history: Vec<(ledger::Line, Option<ledger::LineText>)>,
}

/// The contract as this reader may see it; not found if not at all.
pub fn read(
    db: &mut Db,
    actor: Option<&Actor>,
    id: ContractId,
    now: NaiveDateTime,
) -> Result<Seen, Failure> {
    let contract = queries::find(db, id)?;
    let is_party = actor
        .and_then(Actor::body_id)
        .is_some_and(|body| contract.is_seen_by(body));
    if contract.published_at.is_none() && !is_party {
        return Err(Failure::NotFound);
    }
    let mut signatures = Vec::new();
    for signature in queries::signatures_of(db, id)? {
        let name = accounts::find_person(db, signature.person_id)?.name;
        signatures.push((signature, name));
    }
    let codes = queries::communities_of(db, id)?;
    let pages = queries::provider_pages(db, std::slice::from_ref(&contract))?;
    let versions = catalogue::list_versions_of(db, &contract.catalogue_code)?;
    let item = versions.into_iter().next();
    let provider: Vec<_> = contract.provider_id.into_iter().collect();
    let registered = match contract.provider_id {
        Some(body) => registry::find_by_body(db, body)?,
        None => None,
    };
    Ok(Seen {
        provider_phone: registered
            .filter(|provider| provider.state != ProviderState::Refused)
            .map(|provider| provider.phone),
        item: item.map(|(version, item)| (version.year, item.name)),
        is_proven: !registry::proven_of(db, &provider)?.is_empty(),
        provider_page: pages.into_values().next(),
        buyer: accounts::find_body(db, contract.buyer_id)?.name,
        communities: regions::find_many(db, &codes)?,
        signatures,
        limit: queries::signing_limit(db, contract.award_id)?,
        unsigned: queries::unsigned_sides(db, id)?,
        history: ledger::history(db, (SUBJECT, id.0), actor, now)?,
        contract: if is_party {
            contract
        } else {
            contract.redacted()
        },
        is_party,
    })
}

pub async fn show(view: View, state: Data<State>, id: Path<ContractId>) -> Answer {
    page(&view, &state, *id, "procurement/contracts/show").await
}

pub async fn print(view: View, state: Data<State>, id: Path<ContractId>) -> Answer {
    page(&view, &state, *id, "procurement/contracts/print").await
}

async fn page(view: &View, state: &Data<State>, id: ContractId, template: &str) -> Answer {
    let (actor, now) = (view.actor().cloned(), state.store.now());
    let seen = state
        .store
        .read(move |db| read(db, actor.as_ref(), id, now))
        .await?;
    let title = seen.contract.title.clone();
    view.render(template, "contracts", &title, &body(view, &seen))
}

/// The fields of the page and of the printed text.
pub(super) fn body(view: &View, seen: &Seen) -> Value {
    let contract = &seen.contract;
    let secrets = contract.secrets();
    let part = |field: SecretField, text: &str| {
        let hidden = secrets.hides(field);
        json!({
            "text": text, "secret": hidden, "hidden": hidden && !seen.is_party,
            "empty": text.is_empty() && !hidden,
        })
    };
    let signatures: Vec<Value> = seen
        .signatures
        .iter()
        .map(|(signature, name)| {
            json!({
                "side": view.say(&format!("contracts-side-{}", signature.side)),
                "method": view.say(&format!("contracts-method-{}", signature.method)),
                "name": seen.is_party.then_some(name), "when": instant::minute(signature.at),
                "scan": signature.file_id.filter(|_| seen.is_party)
                    .map(|scan| format!("/contracts/{}/scans/{scan}", contract.id)),
            })
        })
        .collect();
    let mut lines = seen.history.clone();
    for (_, text) in lines
        .iter_mut()
        .filter(|(line, _)| line.what == "contract.signed")
    {
        // The way of signing is a word of ours and has its own column.
        if let Some(text) = text {
            text.reason = None;
        }
    }
    let own_side = view
        .actor()
        .and_then(Actor::body_id)
        .and_then(|body| contract.side_of(body));
    let has_signed = seen
        .signatures
        .iter()
        .any(|(signature, _)| Some(signature.side) == own_side);
    // What waits for the check is neither offered nor signed meanwhile.
    let is_unproven = !seen.is_proven
        && matches!(
            contract.state,
            ContractState::Drafted | ContractState::Signing
        );
    let is_officer = view.actor().is_some_and(|actor| {
        actor.may::<DraftContracts>() && actor.body_id() == Some(contract.buyer_id)
    });
    let limit = seen.limit.as_ref().map(|limit| {
        json!({
            "at": instant::deadline(limit.due_at),
            "article": limit.article,
            "is_late": limit.state(view.state.store.now()) == "late",
        })
    });
    json!({
        "crumbs": [
            { "label": view.say("layout-nav-contracts"), "href": "/contracts" },
            { "label": contract.number, "href": Value::Null },
        ],
        "id": contract.id.to_string(), "number": contract.number, "title": contract.title,
        "stand": stand(view, contract), "is_party": seen.is_party, "is_public": contract.published_at.is_some(),
        "buyer": seen.buyer, "provider": contract.provider_name, "provider_code": contract.provider_code,
        "provider_href": seen.provider_page,
        "amount": contract.amount_fen.to_string(), "capitals": contract.amount_fen.capitals(),
        "from": contract.term_from.to_string(), "to": contract.term_to.to_string(),
        "catalogue": {
            "code": contract.catalogue_code, "name": seen.item.as_ref().map(|(_, name)| name),
            "href": seen.item.as_ref().map(|(year, _)| format!("/catalogue/{year}/{}", contract.catalogue_code)),
        },
        "phone": contract.phone, "provider_phone": seen.provider_phone,
        "communities": names(&seen.communities),
        "scope": part(SecretField::Scope, &contract.scope),
        "payment": part(SecretField::Payment, &contract.payment),
        "duties": part(SecretField::Duties, &contract.duties),
        "secret_reason": secrets.reason, "afterwards": contract.is_entered_afterwards,
        "project_href": contract.project_id.map(|id| format!("/projects/{id}")),
        "published": contract.published_at.map(instant::minute), "signed": contract.signed_at.map(instant::minute),
        "signatures": signatures, "history": view.history(&lines), "version": contract.version.to_string(),
        "may_edit": is_officer && contract.state == ContractState::Drafted,
        "may_take_back": is_officer && contract.state == ContractState::Signing && seen.signatures.is_empty(),
        "is_unproven": is_unproven,
        "registration": seen.provider_page.as_ref()
            .filter(|_| own_side == Some(Side::Provider))
            .map(|page| format!("{page}/registration")),
        "may_sign": contract.state == ContractState::Signing && !is_unproven && !has_signed && seen.is_party
            && view.actor().is_some_and(Actor::may::<SignContracts>),
        "is_signing": contract.state == ContractState::Signing,
        "unsigned": unsigned_text(view, &seen.unsigned),
        "limit": limit,
    })
}

/// A scan of the sealed original: for the two parties, nobody else learns that it is there.
pub async fn scan(view: View, state: Data<State>, path: Path<(ContractId, ScanId)>) -> Answer {
    let (id, scan) = path.into_inner();
    let body = view
        .actor()
        .and_then(Actor::body_id)
        .ok_or(Failure::NotFound)?;
    let (name, media_type, size, key) = state
        .store
        .read(move |db| {
            let contract = queries::find(db, id)?;
            if contract.side_of(body).is_none() {
                return Err(Failure::NotFound);
            }
            Ok(queries::find_scan(db, id, scan)?)
        })
        .await?;
    let stream = state.files.stream(&key).await.map_err(AppError::from)?;
    let encoded: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
    Ok(HttpResponse::Ok()
        .content_type(media_type)
        .insert_header(("content-length", size.to_string()))
        .insert_header((
            "content-disposition",
            format!(
                "attachment; filename*=UTF-8''{}",
                encoded.replace('+', "%20")
            ),
        ))
        .streaming(stream))
}
