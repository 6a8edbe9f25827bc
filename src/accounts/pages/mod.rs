//! Pages of accounts: in and out, the own account, members, administration, the inbox.

mod account;
mod admin;
mod confirm;
mod inbox;
mod members;
mod password;
mod sign_in;
mod sign_up;

use super::actions::{self, Browser};
use super::model::{Person, Token};
use super::{queries, rules};
use crate::infra::actor;
use crate::infra::failure::Failure;
use crate::infra::store::machine_now;
use crate::infra::tokens;
use crate::kernel::people::SessionId;
use crate::kernel::roles::{BodyKind, Role};
use crate::web::context::Ctx;
use crate::web::guard::{self, LANGUAGE, SESSION, cookie};
use crate::web::{Answer, AppError, Permission, View};
use actix_web::HttpRequest;
use actix_web::http::{StatusCode, header};
use actix_web::web::{ServiceConfig, get, post};
use serde_json::json;
use std::rc::Rc;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.route("/sign-in", get().to(sign_in::show))
        .route("/sign-in", post().to(sign_in::save))
        .route("/sign-out", post().to(sign_in::sign_out))
        .route("/demo/sign-in", post().to(sign_in::demo))
        .route("/language", get().to(sign_in::language))
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
        .route("/account/switch", post().to(account::switch))
        .route("/account/sessions/end", post().to(account::end_session))
        .route(
            "/account/sessions/end-others",
            post().to(account::end_others),
        )
        .route("/account/invitations/accept", post().to(account::accept))
        .route("/account/invitations/decline", post().to(account::decline))
        .route("/account/members", get().to(members::list))
        .route("/account/members/invite", post().to(members::invite))
        .route("/account/members/end", post().to(members::end))
        .route("/account/members/withdraw", post().to(members::withdraw))
        .route("/admin/bodies", get().to(admin::list))
        .route("/admin/bodies/new", get().to(admin::edit))
        .route("/admin/bodies/new", post().to(admin::save))
        .route("/admin/bodies/{id}", get().to(admin::show))
        .route("/admin/bodies/{id}", post().to(admin::rename))
        .route("/admin/bodies/{id}/grant", post().to(admin::grant))
        .route("/admin/bodies/{id}/end", post().to(admin::end))
        .route("/admin/bodies/{id}/withdraw", post().to(admin::withdraw))
        .route("/inbox", get().to(inbox::list))
        .route("/inbox/{id}", get().to(inbox::show));
}

/// Gives and ends rights in the own body.
struct ManageMembers;

impl Permission for ManageMembers {
    const STEP_UP: bool = true;

    fn granted_to(role: Role, kind: BodyKind) -> bool {
        rules::manages(role, kind)
    }
}

/// Makes bodies and gives roles in any of them.
struct ManageBodies;

impl Permission for ManageBodies {
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
    let mut response = match guard::continue_page(&signed_in, keep) {
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
