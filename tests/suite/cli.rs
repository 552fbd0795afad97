//! The commands as a script or a shell meets them: exit codes, what is on stdout and what on stderr, and how soon.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;

use super::process::{CLOSED, CREDENTIALS, CloudProcess, Machine, NO_METADATA, PROGRAM, ran, ran_with};

/// One clear message within this time.
const PROMPT: Duration = Duration::from_secs(5);

// Usage.

#[test]
fn usage_errors_are_exit_2_and_say_what_was_wrong_on_stderr() {
    let machine = Machine::new();
    for (args, words) in [
        (&["--nope"][..], &["--nope", "Usage:", "--help"][..]),
        (&["frobnicate"], &["frobnicate", "Usage:", "--help"]),
        (&["snapshot", "--nope"], &["--nope", "Usage:", "--help"]),
        (&["demo", "--speed", "0"], &["--speed", "0.1 to 1000", "--help"]),
        (&["demo", "--speed", "fast"], &["--speed", "0.1 to 1000"]),
        (&["demo", "--speed", "NaN"], &["--speed", "0.1 to 1000"]),
        (&["demo", "--seed", "-1"], &["-1"]),
        (&["cloud", "--listen", "nowhere"], &["--listen", "nowhere"]),
        (&["snapshot", "--format", "xml"], &["xml", "table", "json", "markdown"]),
        (&["snapshot", "--timeout", "0"], &["--timeout", "1..=300"]),
        (&["--profile"], &["--profile", "NAME"]),
    ] {
        machine.run(args, &[]).ends(2, words).silent();
    }
}

#[test]
fn help_and_version_are_exit_0_on_stdout() {
    let machine = Machine::new();
    let help = machine.run(&["--help"], &[]);
    help.ends(0, &[]);
    assert!(help.err.is_empty(), "{help:#?}");
    for word in ["demo", "cloud", "snapshot", "info", "screenshot", "--endpoint-url", "--profile", "--region", "--config", "--read-only"] {
        assert!(help.out.contains(word), "{word}: {}", help.out);
    }
    for command in ["demo", "cloud", "snapshot", "info", "screenshot"] {
        let help = machine.run(&[command, "--help"], &[]);
        help.ends(0, &[]);
        assert!(help.out.contains("Usage:") && help.err.is_empty(), "{help:#?}");
    }
    let version = machine.run(&["--version"], &[]);
    version.ends(0, &[]);
    let words: Vec<&str> = version.out.trim_end().split([' ', '(', ')']).filter(|w| !w.is_empty()).collect();
    let [name, number, commit, target] = words.as_slice() else { panic!("{}", version.out) };
    assert_eq!((*name, *number), ("nextcore-top", env!("CARGO_PKG_VERSION")));
    let is_commit = |c: &str| c.len() >= 12 && c.chars().all(|c| c.is_ascii_hexdigit());
    assert!(*commit == "unknown" || is_commit(commit.split('-').next().unwrap()), "{commit}");
    assert!(target.contains(std::env::consts::ARCH), "{target}");
}

#[test]
fn the_dashboard_without_a_terminal_is_exit_3_and_names_snapshot() {
    let machine = Machine::new();
    for args in [&[][..], &["demo"], &["--ascii"]] {
        machine.run(args, &CREDENTIALS).ends(3, &["needs a terminal", "nextcore-top snapshot"]).silent().within(PROMPT);
    }
}

// Who and where.

#[test]
fn missing_credentials_are_exit_3_with_the_next_step() {
    let machine = Machine::new();
    let next = ["no usable AWS credentials", "next:", "aws sso login", "AWS_PROFILE", "nextcore-top demo"];
    machine.run(&["snapshot"], &[NO_METADATA]).ends(3, &next).silent().within(PROMPT);
    machine.run(&["snapshot"], &[("AWS_EC2_METADATA_DISABLED", "true")]).ends(3, &next).silent().within(PROMPT);
    machine.file(".aws/config", "[profile empty]\nregion = eu-west-1\n");
    let ran = machine.run(&["snapshot", "--profile", "empty"], &[NO_METADATA]);
    ran.ends(3, &["no usable AWS credentials of profile 'empty'", "aws sso login --profile empty"]).silent().within(PROMPT);
}

/// A minimal container has none: TLS libraries have panicked over less.
#[test]
fn a_machine_without_root_certificates_is_told_so_and_can_still_use_plain_http() {
    let machine = Machine::new();
    let env = [CREDENTIALS[0], CREDENTIALS[1], ("SSL_CERT_FILE", "/dev/null"), ("SSL_CERT_DIR", "/nonexistent")];
    machine.run(&["snapshot"], &env).ends(3, &["no root certificates", "ca-certificates", "SSL_CERT_FILE"]).silent().within(PROMPT);
    let cloud = CloudProcess::start(&machine);
    let url = format!("http://{}", cloud.address());
    machine.run(&["snapshot", "--endpoint-url", &url], &env).ends(0, &[]);
}

#[test]
fn a_metadata_service_that_never_answers_does_not_hold_up_the_message() {
    let machine = Machine::new();
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", mute.local_addr().unwrap());
    let ran = machine.run(&["snapshot"], &[("AWS_EC2_METADATA_SERVICE_ENDPOINT", &url)]);
    ran.ends(3, &["no usable AWS credentials", "next:"]).silent().within(PROMPT);
}

#[test]
fn an_unknown_profile_is_exit_3_and_names_the_known_ones_not_other_credentials() {
    let machine = Machine::new();
    machine.run(&["snapshot", "--profile", "prod"], &CREDENTIALS).ends(3, &["unknown profile 'prod'", "no profiles", "next:"]).silent();
    machine.file(".aws/config", "[profile staging]\nregion = eu-west-1\n[profile oncall]\nregion = eu-west-1\n");
    machine.file(".aws/credentials", "[legacy]\naws_access_key_id = x\naws_secret_access_key = y\n");
    let known = ["unknown profile 'prod'", "legacy", "oncall", "staging", "--profile", "next:"];
    machine.run(&["snapshot", "--profile", "prod"], &CREDENTIALS).ends(3, &known).silent().within(PROMPT);
    let by_variable = [CREDENTIALS[0], CREDENTIALS[1], ("AWS_PROFILE", "prod")];
    machine.run(&["snapshot"], &by_variable).ends(3, &known).silent().within(PROMPT);
}

#[test]
fn an_endpoint_that_cannot_be_reached_is_exit_3_in_time() {
    let machine = Machine::new();
    let unreachable = ["cannot reach the endpoint", "next:", "--endpoint-url"];
    machine.run(&["snapshot", "--endpoint-url", CLOSED], &CREDENTIALS).ends(3, &unreachable).silent().within(PROMPT);
    let by_variable = [CREDENTIALS[0], CREDENTIALS[1], ("AWS_ENDPOINT_URL", CLOSED)];
    machine.run(&["snapshot", "--format", "json"], &by_variable).ends(3, &unreachable).silent().within(PROMPT);
    // A name that does not exist, by the reserved top-level domain.
    machine.run(&["snapshot", "--endpoint-url", "http://nowhere.invalid"], &CREDENTIALS).ends(3, &["next:"]).silent();
}

#[test]
fn an_endpoint_that_takes_connections_and_never_answers_is_exit_3() {
    let machine = Machine::new();
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", mute.local_addr().unwrap());
    let ran = machine.run(&["snapshot", "--endpoint-url", &url, "--timeout", "6"], &CREDENTIALS);
    ran.ends(3, &["timed out", "next:", "--endpoint-url", "asked again for 6 s"]).silent();
}

#[test]
fn an_endpoint_that_is_no_url_is_exit_3_and_shows_how_to_write_one() {
    let machine = Machine::new();
    for url in ["localhost:4566", "ftp://127.0.0.1", "127.0.0.1", "http://", "", "not a url"] {
        let ran = machine.run(&["snapshot", "--endpoint-url", url], &CREDENTIALS);
        ran.ends(3, &["--endpoint-url", "next:", "http://127.0.0.1:4566"]).silent().within(PROMPT);
    }
}

// The configuration file.

#[test]
fn a_bad_configuration_file_is_exit_3_with_file_line_column_and_key() {
    let machine = Machine::new();
    for (text, place, words) in [
        ("profile = \n", "1:", &["profile"][..]),
        ("profile = \"a\"\nread_only = yes\n", "2:", &["read_only"]),
        ("[stack\ncluster = \"x\"\n", "1:", &[]),
        ("profile = \"a\"\nprofile = \"b\"\n", "2:1", &["profile", "duplicate"]),
        ("profil = \"a\"\n", "1:1", &["profil", "profile"]),
        ("\n\n[stack]\nclster = \"x\"\n", "4:1", &["clster", "cluster"]),
        ("[stak]\n", "1:", &["stak", "stack"]),
        ("read_only = \"yes\"\n", "1:13", &["read_only", "boolean"]),
        ("[stack]\nregion = \"eu-west-1\"\ndatabase = 5\n", "3:12", &["database", "string"]),
        ("[stack]\nprojects = [\"a\", \"a\"]\n", "2:", &["projects", "'a' twice"]),
        ("[[stack.services]]\nname = \"a\"\nrole = \"the boss\"\n", "3:8", &["the boss", "control-plane", "worker"]),
        ("[stacks.\"a/b\"]\ncluster = \"x\"\n", "1:", &["a/b", "letters"]),
    ] {
        let path = machine.file("c.toml", text);
        let path = path.to_str().unwrap();
        for command in ["snapshot", "info", "demo"] {
            let ran = machine.run(&[command, "--config", path], &CREDENTIALS);
            ran.ends(3, &[&format!("{path}:{place}"), "next:"]).ends(3, words).silent().within(PROMPT);
        }
    }
}

#[test]
fn the_default_configuration_file_is_read_and_its_errors_are_told_too() {
    let machine = Machine::new();
    let path = machine.file(".config/nextcore-top/config.toml", "clster = 1\n");
    machine.run(&["info"], &[NO_METADATA]).ends(3, &[&format!("{}:1:1", path.display()), "clster"]).silent();
    let elsewhere = machine.file("xdg/nextcore-top/config.toml", "theme = 3\n");
    let xdg = machine.home().join("xdg");
    let env = [("XDG_CONFIG_HOME", xdg.to_str().unwrap())];
    machine.run(&["info"], &env).ends(3, &[&format!("{}:1:9", elsewhere.display()), "theme"]).silent();
}

#[test]
fn a_configuration_file_that_is_not_there_is_exit_3_only_when_asked_for() {
    let machine = Machine::new();
    for path in ["nowhere.toml", "/"] {
        machine.run(&["snapshot", "--config", path], &CREDENTIALS).ends(3, &[path, "cannot be read", "next:", "--config"]).silent();
    }
    machine.run(&["info"], &[NO_METADATA]).ends(0, &[]);
}

#[test]
fn an_unknown_theme_is_exit_3_and_names_the_shipped_ones() {
    let machine = Machine::new();
    machine.run(&["info", "--theme", "pink"], &[]).ends(3, &["'pink'", "next:", "terminal", "dark"]).silent();
    let path = machine.file("bad.toml", "name = \"x\"\n[roles]\ncrit = { fg = \"rde\" }\n");
    machine.run(&["info", "--theme", path.to_str().unwrap()], &[]).ends(3, &["bad.toml", "crit", "rde"]).silent();
}

// `snapshot`.

#[test]
fn snapshot_of_a_healthy_stack_is_exit_0_in_every_format_and_only_the_report_is_on_stdout() {
    let machine = Machine::new();
    let cloud = CloudProcess::start(&machine);
    let snapshot = |format: &str| {
        let ran = machine.run(&["snapshot", "--endpoint-url", &cloud.url, "--format", format], &CREDENTIALS);
        ran.ends(0, &[]);
        assert!(ran.err.is_empty(), "stderr of a script's snapshot: {}", ran.err);
        assert!(!ran.out.contains('\u{1b}') && ran.out.ends_with('\n'), "{}", ran.out);
        ran.out
    };
    let nodes = ["alb", "svc/control-plane", "svc/web", "svc/celery-worker", "redis", "db", "alarms", "logs"];
    let table = snapshot("table");
    assert!(table.starts_with("production-nextcore ap-southeast-2"), "{table}");
    let markdown = snapshot("markdown");
    assert!(markdown.starts_with("# production-nextcore") && markdown.contains("|---|"), "{markdown}");
    for node in nodes {
        assert!(table.contains(node) && markdown.contains(&format!("`{node}`")), "{node}: {table}{markdown}");
    }
    let json: Value = serde_json::from_str(&snapshot("json")).unwrap();
    for node in nodes {
        assert_eq!(json["nodes"][node]["level"], "healthy", "{node}: {}", json["nodes"]);
    }
    assert_eq!(json["identity"]["account"], "111122223333");
    let ascii = machine.run(&["snapshot", "--endpoint-url", &cloud.url, "--ascii"], &CREDENTIALS);
    ascii.ends(0, &[]);
    assert!(ascii.out.is_ascii(), "{}", ascii.out);
}

#[test]
fn snapshot_of_a_stack_whose_database_is_missing_is_exit_2_and_the_rest_is_still_told() {
    let machine = Machine::new();
    let cloud = CloudProcess::start(&machine);
    let stack = "region = \"ap-southeast-2\"\ncluster = \"production-nextcore\"\nbalancer = \"production-nextcore\"\ndatabase = \"no-such-db\"\n\
                 services = [{ name = \"web\", role = \"web\" }]\n";
    let config = machine.file("c.toml", &format!("[stack]\n{stack}"));
    let args = ["snapshot", "--endpoint-url", &cloud.url, "--config", config.to_str().unwrap(), "--format", "json"];
    let ran = machine.run(&args, &CREDENTIALS);
    ran.ends(2, &[]);
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(json["nodes"]["db"]["level"], "down", "{}", ran.out);
    assert!(json["nodes"]["db"]["reasons"].to_string().contains("no-such-db"), "{}", ran.out);
    assert_eq!(json["nodes"]["svc/web"]["level"], "healthy", "{}", ran.out);
    assert_eq!(json["nodes"]["redis"]["reasons"][0]["text"], "not used", "{}", ran.out);
}

#[test]
fn snapshot_into_a_closed_pipe_ends_quietly() {
    let machine = Machine::new();
    let cloud = CloudProcess::start(&machine);
    for format in ["table", "json", "markdown"] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = machine.command(PROGRAM);
        command.args(["snapshot", "--endpoint-url", &cloud.url, "--format", format]).envs(CREDENTIALS).stdout(writer);
        let ran = ran_with(&mut command);
        ran.ends(0, &[]);
        assert!(ran.err.is_empty(), "{format}: {ran:#?}");
    }
}

#[test]
fn snapshot_onto_a_full_disk_is_exit_3_and_says_so() {
    let Ok(full) = fs::OpenOptions::new().write(true).open("/dev/full") else { return };
    let machine = Machine::new();
    let cloud = CloudProcess::start(&machine);
    let mut command = machine.command(PROGRAM);
    command.args(["snapshot", "--endpoint-url", &cloud.url]).envs(CREDENTIALS).stdout(full);
    ran_with(&mut command).ends(3, &["stdout"]);
}

// `info`.

#[test]
fn info_tells_the_identity_and_where_each_setting_comes_from() {
    let machine = Machine::new();
    let cloud = CloudProcess::start(&machine);
    let config = machine.file("c.toml", "theme = \"dark\"\nread_only = true\n[stack]\ndatabase = \"other-db\"\n");
    let config = config.to_str().unwrap();
    let env = [CREDENTIALS[0], CREDENTIALS[1], ("AWS_REGION", "eu-west-1"), ("NO_COLOR", "1")];
    let ran = machine.run(&["info", "--endpoint-url", &cloud.url, "--config", config], &env);
    ran.ends(0, &[]);
    assert!(ran.err.is_empty(), "{ran:#?}");
    assert!(ran.out.contains("arn:aws:sts::111122223333:assumed-role/OnCall/ops  account 111122223333"), "{}", ran.out);
    let line = |name: &str| ran.out.lines().find(|l| l.split_whitespace().next() == Some(name)).unwrap_or_default().to_owned();
    for (name, value, origin) in [
        ("configuration", config, ""),
        ("mode", "VIEWER", config),
        ("read_only", "true", config),
        ("theme", "dark", config),
        ("endpoint_url", cloud.url.as_str(), "--endpoint-url"),
        ("region", "eu-west-1", "AWS_REGION"),
        ("colours", "none", "NO_COLOR"),
        ("profile", "-", "default"),
        ("ascii", "false", "default"),
        ("database", "other-db", ""),
    ] {
        assert!(line(name).contains(value) && line(name).contains(origin), "{name} should be {value} from {origin}: {:?}", line(name));
    }
    // What it shows as TOML is a configuration file.
    let stack = ran.out.split_once("[stack]").unwrap().1;
    let again = machine.file("again.toml", &format!("[stack]{stack}"));
    machine.run(&["info", "--config", again.to_str().unwrap()], &[NO_METADATA]).ends(0, &[]);
}

#[test]
fn both_spellings_of_read_only_lock_the_process_as_a_viewer() {
    let machine = Machine::new();
    for (args, mode, origin) in [
        (&["info", "--read-only"][..], "VIEWER", "--read-only"),
        (&["info", "--readonly"], "VIEWER", "--read-only"),
        (&["--readonly", "info"], "VIEWER", "--read-only"),
        (&["info"], "SAFE", "default"),
    ] {
        let ran = machine.run(args, &[NO_METADATA]);
        ran.ends(0, &[]);
        let line = ran.out.lines().find(|l| l.trim_start().starts_with("mode ")).unwrap_or_default();
        let words: Vec<_> = line.split_whitespace().collect();
        assert_eq!(words, ["mode", mode, origin], "{args:?}");
    }
}

#[test]
fn info_without_credentials_still_answers_and_says_what_is_missing() {
    let machine = Machine::new();
    let ran = machine.run(&["info"], &[NO_METADATA]);
    ran.ends(0, &[]).within(PROMPT);
    for word in ["no usable AWS credentials", "next:", "configuration  none (looked for", "production-nextcore"] {
        assert!(ran.out.contains(word), "{word}: {}", ran.out);
    }
}

// `cloud`.

#[test]
fn cloud_on_a_busy_port_is_exit_3_and_says_which() {
    let machine = Machine::new();
    let busy = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = busy.local_addr().unwrap().to_string();
    let ran = machine.run(&["cloud", "--listen", &address], &[]);
    ran.ends(3, &["cannot listen on", &address, "next:", "--listen"]).silent().within(PROMPT);
}

#[test]
fn cloud_ends_cleanly_on_each_ending_signal() {
    let machine = Machine::new();
    for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
        assert_eq!(CloudProcess::start(&machine).end(signal), Some(0), "{signal:?}");
    }
}

// `screenshot`.

#[test]
fn screenshots_are_the_same_bytes_each_time_and_check_names_the_stale_one() {
    let machine = Machine::new();
    let out = machine.home().join("one");
    // CI compares all with those of the repository; these show the clock, the rates and a run.
    let some = ["stack-80x24.svg", "stack-120x40.svg", "help-120x40.svg", "outcome-120x40.svg"];
    let draw = |folder: &str| {
        let mut command = machine.command(PROGRAM);
        let mut child =
            command.args(["screenshot", "--out", folder]).args(some).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        move || {
            let mut text = String::new();
            child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
            assert!(child.wait().unwrap().success());
            text
        }
    };
    // At once, and in different terminals: neither may show in the pictures.
    let (mut first, mut second) = (draw("one"), draw("two"));
    let (listed, _) = (first(), second());
    let files: BTreeSet<_> = fs::read_dir(&out).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    let named: BTreeSet<_> = listed.lines().map(|l| l.trim_start_matches("one/").to_owned()).collect();
    assert_eq!(files, named);
    assert_eq!(files, some.map(str::to_owned).into());
    for file in &files {
        let (one, two) = (fs::read(out.join(file)).unwrap(), fs::read(machine.home().join("two").join(file)).unwrap());
        assert!(one == two, "{file} differs between two runs");
        assert!(one.starts_with(b"<svg") && one.ends_with(b"</svg>\n"), "{file} is no picture");
    }
    let check = || {
        ran(machine.command(PROGRAM).args(["screenshot", "--out", "one", "--check"]).args(some).env("NO_COLOR", "1").env("TERM", "dumb"))
    };
    check().ends(0, &[]).silent();
    fs::write(out.join("stack-80x24.svg"), "<svg></svg>\n").unwrap();
    fs::remove_file(out.join("help-120x40.svg")).unwrap();
    let stale = check();
    stale.ends(1, &["stack-80x24.svg", "help-120x40.svg", "next:"]).silent();
    assert!(!stale.err.contains("stack-120x40.svg"), "{}", stale.err);
    assert_eq!(fs::read_to_string(out.join("stack-80x24.svg")).unwrap(), "<svg></svg>\n", "--check writes nothing");
    let unknown = ran(machine.command(PROGRAM).args(["screenshot", "stack-80x25.svg"]));
    unknown.ends(2, &["no picture 'stack-80x25.svg'", "next:", "stack-80x24.svg"]).silent();
}
