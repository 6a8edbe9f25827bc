//! Preparing projects by program; how they are read stands with their tenders.

use super::model::Forbidden;
use super::pages::form;
use crate::kernel::scopes::Scope;
use crate::web::api::field::{field, text};
use crate::web::api::{Api, Field, Kind};

/// What a project is made of.
const FIELDS: [Field; 10] = [
    text("catalogue_code", 20).needed(),
    text("title", 100).needed(),
    text("requirement", 5000).needed(),
    field("budget", Kind::Money).needed(),
    field("secured", Kind::Boolean).needed(),
    field("term_from", Kind::Date).needed(),
    field("term_to", Kind::Date).needed(),
    field(
        "grounds",
        Kind::OneOf(&["content", "continuous", "funding", "price"]),
    )
    .many(),
    text("communities", 12).many().needed(),
    text("phone", 40).needed(),
];

pub fn operations(api: &mut Api) {
    // Each question whether the law forbids to buy this (管理办法 §10) is answered with yes or no.
    let questions = || {
        Forbidden::ALL
            .iter()
            .map(|item| field(item.as_str(), Kind::OneOf(&["yes", "no"])).needed())
    };
    api.post("/projects", "projects-create", form::create)
        .scope(Scope::Projects)
        .takes(FIELDS)
        .takes(questions());
    api.post("/projects/{id}", "projects-edit", form::save)
        .scope(Scope::Projects)
        .takes(FIELDS)
        .takes(questions())
        .versioned();
}
