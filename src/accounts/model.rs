//! People, bodies and memberships as rows.

use crate::kernel::ids::{id, text_enum};
use crate::kernel::people::{BodyId, PersonId, SessionId};
use crate::kernel::roles::{BodyKind, Role};
use crate::schema::{bodies, messages, people, sessions, tokens};
use chrono::NaiveDateTime;
use diesel::prelude::*;

id!(MembershipId);
id!(InvitationId);
id!(MessageId);

#[derive(Queryable, Selectable, Clone)]
#[diesel(table_name = people)]
pub struct Person {
    pub id: PersonId,
    pub email: String,
    pub name: String,
    pub password_hash: String,
    pub language: String,
    pub confirmed_at: Option<NaiveDateTime>,
    pub disabled_at: Option<NaiveDateTime>,
    pub version: i64,
}

#[derive(Queryable, Selectable, Clone, Debug)]
#[diesel(table_name = bodies)]
pub struct Body {
    pub id: BodyId,
    pub kind: BodyKind,
    pub name: String,
    pub region_code: Option<String>,
    pub phone: Option<String>,
    pub version: i64,
}

#[derive(Queryable, Clone, Debug)]
pub struct Membership {
    pub id: MembershipId,
    pub person_id: PersonId,
    pub person_name: String,
    pub email: String,
    pub role: Role,
    pub created_at: NaiveDateTime,
}

text_enum!(Purpose {
    Confirm = "confirm",
    Reset = "reset",
    FirstAdministrator = "first_administrator",
});

/// A one-time link, kept as the hash of its secret.
#[derive(Queryable, Selectable, Clone)]
#[diesel(table_name = tokens)]
pub struct Token {
    pub id: i64,
    pub person_id: PersonId,
    pub device_hash: Option<String>,
    pub expires_at: NaiveDateTime,
    pub used_at: Option<NaiveDateTime>,
}

#[derive(Queryable, Selectable, Clone, Debug)]
#[diesel(table_name = sessions)]
pub struct Session {
    pub id: SessionId,
    pub device: String,
    pub network: String,
    pub created_at: NaiveDateTime,
    pub seen_at: NaiveDateTime,
}

/// One role that a person holds in a body.
#[derive(Queryable, Clone, Debug)]
pub struct Held {
    pub body_id: BodyId,
    pub body_name: String,
    pub kind: BodyKind,
    pub role: Role,
    pub since: NaiveDateTime,
}

#[derive(Queryable, Clone, Debug)]
pub struct Invitation {
    pub id: InvitationId,
    pub body_id: BodyId,
    pub body_name: String,
    pub email: String,
    pub role: Role,
    pub invited_by: PersonId,
    pub expires_at: NaiveDateTime,
}

/// A notice in an inbox; `at` is when it was received, by the portal's clock.
#[derive(Queryable, Selectable, Clone, Debug)]
#[diesel(table_name = messages)]
pub struct Message {
    pub id: MessageId,
    pub public_id: String,
    pub kind: String,
    pub args: String,
    pub link: String,
    pub at: NaiveDateTime,
    pub first_read_at: Option<NaiveDateTime>,
}
