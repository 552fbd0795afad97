//! Tests of the world as a whole: determinism, a healthy day, figures that agree, operations, failures.
//! They read only what a service handler can read.

use std::collections::BTreeSet;

use super::names::*;
use super::state::*;
use super::*;

/// Monday 2026-11-23 00:00 UTC: ten in the morning where the users are.
const MONDAY: Ms = 1_795_392_000_000;

fn world() -> World {
    World::new(7, MONDAY)
}

/// A world after its live deployment is over.
fn quiet() -> World {
    let mut w = world();
    run(&mut w, 15 * MIN);
    w
}

fn run(w: &mut World, for_ms: Ms) {
    let to = w.now + for_ms;
    w.advance_to(to);
}

/// Runs until `done`, at most `limit`; the time it took.
fn until(w: &mut World, limit: Ms, what: &str, done: impl Fn(&World) -> bool) -> Ms {
    let from = w.now;
    while !done(w) {
        assert!(w.now - from < limit, "not within {} s: {what}", limit / SEC);
        run(w, SEC);
    }
    w.now - from
}

fn dims(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

fn series(w: &World, ns: &str, name: &str, d: &[(&str, &str)], stat: &str, since: Ms) -> Vec<(Ms, f64)> {
    w.metric_query(ns, name, &dims(d), stat, 60, since, w.now)
}

fn said(w: &World, service: &str, since: Ms, part: &str) -> bool {
    w.ecs.services[service].events.iter().any(|e| e.created_at > since && e.message.contains(part))
}

fn rds_said(w: &World, since: Ms, text: &str) -> Option<Ms> {
    w.rds.events.iter().find(|e| e.date > since && e.message == text).map(|e| e.date)
}

fn steady(w: &World, service: &str) -> bool {
    let s = &w.ecs.services[service];
    s.running_count == s.desired_count && s.pending_count == 0 && s.steady
}

const LB: [(&str, &str); 1] = [("LoadBalancer", ALB_DIM)];

#[test]
fn the_same_seed_gives_the_same_world() {
    let (mut a, mut b, mut c) = (world(), world(), World::new(8, MONDAY));
    a.advance_to(MONDAY + DAY);
    while b.now < MONDAY + DAY {
        let jump = 1 + (b.now / SEC) % 977;
        b.advance_to((b.now + jump * SEC).min(MONDAY + DAY));
    }
    c.advance_to(MONDAY + DAY);
    assert_eq!(a.digest(), b.digest());
    assert_ne!(a.digest(), c.digest());
}

#[test]
fn what_a_user_does_leaves_the_traffic_alone() {
    let (mut a, mut b) = (quiet(), quiet());
    b.update_service(CLUSTER, WEB, UpdateService { desired_count: Some(5), ..Default::default() }).unwrap();
    run(&mut a, 20 * MIN);
    run(&mut b, 20 * MIN);
    assert!((a.traffic.api_rate - b.traffic.api_rate).abs() < f64::EPSILON);
}

#[test]
fn a_day_is_healthy_and_scaling_moves() {
    for seed in [1, 2, 3] {
        let mut w = World::new(seed, MONDAY - 12 * HOUR);
        let mut counts: BTreeSet<(&str, u32)> = BTreeSet::new();
        let mut unsettled = [0; 3];
        for _ in 0..24 * 60 {
            run(&mut w, MIN);
            for (i, name) in SERVICES.into_iter().enumerate() {
                let s = &w.ecs.services[name];
                let target = &w.scaling.targets[name];
                assert!((target.min..=target.max).contains(&s.desired_count));
                counts.insert((name, s.desired_count));
                unsettled[i] = if s.running_count == s.desired_count { 0 } else { unsettled[i] + 1 };
                assert!(unsettled[i] < 6, "{name} is not settling");
                let d = [("ClusterName", CLUSTER), ("ServiceName", name)];
                for (t, cpu) in series(&w, "AWS/ECS", "CPUUtilization", &d, "Average", w.now - 3 * MIN) {
                    assert!((12.0..72.0).contains(&cpu), "{name} at {cpu} % at {t}");
                }
            }
            let loud: Vec<&str> =
                w.alarms.iter().filter(|a| !a.is_scaling() && a.state != AlarmState::Ok).map(|a| a.name.as_str()).collect();
            assert!(loud.is_empty(), "seed {seed}: {loud:?}");
        }
        assert!(counts.contains(&(CONTROL, 2)) && counts.contains(&(CONTROL, 3)), "{counts:?}");
        assert!(counts.contains(&(WEB, 2)) && counts.contains(&(WEB, 3)), "{counts:?}");
        assert!(counts.iter().all(|(_, n)| *n <= 5), "{counts:?}");
        let stops = w.ecs.tasks.values().filter(|t| t.stop_code.is_some_and(|c| c != StopCode::ServiceSchedulerInitiated));
        assert_eq!(stops.count(), 0);
    }
}

#[test]
fn a_new_world_has_three_hours_of_history() {
    let w = world();
    assert_eq!(w.now, MONDAY);
    let requests = series(&w, "AWS/ApplicationELB", "RequestCount", &LB, "Sum", MONDAY - 4 * HOUR);
    assert!((176..=180).contains(&requests.len()), "{}", requests.len());
    assert!(requests.windows(2).all(|p| p[1].0 - p[0].0 == MIN));
    let events = &w.logs.groups[LOG_GROUP].events;
    assert!(events.len() > 3_000 && events.front().unwrap().timestamp < MONDAY - 50 * MIN);
    assert!(w.rds.events.len() >= 14);
    assert!(w.ecs.service_deployments.iter().any(|d| d.status == ServiceDeploymentStatus::RollbackSuccessful));
    assert!(w.ecs.service_deployments.iter().any(|d| d.service == CONTROL && d.created_at > MONDAY - 2 * HOUR));
    assert!(SERVICES.iter().all(|s| steady(&w, s)));
    assert_eq!(w.alarms.iter().filter(|a| !a.is_scaling()).count(), 9);
    assert_eq!(w.alarms.iter().filter(|a| a.is_scaling()).count(), 6);
}

#[test]
fn metrics_arrive_late_but_arrive() {
    let mut w = quiet();
    for _ in 0..180 {
        run(&mut w, SEC);
        let newest = series(&w, "AWS/ECS", "CPUUtilization", &[("ClusterName", CLUSTER), ("ServiceName", WEB)], "Average", w.now - HOUR);
        let age = w.now - newest.last().unwrap().0;
        assert!((65 * SEC..=160 * SEC).contains(&age), "{age}");
    }
}

#[test]
fn figures_agree() {
    let w = quiet();
    let since = w.now - 2 * HOUR;
    let sum = |d: &[(&str, &str)], name: &str| series(&w, "AWS/ApplicationELB", name, d, "Sum", since);
    let all = sum(&LB, "RequestCount");
    let api = sum(&[("LoadBalancer", ALB_DIM), ("TargetGroup", TG_API_DIM)], "RequestCount");
    let web = sum(&[("LoadBalancer", ALB_DIM), ("TargetGroup", TG_WEB_DIM)], "RequestCount");
    for ((t, total), (a, b)) in all.iter().zip(api.iter().zip(&web)) {
        // Series appear with different lags: only compare the same minute.
        if *t == a.0 && *t == b.0 {
            assert!((total - a.1 - b.1).abs() <= 3.0, "{total} {} {}", a.1, b.1);
        }
    }
    let zones: f64 = Az::ALL
        .iter()
        .filter_map(|az| {
            let d = [("AvailabilityZone", az.name()), ("LoadBalancer", ALB_DIM)];
            sum(&d, "RequestCount").first().map(|p| p.1)
        })
        .sum();
    assert!((zones - all[0].1).abs() <= 2.0);
    for service in SERVICES {
        let d = [("ClusterName", CLUSTER), ("ServiceName", service)];
        let running = series(&w, "ECS/ContainerInsights", "RunningTaskCount", &d, "Average", w.now - 5 * MIN);
        assert!((running.last().unwrap().1 - f64::from(w.ecs.services[service].running_count)).abs() < 0.1);
    }
    let api_hosts = [("LoadBalancer", ALB_DIM), ("TargetGroup", TG_API_DIM)];
    let healthy = series(&w, "AWS/ApplicationELB", "HealthyHostCount", &api_hosts, "Minimum", w.now - 5 * MIN);
    assert!((healthy.last().unwrap().1 - f64::from(w.ecs.services[CONTROL].running_count)).abs() < 0.1);
    let p50 = series(&w, "AWS/ApplicationELB", "TargetResponseTime", &LB, "p50", w.now - 5 * MIN).last().unwrap().1;
    let p99 = series(&w, "AWS/ApplicationELB", "TargetResponseTime", &LB, "p99", w.now - 5 * MIN).last().unwrap().1;
    assert!(p50 > 0.005 && p99 > 2.0 * p50 && p99 < 1.0, "{p50} {p99}");
    let master: f64 = w
        .redis
        .nodes
        .iter()
        .filter(|n| n.node_group == "0001")
        .map(|n| {
            series(&w, "AWS/ElastiCache", "IsMaster", &[("CacheClusterId", &n.id), ("CacheNodeId", "0001")], "Maximum", w.now - 5 * MIN)[0]
                .1
        })
        .sum();
    assert!((master - 1.0).abs() < 0.01);
    assert!(series(&w, "AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", &LB, "Sum", w.now - 10 * MIN).is_empty());
}

#[test]
fn long_runs_thin_old_points() {
    let mut w = world();
    run(&mut w, 26 * HOUR);
    let found = w.metrics.find("AWS/RDS", "CPUUtilization", &dims(&[("DBInstanceIdentifier", DB)])).unwrap();
    assert!(found.fine.len() <= 190 && found.coarse.len() <= 290, "{} {}", found.fine.len(), found.coarse.len());
    let hourly = w.metric_query("AWS/RDS", "CPUUtilization", &found.dims, "Average", 3600, w.now - 20 * HOUR, w.now);
    assert!((20..=21).contains(&hourly.len()));
    assert!(w.list_metrics(Some("AWS/RDS"), None, &[], true).len() > 20);
    assert!(w.list_metrics(None, Some("CPUUtilization"), &[("ServiceName".into(), None)], true).len() == 3);
    assert!(w.logs.groups[LOG_GROUP].events.len() <= 20_000);
}

#[test]
fn logs_are_ordered_and_belong_to_tasks() {
    let mut w = quiet();
    let (from, before) = (w.now, w.logs.groups[LOG_GROUP].next_id);
    run(&mut w, 10 * MIN);
    let group = &w.logs.groups[LOG_GROUP];
    let rate = (group.next_id - before) as f64 / 600.0;
    assert!((1.0..6.0).contains(&rate), "{rate} lines/s");
    let fresh: Vec<&LogEvent> = group.events.iter().filter(|e| e.id >= before).collect();
    assert!(fresh.windows(2).all(|p| p[0].id < p[1].id && p[0].ingestion_time <= p[1].ingestion_time));
    let names: BTreeSet<String> = w.ecs.tasks.values().map(Task::log_stream).collect();
    for event in fresh {
        assert!(event.timestamp > from - SEC && event.timestamp <= event.ingestion_time);
        assert!(names.contains(event.stream.as_ref()), "{}", event.stream);
        assert_eq!(event.event_id().len(), 56);
    }
}

#[test]
fn a_newcomer_sees_a_rolling_deployment() {
    let mut w = world();
    let began = until(&mut w, 5 * MIN, "rollout", |w| w.is_rolling(WEB));
    assert!(began >= 2 * MIN);
    let mut least = u32::MAX;
    while w.is_rolling(WEB) {
        run(&mut w, SEC);
        least = least.min(w.ecs.services[WEB].running_count);
    }
    assert!(least >= w.ecs.services[WEB].desired_count, "never below 100 %");
    until(&mut w, 3 * MIN, "steady", |w| steady(w, WEB));
    for text in [
        "has started",
        "registered 1 targets in (target-group",
        "has stopped",
        "has begun draining connections on",
        "deployment completed.",
    ] {
        assert!(said(&w, WEB, MONDAY, text), "{text}");
    }
    let s = &w.ecs.services[WEB];
    assert_eq!(s.deployments.len(), 1);
    assert_eq!(s.deployments[0].rollout_state, RolloutState::Completed);
    assert!(w.ecs.tasks.values().filter(|t| t.service == WEB && t.is_running()).all(|t| t.task_definition == s.task_definition));
    let record = w.ecs.service_deployments.iter().rfind(|d| d.service == WEB).unwrap();
    assert_eq!(record.status, ServiceDeploymentStatus::Successful);
}

mod delivery;
mod drift;
mod edge;
mod failures;
mod insight;
mod network;
mod operations;
mod scenes;
mod security;
