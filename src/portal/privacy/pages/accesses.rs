//! The access log, filtered, paged and as CSV; reading it is noted too.

use super::super::ReadAccesses;
use crate::infra::access::{self, Access, Filter, Look, Looked};
use crate::infra::actor::Actor;
use crate::infra::db::Db;
use crate::infra::failure::Failure;
use crate::kernel::instant;
use crate::kernel::paging::{Page, PageSize, decode_cursor};
use crate::kernel::roles::Role;
use crate::kernel::text;
use crate::procurement::bids;
use crate::web::export::{BLOCK, Cell, Entry, Export, is_last};
use crate::web::{Answer, AppError, Form, May, View};
use chrono::{Days, NaiveDate, NaiveDateTime};
use serde_json::{Value, json};

const FIELDS: [&str; 4] = ["what", "who", "from", "until"];

pub struct Asked {
    form: Form,
    pub filter: Filter,
    pub before: Option<i64>,
    /// Who reads a bid before the award sits in its panel, which is secret until then (87号令 §47).
    pub has_panels: bool,
}

/// Lines of the log as far as the reader may know of them.
pub fn find(
    db: &mut Db,
    filter: &Filter,
    has_panels: bool,
    before: Option<i64>,
    size: i64,
) -> Result<Vec<Access>, Failure> {
    let without_bids = if has_panels {
        Vec::new()
    } else {
        bids::list_undecided(db)?
    };
    let filter = Filter {
        without_bids,
        ..filter.clone()
    };
    Ok(access::list(db, &filter, before, size)?)
}

fn midnight(day: NaiveDate) -> Option<NaiveDateTime> {
    instant::from_shanghai_local(&format!("{day}T00:00")).ok()
}

/// Reads the address; what does not read counts as not asked for.
pub fn asked(view: &View, actor: &Actor) -> Asked {
    let typed = view.query();
    let what: Option<Looked> = typed.raw("what").parse().ok();
    let who: String = text::clean(typed.raw("who")).chars().take(60).collect();
    let day = |name: &str| instant::parse_date(typed.raw(name)).ok();
    let (from, until) = (day("from"), day("until"));
    let shown = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    Asked {
        form: Form::default()
            .with("what", what.map_or("", |what| what.as_str()))
            .with("who", &who)
            .with("from", shown(from))
            .with("until", shown(until)),
        filter: Filter {
            what,
            who,
            from: from.and_then(midnight),
            // The last day counts in.
            until: until
                .and_then(|day| day.checked_add_days(Days::new(1)))
                .and_then(midnight),
            ..Filter::default()
        },
        has_panels: actor.has(Role::Supervisor),
        before: decode_cursor::<1>(typed.raw("after"))
            .ok()
            .and_then(|[id]| id.parse().ok()),
    }
}

/// Notes that the log itself was read.
pub async fn note(view: &View, actor: &Actor) -> Result<(), AppError> {
    Ok(access::looked(
        &view.state.store,
        actor,
        Look::at(Looked::Accesses, "portal", 1),
    )
    .await?)
}

pub fn what(view: &View, what: Looked) -> String {
    view.say(&format!("access-{}", what.as_str().replace('_', "-")))
}

/// Whose record: the body's name, and which one of its kind.
pub fn subject(view: &View, line: &Access) -> String {
    let kind = view.say(&format!("access-subject-{}", line.subject_kind));
    let subject = format!("{kind} {}", line.subject_id);
    match &line.of_body {
        Some(body) => format!("{body} · {subject}"),
        None => subject,
    }
}

pub fn row(view: &View, line: &Access) -> Value {
    json!({
        "at": instant::second(line.at), "who": line.who, "body": line.body,
        "what": what(view, line.what), "subject": subject(view, line),
    })
}

pub async fn list(who: May<ReadAccesses>, view: View) -> Answer {
    note(&view, &who.actor).await?;
    let asked = asked(&view, &who.actor);
    let (filter, before, size) = (asked.filter.clone(), asked.before, PageSize::default());
    let has_panels = asked.has_panels;
    let found = view
        .state
        .store
        .read(move |db| find(db, &filter, has_panels, before, size.limit()));
    let page = Page::of(found.await?, size, |line: &Access| {
        vec![line.id.to_string()]
    });
    let page = page.map(|line| row(&view, &line));
    let address = |path: &str, after: Option<&str>| asked.form.address(path, &FIELDS, after);
    let kinds = Looked::ALL
        .iter()
        .map(|kind| (kind.as_str().to_owned(), what(&view, *kind)));
    let body = json!({
        "rows": page.rows,
        "kinds": view.choices("access-any", kinds),
        "filtered": address("/accesses", None) != "/accesses",
        "csv": address("/accesses.csv", None),
        "has_panels": has_panels,
        "pager": { "prev": Value::Null, "next": page.next.map(|next| address("/accesses", Some(&next))), "count_text": "" },
    });
    let title = view.say("access-title");
    view.render_form("portal/accesses", "work", &title, &asked.form, &body)
}

pub async fn csv(who: May<ReadAccesses>, view: View) -> Answer {
    let _turn = view.export_turn().await?;
    note(&view, &who.actor).await?;
    let Asked {
        filter, has_panels, ..
    } = asked(&view, &who.actor);
    let columns = [
        ("access-at", 20),
        ("access-who", 20),
        ("access-body", 30),
        ("access-what", 30),
        ("access-subject", 40),
    ];
    let mut export = Export::new(&view, "accesses", view.say("access-title"), &columns)?;
    let mut before = None;
    loop {
        let filter = filter.clone();
        let found = view
            .state
            .store
            .read(move |db| find(db, &filter, has_panels, before, BLOCK));
        let lines = found.await?;
        for line in &lines {
            let cells: [Cell; 5] = [
                instant::second(line.at).into(),
                line.who.clone().into(),
                line.body.clone().into(),
                what(&view, line.what).into(),
                subject(&view, line).into(),
            ];
            let entry = Entry {
                id: format!("access/{}", line.id),
                title: what(&view, line.what),
                link: "/accesses".into(),
                updated: line.at,
            };
            export.row(cells, entry)?;
        }
        before = lines.last().map(|line| line.id);
        if is_last(lines.len()) {
            return export.answer().await;
        }
    }
}
