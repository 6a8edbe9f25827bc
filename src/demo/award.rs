//! From the ranking to the signed contract; and the contracts that ran before the portal did.

use super::cast;
use super::organizations::SAMPLE_PDF;
use super::projects::Sample;
use super::story::Story;
use crate::infra::failure::Failure;
use crate::procurement::awards::{self, Decision};
use crate::procurement::contracts::{
    self, ContractId, Scan, SecretField, Secrets, SignMethod, Signing, Terms,
};
use crate::procurement::evaluation;
use crate::procurement::projects::ProjectId;
use crate::procurement::tenders;

/// Who bought what before the portal: the file of each purchaser, as it was handed in.
const BEFORE: &[(&str, &[u8])] = &[
    ("officer", include_bytes!("data/contracts_bureau.csv")),
    ("town", include_bytes!("data/contracts_town.csv")),
];

pub fn import_running(story: &Story) -> Result<(), Failure> {
    for (account, file) in BEFORE {
        let rows = contracts::read_import(file).map_err(|bad| {
            let places: Vec<String> = bad
                .iter()
                .map(|found| format!("{} {} {}", found.line, found.column, found.why.key))
                .collect();
            Failure::internal(format!("the demo's contracts: {}", places.join("; ")))
        })?;
        story.write(move |tx| {
            let officer = cast::actor(tx, account)?;
            let buyer = officer.body_id().ok_or(Failure::NotFound)?;
            if let Some(bad) = contracts::check_import(tx.db, buyer, &rows)?.first() {
                let place = format!("{} {} {}", bad.line, bad.column, bad.why.key);
                return Err(Failure::internal(format!("the demo's contracts: {place}")));
            }
            contracts::import_contracts(tx, Some(&officer), buyer, &rows)
        })?;
    }
    Ok(())
}

/// The first in rank, with everybody told at once.
pub fn award(story: &Story, sample: &'static Sample, project: ProjectId) -> Result<(), Failure> {
    story.write(move |tx| {
        let officer = cast::actor(tx, sample.account)?;
        let tender = tenders::newest_of(tx.db, project)?.ok_or(Failure::NotFound)?;
        let ranking = evaluation::results_of(tx.db, tender.id)?;
        let first = ranking.first().ok_or(Failure::NotFound)?;
        let decision = Decision {
            bid: first.bid_id,
            version: tender.version,
            ground: None,
            reason: String::new(),
        };
        awards::award(tx, &officer, project, &decision).map(drop)
    })
}

/// The contract with its free parts filled in, offered to both sides.
pub fn draw_up(
    story: &Story,
    sample: &'static Sample,
    project: ProjectId,
) -> Result<ContractId, Failure> {
    story.write(move |tx| {
        let officer = cast::actor(tx, sample.account)?;
        let id = contracts::draw_up(tx, &officer, project)?;
        let terms = Terms {
            payment: "合同签订后 10 个工作日内支付 40%，中期评估合格后支付 30%，期满验收合格后支付余款；每次付款前乙方提供等额发票。收款账户见合同附件。".to_owned(),
            duties: "甲方提供服务对象名单和必要的场地，按期组织评估和付款；乙方按方案配备人员，不得转包，保护服务对象个人信息，每月 5 日前报送上月服务记录。".to_owned(),
            phone: sample.phone.to_owned(),
            secrets: if sample.hides_payment {
                Secrets {
                    fields: vec![SecretField::Payment],
                    reason: "含乙方开户银行和账号，属商业秘密。".to_owned(),
                }
            } else {
                Secrets::default()
            },
        };
        let version = contracts::find(tx.db, id)?.version;
        contracts::edit(tx, &officer, id, version, &terms)?;
        let version = contracts::find(tx.db, id)?.version;
        contracts::offer(tx, &officer, id, version)?;
        Ok(id)
    })
}

pub fn sign_as(
    story: &Story,
    account: &'static str,
    contract: ContractId,
    method: SignMethod,
) -> Result<(), Failure> {
    let scan = match method {
        SignMethod::Scan => {
            let stored = story.store_file(SAMPLE_PDF)?;
            Some(Scan {
                name: "盖章合同扫描件（演示）.pdf".to_owned(),
                media_type: "application/pdf",
                size: stored.size,
                sha256: stored.sha256,
                key: stored.key,
            })
        }
        SignMethod::Password => None,
    };
    let signing = Signing {
        method,
        scan,
        is_demo: true,
    };
    story.write(move |tx| {
        let signatory = cast::actor(tx, account)?;
        contracts::sign(tx, &signatory, contract, &signing)
    })
}
