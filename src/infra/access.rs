//! The access log: who looked at a sensitive record, when and for which body; never what was seen. The line is written
//! before the record is shown, in the same request: what cannot be noted is not shown.

use super::actor::Actor;
use super::db::Db;
use super::failure::Failure;
use super::store::{Store, Tx};
use crate::kernel::people::{BodyId, PersonId};
use crate::schema::{accesses, bodies, people};
use chrono::NaiveDateTime;
use diesel::prelude::*;

crate::text_enum!(
    /// What was looked at.
    Looked {
        /// An opened bid: price, proposal.
        Bid = "bid",
        BidFile = "bid_file",
        /// Names and addresses of a body's members.
        Members = "members",
        /// Whose second factor shall be taken off, and why.
        Recoveries = "recoveries",
        /// Papers that prove who a provider is.
        Papers = "papers",
        /// Everything that the portal keeps about a person.
        OwnData = "own_data",
        /// The access log itself.
        Accesses = "accesses",
        /// Passages that shall be covered.
        Redactions = "redactions",
    }
);

/// A look at a record, and whose it is.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    pub what: Looked,
    pub subject: (&'static str, i64),
    pub of_person: Option<PersonId>,
    pub of_body: Option<BodyId>,
}

impl Look {
    pub const fn at(what: Looked, subject_kind: &'static str, subject_id: i64) -> Self {
        Self {
            what,
            subject: (subject_kind, subject_id),
            of_person: None,
            of_body: None,
        }
    }

    #[must_use]
    pub const fn of_body(mut self, body: BodyId) -> Self {
        self.of_body = Some(body);
        self
    }

    #[must_use]
    pub const fn of_person(mut self, person: PersonId) -> Self {
        self.of_person = Some(person);
        self
    }
}

/// Notes a look in a transaction of its own, and answers when the line is durable.
pub async fn looked(store: &Store, actor: &Actor, look: Look) -> Result<(), Failure> {
    let actor = actor.clone();
    store.write(move |tx| note(tx, &actor, &look)).await
}

pub fn note(tx: &mut Tx, actor: &Actor, look: &Look) -> Result<(), Failure> {
    diesel::insert_into(accesses::table)
        .values((
            accesses::at.eq(tx.now),
            accesses::person_id.eq(actor.person_id),
            accesses::body_id.eq(actor.body_id()),
            accesses::what.eq(look.what),
            accesses::subject_kind.eq(look.subject.0),
            accesses::subject_id.eq(look.subject.1),
            accesses::of_person_id.eq(look.of_person),
            accesses::of_body_id.eq(look.of_body),
        ))
        .execute(tx.db)?;
    Ok(())
}

#[derive(Queryable, Clone, Debug)]
pub struct Access {
    pub id: i64,
    pub at: NaiveDateTime,
    pub what: Looked,
    pub subject_kind: String,
    pub subject_id: i64,
    pub who: String,
    pub body: Option<String>,
    pub of_body: Option<String>,
}

/// Which lines; `None` sorts nothing out.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub what: Option<Looked>,
    /// A part of the reader's name.
    pub who: String,
    pub from: Option<NaiveDateTime>,
    pub until: Option<NaiveDateTime>,
    /// Only what others saw of this person, and of the members and papers of these bodies.
    pub of_person: Option<(PersonId, Vec<BodyId>)>,
    /// Bids whose readers are secret.
    pub without_bids: Vec<i64>,
}

/// The newest first.
pub fn list(
    db: &mut Db,
    filter: &Filter,
    before: Option<i64>,
    size: i64,
) -> QueryResult<Vec<Access>> {
    let of_bodies = diesel::alias!(bodies as of_bodies);
    let mut query = accesses::table
        .inner_join(people::table.on(people::id.eq(accesses::person_id)))
        .left_join(bodies::table.on(bodies::id.nullable().eq(accesses::body_id)))
        .left_join(
            of_bodies.on(of_bodies
                .field(bodies::id)
                .nullable()
                .eq(accesses::of_body_id)),
        )
        .order(accesses::id.desc())
        .limit(size)
        .select((
            accesses::id,
            accesses::at,
            accesses::what,
            accesses::subject_kind,
            accesses::subject_id,
            people::name,
            bodies::name.nullable(),
            of_bodies.field(bodies::name).nullable(),
        ))
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(accesses::id.lt(before));
    }
    if let Some(what) = filter.what {
        query = query.filter(accesses::what.eq(what));
    }
    if !filter.who.is_empty() {
        query = query.filter(
            people::name
                .like(super::db::containing(&filter.who))
                .escape(super::db::ESCAPE),
        );
    }
    if let Some(from) = filter.from {
        query = query.filter(accesses::at.ge(from));
    }
    if let Some(until) = filter.until {
        query = query.filter(accesses::at.lt(until));
    }
    if let Some((person, bodies)) = &filter.of_person {
        // What one looked up of oneself is no news.
        let of_members = accesses::what
            .eq_any([Looked::Members, Looked::Papers])
            .and(accesses::of_body_id.eq_any(bodies.clone()));
        query = query.filter(accesses::person_id.ne(*person)).filter(
            accesses::of_person_id
                .eq(*person)
                .or(of_members.assume_not_null()),
        );
    }
    if !filter.without_bids.is_empty() {
        let hidden = accesses::subject_id.ne_all(filter.without_bids.clone());
        query = query.filter(accesses::subject_kind.ne("bid").or(hidden));
    }
    query.load(db)
}
