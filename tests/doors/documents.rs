//! docs/security.md names tests and files: each is there.

use std::path::Path;

fn sources_of(module: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut text = std::fs::read_to_string(root.join(format!("{module}.rs"))).unwrap_or_default();
    for entry in std::fs::read_dir(root.join(module)).into_iter().flatten() {
        text += &std::fs::read_to_string(entry.unwrap().path()).unwrap();
    }
    text
}

#[test]
fn what_the_security_document_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("docs/security.md")).unwrap();
    let (mut tests, mut files, mut missing) = (0, 0, Vec::new());
    for name in text.split('`').skip(1).step_by(2) {
        if let Some((module, test)) = name.split_once("::") {
            tests += 1;
            if !sources_of(module).contains(&format!("fn {test}(")) {
                missing.push(name);
            }
        } else if ["src/", "tests/", "docs/"]
            .iter()
            .any(|head| name.starts_with(head))
            || ["SECURITY.md", "Cargo.toml", "Cargo.lock", "deny.toml"].contains(&name)
        {
            files += 1;
            if !root.join(name).exists() {
                missing.push(name);
            }
        }
    }
    assert!(tests > 60 && files > 20, "{tests} tests, {files} files");
    assert!(missing.is_empty(), "{missing:?}");
}
