//! Drafts: what they would change, publishing, throwing away.

use super::compare;
use super::read::{Heading, ItemLink};
use super::{ManageCatalogue, PublishCatalogue};
use crate::catalogue::model::CatalogueId;
use crate::catalogue::rules::{self, Change, ChangeKind};
use crate::catalogue::{actions, queries};
use crate::infra::failure::Failure;
use crate::kernel::instant;
use crate::web::{Answer, Form, May, State, View};
use actix_web::web::{Data, Path};
use serde_json::json;

/// A long comparison is cut: the counts say how much there is.
const SHOWN: usize = 300;

pub async fn list(who: May<ManageCatalogue>, view: View, state: Data<State>) -> Answer {
    let body = who.actor.body_id();
    let drafts = state
        .store
        .read(move |db| {
            let mut drafts = Vec::new();
            for draft in queries::list_drafts(db, body)? {
                let count = queries::count_items(db, draft.id)?;
                drafts.push((draft, count));
            }
            Ok(drafts)
        })
        .await?;
    let rows: Vec<_> = drafts
        .iter()
        .map(|(draft, count)| {
            json!({
                "href": format!("/catalogue/drafts/{}", draft.id), "title": draft.title,
                "year": draft.year.to_string(), "items": count.to_string(),
                "imported": instant::minute(draft.imported_at), "source": draft.source,
            })
        })
        .collect();
    let title = view.say("catalogue-drafts-title");
    view.render(
        "catalogue/drafts",
        "catalogue",
        &title,
        &json!({ "rows": rows }),
    )
}

pub async fn show(
    who: May<ManageCatalogue>,
    view: View,
    state: Data<State>,
    id: Path<CatalogueId>,
) -> Answer {
    let id = *id;
    let (draft, items, before, replaces) = state
        .store
        .read(move |db| {
            let draft = queries::find_own(db, id, who.actor.body_id())?;
            rules::may_change(draft.state).map_err(|_rule| Failure::NotFound)?;
            let items = queries::list_items(db, id)?;
            let newest = queries::newest_published(db)?;
            let before = match &newest {
                Some(newest) => queries::list_items(db, newest.id)?,
                None => Vec::new(),
            };
            let replaces = queries::find_published(db, draft.year)?;
            Ok((
                draft,
                items,
                newest.map(|newest| (newest, before)),
                replaces,
            ))
        })
        .await?;
    let old = before.as_ref().map_or(&[][..], |(_, items)| items);
    let diff = rules::compare(old, &items);
    let of = |kind: ChangeKind| {
        let found: Vec<&Change> = diff.iter().filter(|change| change.kind == kind).collect();
        (found.len().to_string(), found)
    };
    let names = |found: &[&Change]| -> Vec<ItemLink> {
        let shown = found.iter().take(SHOWN);
        shown
            .map(|change| ItemLink::of(draft.year, &change.item))
            .collect()
    };
    let (new_count, new) = of(ChangeKind::Added);
    let (changed_count, changed) = of(ChangeKind::Changed);
    let (gone_count, gone) = of(ChangeKind::Dropped);
    let changed: Vec<_> = changed
        .iter()
        .take(SHOWN)
        .map(|change| compare::row(&view, draft.year, change))
        .collect();
    let level = |level: i64| {
        items
            .iter()
            .filter(|item| item.level == level)
            .count()
            .to_string()
    };
    view.render(
        "catalogue/draft",
        "catalogue",
        &draft.title,
        &json!({
            "crumbs": [
                { "label": view.say("catalogue-title"), "href": "/catalogue" },
                { "label": view.say("catalogue-drafts-title"), "href": "/catalogue/drafts" },
                { "label": draft.title, "href": null },
            ],
            "id": draft.id,
            "heading": Heading::from(&draft),
            "imported": instant::minute(draft.imported_at),
            "items": items.len().to_string(),
            "levels": { "one": level(1), "two": level(2), "three": level(3) },
            "compared": before.as_ref().map(|(newest, _)| newest.year.to_string()),
            "replaces": replaces.map(|replaced| replaced.title),
            "new": names(&new), "new_count": new_count,
            "changed": changed, "changed_count": changed_count,
            "gone": names(&gone), "gone_count": gone_count,
            "is_same": diff.is_empty(),
        }),
    )
}

pub async fn publish(
    who: May<PublishCatalogue>,
    view: View,
    state: Data<State>,
    id: Path<CatalogueId>,
    form: Form,
) -> Answer {
    let (id, actor) = (*id, who.actor);
    let place = state
        .write_once(view.once_key(&form), move |tx| {
            let draft = queries::find_own(tx.db, id, actor.body_id())?;
            actions::publish(tx, &actor, id)?;
            Ok(format!("/catalogue?year={}", draft.year))
        })
        .await?;
    Ok(view.see_other_with(&place, "catalogue-flash-published"))
}

pub async fn discard(
    who: May<PublishCatalogue>,
    view: View,
    state: Data<State>,
    id: Path<CatalogueId>,
    form: Form,
) -> Answer {
    let (id, actor) = (*id, who.actor);
    let place = state
        .write_once(view.once_key(&form), move |tx| {
            actions::discard(tx, &actor, id)?;
            Ok("/catalogue/drafts".into())
        })
        .await?;
    Ok(view.see_other_with(&place, "catalogue-flash-discarded"))
}
