//! What cargo cannot hold: the direction of imports inside a crate, the words that a folder may not say, the sizes of files.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Which folders of the same crate each folder may import; the walls between the crates are cargo's.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("core/model", &[]),
    ("core/insight", &["model"]),
    ("core/input", &["model"]),
    ("core/session", &["model", "insight", "input"]),
    ("core/theme", &[]),
    ("core/view", &["model", "insight", "session", "input", "theme"]),
    ("core/report", &["model", "insight"]),
    ("live/aws", &[]),
    ("live/engine", &["aws"]),
    ("config", &[]),
];

/// Words that must not appear in the code of a folder, and why.
const FORBIDDEN: &[(&[&str], &[&str], &str)] = &[
    (
        &["live/aws", "live/engine"],
        &["nextcore_core::insight", "nextcore_core::session", "nextcore_core::view", "nextcore_core::report"],
        "what talks to AWS does not judge or draw",
    ),
    (&["live/engine", "shell", "config"], &["aws_sdk", "aws_config"], "only aws/ names the SDK"),
    (&["core"], &["now()", "std::env", "std::fs"], "pure code is pure"),
    (&["core/view", "core/session"], &["Color::"], "views name roles, not colours"),
    (&["core/model", "core/insight", "core/session", "core/report"], &["ratatui"], "data knows no screen"),
    (&["core", "live"], &["crossterm"], "only the shell knows the terminal"),
];

const FILE_LIMIT: usize = 400;

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|e| e == "rs") {
            into.push(path);
        }
    }
}

/// `core/view` of `core/view/pane/cache.rs`, `shell` of `shell/mod.rs`, nothing of `lib.rs`.
fn folder(inside: &Path) -> String {
    let parts: Vec<&str> = inside.parent().unwrap().iter().map(|p| p.to_str().unwrap()).collect();
    let deep = if parts.first().is_some_and(|p| ["core", "live"].contains(p)) { 2 } else { 1 };
    parts.into_iter().take(deep).collect::<Vec<_>>().join("/")
}

/// Every source file: its folder under `src`, its path, its code without tests and comments.
fn code() -> Vec<(String, PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    files.sort();
    let is_test = |p: &Path| p.strip_prefix(&root).is_ok_and(|p| p.with_extension("").components().any(|c| c.as_os_str() == "tests"));
    let mut all = Vec::new();
    for path in files.into_iter().filter(|p| !is_test(p)) {
        let inside = path.strip_prefix(&root).unwrap();
        let folder = folder(inside);
        let text = fs::read_to_string(&path).unwrap();
        let body = text.split("#[cfg(test)]\nmod tests {").next().unwrap().to_owned();
        all.push((folder, path.clone(), body));
    }
    assert!(all.len() > 100, "the scan found only {} files", all.len());
    all
}

fn without_comments(body: &str) -> String {
    body.lines().filter(|l| !l.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

#[test]
fn imports_go_one_way() {
    let rules: BTreeMap<&str, &[&str]> = MAY_IMPORT.iter().copied().collect();
    let mut wrong = Vec::new();
    for (folder, path, body) in code() {
        let Some(allowed) = rules.get(folder.as_str()) else { continue };
        for piece in without_comments(&body).split("crate::").skip(1) {
            let target: String = piece.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if !folder.ends_with(&format!("/{target}")) && target != folder && !allowed.contains(&target.as_str()) {
                wrong.push(format!("{}: {folder} imports {target}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn layers_do_not_say_what_is_not_theirs() {
    let mut wrong = Vec::new();
    for (folder, path, body) in code() {
        let body = without_comments(&body);
        for (folders, words, why) in FORBIDDEN {
            if folders.iter().any(|f| folder == *f || folder.starts_with(&format!("{f}/"))) {
                wrong.extend(words.iter().filter(|w| body.contains(**w)).map(|w| format!("{}: says {w}: {why}", path.display())));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_are_short_and_say_what_they_are() {
    let mut wrong = Vec::new();
    for (_, path, body) in code() {
        let lines = body.lines().count();
        if lines > FILE_LIMIT {
            wrong.push(format!("{}: {lines} lines without tests, the limit is {FILE_LIMIT}", path.display()));
        }
        let head = body.lines().take_while(|l| l.starts_with("//!")).count();
        let is_root = path.ends_with("lib.rs");
        if head == 0 || (head > 6 && !is_root) {
            wrong.push(format!("{}: opens with {head} lines of //!, it should be 1 to 6", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// SDK clients are built in one file: nothing else can be reached without the gate.
#[test]
fn clients_are_built_in_one_place() {
    let makers = ["::Client::new(", "Client::from_conf("];
    for (_, path, body) in code().into_iter().filter(|(_, path, _)| !path.ends_with("aws/client.rs")) {
        let body = without_comments(&body);
        assert!(makers.iter().all(|m| !body.contains(m)), "{}: builds a client; only aws/client.rs may", path.display());
    }
}
