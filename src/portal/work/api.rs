//! Ending a member's role, with whoever takes the open work over.

use super::leaving;
use crate::kernel::scopes::Scope;
use crate::web::api::Api;
use crate::web::api::field::{Kind, field, text};

pub fn operations(api: &mut Api) {
    api.post("/work/memberships/{id}/end", "members-end", leaving::save)
        .scope(Scope::Accounts)
        .takes([field("successor", Kind::Integer), text("reason", 500)]);
}
