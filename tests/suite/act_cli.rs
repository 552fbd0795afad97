//! The commands that act, as a script meets them: the built program against the embedded cloud as a process. Exit codes, streams, the
//! audit log on disk, and what is left when the process is killed, interrupted, or its request swallowed on the way.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use nextcore_core::model::action::{ACTIONS, parse, words};
use nextcore_core::model::audit::{AuditEntry, Told, Who};
use nextcore_core::model::mode::Mode;
use nextcore_core::model::stack::Stack;
use nextcore_live::engine::action::audit::Audit;
use nextcore_live::engine::action::{Acts, Runner, Tools};
use nextcore_live::engine::clock::Clock;
use nextcore_top::config::args::Global;
use nextcore_top::config::environment::Environment;
use nextcore_top::config::{ConfigError, load_with};
use nextcore_top::shell::Embedded;
use rustix::process::Signal;
use serde_json::Value;
use tokio::sync::watch;

use super::process::{CLOSED, CREDENTIALS, CloudProcess, Machine, NO_METADATA, PROGRAM, Ran, alive, eventually, ran, ran_with, signal};
use super::terminal::Window;

/// Virtual seconds per second of the cloud where something has to happen: a task starts within two.
const FAST: &str = "60";
/// For whatever the cloud has to come to.
const LIMIT: Duration = Duration::from_mins(2);
const ALARM: &str = "production-nextcore-rds-cpu-high";

/// A cloud, and a user's machine that works on it.
pub(crate) struct Site {
    pub(crate) machine: Machine,
    cloud: CloudProcess,
    state: String,
}

impl Site {
    pub(crate) fn new(speed: &str) -> Self {
        let machine = Machine::new();
        let cloud = CloudProcess::at_speed(&machine, speed);
        let state = machine.home().join("state").to_str().unwrap().to_owned();
        Self { machine, cloud, state }
    }

    /// The program with these words, on this endpoint.
    fn on(&self, endpoint: &str, line: &str) -> Command {
        let mut command = self.machine.command(PROGRAM);
        command.args(words(line)).args(["--endpoint-url", endpoint]);
        command.envs(CREDENTIALS).env("XDG_STATE_HOME", &self.state).env("USER", "maya");
        command
    }

    pub(crate) fn command(&self, line: &str) -> Command {
        self.on(&self.cloud.url, line)
    }

    pub(crate) fn act(&self, line: &str) -> Ran {
        ran(&mut self.command(line))
    }

    /// Waits until nothing forbids this: no deployment of the written architecture's own runs. From then on nobody else scales.
    fn calm(&self, line: &str) {
        for service in ["web", "celery-worker"] {
            let body = format!(
                "{{\"ServiceNamespace\":\"ecs\",\"ResourceId\":\"service/production-nextcore/{service}\",\"ScalableDimension\":\"ecs:service:DesiredCount\",\"SuspendedState\":{{\"DynamicScalingInSuspended\":true,\"DynamicScalingOutSuspended\":true,\"ScheduledScalingSuspended\":true}}}}"
            );
            self.ask("AnyScaleFrontendService.RegisterScalableTarget", &body);
        }
        let dry = || Some(self.act(&format!("{line} --dry-run"))).filter(|r| r.code == Some(0));
        eventually(LIMIT, dry, || format!("{:#?}", self.act(&format!("{line} --dry-run"))));
    }

    /// Carries it out: where the world forbade it or moved in between, nothing was sent, and it is said again.
    fn done(&self, line: &str) -> Ran {
        let said = || Some(self.act(line)).filter(|r| r.code != Some(1) || !(r.err.contains("nothing was sent")));
        eventually(LIMIT, said, || format!("{line} was never possible"))
    }

    fn audit_folder(&self) -> PathBuf {
        self.machine.home().join("state/nextcore-top/audit")
    }

    fn told(&self) -> Vec<AuditEntry> {
        let (entries, damage) = Audit::folder(self.audit_folder()).read(None);
        assert!(damage.is_empty(), "{damage:?}");
        entries
    }

    pub(crate) fn words_told(&self) -> Vec<&'static str> {
        self.told().iter().map(|e| e.told.word()).collect()
    }

    /// What the cloud itself says of a service.
    fn desired(&self, service: &str) -> u64 {
        let body = format!("{{\"cluster\":\"production-nextcore\",\"services\":[\"{service}\"]}}");
        self.ask("AmazonEC2ContainerServiceV20141113.DescribeServices", &body)["services"][0]["desiredCount"].as_u64().unwrap()
    }

    /// The id of a task of `web` in which a shell can be opened.
    pub(crate) fn task(&self) -> String {
        let running = "{\"cluster\":\"production-nextcore\",\"serviceName\":\"web\",\"desiredStatus\":\"RUNNING\"}";
        let listed = self.ask("AmazonEC2ContainerServiceV20141113.ListTasks", running);
        let arn = listed["taskArns"][0].as_str().unwrap();
        arn.rsplit('/').next().unwrap().to_owned()
    }

    /// Asks a service that speaks JSON, without the program and without the SDK.
    fn ask(&self, target: &str, body: &str) -> Value {
        let mut stream = TcpStream::connect(self.cloud.address()).unwrap();
        write!(
            stream,
            "POST / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nx-amz-target: {target}\r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
    }
}

/// A wire that notes every operation and lets one of them never arrive.
struct Wire {
    url: String,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Wire {
    fn to(cloud: &CloudProcess, swallows: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (seen, cloud) = (Arc::new(Mutex::new(Vec::new())), cloud.address().to_owned());
        let notes = Arc::clone(&seen);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (notes, Ok(server)) = (Arc::clone(&notes), TcpStream::connect(&cloud)) else { return };
                thread::spawn(move || carry(client, server, &notes, swallows));
            }
        });
        Self { url, seen }
    }

    fn count(&self, operation: &str) -> usize {
        self.seen.lock().unwrap().iter().filter(|o| *o == operation).count()
    }

    /// Every operation that writes, of all that were seen.
    fn writes(&self) -> Vec<String> {
        let writes: BTreeSet<&str> =
            nextcore_sim::service::SERVICES.iter().flat_map(|s| s.operations).filter(|o| o.is_write).map(|o| o.name).collect();
        self.seen.lock().unwrap().iter().filter(|o| writes.contains(o.as_str())).cloned().collect()
    }
}

/// Carries requests one way, whole, and answers the other.
fn carry(mut client: TcpStream, mut server: TcpStream, notes: &Mutex<Vec<String>>, swallows: &str) {
    let (mut answers, mut back) = (server.try_clone().unwrap(), client.try_clone().unwrap());
    // Holds the connection open after a request was swallowed: its answer is awaited in vain.
    thread::spawn(move || std::io::copy(&mut answers, &mut back));
    while let Some((operation, bytes)) = request(&mut client) {
        let swallowed = operation == swallows;
        notes.lock().unwrap().push(operation);
        if swallowed {
            // Until the client gives up.
            let _ = client.read(&mut [0]);
            break;
        }
        if server.write_all(&bytes).is_err() {
            break;
        }
    }
    let _ = server.shutdown(Shutdown::Both);
}

/// One HTTP request: its operation, and its bytes.
fn request(client: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let (mut bytes, mut byte) = (Vec::new(), [0]);
    while !bytes.ends_with(b"\r\n\r\n") {
        client.read_exact(&mut byte).ok()?;
        bytes.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&bytes).into_owned();
    let header = |name: &str| {
        let found = head.lines().filter_map(|l| l.split_once(':')).find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.trim().to_owned())
    };
    let mut body = vec![0; header("content-length").and_then(|l| l.parse().ok()).unwrap_or(0)];
    client.read_exact(&mut body).ok()?;
    let text = String::from_utf8_lossy(&body).into_owned();
    let path = head.split_whitespace().nth(1).unwrap_or_default().to_owned();
    let by_target = header("x-amz-target").and_then(|t| t.rsplit('.').next().map(ToOwned::to_owned));
    let by_action = || text.split('&').find_map(|p| p.strip_prefix("Action=").map(ToOwned::to_owned));
    let by_path = || path.split_once("/operation/").map(|(_, operation)| operation.to_owned());
    let operation = by_target.or_else(by_path).or_else(by_action).unwrap_or(path);
    bytes.extend(body);
    Some((operation, bytes))
}

/// A process that ends with this value, whatever the test comes to.
pub(crate) struct Running(pub(crate) Child);

impl Running {
    fn start(command: &mut Command) -> Self {
        Self(command.stdin(Stdio::null()).spawn().unwrap())
    }

    fn code(&mut self) -> Option<i32> {
        let limit = Duration::from_secs(30);
        let status = eventually(limit, || self.0.try_wait().unwrap(), || "it still runs".to_owned());
        status.code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

// Done, and how it is told.

#[test]
fn scaling_is_exit_0_with_the_result_on_stdout_and_the_plan_on_stderr_and_both_in_the_log() {
    let site = Site::new(FAST);
    site.calm("scale web +1");
    let before = site.desired("web");
    let ran = site.done("scale web +1 --yes --write");
    ran.ends(0, &["Scale web", "update-service", "desired count is"]);
    assert!(ran.out.starts_with("● done: ") && ran.out.contains("undo"), "{ran:#?}");
    assert!(!ran.out.contains("  runs "), "the plan is no result: {ran:#?}");
    assert_eq!(site.desired("web"), before + 1);
    // What it left on disk.
    let files: Vec<_> = fs::read_dir(site.audit_folder()).unwrap().map(|f| f.unwrap().path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    assert_eq!(fs::metadata(&files[0]).unwrap().permissions().mode() & 0o777, 0o600);
    let told: Vec<AuditEntry> = site.told().into_iter().filter(|e| !matches!(e.told, Told::Refused { .. })).collect();
    let kinds: Vec<_> = told.iter().map(|e| e.told.word()).collect();
    assert_eq!(kinds, ["intent", "outcome", "end"]);
    assert!(told.iter().all(|e| e.id == told[0].id));
    let Told::Intent { who, calls, account, .. } = &told[0].told else { panic!("{told:#?}") };
    assert_eq!((who.user.as_str(), account.as_str(), calls.len()), ("maya", "111122223333", 1));
    assert!(who.arn.contains("assumed-role/OnCall/ops"), "{who:?}");
    // And how the log is listed.
    let listed = site.act("audit");
    listed.ends(0, &[]);
    assert!(["intent", "outcome", "end", "scale web +1", "maya"].iter().all(|w| listed.out.contains(w)), "{}", listed.out);
    let json = site.act("audit --format json --action scale");
    json.ends(0, &[]);
    let lines: Vec<Value> = json.out.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let kinds: Vec<_> = lines.iter().filter(|l| l["kind"] != "refused").map(|l| l["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["intent", "outcome", "end"]);
    site.act("audit --open").ends(0, &["no entries"]).silent();
    site.act("audit --action failover").ends(0, &["no entries"]).silent();
    site.act("audit --demo").ends(0, &["no entries"]).silent();
}

#[test]
fn a_dry_run_prints_the_plan_alone_and_sends_and_records_nothing() {
    // As slow as the wall: the deployment of its third minute must not come between two plans.
    let site = Site::new("1");
    site.calm("scale web +1");
    let wire = Wire::to(&site.cloud, "");
    let ran = ran(&mut site.on(&wire.url, "scale web +1 --dry-run"));
    ran.ends(0, &[]);
    assert!(ran.out.starts_with("Scale web") && ran.out.contains("runs     aws ecs update-service") && ran.err.is_empty(), "{ran:#?}");
    let json = ran_json(&mut site.on(&wire.url, "scale web +1 --dry-run --format json"));
    assert_eq!((json["request"]["action"].as_str(), json["calls"][0]["operation"].as_str()), (Some("scale"), Some("UpdateService")));
    assert!(!json["hash"].as_str().unwrap().is_empty());
    assert!(wire.writes().is_empty() && wire.count("DescribeServices") > 0, "{:?}", wire.writes());
    assert!(!site.audit_folder().exists());
}

fn ran_json(command: &mut Command) -> Value {
    let ran = ran(command);
    ran.ends(0, &[]);
    serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}: {ran:#?}"))
}

#[test]
fn the_result_as_json_is_the_run_and_no_wait_comes_back_once_it_is_accepted() {
    let site = Site::new(FAST);
    site.calm("scale web +1");
    let ran = site.done("scale web +1 --yes --write --format json");
    ran.ends(0, &["Scale web"]);
    let run: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((run["end"]["outcome"].as_str(), run["plan"]["request"]["target"].as_str()), (Some("done"), Some("web")), "{run:#}");
    let ran = site.done("scale web -1 --yes --write --no-wait");
    ran.ends(0, &[]);
    assert!(ran.out.starts_with("accepted  Scale web"), "{ran:#?}");
    let ran = site.done("scale celery-worker +1 --yes --write --no-wait --format json");
    ran.ends(0, &[]);
    let run: Value = serde_json::from_str(&ran.out).unwrap();
    assert!(run["end"].is_null() && run["request_ids"].as_array().is_some_and(|ids| ids.len() == 1), "{run:#}");
    let told: Vec<_> = site.words_told().into_iter().filter(|w| *w != "refused").collect();
    assert_eq!(told, ["intent", "outcome", "end", "intent", "outcome", "intent", "outcome"]);
    site.act("audit --open").ends(0, &["no entries"]).silent();
}

#[test]
fn a_closed_pipe_on_stdout_ends_nothing_but_the_printing() {
    let site = Site::new(FAST);
    site.calm("scale web +1");
    for line in ["scale web +1 --dry-run", "scale web +1 --dry-run --format json", "scale web +1 --yes --write --no-wait", "audit"] {
        let again = || {
            let (reader, writer) = std::io::pipe().unwrap();
            drop(reader);
            Some(ran_with(site.command(line).stdout(writer))).filter(|r| r.code != Some(1))
        };
        eventually(LIMIT, again, || format!("{line} was never possible")).ends(0, &[]);
    }
}

// Refused: 1.

#[test]
fn nothing_to_do_and_a_check_that_fails_are_exit_1_and_nothing_is_sent() {
    let site = Site::new(FAST);
    site.calm("scale web +1");
    let wire = Wire::to(&site.cloud, "");
    let now = site.desired("celery-worker");
    for (line, words) in [
        (format!("scale celery-worker {now} --yes --write"), &["already has a desired count"][..]),
        (format!("scale celery-worker {now} --dry-run"), &["already has a desired count"]),
        ("scale nobody 4 --yes --write".to_owned(), &["nobody", "next:"]),
        ("stop-deployment celery-worker --yes --write".to_owned(), &["no deployment"]),
        ("failover cache 0009 --yes --write".to_owned(), &["0009", "0001"]),
        (format!("alarm-actions on {ALARM} --dry-run"), &["already on: nothing to do"]),
        ("alarm-actions off no-such-alarm --yes --write".to_owned(), &["no-such-alarm"]),
    ] {
        ran(&mut site.on(&wire.url, &line)).ends(1, words).silent();
    }
    // A plan that a check forbids: shown, and not sent.
    let forbidden = ran(&mut site.on(&wire.url, "scale celery-worker 1000 --dry-run"));
    forbidden.ends(1, &[]);
    assert!(forbidden.out.starts_with("Scale celery-worker") && forbidden.out.contains("✖ only "), "{forbidden:#?}");
    ran(&mut site.on(&wire.url, "scale celery-worker 1000 --yes --write")).ends(1, &["✖ only ", "nothing was sent"]).silent();
    assert!(wire.writes().is_empty(), "{:?}", wire.writes());
    assert!(site.words_told().iter().all(|w| *w == "refused"), "{:?}", site.words_told());
    assert!(site.told().len() >= 5, "what was asked for and not sent is on record");
}

// Usage: 2.

/// A name that nothing has is told before anything else, and before anything is asked of AWS: there is no AWS here.
#[test]
fn a_name_that_the_configuration_does_not_know_is_told_first() {
    let machine = Machine::new();
    for (line, says) in [
        ("scale webb 3", &["no service 'webb'", "did you mean web?", "control-plane, web, celery-worker"][..]),
        ("scale webb 3 --dry-run", &["did you mean web?"]),
        ("scale webb 3 --yes --write", &["did you mean web?"]),
        ("bounds wbe 2-4 --yes", &["did you mean web?"]),
        ("redeploy celery", &["did you mean celery-worker?"]),
        ("build start production-nextcore-wep --dry-run", &["no project", "did you mean production-nextcore-web?"]),
        ("reroute eu-west-1a --dry-run", &["no zone 'eu-west-1a'", "ap-southeast-2"]),
    ] {
        let got = ran(machine.command(PROGRAM).args(words(line)));
        assert_eq!(got.code, Some(1), "{line}: {got:#?}");
        assert!(says.iter().all(|word| got.err.contains(word)), "{line}: {}", got.err);
    }
}

#[test]
fn usage_errors_of_actions_are_exit_2_and_nothing_is_asked() {
    let machine = Machine::new();
    for (line, says) in [
        ("scale web 4", &["--dry-run", "--yes --write"][..]),
        ("failover db --write", &["--dry-run"]),
        ("scale web", &["Usage:", "COUNT"]),
        ("scale web many --dry-run", &["count"]),
        ("scale web 4 --yse", &["--yse", "Usage:"]),
        ("scale web 4 5 --dry-run", &["5"]),
        ("scale web 4 --yes --dry-run", &["--yes", "--dry-run"]),
        ("scale web 4 --yes --write --wait --no-wait", &["--wait", "--no-wait"]),
        ("scale web 4 --dry-run --format xml", &["xml", "table", "json"]),
        ("bounds web 6-3 --dry-run", &["bounds"]),
        ("failover moon --dry-run", &["moon"]),
        ("autoscaling", &["suspend", "resume"]),
        ("invalidate static --dry-run", &["paths"]),
        ("alarm-actions off x --for 3d --dry-run", &["for"]),
        ("alarm-actions off x --yes --write --no-wait", &["--no-wait", "has to wait"]),
        ("--write --read-only scale web 4 --yes", &["--read-only", "--write"]),
        ("scale web 4 --yes --write --read-only", &["--read-only", "--write"]),
        ("--read-only scale web 4 --yes --write", &["--read-only", "--write"]),
        ("--write scale web 4 --yes --readonly", &["--read-only", "--write"]),
    ] {
        let line = words(line);
        let args: Vec<&str> = line.iter().map(String::as_str).chain(["--endpoint-url", CLOSED]).collect();
        machine.run(&args, &CREDENTIALS).ends(2, says).silent();
    }
}

// Cannot tell: 3.

#[test]
fn an_action_on_an_endpoint_that_cannot_be_reached_is_exit_3() {
    let machine = Machine::new();
    for line in ["scale web +1 --dry-run", "failover db --yes --write"] {
        let line = words(line);
        let args: Vec<&str> = line.iter().map(String::as_str).chain(["--endpoint-url", CLOSED]).collect();
        machine.run(&args, &CREDENTIALS).ends(3, &["cannot reach the endpoint", "next:"]).silent();
    }
    machine.run(&["scale", "web", "4", "--dry-run"], &[NO_METADATA]).ends(3, &["no usable AWS credentials", "next:"]).silent();
}

/// The request left and no answer came: exit 3, said once, sent once.
#[test]
fn an_answer_that_never_comes_is_exit_3_and_the_request_is_sent_once() {
    let site = Site::new("1");
    let wire = Wire::to(&site.cloud, "DisableAlarmActions");
    let out = site.machine.file("out", "");
    let mut command = site.on(&wire.url, &format!("alarm-actions off {ALARM} --yes --write"));
    let mut process = Running::start(command.stdout(fs::File::create(&out).unwrap()).stderr(Stdio::null()));
    let said = || fs::read_to_string(&out).unwrap();
    eventually(LIMIT, || said().starts_with("? unknown: ").then_some(()), said);
    assert!(said().contains("not retried") && said().contains("checked: "), "{}", said());
    assert_eq!(wire.writes(), ["DisableAlarmActions"]);
    // It may have been carried out: until that is certain it is owed.
    signal(process.0.id(), Signal::INT);
    assert_eq!(process.code(), Some(3), "{}", said());
    assert_eq!(wire.writes(), ["DisableAlarmActions", "EnableAlarmActions"]);
    assert!(site.words_told().starts_with(&["intent", "owed", "outcome", "end"]), "{:?}", site.words_told());
}

// Read-only: 4.

/// A line for every action.
pub(crate) const EVERY_ACTION: &[&str] = &[
    "scale web +1",
    "bounds web 3-7",
    "autoscaling suspend web",
    "autoscaling resume web",
    "redeploy web",
    "rollback web",
    "stop-deployment web",
    "stop-task 0123456789ab",
    "exec 0123456789ab",
    "failover db",
    "failover cache 0001",
    "reroute a --via b",
    "alarm-actions off x",
    "alarm-actions on x",
    "pipeline start",
    "pipeline retry",
    "pipeline stop",
    "build start production-nextcore-web",
    "build retry production-nextcore-web",
    "build stop production-nextcore-web",
    "invalidate /*",
];

#[test]
fn whoever_may_not_write_gets_exit_4_for_every_action_whatever_the_stack_is_like() {
    let tried: BTreeSet<String> = EVERY_ACTION.iter().map(|l| parse(&words(l)).unwrap().action).collect();
    let all: BTreeSet<String> = ACTIONS.iter().map(|a| a.name.to_owned()).collect();
    assert_eq!(tried, all, "an action was added");
    let site = Site::new("1");
    let wire = Wire::to(&site.cloud, "");
    let locked = site.machine.file("locked.toml", "read_only = true\n");
    let by_file = format!("--config {}", locked.display());
    for line in EVERY_ACTION {
        for (more, says) in [("", "--write"), ("--read-only", "VIEWER"), (by_file.as_str(), "VIEWER")] {
            ran(&mut site.on(&wire.url, &format!("{line} --yes {more}"))).ends(4, &["next:", says]).silent();
        }
    }
    assert!(wire.writes().is_empty(), "{:?}", wire.writes());
    let told = site.told();
    assert_eq!(told.len(), 3 * EVERY_ACTION.len(), "who asked is on record");
    assert!(told.iter().all(|e| matches!(&e.told, Told::Refused { who, .. } if who.user == "maya")));
    // The plan is everybody's.
    let plan = ran(&mut site.on(&wire.url, &format!("alarm-actions off {ALARM} --dry-run --read-only")));
    plan.ends(0, &[]);
    assert!(plan.out.contains("disable-alarm-actions"), "{plan:#?}");
}

// Killed, interrupted.

#[test]
fn a_process_killed_between_intent_and_outcome_is_found_at_the_next_start() {
    let site = Site::new(FAST);
    site.calm("scale web +1");
    let wire = Wire::to(&site.cloud, "UpdateService");
    let start = || {
        let mut command = site.on(&wire.url, "scale web +1 --yes --write");
        Running::start(command.stdout(Stdio::null()).stderr(Stdio::null()))
    };
    let mut killed = start();
    let sent = || {
        if wire.count("UpdateService") == 0 && killed.0.try_wait().unwrap().is_some() {
            killed = start();
        }
        (wire.count("UpdateService") > 0).then_some(())
    };
    eventually(LIMIT, sent, || "it was never sent".to_owned());
    let pid = killed.0.id();
    signal(pid, Signal::KILL);
    killed.code();
    // The log of whoever comes next.
    let listed = site.act("audit --open");
    listed.ends(0, &[]);
    assert!(listed.out.contains("intent") && listed.out.contains("scale web +1") && listed.out.lines().count() == 1, "{listed:#?}");
    let line: Value = serde_json::from_str(site.act("audit --open --format json").out.trim()).unwrap();
    assert_eq!((line["kind"].as_str(), line["pid"].as_u64()), (Some("intent"), Some(u64::from(pid))));
    let unfinished = now(runner_on(&site).unfinished());
    assert_eq!(unfinished.len(), 1, "{unfinished:?}");
    assert_eq!((unfinished[0].who.as_str(), unfinished[0].request.to_string().as_str()), ("maya", "scale web +1"));
    reported_by_the_dashboard(&site);
    // Once somebody has looked, it is over.
    let seen = AuditEntry { at: unfinished[0].at, id: unfinished[0].id.clone(), told: Told::Seen { who: Who::default() } };
    now(Audit::folder(site.audit_folder()).write(&seen)).unwrap();
    assert!(now(runner_on(&site).unfinished()).is_empty());
    site.act("audit --open").ends(0, &["no entries"]).silent();
}

/// The dashboard on another machine with the same log: it says so at its start, and whoever looks at it settles it.
fn reported_by_the_dashboard(site: &Site) {
    let Some(window) = Window::open(120, 40) else { return };
    let folder = window.machine.home().join(".local/state/nextcore-top/audit");
    fs::create_dir_all(&folder).unwrap();
    for file in fs::read_dir(site.audit_folder()).unwrap().map(|f| f.unwrap().path()) {
        fs::copy(&file, folder.join(file.file_name().unwrap())).unwrap();
    }
    let keys = CREDENTIALS.map(|(k, v)| format!("{k}={v}")).join(" ");
    window.line(&format!("{keys} sh watched --endpoint-url {}", site.cloud.url));
    let screen = window.shows("Outcome unknown");
    assert!(screen.contains("scale web +1") && screen.contains("by maya"), "{screen}");
    window.press(&["Enter"]);
    let seen = || Audit::folder(&folder).read(None).0.iter().any(|e| matches!(e.told, Told::Seen { .. })).then_some(());
    eventually(LIMIT, seen, || window.screen());
}

/// Waits for it here.
fn now<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// What the dashboard starts with on this machine.
fn runner_on(site: &Site) -> Runner {
    let embedded = Embedded::new(7, Clock::system());
    let acts = Acts { audit: Audit::folder(site.audit_folder()), alive, ..Acts::none() };
    let setup = embedded.setup_with(&Stack::default(), acts);
    let store = watch::channel(Arc::default()).1;
    let tools = Tools { clients: setup.clients, stack: setup.stack, clock: setup.clock, meter: setup.meter, acts: setup.acts, store };
    Runner::new(tools)
}

#[test]
fn alarm_actions_are_switched_on_again_by_each_signal_that_asks_the_process_to_end() {
    let site = Site::new("1");
    for which in [Signal::INT, Signal::TERM, Signal::HUP] {
        let (out, err) = (site.machine.file("out", ""), site.machine.file("err", ""));
        let mut command = site.command(&format!("alarm-actions off {ALARM} --for 10m --yes --write"));
        command.stdout(fs::File::create(&out).unwrap()).stderr(fs::File::create(&err).unwrap());
        let mut process = Running::start(&mut command);
        let said = || fs::read_to_string(&err).unwrap();
        eventually(Duration::from_secs(30), || said().contains("● actions off").then_some(()), said);
        site.act(&format!("alarm-actions off {ALARM} --dry-run")).ends(1, &["already off"]);
        signal(process.0.id(), which);
        assert_eq!(process.code(), Some(0), "{which:?}: {}", said());
        let result = fs::read_to_string(&out).unwrap();
        assert!(result.starts_with("● done: ") && result.contains("re-enabled at"), "{which:?}: {result}");
        assert!(said().contains(&format!("done: alarm actions of {ALARM} are on")), "{which:?}: {}", said());
        site.act(&format!("alarm-actions on {ALARM} --dry-run")).ends(1, &["already on"]);
    }
    assert_eq!(site.words_told(), ["intent", "owed", "outcome", "end", "later", "settled"].repeat(3));
    site.act("obligations").ends(0, &["nothing owed"]).silent();
}

impl Site {
    /// Switches an alarm's actions off in a process that keeps its promise; returns once they are seen to be off.
    pub(crate) fn muted(&self, span: &str) -> Running {
        let err = self.machine.file("muted", "");
        let mut command = self.command(&format!("alarm-actions off {ALARM} --for {span} --yes --write"));
        let process = Running::start(command.stdout(Stdio::null()).stderr(fs::File::create(&err).unwrap()));
        let said = || fs::read_to_string(&err).unwrap();
        eventually(Duration::from_secs(30), || said().contains("are off until").then_some(()), said);
        process
    }
}

/// SIGKILL, a reboot: the promise outlives the process, is listed, and a cron job or a boot unit puts it right.
#[test]
fn what_a_killed_process_has_promised_is_listed_and_put_right() {
    let site = Site::new("1");
    let process = site.muted("10m");
    site.act("obligations").ends(0, &[]);
    site.act("obligations --settle").ends(0, &["nothing orphaned"]).silent();
    signal(process.0.id(), Signal::KILL);
    drop(process);
    let listed = site.act("obligations");
    assert!(listed.code == Some(1) && listed.out.contains("its process has exited"), "{listed:#?}");
    let open = site.act("audit --open");
    assert!(open.out.contains(&format!("alarm actions of {ALARM} are off")), "{open:#?}");
    let json = site.act("obligations --format json");
    let first: Value = serde_json::from_str(json.out.lines().next().unwrap()).unwrap();
    assert_eq!((first["holder"].as_str(), first["owed"]["alarm"].as_str()), (Some("nobody"), Some(ALARM)));
    site.act("obligations --settle --read-only").ends(4, &["VIEWER"]).silent();
    // As cron would: no endpoint, no profile on the command line.
    let mut settle = site.machine.command(PROGRAM);
    settle.args(["obligations", "--settle"]).envs(CREDENTIALS).env("XDG_STATE_HOME", &site.state);
    let settled = ran(&mut settle);
    assert!(settled.code == Some(0) && settled.out.contains(&format!("done: alarm actions of {ALARM} are on")), "{settled:#?}");
    site.act(&format!("alarm-actions on {ALARM} --dry-run")).ends(1, &["already on"]);
    site.act("obligations").ends(0, &["nothing owed"]).silent();
    assert!(site.words_told().ends_with(&["later", "settled"]), "{:?}", site.words_told());
}

/// Ctrl-Z: a stopped process keeps no promise, so it does not stop.
#[test]
fn a_process_that_has_promised_something_is_not_stopped_by_the_terminal() {
    let site = Site::new("1");
    let mut process = site.muted("10m");
    signal(process.0.id(), Signal::TSTP);
    let err = || fs::read_to_string(site.machine.home().join("muted")).unwrap();
    eventually(Duration::from_secs(10), || err().contains("not suspended").then_some(()), err);
    signal(process.0.id(), Signal::INT);
    assert_eq!(process.code(), Some(0), "it was not stopped: it hears that it is to end");
    site.act(&format!("alarm-actions on {ALARM} --dry-run")).ends(1, &["already on"]);
}

#[test]
fn a_watch_that_is_interrupted_is_exit_3_and_says_that_it_goes_on_in_aws() {
    let site = Site::new("1");
    site.calm("redeploy web");
    let err = site.machine.file("err", "");
    let mut command = site.command("redeploy web --yes --write");
    command.stdout(Stdio::null()).stderr(fs::File::create(&err).unwrap());
    let mut process = Running::start(&mut command);
    let said = || fs::read_to_string(&err).unwrap();
    eventually(Duration::from_secs(30), || site.words_told().contains(&"outcome").then_some(()), said);
    signal(process.0.id(), Signal::INT);
    assert_eq!(process.code(), Some(3), "{}", said());
    assert!(said().contains("continues in AWS") && said().contains("nextcore-top audit"), "{}", said());
    site.act("audit --open").ends(0, &["no entries"]).silent();
}

// A shell.

const PLUGIN: &str = "#!/bin/sh\necho called >>\"$HOME/calls\"\nfor a in \"$@\"; do printf '%s\\n' \"$a\" >>\"$HOME/arguments\"; done\nexit $(cat \"$HOME/code\")\n";

#[test]
fn a_shell_hands_the_session_to_the_plugin_once_and_to_nobody_else() {
    let site = Site::new("1");
    let plugin = site.machine.file("bin/session-manager-plugin", PLUGIN);
    fs::set_permissions(&plugin, fs::Permissions::from_mode(0o755)).unwrap();
    site.machine.file("code", "0");
    let path = format!("{}:/usr/bin:/bin", site.machine.home().join("bin").display());
    let wire = Wire::to(&site.cloud, "");
    let task = site.task();
    let exec = || ran(site.on(&wire.url, &format!("exec {task} --yes --write")).env("PATH", &path));
    let shell = exec();
    shell.ends(0, &["Open a shell in task"]);
    let read = |name: &str| fs::read_to_string(site.machine.home().join(name)).unwrap_or_default();
    assert_eq!((read("calls").lines().count(), wire.count("ExecuteCommand")), (1, 1));
    let text = read("arguments");
    let arguments: Vec<&str> = text.lines().collect();
    let [session, region, operation, profile, target, endpoint] = arguments[..] else { panic!("{arguments:?}") };
    let (session, target): (Value, Value) = (serde_json::from_str(session).unwrap(), serde_json::from_str(target).unwrap());
    assert_eq!((region, operation, profile), ("ap-southeast-2", "StartSession", ""));
    assert_eq!(endpoint, "https://ssm.ap-southeast-2.amazonaws.com");
    assert!(target["Target"].as_str().unwrap().starts_with(&format!("ecs:production-nextcore_{task}_")), "{target}");
    assert!(["SessionId", "StreamUrl", "TokenValue"].iter().all(|k| session[k].is_string()), "{session}");
    let kept = format!("{shell:?} {:?} {}", site.told(), site.act("audit --format json").out);
    assert!(!kept.contains(session["TokenValue"].as_str().unwrap()), "the token is kept: {kept}");
    assert!(kept.contains(session["SessionId"].as_str().unwrap()), "the session is on record: {kept}");
    // A plugin that fails is told, and not called again.
    site.machine.file("code", "3");
    exec().ends(1, &["session-manager-plugin", "3"]).silent();
    assert_eq!(read("calls").lines().count(), 2);
}

#[test]
fn without_the_plugin_no_session_is_opened_and_what_to_install_is_said() {
    let site = Site::new("1");
    let wire = Wire::to(&site.cloud, "");
    fs::create_dir(site.machine.home().join("empty")).unwrap();
    let line = format!("exec {} --yes --write", site.task());
    let ran = ran(site.on(&wire.url, &line).env("PATH", site.machine.home().join("empty")));
    ran.ends(1, &["session-manager-plugin", "install", "nothing was sent"]).silent();
    assert_eq!(wire.count("ExecuteCommand"), 0);
    assert_eq!(site.words_told(), ["refused"]);
}

// The machine's lock. The program has no way to name another file than its own: here the function below it is called.

#[test]
fn a_machine_that_is_locked_stays_locked_and_whatever_is_no_valid_open_file_locks() {
    let machine = Machine::new();
    let load = |system: &PathBuf, write: bool| {
        load_with(&Global { write, ..Global::default() }, &Environment::default(), system).map(|settings| settings.mode)
    };
    let absent = machine.home().join("absent.toml");
    assert!(matches!(load(&absent, true), Ok(Mode::Armed)) && matches!(load(&absent, false), Ok(Mode::Safe)));
    for open in ["", "read_only = false\n", "# nothing\n"] {
        let file = machine.file("open.toml", open);
        assert!(matches!(load(&file, true), Ok(Mode::Armed)), "{open:?}");
    }
    let lock = machine.file("lock.toml", "read_only = true\n");
    assert!(matches!(load(&lock, false), Ok(Mode::Viewer)));
    let refused = load(&lock, true).unwrap_err();
    assert!(matches!(&refused, ConfigError::Locked { path, .. } if *path == lock), "{refused}");
    assert!(refused.to_string().contains(lock.to_str().unwrap()) && refused.to_string().contains("next:"), "{refused}");
    // The user's own file cannot take it back.
    let own = machine.file("own.toml", "read_only = false\n");
    let flags = Global { config: Some(own), ..Global::default() };
    let settings = load_with(&flags, &Environment::default(), &lock).unwrap();
    assert_eq!(settings.mode, Mode::Viewer);
    let origin = settings.provenance.iter().find(|p| p.name == "read_only").unwrap();
    assert_eq!((origin.value.as_str(), origin.origin.as_str()), ("true", lock.to_str().unwrap()));
    // Whatever is wrong with it: nobody writes, everybody looks.
    let folder = machine.home().join("folder.toml");
    fs::create_dir(&folder).unwrap();
    let dangling = machine.home().join("dangling.toml");
    std::os::unix::fs::symlink("nowhere.toml", &dangling).unwrap();
    let lost = machine.home().join("lost");
    std::os::unix::fs::symlink("nowhere", &lost).unwrap();
    let unreadable = machine.file("unreadable.toml", "read_only = false\n");
    fs::set_permissions(&unreadable, fs::Permissions::from_mode(0o0)).unwrap();
    let bytes = machine.home().join("e.toml");
    fs::write(&bytes, [0xff, 0xfe, 0x00]).unwrap();
    let pipe = machine.home().join("pipe.toml");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for broken in [
        folder,
        dangling,
        lost.join("config.toml"),
        bytes,
        pipe,
        machine.file("file", "").join("config.toml"),
        machine.file("a.toml", "read_only = \"yes\"\n"),
        machine.file("b.toml", "read_onyl = true\n"),
        machine.file("c.toml", "read_only = \n"),
        machine.file("d.toml", "read_only = false\ntheme = \"dark\"\n"),
    ] {
        let settings = load_with(&Global::default(), &Environment::default(), &broken).unwrap();
        assert_eq!(settings.mode, Mode::Viewer, "{}", broken.display());
        let notice = settings.lock_notice().unwrap();
        assert!(notice.contains("unusable") && notice.contains("locked to read-only"), "{notice}");
        let refused = load(&broken, true).unwrap_err();
        assert!(matches!(&refused, ConfigError::Locked { path, .. } if *path == broken), "{refused}");
        assert!(refused.to_string().contains("unusable") && refused.to_string().contains("next:"), "{refused}");
    }
    // Root reads everything; anybody else is locked out.
    if fs::read(&unreadable).is_err() {
        assert!(matches!(load(&unreadable, false), Ok(Mode::Viewer)) && load(&unreadable, true).is_err());
    }
}
