//! Messages in the portal's inbox, as far as their reader may see them.

use crate::accounts::model::{Message, MessageId, Reader};
use crate::infra::db::{Db, columns};
use crate::kernel::people::{BodyId, PersonId};
use crate::kernel::roles::Role;
use crate::schema::messages;
use chrono::NaiveDateTime;
use diesel::prelude::*;

/// What a person may read: own notices, the body's, and those to the roles that the person holds in it.
#[diesel::dsl::auto_type(no_type_alias)]
fn is_for(person: PersonId, body: Option<BodyId>, roles: Vec<Role>) -> _ {
    let to_role = messages::role.is_null().or(messages::role.eq_any(roles));
    messages::person_id
        .eq(person)
        .or(messages::body_id.eq(body).and(to_role))
}

/// The newest first; `before` is the last message of the page before.
pub fn list_messages(
    db: &mut Db,
    reader: &Reader,
    before: Option<&str>,
    size: i64,
) -> QueryResult<Vec<Message>> {
    let before = match before {
        Some(last) => find_message(db, reader, last).optional()?,
        None => None,
    };
    let mut query = messages::table
        .filter(is_for(reader.person, reader.body, reader.roles.clone()))
        .order(messages::id.desc())
        .limit(size)
        .select(columns::<Message>())
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(messages::id.lt(before.id));
    }
    query.load(db)
}

/// A message to this person or to the body acted for; somebody else's is not found.
pub fn find_message(db: &mut Db, reader: &Reader, public_id: &str) -> QueryResult<Message> {
    messages::table
        .filter(messages::public_id.eq(public_id))
        .filter(is_for(reader.person, reader.body, reader.roles.clone()))
        .select(columns::<Message>())
        .first(db)
}

/// Keeps the first instant only.
pub fn set_read(db: &mut Db, id: MessageId, at: NaiveDateTime) -> QueryResult<usize> {
    diesel::update(messages::table.find(id))
        .filter(messages::first_read_at.is_null())
        .set(messages::first_read_at.eq(at))
        .execute(db)
}
