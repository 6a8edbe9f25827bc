//! People, bodies and memberships as rows.

use crate::kernel::ids::{id, text_enum};
use crate::kernel::people::{BodyId, PersonId, SessionId};
use crate::kernel::roles::{BodyKind, Role};
use crate::schema::{
    appointments, bodies, email_changes, message_choices, message_settings, messages, people,
    recoveries, second_factors, sessions, tokens,
};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

id!(MembershipId);
id!(InvitationId);
id!(MessageId);
id!(RecoveryId);
id!(AppointmentId);

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

/// Who reads an inbox: the person, for a body, in the roles held in it.
#[derive(Clone, Debug)]
pub struct Reader {
    pub person: PersonId,
    pub body: Option<BodyId>,
    pub roles: Vec<Role>,
}

/// A token for programs, without its secret, which is kept nowhere.
#[derive(Queryable, Clone, Debug)]
pub struct ApiToken {
    pub session_id: SessionId,
    pub name: String,
    pub scopes: String,
    pub body: Option<String>,
    pub made_at: NaiveDateTime,
    pub used_at: NaiveDateTime,
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

/// Somebody's authenticator; its keys are sealed to the server.
#[derive(Queryable, Selectable, Clone)]
#[diesel(table_name = second_factors)]
pub struct SecondFactor {
    pub secret: Option<Vec<u8>>,
    /// A key whose first code its owner has not typed yet.
    pub pending: Option<Vec<u8>>,
    pub last_step: i64,
    pub enabled_at: Option<NaiveDateTime>,
}

/// What stands for a code once it has been compared.
#[derive(Clone, Debug)]
pub enum Proof {
    /// A code of this step of time.
    Step(i64),
    /// The hash of a recovery code.
    Recovery(String),
}

/// An open proposal to take a person's second factor off.
#[derive(Queryable, Selectable, Clone, Debug)]
#[diesel(table_name = recoveries)]
pub struct Recovery {
    pub id: RecoveryId,
    pub person_id: PersonId,
    pub reason: String,
    pub proposed_by: PersonId,
    pub proposed_at: NaiveDateTime,
}

/// An address that waits for its owner's word.
#[derive(Queryable, Selectable, Clone, Debug)]
#[diesel(table_name = email_changes)]
pub struct EmailChange {
    pub email: String,
    pub expires_at: NaiveDateTime,
}

/// A role for dates, or in a colleague's stead; without a membership it has not begun.
#[derive(Queryable, Selectable, Clone, Debug)]
#[diesel(table_name = appointments)]
pub struct Appointment {
    pub id: AppointmentId,
    pub body_id: BodyId,
    pub person_id: PersonId,
    pub role: Role,
    pub membership_id: Option<MembershipId>,
    pub deputy_for: Option<PersonId>,
    pub from_on: NaiveDate,
    pub until_on: Option<NaiveDate>,
    pub noticed_at: Option<NaiveDateTime>,
}

/// Who takes over what somebody leaves open, or why nobody has to.
#[derive(Clone, Debug, Default)]
pub struct Handover {
    pub successor: Option<PersonId>,
    pub reason: String,
}

/// How somebody is reminded of one kind of notice.
#[derive(Queryable, Selectable, Clone, Debug)]
#[diesel(table_name = message_choices)]
pub struct MessageChoice {
    pub kind: String,
    pub mail: String,
    pub has_sms: bool,
}

#[derive(Queryable, Selectable, Clone, Debug)]
#[diesel(table_name = message_settings)]
pub struct MessageSettings {
    pub digest_hour: i64,
    pub mobile: Option<String>,
    pub asked_mobile: Option<String>,
    pub code_hash: Option<String>,
    pub code_expires_at: Option<NaiveDateTime>,
    pub code_tries: i64,
}
