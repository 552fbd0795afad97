//! What cargo cannot hold: the direction of imports inside a crate, the words that a folder may not say, the sizes of files.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Which folders of the same crate each folder may import; the walls between the crates are cargo's.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("core/model", &[]),
    ("core/expression", &["model"]),
    ("core/insight", &["model", "expression"]),
    ("core/incident", &["model", "expression", "insight", "log"]),
    ("core/input", &["model"]),
    ("core/log", &["model"]),
    ("core/runbook", &["model", "input", "expression"]),
    ("core/session", &["model", "insight", "incident", "input", "log", "expression", "runbook"]),
    ("core/theme", &[]),
    ("core/view", &["model", "insight", "incident", "session", "input", "log", "theme", "runbook", "expression"]),
    ("core/report", &["model", "insight", "incident"]),
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
    (&["core/model", "core/insight", "core/log", "core/session", "core/report"], &["ratatui"], "data knows no screen"),
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
    let is_test = |p: &Path| {
        p.strip_prefix(&root)
            .is_ok_and(|p| p.with_extension("").components().any(|c| ["tests", "fixture"].iter().any(|t| c.as_os_str() == *t)))
    };
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

/// Lines that shape how a number is written or drawn; they give it no colour and no word of praise or blame.
const SHAPES: &[&str] = &[
    r"self.metric.value(metric::Alb::Requests).filter(|r| *r > 0.0).map(|_| own.unwrap_or(0.0) + targets.unwrap_or(0.0))",
    "share.or_else(|| self.value(&whole).filter(|n| *n <= 0.0 && known()).map(|_| 0.0))",
    r#"Some(v) if v < 9.95 => format!("{v:.2} %"),"#,
    r#"let shown = if dollars > 0.0 { format!("${dollars:.0}") } else { "$…".to_owned() };"#,
    "let used = total.zip(free).filter(|(t, _)| *t > 0.0).map(|(t, f)| (t - f - cached.unwrap_or(0.0)).max(0.0) / t * 100.0);",
    "let swap = host.swap_used.filter(|s| *s > 0.0);",
    r#"if total > 0.0 { format!("{:.0} %", part / total * 100.0) } else { "—".to_owned() }"#,
    r#"(Unit::Seconds, _) if m.value < 0.01 => named(format!("{:.1} ms", m.value * 1000.0)),"#,
    "let opened = attempts.zip(established).filter(|(a, _)| *a > 0.0).map(|(a, e)| (e / a * 100.0).min(100.0));",
    r#"Self::Percent if value > 0.0 && value < 9.95 => format!("{value:.1} %"),"#,
    r#"Self::PerSecond if value > 0.0 && value < 5.7 => format!("{:.2}/s", value / 60.0),"#,
    r#"Self::Latency if value < 0.01 => format!("{:.1} ms", value * 1000.0),"#,
    "Self::Count if value.fract() == 0.0 => text::count(value),",
    "if max <= 0.0 {",
    "let halves = halves.max(usize::from(value > 0.0));",
];

/// Whether a line of the view compares with a figure's number, or keeps such a number for it.
fn judges(line: &str) -> bool {
    // What stands in a string is compared with nothing.
    let line: String = line.split('"').step_by(2).collect::<Vec<_>>().join("\"");
    let is_float = |text: &str| {
        let word: String =
            text.trim_start().trim_start_matches('-').chars().take_while(|c| c.is_ascii_alphanumeric() || "._".contains(*c)).collect();
        word.starts_with(|c: char| c.is_ascii_digit()) && (word.contains('.') || word.ends_with("f64")) && !word.contains("..")
    };
    let compared = ["<", ">", "==", "!="].iter().any(|sign| {
        line.match_indices(sign).any(|(at, _)| {
            let after = line.get(at + sign.len()..).unwrap_or("");
            let before = line.get(..at).unwrap_or("").trim_end();
            let word = before.rsplit(|c: char| !(c.is_ascii_alphanumeric() || "._".contains(c))).next().unwrap_or("");
            is_float(after.trim_start_matches('=')) || is_float(word)
        })
    });
    // A number that is handed to what grades, and a threshold that got a name.
    let graded = line.contains("grade(") || line.contains("graded(") && line.split("graded(").skip(1).any(is_float);
    let named = line.contains("const ") && [": f64 =", ": f32 =", "TimeDelta =", ": i32 ="].iter().any(|t| line.contains(t));
    compared || graded || named
}

#[test]
fn the_view_and_the_reports_do_not_judge() {
    assert!(judges("let role = if memory > 80.0 { Role::Warn } else { Role::Text };"));
    assert!(judges("let role = if 95. <= memory { Role::Crit } else { Role::Text };"));
    assert!(judges("    grade(share, warn, crit)"));
    assert!(judges("const RPO: f64 = 300.0;"));
    assert!(judges("v.graded(Limit::CacheLag, Some(lag)).max(grade(lag, 5.0, 30.0))"));
    assert!(!judges(r#"Phrase::of(format!("{used:>3.0} %"), v.graded(Limit::HostMemory, used))"#));
    assert!(!judges("let wide = area.width > 80;"));
    assert!(!judges("let room: Vec<f64> = vec![1.0];"));
    let mut wrong = Vec::new();
    for (folder, path, body) in code() {
        if !["core/view", "core/report"].contains(&folder.as_str()) {
            continue;
        }
        let lines = body.lines().map(str::trim).filter(|l| !l.starts_with("//") && judges(l) && !SHAPES.contains(l));
        wrong.extend(lines.map(|l| format!("{}: {l}\n    ask limits.level(Limit::…, value): thresholds stand in insight", path.display())));
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
