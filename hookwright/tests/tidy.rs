//! Are the house rules kept? What a reviewer would otherwise have to look for.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use hookwright_core::error_class::ErrorClass;
use hookwright_wire::builtin_profiles;

/// What each crate may import of ours, tests included.
const LAYERS: [(&str, &[&str]); 8] = [
    ("core", &[]),
    ("wire", &[]),
    ("verify", &["wire"]),
    ("store", &["core"]),
    ("delivery", &["store", "core", "wire"]),
    ("web", &["delivery", "store", "core", "wire"]),
    ("pages", &["core", "wire"]),
    (
        "hookwright",
        &[
            "core", "wire", "verify", "store", "delivery", "web", "pages",
        ],
    ),
];
const RUST_LINES_MAX: usize = 400;
/// Folders that a walk leaves out: made by tools, never committed.
const MADE: [&str; 5] = ["target", ".git", "node_modules", ".venv", "__pycache__"];

/// A committed file: its path from the root, with `/`.
struct Committed {
    path: String,
    text: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace")
        .to_owned()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// All text files that are committed; in a source archive, all there are.
fn files() -> Vec<Committed> {
    let listed = Command::new("git")
        .args(["ls-files", "-z"])
        .current_dir(root())
        .output()
        .ok()
        .filter(|output| output.status.success() && !output.stdout.is_empty());
    let paths: Vec<String> = match listed {
        Some(output) => String::from_utf8_lossy(&output.stdout)
            .split_terminator('\0')
            .map(str::to_owned)
            .collect(),
        None => walk(&root(), ""),
    };
    let text = |path: String| {
        let text = fs::read_to_string(root().join(&path)).ok()?;
        Some(Committed { path, text })
    };
    let files: Vec<Committed> = paths.into_iter().filter_map(text).collect();
    assert!(files.len() > 100, "only {} files found", files.len());
    files
}

fn walk(folder: &Path, prefix: &str) -> Vec<String> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if MADE.contains(&name.as_str()) {
            continue;
        }
        let path = format!("{prefix}{name}");
        if entry.path().is_dir() {
            paths.extend(walk(&entry.path(), &format!("{path}/")));
        } else {
            paths.push(path);
        }
    }
    paths
}

fn of_kind(extension: &str) -> Vec<Committed> {
    let mut files = files();
    files.retain(|file| file.path.ends_with(extension));
    files
}

/// Fails with every fault, not only the first.
fn none(faults: Vec<String>) {
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

/// The names in every dependency table of a crate.
fn dependencies(folder: &str) -> BTreeSet<String> {
    let manifest = read(&format!("{folder}/Cargo.toml"));
    let manifest: toml::Table = manifest.parse().expect("TOML");
    let mut tables = vec![&manifest];
    let targets = manifest.get("target").and_then(toml::Value::as_table);
    let targets = targets.into_iter().flat_map(toml::Table::values);
    tables.extend(targets.filter_map(toml::Value::as_table));
    let kinds = ["dependencies", "dev-dependencies", "build-dependencies"];
    tables
        .into_iter()
        .flat_map(|table| kinds.iter().filter_map(|kind| table.get(*kind)?.as_table()))
        .flat_map(|names| names.keys().cloned())
        .collect()
}

#[test]
fn imports_point_downwards_only() {
    let mut faults = Vec::new();
    for (folder, allowed) in LAYERS {
        for name in dependencies(folder) {
            let ours = name.strip_prefix("hookwright-");
            if ours.is_some_and(|ours| !allowed.contains(&ours)) {
                faults.push(format!("{folder}/Cargo.toml: may not depend on {name}"));
            }
        }
    }
    none(faults);
}

#[test]
fn every_crate_has_its_layer() {
    let manifest: toml::Table = read("Cargo.toml").parse().expect("TOML");
    let members = manifest["workspace"]["members"].as_array();
    let members: BTreeSet<&str> = members
        .into_iter()
        .flatten()
        .filter_map(toml::Value::as_str)
        .collect();
    assert_eq!(members, LAYERS.iter().map(|(folder, _)| *folder).collect());
}

#[test]
fn only_the_store_knows_sql() {
    let engine = concat!("rus", "qlite");
    let mut faults = Vec::new();
    for (folder, _) in LAYERS.iter().filter(|(folder, _)| *folder != "store") {
        if dependencies(folder).contains(engine) {
            faults.push(format!("{folder}/Cargo.toml: depends on {engine}"));
        }
    }
    for file in of_kind(".rs") {
        if !file.path.starts_with("store/") && file.text.contains(engine) {
            faults.push(format!("{}: names {engine}", file.path));
        }
    }
    none(faults);
}

#[test]
fn every_rust_file_begins_with_its_question_and_stays_small() {
    let mut faults = Vec::new();
    for file in of_kind(".rs") {
        if !file.text.starts_with("//! ") {
            faults.push(format!("{}: does not begin with //!", file.path));
        }
        let lines = file.text.lines().count();
        if lines > RUST_LINES_MAX {
            faults.push(format!("{}: {lines} lines", file.path));
        }
    }
    none(faults);
}

#[test]
fn nothing_is_left_undone_or_untested() {
    let words = [
        concat!("to", "do!("),
        concat!("unimpl", "emented!("),
        concat!("#[ig", "nore"),
    ];
    let mut faults = Vec::new();
    for file in of_kind(".rs") {
        for (line, text) in (1..).zip(file.text.lines()) {
            if let Some(word) = words.iter().find(|word| text.contains(**word)) {
                faults.push(format!("{}:{line}: {word}", file.path));
            }
        }
    }
    none(faults);
}

#[test]
fn no_file_names_somebodys_folders_or_registries() {
    let words = [
        concat!("/wo", "rk/"),
        concat!("/t", "mp/"),
        concat!("/ro", "ot/"),
        concat!("/ho", "me/"),
        concat!("/Us", "ers/"),
        concat!("crates", ".io"),
        concat!("npm", "js."),
        concat!("py", "pi."),
        concat!("yarn", "pkg."),
    ];
    let mut faults = Vec::new();
    // The lock file is cargo's own, and its format names the default registry.
    for file in files().iter().filter(|file| file.path != "Cargo.lock") {
        for (line, text) in (1..).zip(file.text.lines()) {
            if let Some(word) = words.iter().find(|word| text.contains(**word)) {
                faults.push(format!("{}:{line}: {word}", file.path));
            }
        }
    }
    none(faults);
}

#[test]
fn every_link_in_a_document_leads_somewhere() {
    let mut faults = Vec::new();
    for file in of_kind(".md") {
        let links = links(&file.text);
        for link in links {
            let (path, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let folder = Path::new(&file.path).parent().expect("a folder");
            let target = if path.is_empty() {
                root().join(&file.path)
            } else {
                root().join(folder).join(path)
            };
            if !target.exists() {
                faults.push(format!("{}: no file at {link}", file.path));
            } else if !anchor.is_empty() {
                let text = fs::read_to_string(&target).unwrap_or_default();
                if !anchors(&text).contains(anchor) {
                    faults.push(format!("{}: no heading at {link}", file.path));
                }
            }
        }
    }
    none(faults);
}

/// The relative links of a document.
fn links(text: &str) -> Vec<String> {
    let targets = text.split("](").skip(1);
    let targets = targets.filter_map(|rest| Some(rest.split_once(')')?.0.to_owned()));
    targets
        .filter(|target| !target.contains("://") && !target.starts_with("mailto:"))
        .collect()
}

/// What the headings of a document can be linked by.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let anchor = |heading: &str| -> String {
        let text = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = text.chars().filter_map(|found| match found {
            ' ' => Some('-'),
            '-' | '_' => Some(found),
            found => found.is_alphanumeric().then_some(found),
        });
        kept.collect()
    };
    headings.map(anchor).collect()
}

/// The codes that problem documents may have.
fn problem_codes() -> BTreeSet<String> {
    let mut source = of_kind(".rs");
    source.retain(|file| file.path.starts_with("web/src/problem"));
    let source: String = source.into_iter().map(|file| file.text).collect();
    let after_status = source.split("StatusCode::").skip(1);
    after_status
        .filter_map(|rest| {
            let (_, rest) = rest.split_once(',')?;
            let (code, _) = rest.trim_start().strip_prefix('"')?.split_once('"')?;
            Some(code.to_owned())
        })
        .collect()
}

#[test]
fn every_error_has_its_section_and_every_section_its_error() {
    let codes = problem_codes();
    assert!(codes.len() > 15, "found only {codes:?}");
    let classes = (1..=u8::MAX).filter_map(ErrorClass::from_code);
    let classes = classes.map(|class| class.as_str().to_owned());
    let expected: BTreeSet<String> = codes.into_iter().chain(classes).collect();
    let text = read("docs/errors.md");
    let sections: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("### "))
        .collect();
    let once: BTreeSet<String> = sections.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(once.len(), sections.len(), "two sections share an anchor");
    assert_eq!(once, expected);
}

#[test]
fn every_metric_and_every_profile_is_documented() {
    let operating = read("docs/operating.md");
    let source = read("delivery/src/metrics.rs");
    let metrics = source.lines().filter_map(|line| {
        let (name, rest) = line.trim().split_once(' ')?;
        (rest.starts_with("\"counter\"") || rest.starts_with("\"gauge\"")).then_some(name)
    });
    let metrics: Vec<&str> = metrics.collect();
    assert!(metrics.len() > 5, "found only {metrics:?}");
    let mut faults = Vec::new();
    for metric in metrics {
        if !operating.contains(&format!("`hookwright_{metric}`")) {
            faults.push(format!("docs/operating.md: no {metric}"));
        }
    }
    for document in ["README.md", "docs/profiles.md"] {
        let text = read(document);
        for profile in builtin_profiles() {
            if !text.contains(&format!("`{}`", profile.name)) {
                faults.push(format!("{document}: no {}", profile.name));
            }
        }
    }
    none(faults);
}
