//! One change to the stack, and exactly the statements whose outcome changes. Every statement that can fail fails here at least once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use chrono::TimeDelta;

use crate::model::alarm::{Alarm, Alarms};
use crate::model::balancer::{Balancer, Routing, Rule, Targets};
use crate::model::cache::{CacheNodes, CacheSubnets, DataEvent, ReplicationGroup};
use crate::model::cdn::Cdn;
use crate::model::dashboard::Dashboards;
use crate::model::database::{Database, DatabaseEvents, DatabaseSettings};
use crate::model::delivery::{Builds, Pipeline, Repositories};
use crate::model::dns::{Dns, DnsAlias};
use crate::model::log::LogGroup;
use crate::model::metric::{self, Metrics};
use crate::model::network::{NatGateways, Network, Routes, SecurityGroups, SubnetTier, Zones};
use crate::model::scaling::Scaling;
use crate::model::security::{Keys, Roles, Secrets};
use crate::model::service::{Cluster, Service, Services, StoppedTasks, Task, TaskDefinition, TaskDefinitions, Tasks};
use crate::model::storage::{Bucket, Buckets, CorsRule};

use super::seed::{DISTRIBUTION, Seed, cidr, group, now, rule, seconds_ago, target_group, zone};
use super::{HONEST, builtin, outcomes, run};

/// What changes, how, and which statements then have which outcome.
type Drift = (&'static str, fn(&mut Seed), &'static [(&'static str, &'static str)]);

fn hold(drifts: &[Drift]) {
    static BEFORE: LazyLock<BTreeMap<String, &str>> = LazyLock::new(|| outcomes(&run(&builtin(), &Seed::new())));
    let statements = builtin();
    for (name, change, expected) in drifts {
        let mut seed = Seed::new();
        change(&mut seed);
        let after = outcomes(&run(&statements, &seed));
        let flipped: BTreeMap<&str, &str> = after.iter().filter(|(id, o)| BEFORE[*id] != **o).map(|(id, o)| (id.as_str(), *o)).collect();
        let expected: BTreeMap<&str, &str> = expected.iter().copied().collect();
        assert_eq!(flipped, expected, "drift: {name}");
    }
}

/// Changes where the zone's own name leads, over IPv4 and IPv6.
fn apex(seed: &mut Seed, change: fn(&mut DnsAlias)) {
    seed.edit::<Dns>(|x| x.records.iter_mut().filter(|r| r.name == "nextcore.ai.").filter_map(|r| r.alias.as_mut()).for_each(change));
}

/// What the alarms on a metric are for.
fn alarms(seed: &mut Seed, metric: &str, change: fn(&mut Alarm)) {
    seed.edit::<Alarms>(|x| x.alarms.iter_mut().filter(|a| a.metric == metric).for_each(change));
}

fn subnet(seed: &mut Seed, n: usize) {
    seed.edit::<Network>(|x| {
        x.subnets[n].cidr = "10.0.99.0/24".into();
        x.subnets[n].tier = SubnetTier::Other;
    });
}

fn unrule(seed: &mut Seed, of: usize, n: usize) {
    seed.edit::<SecurityGroups>(|x| drop(x.groups[of].rules.remove(n)));
}

fn extra(seed: &mut Seed, of: usize, more: crate::model::network::GroupRule) {
    seed.edit::<SecurityGroups>(|x| x.groups[of].rules.push(more));
}

fn service(seed: &mut Seed, n: usize, change: fn(&mut Service)) {
    seed.edit::<Services>(|x| change(&mut x.services[n]));
}

fn all_services(seed: &mut Seed, change: fn(&mut Service)) {
    seed.edit::<Services>(|x| x.services.iter_mut().for_each(change));
}

fn definitions(seed: &mut Seed, change: fn(&mut TaskDefinition)) {
    seed.edit::<TaskDefinitions>(|x| x.definitions.values_mut().for_each(change));
}

fn bucket(seed: &mut Seed, n: usize, change: fn(&mut Bucket)) {
    seed.edit::<Buckets>(|x| change(&mut x.buckets[n]));
}

fn database(seed: &mut Seed, change: fn(&mut Database)) {
    seed.edit::<Database>(change);
}

fn cache(seed: &mut Seed, change: fn(&mut ReplicationGroup)) {
    seed.edit::<ReplicationGroup>(change);
}

fn failover(seed: &mut Seed, seconds: i64) {
    let event = |at, message: &str| DataEvent { at: Some(at), message: message.into(), ..Default::default() };
    let end = now() - TimeDelta::hours(2);
    let begin = event(end - TimeDelta::seconds(seconds), "Multi-AZ instance failover started.");
    let between = event(end - TimeDelta::seconds(5), "DB instance restarted");
    seed.put(DatabaseEvents { events: vec![event(end, "Multi-AZ instance failover completed"), between, begin] });
}

const EDGE: &[Drift] = &[
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

const NETWORK: &[Drift] = &[
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

const GROUPS: &[Drift] = &[
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

const BALANCER: &[Drift] = &[
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

const SERVICES: &[Drift] = &[
    ("the cluster is being deleted", |s| s.edit::<Cluster>(|x| x.status = "DEPROVISIONING".into()), &[("E01", "fail")]),
    (
        "no control plane",
        |s| s.edit::<Services>(|x| drop(x.services.remove(0))),
        &[
            ("E02", "fail"),
            ("E05", "fail"),
            ("E08", "fail"),
            ("E11", "fail"),
            ("E13", "fail"),
            ("E23", "fail"),
            ("E24", "fail"),
            ("E25", "fail"),
            ("E27", "fail"),
            ("A06", "fail"),
            ("A08", "fail"),
            ("A10", "fail"),
            ("A12", "fail"),
        ],
    ),
    (
        "no web portal",
        |s| s.edit::<Services>(|x| drop(x.services.remove(1))),
        &[
            ("E03", "fail"),
            ("E06", "fail"),
            ("E09", "fail"),
            ("E12", "fail"),
            ("E14", "fail"),
            ("E23", "fail"),
            ("E24", "fail"),
            ("E25", "fail"),
            ("E28", "fail"),
            ("A07", "fail"),
            ("A13", "fail"),
            ("A09", "fail"),
            ("A11", "fail"),
            ("A12", "fail"),
        ],
    ),
    (
        "no workers",
        |s| s.edit::<Services>(|x| drop(x.services.remove(2))),
        &[
            ("E04", "fail"),
            ("E07", "fail"),
            ("E10", "fail"),
            ("E15", "fail"),
            ("E23", "fail"),
            ("E24", "fail"),
            ("E29", "fail"),
            ("E35", "fail"),
        ],
    ),
    ("on EC2", |s| all_services(s, |x| x.launch_type = "EC2".into()), &[("E05", "fail"), ("E06", "fail"), ("E07", "fail")]),
    ("on Fargate and Fargate Spot", |s| service(s, 2, |x| x.launch_type = "FARGATE+FARGATE_SPOT".into()), &[]),
    ("other sizes", |s| definitions(s, |x| x.cpu = "256".into()), &[("E08", "fail"), ("E09", "fail"), ("E10", "fail")]),
    (
        "other ports",
        |s| s.edit::<TaskDefinitions>(|x| x.definitions.values_mut().for_each(|d| d.ports = vec![80])),
        &[("E11", "fail"), ("E12", "fail")],
    ),
    ("one web task is missing", |s| service(s, 1, |x| x.running = 1), &[("E14", "fail"), ("H08", "fail")]),
    (
        "one web task has just died",
        |s| {
            service(s, 1, |x| x.running = 1);
            let dead = Task { service: "web".into(), stopped_at: Some(seconds_ago(120)), ..Default::default() };
            s.put(StoppedTasks { tasks: vec![dead] });
        },
        &[("E14", "fail"), ("H08", "warn")],
    ),
    ("scaled to one", |s| service(s, 0, |x| (x.running, x.desired) = (1, 1)), &[("E13", "fail")]),
    ("two workers", |s| service(s, 2, |x| (x.running, x.desired) = (2, 2)), &[("E15", "fail")]),
    ("a deployment runs more", |s| all_services(s, |x| x.running += 1), &[("E13", "warn"), ("E14", "warn"), ("E15", "warn")]),
    (
        "other bounds",
        |s| s.edit::<Scaling>(|x| x.targets.iter_mut().for_each(|t| t.max = 4)),
        &[("E16", "fail"), ("E17", "fail"), ("E18", "fail")],
    ),
    (
        "scaling suspended",
        |s| s.edit::<Scaling>(|x| x.targets.iter_mut().for_each(|t| t.out_suspended = true)),
        &[("E19", "fail"), ("E20", "fail"), ("E21", "fail")],
    ),
    ("no scaling policy", |s| s.edit::<Scaling>(|x| x.targets[0].policies.clear()), &[("E21", "fail")]),
    ("blue/green", |s| all_services(s, |x| x.strategy = "BLUE_GREEN".into()), &[("E22", "warn"), ("E36", "pass")]),
    ("CodeDeploy deploys", |s| all_services(s, |x| x.controller = "CODE_DEPLOY".into()), &[("E22", "fail"), ("E36", "pass")]),
    ("canary", |s| service(s, 0, |x| x.strategy = "CANARY".into()), &[("E22", "fail"), ("E36", "fail")]),
    ("circuit breaker off", |s| service(s, 1, |x| x.circuit_breaker = Some((false, false))), &[("E23", "fail"), ("E24", "fail")]),
    ("circuit breaker not in the answer", |s| service(s, 1, |x| x.circuit_breaker = None), &[("E23", "unknown"), ("E24", "unknown")]),
    ("no automatic rollback", |s| service(s, 2, |x| x.circuit_breaker = Some((true, false))), &[("E24", "fail")]),
    ("deployments may stop everything", |s| service(s, 0, |x| x.minimum_healthy = Some(0)), &[("E25", "warn")]),
    (
        "the portal is not registered",
        |s| service(s, 1, |x| x.registrations.clear()),
        &[("E25", "fail"), ("A07", "fail"), ("A13", "fail"), ("A09", "fail"), ("A11", "fail"), ("A12", "fail")],
    ),
    ("public addresses", |s| service(s, 0, |x| x.assign_public_ip = "ENABLED".into()), &[("E26", "fail")]),
    ("a service in one zone", |s| service(s, 0, |x| x.subnets.truncate(1)), &[("E26", "fail"), ("H06", "fail")]),
    (
        "all tasks in one zone",
        |s| s.edit::<Tasks>(|x| x.tasks.iter_mut().for_each(|t| t.zone = zone("b"))),
        &[("E27", "fail"), ("E28", "fail"), ("E29", "fail")],
    ),
    ("another log group", |s| definitions(s, |x| x.log_group = Some("/ecs/old".into())), &[("E30", "fail")]),
    ("no task role", |s| definitions(s, |x| x.task_role = None), &[("E31", "fail")]),
    (
        "Container Insights off",
        |s| s.edit::<Cluster>(|x| drop(x.settings.insert("containerInsights".into(), "disabled".into()))),
        &[("E32", "fail")],
    ),
    ("images from elsewhere", |s| definitions(s, |x| x.images[0].1 = "docker.io/library/nginx:1".into()), &[("E33", "fail")]),
    (
        "a secret from the parameter store",
        |s| definitions(s, |x| x.secrets.iter_mut().for_each(|secret| secret.1 = "arn:aws:ssm:r:1:parameter/db".into())),
        &[("E34", "fail")],
    ),
    ("workers behind the balancer", |s| service(s, 2, |x| x.target_groups.push(target_group("web"))), &[("E35", "fail")]),
];

const DATA: &[Drift] = &[
    ("Redis 7.1", |s| s.edit::<CacheNodes>(|x| x.nodes[3].version = "7.1.0".into()), &[("C01", "fail")]),
    ("Valkey", |s| s.edit::<CacheNodes>(|x| x.nodes.iter_mut().for_each(|n| n.engine = "valkey".into())), &[("C01", "fail")]),
    ("one shard", |s| cache(s, |x| drop(x.node_groups.pop())), &[("C02", "fail"), ("C10", "pass")]),
    ("cluster mode off", |s| cache(s, |x| x.cluster_enabled = Some(false)), &[("C02", "fail"), ("C09", "manual")]),
    (
        "Redis in zones a and c",
        |s| {
            cache(s, |x| {
                x.node_groups.iter_mut().flat_map(|n| &mut n.members).filter(|m| m.zone == zone("b")).for_each(|m| m.zone = zone("c"));
            });
        },
        &[("C10", "fail")],
    ),
    ("other nodes", |s| cache(s, |x| x.node_type = "cache.t3.small".into()), &[("C03", "fail")]),
    ("no auth token", |s| cache(s, |x| x.auth_token = Some(false)), &[("C04", "fail")]),
    ("Redis in one zone", |s| cache(s, |x| x.multi_az = "disabled".into()), &[("C05", "fail")]),
    ("no automatic failover", |s| cache(s, |x| x.automatic_failover = "disabled".into()), &[("C06", "fail"), ("H07", "fail")]),
    ("automatic failover on its way", |s| cache(s, |x| x.automatic_failover = "enabling".into()), &[("C06", "warn"), ("H07", "warn")]),
    ("two nodes in one AZ", |s| cache(s, |x| x.node_groups[0].members[1].zone = zone("a")), &[("C07", "fail")]),
    ("a shard without replica", |s| cache(s, |x| drop(x.node_groups[1].members.pop())), &[("C07", "fail"), ("H07", "fail")]),
    ("a replica that is not available", |s| s.edit::<CacheNodes>(|x| x.nodes[1].status = "modifying".into()), &[("H07", "fail")]),
    ("Redis in a public subnet", |s| s.edit::<CacheSubnets>(|x| x.subnets[0] = "subnet-01f07d41c93e5f8b2a4".into()), &[("C08", "fail")]),
    ("PostgreSQL 16", |s| database(s, |x| x.version = "16.3".into()), &[("D01", "fail")]),
    ("PostgreSQL 15.1", |s| database(s, |x| x.version = "15.1".into()), &[("D11", "manual")]),
    ("another instance class", |s| database(s, |x| x.class = "db.t3.medium".into()), &[("D02", "fail")]),
    ("another class is pending", |s| database(s, |x| x.pending.push("class db.t3.xlarge".into())), &[("D02", "fail")]),
    ("storage has grown", |s| database(s, |x| x.allocated_gib = Some(120)), &[("D03", "warn")]),
    ("less storage", |s| database(s, |x| x.allocated_gib = Some(50)), &[("D03", "fail")]),
    ("gp2", |s| database(s, |x| x.storage_type = "gp2".into()), &[("D04", "fail")]),
    ("no standby", |s| database(s, |x| x.secondary_zone = None), &[("D05", "fail"), ("D06", "fail"), ("H09", "fail")]),
    ("single AZ", |s| database(s, |x| x.multi_az = Some(false)), &[("D05", "fail"), ("H09", "fail")]),
    ("failed over", |s| database(s, |x| (x.zone, x.secondary_zone) = (zone("b"), Some(zone("a")))), &[("D06", "warn")]),
    ("standby in the primary's zone", |s| database(s, |x| x.secondary_zone = Some(zone("a"))), &[("D06", "fail"), ("H09", "fail")]),
    ("not encrypted", |s| database(s, |x| x.encrypted = Some(false)), &[("D07", "fail")]),
    ("retention shrunk", |s| database(s, |x| x.backup_retention = Some(1)), &[("D08", "fail")]),
    ("a longer retention", |s| database(s, |x| x.backup_retention = Some(30)), &[("D08", "warn")]),
    ("no Enhanced Monitoring", |s| database(s, |x| x.monitoring_interval = Some(0)), &[("D09", "fail")]),
    ("no Performance Insights", |s| database(s, |x| x.performance_insights = Some(false)), &[("D10", "fail")]),
    (
        "extensions without vector",
        |s| s.edit::<DatabaseSettings>(|x| x.allowed_extensions = Some("pg_trgm,hstore".into())),
        &[("D11", "manual")],
    ),
    ("extensions with vector", |s| s.edit::<DatabaseSettings>(|x| x.allowed_extensions = Some("pg_trgm, vector".into())), &[]),
    ("the database in the private tier", |s| database(s, |x| x.subnets[2].0 = "subnet-02a07d41c93e5f8b2c4".into()), &[("D12", "fail")]),
    ("a public database", |s| database(s, |x| x.public = Some(true)), &[("D13", "fail")]),
    ("a restore point 7 minutes old", |s| database(s, |x| x.latest_restorable = Some(seconds_ago(420))), &[("D14", "warn")]),
    ("an old restore point", |s| database(s, |x| x.latest_restorable = Some(seconds_ago(1200))), &[("D14", "fail")]),
    ("no restore point", |s| database(s, |x| x.latest_restorable = None), &[("D14", "fail")]),
    ("a failover in 25 s", |s| failover(s, 25), &[("H02", "pass")]),
    ("a failover in 90 s", |s| failover(s, 90), &[]),
    ("a failover in 200 s", |s| failover(s, 200), &[("H02", "fail")]),
    (
        "a failover that goes on",
        |s| {
            failover(s, 25);
            s.edit::<DatabaseEvents>(|x| drop(x.events.remove(0)));
        },
        &[],
    ),
    ("the database is copied", |s| database(s, |x| x.backup_replications.push("arn:us".into())), &[("H03", "warn")]),
    (
        "everything is copied",
        |s| {
            database(s, |x| x.backup_replications.push("arn:us".into()));
            s.edit::<Buckets>(|x| x.buckets.iter_mut().for_each(|b| b.replication.push("arn:aws:s3:::copy".into())));
            s.edit::<Repositories>(|x| x.replicates_to.push("ap-southeast-4".into()));
        },
        &[("H03", "pass")],
    ),
];

const STORAGE: &[Drift] = &[
    (
        "no documents bucket",
        |s| bucket(s, 0, |b| *b = Bucket::named(&b.name, b.role.clone())),
        &[("B01", "fail"), ("B04", "fail"), ("B07", "fail"), ("B10", "fail")],
    ),
    (
        "no static bucket",
        |s| bucket(s, 1, |b| *b = Bucket::named(&b.name, b.role.clone())),
        &[("B02", "fail"), ("B05", "fail"), ("B08", "fail"), ("B11", "fail")],
    ),
    (
        "no reports bucket",
        |s| bucket(s, 2, |b| *b = Bucket::named(&b.name, b.role.clone())),
        &[("B03", "fail"), ("B06", "fail"), ("B09", "fail"), ("B12", "fail")],
    ),
    ("a bucket in another region", |s| bucket(s, 1, |b| b.region = "us-east-1".into()), &[("B02", "fail")]),
    ("versioning suspended", |s| bucket(s, 0, |b| b.versioning = "Suspended".into()), &[("B04", "fail")]),
    ("the lifecycle rule is disabled", |s| bucket(s, 0, |b| b.lifecycle[0].status = "Disabled".into()), &[("B07", "fail")]),
    (
        "every origin may write",
        |s| bucket(s, 1, |b| b.cors.push(CorsRule { origins: vec!["*".into()], methods: vec!["PUT".into()] })),
        &[("B08", "warn")],
    ),
    ("reports expire after a month", |s| bucket(s, 2, |b| b.lifecycle[0].expiration_days = Some(30)), &[("B09", "fail")]),
    ("reports of one folder expire", |s| bucket(s, 2, |b| b.lifecycle[0].prefix = "tmp/".into()), &[("B09", "fail")]),
    ("old versions stay", |s| bucket(s, 2, |b| b.lifecycle[0].noncurrent_days = None), &[("B09", "warn")]),
    ("encrypted by S3", |s| bucket(s, 2, |b| b.encryption = "AES256".into()), &[("B12", "fail")]),
    (
        "roles are gone",
        |s| s.edit::<Roles>(|x| x.roles.iter_mut().for_each(|r| r.exists = false)),
        &[("I01", "fail"), ("I02", "fail"), ("I03", "fail")],
    ),
    ("a role trusts another service", |s| s.edit::<Roles>(|x| x.roles[2].trusts = vec!["ec2.amazonaws.com".into()]), &[("I03", "fail")]),
    (
        "keys are disabled",
        |s| s.edit::<Keys>(|x| x.keys.iter_mut().for_each(|k| k.state = "Disabled".into())),
        &[("K01", "fail"), ("K02", "fail"), ("K03", "fail")],
    ),
    (
        "a key is AWS's",
        |s| s.edit::<Keys>(|x| x.keys.iter_mut().for_each(|k| k.manager = "AWS".into())),
        &[("K01", "warn"), ("K02", "warn"), ("K03", "warn")],
    ),
    (
        "secrets are gone",
        |s| s.edit::<Secrets>(|x| x.secrets.iter_mut().for_each(|k| k.exists = false)),
        &[("X01", "fail"), ("X02", "fail"), ("X03", "fail")],
    ),
    ("a secret is being deleted", |s| s.edit::<Secrets>(|x| x.secrets[1].deleted_at = Some(now())), &[("X02", "fail")]),
    (
        "secrets with the account's key",
        |s| s.edit::<Secrets>(|x| x.secrets.iter_mut().for_each(|k| k.kms_key = None)),
        &[("X01", "warn"), ("X02", "warn"), ("X03", "warn")],
    ),
];

const DELIVERY: &[Drift] = &[
    (
        "no repositories",
        |s| {
            s.edit::<Repositories>(|x| {
                x.repositories.iter_mut().for_each(|r| {
                    r.exists = false;
                    r.uri.clear();
                    r.images.clear();
                });
            });
        },
        &[
            ("P01", "fail"),
            ("P02", "fail"),
            ("P03", "fail"),
            ("P04", "fail"),
            ("P05", "fail"),
            ("P06", "fail"),
            ("P07", "fail"),
            ("P08", "fail"),
            ("P09", "fail"),
            ("E33", "fail"),
        ],
    ),
    (
        "the tasks do not say which image they run",
        |s| s.edit::<Tasks>(|x| x.tasks.iter_mut().flat_map(|t| &mut t.containers).for_each(|c| c.image_digest = None)),
        &[("P07", "unknown"), ("P08", "unknown"), ("P09", "unknown")],
    ),
    ("nothing scans", |s| s.edit::<Repositories>(|x| x.repositories[1].scan_frequency = "MANUAL".into()), &[("P05", "fail")]),
    (
        "the running image was not scanned",
        |s| s.edit::<Repositories>(|x| x.repositories[0].images[0].scan_status = "".into()),
        &[("P07", "fail")],
    ),
    (
        "the images are being scanned",
        |s| s.edit::<Repositories>(|x| x.repositories.iter_mut().for_each(|r| r.images[0].scan_status = "IN_PROGRESS".into())),
        &[("P07", "warn"), ("P08", "warn"), ("P09", "warn")],
    ),
    (
        "a critical finding",
        |s| s.edit::<Repositories>(|x| x.repositories[2].images[0].findings.extend([("CRITICAL".into(), 1)])),
        &[("P09", "fail")],
    ),
    ("the running image is gone", |s| s.edit::<Repositories>(|x| x.repositories[1].images.clear()), &[("P08", "fail")]),
    ("one project is not privileged", |s| s.edit::<Builds>(|x| x.projects[0].privileged = Some(false)), &[("P10", "warn")]),
    ("a project is missing", |s| s.edit::<Builds>(|x| x.missing.push("production-nextcore-web".into())), &[("P10", "warn")]),
    ("no projects", |s| s.edit::<Builds>(|x| x.projects.clear()), &[("P10", "fail")]),
    ("no test reports", |s| s.edit::<Builds>(|x| x.builds.iter_mut().for_each(|b| b.reports.clear())), &[("P11", "manual")]),
    (
        "no pipeline",
        |s| s.put(Pipeline { name: "production-nextcore".into(), ..Default::default() }),
        &[("P12", "n/a"), ("P13", "n/a"), ("P14", "n/a")],
    ),
    (
        "a pipeline of other parts",
        |s| s.edit::<Pipeline>(|x| x.stages.iter_mut().flat_map(|p| &mut p.actions).for_each(|a| a.provider = "S3".into())),
        &[("P12", "fail"), ("P13", "fail"), ("P14", "fail")],
    ),
    ("logs are kept for ever", |s| s.edit::<LogGroup>(|x| x.retention_days = None), &[("M01", "warn")]),
    ("another group", |s| s.edit::<LogGroup>(|x| x.name = "/ecs/old".into()), &[("M01", "fail")]),
    ("no memory figures", |s| s.edit::<Metrics>(|x| drop(x.series.remove(metric::Svc::Mem.of("web").as_str()))), &[("M02", "fail")]),
    (
        "no latency for hours",
        |s| s.edit::<Metrics>(|x| x.series.get_mut(metric::Alb::P95.id().as_str()).unwrap().points.clear()),
        &[("M02", "fail")],
    ),
    ("an alarm that tells nobody", |s| alarms(s, "CPUUtilization", |a| a.actions.clear()), &[("M03", "fail")]),
    ("an alarm whose actions are disabled", |s| alarms(s, "MemoryUtilization", |a| a.actions_enabled = Some(false)), &[("M04", "fail")]),
    ("no alarm on errors", |s| s.edit::<Alarms>(|x| x.alarms.retain(|a| !a.metric.starts_with("HTTPCode"))), &[("M05", "fail")]),
    ("no dashboards", |s| s.edit::<Dashboards>(|x| x.dashboards.clear()), &[("M06", "fail"), ("M07", "fail")]),
];

#[test]
fn the_edge() {
    hold(EDGE);
}

#[test]
fn the_network() {
    hold(NETWORK);
}

#[test]
fn security_groups() {
    hold(GROUPS);
}

#[test]
fn the_balancer() {
    hold(BALANCER);
}

#[test]
fn services() {
    hold(SERVICES);
}

#[test]
fn redis_and_the_database() {
    hold(DATA);
}

#[test]
fn buckets_and_identity() {
    hold(STORAGE);
}

#[test]
fn delivery_and_monitoring() {
    hold(DELIVERY);
}

#[test]
fn every_outcome_of_every_statement_is_reached() {
    let mut seen: BTreeSet<(String, &str)> = HONEST.iter().map(|(id, o)| ((*id).to_owned(), *o)).collect();
    // The other tests hold that the tables are true.
    for (_, _, expected) in [EDGE, NETWORK, GROUPS, BALANCER, SERVICES, DATA, STORAGE, DELIVERY].into_iter().flatten() {
        seen.extend(expected.iter().map(|(id, outcome)| ((*id).to_owned(), *outcome)));
    }
    let has = |id: &str, outcome: &'static str| seen.contains(&(id.to_owned(), outcome));
    // Never decided, on purpose.
    for statement in builtin().rows().iter().filter(|s| s.pass.is_some() && s.about().id != "H01") {
        let id = statement.about().id.as_str();
        let last = if statement.about().manual.is_some() { "manual" } else { "fail" };
        assert!(has(id, last), "{id} never ends as {last}");
        assert!(statement.warn.is_none() || has(id, "warn") || TOLERATES_NOTHING.contains(&id), "{id} never warns");
        assert!(statement.when.is_none() || has(id, "n/a"), "{id} is never n/a");
    }
}

/// They share the rule of S03 and S14, with nothing that is tolerated.
const TOLERATES_NOTHING: &[&str] = &["S06", "S10", "S16", "S17", "S19", "S20"];
