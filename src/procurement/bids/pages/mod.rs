//! The bidder's page, the receipt, the opening, and what is read after it.

pub(super) mod bid;
pub(super) mod draft_form;
pub(super) mod files;
pub(super) mod opened;
pub(super) mod opening;
pub(super) mod receipt;

use super::model::{Bid, BidState, Card, Draft, FileRow};
use super::{actions, queries, rules};
use crate::infra::actor::Actor;
use crate::infra::db::Db;
use crate::infra::failure::Failure;
use crate::infra::secrets::Secrets;
use crate::kernel::people::BodyId;
use crate::procurement::projects::{self, Project, ProjectId};
use crate::procurement::tenders::{self, Tender};
use crate::web::{State, View};
use actix_web::web::{Data, ServiceConfig, get, post, resource};
use serde_json::{Value, json};

const NAV: &str = "projects";

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(resource("/projects/{id}/bid").route(get().to(bid::show)))
        .service(resource("/projects/{id}/bid/draft").route(post().to(bid::save)))
        .service(resource("/projects/{id}/bid/discard").route(post().to(bid::discard)))
        .service(resource("/projects/{id}/bid/files").route(post().to(files::upload)))
        .service(resource("/projects/{id}/bid/files/remove").route(post().to(files::remove)))
        .service(
            resource("/projects/{id}/bid/own-copy")
                .route(get().to(files::own_copy))
                .route(post().to(files::take_own_copy)),
        )
        .service(resource("/projects/{id}/bid/submit").route(post().to(bid::submit)))
        .service(resource("/projects/{id}/bid/replace").route(post().to(bid::replace)))
        .service(resource("/projects/{id}/bid/withdraw").route(post().to(bid::withdraw)))
        .service(resource("/projects/{id}/bid/receipt").route(get().to(receipt::show)))
        .service(resource("/projects/{id}/bid/receipt.json").route(get().to(receipt::download)))
        .service(
            resource("/projects/{id}/opening")
                .route(get().to(opening::show))
                .route(post().to(opening::confirm)),
        )
        .service(resource("/projects/{id}/bids/{bid}").route(get().to(opened::show)))
        .service(
            resource("/projects/{id}/bids/{bid}/files/{file}").route(get().to(opened::download)),
        );
}

/// A published project with its newest tender.
#[derive(Clone)]
pub(in crate::procurement::bids) struct Place {
    pub(in crate::procurement::bids) project: Project,
    pub(in crate::procurement::bids) tender: Tender,
}

impl Place {
    /// What is not published does not exist here.
    fn find(db: &mut Db, id: ProjectId) -> Result<Self, Failure> {
        let project = projects::find_visible(db, id, None)?;
        // A next round that is only planned does not hide the last one that was published.
        let tender = tenders::list_newest_of(db, &[id])?
            .into_iter()
            .rfind(|tender| tender.published_at.is_some())
            .ok_or(Failure::NotFound)?;
        Ok(Self { project, tender })
    }

    pub(in crate::procurement::bids) async fn load(
        state: &Data<State>,
        id: ProjectId,
    ) -> Result<Self, Failure> {
        state.store.read(move |db| Self::find(db, id)).await
    }

    fn path(&self, rest: &str) -> String {
        format!("/projects/{}{rest}", self.project.id)
    }
}

/// All that a bidder has in a tender, decrypted where the server's key reaches: the draft and the files' names.
pub(in crate::procurement::bids) struct Desk {
    pub(in crate::procurement::bids) place: Place,
    pub(in crate::procurement::bids) draft: Option<(Draft, i64, chrono::NaiveDateTime)>,
    pub(in crate::procurement::bids) files: Vec<(FileRow, Card)>,
    pub(in crate::procurement::bids) current: Option<(Bid, Vec<(FileRow, Card)>)>,
    /// What was replaced or withdrawn, newest first.
    earlier: Vec<Bid>,
}

impl Desk {
    /// Loads and decrypts on a thread for blocking work.
    pub(in crate::procurement::bids) async fn load(
        state: &Data<State>,
        actor: &Actor,
        id: ProjectId,
    ) -> Result<Self, Failure> {
        let bidder = actions::bidder_of(actor)?;
        let secrets = state.secrets.clone();
        state
            .store
            .read(move |db| Self::find(db, &secrets, bidder, id))
            .await
    }

    fn find(
        db: &mut Db,
        secrets: &Secrets,
        bidder: BodyId,
        id: ProjectId,
    ) -> Result<Self, Failure> {
        let place = Place::find(db, id)?;
        let tender = place.tender.id;
        let draft = match queries::find_draft(db, tender, bidder)? {
            Some(row) => Some((
                actions::open_draft(secrets, &row.sealed)?,
                row.version,
                row.updated_at,
            )),
            None => None,
        };
        let files = with_cards(secrets, queries::list_draft_files(db, tender, bidder)?)?;
        let current = match queries::find_current(db, tender, bidder)? {
            Some(bid) => {
                let files = with_cards(secrets, queries::list_bid_files(db, bid.id)?)?;
                Some((bid, files))
            }
            None => None,
        };
        let mut earlier = queries::list_of_bidder(db, tender, bidder)?;
        earlier.retain(|bid| !bid.is_current());
        Ok(Self {
            place,
            draft,
            files,
            current,
            earlier,
        })
    }

    /// 0 when there is no draft yet.
    pub(in crate::procurement::bids) fn version(&self) -> i64 {
        self.draft.as_ref().map_or(0, |(_, version, _)| *version)
    }
}

/// What became of a bid so far, in a word and in a sentence, and where to read on.
fn fate(view: &View, place: &Place, bid: &Bid) -> Value {
    let tender = &place.tender;
    let is_receiving =
        rules::may_receive(tender.state, tender.closes_at, view.state.store.now()).is_ok();
    let was_opened = tender.opened_at.is_some();
    let standing = match bid.state {
        BidState::Submitted => rules::standing(tender.state, is_receiving, was_opened),
        ended @ (BidState::Replaced | BidState::Withdrawn) => ended.as_str(),
    };
    json!({
        "title": view.say(&format!("bids-standing-{standing}")),
        "text": view.say(&format!("bids-standing-text-{standing}")),
        "invalid": bid.invalid_reason.map(|why| view.say(&format!("bids-invalid-{why}"))),
        "opening": was_opened.then(|| place.path("/opening")),
        "result": (standing == "decided").then(|| place.path("/result")),
    })
}

fn with_cards(secrets: &Secrets, rows: Vec<FileRow>) -> Result<Vec<(FileRow, Card)>, Failure> {
    rows.into_iter()
        .map(|row| {
            let card = actions::open_card(secrets, &row)?;
            Ok((row, card))
        })
        .collect()
}

/// `1.4 MB`, `12 KB`: sizes as people read them.
fn size_text(bytes: i64) -> String {
    const KB: i64 = 1024;
    const MB: i64 = 1024 * 1024;
    match bytes {
        b if b >= MB => format!("{}.{} MB", b / MB, b % MB * 10 / MB),
        b if b >= KB => format!("{} KB", b / KB),
        b => format!("{b} B"),
    }
}

/// An attachment's header with a name of any script (RFC 6266).
fn attachment(name: &str) -> String {
    let encoded: String = url::form_urlencoded::byte_serialize(name.as_bytes())
        .collect::<String>()
        .replace('+', "%20");
    format!("attachment; filename*=UTF-8''{encoded}")
}
