//! Log lines without a screen, and several log groups behind one tail: what is on stdout and stderr, exit codes, and what becomes of a group that
//! cannot be read.

use std::fs::File;
use std::sync::Arc;
use std::time::Duration;

use nextcore_core::model::log::LogTail;
use nextcore_core::model::section::{ProblemKind, Section};
use nextcore_core::model::stack::{LogGroupSpec, Stack};
use nextcore_core::model::store::Store;
use nextcore_live::aws::source::{SOURCES, SourceRow};
use nextcore_live::engine::clock::Clock;
use nextcore_live::engine::{Engine, channel};
use nextcore_sim::fault::{ApiFault, FaultKind};
use nextcore_top::shell::Embedded;
use rustix::process::Signal;
use serde_json::Value;
use tokio::time::timeout;

use super::process::{CREDENTIALS, CloudProcess, Machine, PROGRAM, Ran, eventually, ran_with, signal};
use super::support::start;

const BUILDS: &str = "/aws/codebuild/production-nextcore-web";

/// Runs the program on a cloud.
fn on(machine: &Machine, cloud: &CloudProcess, args: &[&str]) -> Ran {
    machine.run(&[args, &["--endpoint-url", &cloud.url]].concat(), &CREDENTIALS)
}

fn objects(ran: &Ran) -> Vec<Value> {
    ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_window_is_printed_oldest_first_with_zone_and_service_and_nothing_else_is_on_stdout() {
    let machine = Machine::new();
    let cloud = CloudProcess::start(&machine);
    let ran = on(&machine, &cloud, &["logs", "--since", "5m"]);
    ran.ends(0, &[]);
    assert!(ran.err.is_empty() && !ran.out.contains('\u{1b}'), "{}", ran.err);
    let times: Vec<&str> = ran.out.lines().filter(|l| !l.starts_with(' ')).map(|l| l.split(' ').next().unwrap()).collect();
    assert!(times.len() > 100 && times.is_sorted(), "{} lines", times.len());
    assert!(times.iter().all(|t| t.ends_with('Z') && t.len() == "2026-11-30T14:02:11.123Z".len()), "{:?}", times.first());
    let web = on(&machine, &cloud, &["logs", "--since", "5m", "--service", "web", "--format", "json"]);
    web.ends(0, &[]);
    assert!(objects(&web).iter().all(|o| o["service"] == "web" && o["stream"].as_str().unwrap().starts_with("web/")), "{}", web.out);
    let local = machine.run(
        &["logs", "--since", "5m", "--local", "--limit", "3", "--endpoint-url", &cloud.url],
        &[CREDENTIALS[0], CREDENTIALS[1], ("TZ", "Asia/Tokyo")],
    );
    local.ends(0, &[]);
    assert!(local.out.lines().count() == 3 && local.out.contains("+09:00 "), "{}", local.out);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut closed = machine.command(PROGRAM);
    closed.args(["logs", "--endpoint-url", &cloud.url]).envs(CREDENTIALS).stdout(writer);
    let closed = ran_with(&mut closed);
    closed.ends(0, &[]);
    assert!(closed.err.is_empty(), "{closed:#?}");
}

#[test]
fn lines_are_found_by_query_level_and_text_and_none_found_is_exit_1() {
    let machine = Machine::new();
    let cloud = CloudProcess::start(&machine);
    let ran = on(&machine, &cloud, &["logs", "--since", "20m", "--level", "warn", "--not", "slow query", "--format", "json"]);
    ran.ends(0, &[]);
    let bad = ["warn", "error", "critical"];
    assert!(objects(&ran).iter().all(|o| bad.contains(&o["level"].as_str().unwrap())), "{}", ran.out);
    assert!(!ran.out.contains("slow query"), "{}", ran.out);
    let grep = on(
        &machine,
        &cloud,
        &["logs", "--since", "20m", "--grep", "succeeded", "--grep", "service:celery-*", "--context", "1", "--limit", "2"],
    );
    grep.ends(0, &[]);
    assert!(grep.out.lines().any(|l| l.contains("succeeded")) && grep.out.lines().count() > 2, "{}", grep.out);
    on(&machine, &cloud, &["logs", "--grep", "no-such-word-anywhere"]).ends(1, &[]).silent();
    let raw = on(&machine, &cloud, &["logs", "--since", "5m", "--service", "web", "--format", "raw", "--limit", "1"]);
    assert!(raw.out.starts_with("GET ") || raw.out.starts_with("POST "), "{}", raw.out);
}

#[test]
fn what_cannot_be_used_is_exit_2_and_what_cannot_be_read_exit_3_with_the_next_step() {
    let machine = Machine::new();
    for (args, words) in [
        (&["logs", "--demo", "--grep", "a AND ("][..], &["--grep a AND (", "at character 8", "next:"][..]),
        (&["logs", "--demo", "--since", "yesterday"], &["--since", "14:02", "15m"]),
        (&["logs", "--demo", "--level", "loud"], &["--level", "error"]),
        (&["logs", "--demo", "--since", "1m", "--until", "2m"], &["not before --until", "UTC"]),
        (&["logs", "--demo", "--follow", "--until", "1m"], &["--follow", "--until"]),
        (&["logs", "--demo", "--task", "x"], &["--task", "task id"]),
        (&["events", "--demo", "--system", "printer"], &["--system", "db"]),
    ] {
        machine.run(args, &[]).ends(2, words).silent();
    }
    machine.run(&["logs", "--demo", "--group", "/nope"], &[]).ends(3, &["/nope", "no such log group", "next:"]).silent();
    machine.run(&["logs", "--demo", "--task", "0123456789"], &[]).ends(1, &["0123456789", "/ecs/production-nextcore", "next:"]).silent();
    machine.run(&["logs"], &[("AWS_EC2_METADATA_DISABLED", "true")]).ends(3, &["no usable AWS credentials", "next:"]).silent();
}

#[test]
fn several_groups_are_one_and_one_that_is_missing_is_told_while_the_others_are_read() {
    let machine = Machine::new();
    let cloud = CloudProcess::start(&machine);
    let groups = format!("log_groups = [{{ name = \"{BUILDS}\", of = \"build\" }}, \"/gone\"]\n");
    let config = machine.file("c.toml", &format!("[stack]\n{groups}"));
    let config = config.to_str().unwrap();
    let ran =
        on(&machine, &cloud, &["logs", "--config", config, "--since", "3d", "--service", "build", "--service", "web", "--format", "json"]);
    ran.ends(0, &["/gone: no such log group"]);
    let services: std::collections::BTreeSet<String> = objects(&ran).iter().map(|o| o["service"].as_str().unwrap().to_owned()).collect();
    assert_eq!(services.into_iter().collect::<Vec<_>>(), ["build", "web"]);
    let times: Vec<Value> = objects(&ran).iter().map(|o| o["at"].clone()).collect();
    assert!(times.is_sorted_by_key(|t| t.as_str().unwrap().to_owned()));
    let policy = machine.run(&["iam-policy", "--config", config, "--region", "eu-west-1", "--account", "111122223333"], &CREDENTIALS);
    policy.ends(0, &[]);
    for group in ["/ecs/production-nextcore", BUILDS, "/gone"] {
        assert!(policy.out.contains(&format!("log-group:{group}:*")), "{group}: {}", policy.out);
    }
    let info = machine.run(&["info", "--config", config], &[("AWS_EC2_METADATA_DISABLED", "true")]);
    assert!(info.out.contains(&format!("{BUILDS} (build), /gone")), "{}", info.out);
}

#[test]
fn the_last_lines_of_a_task_are_found_by_its_id() {
    let machine = Machine::new();
    let cloud = CloudProcess::start(&machine);
    let any = on(&machine, &cloud, &["logs", "--since", "5m", "--service", "web", "--limit", "1", "--format", "json"]);
    let stream = objects(&any)[0]["stream"].as_str().unwrap().to_owned();
    let task = stream.rsplit('/').next().unwrap();
    let ran = on(&machine, &cloud, &["logs", "--task", task.get(..10).unwrap(), "--limit", "5", "--format", "json"]);
    ran.ends(0, &[]);
    assert_eq!(objects(&ran).len(), 5);
    assert!(objects(&ran).iter().all(|o| o["stream"] == stream.as_str()), "{}", ran.out);
}

#[test]
fn patterns_and_events_are_printed_as_tables_and_as_json() {
    let machine = Machine::new();
    let table = machine.run(&["logs", "patterns", "--demo", "--since", "10m", "--limit", "5"], &[]);
    table.ends(0, &[]);
    assert!(table.out.starts_with("  COUNT  TREND") && table.out.lines().count() == 6, "{}", table.out);
    let json = machine.run(&["logs", "patterns", "--demo", "--since", "10m", "--format", "json"], &[]);
    let counts: Vec<u64> = objects(&json).iter().map(|o| o["count"].as_u64().unwrap()).collect();
    assert!(counts.len() > 2 && counts.is_sorted_by(|a, b| a >= b), "{counts:?}");
    assert!(objects(&json)[0]["template"].as_str().unwrap().contains('<'), "{}", json.out);

    let events = machine.run(&["events", "--demo", "--since", "1d"], &[]);
    events.ends(0, &[]);
    let times: Vec<&str> = events.out.lines().map(|l| l.split(' ').next().unwrap()).collect();
    assert!(times.len() > 3 && times.is_sorted() && times.iter().all(|t| t.ends_with('Z')), "{}", events.out);
    let of = machine.run(&["events", "--demo", "--since", "1d", "--system", "pipeline", "--grep", "EXECUTION", "--format", "json"], &[]);
    assert!(!objects(&of).is_empty() && objects(&of).iter().all(|o| o["system"] == "pipeline"), "{}", of.out);
    machine.run(&["events", "--demo", "--grep", "no-such-event"], &[]).ends(1, &[]).silent();
}

/// A follower that is ended with its test.
struct Follower(std::process::Child);

impl Drop for Follower {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn following_goes_on_once_credentials_are_renewed_and_ends_quietly_by_a_signal() {
    let machine = Machine::new();
    let cloud = CloudProcess::start(&machine);
    let (out, err) = (machine.file("out", ""), machine.file("err", ""));
    let mut command = machine.command(PROGRAM);
    command.args(["logs", "-f", "--since", "1m", "--format", "json", "--endpoint-url", &cloud.url]).envs(CREDENTIALS);
    command.stdout(File::create(&out).unwrap()).stderr(File::create(&err).unwrap());
    let mut follower = Follower(command.spawn().unwrap());
    let read = |path: &std::path::Path| std::fs::read_to_string(path).unwrap();
    let lines = || read(&out).lines().count();
    let said = || read(&err);
    let limit = Duration::from_mins(1);
    let first = eventually(limit, || Some(lines()).filter(|n| *n > 0), said);
    eventually(limit, || (lines() > first).then_some(()), said);
    admin(&machine, &cloud, "inject", "{\"scenario\":\"expired-credentials\"}");
    eventually(limit, || said().contains("asked again until").then_some(()), said);
    admin(&machine, &cloud, "heal", "");
    eventually(limit, || said().contains("lines are read again").then_some(()), said);
    let then = lines();
    eventually(limit, || (lines() > then).then_some(()), said);
    signal(follower.0.id(), Signal::INT);
    let code = eventually(limit, || follower.0.try_wait().unwrap(), said).code();
    assert_eq!(code, Some(0), "{}", said());
    let whole = read(&out);
    let keys: Vec<(String, String, String)> = whole
        .lines()
        .map(|l| serde_json::from_str::<Value>(l).unwrap())
        .map(|o| (o["at"].to_string(), o["stream"].to_string(), o["message"].to_string()))
        .collect();
    let distinct: std::collections::BTreeSet<_> = keys.iter().collect();
    assert_eq!(distinct.len(), keys.len(), "a line came twice");
}

fn admin(machine: &Machine, cloud: &CloudProcess, name: &str, body: &str) {
    let url = format!("{}/_nextcore-top/{name}", cloud.url);
    let output = machine.command("curl").args(["-s", "-X", "POST", &url, "-d", body]).output().unwrap();
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(answer["error"].is_null(), "{answer}");
}

/// The tail's own source, and the store once this holds.
async fn tail_of(embedded: &Embedded, stack: &Stack, holds: impl Fn(&Store) -> bool) -> Arc<Store> {
    let rows: Vec<SourceRow> = SOURCES.iter().filter(|row| row.key == LogTail::KEY).copied().collect();
    let (mut feed, ends) = channel();
    let _engine = Engine::start_with(rows.leak(), embedded.setup(stack), ends);
    timeout(Duration::from_mins(10), feed.store.wait_for(|s| holds(s))).await.unwrap().unwrap().clone()
}

#[tokio::test(start_paused = true)]
async fn a_group_that_refuses_says_so_and_the_others_are_followed() {
    let embedded = Embedded::new(7, Clock::virtual_from(start(), 1.0));
    embedded.cloud.world(|w| {
        let mut rare = w.logs.groups[BUILDS].clone();
        (rare.name, rare.class) = ("/rare".into(), "INFREQUENT_ACCESS");
        w.logs.groups.insert(rare.name.clone(), rare);
    });
    let log_groups = vec![LogGroupSpec::new("/rare", ""), LogGroupSpec::new("/gone", "db"), LogGroupSpec::new("RDSOSMetrics", "db")];
    let stack = Stack { log_groups, ..Stack::default() };
    let store = tail_of(&embedded, &stack, |s| s.get::<LogTail>().is_some_and(|t| t.total > 0)).await;
    let tail = store.get::<LogTail>().unwrap();
    let problems: Vec<Option<&str>> = tail.groups.iter().map(|g| g.problem.as_deref()).collect();
    assert!(matches!(problems.as_slice(), [None, Some(_), Some(_), None]), "{:?}", tail.groups);
    assert!(problems[1].unwrap().contains("Logs Insights") && problems[2].unwrap().contains("no such log group"), "{problems:?}");
    assert!(tail.events.iter().any(|e| e.service() == "db") && tail.events.iter().any(|e| e.service() == "web"), "{:?}", tail.groups);
    assert!(tail.events.iter().is_sorted_by_key(|e| (e.arrived(), e.seq)));
    let asked = tail.progress["/gone"].again.unwrap();
    assert!(asked > start() + chrono::TimeDelta::seconds(15), "{asked}");

    // Where it is the only one, the section says it.
    let alone = Stack { log_group: "/gone".into(), ..Stack::default() };
    let store = tail_of(&embedded, &alone, |s| s.entry(LogTail::KEY).is_some_and(|e| e.problem.is_some())).await;
    assert_eq!(store.entry(LogTail::KEY).unwrap().problem.as_ref().unwrap().kind, ProblemKind::NotFound);
    embedded.cloud.faults(|f| f.set(vec![ApiFault::always("logs", "FilterLogEvents", FaultKind::AccessDenied)]));
    let store = tail_of(&embedded, &stack, |s| s.entry(LogTail::KEY).is_some_and(|e| e.problem.is_some())).await;
    assert_eq!(store.entry(LogTail::KEY).unwrap().problem.as_ref().unwrap().kind, ProblemKind::Denied);
}
