//! The purchase catalogue (政府购买服务指导性目录): one version in force a year, three levels, earlier ones readable.

mod actions;
mod api;
mod model;
mod pages;
mod queries;
mod rules;

pub use actions::{
    BLOCK, begin_import, discard, drop_import, finish_import, import_csv, import_reference,
    is_verified, publish, publish_by, stage_rows,
};
pub use api::operations;
pub use model::{
    Catalogue, CatalogueId, CatalogueItem, CatalogueItemId, CatalogueState, Heading, Offered,
};
pub use pages::{ManageCatalogue, offered, routes};
pub use queries::{
    find, find_item, find_published, list_children, list_items, list_public, list_versions_of,
    newest_published,
};
pub use rules::{BadRow, Row, is_column, read as read_csv};
