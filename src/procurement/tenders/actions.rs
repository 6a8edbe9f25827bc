//! What happens to a tender.

use super::model::{NewCriterion, QuestionId, Tender, TenderId, TenderState};
use super::queries;
use super::rules::{self, CancelGround, Proposal, Step, TenderRule};
use crate::accounts::{self, Addressee};
use crate::common::clocks::{self, Period};
use crate::common::publications::{self, Notice, Publication};
use crate::common::rulesets::{self, Method, MethodRules};
use crate::infra::actor::Actor;
use crate::infra::db::Db;
use crate::infra::failure::{Failure, Rule};
use crate::infra::ledger::{self, Entry, Line, LineText};
use crate::infra::seal;
use crate::infra::secrets::Secrets;
use crate::infra::store::Tx;
use crate::infra::uptime;
use crate::kernel::instant;
use crate::kernel::roles::Role;
use crate::procurement::projects::{self, Project, ProjectId, ProjectState};
use chrono::{Duration, NaiveDateTime};
use diesel::QueryResult;
use serde_json::{Value, json};

/// Clocks, notices and history are each round's own; the project's page shows all rounds of it.
pub const SUBJECT: &str = "tender";

/// Loads a tender whose state an action relies on: it cannot change until the transaction ends, and `tx.now` is taken
/// anew after the wait for it.
pub fn hold(tx: &mut Tx, id: TenderId) -> Result<Tender, Failure> {
    queries::lock_shared(tx.db, id)?;
    if matches!(tx.db, Db::Postgres(_)) {
        tx.refresh_now()?;
    }
    Ok(queries::find(tx.db, id)?)
}

/// The same, taken alone: for an act that looks first and then changes what others look at. Two that shared the row would
/// both find it free, or each wait for the other.
pub fn hold_alone(tx: &mut Tx, id: TenderId) -> Result<Tender, Failure> {
    queries::lock_alone(tx.db, id)?;
    hold(tx, id)
}

/// Compare-and-set on the version; the opening's instant is kept when the state becomes `opened`.
pub fn set_state(tx: &mut Tx, tender: &Tender, state: TenderState) -> Result<(), Failure> {
    let mut next = tender.clone();
    next.state = state;
    if state == TenderState::Opened {
        next.opened_at = Some(tx.now);
        clocks::finish(tx.db, (SUBJECT, tender.id.0), "opening", tx.now)?;
    }
    save(tx, &next)
}

pub(super) fn save(tx: &mut Tx, tender: &Tender) -> Result<(), Failure> {
    match queries::save(tx.db, tender)? {
        0 => Err(Failure::Changed),
        _ => Ok(()),
    }
}

/// The rules that the tender was published under.
pub fn rules_of(db: &mut Db, tender: &Tender) -> Result<MethodRules, Failure> {
    Ok(rulesets::load_method(db, tender.rule_set_id)?.rules)
}

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

/// Publishes a notice about a project's tender.
fn announce(
    tx: &mut Tx,
    project: &Project,
    tender: &Tender,
    kind: &str,
    content: &Value,
) -> Result<(), Failure> {
    debug_assert_eq!(project.id, tender.project_id);
    publications::publish(
        tx,
        &Notice {
            kind,
            subject: (SUBJECT, tender.id.0),
            region: Some(&project.region_code),
            title: &project.title,
            link: &format!("/projects/{}", project.id),
            content,
        },
    )?;
    Ok(())
}

/// Asks before the cut-off. Who asked is known to the asker alone, now and in the ledger.
pub fn ask(tx: &mut Tx, actor: &Actor, id: TenderId, text: &str) -> Result<QuestionId, Failure> {
    let asker = actor.body_id().ok_or(Failure::Forbidden)?;
    let tender = hold(tx, id)?;
    let until = tender
        .questions_until
        .filter(|_| tender.published_at.is_some())
        .ok_or(Failure::NotFound)?;
    if tender.state != TenderState::Open || tx.now >= until {
        return Err(TenderRule::QuestionsClosed(until).into());
    }
    let waiting = queries::list_own_questions(tx.db, id, asker)?
        .iter()
        .filter(|question| question.answered_at.is_none())
        .count();
    if waiting >= rules::MOST_QUESTIONS {
        return Err(TenderRule::TooManyQuestions.into());
    }
    let question = queries::insert_question(tx.db, id, asker, text, tx.now)?;
    // The subject is the question itself: the project's history must not show when or how often somebody asked.
    ledger::append(
        tx,
        Some(actor),
        &Entry::new("question", question.0, "question.asked").sealed_for(asker, None),
    )?;
    let project = projects::find(tx.db, tender.project_id)?;
    limit_answer(tx, &project, question, tx.now, tender.closes_at)?;
    let link = format!("/projects/{}/questions", project.id);
    accounts::deliver(
        tx,
        Addressee::Holders(project.buyer_id, Role::Officer),
        "question-asked",
        &[("title", &project.title)],
        &link,
    )?;
    Ok(question)
}

/// Starts the clock of an answer, or sets it anew when the deadline has moved.
fn limit_answer(
    tx: &mut Tx,
    project: &Project,
    question: QuestionId,
    asked_at: NaiveDateTime,
    closes_at: Option<NaiveDateTime>,
) -> Result<(), Failure> {
    let calendar = rulesets::load_calendar(tx.db)?;
    let Some(due_at) = rules::answer_limit(&calendar, asked_at, closes_at) else {
        return Ok(());
    };
    let period = Period {
        subject: ("question", question.0),
        code: "answers",
        article: Some("政府采购法 §51"),
        body: Some(project.buyer_id),
        starts_at: asked_at,
        due_at,
        is_public: false,
    };
    Ok(clocks::set(tx.db, &period)?)
}

/// Answers for everybody; question and answer become public together.
pub fn answer(
    tx: &mut Tx,
    actor: &Actor,
    id: QuestionId,
    version: i64,
    text: &str,
) -> Result<(), Failure> {
    let question = queries::find_question(tx.db, id)?;
    let tender = hold(tx, question.tender_id)?;
    let project = projects::find_own(tx.db, tender.project_id, actor.body_id())?;
    if question.version != version || question.answered_at.is_some() {
        return Err(Failure::Changed);
    }
    if !TenderState::ANSWERING.contains(&tender.state) {
        return Err(TenderRule::NotNow {
            step: Step::Extend,
            state: tender.state,
        }
        .into());
    }
    if queries::set_answer(tx.db, &question, text, actor.person_id, tx.now)? == 0 {
        return Err(Failure::Changed);
    }
    clocks::finish(tx.db, ("question", id.0), "answers", tx.now)?;
    ledger::append(
        tx,
        Some(actor),
        &Entry::new(SUBJECT, tender.id.0, "question.answered"),
    )?;
    let asker = queries::asker_of(tx.db, id)?;
    let link = format!("/projects/{}", project.id);
    accounts::deliver(
        tx,
        Addressee::Body(asker),
        "question-answered",
        &[("title", &project.title)],
        &link,
    )?;
    let content =
        json!({ "number": project.number, "question": question.question, "answer": text });
    announce(tx, &project, &tender, "answer", &content)
}

/// A later deadline, before the present one or after an outage; everybody is told the same.
pub fn extend(
    tx: &mut Tx,
    actor: &Actor,
    id: TenderId,
    version: i64,
    closes_at: NaiveDateTime,
    reason: &str,
) -> Result<(), Failure> {
    let (project, mut tender) = own(tx, actor, id, version)?;
    let from = tender.state;
    tender.state = rules::next_state(from, Step::Extend)?;
    rules::check_reason(reason, "extend_reason")?;
    // A deadline that has passed is over, unless an outage holds it.
    if from == TenderState::Open && tender.closes_at.is_some_and(|at| at <= tx.now) {
        return Err(TenderRule::NotNow {
            step: Step::Extend,
            state: from,
        }
        .into());
    }
    let calendar = rulesets::load_calendar(tx.db)?;
    let earliest = calendar.add_working_days(instant::shanghai_date(tx.now), 1);
    let is_later = Some(closes_at) > tender.closes_at;
    if !is_later || earliest.is_none_or(|day| rules::last_day(closes_at) < day) {
        return Err(TenderRule::NotLater.into());
    }
    tender.closes_at = Some(closes_at);
    tender.next_check = Some(closes_at);
    tender.held_minutes = None;
    save(tx, &tender)?;
    let (subject, now) = ((SUBJECT, tender.id.0), tx.now);
    let rules = rules_of(tx.db, &tender)?;
    clocks::set(
        tx.db,
        &Period {
            subject,
            code: "deadline",
            article: Some(&rules.tendering.article),
            body: None,
            starts_at: now,
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
            body: Some(project.buyer_id),
            starts_at: closes_at,
            due_at: closes_at,
            is_public: true,
        },
    )?;
    for question in queries::list_questions(tx.db, id, true)? {
        if question.answered_at.is_none() {
            limit_answer(
                tx,
                &project,
                question.id,
                question.asked_at,
                Some(closes_at),
            )?;
        }
    }
    let entry = Entry::new(SUBJECT, tender.id.0, "tender.extended")
        .moved(from.as_str(), tender.state.as_str())
        .because(reason);
    ledger::append(tx, Some(actor), &entry)?;
    tell(tx, &project, id, "tender-extended")?;
    let content = json!({ "number": project.number, "closes_at": instant::rfc3339(closes_at), "reason": reason });
    announce(tx, &project, &tender, "extension", &content)
}

/// Ends a held tender as failed, with a reason that everybody can read.
pub fn close_held(
    tx: &mut Tx,
    actor: &Actor,
    id: TenderId,
    version: i64,
    reason: &str,
) -> Result<(), Failure> {
    let (project, tender) = own(tx, actor, id, version)?;
    if tender.state != TenderState::Held {
        return Err(TenderRule::NotNow {
            step: Step::Fail,
            state: tender.state,
        }
        .into());
    }
    rules::check_reason(reason, "close_reason")?;
    let content = json!({ "number": project.number, "reason": reason });
    fail(tx, Some(actor), &project, tender, Some(reason), &content)
}

/// Gives a tender up on a ground of the law.
pub fn cancel(
    tx: &mut Tx,
    actor: &Actor,
    id: TenderId,
    version: i64,
    ground: CancelGround,
    reason: &str,
) -> Result<(), Failure> {
    let (project, mut tender) = own(tx, actor, id, version)?;
    let from = tender.state;
    tender.state = rules::next_state(from, Step::Cancel)?;
    rules::check_ground(from, ground)?;
    rules::check_reason(reason, "cancel_reason")?;
    tender.next_check = None;
    save(tx, &tender)?;
    // Only a task that is gone ends the project; otherwise it may be tendered again (政府采购法 §37).
    let end = match ground {
        CancelGround::TaskGone => ProjectState::Cancelled,
        CancelGround::Unlawful | CancelGround::AllAboveBudget => ProjectState::Failed,
    };
    projects::set_state(tx, &project, end)?;
    finish_clocks(tx, tender.id, true)?;
    let rules = rules_of(tx.db, &tender)?;
    let entry = Entry::new(SUBJECT, tender.id.0, "tender.cancelled")
        .moved(from.as_str(), tender.state.as_str())
        .under(&rules.min_bids_article)
        .because(reason);
    ledger::append(tx, Some(actor), &entry)?;
    tell(tx, &project, id, "tender-cancelled")?;
    let content = json!({ "number": project.number, "ground": ground, "reason": reason });
    announce(tx, &project, &tender, "cancellation", &content)
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

/// The actor's own body's tender at the version that the page showed.
fn own(
    tx: &mut Tx,
    actor: &Actor,
    id: TenderId,
    version: i64,
) -> Result<(Project, Tender), Failure> {
    let tender = hold_alone(tx, id)?;
    let project = projects::find_own(tx.db, tender.project_id, actor.body_id())?;
    if tender.version != version {
        return Err(Failure::Changed);
    }
    Ok((project, tender))
}

/// Lays a message in the inbox of each bidder, who learns it alone, and of the purchaser's officers.
fn tell(tx: &mut Tx, project: &Project, tender: TenderId, kind: &str) -> Result<(), Failure> {
    let link = format!("/projects/{}", project.id);
    let bidders = queries::list_bidders(tx.db, tender)?;
    let told = bidders
        .into_iter()
        .map(Addressee::Body)
        .chain([Addressee::Holders(project.buyer_id, Role::Officer)]);
    for to in told {
        accounts::deliver(tx, to, kind, &[("title", &project.title)], &link)?;
    }
    Ok(())
}

fn fail(
    tx: &mut Tx,
    actor: Option<&Actor>,
    project: &Project,
    mut tender: Tender,
    reason: Option<&str>,
    content: &Value,
) -> Result<(), Failure> {
    let from = tender.state;
    tender.state = rules::next_state(from, Step::Fail)?;
    tender.closed_at = Some(tx.now);
    tender.next_check = None;
    save(tx, &tender)?;
    let held = projects::find(tx.db, project.id)?;
    projects::set_state(tx, &held, ProjectState::Failed)?;
    finish_clocks(tx, tender.id, true)?;
    let rules = rules_of(tx.db, &tender)?;
    let mut entry = Entry::new(SUBJECT, tender.id.0, "tender.failed")
        .moved(from.as_str(), tender.state.as_str())
        .under(&rules.min_bids_article);
    entry.reason = reason;
    ledger::append(tx, actor, &entry)?;
    tell(tx, project, tender.id, "tender-failed")?;
    announce(tx, project, &tender, "failure", content)
}

fn finish_clocks(tx: &mut Tx, tender: TenderId, with_opening: bool) -> Result<(), Failure> {
    let (subject, now) = ((SUBJECT, tender.0), tx.now);
    clocks::finish(tx.db, subject, "questions", now)?;
    clocks::finish(tx.db, subject, "deadline", now)?;
    if with_opening {
        for code in ["opening", "decision", "signing"] {
            clocks::finish(tx.db, subject, code, now)?;
        }
    }
    Ok(())
}

/// Moves a tender on when its instant has come: closed, failed for want of bids, or held after an outage.
///
/// The row is changed first and the bids are counted after it: a submission that holds the row shared has either
/// committed before, and is counted, or finds the tender closed.
pub fn check_due(tx: &mut Tx, id: TenderId) -> Result<(), Failure> {
    let mut tender = queries::find(tx.db, id)?;
    let Some(closes_at) = tender
        .closes_at
        .filter(|_| tender.state == TenderState::Open)
    else {
        // It went on without the worker: nothing is left to look at.
        tender.next_check = None;
        return save(tx, &tender);
    };
    if tx.now < closes_at {
        return Ok(());
    }
    let project = projects::find(tx.db, tender.project_id)?;
    let rules = rules_of(tx.db, &tender)?;
    let gap = uptime::longest_gap(tx, closes_at - Duration::days(1), closes_at)?;
    if gap > Duration::minutes(rules.outage_minutes) {
        return hold_for(tx, &project, tender, Some(gap));
    }
    tender.state = rules::next_state(tender.state, Step::Close)?;
    tender.closed_at = Some(tx.now);
    tender.next_check = None;
    save(tx, &tender)?;
    let bids = queries::count_current_bids(tx.db, id)?;
    if bids < i64::from(rules.min_bids) {
        // Undone within the same transaction: the row is closed to submissions either way.
        let mut open = queries::find(tx.db, id)?;
        open.state = TenderState::Open;
        let content = json!({ "number": project.number, "bids": bids, "min_bids": rules.min_bids,
            "article": rules.min_bids_article });
        return fail(tx, None, &project, open, None, &content);
    }
    finish_clocks(tx, tender.id, false)?;
    let entry =
        Entry::new(SUBJECT, tender.id.0, "tender.closed").moved("open", tender.state.as_str());
    ledger::append(tx, None, &entry)?;
    let link = format!("/projects/{}/opening", project.id);
    accounts::deliver(
        tx,
        Addressee::Holders(project.buyer_id, Role::Officer),
        "tender-closed",
        &[("title", &project.title)],
        &link,
    )
}

/// Holds a tender whose deadline has come by a clock that cannot be trusted.
pub fn hold_due(tx: &mut Tx, id: TenderId) -> Result<(), Failure> {
    let tender = queries::find(tx.db, id)?;
    let is_due = tender
        .closes_at
        .is_some_and(|closes_at| tx.now >= closes_at);
    if tender.state != TenderState::Open || !is_due {
        return Ok(());
    }
    let project = projects::find(tx.db, tender.project_id)?;
    hold_for(tx, &project, tender, None)
}

/// The portal could not be reached on the last day (`gap`), or its clock was in doubt: nothing opens until an officer
/// extends or closes with a reason.
fn hold_for(
    tx: &mut Tx,
    project: &Project,
    mut tender: Tender,
    gap: Option<Duration>,
) -> Result<(), Failure> {
    tender.state = rules::next_state(tender.state, Step::Hold)?;
    tender.next_check = None;
    tender.held_minutes = gap.map(|gap| gap.num_minutes());
    save(tx, &tender)?;
    ledger::append(
        tx,
        None,
        &Entry::new(SUBJECT, tender.id.0, "tender.held").moved("open", "held"),
    )?;
    tell(tx, project, tender.id, "tender-held")?;
    let content = json!({ "number": project.number, "minutes": gap.map(|gap| gap.num_minutes()) });
    announce(tx, project, &tender, "hold", &content)
}

/// The subjects whose history, notices and clocks make up a project's page: itself and its rounds, oldest first.
fn subjects_of(db: &mut Db, project: ProjectId) -> QueryResult<Vec<(&'static str, i64)>> {
    let rounds = queries::list_newest_of(db, &[project])?;
    Ok(std::iter::once((projects::SUBJECT, project.0))
        .chain(rounds.iter().map(|tender| (SUBJECT, tender.id.0)))
        .collect())
}

/// A project's history through all its rounds, as far as this reader may see it, oldest first.
pub fn history_of(
    db: &mut Db,
    project: ProjectId,
    reader: Option<&Actor>,
    now: NaiveDateTime,
) -> Result<Vec<(Line, Option<LineText>)>, Failure> {
    let mut lines = Vec::new();
    for subject in subjects_of(db, project)? {
        lines.extend(ledger::history(db, subject, reader, now)?);
    }
    lines.sort_by_key(|(line, _)| (line.at, line.id));
    Ok(lines)
}

/// A project's notices through all its rounds, oldest first.
pub fn notices_of(db: &mut Db, project: ProjectId) -> QueryResult<Vec<Publication>> {
    let mut all = Vec::new();
    for subject in subjects_of(db, project)? {
        all.extend(publications::list_of_subject(db, subject)?);
    }
    all.sort_by_key(|notice| notice.id);
    Ok(all)
}
