//! A purchaser at the forms: a project written, planned and published through the pages.

use super::{Client, Portal};
use sanshe::infra::actor::{self, Actor};
use sanshe::infra::failure::Failure;
use sanshe::infra::store::machine_now;
use sanshe::kernel::people::BodyId;
use sanshe::kernel::roles::{BodyKind, Role};
use sanshe::procurement::projects::ProjectId;
use sanshe::procurement::tenders::{self, Tender};

pub type Fields = Vec<(&'static str, &'static str)>;

/// A lawful project's form, with some fields set otherwise.
pub fn project(change: &[(&'static str, &'static str)]) -> Fields {
    let mut fields = vec![
        ("catalogue_code", "A0402"),
        ("title", "社区助老巡访服务"),
        ("requirement", "每周上门一次。"),
        ("budget", "480000"),
        ("secured", "yes"),
        ("term_from", "2026-06-01"),
        ("term_to", "2027-05-31"),
        ("communities", "320585100001"),
        ("communities", "320585100002"),
        ("phone", "0512-00000000"),
    ];
    fields.extend(["f1", "f2", "f3", "f4", "f5", "f6"].map(|item| (item, "no")));
    changed(fields, change)
}

/// Lawful criteria, with some fields set otherwise; method and dates stay as the form proposes them.
pub fn criteria(change: &[(&'static str, &'static str)]) -> Fields {
    let fields = vec![
        ("name_1", "服务方案"),
        ("measure_1", "五个要点，每点 0 至 8 分"),
        ("weight_1", "70"),
        ("name_2", "人员配备"),
        ("measure_2", "每名持证社工 5 分，最多 20 分"),
        ("weight_2", "20"),
        ("price_weight", "10"),
    ];
    changed(fields, change)
}

fn changed(mut fields: Fields, change: &[(&'static str, &'static str)]) -> Fields {
    for (name, _) in change {
        fields.retain(|(have, _)| have != name);
    }
    // A box that nobody ticked is not sent at all.
    let is_sent = |(name, value): &&(&str, &str)| !(*name == "communities" && value.is_empty());
    fields.extend(change.iter().filter(is_sent));
    fields
}

pub struct Buyer {
    pub body: BodyId,
    pub officer: Client,
}

impl Buyer {
    pub fn start(portal: &Portal) -> Self {
        let body = portal.body(
            BodyKind::TownGovernment,
            "示范镇人民政府",
            Some("320585100"),
        );
        let officer = portal.member("gu", body, &[Role::Officer]);
        Self { body, officer }
    }

    /// The path of a new draft.
    pub fn draft(&self) -> String {
        let page = "/projects/new";
        let done = self.officer.submit(page, page, &project(&[]));
        let path = done.expect(303).location.clone().unwrap();
        path.strip_suffix("/plan").unwrap().to_owned()
    }

    /// A draft with a plan on the earliest lawful dates.
    pub fn planned(&self, method: &str) -> String {
        let path = self.draft();
        let plan = format!("{path}/plan");
        let proposed = self
            .officer
            .submit(&plan, &plan, &[("method", method), ("refresh", "yes")]);
        self.officer
            .submit_from(&proposed, &plan, &criteria(&[]))
            .expect(303);
        path
    }

    pub fn published(&self, portal: &Portal, method: &str) -> String {
        let path = self.planned(method);
        let publish = format!("{path}/publish");
        self.officer.submit(&publish, &publish, &[]).expect(303);
        portal.run_jobs();
        path
    }
}

/// The officer as the actions see them.
pub fn actor(portal: &Portal) -> Actor {
    portal.write(|tx| {
        let gu = sanshe::accounts::find_person_by_email(tx.db, "gu@test.invalid")?;
        let gu = gu.ok_or(Failure::NotFound)?;
        let session = sanshe::accounts::begin_session(tx, gu.id, "test", "127.0.0.0/24")?;
        actor::find(tx.db, session, machine_now())?.ok_or(Failure::NotFound)
    })
}

/// An officer of another town.
pub fn stranger(portal: &Portal) -> Client {
    let other = portal.body(
        BodyKind::TownGovernment,
        "另一示范镇人民政府",
        Some("320585101"),
    );
    portal.member("stranger", other, &[Role::Officer])
}

/// The newest round of the project at this path.
pub fn newest(portal: &Portal, path: &str) -> Tender {
    let id: ProjectId = path.rsplit('/').next().unwrap().parse().unwrap();
    portal
        .read(move |db| Ok(tenders::newest_of(db, id)?))
        .unwrap()
}
