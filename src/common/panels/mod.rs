//! Panels of tenders, and later of ratings and programs: members, declarations, recusal.

mod model;
mod queries;

pub use model::{Capacity, Member, PanelId};
pub use queries::{
    add_member, create, declare, find_of, list_members, list_of_person, recuse, replace,
    set_reminded,
};
