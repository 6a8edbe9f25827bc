//! The ledger: every state-changing action appends a line in its own transaction; a sealer chains the lines.
//!
//! A line holds a salted hash of what happened; the person's name and free text lie in a row of their own that can be
//! erased without breaking the chain. Writers never wait for each other (ADR 2); the verifier names
//! the short unsealed tail.

use super::actor::Actor;
use super::db::{Db, columns};
use super::failure::Failure;
use super::seal::random_hex;
use super::signing::{self, Signatures};
use super::store::Tx;
use crate::kernel::instant;
use crate::kernel::people::{BodyId, PersonId};
use crate::on_db;
use crate::schema::{ledger, ledger_texts, people};
use chrono::{Duration, DurationRound, NaiveDateTime};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub const GENESIS: &str = "sanshe-ledger-1";

/// Lines that a thing's history shows at most.
const HISTORY: i64 = 1000;

crate::text_enum!(Audience {
    Public = "public",
    Staff = "staff",
    Sealed = "sealed",
});

/// One line to be written. `public_from` is the instant from which everybody may read it.
pub struct Entry<'a> {
    pub subject: (&'static str, i64),
    pub what: &'static str,
    pub from: Option<&'a str>,
    pub to: Option<&'a str>,
    pub article: Option<&'a str>,
    pub reason: Option<&'a str>,
    pub audience: Audience,
    /// The party that may read a line for `Staff` or `Sealed` before it is public.
    pub body: Option<BodyId>,
    pub public_from: Option<NaiveDateTime>,
}

impl<'a> Entry<'a> {
    /// A line that everybody may read at once.
    pub const fn new(subject_kind: &'static str, subject_id: i64, what: &'static str) -> Self {
        Self {
            subject: (subject_kind, subject_id),
            what,
            from: None,
            to: None,
            article: None,
            reason: None,
            audience: Audience::Public,
            body: None,
            public_from: None,
        }
    }

    #[must_use]
    pub const fn moved(mut self, from: &'a str, to: &'a str) -> Self {
        self.from = Some(from);
        self.to = Some(to);
        self
    }

    #[must_use]
    pub const fn because(mut self, reason: &'a str) -> Self {
        self.reason = Some(reason);
        self
    }

    #[must_use]
    pub const fn under(mut self, article: &'a str) -> Self {
        self.article = Some(article);
        self
    }

    /// Only staff of the acting body may read it.
    #[must_use]
    pub const fn for_staff(mut self, body: Option<BodyId>) -> Self {
        self.audience = Audience::Staff;
        self.body = body;
        self
    }

    /// Only this body may read it, until it becomes public at an instant (or never).
    #[must_use]
    pub const fn sealed_for(mut self, body: BodyId, public_from: Option<NaiveDateTime>) -> Self {
        self.audience = Audience::Sealed;
        self.body = Some(body);
        self.public_from = public_from;
        self
    }
}

#[derive(Queryable, Selectable, Clone, Debug)]
#[diesel(table_name = ledger)]
pub struct Line {
    pub id: i64,
    pub seq: Option<i64>,
    pub at: NaiveDateTime,
    pub subject_kind: String,
    pub subject_id: i64,
    pub what: String,
    pub from_state: Option<String>,
    pub to_state: Option<String>,
    pub article: Option<String>,
    pub audience: Audience,
    pub body_id: Option<BodyId>,
    pub public_from: Option<NaiveDateTime>,
    pub text_hash: String,
    pub salt: String,
    pub content_hash: String,
    pub chain_hash: Option<String>,
}

#[derive(Insertable)]
#[diesel(table_name = ledger)]
struct NewLine<'a> {
    at: NaiveDateTime,
    subject_kind: &'a str,
    subject_id: i64,
    what: &'a str,
    from_state: Option<&'a str>,
    to_state: Option<&'a str>,
    article: Option<&'a str>,
    audience: Audience,
    body_id: Option<BodyId>,
    public_from: Option<NaiveDateTime>,
    text_hash: String,
    salt: String,
    content_hash: String,
}

#[derive(Queryable, Selectable, Insertable, Clone, Debug)]
#[diesel(table_name = ledger_texts)]
pub struct LineText {
    pub ledger_id: i64,
    pub person_id: Option<PersonId>,
    pub who: String,
    pub reason: Option<String>,
    pub salt: String,
}

/// Appends a line by `actor`, or by the portal itself when nobody acts.
pub fn append(tx: &mut Tx, actor: Option<&Actor>, entry: &Entry) -> Result<(), Failure> {
    let who = actor.map_or_else(String::new, |actor| match &actor.body {
        Some(body) => match &actor.for_whom {
            // A deputy acts in its own name.
            Some(holder) => format!("{} · {}（代{holder}）", body.name, actor.name),
            None => format!("{} · {}", body.name, actor.name),
        },
        None => actor.name.clone(),
    });
    let text = LineText {
        ledger_id: 0,
        person_id: actor.map(|actor| actor.person_id),
        who,
        reason: entry.reason.map(str::to_owned),
        salt: random_hex::<16>()?,
    };
    let text_hash = text_hash(&text);
    let salt = random_hex::<16>()?;
    let mut line = NewLine {
        at: tx.now,
        subject_kind: entry.subject.0,
        subject_id: entry.subject.1,
        what: entry.what,
        from_state: entry.from,
        to_state: entry.to,
        article: entry.article,
        audience: entry.audience,
        body_id: entry.body,
        public_from: entry.public_from,
        text_hash,
        salt,
        content_hash: String::new(),
    };
    line.content_hash = content_hash(&[
        &stamp(line.at),
        line.subject_kind,
        &line.subject_id.to_string(),
        line.what,
        line.from_state.unwrap_or_default(),
        line.to_state.unwrap_or_default(),
        line.article.unwrap_or_default(),
        line.audience.as_str(),
        &line.body_id.map(|id| id.to_string()).unwrap_or_default(),
        &line.public_from.map(stamp).unwrap_or_default(),
        &line.text_hash,
        &line.salt,
    ]);
    // What staff does shows on public pages too: an opened round, a name on a page. A sealed bid shows nowhere.
    if entry.audience != Audience::Sealed {
        tx.move_pages();
    }
    let id: i64 = diesel::insert_into(ledger::table)
        .values(&line)
        .returning(ledger::id)
        .get_result(tx.db)?;
    diesel::insert_into(ledger_texts::table)
        .values(&LineText {
            ledger_id: id,
            ..text
        })
        .execute(tx.db)?;
    Ok(())
}

/// Microseconds since 1970: one text for one instant, whatever a formatter does later.
fn stamp(at: NaiveDateTime) -> String {
    at.and_utc().timestamp_micros().to_string()
}

fn text_hash(text: &LineText) -> String {
    let person = text.person_id.map(|id| id.to_string()).unwrap_or_default();
    content_hash(&[
        &person,
        &text.who,
        text.reason.as_deref().unwrap_or_default(),
        &text.salt,
    ])
}

/// SHA-256 over length-prefixed parts, so that no two lists of parts share a hash.
fn content_hash(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hex::encode(hash.finalize())
}

impl Line {
    fn computed_hash(&self) -> String {
        content_hash(&[
            &stamp(self.at),
            &self.subject_kind,
            &self.subject_id.to_string(),
            &self.what,
            self.from_state.as_deref().unwrap_or_default(),
            self.to_state.as_deref().unwrap_or_default(),
            self.article.as_deref().unwrap_or_default(),
            self.audience.as_str(),
            &self.body_id.map(|id| id.to_string()).unwrap_or_default(),
            &self.public_from.map(stamp).unwrap_or_default(),
            &self.text_hash,
            &self.salt,
        ])
    }
}

/// When the newest line was written, portal time.
pub fn newest_at(db: &mut Db) -> QueryResult<Option<NaiveDateTime>> {
    ledger::table.select(diesel::dsl::max(ledger::at)).first(db)
}

/// Whether lines wait for the sealer.
pub fn has_tail(db: &mut Db) -> QueryResult<bool> {
    diesel::select(diesel::dsl::exists(
        ledger::table.filter(ledger::seq.is_null()),
    ))
    .get_result(db)
}

/// Chains the lines that have no number yet; returns how many. One sealer at a time, on both databases.
pub fn seal_tail(tx: &mut Tx) -> Result<usize, Failure> {
    let alone = on_db!(&mut *tx.db,
        sqlite _conn => true,
        postgres conn => diesel::select(diesel::dsl::sql::<diesel::sql_types::Bool>(
            "pg_try_advisory_xact_lock(7013)")).get_result::<bool>(conn)?
    );
    if !alone {
        return Ok(0);
    }
    let tail: Vec<(i64, String)> = ledger::table
        .filter(ledger::seq.is_null())
        .select((ledger::id, ledger::content_hash))
        .order(ledger::id)
        .limit(500)
        .load(tx.db)?;
    let (mut seq, mut chain) = last(tx.db)?.unwrap_or((0, GENESIS.to_owned()));
    for (id, content) in &tail {
        seq += 1;
        chain = content_hash(&[&chain, &seq.to_string(), content]);
        diesel::update(ledger::table.find(id))
            .set((ledger::seq.eq(seq), ledger::chain_hash.eq(&chain)))
            .execute(tx.db)?;
    }
    Ok(tail.len())
}

fn last(db: &mut Db) -> QueryResult<Option<(i64, String)>> {
    ledger::table
        .filter(ledger::seq.is_not_null())
        .order(ledger::seq.desc())
        .select((
            ledger::seq.assume_not_null(),
            ledger::chain_hash.assume_not_null(),
        ))
        .first(db)
        .optional()
}

/// A signed statement of where the ledger stood, which anybody may keep and hold against it later. It carries no line's
/// number: two of them would tell how much was done in between, sealed bids among it.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct Head {
    pub chain_hash: String,
    pub instance: String,
    pub at: String,
    pub public_key: String,
    pub signature: String,
}

impl Head {
    fn message(chain_hash: &str, instance: &str, at: &str) -> String {
        format!("sanshe-head-1\n{instance}\n{chain_hash}\n{at}")
    }

    pub fn is_genuine(&self) -> Result<bool, Failure> {
        let message = Self::message(&self.chain_hash, &self.instance, &self.at);
        signing::verify(&self.public_key, message.as_bytes(), &self.signature)
    }
}

/// The present head, signed; `at` is the portal's time of signing.
pub fn head(db: &mut Db, signatures: &Signatures, at: NaiveDateTime) -> Result<Head, Failure> {
    let chain_hash = last(db)?.map(|(_, hash)| hash);
    sign_head(db, signatures, chain_hash, at)
}

/// The head that everybody may fetch: as the ledger stood at the full hour. Between two hours it stays, so that nobody
/// can watch it move when a sealed bid comes in.
pub fn public_head(
    db: &mut Db,
    signatures: &Signatures,
    now: NaiveDateTime,
) -> Result<Head, Failure> {
    let hour = full_hour(now);
    let chain_hash = ledger::table
        .filter(ledger::seq.is_not_null())
        .filter(ledger::at.lt(hour))
        .order(ledger::seq.desc())
        .select(ledger::chain_hash.assume_not_null())
        .first(db)
        .optional()?;
    sign_head(db, signatures, chain_hash, hour)
}

fn sign_head(
    db: &mut Db,
    signatures: &Signatures,
    chain_hash: Option<String>,
    at: NaiveDateTime,
) -> Result<Head, Failure> {
    use crate::schema::portal;
    let instance: String = portal::table.select(portal::instance).first(db)?;
    let chain_hash = chain_hash.unwrap_or_else(|| GENESIS.to_owned());
    let at = instant::rfc3339(at);
    let signature = signatures.sign(Head::message(&chain_hash, &instance, &at).as_bytes());
    Ok(Head {
        chain_hash,
        instance,
        at,
        public_key: signatures.public_key(),
        signature,
    })
}

fn full_hour(at: NaiveDateTime) -> NaiveDateTime {
    at.duration_trunc(Duration::hours(1)).unwrap_or(at)
}

/// Whether this hour (portal clock) has no line of the portal's own yet.
pub fn wants_hour(db: &mut Db, now: NaiveDateTime) -> QueryResult<bool> {
    let newest: Option<NaiveDateTime> = ledger::table
        .filter(ledger::subject_kind.eq("portal"))
        .filter(ledger::subject_id.eq(0))
        .order(ledger::id.desc())
        .select(ledger::at)
        .first(db)
        .optional()?;
    Ok(newest.is_none_or(|at| at < full_hour(now)))
}

/// One line an hour, whatever happens: the public head moves every hour, and tells nothing by moving.
pub fn strike_hour(tx: &mut Tx) -> Result<(), Failure> {
    if wants_hour(tx.db, tx.now)? {
        append(
            tx,
            None,
            &Entry::new("portal", 0, "portal.hour").for_staff(None),
        )?;
    }
    Ok(())
}

#[derive(Debug, PartialEq, Eq)]
pub enum Finding {
    /// The line's content no longer gives its hash.
    Rewritten { seq: i64 },
    /// The name or reason no longer gives its hash (erased ones are not findings).
    TextRewritten { seq: i64 },
    /// The chain does not follow from the line before: a line was cut out, put in or moved.
    Broken { seq: i64 },
    /// The ledger never stood where somebody's kept head or receipt says: it was rolled back, or another history put in.
    Lost,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Verified {
    pub lines: i64,
    pub unsealed: i64,
    pub findings: Vec<Finding>,
}

/// Recomputes the whole chain, and looks in it for the hash of a head or receipt that somebody kept.
pub fn verify(db: &mut Db, kept: Option<&str>) -> Result<Verified, Failure> {
    let mut verified = Verified::default();
    let mut chain = GENESIS.to_owned();
    let mut is_found = kept.is_none_or(|hash| hash == GENESIS);
    loop {
        let lines: Vec<(Line, Option<LineText>)> = ledger::table
            .left_join(ledger_texts::table.on(ledger_texts::ledger_id.eq(ledger::id)))
            .filter(ledger::seq.gt(verified.lines))
            .order(ledger::seq)
            .limit(1000)
            .select((columns::<Line>(), columns::<LineText>().nullable()))
            .load(db)?;
        if lines.is_empty() {
            break;
        }
        for (line, text) in lines {
            let seq = line.seq.unwrap_or_default();
            if line.computed_hash() != line.content_hash {
                verified.findings.push(Finding::Rewritten { seq });
            }
            if text.is_some_and(|text| text_hash(&text) != line.text_hash) {
                verified.findings.push(Finding::TextRewritten { seq });
            }
            chain = content_hash(&[&chain, &seq.to_string(), &line.content_hash]);
            if seq != verified.lines + 1 || line.chain_hash.as_deref() != Some(&chain) {
                verified.findings.push(Finding::Broken { seq });
                chain = line.chain_hash.unwrap_or_default();
            }
            is_found |= kept == Some(chain.as_str());
            verified.lines = seq;
        }
    }
    verified.unsealed = ledger::table
        .filter(ledger::seq.is_null())
        .count()
        .get_result(db)?;
    if !is_found {
        verified.findings.push(Finding::Lost);
    }
    Ok(verified)
}

/// The reasons of a thing's lines of one kind that nobody erased, whoever may read them: for an act that publishes them.
pub fn reasons_of(db: &mut Db, subject: (&str, i64), what: &str) -> QueryResult<Vec<String>> {
    ledger::table
        .inner_join(ledger_texts::table.on(ledger_texts::ledger_id.eq(ledger::id)))
        .filter(ledger::subject_kind.eq(subject.0))
        .filter(ledger::subject_id.eq(subject.1))
        .filter(ledger::what.eq(what))
        .filter(ledger_texts::reason.is_not_null())
        .order(ledger::id)
        .select(ledger_texts::reason.assume_not_null())
        .load(db)
}

/// Who has closed the account stays in the file (法§42), and is shown to nobody by name.
fn hide_gone(db: &mut Db, lines: &mut [(Line, Option<LineText>)]) -> QueryResult<()> {
    let gone: Vec<(PersonId, String)> = people::table
        .filter(people::closed_at.is_not_null())
        .filter(
            people::id.eq_any(
                lines
                    .iter()
                    .filter_map(|(_, text)| text.as_ref()?.person_id)
                    .collect::<std::collections::BTreeSet<_>>(),
            ),
        )
        .select((people::id, people::name))
        .load(db)?;
    for text in lines.iter_mut().filter_map(|(_, text)| text.as_mut()) {
        if let Some((_, stub)) = gone.iter().find(|(id, _)| Some(*id) == text.person_id) {
            text.who = match text.who.split_once(" · ") {
                Some((body, _)) => format!("{body} · {stub}"),
                None => stub.clone(),
            };
        }
    }
    Ok(())
}

/// Erases names and words of a person's lines about one kind of subject; hashes and chain stay.
pub fn erase_texts(db: &mut Db, person: PersonId, subject_kind: &str) -> QueryResult<usize> {
    let lines = ledger::table
        .filter(ledger::subject_kind.eq(subject_kind.to_owned()))
        .select(ledger::id);
    diesel::delete(
        ledger_texts::table
            .filter(ledger_texts::person_id.eq(person))
            .filter(ledger_texts::ledger_id.eq_any(lines)),
    )
    .execute(db)
}

/// A thing's history as far as this reader may see it (portal time `now`): the newest lines, oldest first. What the
/// reader may not see is left out by the query, so that it cannot push out what everybody may.
pub fn history(
    db: &mut Db,
    subject: (&str, i64),
    reader: Option<&Actor>,
    now: NaiveDateTime,
) -> Result<Vec<(Line, Option<LineText>)>, Failure> {
    let body = reader.and_then(Actor::body_id);
    let is_public = ledger::audience.eq(Audience::Public);
    let is_out = ledger::public_from.le(now);
    let mut lines: Vec<(Line, Option<LineText>)> = ledger::table
        .left_join(ledger_texts::table.on(ledger_texts::ledger_id.eq(ledger::id)))
        .filter(ledger::subject_kind.eq(subject.0))
        .filter(ledger::subject_id.eq(subject.1))
        .filter(
            is_out
                .or(is_public.and(ledger::public_from.is_null()))
                .or(ledger::audience
                    .ne(Audience::Public)
                    .and(ledger::body_id.eq(body))),
        )
        .order(ledger::id.desc())
        .limit(HISTORY)
        .select((columns::<Line>(), columns::<LineText>().nullable()))
        .load(db)?;
    lines.reverse();
    hide_gone(db, &mut lines)?;
    Ok(lines)
}
