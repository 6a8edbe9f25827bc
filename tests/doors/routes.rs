//! Every route that the portal answers, read from the router itself: what a test has not visited it can name.

use crate::support::{Database, Portal};
use actix_web::test::{TestRequest, call_service, init_service};
use sanshe::web::api::operations;
use std::collections::BTreeSet;
use std::path::Path;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    pub method: &'static str,
    pub pattern: String,
}

impl Route {
    pub fn is_api(&self) -> bool {
        self.pattern.starts_with("/api/v1/")
    }

    /// The names of the pattern's ids.
    pub fn ids(&self) -> Vec<String> {
        let names = self.pattern.split('{').skip(1);
        names
            .map(|name| name.split(['}', ':']).next().unwrap().to_owned())
            .collect()
    }

    /// The address with these values for its ids; `None` when one is missing.
    pub fn filled(&self, values: &[(&str, String)]) -> Option<String> {
        let mut path = String::new();
        let mut rest = self.pattern.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').unwrap();
            let name = name.split(':').next().unwrap();
            let (_, value) = values.iter().find(|(known, _)| *known == name)?;
            path.push_str(before);
            path.push_str(value);
            rest = after;
        }
        Some(path + rest)
    }
}

/// The patterns that the router holds: its debugging form is the only one that lists them.
fn registered(portal: &Portal) -> BTreeSet<String> {
    let app = sanshe::routes::app(portal.state.clone());
    let shown = actix_web::rt::System::new().block_on(async move {
        let service = init_service(app).await;
        let asked = TestRequest::get().uri("/healthz").to_request();
        let answer = call_service(&service, asked).await;
        format!("{:?}", answer.request().resource_map())
    });
    let single = shown.split("patterns: Single(\"").skip(1);
    let patterns: BTreeSet<String> = single
        .map(|text| text.split('"').next().unwrap().replace("\\\\", "\\"))
        .filter(|pattern| !pattern.is_empty())
        .collect();
    assert!(
        !shown.contains("patterns: List"),
        "a route with several patterns"
    );
    patterns
}

/// Method and pattern of each route of the sources, as its registration writes it.
fn written(folder: &Path, found: &mut BTreeSet<Route>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            written(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            // Literals and what stands between them take turns; what follows a path belongs to it.
            let parts: Vec<&str> = text.split('"').collect();
            for pair in parts.windows(2).filter(|pair| pair[0].starts_with('/')) {
                for (method, call) in [("GET", "get().to("), ("POST", "post().to(")] {
                    if pair[1].contains(call) {
                        let pattern = pair[0].to_owned();
                        found.insert(Route { method, pattern });
                    }
                }
            }
        }
    }
}

/// Every route with its method; fails when the router knows one that the sources and the API's list do not.
pub fn all(portal: &Portal) -> Vec<Route> {
    let mut found = BTreeSet::new();
    written(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut found,
    );
    found.extend(operations().iter().map(|operation| Route {
        method: operation.method,
        pattern: operation.address(),
    }));
    let registered = registered(portal);
    // The lists' files are registered by one loop (`web::export`).
    let files = registered.iter().filter(|pattern| {
        [".csv", ".xlsx", ".atom"]
            .iter()
            .any(|end| pattern.ends_with(end))
    });
    found.extend(files.map(|pattern| Route {
        method: "GET",
        pattern: pattern.clone(),
    }));
    let patterns: BTreeSet<String> = found.iter().map(|route| route.pattern.clone()).collect();
    let unseen: Vec<_> = registered.symmetric_difference(&patterns).collect();
    assert!(
        unseen.is_empty(),
        "known to one side only, router or sources: {unseen:?}"
    );
    found.into_iter().collect()
}

#[test]
fn the_router_is_read_whole() {
    let portal = Portal::start(Database::Sqlite);
    let routes = all(&portal);
    assert!(routes.len() > 270, "{}", routes.len());
    let file = Route {
        method: "GET",
        pattern: "/projects/{id}/bids/{bid:[0-9]+}".into(),
    };
    let values = [("id", "3".to_owned()), ("bid", "7".to_owned())];
    assert_eq!(file.filled(&values).as_deref(), Some("/projects/3/bids/7"));
    assert_eq!(file.filled(&values[..1]), None);
    assert_eq!(file.ids(), ["id", "bid"]);
}
