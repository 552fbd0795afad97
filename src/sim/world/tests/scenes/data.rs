//! The database and the cache run out of something: CPU, connections, storage, memory.

use super::*;

const D: [(&str, &str); 1] = [("DBInstanceIdentifier", DB)];

fn alarm(w: &World, name: &str) -> AlarmState {
    w.alarms.iter().find(|a| a.name == format!("{STACK}-{name}")).unwrap().state
}

fn logged(w: &World, since: Ms, part: &str) -> bool {
    w.logs.groups[LOG_GROUP].events.iter().any(|e| e.timestamp > since && e.message.contains(part))
}

fn db_moved(w: &World, since: Ms) -> bool {
    w.rds.events.iter().any(|e| e.date > since && e.message.contains("failover"))
}

#[test]
fn the_database_has_no_cpu_left() {
    play("db-cpu", |w, from| {
        let (zone, requests) = (w.rds.instance.az, w.traffic.api_rate);
        run(w, 6 * MIN);
        let p99 = series(w, "AWS/ApplicationELB", "TargetResponseTime", &LB, "p99", from).last().unwrap().1;
        assert!(p99 > 1.0, "{p99}");
        let load = series(w, "AWS/RDS", "DBLoad", &D, "Average", from).last().unwrap().1;
        assert!(load > 2.0 * w.rds.instance.vcpus(), "{load}");
        assert!(series(w, "AWS/RDS", "CPUUtilization", &D, "Average", from).last().unwrap().1 > 95.0);
        let parts = w.rds.insight.samples.back().unwrap().parts();
        let top = parts.iter().max_by(|a, b| a.load.total_cmp(&b.load)).unwrap();
        assert!(top.statement.sql.starts_with("SELECT * FROM assessments_response") && top.wait.name == "CPU", "{}", top.statement.sql);
        let open = series(w, "AWS/RDS", "DatabaseConnections", &D, "Average", from - 5 * MIN);
        assert!(open.last().unwrap().1 > 1.6 * open[0].1, "who waits opens more: {open:?}");
        assert!(logged(w, from, "nextcore.db slow query") && logged(w, from, "canceling statement due to statement timeout"));
        until(w, 3 * MIN, "alarms", |w| alarm(w, "rds-cpu-high") == AlarmState::Alarm && alarm(w, "target-5xx") == AlarmState::Alarm);
        // What does not change.
        assert_eq!((w.rds.instance.status, w.rds.instance.az, db_moved(w, from)), (DbStatus::Available, zone, false));
        assert!(SERVICES.iter().all(|s| w.ecs.services[*s].running_count == w.ecs.services[*s].desired_count));
        assert!(w.traffic.api_rate > 0.7 * requests);
        w.heal();
        until(w, 12 * MIN, "alarms over", |w| alarm(w, "rds-cpu-high") == AlarmState::Ok && alarm(w, "target-5xx") == AlarmState::Ok);
        until(w, 8 * MIN, "recovered", World::recovered);
    });
}

#[test]
fn twice_the_cpus_halve_the_load() {
    let mut w = QUIET[0].clone();
    w.inject(Scenario::DbCpu);
    run(&mut w, 3 * MIN);
    assert!(w.rds.instance.cpu > 98.0);
    w.modify_db(DB, ModifyDbInstance { class: Some("db.m5.2xlarge".into()), at_once: true, ..Default::default() }).unwrap();
    run(&mut w, 12 * MIN);
    assert!(w.rds.instance.cpu < 60.0, "{}", w.rds.instance.cpu);
    let p99 = series(&w, "AWS/ApplicationELB", "TargetResponseTime", &LB, "p99", w.now - 4 * MIN).last().unwrap().1;
    assert!(p99 < 1.0, "{p99}");
}

#[test]
fn the_database_takes_no_more_connections() {
    play("db-connections", |w, from| {
        let most = w.rds.instance.max_connections();
        assert!((850.0..950.0).contains(&most));
        run(w, 2 * MIN);
        assert!(!logged(w, from, "too many clients"), "leaking alone does no harm");
        until(w, 6 * MIN, "all taken", |w| w.rds.instance.is_full());
        until(w, MIN, "refused", |w| logged(w, from, "FATAL: sorry, too many clients already"));
        until(w, 4 * MIN, "checks fail", |w| {
            w.alb.target_groups[0].targets.iter().any(|t| t.reason == Some(TargetReason::ResponseCodeMismatch(500)))
        });
        until(w, 6 * MIN, "ECS replaces", |w| said(w, CONTROL, from, "due to (reason Health checks failed with these codes: [500])"));
        until(w, 8 * MIN, "alarm", |w| alarm(w, "target-5xx") == AlarmState::Alarm);
        let open = series(w, "AWS/RDS", "DatabaseConnections", &D, "Maximum", from);
        let top = open.iter().map(|p| p.1).fold(0.0, f64::max);
        assert!(top <= most && top > most - 20.0, "flat at the limit: {top}");
        assert_eq!((w.rds.instance.status, db_moved(w, from)), (DbStatus::Available, false));
        assert!(w.rds.instance.cpu < 70.0);
        assert!(w.alb.target_groups[1].targets.iter().all(|t| t.state != TargetState::Unhealthy), "the portal asks no database");
        w.heal();
        until(w, 10 * MIN, "recovered", World::recovered);
        assert!(w.rds.instance.connections < 0.8 * most);
    });
}

#[test]
fn the_volume_fills_up() {
    play("storage-filling", |w, from| {
        run(w, 5 * MIN);
        let free = series(w, "AWS/RDS", "FreeStorageSpace", &D, "Average", from);
        assert!(free.windows(2).skip(1).all(|p| p[0].1 - p[1].1 > 4e9), "a slope: {free:?}");
        assert_eq!(w.rds.instance.status, DbStatus::Available);
        let when = |w: &World, part: &str| w.rds.events.iter().find(|e| e.date > from && e.message.contains(part)).map(|e| e.date);
        until(w, 14 * MIN, "full", |w| w.rds.instance.status == DbStatus::StorageFull);
        let order = [
            "is low at 10% of the provisioned storage [Provisioned Storage: 100 GB, Free Storage: 9.",
            "is low at 5% of the allocated storage [Allocated storage: 100 GB, Free storage: 4.",
            "DB instance has reached the storage-full threshold, and the database has been shut down.",
        ]
        .map(|part| when(w, part).unwrap_or_else(|| panic!("{part}")));
        assert!(order.is_sorted());
        assert!(when(w, "Allocated storage has been exhausted. Allocate additional storage to resolve.").is_some());
        assert!(logged(w, from, "No space left on device"));
        until(w, MIN, "targets fail together", |w| {
            w.alb.target_groups[0].targets.iter().all(|t| t.reason == Some(TargetReason::ResponseCodeMismatch(500)))
        });
        run(w, MIN);
        // It looks calm, and its standby is as full: nothing fails over.
        assert!(w.rds.instance.cpu < 5.0 && !db_moved(w, from));
        let free = series(w, "AWS/RDS", "FreeStorageSpace", &D, "Minimum", from);
        assert!(free.last().unwrap().1 < 6e9 && free.iter().all(|p| p.1 >= 0.0));
        w.heal();
        until(w, 10 * SEC, "modifying", |w| w.rds.instance.status == DbStatus::Modifying);
        until(w, 3 * MIN, "grown", |w| rds_said(w, from, "Finished applying modification to allocated storage").is_some());
        assert_eq!((w.rds.instance.status, w.rds.instance.allocated_gib), (DbStatus::StorageOptimization, 150));
        until(w, 10 * MIN, "recovered", World::recovered);
    });
}

#[test]
fn the_owner_may_grow_a_full_volume() {
    let mut w = QUIET[1].clone();
    w.inject(Scenario::StorageFilling);
    until(&mut w, 20 * MIN, "full", |w| w.rds.instance.status == DbStatus::StorageFull);
    let refused = w.modify_db(DB, ModifyDbInstance { class: Some("db.m5.large".into()), at_once: true, ..Default::default() });
    assert_eq!(refused.unwrap_err().code, "InvalidDBInstanceState");
    w.modify_db(DB, ModifyDbInstance { allocated_gib: Some(400), at_once: true, ..Default::default() }).unwrap();
    until(&mut w, 4 * MIN, "answers again", World::database_answers);
    assert_eq!(w.rds.instance.allocated_gib, 400);
    run(&mut w, 2 * MIN);
    assert!(w.strain.filling > 0.0, "what writes goes on writing");
}

#[test]
fn the_cache_has_no_memory_left() {
    play("redis-memory", |w, from| {
        let primary = w.redis.nodes.iter().find(|n| n.primary).unwrap().id.clone();
        let node = [("CacheClusterId", primary.as_str()), ("CacheNodeId", "0001")];
        let metric = |w: &World, name: &str| series(w, "AWS/ElastiCache", name, &node, "Average", from);
        run(w, 100 * SEC);
        assert!(metric(w, "Evictions").iter().all(|p| p.1 == 0.0), "there is room yet");
        run(w, 6 * MIN);
        let memory = metric(w, "DatabaseMemoryUsagePercentage");
        assert!(memory.windows(2).all(|p| p[1].1 >= p[0].1 - 0.5) && memory.last().unwrap().1 > 99.0, "{memory:?}");
        assert!(metric(w, "Evictions").last().unwrap().1 > 1_000.0);
        let hits = metric(w, "CacheHitRate");
        assert!(hits.last().unwrap().1 < hits[0].1 - 10.0, "{hits:?}");
        let items = metric(w, "CurrItems");
        assert!((items[items.len() - 1].1 / items[items.len() - 2].1 - 1.0).abs() < 0.01, "flat");
        until(w, 4 * MIN, "writes are refused", |w| logged(w, from, "OOM command not allowed when used memory > 'maxmemory'."));
        until(w, 6 * MIN, "alarm", |w| alarm(w, "target-5xx") == AlarmState::Alarm);
        assert!(w.redis.nodes.iter().all(|n| n.status == NodeStatus::Available && n.up));
        assert_eq!((w.redis.group.status, w.redis.events.iter().filter(|e| e.date > from).count()), ("available", 0));
        assert!(metric(w, "EngineCPUUtilization").last().unwrap().1 < 30.0);
        w.heal();
        until(w, 10 * MIN, "recovered", World::recovered);
        until(w, 8 * MIN, "alarm over", |w| alarm(w, "target-5xx") == AlarmState::Ok);
    });
}
