//! Rows of how people are reminded: choices by kind, the digest, the mobile number.

use crate::accounts::model::{MessageChoice, MessageSettings};
use crate::infra::db::{Db, columns};
use crate::kernel::people::PersonId;
use crate::schema::{digest_items, message_choices, message_settings};
use chrono::NaiveDateTime;
use diesel::dsl::min;
use diesel::prelude::*;

pub fn list_choices(db: &mut Db, person: PersonId) -> QueryResult<Vec<MessageChoice>> {
    message_choices::table
        .filter(message_choices::person_id.eq(person))
        .select(columns::<MessageChoice>())
        .load(db)
}

pub fn find_choice(
    db: &mut Db,
    person: PersonId,
    kind: &str,
) -> QueryResult<Option<MessageChoice>> {
    message_choices::table
        .find((person, kind.to_owned()))
        .select(columns::<MessageChoice>())
        .first(db)
        .optional()
}

pub fn replace_choices(
    db: &mut Db,
    person: PersonId,
    choices: &[MessageChoice],
) -> QueryResult<()> {
    diesel::delete(message_choices::table.filter(message_choices::person_id.eq(person)))
        .execute(db)?;
    for choice in choices {
        diesel::insert_into(message_choices::table)
            .values((
                message_choices::person_id.eq(person),
                message_choices::kind.eq(&choice.kind),
                message_choices::mail.eq(&choice.mail),
                message_choices::has_sms.eq(choice.has_sms),
            ))
            .execute(db)?;
    }
    Ok(())
}

pub fn find_settings(db: &mut Db, person: PersonId) -> QueryResult<Option<MessageSettings>> {
    message_settings::table
        .find(person)
        .select(columns::<MessageSettings>())
        .first(db)
        .optional()
}

/// Makes sure that there is a row to update.
pub fn ensure_settings(db: &mut Db, person: PersonId) -> QueryResult<()> {
    if find_settings(db, person)?.is_none() {
        diesel::insert_into(message_settings::table)
            .values(message_settings::person_id.eq(person))
            .execute(db)?;
    }
    Ok(())
}

pub fn set_digest_hour(db: &mut Db, person: PersonId, hour: i64) -> QueryResult<usize> {
    diesel::update(message_settings::table.find(person))
        .set(message_settings::digest_hour.eq(hour))
        .execute(db)
}

/// A number that waits for its code.
pub fn ask_mobile(
    db: &mut Db,
    person: PersonId,
    mobile: &str,
    code_hash: &str,
    until: NaiveDateTime,
) -> QueryResult<usize> {
    diesel::update(message_settings::table.find(person))
        .set((
            message_settings::asked_mobile.eq(mobile),
            message_settings::code_hash.eq(code_hash),
            message_settings::code_expires_at.eq(until),
            message_settings::code_tries.eq(0),
        ))
        .execute(db)
}

/// One more try at the code.
pub fn count_try(db: &mut Db, person: PersonId) -> QueryResult<usize> {
    diesel::update(message_settings::table.find(person))
        .set(message_settings::code_tries.eq(message_settings::code_tries + 1))
        .execute(db)
}

/// The number in force, or none; what waited for a code waits no more.
pub fn set_mobile(db: &mut Db, person: PersonId, mobile: Option<&str>) -> QueryResult<usize> {
    diesel::update(message_settings::table.find(person))
        .set((
            message_settings::mobile.eq(mobile),
            message_settings::asked_mobile.eq(None::<String>),
            message_settings::code_hash.eq(None::<String>),
            message_settings::code_expires_at.eq(None::<NaiveDateTime>),
        ))
        .execute(db)
}

pub fn insert_digest_item(db: &mut Db, person: PersonId, at: NaiveDateTime) -> QueryResult<usize> {
    diesel::insert_into(digest_items::table)
        .values((digest_items::person_id.eq(person), digest_items::at.eq(at)))
        .execute(db)
}

/// Who has something waiting, with when the first of it came and the hour of the digest.
pub fn list_digests(db: &mut Db) -> QueryResult<Vec<(PersonId, NaiveDateTime, i64)>> {
    let waiting: Vec<(PersonId, Option<NaiveDateTime>)> = digest_items::table
        .group_by(digest_items::person_id)
        .select((digest_items::person_id, min(digest_items::at)))
        .load(db)?;
    let mut found = Vec::with_capacity(waiting.len());
    for (person, first) in waiting {
        let settings = find_settings(db, person)?;
        let hour = settings.map_or(DIGEST_HOUR, |settings| settings.digest_hour);
        found.extend(first.map(|first| (person, first, hour)));
    }
    Ok(found)
}

/// The hour for whoever chose none; the same stands in the migration.
pub const DIGEST_HOUR: i64 = 8;

pub fn take_digest_items(db: &mut Db, person: PersonId) -> QueryResult<usize> {
    diesel::delete(digest_items::table.filter(digest_items::person_id.eq(person))).execute(db)
}
