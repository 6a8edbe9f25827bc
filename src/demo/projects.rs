//! The demo's projects: signed ones, one that waits for a signature, one being scored, open ones, one that failed for
//! want of bids, one that is still being written.

use super::cast;
use super::story::Story;
use crate::common::rulesets::Method;
use crate::infra::failure::Failure;
use crate::kernel::instant;
use crate::kernel::money::Fen;
use crate::procurement::projects::{self, Forbidden, NewProject, ProjectId};
use crate::procurement::tenders::{self, CriterionKind, NewCriterion, Plan, QuestionId};

pub struct Sample {
    pub account: &'static str,
    /// Who opens the bids together.
    pub officers: &'static [&'static str],
    title: &'static str,
    code: &'static str,
    requirement: &'static str,
    budget_fen: i64,
    method: Method,
    communities: &'static [&'static str],
    price_weight: i64,
    term: (&'static str, &'static str),
    pub phone: &'static str,
    /// Who signs for the winner, where the story goes so far.
    pub winner: &'static str,
    pub hides_payment: bool,
}

/// What the bureau's and a town's samples have in common.
const BUREAU: Sample = Sample {
    account: "officer",
    officers: &["officer", "officer2"],
    title: "",
    code: "",
    requirement: "",
    budget_fen: 0,
    method: Method::Comparison,
    communities: &[],
    price_weight: 20,
    term: ("2026-07-01", "2027-06-30"),
    phone: "",
    winner: "",
    hides_payment: false,
};
const TOWN: Sample = Sample {
    account: "town",
    officers: &["town", "town2"],
    ..BUREAU
};

pub const CARE: Sample = Sample {
    title: "高龄独居老人居家上门服务",
    code: "A0402",
    requirement: "为 80 周岁以上独居、空巢老人提供上门探访、生活照料、代办代购和紧急联系服务，服务对象约 300 户。每户每周上门不少于 2 次，每次不少于 40 分钟；逢高温、低温预警当日电话问候。服务全程留痕，每季度由居委会和老人家属评价一次。",
    budget_fen: 42_000_000,
    method: Method::OpenTender,
    communities: &[
        "320585102001",
        "320585102002",
        "320585102003",
        "320585102005",
        "320585102006",
        "320585102007",
        "320585102008",
    ],
    price_weight: 10,
    term: ("2026-05-01", "2027-04-30"),
    phone: "0512-0530 2011",
    winner: "chenxi",
    ..BUREAU
};

pub const MICRO: Sample = Sample {
    title: "社区微治理项目陪伴服务",
    code: "A1001",
    requirement: "协助所列社区围绕停车、楼道堆物、绿地种菜、文明养犬等议题开展居民议事：征集议题、会前走访、主持培训、决议跟踪。每个社区每季度议事不少于 1 次，一年内办成不少于 2 件居民自管的小事，并整理成案例。",
    budget_fen: 18_000_000,
    communities: &[
        "320585100012",
        "320585100013",
        "320585100014",
        "320585100016",
    ],
    term: ("2026-05-01", "2027-04-30"),
    phone: "0512-0530 2012",
    winner: "linsheng",
    hides_payment: true,
    ..BUREAU
};

pub const MIND: Sample = Sample {
    title: "社区心理健康支持服务",
    code: "A0505",
    requirement: "在所列社区设立心理支持驻点，为居民提供个别咨询、小组支持和健康讲座。每个社区每周驻点不少于 1 个半天；危机个案 2 小时内响应并按规程转介医疗机构；个案资料加密保存，仅用于服务。",
    budget_fen: 24_000_000,
    communities: &[
        "320585400001",
        "320585400002",
        "320585400003",
        "320585400004",
        "320585400005",
    ],
    price_weight: 15,
    phone: "0512-0530 2013",
    winner: "qinghe",
    ..BUREAU
};

pub const CULTURE: Sample = Sample {
    title: "邻里文化节与社区文体活动服务",
    code: "A0802",
    requirement: "全年举办邻里文化节 1 次，每个社区每月文体活动不少于 1 场；活动由居民骨干参与策划，活动前 5 日公布时间地点，结束后 3 日内公布参加人数和经费支出。",
    budget_fen: 15_000_000,
    communities: &[
        "320585101001",
        "320585101002",
        "320585101003",
        "320585101008",
    ],
    phone: "0512-0530 2021",
    ..TOWN
};

pub const MEDIATION: Sample = Sample {
    title: "人民调解工作室运营服务",
    code: "A1004",
    requirement: "在社区设立调解工作室，工作日值班，受理邻里、家庭、物业纠纷；每起纠纷 3 日内首次回应，每季度公布受理和化解数量。",
    budget_fen: 9_600_000,
    communities: &["320585101001", "320585101002", "320585101003"],
    phone: "0512-0530 2022",
    ..TOWN
};

pub const ELDERLY: Sample = Sample {
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
    term: ("2026-08-01", "2027-07-31"),
    phone: "0512-0530 2014",
    ..BUREAU
};

pub const YOUTH: Sample = Sample {
    title: "社区青少年事务社会工作服务",
    code: "A1003",
    requirement: "工作日放学后的四点半课堂、寒暑假陪伴和家庭支持；每个社区每周不少于 5 个下午，配备持证社工。",
    budget_fen: 36_000_000,
    communities: &["320585100001", "320585100007", "320585101001"],
    price_weight: 15,
    term: ("2026-07-15", "2027-07-14"),
    phone: "0512-0530 2015",
    ..BUREAU
};

pub const DISABILITY: Sample = Sample {
    title: "残疾人日间照料服务",
    code: "A0406",
    requirement: "为轻度智力、精神残疾人提供日间照料、生活技能训练和家属喘息服务，每周开放不少于 5 天。",
    budget_fen: 36_000_000,
    method: Method::OpenTender,
    communities: &["320585101004", "320585101005"],
    price_weight: 10,
    term: ("2026-09-01", "2027-08-31"),
    phone: "0512-0530 2023",
    ..TOWN
};

/// Writes a project as a draft.
pub fn write(story: &Story, sample: &'static Sample) -> Result<ProjectId, Failure> {
    story.write(move |tx| {
        let officer = cast::actor(tx, sample.account)?;
        let day = |text: &str| {
            instant::parse_date(text).map_err(|_wrong| Failure::internal("no such date"))
        };
        let new = NewProject {
            catalogue_code: sample.code.to_owned(),
            title: sample.title.to_owned(),
            requirement: sample.requirement.to_owned(),
            budget: Fen(sample.budget_fen),
            is_budget_secured: true,
            term_from: day(sample.term.0)?,
            term_to: day(sample.term.1)?,
            grounds: Vec::new(),
            answered_no: Forbidden::ALL.to_vec(),
            communities: sample.communities.iter().map(ToString::to_string).collect(),
            phone: sample.phone.to_owned(),
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
        tenders::publish(tx, &officer, id, version, &key, false)
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

/// A question before the cut-off.
pub fn ask(story: &Story, sample: &'static Sample, id: ProjectId) -> Result<QuestionId, Failure> {
    let text = match sample.code {
        "A1003" => "寒暑假期间服务时段是否按全天计算？社区能否提供午休场地？",
        _ => "小组活动可否与邻近社区合并开展？",
    };
    story.write(move |tx| {
        let asker = cast::actor(tx, "linsheng")?;
        let tender = tenders::newest_of(tx.db, id)?.ok_or(Failure::NotFound)?;
        tenders::ask(tx, &asker, tender.id, text)
    })
}

/// A question, and its public answer a day later.
pub fn ask_and_answer(
    story: &Story,
    sample: &'static Sample,
    id: ProjectId,
) -> Result<(), Failure> {
    let question = ask(story, sample, id)?;
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
