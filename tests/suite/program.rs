//! What is about the program itself, as a script or a packager meets it: completions, the manual, the keys.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use super::process::{CREDENTIALS, Machine, NO_METADATA, PROGRAM, ran};

/// A configuration that nothing can be done with.
const BROKEN: &str = "clster = 1\n";

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn help_ends_with_the_exit_codes_in_lines_that_fit_a_narrow_terminal() {
    let help = Machine::new().run(&["--help"], &[]);
    help.ends(0, &[]);
    let (_, codes) = help.out.split_once("Exit codes:").unwrap();
    for word in ["every command", "snapshot", "check", "verify", "obligations", "4 read-only"] {
        assert!(codes.contains(word), "{word}: {codes}");
    }
    assert!(codes.lines().all(|line| line.chars().count() <= 80), "{codes}");
}

#[test]
fn what_is_about_the_program_works_beside_a_broken_configuration_and_leaves_stderr_empty() {
    let machine = Machine::new();
    machine.file(".config/nextcore-top/config.toml", BROKEN);
    for args in [&["keys"][..], &["completions", "bash"], &["man"]] {
        let ran = machine.run(args, &[]);
        ran.ends(0, &[]);
        assert!(!ran.out.is_empty() && ran.err.is_empty(), "{args:?}: {ran:#?}");
    }
}

#[test]
fn keys_are_those_of_the_dashboard_as_a_table_and_as_json_lines() {
    let machine = Machine::new();
    let table = machine.run(&["keys"], &[]);
    table.ends(0, &[]);
    assert!(table.out.contains("GROUP") && table.out.contains("acknowledge incident") && table.out.contains("Ctrl-Z"), "{}", table.out);
    assert!(table.out.is_ascii(), "{}", table.out);
    let json = machine.run(&["keys", "--format", "json"], &[]);
    json.ends(0, &[]);
    let rows = lines(&json.out);
    let up = rows.iter().find(|row| row["command"] == "up").unwrap();
    assert_eq!((&up["keys"][0], &up["keys"][1], &up["group"]), (&"Up".into(), &"k".into(), &"Move".into()));
    assert!(rows.iter().all(|row| row["does"].as_str().is_some_and(|does| !does.is_empty())), "{}", json.out);
}

/// As a shell asks: with the words of the line, of which the last is being typed.
fn offered(machine: &Machine, words: &[&str]) -> BTreeSet<String> {
    let mut command = machine.command(PROGRAM);
    command.env("_NEXTCORE_TOP_COMPLETE", "fish").arg("--").arg("nextcore-top").args(words);
    let answer = ran(&mut command);
    answer.ends(0, &[]);
    answer.out.lines().map(|line| line.split('\t').next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn a_shell_is_offered_commands_flags_and_the_names_of_the_configuration() {
    let machine = Machine::new();
    let has = |words: &[&str], wanted: &[&str]| {
        let offered = offered(&machine, words);
        assert!(wanted.iter().all(|w| offered.contains(*w)), "{words:?}: {offered:?}");
    };
    has(&["sn"], &["snapshot"]);
    has(&["snapshot", "--fo"], &["--format"]);
    has(&["snapshot", "--format", ""], &["table", "json", "markdown"]);
    has(&["scale", ""], &["web", "control-plane", "celery-worker"]);
    has(&["runbook", "run", "rds"], &["rds-failover"]);
    machine.file(
        ".config/nextcore-top/config.toml",
        "[stacks.staging]\ncluster = \"s\"\nservices = [{ name = \"api\", role = \"web\" }]\n[stacks.live]\ncluster = \"l\"\nservices = [{ name = \"shop\", role = \"web\" }]\n",
    );
    has(&["--stack", ""], &["live", "staging"]);
    has(&["redeploy", ""], &["api", "shop"]);
    assert_eq!(offered(&machine, &["--stack", "live", "redeploy", ""]).iter().filter(|w| !w.starts_with('-')).count(), 1);
    has(&["logs", "--service", "s"], &["shop"]);
    let own = machine.file("other.toml", "[stack]\ncluster = \"c\"\nservices = [{ name = \"beat\", role = \"x\" }]\n");
    has(&["--config", own.to_str().unwrap(), "redeploy", ""], &["beat"]);
    // What cannot be used offers no names, and says nothing into somebody's line.
    machine.file(".config/nextcore-top/config.toml", BROKEN);
    assert!(!offered(&machine, &["redeploy", ""]).contains("web"));
}

#[test]
fn every_shell_gets_a_script_that_asks_the_program_and_an_unknown_one_is_usage() {
    let machine = Machine::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = machine.run(&["completions", shell], &[]);
        script.ends(0, &[]);
        assert!(script.out.contains("_NEXTCORE_TOP_COMPLETE") && script.out.contains("nextcore-top"), "{shell}: {}", script.out);
        assert!(!script.out.contains(PROGRAM), "the script names the program, not the place of this one: {}", script.out);
    }
    machine.run(&["completions", "cmd"], &[]).ends(2, &["cmd", "bash", "zsh"]).silent();
}

#[test]
fn the_bash_script_is_one_that_bash_can_read() {
    let machine = Machine::new();
    let script = machine.file("completion.bash", &machine.run(&["completions", "bash"], &[]).out);
    ran(machine.command("bash").arg("-n").arg(script)).ends(0, &[]).silent();
}

#[test]
fn the_manual_is_one_page_on_stdout_and_one_file_per_command() {
    let machine = Machine::new();
    let page = machine.run(&["man"], &[]);
    page.ends(0, &[]);
    for part in [".TH nextcore-top 1", ".SH NAME", ".SH \"EXIT STATUS\"", ".SH FILES", ".SH ENVIRONMENT", "nextcore\\-top\\-snapshot(1)"] {
        assert!(page.out.contains(part), "{part}: {}", page.out);
    }
    let all = machine.run(&["man", "--out", "man1"], &[]);
    all.ends(0, &["written:", "man1"]).silent();
    let folder = machine.home().join("man1");
    for name in ["nextcore-top", "nextcore-top-snapshot", "nextcore-top-runbook-run", "nextcore-top-failover-db", "nextcore-top-man"] {
        let text = fs::read_to_string(folder.join(format!("{name}.1"))).unwrap();
        assert!(text.contains(".SH SYNOPSIS"), "{name}: {text}");
    }
    let page = fs::read_to_string(folder.join("nextcore-top.1")).unwrap();
    let listed = page.split("nextcore\\-top\\-").skip(1).filter_map(|rest| rest.split_once("(1)")).map(|(name, _)| name.replace('\\', ""));
    for name in listed.filter(|name| !name.contains(char::is_whitespace)) {
        assert!(folder.join(format!("nextcore-top-{name}.1")).exists(), "a page is named that there is not: {name}");
    }
    machine.file("taken", "");
    machine.run(&["man", "--out", "taken/man1"], &[]).ends(3, &["taken/man1", "next:"]).silent();
}

#[test]
fn config_check_tells_the_origin_of_each_setting_or_the_place_of_the_error_and_is_exit_0_or_2() {
    let machine = Machine::new();
    let none = machine.run(&["config", "check"], &[]);
    none.ends(0, &[]);
    assert!(none.out.starts_with("ok: no configuration file (looked for ") && none.err.is_empty(), "{none:#?}");
    let good = machine.file("c.toml", "theme = \"dark\"\naccount = \"111122223333\"\n[stack]\nregion = \"eu-west-1\"\n");
    let good = good.to_str().unwrap();
    let ran = machine.run(&["config", "check", "--config", good, "--profile", "oncall"], &[]);
    ran.ends(0, &[]);
    let line = |name: &str| ran.out.lines().find(|l| l.split_whitespace().next() == Some(name)).unwrap_or_default();
    for (name, value, origin) in
        [("profile", "oncall", "--profile"), ("theme", "dark", good), ("region", "eu-west-1", good), ("ascii", "false", "default")]
    {
        assert!(line(name).contains(value) && line(name).ends_with(origin), "{name}: {}", ran.out);
    }
    let json = machine.run(&["config", "check", "--config", good, "--format", "json"], &[]);
    json.ends(0, &[]);
    let document: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!((&document["ok"], &document["file"]), (&true.into(), &good.into()));
    for (text, words) in [
        ("profil = \"a\"\n", &["bad.toml:1:1", "profil", "did you mean 'profile'?", "next:"][..]),
        ("[stack]\nregion = 5\n", &["bad.toml:2:10", "region"]),
        ("theme = \"drak\"\n", &["'drak'", "next:"]),
        ("[runbooks]\npath = \"nowhere\"\n", &["nowhere", "[runbooks] path"]),
        ("[incidents]\nrules = \"nowhere\"\n", &["nowhere", "[incidents] rules"]),
    ] {
        let bad = machine.file("bad.toml", text);
        machine.run(&["config", "check", "--config", bad.to_str().unwrap()], &[]).ends(2, words).silent();
        let json = machine.run(&["config", "check", "--format", "json", "--config", bad.to_str().unwrap()], &[]);
        json.ends(2, words);
        assert_eq!(serde_json::from_str::<Value>(&json.out).unwrap()["ok"], false, "{json:#?}");
    }
}

#[test]
fn config_example_is_a_configuration_and_says_nothing_until_it_is_edited() {
    let machine = Machine::new();
    let example = machine.run(&["config", "example"], &[]);
    example.ends(0, &[]);
    let as_it_is = machine.file(".config/nextcore-top/config.toml", &example.out);
    machine.run(&["config", "check"], &[]).ends(0, &[]);
    let edited = example.out.replace("#theme = \"terminal\"", "theme = \"dark\"");
    fs::write(as_it_is, edited).unwrap();
    let ran = machine.run(&["config", "check"], &[]);
    ran.ends(0, &[]);
    assert!(ran.out.lines().any(|l| l.starts_with("theme") || l.starts_with(" theme")) && ran.out.contains("dark"), "{}", ran.out);
}

#[test]
fn themes_are_listed_without_colours_in_a_pipe_and_one_is_shown_with_all_its_roles() {
    let machine = Machine::new();
    let table = machine.run(&["themes"], &[("COLORTERM", "truecolor")]);
    table.ends(0, &[]);
    for name in ["terminal", "dark", "light", "high-contrast", "colour-blind", "solarized", "gruvbox", "mono"] {
        assert!(table.out.contains(name), "{name}: {}", table.out);
        machine.run(&["config", "check", "--theme", name], &[]).ends(0, &[]);
    }
    assert!(!table.out.contains('\u{1b}') && table.out.lines().all(|l| l.chars().count() <= 80), "{}", table.out);
    let json = machine.run(&["themes", "--format", "json"], &[]);
    assert!(lines(&json.out).iter().any(|row| row["name"] == "light" && row["background"] == "#FFFFFF"), "{json:#?}");
    let one = machine.run(&["themes", "dark"], &[]);
    one.ends(0, &[]);
    assert!(one.out.contains("badge_armed") && one.out.contains("bold") && !one.out.contains('\u{1b}'), "{}", one.out);
    let roles = machine.run(&["themes", "dark", "--format", "json"], &[]);
    assert!(lines(&roles.out).iter().any(|row| row["role"] == "crit" && row["fg"] == "#FF6B68"), "{roles:#?}");
    machine.run(&["themes", "drak"], &[]).ends(2, &["'drak'", "did you mean dark?", "gruvbox", "next:"]).silent();
    let own = machine.file("own.toml", "name = \"own\"\n[roles]\ncrit = { fg = \"rde\" }\n");
    machine.run(&["themes", own.to_str().unwrap()], &[]).ends(2, &["own.toml", "crit", "rde"]).silent();
}

#[test]
fn every_list_has_a_form_for_programs_and_a_slip_of_a_name_is_told_what_was_meant() {
    let machine = Machine::new();
    let books = machine.run(&["runbook", "list", "--format", "json"], &[]);
    books.ends(0, &[]);
    let rows = lines(&books.out);
    let failover = rows.iter().find(|row| row["name"] == "rds-failover").unwrap();
    assert_eq!(failover["from"], "built in");
    let table = machine.run(&["runbook", "list"], &[]);
    table.ends(0, &[]);
    assert_eq!(table.out.lines().count(), rows.len() + 1, "{}", table.out);
    machine.run(&["runbook", "lint", "--format", "json"], &[]).ends(0, &[]).silent();
    let bad = machine.file("bad.md", "no front matter\n");
    let lint = machine.run(&["runbook", "lint", "--format", "json", bad.to_str().unwrap()], &[]);
    lint.ends(1, &[]);
    assert!(lines(&lint.out).iter().all(|row| row["line"].is_u64() && row["message"].is_string()), "{}", lint.out);
    let info = machine.run(&["info", "--format", "json"], &[NO_METADATA]);
    info.ends(0, &[]);
    let document: Value = serde_json::from_str(&info.out).unwrap();
    assert!(document["settings"].as_array().is_some_and(|all| all.iter().any(|s| s["name"] == "theme")), "{}", info.out);
    assert_eq!(document["stack"]["cluster"], "production-nextcore");
    for (args, meant) in [
        (&["snapshto"][..], "snapshot"),
        (&["runbook", "show", "rds-failovr"], "did you mean rds-failover?"),
        (&["redeploy", "wbe", "--dry-run"], "did you mean web?"),
        (&["info", "--theme", "lihgt"], "did you mean light?"),
    ] {
        let ran = machine.run(args, &CREDENTIALS);
        assert!(ran.code != Some(0) && ran.err.contains(meant) && ran.out.is_empty(), "{args:?}: {ran:#?}");
    }
}
