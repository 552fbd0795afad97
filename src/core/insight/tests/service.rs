//! ECS services and their tasks.

use crate::insight::fixture::{World, ago, event, look, run, stopped};
use crate::model::scaling::Scaling;
use crate::model::service::{Container, ServiceDeployment, ServiceDeployments, Services, StoppedTasks, Task};
use crate::model::{Time, metric};

fn stops(world: &mut World, tasks: Vec<Task>) {
    world.put(StoppedTasks { tasks });
}

#[test]
fn counts_and_status() {
    run(&[
        ("one short", |w| w.service("web", |s| s.running = 1), "svc/web", "degraded", "running 1 of 2"),
        (
            "one short, one coming",
            |w| {
                w.service("web", |s| {
                    s.running = 1;
                    s.pending = 1;
                });
            },
            "svc/web",
            "degraded",
            "running 1 of 2 (1 pending)",
        ),
        ("none", |w| w.service("web", |s| s.running = 0), "svc/web", "down", "running 0 of 2"),
        ("not as ECS says today", |w| w.service("web", |s| s.status = "GONE_WILD".into()), "svc/web", "down", "status GONE_WILD"),
        ("pending beside the wanted", |w| w.service("web", |s| s.pending = 1), "svc/web", "changing", "1 task pending"),
        (
            "scaled to zero",
            |w| {
                w.service("celery-worker", |s| {
                    s.desired = 0;
                    s.running = 0;
                });
            },
            "svc/celery-worker",
            "n/a",
            "scaled to zero",
        ),
        (
            "missing, as ECS says it",
            |w| {
                w.edit::<Services>(|s| {
                    s.services.retain(|s| s.name != "web");
                    s.missing.push(("web".into(), "MISSING".into()));
                });
            },
            "svc/web",
            "down",
            "missing (MISSING)",
        ),
        ("missing, unsaid", |w| w.edit::<Services>(|s| s.services.clear()), "svc/web", "down", "missing (not in the response)"),
    ]);
}

fn primary(world: &mut World, change: impl FnOnce(&mut crate::model::service::Deployment)) {
    world.service("web", |s| change(&mut s.deployments[0]));
}

#[test]
fn deployments() {
    run(&[
        (
            "in progress",
            |w| {
                primary(w, |d| {
                    d.rollout_state = "IN_PROGRESS".into();
                    d.created_at = Some(ago(0) - chrono::TimeDelta::seconds(100));
                });
            },
            "svc/web",
            "changing",
            "deployment 2/2 in progress 1m40s",
        ),
        (
            "in progress for too long",
            |w| {
                primary(w, |d| {
                    d.rollout_state = "IN_PROGRESS".into();
                    d.created_at = Some(ago(12));
                });
            },
            "svc/web",
            "degraded",
            "deployment 2/2 in progress 12m00s",
        ),
        (
            "failed",
            |w| {
                primary(w, |d| {
                    d.rollout_state = "FAILED".into();
                    d.rollout_reason = "ECS deployment circuit breaker: tasks failed to start.".into();
                });
            },
            "svc/web",
            "degraded",
            "deployment failed: circuit breaker: tasks failed to start",
        ),
        (
            "failed tasks",
            |w| primary(w, |d| (d.failed, d.rollout_state, d.created_at) = (2, "IN_PROGRESS".into(), Some(ago(2)))),
            "svc/web",
            "degraded",
            "2 tasks of production-nextcore-web:57 failed to start",
        ),
        (
            "failed tasks of a deployment that has just arrived",
            |w| primary(w, |d| (d.failed, d.updated_at) = (2, Some(ago(9)))),
            "svc/web",
            "degraded",
            "2 tasks of production-nextcore-web:57 failed to start",
        ),
        (
            "failed tasks of one that arrived long ago",
            |w| primary(w, |d| (d.failed, d.updated_at) = (2, Some(ago(11)))),
            "svc/web",
            "healthy",
            "",
        ),
        ("a cloud without rollout states", |w| primary(w, |d| d.rollout_state = "".into()), "svc/web", "healthy", ""),
    ]);
}

#[test]
fn deployments_that_went_wrong() {
    run(&[
        (
            "rolled back",
            |w| {
                let old = ServiceDeployment {
                    service: "web".into(),
                    status: "SUCCESSFUL".into(),
                    created_at: Some(ago(90)),
                    ..Default::default()
                };
                let new = ServiceDeployment {
                    status: "ROLLBACK_SUCCESSFUL".into(),
                    created_at: Some(ago(30)),
                    rollback_reason: Some("Deployment circuit breaker.".into()),
                    ..old.clone()
                };
                w.put(ServiceDeployments { deployments: vec![old, new] });
            },
            "svc/web",
            "degraded",
            "last deployment rolled back: Deployment circuit breaker",
        ),
        (
            "rolled back, then deployed again",
            |w| {
                let new = ServiceDeployment {
                    service: "web".into(),
                    status: "SUCCESSFUL".into(),
                    created_at: Some(ago(9)),
                    ..Default::default()
                };
                let old = ServiceDeployment { status: "ROLLBACK_FAILED".into(), created_at: Some(ago(30)), ..new.clone() };
                w.put(ServiceDeployments { deployments: vec![new, old] });
            },
            "svc/web",
            "healthy",
            "",
        ),
        (
            "cannot start",
            |w| w.service("web", |s| s.events.insert(0, event("web", 4, "is unable to consistently start tasks successfully. For more"))),
            "svc/web",
            "degraded",
            "unable to consistently start tasks",
        ),
        (
            "could not start, is steady again",
            |w| {
                w.service("web", |s| {
                    s.events.insert(0, event("web", 4, "is unable to consistently start tasks successfully. For more"));
                    s.events.insert(0, event("web", 2, "has reached a steady state."));
                });
            },
            "svc/web",
            "healthy",
            "",
        ),
    ]);
}

const DIED: &str = "EssentialContainerExited";

#[test]
fn task_stops() {
    run(&[
        ("one stop", |w| stops(w, vec![stopped("web", 3, DIED, "Essential container in task exited")]), "svc/web", "healthy", ""),
        (
            "two stops",
            |w| stops(w, vec![stopped("web", 3, DIED, "Essential container in task exited"), stopped("web", 8, DIED, "x")]),
            "svc/web",
            "degraded",
            "2 task stops in 10 min (Essential container in task exited)",
        ),
        (
            "two stops, one long ago",
            |w| stops(w, vec![stopped("web", 3, DIED, "x"), stopped("web", 11, DIED, "x")]),
            "svc/web",
            "healthy",
            "",
        ),
        (
            "another service's",
            |w| stops(w, vec![stopped("web", 3, DIED, "x"), stopped("web", 4, DIED, "x")]),
            "svc/control-plane",
            "healthy",
            "",
        ),
        (
            "crash loop, out of memory",
            |w| {
                let mut last = stopped("web", 1, DIED, "Essential container in task exited");
                last.containers.push(Container {
                    exit_code: Some(137),
                    reason: Some("OutOfMemoryError: Container killed due to memory usage".into()),
                    ..Default::default()
                });
                stops(w, vec![last, stopped("web", 3, DIED, "x"), stopped("web", 8, DIED, "x")]);
            },
            "svc/web",
            "degraded",
            "crash loop: 3 task stops in 10 min (exit 137, OutOfMemoryError)",
        ),
    ]);
}

#[test]
fn task_stops_by_who_asked() {
    run(&[
        (
            "a user's stops and the scheduler's own are normal",
            |w| {
                let own = "Scaling activity initiated by (deployment ecs-svc/1)";
                stops(
                    w,
                    vec![
                        stopped("web", 1, "UserInitiated", "by hand"),
                        stopped("web", 2, "UserInitiated", "by hand"),
                        stopped("web", 3, "ServiceSchedulerInitiated", own),
                        stopped("web", 4, "ServiceSchedulerInitiated", own),
                    ],
                );
            },
            "svc/web",
            "healthy",
            "",
        ),
        (
            "the scheduler's stops of unhealthy tasks are not",
            |w| {
                let failed = "Task failed ELB health checks in (target-group arn:x)";
                stops(
                    w,
                    vec![stopped("web", 1, "ServiceSchedulerInitiated", failed), stopped("web", 2, "ServiceSchedulerInitiated", failed)],
                );
            },
            "svc/web",
            "degraded",
            "2 task stops in 10 min (Task failed ELB health checks)",
        ),
        (
            "failed to start",
            |w| {
                let why = "CannotPullContainerError: pull image manifest has been retried";
                stops(w, vec![stopped("web", 1, "TaskFailedToStart", why), stopped("web", 2, "TaskFailedToStart", why)]);
            },
            "svc/web",
            "degraded",
            "2 task stops in 10 min (CannotPullContainerError: pull image manifest has been retr…)",
        ),
    ]);
}

fn bounds(world: &mut World, change: impl FnOnce(&mut crate::model::scaling::ScalableTarget)) {
    world.edit::<Scaling>(|s| change(s.targets.iter_mut().find(|t| t.service == "web").unwrap()));
}

#[test]
fn scaling_cpu_memory() {
    run(&[
        ("below the bounds", |w| bounds(w, |t| t.min = 3), "svc/web", "degraded", "desired 2 outside bounds 3-6"),
        ("suspended", |w| bounds(w, |t| t.in_suspended = true), "svc/web", "degraded", "autoscaling suspended (in)"),
        (
            "all suspended",
            |w| {
                bounds(w, |t| {
                    t.in_suspended = true;
                    t.out_suspended = true;
                    t.scheduled_suspended = true;
                });
            },
            "svc/web",
            "degraded",
            "autoscaling suspended (in, out, scheduled)",
        ),
        ("busy", |w| w.series(metric::Svc::Cpu.of("web"), &[76.0; 5]), "svc/web", "degraded", "cpu 76 % for 5 min"),
        ("busy for four minutes", |w| w.series(metric::Svc::Cpu.of("web"), &[70.0, 93.0, 93.0, 93.0, 93.0]), "svc/web", "healthy", ""),
        (
            "very busy, with room to scale",
            |w| w.series(metric::Svc::Cpu.of("web"), &[93.0; 5]),
            "svc/web",
            "degraded",
            "cpu 93 % for 5 min",
        ),
        (
            "at maximum and busy",
            |w| {
                bounds(w, |t| t.max = 2);
                w.series(metric::Svc::Cpu.of("web"), &[78.0; 5]);
            },
            "svc/web",
            "degraded",
            "cpu 78 % for 5 min at max capacity",
        ),
        (
            "at maximum and very busy",
            |w| {
                bounds(w, |t| t.max = 2);
                w.series(metric::Svc::Cpu.of("web"), &[93.0; 5]);
            },
            "svc/web",
            "down",
            "cpu 93 % for 5 min at max capacity",
        ),
        ("memory", |w| w.series(metric::Svc::Mem.of("web"), &[84.0; 5]), "svc/web", "degraded", "memory 84 % for 5 min"),
        (
            "memory of one task",
            |w| w.series(metric::Svc::MemMax.of("web"), &[90.0, 97.0, 96.0]),
            "svc/web",
            "down",
            "memory of one task 96 % in 2 of 3 min",
        ),
        ("another's memory", |w| w.series(metric::Svc::Mem.of("web"), &[84.0; 5]), "svc/control-plane", "healthy", ""),
        ("a gap in the series decides nothing", |w| w.series(metric::Svc::Mem.of("web"), &[84.0; 4]), "svc/web", "healthy", ""),
    ]);
}

#[test]
fn tasks() {
    run(&[
        (
            "slow to start",
            |w| {
                w.first_task("web", |t| (t.status, t.created_at) = ("PENDING".into(), Some(ago(4))));
            },
            "svc/web",
            "degraded",
            "task 22051941 PENDING for 4m00s",
        ),
        (
            "starting",
            |w| {
                w.first_task("web", |t| (t.status, t.created_at) = ("PROVISIONING".into(), Some(ago(1))));
            },
            "svc/web",
            "healthy",
            "",
        ),
        ("unhealthy", |w| w.first_task("web", |t| t.health = "UNHEALTHY".into()), "svc/web", "degraded", "1 of 2 tasks UNHEALTHY"),
        ("no container check", |w| w.first_task("web", |t| t.health = "UNKNOWN".into()), "svc/web", "healthy", ""),
    ]);
}

/// When the portal was first steady after its last deployment.
pub(super) fn first_steady() -> Time {
    "2026-11-20T04:43:00Z".parse().unwrap()
}

#[test]
fn healthy_since_the_first_steady_state_after_the_last_change() {
    let mut world = World::healthy();
    let web = crate::insight::NodeId::service("web");
    assert_eq!(world.judge().of(&web).unwrap().since, Some(first_steady()));
    world.service("web", |s| {
        s.events.insert(0, event("web", 20, "has started 1 tasks: (task x)."));
        s.events.insert(0, event("web", 18, "has reached a steady state."));
    });
    assert_eq!(world.judge().of(&web).unwrap().since, Some(ago(18)));
    world.service("web", |s| s.running = 1);
    let seen = world.judge();
    assert_eq!((look(&seen, "svc/web").0, seen.of(&web).unwrap().since), ("degraded", None));
}
