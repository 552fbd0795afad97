//! ECS Exec: what is checked, which container, and what the plugin is started with; the token stays out of every text.

use super::super::service::fixture::{World, plan_of, verdicts};
use super::*;
use nextcore_core::model::plan::Verdict;

fn plan(world: &mut World, line: &str) -> Result<Draft, Refusal> {
    plan_of::<Exec>(world, line).map(|(draft, _)| draft)
}

#[test]
fn the_first_container_is_meant_unless_one_is_named() {
    let mut world = World::calm();
    let draft = plan(&mut world, "exec aaa").unwrap();
    assert_eq!(verdicts(&draft, Verdict::Fail), [""; 0]);
    let sends = plan_of::<Exec>(&mut world, "exec aaa").unwrap().1;
    assert_eq!((sends.container.as_str(), sends.runtime.as_str(), sends.command.as_str()), ("web", "aaaa1-77", "/bin/sh"));
    assert!(draft.calls[0].cli.ends_with("--task aaaa1 --container web --interactive --command \"/bin/sh\""), "{}", draft.calls[0].cli);
    let sidecar = Container { name: "proxy".into(), status: "RUNNING".into(), ..Container::default() };
    world.tasks[0].containers.push(sidecar);
    assert_eq!(plan_of::<Exec>(&mut world, "exec aaa --container proxy").unwrap().1.container, "proxy");
    assert!(matches!(plan(&mut world, "exec aaa --container db"), Err(Refusal::Usage(t)) if t.contains("has web, proxy")));
    assert!(matches!(plan(&mut world, "exec aa"), Err(Refusal::Usage(_))));
}

#[test]
fn what_forbids_it_is_said() {
    let refusals = |change: fn(&mut World), said: &str| {
        let mut world = World::calm();
        change(&mut world);
        let draft = plan(&mut world, "exec aaaa1").unwrap();
        assert!(verdicts(&draft, Verdict::Fail).iter().any(|t| t.contains(said)), "{said}: {:?}", draft.checks);
    };
    refusals(|w| w.plugin = false, "is not on the PATH of this machine: install it (https://docs.aws.amazon.com/");
    refusals(|w| w.web().exec_enabled = false, "ECS Exec is off for web");
    refusals(|w| w.tasks[0].containers[0].exec_agent = Some("STOPPED".into()), "exec agent of web: STOPPED");
    refusals(|w| w.tasks[0].containers[0].exec_agent = None, "started before ECS Exec was on");
    refusals(|w| w.tasks[0].containers[0].runtime_id = None, "no runtime id");
    refusals(|w| w.tasks[0].containers[0].status = "PENDING".into(), "container web is PENDING");
}

#[test]
fn the_plugin_gets_its_arguments_and_nobody_else_the_token() {
    let stack = Stack { cluster: "C".into(), region: "ap-southeast-2".into(), ..Stack::default() };
    let of = params::Exec {
        cluster: "C".into(),
        task: "arn:aws:ecs:r:1:task/C/aaaa1".into(),
        container: "web".into(),
        runtime: "aaaa1-77".into(),
        command: "/bin/sh".into(),
    };
    let session = Session::builder().session_id("ecs-execute-command-1").stream_url("wss://x").token_value("SECRET").build();
    let handoff = handoff(&stack, &session, &of).unwrap();
    let session: serde_json::Value = serde_json::from_str(&handoff.arguments[0]).unwrap();
    assert_eq!(session, json!({ "SessionId": "ecs-execute-command-1", "StreamUrl": "wss://x", "TokenValue": "SECRET" }));
    assert_eq!(
        handoff.arguments[1..],
        ["ap-southeast-2", "StartSession", "", r#"{"Target":"ecs:C_aaaa1_aaaa1-77"}"#, "https://ssm.ap-southeast-2.amazonaws.com"]
    );
    let receipt = Receipt { handoff: Some(handoff), ..Receipt::default() };
    assert!(!format!("{receipt:?}").contains("SECRET") && format!("{receipt:?}").contains("ecs-execute-command-1"));
    let incomplete = Session::builder().session_id("x").build();
    assert!(super::handoff(&stack, &incomplete, &of).is_none());
}

#[test]
fn a_command_stays_one_word_of_the_line() {
    assert_eq!(quoted("ls -l \"$HOME\""), r#""ls -l \"\$HOME\"""#);
}
