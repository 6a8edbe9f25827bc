//! The demo's projects: open ones, one that failed for want of bids, one that is still being written.

use super::cast;
use super::story::Story;
use crate::common::rulesets::Method;
use crate::infra::failure::Failure;
use crate::kernel::money::Fen;
use crate::procurement::projects::{self, Forbidden, NewProject, ProjectId};
use crate::procurement::tenders::{self, CriterionKind, NewCriterion, Plan};
use chrono::NaiveDate;

pub struct Sample {
    account: &'static str,
    title: &'static str,
    code: &'static str,
    requirement: &'static str,
    budget_fen: i64,
    method: Method,
    communities: &'static [&'static str],
    price_weight: i64,
}

pub const MEDIATION: Sample = Sample {
    account: "town",
    title: "人民调解工作室运营服务",
    code: "A1004",
    requirement: "在社区设立调解工作室，工作日值班，受理邻里、家庭、物业纠纷；每起纠纷 3 日内首次回应，每季度公布受理和化解数量。",
    budget_fen: 9_600_000,
    method: Method::Comparison,
    communities: &["320585101001", "320585101002", "320585101003"],
    price_weight: 20,
};

pub const ELDERLY: Sample = Sample {
    account: "officer",
    title: "居家养老巡访与精神关爱服务",
    code: "A0402",
    requirement: "为独居、空巢老人提供每周不少于 1 次的上门巡访、每月 2 次的小组活动和必要时的心理支持；每次服务留有记录，老人或家属可以评价。",
    budget_fen: 48_000_000,
    method: Method::OpenTender,
    communities: &[
        "320585100001",
        "320585100002",
        "320585100003",
        "320585100004",
        "320585100005",
        "320585100006",
    ],
    price_weight: 10,
};

pub const YOUTH: Sample = Sample {
    account: "officer",
    title: "社区青少年事务社会工作服务",
    code: "A1003",
    requirement: "工作日放学后的四点半课堂、寒暑假陪伴和家庭支持；每个社区每周不少于 5 个下午，配备持证社工。",
    budget_fen: 36_000_000,
    method: Method::Comparison,
    communities: &["320585100001", "320585100007", "320585101001"],
    price_weight: 15,
};

pub const DISABILITY: Sample = Sample {
    account: "town",
    title: "残疾人日间照料服务",
    code: "A0406",
    requirement: "为轻度智力、精神残疾人提供日间照料、生活技能训练和家属喘息服务，每周开放不少于 5 天。",
    budget_fen: 36_000_000,
    method: Method::OpenTender,
    communities: &["320585101004", "320585101005"],
    price_weight: 10,
};

/// Writes a project as a draft.
pub fn write(story: &Story, sample: &'static Sample) -> Result<ProjectId, Failure> {
    story.write(move |tx| {
        let officer = cast::actor(tx, sample.account)?;
        let day = |year, month, day| {
            NaiveDate::from_ymd_opt(year, month, day).ok_or_else(|| Failure::internal("date"))
        };
        let new = NewProject {
            catalogue_code: sample.code.to_owned(),
            title: sample.title.to_owned(),
            requirement: sample.requirement.to_owned(),
            budget: Fen(sample.budget_fen),
            is_budget_secured: true,
            term_from: day(2026, 6, 1)?,
            term_to: day(2027, 5, 31)?,
            grounds: Vec::new(),
            answered_no: Forbidden::ALL.to_vec(),
            communities: sample.communities.iter().map(ToString::to_string).collect(),
            phone: "0512-0000 0000".to_owned(),
        };
        projects::create(tx, &officer, &new)
    })
}

/// Plans its tender on the earliest lawful dates and publishes it.
pub fn publish(story: &Story, sample: &'static Sample, id: ProjectId) -> Result<(), Failure> {
    story.write(move |tx| {
        let officer = cast::actor(tx, sample.account)?;
        let now = tx.now;
        let dates = tenders::propose(tx.db, "320585", sample.method, now)?;
        let plan = Plan {
            method: sample.method,
            criteria: criteria(sample.price_weight),
            questions_until: dates.questions_until,
            closes_at: dates.closes_at,
            accepts_provisional: false,
        };
        tenders::plan(tx, &officer, id, &plan).map(drop)
    })?;
    let key = tenders::make_key(&story.state.secrets)?;
    story.write(move |tx| {
        let officer = cast::actor(tx, sample.account)?;
        let version = projects::find(tx.db, id)?.version;
        tenders::publish(tx, &officer, id, version, &key)
    })
}

fn criteria(price_weight: i64) -> Vec<NewCriterion> {
    let quality = |name: &str, measure: &str, weight| NewCriterion {
        kind: CriterionKind::Quality,
        name: name.to_owned(),
        measure: measure.to_owned(),
        weight,
    };
    vec![
        quality(
            "服务方案",
            "五个要点，每点按“有、可执行、有记录”计 0–8 分",
            40,
        ),
        quality(
            "团队与经验",
            "每名持证社工 3 分，最多 18 分；同类合同每份 4 分，最多 12 分",
            30,
        ),
        quality("社区联结", "书面联结协议每份 5 分", 30 - price_weight),
        NewCriterion {
            kind: CriterionKind::Price,
            name: "价格".to_owned(),
            measure: "最低有效报价 ÷ 报价 × 权重".to_owned(),
            weight: price_weight,
        },
    ]
}

/// A question before the cut-off, and its public answer.
pub fn ask_and_answer(
    story: &Story,
    sample: &'static Sample,
    id: ProjectId,
) -> Result<(), Failure> {
    let question = story.write(move |tx| {
        let asker = cast::actor(tx, "linsheng")?;
        let tender = tenders::newest_of(tx.db, id)?.ok_or(Failure::NotFound)?;
        tenders::ask(tx, &asker, tender.id, "小组活动可否与邻近社区合并开展？")
    })?;
    story.hours(20)?;
    story.write(move |tx| {
        let officer = cast::actor(tx, sample.account)?;
        let version = tenders::find_question(tx.db, question)?.version;
        tenders::answer(
            tx,
            &officer,
            question,
            version,
            "可以，每次合并不超过两个社区，参加人数分别统计。",
        )
    })
}
