//! The state document of a stack that is exactly as the architecture says, and ways to change it: by section, with the model's own types.

use std::collections::BTreeMap;

use chrono::{TimeDelta, TimeZone, Utc};
use serde_json::{Map, Value, json};

use crate::model::Time;
use crate::model::alarm::{Alarm, Alarms};
use crate::model::balancer::{Balancer, Listener, Routing, Rule, Target, TargetGroup, Targets};
use crate::model::cache::{CacheEvents, CacheMember, CacheNode, CacheNodes, CacheSubnets, NodeGroup, ReplicationGroup};
use crate::model::cdn::{Cdn, Distribution};
use crate::model::dashboard::{Dashboard, Dashboards};
use crate::model::database::{Database, DatabaseEvents, DatabaseSettings};
use crate::model::delivery::{Build, Builds, Image, Pipeline, PipelineAction, PipelineStage, Project, Repositories, Repository};
use crate::model::dns::{Dns, DnsAlias, DnsRecord, HostedZone};
use crate::model::log::LogGroup;
use crate::model::metric::{Metrics, Series};
use crate::model::network::{
    GroupRole, GroupRule, InternetGateway, NatAddress, NatGateway, NatGateways, Network, Peer, Route, RouteTable, Routes, SecurityGroup,
    SecurityGroups, Subnet, SubnetTier, Zone, Zones,
};
use crate::model::scaling::{ScalableTarget, Scaling, ScalingPolicy};
use crate::model::section::Section;
use crate::model::security::{Key, Keys, Role, Roles, Secret, Secrets};
use crate::model::service::{
    Cluster, Container, Registration, Service, Services, StoppedTasks, Task, TaskDefinition, TaskDefinitions, Tasks,
};
use crate::model::stack::{BucketRole, KeyUse, Named, RoleUse, SecretUse, ServiceRole, Stack};
use crate::model::storage::{Bucket, Buckets, CorsRule, LifecycleRule};

pub(super) const ZONES: [&str; 3] = ["a", "b", "c"];

/// The moment of every test.
pub(super) fn noon() -> Time {
    Utc.with_ymd_and_hms(2026, 3, 1, 12, 0, 30).unwrap()
}

pub(super) fn seconds_ago(seconds: i64) -> Time {
    noon() - TimeDelta::seconds(seconds)
}

pub(super) fn zone(letter: &str) -> String {
    format!("ap-southeast-2{letter}")
}

/// A state document under construction.
pub(super) struct Seed {
    pub stack: Stack,
    sections: Map<String, Value>,
}

impl Seed {
    /// Exactly as the architecture says, with the optional systems.
    pub(super) fn new() -> Self {
        let mut seed = Self { stack: Stack::default(), sections: Map::new() };
        edge(&mut seed);
        network(&mut seed);
        routing(&mut seed);
        services(&mut seed);
        data(&mut seed);
        storage(&mut seed);
        delivery(&mut seed);
        monitoring(&mut seed);
        seed
    }

    pub(super) fn document(&self) -> Value {
        json!({
            "stack": self.stack, "as_of": noon(), "worst": "healthy", "counts": {}, "nodes": {}, "timeline": [], "inventory": {"total": 153}, "usage": {},
            "sections": self.sections,
        })
    }

    pub(super) fn put<T: Section>(&mut self, value: T) {
        let entry = json!({"state": "ready", "at": seconds_ago(5), "age_s": 5, "problem": null, "data": value});
        self.sections.insert(T::KEY.0.to_owned(), entry);
    }

    pub(super) fn edit<T: Section>(&mut self, change: impl FnOnce(&mut T)) {
        let mut value: T = serde_json::from_value(self.sections[T::KEY.0]["data"].clone()).unwrap();
        let before = value.clone();
        change(&mut value);
        assert_ne!(before, value, "a drift that changes nothing");
        self.put(value);
    }

    /// The section could not be read: `denied`, `failed`, `missing`, `loading`; the data is gone.
    pub(super) fn lose<T: Section>(&mut self, state: &str, problem: Value) {
        self.sections.insert(T::KEY.0.to_owned(), json!({"state": state, "at": null, "age_s": null, "problem": problem, "data": null}));
    }

    /// The section is too old.
    pub(super) fn age<T: Section>(&mut self, seconds: i64, headline: &str) {
        let entry = &mut self.sections[T::KEY.0];
        entry["state"] = "stale".into();
        entry["age_s"] = seconds.into();
        entry["problem"] = json!({"kind": "timeout", "headline": headline, "hint": "", "permission": null});
    }

    pub(super) fn forget<T: Section>(&mut self) {
        self.sections.remove(T::KEY.0);
    }
}

fn edge(seed: &mut Seed) {
    let alias =
        DnsAlias { dns_name: "dualstack.Production-nextcore-1.elb.amazonaws.com.".into(), hosted_zone: "Z1".into(), evaluate_health: true };
    let apex = DnsRecord { name: "nextcore.ai.".into(), kind: "A".into(), alias: Some(alias), ..Default::default() };
    seed.put(Dns {
        zone: Some(HostedZone { id: "Z9".into(), name: "nextcore.ai.".into(), private: false }),
        records: vec![apex],
        ..Default::default()
    });
    let distribution = Distribution {
        id: "E1".into(),
        domain: "d1.cloudfront.net".into(),
        status: "Deployed".into(),
        enabled: true,
        origins: vec!["nextcore-static.s3.ap-southeast-2.amazonaws.com".into()],
        viewer_protocol: "redirect-to-https".into(),
        ..Default::default()
    };
    seed.put(Cdn { distribution: Some(distribution) });
}

fn network(seed: &mut Seed) {
    let tiers = [(SubnetTier::Public, "pub", 1), (SubnetTier::Private, "app", 11), (SubnetTier::Database, "db", 21)];
    let subnet = |tier, word: &str, third: usize, z: &str| Subnet {
        id: format!("subnet-{word}-{z}"),
        cidr: format!("10.0.{third}.0/24"),
        zone: zone(z),
        tier,
        free_addresses: 240,
        state: "available".into(),
        ..Default::default()
    };
    let subnets =
        tiers.iter().flat_map(|(tier, word, first)| ZONES.iter().enumerate().map(move |(n, z)| subnet(*tier, word, first + n, z)));
    seed.put(Network {
        vpc: "vpc-1".into(),
        cidr: "10.0.0.0/16".into(),
        state: "available".into(),
        subnets: subnets.collect(),
        internet_gateways: vec![InternetGateway { id: "igw-1".into(), attachments: vec![("vpc-1".into(), "available".into())] }],
    });
    let one = |z: &&str| Zone { name: zone(z), region: "ap-southeast-2".into(), state: "available".into(), ..Default::default() };
    seed.put(Zones { zones: ZONES.iter().map(one).collect() });
    let gateway = |z: &&str| NatGateway {
        id: format!("nat-{z}"),
        state: "available".into(),
        zone: zone(z),
        subnet: format!("subnet-pub-{z}"),
        availability: "zonal".into(),
        connectivity: "public".into(),
        failure: None,
        addresses: vec![NatAddress {
            public_ip: format!("52.0.0.{}", z.as_bytes()[0]),
            allocation: format!("eipalloc-{z}"),
            status: "succeeded".into(),
            zone: String::new(),
        }],
    };
    seed.put(NatGateways { gateways: ZONES.iter().map(gateway).collect(), ..Default::default() });
    let route = |to: &str, target: &str| Route { destination: to.into(), target: target.into(), state: "active".into() };
    let local = || route("10.0.0.0/16", "local");
    let private = |z: &&str| RouteTable {
        id: format!("rtb-{z}"),
        subnets: vec![format!("subnet-app-{z}")],
        routes: vec![local(), route("0.0.0.0/0", &format!("nat-{z}"))],
        ..Default::default()
    };
    let mut tables: Vec<RouteTable> = ZONES.iter().map(private).collect();
    let public = ZONES.iter().map(|z| format!("subnet-pub-{z}")).collect();
    tables.push(RouteTable {
        id: "rtb-pub".into(),
        subnets: public,
        routes: vec![local(), route("0.0.0.0/0", "igw-1")],
        ..Default::default()
    });
    // The database subnets have no table of their own.
    tables.push(RouteTable { id: "rtb-main".into(), main: true, routes: vec![local()], ..Default::default() });
    seed.put(Routes { tables });
    seed.put(SecurityGroups { groups: security_groups() });
}

/// A rule as the tests write it: `rule(out?, protocol, port, peer)`.
pub(super) fn rule(egress: bool, protocol: &str, port: i32, peer: Peer) -> GroupRule {
    GroupRule { id: "sgr".into(), egress, protocol: protocol.into(), from_port: port, to_port: port, peer, description: String::new() }
}

pub(super) fn cidr(block: &str) -> Peer {
    Peer::Cidr(block.to_owned())
}

pub(super) fn group(role: &str) -> Peer {
    Peer::Group(format!("sg-{role}"))
}

fn security_groups() -> Vec<SecurityGroup> {
    let of = |name: &str, role, rules| SecurityGroup { id: format!("sg-{name}"), name: name.into(), roles: vec![role], rules };
    let anywhere = || cidr("0.0.0.0/0");
    vec![
        of(
            "alb",
            GroupRole::Alb,
            vec![
                rule(false, "tcp", 80, anywhere()),
                rule(false, "tcp", 443, anywhere()),
                rule(true, "tcp", 8000, group("ecs")),
                rule(true, "tcp", 3000, group("ecs")),
            ],
        ),
        of(
            "ecs",
            GroupRole::Ecs,
            vec![
                rule(false, "tcp", 8000, group("alb")),
                rule(false, "tcp", 3000, group("alb")),
                rule(false, "-1", -1, group("ecs")),
                rule(true, "tcp", 5432, group("rds")),
                rule(true, "tcp", 6379, group("redis")),
                rule(true, "tcp", 443, anywhere()),
            ],
        ),
        of("rds", GroupRole::Rds, vec![rule(false, "tcp", 5432, group("ecs"))]),
        of("redis", GroupRole::Redis, vec![rule(false, "tcp", 6379, group("ecs"))]),
    ]
}

pub(super) fn target_group(name: &str) -> String {
    format!("arn:aws:elasticloadbalancing:ap-southeast-2:1:targetgroup/{name}/0123")
}

fn routing(seed: &mut Seed) {
    seed.put(Balancer {
        dns_name: "production-nextcore-1.elb.amazonaws.com".into(),
        hosted_zone: "Z1".into(),
        state: "active".into(),
        scheme: "internet-facing".into(),
        kind: "application".into(),
        vpc: "vpc-1".into(),
        zones: ZONES.iter().map(|z| (zone(z), format!("subnet-pub-{z}"))).collect(),
        security_groups: vec!["sg-alb".into()],
        ..Default::default()
    });
    let forward = |priority: &str, paths: &[&str], to: &str| Rule {
        priority: priority.into(),
        paths: paths.iter().map(|p| (*p).to_owned()).collect(),
        target_groups: vec![target_group(to)],
    };
    let http = Listener {
        port: 80,
        protocol: "HTTP".into(),
        default_action: "redirect HTTPS:443 HTTP_301".into(),
        rules: vec![Rule { priority: "default".into(), ..Default::default() }],
        ..Default::default()
    };
    let https = Listener {
        port: 443,
        protocol: "HTTPS".into(),
        default_action: "forward web".into(),
        certificates: vec!["arn:cert".into()],
        ssl_policy: Some("ELBSecurityPolicy-TLS13-1-2-2021-06".into()),
        rules: vec![forward("10", &["/api/*"], "control-plane"), forward("default", &[], "web")],
        ..Default::default()
    };
    let tg = |name: &str, port: i32, path: &str| TargetGroup {
        arn: target_group(name),
        name: name.into(),
        port,
        target_type: "ip".into(),
        health_path: path.into(),
        ..Default::default()
    };
    seed.put(Routing {
        listeners: vec![http, https],
        target_groups: vec![tg("control-plane", 8000, "/api/health/"), tg("web", 3000, "/health")],
    });
    let healthy = |ip: &str| Target { id: ip.into(), state: "healthy".into(), ..Default::default() };
    let pair = |a: &str, b: &str| vec![healthy(a), healthy(b)];
    let groups = [(target_group("control-plane"), pair("1", "2")), (target_group("web"), pair("3", "4"))];
    seed.put(Targets { groups: groups.into() });
}

/// (name, role, tasks, cpu, memory, port, repository).
type Row = (&'static str, ServiceRole, i32, &'static str, &'static str, Option<i32>, &'static str);

const SERVICES: [Row; 3] = [
    ("control-plane", ServiceRole::ControlPlane, 2, "1024", "2048", Some(8000), "control"),
    ("web", ServiceRole::Web, 2, "512", "1024", Some(3000), "web"),
    ("celery-worker", ServiceRole::Worker, 3, "1024", "2048", None, "worker"),
];

pub(super) fn uri(repository: &str) -> String {
    format!("111122223333.dkr.ecr.ap-southeast-2.amazonaws.com/nextcore/{repository}")
}

pub(super) fn secret_arn(name: &str) -> String {
    format!("arn:aws:secretsmanager:ap-southeast-2:111122223333:secret:{name}-AbCdEf")
}

fn services(seed: &mut Seed) {
    let settings = [("containerInsights".to_owned(), "enabled".into())].into();
    seed.put(Cluster { name: "production-nextcore".into(), status: "ACTIVE".into(), settings, ..Default::default() });
    let arn = |name: &str| format!("arn:aws:ecs:r:1:task-definition/{name}:7");
    let services = SERVICES.iter().map(|(name, role, count, _, _, port, _)| Service {
        name: (*name).into(),
        role: Some(*role),
        status: "ACTIVE".into(),
        desired: *count,
        running: *count,
        task_definition: arn(name),
        launch_type: "FARGATE".into(),
        target_groups: port.iter().map(|_| target_group(name)).collect(),
        registrations: port
            .iter()
            .map(|p| Registration { target_group: target_group(name), container: (*name).into(), port: *p })
            .collect(),
        controller: "ECS".into(),
        subnets: ZONES.iter().map(|z| format!("subnet-app-{z}")).collect(),
        security_groups: vec!["sg-ecs".into()],
        assign_public_ip: "DISABLED".into(),
        circuit_breaker: Some((true, true)),
        minimum_healthy: Some(100),
        maximum: Some(200),
        strategy: "ROLLING".into(),
        ..Default::default()
    });
    seed.put(Services { services: services.collect(), missing: vec![] });
    let definition = |(name, _, _, cpu, memory, port, repository): &Row| TaskDefinition {
        arn: arn(name),
        cpu: (*cpu).into(),
        memory: (*memory).into(),
        images: vec![((*name).into(), format!("{}:42", uri(repository)))],
        ports: port.iter().copied().collect(),
        log_driver: Some("awslogs".into()),
        log_group: Some("/ecs/production-nextcore".into()),
        task_role: Some("arn:role/task".into()),
        execution_role: Some("arn:role/execution".into()),
        secrets: vec![("DATABASE_URL".into(), format!("{}:url::", secret_arn("production-nextcore/database_url")))],
        ..Default::default()
    };
    seed.put(TaskDefinitions { definitions: SERVICES.iter().map(|s| (arn(s.0), definition(s))).collect() });
    let tasks = SERVICES.iter().flat_map(|(name, _, count, ..)| {
        (0..*count).map(move |n| Task {
            arn: format!("arn:task/{name}-{n}"),
            service: (*name).into(),
            status: "RUNNING".into(),
            zone: zone(ZONES[n as usize]),
            started_at: Some(seconds_ago(86_400)),
            containers: vec![Container { name: (*name).into(), image_digest: Some(format!("sha256:{name}")), ..Default::default() }],
            ..Default::default()
        })
    });
    seed.put(Tasks { tasks: tasks.collect() });
    seed.put(StoppedTasks::default());
    let target = |service: &str, min, max| ScalableTarget {
        service: service.into(),
        min,
        max,
        policies: vec![ScalingPolicy::default()],
        ..Default::default()
    };
    seed.put(Scaling { targets: vec![target("control-plane", 2, 6), target("web", 2, 6), target("celery-worker", 3, 9)] });
}

fn data(seed: &mut Seed) {
    let member = |shard: &str, n: usize, z: &str| CacheMember { id: format!("redis-{shard}-00{n}"), zone: zone(z), role: None };
    let shard = |id: &str, first: &str, second: &str| NodeGroup {
        id: id.into(),
        status: "available".into(),
        slots: String::new(),
        members: vec![member(id, 1, first), member(id, 2, second)],
    };
    let node_groups = vec![shard("0001", "a", "b"), shard("0002", "b", "a")];
    let node = |m: &CacheMember| CacheNode {
        id: m.id.clone(),
        status: "available".into(),
        engine: "redis".into(),
        version: "7.0.7".into(),
        zone: m.zone.clone(),
        ..Default::default()
    };
    seed.put(CacheNodes { nodes: node_groups.iter().flat_map(|g| &g.members).map(node).collect() });
    seed.put(ReplicationGroup {
        status: "available".into(),
        cluster_enabled: true,
        multi_az: "enabled".into(),
        automatic_failover: "enabled".into(),
        auth_token: true,
        transit_encryption: true,
        at_rest_encryption: true,
        node_type: "cache.t3.medium".into(),
        node_groups,
        ..Default::default()
    });
    seed.put(CacheEvents::default());
    seed.put(CacheSubnets { group: "redis".into(), subnets: ZONES.iter().map(|z| format!("subnet-app-{z}")).collect() });
    seed.put(Database {
        status: "available".into(),
        engine: "postgres".into(),
        version: "15.7".into(),
        class: "db.t3.large".into(),
        multi_az: true,
        zone: zone("a"),
        secondary_zone: Some(zone("b")),
        latest_restorable: Some(seconds_ago(200)),
        allocated_gib: 100,
        storage_type: "gp3".into(),
        encrypted: true,
        encryption_type: "sse-kms".into(),
        kms_key: Some("arn:kms/rds".into()),
        backup_retention: 7,
        monitoring_interval: 60,
        monitoring_role: Some("arn:role/monitoring".into()),
        performance_insights: true,
        insights_mode: "standard".into(),
        certificate_until: Some(noon() + TimeDelta::days(400)),
        subnets: ZONES.iter().map(|z| (format!("subnet-db-{z}"), zone(z))).collect(),
        ..Default::default()
    });
    seed.put(DatabaseEvents::default());
    seed.put(DatabaseSettings { allowed_extensions: Some("*".into()), ..Default::default() });
}

fn storage(seed: &mut Seed) {
    let stack = seed.stack.clone();
    let lifecycle = |days: i32| LifecycleRule {
        id: "expire".into(),
        status: "Enabled".into(),
        expiration_days: Some(days),
        noncurrent_days: Some(30),
        ..Default::default()
    };
    let bucket = |b: &Named<BucketRole>| Bucket {
        exists: true,
        region: "ap-southeast-2".into(),
        versioning: "Enabled".into(),
        lifecycle: vec![lifecycle(365)],
        cors: vec![CorsRule { origins: vec!["https://nextcore.ai".into()], methods: vec!["GET".into()] }],
        encryption: "aws:kms".into(),
        public_access_blocked: Some(true),
        ..Bucket::named(&b.name, b.role)
    };
    seed.put(Buckets { buckets: stack.buckets.iter().map(bucket).collect() });
    let trust = |name: &str| if name.ends_with("codebuild") { "codebuild.amazonaws.com" } else { "ecs-tasks.amazonaws.com" };
    let role = |r: &Named<RoleUse>| Role {
        name: r.name.clone(),
        role: r.role,
        exists: true,
        arn: format!("arn:aws:iam::1:role/{}", r.name),
        trusts: vec![trust(&r.name).into()],
        policies: vec![],
        last_used: None,
    };
    seed.put(Roles { roles: stack.roles.iter().map(role).collect() });
    let key = |k: &Named<KeyUse>| Key {
        name: k.name.clone(),
        role: k.role,
        exists: true,
        arn: format!("arn:kms/{}", k.name),
        state: "Enabled".into(),
        manager: "CUSTOMER".into(),
        deletion_at: None,
        rotation: Some(true),
    };
    seed.put(Keys { keys: stack.keys.iter().map(key).collect() });
    let secret = |s: &Named<SecretUse>| Secret {
        name: s.name.clone(),
        role: s.role,
        exists: true,
        arn: secret_arn(&s.name),
        kms_key: Some("arn:kms/secrets".into()),
        rotation: false,
        rotated_at: None,
        changed_at: None,
        accessed_at: None,
        next_rotation: None,
        deleted_at: None,
    };
    seed.put(Secrets { secrets: stack.secrets.iter().map(secret).collect() });
}

fn delivery(seed: &mut Seed) {
    let repository = |(service, role, .., word): &Row| Repository {
        name: format!("nextcore/{word}"),
        role: *role,
        exists: true,
        uri: uri(word),
        tag_mutability: "IMMUTABLE".into(),
        scan_frequency: "SCAN_ON_PUSH".into(),
        encryption: "KMS".into(),
        image_count: 1,
        images: vec![Image {
            digest: format!("sha256:{service}"),
            scan_status: "COMPLETE".into(),
            findings: BTreeMap::from([("HIGH".into(), 1)]),
            ..Default::default()
        }],
    };
    seed.put(Repositories { repositories: SERVICES.iter().map(repository).collect(), replicates_to: vec![] });
    let project =
        |name: &String| Project { name: name.clone(), privileged: true, source: "CODEPIPELINE".into(), service_role: String::new() };
    let build = Build { id: "p:1".into(), status: "SUCCEEDED".into(), reports: vec!["arn:report".into()], ..Default::default() };
    seed.put(Builds { projects: seed.stack.projects.iter().map(project).collect(), missing: vec![], builds: vec![build] });
    let stage = |category: &str, provider: &str| PipelineStage {
        name: category.into(),
        actions: vec![PipelineAction { category: category.into(), provider: provider.into(), ..Default::default() }],
        ..Default::default()
    };
    let stages = vec![stage("Source", "CodeStarSourceConnection"), stage("Build", "CodeBuild"), stage("Deploy", "ECS")];
    seed.put(Pipeline { name: "production-nextcore".into(), exists: true, stages, ..Default::default() });
}

fn monitoring(seed: &mut Seed) {
    seed.put(LogGroup { name: "/ecs/production-nextcore".into(), retention_days: Some(30), ..Default::default() });
    let services = SERVICES.iter().flat_map(|(name, ..)| [format!("svc/{name}/cpu"), format!("svc/{name}/mem")]);
    let ids = services.chain(["alb/requests".into(), "alb/p95".into()]);
    let points = || Series { points: (0..180).map(|n| (1_772_000_000 + 60 * n, 38.5)).collect(), ..Default::default() };
    seed.put(Metrics { series: ids.map(|id| (id, points())).collect(), ..Default::default() });
    let alarm = |name: &str, metric: &str| Alarm {
        name: name.into(),
        metric: metric.into(),
        actions_enabled: true,
        actions: vec!["arn:aws:sns:ap-southeast-2:1:pager".into()],
        ..Default::default()
    };
    let scaling =
        Alarm { actions: vec!["arn:aws:autoscaling:r:1:scalingPolicy:x".into()], ..alarm("TargetTracking-x-AlarmLow-1", "CPUUtilization") };
    let alarms = vec![
        alarm("high-cpu", "CPUUtilization"),
        alarm("high-memory", "MemoryUtilization"),
        alarm("5xx", "HTTPCode_Target_5XX_Count"),
        scaling,
    ];
    seed.put(Alarms { alarms });
    let board = |name: &str, space: &str| Dashboard { name: name.into(), namespaces: vec![space.into()], ..Default::default() };
    seed.put(Dashboards {
        dashboards: vec![board("production-nextcore-services", "AWS/ECS"), board("production-nextcore-database", "AWS/RDS")],
    });
}
