//! Projects with their tenders for programs: read by everybody, moved on by their purchaser.

use super::model::{Question, Tender};
use super::pages::{Place, list, manage, plan, publish, questions, show};
use super::{actions, queries};
use crate::accounts;
use crate::catalogue;
use crate::common::clocks;
use crate::export_names;
use crate::infra::actor::Actor;
use crate::infra::db::Db;
use crate::infra::failure::Failure;
use crate::kernel::instant;
use crate::kernel::paging::{Page, decode_cursor};
use crate::kernel::scopes::Scope;
use crate::procurement::projects::{self, PrepareProjects, Project, ProjectId};
use crate::web::api::field::{field, text};
use crate::web::api::{Api, Field, Kind, PAGED, editable, size, tagged, thing};
use crate::web::{Answer, May, State, View, export};
use actix_web::web::{Data, Path};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// The filters of the list, as on its page.
const FILTERS: [Field; 5] = [
    text("q", 60),
    text("state", 20),
    text("method", 20),
    text("town", 12),
    text("code", 20),
];

pub fn operations(api: &mut Api) {
    api.get("/projects", "projects-list", list_public)
        .takes(FILTERS)
        .takes(PAGED)
        .gives::<Page<ProjectDto>>();
    let names = export_names!("/projects", "projects-list");
    export::operations(api, &names, &FILTERS, list::export);
    api.get("/projects/mine", "projects-mine", list_own)
        .scope(Scope::Projects)
        .takes([text("state", 20)])
        .takes(PAGED)
        .gives::<Page<ProjectDto>>();
    api.get("/projects/{id}", "projects-show", show_one)
        .gives::<ProjectDto>();
    api.get("/projects/{id}/plan", "projects-plan-show", show_plan)
        .scope(Scope::Projects)
        .gives::<Option<TenderDto>>();
    api.post("/projects/{id}/plan", "projects-plan", plan::save)
        .scope(Scope::Projects)
        .takes([
            field("method", Kind::OneOf(&["open_tender", "comparison"])).needed(),
            text("price_weight", 3).needed(),
            field("questions_until", Kind::Instant).needed(),
            field("closes_at", Kind::Instant).needed(),
            field("provisional", Kind::Boolean),
            text("name_", 60).family(),
            text("measure_", 300).family(),
            text("weight_", 3).family(),
        ])
        .versioned();
    api.post("/projects/{id}/publish", "projects-publish", publish::save)
        .scope(Scope::Projects)
        .takes([
            field("tender_version", Kind::Integer).needed(),
            field("provisional", Kind::Boolean),
        ])
        .versioned();
    api.post("/projects/{id}/extend", "projects-extend", manage::extend)
        .scope(Scope::Projects)
        .takes([
            field("closes_at", Kind::Instant).needed(),
            text("extend_reason", 500).needed(),
        ])
        .versioned();
    api.post(
        "/projects/{id}/close-held",
        "projects-close-held",
        manage::close_held,
    )
    .scope(Scope::Projects)
    .takes([text("close_reason", 500).needed()])
    .versioned();
    api.post("/projects/{id}/cancel", "projects-cancel", manage::cancel)
        .scope(Scope::Projects)
        .takes([
            field(
                "ground",
                Kind::OneOf(&["unlawful", "all_above_budget", "task_gone"]),
            )
            .needed(),
            text("cancel_reason", 500).needed(),
        ])
        .versioned();
    api.post(
        "/projects/{id}/retender",
        "projects-retender",
        manage::retender,
    )
    .scope(Scope::Projects)
    .versioned();
    api.get("/projects/{id}/notices", "notices-list", list_notices)
        .gives::<Page<Notice>>();
    api.get(
        "/projects/{id}/notices/{notice}",
        "notices-show",
        show_notice,
    )
    .gives::<Notice>();
    api.get("/projects/{id}/questions", "questions-list", list_questions)
        .gives::<Page<QuestionDto>>();
    api.post("/projects/{id}/questions", "questions-ask", show::ask)
        .scope(Scope::Bids)
        .takes([text("question", 2000).needed()]);
    api.get(
        "/projects/{id}/questions/{question}",
        "questions-show",
        show_question,
    )
    .scope(Scope::Projects)
    .gives::<QuestionDto>();
    api.post(
        "/projects/{id}/questions/{question}",
        "questions-answer",
        questions::save,
    )
    .scope(Scope::Projects)
    .takes([text("answer", 3000).needed()])
    .versioned();
}

/// A project with the tender that this reader sees.
#[derive(Serialize, JsonSchema)]
struct ProjectDto {
    id: i64,
    number: String,
    title: String,
    state: String,
    /// The purchaser.
    buyer: String,
    catalogue_code: String,
    requirement: String,
    /// Yuan.
    budget: String,
    term_from: String,
    term_to: String,
    /// Region codes.
    communities: Vec<String>,
    phone: String,
    published_at: Option<String>,
    tender: Option<TenderDto>,
}

#[derive(Serialize, JsonSchema)]
struct TenderDto {
    id: i64,
    /// What its purchaser gives back as `tender_version` or `If-Match`.
    version: i64,
    round: i64,
    method: String,
    state: String,
    published_at: Option<String>,
    questions_until: Option<String>,
    closes_at: Option<String>,
    opened_at: Option<String>,
    criteria: Vec<CriterionDto>,
    clocks: Vec<ClockDto>,
}

#[derive(Serialize, JsonSchema)]
struct CriterionDto {
    id: i64,
    kind: String,
    name: String,
    measure: String,
    /// Points out of 100.
    weight: i64,
}

/// A statutory clock.
#[derive(Serialize, JsonSchema)]
struct ClockDto {
    code: String,
    due_at: String,
    done_at: Option<String>,
    article: Option<String>,
}

impl TenderDto {
    fn load(db: &mut Db, tender: &Tender) -> Result<Self, Failure> {
        Ok(Self {
            id: tender.id.0,
            version: tender.version,
            round: tender.round,
            method: tender.method.to_string(),
            state: tender.state.to_string(),
            published_at: tender.published_at.map(instant::rfc3339),
            questions_until: tender.questions_until.map(instant::rfc3339),
            closes_at: tender.closes_at.map(instant::rfc3339),
            opened_at: tender.opened_at.map(instant::rfc3339),
            criteria: queries::criteria_of(db, tender.id)?
                .into_iter()
                .map(|criterion| CriterionDto {
                    id: criterion.id.0,
                    kind: criterion.kind.to_string(),
                    name: criterion.name,
                    measure: criterion.measure,
                    weight: criterion.weight,
                })
                .collect(),
            clocks: clocks::list_of(db, (super::SUBJECT, tender.id.0), true)?
                .into_iter()
                .map(|clock| ClockDto {
                    code: clock.code,
                    due_at: instant::rfc3339(clock.due_at),
                    done_at: clock.done_at.map(instant::rfc3339),
                    article: clock.article,
                })
                .collect(),
        })
    }
}

impl ProjectDto {
    fn load(db: &mut Db, project: Project, tender: Option<&Tender>) -> Result<Self, Failure> {
        Ok(Self {
            id: project.id.0,
            buyer: accounts::find_body(db, project.buyer_id)?.name,
            communities: projects::communities_of(db, project.id)?,
            tender: tender
                .map(|tender| TenderDto::load(db, tender))
                .transpose()?,
            number: project.number,
            title: project.title,
            state: project.state.to_string(),
            catalogue_code: project.catalogue_code,
            requirement: project.requirement,
            budget: project.budget_fen.plain(),
            term_from: project.term_from.to_string(),
            term_to: project.term_to.to_string(),
            phone: project.phone,
            published_at: project.published_at.map(instant::rfc3339),
        })
    }

    fn load_all(db: &mut Db, places: Vec<Place>) -> Result<Vec<Self>, Failure> {
        places
            .into_iter()
            .map(|place| Self::load(db, place.project.clone(), place.shown()))
            .collect()
    }
}

async fn list_public(view: View, state: Data<State>) -> Answer {
    let offer = catalogue::offered(&state).await?;
    let (asked, size) = (list::asked(&view, &offer), size(&view));
    let page = state
        .store
        .read(move |db| {
            let rows = projects::list_public(db, &asked.filter, asked.after, size.limit())?;
            let page = Page::of(rows, size, |project: &Project| list::key(project));
            let rounds = Place::of_all(db, page.rows)?
                .into_iter()
                // What its purchaser prepares is nobody's business in the public list.
                .map(|place| Place {
                    draft: None,
                    ..place
                })
                .collect();
            Ok(Page {
                rows: ProjectDto::load_all(db, rounds)?,
                next: page.next,
            })
        })
        .await?;
    thing(&page)
}

async fn list_own(who: May<PrepareProjects>, view: View, state: Data<State>) -> Answer {
    let query = view.query();
    let wanted = query.raw("state").parse().ok();
    let after = decode_cursor::<1>(query.raw("after")).ok();
    let after = after.and_then(|[id]| id.parse().ok());
    let size = size(&view);
    let body = who.actor.body_id().ok_or(Failure::Forbidden)?;
    let page = state
        .store
        .read(move |db| {
            let rows = projects::list_own(db, body, wanted, after, size.limit())?;
            let page = Page::of(rows, size, |project: &Project| vec![project.id.to_string()]);
            let places = Place::of_all(db, page.rows)?;
            Ok(Page {
                rows: ProjectDto::load_all(db, places)?,
                next: page.next,
            })
        })
        .await?;
    thing(&page)
}

async fn show_one(view: View, state: Data<State>, id: Path<ProjectId>) -> Answer {
    let (id, body) = (*id, view.actor().and_then(Actor::body_id));
    let (version, dto) = state
        .store
        .read(move |db| {
            let place = Place::visible(db, id, body)?;
            let version = place.project.version;
            let dto = ProjectDto::load(db, place.project.clone(), place.shown())?;
            Ok((version, dto))
        })
        .await?;
    tagged(version, &dto)
}

/// The round in preparation, or the published one: its version goes with planning, extending and cancelling.
async fn show_plan(
    who: May<PrepareProjects>,
    view: View,
    state: Data<State>,
    id: Path<ProjectId>,
) -> Answer {
    let (id, body) = (*id, who.actor.body_id());
    let found = state
        .store
        .read(move |db| {
            let place = Place::own(db, id, body)?;
            let tender = place.draft.as_ref().or(place.published.as_ref());
            tender.map(|tender| TenderDto::load(db, tender)).transpose()
        })
        .await?;
    match found {
        Some(dto) => editable(&view, dto.version, &dto),
        // Nothing is planned: the first plan goes with this version.
        None => tagged(plan::NOTHING_YET, &Value::Null),
    }
}

/// A published notice, as everybody keeps it.
#[derive(Serialize, JsonSchema)]
struct Notice {
    id: i64,
    kind: String,
    title: String,
    revision: i64,
    /// Its canonical content; its fields depend on the kind.
    content: Value,
    /// SHA-256 of the content, hexadecimal.
    hash: String,
    published_at: String,
}

impl From<crate::common::publications::Publication> for Notice {
    fn from(notice: crate::common::publications::Publication) -> Self {
        Self {
            id: notice.id.0,
            kind: notice.kind,
            title: notice.title,
            revision: notice.revision,
            content: serde_json::from_str(&notice.content).unwrap_or_default(),
            hash: notice.hash,
            published_at: instant::rfc3339(notice.published_at),
        }
    }
}

async fn notices(view: &View, state: &Data<State>, id: ProjectId) -> Result<Vec<Notice>, Failure> {
    let body = view.actor().and_then(Actor::body_id);
    state
        .store
        .read(move |db| {
            Place::visible(db, id, body)?;
            let notices = actions::notices_of(db, id)?;
            Ok(notices.into_iter().map(Notice::from).collect())
        })
        .await
}

async fn list_notices(view: View, state: Data<State>, id: Path<ProjectId>) -> Answer {
    let rows = notices(&view, &state, *id).await?;
    thing(&Page { rows, next: None })
}

async fn show_notice(view: View, state: Data<State>, path: Path<(ProjectId, i64)>) -> Answer {
    let (id, notice) = path.into_inner();
    let found = notices(&view, &state, id).await?;
    let found = found.into_iter().find(|one| one.id == notice);
    thing(&found.ok_or(Failure::NotFound)?)
}

#[derive(Serialize, JsonSchema)]
struct QuestionDto {
    id: i64,
    question: String,
    asked_at: String,
    answer: Option<String>,
    answered_at: Option<String>,
}

impl From<Question> for QuestionDto {
    fn from(question: Question) -> Self {
        Self {
            id: question.id.0,
            question: question.question,
            asked_at: instant::rfc3339(question.asked_at),
            answer: question.answer,
            answered_at: question.answered_at.map(instant::rfc3339),
        }
    }
}

/// Who asked is told to nobody; unanswered ones see the purchaser and who asked.
async fn list_questions(view: View, state: Data<State>, id: Path<ProjectId>) -> Answer {
    let (id, reader) = (*id, view.actor().cloned());
    let rows = state
        .store
        .read(move |db| {
            let body = reader.as_ref().and_then(Actor::body_id);
            let place = Place::visible(db, id, body)?;
            let Some(tender) = &place.published else {
                return Ok(Vec::new());
            };
            let is_buyer = reader.as_ref().is_some_and(Actor::may::<PrepareProjects>)
                && body == Some(place.project.buyer_id);
            let mut rows = queries::list_questions(db, tender.id, is_buyer)?;
            if let Some(asker) = body.filter(|_| !is_buyer) {
                let own = queries::list_own_questions(db, tender.id, asker)?;
                rows.extend(own.into_iter().filter(|own| own.answered_at.is_none()));
            }
            Ok(rows)
        })
        .await?;
    let rows: Vec<QuestionDto> = rows.into_iter().map(QuestionDto::from).collect();
    thing(&Page { rows, next: None })
}

async fn show_question(
    who: May<PrepareProjects>,
    view: View,
    state: Data<State>,
    path: Path<(ProjectId, super::QuestionId)>,
) -> Answer {
    let (id, question) = path.into_inner();
    let asked = state
        .store
        .read(move |db| questions::find(db, &who.actor, id, question))
        .await?;
    let version = asked.question.version;
    editable(&view, version, &QuestionDto::from(asked.question))
}
