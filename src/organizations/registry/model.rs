//! A provider as a row, what a form or a seed gives, and the rights of this room.

use crate::kernel::credit_code::CreditCode;
use crate::kernel::people::{BodyId, PersonId};
use crate::kernel::roles::{BodyKind, Permission, Role};
use crate::schema::{bodies, files, providers};
use chrono::NaiveDateTime;
use diesel::prelude::*;

crate::id!(ProviderId);

crate::text_enum!(ProviderKind {
    Association = "association",
    SocialService = "social_service",
    Foundation = "foundation",
    Enterprise = "enterprise",
    Institution = "institution",
    Other = "other",
});

impl ProviderKind {
    /// By the first two characters of the code (GB 32100-2015, table 1).
    pub fn of_code(code: &CreditCode) -> Self {
        match code.prefix() {
            "51" => Self::Association,
            "52" => Self::SocialService,
            "53" => Self::Foundation,
            "91" => Self::Enterprise,
            "12" => Self::Institution,
            _ => Self::Other,
        }
    }

    /// Social organizations only may enter the directory of qualified organizations; everybody may bid.
    pub const fn is_social(self) -> bool {
        matches!(
            self,
            Self::Association | Self::SocialService | Self::Foundation
        )
    }
}

crate::text_enum!(ProviderState {
    /// Nobody has compared certificate and legal head yet. It may bid all the same.
    Unproven = "unproven",
    Proven = "proven",
    /// The check found something wrong; a new certificate or a correction asks again.
    Refused = "refused",
});

#[derive(Queryable, Selectable, Clone, Debug, PartialEq, Eq)]
#[diesel(table_name = providers)]
pub struct Provider {
    pub id: ProviderId,
    pub body_id: BodyId,
    /// Today's name of the body.
    #[diesel(select_expression = bodies::name)]
    #[diesel(select_expression_type = bodies::name)]
    pub name: String,
    pub kind: ProviderKind,
    pub credit_code: CreditCode,
    pub legal_head: String,
    pub address: String,
    /// An office telephone: public, and to be called.
    pub phone: String,
    pub summary: String,
    pub state: ProviderState,
    pub checked_by: Option<PersonId>,
    pub checked_at: Option<NaiveDateTime>,
    pub reason: Option<String>,
    pub sort_key: String,
    pub created_at: NaiveDateTime,
    pub version: i64,
}

/// What a body says about itself, at registration and at every edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewProvider {
    pub kind: ProviderKind,
    pub name: String,
    pub credit_code: CreditCode,
    pub legal_head: String,
    pub address: String,
    pub phone: String,
    pub summary: String,
    /// Catalogue codes of level 2 or 3.
    pub scope: Vec<String>,
    /// Region codes: the county, towns (all in them) or single communities.
    pub areas: Vec<String>,
}

/// A file whose bytes lie on the disk already.
#[derive(Clone, Debug)]
pub struct NewFile {
    pub name: String,
    pub media_type: &'static str,
    pub size: i64,
    pub sha256: String,
    pub storage_key: String,
}

#[derive(Queryable, Selectable, Clone, Debug)]
#[diesel(table_name = files)]
pub struct StoredFile {
    pub id: i64,
    pub name: String,
    pub media_type: String,
    pub size: i64,
    pub storage_key: String,
    pub created_at: NaiveDateTime,
}

/// Comparing certificate and legal head, and deciding between rival claims.
pub struct CheckProviders;

impl Permission for CheckProviders {
    fn granted_to(role: Role, kind: BodyKind) -> bool {
        role == Role::Reviewer && kind == BodyKind::Bureau
    }
}

/// Reading the own body's registration.
pub struct SeeOwnProvider;

impl Permission for SeeOwnProvider {
    fn granted_to(_role: Role, kind: BodyKind) -> bool {
        kind == BodyKind::Provider
    }
}

/// Changing what the own body says about itself: it binds the body, so preparing alone is not enough.
pub struct KeepOwnProvider;

impl Permission for KeepOwnProvider {
    fn granted_to(role: Role, kind: BodyKind) -> bool {
        matches!(role, Role::Submitter | Role::Signatory) && kind == BodyKind::Provider
    }
}
