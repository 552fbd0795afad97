//! The write operations and their errors.

use super::*;

#[test]
fn scaling_out_and_in() {
    let mut w = quiet();
    let from = w.now;
    let s = w.update_service(CLUSTER, WEB, UpdateService { desired_count: Some(6), ..Default::default() }).unwrap();
    assert_eq!((s.desired_count, s.deployments[0].desired_count), (6, 6));
    let took = until(&mut w, 4 * MIN, "6 running", |w| steady(w, WEB));
    assert!(took > 30 * SEC, "{took}");
    assert!(!w.is_rolling(WEB) && said(&w, WEB, from, "has reached a steady state."));
    let zones: BTreeSet<Az> = w.ecs.tasks.values().filter(|t| t.service == WEB && t.is_running()).map(|t| t.az).collect();
    assert_eq!(zones.len(), 3);
    assert_eq!(w.alb.target_groups[1].targets.iter().filter(|t| t.state == TargetState::Healthy).count(), 6);
    w.update_service(
        &service_arn(WEB).replace("service/production-nextcore/web", "cluster/production-nextcore"),
        WEB,
        UpdateService { desired_count: Some(2), ..Default::default() },
    )
    .unwrap();
    until(&mut w, 2 * MIN, "2 running", |w| steady(w, WEB));
    assert!(w.alb.target_groups[1].targets.iter().any(|t| t.state == TargetState::Draining));
    run(&mut w, 90 * SEC);
    assert_eq!(w.alb.target_groups[1].targets.len(), 2);
    assert!(w.ecs.tasks.values().any(|t| t.last_status == TaskStatus::Stopped && t.stop_code == Some(StopCode::ServiceSchedulerInitiated)));
    run(&mut w, 62 * MIN);
    assert!(w.ecs.tasks.values().all(|t| t.service != WEB || t.stopped_at.is_none_or(|at| w.now - at < 62 * MIN)));
}

#[test]
fn to_zero_and_back() {
    let mut w = quiet();
    w.update_service(CLUSTER, CONTROL, UpdateService { desired_count: Some(0), ..Default::default() }).unwrap();
    run(&mut w, 4 * MIN);
    assert_eq!(w.ecs.services[CONTROL].running_count, 0);
    let errors = series(&w, "AWS/ApplicationELB", "HTTPCode_ELB_503_Count", &LB, "Sum", w.now - 4 * MIN);
    assert!(errors.iter().any(|p| p.1 > 100.0), "{errors:?}");
    w.update_service(CLUSTER, CONTROL, UpdateService { desired_count: Some(3), ..Default::default() }).unwrap();
    until(&mut w, 4 * MIN, "back", |w| steady(w, CONTROL));
}

#[test]
fn redeploy_and_roll_back_to_a_revision() {
    let mut w = quiet();
    let before = w.ecs.services[CONTROL].task_definition.clone();
    w.update_service(CLUSTER, CONTROL, UpdateService { force: true, ..Default::default() }).unwrap();
    assert_eq!(w.ecs.services[CONTROL].deployments.len(), 2);
    until(&mut w, 6 * MIN, "redeployed", |w| steady(w, CONTROL));
    assert_eq!(w.ecs.services[CONTROL].task_definition, before);
    let older = format!("{STACK}-{CONTROL}:39");
    w.update_service(CLUSTER, CONTROL, UpdateService { task_definition: Some(older.clone()), ..Default::default() }).unwrap();
    until(&mut w, 6 * MIN, "rolled back", |w| steady(w, CONTROL));
    assert!(w.ecs.services[CONTROL].task_definition.ends_with(&older));
    let e = w.update_service(CLUSTER, CONTROL, UpdateService { task_definition: Some("nope:1".into()), ..Default::default() }).unwrap_err();
    assert_eq!(e.code, "ClientException");
}

#[test]
fn stopping_a_task_brings_another() {
    let mut w = quiet();
    let id = w.ecs.tasks.values().find(|t| t.service == CONTROL && t.is_running()).unwrap().id.clone();
    let from = w.now;
    let task = w.stop_task(CLUSTER, &task_arn(&id), Some("nextcore-top: test")).unwrap();
    assert_eq!((task.desired_status(), task.last_status), ("STOPPED", TaskStatus::Deactivating));
    until(&mut w, 2 * MIN, "stopped", |w| w.ecs.tasks[&id].last_status == TaskStatus::Stopped);
    let task = &w.ecs.tasks[&id];
    assert_eq!(task.stop_code, Some(StopCode::UserInitiated));
    assert_eq!(task.stopped_reason.as_deref(), Some("nextcore-top: test"));
    assert!(task.stopping_at < task.execution_stopped_at && task.execution_stopped_at < task.stopped_at);
    until(&mut w, 3 * MIN, "replaced", |w| steady(w, CONTROL));
    assert!(said(&w, CONTROL, from, "has started 1 tasks: (task "));
    assert_eq!(w.stop_task(CLUSTER, "0123", None).unwrap_err().code, "InvalidParameterException");
    assert_eq!(w.stop_task("other", &id, None).unwrap_err().code, "ClusterNotFoundException");
}

#[test]
fn stopping_a_deployment_rolls_back() {
    let mut w = quiet();
    let before = w.ecs.services[WEB].task_definition.clone();
    w.update_service(CLUSTER, WEB, UpdateService { task_definition: Some(format!("{STACK}-{WEB}:55")), ..Default::default() }).unwrap();
    let arn = w.ecs.services[WEB].current_service_deployment.clone().unwrap();
    run(&mut w, 40 * SEC);
    assert_eq!(w.stop_service_deployment(&arn, "ABORT").unwrap_err().code, "InvalidParameterException");
    assert_eq!(w.stop_service_deployment(&arn, "ROLLBACK").unwrap(), arn);
    let find = |w: &World| w.ecs.service_deployments.iter().find(|d| d.arn == arn).unwrap().status;
    assert_eq!(find(&w), ServiceDeploymentStatus::RollbackRequested);
    assert_eq!(w.stop_service_deployment(&arn, "ROLLBACK").unwrap_err().code, "ConflictException");
    until(&mut w, 5 * MIN, "rolled back", |w| find(w) == ServiceDeploymentStatus::RollbackSuccessful);
    until(&mut w, 3 * MIN, "steady", |w| steady(w, WEB));
    assert_eq!(w.ecs.services[WEB].task_definition, before);
    assert_eq!(w.stop_service_deployment("x", "ROLLBACK").unwrap_err().code, "ServiceDeploymentNotFoundException");
}

#[test]
fn a_second_deployment_stops_the_first() {
    let mut w = quiet();
    for _ in 0..2 {
        w.update_service(CLUSTER, WEB, UpdateService { force: true, ..Default::default() }).unwrap();
        run(&mut w, 20 * SEC);
    }
    until(&mut w, 6 * MIN, "steady", |w| steady(w, WEB));
    let mut last = w.ecs.service_deployments.iter().rev().filter(|d| d.service == WEB).map(|d| d.status);
    assert_eq!(last.next(), Some(ServiceDeploymentStatus::Successful));
    assert_eq!(last.next(), Some(ServiceDeploymentStatus::Stopped));
}

#[test]
fn database_failover_follows_the_map() {
    let mut w = quiet();
    let from = w.now;
    assert_eq!(w.reboot_db(DB, true).unwrap().status, DbStatus::Rebooting);
    assert_eq!(w.reboot_db(DB, true).unwrap_err().code, "InvalidDBInstanceState");
    assert_eq!(w.reboot_db("nope", true).unwrap_err().code, "DBInstanceNotFound");
    let restorable = w.rds.instance.latest_restorable;
    run(&mut w, 40 * SEC);
    assert_eq!(w.rds.instance.latest_restorable, restorable);
    until(&mut w, 4 * MIN, "swap", |w| w.rds.instance.az == Az::B);
    let at = |text| rds_said(&w, from, text).map(|at| (at - from) / SEC).unwrap();
    assert!((5..=30).contains(&at("Multi-AZ instance failover started")));
    assert!((20..=60).contains(&at("DB instance restarted")));
    assert!((45..=120).contains(&at("Multi-AZ instance failover completed")));
    assert!(rds_said(&w, from, "The user requested a failover of the DB instance.").is_some());
    assert_eq!(w.rds.instance.secondary_az, Some(Az::A));
    run(&mut w, 8 * MIN);
    assert_eq!(w.rds.instance.status, DbStatus::Available);
    assert!(w.rds.instance.latest_restorable > restorable);
    let connections = series(&w, "AWS/RDS", "DatabaseConnections", &[("DBInstanceIdentifier", DB)], "Minimum", from - 5 * MIN);
    assert!(connections.iter().any(|p| p.1 < 3.0) && connections.last().unwrap().1 > 30.0, "{connections:?}");
    let failed = series(&w, "AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", &LB, "Sum", from);
    assert!(failed.iter().any(|p| p.1 > 100.0) && failed.last().unwrap().1 < 20.0, "{failed:?}");
    assert!(SERVICES.iter().all(|s| w.ecs.services[*s].running_count == w.ecs.services[*s].desired_count));
}

#[test]
fn a_plain_reboot_stays_in_its_zone() {
    let mut w = quiet();
    let from = w.now;
    w.reboot_db(DB, false).unwrap();
    until(&mut w, 2 * MIN, "back", |w| w.rds.instance.status == DbStatus::Available);
    assert_eq!(w.rds.instance.az, Az::A);
    assert!(rds_said(&w, from, "DB instance restarted").is_some());
    assert!(rds_said(&w, from, "Multi-AZ instance failover started").is_none());
}

#[test]
fn redis_failover_follows_the_map() {
    let mut w = quiet();
    let from = w.now;
    w.test_failover(REDIS, "0001").unwrap();
    assert_eq!(w.shards_down(), 1);
    run(&mut w, 10 * SEC);
    assert_eq!(w.redis.group.status, "modifying");
    assert_eq!(w.test_failover(REDIS, "0002").unwrap_err().code, "InvalidReplicationGroupState");
    assert_eq!(w.test_failover(REDIS, "0009").unwrap_err().code, "NodeGroupNotFoundFault");
    assert_eq!(w.test_failover("nope", "0001").unwrap_err().code, "ReplicationGroupNotFoundFault");
    until(&mut w, 15 * MIN, "recovered", |w| w.redis.group.status == "available");
    let texts: Vec<(RedisSource, &str)> = w.redis.events.iter().filter(|e| e.date > from).map(|e| (e.source, e.message.as_str())).collect();
    let failover = format!("Failover from primary node {REDIS}-0001-001 to replica node {REDIS}-0001-002 completed");
    assert_eq!(
        texts,
        [
            (RedisSource::ReplicationGroup, "Test Failover API called for node group 0001"),
            (RedisSource::CacheCluster, failover.as_str()),
            (RedisSource::ReplicationGroup, failover.as_str()),
            (RedisSource::CacheCluster, "Recovering cache nodes 0001"),
            (RedisSource::CacheCluster, "Finished recovery for cache nodes 0001"),
        ]
    );
    let primaries: Vec<&str> = w.redis.nodes.iter().filter(|n| n.primary).map(|n| n.id.rsplit("redis-").next().unwrap()).collect();
    assert_eq!(primaries, ["0001-002", "0002-001"]);
    for _ in 0..20 {
        w.redis.test_failovers.push_back(w.now);
    }
    assert_eq!(w.test_failover(REDIS, "0001").unwrap_err().code, "APICallRateForCustomerExceeded");
}

#[test]
fn bounds_clamp_at_once() {
    let mut w = quiet();
    let id = scaling_resource_id(WEB);
    w.register_scalable_target(&id, Some(5), None, (None, None, None)).unwrap();
    assert_eq!(w.ecs.services[WEB].desired_count, 5);
    let activity = w.scaling.activities.front().unwrap();
    assert_eq!((activity.cause.as_str(), activity.status), ("minimum capacity was set to 5", "InProgress"));
    until(&mut w, 4 * MIN, "fulfilled", |w| w.scaling.activities.iter().all(|a| a.end.is_some()));
    let activity = w.scaling.activities.front().unwrap();
    assert_eq!(activity.message, "Successfully set desired count to 5. Change successfully fulfilled by ecs.");
    w.register_scalable_target(&id, Some(2), Some(3), (None, None, None)).unwrap();
    assert_eq!(w.ecs.services[WEB].desired_count, 3);
    assert_eq!(w.register_scalable_target(&id, Some(9), Some(3), (None, None, None)).unwrap_err().code, "ValidationException");
    assert_eq!(w.register_scalable_target("service/x/y", None, None, (None, None, None)).unwrap_err().code, "ValidationException");
}

#[test]
fn suspended_scaling_holds_and_resumed_scaling_acts() {
    let mut w = quiet();
    let id = scaling_resource_id(WEB);
    w.register_scalable_target(&id, None, None, (Some(true), Some(true), Some(true))).unwrap();
    w.update_service(CLUSTER, WEB, UpdateService { desired_count: Some(6), ..Default::default() }).unwrap();
    run(&mut w, 45 * MIN);
    assert_eq!(w.ecs.services[WEB].desired_count, 6);
    w.register_scalable_target(&id, None, None, (Some(false), Some(false), Some(false))).unwrap();
    run(&mut w, 40 * MIN);
    let s = &w.ecs.services[WEB];
    assert!((2..=4).contains(&s.desired_count), "scaled in to {}", s.desired_count);
    let activity = w.scaling.activities.iter().find(|a| a.service == WEB).unwrap();
    assert!(activity.cause.starts_with("monitor alarm TargetTracking-service/production-nextcore/web-AlarmLow-"), "{}", activity.cause);
}

#[test]
fn too_few_tasks_are_scaled_out() {
    let mut w = quiet();
    w.update_service(CLUSTER, CONTROL, UpdateService { desired_count: Some(1), ..Default::default() }).unwrap();
    until(&mut w, 15 * MIN, "scaled out", |w| w.ecs.services[CONTROL].desired_count >= 2);
    let high = w.alarms.iter().find(|a| a.name.contains("control-plane-AlarmHigh")).unwrap();
    assert_eq!(high.state, AlarmState::Alarm);
    let re = regex::Regex::new(
        r"^Threshold Crossed: 3 out of the last 3 datapoints \[[\d.]+ \(\d\d/\d\d/\d\d \d\d:\d\d:\d\d\), .*\] were greater than the threshold \(60\.0\) \(minimum 3 datapoints for OK -> ALARM transition\)\.$",
    );
    assert!(re.unwrap().is_match(&high.state_reason), "{}", high.state_reason);
    assert!(w.now - high.state_transitioned < 3 * MIN);
    run(&mut w, 20 * MIN);
    let settled = w.ecs.services[CONTROL].desired_count;
    assert!((2..=5).contains(&settled), "{settled}");
}

#[test]
fn alarm_actions_go_off_and_on() {
    let mut w = quiet();
    let name = format!("{STACK}-rds-cpu-high");
    w.set_alarm_actions(&[name.clone(), "unknown".into()], false);
    assert!(!w.alarms.iter().find(|a| a.name == name).unwrap().actions_enabled);
    assert_eq!(w.alarm_history.front().unwrap().item_type, "ConfigurationUpdate");
    let before = w.alarm_history.len();
    w.set_alarm_actions(std::slice::from_ref(&name), false);
    assert_eq!(w.alarm_history.len(), before, "no change, no item");
    w.set_alarm_actions(std::slice::from_ref(&name), true);
    assert!(w.alarms.iter().find(|a| a.name == name).unwrap().actions_enabled);
}

#[test]
fn unknown_names_are_errors() {
    let mut w = world();
    let change = UpdateService { desired_count: Some(2), ..Default::default() };
    assert_eq!(w.update_service("x", WEB, change.clone()).unwrap_err().code, "ClusterNotFoundException");
    let e = w.update_service(CLUSTER, "x", change).unwrap_err();
    assert_eq!(e.to_string(), "ServiceNotFoundException: Service not found.");
}
