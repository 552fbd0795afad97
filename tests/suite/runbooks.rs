//! Expressions, rehearsals and runbooks without a screen: exit codes, what is said, and that nothing is written where nothing may be.

use std::fs;
use std::os::unix::fs::symlink;
use std::time::Duration;

use serde_json::Value;

use super::process::{CREDENTIALS, CloudProcess, Machine, PROGRAM, Ran, eventually};
use super::pty::{Answers, Belongs, Line};

/// Asks the admin door of a cloud.
fn admin(machine: &Machine, cloud: &CloudProcess, method: &str, name: &str, body: &str) -> Value {
    let url = format!("http://{}/_nextcore-top/{name}", cloud.address());
    let mut curl = machine.command("curl");
    curl.args(["-s", "-X", method, &url]);
    if method == "POST" {
        curl.args(["-d", body]);
    }
    serde_json::from_slice(&curl.output().unwrap().stdout).unwrap()
}

/// Runs the program on a cloud.
fn on(machine: &Machine, cloud: &CloudProcess, args: &[&str]) -> Ran {
    let url = format!("http://{}", cloud.address());
    machine.run(&[args, &["--endpoint-url", &url]].concat(), &CREDENTIALS)
}

#[test]
fn an_expression_is_true_false_or_cannot_be_told() {
    let machine = Machine::new();
    let check = |expression: &str| machine.run(&["check", "--demo", expression], &[]);
    check("db.status == \"available\" && db.secondary_zone != \"\"").ends(0, &[]);
    check("db.status == \"stopped\"").ends(1, &[]);
    check("db.statu == \"available\"").ends(3, &["did you mean `db.status`"]).silent();
    check("db.status ==").ends(3, &["line 1, column"]).silent();
    let ran = machine.run(&["snapshot", "--schema"], &[]);
    ran.ends(0, &[]);
    let schema: Value = serde_json::from_str(&ran.out).unwrap();
    assert!(schema["properties"]["sections"].is_object() && schema["$schema"].is_string(), "{schema}");
}

#[test]
fn a_rehearsed_incident_is_there_until_it_is_healed() {
    let machine = Machine::new();
    let cloud = CloudProcess::at_speed(&machine, "30");
    let closed = "nodes[\"sg\"].level == \"down\"";
    on(&machine, &cloud, &["check", closed]).ends(1, &[]);
    let wrong = admin(&machine, &cloud, "POST", "inject", "{\"scenario\":\"sg-close\"}");
    assert!(wrong["error"].as_str().unwrap().contains("the nearest is \"sg-closed\""), "{wrong}");
    admin(&machine, &cloud, "POST", "inject", "{\"scenario\":\"sg-closed:ecs\"}");
    on(&machine, &cloud, &["check", closed, "--within", "20s"]).ends(0, &[]);
    admin(&machine, &cloud, "POST", "heal", "");
    on(&machine, &cloud, &["check", "nodes[\"sg\"].level == \"healthy\"", "--within", "60s"]).ends(0, &[]);
    assert_eq!(admin(&machine, &cloud, "GET", "scenarios", "")["inForce"], Value::Array(Vec::new()));
}

#[test]
fn a_runbook_stops_at_its_first_check_where_nothing_is_wrong_and_writes_down_that_it_did() {
    let machine = Machine::new();
    let cloud = CloudProcess::start(&machine);
    let ran = on(&machine, &cloud, &["runbook", "run", "rds-failover", "--yes", "--write", "--transcript", "walk.md"]);
    ran.ends(1, &["Is it the database?", "false"]);
    let written = fs::read_to_string(machine.home().join("walk.md")).unwrap();
    assert!(written.contains("stopped at step 1") && written.contains("rds-failover"), "{written}");
}

#[test]
fn a_runbook_acts_as_its_commands_do_and_not_as_a_viewer() {
    let machine = Machine::new();
    let cloud = CloudProcess::at_speed(&machine, "20");
    // As many as no hour of the day brings by itself: the cloud has the traffic of the time that it is.
    let text = "---\ntitle: More of web\nwhen: never\n---\n\n# More\n\n## More of web\n\n```nextcore-top\ncheck service[\"control-plane\"].desired >= 1\n\
                scale control-plane 6 --hold\nwait 'service[\"control-plane\"].desired == 6' 1m\n```\n";
    machine.file("books/more.md", text);
    machine.file("c.toml", "[runbooks]\npath = \"books\"\n");
    let viewer = on(&machine, &cloud, &["runbook", "run", "more", "--config", "c.toml", "--yes", "--read-only"]);
    viewer.ends(4, &["read-only"]);
    let nobody = on(&machine, &cloud, &["runbook", "run", "more", "--config", "c.toml"]);
    nobody.ends(2, &["nobody is here to confirm"]);
    on(&machine, &cloud, &["check", "service[\"control-plane\"].desired == 6"]).ends(1, &[]);
    let ran = on(&machine, &cloud, &["runbook", "run", "more", "--config", "c.toml", "--yes", "--write"]);
    ran.ends(0, &["transcript: "]);
    let skip = ["runbook", "run", "rds-failover", "--skip", "1=seen by phone", "--transcript", "skipped.md"];
    on(&machine, &cloud, &skip).ends(0, &["skipped: seen by phone"]);
    let written = fs::read_to_string(machine.home().join("skipped.md")).unwrap();
    assert!(written.contains("seen by phone"), "{written}");
    on(&machine, &cloud, &["runbook", "run", "more", "--config", "c.toml", "--skip", "9=no"]).ends(2, &["--skip 9", "1 steps"]);
    machine.run(&["runbook", "run", "more", "--skip", "1="], &[]).ends(2, &["STEP=REASON"]);
    let audit = on(&machine, &cloud, &["audit"]);
    audit.ends(0, &[]);
    assert!(audit.out.contains("scale"), "{}", audit.out);
}

#[test]
fn hostile_runbooks_are_refused_with_file_and_line_and_nothing_runs() {
    let machine = Machine::new();
    machine.file("outside.md", "# secret\n");
    machine.file("books/wrong.md", "---\ntitle: T\nwhen: now\n---\n\n# T\n\n## One\n\n```nextcore-top\nfrobnicate db\n```\n");
    machine.file("books/shell.md", "---\ntitle: T\nwhen: now\n---\n\n# T\n\n## One\n\n```nextcore-top\nscale web 4; rm -rf /\n```\n");
    machine.file("books/large.md", &"x".repeat(10 << 20));
    symlink(machine.home().join("outside.md"), machine.home().join("books/link.md")).unwrap();
    machine.file("c.toml", "[runbooks]\npath = \"books\"\n");
    let ran = machine.run(&["runbook", "lint", "--config", "c.toml"], &[]);
    ran.ends(1, &[]).within(Duration::from_secs(10));
    for said in ["wrong.md:11:", "frobnicate", "shell.md:11:", "large.md: larger than 1 MiB", "link.md: leads out of the folder"] {
        assert!(ran.out.contains(said), "{said}: {}", ran.out);
    }
    machine.run(&["runbook", "lint"], &[]).ends(0, &[]);
    machine.run(&["runbook", "run", "wrong", "--config", "c.toml"], &CREDENTIALS).ends(2, &["wrong.md:11:", "frobnicate"]).silent();
    let none = machine.run(&["runbook", "show", "rds-failovr"], &[]);
    none.ends(2, &["rds-failover"]).silent();
    let missing = machine.file("d.toml", "[runbooks]\npath = \"nowhere\"\n");
    machine.run(&["runbook", "list", "--config", missing.to_str().unwrap()], &[]).ends(3, &["nowhere", "[runbooks] path"]).silent();
}

#[test]
fn a_teams_rules_of_incidents_are_listed_and_a_bad_one_is_refused_with_file_and_line() {
    let machine = Machine::new();
    machine.file("c.toml", "[incidents]\nrules = \"rules\"\n");
    let rule = "id = \"stuck\"\nname = \"Queue stuck\"\nseverity = \"warning\"\nsystems = [\"db\"]\nopens = 'db.status == \"failed\"'\ncloses = 'true'\n";
    machine.file("rules/stuck.toml", rule);
    let listed = machine.run(&["incident", "rules", "--config", "c.toml"], &[]);
    listed.ends(0, &[]);
    assert!(
        listed.out.contains("Queue stuck") && listed.out.contains("stuck.toml") && listed.out.contains("rds-failover"),
        "{}",
        listed.out
    );
    machine.file("rules/stuck.toml", &rule.replace("db.status", "db.stattus"));
    machine.run(&["incident", "rules", "--config", "c.toml"], &[]).ends(2, &["stuck.toml:5", "status"]).silent();
    machine.file("c.toml", "[incidents]\nrules = \"nowhere\"\n");
    machine.run(&["incident", "rules", "--config", "c.toml"], &[]).ends(3, &["nowhere", "[incidents] rules"]).silent();
    machine.run(&["demo", "--game-day", "--scenario", "nat"], &[]).ends(2, &["--game-day", "--scenario"]).silent();
}

#[test]
fn the_demo_begins_with_an_incident_that_it_knows() {
    let machine = Machine::new();
    machine.run(&["demo", "--scenario", "frob"], &[]).ends(2, &["frob", "rds-primary", "bad-deploy"]).silent();
    let cloud = CloudProcess::start(&machine);
    let table = admin(&machine, &cloud, "GET", "scenarios", "");
    let names: Vec<&str> = table["scenarios"].as_array().unwrap().iter().map(|s| s["name"].as_str().unwrap()).collect();
    assert!(names.len() >= 18 && names.contains(&"cloudwatch-late"), "{names:?}");
    eventually(Duration::from_secs(5), || admin(&machine, &cloud, "GET", "truth", "")["now"].as_i64(), || "no truth".to_owned());
}

#[test]
fn a_watch_says_every_change_and_incident_runs_what_it_is_told_to_and_ends() {
    let machine = Machine::new();
    let cloud = CloudProcess::at_speed(&machine, "30");
    admin(&machine, &cloud, "POST", "inject", "{\"scenario\":\"sg-closed:ecs\"}");
    let until = "nodes[\"svc/web\"].level == \"down\"";
    let hook = machine.home().join("hook.json");
    let exec = format!("cat >> '{}'", hook.display());
    let ran = on(&machine, &cloud, &["watch", "--format", "json", "--until", until, "--exec", &exec]);
    ran.ends(0, &[]);
    let lines: Vec<Value> = ran.out.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let fell = lines.iter().find(|l| l["node"] == "svc/web" && l["to"] == "down").unwrap_or_else(|| panic!("{}", ran.out));
    assert!(!fell["reasons"].as_array().unwrap().is_empty(), "{fell}");
    let health = |l: &&Value| l["event"] == "health";
    assert!(lines.iter().filter(health).all(|l| l["from"] != l["to"]), "only changes: {}", ran.out);
    let told = lines.iter().find(|l| l["event"] == "incident").unwrap_or_else(|| panic!("{}", ran.out));
    assert_eq!((&told["change"], &told["incident"]["rule"]), (&"opened".into(), &"security-group".into()));
    let given: Value = serde_json::from_str(std::fs::read_to_string(&hook).unwrap().lines().next().unwrap()).unwrap();
    assert_eq!(given["incident"]["id"], told["incident"]["id"], "a command gets the event on its standard input");
    let id = told["incident"]["id"].as_str().unwrap();
    let said = [
        (vec!["incident", "list"], id),
        (vec!["incident", "show", "last"], "a rule that the stack needs is not there any more"),
        (vec!["incident", "export", id], "# Post-mortem (draft): A security group is closed"),
    ];
    for (args, words) in said {
        let ran = machine.run(&args, &[]);
        ran.ends(0, &[]);
        assert!(ran.out.contains(words), "{args:?}: {}", ran.out);
    }
    machine.run(&["incident", "show", "nonsense"], &[]).ends(2, &["no incident 'nonsense'", "incident list"]).silent();
    on(&machine, &cloud, &["watch", "--until", "db.statu == 1"]).ends(2, &["did you mean `db.status`"]).silent();
}

/// A dashboard of `maya` on a cloud, with the whole stack on its screen.
fn dashboard(machine: &Machine, cloud: &CloudProcess, args: &[&str]) -> Line {
    let mut command = machine.command(PROGRAM);
    command.args(["--endpoint-url", &format!("http://{}", cloud.address())]).args(args).envs(CREDENTIALS).env("USER", "maya");
    let line = Line::open(command, Belongs::Controlling, Answers::Never);
    line.shows("celery-worker");
    line
}

#[test]
fn a_second_dashboard_sees_the_ticks_and_a_third_finds_the_walk_again() {
    let machine = Machine::new();
    let cloud = CloudProcess::start(&machine);
    let (mut first, second) = (dashboard(&machine, &cloud, &[]), dashboard(&machine, &cloud, &["--read-only"]));
    for line in [&first, &second] {
        line.types(":runbook rds-failover\r");
        line.shows("0/6 steps");
    }
    // The health of a box is said once everything that it rests on was seen.
    first.until("an answer", |s| s.contains("now false"));
    first.types("\r");
    second.shows("failed");
    first.types("s");
    first.shows("Skip step 1");
    first.types("a drill\r");
    second.until("the tick of the other one", |s| s.contains("skipped") && s.contains("1/6 steps"));
    second.types("nquiet so far\r");
    let file = machine.home().join(".local/state/nextcore-top/runbooks/rds-failover.json");
    let kept = || fs::read_to_string(&file).ok().and_then(|text| serde_json::from_str::<Value>(&text).ok());
    let noted = || kept().filter(|walk| walk["notes"][0]["text"] == "quiet so far" && walk["steps"][0]["state"] == "skipped");
    eventually(Duration::from_secs(5), noted, || format!("{:?}", kept()));
    first.types("q");
    assert!(first.ended(Duration::from_secs(5)).success());
    let third = dashboard(&machine, &cloud, &[]);
    third.types("b");
    third.until("the walk in the list", |s| s.lines().any(|l| l.contains("rds-failover") && l.contains("1/6 steps")));
    fs::write(&file, "{").unwrap();
    // Whichever looks first says it.
    let said = || [&second, &third].iter().find(|line| line.screen().contains("rds-failover.json cannot be read: kept aside")).map(|_| ());
    eventually(Duration::from_secs(10), said, || second.screen());
    let aside =
        fs::read_dir(file.parent().unwrap()).unwrap().filter_map(Result::ok).any(|e| e.file_name().to_string_lossy().contains("broken-"));
    assert!(aside, "nothing is lost");
}

#[test]
fn an_action_of_a_runbook_is_planned_confirmed_and_audited_and_ticks_its_step() {
    let machine = Machine::new();
    let cloud = CloudProcess::at_speed(&machine, "20");
    let text = "---\ntitle: More of web\nwhen: never\n---\n\n## More of web\n\n```nextcore-top\nscale control-plane 3 --hold\n```\n\n## Is it there?\n\n\
                ```nextcore-top\nwait 'service[\"control-plane\"].desired == 3' 2m\n```\n";
    machine.file("books/more.md", text);
    machine.file("c.toml", "[runbooks]\npath = \"books\"\n");
    let line = dashboard(&machine, &cloud, &["--config", "c.toml", "--write"]);
    line.types(":runbook more\r");
    line.shows("0/2 steps");
    line.types("\r");
    line.shows("needs ");
    // From leaving to going on, as with every plan.
    line.types("\x1b[C\r");
    line.until("the end of the action", |s| s.contains("Esc close"));
    line.types("\x1b");
    line.until("the next step", |s| s.contains("1/2 steps") && !s.contains("Esc close"));
    line.types("\r");
    line.shows("2/2 steps");
    line.shows("transcript: ");
    let audit = on(&machine, &cloud, &["audit"]);
    audit.ends(0, &[]);
    assert!(audit.out.contains("scale"), "{}", audit.out);
}
