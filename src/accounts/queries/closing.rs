//! Rows that go with a closed account.

use crate::infra::db::Db;
use crate::kernel::people::PersonId;
use crate::schema::{
    digest_items, email_changes, invitations, known_devices, message_choices, message_settings,
    messages, people, recoveries, recovery_codes, second_factors, tokens,
};
use chrono::NaiveDateTime;
use diesel::prelude::*;

/// What stands for the name of somebody who has gone, on pages in every language.
pub const GONE: &str = "（已注销 / closed）";

/// Erases contacts, keys, settings and the own inbox; the row stays as a stub, for what refers to it.
pub fn erase_person(db: &mut Db, id: PersonId, at: NaiveDateTime) -> QueryResult<()> {
    let email: String = people::table.find(id).select(people::email).first(db)?;
    diesel::delete(invitations::table.filter(invitations::email.eq(email))).execute(db)?;
    diesel::delete(second_factors::table.find(id)).execute(db)?;
    diesel::delete(recovery_codes::table.filter(recovery_codes::person_id.eq(id))).execute(db)?;
    diesel::delete(message_choices::table.filter(message_choices::person_id.eq(id))).execute(db)?;
    diesel::delete(message_settings::table.find(id)).execute(db)?;
    diesel::delete(digest_items::table.filter(digest_items::person_id.eq(id))).execute(db)?;
    diesel::delete(email_changes::table.find(id)).execute(db)?;
    diesel::delete(known_devices::table.filter(known_devices::person_id.eq(id))).execute(db)?;
    diesel::delete(tokens::table.filter(tokens::person_id.eq(id))).execute(db)?;
    diesel::delete(messages::table.filter(messages::person_id.eq(id))).execute(db)?;
    diesel::update(recoveries::table.filter(recoveries::person_id.eq(id)))
        .filter(recoveries::ended_at.is_null())
        .set(recoveries::ended_at.eq(at))
        .execute(db)?;
    diesel::update(people::table.find(id))
        .set((
            people::email.eq(format!("closed-{id}@closed.invalid")),
            people::name.eq(GONE),
            people::password_hash.eq(""),
            people::disabled_at.eq(at),
            people::closed_at.eq(at),
            people::version.eq(people::version + 1),
        ))
        .execute(db)?;
    Ok(())
}
