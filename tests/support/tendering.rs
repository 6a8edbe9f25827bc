//! A published tender with its people, for the tests of what comes after publishing.

use super::{Client, Portal, Reply};
use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;
use sanshe::infra::seal;
use sanshe::kernel::people::BodyId;
use sanshe::kernel::roles::{BodyKind, Role};
use sanshe::schema::{catalogues, projects, rule_sets, tenders};

pub const BUDGET_FEN: i64 = 48_000_000;
pub const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n";

pub struct Tendering {
    pub project: i64,
    pub tender: i64,
    pub buyer: BodyId,
    pub closes_at: NaiveDateTime,
}

impl Tendering {
    pub fn path(&self, rest: &str) -> String {
        format!("/projects/{}{rest}", self.project)
    }
}

/// A tender that is open from now until `open_for` later.
pub fn open_tender(portal: &Portal, open_for: Duration) -> Tendering {
    let buyer = portal.body(BodyKind::Bureau, "示范民政局", Some("320585"));
    let creator = portal.person("buyer-clerk");
    portal.grant(creator, buyer, &[Role::Officer]);
    let (recipient, identity) = seal::make_key();
    let wrapped = seal::seal(portal.state.secrets.server_recipient(), identity.as_bytes()).unwrap();
    let wrapped = hex_of(&wrapped);
    let (project, tender, closes_at) = portal.write(move |tx| {
        let now = tx.now;
        let catalogue: i64 = catalogues::table.select(catalogues::id).first(tx.db)?;
        let rules: i64 = rule_sets::table
            .filter(rule_sets::name.eq("open_tender"))
            .select(rule_sets::id)
            .first(tx.db)?;
        let project: i64 = diesel::insert_into(projects::table)
            .values((
                projects::number.eq("CG-2026-0001"),
                projects::buyer_id.eq(buyer.0),
                projects::region_code.eq("320585"),
                projects::catalogue_id.eq(catalogue),
                projects::catalogue_code.eq("A0402"),
                projects::title.eq("社区助老巡访服务"),
                projects::requirement.eq("每周上门一次"),
                projects::budget_fen.eq(BUDGET_FEN),
                projects::term_from.eq(now.date()),
                projects::term_to.eq(now.date() + Duration::days(300)),
                projects::term_grounds.eq("[]"),
                projects::forbidden.eq("{}"),
                projects::phone.eq("0512-00000000"),
                projects::state.eq("tendering"),
                projects::created_by.eq(creator.0),
                projects::created_at.eq(now),
                projects::published_at.eq(now),
            ))
            .returning(projects::id)
            .get_result(tx.db)?;
        let closes_at = now + open_for;
        let tender: i64 = diesel::insert_into(tenders::table)
            .values((
                tenders::project_id.eq(project),
                tenders::round.eq(1),
                tenders::method.eq("open_tender"),
                tenders::rule_set_id.eq(rules),
                tenders::state.eq("open"),
                tenders::published_at.eq(now),
                tenders::closes_at.eq(closes_at),
                tenders::recipient.eq(&recipient),
                tenders::wrapped_identity.eq(&wrapped),
            ))
            .returning(tenders::id)
            .get_result(tx.db)?;
        Ok((project, tender, closes_at))
    });
    Tendering {
        project,
        tender,
        buyer,
        closes_at,
    }
}

fn hex_of(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}

/// What the worker does at the deadline, for a tender with enough bids.
pub fn close(portal: &Portal, tendering: &Tendering) {
    if portal.now() < tendering.closes_at {
        portal.move_clock_to(tendering.closes_at);
    }
    let tender = tendering.tender;
    portal.write(move |tx| {
        diesel::update(tenders::table.find(tender))
            .set((
                tenders::state.eq("closed"),
                tenders::closed_at.eq(tx.now),
                tenders::version.eq(tenders::version + 1),
            ))
            .execute(tx.db)?;
        Ok(())
    });
    portal.run_jobs();
}

/// A provider with one person who prepares and submits.
pub fn bidder(portal: &Portal, name: &str) -> Client {
    let body = portal.body(BodyKind::Provider, &format!("{name}服务中心"), None);
    portal.member(name, body, &[Role::Preparer, Role::Submitter])
}

/// Fills the draft's form: one line of breakdown.
pub fn write_draft(client: &Client, tendering: &Tendering, price: &str, proposal: &str) -> Reply {
    client.submit(
        &tendering.path("/bid"),
        &tendering.path("/bid/draft"),
        &[
            ("price", price),
            ("label-1", "全部服务"),
            ("amount-1", price),
            ("proposal", proposal),
        ],
    )
}

pub fn send(client: &Client, tendering: &Tendering) -> Reply {
    client.submit(&tendering.path("/bid"), &tendering.path("/bid/submit"), &[])
}

/// A whole bid; returns its receipt's number.
#[track_caller]
pub fn bid(client: &Client, tendering: &Tendering, price: &str) -> String {
    write_draft(client, tendering, price, "服务方案").expect(303);
    let sent = send(client, tendering);
    sent.expect(303);
    number_of(&sent)
}

/// The receipt's number from where a submission led.
#[track_caller]
pub fn number_of(sent: &Reply) -> String {
    let location = sent.location.as_deref().unwrap();
    location.split_once("?no=").unwrap().1.to_owned()
}

/// An officer of the purchaser; a fresh session counts as verified.
pub fn officer(portal: &Portal, tendering: &Tendering, name: &str) -> Client {
    portal.member(name, tendering.buyer, &[Role::Officer])
}

pub fn confirm_opening(officer: &Client, tendering: &Tendering) -> Reply {
    let page = tendering.path("/opening");
    officer.submit(&page, &page, &[])
}
