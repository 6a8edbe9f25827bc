//! Two years' versions side by side: what was added, changed, dropped.

use super::read::ItemLink;
use crate::catalogue::model::{Catalogue, CatalogueItem, CatalogueState};
use crate::catalogue::queries;
use crate::catalogue::rules::{self, Change, ChangeKind};
use crate::infra::db::Db;
use crate::infra::failure::Failure;
use crate::web::export::{self, Cell, Column, Entry, Export};
use crate::web::{Answer, Form, State, View};
use actix_web::web::Data;
use serde_json::{Value, json};

/// The filters, as they stand in the address.
const FIELDS: [&str; 3] = ["from", "to", "kind"];

/// The years asked for, and one kind of change.
#[derive(Clone, Copy)]
pub struct Asked {
    from: Option<i64>,
    to: Option<i64>,
    kind: Option<ChangeKind>,
}

impl Asked {
    pub fn of(view: &View) -> Result<Self, Failure> {
        let typed = view.query();
        let year = |name: &str| match typed.raw(name) {
            "" => Ok(None),
            year => year.parse().map(Some).map_err(|_typed| Failure::NotFound),
        };
        Ok(Self {
            from: year("from")?,
            to: year("to")?,
            kind: typed.raw("kind").parse().ok(),
        })
    }

    fn form(self) -> Form {
        let typed = |year: Option<i64>| year.map(|year| year.to_string()).unwrap_or_default();
        let kind = self.kind.map(|kind| kind.to_string());
        Form::default()
            .with("from", typed(self.from))
            .with("to", typed(self.to))
            .with("kind", kind.unwrap_or_default())
    }
}

/// Two versions in force and how they differ.
pub struct Compared {
    /// The years that have a version in force, the newest first.
    pub years: Vec<i64>,
    /// `None` while there are not two of them.
    pub versions: Option<[Catalogue; 2]>,
    /// Every change, whatever kind was asked for.
    pub all: Vec<Change>,
    /// Those of the kind asked for.
    pub kept: Vec<Change>,
    items: Vec<CatalogueItem>,
}

impl Compared {
    /// The years that the address leaves open are the two newest.
    pub fn load(db: &mut Db, asked: Asked) -> Result<Self, Failure> {
        let mut published = queries::list_public(db)?;
        published.retain(|version| version.state == CatalogueState::Published);
        let years: Vec<i64> = published.iter().map(|version| version.year).collect();
        let mut compared = Self {
            years,
            versions: None,
            all: Vec::new(),
            kept: Vec::new(),
            items: Vec::new(),
        };
        let [newest, earlier, ..] = compared.years[..] else {
            return Ok(compared);
        };
        let mut version = |year: i64| queries::find_published(db, year)?.ok_or(Failure::NotFound);
        let versions = [
            version(asked.from.unwrap_or(earlier))?,
            version(asked.to.unwrap_or(newest))?,
        ];
        let [from, to] = &versions;
        let before = queries::list_items(db, from.id)?;
        let after = queries::list_items(db, to.id)?;
        compared.all = rules::compare(&before, &after);
        compared.kept.clone_from(&compared.all);
        compared
            .kept
            .retain(|change| asked.kind.is_none_or(|kind| kind == change.kind));
        compared.items = [after, before].concat();
        compared.versions = Some(versions);
        Ok(compared)
    }

    pub fn count(&self, kind: ChangeKind) -> usize {
        self.all.iter().filter(|change| change.kind == kind).count()
    }

    /// The year whose page an item has: dropped ones are read where they last stood.
    fn year_of(&self, change: &Change) -> i64 {
        self.versions
            .as_ref()
            .map_or(0, |[from, to]| match change.kind {
                ChangeKind::Dropped => from.year,
                ChangeKind::Added | ChangeKind::Changed => to.year,
            })
    }

    fn class_name(&self, class: &str) -> String {
        let found = self.items.iter().find(|item| item.code == class);
        found.map_or_else(|| class.to_owned(), |item| format!("{class} {}", item.name))
    }
}

/// A change as tables show it.
pub fn row(view: &View, year: i64, change: &Change) -> Value {
    let parts: Vec<Value> = change
        .parts
        .iter()
        .map(|(part, before, after)| {
            json!({
                "part": view.say(&format!("catalogue-column-{part}")),
                "before": before, "after": after,
            })
        })
        .collect();
    let link = ItemLink::of(year, &change.item);
    json!({
        "code": change.item.code, "name": change.item.name, "href": link.href,
        "kind": word(view, change.kind), "tag": tag(change.kind), "parts": parts,
    })
}

fn word(view: &View, kind: ChangeKind) -> String {
    view.say(&format!("catalogue-change-{kind}"))
}

fn tag(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Added => "open",
        ChangeKind::Changed => "soon",
        ChangeKind::Dropped => "late",
    }
}

/// What the selects show: the years compared, also where the address names none.
fn form(asked: Asked, compared: &Compared) -> Form {
    let [from, to] = compared.versions.as_ref().map_or([None, None], |versions| {
        versions.each_ref().map(|version| Some(version.year))
    });
    Asked { from, to, ..asked }.form()
}

pub async fn show(view: View, state: Data<State>) -> Answer {
    let asked = Asked::of(&view)?;
    let compared = state
        .store
        .read(move |db| Compared::load(db, asked))
        .await?;
    let form = form(asked, &compared);
    let mut classes: Vec<&str> = compared.kept.iter().map(Change::class).collect();
    classes.dedup();
    let groups: Vec<Value> = classes
        .iter()
        .map(|class| {
            let of_class = compared.kept.iter().filter(|change| change.class() == *class);
            let rows: Vec<Value> = of_class
                .map(|change| row(&view, compared.year_of(change), change))
                .collect();
            json!({ "class": compared.class_name(class), "count": rows.len().to_string(), "rows": rows })
        })
        .collect();
    let years = || {
        let years = compared.years.iter().map(ToString::to_string);
        years
            .map(|year| {
                let label = view.say_with("catalogue-of-year", &[("year", &year)]);
                json!({ "value": year, "label": label })
            })
            .collect::<Vec<Value>>()
    };
    let title = view.say("catalogue-compare-title");
    view.render_form(
        "catalogue/compare",
        "catalogue",
        &title,
        &form,
        &json!({
            "crumbs": [
                { "label": view.say("catalogue-title"), "href": "/catalogue" },
                { "label": title, "href": null },
            ],
            "from": form.raw("from"), "to": form.raw("to"),
            "years": years(),
            "kinds": view.choices("catalogue-change-any", ChangeKind::ALL.iter().map(|kind| {
                (kind.to_string(), word(&view, *kind))
            })),
            "filtered": asked.kind.is_some(),
            "is_ready": compared.versions.is_some(),
            "added": compared.count(ChangeKind::Added).to_string(),
            "changed": compared.count(ChangeKind::Changed).to_string(),
            "dropped": compared.count(ChangeKind::Dropped).to_string(),
            "groups": groups,
            "exports": export::links(&asked.form().address("/catalogue/compare", &FIELDS, None)),
        }),
    )
}

const COLUMNS: [Column; 6] = [
    ("catalogue-column-code", 12),
    ("catalogue-column-name", 36),
    ("catalogue-column-change", 12),
    ("catalogue-column-part", 12),
    ("catalogue-diff-before", 40),
    ("catalogue-diff-after", 40),
];

/// One row a part that changed, so that a spreadsheet can filter by it.
pub async fn export(view: View, state: Data<State>) -> Answer {
    let _turn = view.export_turn().await?;
    let asked = Asked::of(&view)?;
    let compared = state
        .store
        .read(move |db| Compared::load(db, asked))
        .await?;
    let title = view.say("catalogue-compare-title");
    let mut export = Export::new(&view, "catalogue-compare", title, &COLUMNS)?;
    if let Some([from, to]) = &compared.versions {
        for change in &compared.kept {
            let nothing = [(None, String::new(), String::new())];
            let parts = change
                .parts
                .iter()
                .map(|(part, before, after)| (Some(*part), before.clone(), after.clone()))
                .chain(nothing.into_iter().filter(|_| change.parts.is_empty()));
            for (part, before, after) in parts {
                let item = &change.item;
                let cells: [Cell; 6] = [
                    item.code.as_str().into(),
                    item.name.as_str().into(),
                    word(&view, change.kind).into(),
                    part.map(|part| view.say(&format!("catalogue-column-{part}")))
                        .into(),
                    before.into(),
                    after.into(),
                ];
                let part = part.map_or_else(String::new, |part| format!("/{part}"));
                let entry = Entry {
                    id: format!(
                        "catalogue-compare/{}/{}/{}{part}",
                        from.year, to.year, item.code
                    ),
                    title: format!("{} {}", item.code, item.name),
                    link: ItemLink::of(compared.year_of(change), item).href,
                    updated: to.published_at.unwrap_or(to.imported_at),
                };
                export.row(cells, entry)?;
            }
        }
    }
    export.answer().await
}
