//! The officer decides; everybody reads the notice; each bidder reads its own score and rank.

use super::actions::{self, Decision};
use super::model::{Award, AwardState, AwardTenders, Ground, ReadOwnResult};
use super::queries;
use crate::accounts;
use crate::common::{publications, rulesets};
use crate::infra::actor::Actor;
use crate::infra::db::Db;
use crate::infra::failure::Failure;
use crate::kernel::instant;
use crate::kernel::money::Fen;
use crate::kernel::people::BodyId;
use crate::organizations::registry::{self, ProviderState};
use crate::procurement::bids;
use crate::procurement::evaluation::{self, CriterionMean, RankedBid, SUBJECT};
use crate::procurement::projects::{self, Project, ProjectId};
use crate::procurement::tenders::{self, Criterion, CriterionKind, Tender, TenderState};
use crate::web::{Answer, AppError, Form, May, State, View};
use actix_web::web::{Data, Path, ServiceConfig, get, post};
use chrono::NaiveDate;
use serde_json::{Value, json};

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.route("/projects/{id}/award", get().to(edit))
        .route("/projects/{id}/award", post().to(save))
        .route("/projects/{id}/result", get().to(result));
}

struct Seen {
    project: Project,
    tender: Tender,
    ranking: Vec<RankedBid>,
    before: Vec<Award>,
    /// Of the ranked.
    proven: Vec<BodyId>,
}

fn read(db: &mut Db, actor: &Actor, id: ProjectId) -> Result<Seen, Failure> {
    let project = projects::find(db, id)?;
    if actor.body_id() != Some(project.buyer_id) {
        return Err(Failure::NotFound);
    }
    let tender = tenders::newest_of(db, id)?.ok_or(Failure::NotFound)?;
    let ranking = evaluation::results_of(db, tender.id)?;
    let bidders: Vec<BodyId> = ranking.iter().map(|bid| bid.bidder_id).collect();
    Ok(Seen {
        proven: registry::proven_of(db, &bidders)?,
        ranking,
        before: queries::list_of(db, tender.id)?,
        project,
        tender,
    })
}

pub(super) async fn edit(
    who: May<AwardTenders>,
    view: View,
    state: Data<State>,
    id: Path<ProjectId>,
) -> Answer {
    let (id, actor) = (*id, who.actor);
    let seen = state.store.read(move |db| read(db, &actor, id)).await?;
    let mut form = Form::default();
    let mut open = seen
        .ranking
        .iter()
        .filter(|bid| !seen.before.iter().any(|award| award.bid_id == bid.bid_id));
    // Between joint ranks somebody has to choose: nothing is ticked beforehand.
    if let Some(first) = open.next()
        && open.next().is_none_or(|second| second.rank > first.rank)
    {
        form = form.with("bid", first.bid_id);
    }
    show(&view, &seen, &form)
}

fn show(view: &View, seen: &Seen, form: &Form) -> Answer {
    let title = view.say("awards-title");
    let bids: Vec<Value> = seen
        .ranking
        .iter()
        .map(|bid| {
            let (rank, price, total) = (bid.rank.to_string(), bid.price.to_string(), bid.total.to_string());
            let cancelled = seen.before.iter().any(|award| {
                award.bid_id == bid.bid_id && award.state == AwardState::Cancelled
            });
            let hint = if cancelled {
                "awards-choice-cancelled"
            } else if seen.proven.contains(&bid.bidder_id) {
                "awards-choice-hint"
            } else {
                "awards-choice-hint-unproven"
            };
            json!({
                "value": bid.bid_id.to_string(),
                "label": view.say_with("awards-choice", &[("rank", &rank), ("name", &bid.bidder_name)]),
                "hint": view.say_with(hint, &[("price", &price), ("total", &total)]),
            })
        })
        .collect();
    let active = seen
        .before
        .iter()
        .find(|award| award.state == AwardState::Active);
    let winner =
        active.and_then(|award| seen.ranking.iter().find(|bid| bid.bid_id == award.bid_id));
    let mut grounds = vec![json!({ "value": "", "label": view.say("awards-ground-none") })];
    let named = view.options("awards-ground", Ground::ALL.iter().map(Ground::as_str));
    grounds.extend(named.as_array().cloned().unwrap_or_default());
    let id = seen.project.id;
    view.render_form(
        "procurement/awards/edit",
        "projects",
        &title,
        form,
        &json!({
            "crumbs": crumbs(view, &seen.project, &title),
            "id": id.to_string(), "project": seen.project.title, "number": seen.project.number,
            "version": seen.tender.version.to_string(), "bids": bids, "grounds": grounds, "named": named,
            "may_award": seen.tender.state == TenderState::Evaluated,
            "may_cancel": seen.tender.state == TenderState::Awarded,
            "winner": winner.map(|bid| bid.bidder_name.clone()),
            "unproven": unproven(view, seen, winner),
        }),
    )
}

/// The names that nobody has checked yet: of the winner, or of all who may become it.
fn unproven(view: &View, seen: &Seen, winner: Option<&RankedBid>) -> Option<String> {
    let names: Vec<&str> = seen
        .ranking
        .iter()
        .filter(|bid| winner.is_none_or(|winner| winner.bid_id == bid.bid_id))
        .filter(|bid| !seen.proven.contains(&bid.bidder_id))
        .map(|bid| bid.bidder_name.as_str())
        .collect();
    (!names.is_empty()).then(|| names.join(&view.say("projects-and")))
}

fn crumbs(view: &View, project: &Project, here: &str) -> Value {
    json!([
        { "label": view.say("layout-nav-projects"), "href": "/projects" },
        { "label": project.title, "href": format!("/projects/{}", project.id) },
        { "label": here, "href": Value::Null },
    ])
}

pub(super) async fn save(
    who: May<AwardTenders>,
    view: View,
    state: Data<State>,
    id: Path<ProjectId>,
    mut form: Form,
) -> Answer {
    let id = *id;
    let bid = form.one_of("bid");
    let ground = if form.raw("ground").is_empty() {
        None
    } else {
        form.one_of("ground")
    };
    let reason = form.optional("reason", 1000);
    if let Some(bid) = bid.filter(|_| form.is_ok()) {
        let decision = Decision {
            bid,
            version: form.version(),
            ground,
            reason,
        };
        let actor = who.actor.clone();
        let done = state
            .write_once(view.once_key(&form), move |tx| {
                actions::award(tx, &actor, id, &decision)?;
                Ok(format!("/projects/{id}/result"))
            })
            .await;
        match done {
            Ok(place) => return Ok(view.see_other_with(&place, "awards-flash-awarded")),
            Err(error) => form.take_up(AppError::from(error))?,
        }
    }
    show_refused(&view, &state, who.actor, id, &form).await
}

/// The purchaser's page with what a form got refused.
pub async fn show_refused(
    view: &View,
    state: &Data<State>,
    actor: Actor,
    id: ProjectId,
    form: &Form,
) -> Answer {
    let seen = state.store.read(move |db| read(db, &actor, id)).await?;
    show(view, &seen, form)
}

/// What a bidder may know of itself.
pub struct Own {
    name: String,
    price: Option<Fen>,
    pub ranked: Option<RankedBid>,
    pub means: Vec<CriterionMean>,
    pub criteria: Vec<Criterion>,
    pub is_winner: bool,
}

pub struct Found {
    project: Project,
    buyer: String,
    decided: String,
    pub winner: RankedBid,
    pub notice: Value,
    pub own: Option<Own>,
    may_draw_up: bool,
    /// Last days of the notice period and of the time for a challenge, and the article that gives it.
    remedy: (Option<NaiveDate>, Option<NaiveDate>, String),
    is_verified: bool,
    is_proven: bool,
    winner_page: Option<String>,
    contract: Option<i64>,
}

pub fn read_result(db: &mut Db, actor: Option<&Actor>, id: ProjectId) -> Result<Found, Failure> {
    let project = projects::find(db, id)?;
    let tender = tenders::newest_of(db, id)?.ok_or(Failure::NotFound)?;
    let award = queries::active_of(db, tender.id)?.ok_or(Failure::NotFound)?;
    let ranking = evaluation::results_of(db, tender.id)?;
    let winner = ranking
        .iter()
        .find(|bid| bid.bid_id == award.bid_id)
        .cloned()
        .ok_or(Failure::NotFound)?;
    let notice = publications::list_of_subject(db, (SUBJECT, tender.id.0))?
        .into_iter()
        .rfind(|notice| notice.kind == "award")
        .ok_or(Failure::NotFound)?;
    let own = match actor
        .filter(|actor| actor.may::<ReadOwnResult>())
        .and_then(Actor::body_id)
    {
        Some(body) => own(db, &tender, &ranking, body, award.bid_id)?,
        None => None,
    };
    let is_buyer = actor.is_some_and(|actor| actor.body_id() == Some(project.buyer_id));
    let contract = if is_buyer {
        queries::contract_of(db, award.id)?
    } else {
        None
    };
    let provider = registry::find_by_body(db, winner.bidder_id)?;
    let method = rulesets::load_method(db, tender.rule_set_id)?;
    let (rules, calendar) = (method.rules, rulesets::load_calendar(db)?);
    let decided_on = instant::shanghai_date(award.decided_at);
    let noticed = rules.result_notice.deadline(decided_on, &calendar);
    let challenged = noticed.and_then(|end| rules.challenge.deadline(end, &calendar));
    Ok(Found {
        remedy: (noticed, challenged, rules.challenge.article),
        is_verified: method.is_verified,
        buyer: accounts::find_body(db, project.buyer_id)?.name,
        decided: instant::minute(award.decided_at),
        is_proven: provider
            .as_ref()
            .is_some_and(|provider| provider.state == ProviderState::Proven),
        winner_page: provider.map(|provider| format!("/organizations/{}", provider.id)),
        winner,
        notice: serde_json::from_str(&notice.content)?,
        own,
        may_draw_up: is_buyer
            && tender.state == TenderState::Awarded
            && contract.is_none()
            && actor.is_some_and(Actor::may::<AwardTenders>),
        contract,
        project,
    })
}

fn own(
    db: &mut Db,
    tender: &Tender,
    ranking: &[RankedBid],
    body: BodyId,
    winner: bids::BidId,
) -> Result<Option<Own>, Failure> {
    if !evaluation::bidders_of(db, tender.id)?.contains(&body) {
        return Ok(None);
    }
    let opened = bids::list_opened(db, tender.id)?
        .into_iter()
        .find(|(bid, _)| bid.bidder_id == body);
    let ranked = ranking
        .iter()
        .find(|ranked| ranked.bidder_id == body)
        .cloned();
    Ok(Some(Own {
        name: accounts::find_body(db, body)?.name,
        price: opened.map(|(_, content)| content.price),
        means: match &ranked {
            Some(ranked) => evaluation::criterion_means(db, tender.id, ranked.bid_id)?,
            None => Vec::new(),
        },
        criteria: tenders::criteria_of(db, tender.id)?,
        is_winner: ranked
            .as_ref()
            .is_some_and(|ranked| ranked.bid_id == winner),
        ranked,
    }))
}

pub(super) async fn result(view: View, state: Data<State>, id: Path<ProjectId>) -> Answer {
    let id = *id;
    let actor = view.actor().cloned();
    let found = state
        .store
        .read(move |db| read_result(db, actor.as_ref(), id))
        .await?;
    let title = view.say("awards-result-title");
    let text = |name: &str| {
        found
            .notice
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let list = |name: &str| {
        found
            .notice
            .get(name)
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default()
    };
    let items: Vec<Value> = list("items")
        .iter()
        .map(|item| {
            let fen = item
                .get("amount_fen")
                .and_then(Value::as_i64)
                .unwrap_or_default();
            json!({ "label": item.get("label"), "amount": Fen(fen).to_string() })
        })
        .collect();
    let project = &found.project;
    view.render(
        "procurement/awards/result",
        "projects",
        &title,
        &json!({
            "crumbs": crumbs(&view, project, &title),
            "id": id.to_string(), "project": project.title, "number": project.number, "buyer": found.buyer,
            "phone": project.phone, "decided": found.decided,
            "winner": found.winner.bidder_name, "address": found.notice.get("winner_address"), "price": found.winner.price.to_string(),
            "capitals": found.winner.price.capitals(), "total": found.winner.total.to_string(),
            "term_from": text("term_from"), "term_to": text("term_to"), "items": items, "panel": list("panel"),
            "remedy": remedy(&view, &found), "is_verified": found.is_verified,
            "opening": format!("/projects/{id}/opening"),
            "own": found.own.as_ref().map(own_view),
            "may_draw_up": found.may_draw_up && found.is_proven,
            "waits_for_proof": found.may_draw_up && !found.is_proven,
            "winner_page": found.winner_page,
            "must_prove": found.winner_page.is_some() && found.own.as_ref().is_some_and(|own| own.is_winner) && !found.is_proven,
            "contract": found.contract.map(|id| format!("/contracts/{id}")),
        }),
    )
}

/// Until when and to whom somebody writes who disagrees; nothing where the working calendar does not reach so far.
fn remedy(view: &View, found: &Found) -> Option<Value> {
    let (Some(noticed), Some(challenged), article) = &found.remedy else {
        return None;
    };
    let (noticed, challenged) = (noticed.to_string(), challenged.to_string());
    Some(json!({
        "text": view.say_with("awards-rights-text", &[("notice", &noticed), ("until", &challenged)]),
        "article": article,
    }))
}

fn own_view(own: &Own) -> Value {
    let marks: Vec<Value> = own
        .criteria
        .iter()
        .filter_map(|criterion| {
            let (points, notes) = match criterion.kind {
                CriterionKind::Price => (own.ranked.as_ref()?.price_points, &[][..]),
                CriterionKind::Quality => own
                    .means
                    .iter()
                    .find(|mean| mean.criterion_id == criterion.id)
                    .map(|mean| (mean.points, mean.notes.as_slice()))?,
            };
            Some(json!({
                "name": criterion.name, "weight": criterion.weight.to_string(), "points": points.to_string(),
                "measure": criterion.measure, "notes": notes,
            }))
        })
        .collect();
    json!({
        "name": own.name, "price": own.price.map(|price| price.to_string()), "is_winner": own.is_winner, "marks": marks,
        "rank": own.ranked.as_ref().map(|ranked| ranked.rank.to_string()),
        "total": own.ranked.as_ref().map(|ranked| ranked.total.to_string()),
    })
}
