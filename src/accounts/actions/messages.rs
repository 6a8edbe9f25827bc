//! How people are reminded of what lies in their inbox.

use crate::accounts::model::{MessageChoice, Person};
use crate::accounts::queries;
use crate::accounts::rules::AccountRule;
use crate::accounts::rules::messages::{self, MailChoice};
use crate::infra::actor::Actor;
use crate::infra::db::Db;
use crate::infra::failure::Failure;
use crate::infra::mail::{self, Letter};
use crate::infra::outbox;
use crate::infra::store::Tx;
use crate::infra::words::Language;
use crate::kernel::people::PersonId;
use chrono::{Duration, NaiveDateTime};
use diesel::QueryResult;
use sha2::{Digest, Sha256};

/// How long a mobile number's code is good, and how often it may be tried (machine clock).
const CODE_FOR: Duration = Duration::minutes(10);
const MOST_TRIES: i64 = 5;

/// Reminds somebody of a notice as they chose. It says only that something lies in the inbox: what it is may be
/// secret, mails and short messages are not.
pub(super) fn remind(tx: &mut Tx, person: &Person, notice: &str) -> Result<(), Failure> {
    let kind = messages::kind_of(notice);
    let choice = queries::find_choice(tx.db, person.id, kind.as_str())?;
    let mail = choice
        .as_ref()
        .and_then(|choice| choice.mail.parse().ok())
        .unwrap_or(MailChoice::AtOnce);
    let language = person.language.parse().unwrap_or(Language::Chinese);
    match mail {
        MailChoice::Digest if !messages::cannot_wait(notice) => {
            queries::insert_digest_item(tx.db, person.id, tx.now)?;
        }
        MailChoice::AtOnce | MailChoice::Digest => {
            let letter = Letter::new(&person.email, language, "inbox");
            mail::post(tx, &letter.arg("name", &person.name).link("/inbox"))?;
        }
        MailChoice::None => {}
    }
    if choice.is_some_and(|choice| choice.has_sms)
        && let Some(mobile) =
            queries::find_settings(tx.db, person.id)?.and_then(|settings| settings.mobile)
    {
        text(tx, &Letter::new(&mobile, language, "inbox").link("/inbox"))?;
    }
    Ok(())
}

/// Puts a short message into the outbox.
fn text(tx: &mut Tx, letter: &Letter) -> Result<(), Failure> {
    outbox::emit(tx, "sms.requested", ("sms", 0), letter)
}

pub fn save_choices(
    tx: &mut Tx,
    actor: &Actor,
    choices: &[MessageChoice],
    hour: i64,
) -> Result<(), Failure> {
    queries::replace_choices(tx.db, actor.person_id, choices)?;
    ensure(tx, actor.person_id)?;
    queries::set_digest_hour(tx.db, actor.person_id, hour)?;
    Ok(())
}

fn ensure(tx: &mut Tx, person: PersonId) -> Result<(), Failure> {
    match queries::ensure_settings(tx.db, person).map_err(Failure::from) {
        Err(failure) if failure.is_unique_violation() => Err(Failure::Again),
        other => other,
    }
}

fn code_hash(person: PersonId, mobile: &str, code: &str) -> String {
    hex::encode(Sha256::digest(format!("mobile {person} {mobile} {code}")))
}

/// Sends a code to a number that somebody says is theirs.
pub fn ask_mobile(tx: &mut Tx, actor: &Actor, mobile: &str, code: &str) -> Result<(), Failure> {
    let person = queries::find_person(tx.db, actor.person_id)?;
    ensure(tx, person.id)?;
    let until = tx.machine_now() + CODE_FOR;
    let hash = code_hash(person.id, mobile, code);
    queries::ask_mobile(tx.db, person.id, mobile, &hash, until)?;
    let language = person.language.parse().unwrap_or(Language::Chinese);
    text(
        tx,
        &Letter::new(mobile, language, "mobile-code").arg("code", code),
    )
}

/// The number counts once its code is typed; `false` when it was another code, which is counted.
pub fn confirm_mobile(tx: &mut Tx, actor: &Actor, code: &str) -> Result<bool, Failure> {
    let (person, now) = (actor.person_id, tx.machine_now());
    let settings = queries::find_settings(tx.db, person)?;
    let settings = settings.ok_or(AccountRule::WrongCode)?;
    let open = settings.code_tries < MOST_TRIES
        && settings.code_expires_at.is_some_and(|until| until > now);
    let (Some(mobile), Some(hash), true) = (settings.asked_mobile, settings.code_hash, open) else {
        return Err(AccountRule::WrongCode.into());
    };
    queries::count_try(tx.db, person)?;
    if code_hash(person, &mobile, code) != hash {
        return Ok(false);
    }
    queries::set_mobile(tx.db, person, Some(&mobile))?;
    Ok(true)
}

pub fn remove_mobile(tx: &mut Tx, actor: &Actor) -> Result<(), Failure> {
    queries::set_mobile(tx.db, actor.person_id, None)?;
    Ok(())
}

/// To whom the hour of the digest has come (portal clock).
pub fn list_due_digests(db: &mut Db, now: NaiveDateTime) -> QueryResult<Vec<PersonId>> {
    Ok(queries::list_digests(db)?
        .into_iter()
        .filter(|(_, first, hour)| {
            let hour = u32::try_from(*hour).unwrap_or_default();
            messages::digest_at(*first, hour) <= now
        })
        .map(|(person, ..)| person)
        .collect())
}

/// One mail for everything that waits, `true` when one goes out.
pub fn send_digest(tx: &mut Tx, person: PersonId) -> Result<bool, Failure> {
    let count = queries::take_digest_items(tx.db, person)?;
    if count == 0 {
        return Ok(false);
    }
    let person = queries::find_person(tx.db, person)?;
    let language = person.language.parse().unwrap_or(Language::Chinese);
    let letter = Letter::new(&person.email, language, "digest")
        .arg("name", &person.name)
        .arg("count", count);
    mail::post(tx, &letter.link("/inbox"))?;
    Ok(true)
}
