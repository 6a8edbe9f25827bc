//! Writing a project: one form for the new one and for the draft.

use crate::accounts;
use crate::catalogue::{self, CatalogueId, CatalogueItem};
use crate::infra::actor::Actor;
use crate::infra::db::Db;
use crate::infra::failure::Failure;
use crate::kernel::refusal::{Refusal, Rule};
use crate::kernel::{money::Fen, text};
use crate::procurement::projects::actions;
use crate::procurement::projects::model::{
    Forbidden, NewProject, PrepareProjects, Project, ProjectId, ProjectState, TermGround,
};
use crate::procurement::projects::{queries, rules};
use crate::regions::{self, Region};
use crate::web::{Answer, AppError, Form, May, State, View, fields};
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Query};
use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::{Value, json};

const NAV: &str = "projects";
/// How fields are called in the summary of errors.
const LABELS: [(&str, &str); 12] = [
    ("title", "projects-form-title"),
    ("requirement", "projects-form-requirement"),
    ("budget", "projects-form-budget"),
    ("term_from", "projects-section-term"),
    ("term_to", "projects-section-term"),
    ("f1", "projects-question-f1"),
    ("f2", "projects-question-f2"),
    ("f3", "projects-question-f3"),
    ("f4", "projects-question-f4"),
    ("f5", "projects-question-f5"),
    ("f6", "projects-question-f6"),
    ("phone", "projects-form-phone"),
];

/// What the form offers.
struct Choices {
    items: Vec<CatalogueItem>,
    towns: Vec<Region>,
    communities: Vec<Region>,
    /// The own town, whose communities stand open.
    home: Option<String>,
}

impl Choices {
    fn load(db: &mut Db, actor: &Actor, catalogue: Option<CatalogueId>) -> Result<Self, Failure> {
        let catalogue = match catalogue {
            Some(id) => Some(id),
            None => catalogue::newest_published(db)?.map(|newest| newest.id),
        };
        Ok(Self {
            items: match catalogue {
                Some(id) => catalogue::list_items(db, id)?,
                None => Vec::new(),
            },
            towns: regions::list_towns(db)?,
            communities: regions::list_communities(db)?,
            home: actor
                .body
                .as_ref()
                .and_then(|body| body.region_code.clone()),
        })
    }

    fn has_item(&self, code: &str) -> bool {
        self.items
            .iter()
            .any(|item| item.level >= 2 && item.code == code)
    }

    fn known(&self) -> Vec<String> {
        self.communities
            .iter()
            .map(|region| region.code.clone())
            .collect()
    }
}

#[derive(Deserialize)]
pub struct Begin {
    /// The own project whose content the form begins with.
    copy: Option<String>,
}

pub async fn begin(
    who: May<PrepareProjects>,
    view: View,
    state: Data<State>,
    query: Query<Begin>,
) -> Answer {
    let actor = who.actor;
    let copied = query.into_inner().copy.and_then(|id| id.parse().ok());
    let (offered, form) = state
        .store
        .read(move |db| {
            let form = match (copied, actor.body_id()) {
                (Some(id), body) => {
                    let old = queries::find_own(db, id, body)?;
                    copied_from(&old, &queries::communities_of(db, id)?)
                }
                (None, Some(body)) => {
                    let phone = accounts::find_body(db, body)?.phone;
                    Form::default().with("phone", phone.unwrap_or_default())
                }
                (None, None) => Form::default(),
            };
            Ok((Choices::load(db, &actor, None)?, form))
        })
        .await?;
    Page::new(&view, &offered).show(&form)
}

pub async fn create(
    who: May<PrepareProjects>,
    view: View,
    state: Data<State>,
    mut form: Form,
) -> Answer {
    let (actor, reader) = (who.actor.clone(), who.actor);
    let offered = state
        .store
        .read(move |db| Choices::load(db, &reader, None))
        .await?;
    let key = view.once_key(&form);
    let Some(new) = read(&mut form, &offered) else {
        return Page::new(&view, &offered).show(&form);
    };
    let done = state.write_once(key, move |tx| {
        let id = actions::create(tx, &actor, &new)?;
        Ok(format!("/projects/{id}/plan"))
    });
    match done.await {
        Ok(path) => Ok(view.see_other_with(&path, "projects-saved")),
        Err(error) => {
            form.take_up(AppError::from(error))?;
            Page::new(&view, &offered).show(&form)
        }
    }
}

/// A draft of the own body, with what its form offers.
#[derive(Clone)]
struct Draft {
    actor: Actor,
    id: ProjectId,
}

impl Draft {
    fn load(&self, db: &mut Db) -> Result<(Choices, Project, Vec<String>), Failure> {
        let project = queries::find_own(db, self.id, self.actor.body_id())?;
        let communities = queries::communities_of(db, self.id)?;
        let offered = Choices::load(db, &self.actor, Some(project.catalogue_id))?;
        Ok((offered, project, communities))
    }
}

pub async fn edit(
    who: May<PrepareProjects>,
    view: View,
    state: Data<State>,
    id: Path<ProjectId>,
) -> Answer {
    let draft = Draft {
        actor: who.actor,
        id: *id,
    };
    let (offered, project, communities) = state.store.read(move |db| draft.load(db)).await?;
    if project.state != ProjectState::Draft {
        return Ok(view.see_other(&format!("/projects/{id}/manage")));
    }
    let form = filled(&project, &communities);
    Page::new(&view, &offered).of(&project).show(&form)
}

fn filled(project: &Project, communities: &[String]) -> Form {
    copied_from(project, communities)
        .with("secured", "yes")
        .with("term_from", project.term_from)
        .with("term_to", project.term_to)
        .with_all("grounds", project.grounds().iter().map(ToString::to_string))
        .with("version", project.version)
}

/// What a new project may take over from an old one: not its term, nor that its money was secured.
fn copied_from(project: &Project, communities: &[String]) -> Form {
    let form = Form::default()
        .with("catalogue_code", &project.catalogue_code)
        .with("title", &project.title)
        .with("requirement", &project.requirement)
        .with("budget", project.budget_fen)
        .with_all("communities", communities.iter().cloned())
        .with("phone", &project.phone);
    project
        .answered_no()
        .iter()
        .fold(form, |form, item| form.with(item.as_str(), "no"))
}

pub async fn save(
    who: May<PrepareProjects>,
    view: View,
    state: Data<State>,
    id: Path<ProjectId>,
    mut form: Form,
) -> Answer {
    let id = *id;
    let actor = who.actor;
    let draft = Draft {
        actor: actor.clone(),
        id,
    };
    let again = draft.clone();
    let (offered, project, _) = state.store.read(move |db| draft.load(db)).await?;
    let Some(new) = read(&mut form, &offered) else {
        return Page::new(&view, &offered).of(&project).show(&form);
    };
    let (version, key, wanted) = (form.version(), view.once_key(&form), new.clone());
    let done = state.write_once(key, move |tx| {
        actions::edit(tx, &actor, id, version, &new)?;
        Ok(format!("/projects/{id}/plan"))
    });
    match done.await {
        Ok(path) => Ok(view.see_other_with(&path, "projects-saved")),
        Err(Failure::Changed) => {
            let (offered, project, communities) =
                state.store.read(move |db| again.load(db)).await?;
            // What was typed stays; saving again is a decision over what stands there now.
            let form = form.with("version", project.version);
            let mut page = Page::new(&view, &offered).of(&project);
            page.changes = differences(&view, &project, &communities, &wanted);
            page.show(&form)
        }
        Err(error) => {
            form.take_up(AppError::from(error))?;
            Page::new(&view, &offered).of(&project).show(&form)
        }
    }
}

/// Leads to the form of a new project with this one's content.
pub async fn copy(
    who: May<PrepareProjects>,
    view: View,
    state: Data<State>,
    id: Path<ProjectId>,
) -> Answer {
    let (id, actor) = (*id, who.actor);
    state
        .store
        .read(move |db| Ok(queries::find_own(db, id, actor.body_id())?))
        .await?;
    Ok(view.see_other_with(&format!("/projects/new?copy={id}"), "projects-copied"))
}

/// The typed project. Every rule is looked at, over what could be read, before the form goes back.
fn read(form: &mut Form, offered: &Choices) -> Option<NewProject> {
    form.name(&LABELS);
    let code = text::clean(form.raw("catalogue_code"));
    let title = form.text("title", 100);
    let requirement = form.text("requirement", 5000);
    let budget = form.parsed("budget", fields::money);
    let from = form.parsed("term_from", fields::date);
    let to = form.parsed("term_to", fields::date);
    let answers: Vec<(Forbidden, Option<bool>)> = Forbidden::ALL
        .iter()
        .map(|item| (*item, form.parsed(item.as_str(), yes_or_no)))
        .collect();
    let phone = form.parsed("phone", fields::phone);
    let new = NewProject {
        catalogue_code: code,
        title: text::one_line(&title),
        requirement,
        // What could not be read is refused already; what stands in its place breaks no rule.
        budget: budget.unwrap_or(Fen(1)),
        is_budget_secured: form.is_checked("secured"),
        term_from: from.or(to).unwrap_or(NaiveDate::MIN),
        term_to: to.or(from).unwrap_or(NaiveDate::MIN),
        grounds: chosen(form, "grounds"),
        answered_no: answers
            .into_iter()
            .filter(|(_, is_forbidden)| *is_forbidden != Some(true))
            .map(|(item, _)| item)
            .collect(),
        communities: form.all("communities"),
        phone: phone.unwrap_or_default(),
    };
    for rule in rules::check(
        &new,
        offered.has_item(&new.catalogue_code),
        &offered.known(),
    ) {
        let refusal = rule.refusal();
        if refusal.field.is_none_or(|field| !form.is_refused(field)) {
            form.refuse(refusal);
        }
    }
    form.is_ok().then_some(new)
}

fn yes_or_no(text: &str) -> Result<bool, Refusal> {
    match text {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err(Refusal::new("form-choose")),
    }
}

fn chosen(form: &Form, name: &str) -> Vec<TermGround> {
    let typed = form.all(name);
    TermGround::ALL
        .iter()
        .copied()
        .filter(|ground| typed.iter().any(|word| word == ground.as_str()))
        .collect()
}

/// Where what stands there now differs from what was typed.
fn differences(
    view: &View,
    now: &Project,
    communities: &[String],
    typed: &NewProject,
) -> Vec<Value> {
    let count = |codes: &[String]| {
        view.say_with(
            "projects-form-communities-count",
            &[("count", &codes.len().to_string())],
        )
    };
    let term = |from: NaiveDate, to: NaiveDate| {
        view.say_with(
            "projects-term",
            &[("from", &from.to_string()), ("to", &to.to_string())],
        )
    };
    let mut sorted = typed.communities.clone();
    sorted.sort();
    let has_moved = sorted != communities;
    let rows = [
        (
            "projects-catalogue-code",
            now.catalogue_code.clone(),
            typed.catalogue_code.clone(),
        ),
        (
            "projects-form-title",
            now.title.clone(),
            typed.title.clone(),
        ),
        (
            "projects-form-requirement",
            now.requirement.clone(),
            typed.requirement.clone(),
        ),
        (
            "projects-form-budget",
            now.budget_fen.to_string(),
            typed.budget.to_string(),
        ),
        (
            "projects-key-term",
            term(now.term_from, now.term_to),
            term(typed.term_from, typed.term_to),
        ),
        (
            "projects-form-phone",
            now.phone.clone(),
            typed.phone.clone(),
        ),
    ];
    rows.into_iter()
        .filter(|(_, now, typed)| now != typed)
        .chain(has_moved.then(|| {
            let words = (count(communities), count(&typed.communities));
            ("projects-form-communities", words.0, words.1)
        }))
        .map(|(label, now, typed)| {
            json!({
                "what": view.say(label),
                "now": text::excerpt(&now, 200),
                "typed": text::excerpt(&typed, 200),
            })
        })
        .collect()
}

struct Page<'a> {
    view: &'a View,
    offered: &'a Choices,
    project: Option<&'a Project>,
    /// What somebody else changed meanwhile.
    changes: Vec<Value>,
}

impl<'a> Page<'a> {
    fn new(view: &'a View, offered: &'a Choices) -> Self {
        Self {
            view,
            offered,
            project: None,
            changes: Vec::new(),
        }
    }

    fn of(mut self, project: &'a Project) -> Self {
        self.project = Some(project);
        self
    }

    fn show(&self, form: &Form) -> Answer {
        let view = self.view;
        let shown = form.view(&view.state.words, view.language());
        let error = |name: &str| shown.pointer(&format!("/at/{name}")).cloned();
        let grounds: Vec<Value> = TermGround::ALL
            .iter()
            .map(|ground| json!({ "value": ground, "label": view.say(&format!("projects-ground-{ground}")) }))
            .collect();
        let forbidden: Vec<Value> = Forbidden::ALL
            .iter()
            .map(|item| json!({ "name": item, "label": format!("projects-question-{item}") }))
            .collect();
        let title = view.say(match self.project {
            Some(_) => "projects-edit-title",
            None => "projects-new-title",
        });
        let action = match self.project {
            Some(project) => format!("/projects/{}/edit", project.id),
            None => "/projects/new".to_owned(),
        };
        let page = json!({
            "form": shown,
            "action": action,
            "back": self.project.map(|project| format!("/projects/{}/manage", project.id)),
            "number": self.project.map(|project| &project.number),
            "version": form.raw("version"),
            "has_catalogue": !self.offered.items.is_empty(),
            "items": self.items(form.raw("catalogue_code")),
            "items_error": error("catalogue_code"),
            "secured": [{ "value": "yes", "label": view.say("projects-form-secured-yes") }],
            "grounds": grounds,
            "yes_no": view.options("projects", ["yes", "no"]),
            "forbidden": forbidden,
            "communities": {
                "name": "communities",
                "label": view.say("projects-form-communities"),
                "hint": view.say("projects-form-communities-hint"),
                "error": error("communities"),
                "groups": self.towns(&form.all("communities")),
            },
            "changes": self.changes,
        });
        let status = match (form.is_ok(), self.changes.is_empty()) {
            (_, false) => StatusCode::CONFLICT,
            (false, true) => StatusCode::UNPROCESSABLE_ENTITY,
            (true, true) => StatusCode::OK,
        };
        view.render_as(status, "procurement/projects/form", NAV, &title, &page)
    }

    /// Items of level 2 and 3, grouped by the item of level 1 that they belong to.
    fn items(&self, chosen: &str) -> Vec<Value> {
        let options = |top: &CatalogueItem| -> Vec<Value> {
            let inside = self.offered.items.iter().filter(|item| {
                item.level >= 2 && self.top_of(item).is_some_and(|code| code == top.code)
            });
            inside
                .map(|item| {
                    let depth = if item.level > 2 { "\u{3000}" } else { "" };
                    json!({
                        "value": item.code,
                        "label": format!("{depth}{} {}", item.code, item.name),
                        "chosen": item.code == chosen,
                    })
                })
                .collect()
        };
        self.offered
            .items
            .iter()
            .filter(|item| item.level == 1)
            .map(|top| json!({ "label": format!("{} {}", top.code, top.name), "options": options(top) }))
            .collect()
    }

    fn top_of<'b>(&'b self, item: &'b CatalogueItem) -> Option<&'b str> {
        let parent = item.parent_code.as_deref()?;
        let above = self.offered.items.iter().find(|up| up.code == parent)?;
        Some(above.parent_code.as_deref().unwrap_or(&above.code))
    }

    fn towns(&self, chosen: &[String]) -> Vec<Value> {
        self.offered
            .towns
            .iter()
            .map(|town| {
                let options: Vec<Value> = self
                    .offered
                    .communities
                    .iter()
                    .filter(|place| place.parent_code.as_deref() == Some(&town.code))
                    .map(|place| {
                        json!({
                            "id": format!("communities-{}", place.code),
                            "name": "communities",
                            "value": place.code,
                            "label": place.short_name(),
                            "checked": chosen.contains(&place.code),
                        })
                    })
                    .collect();
                let count = options
                    .iter()
                    .filter(|option| option.get("checked") == Some(&Value::Bool(true)))
                    .count();
                let is_home = self.offered.home.as_ref() == Some(&town.code);
                json!({
                    "label": town.name,
                    "options": options,
                    "open": count > 0 || is_home,
                    "count": (count > 0).then(|| count.to_string()),
                })
            })
            .collect()
    }
}
