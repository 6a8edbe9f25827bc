//! The demo's bids: written as drafts, with a sealed file, and submitted before the deadline.

use super::cast;
use super::organizations::SAMPLE_PDF;
use super::story::Story;
use crate::infra::failure::Failure;
use crate::infra::seal;
use crate::kernel::money::Fen;
use crate::procurement::bids::{self, Arrived, Card, Draft, Line};
use crate::procurement::projects::ProjectId;
use crate::procurement::tenders::{self, TenderId};
use sha2::{Digest, Sha256};

pub struct Offer {
    pub account: &'static str,
    price_fen: i64,
    proposal: &'static str,
    /// What the panel will find it worth, percent of the quality points.
    pub worth: i64,
}

pub const CARE: &[Offer] = &[
    Offer {
        account: "nuanyang",
        price_fen: 37_600_000,
        proposal: "配备护理员 14 名、调度 1 名，按片区排班上门；上门、离开均定位留痕，家属可在手机上查看记录。高温、低温天气提前一日排定电话问候名单。",
        worth: 84,
    },
    Offer {
        account: "chenxi",
        price_fen: 39_800_000,
        proposal: "由 6 名持证社工带领 18 名助老员分四个片区上门。首月完成 300 户入户评估，一户一案；每周两次上门，每次不少于 40 分钟，记录当日上传。与社区卫生服务站约定异常情况转介办法，每季度召开一次老人和家属评议会。",
        worth: 93,
    },
    Offer {
        account: "qinghe",
        price_fen: 41_200_000,
        proposal: "以情绪支持为重点，上门探访与电话陪伴相结合；组建由退休教师、医护人员参加的志愿陪伴队，生活照料部分与社区助餐点衔接。",
        worth: 74,
    },
    Offer {
        account: "linsheng",
        price_fen: 40_500_000,
        proposal: "依托楼道邻里互助小组，先由邻居日日敲门，再由助老员每周两次上门；代办代购实行双人签字，紧急联系卡入户张贴。",
        worth: 87,
    },
];

pub const MICRO: &[Offer] = &[
    Offer {
        account: "linsheng",
        price_fen: 16_800_000,
        proposal: "每个社区派驻项目社工，从停车、养犬、楼道堆物等居民最关心的小事中征集议题；会前逐户走访，会后公开决议，全年每个社区办成不少于 3 件居民自管的小事。",
        worth: 93,
    },
    Offer {
        account: "chenxi",
        price_fen: 17_200_000,
        proposal: "培训楼组长和业委会骨干主持议事，编写议事手册；社工全程陪同前三次会议，之后由居民自行主持、社工列席。",
        worth: 85,
    },
    Offer {
        account: "yinghuo",
        price_fen: 17_650_000,
        proposal: "从儿童和家长参与的社区小改造入手，以绿地、游戏角为议题带动家庭参与议事。",
        worth: 79,
    },
];

pub const MIND: &[Offer] = &[
    Offer {
        account: "yinghuo",
        price_fen: 21_880_000,
        proposal: "以青少年和家长为主要对象，开设亲子沟通小组和团体辅导，转介医疗机构前由督导复核。",
        worth: 78,
    },
    Offer {
        account: "qinghe",
        price_fen: 22_600_000,
        proposal: "每周在五个社区各驻点 1 个半天，开通工作日晚间热线；危机个案 2 小时内响应，由国家认证的心理治疗师督导。个案资料加密保存，仅用于服务，项目结束后按约定销毁。",
        worth: 94,
    },
    Offer {
        account: "linsheng",
        price_fen: 23_450_000,
        proposal: "把心理健康知识带进居民议事会和邻里活动，培养社区心理志愿者 40 名。",
        worth: 76,
    },
    Offer {
        account: "chenxi",
        price_fen: 23_100_000,
        proposal: "以独居老人和照护者为重点，开展入户情绪筛查、互助小组和喘息陪伴，与现有巡访服务共享转介渠道。",
        worth: 86,
    },
];

pub const CULTURE: &[Offer] = &[
    Offer {
        account: "linsheng",
        price_fen: 13_800_000,
        proposal: "由各社区居民文艺队自编自演，配备一名活动社工统筹；全年办邻里节 1 次、每月社区活动不少于 1 场。",
        worth: 90,
    },
    Offer {
        account: "yinghuo",
        price_fen: 14_260_000,
        proposal: "以家庭为单位设计亲子游园、读书角和趣味运动会，暑期每周一场。",
        worth: 84,
    },
    Offer {
        account: "chenxi",
        price_fen: 14_600_000,
        proposal: "面向老年居民组织合唱、书画和健步走，邻里节期间设长者才艺展。",
        worth: 81,
    },
];

/// Not yet submitted: its bidder goes on with it.
pub const ELDERLY_DRAFT: Offer = Offer {
    account: "chenxi",
    price_fen: 45_600_000,
    proposal: "六个社区分两个片区，配备持证社工 5 名、助老员 12 名；每周上门巡访，每月两次小组活动……（待补充人员名单）",
    worth: 0,
};

impl Offer {
    /// The price cut into the usual lines, whole yuan each; the last takes what is left.
    fn lines(&self) -> Vec<Line> {
        let mut left = self.price_fen;
        let mut lines: Vec<Line> = [
            ("服务人员薪酬与社会保险", 68),
            ("活动、耗材与交通", 15),
            ("培训与专业督导", 8),
        ]
        .into_iter()
        .map(|(label, percent)| {
            let amount = self.price_fen * percent / 100 / 10_000 * 10_000;
            left -= amount;
            Line {
                label: label.to_owned(),
                amount: Fen(amount),
            }
        })
        .collect();
        lines.push(Line {
            label: "管理费用与税费".to_owned(),
            amount: Fen(left),
        });
        lines
    }

    fn draft(&self) -> Draft {
        Draft {
            price: Some(Fen(self.price_fen)),
            lines: self.lines(),
            proposal: self.proposal.to_owned(),
        }
    }
}

/// Saves the draft and uploads its file.
pub fn draft(
    story: &Story,
    project: ProjectId,
    offer: &'static Offer,
) -> Result<TenderId, Failure> {
    let tender = story
        .read(|db| Ok(tenders::newest_of(db, project)?))?
        .ok_or(Failure::NotFound)?;
    let (id, secrets) = (tender.id, &story.state.secrets);
    let sealed = bids::seal_draft(secrets, &offer.draft())?;
    story.write(move |tx| {
        let actor = cast::actor(tx, offer.account)?;
        bids::save_draft(tx, &actor, id, 0, &sealed)
    })?;
    let recipient = tender.recipient.as_deref().ok_or(Failure::NotFound)?;
    let stored = story.store_file(&seal::seal(recipient, SAMPLE_PDF)?)?;
    let card = Card {
        name: "服务方案（演示）.pdf".to_owned(),
        media_type: "application/pdf".to_owned(),
        size: i64::try_from(SAMPLE_PDF.len()).map_err(Failure::internal)?,
        sha256: hex::encode(Sha256::digest(SAMPLE_PDF)),
    };
    let arrived = [Arrived {
        sealed_name: bids::seal_card(secrets, &card)?,
        size: card.size,
        cipher_sha256: stored.sha256,
        storage_key: stored.key,
    }];
    let empty = bids::seal_draft(secrets, &Draft::default())?;
    story.write(move |tx| {
        let actor = cast::actor(tx, offer.account)?;
        bids::add_files(tx, &actor, id, &arrived, &empty)
    })?;
    Ok(id)
}

/// The whole way of a bid, to its receipt.
pub fn submit(story: &Story, project: ProjectId, offer: &'static Offer) -> Result<(), Failure> {
    let id = draft(story, project, offer)?;
    let tender = story.read(|db| Ok(tenders::find(db, id)?))?;
    let actor = story.write(|tx| cast::actor(tx, offer.account))?;
    let bidder = actor.body_id().ok_or(Failure::NotFound)?;
    let secrets = &story.state.secrets;
    let (version, files) = story.read(|db| bids::find_own_draft(db, secrets, &actor, id))?;
    let prepared = bids::prepare(&tender, bidder, offer.draft(), version, &files)?;
    let signatures = story.state.signatures.clone();
    story.write(move |tx| bids::submit(tx, &actor, &signatures, &prepared))
}
