//! Who is acting: read from the session row and the memberships at every request, never from the token.

use super::db::Db;
use crate::kernel::people::{BodyId, PersonId, SessionId};
use crate::kernel::roles::{BodyKind, Role, is_staff};
use crate::kernel::scopes::Scopes;
use crate::schema::{
    api_tokens, appointments, bodies, memberships, messages, people, second_factors, sessions,
    tenders,
};
use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;

/// Step-up: risky acts want a password typed within this time.
pub const VERIFIED_FOR: Duration = Duration::minutes(15);

/// A session that nobody used for so long has expired.
pub const IDLE_FOR: Duration = Duration::hours(2);
/// How exactly the last use of a session is kept.
const SEEN_EVERY: Duration = Duration::minutes(1);

#[derive(Clone, Debug)]
pub struct Actor {
    pub person_id: PersonId,
    pub name: String,
    pub session_id: SessionId,
    /// The body the person acts for now; a person of several bodies switches.
    pub body: Option<ActorBody>,
    pub roles: Vec<Role>,
    pub bodies: usize,
    pub verified_at: NaiveDateTime,
    /// Whether a code is asked for beside the password.
    pub has_code: bool,
    /// Whether any of the person's bodies serves the public.
    pub is_staff: bool,
    /// Roles held for a while in a colleague's stead, with the colleague's name.
    pub stands_in: Vec<(Role, String)>,
    /// Whose stead the act in hand rests on, when no role of the person's own carries it.
    pub for_whom: Option<String>,
    /// What its token opens; `None` in a browser, where the roles alone decide.
    pub scopes: Option<Scopes>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActorBody {
    pub id: BodyId,
    pub kind: BodyKind,
    pub name: String,
    pub region_code: Option<String>,
}

impl Actor {
    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    pub fn body_id(&self) -> Option<BodyId> {
        self.body.as_ref().map(|body| body.id)
    }

    /// Whether this person acts for that body in that role.
    pub fn acts_for(&self, body: BodyId, role: Role) -> bool {
        self.body_id() == Some(body) && self.has(role)
    }

    /// `now` by the machine's clock.
    pub fn is_verified(&self, now: NaiveDateTime) -> bool {
        now - self.verified_at < VERIFIED_FOR
    }
}

/// The person behind a session that has neither ended nor expired (machine clock); one indexed read and one join.
pub fn find(db: &mut Db, session: SessionId, now: NaiveDateTime) -> QueryResult<Option<Actor>> {
    Ok(find_seen(db, session, now)?.map(|(actor, _)| actor))
}

/// Whether the last use, as it is kept, is long enough ago to be written anew.
pub fn is_unseen(seen_at: NaiveDateTime, now: NaiveDateTime) -> bool {
    now - seen_at >= SEEN_EVERY
}

/// Keeps the session alive.
pub fn set_seen(db: &mut Db, session: SessionId, now: NaiveDateTime) -> QueryResult<usize> {
    diesel::update(sessions::table.find(session))
        .filter(sessions::seen_at.lt(now))
        .set(sessions::seen_at.eq(now))
        .execute(db)
}

/// Ends a session that nobody used for too long.
pub fn end_idle(db: &mut Db, session: SessionId, now: NaiveDateTime) -> QueryResult<usize> {
    diesel::update(sessions::table.find(session))
        .filter(sessions::ended_at.is_null())
        .set(sessions::ended_at.eq(now))
        .execute(db)
}

/// The session that a program's token stands for; `hash` is the token's.
pub fn find_token(db: &mut Db, hash: &str) -> QueryResult<Option<SessionId>> {
    api_tokens::table
        .filter(api_tokens::token_hash.eq(hash))
        .select(api_tokens::session_id)
        .first(db)
        .optional()
}

type SessionRow = (
    PersonId,
    String,
    Option<BodyId>,
    NaiveDateTime,
    NaiveDateTime,
    Option<NaiveDateTime>,
    Option<String>,
);

type HeldRow = (
    BodyId,
    BodyKind,
    String,
    Option<String>,
    Role,
    Option<PersonId>,
);

/// The same, with the instant at which the session was last used.
pub fn find_seen(
    db: &mut Db,
    session: SessionId,
    now: NaiveDateTime,
) -> QueryResult<Option<(Actor, NaiveDateTime)>> {
    let row: Option<SessionRow> = sessions::table
        .inner_join(people::table.on(people::id.eq(sessions::person_id)))
        .left_join(second_factors::table.on(second_factors::person_id.eq(sessions::person_id)))
        .left_join(api_tokens::table.on(api_tokens::session_id.eq(sessions::id)))
        .filter(
            sessions::id
                .eq(session)
                .and(sessions::ended_at.is_null())
                .and(sessions::expires_at.gt(now)),
        )
        // A program may rest for weeks; a browser that nobody uses is left behind.
        .filter(
            sessions::seen_at
                .gt(now - IDLE_FOR)
                .or(api_tokens::id.is_not_null()),
        )
        .filter(people::disabled_at.is_null())
        .select((
            people::id,
            people::name,
            sessions::body_id,
            sessions::verified_at,
            sessions::seen_at,
            second_factors::enabled_at.nullable(),
            api_tokens::scopes.nullable(),
        ))
        .first(db)
        .optional()?;
    let Some((person_id, name, body_id, verified_at, seen_at, code_at, scopes)) = row else {
        return Ok(None);
    };
    let held: Vec<HeldRow> = memberships::table
        .inner_join(bodies::table.on(bodies::id.eq(memberships::body_id)))
        .left_join(
            appointments::table.on(appointments::membership_id
                .eq(memberships::id.nullable())
                .and(appointments::ended_at.is_null())),
        )
        .filter(
            memberships::person_id
                .eq(person_id)
                .and(memberships::ended_at.is_null()),
        )
        .select((
            bodies::id,
            bodies::kind,
            bodies::name,
            bodies::region_code,
            memberships::role,
            appointments::deputy_for.nullable(),
        ))
        .order((bodies::id, memberships::id))
        .load(db)?;
    let current = body_id
        .filter(|id| held.iter().any(|m| m.0 == *id))
        .or_else(|| held.first().map(|m| m.0));
    let body = held
        .iter()
        .find(|m| Some(m.0) == current)
        .map(|(id, kind, name, region, ..)| ActorBody {
            id: *id,
            kind: *kind,
            name: name.clone(),
            region_code: region.clone(),
        });
    let roles = held
        .iter()
        .filter(|m| Some(m.0) == current)
        .map(|m| m.4)
        .collect();
    let mut stands_in = Vec::new();
    for (role, holder) in held
        .iter()
        .filter(|m| Some(m.0) == current)
        .filter_map(|m| m.5.map(|holder| (m.4, holder)))
    {
        let name = people::table.find(holder).select(people::name).first(db)?;
        stands_in.push((role, name));
    }
    let mut distinct: Vec<BodyId> = held.iter().map(|m| m.0).collect();
    distinct.dedup();
    let actor = Actor {
        person_id,
        name,
        session_id: session,
        body,
        roles,
        bodies: distinct.len(),
        verified_at,
        has_code: code_at.is_some(),
        is_staff: held.iter().any(|m| is_staff(m.1)),
        stands_in,
        for_whom: None,
        scopes: scopes.map(|scopes| Scopes::parse(&scopes)),
    };
    Ok(Some((actor, seen_at)))
}

/// What the frame of a page shows of its reader.
#[derive(Default)]
pub struct Frame {
    pub actor: Option<Actor>,
    pub seen_at: Option<NaiveDateTime>,
    /// Messages in the portal's inbox that nobody opened yet.
    pub unread: i64,
    /// Demo only: the next instant at which the portal itself will act.
    pub next_event: Option<NaiveDateTime>,
}

/// What the frame of a page needs from the database, in one go.
pub fn frame(
    db: &mut Db,
    session: Option<SessionId>,
    is_demo: bool,
    now: NaiveDateTime,
) -> QueryResult<Frame> {
    let found = match session {
        Some(session) => find_seen(db, session, now)?,
        None => None,
    };
    let (actor, seen_at) = found.unzip();
    let unread = match &actor {
        None => 0,
        Some(actor) => {
            // Two counts, each by its own index.
            let own: i64 = messages::table
                .filter(messages::first_read_at.is_null())
                .filter(messages::person_id.eq(actor.person_id))
                .count()
                .get_result(db)?;
            let of_body: i64 = messages::table
                .filter(messages::first_read_at.is_null())
                .filter(messages::person_id.is_null())
                .filter(messages::body_id.eq(actor.body_id()))
                .filter(
                    messages::role
                        .is_null()
                        .or(messages::role.eq_any(actor.roles.clone())),
                )
                .count()
                .get_result(db)?;
            own + of_body
        }
    };
    let next_event = if is_demo {
        tenders::table
            .select(diesel::dsl::min(tenders::next_check))
            .first(db)?
    } else {
        None
    };
    Ok(Frame {
        actor,
        seen_at,
        unread,
        next_event,
    })
}

/// Address, name, and one body and role.
pub type DemoPerson = (String, String, Option<(String, Role)>);

/// Ends every session there is; everybody signs in again.
pub fn end_all_sessions(db: &mut Db, now: NaiveDateTime) -> QueryResult<usize> {
    let open = sessions::table.filter(sessions::ended_at.is_null());
    diesel::update(open)
        .set(sessions::ended_at.eq(now))
        .execute(db)
}

/// The demo's accounts, a row for each role that one holds.
pub fn list_demo_people(db: &mut Db) -> QueryResult<Vec<DemoPerson>> {
    people::table
        .left_join(
            memberships::table
                .inner_join(bodies::table.on(bodies::id.eq(memberships::body_id)))
                .on(memberships::person_id
                    .eq(people::id)
                    .and(memberships::ended_at.is_null())),
        )
        .filter(people::email.like("%@demo.invalid"))
        .order((people::id, memberships::id))
        .limit(200)
        .select((
            people::email,
            people::name,
            (bodies::name, memberships::role).nullable(),
        ))
        .load(db)
}
