//! The demo's providers: registered, checked, some of them in the directory, one sent back, one rival claim.

use super::cast;
use super::story::Story;
use crate::infra::failure::Failure;
use crate::kernel::credit_code::CreditCode;
use crate::kernel::people::BodyId;
use crate::organizations::qualification::{self, Application, Declaration};
use crate::organizations::registry::{self, NewFile, NewProvider, ProviderId, ProviderKind};

/// A provider of the demo. `code` is the eight-character body of its credit code; the check digits are computed.
struct Sample {
    account: &'static str,
    kind: ProviderKind,
    name: &'static str,
    department: &'static str,
    code: &'static str,
    head: &'static str,
    address: &'static str,
    phone: &'static str,
    summary: &'static str,
    scope: &'static [&'static str],
    areas: &'static [&'static str],
    is_proven: bool,
    directory: Directory,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Directory {
    Listed,
    Waiting,
    SentBack,
    None,
}

const SAMPLES: &[Sample] = &[
    Sample {
        account: "chenxi",
        kind: ProviderKind::SocialService,
        name: "晨曦社会工作服务中心",
        department: "52",
        code: "MJDEM001",
        head: "许晨",
        address: "城厢镇演示路 18 号 2 楼",
        phone: "0512-0530 3011",
        summary: "为独居、空巢老人提供上门巡访、小组活动和精神关爱。",
        scope: &["A0402", "A1003", "A0406"],
        areas: &["320585"],
        is_proven: true,
        directory: Directory::Listed,
    },
    Sample {
        account: "yinghuo",
        kind: ProviderKind::SocialService,
        name: "萤火青少年事务中心",
        department: "52",
        code: "MJDEM002",
        head: "方萤",
        address: "城厢镇萤光弄 6 号",
        phone: "0512-0530 3022",
        summary: "社区青少年事务社会工作：四点半课堂、暑期陪伴、家庭支持。",
        scope: &["A0401", "A1003", "A1005"],
        areas: &["320585100", "320585101"],
        is_proven: true,
        directory: Directory::Listed,
    },
    Sample {
        account: "linsheng",
        kind: ProviderKind::SocialService,
        name: "邻声社区发展中心",
        department: "52",
        code: "MJDEM003",
        head: "邹邻",
        address: "经济开发区议事街 35 号",
        phone: "0512-0530 3033",
        summary: "陪伴居民议事，支持社区微治理和邻里互助。",
        scope: &["A1001", "A1003", "A0402"],
        areas: &["320585"],
        is_proven: true,
        directory: Directory::Listed,
    },
    Sample {
        account: "hefeng",
        kind: ProviderKind::Association,
        name: "和风人民调解协会",
        department: "51",
        code: "MJDEM004",
        head: "马和平",
        address: "浏河镇和风路 9 号",
        phone: "0512-0530 3044",
        summary: "邻里、家庭、物业纠纷的人民调解。",
        scope: &["A1004"],
        areas: &["320585102", "320585103"],
        is_proven: true,
        directory: Directory::SentBack,
    },
    Sample {
        account: "nuanyang",
        kind: ProviderKind::Enterprise,
        name: "暖阳养老服务有限公司",
        department: "91",
        code: "MADEM005",
        head: "黄暖",
        address: "浮桥镇暖阳路 101 号",
        phone: "0512-0530 3055",
        summary: "居家养老上门服务、助餐、助浴。",
        scope: &["A0402"],
        areas: &["320585"],
        is_proven: true,
        directory: Directory::None,
    },
    Sample {
        account: "qinghe",
        kind: ProviderKind::SocialService,
        name: "清禾心理健康服务中心",
        department: "52",
        code: "MJDEM006",
        head: "任清",
        address: "科教新城清禾路 27 号 B 座",
        phone: "0512-0530 3066",
        summary: "社区心理咨询、危机陪伴和心理健康讲座。",
        scope: &["A0505", "A1003"],
        areas: &["320585100"],
        is_proven: true,
        directory: Directory::Waiting,
    },
    Sample {
        account: "songlin",
        kind: ProviderKind::SocialService,
        name: "松林助残服务社",
        department: "52",
        code: "MJDEM007",
        head: "宋林",
        address: "沙溪镇松林路 12 号",
        phone: "0512-0530 3077",
        summary: "残疾人日间照料、辅助性就业和家属喘息服务。",
        scope: &["A0406"],
        areas: &["320585101"],
        is_proven: false,
        directory: Directory::None,
    },
];

/// A one-page document that says what it is: the demo's certificates and scans.
pub const SAMPLE_PDF: &[u8] = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n\
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 420 200]/Contents 4 0 R/Resources<</Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>endobj\n\
4 0 obj<</Length 52>>stream\nBT /F 20 Tf 40 100 Td (Sanshe demo document) Tj ET\n\nendstream endobj\n\
trailer<</Root 1 0 R>>\n%%EOF\n";

pub fn tell(story: &Story) -> Result<(), Failure> {
    for sample in SAMPLES {
        let (provider, _) = register(story, sample)?;
        if sample.is_proven {
            prove(story, provider)?;
        }
        direct(story, sample, provider)?;
        story.hours(2)?;
    }
    Ok(())
}

fn register(story: &Story, sample: &'static Sample) -> Result<(ProviderId, BodyId), Failure> {
    let certificate = story.store_file(SAMPLE_PDF)?;
    story.write(move |tx| {
        let actor = cast::actor(tx, sample.account)?;
        let credit_code = CreditCode::make(sample.department, "320585", sample.code)
            .ok_or_else(|| Failure::internal(format!("no credit code from {}", sample.code)))?;
        let id = registry::register(
            tx,
            &actor,
            &NewProvider {
                kind: sample.kind,
                name: sample.name.to_owned(),
                credit_code,
                legal_head: sample.head.to_owned(),
                address: sample.address.to_owned(),
                phone: sample.phone.to_owned(),
                summary: sample.summary.to_owned(),
                scope: sample.scope.iter().map(ToString::to_string).collect(),
                areas: sample.areas.iter().map(ToString::to_string).collect(),
            },
        )?;
        // The new body's own people hand the certificate in.
        let member = cast::actor(tx, sample.account)?;
        registry::attach_certificate(
            tx,
            &member,
            id,
            &NewFile {
                name: "登记证书（演示）.pdf".to_owned(),
                media_type: "application/pdf",
                size: certificate.size,
                sha256: certificate.sha256.clone(),
                storage_key: certificate.key.clone(),
            },
        )?;
        let body = registry::find(tx.db, id)?.body_id;
        Ok((id, body))
    })
}

fn prove(story: &Story, id: ProviderId) -> Result<(), Failure> {
    story.write(move |tx| {
        let reviewer = cast::actor(tx, "reviewer")?;
        let provider = registry::find(tx.db, id)?;
        let rivals: Vec<ProviderId> = registry::list_rivals(tx.db, &provider)?
            .iter()
            .map(|rival| rival.id)
            .collect();
        registry::prove(tx, &reviewer, id, provider.version, &rivals)
    })
}

fn direct(story: &Story, sample: &'static Sample, provider: ProviderId) -> Result<(), Failure> {
    if sample.directory == Directory::None {
        return Ok(());
    }
    let id = story.write(move |tx| {
        let member = cast::actor(tx, sample.account)?;
        let application = Application {
            statement: format!(
                "{}拟承接与登记业务范围一致的社会服务，愿意接受监督。",
                sample.name
            ),
            declarations: Declaration::ALL.to_vec(),
        };
        let id = qualification::apply(tx, &member, provider, None, &application)?;
        qualification::submit(tx, &member, id)?;
        Ok(id)
    })?;
    story.write(move |tx| {
        let reviewer = cast::actor(tx, "reviewer")?;
        let version = qualification::find(tx.db, id)?.version;
        match sample.directory {
            Directory::Listed => qualification::accept(tx, &reviewer, id, version),
            Directory::SentBack => qualification::send_back(
                tx,
                &reviewer,
                id,
                version,
                "请补充上一年度年检结论的说明。",
            ),
            Directory::Waiting | Directory::None => Ok(()),
        }
    })
}
