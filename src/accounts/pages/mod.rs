//! Pages of accounts: in and out, the own account, members, administration, the inbox.

pub(super) mod account;
mod address;
pub(super) mod admin;
pub(super) mod api_tokens;
mod confirm;
mod factors;
mod inbox;
pub(super) mod members;
pub(super) mod messages;
mod password;
mod recoveries;
pub(super) mod sign_in;
mod sign_up;
pub(super) mod terms;

pub use terms::members_path;

use super::actions::{self, Browser};
use super::model::{Person, Proof, SecondFactor, Token};
use super::rules::AccountRule;
use super::rules::codes::{self, Typed};
use super::{queries, rules};
use crate::infra::actor;
use crate::infra::failure::Failure;
use crate::infra::store::machine_now;
use crate::infra::tokens;
use crate::kernel::people::{PersonId, SessionId};
use crate::kernel::roles::{BodyKind, Role};
use crate::web::context::Ctx;
use crate::web::cookies::{LANGUAGE, SESSION, cookie};
use crate::web::kept;
use crate::web::{Answer, AppError, Permission, View};
use actix_web::HttpRequest;
use actix_web::http::{StatusCode, header};
use actix_web::web::{ServiceConfig, get, post};
use serde_json::json;
use std::rc::Rc;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.route("/sign-in", get().to(sign_in::show))
        .route("/sign-in", post().to(sign_in::save))
        .route("/sign-in/code", post().to(sign_in::code))
        .route("/sign-out", post().to(sign_in::sign_out))
        .route("/demo/sign-in", post().to(sign_in::demo))
        .route("/language", get().to(sign_in::language))
        .route("/elder", get().to(sign_in::elder))
        .route("/sign-up", get().to(sign_up::edit))
        .route("/sign-up", post().to(sign_up::save))
        .route("/sign-up/sent", get().to(sign_up::sent))
        .route("/confirm", get().to(confirm::show))
        .route("/confirm", post().to(confirm::save))
        .route("/first-administrator", get().to(confirm::show_first))
        .route("/first-administrator", post().to(confirm::save_first))
        .route("/forgot", get().to(password::forgot))
        .route("/forgot", post().to(password::send))
        .route("/forgot/sent", get().to(password::sent))
        .route("/reset", get().to(password::show))
        .route("/reset", post().to(password::save))
        .route("/account", get().to(account::show))
        .route("/account/name", post().to(account::save_name))
        .route("/account/password", post().to(account::save_password))
        .route("/account/email", get().to(address::show))
        .route("/account/email", post().to(address::ask))
        .route("/account/email/confirm", post().to(address::confirm))
        .route("/account/two-factors", get().to(factors::show))
        .route("/account/two-factors/begin", post().to(factors::begin))
        .route("/account/two-factors/set-up", get().to(factors::set_up))
        .route("/account/two-factors/set-up", post().to(factors::enable))
        .route("/account/two-factors/codes", post().to(factors::renew))
        .route("/account/two-factors/end", post().to(factors::end))
        .route("/account/messages", get().to(messages::show))
        .route("/account/messages", post().to(messages::save))
        .route("/account/messages/mobile", post().to(messages::ask))
        .route(
            "/account/messages/mobile/confirm",
            post().to(messages::confirm),
        )
        .route(
            "/account/messages/mobile/remove",
            post().to(messages::remove),
        )
        .route("/account/switch", post().to(account::switch))
        .route("/account/sessions/end", post().to(account::end_session))
        .route(
            "/account/sessions/end-others",
            post().to(account::end_others),
        )
        .route("/account/invitations/accept", post().to(account::accept))
        .route("/account/invitations/decline", post().to(account::decline))
        .route("/account/tokens", get().to(api_tokens::list))
        .route("/account/tokens", post().to(api_tokens::make))
        .route("/account/tokens/end", post().to(api_tokens::end))
        .route("/account/members", get().to(members::list))
        .route("/account/members/invite", post().to(members::invite))
        .route("/account/members/withdraw", post().to(members::withdraw))
        .route("/account/memberships/{id}", get().to(terms::show))
        .route("/account/memberships/{id}/term", post().to(terms::set))
        .route("/account/memberships/{id}/deputy", post().to(terms::deputy))
        .route(
            "/account/appointments/{id}/cancel",
            post().to(terms::cancel),
        )
        .route("/admin/bodies", get().to(admin::list))
        .route("/admin/bodies/new", get().to(admin::edit))
        .route("/admin/bodies/new", post().to(admin::save))
        .route("/admin/bodies/{id}", get().to(admin::show))
        .route("/admin/bodies/{id}", post().to(admin::rename))
        .route("/admin/bodies/{id}/grant", post().to(admin::grant))
        .route("/admin/bodies/{id}/withdraw", post().to(admin::withdraw))
        .route("/admin/recoveries", get().to(recoveries::list))
        .route("/admin/recoveries", post().to(recoveries::propose))
        .route(
            "/admin/recoveries/{id}/confirm",
            post().to(recoveries::confirm),
        )
        .route(
            "/admin/recoveries/{id}/withdraw",
            post().to(recoveries::withdraw),
        )
        .route("/inbox", get().to(inbox::list))
        .route("/inbox/{id}", get().to(inbox::show));
}

/// Gives and ends rights in the own body.
pub struct ManageMembers;

impl Permission for ManageMembers {
    const STEP_UP: bool = true;

    fn granted_to(role: Role, kind: BodyKind) -> bool {
        rules::manages(role, kind)
    }
}

/// Makes bodies and gives roles in any of them.
pub struct ManageBodies;

impl Permission for ManageBodies {
    const STEP_UP: bool = true;

    fn granted_to(role: Role, kind: BodyKind) -> bool {
        role == Role::Administrator && kind == BodyKind::Platform
    }
}

/// Takes the second factor of somebody else off, with a second administrator's word.
struct RecoverAccounts;

impl Permission for RecoverAccounts {
    const STEP_UP: bool = true;

    fn granted_to(role: Role, kind: BodyKind) -> bool {
        role == Role::Administrator && kind == BodyKind::Platform
    }
}

/// The keyed mark of this browser.
fn mark(view: &View) -> String {
    tokens::mac(view.state.secrets.token_key(), "device", &view.ctx.visitor)
}

fn browser(view: &View, req: &HttpRequest) -> Browser {
    let agent = req
        .headers()
        .get(header::USER_AGENT)
        .and_then(|value| value.to_str().ok());
    Browser {
        mark: mark(view),
        device: rules::device(agent.unwrap_or_default()),
        network: view.ctx.network.clone(),
        before: view
            .actor()
            .map(|actor| (actor.person_id, actor.session_id)),
    }
}

/// Hands the session over, then goes on: with the form that was kept, or to a page.
async fn enter(
    view: &View,
    req: &HttpRequest,
    session: SessionId,
    next: &str,
    keep: &str,
) -> Answer {
    let now = machine_now();
    let found = view.state.store.read(move |db| {
        let actor = actor::find(db, session, now)?.ok_or(Failure::NotFound)?;
        let person = queries::find_person(db, actor.person_id)?;
        Ok((actor, person))
    });
    let (actor, person) = found.await?;
    let token = tokens::issue(view.state.secrets.token_key(), session, now)?;
    let home = if actor.body.is_some() {
        "/work"
    } else {
        "/account"
    };
    let signed_in = View {
        ctx: Ctx(Rc::new(view.ctx.signed_in_as(actor))),
        state: view.state.clone(),
    };
    let mut response = match kept::continue_page(&signed_in, keep) {
        Some(page) => page?,
        None => view.see_other(rules::local_path(next).unwrap_or(home)),
    };
    let config = &view.state.config;
    response
        .add_cookie(&cookie(config, SESSION, token, None))
        .map_err(AppError::internal)?;
    if req.cookie(LANGUAGE).is_none() {
        response
            .add_cookie(&cookie(config, LANGUAGE, person.language, Some(YEAR)))
            .map_err(AppError::internal)?;
    }
    Ok(response)
}

const YEAR: i64 = 365 * 24 * 3600;

enum Guess {
    Right,
    Wrong,
    TooMany,
}

/// One try at a password, slowed down; as long for an address without an account.
async fn guess(
    view: &View,
    account: &str,
    person: Option<&Person>,
    is_known: bool,
    password: &str,
) -> Result<Guess, AppError> {
    let mark = mark(view);
    let device = is_known.then_some(mark.as_str());
    if !view
        .state
        .throttle
        .allows_guess(&view.ctx.network, account, device)
    {
        return Ok(Guess::TooMany);
    }
    let hash = person.map(|person| person.password_hash.clone());
    let password = password.to_owned();
    let fits = slowly(view, move || {
        actions::verify_password(hash.as_deref(), &password)
    });
    Ok(if fits.await? {
        Guess::Right
    } else {
        Guess::Wrong
    })
}

/// The other half of a sign-in still to come: who typed the right password in this browser, good until an instant, and
/// void with the password.
fn half(view: &View, person: &Person) -> String {
    let until = (machine_now() + rules::CODE_WAITS).and_utc().timestamp();
    let mac = tokens::mac(
        view.state.secrets.token_key(),
        "half",
        &half_text(view, person, until),
    );
    format!("{}.{until}.{mac}", person.id)
}

fn half_text(view: &View, person: &Person, until: i64) -> String {
    format!(
        "{} {until} {} {}",
        person.id, view.ctx.visitor, person.password_hash
    )
}

/// Whose password was right, with their second factor, and whether they know this browser.
async fn holder_of_half(
    view: &View,
    half: &str,
) -> Result<Option<(Person, SecondFactor, bool)>, AppError> {
    let mut parts = half.split('.');
    let id = parts.next().and_then(|id| id.parse::<PersonId>().ok());
    let until = parts.next().and_then(|until| until.parse::<i64>().ok());
    let (Some(id), Some(until), Some(mac)) = (id, until, parts.next()) else {
        return Ok(None);
    };
    if until <= machine_now().and_utc().timestamp() {
        return Ok(None);
    }
    let device = mark(view);
    let found = view.state.store.read(move |db| {
        let person = queries::find_person(db, id)?;
        let factor = queries::find_factor(db, id)?;
        Ok((person, factor, queries::is_known_device(db, id, &device)?))
    });
    let (person, factor, is_known) = match found.await {
        Ok(found) => found,
        Err(Failure::NotFound) => return Ok(None),
        Err(failure) => return Err(failure.into()),
    };
    let is_ours = tokens::mac_is(
        view.state.secrets.token_key(),
        "half",
        &half_text(view, &person, until),
        mac,
    );
    let factor = factor.filter(|factor| factor.enabled_at.is_some());
    let is_open = is_ours && person.disabled_at.is_none();
    Ok(factor
        .filter(|_| is_open)
        .map(|factor| (person, factor, is_known)))
}

/// One try at a code, slowed down as passwords are; what it proves is used up by the action.
fn try_code(
    view: &View,
    person: PersonId,
    factor: &SecondFactor,
    is_known: bool,
    typed: &str,
) -> Result<Result<Proof, AccountRule>, AppError> {
    let mark = mark(view);
    let device = is_known.then_some(mark.as_str());
    let account = format!("code {person}");
    if !view
        .state
        .throttle
        .allows_code(&view.ctx.network, &account, device)
    {
        return Ok(Err(AccountRule::TooManyCodes));
    }
    let proof = match codes::read(typed) {
        None => None,
        Some(Typed::Recovery(code)) => Some(Proof::Recovery(actions::recovery_hash(person, &code))),
        Some(Typed::Code(code)) => {
            let key = opened(view, factor.secret.as_deref())?;
            let seconds = machine_now().and_utc().timestamp();
            codes::accepted_step(&key, &code, seconds, factor.last_step).map(Proof::Step)
        }
    };
    Ok(proof.ok_or(AccountRule::WrongCode))
}

/// An authenticator's key out of its seal.
fn opened(view: &View, sealed: Option<&[u8]>) -> Result<Vec<u8>, AppError> {
    let sealed = sealed.ok_or(Failure::NotFound)?;
    Ok(view.state.secrets.open(sealed)?)
}

async fn hash(view: &View, password: &str) -> Result<String, AppError> {
    let password = password.to_owned();
    Ok(slowly(view, move || actions::hash_password(&password)).await??)
}

/// argon2 on a thread of its own, few at once.
async fn slowly<T: Send + 'static>(
    view: &View,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, AppError> {
    let _permit = view
        .state
        .hashing
        .acquire()
        .await
        .map_err(AppError::internal)?;
    actix_web::web::block(work)
        .await
        .map_err(AppError::internal)
}

/// The person behind a link that is still good.
fn holder(
    db: &mut crate::infra::db::Db,
    purpose: super::model::Purpose,
    secret: &str,
) -> Result<Option<(Token, Person)>, Failure> {
    let found = queries::find_token(db, purpose, &actions::hash_of(secret))?;
    let Some(token) = found.filter(|token| rules::is_good(token, machine_now())) else {
        return Ok(None);
    };
    let person = queries::find_person(db, token.person_id)?;
    Ok(Some((token, person)))
}

/// Unknown, used and expired links look the same, and lead on.
fn link_gone(view: &View) -> Answer {
    let title = view.say("accounts-link-gone-title");
    view.render_as(
        StatusCode::GONE,
        "accounts/link_gone",
        "",
        &title,
        &json!({}),
    )
}

#[derive(serde::Deserialize)]
struct Link {
    #[serde(default)]
    token: String,
}
