//! The failure scenarios, against the order in which AWS's APIs show them.

use super::*;

#[test]
fn a_zone_fails_and_comes_back() {
    let mut w = quiet();
    let from = w.now;
    w.inject(Scenario::AzFailure { az: Az::A });
    run(&mut w, 5 * SEC);
    assert_eq!(w.rds.instance.status, DbStatus::Available);
    let gone =
        |w: &World| w.alb.target_groups.iter().flat_map(|g| &g.targets).filter(|t| t.az == Az::A).all(|t| t.state != TargetState::Healthy);
    let took = until(&mut w, 60 * SEC, "targets of 2a unhealthy", gone);
    assert!(took >= 5 * SEC);
    until(&mut w, 3 * MIN, "services back", |w| {
        SERVICES.iter().all(|s| {
            let s = &w.ecs.services[*s];
            s.running_count == s.desired_count && w.ecs.tasks.values().all(|t| t.service != s.name || !t.is_running() || t.az != Az::A)
        })
    });
    assert!(said(&w, WEB, from, "due to (reason Request timed out)."));
    assert!(said(&w, WEB, from, "has stopped 1 running tasks"));
    let worker = w.ecs.tasks.values().find(|t| t.service == WORKER && t.stopping).unwrap();
    assert_eq!(worker.stopped_reason.as_deref(), Some("Task failed container health checks"));
    until(&mut w, 3 * MIN, "database moved", |w| w.rds.instance.az == Az::B && w.rds.instance.accepting);
    assert_eq!(w.rds.instance.secondary_az, None);
    assert!(w.redis.nodes.iter().filter(|n| n.primary).all(|n| n.up && n.az == Az::B));
    run(&mut w, 6 * MIN);
    let nat = w.network.nats[0].id.clone();
    assert!(series(&w, "AWS/NATGateway", "BytesOutToDestination", &[("NatGatewayId", &nat)], "Sum", from + 2 * MIN).is_empty());
    let zone = [("AvailabilityZone", Az::A.name()), ("LoadBalancer", ALB_DIM), ("TargetGroup", TG_WEB_DIM)];
    assert!(series(&w, "AWS/ApplicationELB", "HealthyHostCount", &zone, "Maximum", from).last().unwrap().1 < 0.5);
    assert!(!series(&w, "AWS/ApplicationELB", "HTTPCode_ELB_504_Count", &LB, "Sum", from).is_empty());
    run(&mut w, 40 * MIN);
    assert!(w.faults.is_empty());
    assert!(w.redis.nodes.iter().all(|n| n.up && n.status == NodeStatus::Available));
    assert!(w.rds.instance.secondary_az.is_some() && w.rds.instance.accepting);
    assert!(SERVICES.iter().all(|s| steady(&w, s)));
    for service in SERVICES {
        let mut zones = [0_i32; 3];
        w.ecs.tasks.values().filter(|t| t.service == service && t.is_running()).for_each(|t| zones[t.az.index()] += 1);
        assert!(zones.iter().max().unwrap() - zones.iter().min().unwrap() <= 1, "{service} {zones:?}");
    }
    assert!(said(&w, WORKER, from, "is not AZ balanced with 0 tasks in ap-southeast-2a"));
    assert!(said(&w, WORKER, from, "is AZ balanced with"));
}

#[test]
fn any_zone_may_fail_early_or_be_healed_early() {
    for az in Az::ALL {
        for pause in [3, 14, 16, 40, 90, 200] {
            let mut w = world();
            w.inject(Scenario::AzFailure { az });
            run(&mut w, pause * SEC);
            w.heal();
            run(&mut w, 20 * MIN);
            assert!(w.rds.instance.accepting && w.rds.instance.secondary_az.is_some(), "{az} {pause}");
            assert!(w.redis.nodes.iter().all(|n| n.up), "{az} {pause}");
            assert_eq!(w.shards_down(), 0, "{az} {pause}");
            assert!(SERVICES.iter().all(|s| steady(&w, s)), "{az} {pause}");
        }
    }
}

#[test]
fn the_database_host_dies() {
    let mut w = quiet();
    let from = w.now;
    w.inject(Scenario::RdsPrimaryFailure);
    run(&mut w, 25 * SEC);
    assert_eq!(w.rds.instance.status, DbStatus::Available, "a crash shows in events, not in the status");
    assert!(rds_said(&w, from, "The primary host of the RDS Multi-AZ instance is unhealthy.").is_some());
    until(&mut w, 40 * SEC, "API targets fail together", |w| {
        w.alb.target_groups[0].targets.iter().all(|t| t.reason == Some(TargetReason::ResponseCodeMismatch(500)))
    });
    assert!(w.alb.target_groups[1].targets.iter().all(|t| t.state == TargetState::Healthy));
    let lines = w.logs.groups[LOG_GROUP].events.iter().filter(|e| e.timestamp > from && e.message.contains("OperationalError"));
    assert!(lines.count() > 10);
    until(&mut w, 3 * MIN, "completed", |w| rds_said(w, from, "Multi-AZ instance failover completed").is_some());
    until(&mut w, 8 * MIN, "standby rebuilt", |w| w.rds.instance.secondary_az.is_some());
    run(&mut w, 4 * MIN);
    assert!(SERVICES.iter().all(|s| steady(&w, s)));
}

#[test]
fn a_replica_is_lost_without_failover() {
    let mut w = quiet();
    let from = w.now;
    let node = format!("{REDIS}-0002-002");
    w.inject(Scenario::RedisNodeFailure { node: node.clone() });
    until(&mut w, 15 * MIN, "recovered", |w| w.redis.events.iter().any(|e| e.date > from && e.message.starts_with("Finished recovery")));
    assert!(!w.redis.events.iter().any(|e| e.date > from && e.message.starts_with("Failover")));
    assert_eq!(w.shards_down(), 0);
    let points = series(&w, "AWS/ElastiCache", "CurrConnections", &[("CacheClusterId", &node), ("CacheNodeId", "0001")], "Average", from);
    let minutes = (w.now - from) / MIN;
    assert!((points.len() as i64) < minutes - 3, "a node that is down publishes nothing");
}

#[test]
fn a_nat_gateway_passes_nothing() {
    let mut w = quiet();
    let from = w.now;
    w.inject(Scenario::NatFailure { az: Az::A });
    run(&mut w, 60 * SEC);
    let silent: Vec<String> = w.ecs.tasks.values().filter(|t| t.az == Az::A && t.is_running()).map(Task::log_stream).collect();
    assert!(!silent.is_empty());
    for name in &silent {
        assert!(w.logs.groups[LOG_GROUP].streams[name].last_ingestion.unwrap() <= from);
    }
    assert!(w.alb.target_groups.iter().flat_map(|g| &g.targets).all(|t| t.state == TargetState::Healthy), "inbound still works");
    until(&mut w, 6 * MIN, "a start fails", |w| {
        w.ecs.tasks.values().any(|t| {
            t.stop_code == Some(StopCode::TaskFailedToStart)
                && t.az == Az::A
                && t.stopped_reason.as_deref().is_some_and(|r| r.starts_with("ResourceInitializationError"))
        })
    });
    until(&mut w, 10 * MIN, "event", |w| said(w, WORKER, from, "is unable to consistently start tasks successfully."));
    w.heal();
    until(&mut w, 8 * MIN, "recovered", |w| SERVICES.iter().all(|s| steady(w, s)));
}

#[test]
fn a_task_dies_and_is_replaced() {
    for (service, code) in [(CONTROL, 1), (WEB, 1), (WORKER, 137)] {
        let mut w = quiet();
        let from = w.now;
        w.inject(Scenario::TaskFailure { service: service.into() });
        run(&mut w, 2 * SEC);
        let dead = w.ecs.tasks.values().find(|t| t.service == service && t.stopping_at.is_some_and(|at| at > from)).unwrap().clone();
        assert_eq!((dead.stop_code, dead.container.exit_code), (Some(StopCode::EssentialContainerExited), Some(code)));
        assert_eq!(w.ecs.services[service].running_count, w.ecs.services[service].desired_count - 1);
        until(&mut w, 20 * SEC, "replacement begins", |w| w.ecs.services[service].pending_count == 1);
        assert!(said(&w, service, from, "has started 1 tasks: (task "));
        until(&mut w, 4 * MIN, "steady", |w| steady(w, service));
        if service != WORKER {
            assert!(said(&w, service, from, "deregistered 1 targets in (target-group "));
        }
        assert_eq!(w.ecs.tasks[&dead.id].last_status, TaskStatus::Stopped);
        assert!(!said(&w, service, from, "unable to consistently"));
    }
}

#[test]
fn a_bad_deployment_trips_the_breaker() {
    for service in SERVICES {
        let mut w = quiet();
        let from = w.now;
        let before = w.ecs.services[service].task_definition.clone();
        w.inject(Scenario::BadDeploy { service: service.into() });
        let record = w.ecs.services[service].current_service_deployment.clone().unwrap();
        let status = |w: &World| w.ecs.service_deployments.iter().find(|d| d.arn == record).unwrap().clone();
        let mut least = u32::MAX;
        let mut seen = Vec::new();
        while w.now < from + 12 * MIN {
            run(&mut w, SEC);
            least = least.min(w.ecs.tasks.values().filter(|t| t.service == service && w.is_healthy(t)).count() as u32);
            let d = &w.ecs.services[service].deployments[0];
            if seen.last() != Some(&status(&w).status) {
                seen.push(status(&w).status);
            }
            if status(&w).status == ServiceDeploymentStatus::RollbackInProgress {
                assert!(d.rollout_state_reason.contains("circuit breaker: rolling back") || d.rollout_state == RolloutState::Completed);
            }
        }
        let seen: Vec<&str> = seen.into_iter().map(ServiceDeploymentStatus::as_str).collect();
        assert!(seen.ends_with(&["IN_PROGRESS", "ROLLBACK_IN_PROGRESS", "ROLLBACK_SUCCESSFUL"]), "{seen:?}");
        let done = status(&w);
        assert_eq!((done.breaker_status, done.failure_count >= done.failure_threshold), ("TRIGGERED", true));
        assert_eq!(w.ecs.services[service].task_definition, before);
        assert!(least >= w.ecs.services[service].desired_count.min(2), "the old revision keeps serving: {least}");
        assert!(said(&w, service, from, "deployment failed: tasks failed to start."));
        assert!(said(&w, service, from, "rolling back to (deployment ecs-svc/"));
        assert!(steady(&w, service));
        let dead = w.ecs.tasks.values().find(|t| t.service == service && t.container.exit_code == Some(1)).unwrap();
        let last_words = w.logs.groups[LOG_GROUP].events.iter().rfind(|e| *e.stream == dead.log_stream());
        assert!(last_words.is_some_and(|e| e.message.contains("ImproperlyConfigured")));
    }
}

#[test]
fn a_tripped_alarm_says_why_and_recovers() {
    let mut w = quiet();
    let from = w.now;
    w.update_service(CLUSTER, CONTROL, UpdateService { desired_count: Some(0), ..Default::default() }).unwrap();
    let name = format!("{STACK}-alb-5xx");
    let alarm = |w: &World| w.alarms.iter().find(|a| a.name == name).unwrap().clone();
    until(&mut w, 8 * MIN, "alarm", |w| alarm(w).state == AlarmState::Alarm);
    assert!(alarm(&w).state_transitioned - from > 2 * MIN, "metrics are late, so are alarms");
    assert!(alarm(&w).state_reason.starts_with("Threshold Crossed: "));
    let items: Vec<&str> = w.alarm_history.iter().filter(|h| h.alarm == name).map(|h| h.item_type).collect();
    assert!(items.starts_with(&["Action", "StateUpdate"]), "{items:?}");
    w.update_service(CLUSTER, CONTROL, UpdateService { desired_count: Some(3), ..Default::default() }).unwrap();
    until(&mut w, 12 * MIN, "OK again", |w| alarm(w).state == AlarmState::Ok);
    assert!(alarm(&w).state_reason.contains("NonBreaching") || alarm(&w).state_reason.contains("not greater than"));
}
