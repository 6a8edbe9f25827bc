//! The demo's story: the real actions, one after another, under the demo clock. Nothing is inserted.

use super::{cast, clock, organizations, projects};
use crate::accounts;
use crate::infra::failure::Failure;
use crate::infra::files::Stored;
use crate::infra::store::Tx;
use crate::web::State;
use actix_web::web::Data;
use chrono::Duration;

pub struct Story<'a> {
    pub state: &'a Data<State>,
    runtime: tokio::runtime::Runtime,
}

impl Story<'_> {
    pub fn write<T, F>(&self, action: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: Fn(&mut Tx) -> Result<T, Failure> + Send + 'static,
    {
        self.state.store.write_blocking(action)
    }

    pub fn store_file(&self, bytes: &[u8]) -> Result<Stored, Failure> {
        self.runtime.block_on(self.state.files.put(bytes.to_vec()))
    }

    /// Lets hours of the portal's time pass, with everything that falls due in them.
    pub fn hours(&self, hours: i64) -> Result<(), Failure> {
        clock::move_to(self.state, self.state.store.now() + Duration::hours(hours))
    }

    pub fn days(&self, days: i64) -> Result<(), Failure> {
        self.hours(days * 24)
    }
}

/// Tells the story into a new demo database; one that has people already is left as it is.
pub fn tell(state: &Data<State>) -> Result<(), Failure> {
    let is_told = state.store.read_blocking(|db| {
        Ok(accounts::find_person_by_email(db, &cast::address("admin"))?.is_some())
    })?;
    if is_told {
        return Ok(());
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::internal)?;
    let story = Story { state, runtime };
    let hash = accounts::hash_password(cast::PASSWORD)?;
    story.write(move |tx| cast::enter(tx, &hash))?;
    organizations::tell(&story)?;
    tell_projects(&story)
}

/// March: a comparison that nobody answers. Then two that run while the newcomer looks around, and a draft.
fn tell_projects(story: &Story) -> Result<(), Failure> {
    let mediation = projects::write(story, &projects::MEDIATION)?;
    projects::publish(story, &projects::MEDIATION, mediation)?;
    story.days(9)?;
    let elderly = projects::write(story, &projects::ELDERLY)?;
    projects::publish(story, &projects::ELDERLY, elderly)?;
    story.hours(3)?;
    projects::ask_and_answer(story, &projects::ELDERLY, elderly)?;
    let youth = projects::write(story, &projects::YOUTH)?;
    projects::publish(story, &projects::YOUTH, youth)?;
    story.hours(5)?;
    projects::write(story, &projects::DISABILITY).map(drop)
}
