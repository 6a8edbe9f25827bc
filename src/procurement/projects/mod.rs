//! Purchase projects, from the catalogue item to their end.

mod actions;
mod api;
mod model;
mod pages;
mod queries;
mod rules;

pub use actions::{SUBJECT, create, edit, set_state};
pub use api::operations;
pub use model::{
    Forbidden, NewProject, PrepareProjects, Project, ProjectId, ProjectState, PublishProjects,
    TermGround,
};
pub use pages::routes;
pub use queries::{
    Filter, communities_of, find, find_own, find_visible, list_communities_of, list_own,
    list_public,
};
pub use rules::lasts_at_most;
