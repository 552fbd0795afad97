//! The delivery of each service: which steps it has, and how far they are.

use super::flows::draw;
use crate::insight::fixture::{World, ago, build, digest, failed_build, now};
use crate::insight::panes::flows::{Delivery, Step, StepKind, StepState};
use crate::insight::topology::images::short_digest;
use crate::model::delivery::{Build, Builds, Image, Pipeline, PipelineExecution, Repositories};
use crate::model::health::Level;
use crate::model::service::{Deployment, ServiceDeployment, ServiceDeployments, TaskDefinitions};

/// The service that was rolled out last, by the newest execution.
const SERVICE: &str = "control-plane";
/// What builds it.
const PROJECT: &str = "production-nextcore-control";
/// What it runs.
const REVISION: &str = "production-nextcore-control-plane:42";
/// What that was built of.
const COMMIT: &str = "76891a7652d25e96f7855ccae6cab7498d0ff63d";
/// What the commit is called.
const SOURCE: &str = "health: check the broker as well (#1295)";

fn delivery(world: &World) -> Delivery {
    draw(world).deliveries.into_iter().find(|d| d.service == SERVICE).unwrap()
}

fn step(delivery: &Delivery, kind: StepKind) -> &Step {
    delivery.steps.iter().find(|s| s.kind == kind).unwrap()
}

fn states(delivery: &Delivery) -> Vec<StepState> {
    delivery.steps.iter().map(|s| s.state).collect()
}

#[test]
fn a_delivery_that_is_done() {
    use StepState::{Done, Unused};
    let web = delivery(&World::healthy());
    assert_eq!(states(&web), [Done, Done, Done, Done, Done, Done, Done, Done, Done, Unused], "{web:#?}");
    assert_eq!((web.active, web.at, web.level), (false, None, Level::Healthy));
    assert_eq!((web.revision.as_str(), web.commit.as_str()), (REVISION, COMMIT));
    assert_eq!(web.digest, short_digest(&digest(SERVICE)));
    assert_eq!(step(&web, StepKind::Source).detail, SOURCE);
    assert_eq!(step(&web, StepKind::Build).seconds, Some(245));
    assert_eq!(
        (step(&web, StepKind::Update).seconds, step(&web, StepKind::Update).detail.as_str()),
        (Some(75), "production-nextcore-control-plane:42 2/2 running")
    );
    assert_eq!(step(&web, StepKind::Health).detail, "2 of 2 healthy");
    assert_eq!(step(&web, StepKind::Breaker).detail, "0 of 3 failures");
}

#[test]
fn a_build_in_progress_leaves_the_rest_waiting() {
    let mut world = World::healthy();
    world.edit::<Builds>(|b| {
        let mut build = build(PROJECT, 3, "IN_PROGRESS");
        (build.phase, build.ended_at) = ("BUILD".into(), None);
        build.phases.truncate(1);
        b.builds.insert(0, build);
    });
    let all = draw(&world).deliveries;
    assert_eq!(all[0].service, SERVICE, "what is in progress comes first");
    let web = &all[0];
    assert!(web.active && !all[1].active);
    assert_eq!(web.at.map(|i| web.steps[i].kind), Some(StepKind::Build));
    let running = step(web, StepKind::Build);
    assert_eq!(
        (running.state, running.since, running.seconds, running.detail.as_str()),
        (StepState::Running, Some(ago(3)), Some(180), "BUILD")
    );
    for kind in [StepKind::Scan, StepKind::Push, StepKind::Update, StepKind::Health] {
        assert_eq!(step(web, kind).state, StepState::Waiting, "{kind:?}");
    }
    let of_the_run = (web.revision.as_str(), web.commit.as_str(), web.digest.as_str());
    assert_eq!(of_the_run, ("", "4f2a9c1d0b7e", ""), "what runs until then is of another run");
    assert_eq!(step(web, StepKind::Update).detail, "");
    assert_eq!(step(web, StepKind::Pipeline).detail, "not by the pipeline");
}

#[test]
fn a_failed_build_delivers_nothing() {
    let mut world = World::healthy();
    world.edit::<Builds>(|b| {
        b.builds.insert(0, failed_build(PROJECT, 9));
    });
    let web = delivery(&world);
    assert_eq!(web.at.map(|i| web.steps[i].kind), Some(StepKind::Build));
    assert_eq!(step(&web, StepKind::Build).detail, "BUILD: COMMAND_EXECUTION_ERROR: npm test");
    assert_eq!(step(&web, StepKind::Test).state, StepState::Failed);
    assert_eq!(
        (step(&web, StepKind::Update).state, step(&web, StepKind::Update).detail.as_str()),
        (StepState::Unused, "production-nextcore-control-plane:42 stays")
    );
    assert_eq!(web.level, Level::Degraded, "CI is never worse");
}

#[test]
fn a_finished_build_waits_for_its_image_to_be_rolled_out() {
    let mut world = World::healthy();
    world.edit::<Builds>(|b| b.builds.insert(0, build(PROJECT, 9, "SUCCEEDED")));
    world.edit::<Repositories>(|r| {
        let findings = [("CRITICAL".into(), 1)].into();
        let image = Image {
            digest: "sha256:feedbeef0123456789".into(),
            tags: vec!["8".into()],
            pushed_at: Some(ago(5)),
            scan_status: "COMPLETE".into(),
            findings,
            ..Default::default()
        };
        r.repositories[0].images.insert(0, image);
    });
    let web = delivery(&world);
    assert_eq!(web.digest, "feedbeef0123");
    assert_eq!((step(&web, StepKind::Push).state, step(&web, StepKind::Push).since), (StepState::Done, Some(ago(5))));
    let scan = step(&web, StepKind::Scan);
    assert_eq!((scan.state, scan.level, scan.detail.as_str()), (StepState::Done, Level::Degraded, "1 CRITICAL, 0 HIGH"));
    assert_eq!(step(&web, StepKind::Update).state, StepState::Waiting);
}

#[test]
fn a_deployment_that_is_rolled_back() {
    let mut world = World::healthy();
    world.service(SERVICE, |s| {
        s.circuit_breaker = Some((true, true));
        s.deployments[0].rollout_state = "IN_PROGRESS".into();
        s.deployments[0].created_at = Some(ago(6));
        s.deployments[0].running = 1;
    });
    let record = |status: &str, breaker: &str| ServiceDeployments {
        deployments: vec![ServiceDeployment {
            service: SERVICE.into(),
            status: status.into(),
            created_at: Some(ago(6)),
            started_at: Some(ago(6)),
            breaker: Some((breaker.into(), 2, 3)),
            rollback_reason: Some("Service deployment rolled back because the circuit breaker threshold was exceeded.".into()),
            ..Default::default()
        }],
    };
    world.put(record("IN_PROGRESS", "MONITORING"));
    let web = delivery(&world);
    assert!(web.active);
    let update = step(&web, StepKind::Update);
    assert_eq!((update.state, update.since, update.seconds), (StepState::Running, Some(ago(6)), Some((now() - ago(6)).num_seconds())));
    assert_eq!(
        (step(&web, StepKind::Breaker).state, step(&web, StepKind::Breaker).detail.as_str()),
        (StepState::Running, "2 of 3 failures")
    );
    world.put(record("ROLLBACK_IN_PROGRESS", "TRIGGERED"));
    let web = delivery(&world);
    assert_eq!(step(&web, StepKind::Breaker).state, StepState::Failed);
    assert_eq!((step(&web, StepKind::Rollback).state, step(&web, StepKind::Rollback).level), (StepState::Running, Level::Degraded));
    assert!(step(&web, StepKind::Rollback).detail.contains("circuit breaker threshold"));
}

#[test]
fn a_run_that_was_rolled_back_is_told_by_its_own_revision() {
    let mut world = World::healthy();
    world.edit::<Builds>(|b| {
        b.builds.insert(0, Build { version: "beefcafe0000".into(), ..build(PROJECT, 12, "SUCCEEDED") });
    });
    world.edit::<Repositories>(|r| {
        let tags = vec!["beefcafe0000".into()];
        r.repositories[0]
            .images
            .insert(0, Image { digest: "sha256:beef0123456789".into(), tags, pushed_at: Some(ago(8)), ..Default::default() });
    });
    // As ECS shows it: the one before is the primary one again, with its old dates.
    world.service(SERVICE, |s| {
        let failed = Deployment {
            id: "ecs-svc/2".into(),
            status: "ACTIVE".into(),
            rollout_state: "FAILED".into(),
            task_definition: "arn:aws:ecs:r:1:task-definition/control:43".into(),
            created_at: Some(ago(6)),
            ..Default::default()
        };
        s.deployments.push(failed);
    });
    world.put(ServiceDeployments {
        deployments: vec![ServiceDeployment {
            service: SERVICE.into(),
            status: "ROLLBACK_SUCCESSFUL".into(),
            created_at: Some(ago(6)),
            started_at: Some(ago(6)),
            finished_at: Some(ago(2)),
            breaker: Some(("TRIGGERED".into(), 3, 3)),
            rollback_reason: Some("circuit breaker".into()),
            ..Default::default()
        }],
    });
    let web = delivery(&world);
    assert_eq!((web.revision.as_str(), web.commit.as_str(), web.digest.as_str()), ("control:43", "beefcafe0000", "beef01234567"));
    let told = |kind| (step(&web, kind).state, step(&web, kind).detail.as_str());
    assert_eq!(told(StepKind::Push), (StepState::Done, "beefcafe0000"));
    assert_eq!(told(StepKind::Update), (StepState::Failed, "control:43 rolled back, production-nextcore-control-plane:42 again"));
    assert_eq!(told(StepKind::Health), (StepState::Failed, "3 tasks failed"));
    assert_eq!(told(StepKind::Breaker), (StepState::Failed, "3 of 3 failures"));
    assert_eq!(told(StepKind::Rollback), (StepState::Done, "circuit breaker"));
    // The failed one is gone, and what it was called with it: the one in place does not take its name.
    world.service(SERVICE, |s| s.deployments.truncate(1));
    let web = delivery(&world);
    assert_eq!((web.revision.as_str(), web.commit.as_str()), ("", "beefcafe0000"));
    assert_eq!(step(&web, StepKind::Update).detail, "the new revision rolled back, production-nextcore-control-plane:42 again");
}

#[test]
fn an_image_that_is_not_there_was_not_pushed() {
    let mut world = World::healthy();
    world.edit::<Builds>(|b| b.builds.insert(0, build(PROJECT, 9, "SUCCEEDED")));
    let told = |world: &World| {
        let web = delivery(world);
        let push = step(&web, StepKind::Push);
        assert_eq!((push.state, web.digest.as_str()), (StepState::Unknown, ""));
        push.detail.clone()
    };
    assert_eq!(told(&world), "no matching image in nextcore/control");
    let read = world.store.get::<Repositories>().unwrap().clone();
    world.store.put(read, ago(6), std::time::Duration::from_mins(15));
    assert_eq!(told(&world), "nextcore/control not polled since", "nothing is known of it yet");
    // What runs, and is not in its repository: another image does not stand in for it.
    let mut world = World::healthy();
    world.edit::<TaskDefinitions>(|d| d.definitions.clear());
    world.edit::<Repositories>(|r| r.repositories[0].images[0].digest = "sha256:another".into());
    let web = delivery(&world);
    let push = step(&web, StepKind::Push);
    assert_eq!((push.state, push.level), (StepState::Unknown, Level::Degraded));
    assert_eq!(push.detail, format!("{} is not in nextcore/control", short_digest(&digest(SERVICE))));
    assert_eq!(step(&web, StepKind::Scan).state, StepState::Unknown);
}

#[test]
fn an_execution_that_has_only_begun_has_built_nothing() {
    let begun = |status: &str| {
        let mut world = World::healthy();
        world.edit::<Pipeline>(|p| {
            let first = p.executions[0].clone();
            let next = PipelineExecution {
                id: "e2".into(),
                status: status.into(),
                started_at: Some(ago(2)),
                updated_at: Some(ago(1)),
                revision: "Next change".into(),
                ..first
            };
            p.executions.insert(0, next);
            p.stages[0].execution = "e2".into();
            p.stages[0].actions[0].revision = "abcdef123456".into();
        });
        delivery(&world)
    };
    let web = begun("InProgress");
    assert!(web.active);
    assert_eq!((web.revision.as_str(), web.commit.as_str(), web.digest.as_str()), ("", "abcdef123456", ""));
    assert_eq!(step(&web, StepKind::Source).detail, "Next change");
    for kind in [StepKind::Build, StepKind::Test, StepKind::Scan, StepKind::Push, StepKind::Update, StepKind::Health] {
        assert_eq!(step(&web, kind).state, StepState::Waiting, "{kind:?}");
    }
    let web = begun("Failed");
    assert_eq!((step(&web, StepKind::Build).state, step(&web, StepKind::Build).detail.as_str()), (StepState::Unused, "not reached"));
    // One that has ended without a build of this service leaves what was rolled out before.
    let web = begun("Succeeded");
    assert_eq!((web.revision.as_str(), web.commit.as_str()), (REVISION, COMMIT));
    assert_eq!(step(&web, StepKind::Source).detail, SOURCE);
}

#[test]
fn a_rollout_is_told_with_the_build_that_made_its_image() {
    let mut world = World::healthy();
    world.edit::<Builds>(|b| {
        let failed = Build { version: "badbadbadbad".into(), ..build(PROJECT, 20, "FAILED") };
        b.builds.insert(0, failed);
    });
    assert_eq!(delivery(&world).commit, "badbadbadbad");
    // Deployed again by hand: what runs is what ran.
    world.service(SERVICE, |s| s.deployments[0].created_at = Some(ago(3)));
    let web = delivery(&world);
    assert_eq!((web.revision.as_str(), web.commit.as_str()), (REVISION, COMMIT));
    assert_eq!(step(&web, StepKind::Build).state, StepState::Done);
}

#[test]
fn a_delivery_has_the_steps_that_its_stack_has() {
    use StepKind::{Breaker, Build, Health, Pipeline, Push, Rollback, Scan, Source, Test, Update};
    const ALWAYS: [StepKind; 4] = [Update, Health, Breaker, Rollback];
    type Without = fn(&mut crate::model::stack::Stack);
    let table: &[(&str, Without, &[StepKind])] = &[
        ("the written one", |_| {}, &[Source, Pipeline, Build, Test, Scan, Push]),
        ("no pipeline", |s| s.pipeline.clear(), &[Source, Build, Test, Scan, Push]),
        ("no builds", |s| s.projects.clear(), &[Source, Pipeline, Scan, Push]),
        ("images of another registry", |s| s.repositories.clear(), &[Source, Pipeline, Build, Test, Scan, Push]),
        (
            "a pipeline alone",
            |s| {
                s.projects.clear();
                s.repositories.clear();
            },
            &[Source, Pipeline],
        ),
        (
            "rolled out by hand",
            |s| {
                s.pipeline.clear();
                s.projects.clear();
            },
            &[Scan, Push],
        ),
        (
            "rolled out by hand, images of another registry",
            |s| {
                s.pipeline.clear();
                s.projects.clear();
                s.repositories.clear();
            },
            &[],
        ),
    ];
    for (name, without, before) in table {
        let mut world = World::healthy();
        without(&mut world.stack);
        let steps: Vec<StepKind> = delivery(&world).steps.iter().map(|s| s.kind).collect();
        assert_eq!(steps, [before, &ALWAYS[..]].concat(), "{name}");
    }
}

#[test]
fn without_a_pipeline_the_delivery_begins_with_the_build() {
    let mut world = World::healthy();
    world.edit::<Pipeline>(|p| p.exists = false);
    let web = delivery(&world);
    assert_eq!(
        (step(&web, StepKind::Pipeline).state, step(&web, StepKind::Pipeline).detail.as_str()),
        (StepState::Unused, "none (optional)")
    );
    assert_eq!((step(&web, StepKind::Source).state, step(&web, StepKind::Source).detail.as_str()), (StepState::Done, "76891a7652d…"));
}

/// A service that nothing here builds waits for no delivery.
#[test]
fn a_service_that_nothing_builds_is_no_delivery() {
    let mut world = World::healthy();
    let name = world.stack.services[2].name.clone();
    assert!(draw(&world).deliveries.iter().any(|d| d.service == name));
    world.stack.repositories.retain(|r| r.role != world.stack.services[2].role);
    world.stack.projects.truncate(2);
    assert!(draw(&world).deliveries.iter().all(|d| d.service != name));
}
