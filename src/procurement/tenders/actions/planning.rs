//! A round is planned and published, and after a failure planned anew.

use super::super::model::{NewCriterion, Tender, TenderId, TenderState};
use super::super::queries;
use super::super::rules::{self, Proposal, Step, TenderRule};
use super::{SUBJECT, announce, save};
use crate::accounts;
use crate::common::clocks::{self, Period};
use crate::common::rulesets::{self, Method, MethodRules};
use crate::infra::actor::Actor;
use crate::infra::db::Db;
use crate::infra::failure::{Failure, Rule};
use crate::infra::ledger::{self, Entry};
use crate::infra::seal;
use crate::infra::secrets::Secrets;
use crate::infra::store::Tx;
use crate::kernel::instant;
use crate::procurement::projects::{self, Project, ProjectId, ProjectState};
use chrono::NaiveDateTime;
use serde_json::{Value, json};

/// What the officer decides before publishing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub method: Method,
    pub criteria: Vec<NewCriterion>,
    pub questions_until: NaiveDateTime,
    pub closes_at: NaiveDateTime,
    /// The officer knows that the calendar of a year in the period is provisional (暂定).
    pub accepts_provisional: bool,
}

/// The earliest lawful dates if the tender were published at `now`.
pub fn propose(
    db: &mut Db,
    region: &str,
    method: Method,
    now: NaiveDateTime,
) -> Result<Proposal, Failure> {
    let today = instant::shanghai_date(now);
    let found = find_rules(db, region, method, today)?;
    let calendar = rulesets::load_calendar(db)?;
    rules::propose(&found.rules, &calendar, today)
        .ok_or_else(|| Failure::internal("no date to propose"))
}

/// Rules are the county's; a town's projects follow them.
pub fn find_rules(
    db: &mut Db,
    region: &str,
    method: Method,
    on: chrono::NaiveDate,
) -> Result<rulesets::FoundMethod, Failure> {
    let county: String = region.chars().take(6).collect();
    rulesets::find_method(db, &county, method, on)
}

/// Writes the draft of the project's newest round.
pub fn plan(
    tx: &mut Tx,
    actor: &Actor,
    project: ProjectId,
    plan: &Plan,
) -> Result<TenderId, Failure> {
    let project = projects::find_own(tx.db, project, actor.body_id())?;
    let today = instant::shanghai_date(tx.now);
    let found = find_rules(tx.db, &project.region_code, plan.method, today)?;
    let calendar = rulesets::load_calendar(tx.db)?;
    let mut wrong = rules::check_criteria(&plan.criteria, &found.rules);
    wrong.extend(rules::check_dates(
        &found.rules,
        &calendar,
        tx.now,
        plan.questions_until,
        plan.closes_at,
        plan.accepts_provisional,
    ));
    wrong.extend(rules::check_term(project.term_from, plan.closes_at));
    if !wrong.is_empty() {
        return Err(Failure::RefusedAll(
            wrong.iter().map(Rule::refusal).collect(),
        ));
    }
    let mut tender = match queries::newest_of(tx.db, project.id)? {
        Some(tender) if tender.state == TenderState::Draft => tender,
        Some(tender) => {
            return Err(TenderRule::NotNow {
                step: Step::Publish,
                state: tender.state,
            }
            .into());
        }
        None => {
            let id = queries::insert(tx.db, project.id, 1, plan.method, found.id)?;
            queries::find(tx.db, id)?
        }
    };
    tender.method = plan.method;
    tender.rule_set_id = found.id;
    tender.questions_until = Some(plan.questions_until);
    tender.closes_at = Some(plan.closes_at);
    save(tx, &tender)?;
    queries::set_criteria(tx.db, tender.id, &plan.criteria)?;
    let entry =
        Entry::new(SUBJECT, tender.id.0, "tender.planned").for_staff(Some(project.buyer_id));
    ledger::append(tx, Some(actor), &entry)?;
    Ok(tender.id)
}

/// The key pair of a tender: bids are sealed to the public half, the secret half is sealed under the server's key.
#[derive(Clone)]
pub struct TenderKey {
    pub recipient: String,
    pub wrapped_identity: String,
}

/// Made before the transaction: encryption is slow work.
pub fn make_key(secrets: &Secrets) -> Result<TenderKey, Failure> {
    let (recipient, identity) = seal::make_key();
    let wrapped = seal::seal(secrets.server_recipient(), identity.as_bytes())?;
    Ok(TenderKey {
        recipient,
        wrapped_identity: hex::encode(wrapped),
    })
}

/// Publishes the planned round: rules are frozen, clocks start, the notice is out. `version` is the project's. Dates that
/// rest on a provisional calendar are published as such, and only by an officer who says so.
pub fn publish(
    tx: &mut Tx,
    actor: &Actor,
    project: ProjectId,
    version: i64,
    key: &TenderKey,
    accepts_provisional: bool,
) -> Result<(), Failure> {
    let project = projects::find_own(tx.db, project, actor.body_id())?;
    if project.version != version {
        return Err(Failure::Changed);
    }
    let mut tender = queries::newest_of(tx.db, project.id)?.ok_or(TenderRule::NotPlanned)?;
    let from = tender.state;
    tender.state = rules::next_state(from, Step::Publish)?;
    let (Some(questions_until), Some(closes_at)) = (tender.questions_until, tender.closes_at)
    else {
        return Err(TenderRule::NotPlanned.into());
    };
    // What was lawful when it was planned may be too short by now.
    let today = instant::shanghai_date(tx.now);
    let found = find_rules(tx.db, &project.region_code, tender.method, today)?;
    let rows = new_criteria(tx.db, tender.id)?;
    let calendar = rulesets::load_calendar(tx.db)?;
    let mut wrong = rules::check_criteria(&rows, &found.rules);
    wrong.extend(rules::check_dates(
        &found.rules,
        &calendar,
        tx.now,
        questions_until,
        closes_at,
        accepts_provisional,
    ));
    wrong.extend(rules::check_term(project.term_from, closes_at));
    if !wrong.is_empty() {
        return Err(Failure::RefusedAll(
            wrong.iter().map(Rule::refusal).collect(),
        ));
    }
    tender.rule_set_id = found.id;
    tender.published_at = Some(tx.now);
    tender.next_check = Some(closes_at);
    tender.recipient = Some(key.recipient.clone());
    tender.wrapped_identity = Some(key.wrapped_identity.clone());
    save(tx, &tender)?;
    projects::set_state(tx, &project, ProjectState::Tendering)?;
    start_clocks(
        tx,
        &project,
        tender.id,
        &found.rules,
        questions_until,
        closes_at,
    )?;
    let entry = Entry::new(SUBJECT, tender.id.0, "tender.published")
        .moved(from.as_str(), tender.state.as_str())
        .under(&found.rules.tendering.article);
    ledger::append(tx, Some(actor), &entry)?;
    let provisional = rules::provisional_year(&calendar, today, closes_at);
    if let Some(year) = provisional {
        let year = year.to_string();
        let entry = Entry::new(SUBJECT, tender.id.0, "tender.provisional-dates").because(&year);
        ledger::append(tx, Some(actor), &entry)?;
    }
    let content = notice_of(tx.db, &project, &tender, &found.rules, provisional)?;
    announce(tx, &project, &tender, "tender", &content)
}

fn start_clocks(
    tx: &mut Tx,
    project: &Project,
    tender: TenderId,
    rules: &MethodRules,
    questions_until: NaiveDateTime,
    closes_at: NaiveDateTime,
) -> Result<(), Failure> {
    let (subject, buyer, now) = ((SUBJECT, tender.0), Some(project.buyer_id), tx.now);
    clocks::set(
        tx.db,
        &Period {
            subject,
            code: "published",
            article: Some(&rules.tendering.article),
            body: None,
            starts_at: now,
            due_at: now,
            is_public: true,
        },
    )?;
    clocks::finish(tx.db, subject, "published", now)?;
    clocks::set(
        tx.db,
        &Period {
            subject,
            code: "questions",
            article: Some(&rules.questions.article),
            body: None,
            starts_at: now,
            due_at: questions_until,
            is_public: true,
        },
    )?;
    clocks::set(
        tx.db,
        &Period {
            subject,
            code: "deadline",
            article: Some(&rules.tendering.article),
            body: None,
            starts_at: questions_until,
            due_at: closes_at,
            is_public: true,
        },
    )?;
    clocks::set(
        tx.db,
        &Period {
            subject,
            code: "opening",
            article: Some(&rules.opening_article),
            body: buyer,
            starts_at: closes_at,
            due_at: closes_at,
            is_public: true,
        },
    )?;
    Ok(())
}

/// The tender notice: everything that the documents must say, and nothing about bids.
fn notice_of(
    db: &mut Db,
    project: &Project,
    tender: &Tender,
    rules: &MethodRules,
    provisional: Option<i32>,
) -> Result<Value, Failure> {
    let buyer = accounts::find_body(db, project.buyer_id)?.name;
    let criteria: Vec<Value> = queries::criteria_of(db, tender.id)?
        .iter()
        .map(|row| json!({ "kind": row.kind, "name": row.name, "measure": row.measure, "weight": row.weight }))
        .collect();
    Ok(json!({
        "number": project.number,
        "round": tender.round,
        "title": project.title,
        "buyer": buyer,
        "phone": project.phone,
        "catalogue_code": project.catalogue_code,
        "budget_fen": project.budget_fen,
        "requirement": project.requirement,
        "term_from": project.term_from,
        "term_to": project.term_to,
        "communities": projects::communities_of(db, project.id)?,
        "method": tender.method,
        "criteria": criteria,
        "questions_until": tender.questions_until.map(instant::rfc3339),
        "closes_at": tender.closes_at.map(instant::rfc3339),
        "min_bids": rules.min_bids,
        "provisional_year": provisional,
        "recipient": tender.recipient,
    }))
}

/// A new round of a failed project, as a draft with the same criteria.
pub fn retender(tx: &mut Tx, actor: &Actor, project: ProjectId) -> Result<TenderId, Failure> {
    let project = projects::find_own(tx.db, project, actor.body_id())?;
    let last = queries::newest_of(tx.db, project.id)?.ok_or(TenderRule::NotPlanned)?;
    let has_ended = matches!(last.state, TenderState::Failed | TenderState::Cancelled);
    if project.state != ProjectState::Failed || !has_ended {
        return Err(TenderRule::NotNow {
            step: Step::Publish,
            state: last.state,
        }
        .into());
    }
    let id = queries::insert(
        tx.db,
        project.id,
        last.round + 1,
        last.method,
        last.rule_set_id,
    )?;
    let rows = new_criteria(tx.db, last.id)?;
    queries::set_criteria(tx.db, id, &rows)?;
    let entry = Entry::new(SUBJECT, id.0, "tender.planned").for_staff(Some(project.buyer_id));
    ledger::append(tx, Some(actor), &entry)?;
    Ok(id)
}

fn new_criteria(db: &mut Db, id: TenderId) -> Result<Vec<NewCriterion>, Failure> {
    Ok(queries::criteria_of(db, id)?
        .into_iter()
        .map(|row| NewCriterion {
            kind: row.kind,
            name: row.name,
            measure: row.measure,
            weight: row.weight,
        })
        .collect())
}
