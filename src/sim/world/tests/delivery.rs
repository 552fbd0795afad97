//! Delivery: what a build pushes is what a deployment rolls out, and what goes wrong on the way stops there.

use super::super::delivery::Start;
use super::*;

fn latest(w: &World) -> &Execution {
    w.codepipeline.executions.back().unwrap()
}

fn execution<'w>(w: &'w World, id: &str) -> &'w Execution {
    w.codepipeline.execution(id).unwrap()
}

fn ended(id: &str) -> impl Fn(&World) -> bool {
    let id = id.to_owned();
    move |w| !execution(w, &id).status.is_open()
}

fn stage_of(w: &World, id: &str) -> Option<usize> {
    execution(w, id).stages.last().map(|run| run.stage)
}

/// The digests that the running tasks of a service run.
fn running(w: &World, service: &str) -> BTreeSet<String> {
    w.ecs.tasks.values().filter(|t| t.service == service && t.is_running()).map(|t| t.container.image_digest.clone()).collect()
}

fn newest_build<'w>(w: &'w World, project: &str) -> &'w Build {
    w.codebuild.builds.iter().rfind(|b| b.project == project).unwrap()
}

fn start(w: &mut World) -> String {
    w.start_pipeline(STACK, None, None, "test").unwrap()
}

/// From Build on: when an execution entered a stage, and how the stage ended.
fn entered(w: &World, id: &str, stage: usize) -> Ms {
    execution(w, id).stages.iter().find(|run| run.stage == stage).unwrap().started_at
}

#[test]
fn a_started_execution_ends_with_the_services_running_what_it_built() {
    let mut w = quiet();
    let before: Vec<_> = SERVICES.iter().map(|s| running(&w, s)).collect();
    let id = start(&mut w);
    until(&mut w, 25 * SEC, "in Build", |w| stage_of(w, &id) == Some(1));
    assert_eq!(w.codebuild.builds.iter().filter(|b| b.status == BuildStatus::InProgress).count(), 3);
    let building = until(&mut w, 7 * MIN, "in Deploy", |w| stage_of(w, &id) == Some(2));
    assert!((170 * SEC..=310 * SEC).contains(&building), "{building}");
    until(&mut w, 15 * MIN, "over", ended(&id));
    assert_eq!(execution(&w, &id).status, RunStatus::Succeeded);
    for (service, old) in SERVICES.iter().zip(before) {
        let project = w.codebuild.projects.iter().find(|p| p.service == *service).unwrap();
        let build = newest_build(&w, &project.name);
        let (image, digest) = build.image.clone().unwrap();
        until(&mut w, 5 * MIN, "rolled", |w| running(w, service) == BTreeSet::from([digest.clone()]));
        assert!(!old.contains(&digest), "a new image");
        let definition = w.ecs.services[*service].task_definition.clone();
        assert_eq!(w.definition(&definition).unwrap().image, image);
        let pushed = w.ecr.images.iter().find(|i| i.digest == digest).unwrap();
        assert_eq!(pushed.tags, [execution(&w, &id).commit.id.clone()], "the tag is the commit");
        assert!(pushed.pushed_at < entered(&w, &id, 2), "pushed before it is deployed");
        assert!(pushed.pulled_at.is_some_and(|at| at > pushed.pushed_at));
        assert!(pushed.scan.as_ref().is_some_and(|scan| (20..=60).contains(&((scan.done_at - pushed.pushed_at) / SEC))));
    }
}

#[test]
fn a_build_goes_through_its_phases_and_says_so() {
    let mut w = quiet();
    let id = w.start_build(StartBuild { project: format!("{STACK}-web"), ..Default::default() }).unwrap().id.clone();
    let mut phases = Vec::new();
    until(&mut w, 7 * MIN, "built", |w| w.codebuild.build(&id).unwrap().ended_at.is_some());
    let build = w.codebuild.build(&id).unwrap().clone();
    for run in &build.phases {
        phases.push(PHASES[run.phase]);
        assert!(run.end.is_none() || run.end >= Some(run.start));
    }
    assert_eq!(phases, PHASES);
    assert_eq!((build.status, build.report.is_some()), (BuildStatus::Succeeded, true));
    assert!((170..=310).contains(&((build.ended_at.unwrap() - build.started_at) / SEC)));
    let group = &w.logs.groups[&build.log_group()];
    let lines: Vec<&str> = group.events.iter().filter(|e| *e.stream == *build.uuid()).map(|e| e.message.as_str()).collect();
    for part in ["Entering phase BUILD", "docker build", "docker push", "Phase complete: POST_BUILD State: SUCCEEDED"] {
        assert!(lines.iter().any(|line| line.contains(part)), "{part}: {lines:#?}");
    }
    let (image, digest) = build.image.unwrap();
    assert!(image.ends_with(&w.codepipeline.head.id));
    assert!(!running(&w, WEB).contains(&digest), "a build alone deploys nothing");
    run(&mut w, 4 * MIN);
    let d = [("ProjectName", build.project.as_str())];
    for (name, value) in
        [("Builds", 1.0), ("SucceededBuilds", 1.0), ("Duration", (build.ended_at.unwrap() - build.started_at) as f64 / 1_000.0)]
    {
        let sum: f64 = series(&w, "AWS/CodeBuild", name, &d, "Sum", build.started_at - MIN).iter().map(|p| p.1).sum();
        assert!((sum - value).abs() < 0.5, "{name}: {sum}, not {value}");
    }
    assert!(series(&w, "AWS/CodeBuild", "FailedBuilds", &d, "Sum", build.started_at - MIN).is_empty());
}

#[test]
fn a_failed_build_deploys_nothing() {
    let mut w = quiet();
    let before: Vec<String> = SERVICES.iter().map(|s| w.ecs.services[*s].task_definition.clone()).collect();
    let images = w.ecr.images.len();
    w.fail_next_build("production-nextcore-worker");
    let id = start(&mut w);
    until(&mut w, 8 * MIN, "over", ended(&id));
    assert_eq!((execution(&w, &id).status, stage_of(&w, &id)), (RunStatus::Failed, Some(1)));
    let build = newest_build(&w, "production-nextcore-worker").clone();
    assert_eq!(build.status, BuildStatus::Failed);
    let failed = build.phases.iter().find(|p| p.status == Some(BuildStatus::Failed)).unwrap();
    assert_eq!(PHASES[failed.phase], "BUILD");
    let action = execution(&w, &id).stages[1].actions.iter().find(|a| a.service == Some(WORKER)).unwrap();
    let message = &action.error.as_ref().unwrap().1;
    assert!(message.starts_with("Build terminated with state: FAILED. Phase: BUILD, Code: COMMAND_EXECUTION_ERROR"), "{message}");
    run(&mut w, 5 * MIN);
    let after: Vec<String> = SERVICES.iter().map(|s| w.ecs.services[*s].task_definition.clone()).collect();
    assert_eq!(before, after);
    assert_eq!(w.ecr.images.len(), images + 2, "the other two images were pushed");
    // Retried, only the failed build runs again, and then everything is deployed.
    w.retry_stage(STACK, "Build", &id, false).unwrap();
    assert_eq!(w.codebuild.builds.iter().filter(|b| b.status == BuildStatus::InProgress).count(), 1);
    until(&mut w, 20 * MIN, "over", ended(&id));
    assert_eq!(execution(&w, &id).status, RunStatus::Succeeded);
    let digest = newest_build(&w, "production-nextcore-worker").image.clone().unwrap().1;
    assert_eq!(running(&w, WORKER), BTreeSet::from([digest]));
}

#[test]
fn the_breaker_fails_the_deploy_stage() {
    let mut w = quiet();
    w.inject(Scenario::BadDeploy { service: WEB.into() });
    assert!(w.is_rolling(WEB), "at once");
    let run_of_it = latest(&w).clone();
    assert_eq!(run_of_it.stages.len(), 3);
    assert!(run_of_it.started_at < w.now - 2 * MIN, "its builds are over");
    let digest = newest_build(&w, "production-nextcore-web").image.clone().unwrap().1;
    let revision = w.ecs.services[WEB].current_service_revision.clone().unwrap();
    assert_eq!(w.ecs.service_revisions.iter().find(|r| r.arn == revision).unwrap().image_digest, digest);
    assert!(!w.is_rolling(CONTROL) && !w.is_rolling(WORKER), "nothing else has changed");
    until(&mut w, 12 * MIN, "over", ended(&run_of_it.id));
    let over = execution(&w, &run_of_it.id);
    assert_eq!(over.status, RunStatus::Failed);
    let deploy = |service| over.stages[2].actions.iter().find(|a| a.service == Some(service)).unwrap();
    assert_eq!((deploy(WEB).status, deploy(CONTROL).status), (RunStatus::Failed, RunStatus::Succeeded));
    assert!(deploy(WEB).error.as_ref().unwrap().1.contains("Circuit Breaker"));
    assert!(!running(&w, WEB).contains(&digest));
}

#[test]
fn the_rollout_that_a_newcomer_sees_was_built_before() {
    let mut w = world();
    let live = latest(&w).clone();
    assert_eq!((live.commit.touches.as_slice(), live.status), (&[WEB][..], RunStatus::InProgress));
    assert!(live.started_at < MONDAY);
    let began = until(&mut w, 5 * MIN, "rollout", |w| w.is_rolling(WEB));
    assert_eq!(began, 150 * SEC);
    assert_eq!(stage_of(&w, &live.id), Some(2));
    let others = [CONTROL, WORKER].map(|s| w.ecs.services[s].task_definition.clone());
    until(&mut w, 10 * MIN, "over", ended(&live.id));
    assert_eq!(execution(&w, &live.id).status, RunStatus::Succeeded);
    assert_eq!(running(&w, WEB), BTreeSet::from([newest_build(&w, "production-nextcore-web").image.clone().unwrap().1]));
    assert_eq!(others, [CONTROL, WORKER].map(|s| w.ecs.services[s].task_definition.clone()), "untouched services do not roll");
}

#[test]
fn the_past_is_whole() {
    let w = quiet();
    for task in w.ecs.tasks.values().filter(|t| t.is_running()) {
        assert!(w.ecr.images.iter().any(|i| i.digest == task.container.image_digest), "{} runs nothing of ECR", task.service);
    }
    for definition in w.ecs.task_definitions.values() {
        assert!(w.ecr.by_reference(&definition.image).is_some(), "{}", definition.image);
    }
    for project in &w.codebuild.projects {
        let builds: Vec<&Build> = w.codebuild.builds.iter().filter(|b| b.project == project.name).collect();
        assert!(builds.len() >= 10 && builds.windows(2).all(|p| p[0].number < p[1].number && p[0].started_at < p[1].started_at));
        assert!(builds.iter().filter(|b| b.started_at > w.now - 7 * DAY).count() >= 5);
        assert_eq!(builds.last().unwrap().status, BuildStatus::Succeeded, "a healthy world ends green");
    }
    let states: Vec<RunStatus> = w.codepipeline.executions.iter().map(|e| e.status).collect();
    assert!(states.contains(&RunStatus::Failed) && states.last() == Some(&RunStatus::Succeeded));
    let breaker = w.codepipeline.executions.iter().flat_map(|e| &e.stages).flat_map(|s| &s.actions);
    assert!(breaker.filter_map(|a| a.error.as_ref()).any(|(_, text)| text.contains("Circuit Breaker")), "the rolled back one of ECS");
    assert!(w.ecr.images.iter().all(|i| i.scan.as_ref().is_some_and(|s| s.count("CRITICAL") == 0 && s.count("LOW") > 0)));
}

#[test]
fn every_build_that_succeeded_pushed_its_commit() {
    let check = |w: &World| {
        let done = w.codebuild.builds.iter().filter(|b| b.status == BuildStatus::Succeeded);
        let mut counted = BTreeSet::new();
        for build in done {
            let repository = w.codebuild.project(&build.project).unwrap().repository;
            let image = w.ecr.images.iter().find(|i| i.repository == repository && i.tags.contains(&build.commit.id));
            let image = image.unwrap_or_else(|| panic!("{} of {} pushed nothing", build.id, build.commit.message));
            let (reference, digest) = build.image.clone().unwrap();
            assert_eq!((reference, digest), (format!("{}:{}", uri(repository), build.commit.id), image.digest.clone()));
            assert!(image.pushed_at <= build.ended_at.unwrap());
            counted.insert(repository);
        }
        assert_eq!(counted.len(), 3, "control, web and worker");
        for repository in &w.ecr.repositories {
            let tags: Vec<_> = w.ecr.images.iter().filter(|i| i.repository == repository.name).flat_map(|i| &i.tags).collect();
            assert_eq!(tags.len(), tags.iter().collect::<BTreeSet<_>>().len(), "a tag names one image");
        }
    };
    check(&world());
    let mut w = quiet();
    check(&w);
    assert!(w.codebuild.builds.iter().any(|b| b.started_at > w.now - DAY && b.status == BuildStatus::Succeeded));
    // A push that touches the portal alone: the other two get the commit as a tag of the image that they have.
    let before = w.ecr.images.len();
    let commit = w.push_commit(vec![WEB], w.now);
    let id = w.start_execution(Start::push(commit.clone()));
    until(&mut w, 40 * MIN, "released", ended(&id));
    check(&w);
    let ours = w.ecr.images.iter().filter(|i| i.tags.contains(&commit.id));
    assert_eq!(ours.filter(|i| i.tags.len() == 1).map(|i| i.repository.as_str()).collect::<Vec<_>>(), ["nextcore/web"]);
    assert_eq!(w.ecr.images.len(), before + 1);
    // An image that somebody deleted cannot be tagged: the build makes it anew, and nothing else fails for it.
    let digest = running(&w, CONTROL).into_iter().next().unwrap();
    w.delete_image("nextcore/control", Some(&digest), None).unwrap();
    let commit = w.push_commit(vec![], w.now);
    let id = w.start_execution(Start::push(commit.clone()));
    until(&mut w, 40 * MIN, "over", |w| stage_of(w, &id) == Some(2) || !execution(w, &id).status.is_open());
    let image = w.ecr.images.iter().rfind(|i| i.repository == "nextcore/control").unwrap();
    assert_eq!(image.tags, [commit.id]);
    assert_ne!(image.digest, digest);
}

#[test]
fn executions_wait_in_line_and_at_a_closed_transition() {
    let mut w = quiet();
    w.set_transition(STACK, "Deploy", Some("freeze"), "test").unwrap();
    let first = start(&mut w);
    run(&mut w, 5 * SEC);
    let second = start(&mut w);
    until(&mut w, 8 * MIN, "first stands before Deploy", |w| execution(w, &first).next_stage() == Some(2));
    run(&mut w, 8 * MIN);
    assert_eq!([&first, &second].map(|id| execution(&w, id).next_stage()), [Some(2), Some(2)]);
    assert!(!SERVICES.iter().any(|s| w.is_rolling(s)));
    w.set_transition(STACK, "Deploy", None, "test").unwrap();
    run(&mut w, 3 * SEC);
    assert_eq!([&first, &second].map(|id| stage_of(&w, id)), [Some(2), Some(1)], "one at a time");
    until(&mut w, 30 * MIN, "both over", |w| ended(&first)(w) && ended(&second)(w));
    assert!(entered(&w, &second, 2) > entered(&w, &first, 2) + MIN);
}

#[test]
fn an_execution_is_stopped_with_and_without_its_actions() {
    let mut w = quiet();
    let id = start(&mut w);
    run(&mut w, 60 * SEC);
    assert_eq!(w.stop_pipeline(STACK, "nope", false, None).unwrap_err().code, "PipelineExecutionNotStoppableException");
    w.stop_pipeline(STACK, &id, false, Some("enough")).unwrap();
    assert_eq!(execution(&w, &id).status, RunStatus::Stopping);
    assert_eq!(w.stop_pipeline(STACK, &id, false, None).unwrap_err().code, "DuplicatedStopRequestException");
    until(&mut w, 6 * MIN, "builds end", ended(&id));
    assert_eq!((execution(&w, &id).status, stage_of(&w, &id)), (RunStatus::Stopped, Some(1)));
    let id = start(&mut w);
    run(&mut w, 60 * SEC);
    w.stop_pipeline(STACK, &id, true, None).unwrap();
    run(&mut w, 2 * SEC);
    assert_eq!(execution(&w, &id).status, RunStatus::Stopped);
    assert!(execution(&w, &id).stages[1].actions.iter().all(|a| a.status == RunStatus::Abandoned));
    assert_eq!(w.codebuild.builds.iter().filter(|b| b.status == BuildStatus::InProgress).count(), 3, "the builds go on");
    assert_eq!(w.stop_pipeline(STACK, &id, true, None).unwrap_err().code, "PipelineExecutionNotStoppableException");
}

#[test]
fn a_stage_is_rolled_back_to_what_an_older_execution_built() {
    let mut w = quiet();
    let older = latest(&w).id.clone();
    let before = running(&w, WEB);
    let newer =
        w.start_build(StartBuild { project: format!("{STACK}-web"), source_version: Some("0123456789".into()), ..Default::default() });
    let unknown = newer.unwrap().id.clone();
    until(&mut w, 3 * MIN, "unknown commit", |w| w.codebuild.build(&unknown).unwrap().ended_at.is_some());
    assert_eq!(w.codebuild.build(&unknown).unwrap().status, BuildStatus::Failed);
    // A new push to the web portal, so that there is something to go back from.
    let commit = w.push_commit(vec![WEB], w.now);
    let pushed = w.start_execution(Start::push(commit));
    until(&mut w, 20 * MIN, "released", ended(&pushed));
    assert_ne!(running(&w, WEB), before);
    assert_eq!(w.rollback_stage(STACK, "Source", &older, "t").unwrap_err().code, "UnableToRollbackStageException");
    assert_eq!(w.rollback_stage(STACK, "Deploy", "x", "t").unwrap_err().code, "PipelineExecutionNotFoundException");
    let back = w.rollback_stage(STACK, "Deploy", &older, "t").unwrap();
    assert_eq!(execution(&w, &back).trigger.0, "ManualRollback");
    until(&mut w, 15 * MIN, "rolled back", ended(&back));
    assert_eq!((execution(&w, &back).status, running(&w, WEB)), (RunStatus::Succeeded, before));
}

#[test]
fn retries_are_refused_where_there_is_nothing_to_retry() {
    let mut w = quiet();
    let id = latest(&w).id.clone();
    let first = w.codepipeline.executions.front().unwrap().id.clone();
    for (stage, id, code) in [
        ("Test", id.as_str(), "StageNotFoundException"),
        ("Build", id.as_str(), "StageNotRetryableException"),
        ("Build", "nope", "StageNotRetryableException"),
        ("Build", first.as_str(), "NotLatestPipelineExecutionException"),
    ] {
        assert_eq!(w.retry_stage(STACK, stage, id, false).unwrap_err().code, code);
    }
    assert_eq!(w.start_pipeline("x", None, None, "t").unwrap_err().code, "PipelineNotFoundException");
    assert_eq!(w.start_build(StartBuild { project: "x".into(), ..Default::default() }).unwrap_err().code, "ResourceNotFoundException");
    let again = StartBuild { project: format!("{STACK}-web"), token: Some("t".into()), ..Default::default() };
    let id = w.start_build(again.clone()).unwrap().id.clone();
    assert_eq!(w.start_build(again).unwrap().id, id, "a token starts one build");
    assert_eq!(w.retry_build(&id, None, String::new()).unwrap_err().code, "InvalidInputException");
    assert_eq!(w.stop_build(&id).unwrap().status, BuildStatus::Stopped);
    run(&mut w, 10 * SEC);
    assert_eq!(w.codebuild.build(&id).unwrap().phases.last().unwrap().phase, PHASES.len() - 1);
    assert_ne!(w.retry_build(&id, None, String::new()).unwrap().id, id);
    for _ in 0..19 {
        w.start_build(StartBuild { project: format!("{STACK}-web"), ..Default::default() }).unwrap();
    }
    let error = w.start_build(StartBuild { project: format!("{STACK}-web"), ..Default::default() }).unwrap_err();
    assert_eq!(error.code, "AccountLimitExceededException");
}
