//! More work than the stack can do: visitors, jobs. And CloudWatch when it is late.

use super::*;

fn high_alarm<'a>(w: &'a World, service: &str) -> &'a Alarm {
    let name = &w.scaling.policies[service].alarm_high;
    w.alarms.iter().find(|a| a.name == *name).unwrap()
}

fn cpu(w: &World, service: &str, since: Ms) -> f64 {
    let d = [("ClusterName", CLUSTER), ("ServiceName", service)];
    series(w, "AWS/ECS", "CPUUtilization", &d, "Average", since).last().unwrap().1
}

fn at_most(w: &World, service: &str) -> bool {
    w.scaling.activities.iter().any(|a| {
        a.service == service && a.not_scaled.iter().any(|r| r.code == "AlreadyAtMaxCapacity" && r.max == r.current && r.max.is_some())
    })
}

fn goals(w: &World, service: &str, since: Ms) -> Vec<u32> {
    let mine = w.scaling.activities.iter().filter(|a| a.service == service && a.start > since && a.not_scaled.is_empty());
    let mut goals: Vec<u32> = mine.map(|a| a.goal).collect();
    goals.reverse();
    goals
}

#[test]
fn a_spike_scales_the_portal_to_its_maximum() {
    play("traffic-spike", |w, from| {
        let before = w.traffic.web_rate;
        run(w, 3 * MIN);
        assert!(w.traffic.web_rate > 4.0 * before);
        until(w, 4 * MIN, "AlarmHigh", |w| high_alarm(w, WEB).state == AlarmState::Alarm);
        let most = w.scaling.targets[WEB].max;
        until(w, 10 * MIN, "maximum", |w| w.ecs.services[WEB].desired_count == most);
        let steps = goals(w, WEB, from);
        assert!(steps.is_sorted() && steps.last() == Some(&most) && !steps.is_empty(), "{steps:?}");
        until(w, 9 * MIN, "not scaled", |w| at_most(w, WEB));
        assert!(cpu(w, WEB, from) > 90.0);
        let p99 = series(w, "AWS/ApplicationELB", "TargetResponseTime", &LB, "p99", from).last().unwrap().1;
        assert!(p99 > 1.0, "{p99}");
        assert!(series(w, "AWS/ApplicationELB", "HTTPCode_ELB_504_Count", &LB, "Sum", from).last().unwrap().1 > 100.0);
        assert_eq!(w.alarms.iter().find(|a| a.name == format!("{STACK}-alb-5xx")).unwrap().state, AlarmState::Alarm);
        // Health states are all green, and nothing stops.
        assert!(w.alb.target_groups.iter().flat_map(|g| &g.targets).all(|t| t.state == TargetState::Healthy));
        assert_eq!(w.ecs.services[WEB].running_count, most);
        assert!(w.rds.instance.cpu < 90.0, "the database is not the bottleneck");
        assert!(w.ecs.tasks.values().all(|t| t.stopping_at.is_none_or(|at| at <= from)));
        w.heal();
        until(w, 10 * MIN, "recovered", World::recovered);
        until(w, 6 * MIN, "AlarmHigh over", |w| high_alarm(w, WEB).state == AlarmState::Ok);
    });
}

#[test]
fn more_tasks_than_the_maximum_end_the_overload() {
    let mut w = QUIET[2].clone();
    w.inject(Scenario::TrafficSpike);
    w.scaling.targets.get_mut(WEB).unwrap().max = 16;
    w.update_service(CLUSTER, WEB, UpdateService { desired_count: Some(14), ..Default::default() }).unwrap();
    run(&mut w, 10 * MIN);
    assert!(cpu(&w, WEB, w.now - 5 * MIN) < 85.0);
    assert!(series(&w, "AWS/ApplicationELB", "HTTPCode_ELB_504_Count", &LB, "Sum", w.now - 4 * MIN).is_empty());
}

#[test]
fn a_backlog_shows_only_by_its_signs() {
    play("worker-backlog", |w, from| {
        let requests = w.traffic.api_rate;
        until(w, 7 * MIN, "AlarmHigh", |w| high_alarm(w, WORKER).state == AlarmState::Alarm);
        let most = w.scaling.targets[WORKER].max;
        until(w, 12 * MIN, "maximum", |w| w.ecs.services[WORKER].running_count == most);
        until(w, 8 * MIN, "not scaled", |w| at_most(w, WORKER));
        assert!(cpu(w, WORKER, from) > 95.0);
        let broker = w.redis.nodes.iter().find(|n| n.primary && n.node_group == "0002").unwrap().id.clone();
        let used =
            series(w, "AWS/ElastiCache", "BytesUsedForCache", &[("CacheClusterId", &broker), ("CacheNodeId", "0001")], "Average", from);
        assert!(used.last().unwrap().1 > used[0].1 + 10e6, "the lists grow: {used:?}");
        let lines = w.logs.groups[LOG_GROUP].events.iter().filter(|e| e.timestamp > from && e.message.contains("queue celery is long"));
        assert!(lines.count() > 10);
        assert!(w.alb.target_groups.iter().flat_map(|g| &g.targets).all(|t| t.state != TargetState::Unhealthy));
        assert!((0.6..1.7).contains(&(w.traffic.api_rate / requests)), "the users ask for no more than before");
        assert!(series(w, "AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", &LB, "Sum", from).is_empty());
        let waiting = w.redis.backlog;
        w.heal();
        run(w, 2 * MIN);
        assert!(w.redis.backlog < waiting, "worked off, not thrown away");
        assert!(w.redis.backlog > 0.5 * waiting);
        until(w, 30 * MIN, "recovered", World::recovered);
    });
}

#[test]
fn a_late_cloudwatch_blinds_the_alarms_and_nothing_else() {
    play("cloudwatch-late", |w, from| {
        let d = [("DBInstanceIdentifier", DB)];
        let newest = |w: &World| series(w, "AWS/RDS", "CPUUtilization", &d, "Average", from - HOUR).last().unwrap().0;
        run(w, 6 * MIN);
        assert!(w.now - newest(w) > 5 * MIN);
        run(w, 3 * MIN);
        let dark = w.alarms.iter().filter(|a| a.state == AlarmState::InsufficientData).count();
        assert!(dark >= 8, "{dark}");
        let activities = w.scaling.activities.len();
        run(w, 6 * MIN);
        assert!((11 * MIN..13 * MIN + 40 * SEC).contains(&(w.now - newest(w))), "late, not lost: {}", w.now - newest(w));
        assert_eq!(w.scaling.activities.len(), activities, "target tracking does nothing without data");
        assert!(SERVICES.iter().all(|s| steady(w, s)) && w.database_is_well());
        w.heal();
        run(w, 2 * MIN);
        let points = series(w, "AWS/RDS", "CPUUtilization", &d, "Average", from);
        assert!(w.now - newest(w) < 3 * MIN && points.windows(2).all(|p| p[1].0 - p[0].0 == MIN), "the gap is filled");
        until(w, 5 * MIN, "alarms see again", |w| w.alarms.iter().all(|a| a.state != AlarmState::InsufficientData));
    });
}
