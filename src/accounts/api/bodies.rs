//! Bodies, their members and roles: of the body acted for, and of each for the platform's administrators.

use super::super::model::{Appointment, Body, Invitation};
use super::super::pages::{ManageBodies, admin, members, terms};
use super::super::{Membership, queries};
use crate::infra::access::{self, Look, Looked};
use crate::infra::actor::Actor;
use crate::infra::failure::Failure;
use crate::kernel::instant;
use crate::kernel::paging::Page;
use crate::kernel::people::BodyId;
use crate::kernel::roles::{BodyKind, Role};
use crate::kernel::scopes::Scope;
use crate::web::api::field::{Kind, field, text};
use crate::web::api::{Api, PAGED, after, size, tagged, thing};
use crate::web::{Answer, AppError, May, SignedIn, View};
use actix_web::web::Path;
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::LazyLock;

static ROLES: LazyLock<Vec<&str>> = LazyLock::new(|| Role::ALL.iter().map(Role::as_str).collect());
static KINDS: LazyLock<Vec<&str>> =
    LazyLock::new(|| BodyKind::ALL.iter().map(BodyKind::as_str).collect());

pub fn operations(api: &mut Api) {
    let email = text("email", 254).needed();
    let role = field("role", Kind::OneOf(&ROLES)).needed();
    let invitation = field("invitation", Kind::Integer).needed();
    api.get("/account/members", "members", list_own)
        .scope(Scope::Accounts)
        .gives::<MembersDto>();
    api.post("/account/members/invite", "members-invite", members::invite)
        .scope(Scope::Accounts)
        .takes([email, role.many()]);
    api.post(
        "/account/members/withdraw",
        "members-withdraw",
        members::withdraw,
    )
    .scope(Scope::Accounts)
    .takes([invitation]);
    api.post("/account/memberships/{id}/term", "members-term", terms::set)
        .scope(Scope::Accounts)
        .takes([field("last_day", Kind::Date)]);
    api.post(
        "/account/memberships/{id}/deputy",
        "members-deputy",
        terms::deputy,
    )
    .scope(Scope::Accounts)
    .takes([
        field("deputy", Kind::Integer).needed(),
        field("from_on", Kind::Date).needed(),
        field("until_on", Kind::Date).needed(),
    ]);
    api.post(
        "/account/appointments/{id}/cancel",
        "members-cancel",
        terms::cancel,
    )
    .scope(Scope::Accounts);
    api.get("/admin/bodies", "bodies", list)
        .scope(Scope::Accounts)
        .takes(PAGED)
        .takes([field("kind", Kind::OneOf(&KINDS))])
        .gives::<Page<BodyDto>>();
    api.post("/admin/bodies", "bodies-found", admin::save)
        .scope(Scope::Accounts)
        .takes([
            field("kind", Kind::OneOf(&KINDS)).needed(),
            text("name", 100).needed(),
            text("region", 20),
            text("phone", 40),
        ]);
    api.get("/admin/bodies/{id}", "bodies-show", show)
        .scope(Scope::Accounts)
        .gives::<MembersDto>();
    api.post("/admin/bodies/{id}", "bodies-rename", admin::rename)
        .scope(Scope::Accounts)
        .versioned()
        .takes([text("name", 100).needed(), text("phone", 40)]);
    api.post("/admin/bodies/{id}/grant", "bodies-grant", admin::grant)
        .scope(Scope::Accounts)
        .takes([email, role]);
    api.post(
        "/admin/bodies/{id}/withdraw",
        "bodies-withdraw",
        admin::withdraw,
    )
    .scope(Scope::Accounts)
    .takes([invitation]);
}

#[derive(Serialize, JsonSchema)]
struct BodyDto {
    id: i64,
    kind: String,
    name: String,
    region: Option<String>,
    phone: Option<String>,
}

impl From<Body> for BodyDto {
    fn from(body: Body) -> Self {
        Self {
            id: body.id.0,
            kind: body.kind.to_string(),
            name: body.name,
            region: body.region_code,
            phone: body.phone,
        }
    }
}

#[derive(Serialize, JsonSchema)]
struct MembersDto {
    body: BodyDto,
    members: Vec<MemberDto>,
    /// Those that nobody has answered.
    invitations: Vec<InvitationDto>,
    /// Roles for dates, and in a colleague's stead.
    appointments: Vec<AppointmentDto>,
}

#[derive(Serialize, JsonSchema)]
struct MemberDto {
    /// Of the membership: one person has one for each role.
    id: i64,
    person: i64,
    name: String,
    email: String,
    role: String,
    since: String,
}

impl From<Membership> for MemberDto {
    fn from(member: Membership) -> Self {
        Self {
            id: member.id.0,
            person: member.person_id.0,
            name: member.person_name,
            email: member.email,
            role: member.role.to_string(),
            since: instant::rfc3339(member.created_at),
        }
    }
}

#[derive(Serialize, JsonSchema)]
struct InvitationDto {
    id: i64,
    email: String,
    role: String,
    until: String,
}

impl From<Invitation> for InvitationDto {
    fn from(invitation: Invitation) -> Self {
        Self {
            id: invitation.id.0,
            email: invitation.email,
            role: invitation.role.to_string(),
            until: instant::rfc3339(invitation.expires_at),
        }
    }
}

#[derive(Serialize, JsonSchema)]
struct AppointmentDto {
    id: i64,
    person: i64,
    role: String,
    /// `null` until it begins.
    membership: Option<i64>,
    /// The person in whose stead the role is held.
    deputy_for: Option<i64>,
    from: String,
    /// The last day.
    until: Option<String>,
}

impl From<Appointment> for AppointmentDto {
    fn from(term: Appointment) -> Self {
        Self {
            id: term.id.0,
            person: term.person_id.0,
            role: term.role.to_string(),
            membership: term.membership_id.map(|id| id.0),
            deputy_for: term.deputy_for.map(|person| person.0),
            from: term.from_on.to_string(),
            until: term.until_on.map(|day| day.to_string()),
        }
    }
}

/// A body with its members: a look at who they are.
async fn members_of(view: &View, actor: &Actor, id: BodyId) -> Answer {
    let found = view.state.store.read(move |db| {
        Ok((
            queries::find_body(db, id)?,
            queries::list_members(db, id)?,
            queries::list_invitations_of_body(db, id)?,
            queries::list_appointments(db, id)?,
        ))
    });
    let (body, members, invitations, appointments) = found.await?;
    let look = Look::at(Looked::Members, "body", id.0).of_body(id);
    access::looked(&view.state.store, actor, look).await?;
    let version = body.version;
    tagged(
        version,
        &MembersDto {
            body: body.into(),
            members: members.into_iter().map(MemberDto::from).collect(),
            invitations: invitations.into_iter().map(InvitationDto::from).collect(),
            appointments: appointments.into_iter().map(AppointmentDto::from).collect(),
        },
    )
}

async fn list_own(SignedIn(actor): SignedIn, view: View) -> Answer {
    let id = actor.body_id().ok_or(Failure::NotFound)?;
    members_of(&view, &actor, id).await
}

async fn show(who: May<ManageBodies>, view: View, id: Path<String>) -> Answer {
    let id: BodyId = id
        .parse()
        .map_err(|_unknown| AppError::from(Failure::NotFound))?;
    members_of(&view, &who.actor, id).await
}

async fn list(_: May<ManageBodies>, view: View) -> Answer {
    let kind: Option<BodyKind> = view.query().raw("kind").parse().ok();
    let after = after::<1>(&view).and_then(|[id]| id.parse().ok());
    let size = size(&view);
    let found = view
        .state
        .store
        .read(move |db| Ok(queries::list_all_bodies(db, kind, after, size.limit())?));
    let page = Page::of(found.await?, size, |body: &Body| vec![body.id.to_string()]);
    thing(&page.map(BodyDto::from))
}
