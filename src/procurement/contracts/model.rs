//! Contracts as rows; what is secret leaves the row before the public sees it.

use crate::kernel::ids::{id, text_enum};
use crate::kernel::money::Fen;
use crate::kernel::people::{BodyId, PersonId};
use crate::kernel::roles::{BodyKind, Permission, Role};
use crate::procurement::awards::AwardId;
use crate::procurement::projects::ProjectId;
use crate::schema::{contract_signatures, contracts};

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

id!(ContractId);
id!(ScanId);

text_enum!(ContractState {
    /// Being written by the purchaser's officer.
    Drafted = "drafted",
    /// Offered to both sides; its text is fixed.
    Signing = "signing",
    Published = "published",
    /// Its award was cancelled before anybody signed.
    Cancelled = "cancelled",
});

text_enum!(
    /// A side of the contract.
    Side {
        Buyer = "buyer",
        Provider = "provider",
    }
);

text_enum!(
    /// How a side signed (民法典 §490); a password only in demo.
    SignMethod {
        Scan = "scan",
        Password = "password",
    }
);

text_enum!(
    /// What may be marked as a secret (实施条例 §50); price, term and parties never.
    SecretField {
        Scope = "scope",
        Payment = "payment",
        Duties = "duties",
    }
);

/// Which parts are hidden from the public, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secrets {
    pub fields: Vec<SecretField>,
    pub reason: String,
}

impl Secrets {
    pub fn hides(&self, field: SecretField) -> bool {
        self.fields.contains(&field)
    }
}

#[derive(Queryable, Selectable, Clone, Debug)]
#[diesel(table_name = contracts)]
pub struct Contract {
    pub id: ContractId,
    pub number: String,
    pub award_id: Option<AwardId>,
    pub project_id: Option<ProjectId>,
    pub buyer_id: BodyId,
    pub provider_id: Option<BodyId>,
    pub provider_name: String,
    pub provider_code: Option<String>,
    pub title: String,
    pub catalogue_code: String,
    pub scope: String,
    pub amount_fen: Fen,
    pub term_from: NaiveDate,
    pub term_to: NaiveDate,
    pub phone: String,
    pub payment: String,
    pub duties: String,
    /// JSON of [`Secrets`].
    pub secrets: String,
    pub state: ContractState,
    pub is_entered_afterwards: bool,
    pub created_at: NaiveDateTime,
    pub signed_at: Option<NaiveDateTime>,
    pub published_at: Option<NaiveDateTime>,
    pub version: i64,
}

/// How a published contract stands on a day; nothing needs to happen for it to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Course {
    Running,
    Coming,
    Ended,
}

impl Course {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Coming => "coming",
            Self::Ended => "ended",
        }
    }
}

impl Contract {
    pub fn course(&self, today: NaiveDate) -> Course {
        if today > self.term_to {
            Course::Ended
        } else if today < self.term_from {
            Course::Coming
        } else {
            Course::Running
        }
    }

    pub fn secrets(&self) -> Secrets {
        // Unreadable would mean that nobody knows what is secret: then everything is.
        serde_json::from_str(&self.secrets).unwrap_or_else(|_| Secrets {
            fields: SecretField::ALL.to_vec(),
            reason: String::new(),
        })
    }

    /// The contract without what is marked as a secret.
    #[must_use]
    pub fn redacted(mut self) -> Self {
        let secrets = self.secrets();
        for (field, text) in [
            (SecretField::Scope, &mut self.scope),
            (SecretField::Payment, &mut self.payment),
            (SecretField::Duties, &mut self.duties),
        ] {
            if secrets.hides(field) {
                text.clear();
            }
        }
        self
    }

    /// The side for which a body signs, if it is a party.
    pub fn side_of(&self, body: BodyId) -> Option<Side> {
        if self.buyer_id == body {
            Some(Side::Buyer)
        } else if self.provider_id == Some(body) {
            Some(Side::Provider)
        } else {
            None
        }
    }
}

#[derive(Queryable, Selectable, Clone, Debug)]
#[diesel(table_name = contract_signatures)]
pub struct Signature {
    pub side: Side,
    pub method: SignMethod,
    pub person_id: PersonId,
    pub file_id: Option<ScanId>,
    pub at: NaiveDateTime,
}

/// A stored scan that is about to belong to a signature.
#[derive(Clone, Debug)]
pub struct Scan {
    pub name: String,
    pub media_type: &'static str,
    pub size: i64,
    pub sha256: String,
    pub key: String,
}

/// The officers who draw a contract up and fill in its free parts.
pub struct DraftContracts;

impl Permission for DraftContracts {
    fn granted_to(role: Role, kind: BodyKind) -> bool {
        role == Role::Officer && is_purchaser(kind)
    }
}

/// Offering a contract for signature, and publishing running contracts, bind the purchaser.
pub struct PublishContracts;

impl Permission for PublishContracts {
    const STEP_UP: bool = true;

    fn granted_to(role: Role, kind: BodyKind) -> bool {
        DraftContracts::granted_to(role, kind)
    }
}

/// Only who may bind a side signs: its legal head, or a mandate (民法典 §490).
pub struct SignContracts;

impl Permission for SignContracts {
    const STEP_UP: bool = true;

    fn granted_to(role: Role, kind: BodyKind) -> bool {
        role == Role::Signatory
            && matches!(
                kind,
                BodyKind::Bureau | BodyKind::TownGovernment | BodyKind::Provider
            )
    }
}

fn is_purchaser(kind: BodyKind) -> bool {
    matches!(
        kind,
        BodyKind::Bureau | BodyKind::TownGovernment | BodyKind::ProcurementAgency
    )
}

impl Contract {
    /// Whether a body may see it before it is published: the purchaser always, the provider once it is offered.
    pub fn is_seen_by(&self, body: BodyId) -> bool {
        match self.side_of(body) {
            Some(Side::Buyer) => true,
            Some(Side::Provider) => !matches!(
                self.state,
                ContractState::Drafted | ContractState::Cancelled
            ),
            None => false,
        }
    }
}
