//! Logs Insights by the command: what is on stdout and stderr, exit codes, what is billed and who may, and that no query outlives its command.

use std::fs::File;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;

use super::process::{CREDENTIALS, CloudProcess, Machine, PROGRAM, Ran, eventually, signal};

/// Runs `logs query` on a cloud.
fn on(machine: &Machine, cloud: &CloudProcess, args: &[&str]) -> Ran {
    machine.run(&[&["logs", "query"], args, &["--endpoint-url", &cloud.url]].concat(), &CREDENTIALS)
}

/// The queries of the cloud as it lists them, asked past the program.
fn queries(machine: &Machine, cloud: &CloudProcess) -> Vec<Value> {
    let signed = "AWS4-HMAC-SHA256 Credential=AKIDTEST/20261130/ap-southeast-2/logs/aws4_request, SignedHeaders=host, Signature=0";
    let header = [format!("Authorization: {signed}"), "X-Amz-Target: Logs_20140328.DescribeQueries".to_owned()];
    let mut curl = machine.command("curl");
    curl.args(["-s", "-X", "POST", &cloud.url, "-H", &header[0], "-H", &header[1]]);
    let output = curl.args(["-H", "Content-Type: application/x-amz-json-1.1", "-d", "{}"]).output().unwrap();
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {output:?}"));
    answer["queries"].as_array().unwrap_or_else(|| panic!("{answer}")).clone()
}

#[test]
fn results_are_on_stdout_and_the_cost_before_and_after_on_stderr() {
    let machine = Machine::new();
    let cloud = CloudProcess::start(&machine);
    let typed = "parse @logStream '*/*' as service, rest | stats count(*) as lines by service | sort lines desc";
    let cost = ["rough estimate", "compressed", "scanned", "less than $0.01"];
    let table = on(&machine, &cloud, &[typed, "--since", "10m", "--yes"]);
    table.ends(0, &cost);
    assert!(table.out.starts_with("service") && !table.out.contains('\u{1b}') && !table.out.contains("scanned"), "{}", table.out);
    let json = on(&machine, &cloud, &[typed, "--since", "10m", "--yes", "--format", "json"]);
    json.ends(0, &cost);
    let rows: Vec<Value> = json.out.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let counts: Vec<i64> = rows.iter().map(|r| r["lines"].as_i64().unwrap()).collect();
    assert!(counts.len() > 2 && counts.is_sorted_by(|a, b| a >= b), "{}", json.out);
    let csv = on(&machine, &cloud, &[typed, "--since", "10m", "--yes", "--format", "csv"]);
    assert_eq!(csv.out.lines().next(), Some("service,lines"), "{}", csv.out);
    on(&machine, &cloud, &["filter @message like /no-such-word-anywhere/", "--yes"]).ends(1, &["no results"]).silent();
}

#[test]
fn every_built_in_query_runs_and_those_of_the_configuration_win_by_name() {
    let machine = Machine::new();
    let cloud = CloudProcess::start(&machine);
    let list = machine.run(&["logs", "query", "--list"], &[]);
    list.ends(0, &[]);
    let names: Vec<&str> = list.out.lines().map(|l| l.split_whitespace().next().unwrap()).collect();
    assert_eq!(names, ["errors", "slow-requests", "5xx", "celery", "slow-queries", "request"]);
    for name in names {
        let value: &[&str] = if name == "request" { &["id-of-nobody"] } else { &[] };
        let ran = on(&machine, &cloud, &[&[name], value, &["--since", "1h", "--yes"]].concat());
        assert!(matches!(ran.code, Some(0 | 1)) && ran.err.contains("scanned"), "{name}: {ran:#?}");
        let finds_something = ["slow-requests", "celery", "slow-queries"].contains(&name);
        assert!(ran.code == Some(0) || !finds_something, "{name}: {ran:#?}");
    }
    let line = on(&machine, &cloud, &["filter @message like /request_id=/ | display @message | limit 1", "--yes", "--format", "csv"]);
    let id = line.out.split("request_id=").nth(1).unwrap().trim().trim_matches('"').to_owned();
    let found = on(&machine, &cloud, &["request", &id, "--yes", "--format", "json"]);
    found.ends(0, &[]);
    assert!(found.out.lines().all(|l| l.contains(&id)), "{}", found.out);
    let config = machine.file("c.toml", "[logs.queries]\nerrors = \"stats count(*) as mine\"\n");
    let own = on(&machine, &cloud, &["errors", "--yes", "--format", "csv", "--config", config.to_str().unwrap()]);
    assert_eq!(own.out.lines().next(), Some("mine"), "{own:#?}");
}

#[test]
fn what_cannot_be_run_says_why_and_runs_nothing() {
    let machine = Machine::new();
    let cloud = CloudProcess::start(&machine);
    for (args, words) in [
        (&["eror", "--yes"][..], &["no query 'eror'", "--list"][..]),
        (&["request", "--yes"], &["request is about one value"]),
        (&["dedup @message", "--yes"], &["MalformedQueryException", "dedup", "nothing was scanned"]),
        (&["errors"], &["costs money", "--yes"]),
        (&["errors", "--since", "1m", "--until", "2m", "--yes"], &["not before --until"]),
        (&[], &["NAME|QUERY"]),
    ] {
        on(&machine, &cloud, args).ends(2, words).silent();
    }
    on(&machine, &cloud, &["errors", "--group", "/nope", "--yes"]).ends(3, &["size not known of /nope", "StartQuery"]).silent();
    let config = |text: &str| machine.file("c.toml", text).to_str().unwrap().to_owned();
    let viewer = on(&machine, &cloud, &["errors", "--yes", "--config", &config("read_only = true\n")]);
    viewer.ends(3, &["costs money", "insights = true in [logs]"]).silent();
    assert_eq!(queries(&machine, &cloud), Vec::<Value>::new());
    let lets = config("read_only = true\n[logs]\ninsights = true\n");
    on(&machine, &cloud, &["stats count(*)", "--yes", "--config", &lets]).ends(0, &["scanned"]);
    assert_eq!(queries(&machine, &cloud).len(), 1);
    let bad = config("[logs.queries]\nfilter = \"x\"\n");
    machine.run(&["logs", "query", "--list", "--config", &bad], &[]).ends(3, &["c.toml:2:1", "'filter' is a command"]).silent();
}

#[test]
fn a_signal_stops_the_query_at_aws_before_the_command_ends() {
    let machine = Machine::new();
    let cloud = CloudProcess::start(&machine);
    let (out, err) = (machine.file("out", ""), machine.file("err", ""));
    let mut command = machine.command(PROGRAM);
    command.args(["logs", "query", "fields @message", "--since", "1h", "--yes", "--endpoint-url", &cloud.url]).envs(CREDENTIALS);
    command.stdout(File::create(&out).unwrap()).stderr(File::create(&err).unwrap());
    let mut child = command.spawn().unwrap();
    let limit = Duration::from_mins(1);
    let said = || std::fs::read_to_string(&err).unwrap();
    eventually(limit, || queries(&machine, &cloud).first().map(|_| ()), said);
    signal(child.id(), Signal::INT);
    let code = eventually(limit, || child.try_wait().unwrap(), said).code();
    assert_eq!(code, Some(3), "{}", said());
    assert!(said().contains("stopped at AWS") && said().contains("scanned"), "{}", said());
    let statuses: Vec<String> = queries(&machine, &cloud).iter().map(|q| q["status"].as_str().unwrap().to_owned()).collect();
    assert_eq!(statuses, ["Cancelled"]);
    assert!(std::fs::read_to_string(&out).unwrap().is_empty());
}
