//! Drifts of what stands before the services: DNS, CDN, network, security groups, the load balancer.

use super::super::seed::{DISTRIBUTION, cidr, group, rule, target_group};
use super::{Drift, apex, extra, service, subnet, unrule};
use crate::model::balancer::{Balancer, Routing, Rule, Targets};
use crate::model::cdn::Cdn;
use crate::model::dns::Dns;
use crate::model::network::{NatGateways, Network, Routes, SecurityGroups, Zones};

pub(super) const EDGE: &[Drift] = &[
    ("no hosted zone", |s| s.put(Dns::default()), &[("R01", "n/a"), ("R02", "n/a")]),
    ("a private zone", |s| s.edit::<Dns>(|x| x.zone.as_mut().unwrap().private = true), &[("R01", "fail")]),
    ("another zone", |s| s.edit::<Dns>(|x| x.zone.as_mut().unwrap().name = "other.ai.".into()), &[("R01", "fail"), ("R02", "fail")]),
    ("the alias leads elsewhere", |s| apex(s, |a| a.dns_name = "old-1.elb.amazonaws.com.".into()), &[("R02", "fail")]),
    ("the alias is in a foreign zone", |s| apex(s, |a| a.hosted_zone = "Z7".into()), &[("R02", "fail")]),
    ("the alias leads to the distribution", |s| apex(s, |a| a.dns_name = DISTRIBUTION.into()), &[]),
    (
        "the alias leads to a disabled distribution",
        |s| {
            apex(s, |a| a.dns_name = DISTRIBUTION.into());
            s.edit::<Cdn>(|x| x.distribution.as_mut().unwrap().enabled = false);
        },
        &[("R02", "fail"), ("CF01", "fail")],
    ),
    ("no distribution", |s| s.put(Cdn::default()), &[("CF01", "n/a"), ("CF02", "n/a"), ("CF03", "n/a")]),
    ("a change is rolled out", |s| s.edit::<Cdn>(|x| x.distribution.as_mut().unwrap().status = "InProgress".into()), &[("CF01", "warn")]),
    (
        "no bucket behind it",
        |s| s.edit::<Cdn>(|x| x.distribution.as_mut().unwrap().origins = vec!["a.example".into()]),
        &[("CF02", "fail")],
    ),
    (
        "plain HTTP is served",
        |s| s.edit::<Cdn>(|x| x.distribution.as_mut().unwrap().viewer_protocol = "allow-all".into()),
        &[("CF03", "fail")],
    ),
];

pub(super) const NETWORK: &[Drift] = &[
    ("another region", |s| s.edit::<Zones>(|x| x.zones.iter_mut().for_each(|z| z.region = "us-east-1".into())), &[("G01", "fail")]),
    ("an impaired zone", |s| s.edit::<Zones>(|x| x.zones[0].state = "impaired".into()), &[("G02", "fail")]),
    ("another VPC block", |s| s.edit::<Network>(|x| x.cidr = "10.1.0.0/16".into()), &[("V01", "fail")]),
    ("public subnet a moved", |s| subnet(s, 0), &[("V02", "fail"), ("V11", "fail"), ("V20", "fail"), ("A02", "fail")]),
    ("public subnet b moved", |s| subnet(s, 1), &[("V03", "fail"), ("V11", "fail"), ("V20", "fail"), ("A02", "fail")]),
    ("public subnet c moved", |s| subnet(s, 2), &[("V04", "fail"), ("V11", "fail"), ("V20", "fail"), ("A02", "fail")]),
    ("private subnet a moved", |s| subnet(s, 3), &[("V05", "fail"), ("V12", "fail"), ("E26", "fail"), ("C08", "fail")]),
    ("private subnet b moved", |s| subnet(s, 4), &[("V06", "fail"), ("V12", "fail"), ("E26", "fail"), ("C08", "fail")]),
    ("private subnet c moved", |s| subnet(s, 5), &[("V07", "fail"), ("V12", "fail"), ("E26", "fail"), ("C08", "fail")]),
    ("database subnet a moved", |s| subnet(s, 6), &[("V08", "fail"), ("V13", "fail"), ("D12", "fail")]),
    ("database subnet b moved", |s| subnet(s, 7), &[("V09", "fail"), ("V13", "fail"), ("D12", "fail")]),
    ("database subnet c moved", |s| subnet(s, 8), &[("V10", "fail"), ("V13", "fail"), ("D12", "fail")]),
    ("the internet gateway is detached", |s| s.edit::<Network>(|x| x.internet_gateways[0].attachments.clear()), &[("V14", "fail")]),
    ("the public route is a black hole", |s| s.edit::<Routes>(|x| x.tables[5].routes[1].state = "blackhole".into()), &[("V15", "fail")]),
    ("NAT gateway a failed", |s| s.edit::<NatGateways>(|x| x.gateways[0].state = "failed".into()), &[("V16", "fail"), ("V21", "fail")]),
    (
        "one NAT gateway is left",
        |s| s.edit::<NatGateways>(|x| x.gateways.truncate(1)),
        &[("V17", "fail"), ("V18", "fail"), ("V21", "fail"), ("H05", "fail")],
    ),
    ("zone a is rerouted", |s| s.edit::<Routes>(|x| x.tables[2].routes[1].target = "nat-0b72d40f6e1c9a583".into()), &[("V21", "warn")]),
    ("the route of zone b is a black hole", |s| s.edit::<Routes>(|x| x.tables[3].routes[1].state = "blackhole".into()), &[("V21", "fail")]),
    (
        "one regional NAT gateway",
        |s| {
            s.edit::<NatGateways>(|x| {
                let addresses = x.gateways.iter().flat_map(|g| g.addresses.iter().map(|a| (g.zone.clone(), a.clone())));
                let addresses = addresses.map(|(zone, a)| crate::model::network::NatAddress { zone, ..a }).collect();
                x.gateways.truncate(1);
                x.gateways[0].availability = "regional".into();
                x.gateways[0].zone.clear();
                x.gateways[0].subnet.clear();
                x.gateways[0].addresses = addresses;
            });
            s.edit::<Routes>(|x| x.tables.iter_mut().skip(2).take(3).for_each(|t| t.routes[1].target = "nat-015e8c1d7a39b2f60".into()));
        },
        &[("H05", "pass")],
    ),
    ("no Elastic IP", |s| s.edit::<NatGateways>(|x| x.gateways[1].addresses[0].allocation.clear()), &[("V19", "fail")]),
    (
        "a NAT gateway in a private subnet",
        |s| s.edit::<NatGateways>(|x| x.gateways[2].subnet = "subnet-02a07d41c93e5f8b2c4".into()),
        &[("V20", "fail")],
    ),
    (
        "the database tier leads to the internet",
        |s| {
            s.edit::<Routes>(|x| {
                let way_out = x.tables[2].routes[1].clone();
                x.tables[1].routes.push(way_out);
            });
        },
        &[("V22", "fail")],
    ),
];

pub(super) const GROUPS: &[Drift] = &[
    ("ALB in 80 is gone", |s| unrule(s, 0, 0), &[("S01", "fail")]),
    ("ALB in 443 is gone", |s| unrule(s, 0, 1), &[("S02", "fail")]),
    ("ALB out 8000 is gone", |s| unrule(s, 0, 3), &[("S04", "fail")]),
    ("ALB out 3000 is gone", |s| unrule(s, 0, 2), &[("S05", "fail")]),
    ("ECS in 8000 is gone", |s| unrule(s, 1, 2), &[("S07", "fail")]),
    ("ECS in 3000 is gone", |s| unrule(s, 1, 1), &[("S08", "fail")]),
    ("ECS in self is gone", |s| unrule(s, 1, 0), &[("S09", "fail")]),
    ("ECS out 5432 is gone", |s| unrule(s, 1, 4), &[("S11", "fail")]),
    ("ECS out 6379 is gone", |s| unrule(s, 1, 5), &[("S12", "fail")]),
    ("ECS out 443 is gone", |s| unrule(s, 1, 3), &[("S13", "fail")]),
    ("RDS in 5432 is gone", |s| unrule(s, 2, 0), &[("S15", "fail")]),
    ("Redis in 6379 is gone", |s| unrule(s, 3, 0), &[("S18", "fail")]),
    ("SSH to the ALB", |s| extra(s, 0, rule(false, 22, cidr("0.0.0.0/0"))), &[("S03", "fail")]),
    ("HTTPS over IPv6", |s| extra(s, 0, rule(false, 443, cidr("::/0"))), &[("S03", "warn")]),
    ("the ALB may go anywhere", |s| extra(s, 0, rule(true, -1, cidr("0.0.0.0/0"))), &[("S06", "fail")]),
    ("SSH to the tasks", |s| extra(s, 1, rule(false, 22, cidr("10.0.0.0/16"))), &[("S10", "fail")]),
    ("the tasks may talk to each other", |s| extra(s, 1, rule(true, -1, group("ecs-tasks"))), &[("S09", "pass"), ("S14", "warn")]),
    ("the tasks may go anywhere", |s| extra(s, 1, rule(true, -1, cidr("0.0.0.0/0"))), &[("S09", "pass"), ("S14", "fail")]),
    ("the database is open", |s| extra(s, 2, rule(false, 5432, cidr("0.0.0.0/0"))), &[("S16", "fail")]),
    ("the database may call out", |s| extra(s, 2, rule(true, -1, cidr("0.0.0.0/0"))), &[("S17", "fail")]),
    ("Redis is open", |s| extra(s, 3, rule(false, 6379, cidr("10.0.0.0/16"))), &[("S19", "fail")]),
    ("Redis may call out", |s| extra(s, 3, rule(true, 443, cidr("0.0.0.0/0"))), &[("S20", "fail")]),
    (
        "a range instead of a port",
        |s| s.edit::<SecurityGroups>(|x| x.groups[0].rules[1].to_port = 444),
        &[("S02", "fail"), ("S03", "fail")],
    ),
    (
        "the database's group is not known",
        |s| s.edit::<SecurityGroups>(|x| drop(x.groups.remove(2))),
        &[("S11", "fail"), ("S14", "fail"), ("S15", "fail"), ("S16", "unknown"), ("S17", "unknown")],
    ),
];

pub(super) const BALANCER: &[Drift] = &[
    ("an internal balancer", |s| s.edit::<Balancer>(|x| x.scheme = "internal".into()), &[("A01", "fail")]),
    ("the balancer left zone c", |s| s.edit::<Balancer>(|x| drop(x.zones.pop())), &[("A02", "fail")]),
    ("the balancer is in one zone", |s| s.edit::<Balancer>(|x| x.zones.truncate(1)), &[("A02", "fail"), ("H06", "fail")]),
    ("nobody listens on 80", |s| s.edit::<Routing>(|x| drop(x.listeners.remove(0))), &[("A03", "fail"), ("A04", "fail")]),
    (
        "a temporary redirect",
        |s| s.edit::<Routing>(|x| x.listeners[0].default_action = "redirect HTTPS:443 HTTP_302".into()),
        &[("A04", "warn")],
    ),
    ("80 forwards", |s| s.edit::<Routing>(|x| x.listeners[0].rules[0].target_groups.push(target_group("web"))), &[("A04", "fail")]),
    ("no certificate", |s| s.edit::<Routing>(|x| x.listeners[1].certificates.clear()), &[("A05", "fail")]),
    (
        "nobody listens on 443",
        |s| s.edit::<Routing>(|x| drop(x.listeners.pop())),
        &[("A05", "fail"), ("A06", "fail"), ("A07", "fail"), ("A13", "fail")],
    ),
    (
        "the API's path leads to the portal",
        |s| s.edit::<Routing>(|x| x.listeners[1].rules[0].target_groups = vec![target_group("web")]),
        &[("A06", "fail")],
    ),
    (
        "a wider rule takes the API's traffic",
        |s| {
            let rule = Rule { priority: "5".into(), paths: vec!["/*".into()], target_groups: vec![target_group("web")], ..Rule::default() };
            s.edit::<Routing>(|x| x.listeners[1].rules.insert(0, rule));
        },
        &[("A06", "fail")],
    ),
    (
        "the path / only",
        |s| {
            s.edit::<Routing>(|x| {
                x.listeners[1].rules[1].target_groups.clear();
                let rule =
                    Rule { priority: "20".into(), paths: vec!["/".into()], target_groups: vec![target_group("web")], ..Rule::default() };
                x.listeners[1].rules.insert(1, rule);
            });
        },
        &[("A07", "fail"), ("A13", "fail")],
    ),
    (
        "the path / as it is written, beside the default",
        |s| {
            let rule = Rule { priority: "20".into(), paths: vec!["/".into()], target_groups: vec![target_group("web")], ..Rule::default() };
            s.edit::<Routing>(|x| x.listeners[1].rules.insert(1, rule));
        },
        &[("A13", "pass")],
    ),
    (
        "targets by instance",
        |s| s.edit::<Routing>(|x| x.target_groups.iter_mut().for_each(|g| g.target_type = "instance".into())),
        &[("A08", "fail"), ("A09", "fail")],
    ),
    ("the API listens on 8080", |s| service(s, 0, |x| x.registrations[0].port = 8080), &[("A06", "fail"), ("A08", "fail")]),
    ("the API's health check", |s| s.edit::<Routing>(|x| x.target_groups[0].health_path = "/".into()), &[("A10", "fail")]),
    ("the portal's health check", |s| s.edit::<Routing>(|x| x.target_groups[1].health_path = "/".into()), &[("A11", "fail")]),
    (
        "an unhealthy target",
        |s| s.edit::<Targets>(|x| x.groups.values_mut().next().unwrap()[0].state = "unhealthy".into()),
        &[("A12", "fail")],
    ),
];
