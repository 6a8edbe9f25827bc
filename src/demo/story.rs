//! The demo's story: the real actions, one after another, under the demo clock. Nothing is inserted.

use super::bids::{self, Offer};
use super::projects::{self, Sample};
use super::{award, cast, clock, evaluation, organizations};
use crate::accounts;
use crate::catalogue;
use crate::infra::db::Db;
use crate::infra::failure::Failure;
use crate::infra::files::Stored;
use crate::infra::portal;
use crate::infra::store::Tx;
use crate::kernel::instant;
use crate::procurement::contracts::SignMethod;
use crate::procurement::projects::ProjectId;
use crate::procurement::tenders;
use crate::web::State;
use actix_web::web::Data;
use chrono::Duration;

pub struct Story<'a> {
    pub state: &'a Data<State>,
    runtime: tokio::runtime::Runtime,
}

impl Story<'_> {
    pub fn read<T>(&self, query: impl FnOnce(&mut Db) -> Result<T, Failure>) -> Result<T, Failure> {
        self.state.store.read_blocking(query)
    }

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

    /// Goes on to a local time of the story's year, as `05-18T09:30`.
    pub fn until(&self, local: &str) -> Result<(), Failure> {
        let at = instant::from_shanghai_local(&format!("2026-{local}")).map_err(|_not_a_time| {
            Failure::internal(format!("the story has no such time: {local}"))
        })?;
        clock::move_to(self.state, at)
    }

    /// Goes on to just after the deadline of a project's tender.
    fn until_closed(&self, project: ProjectId) -> Result<(), Failure> {
        let closes_at = self
            .read(|db| Ok(tenders::newest_of(db, project)?.and_then(|tender| tender.closes_at)))?
            .ok_or_else(|| Failure::internal("no deadline"))?;
        clock::move_to(self.state, closes_at + Duration::minutes(2))
    }
}

/// Tells the story into a new demo database; one that was told already is left as it is.
pub fn tell(state: &Data<State>) -> Result<(), Failure> {
    if state.store.read_blocking(|db| Ok(portal::is_told(db)?))? {
        return Ok(());
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::internal)?;
    let story = Story { state, runtime };
    let hash = accounts::hash_password(cast::PASSWORD)?;
    story.write(move |tx| cast::enter(tx, &hash))?;
    story.write(tell_last_year)?;
    organizations::tell(&story)?;
    tell_spring(&story)?;
    tell_present(&story)?;
    story.write(|tx| Ok(portal::mark_told(tx)?)).map(drop)
}

/// March to May: the contracts of before, and what was tendered, scored, awarded and signed since.
fn tell_spring(story: &Story) -> Result<(), Failure> {
    story.until("03-03T10:00")?;
    award::import_running(story)?;
    let care = begin(story, &projects::CARE)?;
    story.until("03-04T09:40")?;
    projects::ask_and_answer(story, &projects::CARE, care)?;
    story.until("03-05T09:00")?;
    let micro = begin(story, &projects::MICRO)?;
    story.until("03-10T14:00")?;
    bid(story, micro, bids::MICRO)?;
    story.until_closed(micro)?;
    evaluation::open(story, &projects::MICRO, micro)?;
    evaluation::form_panel(story, &projects::MICRO, micro, 3, &["reviewer"])?;
    evaluation::score_all(story, micro, bids::MICRO, evaluation::Spread::OneWide)?;
    story.until("03-19T10:00")?;
    award::award(story, &projects::MICRO, micro)?;
    bid(story, care, bids::CARE)?;
    story.until_closed(care)?;
    evaluation::open(story, &projects::CARE, care)?;
    evaluation::form_panel(story, &projects::CARE, care, 5, &[])?;
    evaluation::score_all(story, care, bids::CARE, evaluation::Spread::Narrow)?;
    story.until("03-30T15:00")?;
    award::award(story, &projects::CARE, care)?;
    sign(story, &projects::MICRO, micro, SignMethod::Password)?;
    story.until("04-09T15:00")?;
    sign(story, &projects::CARE, care, SignMethod::Scan)
}

/// May and June: one that nobody answered, one that waits for the purchaser's signature, one whose sheets are partly
/// in; then what runs while the newcomer looks around.
fn tell_present(story: &Story) -> Result<(), Failure> {
    story.until("05-06T09:30")?;
    begin(story, &projects::MEDIATION)?;
    let mind = begin(story, &projects::MIND)?;
    story.until("05-11T09:20")?;
    bid(story, mind, bids::MIND)?;
    story.until_closed(mind)?;
    evaluation::open(story, &projects::MIND, mind)?;
    evaluation::form_panel(story, &projects::MIND, mind, 3, &[])?;
    evaluation::score_all(story, mind, bids::MIND, evaluation::Spread::Narrow)?;
    story.until("05-19T09:00")?;
    award::award(story, &projects::MIND, mind)?;
    let culture = begin(story, &projects::CULTURE)?;
    story.until("05-25T16:00")?;
    bid(story, culture, bids::CULTURE)?;
    story.until_closed(culture)?;
    evaluation::open(story, &projects::CULTURE, culture)?;
    evaluation::form_panel(story, &projects::CULTURE, culture, 5, &[])?;
    evaluation::score_some(story, culture, bids::CULTURE)?;
    let contract = award::draw_up(story, &projects::MIND, mind)?;
    award::sign_as(story, "qinghe", contract, SignMethod::Password)?;
    story.until("06-01T09:00")?;
    let elderly = begin(story, &projects::ELDERLY)?;
    story.hours(3)?;
    projects::ask_and_answer(story, &projects::ELDERLY, elderly)?;
    let youth = begin(story, &projects::YOUTH)?;
    story.hours(2)?;
    projects::ask(story, &projects::YOUTH, youth)?;
    bids::draft(story, elderly, &bids::ELDERLY_DRAFT)?;
    story.hours(3)?;
    projects::write(story, &projects::DISABILITY).map(drop)
}

fn begin(story: &Story, sample: &'static Sample) -> Result<ProjectId, Failure> {
    let id = projects::write(story, sample)?;
    projects::publish(story, sample, id)?;
    Ok(id)
}

fn bid(story: &Story, project: ProjectId, offers: &'static [Offer]) -> Result<(), Failure> {
    for offer in offers {
        bids::submit(story, project, offer)?;
        story.hours(3)?;
    }
    Ok(())
}

/// Drawn up, offered, and signed by the provider and by the purchaser.
fn sign(
    story: &Story,
    sample: &'static Sample,
    project: ProjectId,
    method: SignMethod,
) -> Result<(), Failure> {
    let contract = award::draw_up(story, sample, project)?;
    story.hours(19)?;
    award::sign_as(story, sample.winner, contract, method)?;
    story.hours(5)?;
    award::sign_as(story, "signatory", contract, method)
}

/// Last year's catalogue, an invented one, so that two years can be compared.
fn tell_last_year(tx: &mut Tx) -> Result<(), Failure> {
    let heading = catalogue::Heading {
        year: 2025,
        title: "政府购买服务指导性目录（2025 年演示）".into(),
        issued_no: None,
        source: "演示数据，不是真实目录".into(),
    };
    let file = include_bytes!("data/catalogue_2025.csv");
    let id = catalogue::import_csv(tx, None, &heading, file)?;
    catalogue::publish_by(tx, None, id)
}
