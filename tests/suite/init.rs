//! `init` and the stacks of a configuration, as a newcomer meets them: what is written, what is asked, and that nothing is lost.

use std::fs;

use super::process::{Machine, NO_METADATA};

#[test]
fn init_finds_the_embedded_stack_as_the_defaults_and_says_why() {
    let machine = Machine::new();
    let ran = machine.run(&["init", "--demo", "--print", "--yes"], &[]);
    ran.ends(0, &["its deploy action names the cluster", "its security group lets the services in", "leads to the load balancer"]);
    let written: toml::Table = toml::from_str(&ran.out).unwrap();
    assert_eq!(written["account"].as_str(), Some("111122223333"));
    let stack = written["stack"].as_table().unwrap();
    assert_eq!(stack.keys().collect::<Vec<_>>(), ["name", "region"], "every other name is a default: {}", ran.out);
}

#[test]
fn init_never_overwrites_and_what_it_writes_is_read() {
    let machine = Machine::new();
    let file = machine.home().join("found.toml");
    let path = file.to_str().unwrap().to_owned();
    machine.run(&["init", "--demo", "--yes", "--out", &path], &[]).ends(0, &["written", "--config"]).silent();
    let text = fs::read_to_string(&file).unwrap();
    machine.run(&["init", "--demo", "--yes", "--out", &path], &[]).ends(2, &["exists", "--print"]).silent();
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
    machine.run(&["snapshot", "--demo", "--config", &path], &[]).ends(0, &[]);
}

#[test]
fn init_does_not_guess_where_nobody_can_answer() {
    let machine = Machine::new();
    machine.run(&["init", "--demo", "--print"], &[]).ends(3, &["stack.buckets", "--yes"]).silent();
    machine.run(&["init", "--demo", "--print", "--yes", "--cluster", "nobodys"], &[]).ends(3, &["nobodys"]).silent();
    machine.run(&["init", "--demo", "--print", "--tag", "team"], &[]).ends(2, &["KEY=VALUE"]).silent();
}

#[test]
fn one_of_several_stacks_is_chosen_by_name() {
    let machine = Machine::new();
    let file = machine.home().join("stacks.toml");
    fs::write(&file, "[stacks.staging]\ncluster = \"shop-staging\"\n\n[stacks.production]\ncluster = \"shop\"\nregion = \"eu-west-1\"\n")
        .unwrap();
    let path = file.to_str().unwrap().to_owned();
    machine.run(&["audit", "--config", &path], &[]).ends(3, &["production, staging", "--stack"]).silent();
    // What is about none of them does not ask which.
    machine.run(&["snapshot", "--demo", "--config", &path], &[]).ends(0, &[]);
    machine.run(&["info", "--config", &path], &[NO_METADATA]).ends(0, &[]);
    machine.run(&["audit", "--config", &path, "--stack", "test"], &[]).ends(3, &["'test'", "production, staging"]).silent();
    // Nothing is written down about it: that is said before anything is asked.
    machine.run(&["verify", "--config", &path, "--stack", "production"], &[]).ends(3, &["nothing is written down", "production"]).silent();
    machine.run(&["audit", "--config", &path, "--stack", "staging"], &[]).ends(0, &[]);
}
