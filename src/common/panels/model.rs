//! Members of a panel.

use crate::kernel::ids::{id, text_enum};
use crate::kernel::people::PersonId;
use crate::schema::panel_members;
use chrono::NaiveDateTime;
use diesel::prelude::*;

id!(PanelId);

text_enum!(
    /// An expert of the pool, or the purchaser's representative, who never chairs (87号令 §47).
    Capacity {
        Expert = "expert",
        Purchaser = "purchaser",
    }
);

#[derive(Queryable, Selectable, Clone, Debug)]
#[diesel(table_name = panel_members)]
pub struct Member {
    pub id: i64,
    pub panel_id: PanelId,
    pub person_id: PersonId,
    pub capacity: Capacity,
    /// When the member declared to have no conflict of interest (实施条例 §9).
    pub declared_at: Option<NaiveDateTime>,
    /// When the member left the panel, by its own recusal or replaced by the purchaser.
    pub recused_at: Option<NaiveDateTime>,
    pub reason: Option<String>,
    pub reminded_at: Option<NaiveDateTime>,
    pub is_replaced: bool,
}

impl Member {
    pub fn is_active(&self) -> bool {
        self.recused_at.is_none()
    }
}
