//! Repositories, builds, the pipeline.

use chrono::TimeDelta;

use crate::insight::fixture::{World, ago, build, digest, failed_build, look, run};
use crate::model::delivery::{Builds, Image, Pipeline, PipelineExecution, Repositories};
use crate::model::service::Tasks;

fn image(world: &mut World, change: impl FnOnce(&mut Image)) {
    world.edit::<Repositories>(|r| change(&mut r.repositories[1].images[0]));
}

#[test]
fn repositories() {
    let digest = digest("web");
    let short = crate::insight::topology::images::short_digest(&digest);
    for (name, change, level, text) in [
        ("HIGH", (|i| i.findings = [("HIGH".into(), 2)].into()) as fn(&mut Image), "degraded", "0 CRITICAL, 2 HIGH findings"),
        ("MEDIUM only", |i| i.findings = [("MEDIUM".into(), 9)].into(), "healthy", ""),
        ("failed", |i| i.scan_status = "FAILED".into(), "degraded", "FAILED"),
        ("never", |i| i.scan_status = "".into(), "degraded", "never scanned"),
        ("scanning", |i| i.scan_status = "IN_PROGRESS".into(), "healthy", "is being scanned"),
        ("gone", |i| i.digest = "sha256:0".into(), "down", "is not in the repository"),
    ] {
        let mut world = World::healthy();
        image(&mut world, change);
        let (seen, reason) = look(&world.judge(), "ecr");
        assert_eq!(seen, level, "{name}: {reason}");
        assert!(
            reason.ends_with(text) && (text.is_empty() || reason.starts_with("nextcore/web: ") && reason.contains(short)),
            "{name}: {reason}"
        );
    }
    run(&[(
        "repository",
        |w| {
            w.edit::<Repositories>(|r| {
                r.repositories[1].exists = false;
                r.repositories[1].images.clear();
            });
        },
        "ecr",
        "down",
        "nextcore/web: missing",
    )]);
}

#[test]
fn an_image_that_is_newer_than_the_answer_is_not_missing() {
    let mut world = World::healthy();
    // Repositories are read every 15 minutes; a deployment since runs an image that they cannot show.
    let at = world.now;
    world.now += TimeDelta::minutes(5);
    world.edit::<Tasks>(|t| {
        for task in t.tasks.iter_mut().filter(|t| t.service == "web") {
            task.created_at = Some(at + TimeDelta::minutes(3));
            task.containers[0].image_digest = Some("sha256:new".into());
        }
    });
    assert_eq!(look(&world.judge(), "ecr"), ("healthy", String::new()));
    world.now += TimeDelta::minutes(10);
    world.again::<Tasks>();
    world.again::<Repositories>();
    assert_eq!(look(&world.judge(), "ecr").0, "down", "now the answer is newer than the task");
}

#[test]
fn builds() {
    let failed = |w: &mut World| {
        w.edit::<Builds>(|b| {
            b.builds.insert(0, failed_build("production-nextcore-web", 20));
        });
    };
    let mut world = World::healthy();
    failed(&mut world);
    let text = "production-nextcore-web: last build FAILED in BUILD: COMMAND_EXECUTION_ERROR: npm test";
    assert_eq!(look(&world.judge(), "build"), ("degraded", text.into()));
    world.edit::<Builds>(|b| b.builds.insert(0, build("production-nextcore-web", 6, "STOPPED")));
    assert_eq!(look(&world.judge(), "build").0, "degraded", "a stopped build does not clear a failed one");
    world.edit::<Builds>(|b| b.builds.insert(0, build("production-nextcore-web", 5, "SUCCEEDED")));
    assert_eq!(look(&world.judge(), "build"), ("healthy", String::new()));
    run(&[
        (
            "in progress",
            |w| {
                w.edit::<Builds>(|b| {
                    let mut build = build("production-nextcore-web", 3, "IN_PROGRESS");
                    build.phase = "INSTALL".into();
                    b.builds.insert(0, build);
                });
            },
            "build",
            "changing",
            "production-nextcore-web: build INSTALL for 3m00s",
        ),
        (
            "missing project",
            |w| w.edit::<Builds>(|b| b.missing.push("production-nextcore-web".into())),
            "build",
            "degraded",
            "production-nextcore-web: missing",
        ),
    ]);
}

#[test]
fn pipeline() {
    let execution =
        |status: &str| PipelineExecution { id: "e2".into(), status: status.into(), started_at: Some(ago(8)), ..Default::default() };
    let mut world = World::healthy();
    world.edit::<Pipeline>(|p| {
        p.executions.insert(0, execution("Failed"));
        p.stages[1].status = "Failed".into();
        p.stages[1].execution = "e2".into();
        p.stages[1].actions[0].status = "Failed".into();
        p.stages[1].actions[0].summary = "Build terminated with state: FAILED".into();
    });
    let text = "last execution failed in Build: Build terminated with state: FAILED";
    assert_eq!(look(&world.judge(), "pipeline"), ("degraded", text.into()));
    let mut world = World::healthy();
    world.edit::<Pipeline>(|p| {
        p.executions.insert(0, execution("InProgress"));
        p.stages[2].status = "InProgress".into();
    });
    assert_eq!(look(&world.judge(), "pipeline"), ("changing", "execution in progress in Deploy for 8m00s".into()));
    run(&[
        ("none", |w| w.edit::<Pipeline>(|p| p.exists = false), "pipeline", "n/a", "no pipeline production-nextcore"),
        (
            "transition",
            |w| {
                w.edit::<Pipeline>(|p| {
                    p.stages[2].transition_enabled = false;
                    p.stages[2].disabled_reason = "freeze".into();
                });
            },
            "pipeline",
            "degraded",
            "Deploy: transition disabled: freeze",
        ),
        (
            "waits for a person",
            |w| {
                w.edit::<Pipeline>(|p| {
                    p.stages[2].actions[0].awaits_approval = true;
                    p.stages[2].actions[0].changed_at = Some(ago(30));
                });
            },
            "pipeline",
            "changing",
            "Deploy: DeployControl waits for approval for 30m00s",
        ),
        (
            "waits for a person since yesterday",
            |w| {
                w.edit::<Pipeline>(|p| {
                    p.stages[2].actions[0].awaits_approval = true;
                    p.stages[2].actions[0].changed_at = Some(ago(25 * 60));
                });
            },
            "pipeline",
            "degraded",
            "Deploy: DeployControl waits for approval for 1d01h",
        ),
    ]);
}
