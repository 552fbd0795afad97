//! Changes that take the stack away from how it was designed: each does to the world what it says.

use super::super::ModifyTargetGroup;
use super::*;

fn modify(w: &mut World, change: ModifyDbInstance) -> Result<(), String> {
    w.modify_db(DB, change).map(|_| ()).map_err(|e| e.code.to_owned())
}

fn rule(w: &World, pattern: &str) -> String {
    let mut rules = w.alb.listeners.iter().flat_map(|l| &l.rules);
    rules.find(|r| r.path_patterns.iter().any(|p| p == pattern)).unwrap().arn.clone()
}

fn rate(w: &World, name: &str, group: &str) -> f64 {
    let d = [("LoadBalancer", ALB_DIM), ("TargetGroup", group)];
    series(w, "AWS/ApplicationELB", name, &d, "Sum", w.now - 4 * MIN).last().map_or(0.0, |p| p.1)
}

#[test]
fn a_database_without_a_standby_cannot_fail_over() {
    let mut w = quiet();
    let from = w.now;
    modify(&mut w, ModifyDbInstance { multi_az: Some(false), at_once: true, ..Default::default() }).unwrap();
    assert_eq!(w.rds.instance.pending.multi_az, Some(false));
    until(&mut w, MIN, "modifying", |w| w.rds.instance.status == DbStatus::Modifying);
    assert_eq!(modify(&mut w, ModifyDbInstance::default()).unwrap_err(), "InvalidDBInstanceState");
    until(&mut w, 3 * MIN, "single", |w| !w.rds.instance.multi_az);
    assert_eq!((w.rds.instance.secondary_az, w.rds.instance.pending.multi_az), (None, None));
    assert!(rds_said(&w, from, "Finished applying modification to convert to a standard (Single-AZ) DB instance").is_some());
    assert_eq!(w.reboot_db(DB, true).unwrap_err().code, "InvalidDBInstanceState");
    // Its zone goes, and the database with it, until the zone is back.
    w.inject(Scenario::AzFailure { az: w.rds.instance.az });
    run(&mut w, 10 * MIN);
    assert!(!w.rds.instance.accepting);
    w.heal();
    run(&mut w, MIN);
    assert!(w.rds.instance.accepting && w.rds.instance.secondary_az.is_none());
    modify(&mut w, ModifyDbInstance { multi_az: Some(true), at_once: true, ..Default::default() }).unwrap();
    until(&mut w, 10 * MIN, "standby", |w| w.rds.instance.secondary_az.is_some());
    assert_ne!(w.rds.instance.secondary_az, Some(w.rds.instance.az));
}

#[test]
fn without_apply_immediately_changes_wait_for_the_window() {
    // The window opens on Sunday at 17:00 UTC.
    let sunday = MONDAY - 7 * HOUR;
    let mut w = World::new(7, sunday - 2 * HOUR);
    run(&mut w, 15 * MIN);
    modify(&mut w, ModifyDbInstance { multi_az: Some(false), allocated_gib: Some(200), ..Default::default() }).unwrap();
    run(&mut w, HOUR);
    assert!(w.rds.instance.multi_az && w.rds.instance.pending.allocated_gib == Some(200));
    // Asking for what is in force takes a change back.
    modify(&mut w, ModifyDbInstance { multi_az: Some(true), ..Default::default() }).unwrap();
    assert_eq!(w.rds.instance.pending.multi_az, None);
    w.advance_to(sunday - MIN);
    assert_eq!(w.rds.instance.allocated_gib, 100);
    let free = w.rds.instance.free_storage;
    until(&mut w, 10 * MIN, "grown", |w| w.rds.instance.allocated_gib == 200);
    assert!(w.rds.instance.free_storage > free + 99.0 * 1_073_741_824.0);
    assert_eq!(w.rds.instance.status, DbStatus::StorageOptimization);
    until(&mut w, 30 * MIN, "optimized", |w| w.rds.instance.status == DbStatus::Available);
}

#[test]
fn a_larger_class_works_with_less_of_its_cpu() {
    let mut w = quiet();
    let (from, before) = (w.now, w.rds.instance.cpu);
    modify(&mut w, ModifyDbInstance { class: Some("db.m6i.2xlarge".into()), at_once: true, ..Default::default() }).unwrap();
    let down = until(&mut w, 10 * MIN, "failing over", |w| !w.rds.instance.accepting);
    assert!(down > MIN);
    until(&mut w, 10 * MIN, "new class", |w| w.rds.instance.class == "db.m6i.2xlarge" && w.rds.instance.status == DbStatus::Available);
    assert!(rds_said(&w, from, "The RDS instance was modified by customer.").is_some());
    assert!(rds_said(&w, from, "Finished applying modification to DB instance class").is_some());
    run(&mut w, 10 * MIN);
    assert!(w.rds.instance.cpu < before * 0.6, "{} after {before}", w.rds.instance.cpu);
    let credits = series(&w, "AWS/RDS", "CPUCreditBalance", &[("DBInstanceIdentifier", DB)], "Average", w.now - 7 * MIN);
    assert!(credits.is_empty(), "a class that is not burstable has no credits");
}

#[test]
fn what_a_database_cannot_be_is_refused() {
    let mut w = quiet();
    for (change, code) in [
        (ModifyDbInstance { backup_retention_days: Some(36), ..Default::default() }, "InvalidParameterValue"),
        (ModifyDbInstance { monitoring_interval: Some(7), ..Default::default() }, "InvalidParameterValue"),
        (ModifyDbInstance { class: Some("db.t3.gigantic".into()), ..Default::default() }, "InvalidParameterValue"),
        (ModifyDbInstance { allocated_gib: Some(50), ..Default::default() }, "InvalidParameterCombination"),
        (ModifyDbInstance { allocated_gib: Some(104), ..Default::default() }, "InvalidParameterCombination"),
    ] {
        assert_eq!(modify(&mut w, change).unwrap_err(), code);
    }
    assert_eq!(w.modify_db("nope", ModifyDbInstance::default()).unwrap_err().code, "DBInstanceNotFound");
    assert_eq!(w.rds.instance.status, DbStatus::Available);
}

#[test]
fn without_backups_there_is_nothing_to_restore() {
    // The daily backup is at seven past four in the afternoon, UTC.
    let mut w = World::new(7, MONDAY + 15 * HOUR);
    run(&mut w, 15 * MIN);
    let from = w.now;
    modify(&mut w, ModifyDbInstance { backup_retention_days: Some(3), ..Default::default() }).unwrap();
    assert_eq!(w.rds.instance.backup_retention_days, 3);
    modify(&mut w, ModifyDbInstance { backup_retention_days: Some(0), at_once: true, ..Default::default() }).unwrap();
    assert!(rds_said(&w, from - 1, "Disabled automated backups").is_some());
    let stands = w.rds.instance.latest_restorable;
    run(&mut w, 2 * HOUR);
    assert_eq!(w.rds.instance.latest_restorable, stands);
    assert!(rds_said(&w, from, "Backing up DB instance").is_none());
    modify(&mut w, ModifyDbInstance { backup_retention_days: Some(7), at_once: true, ..Default::default() }).unwrap();
    run(&mut w, 10 * MIN);
    assert!(w.now - w.rds.instance.latest_restorable < 6 * MIN);
}

#[test]
fn a_wrong_health_path_takes_the_targets_out() {
    let mut w = quiet();
    let arn = w.alb.target_groups[0].arn.clone();
    w.modify_target_group(&arn, ModifyTargetGroup { health_path: Some("/healthz".into()), ..Default::default() }).unwrap();
    until(&mut w, 3 * MIN, "unhealthy", |w| w.alb.target_groups[0].targets.iter().any(|t| t.state == TargetState::Unhealthy));
    assert!(w.alb.target_groups[0].targets.iter().any(|t| t.reason == Some(TargetReason::ResponseCodeMismatch(404))));
    w.modify_target_group(&arn, ModifyTargetGroup { matcher: Some("200-499".into()), ..Default::default() }).unwrap();
    until(&mut w, 5 * MIN, "healthy", |w| w.alb.target_groups[0].targets.iter().all(|t| t.state != TargetState::Unhealthy));
    assert_eq!(w.modify_target_group("x", ModifyTargetGroup::default()).unwrap_err().code, "TargetGroupNotFound");
    let slow = ModifyTargetGroup { timeout_seconds: Some(10), ..Default::default() };
    assert_eq!(w.modify_target_group(&arn, slow).unwrap_err().code, "ValidationError");
}

#[test]
fn a_wrong_path_pattern_sends_the_api_to_the_portal() {
    let mut w = quiet();
    let (api, web) = (rate(&w, "RequestCount", TG_API_DIM), rate(&w, "RequestCount", TG_WEB_DIM));
    let arn = rule(&w, "/api/*");
    w.modify_rule(&arn, Some(vec!["/v2/*".into()]), None).unwrap();
    run(&mut w, 6 * MIN);
    assert!(rate(&w, "RequestCount", TG_API_DIM) < 1.0);
    assert!(rate(&w, "RequestCount", TG_WEB_DIM) > (api + web) * 0.7);
    assert!(rate(&w, "HTTPCode_Target_4XX_Count", TG_WEB_DIM) > api * 0.6);
    assert!(w.load.queries < 100.0, "the portal does not ask the database: {}", w.load.queries);
    w.modify_rule(&arn, Some(vec!["/api/*".into()]), None).unwrap();
    run(&mut w, 6 * MIN);
    assert!(rate(&w, "RequestCount", TG_API_DIM) > api * 0.7);
}

#[test]
fn a_listener_that_redirects_everything_serves_nobody() {
    let mut w = quiet();
    let https = w.alb.listeners.iter().find(|l| l.protocol == "HTTPS").unwrap().arn.clone();
    let http = w.alb.listeners.iter().find(|l| l.protocol == "HTTP").unwrap().arn.clone();
    let before = rate(&w, "RequestCount", TG_WEB_DIM);
    w.modify_listener(&https, Some(RuleAction::RedirectToHttps { permanent: true }), None, None).unwrap();
    run(&mut w, 5 * MIN);
    assert!(before > 100.0 && rate(&w, "RequestCount", TG_WEB_DIM) < 1.0);
    assert!(rate(&w, "RequestCount", TG_API_DIM) > 100.0, "the rule of the API stands before the default");
    let web = w.alb.target_groups[1].arn.clone();
    let changed = w.modify_listener(&http, Some(RuleAction::Forward(web.clone())), None, None).unwrap();
    assert_eq!(changed.default_action, changed.rules[0].action);
    w.modify_listener(&https, Some(RuleAction::Forward(web)), None, None).unwrap();
    assert!(w.alb.routes[1][1] > 0.99);
    assert_eq!(w.modify_listener(&https, Some(RuleAction::Forward("x".into())), None, None).unwrap_err().code, "TargetGroupNotFound");
    assert_eq!(w.modify_listener(&http, None, Some("arn".into()), None).unwrap_err().code, "ValidationError");
    let default = w.alb.listeners[1].rules.iter().find(|r| r.priority.is_none()).unwrap().arn.clone();
    assert_eq!(w.modify_rule(&default, None, None).unwrap_err().code, "OperationNotPermitted");
}

#[test]
fn new_subnets_replace_the_tasks_of_a_service() {
    let mut w = quiet();
    let subnets = w.network.private.0[..2].to_vec();
    let network = NetworkChange { subnets: subnets.clone(), security_groups: Vec::new(), public_ip: false };
    let change = UpdateService { network: Some(network), ..Default::default() };
    assert_eq!(w.update_service(CLUSTER, WEB, change.clone()).unwrap().deployments.len(), 2);
    until(&mut w, 8 * MIN, "moved", |w| steady(w, WEB) && !w.is_rolling(WEB));
    let tasks: Vec<&Task> = w.ecs.tasks.values().filter(|t| t.service == WEB && t.is_running()).collect();
    assert!(!tasks.is_empty() && tasks.iter().all(|t| subnets.contains(&t.subnet)));
    // The same again is no change.
    assert_eq!(w.update_service(CLUSTER, WEB, change).unwrap().deployments.len(), 1);
    let wrong = NetworkChange { subnets: vec!["subnet-x".into()], ..Default::default() };
    let e = w.update_service(CLUSTER, WEB, UpdateService { network: Some(wrong), ..Default::default() }).unwrap_err();
    assert_eq!(e.code, "InvalidParameterException");
    // Two zones are balanced zones for a service with subnets in two.
    run(&mut w, 10 * MIN);
    assert!(!w.ecs.services[WEB].rebalancing);
}

#[test]
fn a_breaker_that_does_not_roll_back_leaves_the_service_behind() {
    let mut w = quiet();
    let rules = DeploymentChange { circuit_breaker: Some((true, false)), ..Default::default() };
    w.update_service(CLUSTER, WEB, UpdateService { deployment: Some(rules), ..Default::default() }).unwrap();
    assert!(!w.is_rolling(WEB), "rules of deployments are no deployment");
    let desired = w.ecs.services[WEB].desired_count;
    w.inject(Scenario::BadDeploy { service: WEB.into() });
    until(&mut w, 20 * MIN, "given up", |w| w.ecs.services[WEB].deployments[0].rollout_state == RolloutState::Failed);
    run(&mut w, 10 * MIN);
    let s = &w.ecs.services[WEB];
    assert_eq!(s.deployments.len(), 2, "the old tasks go on");
    assert_eq!(s.running_count, desired);
    let record = w.ecs.service_deployments.iter().rfind(|d| d.service == WEB).unwrap();
    assert_eq!(record.status, ServiceDeploymentStatus::Stopped);
}

#[test]
fn container_insights_publishes_as_it_is_set() {
    let mut w = quiet();
    let d = [("ClusterName", CLUSTER), ("ServiceName", WEB)];
    let newest = |w: &World, name: &str| series(w, "ECS/ContainerInsights", name, &d, "Average", w.now - 6 * MIN).last().map(|p| p.0);
    assert!(newest(&w, "EphemeralStorageUtilized").is_some() && newest(&w, "TaskCpuUtilization").is_none());
    w.set_container_insights("enhanced");
    run(&mut w, 6 * MIN);
    assert!(newest(&w, "TaskCpuUtilization").is_some() && newest(&w, "TaskMemoryUtilization").is_some());
    w.set_container_insights("disabled");
    run(&mut w, 10 * MIN);
    assert!(newest(&w, "RunningTaskCount").is_none());
    assert!(!series(&w, "AWS/ECS", "CPUUtilization", &d, "Average", w.now - 6 * MIN).is_empty(), "the service's own metrics go on");
}

#[test]
fn without_a_policy_nothing_scales() {
    // Five in the afternoon where the users are: with a policy the service would shrink with the evening.
    let mut w = World::new(7, MONDAY + 7 * HOUR);
    run(&mut w, 15 * MIN);
    let policy = w.scaling.policies[WEB].clone();
    assert_eq!(w.delete_scaling_policy(WEB, "nope").unwrap_err().code, "ObjectNotFoundException");
    w.delete_scaling_policy(WEB, &policy.name).unwrap();
    assert!(w.alarms.iter().all(|a| a.name != policy.alarm_high && a.name != policy.alarm_low));
    let count = w.ecs.services[WEB].desired_count;
    assert!(count > w.scaling.targets[WEB].min);
    run(&mut w, 5 * HOUR);
    assert_eq!(w.ecs.services[WEB].desired_count, count);
    w.put_scaling_policy(WEB, &policy.name, 60.0, (120, 300)).unwrap();
    run(&mut w, 40 * MIN);
    assert!(w.alarms.iter().filter(|a| a.is_scaling()).count() == 6);
    assert!(w.alarms.windows(2).all(|p| p[0].name < p[1].name));
    assert_eq!(w.put_scaling_policy(WEB, "second", 50.0, (60, 60)).unwrap_err().code, "ValidationException");
}

#[test]
fn dashboards_show_only_metrics_that_exist() {
    let w = quiet();
    assert_eq!(w.dashboards.keys().collect::<Vec<_>>(), ["production-nextcore-database-performance", "production-nextcore-service-health"]);
    let mut charts = 0;
    for dashboard in w.dashboards.values() {
        let body: serde_json::Value = serde_json::from_str(&dashboard.body).unwrap();
        for widget in body["widgets"].as_array().unwrap() {
            for metric in widget["properties"]["metrics"].as_array().unwrap() {
                let texts: Vec<&str> = metric.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
                let dims: Vec<(String, String)> = texts[2..].chunks(2).map(|d| (d[0].to_owned(), d[1].to_owned())).collect();
                // Errors are published only when there are some.
                let known = texts[1].starts_with("HTTPCode_") || w.metrics.find(texts[0], texts[1], &dims).is_some();
                assert!(known, "{texts:?}");
                charts += 1;
            }
        }
    }
    assert!(charts > 30);
}
