//! Whatever the portal is built from may be used as the portal itself may: without asking.

use serde_json::Value;
use std::process::Command;

/// The same list as deny.toml's.
const PERMISSIVE: [&str; 18] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-1-Clause",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "NCSA",
    "PostgreSQL",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "cargo {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_dependency_has_a_permissive_license() {
    // A build downloads what this machine's platform needs, no more; cargo-deny looks at the rest.
    let version = cargo(&["-vV"]);
    let host = version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .unwrap();
    let printed = cargo(&[
        "metadata",
        "--format-version=1",
        "--locked",
        "--offline",
        "--filter-platform",
        host,
        "--manifest-path",
        concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"),
    ]);
    let metadata: Value = serde_json::from_str(&printed).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 50, "only {} packages", packages.len());
    let refused: Vec<String> = packages
        .iter()
        .filter_map(|package| {
            let license = package["license"].as_str().unwrap_or("none declared");
            (!is_permissive(license)).then(|| {
                let text = |key: &str| package[key].as_str().unwrap_or_default().to_owned();
                format!("{} {}: {license}", text("name"), text("version"))
            })
        })
        .collect();
    assert!(
        refused.is_empty(),
        "not permissive:\n{}",
        refused.join("\n")
    );
}

#[test]
fn the_list_is_the_one_of_deny_toml() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/deny.toml")).unwrap();
    let config: toml::Value = toml::from_str(&text).unwrap();
    let listed: Vec<&str> = config["licenses"]["allow"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(toml::Value::as_str)
        .collect();
    assert_eq!(listed, PERMISSIVE);
}

#[test]
fn expressions_are_read_as_they_are_meant() {
    let cases = [
        ("MIT", true),
        ("GPL-3.0-only", false),
        ("none declared", false),
        ("", false),
        ("MIT OR GPL-3.0-only", true),
        ("GPL-3.0-only OR LGPL-2.1-or-later", false),
        ("MIT AND GPL-3.0-only", false),
        ("MIT AND Zlib", true),
        // AND binds closer than OR.
        ("MIT OR Apache-2.0 AND GPL-3.0-only", true),
        ("(MIT OR Apache-2.0) AND GPL-3.0-only", false),
        ("(MIT OR GPL-2.0-only) AND Unicode-3.0", true),
        ("Apache-2.0 WITH LLVM-exception", true),
        ("GPL-2.0-only WITH Classpath-exception-2.0", false),
        // The old way to write OR.
        ("MIT/Apache-2.0", true),
        ("Apache-2.0 / MIT", true),
        // Not understood is not allowed.
        ("(MIT", false),
        ("MIT Apache-2.0", false),
    ];
    for (expression, expected) in cases {
        assert_eq!(is_permissive(expression), expected, "{expression}");
    }
}

/// Whether an SPDX expression can be met with licenses of the list alone.
fn is_permissive(expression: &str) -> bool {
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    matches!(any_of(&words), Some((allowed, [])) if allowed)
}

type Rest<'a, 'b> = Option<(bool, &'a [&'b str])>;

fn any_of<'a, 'b>(words: &'a [&'b str]) -> Rest<'a, 'b> {
    let (mut allowed, mut rest) = all_of(words)?;
    while let Some((&"OR", tail)) = rest.split_first() {
        let (more, after) = all_of(tail)?;
        allowed |= more;
        rest = after;
    }
    Some((allowed, rest))
}

fn all_of<'a, 'b>(words: &'a [&'b str]) -> Rest<'a, 'b> {
    let (mut allowed, mut rest) = one(words)?;
    while let Some((&"AND", tail)) = rest.split_first() {
        let (more, after) = one(tail)?;
        allowed &= more;
        rest = after;
    }
    Some((allowed, rest))
}

fn one<'a, 'b>(words: &'a [&'b str]) -> Rest<'a, 'b> {
    match words {
        ["(", inner @ ..] => match any_of(inner)? {
            (allowed, [")", rest @ ..]) => Some((allowed, rest)),
            _ => None,
        },
        [license, "WITH", exception, rest @ ..] => {
            let whole = format!("{license} WITH {exception}");
            Some((PERMISSIVE.contains(&whole.as_str()), rest))
        }
        [license, rest @ ..] => Some((PERMISSIVE.contains(license), rest)),
        [] => None,
    }
}
