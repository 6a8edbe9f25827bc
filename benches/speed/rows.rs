//! Rows by the thousand, written by the database itself: one tender goes through the portal's own acts, the rest are its
//! likes.

use chrono::Duration;
use diesel::connection::SimpleConnection;
use diesel::deserialize::QueryableByName;
use diesel::sql_types::BigInt;
use diesel::{RunQueryDsl, sql_query};
use sanshe::common::rulesets::Method;
use sanshe::infra::db::{Db, Purpose};
use sanshe::infra::failure::Failure;
use sanshe::infra::{actor, store, tokens};
use sanshe::kernel::credit_code::CreditCode;
use sanshe::kernel::money::Fen;
use sanshe::kernel::people::{BodyId, PersonId};
use sanshe::kernel::roles::{BodyKind, Role};
use sanshe::kernel::{instant, sound, text};
use sanshe::procurement::projects::{self, Forbidden, NewProject};
use sanshe::procurement::tenders::{self, CriterionKind, NewCriterion, Plan};
use sanshe::web::State;
use sanshe::{accounts, on_db, regions};
use std::fmt::Write;

/// The made rows' numbers begin here; the portal's own stay below.
const BASE: usize = 10_000_000;
/// Tenders that take bids at once: a county has some dozens; so many let 32 clients bid for seconds.
const OPEN: usize = 250;
/// Five years.
const SECONDS: usize = 5 * 365 * 24 * 3600;

const FIELDS: [&str; 20] = [
    "居家养老",
    "社区养老",
    "儿童托管",
    "社区矫正",
    "助残就业",
    "青少年",
    "心理健康",
    "垃圾分类",
    "法律援助",
    "应急救援",
    "文化活动",
    "健康宣教",
    "困境儿童",
    "社区调解",
    "志愿者培训",
    "失独家庭",
    "公益创投",
    "平安巡防",
    "科普宣传",
    "社工站",
];
const KINDS: [&str; 20] = [
    "巡访服务",
    "照料服务",
    "评估服务",
    "培训项目",
    "关爱行动",
    "帮扶计划",
    "运营管理",
    "陪伴服务",
    "宣传项目",
    "咨询服务",
    "配送服务",
    "监测项目",
    "调查项目",
    "巡查服务",
    "整治项目",
    "支持计划",
    "互助行动",
    "入户服务",
    "示范项目",
    "提升工程",
];

/// How many of what.
pub struct Counts {
    pub providers: usize,
    pub projects: usize,
}

impl Counts {
    /// Two fifths projects, as many contracts, one fifth providers; the communities are the county's.
    pub fn of(rows: usize) -> Self {
        Self {
            providers: rows / 5,
            projects: rows * 2 / 5,
        }
    }

    pub fn open(&self) -> usize {
        (self.projects / 5).min(OPEN)
    }

    /// The projects that take bids: the newest.
    pub fn open_projects(&self) -> Vec<usize> {
        let last = BASE + self.projects;
        (last + 1 - self.open()..=last).collect()
    }

    /// A project whose contract is in force.
    pub fn contracted(&self) -> usize {
        BASE + self.projects - self.open()
    }
}

/// A provider's member who may bid, signed in.
pub struct Bidder {
    pub body: BodyId,
    /// What the session cookie holds.
    pub session: String,
}

/// The tender that the portal itself published.
#[derive(Clone, Copy)]
pub struct Template {
    pub project: i64,
    tender: i64,
}

/// A published tender, by the portal's own acts.
pub fn publish(state: &State) -> Result<Template, Failure> {
    let key = tenders::make_key(&state.secrets)?;
    state.store.write_blocking(move |tx| {
        let body = accounts::create_body(
            tx,
            None,
            BodyKind::Bureau,
            "示范民政局",
            Some(regions::COUNTY),
            Some("0512-00000000"),
        )?;
        let clerk = person(tx, "clerk", body, &[Role::Officer])?;
        let session = accounts::begin_session(tx, clerk, "bench", "127.0.0.0/24")?;
        let now = tx.machine_now();
        let actor = actor::find(tx.db, session, now)?.ok_or(Failure::NotFound)?;
        let today = instant::shanghai_date(tx.now);
        let new = NewProject {
            catalogue_code: "A0402".into(),
            title: "居家养老巡访服务".into(),
            requirement: "每周上门巡访一次，核对服务记录，每月向社区报告一次。".repeat(8),
            budget: Fen(48_000_000),
            is_budget_secured: true,
            term_from: today + Duration::days(60),
            term_to: today + Duration::days(300),
            grounds: Vec::new(),
            answered_no: Forbidden::ALL.to_vec(),
            communities: vec![regions::list_communities(tx.db)?.remove(0).code],
            phone: "0512-00000000".into(),
        };
        let project = projects::create(tx, &actor, &new)?;
        let dates = tenders::propose(tx.db, regions::COUNTY, Method::OpenTender, tx.now)?;
        let criterion = |kind, name: &str, weight| NewCriterion {
            kind,
            name: name.into(),
            measure: "按五个要点计分，每点一至十分".into(),
            weight,
        };
        let plan = Plan {
            method: Method::OpenTender,
            criteria: vec![
                criterion(CriterionKind::Quality, "服务方案", 60),
                criterion(CriterionKind::Quality, "人员配备", 20),
                criterion(CriterionKind::Price, "报价", 20),
            ],
            questions_until: dates.questions_until,
            closes_at: dates.closes_at,
            accepts_provisional: true,
        };
        let tender = tenders::plan(tx, &actor, project, &plan)?;
        let version = projects::find(tx.db, project)?.version;
        tenders::publish(tx, &actor, project, version, &key, true)?;
        Ok(Template {
            project: project.0,
            tender: tender.0,
        })
    })
}

pub fn bidders(state: &State, count: usize) -> Result<Vec<Bidder>, Failure> {
    let sessions = state.store.write_blocking(move |tx| {
        let mut sessions = Vec::new();
        for n in 0..count {
            let name = format!("投标{n}号服务中心");
            let body = accounts::create_body(tx, None, BodyKind::Provider, &name, None, None)?;
            let roles = [Role::Preparer, Role::Submitter];
            let bidder = person(tx, &format!("bidder{n}"), body, &roles)?;
            let session = accounts::begin_session(tx, bidder, "bench", "127.0.0.0/24")?;
            sessions.push((body, session));
        }
        Ok(sessions)
    })?;
    let key = state.secrets.token_key();
    let signed_in = sessions.into_iter().map(|(body, session)| {
        let session = tokens::issue(key, session, store::machine_now())?;
        Ok(Bidder { body, session })
    });
    signed_in.collect()
}

fn person(
    tx: &mut store::Tx,
    name: &str,
    body: BodyId,
    roles: &[Role],
) -> Result<PersonId, Failure> {
    let email = format!("{name}@bench.invalid");
    let language = sanshe::infra::words::Language::Chinese;
    // Nobody signs in with a password here.
    let person = accounts::create_person(tx, &email, name, "-", language, true)?;
    for role in roles {
        accounts::grant(tx, None, person, body, *role)?;
    }
    Ok(person)
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// Writes all rows, past the portal.
pub fn fill(state: &State, template: Template, counts: &Counts) {
    let mut db = state
        .config
        .database
        .connect(Purpose::Write)
        .expect("the database");
    let is_sqlite = matches!(db, Db::Sqlite(_));
    if is_sqlite {
        run(
            &mut db,
            "PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF",
        );
    }
    run(&mut db, "BEGIN");
    helpers(&mut db, counts, is_sqlite);
    for statement in statements(template, counts, is_sqlite) {
        run(&mut db, &statement);
    }
    for helper in ["numbers", "titles", "places", "codes", "credit_codes"] {
        run(&mut db, &format!("DROP TABLE bench_{helper}"));
    }
    run(&mut db, "COMMIT");
    if is_sqlite {
        run(&mut db, "PRAGMA wal_checkpoint(TRUNCATE)");
    } else {
        // As the server's own housekeeping does.
        run(&mut db, "VACUUM ANALYZE");
    }
}

fn run(db: &mut Db, sql: &str) {
    db.batch_execute(sql)
        .unwrap_or_else(|error| panic!("{error}: {sql}"));
}

/// What the rows are made of: numbers with their instants, titles with their words, places, catalogue codes.
fn helpers(db: &mut Db, counts: &Counts, is_sqlite: bool) {
    let most = counts.projects.max(counts.providers);
    let step = SECONDS / counts.projects;
    let at = if is_sqlite {
        format!("datetime('now', '-' || (({most} - n) * {step}) || ' seconds')")
    } else {
        format!(
            "date_trunc('second', now() AT TIME ZONE 'UTC') - ({most} - n) * {step} * INTERVAL '1 second'"
        )
    };
    let day = |days: i32| {
        if is_sqlite {
            format!("date('now', '-' || (n % 700) || ' days', '{days:+} days')")
        } else {
            format!("CURRENT_DATE - (n % 700)::INTEGER + ({days})")
        }
    };
    run(
        db,
        "CREATE TABLE bench_numbers (n BIGINT PRIMARY KEY, at TIMESTAMP, from_on DATE, to_on DATE)",
    );
    run(
        db,
        &format!(
            "INSERT INTO bench_numbers WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {most}) \
             SELECT CAST(n AS BIGINT), {at}, {}, {} FROM s",
            day(30),
            day(395)
        ),
    );
    run(
        db,
        "CREATE TABLE bench_titles (k BIGINT PRIMARY KEY, title TEXT, name TEXT, sort_key TEXT, words TEXT)",
    );
    let mut rows = Vec::new();
    for (n, field) in FIELDS.iter().enumerate() {
        for (m, kind) in KINDS.iter().enumerate() {
            let (title, name) = (
                format!("{field}{kind}"),
                format!("示范{kind}{field}社会工作服务中心"),
            );
            let mut words = text::index_text(&format!("{title} 示范民政局 全县 社会服务"));
            for sound in sound::spellings(&title, false) {
                let _ = write!(words, " {sound}");
            }
            let sort_key = sound::sort_key(&name);
            rows.push(format!(
                "({}, '{title}', '{name}', '{sort_key}', '{words}')",
                n * KINDS.len() + m
            ));
        }
    }
    run(
        db,
        &format!("INSERT INTO bench_titles VALUES {}", rows.join(", ")),
    );
    let ordered = "CAST(row_number() OVER (ORDER BY code) - 1 AS BIGINT) AS k, code";
    run(
        db,
        &format!(
            "CREATE TABLE bench_places AS SELECT {ordered}, parent_code FROM regions WHERE kind IN ('community', 'village'); \
             CREATE TABLE bench_codes AS SELECT {ordered} FROM catalogue_items WHERE level = 3"
        ),
    );
    run(
        db,
        "CREATE TABLE bench_credit_codes (n BIGINT PRIMARY KEY, code TEXT)",
    );
    for block in (1..=counts.providers).collect::<Vec<_>>().chunks(1000) {
        let rows: Vec<String> = block
            .iter()
            .map(|n| {
                let code = CreditCode::make("52", regions::COUNTY, &format!("M{n:07}"));
                format!(
                    "({n}, '{}')",
                    code.expect("a code of the right shape").as_str()
                )
            })
            .collect();
        run(
            db,
            &format!("INSERT INTO bench_credit_codes VALUES {}", rows.join(", ")),
        );
    }
}

fn size_of(db: &mut Db, table: &str) -> i64 {
    let query = sql_query(format!("SELECT COUNT(*) AS number FROM {table}"));
    let counted: Number = on_db!(db, conn => query.get_result(conn)).expect("a count");
    counted.number
}

/// Rows of everything that lies in the database now.
pub fn count(state: &State) -> String {
    let mut db = state
        .config
        .database
        .connect(Purpose::Read)
        .expect("the database");
    let mut counted = |table: &str| size_of(&mut db, table);
    format!(
        "{} providers, {} projects, {} contracts, {} search documents, {} communities",
        counted("providers"),
        counted("projects"),
        counted("contracts"),
        counted("search_documents"),
        counted("regions WHERE kind IN ('community', 'village')")
    )
}

/// One statement a table.
#[allow(clippy::too_many_lines)]
fn statements(template: Template, counts: &Counts, is_sqlite: bool) -> Vec<String> {
    let Template { project, tender } = template;
    let (providers, all) = (counts.providers, counts.projects);
    let done = all - counts.open();
    let titles = FIELDS.len() * KINDS.len();
    let places = "(SELECT COUNT(*) FROM bench_places)";
    let codes = "(SELECT COUNT(*) FROM bench_codes)";
    let empty = if is_sqlite { "X''" } else { "''::BYTEA" };
    let project_rows = format!("bench_numbers x JOIN bench_titles t ON t.k = x.n % {titles}");
    let mut sql = vec![
        format!(
            "INSERT INTO bodies (id, kind, name, created_at) SELECT {BASE} + x.n, 'provider', t.name || x.n, x.at FROM {project_rows} WHERE x.n <= {providers}"
        ),
        format!(
            "INSERT INTO body_names (body_id, name, from_on) SELECT {BASE} + x.n, t.name || x.n, x.from_on FROM {project_rows} WHERE x.n <= {providers}"
        ),
        format!(
            "INSERT INTO providers (id, body_id, kind, credit_code, legal_head, address, phone, summary, state, checked_at, sort_key, created_at) \
             SELECT {BASE} + x.n, {BASE} + x.n, 'social_service', c.code, '某某', '示范路' || x.n || '号', '0512-00000000', t.title || '等社会工作服务', \
             'proven', x.at, t.sort_key || ' ' || x.n, x.at FROM {project_rows} JOIN bench_credit_codes c ON c.n = x.n WHERE x.n <= {providers}"
        ),
        format!(
            "INSERT INTO qualifications (provider_id, state, statement, declarations, submitted_at, decided_at, listed_at) \
             SELECT {BASE} + n, 'listed', '示范', '[]', at, at, at FROM bench_numbers WHERE n <= {providers}"
        ),
        format!(
            "INSERT INTO projects (id, number, buyer_id, region_code, catalogue_id, catalogue_code, title, requirement, budget_fen, term_from, term_to, \
             term_grounds, forbidden, phone, state, created_by, created_at, published_at) \
             SELECT {BASE} + x.n, 'B-' || x.n, p.buyer_id, l.parent_code, p.catalogue_id, c.code, t.title, p.requirement, p.budget_fen, x.from_on, x.to_on, \
             p.term_grounds, p.forbidden, p.phone, CASE WHEN x.n > {done} THEN 'tendering' ELSE 'contracted' END, p.created_by, x.at, x.at \
             FROM {project_rows} JOIN bench_places l ON l.k = x.n % {places} JOIN bench_codes c ON c.k = x.n % {codes} \
             JOIN projects p ON p.id = {project} WHERE x.n <= {all}"
        ),
        format!(
            "INSERT INTO tenders (id, project_id, round, method, rule_set_id, state, published_at, questions_until, closes_at, closed_at, opened_at, \
             next_check, recipient, wrapped_identity) \
             SELECT {BASE} + x.n, {BASE} + x.n, 1, p.method, p.rule_set_id, 'open', x.at, p.questions_until, p.closes_at, NULL, NULL, p.next_check, \
             p.recipient, p.wrapped_identity FROM bench_numbers x JOIN tenders p ON p.id = {tender} WHERE x.n > {done} AND x.n <= {all}"
        ),
        format!(
            "INSERT INTO tenders (id, project_id, round, method, rule_set_id, state, published_at, questions_until, closes_at, closed_at, opened_at) \
             SELECT {BASE} + x.n, {BASE} + x.n, 1, p.method, p.rule_set_id, 'contracted', x.at, x.at, x.at, x.at, x.at \
             FROM bench_numbers x JOIN tenders p ON p.id = {tender} WHERE x.n <= {done}"
        ),
        format!(
            "INSERT INTO criteria (tender_id, position, kind, name, measure, weight) SELECT {BASE} + x.n, p.position, p.kind, p.name, p.measure, p.weight \
             FROM bench_numbers x JOIN criteria p ON p.tender_id = {tender} WHERE x.n <= {all}"
        ),
        format!(
            "INSERT INTO publications (kind, subject_kind, subject_id, revision, region_code, title, content, hash, link, published_at) \
             SELECT p.kind, p.subject_kind, {BASE} + x.n, p.revision, p.region_code, t.title, p.content, p.hash, '/projects/' || ({BASE} + x.n), x.at \
             FROM {project_rows} JOIN publications p ON p.link = '/projects/{project}' WHERE x.n <= {all}"
        ),
        format!(
            "INSERT INTO bids (id, tender_id, bidder_id, state, receipt_no, submitted_by, submitted_at, sealed, cipher_sha256, receipt) \
             SELECT {BASE} + x.n, {BASE} + x.n, {BASE} + 1 + x.n % {providers}, 'submitted', 'B-' || x.n, p.created_by, x.at, {empty}, '', '{{}}' \
             FROM bench_numbers x JOIN projects p ON p.id = {project} WHERE x.n <= {done}"
        ),
        format!(
            "INSERT INTO bid_contents (bid_id, price_fen, breakdown, proposal) SELECT {BASE} + n, 40000000, '[]', '服务方案' FROM bench_numbers WHERE n <= {done}"
        ),
        format!(
            "INSERT INTO results (bid_id, tender_id, price_points, total_points, rank) SELECT {BASE} + n, {BASE} + n, '20/1', '90/1', 1 FROM bench_numbers WHERE n <= {done}"
        ),
        format!(
            "INSERT INTO awards (id, tender_id, bid_id, state, decided_by, decided_at) SELECT {BASE} + x.n, {BASE} + x.n, {BASE} + x.n, 'active', p.created_by, x.at \
             FROM bench_numbers x JOIN projects p ON p.id = {project} WHERE x.n <= {done}"
        ),
        format!(
            "INSERT INTO contracts (id, number, award_id, project_id, buyer_id, provider_id, provider_name, title, catalogue_code, scope, amount_fen, \
             term_from, term_to, phone, payment, duties, secrets, state, is_entered_afterwards, created_at, signed_at, published_at) \
             SELECT {BASE} + x.n, 'B-' || x.n, CASE WHEN x.n <= {done} THEN {BASE} + x.n END, CASE WHEN x.n <= {done} THEN {BASE} + x.n END, p.buyer_id, \
             {BASE} + 1 + x.n % {providers}, t.name || (1 + x.n % {providers}), t.title, c.code, '每周一次', 40000000, x.from_on, x.to_on, p.phone, '按季', '按约', '', \
             'published', FALSE, x.at, x.at, x.at FROM {project_rows} JOIN bench_codes c ON c.k = x.n % {codes} JOIN projects p ON p.id = {project} WHERE x.n <= {all}"
        ),
    ];
    // Two neighboring places each.
    for (table, column) in [
        ("project_communities", "project_id"),
        ("contract_communities", "contract_id"),
        ("provider_areas", "provider_id"),
    ] {
        let most = if column == "provider_id" {
            providers
        } else {
            all
        };
        sql.push(format!(
            "INSERT INTO {table} ({column}, region_code) SELECT {BASE} + x.n, l.code FROM bench_numbers x \
             JOIN bench_places l ON l.k IN (x.n % {places}, (x.n + 1) % {places}) WHERE x.n <= {most}"
        ));
    }
    sql.push(format!(
        "INSERT INTO provider_scopes (provider_id, catalogue_code) SELECT {BASE} + x.n, c.code FROM bench_numbers x \
         JOIN bench_codes c ON c.k IN (x.n % {codes}, (x.n + 1) % {codes}) WHERE x.n <= {providers}"
    ));
    // The newest of all kinds last, as the portal puts them in day by day.
    for (offset, kind, title, link, most) in [
        (
            0,
            "organization",
            "t.name || x.n",
            "organizations",
            providers,
        ),
        (1, "project", "t.title", "projects", all),
        (2, "contract", "t.title", "contracts", all),
    ] {
        sql.push(format!(
            "INSERT INTO search_documents (id, kind, subject_id, title, summary, link, at) SELECT {BASE} + x.n * 3 + {offset}, '{kind}', {BASE} + x.n, {title}, \
             '示范民政局 全县 社会服务', '/{link}/' || ({BASE} + x.n), x.at FROM {project_rows} WHERE x.n <= {most}"
        ));
        let words = format!("t.words || ' kind0{kind}'");
        let (row, words) = if is_sqlite {
            ("rowid", words)
        } else {
            (
                "document_id",
                format!("array_to_tsvector(string_to_array({words}, ' '))"),
            )
        };
        sql.push(format!(
            "INSERT INTO search_terms ({row}, terms) SELECT {BASE} + x.n * 3 + {offset}, {words} FROM {project_rows} WHERE x.n <= {most} ORDER BY x.n"
        ));
    }
    sql
}

/// Gives every bidder the draft of the first one's likes in every open tender, as each wrote one in the template's.
pub fn copy_drafts(state: &State, template: Template, counts: &Counts) {
    let mut db = state
        .config
        .database
        .connect(Purpose::Write)
        .expect("the database");
    let first = BASE + counts.projects - counts.open();
    let last = BASE + counts.projects;
    run(
        &mut db,
        &format!(
            "INSERT INTO bid_drafts (tender_id, bidder_id, sealed, updated_at, version) SELECT t.id, d.bidder_id, d.sealed, d.updated_at, d.version \
             FROM bid_drafts d JOIN tenders t ON t.id > {first} AND t.id <= {last} WHERE d.tender_id = {}",
            template.tender
        ),
    );
}
