//! A rule of a security group is gone: each path, what fails and what keeps on working for a while.

use super::*;

fn rules(w: &World) -> usize {
    w.network.groups.iter().map(|g| g.rules.len()).sum()
}

/// What no mistake in a security group changes.
fn calm(w: &World, from: Ms) {
    assert_eq!(w.rds.instance.status, DbStatus::Available);
    assert!(!w.rds.events.iter().any(|e| e.date > from && e.categories.contains(&"failover")));
    assert!(!w.redis.events.iter().any(|e| e.date > from));
    assert!(w.network.nats.iter().all(|nat| nat.state == NatState::Available));
    assert!(SERVICES.iter().all(|s| !w.is_rolling(s)));
}

#[test]
fn the_balancer_does_not_reach_the_tasks() {
    play("sg-closed:ecs", |w, from| {
        run(w, 10 * SEC);
        let targets = |w: &World| w.alb.target_groups.iter().flat_map(|g| g.targets.clone()).collect::<Vec<_>>();
        assert!(targets(w).iter().all(|t| t.state == TargetState::Healthy), "checks have to fail more than once");
        until(w, 30 * SEC, "every target of every zone times out", |w| targets(w).iter().all(|t| t.reason == Some(TargetReason::Timeout)));
        until(w, MIN, "replaced", |w| said(w, WEB, from, "due to (reason Request timed out)."));
        assert!(w.ecs.tasks.values().any(|t| t.stopped_reason.as_deref().is_some_and(|r| r.starts_with("Task failed ELB health checks"))));
        run(w, 5 * MIN);
        assert!(!series(w, "AWS/ApplicationELB", "HTTPCode_ELB_504_Count", &LB, "Sum", from).is_empty(), "the balancer fails open");
        assert!(targets(w).iter().all(|t| t.state != TargetState::Healthy), "replacements fail too");
        calm(w, from);
        w.heal();
        until(w, 6 * MIN, "recovered", World::recovered);
    });
}

#[test]
fn the_tasks_do_not_reach_the_database() {
    play("sg-closed:rds", |w, from| {
        run(w, 20 * SEC);
        assert!(w.alb.target_groups[0].targets.iter().all(|t| t.state == TargetState::Healthy), "pools live on");
        until(w, 2 * MIN, "targets fail", |w| {
            w.alb.target_groups[0].targets.iter().all(|t| t.reason == Some(TargetReason::ResponseCodeMismatch(500)))
        });
        let lines =
            w.logs.groups[LOG_GROUP].events.iter().filter(|e| e.timestamp > from && e.message.contains("failed: Connection timed out"));
        assert!(lines.count() > 5);
        assert!(!w.logs.groups[LOG_GROUP].events.iter().any(|e| e.timestamp > from && e.message.contains("failed: Connection refused")));
        run(w, 4 * MIN);
        let open = series(w, "AWS/RDS", "DatabaseConnections", &[("DBInstanceIdentifier", DB)], "Minimum", from);
        assert!(open.windows(2).filter(|p| p[1].1 < p[0].1).count() >= 2 && open.last().unwrap().1 < 10.0, "they decay: {open:?}");
        assert!(w.rds.instance.cpu < 10.0 && w.alb.target_groups[1].targets.iter().all(|t| t.state == TargetState::Healthy));
        calm(w, from);
        w.heal();
        until(w, 10 * MIN, "recovered", World::recovered);
    });
}

#[test]
fn the_tasks_do_not_reach_the_cache() {
    play("sg-closed:redis", |w, from| {
        run(w, 3 * MIN);
        assert!(w.alb.target_groups.iter().flat_map(|g| &g.targets).all(|t| t.state == TargetState::Healthy));
        assert!(w.logs.groups[LOG_GROUP].events.iter().any(|e| e.timestamp > from && e.message.contains("Timeout connecting to server")));
        until(w, 5 * MIN, "alarm", |w| w.alarms.iter().any(|a| a.name.ends_with("target-5xx") && a.state == AlarmState::Alarm));
        let node = w.redis.nodes[0].id.clone();
        let clients =
            series(w, "AWS/ElastiCache", "CurrConnections", &[("CacheClusterId", &node), ("CacheNodeId", "0001")], "Average", from);
        assert!(clients.last().unwrap().1 < 0.4 * clients[0].1, "{clients:?}");
        assert_eq!(w.redis.group.status, "available");
        calm(w, from);
        w.heal();
        until(w, 15 * MIN, "recovered", World::recovered);
    });
}

#[test]
fn the_tasks_do_not_reach_the_internet() {
    play("sg-closed:egress", |w, from| {
        run(w, 70 * SEC);
        assert!(!w.logs.groups[LOG_GROUP].events.iter().any(|e| e.timestamp > from + SEC), "no log driver has a way out");
        assert!(w.alb.target_groups.iter().flat_map(|g| &g.targets).all(|t| t.state == TargetState::Healthy), "inbound still works");
        until(w, 8 * MIN, "starts fail in two zones", |w| {
            let failed = w.ecs.tasks.values().filter(|t| {
                let network = t.stopped_reason.as_deref().is_some_and(|r| r.starts_with("ResourceInitializationError"));
                t.stop_code == Some(StopCode::TaskFailedToStart) && network
            });
            failed.map(|t| t.az).collect::<BTreeSet<_>>().len() >= 2
        });
        calm(w, from);
        w.heal();
        until(w, 10 * MIN, "recovered", World::recovered);
    });
}

#[test]
fn the_visitors_do_not_reach_the_balancer() {
    play("sg-closed:alb-443", |w, from| {
        run(w, 5 * MIN);
        assert!(series(w, "AWS/ApplicationELB", "RequestCount", &LB, "Sum", from + MIN).is_empty(), "nobody comes, nothing fails");
        assert!(series(w, "AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", &LB, "Sum", from).is_empty());
        assert!(w.alb.target_groups.iter().flat_map(|g| &g.targets).all(|t| t.state == TargetState::Healthy));
        calm(w, from);
        w.heal();
        until(w, 5 * MIN, "recovered", World::recovered);
    });
    play("sg-closed:alb-80", |w, from| {
        let before = rules(&QUIET[0]);
        run(w, 2 * MIN);
        assert_eq!(rules(w), before - 1, "only the rule tells of it");
        assert!(!series(w, "AWS/ApplicationELB", "RequestCount", &LB, "Sum", from).is_empty());
    });
}

#[test]
fn whoever_opens_the_rule_again_ends_it() {
    let mut w = QUIET[0].clone();
    let group = w.network.rds_sg.clone();
    let rule = w.network.group(&group).unwrap().rules[0].clone();
    w.inject(Scenario::GroupClosed { path: ClosedPath::Rds });
    run(&mut w, 2 * MIN);
    assert_eq!(w.in_force()[0].name, "sg-closed:rds");
    let made = w.open_security_group(&group, false, vec![(rule.permission.clone(), None)]).unwrap();
    assert_ne!(made[0].id, rule.id, "AWS gives a new id");
    run(&mut w, 2 * SEC);
    assert!(w.in_force().is_empty());
    until(&mut w, 8 * MIN, "recovered", World::recovered);
    w.heal();
    assert_eq!(w.network.group(&group).unwrap().rules.len(), 1, "healing opens nothing twice");
}
