//! What lies behind the doors: real ids of the told story, each with whose it is, read from the tables directly.

use crate::support::Portal;
use chrono::Duration;
use diesel::prelude::*;
use sanshe::demo;
use sanshe::infra::db::Db;
use sanshe::infra::failure::Failure;
use sanshe::schema::{
    api_tokens, appointments, bid_files, bids, bodies, catalogues, contracts, files, invitations,
    memberships, messages, panel_members, panels, people, projects, providers, publications,
    qualifications, questions, recoveries, redactions, sessions, tenders,
};
use sha2::Digest;

#[derive(Clone, Debug, Default)]
pub struct Thing {
    /// What fills the ids of a pattern.
    pub values: Vec<(&'static str, String)>,
    /// What stands behind the address, and in the form, where the id is there.
    pub query: String,
    pub field: Option<(&'static str, String)>,
    /// Bodies and people whose it is; 0 is nobody's.
    pub buyer: i64,
    pub seller: i64,
    pub bidder: i64,
    pub body: i64,
    pub people: Vec<i64>,
    /// To whose role a message goes.
    pub role: Option<String>,
    pub is_public: bool,
    pub is_opened: bool,
    /// Whether the provider has been offered a contract.
    pub is_offered: bool,
}

/// The things that the ids of `pattern` (without the API's prefix) may name.
pub fn behind(portal: &Portal, pattern: &str) -> Vec<Thing> {
    let head: Vec<&str> = pattern.split('/').skip(1).collect();
    portal.read(|db| match head.as_slice() {
        ["projects", ..] => of_projects(db),
        ["panel", ..] => Ok(of_projects(db)?
            .into_iter()
            .filter(|one| !one.people.is_empty())
            .collect()),
        ["contracts", ..] => of_contracts(db),
        ["organizations", "applications", ..] => of_applications(db),
        ["organizations", ..] => of_providers(db),
        ["account" | "work", "memberships", ..] => of_memberships(db),
        ["account", "appointments", ..] => of_appointments(db),
        ["admin", "bodies", _, "withdraw"] => {
            let mut found = of_invitations(db)?;
            for thing in &mut found {
                thing.values = vec![("id", thing.body.to_string())];
            }
            Ok(found)
        }
        ["admin", "bodies", ..] => of_bodies(db),
        ["admin", "recoveries", ..] => of_recoveries(db),
        ["admin", "redactions", ..] => of_redactions(db),
        ["inbox", ..] => of_messages(db),
        ["catalogue", "drafts", ..] => of_drafts(db),
        ["account", "sessions", ..] => of_sessions(db),
        ["account", "tokens", ..] => of_tokens(db),
        ["account", "invitations", ..] | ["account", "members", "withdraw"] => of_invitations(db),
        ["account", "switch"] => of_homes(db),
        _ => Ok(vec![Thing {
            values: vec![
                ("year", "2026".into()),
                (
                    "code",
                    if head.first() == Some(&"catalogue") {
                        "A0402".into()
                    } else {
                        "320585100001".into()
                    },
                ),
                ("number", newest_mail(portal)),
                ("name", "portal.css".into()),
                ("guide", "resident".into()),
            ],
            is_public: true,
            ..Thing::default()
        }]),
    })
}

/// The number in the address of the newest mail.
fn newest_mail(portal: &Portal) -> String {
    let list = portal.anonymous().get("/demo/mail").body;
    let links = list.split("/demo/mail/").nth(1).unwrap_or("0");
    links.chars().take_while(char::is_ascii_digit).collect()
}

type Things = Result<Vec<Thing>, Failure>;

fn of_projects(db: &mut Db) -> Things {
    let rows: Vec<(i64, i64, String, bool)> = projects::table
        .order(projects::id)
        .select((
            projects::id,
            projects::buyer_id,
            projects::state,
            projects::published_at.is_not_null(),
        ))
        .load(db)?;
    let (mut found, mut kinds) = (Vec::new(), std::collections::BTreeSet::new());
    for (project, buyer, state, is_public) in rows {
        let tender: Option<(i64, bool, String)> = tenders::table
            .filter(tenders::project_id.eq(project))
            .order(tenders::round.desc())
            .select((
                tenders::id,
                tenders::opened_at.is_not_null(),
                tenders::state,
            ))
            .first(db)
            .optional()?;
        let (tender, is_opened, step) = tender.unwrap_or_default();
        // One of each state is enough.
        if !kinds.insert((buyer, state, step)) {
            continue;
        }
        let bid: Option<(i64, i64, String)> = bids::table
            .filter(bids::tender_id.eq(tender))
            .order(bids::id)
            .select((bids::id, bids::bidder_id, bids::receipt_no))
            .first(db)
            .optional()?;
        let (bid, bidder, receipt) = bid.unwrap_or((987_654, 0, "no".into()));
        let file: Option<i64> = bid_files::table
            .filter(bid_files::bid_id.eq(bid))
            .select(bid_files::id)
            .first(db)
            .optional()?;
        let question: Option<i64> = questions::table
            .filter(questions::tender_id.eq(tender))
            .select(questions::id)
            .first(db)
            .optional()?;
        let notice: Option<i64> = publications::table
            .filter(publications::subject_kind.eq("tender"))
            .filter(publications::subject_id.eq(tender))
            .select(publications::id)
            .first(db)
            .optional()?;
        let panel: Vec<i64> = panel_members::table
            .inner_join(panels::table.on(panels::id.eq(panel_members::panel_id)))
            .filter(panels::subject_kind.eq("tender"))
            .filter(panels::subject_id.eq(tender))
            .select(panel_members::person_id)
            .load(db)?;
        let text = |id: Option<i64>| id.unwrap_or(987_654).to_string();
        found.push(Thing {
            values: vec![
                ("id", project.to_string()),
                ("tender", tender.to_string()),
                ("bid", bid.to_string()),
                ("file", text(file)),
                ("question", text(question)),
                ("notice", text(notice)),
            ],
            query: format!("?no={receipt}"),
            field: Some(("bid", bid.to_string())),
            buyer,
            bidder,
            people: panel,
            is_public,
            is_opened,
            ..Thing::default()
        });
    }
    Ok(found)
}

fn of_contracts(db: &mut Db) -> Things {
    type Row = (i64, i64, Option<i64>, String, bool);
    let rows: Vec<Row> = contracts::table
        .order(contracts::id)
        .select((
            contracts::id,
            contracts::buyer_id,
            contracts::provider_id,
            contracts::state,
            contracts::published_at.is_not_null(),
        ))
        .load(db)?;
    let (mut found, mut kinds) = (Vec::new(), std::collections::BTreeSet::new());
    for (id, buyer, seller, state, is_public) in rows {
        let scan: Option<i64> = files::table
            .filter(files::subject_kind.eq("contract"))
            .filter(files::subject_id.eq(id))
            .filter(files::purpose.eq("signed_scan"))
            .select(files::id)
            .first(db)
            .optional()?;
        if !kinds.insert((buyer, state.clone(), scan.is_some(), seller.is_some())) {
            continue;
        }
        found.push(Thing {
            values: vec![
                ("id", id.to_string()),
                ("scan", scan.unwrap_or(987_654).to_string()),
            ],
            buyer,
            seller: seller.unwrap_or_default(),
            is_public,
            is_offered: !matches!(state.as_str(), "drafted" | "cancelled"),
            ..Thing::default()
        });
    }
    Ok(found)
}

fn of_providers(db: &mut Db) -> Things {
    let rows: Vec<(i64, i64, String)> = providers::table
        .order(providers::id)
        .select((providers::id, providers::body_id, providers::state))
        .load(db)?;
    let mut found = Vec::new();
    for (id, body, state) in rows {
        let file: Option<i64> = files::table
            .filter(files::subject_kind.eq("provider"))
            .filter(files::subject_id.eq(id))
            .filter(files::purpose.eq("qualification"))
            .select(files::id)
            .first(db)
            .optional()?;
        let entry: Option<String> = qualifications::table
            .filter(qualifications::provider_id.eq(id))
            .select(qualifications::state)
            .first(db)
            .optional()?;
        found.push(Thing {
            values: vec![
                ("id", id.to_string()),
                ("file", file.unwrap_or(987_654).to_string()),
            ],
            seller: body,
            is_public: state != "refused",
            is_offered: entry.is_some_and(|state| !matches!(state.as_str(), "draft" | "withdrawn")),
            ..Thing::default()
        });
    }
    Ok(found)
}

fn of_applications(db: &mut Db) -> Things {
    let rows: Vec<(i64, String)> = qualifications::table
        .select((qualifications::id, qualifications::state))
        .load(db)?;
    let things = rows.into_iter().map(|(id, state)| Thing {
        values: vec![("id", id.to_string())],
        is_offered: !matches!(state.as_str(), "draft" | "withdrawn"),
        ..Thing::default()
    });
    Ok(things.collect())
}

fn of_memberships(db: &mut Db) -> Things {
    let rows: Vec<(i64, i64)> = memberships::table
        .filter(memberships::ended_at.is_null())
        .order(memberships::id.desc())
        .select((memberships::id, memberships::body_id))
        .load(db)?;
    Ok(rows
        .into_iter()
        .map(|(id, body)| of_body(id, body))
        .collect())
}

fn of_body(id: i64, body: i64) -> Thing {
    Thing {
        values: vec![("id", id.to_string())],
        body,
        ..Thing::default()
    }
}

fn of_appointments(db: &mut Db) -> Things {
    let rows: Vec<(i64, i64)> = appointments::table
        .select((appointments::id, appointments::body_id))
        .load(db)?;
    Ok(rows
        .into_iter()
        .map(|(id, body)| of_body(id, body))
        .collect())
}

fn of_bodies(db: &mut Db) -> Things {
    let rows: Vec<i64> = bodies::table.select(bodies::id).limit(5).load(db)?;
    Ok(rows.into_iter().map(|id| of_body(id, id)).collect())
}

fn of_recoveries(db: &mut Db) -> Things {
    let rows: Vec<i64> = recoveries::table.select(recoveries::id).load(db)?;
    Ok(rows.into_iter().map(|id| of_body(id, 0)).collect())
}

fn of_redactions(db: &mut Db) -> Things {
    let rows: Vec<i64> = redactions::table.select(redactions::id).load(db)?;
    Ok(rows.into_iter().map(|id| of_body(id, 0)).collect())
}

fn of_drafts(db: &mut Db) -> Things {
    let rows: Vec<(i64, Option<i64>)> = catalogues::table
        .filter(catalogues::state.eq("draft"))
        .select((catalogues::id, catalogues::body_id))
        .load(db)?;
    Ok(rows
        .into_iter()
        .map(|(id, body)| of_body(id, body.unwrap_or_default()))
        .collect())
}

fn of_messages(db: &mut Db) -> Things {
    type Row = (String, Option<i64>, Option<i64>, Option<String>);
    let rows: Vec<Row> = messages::table
        .order(messages::id)
        .select((
            messages::public_id,
            messages::person_id,
            messages::body_id,
            messages::role,
        ))
        .load(db)?;
    let (mut found, mut kinds) = (Vec::new(), std::collections::BTreeSet::new());
    for (id, person, body, role) in rows {
        if kinds.insert((person, body, role.clone())) {
            found.push(Thing {
                values: vec![("id", id.clone()), ("number", id)],
                body: body.unwrap_or_default(),
                people: person.into_iter().collect(),
                role,
                ..Thing::default()
            });
        }
    }
    Ok(found)
}

fn of_people(rows: Vec<(i64, i64)>, field: &'static str) -> Vec<Thing> {
    let things = rows.into_iter().map(|(id, person)| Thing {
        field: Some((field, id.to_string())),
        people: vec![person],
        ..Thing::default()
    });
    things.collect()
}

/// The newest are those of nobody who tries the doors.
fn of_sessions(db: &mut Db) -> Things {
    let rows = sessions::table
        .filter(sessions::ended_at.is_null())
        .order(sessions::id)
        .select((sessions::id, sessions::person_id))
        .load(db)?;
    Ok(of_people(rows, "session"))
}

fn of_tokens(db: &mut Db) -> Things {
    let rows = api_tokens::table
        .inner_join(sessions::table.on(sessions::id.eq(api_tokens::session_id)))
        .order(api_tokens::id.desc())
        .select((api_tokens::session_id, sessions::person_id))
        .load(db)?;
    Ok(of_people(rows, "token"))
}

fn of_invitations(db: &mut Db) -> Things {
    let rows: Vec<(i64, i64, i64)> = invitations::table
        .inner_join(people::table.on(people::email.eq(invitations::email)))
        .select((invitations::id, people::id, invitations::body_id))
        .load(db)?;
    let things = rows.into_iter().map(|(id, person, body)| Thing {
        body,
        ..of_people(vec![(id, person)], "invitation").remove(0)
    });
    Ok(things.collect())
}

fn of_homes(db: &mut Db) -> Things {
    let rows: Vec<(i64, i64)> = memberships::table
        .filter(memberships::ended_at.is_null())
        .order(memberships::id.desc())
        .select((memberships::body_id, memberships::person_id))
        .load(db)?;
    let mut found = of_people(rows.clone(), "body");
    for (thing, (body, _)) in found.iter_mut().zip(&rows) {
        let members = rows.iter().filter(|(of, _)| of == body);
        thing.people = members.map(|(_, person)| *person).collect();
    }
    Ok(found)
}

/// What the story does not tell: a draft of the catalogue, an application that is being written, an appointment, an
/// account that is being recovered, invitations of a provider and of the platform.
pub fn add_untold(portal: &Portal) {
    let disk = portal.state.files.clone();
    let stored = actix_web::rt::System::new().block_on(disk.put(b"%PDF-".to_vec()));
    let key = stored.unwrap().key;
    portal.write(move |tx| {
        let find = |db: &mut Db, name: &str| -> Result<(i64, i64), Failure> {
            Ok(memberships::table
                .inner_join(people::table.on(people::id.eq(memberships::person_id)))
                .filter(people::email.eq(demo::address(name)))
                .select((people::id, memberships::body_id))
                .first(db)?)
        };
        let (_, bureau) = find(tx.db, "officer")?;
        let (chenxi, provider) = find(tx.db, "chenxi")?;
        let (admin, platform) = find(tx.db, "admin")?;
        let (expert, _) = find(tx.db, "expert6")?;
        // Publishing and discarding use one up, on both faces.
        for _ in 0..6 {
            diesel::insert_into(catalogues::table)
                .values((
                    catalogues::year.eq(2027),
                    catalogues::title.eq("草稿"),
                    catalogues::source.eq("test"),
                    catalogues::is_verified.eq(false),
                    catalogues::state.eq("draft"),
                    catalogues::body_id.eq(bureau),
                    catalogues::imported_at.eq(tx.now),
                    catalogues::version.eq(0),
                ))
                .execute(tx.db)?;
        }
        for (body, person, role) in [(provider, chenxi, "preparer"), (platform, expert, "expert")] {
            diesel::insert_into(appointments::table)
                .values((
                    appointments::body_id.eq(body),
                    appointments::person_id.eq(person),
                    appointments::role.eq(role),
                    appointments::from_on.eq(tx.now.date() + Duration::days(90)),
                    appointments::made_by.eq(admin),
                    appointments::made_at.eq(tx.now),
                ))
                .execute(tx.db)?;
            // Accepting, declining and withdrawing use some up.
            for name in ["qinghe", "songlin", "hefeng", "yinghuo", "nuanyang"] {
                diesel::insert_into(invitations::table)
                    .values((
                        invitations::body_id.eq(body),
                        invitations::email.eq(demo::address(name)),
                        invitations::role.eq(role),
                        invitations::invited_by.eq(admin),
                        invitations::created_at.eq(tx.machine_now()),
                        invitations::expires_at.eq(tx.machine_now() + Duration::days(30)),
                    ))
                    .execute(tx.db)?;
            }
        }
        for passage in ["甲", "乙", "丙", "丁"] {
            diesel::insert_into(redactions::table)
                .values((
                    redactions::subject_kind.eq("project"),
                    redactions::subject_id.eq(1),
                    redactions::passage.eq(passage),
                    redactions::ground.eq("wrong"),
                    redactions::reason.eq("误填"),
                    redactions::asked_by.eq(chenxi),
                    redactions::asked_at.eq(tx.now),
                ))
                .execute(tx.db)?;
        }
        for name in ["expert3", "expert4"] {
            let (person, _) = find(tx.db, name)?;
            diesel::insert_into(recoveries::table)
                .values((
                    recoveries::person_id.eq(person),
                    recoveries::reason.eq("丢失手机"),
                    recoveries::proposed_by.eq(chenxi),
                    recoveries::proposed_at.eq(tx.machine_now()),
                ))
                .execute(tx.db)?;
        }
        let contract: i64 = contracts::table
            .filter(contracts::provider_id.is_not_null())
            .filter(contracts::published_at.is_not_null())
            .select(contracts::id)
            .first(tx.db)?;
        let applicant: i64 = providers::table
            .filter(providers::body_id.eq(provider))
            .select(providers::id)
            .first(tx.db)?;
        for (kind, id, purpose) in [
            ("contract", contract, "signed_scan"),
            ("provider", applicant, "qualification"),
        ] {
            diesel::insert_into(files::table)
                .values((
                    files::subject_kind.eq(kind),
                    files::subject_id.eq(id),
                    files::purpose.eq(purpose),
                    files::name.eq("扫描件.pdf"),
                    files::media_type.eq("application/pdf"),
                    files::size.eq(5),
                    files::sha256.eq(hex::encode(sha2::Sha256::digest(b"%PDF-"))),
                    files::storage_key.eq(&key),
                    files::audience.eq("staff"),
                    files::created_at.eq(tx.now),
                ))
                .execute(tx.db)?;
        }
        Ok(())
    });
}
