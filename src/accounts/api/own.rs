//! Reminders, invitations and tokens of the token's own person.

use super::super::pages::{account, api_tokens, messages};
use super::super::queries;
use super::super::rules::messages::{MailChoice, MessageKind};
use crate::infra::store::machine_now;
use crate::kernel::instant;
use crate::kernel::scopes::{Scope, Scopes};
use crate::web::api::field::{Field, Kind, field};
use crate::web::api::{Api, thing};
use crate::web::{Answer, SignedIn, View};
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::LazyLock;

static MAIL: LazyLock<Vec<&str>> =
    LazyLock::new(|| MailChoice::ALL.iter().map(MailChoice::as_str).collect());

/// One for each kind of notice, named as on the page.
static CHOICES: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    MessageKind::ALL
        .iter()
        .map(|kind| (format!("mail_{kind}"), format!("sms_{kind}")))
        .collect()
});

pub fn operations(api: &mut Api) {
    let choices = CHOICES.iter().flat_map(|(mail, sms)| -> [Field; 2] {
        [
            field(mail, Kind::OneOf(&MAIL)).needed(),
            field(sms, Kind::Boolean),
        ]
    });
    api.get("/account/messages", "reminders", reminders)
        .scope(Scope::Accounts)
        .gives::<RemindersDto>();
    api.post("/account/messages", "reminders-save", messages::save)
        .scope(Scope::Accounts)
        .takes([field("hour", Kind::Integer).needed()])
        .takes(choices);
    api.get("/account/invitations", "invitations-own", invitations)
        .scope(Scope::Accounts)
        .gives::<Vec<InvitedDto>>();
    let invitation = field("invitation", Kind::Integer).needed();
    api.post(
        "/account/invitations/accept",
        "invitations-accept",
        account::accept,
    )
    .scope(Scope::Accounts)
    .takes([invitation]);
    api.post(
        "/account/invitations/decline",
        "invitations-decline",
        account::decline,
    )
    .scope(Scope::Accounts)
    .takes([invitation]);
    api.get("/account/tokens", "tokens", tokens)
        .scope(Scope::Accounts)
        .gives::<Vec<TokenDto>>();
    api.post("/account/tokens/end", "tokens-end", api_tokens::end)
        .scope(Scope::Accounts)
        .takes([field("token", Kind::Integer).needed()]);
}

#[derive(Serialize, JsonSchema)]
struct RemindersDto {
    /// The hour of the day at which a digest goes out.
    hour: i64,
    mobile: Option<String>,
    /// Kinds that are not listed come by mail at once.
    kinds: Vec<ReminderDto>,
}

#[derive(Serialize, JsonSchema)]
struct ReminderDto {
    kind: String,
    mail: String,
    sms: bool,
}

async fn reminders(SignedIn(actor): SignedIn, view: View) -> Answer {
    let found = view.state.store.read(move |db| {
        Ok((
            queries::list_choices(db, actor.person_id)?,
            queries::find_settings(db, actor.person_id)?,
        ))
    });
    let (choices, settings) = found.await?;
    let kinds = choices.into_iter().map(|choice| ReminderDto {
        kind: choice.kind,
        mail: choice.mail,
        sms: choice.has_sms,
    });
    thing(&RemindersDto {
        kinds: kinds.collect(),
        hour: settings
            .as_ref()
            .map_or(queries::DIGEST_HOUR, |settings| settings.digest_hour),
        mobile: settings.and_then(|settings| settings.mobile),
    })
}

#[derive(Serialize, JsonSchema)]
struct InvitedDto {
    id: i64,
    body: String,
    role: String,
    until: String,
}

async fn invitations(SignedIn(actor): SignedIn, view: View) -> Answer {
    let found = view.state.store.read(move |db| {
        let me = queries::find_person(db, actor.person_id)?;
        Ok(queries::list_invitations_to(db, &me.email, machine_now())?)
    });
    let rows: Vec<InvitedDto> = found
        .await?
        .into_iter()
        .map(|one| InvitedDto {
            id: one.id.0,
            body: one.body_name,
            role: one.role.to_string(),
            until: instant::rfc3339(one.expires_at),
        })
        .collect();
    thing(&rows)
}

#[derive(Serialize, JsonSchema)]
struct TokenDto {
    id: i64,
    name: String,
    scopes: Vec<String>,
    /// The body that it acts for.
    body: Option<String>,
    made_at: String,
    used_at: String,
    expires_at: String,
}

async fn tokens(SignedIn(actor): SignedIn, view: View) -> Answer {
    let found = view.state.store.read(move |db| {
        Ok(queries::list_api_tokens(
            db,
            actor.person_id,
            machine_now(),
        )?)
    });
    let rows: Vec<TokenDto> = found
        .await?
        .into_iter()
        .map(|token| TokenDto {
            id: token.session_id.0,
            name: token.name,
            scopes: Scopes::parse(&token.scopes)
                .iter()
                .map(|scope| scope.to_string())
                .collect(),
            body: token.body,
            made_at: instant::rfc3339(token.made_at),
            used_at: instant::rfc3339(token.used_at),
            expires_at: instant::rfc3339(token.expires_at),
        })
        .collect();
    thing(&rows)
}
