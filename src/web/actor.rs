//! Rights in the handler's signature: no `May<…>` argument, no access.

use super::AppError;
use super::context::Ctx;
use crate::infra::actor::Actor;
use crate::infra::store::machine_now;
pub use crate::kernel::roles::Permission;
use crate::kernel::roles::{BodyKind, Role};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use std::future::{Ready, ready};
use std::marker::PhantomData;

/// Proof that the person at the other end holds `P` now.
pub struct May<P> {
    pub actor: Actor,
    permission: PhantomData<P>,
}

impl<P: Permission> FromRequest for May<P> {
    type Error = AppError;
    type Future = Ready<Result<Self, AppError>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        ready(SignedIn::of(req, payload).and_then(|SignedIn(mut actor)| {
            let kind = actor.body.as_ref().map(|body| body.kind);
            if !kind.is_some_and(|kind| actor.roles.iter().any(|role| P::granted_to(*role, kind))) {
                return Err(AppError::Forbidden);
            }
            // Reading asks for nothing more; carrying out does.
            if P::STEP_UP
                && req.method() == actix_web::http::Method::POST
                && !actor.is_verified(machine_now())
            {
                return Err(AppError::VerifyFirst);
            }
            actor.for_whom = kind.and_then(|kind| stead::<P>(&actor, kind));
            Ok(Self {
                actor,
                permission: PhantomData,
            })
        }))
    }
}

/// In whose stead the actor holds `P`; nobody's, if a role of their own carries it.
fn stead<P: Permission>(actor: &Actor, kind: BodyKind) -> Option<String> {
    let is_deputy = |role: &Role| actor.stands_in.iter().any(|(held, _)| held == role);
    let own = actor
        .roles
        .iter()
        .any(|role| P::granted_to(*role, kind) && !is_deputy(role));
    let stead = actor
        .stands_in
        .iter()
        .find(|(role, _)| P::granted_to(*role, kind));
    stead.filter(|_| !own).map(|(_, holder)| holder.clone())
}

impl Actor {
    /// Whether an act that binds asks for the password first.
    pub fn must_verify(&self) -> bool {
        !self.is_verified(machine_now())
    }

    /// The same question for a page that shows or hides a button.
    pub fn may<P: Permission>(&self) -> bool {
        let kind = self.body.as_ref().map(|body| body.kind);
        kind.is_some_and(|kind| self.roles.iter().any(|role| P::granted_to(*role, kind)))
    }
}

/// Anybody who has signed in, and for carrying out has proved it again in the last minutes: what guards the account.
pub struct Verified(pub Actor);

impl FromRequest for Verified {
    type Error = AppError;
    type Future = Ready<Result<Self, AppError>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        ready(SignedIn::of(req, payload).and_then(|SignedIn(actor)| {
            if req.method() == actix_web::http::Method::POST && !actor.is_verified(machine_now()) {
                return Err(AppError::VerifyFirst);
            }
            Ok(Self(actor))
        }))
    }
}

/// Anybody who has signed in.
pub struct SignedIn(pub Actor);

impl SignedIn {
    fn of(req: &HttpRequest, payload: &mut Payload) -> Result<Self, AppError> {
        let ctx = Ctx::from_request(req, payload).into_inner()?;
        ctx.actor.clone().map(Self).ok_or(AppError::SignInFirst)
    }
}

impl FromRequest for SignedIn {
    type Error = AppError;
    type Future = Ready<Result<Self, AppError>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        ready(Self::of(req, payload))
    }
}
