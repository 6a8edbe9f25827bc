//! An application for, and then entry in, the directory.

use crate::kernel::people::PersonId;
use crate::kernel::roles::{BodyKind, Permission, Role};
use crate::organizations::registry::ProviderId;
use crate::schema::qualifications;
use chrono::NaiveDateTime;
use diesel::prelude::*;

crate::id!(QualificationId);

crate::text_enum!(QualificationState {
    Draft = "draft",
    Submitted = "submitted",
    Returned = "returned",
    Listed = "listed",
    Suspended = "suspended",
    Withdrawn = "withdrawn",
});

crate::text_enum!(
    /// What the applicant declares, each under its article; all of them, or there is no application.
    Declaration {
        /// 政府采购法 §22 (1): bears civil liability by itself.
        Liability = "liability",
        /// §22 (2): good commercial credit and sound accounting.
        Credit = "credit",
        /// §22 (3): equipment and professional ability.
        Ability = "ability",
        /// §22 (4): a good record of paying taxes and social insurance.
        Taxes = "taxes",
        /// §22 (5): no grave violation in business in the last three years.
        Record = "record",
        /// §22 (6): the other conditions of laws and regulations.
        OtherConditions = "other_conditions",
        AnnualReport = "annual_report",
        NotListed = "not_listed",
        TaxProof = "tax_proof",
    }
);

impl Declaration {
    pub const fn article(self) -> &'static str {
        match self {
            Self::Liability => "《政府采购法》第二十二条第一款第（一）项",
            Self::Credit => "《政府采购法》第二十二条第一款第（二）项",
            Self::Ability => "《政府采购法》第二十二条第一款第（三）项",
            Self::Taxes => "《政府采购法》第二十二条第一款第（四）项",
            Self::Record => "《政府采购法》第二十二条第一款第（五）项",
            Self::OtherConditions => "《政府采购法》第二十二条第一款第（六）项",
            Self::AnnualReport => "《社会团体登记管理条例》第二十八条",
            Self::NotListed => "《社会组织信用信息管理办法》",
            Self::TaxProof => "《政府采购法实施条例》第十七条",
        }
    }
}

#[derive(Queryable, Selectable, Clone, Debug, PartialEq, Eq)]
#[diesel(table_name = qualifications)]
pub struct Qualification {
    pub id: QualificationId,
    pub provider_id: ProviderId,
    pub state: QualificationState,
    pub statement: String,
    /// JSON list of [`Declaration`] words.
    pub declarations: String,
    pub submitted_at: Option<NaiveDateTime>,
    pub decided_by: Option<PersonId>,
    pub decided_at: Option<NaiveDateTime>,
    pub reason: Option<String>,
    pub listed_at: Option<NaiveDateTime>,
    pub version: i64,
}

impl Qualification {
    pub fn declared(&self) -> Vec<Declaration> {
        serde_json::from_str(&self.declarations).unwrap_or_default()
    }
}

/// What the applicant writes.
#[derive(Clone, Debug, Default)]
pub struct Application {
    pub statement: String,
    pub declarations: Vec<Declaration>,
}

/// Accepting, sending back, suspending.
pub struct KeepDirectory;

impl Permission for KeepDirectory {
    fn granted_to(role: Role, kind: BodyKind) -> bool {
        role == Role::Reviewer && kind == BodyKind::Bureau
    }
}
