//! People, bodies and memberships as rows.

use crate::kernel::people::{BodyId, PersonId};
use crate::kernel::roles::{BodyKind, Role};
use crate::schema::{bodies, people};
use chrono::NaiveDateTime;
use diesel::prelude::*;

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
    pub id: i64,
    pub person_id: PersonId,
    pub person_name: String,
    pub email: String,
    pub role: Role,
    pub created_at: NaiveDateTime,
}
