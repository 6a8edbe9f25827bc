//! Who may import whom: the table of docs/architecture.md, as data and one function per rule.

use super::sources::{self, Reference, Token};
use std::collections::{BTreeMap, BTreeSet};

/// Wings in their order: each may look at those before it.
const WINGS: [&str; 8] = [
    "regions",
    "accounts",
    "common",
    "catalogue",
    "organizations",
    "procurement",
    "communities",
    "portal",
];
/// Wings that are one room.
const SINGLE: [&str; 3] = ["regions", "accounts", "catalogue"];

/// The private files of a room. Any other file of a room is bound like `pages`.
const LAYERS: [&str; 7] = [
    "model", "rules", "queries", "actions", "pages", "api", "jobs",
];

/// Outside the rooms: whom each may import, `rooms` meaning their public faces.
const HOUSE: [(&str, &[&str]); 10] = [
    ("kernel", &[]),
    ("schema", &[]),
    ("build", &[]),
    ("infra", &["kernel", "schema"]),
    ("web", &["infra", "kernel"]),
    ("jobs", &["rooms", "web", "infra", "kernel"]),
    (
        "demo",
        &["rooms", "routes", "jobs", "web", "infra", "kernel"],
    ),
    ("routes", &["rooms", "demo", "web", "infra", "kernel"]),
    (
        "commands",
        &["rooms", "routes", "demo", "jobs", "web", "infra", "kernel"],
    ),
    ("main", &["commands", "routes", "infra", "jobs"]),
];

/// What a file of a room may use.
struct Allowance {
    layer: &'static str,
    /// Outside the rooms.
    house: &'static [&'static str],
    /// Files of its own room.
    own: &'static [&'static str],
    /// What other rooms' faces may hand it: names that come from these files of theirs.
    others: &'static [&'static str],
}

const ALL: &[&str] = &LAYERS;
const ROOMS: [Allowance; 8] = [
    Allowance {
        layer: "model",
        house: &["schema", "infra::db", "kernel"],
        own: &["model"],
        others: &["model"],
    },
    Allowance {
        layer: "rules",
        house: &["kernel"],
        own: &["rules", "model"],
        others: &["rules", "model"],
    },
    Allowance {
        layer: "queries",
        house: &["schema", "infra::db", "infra::failure", "kernel"],
        own: &["queries", "model"],
        others: &["model", "queries"],
    },
    Allowance {
        layer: "actions",
        house: &["infra", "kernel"],
        own: &["actions", "rules", "queries", "model"],
        others: ALL,
    },
    Allowance {
        layer: "pages",
        house: &["web", "infra", "kernel"],
        own: &["pages", "actions", "rules", "queries", "model"],
        others: ALL,
    },
    Allowance {
        layer: "api",
        house: &["web", "infra", "kernel"],
        // An act has one handler, the form's (ADR 8).
        own: &["api", "pages", "actions", "rules", "queries", "model"],
        others: ALL,
    },
    Allowance {
        layer: "jobs",
        house: &["web", "infra", "kernel"],
        own: &["jobs", "actions", "queries", "model"],
        others: ALL,
    },
    // The room's public face, mod.rs.
    Allowance {
        layer: "mod",
        house: &["web", "infra", "kernel"],
        own: ALL,
        others: ALL,
    },
];

/// Words that a layer must not even say.
const UNSPEAKABLE: [(&str, &[&str]); 3] = [
    (
        "rules",
        &[
            "diesel",
            "actix_web",
            "async",
            "tokio",
            "std::time",
            "Utc::now",
            "Local::now",
            "SystemTime",
            "getrandom",
        ],
    ),
    ("pages", &["diesel"]),
    ("api", &["diesel"]),
];

/// Where a file, or what a path names, belongs.
#[derive(Debug, Clone, PartialEq)]
enum Place {
    House(String),
    /// A whole wing: its mod.rs.
    Wing(usize),
    Room {
        wing: usize,
        room: String,
        layer: String,
    },
}

pub struct Source {
    pub file: String,
    pub text: String,
}

struct Plan {
    /// Known rooms, as `wing` or `wing::room`.
    rooms: BTreeSet<String>,
    /// What each room's face hands on: room → name → the file it comes from.
    faces: BTreeMap<String, BTreeMap<String, String>>,
}

/// Every import that the table forbids, as `file:line: what, and the rule`.
pub fn violations(files: &[Source]) -> Vec<String> {
    let mut plan = Plan {
        rooms: rooms(files),
        faces: BTreeMap::new(),
    };
    let read: Vec<(&Source, Vec<Token>)> = files
        .iter()
        .map(|source| (source, sources::tokens(&source.text)))
        .collect();
    for (source, tokens) in &read {
        plan.learn_face(&source.file, &sources::references(&source.file, tokens));
    }
    let mut found = Vec::new();
    let mut within: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for (source, tokens) in &read {
        let file = &source.file;
        let Some(from) = plan.place(&sources::module_of(file), file.as_str()) else {
            if !["src/lib.rs", "src/main.rs"].contains(&file.as_str()) {
                found.push(format!("{file}:1: is not on the floor plan"));
            }
            continue;
        };
        found.extend(unspeakable(file, &from, tokens));
        found.extend(open_doors(file, &from, tokens));
        let mut broken = BTreeSet::new();
        for reference in sources::references(file, tokens) {
            if !reference.ours {
                continue;
            }
            let Some(to) = plan.place(&reference.path, "") else {
                continue;
            };
            let place = format!("{file}:{}", reference.line);
            if let Some(rule) = plan.forbids(&from, &to, &reference.path) {
                let path = reference.path.join("::");
                // What comes of a forbidden `use` needs no report of its own.
                if !broken.insert(rule.clone()) && reference.by_alias {
                    continue;
                }
                found.push(format!("{place}: crate::{path}: {rule}"));
            } else if let (Some(a), Some(b)) = (neighbour(&from, &to), neighbour(&to, &from)) {
                within.entry(a).or_default().entry(b).or_insert(place);
            }
        }
    }
    found.extend(circles(&within));
    found.sort();
    found.dedup();
    found
}

fn rooms(files: &[Source]) -> BTreeSet<String> {
    let mut rooms: BTreeSet<String> = SINGLE.iter().map(ToString::to_string).collect();
    for source in files {
        let parts: Vec<&str> = source.file.split('/').collect();
        if let ["src", wing, room, _, ..] = parts.as_slice()
            && WINGS.contains(wing)
            && !SINGLE.contains(wing)
        {
            rooms.insert(format!("{wing}::{room}"));
        }
    }
    rooms
}

impl Plan {
    /// `file` is given when the path is a source file's own module.
    fn place(&self, path: &[String], file: &str) -> Option<Place> {
        if file == "src/main.rs" {
            return Some(Place::House("main".to_owned()));
        }
        let (top, rest) = path.split_first()?;
        if HOUSE.iter().any(|(name, _)| name == top) {
            let inner = rest.first().map(|next| format!("{top}::{next}"));
            return Some(Place::House(inner.unwrap_or_else(|| top.clone())));
        }
        let wing = WINGS.iter().position(|name| name == top)?;
        let (room, rest) = if self.rooms.contains(top) {
            (top.clone(), rest)
        } else {
            let Some((next, rest)) = rest.split_first() else {
                return Some(Place::Wing(wing));
            };
            let room = format!("{top}::{next}");
            if !self.rooms.contains(&room) {
                return Some(Place::Wing(wing));
            }
            (room, rest)
        };
        let layer = match rest.first() {
            Some(next) if LAYERS.contains(&next.as_str()) => next.clone(),
            // A file of another name counts as a page; in a path, the name is one of the face's.
            Some(_) if !file.is_empty() => "pages".to_owned(),
            _ => "mod".to_owned(),
        };
        Some(Place::Room { wing, room, layer })
    }

    fn learn_face(&mut self, file: &str, references: &[Reference]) {
        if !file.ends_with("/mod.rs") {
            return;
        }
        let own = sources::module_of(file);
        let Some(Place::Room { room, layer, .. }) = self.place(&own, file) else {
            return;
        };
        if layer != "mod" {
            return;
        }
        for reference in references {
            // `pub use model::X` is relative in a mod.rs and so not resolved.
            let inside = if reference.ours {
                reference.path.strip_prefix(own.as_slice())
            } else {
                Some(reference.path.as_slice())
            };
            if let (Some([layer, ..]), Some(name)) = (inside, &reference.handed_on_as)
                && LAYERS.contains(&layer.as_str())
            {
                let face = self.faces.entry(room.clone()).or_default();
                face.insert(name.clone(), layer.clone());
            }
        }
    }

    /// The file a face's name comes from, where the face says so.
    fn behind(&self, room: &str, path: &[String]) -> Option<&str> {
        let name = path.get(room.split("::").count())?;
        self.faces.get(room)?.get(name).map(String::as_str)
    }

    fn forbids(&self, from: &Place, to: &Place, path: &[String]) -> Option<String> {
        match from {
            Place::House(name) => house_forbids(name, to),
            Place::Wing(wing) => self.wing_forbids(*wing, to),
            Place::Room { wing, room, layer } => self.room_forbids((*wing, room, layer), to, path),
        }
    }

    fn wing_forbids(&self, wing: usize, to: &Place) -> Option<String> {
        match to {
            Place::House(name) if !["web", "infra", "kernel"].contains(&top(name)) => {
                Some(format!("a wing's mod.rs may not import {}", top(name)))
            }
            Place::Room { room, layer, .. } if layer != "mod" && self.rooms.contains(room) => {
                Some(face_only(room))
            }
            Place::Room { wing: other, .. } | Place::Wing(other) if *other > wing => {
                Some(leftward(wing, *other))
            }
            _ => None,
        }
    }

    fn room_forbids(
        &self,
        (wing, room, layer): (usize, &str, &str),
        to: &Place,
        path: &[String],
    ) -> Option<String> {
        let may = ROOMS.iter().find(|may| may.layer == layer)?;
        match to {
            Place::House(name) => {
                let allowed = may.house.iter().any(|allowed| {
                    name == allowed || (!allowed.contains("::") && top(name) == *allowed)
                });
                (!allowed).then(|| {
                    format!(
                        "{layer} may import {} only, of the house",
                        may.house.join(", ")
                    )
                })
            }
            Place::Wing(other) if *other > wing => Some(leftward(wing, *other)),
            Place::Wing(_) => None,
            Place::Room {
                room: other,
                layer: file,
                ..
            } if other == room => {
                let file = if file == "mod" {
                    self.behind(other, path)?
                } else {
                    file
                };
                (!may.own.contains(&file)).then(|| {
                    format!(
                        "{layer} may import {} only, of its room",
                        may.own.join(", ")
                    )
                })
            }
            Place::Room {
                wing: other_wing,
                room: other,
                layer: file,
            } => {
                if *other_wing > wing {
                    return Some(leftward(wing, *other_wing));
                }
                if file != "mod" {
                    return Some(face_only(other));
                }
                let file = self.behind(other, path)?;
                (!may.others.contains(&file)).then(|| {
                    format!(
                        "{layer} may import only what comes from {} of another room, this is from its {file}",
                        may.others.join(", ")
                    )
                })
            }
        }
    }
}

fn top(name: &str) -> &str {
    name.split("::").next().unwrap_or(name)
}

fn face_only(room: &str) -> String {
    format!("only the public face of {room} (its mod.rs) may be imported")
}

fn leftward(from: usize, to: usize) -> String {
    format!(
        "between wings only leftward: {} stands right of {}",
        WINGS[to], WINGS[from]
    )
}

fn house_forbids(name: &str, to: &Place) -> Option<String> {
    let own = top(name);
    let (_, allowed) = HOUSE.iter().find(|(house, _)| *house == own)?;
    let target = match to {
        Place::House(target) => top(target),
        Place::Room { room, layer, .. } if layer != "mod" => return Some(face_only(room)),
        Place::Wing(_) | Place::Room { .. } => "rooms",
    };
    if target == own || allowed.contains(&target) {
        return None;
    }
    let list = allowed.join(", ");
    Some(format!(
        "{own} may import {}",
        if list.is_empty() {
            "nothing of ours".to_owned()
        } else {
            format!("{list} only")
        }
    ))
}

/// The room that `from` is, when `to` is another room of the same wing.
fn neighbour(from: &Place, to: &Place) -> Option<String> {
    match (from, to) {
        (
            Place::Room { wing, room, .. },
            Place::Room {
                wing: other_wing,
                room: other,
                ..
            },
        ) if wing == other_wing && room != other => Some(room.clone()),
        _ => None,
    }
}

fn unspeakable(file: &str, from: &Place, tokens: &[Token]) -> Vec<String> {
    let Place::Room { layer, .. } = from else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (_, words) in UNSPEAKABLE.iter().filter(|(name, _)| name == layer) {
        for word in *words {
            let parts: Vec<&str> = word
                .split_inclusive("::")
                .flat_map(|part| match part.strip_suffix("::") {
                    Some(name) => vec![name, "::"],
                    None => vec![part],
                })
                .collect();
            for window in tokens.windows(parts.len()) {
                if window.iter().zip(&parts).all(|(t, part)| t.text == *part) {
                    let line = window[0].line;
                    found.push(format!("{file}:{line}: {layer} must do without {word}"));
                }
            }
        }
    }
    found
}

/// A room's files are private: `pub mod queries` would let everyone in by another door.
fn open_doors(file: &str, from: &Place, tokens: &[Token]) -> Vec<String> {
    let Place::Room { layer, .. } = from else {
        return Vec::new();
    };
    if layer != "mod" {
        return Vec::new();
    }
    tokens
        .windows(3)
        .filter(|window| {
            ["pub", ")"].contains(&window[0].text.as_str())
                && window[1].text == "mod"
                && LAYERS.contains(&window[2].text.as_str())
        })
        .map(|window| {
            let (line, name) = (window[2].line, &window[2].text);
            format!("{file}:{line}: pub mod {name}: a room's files are private, mod.rs re-exports")
        })
        .collect()
}

/// Rooms of one wing that import each other, round about.
fn circles(imports: &BTreeMap<String, BTreeMap<String, String>>) -> Vec<String> {
    let mut found = Vec::new();
    for start in imports.keys() {
        let mut reached = BTreeSet::new();
        let mut open = vec![start.clone()];
        while let Some(room) = open.pop() {
            for next in imports.get(&room).into_iter().flat_map(BTreeMap::keys) {
                if reached.insert(next.clone()) {
                    open.push(next.clone());
                }
            }
        }
        if !reached.contains(start) {
            continue;
        }
        // Each import on the circle is named once, where it stands.
        for (room, place) in &imports[start] {
            if reaches(imports, room, start) {
                found.push(format!(
                    "{place}: {start} imports {room}, which imports it back: no circles"
                ));
            }
        }
    }
    found
}

fn reaches(imports: &BTreeMap<String, BTreeMap<String, String>>, from: &str, goal: &str) -> bool {
    let mut seen = BTreeSet::new();
    let mut open = vec![from.to_owned()];
    while let Some(room) = open.pop() {
        if room == goal {
            return true;
        }
        if seen.insert(room.clone()) {
            open.extend(
                imports
                    .get(&room)
                    .into_iter()
                    .flat_map(BTreeMap::keys)
                    .cloned(),
            );
        }
    }
    false
}
