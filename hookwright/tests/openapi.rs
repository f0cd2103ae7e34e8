//! Whether `docs/openapi.json` is what the server serves, and what moved if it is not.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

const HOW: &str = "if that is meant: hookwright openapi > docs/openapi.json && clients/generate";

fn committed() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json");
    let text = std::fs::read_to_string(path).expect("docs/openapi.json is there");
    serde_json::from_str(&text).expect("it is JSON")
}

fn served() -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_hookwright"))
        .arg("openapi")
        .output()
        .expect("the binary runs");
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).expect("it is JSON")
}

/// The places below `path` at which two documents differ, the deepest ones.
fn moved(path: &str, old: &Value, new: &Value, places: &mut Vec<String>) {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            for name in names {
                let at = format!("{path}/{}", name.replace('/', "~1"));
                match (old.get(name), new.get(name)) {
                    (Some(old), Some(new)) => moved(&at, old, new, places),
                    (Some(_), None) => places.push(format!("removed {at}")),
                    (None, _) => places.push(format!("added {at}")),
                }
            }
        }
        _ if old == new => {}
        _ => places.push(format!("changed {path}: {old} is now {new}")),
    }
}

#[test]
fn the_committed_document_is_the_served_one() {
    let mut places = Vec::new();
    moved("", &committed(), &served(), &mut places);
    assert!(places.is_empty(), "{}\n{HOW}", places.join("\n"));
}

#[test]
fn operations_are_named_once_and_described() {
    let document = served();
    let mut names = BTreeSet::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("methods") {
            if method == "parameters" {
                continue;
            }
            let name = operation["operationId"].as_str().expect("a name");
            assert!(names.insert(name.to_owned()), "{name} is twice");
            let summary = operation["summary"].as_str().unwrap_or_default();
            assert!(
                summary.ends_with(['.', '?']),
                "{method} {path}: \"{summary}\""
            );
            let answers = operation["responses"].as_object().expect("answers");
            assert!(
                answers.keys().any(|it| it.starts_with('2')),
                "{method} {path} answers nothing"
            );
        }
    }
    assert!(names.len() > 10);
}

#[test]
fn what_moved_is_named() {
    let old = serde_json::json!({"a": {"b": 1, "c": 2}, "d": 3});
    let new = serde_json::json!({"a": {"b": 1, "c": 4}, "e": 5});
    let mut places = Vec::new();
    moved("", &old, &new, &mut places);
    assert_eq!(
        places,
        ["changed /a/c: 2 is now 4", "removed /d", "added /e"]
    );
}
