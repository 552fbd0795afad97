//! The words of delivery: commit messages, and what the builds write to their logs.
//! Not when they are written (see `build`).

use chrono::DateTime;

use super::super::names::{CONTROL, Ms, WEB};
use super::super::rng::Dice;
use super::super::state::{Build, Work, uri};
use super::build::{BUILD, POST_BUILD, has_failed};
use super::component;

const AUTHORS: [&str; 5] = ["Priya Raman", "Tom Okafor", "Mei Tanaka", "Lukas Brandt", "Aroha Ngata"];
const CONTROL_CHANGES: [&str; 6] = [
    "assessments: page the response list",
    "documents: stream uploads to S3",
    "search: rank by recency within a policy",
    "api: return 409 for a duplicate policy name",
    "chat: keep the last ten turns",
    "health: check the broker as well",
];
const WEB_CHANGES: [&str; 6] = [
    "dashboard: load the chart data lazily",
    "documents: show the upload's progress",
    "settings: remember the time zone",
    "login: explain an expired link",
    "reports: export to CSV",
    "navigation: fix the focus ring",
];
const WORKER_CHANGES: [&str; 6] = [
    "tasks: retry embeddings with back-off",
    "reports: render PDFs in two passes",
    "digest: send at nine, local time",
    "uploads: skip empty pages",
    "index: refresh only what changed",
    "celery: acknowledge late",
];
const ALL_CHANGES: [&str; 4] =
    ["deps: monthly update", "logging: one format everywhere", "base images: rebuild on bookworm", "auth: rotate the signing key"];
const DOC_CHANGES: [&str; 4] = ["docs: on-call handbook", "docs: fix the diagram", "ci: quieter test output", "readme: local set-up"];

/// Author and first line of a commit.
pub(super) fn commit(dice: &mut Dice, touches: &[&'static str]) -> (&'static str, String) {
    let changes: &[&str] = match touches {
        [] => &DOC_CHANGES,
        [CONTROL] => &CONTROL_CHANGES,
        [WEB] => &WEB_CHANGES,
        [_] => &WORKER_CHANGES,
        _ => &ALL_CHANGES,
    };
    let author = AUTHORS.get(dice.below(AUTHORS.len())).copied().unwrap_or("Priya Raman");
    let change = changes.get(dice.below(changes.len())).copied().unwrap_or_default();
    (author, format!("{change} (#{})", 1_200 + dice.below(900)))
}

fn test_command(service: &str) -> &'static str {
    if service == WEB { "npm test -- --ci --reporters=jest-junit" } else { "python -m pytest -q --junitxml=reports/junit.xml" }
}

/// The message of a build whose tests failed.
pub(super) fn tests_failed(service: &str) -> String {
    format!("Error while executing command: {}. Reason: exit status 1", test_command(service))
}

/// A line with CodeBuild's prefix.
pub(super) fn container(at: Ms, line: &str) -> String {
    // What docker and the test runners print has no prefix.
    match line.strip_prefix("> ") {
        Some(output) => output.to_owned(),
        None => format!("[Container] {} {line}", DateTime::from_timestamp_millis(at).unwrap_or_default().format("%Y/%m/%d %H:%M:%S%.6f")),
    }
}

/// What a build writes in a phase. Lines that begin with `> ` are output of commands.
pub(super) fn phase_lines(build: &Build, phase: usize, name: &str) -> Vec<String> {
    let Some(service) = super::COMPONENTS.iter().find(|c| c.project == build.project).map(|c| c.service) else { return Vec::new() };
    let unchanged = matches!(build.work, Work::Unchanged { .. });
    let mut lines = match phase {
        0..=2 => return if phase == 2 { vec!["Waiting for agent ping".into(), "Waiting for DOWNLOAD_SOURCE".into()] } else { Vec::new() },
        3 => {
            return vec![
                "Phase is DOWNLOAD_SOURCE".into(),
                "CODEBUILD_SRC_DIR=/codebuild/output/src3/src".into(),
                "YAML location is /codebuild/output/src3/src/buildspec.yml".into(),
            ];
        }
        _ if phase > POST_BUILD => vec![format!("Entering phase {name}")],
        _ => vec![format!("Entering phase {name}")],
    };
    match phase {
        4 => lines.push("Running command docker version --format '{{.Server.Version}}'".into()),
        5 => pre_build(service, &mut lines),
        BUILD => build_lines(build, service, unchanged, &mut lines),
        POST_BUILD => post_build(build, service, unchanged, &mut lines),
        _ => {}
    }
    let faulty = build.fault.as_ref().filter(|(at, _, _)| *at == phase);
    let state = if faulty.is_some() { "FAILED" } else { "SUCCEEDED" };
    if let Some((_, code, message)) = faulty {
        lines.push(format!("Command did not exit successfully: {message}"));
        lines.push(format!("Phase complete: {name} State: {state}"));
        lines.push(format!("Phase context status code: {code} Message: {message}"));
    } else {
        lines.push(format!("Phase complete: {name} State: {state}"));
        lines.push("Phase context status code:  Message: ".into());
    }
    lines
}

fn pre_build(service: &str, lines: &mut Vec<String>) {
    let registry = uri("");
    let registry = registry.trim_end_matches('/');
    lines.push(format!("Running command aws ecr get-login-password | docker login --username AWS --password-stdin {registry}"));
    lines.push("> Login Succeeded".into());
    let install = if service == WEB { "npm ci" } else { "pip install -r requirements-test.txt" };
    lines.push(format!("Running command {install}"));
}

fn build_lines(build: &Build, service: &str, unchanged: bool, lines: &mut Vec<String>) {
    let folder = component(service).folder;
    lines.push(format!("Running command {}", test_command(service)));
    if build.fault.as_ref().is_some_and(|(at, _, _)| *at == BUILD) {
        let name = if service == WEB { "documents.test.tsx > shows the upload's progress" } else { "tests/test_documents.py::test_upload" };
        lines.push(format!("> FAILED {name}"));
        lines.push("> 1 failed, 411 passed".into());
        return;
    }
    lines.push(if service == WEB { "> Tests: 268 passed, 268 total".into() } else { "> 412 passed in 31.44s".into() });
    if unchanged {
        lines.push(format!("> {folder}/ is unchanged since the last release: its image gets one more tag"));
        return;
    }
    let tag = format!("{}:{}", uri(component(service).repository), build.commit.id);
    lines.push(format!("Running command docker build --pull --tag {tag} {folder}"));
    let steps: [&str; 7] = if service == WEB {
        [
            "FROM node:20-bookworm-slim",
            "WORKDIR /app",
            "COPY package.json package-lock.json ./",
            "RUN npm ci --omit=dev",
            "COPY . .",
            "RUN npm run build",
            "CMD [\"node\", \"server.js\"]",
        ]
    } else {
        [
            "FROM python:3.12-slim-bookworm",
            "WORKDIR /app",
            "RUN apt-get update && apt-get install -y --no-install-recommends libpq5",
            "COPY requirements.txt .",
            "RUN pip install --no-cache-dir -r requirements.txt",
            "COPY . .",
            "USER nextcore",
        ]
    };
    let count = steps.len();
    lines.extend(steps.iter().enumerate().map(|(i, step)| format!("> #{} [{}/{count}] {step}", i + 5, i + 1)));
    lines.push(format!("> naming to {tag} done"));
}

fn post_build(build: &Build, service: &str, unchanged: bool, lines: &mut Vec<String>) {
    if has_failed(build) {
        lines.push("> The build has failed: nothing is pushed".into());
        return;
    }
    let (repository, tag) = (component(service).repository, &build.commit.id);
    if unchanged {
        lines.push(format!(
            "Running command aws ecr put-image --repository-name {repository} --image-tag {tag} --image-manifest \"$MANIFEST\""
        ));
    } else {
        lines.push(format!("Running command docker push {}:{tag}", uri(repository)));
        lines.push("> 5f70bf18a086: Layer already exists".into());
        lines.push(format!("Running command aws ecr wait image-scan-complete --repository-name {repository} --image-id imageTag={tag}"));
        lines.push("Running command python ci/check_scan.py --fail-on CRITICAL".into());
    }
    lines.push("Running command cat imagedefinitions.json".into());
}
