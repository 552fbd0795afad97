//! What a package ships beside the program: that it is there, and that the program understands the commands that are written in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::process::{Machine, PROGRAM, ran};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|e| panic!("{file}: {e}"))
}

/// The words of every command that a file of packaging runs, after the program's path.
fn commands(file: &str, before: &str) -> Vec<Vec<String>> {
    let text = read(file);
    let lines = text.lines().filter_map(|line| line.trim().strip_prefix(before)?.trim().strip_prefix("/usr/bin/nextcore-top"));
    lines.map(|rest| rest.split_whitespace().map(ToOwned::to_owned).collect()).collect()
}

#[test]
fn the_commands_of_units_and_of_sshd_are_ones_that_the_program_has() {
    let machine = Machine::new();
    for (file, before) in [
        ("packaging/systemd/nextcore-top-watch.service", "ExecStart="),
        ("packaging/systemd/nextcore-top-obligations@.service", "ExecStart="),
        ("packaging/ssh/nextcore-top-viewers.conf", "ForceCommand"),
    ] {
        let found = commands(file, before);
        assert!(!found.is_empty(), "{file} runs nothing");
        for words in found {
            // A wrong word before it is said first.
            let args: Vec<&str> = words.iter().map(String::as_str).chain(["--help"]).collect();
            machine.run(&args, &[]).ends(0, &[]);
        }
    }
    let viewers = commands("packaging/ssh/nextcore-top-viewers.conf", "ForceCommand");
    assert!(viewers.iter().all(|words| words.iter().any(|w| w == "--read-only")), "{viewers:?}");
}

#[test]
fn what_the_debian_package_takes_from_the_checkout_is_there() {
    let manifest: toml::Table = toml::from_str(&read("Cargo.toml")).unwrap();
    let assets = manifest["package"]["metadata"]["deb"]["assets"].as_array().unwrap();
    let sources: Vec<&str> =
        assets.iter().map(|a| a[0].as_str().unwrap()).filter(|a| !a.starts_with("target/") && !a.contains('*')).collect();
    assert!(sources.len() > 5, "{sources:?}");
    for source in sources {
        assert!(root().join(source).exists(), "{source} is packed, and is not there");
    }
}

#[test]
fn systemd_finds_nothing_wrong_with_the_units() {
    let is_there = Command::new("systemd-analyze").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !is_there.is_ok_and(|status| status.success()) {
        return;
    }
    let machine = Machine::new();
    for (file, as_unit) in [
        ("nextcore-top-watch.service", "nextcore-top-watch.service"),
        ("nextcore-top-obligations@.service", "nextcore-top-obligations@root.service"),
        ("nextcore-top-obligations@.timer", "nextcore-top-obligations@root.timer"),
    ] {
        // It wants the program where the unit has it.
        let text = read(&format!("packaging/systemd/{file}")).replace("/usr/bin/nextcore-top", PROGRAM);
        // Manual pages are looked for on this machine.
        let text = text.lines().filter(|line| !line.starts_with("Documentation=")).collect::<Vec<_>>().join("\n");
        let unit = machine.file(as_unit, &(text + "\n"));
        let found = ran(machine.command("systemd-analyze").arg("verify").arg("--man=no").arg("--recursive-errors=no").arg(&unit));
        assert!(found.code == Some(0) && !found.err.contains("nextcore-top"), "{file}: {found:#?}");
    }
}
