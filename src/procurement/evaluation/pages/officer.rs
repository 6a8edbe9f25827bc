//! The purchaser's officer forms the panel, sees how far it is, and then the ranking.

use super::fields::crumbs;
use crate::accounts;
use crate::common::panels::{self, Capacity};
use crate::infra::actor::Actor;
use crate::infra::db::Db;
use crate::infra::failure::{Failure, Refusal};
use crate::kernel::instant;
use crate::kernel::people::{BodyId, PersonId};
use crate::kernel::score::Points;
use crate::kernel::text;
use crate::organizations::registry;
use crate::procurement::bids;
use crate::procurement::evaluation::model::EvaluateTenders;
use crate::procurement::evaluation::rules::{self, Step};
use crate::procurement::evaluation::{SUBJECT, actions, queries};
use crate::procurement::projects::{Project, ProjectId};
use crate::procurement::tenders::{self, Criterion, CriterionKind, Tender, TenderState};
use crate::web::{Answer, AppError, Form, May, State, View};
use actix_web::web::{Data, Path};
use chrono::NaiveDateTime;
use serde_json::{Value, json};

/// A member as the purchaser sees it: whether the sheet is in, never what stands in it.
struct Seated {
    person: PersonId,
    name: String,
    capacity: Capacity,
    stand: &'static str,
    is_active: bool,
    is_silent: bool,
    reminded_at: Option<NaiveDateTime>,
    /// Why the purchaser replaced the member.
    reason: Option<String>,
}

struct Seen {
    project: Project,
    tender: Tender,
    needs: rules::PanelNeeds,
    formed: bool,
    members: Vec<Seated>,
    shortage: u32,
    limit: Option<NaiveDateTime>,
    staff: Vec<(PersonId, String)>,
}

impl Seen {
    fn active(&self) -> usize {
        self.members
            .iter()
            .filter(|member| member.is_active)
            .count()
    }

    fn silent(&self) -> Vec<&Seated> {
        let members = self.members.iter();
        members.filter(|member| member.is_silent).collect()
    }

    fn submitted(&self) -> usize {
        self.active() - self.silent().len()
    }
}

fn read(db: &mut Db, actor: &Actor, id: ProjectId) -> Result<Seen, Failure> {
    let (project, tender) = actions::of_buyer(db, actor, id)?;
    let needs = actions::needs_of(&tenders::rules_of(db, &tender)?);
    let panel = panels::find_of(db, (SUBJECT, tender.id.0))?;
    let (mut members, mut shortage) = (Vec::new(), 0);
    if let Some(panel) = panel {
        shortage = actions::shortage(db, &tender, panel)?;
        let silent = actions::silent(db, tender.id, panel)?;
        for member in panels::list_members(db, panel)? {
            let (is_active, is_silent) = (
                member.is_active(),
                silent.iter().any(|silent| silent.id == member.id),
            );
            members.push(Seated {
                person: member.person_id,
                name: accounts::find_person(db, member.person_id)?.name,
                capacity: member.capacity,
                stand: match (is_active, member.declared_at, is_silent) {
                    (false, _, _) if member.is_replaced => "replaced",
                    (false, _, _) => "recused",
                    (true, None, _) => "invited",
                    (true, Some(_), true) => "declared",
                    (true, Some(_), false) => "submitted",
                },
                is_active,
                is_silent,
                reminded_at: member.reminded_at.filter(|_| is_silent),
                reason: member.reason.filter(|_| member.is_replaced),
            });
        }
    }
    let openers = queries::openers_of(db, tender.id)?;
    let mut staff: Vec<(PersonId, String)> = accounts::list_members(db, project.buyer_id)?
        .into_iter()
        .map(|member| (member.person_id, member.person_name))
        .filter(|(person, _)| !openers.contains(person))
        .collect();
    staff.sort();
    staff.dedup();
    let limit = actions::limit_of(db, tender.id)?;
    Ok(Seen {
        project,
        tender,
        needs,
        formed: panel.is_some(),
        members,
        shortage,
        limit,
        staff,
    })
}

pub async fn panel(
    who: May<EvaluateTenders>,
    view: View,
    state: Data<State>,
    id: Path<ProjectId>,
) -> Answer {
    let (id, actor) = (*id, who.actor);
    let seen = state.store.read(move |db| read(db, &actor, id)).await?;
    let form = Form::default().with("size", seen.needs.min);
    show(&view, &seen, &form)
}

fn show(view: &View, seen: &Seen, form: &Form) -> Answer {
    let title = view.say("evaluation-panel-title");
    let members: Vec<Value> = seen
        .members
        .iter()
        .map(|member| {
            json!({
                "name": member.name,
                "capacity": view.say(&format!("evaluation-capacity-{}", member.capacity)),
                "state": view.say(&format!("evaluation-member-{}", member.stand)),
                "kind": match member.stand {
                    "submitted" => "open",
                    "recused" | "replaced" => "off",
                    _ => "soon",
                },
                "reminded": member.reminded_at.map(instant::minute),
                "reason": member.reason,
            })
        })
        .collect();
    let silent: Vec<Value> = seen
        .silent()
        .iter()
        .map(|member| json!({ "value": member.person.to_string(), "label": member.name }))
        .collect();
    let staff: Vec<Value> = seen
        .staff
        .iter()
        .map(|(id, name)| json!({ "value": id.to_string(), "label": name }))
        .collect();
    let (part, whole) = seen.needs.expert_share;
    let size = form.raw("size").parse().unwrap_or(seen.needs.min);
    let may_score = rules::may(seen.tender.state, Step::Score).is_ok();
    let id = seen.project.id;
    view.render_form(
        "procurement/evaluation/panel",
        "projects",
        &title,
        form,
        &json!({
            "crumbs": crumbs(view, &[
                ("layout-nav-projects", Some("/projects".into())),
                (&seen.project.title, Some(format!("/projects/{id}"))),
                (&title, None),
            ]),
            "id": id.to_string(), "project": seen.project.title, "number": seen.project.number,
            "formed": seen.formed, "members": members, "staff": staff,
            "shortage": (seen.shortage > 0).then(|| seen.shortage.to_string()),
            "may_form": rules::may(seen.tender.state, Step::FormPanel).is_ok(),
            "failed": seen.tender.state == TenderState::Failed,
            "min": seen.needs.min.to_string(), "share": format!("{part}/{whole}"),
            "least": seen.needs.least_experts(size).to_string(), "article": seen.needs.article,
            "active": seen.active().to_string(), "submitted": seen.submitted().to_string(),
            "limit": seen.limit.filter(|_| may_score).map(instant::deadline),
            "may_remind": may_score && !silent.is_empty(),
            "silent": silent,
        }),
    )
}

pub async fn form(
    who: May<EvaluateTenders>,
    view: View,
    state: Data<State>,
    id: Path<ProjectId>,
    mut form: Form,
) -> Answer {
    let id = *id;
    let size: Option<u32> = form.parsed("size", |typed| {
        text::narrow(typed)
            .parse()
            .map_err(|_number| Refusal::new("form-bad-number"))
    });
    let mut representatives: Vec<PersonId> = Vec::new();
    for value in form.all("representatives") {
        match value.parse() {
            Ok(person) if !representatives.contains(&person) => representatives.push(person),
            Ok(_) => {}
            Err(_) => form.refuse(Refusal::new("form-choose").at("representatives")),
        }
    }
    if let Some(size) = size.filter(|_| form.is_ok()) {
        let actor = who.actor.clone();
        let done = state
            .write_once(view.once_key(&form), move |tx| {
                actions::form_panel(tx, &actor, id, size, &representatives)?;
                Ok(format!("/projects/{id}/panel"))
            })
            .await;
        match done {
            Ok(place) => return Ok(view.see_other_with(&place, "evaluation-flash-formed")),
            Err(error) => form.take_up(AppError::from(error))?,
        }
    }
    let actor = who.actor;
    let seen = state.store.read(move |db| read(db, &actor, id)).await?;
    show(&view, &seen, &form)
}

pub async fn draw(
    who: May<EvaluateTenders>,
    view: View,
    state: Data<State>,
    id: Path<ProjectId>,
) -> Answer {
    let (id, actor) = (*id, who.actor.clone());
    let done = state
        .store
        .write(move |tx| actions::draw_missing(tx, &actor, id))
        .await;
    let form = Form::default();
    after(
        &view,
        &state,
        who.actor,
        id,
        form,
        done,
        "evaluation-flash-drawn",
    )
    .await
}

pub async fn remind(
    who: May<EvaluateTenders>,
    view: View,
    state: Data<State>,
    id: Path<ProjectId>,
    form: Form,
) -> Answer {
    let (id, actor) = (*id, who.actor.clone());
    let done = state
        .store
        .write(move |tx| actions::remind(tx, &actor, id))
        .await;
    after(
        &view,
        &state,
        who.actor,
        id,
        form,
        done,
        "evaluation-flash-reminded",
    )
    .await
}

pub async fn replace(
    who: May<EvaluateTenders>,
    view: View,
    state: Data<State>,
    id: Path<ProjectId>,
    mut form: Form,
) -> Answer {
    let (id, actor) = (*id, who.actor.clone());
    form.name(&[
        ("member", "evaluation-replace-member"),
        ("replace_reason", "evaluation-replace-reason"),
    ]);
    let member: Option<PersonId> = form.one_of("member");
    let reason = form.text("replace_reason", 500);
    let done = match member.filter(|_| form.is_ok()) {
        Some(member) => {
            state
                .store
                .write(move |tx| actions::replace(tx, &actor, id, member, &reason))
                .await
        }
        None => Ok(()),
    };
    after(
        &view,
        &state,
        who.actor,
        id,
        form,
        done,
        "evaluation-flash-replaced",
    )
    .await
}

/// Answers with the panel's page again when something was refused; otherwise leads back to it.
async fn after(
    view: &View,
    state: &Data<State>,
    actor: Actor,
    id: ProjectId,
    mut form: Form,
    done: Result<(), Failure>,
    flash: &str,
) -> Answer {
    if let Err(error) = done {
        form.take_up(AppError::from(error))?;
    }
    if form.is_ok() {
        return Ok(view.see_other_with(&format!("/projects/{id}/panel"), flash));
    }
    let seen = state.store.read(move |db| read(db, &actor, id)).await?;
    show(view, &seen, &form)
}

/// The ranking with each criterion's mean; before it is complete, only how many sheets are in.
pub async fn evaluation(
    who: May<EvaluateTenders>,
    view: View,
    state: Data<State>,
    id: Path<ProjectId>,
) -> Answer {
    let (id, actor) = (*id, who.actor);
    let (seen, found) = state
        .store
        .read(move |db| {
            let seen = read(db, &actor, id)?;
            let found = ranking(db, &seen.project, &seen.tender)?;
            Ok((seen, found))
        })
        .await?;
    let title = view.say("evaluation-title");
    let state_key = format!("tenders-state-{}", seen.tender.state);
    view.render(
        "procurement/evaluation/result",
        "projects",
        &title,
        &json!({
            "crumbs": crumbs(&view, &[
                ("layout-nav-projects", Some("/projects".into())),
                (&seen.project.title, Some(format!("/projects/{id}"))),
                (&title, None),
            ]),
            "id": id.to_string(), "project": seen.project.title, "number": seen.project.number,
            "budget": seen.project.budget_fen.to_string(),
            "stand": view.say(&state_key), "formed": seen.formed,
            "active": seen.active().to_string(), "submitted": seen.submitted().to_string(),
            "ranking": found.rows, "invalid": found.invalid, "panel": found.panel,
            "may_award": seen.tender.state == TenderState::Evaluated,
            "may_cancel": seen.tender.state == TenderState::Awarded,
            "has_result": matches!(seen.tender.state, TenderState::Awarded | TenderState::Contracted),
        }),
    )
}

/// The total as a fraction, where two decimals do not say all of it.
fn exact(total: Points) -> Option<String> {
    let is_rounded = Points::parse(&total.to_string()) != Ok(total);
    is_rounded.then(|| total.to_text())
}

/// Colors of the drawn criteria, one after another.
const SEGMENTS: [&str; 5] = ["ink", "jade", "sky", "amber", "cinnabar"];

struct Ranking {
    rows: Vec<Value>,
    invalid: Vec<Value>,
    panel: Vec<String>,
}

fn ranking(db: &mut Db, project: &Project, tender: &Tender) -> Result<Ranking, Failure> {
    let results = queries::results_of(db, tender.id)?;
    let criteria = tenders::criteria_of(db, tender.id)?;
    let bidders: Vec<BodyId> = results.iter().map(|bid| bid.bidder_id).collect();
    let proven = registry::proven_of(db, &bidders)?;
    let mut rows = Vec::new();
    for bid in &results {
        let means = queries::criterion_means(db, tender.id, bid.bid_id)?;
        let points_of = |criterion: &Criterion| match criterion.kind {
            CriterionKind::Price => Some(bid.price_points),
            CriterionKind::Quality => means
                .iter()
                .find(|mean| mean.criterion_id == criterion.id)
                .map(|mean| mean.points),
        };
        let mut marks = Vec::new();
        let mut segments = Vec::new();
        let mut drawn = Points::ZERO;
        for (criterion, color) in criteria.iter().zip(SEGMENTS.iter().cycle()) {
            let points = points_of(criterion);
            marks.push(json!({
                "name": criterion.name, "weight": criterion.weight.to_string(),
                "points": points.map(|points| points.to_string()).unwrap_or_default(), "color": color,
            }));
            let points = points.unwrap_or(Points::ZERO);
            segments.push(
                json!({ "x": drawn.to_string(), "width": points.to_string(), "color": color }),
            );
            drawn = drawn.plus(points).unwrap_or(drawn);
        }
        rows.push(json!({
            "rank": bid.rank.to_string(), "bidder": bid.bidder_name, "price": bid.price.to_string(),
            "is_unproven": !proven.contains(&bid.bidder_id),
            "total": bid.total.to_string(), "exact": exact(bid.total), "marks": marks, "segments": segments,
            "joint": results.iter().filter(|other| other.rank == bid.rank).count() > 1,
        }));
    }
    let mut invalid = Vec::new();
    let mut panel = Vec::new();
    // Names and prices of others become known to the officer through the opening, not before.
    if !matches!(
        tender.state,
        TenderState::Draft | TenderState::Open | TenderState::Held | TenderState::Closed
    ) {
        let names = queries::bidder_names(db, tender.id)?;
        for (bid, content) in bids::list_opened(db, tender.id)? {
            if !rules::is_valid(content.price, project.budget_fen) {
                let name = names
                    .iter()
                    .find(|(id, _, _)| *id == bid.id)
                    .map(|(_, _, name)| name);
                invalid.push(json!({ "bidder": name, "price": content.price.to_string() }));
            }
        }
    }
    if !results.is_empty() {
        panel = queries::panel_names(db, tender.id)?
            .into_iter()
            .map(|(name, _)| name)
            .collect();
    }
    Ok(Ranking {
        rows,
        invalid,
        panel,
    })
}
