//! The purchaser's own list: drafts too, the next date of each, and what waits for an answer.

use super::{NAV, Place, method, tag};
use crate::kernel::instant;
use crate::kernel::paging::{Page, PageSize, decode_cursor};
use crate::procurement::projects::{self, PrepareProjects, ProjectId, ProjectState};
use crate::procurement::tenders::model::TenderState;
use crate::procurement::tenders::queries;
use crate::web::{Answer, May, State, View};
use actix_web::web::Data;
use chrono::NaiveDateTime;
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub async fn list(who: May<PrepareProjects>, view: View, state: Data<State>) -> Answer {
    let typed = view.query();
    let chosen: Option<ProjectState> = typed.raw("state").parse().ok();
    let after: Option<ProjectId> = decode_cursor::<1>(typed.raw("after"))
        .ok()
        .and_then(|[id]| id.parse().ok());
    let size = PageSize::default();
    let buyer = who.actor.body_id();
    let (rows, waiting) = state
        .store
        .read(move |db| {
            let Some(buyer) = buyer else {
                return Ok((Vec::new(), BTreeMap::new()));
            };
            let waiting: BTreeMap<ProjectId, i64> = queries::list_unanswered(db, buyer)?
                .into_iter()
                .map(|(project, _, count)| (project, count))
                .collect();
            let projects = projects::list_own(db, buyer, chosen, after, size.limit())?;
            Ok((Place::of_all(db, projects)?, waiting))
        })
        .await?;
    let page = Page::of(rows, size, |place: &Place| {
        vec![place.project.id.to_string()]
    });
    let address = |state: Option<ProjectState>, after: Option<&str>| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        if let Some(state) = state {
            query.append_pair("state", state.as_str());
        }
        if let Some(after) = after {
            query.append_pair("after", after);
        }
        match query.finish() {
            query if query.is_empty() => "/projects/mine".to_owned(),
            query => format!("/projects/mine?{query}"),
        }
    };
    let now = state.store.now();
    let rows: Vec<Value> = page
        .rows
        .iter()
        .map(|place| line(&view, place, &waiting, now))
        .collect();
    let chips = std::iter::once(None).chain(ProjectState::ALL.iter().copied().map(Some));
    let chips: Vec<Value> = chips
        .map(|state| {
            let label = match state {
                None => view.say("projects-any"),
                Some(state) => view.say(&format!("projects-state-{state}")),
            };
            json!({ "label": label, "href": address(state, None), "current": state == chosen })
        })
        .collect();
    let count = view.say_with("projects-mine-count", &[("count", &rows.len().to_string())]);
    let next = page.next.as_deref().map(|next| address(chosen, Some(next)));
    let page = json!({
        "rows": rows,
        "chips": chips,
        "filtered": chosen.is_some(),
        "pager": {
            "prev": after.map(|_| address(chosen, None)),
            "next": next,
            "count_text": count,
        },
    });
    let title = view.say("projects-mine-title");
    view.render("procurement/tenders/mine", NAV, &title, &page)
}

fn line(
    view: &View,
    place: &Place,
    waiting: &BTreeMap<ProjectId, i64>,
    now: NaiveDateTime,
) -> Value {
    let project = &place.project;
    let notes = [
        Some(project.number.clone()),
        place.shown().map(|tender| method(view, tender)),
        place
            .draft
            .as_ref()
            .filter(|draft| draft.round > 1)
            .map(|draft| view.say_with("projects-round", &[("round", &draft.round.to_string())])),
    ];
    let notes: Vec<String> = notes.into_iter().flatten().collect();
    let next = place
        .published
        .as_ref()
        .filter(|tender| matches!(tender.state, TenderState::Open | TenderState::Held))
        .and_then(|tender| {
            let questions = tender.questions_until.filter(|until| *until > now);
            match questions {
                Some(until) => Some(("clock-questions", until)),
                None => Some(("clock-deadline", tender.closes_at?)),
            }
        });
    json!({
        "href": place.path("/manage"),
        "title": project.title,
        "note": notes.join(" · "),
        "tag": tag(view, project, place.shown(), now),
        "next": next.map(|(what, at)| json!({ "what": view.say(what), "at": instant::deadline(at) })),
        "budget": project.budget_fen.to_string(),
        "waiting": waiting.get(&project.id).map(ToString::to_string),
        "questions": place.path("/questions"),
    })
}
