//! The written architecture's High Availability drawing, live.

use crate::insight::fixture::{NAT_A, NAT_B, NAT_C, RG, World, arn, target, task, zone_name};
use crate::insight::panes::zones::{DatabasePlace, ZoneMap, ZoneSystem, zones};
use crate::insight::topology::egress::Egress;
use crate::model::balancer::{Balancer, Target, Targets};
use crate::model::cache::{CacheMember, CacheNodes, ReplicationGroup};
use crate::model::database::Database;
use crate::model::health::Level;
use crate::model::metric;
use crate::model::network::{Network, SubnetTier, Zones};
use crate::model::section::{ProblemKind, Section};
use crate::model::service::{Services, Tasks};

fn draw(world: &World) -> ZoneMap {
    zones(&world.store, &world.judge(), &world.stack, world.now)
}

/// What two tasks in three zones lack is a note of every picture.
const LACKS: &str = ": no task in ";

fn all_marks(map: &ZoneMap) -> impl Iterator<Item = (Level, Option<&str>, &str)> {
    map.marks.iter().map(|m| (m.level, m.zone.as_deref(), m.text.as_str()))
}

fn marks(map: &ZoneMap) -> Vec<(Level, Option<&str>, &str)> {
    all_marks(map).filter(|m| !m.2.contains(LACKS)).collect()
}

/// The only mark after a change.
fn only(change: impl FnOnce(&mut World)) -> (Level, Option<String>, String) {
    let mut world = World::healthy();
    change(&mut world);
    let map = draw(&world);
    let [(level, zone, text)] = marks(&map)[..] else { panic!("{:?}", marks(&map)) };
    (level, zone.map(str::to_owned), text.to_owned())
}

fn mark(level: Level, zone: &str, text: &str) -> (Level, Option<String>, String) {
    (level, Some(zone.to_owned()), text.to_owned())
}

#[test]
fn the_drawing() {
    let mut world = World::healthy();
    world.series(metric::Nat::BytesIn.of(NAT_A), &[600.0; 3]);
    world.series(metric::Nat::BytesOut.of(NAT_A), &[60.0; 3]);
    world.unmeasured(&format!("{NAT_B}/bytes_in"));
    world.unmeasured(&format!("{NAT_B}/bytes_out"));
    world.unmeasured("0002-001/primary");
    world.unmeasured("0002-002/primary");
    // Targets that name no zone: the task with the address does.
    world.targets(|t| t.zone.clear());
    let map = draw(&world);
    assert_eq!(marks(&map), []);
    let missing: [String; 0] = [];
    assert_eq!(map.missing, missing);
    let letters: Vec<&str> = map.zones.iter().map(|z| z.letter.as_str()).collect();
    assert_eq!(letters, ["a", "b", "c"]);
    let (a, b, c) = (&map.zones[0], &map.zones[1], &map.zones[2]);
    assert_eq!((a.name.as_str(), a.state.as_str(), a.level, a.suspect), ("ap-southeast-2a", "available", Level::Healthy, false));
    assert_eq!(a.balancer.subnet.as_deref(), Some("subnet-01f07d41c93e5f8b2a4"));
    let groups: Vec<_> = a.balancer.groups.iter().map(|g| (g.name.as_str(), g.service.as_str(), g.healthy, g.total)).collect();
    assert_eq!(groups, [("production-nextcore-api", "control-plane", 1, 1), ("production-nextcore-web", "web", 1, 1)]);
    let groups: Vec<_> = c.balancer.groups.iter().map(|g| (g.service.as_str(), g.healthy, g.total)).collect();
    assert!(c.balancer.present);
    assert_eq!(groups, [("control-plane", 1, 1)]);
    let gateway = a.nat.gateway.as_ref().unwrap();
    assert_eq!((gateway.id.as_str(), gateway.state.as_str(), gateway.bytes_per_second), (NAT_A, "available", Some(11.0)));
    assert_eq!((&a.nat.egress, a.nat.level), (&Egress::Own { gateway: NAT_A.into() }, Level::Healthy));
    assert_eq!(b.nat.gateway.as_ref().unwrap().bytes_per_second, None);
    let services: Vec<_> = c.services.iter().map(|s| (s.name.as_str(), s.running, s.healthy)).collect();
    assert_eq!(services, [("control-plane", 1, Some(1)), ("web", 0, Some(0)), ("celery-worker", 1, None)]);
    let redis: Vec<_> = a.redis.iter().map(|n| (n.shard.as_str(), n.primary, n.status.as_str())).collect();
    assert_eq!(redis, [("0001", Some(true), "available"), ("0002", None, "available")]);
    assert_eq!([a.database, b.database, c.database], [DatabasePlace::Primary, DatabasePlace::Standby, DatabasePlace::Reserved]);
    assert_eq!(a.free, [(SubnetTier::Public, 249), (SubnetTier::Private, 246), (SubnetTier::Database, 250)]);
}

#[test]
fn each_service_says_which_zone_is_without_it() {
    let map = draw(&World::healthy());
    let notes: Vec<_> = all_marks(&map).collect();
    let expected = [(Level::Healthy, Some("b"), "control-plane: no task in b"), (Level::Healthy, Some("c"), "web: no task in c")];
    assert_eq!(notes, expected);
}

#[test]
fn targets_that_nobody_places_are_not_called_unhealthy() {
    let mut world = World::healthy();
    world.edit::<Targets>(|t| {
        let (known, other) = ("10.0.0.1", "10.0.0.2");
        t.groups.insert(arn("web"), vec![target(known, "healthy", None), target(other, "healthy", None)]);
    });
    let map = draw(&world);
    assert!(marks(&map).iter().any(|m| m.2 == "web: zone of 2 targets not known"), "{:?}", marks(&map));
    let web = |i: usize| map.zones[i].services.iter().find(|s| s.name == "web").map(|s| (s.running, s.healthy)).unwrap();
    assert_eq!([web(0), web(1)], [(1, None), (1, None)]);
    assert_eq!(map.zones[0].balancer.unplaced, 2);
    assert!(map.zones[0].services.iter().any(|s| s.name == "control-plane" && s.healthy == Some(1)), "the others are placed");
}

#[test]
fn the_load_balancer_stands_in_the_zones_of_its_subnets() {
    let mut world = World::healthy();
    world.edit::<Balancer>(|b| b.zones.iter_mut().for_each(|(zone, _)| *zone = zone_name("a")));
    assert!(draw(&world).zones.iter().all(|z| z.balancer.present), "an emulator may name one zone for all");
}

#[test]
fn imbalance() {
    let place = |world: &mut World, service: &str, zones: &[&str]| {
        world.edit::<Tasks>(|t| {
            t.tasks.retain(|t| t.service != service);
            for (i, zone) in zones.iter().enumerate() {
                let new = task(service, &format!("x{i}"), &format!("10.9.0.{i}"));
                t.tasks.push(crate::model::service::Task { zone: zone_name(zone), ..new });
            }
        });
        let n = zones.len() as i32;
        world.service(service, |s| (s.desired, s.running) = (n, n));
    };
    let worker = "celery-worker";
    let text = "celery-worker: uneven, 3 in a, 1 in b, 1 in c";
    assert_eq!(only(|w| place(w, worker, &["a", "a", "a", "b", "c"])), mark(Level::Degraded, "a", text));
    let text = "celery-worker: tasks in 2 of 3 zones (2 in a, 1 in b, 0 in c)";
    assert_eq!(only(|w| place(w, worker, &["a", "a", "b"])), mark(Level::Degraded, "a", text));
    // While tasks come and go on purpose the spread is on its way.
    let moving = only(|w| {
        place(w, worker, &["a", "a", "b"]);
        w.service(worker, |s| s.pending = 1);
    });
    assert_eq!(moving.0, Level::Info);
    let mut world = World::healthy();
    place(&mut world, worker, &["a", "a", "b", "c"]);
    assert_eq!(marks(&draw(&world)), [], "one more in one zone is even");
    place(&mut world, worker, &["b"]);
    assert_eq!(marks(&draw(&world)), [], "one task needs one zone");
}

#[test]
fn single_points_of_failure() {
    let web = |world: &mut World, healthy: usize| {
        world.edit::<Targets>(|t| {
            let state = |i| if i < healthy { "healthy" } else { "unhealthy" };
            let targets = vec![target("10.0.11.56", state(0), None), target("10.0.12.157", state(1), None)];
            t.groups.insert(arn("web"), targets);
        });
    };
    assert_eq!(only(|w| web(w, 1)), mark(Level::Degraded, "a", "web: one healthy target, in a"));
    assert_eq!(only(|w| web(w, 0)), (Level::Down, None, "web: no healthy targets".into()));
    let node = |world: &mut World, id: &str, status: &str| {
        world.edit::<CacheNodes>(|n| n.nodes.iter_mut().find(|n| n.id == format!("{RG}-{id}")).unwrap().status = status.into());
    };
    assert_eq!(
        only(|w| node(w, "0001-002", "rebooting cluster nodes")),
        mark(Level::Degraded, "a", "shard 0001: no replica, one node in a")
    );
    let together = only(|w| {
        w.edit::<ReplicationGroup>(|r| r.node_groups[1].members.iter_mut().for_each(|m| m.zone = zone_name("b")));
    });
    assert_eq!(together, mark(Level::Degraded, "b", "shard 0002: all 2 nodes in b"));
    let alone = only(|w| w.edit::<ReplicationGroup>(|r| r.node_groups[1].members.truncate(1)));
    assert_eq!(alone, mark(Level::Degraded, "b", "shard 0002: no replica, one node in b"));
    let standby = |multi_az| only(|w| w.edit::<Database>(|d| (d.multi_az, d.secondary_zone) = (multi_az, None)));
    assert_eq!(standby(Some(false)), mark(Level::Degraded, "a", "no standby: the database is only in a"));
    assert_eq!(standby(Some(true)), mark(Level::Unknown, "a", "zone of the standby of the database not known"));
    assert_eq!(standby(None), mark(Level::Unknown, "a", "not known whether the database has a standby"));
    let balancer = only(|w| w.edit::<Balancer>(|b| b.zones.truncate(2)));
    assert_eq!(balancer, mark(Level::Degraded, "c", "no load balancer node in c"));
    let addresses = only(|w| w.edit::<Network>(|n| n.subnets[5].free_addresses = 3));
    assert_eq!(addresses, mark(Level::Degraded, "c", "10.0.13.0/24: 3 free addresses, each task takes one"));
}

#[test]
fn targets_without_a_zone_are_said_to_have_none() {
    let lost = |zone: &'static str, state: &'static str| {
        only(move |w| {
            w.edit::<Targets>(|t| {
                let one = |id: &str| Target { zone: zone.into(), ..target(id, state, None) };
                t.groups.insert(arn("web"), vec![one("i-0aa"), one("i-0bb")]);
            });
        })
    };
    let unknown = (Level::Unknown, None, "web: zone of 2 targets not known".to_owned());
    assert_eq!(lost("", "healthy"), unknown, "instances");
    assert_eq!(lost("all", "healthy"), unknown, "functions, and addresses outside the VPC");
    assert_eq!(lost("", "unhealthy"), (Level::Down, None, "web: no healthy targets".into()), "in no zone");
}

#[test]
fn ways_out() {
    let shared = only(|w| w.send("a", NAT_B, "active"));
    assert_eq!(shared, mark(Level::Degraded, "a", "a rerouted via b: two zones share one NAT gateway"));
    let gone = only(|w| w.send("c", NAT_C, "blackhole"));
    assert_eq!(gone, mark(Level::Down, "c", "c: default route is a blackhole (nat-0c9f3a8e52d74b016)"));
    let figures = only(|w| w.series(metric::Nat::PortErrors.of(NAT_B), &[4.0; 3]));
    assert_eq!(figures, mark(Level::Down, "b", "port allocation errors/min 4 for 3 min"));
}

#[test]
fn all_primaries_in_one_zone_is_worth_a_note() {
    let note = only(|w| {
        for (node, primary) in [("0001-001", 1.0), ("0001-002", 0.0), ("0002-001", 0.0), ("0002-002", 1.0)] {
            w.series(metric::Redis::Primary.of(&format!("{RG}-{node}")), &[primary; 3]);
        }
    });
    assert_eq!(note, mark(Level::Healthy, "a", "all primaries in a: the database and 2 Redis shards"));
    assert_eq!(only(|w| w.edit::<Zones>(|z| z.zones[1].state = "impaired".into())).0, Level::Healthy, "AWS's word is evidence");
}

/// Everything in a zone is lost, as after its failure.
fn fail_zone_a(world: &mut World) {
    world.edit::<Targets>(|t| {
        for target in t.groups.values_mut().flatten().filter(|t| t.id.starts_with("10.0.11.")) {
            target.state = "unhealthy".into();
        }
    });
    world.edit::<CacheNodes>(|n| {
        for node in n.nodes.iter_mut().filter(|n| n.id.ends_with("0001-001") || n.id.ends_with("0002-002")) {
            node.status = "rebooting cluster nodes".into();
        }
    });
}

#[test]
fn a_zone_in_which_nothing_works_is_suspect() {
    let mut world = World::healthy();
    fail_zone_a(&mut world);
    let map = draw(&world);
    assert_eq!(marks(&map)[0], (Level::Down, Some("a"), "zone a suspect: 0 of 2 targets healthy, 2 Redis nodes not available"));
    assert_eq!((map.zones[0].suspect, map.zones[0].level), (true, Level::Down));
    assert!(!map.zones[1].suspect && !map.zones[2].suspect);
    assert_eq!(map.level("a", &ZoneSystem::Zone), Level::Down);
    assert_eq!(map.worst(), Level::Down);
    // The same loss in two zones is no zone's fault.
    world.edit::<Targets>(|t| t.groups.values_mut().flatten().for_each(|t| t.state = "unhealthy".into()));
    assert!(draw(&world).zones.iter().all(|z| !z.suspect));
}

#[test]
fn one_system_lost_in_a_zone_is_not_a_suspect_zone() {
    let mut world = World::healthy();
    world.edit::<CacheNodes>(|n| n.nodes[0].status = "rebooting cluster nodes".into());
    world.edit::<ReplicationGroup>(|r| r.node_groups[1].members[1] = CacheMember { id: "x".into(), zone: zone_name("c"), role: None });
    let map = draw(&world);
    assert!(map.zones.iter().all(|z| !z.suspect), "{:?}", marks(&map));
}

#[test]
fn what_is_not_known_is_said_and_not_marked() {
    let mut world = World::healthy();
    world.forget(Tasks::KEY);
    world.fail(Tasks::KEY, ProblemKind::Denied, "ecs:ListTasks: no");
    world.forget(Services::KEY);
    let map = draw(&world);
    assert_eq!(map.missing, ["services: loading", "tasks: access denied: ecs:ListTasks"]);
    assert_eq!(marks(&map), []);
}
