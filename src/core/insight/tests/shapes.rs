//! Stacks of another shape than the written architecture's: what they have is judged by what they need, what they have not is not missed.

use crate::insight::fixture::{NAT_A, World, group_rule, route};
use crate::insight::panes::flows::flows;
use crate::insight::panes::zones::{DatabasePlace, zones};
use crate::model::balancer::{Balancer, Routing, Target, TargetGroup, Targets};
use crate::model::database::{Database, DbCluster, DbMember};
use crate::model::dns::Dns;
use crate::model::health::Level;
use crate::model::network::{NatGateways, Network, Peer, SecurityGroups, SubnetTier, TierSigns};
use crate::model::section::SectionKey;
use crate::model::service::Services;
use crate::model::stack::{AddressPlan, Dependency, ServiceRole, ServiceSpec};
use crate::model::storage::{Buckets, Versioning};
use crate::model::system::System;

/// What is changed.
type Change = fn(&mut World);

/// The healthy stack as somebody else's: no address plan, and nothing is written down about it.
fn other(change: impl FnOnce(&mut World)) -> World {
    let mut world = World::healthy();
    world.stack.addresses = AddressPlan::default();
    assert!(!world.stack.is_the_seeds());
    change(&mut world);
    world
}

fn bad(world: &World) -> Vec<String> {
    let judgement = world.judge();
    let not_well = judgement.nodes.iter().filter(|(_, v)| v.level > Level::Healthy);
    not_well.map(|(id, v)| format!("{id} {}: {}", v.level.word(), v.headline())).collect()
}

fn allow(world: &mut World, group: usize, port: i32, keep: bool) {
    world.edit::<SecurityGroups>(|g| {
        g.groups[group].rules.retain(|r| keep || r.from_port != port);
        if keep {
            g.groups[group].rules.push(group_rule("sgr-office", false, port, Peer::Cidr("192.0.2.0/24".into())));
        }
    });
}

#[test]
fn a_stack_of_another_shape_is_well_when_what_it_needs_is() {
    let cases: &[(&str, Change)] = &[
        ("as it is", |_| {}),
        ("HTTPS only", |w| {
            w.edit::<Routing>(|r| r.listeners.retain(|l| l.port == 443));
            allow(w, 0, 80, false);
        }),
        ("a rule that nobody has written down", |w| allow(w, 1, 9000, true)),
        ("only CloudFront may come in", |w| {
            w.edit::<SecurityGroups>(|g| {
                for rule in g.groups[0].rules.iter_mut().filter(|r| !r.egress) {
                    rule.peer = Peer::PrefixList("pl-0a1b2c3d".into());
                }
            });
        }),
        ("two zones", |w| {
            let c = |zone: &str| zone.ends_with('c');
            w.edit::<Network>(|n| n.subnets.retain(|s| !c(&s.zone)));
            w.edit::<Balancer>(|b| b.zones.retain(|(z, _)| !c(z)));
            w.edit::<NatGateways>(|n| n.gateways.retain(|g| !c(&g.zone)));
        }),
        ("one NAT gateway for all", |w| {
            w.edit::<NatGateways>(|n| n.gateways.retain(|g| g.id == NAT_A));
            for zone in ["private-b", "private-c"] {
                w.table(zone, |t| t.routes[1] = route("0.0.0.0/0", NAT_A));
            }
        }),
        ("no way out but endpoints", |w| {
            w.edit::<NatGateways>(|n| n.gateways.clear());
            for zone in ["private-a", "private-b", "private-c"] {
                w.table(zone, |t| t.routes.truncate(1));
            }
        }),
        ("buckets as somebody else keeps them", |w| {
            w.edit::<Buckets>(|b| b.buckets.iter_mut().for_each(|b| (b.versioning, b.lifecycle) = (Versioning::Suspended, Vec::new())));
        }),
    ];
    for (name, change) in cases {
        assert_eq!(bad(&other(*change)), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn what_is_not_named_is_not_used_and_nothing_misses_it() {
    let world = other(|w| {
        for name in [&mut w.stack.cache, &mut w.stack.database, &mut w.stack.balancer, &mut w.stack.zone, &mut w.stack.pipeline] {
            name.clear();
        }
        for name in [&mut w.stack.log_group, &mut w.stack.dashboard_prefix] {
            name.clear();
        }
        w.stack.buckets.clear();
        w.stack.projects.clear();
        for key in ["cache", "cache_nodes", "database", "balancer", "routing", "targets", "dns", "cdn", "pipeline", "logs", "buckets"] {
            w.forget(SectionKey(key));
        }
    });
    assert_eq!(bad(&world), Vec::<String>::new());
    let judgement = world.judge();
    let absent: Vec<String> =
        judgement.nodes.iter().filter(|(_, v)| v.level == Level::Absent).map(|(id, v)| format!("{id}: {}", v.headline())).collect();
    let expected = ["dns", "cdn", "alb", "redis", "db", "s3", "build", "pipeline", "dashboards", "logs"].map(|n| format!("{n}: not used"));
    assert_eq!(absent, expected);
    assert!(judgement.nodes.keys().all(|id| id.system() != System::TargetGroup), "nobody's targets are judged");
}

#[test]
fn a_way_that_this_stack_needs_is_down_when_it_is_closed() {
    let cases: &[(&str, Change, &str)] = &[
        (
            "the target group's own port",
            |w| w.edit::<Routing>(|r| r.target_groups.iter_mut().filter(|g| g.port == 8000).for_each(|g| g.port = 9000)),
            "sg down: ALB → ECS 9000 missing (ALB outbound, ECS inbound)",
        ),
        ("a listener's port", |w| w.edit::<Routing>(|r| r.listeners[0].port = 8443), "sg down: Internet → ALB 8443 missing (ALB inbound)"),
        ("a store that is used", |w| allow(w, 3, 6379, false), "sg down: ECS → Redis 6379 missing (Redis inbound)"),
    ];
    for (name, change, said) in cases {
        let found = bad(&other(*change));
        assert!(found.iter().any(|f| f == said), "{name}: {found:?}");
    }
    // Nobody uses it: then nobody is cut off.
    let unused = other(|w| {
        w.stack.services.iter_mut().for_each(|s| s.uses = Some(vec![Dependency::Database]));
        allow(w, 3, 6379, false);
    });
    assert_eq!(bad(&unused), Vec::<String>::new());
}

#[test]
fn what_another_load_balancer_forwards_to_this_one_need_not_reach() {
    let world = other(|w| {
        let mut api = String::new();
        w.edit::<Routing>(|r| {
            let group = r.target_groups.iter_mut().find(|g| g.port == 8000).unwrap();
            group.balancers = Some(vec!["arn:aws:elasticloadbalancing:x:1:loadbalancer/app/internal/1".into()]);
            api.clone_from(&group.arn);
            r.listeners.iter_mut().for_each(|l| l.rules.retain(|rule| !rule.target_groups.contains(&api)));
        });
        for group in [0, 1] {
            allow(w, group, 8000, false);
        }
    });
    assert_eq!(bad(&world), Vec::<String>::new());
}

#[test]
fn a_rule_that_leads_to_nobody_is_said_whoever_the_target_group_belongs_to() {
    let legacy = |targets: Option<Vec<Target>>, kind: &str| {
        other(|w| {
            let arn = "arn:aws:elasticloadbalancing:x:1:targetgroup/legacy/1".to_owned();
            w.edit::<Routing>(|r| {
                let group = TargetGroup { arn: arn.clone(), name: "legacy".into(), target_type: kind.into(), ..TargetGroup::default() };
                r.target_groups.push(group);
                let of_https = r.listeners.iter_mut().find(|l| l.port == 443).unwrap();
                let mut rule = of_https.rules[0].clone();
                (rule.paths, rule.target_groups) = (vec!["/legacy/*".into()], vec![arn.clone()]);
                rule.actions.iter_mut().flat_map(|a| &mut a.forward).for_each(|f| f.target_group.clone_from(&arn));
                of_https.rules.insert(0, rule);
            });
            if let Some(targets) = targets {
                w.edit::<Targets>(|t| drop(t.groups.insert(arn.clone(), targets)));
            }
        })
    };
    let target = |state: &str| Target { state: state.into(), ..Target::default() };
    let cases = [
        (legacy(Some(vec![]), "ip"), Some("tg/legacy degraded: no target registered: requests for /legacy/* fail")),
        (legacy(Some(vec![target("unhealthy")]), "ip"), Some("tg/legacy degraded: 0 of 1 targets healthy: requests for /legacy/* fail")),
        (legacy(None, "ip"), Some("tg/legacy unknown: no target health returned")),
        (legacy(Some(vec![target("healthy")]), "ip"), None),
        (legacy(Some(vec![target("unavailable")]), "lambda"), None),
    ];
    for (world, said) in cases {
        let found = bad(&world);
        match said {
            Some(said) => assert!(found.iter().any(|f| f == said) && found.iter().any(|f| f.starts_with("alb ")), "{found:?}"),
            None => assert_eq!(found, Vec::<String>::new()),
        }
    }
}

#[test]
fn users_may_come_by_any_name_of_the_zone() {
    let renamed = |name: &'static str| move |w: &mut World| w.apex(|r| r.name = name.into());
    assert_eq!(bad(&other(renamed("www.nextcore.ai."))), Vec::<String>::new());
    let cname = other(|w| {
        w.apex(|r| {
            let target = r.alias.take().unwrap().dns_name;
            (r.name, r.kind, r.values) = ("shop.nextcore.ai.".into(), "CNAME".into(), vec![target]);
        });
    });
    assert_eq!(bad(&cname), Vec::<String>::new());
    let astray = other(|w| {
        w.edit::<Dns>(|d| d.records.retain(|r| r.name == "nextcore.ai."));
        w.apex(|r| r.alias.as_mut().unwrap().dns_name = "old-1.ap-southeast-2.elb.amazonaws.com.".into());
    });
    let said = "dns degraded: nextcore.ai leads to old-1.ap-southeast-2.elb.amazonaws.com, which is not the load balancer or CloudFront";
    assert_eq!(bad(&astray), [said]);
    let none = other(|w| w.edit::<Dns>(|d| d.records.clear()));
    assert_eq!(bad(&none), ["dns down: no record of nextcore.ai leads to a load balancer or to CloudFront"]);
}

#[test]
fn a_load_balancer_without_https_is_no_fault_of_a_stack_of_which_nothing_is_written() {
    let world = other(|w| {
        w.edit::<Routing>(|r| {
            let https = r.listeners.iter_mut().find(|l| l.port == 443).unwrap();
            (https.port, https.protocol) = (80, "HTTP".into());
            let rules = https.rules.clone();
            r.listeners.truncate(1);
            (r.listeners[0].port, r.listeners[0].protocol, r.listeners[0].rules) = (80, "HTTP".into(), rules);
        });
        allow(w, 0, 443, false);
    });
    let flows = flows(&world.store, &world.judge(), &world.stack, world.now);
    let balancer = flows.requests.hops.iter().find(|h| h.id == "alb").unwrap();
    assert_eq!((balancer.level, balancer.reason.as_deref()), (Level::Healthy, None));
    assert!(flows.requests.edges.iter().any(|e| e.to == "alb" && e.label == "HTTP"), "{:?}", flows.requests.edges);
}

#[test]
fn a_reader_of_a_cluster_has_its_zone_and_is_no_standby() {
    let world = other(|w| {
        w.edit::<Database>(|d| {
            let member = |id: &str, writer, zone: &str| DbMember {
                id: id.into(),
                writer,
                zone: zone.into(),
                status: "available".into(),
                ..DbMember::default()
            };
            let zones = ["ap-southeast-2a", "ap-southeast-2b", "ap-southeast-2c"];
            let members = vec![member("one", true, zones[0]), member("two", false, zones[1]), member("three", false, zones[2])];
            d.zone = zones[0].into();
            d.secondary_zone = Some(zones[1].into());
            d.cluster = Some(DbCluster { id: "shop".into(), members, ..DbCluster::default() });
        });
    });
    let zones = zones(&world.store, &world.judge(), &world.stack, world.now).zones;
    let places: Vec<DatabasePlace> = zones.iter().map(|z| z.database).collect();
    assert_eq!(places, [DatabasePlace::Primary, DatabasePlace::Reader, DatabasePlace::Reader]);
}

#[test]
fn a_zone_whose_gateway_is_gone_is_no_design() {
    let lost = other(|w| {
        w.edit::<NatGateways>(|n| n.gateways.retain(|g| g.id == NAT_A));
        w.table("private-b", |t| t.routes.truncate(1));
    });
    let found = bad(&lost);
    assert!(found.iter().any(|f| f.starts_with("nat/b down: no default route")), "{found:?}");
    let marks = zones(&lost.store, &lost.judge(), &lost.stack, lost.now).marks;
    assert!(marks.iter().any(|m| m.zone.as_deref() == Some("b") && m.level == Level::Down), "{marks:?}");
}

#[test]
fn route_tables_and_who_uses_them_tell_the_tiers_apart() {
    let world = World::healthy();
    let network = world.store.get::<Network>().unwrap();
    let ids = |tier| network.of(tier).map(|s| s.id.as_str()).collect::<Vec<_>>();
    let signs = TierSigns {
        balancer: ids(SubnetTier::Public),
        services: ids(SubnetTier::Private),
        database: ids(SubnetTier::Database),
        routes: world.store.get(),
    };
    for subnet in &network.subnets {
        assert_eq!(signs.tier(&subnet.id), subnet.tier, "{}", subnet.cidr);
    }
    let by_routes = TierSigns { routes: world.store.get(), ..TierSigns::default() };
    for (tier, seen) in
        [(SubnetTier::Public, SubnetTier::Public), (SubnetTier::Private, SubnetTier::Private), (SubnetTier::Database, SubnetTier::Other)]
    {
        assert!(ids(tier).iter().all(|id| by_routes.tier(id) == seen), "{tier:?}");
    }
}

#[test]
fn a_service_of_any_role_has_its_place_in_the_flows() {
    let world = other(|w| {
        w.stack.services = vec![
            ServiceSpec::new("web", ServiceRole::Other("shop".into())),
            ServiceSpec { uses: Some(vec![Dependency::Cache]), ..ServiceSpec::new("celery-worker", ServiceRole::Other("beat".into())) },
        ];
    });
    let flows = flows(&world.store, &world.judge(), &world.stack, world.now);
    let hops: Vec<&str> = flows.requests.hops.iter().map(|h| h.title.as_str()).collect();
    assert_eq!(hops, ["Users", "CloudFront", "ALB", "shop", "S3 Static Assets"]);
    let hops: Vec<&str> = flows.jobs.hops.iter().map(|h| h.title.as_str()).collect();
    assert_eq!(hops, ["Redis - Celery Broker", "beat", "Redis Cache"]);
    assert!(world.store.get::<Services>().is_some());
}
