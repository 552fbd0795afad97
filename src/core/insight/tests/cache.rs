//! Redis: group, shards, nodes, roles.

use crate::insight::fixture::{RG, World, data_event, look, run};
use crate::insight::topology::roles::redis_roles;
use crate::model::cache::{CacheEvents, CacheNodes, ReplicationGroup};
use crate::model::metric;

fn group(world: &mut World, change: impl FnOnce(&mut ReplicationGroup)) {
    world.edit(change);
}

fn node(world: &mut World, index: usize, status: &str) {
    world.edit::<CacheNodes>(|n| n.nodes[index].status = status.into());
}

/// Events as (source suffix, minutes ago, text), newest first.
fn events(world: &mut World, list: &[(&str, i64, &str)]) {
    let events = list.iter().map(|(source, at, text)| data_event(&format!("{RG}{source}"), *at, text)).collect();
    world.put(CacheEvents { events });
}

const FAILED_OVER: &str =
    "Failover from primary node production-nextcore-redis-0001-001 to replica node production-nextcore-redis-0001-002 completed";

#[test]
fn the_group() {
    run(&[
        ("modifying", |w| group(w, |g| g.status = "modifying".into()), "redis", "changing", "status modifying"),
        ("snapshotting", |w| group(w, |g| g.status = "snapshotting".into()), "redis", "healthy", "status snapshotting"),
        ("creating", |w| group(w, |g| g.status = "creating".into()), "redis", "down", "status creating"),
        (
            "a status of tomorrow",
            |w| group(w, |g| g.status = "levitating".into()),
            "redis",
            "unknown",
            "status levitating: not known whether it serves",
        ),
        ("deleting", |w| group(w, |g| g.status = "deleting".into()), "redis", "down", "status deleting"),
        ("create failed", |w| group(w, |g| g.status = "create-failed".into()), "redis", "down", "status create-failed"),
        ("no failover", |w| group(w, |g| g.automatic_failover = "disabled".into()), "redis", "degraded", "automatic failover disabled"),
        (
            "failing over",
            |w| events(w, &[("-0001-001", 2, "Recovering cache nodes 0001"), ("", 3, FAILED_OVER), ("-0001-001", 3, FAILED_OVER)]),
            "redis",
            "degraded",
            "failed over production-nextcore-redis-0001-001 → production-nextcore-redis-0001-002, not recovered yet (3m00s)",
        ),
        (
            "failed over and recovered",
            |w| events(w, &[("-0001-001", 1, "Finished recovery for cache nodes 0001"), ("", 3, FAILED_OVER)]),
            "redis",
            "healthy",
            "",
        ),
        ("failed over long ago", |w| events(w, &[("", 16, FAILED_OVER)]), "redis", "healthy", ""),
        (
            "a replica recovers",
            |w| events(w, &[("-0002-002", 2, "Recovering cache nodes 0001")]),
            "redis",
            "degraded",
            "production-nextcore-redis-0002-002 recovering (2m00s)",
        ),
        (
            "another shard's recovery does not end it",
            |w| events(w, &[("-0002-001", 1, "Finished recovery for cache nodes 0001"), ("-0001-001", 3, "Recovering cache nodes 0001")]),
            "redis",
            "degraded",
            "production-nextcore-redis-0001-001 recovering (3m00s)",
        ),
        (
            "nobody is connected",
            |w| {
                for id in ["0001-001", "0001-002", "0002-001", "0002-002"] {
                    w.series(metric::Redis::Connections.of(&format!("{RG}-{id}")), &[40.0, 0.0, 0.0]);
                }
            },
            "redis",
            "down",
            "0 connections on all 4 nodes for 2 min",
        ),
        (
            "one node of four without connections",
            |w| w.series(metric::Redis::Connections.of(&format!("{RG}-0001-001")), &[0.0; 3]),
            "redis",
            "healthy",
            "",
        ),
    ]);
}

/// A cache cluster by itself, of so many nodes.
fn alone(world: &mut World, engine: &str, nodes: usize) {
    group(world, |g| {
        (g.alone, g.engine, g.automatic_failover) = (true, engine.into(), "".into());
        g.node_groups.truncate(1);
        g.node_groups[0].members.truncate(nodes);
    });
}

#[test]
fn a_cache_cluster_by_itself() {
    run(&[
        ("one node", |w| alone(w, "valkey", 1), "redis", "healthy", "a single cache cluster: no replica"),
        ("nodes of Memcached", |w| alone(w, "memcached", 2), "redis", "healthy", ""),
        (
            "one of two nodes lost",
            |w| {
                alone(w, "memcached", 2);
                node(w, 1, "rebooting cluster nodes");
            },
            "redis",
            "degraded",
            "1 of 2 nodes available",
        ),
        (
            "the node lost",
            |w| {
                alone(w, "redis", 1);
                node(w, 0, "rebooting cluster nodes");
            },
            "redis",
            "down",
            "0 of 1 nodes available",
        ),
    ]);
}

#[test]
fn shards_and_nodes() {
    run(&[
        ("shard modifying", |w| group(w, |g| g.node_groups[0].status = "modifying".into()), "redis", "changing", "shard 0001 modifying"),
        (
            "no node available",
            |w| {
                node(w, 0, "rebooting cluster nodes");
                node(w, 1, "rebooting cluster nodes");
            },
            "redis",
            "down",
            "shard 0001: 0 of 2 nodes available",
        ),
        (
            "a node is not available",
            |w| node(w, 3, "rebooting cache cluster nodes"),
            "redis",
            "degraded",
            "shard 0002: no replica, 1 of 2 nodes available",
        ),
        ("a node is changed", |w| node(w, 3, "modifying"), "redis", "changing", "0002-002: node modifying"),
        ("a node snapshots", |w| node(w, 3, "snapshotting"), "redis", "healthy", "0002-002: node snapshotting"),
        (
            "no replica at all",
            |w| group(w, |g| g.node_groups[1].members.truncate(1)),
            "redis",
            "degraded",
            "shard 0002: no replica, 1 of 1 nodes available",
        ),
        (
            "one zone",
            |w| group(w, |g| g.node_groups[0].members.iter_mut().for_each(|m| m.zone = "ap-southeast-2a".into())),
            "redis",
            "degraded",
            "shard 0001: all nodes in ap-southeast-2a",
        ),
        ("zones unknown", |w| group(w, |g| g.node_groups[0].members.iter_mut().for_each(|m| m.zone.clear())), "redis", "healthy", ""),
        ("no primary", |w| primaries(w, &[0.0, 0.0], &[0.0, 0.0]), "redis", "down", "shard 0001: no primary for 2 min"),
        ("two primaries", |w| primaries(w, &[1.0, 1.0], &[1.0, 1.0]), "redis", "down", "shard 0001: 2 primaries for 2 min"),
        ("two primaries in the minute of a failover", |w| primaries(w, &[1.0, 1.0], &[0.0, 1.0]), "redis", "healthy", ""),
        ("one primary", |w| primaries(w, &[1.0, 1.0], &[0.0, 0.0]), "redis", "healthy", ""),
        ("two primaries, one after the other", |w| one_after_the_other(w, 1.0), "redis", "healthy", ""),
        ("no primary, one node silent meanwhile", |w| one_after_the_other(w, 0.0), "redis", "healthy", ""),
        (
            "broken link",
            |w| {
                primaries(w, &[1.0, 1.0], &[0.0, 0.0]);
                w.series(metric::Redis::Link.of(&format!("{RG}-0001-002")), &[1.0, 0.0, 0.0]);
            },
            "redis",
            "degraded",
            "0001-002: replica's link to its primary down for 2 min",
        ),
        (
            "a primary has no link",
            |w| {
                primaries(w, &[1.0, 1.0], &[0.0, 0.0]);
                w.series(metric::Redis::Link.of(&format!("{RG}-0001-001")), &[0.0, 0.0, 0.0]);
            },
            "redis",
            "healthy",
            "",
        ),
    ]);
}

/// A node that is gone was what it was in minutes of its own: they still speak for now, and are not those of the other.
fn one_after_the_other(world: &mut World, primary: f64) {
    world.unmeasured("/primary");
    world.series(metric::Redis::Primary.of(&format!("{RG}-0001-001")), &[primary; 2]);
    world.pass(3);
    world.series(metric::Redis::Primary.of(&format!("{RG}-0001-002")), &[primary; 2]);
}

fn primaries(world: &mut World, first: &[f64], second: &[f64]) {
    world.series(metric::Redis::Primary.of(&format!("{RG}-0001-001")), first);
    world.series(metric::Redis::Primary.of(&format!("{RG}-0001-002")), second);
}

fn first(world: &mut World, metric: metric::Redis, values: &[f64]) {
    world.series(metric.of(&format!("{RG}-0001-001")), values);
}

#[test]
fn saturation() {
    run(&[
        ("cpu", |w| first(w, metric::Redis::Cpu, &[46.0; 5]), "redis", "degraded", "0001-001: cpu 46 % for 5 min"),
        (
            "engine",
            |w| first(w, metric::Redis::Engine, &[60.0, 60.0, 75.0, 75.0, 75.0]),
            "redis",
            "degraded",
            "0001-001: engine cpu 75 % in 3 of 5 min",
        ),
        ("engine, full", |w| first(w, metric::Redis::Engine, &[95.0; 5]), "redis", "down", "0001-001: engine cpu 95 % for 5 min"),
        ("memory", |w| first(w, metric::Redis::Memory, &[78.0; 3]), "redis", "degraded", "0001-001: memory 78 % for 3 min"),
        ("memory, full", |w| first(w, metric::Redis::Memory, &[93.0; 3]), "redis", "down", "0001-001: memory 93 % for 3 min"),
        (
            "evictions",
            |w| first(w, metric::Redis::Evictions, &[0.0, 0.0, 12.0, 0.0, 0.0]),
            "redis",
            "degraded",
            "0001-001: evictions/min 12 at 21:58, in 1 of 5 min",
        ),
        ("swap", |w| first(w, metric::Redis::Swap, &[8.0e7; 3]), "redis", "degraded", "0001-001: swap 76 MiB for 3 min"),
        ("lag", |w| first(w, metric::Redis::Lag, &[6.0; 3]), "redis", "degraded", "0001-001: replication lag 6.0 s for 3 min"),
        ("credits", |w| first(w, metric::Redis::Credits, &[20.0]), "redis", "degraded", "0001-001: cpu credits 20"),
    ]);
}

#[test]
fn roles_come_from_the_api_then_events_then_metrics() {
    let id = |n: &str| format!("{RG}-{n}");
    let mut world = World::healthy();
    world.unmeasured("/primary");
    assert!(redis_roles(&world.store, world.now).is_empty());
    primaries(&mut world, &[1.0, 1.0], &[0.0, 0.0]);
    let roles = redis_roles(&world.store, world.now);
    assert_eq!((roles.get(&id("0001-001")), roles.get(&id("0001-002")), roles.get(&id("0002-001"))), (Some(&true), Some(&false), None));
    // An event newer than the metric.
    world.pass(2);
    let event = data_event(RG, -1, FAILED_OVER);
    world.put(CacheEvents { events: vec![event] });
    let roles = redis_roles(&world.store, world.now);
    assert_eq!((roles.get(&id("0001-001")), roles.get(&id("0001-002"))), (Some(&false), Some(&true)));
    // The metric has caught up, and says otherwise.
    world.pass(3);
    primaries(&mut world, &[1.0, 1.0], &[0.0, 0.0]);
    assert_eq!(redis_roles(&world.store, world.now).get(&id("0001-001")), Some(&true));
    // The API knows.
    group(&mut world, |g| {
        g.node_groups[0].members[0].role = Some("replica".into());
        g.node_groups[0].members[1].role = Some("primary".into());
    });
    let roles = redis_roles(&world.store, world.now);
    assert_eq!((roles.get(&id("0001-001")), roles.get(&id("0001-002"))), (Some(&false), Some(&true)));
}

#[test]
fn a_node_that_fell_silent_is_no_primary() {
    let mut world = World::healthy();
    world.unmeasured("/primary");
    world.series(metric::Redis::Primary.of(&format!("{RG}-0001-001")), &[1.0]);
    world.pass(6);
    world.series(metric::Redis::Primary.of(&format!("{RG}-0001-002")), &[1.0]);
    let roles = redis_roles(&world.store, world.now);
    assert_eq!(roles.values().copied().collect::<Vec<_>>(), [false, true]);
}

#[test]
fn commands_that_stop() {
    let all = |values: &[f64]| {
        let mut world = World::healthy();
        world.unmeasured("/sets");
        for node in ["0001-001", "0001-002", "0002-001", "0002-002"] {
            world.series(metric::Redis::Gets.of(&format!("{RG}-{node}")), values);
        }
        look(&world.judge(), "redis")
    };
    let with = |last: f64| all(&[&[600.0; 20][..], &[last; 3]].concat());
    assert_eq!(with(0.0), ("degraded", "no commands for 3 min, mean 2.4k/min".into()));
    assert_eq!(with(1.0), ("healthy", String::new()));
    assert_eq!(all(&[0.0; 20]).0, "healthy", "nothing stops that never ran");
}
