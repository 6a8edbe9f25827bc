//! What the portal keeps about a person, kind by kind.

use crate::accounts::MembershipId;
use crate::kernel::people::PersonId;
use crate::kernel::roles::Role;
use serde_json::{Map, Value};

/// One kind of records, worded by `privacy-data-<code>`; each row is fields by name.
pub struct Section {
    pub code: &'static str,
    pub rows: Vec<Map<String, Value>>,
}

/// A role that somebody holds, as far as closing the account asks.
#[derive(Clone, Debug)]
pub struct Hold {
    pub membership: MembershipId,
    /// Role and body in words.
    pub post: String,
    pub role: Role,
    /// Who else holds the same role in the body.
    pub heirs: Vec<(PersonId, String)>,
    /// Whether something lies open on the desk of this role.
    pub has_duties: bool,
}
