//! Several databases, caches and load balancers in one stack: each is judged by itself, under its own name.

use std::time::Duration;

use crate::insight::Watch;
use crate::insight::fixture::{World, look};
use crate::insight::panes::zones::{DatabasePlace, zones};
use crate::model::balancer::{Balancer, Routing, TargetState, Targets};
use crate::model::cache::{CacheStatus, DataEvent, ReplicationGroup};
use crate::model::database::{Database, DatabaseEvents, InstanceStatus};
use crate::model::health::Level;
use crate::model::metric::{Metrics, Series};
use crate::model::section::{Problem, ProblemKind, Section, SectionKey};
use crate::model::store::{SectionState, Store};
use crate::model::system::{NodeId, System};

const DB: &str = "db/reporting";

/// The healthy stack with a second of each kind, as healthy as the first.
fn several() -> World {
    let mut world = World::healthy();
    world.stack.other_databases = vec!["reporting".into()];
    world.stack.other_caches = vec!["sessions".into()];
    world.stack.other_balancers = vec!["internal".into()];
    let now = world.now;
    for node in world.stack.members().collect::<Vec<_>>() {
        let own: Vec<(SectionKey, _)> = world.store.entries().map(|(key, entry)| (key, entry.clone())).collect();
        world.store.change_member(&node, |store| {
            for (key, entry) in own.into_iter().filter(|(key, _)| crate::model::stack::is_own(*key, node.system())) {
                *store.entry_mut(key) = entry;
            }
        });
    }
    change::<Database>(&mut world, DB, |db| db.id = "reporting".into());
    change::<Balancer>(&mut world, "alb/internal", |b| b.arn = b.arn.replace("/app/", "/app/internal/"));
    assert_eq!(now, world.now);
    world
}

fn change<T: Section>(world: &mut World, node: &str, change: impl FnOnce(&mut T)) {
    let node: NodeId = node.parse().unwrap();
    world.store.change_member(&node, |store| {
        let mut value = store.get::<T>().unwrap().clone();
        let at = store.at::<T>().unwrap();
        change(&mut value);
        store.put(value, at, Duration::from_secs(5));
    });
}

#[test]
fn each_of_several_has_a_verdict_of_its_own_and_none_counts_for_another() {
    let world = several();
    let judgement = world.judge();
    for node in [DB, "redis/sessions", "alb/internal", "db", "redis", "alb"] {
        assert_eq!(judgement.of(&node.parse().unwrap()).map(|v| v.level), Some(Level::Healthy), "{node}");
    }
    let mut world = several();
    change::<Database>(&mut world, DB, |db| db.status = InstanceStatus::Failed);
    change::<ReplicationGroup>(&mut world, "redis/sessions", |g| g.status = CacheStatus::Modifying);
    let judgement = world.judge();
    assert_eq!(look(&judgement, DB), ("down", "status failed".to_owned()));
    assert_eq!(look(&judgement, "db"), ("healthy", String::new()));
    assert_ne!(judgement.of(&"redis/sessions".parse().unwrap()).unwrap().level, Level::Healthy);
    assert_eq!(look(&judgement, "redis").0, "healthy");
    assert_eq!(judgement.worst, Level::Down, "the stack is as bad as its worst");
}

#[test]
fn the_zones_draw_each_of_several_and_what_hangs_on_one_zone() {
    let mut world = several();
    change::<Database>(&mut world, DB, |db| (db.multi_az, db.secondary_zone, db.zone) = (Some(false), None, "ap-southeast-2c".into()));
    change::<ReplicationGroup>(&mut world, "redis/sessions", |g| {
        for shard in &mut g.node_groups {
            shard.members.retain(|m| m.zone == "ap-southeast-2a");
        }
    });
    let map = zones(&world.store, &world.judge(), &world.stack, world.now);
    let of = |zone: usize, node: &str| map.zones[zone].others.iter().find(|m| m.node.to_string() == node).unwrap();
    assert_eq!([0, 1, 2].map(|z| of(z, DB).database), [DatabasePlace::Reserved, DatabasePlace::Reserved, DatabasePlace::Primary]);
    assert_eq!([0, 1, 2].map(|z| of(z, "redis/sessions").cache.is_empty()), [false, true, true]);
    assert!((0..3).all(|z| of(z, "alb/internal").balancer));
    let said: Vec<&str> = map.marks.iter().map(|m| m.text.as_str()).collect();
    assert!(said.contains(&"no standby: reporting is only in c"), "{said:?}");
    assert!(said.iter().any(|s| s.starts_with("sessions shard 0001: one node")), "{said:?}");
    // Before anything of it was read, nothing is said of where it is.
    world.store.change_member(&DB.parse().unwrap(), |store| *store.entry_mut(Database::KEY) = SectionState::default());
    let map = zones(&world.store, &world.judge(), &world.stack, world.now);
    assert!(map.zones.iter().all(|z| z.others.iter().any(|m| m.node.to_string() == DB && !m.known)));
}

#[test]
fn the_first_failing_says_nothing_of_the_others() {
    let mut world = several();
    world.edit::<Database>(|db| db.status = InstanceStatus::Failed);
    let judgement = world.judge();
    assert_eq!((look(&judgement, "db").0, look(&judgement, DB).0), ("down", "healthy"));
}

#[test]
fn one_that_cannot_be_read_is_unknown_and_names_why() {
    let mut world = several();
    let (now, node): (_, NodeId) = (world.now, DB.parse().unwrap());
    world.store.change_member(&node, |store| {
        *store.entry_mut(Database::KEY) = SectionState::default();
        let permission = Some("rds:DescribeDBInstances".to_owned());
        store.fail(Database::KEY, Problem { kind: ProblemKind::Denied, headline: "denied".into(), hint: String::new(), permission }, now);
    });
    let judgement = world.judge();
    assert_eq!(look(&judgement, DB), ("unknown", "access denied: rds:DescribeDBInstances".to_owned()));
    assert_eq!(look(&judgement, "db").0, "healthy");
    let mut world = several();
    world.store.change_member(&DB.parse().unwrap(), |store| *store = Store::default());
    assert_eq!(look(&world.judge(), DB), ("unknown", "loading".to_owned()), "never asked is never green");
}

#[test]
fn figures_and_events_are_those_of_the_one_that_they_are_about() {
    let mut world = several();
    change::<Metrics>(&mut world, DB, |m| {
        let open = 1_764_158_400_i64;
        let series = m.series.get("db/cpu").cloned().unwrap_or_default();
        let points = series.points.iter().map(|(at, _)| (*at, 99.0)).collect();
        assert!(open > 0 && !series.points.is_empty());
        m.series.insert("db/cpu".into(), Series { points, ..series });
    });
    let at = Some(world.now - chrono::TimeDelta::minutes(2));
    let event = |message: &str| DataEvent { source: "reporting".into(), at, message: message.into(), categories: Vec::new() };
    change::<DatabaseEvents>(&mut world, DB, |e| e.events.push(event("Multi-AZ instance failover started")));
    let judgement = world.judge();
    assert!(look(&judgement, DB).1.starts_with("cpu 99"), "{:?}", look(&judgement, DB));
    assert_eq!(look(&judgement, "db").0, "healthy");
    let told: Vec<String> = judgement.timeline.iter().filter(|e| e.text.contains("failover started")).map(|e| e.node.to_string()).collect();
    assert_eq!(told, [DB]);
}

#[test]
fn a_target_group_behind_another_load_balancer_counts_for_that_one() {
    let mut world = several();
    let (main, internal) = ("arn:elb:loadbalancer/app/production-nextcore/1", "arn:elb:loadbalancer/app/internal/2");
    let group = world.store.get::<Routing>().unwrap().target_groups[0].arn.clone();
    let behind = |routing: &mut Routing, arn: &str| {
        for group in &mut routing.target_groups {
            group.balancers = Some(vec![arn.to_owned()]);
        }
    };
    let one = |routing: &mut Routing, arn: &str| routing.target_groups[0].balancers = Some(vec![arn.to_owned()]);
    world.edit::<Routing>(|r| {
        behind(r, main);
        one(r, internal);
    });
    change::<Routing>(&mut world, "alb/internal", |r| {
        behind(r, main);
        one(r, internal);
    });
    let ill = |t: &mut Targets| t.groups.get_mut(&group).unwrap().iter_mut().for_each(|t| t.state = TargetState::Unhealthy);
    world.edit::<Targets>(ill);
    change::<Targets>(&mut world, "alb/internal", ill);
    let judgement = world.judge();
    assert_eq!(look(&judgement, "alb").0, "healthy", "{:?}", look(&judgement, "alb"));
    assert_eq!(look(&judgement, "alb/internal").0, "down", "{:?}", look(&judgement, "alb/internal"));
}

#[test]
fn over_time_each_has_a_memory_of_its_own() {
    let mut world = several();
    let mut watch = Watch::default();
    world.observe(&mut watch);
    change::<Database>(&mut world, DB, |db| db.status = InstanceStatus::Failed);
    assert_eq!(look(&world.observe(&mut watch), DB).0, "degraded", "seen once");
    change::<Database>(&mut world, DB, |_| {});
    let judgement = world.observe(&mut watch);
    assert_eq!((look(&judgement, DB).0, look(&judgement, "db").0), ("down", "healthy"));
    world.stack.other_databases.clear();
    assert!(world.observe(&mut watch).of(&DB.parse().unwrap()).is_none(), "what is not of the stack any more is forgotten");
}

#[test]
fn a_document_holds_them_and_is_read_back() {
    let mut world = several();
    change::<Database>(&mut world, DB, |db| db.status = InstanceStatus::Failed);
    let document = crate::report::json(&world.store, &world.judge(), &world.stack, world.now);
    assert_eq!(document["others"][DB]["database"]["data"]["id"], "reporting");
    let back = crate::report::read(&document.to_string()).unwrap();
    assert_eq!(crate::insight::judge(&back.store, &back.stack, back.as_of).nodes, world.judge().nodes);
    let plain = World::healthy();
    assert!(crate::report::json(&plain.store, &plain.judge(), &plain.stack, plain.now).get("others").is_none());
    let figures = crate::report::figures(&world.store, &DB.parse().unwrap(), world.now);
    assert!(figures.iter().any(|f| f.value.contains("failed")), "{figures:?}");
    assert_eq!(NodeId::named(System::Database, "reporting").to_string(), DB);
}
