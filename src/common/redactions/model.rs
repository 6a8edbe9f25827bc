//! What can be covered, and a request to do so.

use crate::kernel::ids::{id, text_enum};
use crate::kernel::people::PersonId;
use crate::schema::redactions;
use chrono::NaiveDateTime;
use diesel::prelude::*;

id!(RedactionId);

text_enum!(
    /// What a passage belongs to: the page under which it is public. The words are those of the ledger.
    Subject {
        Project = "project",
        Contract = "contract",
        Provider = "provider",
    }
);

text_enum!(
    /// Why it must not stay.
    Ground {
        /// Personal data that had no place there; the original is erased.
        Personal = "personal",
        /// Somebody's trade secret or private matter.
        Secret = "secret",
        /// What is simply not true.
        Wrong = "wrong",
    }
);

/// One proposes, another one decides. The passage is erased with the decision.
#[derive(Queryable, Selectable, Clone, Debug)]
#[diesel(table_name = redactions)]
pub struct Redaction {
    pub id: RedactionId,
    pub subject_kind: Subject,
    pub subject_id: i64,
    pub passage: Option<String>,
    pub ground: Ground,
    pub reason: String,
    pub asked_by: PersonId,
    pub asked_at: NaiveDateTime,
    pub decided_at: Option<NaiveDateTime>,
    /// In how many places it was covered; `None` when it was refused.
    pub places: Option<i64>,
}

/// Where text of a subject lies that is public or becomes so: `$1` is the subject's id.
pub struct Place {
    pub table: &'static str,
    pub column: &'static str,
    pub rows: &'static str,
    /// Which of the rows everybody may read. Only those are looked into before it is decided, and only they are counted:
    /// what is not public yet, such as the notices of a sealed bid, must not be told by a number.
    pub public: &'static str,
    pub is_json: bool,
    pub is_versioned: bool,
}

const fn text(table: &'static str, column: &'static str, rows: &'static str) -> Place {
    Place {
        table,
        column,
        rows,
        public: NEVER,
        is_json: false,
        is_versioned: false,
    }
}

/// The same in a row that people edit.
const fn edited(table: &'static str, column: &'static str, rows: &'static str) -> Place {
    Place {
        is_versioned: true,
        ..text(table, column, rows)
    }
}

impl Place {
    const fn public_when(mut self, public: &'static str) -> Self {
        self.public = public;
        self
    }
}

const ALWAYS: &str = "1 = 1";
const NEVER: &str = "1 = 0";
const PUBLISHED: &str = "published_at IS NOT NULL";
const ANSWERED: &str = "answered_at IS NOT NULL";
const PROVEN: &str = "state = 'proven'";

const fn json(table: &'static str, column: &'static str, rows: &'static str) -> Place {
    Place {
        is_json: true,
        ..text(table, column, rows)
    }
}

const OWN: &str = "id = $1";
const OF_TENDERS: &str = "tender_id IN (SELECT id FROM tenders WHERE project_id = $1)";
const OF_PROJECT: &str = "project_id = $1";
/// Notices and ledger lines about a project, whatever of it they name.
const ABOUT_PROJECT: &str = "(subject_kind = 'project' AND subject_id = $1) \
    OR (subject_kind = 'tender' AND subject_id IN (SELECT id FROM tenders WHERE project_id = $1)) \
    OR (subject_kind = 'question' AND subject_id IN (SELECT q.id FROM questions q JOIN tenders t ON t.id = q.tender_id \
        WHERE t.project_id = $1)) \
    OR (subject_kind = 'contract' AND subject_id IN (SELECT id FROM contracts WHERE project_id = $1))";
const ABOUT_CONTRACT: &str = "subject_kind = 'contract' AND subject_id = $1";
const ABOUT_PROVIDER: &str = "subject_kind = 'provider' AND subject_id = $1";

const PROJECT: &[Place] = &[
    edited("projects", "title", OWN).public_when(PUBLISHED),
    edited("projects", "requirement", OWN).public_when(PUBLISHED),
    edited("projects", "term_grounds", OWN).public_when(PUBLISHED),
    edited("projects", "phone", OWN).public_when(PUBLISHED),
    edited("questions", "question", OF_TENDERS).public_when(ANSWERED),
    edited("questions", "answer", OF_TENDERS).public_when(ANSWERED),
    text("criteria", "name", OF_TENDERS),
    text("criteria", "measure", OF_TENDERS),
    text("awards", "reason", OF_TENDERS),
    edited("contracts", "title", OF_PROJECT).public_when(PUBLISHED),
    edited("contracts", "scope", OF_PROJECT).public_when(PUBLISHED),
    edited("contracts", "payment", OF_PROJECT).public_when(PUBLISHED),
    edited("contracts", "duties", OF_PROJECT).public_when(PUBLISHED),
    edited("contracts", "provider_name", OF_PROJECT).public_when(PUBLISHED),
    edited("contracts", "phone", OF_PROJECT).public_when(PUBLISHED),
    text("publications", "title", ABOUT_PROJECT).public_when(ALWAYS),
    json("publications", "content", ABOUT_PROJECT).public_when(ALWAYS),
    json(
        "messages",
        "args",
        "link = '/projects/' || $1 OR link LIKE '/projects/' || $1 || '/%'",
    ),
];

const CONTRACT: &[Place] = &[
    edited("contracts", "title", OWN).public_when(PUBLISHED),
    edited("contracts", "scope", OWN).public_when(PUBLISHED),
    edited("contracts", "payment", OWN).public_when(PUBLISHED),
    edited("contracts", "duties", OWN).public_when(PUBLISHED),
    edited("contracts", "provider_name", OWN).public_when(PUBLISHED),
    edited("contracts", "phone", OWN).public_when(PUBLISHED),
    text("publications", "title", ABOUT_CONTRACT).public_when(ALWAYS),
    json("publications", "content", ABOUT_CONTRACT).public_when(ALWAYS),
    json(
        "messages",
        "args",
        "link = '/contracts/' || $1 OR link LIKE '/contracts/' || $1 || '/%'",
    ),
];

const PROVIDER: &[Place] = &[
    edited("providers", "legal_head", OWN).public_when(PROVEN),
    edited("providers", "address", OWN).public_when(PROVEN),
    edited("providers", "phone", OWN).public_when(PROVEN),
    edited("providers", "summary", OWN).public_when(PROVEN),
    edited("providers", "reason", OWN),
    text("publications", "title", ABOUT_PROVIDER).public_when(ALWAYS),
    json("publications", "content", ABOUT_PROVIDER).public_when(ALWAYS),
    json(
        "messages",
        "args",
        "link = '/organizations/' || $1 OR link LIKE '/organizations/' || $1 || '/%'",
    ),
];

impl Subject {
    pub const fn places(self) -> &'static [Place] {
        match self {
            Self::Project => PROJECT,
            Self::Contract => CONTRACT,
            Self::Provider => PROVIDER,
        }
    }

    /// Which ledger lines may repeat the passage in their words.
    pub const fn ledger(self) -> &'static str {
        match self {
            Self::Project => ABOUT_PROJECT,
            Self::Contract => ABOUT_CONTRACT,
            Self::Provider => ABOUT_PROVIDER,
        }
    }

    /// Where its page lies.
    pub const fn folder(self) -> &'static str {
        match self {
            Self::Project => "projects",
            Self::Contract => "contracts",
            Self::Provider => "organizations",
        }
    }

    /// The event after which the search index reads it anew.
    pub const fn event(self) -> &'static str {
        match self {
            Self::Project => "project.changed",
            Self::Contract => "contract.published",
            Self::Provider => "provider.changed",
        }
    }
}
