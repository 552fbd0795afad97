//! Plans and looks of the pipeline's actions, over sections made by hand.

use super::super::common::bench::{Bench, at, refusal, texts};
use super::*;
use nextcore_core::model::plan::Verdict;
use nextcore_core::model::service::{Deployment, Service};

const OLD: &str = "aaaa1111-0";
const NEW: &str = "bbbb2222-0";

fn stage(name: &str, status: &str, execution: &str) -> PipelineStage {
    let category = if name == "Deploy" { "Deploy" } else { "Build" };
    let action = PipelineAction {
        name: format!("{name}Web"),
        category: category.into(),
        status: status.into(),
        summary: if status == "Failed" { "tests failed".into() } else { String::new() },
        changed_at: Some(at(-600)),
        ..PipelineAction::default()
    };
    PipelineStage {
        name: name.into(),
        status: status.into(),
        execution: execution.into(),
        transition_enabled: true,
        actions: vec![action],
        ..PipelineStage::default()
    }
}

fn execution(id: &str, status: &str, started: i64) -> PipelineExecution {
    PipelineExecution {
        id: id.into(),
        status: status.into(),
        started_at: Some(at(started)),
        trigger: "StartPipelineExecution".into(),
        ..PipelineExecution::default()
    }
}

fn pipeline(stages: [(&str, &str); 2], executions: Vec<PipelineExecution>) -> Pipeline {
    let [build, deploy] = stages;
    Pipeline {
        name: "production-nextcore".into(),
        exists: true,
        version: 3,
        stages: vec![stage("Build", build.0, build.1), stage("Deploy", deploy.0, deploy.1)],
        executions,
    }
}

fn quiet() -> Pipeline {
    pipeline([("Succeeded", OLD), ("Succeeded", OLD)], vec![execution(OLD, "Succeeded", -3_000)])
}

fn broken_build() -> Pipeline {
    pipeline([("Failed", OLD), ("Succeeded", "older")], vec![execution(OLD, "Failed", -3_000)])
}

fn at_work() -> Pipeline {
    pipeline([("InProgress", OLD), ("Succeeded", "older")], vec![execution(OLD, "InProgress", -60)])
}

fn bench(pipeline: Pipeline) -> Bench {
    Bench::new().with(pipeline).with(Services::default())
}

fn start() -> Request {
    Request::new("pipeline start", "")
}

fn retry(stage: &str) -> Request {
    Request::new("pipeline retry", "").with("stage", stage)
}

fn stop() -> Request {
    Request::new("pipeline stop", "")
}

#[test]
fn starting_names_what_it_reaches() {
    let draft = bench(quiet()).draft::<Start>(&start()).unwrap();
    assert!(draft.checks.iter().all(|c| c.verdict == Verdict::Pass), "{:?}", draft.checks);
    assert_eq!(draft.blast, "ends in a deployment: DeployWeb");
    assert_eq!(draft.calls[0].cli, "aws codepipeline start-pipeline-execution --name production-nextcore");
    assert_eq!(draft.permission_on, ["arn:aws:codepipeline:ap-southeast-2:111122223333:production-nextcore"]);
    assert_eq!(bench(quiet()).params::<Start>(&start()).before.as_deref(), Some(OLD));
}

#[test]
fn starting_is_refused_while_one_runs_and_warned_of_where_it_would_stop() {
    for status in ["InProgress", "Stopping"] {
        let busy = pipeline([("InProgress", OLD), ("", "")], vec![execution(OLD, status, -60)]);
        assert_eq!(refusal(&bench(busy).draft::<Start>(&start()).unwrap()), "execution aaaa1111 is in progress");
    }
    let absent = bench(Pipeline { name: "p".into(), ..Pipeline::default() }).draft::<Start>(&start()).unwrap_err();
    assert!(absent.text().contains("no pipeline 'p'"));
    let mut closed = quiet();
    (closed.stages[1].transition_enabled, closed.stages[1].disabled_reason) = (false, "freeze".into());
    closed.stages[0].actions.push(PipelineAction { name: "Approve".into(), category: "Approval".into(), ..PipelineAction::default() });
    let rolling = Deployment { status: "PRIMARY".into(), rollout_state: "IN_PROGRESS".into(), ..Deployment::default() };
    let web = Service { name: "web".into(), deployments: vec![rolling], ..Service::default() };
    let bench = bench(closed).with(Services { services: vec![web], missing: Vec::new() });
    let draft = bench.draft::<Start>(&start()).unwrap();
    assert_eq!(
        texts(&draft, Verdict::Warn),
        ["the transition into Deploy is disabled (freeze): it will stop there", "a deployment is in progress: web"]
    );
    assert!(draft.notes.contains(&"needs approval: Approve".to_owned()));
}

#[test]
fn the_execution_of_the_answer_is_followed_to_its_end() {
    let mut bench = bench(quiet());
    let mut run = bench.sent::<Start>(&start(), Some(NEW));
    assert_eq!(bench.look::<Start>(&mut run), (None, None));
    assert_eq!(run.steps[0].text, "execution bbbb2222 is not in the 1 listed executions");
    let executions = |status: &str| vec![execution(NEW, status, 1), execution(OLD, "Succeeded", -3_000)];
    bench.later(60);
    bench.put(pipeline([("InProgress", NEW), ("Succeeded", OLD)], executions("InProgress")));
    assert_eq!(bench.look::<Start>(&mut run), (Some(true), None));
    let states: Vec<StepState> = run.steps.iter().map(|s| s.state).collect();
    assert_eq!(states, [StepState::Done, StepState::Doing, StepState::Todo], "the older execution's stage is not ours");
    bench.later(600);
    bench.put(pipeline([("Succeeded", NEW), ("Succeeded", NEW)], executions("Succeeded")));
    let done = Some((Outcome::Done, "execution bbbb2222 succeeded: 10m00s".to_owned()));
    assert_eq!(bench.look::<Start>(&mut run), (Some(true), done));
    bench.put(pipeline([("Failed", NEW), ("Succeeded", OLD)], executions("Failed")));
    let broken = Some((Outcome::Failed, "execution bbbb2222 failed in Build, BuildWeb: tests failed".to_owned()));
    assert_eq!(bench.look::<Start>(&mut run).1, broken);
    for status in ["Stopped", "Superseded", "Cancelled"] {
        bench.put(pipeline([("Succeeded", NEW), ("Succeeded", OLD)], executions(status)));
        assert_eq!(bench.look::<Start>(&mut run).1.unwrap().0, Outcome::Failed);
    }
}

#[test]
fn without_an_answer_no_execution_is_taken_for_ours() {
    let mut bench = bench(quiet());
    let mut run = bench.sent::<Start>(&start(), None);
    assert_eq!(bench.look::<Start>(&mut run), (Some(false), None));
    bench.put(pipeline([("Succeeded", NEW), ("Succeeded", NEW)], vec![execution(NEW, "Succeeded", 2)]));
    assert_eq!(bench.look::<Start>(&mut run), (None, None));
}

#[test]
fn retrying_finds_the_failed_stage() {
    let bench = bench(broken_build());
    for wanted in ["failed", "Build", "build"] {
        let draft = bench.draft::<Retry>(&retry(wanted)).unwrap();
        assert!(texts(&draft, Verdict::Fail).is_empty(), "{:?}", draft.checks);
        let sends = bench.params::<Retry>(&retry(wanted));
        assert_eq!((sends.stage.as_str(), sends.execution.as_str()), ("Build", OLD));
        assert_eq!(draft.permission_on, ["arn:aws:codepipeline:ap-southeast-2:111122223333:production-nextcore/Build"]);
        assert!(draft.calls[0].cli.ends_with(&format!("--pipeline-execution-id {OLD} --retry-mode FAILED_ACTIONS")));
        assert_eq!(draft.notes, ["BuildWeb: tests failed"]);
    }
    let fine = bench.draft::<Retry>(&retry("Deploy")).unwrap();
    assert_eq!(refusal(&fine), "stage Deploy is Succeeded: only failed or stopped stages can be retried");
    assert!(bench.draft::<Retry>(&retry("Test")).unwrap_err().text().contains("choose one of Build, Deploy"));
    let nothing = Bench::new().with(quiet()).draft::<Retry>(&retry("failed")).unwrap_err();
    assert!(nothing.text().contains("nothing to retry"));
    let mut newer = broken_build();
    newer.executions.insert(0, execution(NEW, "InProgress", -10));
    let draft = Bench::new().with(newer).with(Services::default()).draft::<Retry>(&retry("failed")).unwrap();
    assert_eq!(texts(&draft, Verdict::Warn), ["execution bbbb2222 is newer (InProgress)"]);
}

#[test]
fn a_failure_from_before_is_not_the_retrys() {
    let mut bench = bench(broken_build());
    let mut run = bench.sent::<Retry>(&retry("failed"), None);
    assert_eq!(bench.look::<Retry>(&mut run), (Some(false), None), "it had failed before");
    bench.later(10);
    bench.put(at_work());
    assert_eq!(bench.look::<Retry>(&mut run), (Some(true), None));
    bench.later(200);
    bench.put(broken_build());
    let again = Some((Outcome::Failed, "stage Build failed again in Build, BuildWeb: tests failed".to_owned()));
    assert_eq!(bench.look::<Retry>(&mut run), (Some(true), again.clone()));
    // Begun and ended between two looks: the action's own time tells.
    let mut fast = bench.sent::<Retry>(&retry("failed"), None);
    let mut ended = broken_build();
    ended.stages[0].actions[0].changed_at = Some(at(205));
    bench.later(210);
    bench.put(ended);
    assert_eq!(bench.look::<Retry>(&mut fast).1, again);
    bench.put(pipeline([("Succeeded", OLD), ("InProgress", OLD)], vec![execution(OLD, "InProgress", -3_000)]));
    let (outcome, text) = bench.look::<Retry>(&mut run).1.unwrap();
    assert!(outcome == Outcome::Done && text.ends_with("the execution continues with Deploy"), "{text}");
    bench.put(pipeline([("InProgress", NEW), ("Succeeded", OLD)], Vec::new()));
    assert_eq!(bench.look::<Retry>(&mut run).1.unwrap().0, Outcome::Unknown);
}

#[test]
fn stopping_says_what_goes_on() {
    let bench = bench(at_work());
    let draft = bench.draft::<Stop>(&stop()).unwrap();
    assert!(texts(&draft, Verdict::Fail).is_empty());
    assert!(draft.calls[0].cli.ends_with(&format!("--pipeline-execution-id {OLD} --no-abandon")));
    assert_eq!(draft.undo_request, Some(retry("Build")));
    let abandon = bench.draft::<Stop>(&stop().with("abandon", "true")).unwrap();
    assert!(abandon.calls[0].cli.ends_with("--abandon") && abandon.expect.contains("that they started continues"));
    assert!(Bench::new().with(quiet()).draft::<Stop>(&stop()).unwrap_err().text().contains("nothing to stop"));
    let stopping = pipeline([("InProgress", OLD), ("", "")], vec![execution(OLD, "Stopping", -60)]);
    let bench = Bench::new().with(stopping);
    assert!(refusal(&bench.draft::<Stop>(&stop()).unwrap()).contains("already stopping"));
    assert!(texts(&bench.draft::<Stop>(&stop().with("abandon", "true")).unwrap(), Verdict::Fail).is_empty());
}

#[test]
fn stopped_is_the_end_and_another_end_is_a_failure() {
    let mut bench = bench(at_work());
    let mut run = bench.sent::<Stop>(&stop(), None);
    assert_eq!(bench.look::<Stop>(&mut run), (Some(false), None));
    let now = |status: &str, stage: &str| pipeline([(stage, OLD), ("Succeeded", "older")], vec![execution(OLD, status, -60)]);
    bench.later(5);
    bench.put(now("Stopping", "InProgress"));
    assert_eq!(bench.look::<Stop>(&mut run), (Some(true), None));
    assert!(run.steps.iter().any(|s| s.text == "BuildWeb finishes first"));
    bench.put(now("Succeeded", "Succeeded"));
    assert_eq!(bench.look::<Stop>(&mut run).1.unwrap().0, Outcome::Failed);
    bench.put(now("Stopped", "Succeeded"));
    assert_eq!(bench.look::<Stop>(&mut run).1, Some((Outcome::Done, "execution aaaa1111 stopped: 5s".to_owned())));
    bench.put(pipeline([("Succeeded", OLD), ("", "")], Vec::new()));
    assert_eq!(bench.look::<Stop>(&mut run), (None, None));
}
