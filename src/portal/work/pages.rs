//! The first page after sign-in.

use super::queries::{self, BidRow, ContractRow, ProjectRow};
use super::rules::{Note, Running, Task, What, merge, officer_task};
use crate::common::clocks;
use crate::common::redactions::{self, Redact};
use crate::infra::actor::{Actor, ActorBody};
use crate::infra::db::Db;
use crate::infra::failure::Failure;
use crate::kernel::instant;
use crate::kernel::people::BodyId;
use crate::kernel::roles::{BodyKind, Role};
use crate::organizations::qualification::{self, KeepDirectory, QualificationState};
use crate::organizations::registry::{self, CheckProviders, Provider, ProviderState};
use crate::procurement::bids::PrepareBids;
use crate::procurement::contracts::{self, ContractId, SignContracts};
use crate::procurement::projects::PrepareProjects;
use crate::procurement::tenders;
use crate::web::{Answer, SignedIn, View};
use actix_web::web::Query;
use chrono::{Duration, NaiveDate, NaiveDateTime};
use serde::Deserialize;
use serde_json::{Value, json};

const MOST_CLOCKS: i64 = 200;
/// Up to this many projects need no filter.
const FEW: usize = 8;
/// A desk shows the contracts that ask for something soonest; all of them are in the public list.
const CONTRACTS: usize = 8;

/// Everything that the desk of one actor reads.
#[derive(Default)]
pub(super) struct Desk {
    pub(super) tasks: Vec<(Option<i64>, Task)>,
    pub(super) clocks: Vec<Running>,
    projects: Vec<ProjectRow>,
    bids: Vec<BidRow>,
    contracts: Vec<ContractRow>,
    provider: Option<Provider>,
}

impl Desk {
    fn add(&mut self, project: Option<i64>, what: &'static str, about: Option<&str>, link: String) {
        self.tasks.push((
            project,
            Task {
                due: None,
                what: What::Task(what),
                about: about.map(str::to_owned),
                note: None,
                link,
                article: None,
            },
        ));
    }

    /// Says more about the task that was added last.
    fn with(&mut self, more: impl FnOnce(&mut Task)) {
        if let Some((_, task)) = self.tasks.last_mut() {
            more(task);
        }
    }

    /// What waits for a reviewer: how many, and since when the oldest.
    fn add_waiting(
        &mut self,
        what: &'static str,
        (count, since): (i64, Option<NaiveDateTime>),
        link: &str,
    ) {
        if let Some(since) = since {
            self.add(None, what, None, link.to_owned());
            self.with(|task| task.note = Some(Note::Since(count, since)));
        }
    }

    pub(super) fn load(db: &mut Db, actor: &Actor) -> Result<Self, Failure> {
        let mut desk = Self::default();
        for (tender, title, due) in queries::list_sheets(db, actor.person_id)? {
            desk.add(None, "score", Some(&title), format!("/panel/{tender}"));
            desk.with(|task| task.due = due);
        }
        if actor.may::<CheckProviders>() {
            let waiting = registry::count_waiting(db)?;
            desk.add_waiting("checks", waiting, "/organizations/checks");
        }
        if actor.may::<KeepDirectory>() {
            let waiting = qualification::count_submitted(db)?;
            desk.add_waiting("applications", waiting, "/organizations/applications");
        }
        if actor.may::<Redact>() {
            let waiting = redactions::count_waiting(db, actor.person_id)?;
            desk.add_waiting("redactions", waiting, "/admin/redactions");
        }
        let Some(body) = &actor.body else {
            return Ok(desk);
        };
        // Who only checks providers for a bureau is not kept busy with its procurements.
        let buys_or_sells = body.kind == BodyKind::Provider
            || actor.has(Role::Officer)
            || actor.has(Role::Signatory);
        if buys_or_sells {
            desk.contracts = queries::list_contracts(db, body.id)?;
        }
        // What a purchaser's clocks ask for is its officers' to do; a signatory's part is to sign.
        if actor.may::<PrepareProjects>() {
            desk.clocks = running_clocks(db, body.id)?;
        }
        if actor.may::<SignContracts>() {
            desk.load_unsigned(db, body.id)?;
        }
        match body.kind {
            BodyKind::Provider => desk.load_provider(db, body.id)?,
            _ if actor.may::<PrepareProjects>() => desk.load_officer(db, body.id)?,
            _ => {}
        }
        Ok(desk)
    }

    fn load_officer(&mut self, db: &mut Db, buyer: BodyId) -> Result<(), Failure> {
        self.projects = queries::list_projects(db, buyer)?;
        let tenders = self.projects.iter().filter_map(|row| row.tender).collect();
        let panels = queries::panels_of(db, tenders)?;
        for row in self.projects.clone() {
            let contract = self
                .contracts
                .iter()
                .find(|contract| contract.project == Some(row.id));
            let contract_id = contract.map(|contract| contract.id);
            let contract = contract.map(|contract| contract.state.as_str());
            let panel = row.tender.and_then(|id| panels.get(&id)).copied();
            let state = row.tender_state.as_deref().unwrap_or_default();
            let Some(what) = officer_task(state, panel.is_some(), contract) else {
                continue;
            };
            let signs = self
                .tasks
                .iter()
                .any(|(project, task)| *project == Some(row.id) && task.what == What::Task("sign"));
            if what == "signing" && signs {
                continue;
            }
            let link = match (what, contract_id) {
                ("open", _) => format!("/projects/{}/opening", row.id),
                ("panel" | "scores", _) => format!("/projects/{}/panel", row.id),
                ("award", _) => format!("/projects/{}/award", row.id),
                ("offer" | "signing", Some(contract)) => format!("/contracts/{contract}"),
                _ => format!("/projects/{}/manage", row.id),
            };
            let note = match (what, contract_id) {
                ("scores", _) => panel.map(|(done, all)| Note::Sheets(done, all)),
                ("signing", Some(contract)) => {
                    let unsigned = contracts::unsigned_sides(db, ContractId(contract))?;
                    Some(Note::Unsigned(unsigned))
                }
                _ => None,
            };
            self.add(Some(row.id), what, Some(&row.title), link);
            self.with(|task| task.note = note);
        }
        for (project, title, count) in tenders::list_unanswered(db, buyer)? {
            let link = format!("/projects/{project}/questions");
            self.add(Some(project.0), "answer", Some(&title), link);
            self.with(|task| task.note = Some(Note::Count(count)));
        }
        Ok(())
    }

    /// Contracts that only a signatory's hand is missing from, each with its legal limit.
    fn load_unsigned(&mut self, db: &mut Db, body: BodyId) -> Result<(), Failure> {
        for (contract, title, project, award) in queries::list_unsigned(db, body)? {
            let limit = contracts::signing_limit(db, award)?;
            let link = format!("/contracts/{contract}/sign");
            self.add(project, "sign", Some(&title), link);
            self.with(|task| {
                task.due = limit.as_ref().map(|limit| limit.due_at);
                task.article = limit.and_then(|limit| limit.article);
            });
        }
        Ok(())
    }

    fn load_provider(&mut self, db: &mut Db, body: BodyId) -> Result<(), Failure> {
        self.bids = queries::list_bids(db, body)?;
        for draft in queries::list_drafts(db, body)? {
            let link = format!("/projects/{}/bid", draft.project);
            self.add(None, "draft", Some(&draft.title), link);
            self.with(|task| task.due = draft.closes_at);
        }
        self.provider = registry::find_by_body(db, body)?;
        let Some(provider) = self.provider.clone() else {
            self.add(None, "register", None, "/organizations/register".into());
            return Ok(());
        };
        let own = format!("/organizations/{}/registration", provider.id);
        match provider.state {
            ProviderState::Refused => self.add(None, "refused", None, own.clone()),
            ProviderState::Unproven | ProviderState::Proven => {}
        }
        let entry = qualification::find_by_provider(db, provider.id)?;
        if entry.is_some_and(|entry| entry.state == QualificationState::Returned) {
            self.add(None, "returned", None, own);
        }
        Ok(())
    }
}

/// The statutory clocks that run against a body, each with the thing that it is about.
fn running_clocks(db: &mut Db, body: BodyId) -> Result<Vec<Running>, Failure> {
    let open = clocks::list_open_of_body(db, body, MOST_CLOCKS)?;
    let subjects = queries::subjects_of(db, &open)?;
    Ok(open
        .into_iter()
        .filter_map(|clock| {
            let subject = subjects.get(&(clock.subject_kind.as_str(), clock.subject_id));
            // A question that nobody may answer any more asks for nothing.
            if subject.is_none() && clock.subject_kind == "question" {
                return None;
            }
            let (project, about, link) =
                subject
                    .cloned()
                    .unwrap_or((None, String::new(), "/work".into()));
            Some(Running {
                project,
                code: clock.code,
                due: clock.due_at,
                article: clock.article,
                about,
                link,
            })
        })
        .collect())
}

#[derive(Deserialize)]
pub struct Filter {
    #[serde(default)]
    stage: String,
}

/// The stages that still ask for something: what the list shows unless asked for more.
const UNDER_WAY: &[&str] = &[
    "draft",
    "open",
    "held",
    "closed",
    "opened",
    "evaluated",
    "awarded",
];

/// One chip for each stage that there is, with how many; `under-way` and `all` around them.
fn stages(view: &View, projects: &[ProjectRow], chosen: &str) -> Vec<Value> {
    let count = |wanted: &str| projects.iter().filter(|row| is_in(row, wanted)).count();
    ["under-way"]
        .into_iter()
        .chain(UNDER_WAY.iter().copied())
        .chain(["contracted", "failed", "cancelled", "all"])
        .filter(|stage| count(stage) > 0 || *stage == chosen)
        .map(|stage| {
            json!({
                "href": format!("/work?stage={stage}#projects"),
                "label": view.say(&stage_key(stage)),
                "count": count(stage).to_string(),
                "is_current": stage == chosen,
            })
        })
        .collect()
}

fn is_in(row: &ProjectRow, wanted: &str) -> bool {
    let stage = row.tender_state.as_deref().unwrap_or("draft");
    match wanted {
        "all" => true,
        "under-way" => UNDER_WAY.contains(&stage),
        wanted => stage == wanted,
    }
}

pub async fn show(SignedIn(actor): SignedIn, view: View, filter: Query<Filter>) -> Answer {
    let now = view.state.store.now();
    let stage = match filter.stage.as_str() {
        stage @ ("contracted" | "failed" | "cancelled" | "all") => stage,
        stage if UNDER_WAY.contains(&stage) => stage,
        _ => "under-way",
    };
    let reader = actor.clone();
    let mut desk = view
        .state
        .store
        .read(move |db| Desk::load(db, &reader))
        .await?;
    let tasks = merge(
        std::mem::take(&mut desk.tasks),
        std::mem::take(&mut desk.clocks),
    );
    let body = actor.body.as_ref();
    let today = instant::shanghai_date(now);
    desk.contracts.sort_by_key(|row| {
        let is_published = row.state == "published";
        let has_ended = is_published && row.term_to < today;
        (has_ended, is_published, row.term_to)
    });
    let contracts = desk.contracts.len();
    let kind = body.map(|body| body.kind);
    let title = view.say("portal-work-title");
    let page = json!({
        "as_body": body.map(|body| &body.name),
        "can_switch": actor.bodies > 1,
        "tasks": tasks.iter().map(|task| task_view(&view, task, now)).collect::<Vec<_>>(),
        "nothing_text": view.say(nothing_key(kind)),
        "is_buyer": kind.is_some_and(|kind| kind != BodyKind::Provider) && actor.has(Role::Officer),
        "is_provider": kind == Some(BodyKind::Provider),
        "stages": if desk.projects.len() > FEW { stages(&view, &desk.projects, stage) } else { Vec::new() },
        "projects": desk.projects.iter()
            .filter(|row| desk.projects.len() <= FEW || is_in(row, stage))
            .map(|row| project_view(&view, row))
            .collect::<Vec<_>>(),
        "has_projects": !desk.projects.is_empty(),
        "bids": desk.bids.iter().map(|row| bid_view(&view, row, actor.may::<PrepareBids>())).collect::<Vec<_>>(),
        "contracts": desk.contracts.iter().take(CONTRACTS).map(|row| contract_view(&view, row, body, today)).collect::<Vec<_>>(),
        "contracts_more": (contracts > CONTRACTS)
            .then(|| view.say_with("portal-work-contracts-all", &[("count", &contracts.to_string())])),
        "provider": desk.provider.as_ref().map(|provider| provider_view(&view, provider)),
        "unread": view.ctx.unread.to_string(),
        "has_unread": view.ctx.unread > 0,
        "links": links(&view, &actor),
    });
    view.render("portal/work", "work", &title, &page)
}

/// What an empty list says: what one could do here.
fn nothing_key(kind: Option<BodyKind>) -> &'static str {
    match kind {
        None => "portal-work-nothing-nobody",
        Some(BodyKind::Provider) => "portal-work-nothing-provider",
        Some(BodyKind::Bureau | BodyKind::TownGovernment | BodyKind::ProcurementAgency) => {
            "portal-work-nothing-buyer"
        }
        Some(BodyKind::FinanceSupervisor) => "portal-work-nothing-supervisor",
        Some(_) => "portal-work-nothing",
    }
}

pub(super) fn task_view(view: &View, task: &Task, now: NaiveDateTime) -> Value {
    let what = match &task.what {
        What::Task(what) => view.say(&format!("portal-work-task-{what}")),
        What::Clock(code) => view.say(&format!("clock-{}", code.replace(['.', '_'], "-"))),
    };
    let text = match &task.about {
        Some(about) if !about.is_empty() => {
            view.say_with("portal-work-about", &[("what", &what), ("about", about)])
        }
        _ => what,
    };
    let today = instant::shanghai_date(now);
    let is_clock = matches!(task.what, What::Clock(_)) || task.article.is_some();
    let grace = match task.what {
        What::Task("open" | "held") => tenders::OPENING_GRACE,
        What::Task(_) | What::Clock(_) => Duration::zero(),
    };
    let class = match task.due {
        Some(due) if due + grace <= now && is_clock => "late",
        Some(due) if due <= now => "now",
        Some(due) if instant::shanghai_date(due) == today => "now",
        _ => "",
    };
    let notes: Vec<String> = task
        .note
        .iter()
        .map(|note| note_text(view, note))
        .chain(task.article.clone())
        .collect();
    json!({
        "class": class,
        "when": task.due.map(instant::deadline),
        "late": class == "late",
        "text": text,
        "href": task.link,
        "note": (!notes.is_empty()).then(|| notes.join(" · ")),
    })
}

fn note_text(view: &View, note: &Note) -> String {
    match note {
        Note::Count(count) => view.say_with("portal-work-count", &[("count", &count.to_string())]),
        Note::Since(count, since) => view.say_with(
            "portal-work-since",
            &[
                ("count", &count.to_string()),
                ("waited", &view.waited(*since)),
            ],
        ),
        Note::Sheets(done, all) => view.say_with(
            "portal-work-sheets",
            &[("done", &done.to_string()), ("all", &all.to_string())],
        ),
        Note::Unsigned(sides) => contracts::unsigned_text(view, sides),
    }
}

fn project_view(view: &View, row: &ProjectRow) -> Value {
    let stage = row.tender_state.as_deref().unwrap_or("draft");
    json!({
        "href": format!("/projects/{}", row.id),
        "title": row.title,
        "number": row.number,
        "stage": view.say(&stage_key(stage)),
        "class": stage_class(stage),
        "budget": row.budget.to_string(),
        "closes": row.closes_at.map(instant::deadline),
    })
}

/// A stage has the name of the tender's state, wherever it stands.
fn stage_key(stage: &str) -> String {
    match stage {
        "under-way" | "all" => format!("portal-work-stage-{stage}"),
        tender => format!("tenders-state-{tender}"),
    }
}

fn stage_class(stage: &str) -> &'static str {
    match stage {
        "open" | "contracted" => "open",
        "held" => "late",
        "closed" | "opened" | "evaluated" | "awarded" => "soon",
        "failed" | "cancelled" => "off",
        _ => "",
    }
}

fn bid_view(view: &View, row: &BidRow, reads_receipts: bool) -> Value {
    let is_withdrawn = row.state == "withdrawn";
    let (stage, class) = if is_withdrawn {
        ("bids-standing-withdrawn".to_owned(), "off")
    } else {
        (stage_key(&row.tender_state), stage_class(&row.tender_state))
    };
    json!({
        "href": format!("/projects/{}", row.project),
        "receipt": reads_receipts
            .then(|| format!("/projects/{}/bid/receipt?no={}", row.project, row.receipt_no)),
        "title": row.title,
        "stage": view.say(&stage),
        "class": class,
        "at": instant::minute(row.at),
        "closes": row.closes_at.map(instant::deadline),
    })
}

fn contract_view(
    view: &View,
    row: &ContractRow,
    body: Option<&ActorBody>,
    today: NaiveDate,
) -> Value {
    let is_buyer = body.is_some_and(|body| body.id.0 == row.buyer);
    let state = match row.state.as_str() {
        "published" if row.term_to < today => "ended",
        "published" if row.term_from > today => "coming",
        "published" => "running",
        state => state,
    };
    json!({
        "href": format!("/contracts/{}", row.id),
        "title": row.title,
        "state": view.say(&format!("contracts-state-{state}")),
        "class": match state {
            "running" => "open",
            "coming" | "ended" => "off",
            _ => "soon",
        },
        "side": view.say(if is_buyer { "portal-work-side-buyer" } else { "portal-work-side-provider" }),
        "amount": row.amount.to_string(),
        "until": row.term_to.to_string(),
    })
}

fn provider_view(view: &View, provider: &Provider) -> Value {
    json!({
        "state": view.say(&format!("portal-work-provider-{}", provider.state.as_str())),
        "class": match provider.state {
            ProviderState::Proven => "open",
            ProviderState::Unproven => "soon",
            ProviderState::Refused => "late",
        },
        "page": (provider.state != ProviderState::Refused).then(|| format!("/organizations/{}", provider.id)),
        "own": format!("/organizations/{}/registration", provider.id),
    })
}

/// The guide for what this actor does.
fn guide(actor: &Actor) -> &'static str {
    match actor.body.as_ref().map(|body| body.kind) {
        None => "provider",
        _ if actor.has(Role::Administrator) => "administrator",
        _ if actor.has(Role::Expert) => "expert",
        Some(BodyKind::Provider) => "provider",
        Some(BodyKind::FinanceSupervisor) => "supervisor",
        _ if actor.may::<CheckProviders>() || actor.may::<KeepDirectory>() => "supervisor",
        Some(_) => "officer",
    }
}

/// Where this actor begins something new.
fn links(view: &View, actor: &Actor) -> Vec<Value> {
    let kind = actor.body.as_ref().map(|body| body.kind);
    let mut links: Vec<(&str, String)> = Vec::new();
    match kind {
        None => links.push(("register", "/organizations/register".into())),
        Some(BodyKind::Provider) => links.push(("find", "/projects".into())),
        Some(BodyKind::CommunityCommittee) => {
            if let Some(code) = actor
                .body
                .as_ref()
                .and_then(|body| body.region_code.clone())
            {
                links.push(("community", format!("/communities/{code}")));
                links.push(("poster", format!("/communities/{code}/poster")));
            }
        }
        Some(BodyKind::FinanceSupervisor) => {
            links.push(("projects", "/projects".into()));
            links.push(("contracts", "/contracts".into()));
            links.push(("verify", "/about/verify".into()));
            links.push(("accesses", "/accesses".into()));
        }
        Some(_) if actor.has(Role::Officer) => {
            links.push(("new-project", "/projects/new".into()));
            links.push(("catalogue", "/catalogue".into()));
            links.push(("import-contracts", "/contracts/import".into()));
        }
        Some(_) => {}
    }
    if actor.may::<CheckProviders>() {
        links.push(("checks", "/organizations/checks".into()));
    }
    if actor.may::<KeepDirectory>() {
        links.push(("applications", "/organizations/applications".into()));
    }
    if actor.has(Role::Expert) {
        links.push(("panel", "/panel".into()));
    }
    if actor.has(Role::Administrator) {
        links.push(("bodies", "/admin/bodies".into()));
        links.push(("operations", "/operations".into()));
        links.push(("redactions", "/admin/redactions".into()));
        links.push(("accesses", "/accesses".into()));
    }
    links.push(("guide", format!("/help/{}", guide(actor))));
    links
        .into_iter()
        .map(|(key, href)| json!({ "label": view.say(&format!("portal-work-link-{key}")), "href": href }))
        .collect()
}
