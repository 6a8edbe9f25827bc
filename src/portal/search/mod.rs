//! One search box over everything public.

use crate::infra::failure::Failure;
use crate::infra::outbox::Job;
use crate::web::State;
use actix_web::web::{Data, ServiceConfig};

/// The outbox consumer `search`: brings the index up to date with the event's subject.
pub fn reindex(_state: &Data<State>, _job: &Job) -> Result<(), Failure> {
    Ok(())
}

pub fn routes(_cfg: &mut ServiceConfig) {}
