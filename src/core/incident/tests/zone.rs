//! A zone that fails and what only looks like it: the signs that it takes, and what follows from it.

use super::{detector, watched};
use crate::insight::fixture::{World, ago, failed_build};
use crate::model::balancer::{Target, TargetState};
use crate::model::cache::{CacheEvents, CacheNodes, DataEvent};
use crate::model::database::{Database, DatabaseEvents};
use crate::model::delivery::Builds;

fn told(source: &str, message: String, minutes: i64) -> DataEvent {
    DataEvent { at: Some(ago(minutes)), source: source.into(), message, ..DataEvent::default() }
}

/// The database and a node of the cache in its zone have failed over; the zone, and the node.
fn two_failovers() -> (World, String, String) {
    let mut world = World::healthy();
    let zone = world.store.get::<Database>().unwrap().zone.clone();
    let node = world.store.get::<CacheNodes>().unwrap().nodes.iter().find(|n| n.zone == zone).unwrap().id.clone();
    world.put(DatabaseEvents { events: vec![told("production-nextcore-db", "Multi-AZ instance failover started".into(), 2)] });
    let failover = format!("Failover from primary node {node} to replica node another completed");
    world.put(CacheEvents { events: vec![told(&node, failover, 1)] });
    (world, zone, node)
}

fn silent(target: &mut Target) {
    (target.state, target.reason) = (TargetState::Unhealthy, Some("Target.Timeout".into()));
}

#[test]
fn a_database_and_a_cache_node_of_one_zone_are_two_failovers_until_the_zone_loses_targets_too() {
    let (mut world, zone, node) = two_failovers();
    let mut detector = detector();
    assert_eq!(watched(&mut detector, &mut world, 12), [format!("redis-node {node}"), "rds-failover".to_owned()]);
    world.targets(|t| {
        if t.zone == zone {
            silent(t);
        }
    });
    assert_eq!(watched(&mut detector, &mut world, 6), [format!("az-failure {zone}")], "both are part of it");
}

#[test]
fn a_host_that_cannot_be_reached_may_be_its_zone_and_that_is_waited_for() {
    let mut world = World::healthy();
    let at = Some(crate::insight::fixture::now());
    let unreachable = "The primary host of the RDS Multi-AZ instance is unreachable due to loss of network connectivity.";
    let event = |message: &str| DataEvent { at, ..told("production-nextcore-db", message.into(), 0) };
    world.put(DatabaseEvents { events: vec![event(unreachable), event("Multi-AZ instance failover started")] });
    world.edit::<Database>(|db| db.secondary_zone = None);
    let mut detector = detector();
    assert_eq!(watched(&mut detector, &mut world, 25), Vec::<String>::new());
    assert_eq!(watched(&mut detector, &mut world, 15), ["rds-failover"]);
}

#[test]
fn what_is_not_of_the_zone_does_not_follow_from_it() {
    let (mut world, zone, _) = two_failovers();
    let mut detector = detector();
    world.targets(|t| {
        if t.zone == zone {
            silent(t);
        }
    });
    world.edit::<Builds>(|b| b.builds.insert(0, failed_build("production-nextcore-web", 1)));
    watched(&mut detector, &mut world, 12);
    let incident = detector.incidents().iter().find(|i| i.rule == "az-failure").cloned().unwrap();
    let follows: Vec<String> = incident.symptoms.iter().map(|s| s.node.to_string()).collect();
    assert!(follows.iter().any(|node| node.starts_with("tg/")), "{follows:?}");
    let unwell = world.judge();
    let build = unwell.nodes.iter().any(|(node, v)| node.to_string() == "build" && v.level >= crate::model::health::Level::Degraded);
    assert!(build && !follows.contains(&"build".to_owned()), "a build fails for another reason: {follows:?}");
}
