//! The VPC, the way out of each zone, the security groups.

use crate::insight::fixture::{NAT_A, NAT_B, NAT_C, World, ago, group_rule, look, route, run, stopped, task_ids, zone_name};
use crate::model::health::Level;
use crate::model::log::{LogGroup, LogStream};
use crate::model::metric;
use crate::model::network::{NatGateways, Network, Peer, SecurityGroups, SubnetTier, Zones};
use crate::model::service::StoppedTasks;
use crate::model::system::System;

fn subnet(world: &mut World, cidr: &str, change: impl FnOnce(&mut crate::model::network::Subnet)) {
    world.edit::<Network>(|n| change(n.subnets.iter_mut().find(|s| s.cidr == cidr).unwrap()));
}

fn gateway(world: &mut World, id: &str, state: &str) {
    world.edit::<NatGateways>(|n| n.gateways.iter_mut().find(|g| g.id == id).unwrap().state = state.into());
}

fn figures(world: &mut World, gateway: &str, metric: metric::Nat, values: &[f64]) {
    world.series(metric.of(gateway), values);
}

#[test]
fn vpc() {
    run(&[
        ("pending", |w| w.edit::<Network>(|n| n.state = "pending".into()), "vpc", "down", "VPC pending"),
        ("no gateway", |w| w.edit::<Network>(|n| n.internet_gateways.clear()), "vpc", "down", "no internet gateway attached"),
        (
            "attached to another VPC",
            |w| w.edit::<Network>(|n| n.internet_gateways[0].attachments[0].0 = "vpc-2".into()),
            "vpc",
            "down",
            "no internet gateway attached",
        ),
        (
            "detaching",
            |w| w.edit::<Network>(|n| n.internet_gateways[0].attachments[0].1 = "detaching".into()),
            "vpc",
            "down",
            "internet gateway detaching",
        ),
        ("subnet", |w| subnet(w, "10.0.11.0/24", |s| s.state = "pending".into()), "vpc", "down", "10.0.11.0/24: subnet pending"),
        ("15 free", |w| subnet(w, "10.0.12.0/24", |s| s.free_addresses = 15), "vpc", "degraded", "10.0.12.0/24: 15 free addresses"),
        ("16 free", |w| subnet(w, "10.0.12.0/24", |s| s.free_addresses = 16), "vpc", "healthy", ""),
        (
            "a subnet of somebody else",
            |w| {
                subnet(w, "10.0.12.0/24", |s| {
                    s.free_addresses = 1;
                    s.tier = SubnetTier::Other;
                });
            },
            "vpc",
            "healthy",
            "",
        ),
        ("public without a route", |w| w.table("public", |t| t.routes.truncate(1)), "vpc", "down", "10.0.1.0/24: no route to the internet"),
        (
            "public blackhole",
            |w| w.table("public", |t| t.routes[1].state = "blackhole".into()),
            "vpc",
            "down",
            "10.0.1.0/24: default route is a blackhole (igw-0e5a17c93b2d8f640)",
        ),
        (
            "public by the main table",
            |w| w.table("public", |t| t.subnets.retain(|s| s != "subnet-01f07d41c93e5f8b2c4")),
            "vpc",
            "down",
            "10.0.3.0/24: no route to the internet",
        ),
        (
            "database with a way out",
            |w| w.table("database", |t| t.routes.push(route("0.0.0.0/0", NAT_A))),
            "vpc",
            "degraded",
            "10.0.21.0/24: database subnet has a default route to nat-015e8c1d7a39b2f60",
        ),
        (
            "what AWS says of a zone is a note",
            |w| w.edit::<Zones>(|z| z.zones[0].state = "impaired".into()),
            "vpc",
            "healthy",
            "AWS reports ap-southeast-2a: impaired",
        ),
    ]);
}

#[test]
fn nat_routes_and_states() {
    run(&[
        ("blackhole", |w| w.send("a", NAT_A, "blackhole"), "nat/a", "down", "default route is a blackhole (nat-015e8c1d7a39b2f60)"),
        (
            "the parent says which",
            |w| w.send("a", NAT_A, "blackhole"),
            "nat",
            "down",
            "a: default route is a blackhole (nat-015e8c1d7a39b2f60)",
        ),
        ("the others are well", |w| w.send("a", NAT_A, "blackhole"), "nat/b", "healthy", ""),
        ("rerouted", |w| w.send("a", NAT_B, "active"), "nat/a", "degraded", "rerouted via b"),
        ("rerouted, parent", |w| w.send("a", NAT_B, "active"), "nat", "degraded", "a: rerouted via b"),
        (
            "rerouted, and its own is gone",
            |w| {
                w.send("a", NAT_B, "active");
                gateway(w, NAT_A, "deleted");
            },
            "nat/a",
            "degraded",
            "rerouted via b",
        ),
        ("failed", |w| gateway(w, NAT_C, "failed"), "nat/c", "down", "nat-0c9f3a8e52d74b016 is failed"),
        ("deleting", |w| gateway(w, NAT_C, "deleting"), "nat/c", "down", "nat-0c9f3a8e52d74b016 is deleting"),
        ("pending", |w| gateway(w, NAT_C, "pending"), "nat/c", "changing", "nat-0c9f3a8e52d74b016 is being created"),
        (
            "gone from the list",
            |w| w.edit::<NatGateways>(|n| n.gateways.retain(|g| g.id != NAT_C)),
            "nat/c",
            "down",
            "nat-0c9f3a8e52d74b016 is gone",
        ),
        ("no route", |w| w.table("private-b", |t| t.routes.truncate(1)), "nat/b", "down", "no default route in subnet-02a07d41c93e5f8b2b4"),
        ("elsewhere", |w| w.send("b", "tgw-1", "active"), "nat/b", "degraded", "default route to tgw-1"),
        (
            "one regional gateway for all",
            |w| {
                w.edit::<NatGateways>(|n| {
                    n.gateways.truncate(1);
                    n.gateways[0].availability = "regional".into();
                    n.gateways[0].zone = String::new();
                    n.gateways[0].addresses =
                        ["a", "b", "c"].map(|z| crate::model::network::NatAddress { zone: zone_name(z), ..Default::default() }).into();
                });
                for zone in ["a", "b", "c"] {
                    w.send(zone, NAT_A, "active");
                }
            },
            "nat",
            "healthy",
            "",
        ),
        (
            "none at all",
            |w| {
                w.put(NatGateways::default());
                w.edit::<Network>(|n| n.subnets.clear());
            },
            "nat",
            "degraded",
            "no NAT gateway in the VPC",
        ),
    ]);
}

#[test]
fn nat_figures() {
    run(&[
        (
            "port errors",
            |w| figures(w, NAT_A, metric::Nat::PortErrors, &[0.0, 3.0, 5.0]),
            "nat/a",
            "down",
            "port allocation errors/min 5 in 2 of 3 min",
        ),
        ("one minute of port errors", |w| figures(w, NAT_A, metric::Nat::PortErrors, &[0.0, 0.0, 5.0]), "nat/a", "healthy", ""),
        (
            "connections refused",
            |w| {
                figures(w, NAT_A, metric::Nat::Attempts, &[100.0; 4]);
                figures(w, NAT_A, metric::Nat::Established, &[60.0; 4]);
            },
            "nat/a",
            "degraded",
            "60 % of connection attempts established for 3 min",
        ),
        (
            "too few attempts to judge",
            |w| {
                figures(w, NAT_A, metric::Nat::Attempts, &[10.0; 4]);
                figures(w, NAT_A, metric::Nat::Established, &[1.0; 4]);
            },
            "nat/a",
            "healthy",
            "",
        ),
        (
            "drops",
            |w| {
                figures(w, NAT_A, metric::Nat::Drops, &[400.0; 3]);
                figures(w, NAT_A, metric::Nat::BytesIn, &[1.0e9; 3]);
                figures(w, NAT_A, metric::Nat::BytesOut, &[1.0e9; 3]);
            },
            "nat/a",
            "degraded",
            "400 packets/min dropped",
        ),
        (
            "few drops of many packets",
            |w| {
                figures(w, NAT_A, metric::Nat::Drops, &[100.0; 3]);
                figures(w, NAT_A, metric::Nat::BytesIn, &[1.0e9; 3]);
                figures(w, NAT_A, metric::Nat::BytesOut, &[1.0e9; 3]);
            },
            "nat/a",
            "healthy",
            "",
        ),
    ]);
}

#[test]
fn a_gateway_that_falls_silent() {
    run(&[
        (
            "only out",
            |w| {
                figures(w, NAT_A, metric::Nat::BytesIn, &[5.0e6, 0.0, 0.0, 0.0]);
                figures(w, NAT_A, metric::Nat::BytesOut, &[1.0e6; 4]);
            },
            "nat/a",
            "down",
            "no inbound traffic for 3 min while bytes go out",
        ),
        (
            "silent beside the others",
            |w| {
                figures(w, NAT_A, metric::Nat::BytesIn, &[5.0e6, 0.0, 0.0, 0.0]);
                figures(w, NAT_A, metric::Nat::BytesOut, &[0.0; 4]);
                figures(w, NAT_B, metric::Nat::BytesIn, &[5.0e6; 4]);
            },
            "nat/a",
            "down",
            "no inbound traffic for 3 min, other gateways have traffic",
        ),
        (
            "silent because its zone goes another way",
            |w| {
                w.send("a", NAT_B, "active");
                figures(w, NAT_A, metric::Nat::BytesIn, &[5.0e6, 0.0, 0.0, 0.0]);
                figures(w, NAT_A, metric::Nat::BytesOut, &[0.0; 4]);
                figures(w, NAT_B, metric::Nat::BytesIn, &[5.0e6; 4]);
            },
            "nat/a",
            "degraded",
            "rerouted via b",
        ),
        (
            "all silent: nothing to carry",
            |w| {
                for id in [NAT_A, NAT_B, NAT_C] {
                    figures(w, id, metric::Nat::BytesIn, &[0.0; 4]);
                    figures(w, id, metric::Nat::BytesOut, &[0.0; 4]);
                }
            },
            "nat",
            "healthy",
            "",
        ),
    ]);
}

/// Two tasks of the web service that could not start in a zone.
fn failed_starts(world: &mut World, zone: &str) {
    let task = |n| crate::model::service::Task {
        zone: zone_name(zone),
        ..stopped("web", n, "TaskFailedToStart", "CannotPullContainerError: timeout")
    };
    world.put(StoppedTasks { tasks: vec![task(2), task(4)] });
}

#[test]
fn symptoms_of_a_way_out_that_looks_available() {
    let mut world = World::healthy();
    failed_starts(&mut world, "a");
    assert_eq!(look(&world.judge(), "nat/a"), ("healthy", "2 tasks failed to start, in this zone only".into()));
    // Silence of what runs there makes it certain.
    let ids = task_ids("control-plane");
    let streams = |a: i64| {
        let stream =
            |id: &str, minutes: i64| LogStream { name: format!("x/x/{id}"), last_ingestion: Some(ago(minutes)), ..Default::default() };
        LogGroup { streams: vec![stream(ids[0], a), stream(ids[1], 0)], ..Default::default() }
    };
    world.put(streams(7));
    assert_eq!(
        look(&world.judge(), "nat/a"),
        ("down", "2 tasks failed to start, in this zone only, and 1 running task there silent".into())
    );
    world.put(streams(1));
    assert_eq!(look(&world.judge(), "nat/a").0, "healthy");
}

#[test]
fn a_service_says_where_its_tasks_fail_to_start_and_why() {
    let mut world = World::healthy();
    failed_starts(&mut world, "a");
    let reasons = |world: &World| {
        let judgement = world.judge();
        let verdict = judgement.of(&crate::insight::NodeId::service("web")).unwrap().clone();
        verdict.reasons.into_iter().map(|r| r.text).collect::<Vec<_>>()
    };
    assert!(reasons(&world).contains(&"2 tasks failed to start, all in zone a".to_owned()), "{:?}", reasons(&world));
    world.send("a", NAT_A, "blackhole");
    let told = "2 tasks failed to start, all in zone a, where default route is a blackhole (nat-015e8c1d7a39b2f60)".to_owned();
    assert!(reasons(&world).contains(&told), "{:?}", reasons(&world));
    world.edit::<StoppedTasks>(|s| s.tasks[0].zone = zone_name("b"));
    assert!(!reasons(&world).iter().any(|r| r.contains("all in zone")), "two zones: the cause is elsewhere");
}

#[test]
fn security_groups() {
    run(&[
        (
            "a required rule is missing",
            |w| w.edit::<SecurityGroups>(|g| g.groups[2].rules.clear()),
            "sg",
            "down",
            "ECS → RDS 5432 missing (RDS inbound)",
        ),
        (
            "an extra rule",
            |w| w.edit::<SecurityGroups>(|g| g.groups[2].rules.push(group_rule("x", false, 22, Peer::Cidr("203.0.113.0/24".into())))),
            "sg",
            "degraded",
            "RDS inbound: tcp 22 from 203.0.113.0/24 unexpected",
        ),
        (
            "groups of one system not known",
            |w| w.edit::<SecurityGroups>(|g| g.groups[3].roles.clear()),
            "sg",
            "unknown",
            "no security group found for Redis",
        ),
    ]);
    let both = |w: &mut World| {
        w.edit::<SecurityGroups>(|g| {
            g.groups[1].rules.retain(|r| r.from_port != 6379);
            g.groups[3].rules.clear();
        });
    };
    run(&[
        ("one path, closed at both ends", both, "sg", "down", "ECS → Redis 6379 missing (ECS outbound, Redis inbound)"),
        ("nobody reaches what is behind it", both, "redis", "down", "ECS → Redis 6379 closed by security groups"),
        ("the control plane needs it", both, "svc/control-plane", "degraded", "ECS → Redis 6379 closed by security groups"),
        ("so do the workers", both, "svc/celery-worker", "degraded", "ECS → Redis 6379 closed by security groups"),
        ("the web portal does not", both, "svc/web", "healthy", ""),
        (
            "no way to the database",
            |w| w.edit::<SecurityGroups>(|g| g.groups[2].rules.clear()),
            "db",
            "down",
            "ECS → RDS 5432 closed by security groups",
        ),
        (
            "no way in",
            |w| w.edit::<SecurityGroups>(|g| g.groups[0].rules.retain(|r| r.from_port != 443)),
            "alb",
            "down",
            "Internet → ALB 443 closed by security groups",
        ),
        (
            "no redirect to HTTPS",
            |w| w.edit::<SecurityGroups>(|g| g.groups[0].rules.retain(|r| r.from_port != 80)),
            "alb",
            "degraded",
            "Internet → ALB 80 closed by security groups",
        ),
        (
            "no way out",
            |w| w.edit::<SecurityGroups>(|g| g.groups[1].rules.retain(|r| r.from_port != 443)),
            "svc/web",
            "degraded",
            "ECS → Internet 443 closed by security groups",
        ),
    ]);
    let seed = World::healthy().judge();
    assert_eq!(
        seed.of(&crate::insight::NodeId::of(System::SecurityGroups)).unwrap().level,
        Level::Healthy,
        "exactly as the seed writes it"
    );
}
