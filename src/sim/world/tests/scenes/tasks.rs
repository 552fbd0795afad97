//! Tasks that die: in a loop, for want of memory, for want of their image.

use super::*;

fn stops(w: &World, service: &str, since: Ms) -> Vec<Task> {
    let mut all: Vec<Task> =
        w.ecs.tasks.values().filter(|t| t.service == service && t.stopping_at.is_some_and(|at| at > since)).cloned().collect();
    all.sort_by_key(|t| t.stopping_at);
    all
}

#[test]
fn a_crash_loop_is_seen_only_in_the_stops() {
    play("crash-loop:web", |w, from| {
        let before = w.ecs.services[WEB].clone();
        until(w, 100 * SEC, "three stops", |w| stops(w, WEB, from).len() >= 3);
        run(w, 10 * MIN);
        let dead = stops(w, WEB, from);
        assert!(dead.len() >= 8, "{}", dead.len());
        for task in &dead {
            assert_eq!((task.stop_code, task.container.exit_code), (Some(StopCode::EssentialContainerExited), Some(1)));
            assert_eq!(task.stopped_reason.as_deref(), Some("Essential container in task exited"));
        }
        let service = &w.ecs.services[WEB];
        let primary = service.primary().unwrap();
        assert_eq!((&service.task_definition, primary.rollout_state), (&before.task_definition, RolloutState::Completed));
        assert_eq!((primary.failed_tasks, service.desired_count >= before.desired_count), (0, true));
        // Every task reached RUNNING: the scheduler does not slow down.
        assert!(!said(w, WEB, from, "is unable to consistently start tasks"));
        assert!(said(w, WEB, from, "has started 1 tasks") && said(w, WEB, from, "deregistered 1 targets"));
        assert!(
            w.logs.groups[LOG_GROUP].events.iter().any(|e| e.timestamp > from && e.message.contains("unhandled exception in main loop"))
        );
        let web = [("LoadBalancer", ALB_DIM), ("TargetGroup", TG_WEB_DIM)];
        let least = series(w, "AWS/ApplicationELB", "HealthyHostCount", &web, "Minimum", from);
        assert!(least.iter().any(|(_, n)| *n < f64::from(before.desired_count)));
        assert!(!series(w, "AWS/ApplicationELB", "HTTPCode_ELB_502_Count", &LB, "Sum", from).is_empty());
        assert_eq!(w.in_force()[0].name, "crash-loop:web");
        w.heal();
        until(w, 5 * MIN, "recovered", World::recovered);
        let healed = w.now;
        run(w, 6 * MIN);
        assert!(stops(w, WEB, healed).iter().all(|t| t.stop_code == Some(StopCode::ServiceSchedulerInitiated)));
    });
}

#[test]
fn out_of_memory_says_so_and_nothing_else_does() {
    play("oom:celery-worker", |w, from| {
        let took = until(w, 8 * MIN, "the first is killed", |w| !stops(w, WORKER, from).is_empty());
        assert!(took > 2 * MIN, "memory has to fill first");
        let dead = &stops(w, WORKER, from)[0];
        assert_eq!((dead.stop_code, dead.container.exit_code), (Some(StopCode::EssentialContainerExited), Some(137)));
        assert_eq!(dead.container.reason.as_deref(), Some("OutOfMemoryError: Container killed due to memory usage"));
        assert_eq!(dead.stopped_reason.as_deref(), Some("Essential container in task exited"));
        run(w, 3 * MIN);
        let d = [("ClusterName", CLUSTER), ("ServiceName", WORKER)];
        let most = series(w, "AWS/ECS", "MemoryUtilization", &d, "Maximum", from);
        assert!(most.windows(2).take(3).all(|p| p[1].1 > p[0].1), "a ramp: {most:?}");
        assert!(most.iter().any(|(_, percent)| *percent > 95.0));
        assert!(w.alb.target_groups.iter().flat_map(|g| &g.targets).all(|t| t.state == TargetState::Healthy));
        until(w, 12 * MIN, "it goes on", |w| stops(w, WORKER, from).iter().filter(|t| t.container.exit_code == Some(137)).count() >= 5);
        w.heal();
        until(w, 8 * MIN, "recovered", World::recovered);
        let healed = w.now;
        run(w, 8 * MIN);
        assert!(stops(w, WORKER, healed).iter().all(|t| t.container.exit_code != Some(137)));
    });
}

#[test]
fn an_image_that_is_gone_shows_when_a_task_is_replaced() {
    play("image-pull:control-plane", |w, from| {
        run(w, 15 * SEC);
        assert!(steady(w, CONTROL), "running tasks need no image");
        until(w, 20 * SEC, "a host is retired", |w| !stops(w, CONTROL, from).is_empty());
        let retired = &stops(w, CONTROL, from)[0];
        assert_eq!(retired.stop_code, Some(StopCode::ServiceSchedulerInitiated));
        assert!(retired.stopped_reason.as_deref().unwrap().starts_with("ECS is performing maintenance on the underlying infrastructure"));
        until(w, 90 * SEC, "a start fails", |w| stops(w, CONTROL, from).len() > 1);
        let failed = &stops(w, CONTROL, from)[1];
        assert_eq!((failed.stop_code, failed.started_at, failed.container.exit_code), (Some(StopCode::TaskFailedToStart), None, None));
        assert!(failed.pull_started_at.is_some());
        let why = failed.stopped_reason.as_deref().unwrap();
        assert!(why.starts_with("CannotPullContainerError: pull image manifest has been retried") && why.ends_with(": not found"), "{why}");
        assert!(said(w, CONTROL, from, "was unable to place a task. Reason: CannotPullContainerError: "));
        until(w, 5 * MIN, "throttled", |w| said(w, CONTROL, from, "is unable to consistently start tasks successfully."));
        let service = &w.ecs.services[CONTROL];
        assert_eq!(service.running_count, service.desired_count - 1);
        assert_eq!(service.primary().unwrap().rollout_state, RolloutState::Completed, "there is no deployment");
        assert!(w.alb.target_groups[0].targets.iter().filter(|t| t.state == TargetState::Healthy).count() >= 2);
        let told = service.events.iter().filter(|e| e.created_at > from && e.message.contains("unable to place a task")).count();
        assert_eq!(told, 1, "the same words are not repeated");
        run(w, 3 * MIN);
        w.heal();
        until(w, 10 * MIN, "recovered", World::recovered);
    });
}

/// Goes back to the revision before the one that a service runs, as a person would.
fn roll_back(w: &mut World, service: &str) {
    let (family, number) = w.ecs.services[service].task_definition.rsplit('/').next().unwrap().split_once(':').unwrap();
    let before = format!("{family}:{}", number.parse::<u32>().unwrap() - 1);
    let change = UpdateService { task_definition: Some(before), ..Default::default() };
    w.update_service(CLUSTER, service, change).unwrap();
}

#[test]
fn going_back_to_the_revision_before_ends_a_fault_of_the_application() {
    for (text, service) in [("crash-loop:web", WEB), ("oom:celery-worker", WORKER), ("db-connections", CONTROL)] {
        play(text, |w, _| {
            run(w, 6 * MIN);
            assert_eq!(w.in_force()[0].name, text);
            roll_back(w, service);
            until(w, 12 * MIN, text, |w| w.in_force().is_empty());
            until(w, 8 * MIN, text, World::recovered);
            run(w, 6 * MIN);
            assert!(w.in_force().is_empty() && w.strain.bound.is_empty());
        });
    }
}

#[test]
fn a_redeployment_only_buys_time() {
    let mut w = QUIET[0].clone();
    w.inject(Scenario::OutOfMemory { service: WORKER.into() });
    run(&mut w, 2 * MIN);
    w.update_service(CLUSTER, WORKER, UpdateService { force: true, ..Default::default() }).unwrap();
    let from = w.now;
    run(&mut w, 3 * MIN);
    let young =
        |w: &World| w.ecs.tasks.values().filter(|t| t.service == WORKER && t.is_running()).map(|t| t.memory_percent).fold(0.0, f64::max);
    assert!(young(&w) < 80.0);
    until(&mut w, 8 * MIN, "killed again", |w| stops(w, WORKER, from).iter().any(|t| t.container.exit_code == Some(137)));
    assert_eq!(w.in_force()[0].name, "oom:celery-worker");
}

#[test]
fn a_new_release_ends_the_missing_image() {
    let mut w = QUIET[0].clone();
    w.inject(Scenario::ImagePull { service: WEB.into() });
    run(&mut w, 3 * MIN);
    assert!(!w.in_force().is_empty());
    let commit = w.push_commit(vec![WEB], w.now);
    w.start_execution(super::super::super::delivery::Start::push(commit));
    until(&mut w, 25 * MIN, "a new revision runs", |w| w.in_force().is_empty());
    assert!(steady(&w, WEB) || w.ecs.services[WEB].running_count >= 2);
}

#[test]
fn healing_a_bad_deployment_is_a_rollback() {
    play("bad-deploy:web", |w, from| {
        let before = w.ecs.service_revisions.iter().rev().filter(|r| r.service == WEB).nth(1).unwrap().task_definition.clone();
        run(w, 20 * SEC);
        assert_eq!(w.in_force()[0].name, "bad-deploy:web");
        w.heal();
        until(w, 8 * MIN, "rolled back", |w| {
            w.ecs.service_deployments.iter().rfind(|d| d.service == WEB).unwrap().status == ServiceDeploymentStatus::RollbackSuccessful
        });
        assert!(said(w, WEB, from, "rolling back to (deployment ecs-svc/"));
        assert_eq!(w.ecs.services[WEB].task_definition, before);
        until(w, 3 * MIN, "recovered", World::recovered);
        until(w, MIN, "over", |w| w.in_force().is_empty());
    });
}
