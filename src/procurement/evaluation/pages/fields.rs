//! The fields of a sheet: one pair for each criterion, by its place in the list.

use crate::web::View;
use serde_json::{Value, json};

/// Refusals name their field for good, so the names are written down; more criteria than this nobody scores.
pub const NAMES: &[(&str, &str)] = &[
    ("points_1", "note_1"),
    ("points_2", "note_2"),
    ("points_3", "note_3"),
    ("points_4", "note_4"),
    ("points_5", "note_5"),
    ("points_6", "note_6"),
    ("points_7", "note_7"),
    ("points_8", "note_8"),
    ("points_9", "note_9"),
    ("points_10", "note_10"),
    ("points_11", "note_11"),
    ("points_12", "note_12"),
    ("points_13", "note_13"),
    ("points_14", "note_14"),
    ("points_15", "note_15"),
    ("points_16", "note_16"),
    ("points_17", "note_17"),
    ("points_18", "note_18"),
    ("points_19", "note_19"),
    ("points_20", "note_20"),
    ("points_21", "note_21"),
    ("points_22", "note_22"),
    ("points_23", "note_23"),
    ("points_24", "note_24"),
    ("points_25", "note_25"),
    ("points_26", "note_26"),
    ("points_27", "note_27"),
    ("points_28", "note_28"),
    ("points_29", "note_29"),
    ("points_30", "note_30"),
];

/// A field for the partial `parts/field`, whose label is not a message: a criterion has its own words.
pub fn field(form: &Value, name: &str, label: &str, hint: Option<&str>, is_points: bool) -> Value {
    let typed = form
        .pointer("/typed")
        .and_then(|typed| typed.get(name))
        .and_then(|values| values.get(0))
        .and_then(Value::as_str)
        .unwrap_or_default();
    json!({
        "id": name, "name": name, "label": label, "hint": hint, "value": typed,
        "error": form.pointer("/at").and_then(|at| at.get(name)),
        "is_input": is_points, "is_textarea": !is_points, "is_select": false, "is_radios": false,
        "is_checkboxes": false, "is_file": false, "input_type": "text", "autocomplete": "off",
        "inputmode": is_points.then_some("decimal"), "prefix": Value::Null, "suffix": Value::Null,
        "rows": "2", "maxlength": if is_points { "10" } else { "1000" }, "required": is_points, "multiple": false,
        "width": if is_points { "short" } else { "full" }, "options": [],
    })
}

/// The way back to the start, as breadcrumbs.
pub fn crumbs(view: &View, steps: &[(&str, Option<String>)]) -> Value {
    steps
        .iter()
        .map(|(label, href)| {
            let label = if label.contains('-') && label.is_ascii() {
                view.say(label)
            } else {
                (*label).to_owned()
            };
            json!({ "label": label, "href": href })
        })
        .collect()
}
