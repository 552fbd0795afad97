//! The systems round the core stack, made by hand: edge, network, storage, security, delivery, dashboards. Part of `fixture`.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::too_many_lines,
    clippy::too_many_arguments,
    reason = "test data is known to be there"
)]

use std::time::Duration;

use nextcore_core::model::cache::CacheSubnets;
use nextcore_core::model::cdn::{Cdn, Distribution, Invalidation};
use nextcore_core::model::dashboard::{Dashboard, Dashboards, Widget};
use nextcore_core::model::delivery::{
    Build, BuildPhase, Builds, Image, Pipeline, PipelineAction, PipelineExecution, PipelineStage, Project, Repositories, Repository,
};
use nextcore_core::model::dns::{Dns, DnsAlias, DnsHealthCheck, DnsObservation, DnsRecord, HostedZone};
use nextcore_core::model::network::{
    GroupRole, GroupRule, InternetGateway, NatAddress, NatGateway, NatGateways, Network, Peer, Route, RouteTable, Routes, SecurityGroup,
    SecurityGroups, Subnet, SubnetTier, Zone, Zones,
};
use nextcore_core::model::profile::{DatabaseHost, DatabaseLoad, LoadPart, Process};
use nextcore_core::model::security::{Key, Keys, Role, Roles, Secret, Secrets};
use nextcore_core::model::stack::{BucketRole, RoleUse, Stack};
use nextcore_core::model::storage::{Bucket, Buckets, CorsRule, LifecycleRule};
use nextcore_core::model::store::Store;

use super::ago;

const REGION: &str = "ap-southeast-2";
const ACCOUNT: &str = "111122223333";
const VPC: &str = "vpc-0a1b2c3d4e5f60718";
const ZONES: [&str; 3] = ["a", "b", "c"];
const SLOW: Duration = Duration::from_mins(5);
const RARE: Duration = Duration::from_mins(15);
const MINUTE: Duration = Duration::from_mins(1);

/// Every section that the core stack does not have, as it should be.
pub(crate) fn put(store: &mut Store, stack: &Stack) {
    put_edge(store);
    put_network(store, stack);
    put_storage(store, stack);
    put_security(store, stack);
    put_delivery(store, stack);
    put_monitoring(store);
}

fn put_edge(store: &mut Store) {
    let record = |name: &str, kind: &str, values: &[&str]| DnsRecord {
        name: name.into(),
        kind: kind.into(),
        ttl: (!values.is_empty()).then_some(300),
        values: values.iter().map(|v| (*v).into()).collect(),
        ..DnsRecord::default()
    };
    let alias = |name: &str, kind: &str, target: &str, zone: &str, check: Option<&str>| DnsRecord {
        alias: Some(DnsAlias { dns_name: target.into(), hosted_zone: zone.into(), evaluate_health: true }),
        health_check: check.map(Into::into),
        ..record(name, kind, &[])
    };
    let balancer = "dualstack.production-nextcore-1234567890.ap-southeast-2.elb.amazonaws.com.";
    let check = |id: &str, domain: &str, path: &str| DnsHealthCheck {
        id: id.into(),
        kind: "HTTPS".into(),
        domain: domain.into(),
        path: path.into(),
        observations: ["ap-southeast-1", "ap-southeast-2", "us-east-1", "us-west-2", "eu-west-1"]
            .iter()
            .map(|r| DnsObservation { region: (*r).into(), status: "Success: HTTP Status Code 200, OK".into(), at: Some(ago(28)) })
            .collect(),
    };
    let dns = Dns {
        zone: Some(HostedZone { id: "Z0123456789ABCDEFGHIJ".into(), name: "nextcore.ai.".into(), private: false }),
        records: vec![
            alias("nextcore.ai.", "A", balancer, "Z1GM3OXH4ZPM65", Some("hc-web")),
            alias("nextcore.ai.", "AAAA", balancer, "Z1GM3OXH4ZPM65", None),
            record("nextcore.ai.", "MX", &["10 mail.nextcore.ai."]),
            record("nextcore.ai.", "NS", &["ns-1.awsdns-00.com.", "ns-2.awsdns-01.net.", "ns-3.awsdns-02.org.", "ns-4.awsdns-03.co.uk."]),
            record("nextcore.ai.", "SOA", &["ns-1.awsdns-00.com. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"]),
            alias("static.nextcore.ai.", "A", "d111111abcdef8.cloudfront.net.", "Z2FDTNDATAQYW2", None),
        ],
        cut_off: false,
        health_checks: vec![check("hc-web", "nextcore.ai", "/health"), check("hc-api", "nextcore.ai", "/api/health/")],
        answer: Some(("NOERROR".into(), vec!["13.54.1.2".into(), "13.54.3.4".into(), "13.54.5.6".into()])),
    };
    store.put(dns, ago(70), SLOW);
    let invalidation = |id: &str, status: &str, age| Invalidation { id: id.into(), status: status.into(), at: Some(ago(age)) };
    let distribution = Distribution {
        id: "E2NEXTCORE1234".into(),
        arn: format!("arn:aws:cloudfront::{ACCOUNT}:distribution/E2NEXTCORE1234"),
        domain: "d111111abcdef8.cloudfront.net".into(),
        status: "Deployed".into(),
        enabled: true,
        modified_at: Some(ago(1_900_000)),
        invalidating: 0,
        origins: vec!["nextcore-static.s3.ap-southeast-2.amazonaws.com".into()],
        viewer_protocol: "redirect-to-https".into(),
        aliases: vec!["static.nextcore.ai".into()],
        realtime_metrics: true,
        invalidations: vec![invalidation("I2J0I21PCUYOIK", "Completed", 43_100), invalidation("I1AAAAAAAAAAAA", "Completed", 600_000)],
    };
    store.put(Cdn { distribution: Some(distribution) }, ago(75), SLOW);
}

fn zone(letter: &str) -> String {
    format!("{REGION}{letter}")
}

fn put_network(store: &mut Store, stack: &Stack) {
    let mut subnets = Vec::new();
    for (tier, blocks, free) in [
        (SubnetTier::Public, &stack.addresses.public, [243, 244, 245]),
        (SubnetTier::Private, &stack.addresses.private, [231, 235, 240]),
        (SubnetTier::Database, &stack.addresses.database, [249, 249, 251]),
    ] {
        for ((letter, cidr), free_addresses) in ZONES.iter().zip(blocks).zip(free) {
            subnets.push(Subnet {
                id: format!("subnet-{}-{letter}", tier.word()),
                cidr: cidr.clone(),
                zone: zone(letter),
                tier,
                free_addresses,
                public_addresses: tier == SubnetTier::Public,
                state: "available".into(),
            });
        }
    }
    let network = Network {
        vpc: VPC.into(),
        cidr: stack.addresses.vpc.clone(),
        state: "available".into(),
        subnets,
        internet_gateways: vec![InternetGateway { id: "igw-0f1e2d3c".into(), attachments: vec![(VPC.into(), "available".into())] }],
    };
    store.put(network, ago(80), SLOW);
    let zones = ZONES.iter().enumerate().map(|(i, letter)| Zone {
        name: zone(letter),
        id: format!("apse2-az{}", [3, 1, 2][i]),
        region: REGION.into(),
        state: "available".into(),
        messages: Vec::new(),
    });
    store.put(Zones { zones: zones.collect() }, ago(30), MINUTE);
    let gateways = ZONES.iter().enumerate().map(|(i, letter)| NatGateway {
        id: format!("nat-0{letter}1b2c3d4e5f60718"),
        state: "available".into(),
        zone: zone(letter),
        subnet: format!("subnet-public-{letter}"),
        availability: "zonal".into(),
        connectivity: "public".into(),
        failure: None,
        addresses: vec![NatAddress {
            public_ip: format!("13.210.0.{}", 11 + i),
            allocation: format!("eipalloc-{letter}"),
            status: "succeeded".into(),
            zone: String::new(),
        }],
    });
    let elastic_ips = ZONES.iter().enumerate().map(|(i, letter)| (format!("13.210.0.{}", 11 + i), format!("eipalloc-{letter}"), true));
    store.put(NatGateways { gateways: gateways.collect(), elastic_ips: elastic_ips.collect() }, ago(35), MINUTE);
    store.put(Routes { tables: tables() }, ago(38), MINUTE);
    store.put(SecurityGroups { groups: groups() }, ago(85), SLOW);
    let private = ZONES.iter().map(|z| format!("subnet-private-{z}")).collect();
    store.put(CacheSubnets { group: "production-nextcore-redis".into(), subnets: private }, ago(85), SLOW);
}

fn tables() -> Vec<RouteTable> {
    let local = Route { destination: "10.0.0.0/16".into(), target: "local".into(), state: "active".into() };
    let out = |target: &str| Route { destination: "0.0.0.0/0".into(), target: target.into(), state: "active".into() };
    let table = |name: &str, subnets: Vec<String>, routes: Vec<Route>| RouteTable {
        id: format!("rtb-{name}"),
        name: format!("production-nextcore-{name}"),
        main: name == "database",
        subnets,
        routes,
    };
    let all = |tier: &str| ZONES.iter().map(|z| format!("subnet-{tier}-{z}")).collect::<Vec<_>>();
    let mut tables = vec![table("public", all("public"), vec![local.clone(), out("igw-0f1e2d3c")])];
    for letter in ZONES {
        let routes = vec![local.clone(), out(&format!("nat-0{letter}1b2c3d4e5f60718"))];
        tables.push(table(&format!("private-{letter}"), vec![format!("subnet-private-{letter}")], routes));
    }
    tables.push(table("database", all("database"), vec![local]));
    tables
}

fn groups() -> Vec<SecurityGroup> {
    let rule = |id: &str, egress: bool, port: i32, peer: Peer| GroupRule {
        id: id.into(),
        egress,
        protocol: if port < 0 { "-1" } else { "tcp" }.into(),
        from_port: port,
        to_port: port,
        peer,
        description: String::new(),
    };
    let (any, of) = (|| Peer::Cidr("0.0.0.0/0".into()), |id: &str| Peer::Group(id.into()));
    let group = |id: &str, name: &str, role, rules| SecurityGroup {
        id: id.into(),
        name: format!("production-nextcore-{name}"),
        roles: vec![role],
        rules,
    };
    vec![
        group(
            "sg-0alb",
            "alb",
            GroupRole::Alb,
            vec![
                rule("sgr-1", false, 80, any()),
                rule("sgr-2", false, 443, any()),
                rule("sgr-3", true, 8000, of("sg-0ecs")),
                rule("sgr-4", true, 3000, of("sg-0ecs")),
            ],
        ),
        group(
            "sg-0ecs",
            "ecs",
            GroupRole::Ecs,
            vec![
                rule("sgr-5", false, 8000, of("sg-0alb")),
                rule("sgr-6", false, 3000, of("sg-0alb")),
                rule("sgr-7", false, -1, of("sg-0ecs")),
                rule("sgr-8", true, 5432, of("sg-0rds")),
                rule("sgr-9", true, 6379, of("sg-0redis")),
                rule("sgr-10", true, 443, any()),
            ],
        ),
        group("sg-0rds", "rds", GroupRole::Rds, vec![rule("sgr-11", false, 5432, of("sg-0ecs"))]),
        group("sg-0redis", "redis", GroupRole::Redis, vec![rule("sgr-12", false, 6379, of("sg-0ecs"))]),
    ]
}

fn put_storage(store: &mut Store, stack: &Stack) {
    const GIB: f64 = 1_073_741_824.0;
    let lifecycle = |id: &str, prefix: &str, expires: Option<i32>, old: Option<i32>, transitions: &[&str]| LifecycleRule {
        id: id.into(),
        status: "Enabled".into(),
        prefix: prefix.into(),
        expiration_days: expires,
        noncurrent_days: old,
        transitions: transitions.iter().map(|t| (*t).into()).collect(),
    };
    let buckets = stack.buckets.iter().map(|spec| {
        let (rules, cors, gib, objects) = match spec.role {
            BucketRole::Documents => {
                (vec![lifecycle("archive", "", None, Some(90), &["30 d → STANDARD_IA", "180 d → GLACIER"])], false, 412.0, 1_240_000.0)
            }
            BucketRole::Static => (Vec::new(), true, 12.4, 48_100.0),
            BucketRole::Reports => (vec![lifecycle("expire", "", Some(365), None, &[])], false, 31.0, 96_400.0),
        };
        let cors_rule = CorsRule { origins: vec!["https://nextcore.ai".into()], methods: vec!["GET".into(), "HEAD".into()] };
        Bucket {
            exists: true,
            region: REGION.into(),
            versioning: "Enabled".into(),
            lifecycle: rules,
            cors: if cors { vec![cors_rule] } else { Vec::new() },
            encryption: "aws:kms".into(),
            kms_key: Some(format!("arn:aws:kms:{REGION}:{ACCOUNT}:key/s3")),
            public_access_blocked: Some(true),
            bytes: Some(gib * GIB),
            objects: Some(objects),
            measured_at: Some(ago(50_000)),
            ..Bucket::named(&spec.name, spec.role)
        }
    });
    store.put(Buckets { buckets: buckets.collect() }, ago(300), RARE);
}

fn put_security(store: &mut Store, stack: &Stack) {
    let roles = stack.roles.iter().map(|spec| {
        let build = spec.role == RoleUse::CodeBuild;
        Role {
            name: spec.name.clone(),
            role: spec.role,
            exists: true,
            arn: format!("arn:aws:iam::{ACCOUNT}:role/{}", spec.name),
            trusts: vec![if build { "codebuild.amazonaws.com" } else { "ecs-tasks.amazonaws.com" }.into()],
            policies: match spec.role {
                RoleUse::EcsTask => vec!["nextcore-task".into()],
                RoleUse::EcsExecution => vec!["AmazonECSTaskExecutionRolePolicy".into(), "nextcore-secrets".into()],
                RoleUse::CodeBuild => vec!["nextcore-build".into()],
            },
            last_used: Some(ago(if build { 7300 } else { 900 })),
        }
    });
    store.put(Roles { roles: roles.collect() }, ago(310), RARE);
    let keys = stack.keys.iter().map(|spec| Key {
        name: spec.name.clone(),
        role: spec.role,
        exists: true,
        arn: format!("arn:aws:kms:{REGION}:{ACCOUNT}:key/{:?}", spec.role).to_lowercase(),
        state: "Enabled".into(),
        manager: "CUSTOMER".into(),
        deletion_at: None,
        rotation: Some(true),
    });
    store.put(Keys { keys: keys.collect() }, ago(312), RARE);
    let secrets = stack.secrets.iter().enumerate().map(|(i, spec)| Secret {
        name: spec.name.clone(),
        role: spec.role,
        exists: true,
        arn: format!("arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{}-AbCdEf", spec.name),
        kms_key: Some(format!("arn:aws:kms:{REGION}:{ACCOUNT}:key/secrets")),
        rotation: i == 0,
        rotated_at: (i == 0).then(|| ago(1_500_000)),
        changed_at: Some(ago([1_500_000, 12_000_000, 8_000_000][i % 3])),
        accessed_at: Some(ago(40_000)),
        next_rotation: (i == 0).then(|| ago(-1_092_000)),
        deleted_at: None,
    });
    store.put(Secrets { secrets: secrets.collect() }, ago(314), RARE);
}

/// The phases of a build, up to the one that runs or failed.
fn phases(last: &str, status: &str) -> Vec<BuildPhase> {
    let all = [("SUBMITTED", 0), ("PROVISIONING", 9), ("DOWNLOAD_SOURCE", 4), ("PRE_BUILD", 21), ("BUILD", 188), ("POST_BUILD", 40)];
    let mut phases = Vec::new();
    for (kind, seconds) in all {
        let here = kind == last;
        phases.push(BuildPhase {
            kind: kind.into(),
            status: if here { status } else { "SUCCEEDED" }.into(),
            seconds: (!here || !status.is_empty()).then_some(seconds),
            message: if here && status == "FAILED" { "Error while executing command: docker build . Reason: exit status 1" } else { "" }
                .into(),
        });
        if here {
            break;
        }
    }
    phases
}

fn build(project: &str, status: &str, age: i64, took: Option<i64>) -> Build {
    let (phase, own) = match status {
        "IN_PROGRESS" => ("BUILD", ""),
        "FAILED" => ("COMPLETED", "FAILED"),
        _ => ("COMPLETED", "SUCCEEDED"),
    };
    Build {
        id: format!("{project}:0a1b2c3d-{age}"),
        project: project.into(),
        status: status.into(),
        phase: phase.into(),
        started_at: Some(ago(age)),
        ended_at: took.map(|t| ago(age - t)),
        initiator: "codepipeline/production-nextcore".into(),
        version: "9f8e7d6c5b4a39281706f5e4d3c2b1a098765432".into(),
        phases: phases(if status == "SUCCEEDED" { "POST_BUILD" } else { "BUILD" }, own),
        reports: Vec::new(),
        logs: Some((format!("/aws/codebuild/{project}"), "0a1b2c3d".into())),
    }
}

/// The digest of the image with that tag.
pub(crate) fn digest(tag: &str) -> String {
    format!("sha256:{tag:0>12}9f8e7d6c5b4a39281706f5e4d3c2b1a0987654321f2e3d4c5b6a7988")
}

fn put_delivery(store: &mut Store, stack: &Stack) {
    let image = |tag: &str, age, critical| Image {
        digest: digest(tag),
        tags: vec![tag.into(), "latest".into()],
        pushed_at: Some(ago(age)),
        pulled_at: Some(ago(age - 300)),
        bytes: 412_000_000,
        scan_status: "COMPLETE".into(),
        findings: [("HIGH".to_owned(), critical), ("MEDIUM".to_owned(), 4), ("LOW".to_owned(), 11)]
            .into_iter()
            .filter(|f| f.1 > 0)
            .collect(),
    };
    let repositories = stack.repositories.iter().enumerate().map(|(i, spec)| Repository {
        name: spec.name.clone(),
        role: spec.role,
        exists: true,
        uri: format!("{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{}", spec.name),
        tag_mutability: "IMMUTABLE".into(),
        scan_frequency: "SCAN_ON_PUSH".into(),
        encryption: "KMS".into(),
        image_count: 42,
        images: vec![image("9f8e7d6", [273_900, 43_500, 33_400][i % 3], 0), image("1a2b3c4", 900_000, 1)],
    });
    store.put(Repositories { repositories: repositories.collect(), replicates_to: Vec::new() }, ago(200), RARE);
    let projects = stack.projects.iter().map(|name| Project {
        name: name.clone(),
        privileged: true,
        source: "CODEPIPELINE".into(),
        service_role: format!("arn:aws:iam::{ACCOUNT}:role/production-nextcore-codebuild"),
    });
    let mut builds: Vec<Build> =
        stack.projects.iter().enumerate().map(|(i, p)| build(p, "SUCCEEDED", [274_300, 43_900, 33_900][i % 3], Some(262))).collect();
    builds.extend(stack.projects.iter().map(|p| build(p, "SUCCEEDED", 900_600, Some(290))));
    builds.sort_by_key(|b| std::cmp::Reverse(b.started_at));
    store.put(Builds { projects: projects.collect(), missing: Vec::new(), builds }, ago(25), MINUTE);
    store.put(pipeline(&["Succeeded", "Succeeded", "Succeeded", "Succeeded"]), ago(12), Duration::from_secs(30));
}

/// The pipeline with its stages at these states.
fn pipeline(states: &[&str; 4]) -> Pipeline {
    let category = |name: &str| if name == "Approve" { "Approval" } else { name }.to_owned();
    let stages = [("Source", "CodeStarSourceConnection"), ("Build", "CodeBuild"), ("Approve", "Manual"), ("Deploy", "ECS")];
    let stages = stages.iter().zip(states).enumerate().map(|(i, ((name, provider), state))| PipelineStage {
        name: (*name).into(),
        status: (*state).into(),
        execution: "e1".into(),
        transition_enabled: true,
        disabled_reason: String::new(),
        actions: vec![PipelineAction {
            name: name.to_lowercase(),
            category: category(name),
            provider: (*provider).into(),
            status: (*state).into(),
            summary: if *name == "Source" { "Fix pagination of policies (#812)".into() } else { String::new() },
            changed_at: (!state.is_empty()).then(|| ago(43_300 - i as i64 * 120)),
            revision: if *name == "Source" { "9f8e7d6c5b4a".into() } else { String::new() },
            awaits_approval: *name == "Approve" && *state == "InProgress",
        }],
    });
    let execution = |id: &str, status: &str, age, text: &str| PipelineExecution {
        id: id.into(),
        status: status.into(),
        started_at: Some(ago(age)),
        updated_at: Some(ago(age * 3 / 4)),
        trigger: "Webhook".into(),
        revision: text.into(),
    };
    let running = if states.contains(&"InProgress") {
        "InProgress"
    } else if states.contains(&"Failed") {
        "Failed"
    } else {
        "Succeeded"
    };
    Pipeline {
        name: "production-nextcore".into(),
        exists: true,
        version: 3,
        stages: stages.collect(),
        executions: vec![
            execution("e1", running, if running == "Succeeded" { 44_000 } else { 400 }, "Fix pagination of policies (#812)"),
            execution("e0", "Succeeded", 900_800, "Raise worker concurrency (#807)"),
        ],
    }
}

fn put_monitoring(store: &mut Store) {
    let dashboard = |name: &str, namespaces: &[&str]| Dashboard {
        name: format!("production-nextcore-{name}"),
        modified_at: Some(ago(5_000_000)),
        namespaces: namespaces.iter().map(|n| (*n).into()).collect(),
        widgets: namespaces
            .iter()
            .map(|n| Widget { title: format!("{n} overview"), kind: "metric".into(), metrics: vec![format!("{n} CPUUtilization")] })
            .collect(),
    };
    let dashboards = vec![
        dashboard("database", &["AWS/RDS", "AWS/ElastiCache"]),
        dashboard("services", &["AWS/ECS", "AWS/ApplicationELB", "ECS/ContainerInsights"]),
    ];
    store.put(Dashboards { dashboards }, ago(90), SLOW);
    let part = |name: &str, sessions| LoadPart { name: name.into(), sessions };
    let last = super::now().timestamp() / 60 * 60 - 60;
    let load = DatabaseLoad {
        load: (0..60).map(|m| (last - (59 - m) * 60, 0.5 + f64::from(m as i32 % 7) / 10.0)).collect(),
        waits: vec![part("CPU", 0.42), part("IO:DataFileRead", 0.21), part("LWLock:BufferMapping", 0.06)],
        statements: vec![
            part("SELECT * FROM policies WHERE search_vector @@ plainto_tsquery($1) ORDER BY rank LIMIT $2", 0.38),
            part("SELECT id, embedding <=> $1 AS distance FROM documents_chunk ORDER BY distance LIMIT $2", 0.19),
            part("UPDATE celery_task SET state = $1 WHERE id = $2", 0.04),
        ],
        span: 900,
    };
    store.put(load, ago(40), MINUTE);
    let host = DatabaseHost {
        at: Some(ago(50)),
        uptime: "38 days, 02:11:40".into(),
        cpus: 2,
        cpu: [("total", 31.0), ("user", 22.0), ("system", 6.0), ("wait", 2.4), ("steal", 0.1)].map(|(n, v)| (n.to_owned(), v)).to_vec(),
        load_average: vec![0.62, 0.71, 0.66],
        memory: [("total", 8.1e9), ("free", 4.1e8), ("cached", 4.6e9), ("active", 5.2e9)].map(|(n, v)| (n.to_owned(), v)).to_vec(),
        swap_used: Some(0.0),
        file_systems: vec![("/rdsdbdata".into(), 38.0)],
        disks: vec![("rdsdev".into(), 120.0, 210.0, 1.1)],
        tasks: [("running", 2), ("sleeping", 190)].map(|(n, v)| (n.to_owned(), v)).to_vec(),
        processes: vec![
            Process { name: "postgres: nextcore".into(), cpu: 11.2, memory: 3.1 },
            Process { name: "OS processes".into(), cpu: 2.0, memory: 1.1 },
        ],
    };
    store.put(host, ago(50), MINUTE);
}

/// A new revision is under way: a build has finished, another runs, the pipeline deploys, the edge forgets what it cached.
pub(crate) fn deploying(store: &mut Store) {
    let mut builds = store.get::<Builds>().cloned().expect("builds");
    builds.builds.insert(0, build("production-nextcore-web", "SUCCEEDED", 380, Some(262)));
    builds.builds.insert(0, build("production-nextcore-worker", "IN_PROGRESS", 95, None));
    store.put(builds, ago(5), Duration::from_secs(15));
    store.put(pipeline(&["Succeeded", "Succeeded", "Succeeded", "InProgress"]), ago(5), Duration::from_secs(10));
    let mut cdn = store.get::<Cdn>().cloned().expect("cdn");
    let distribution = cdn.distribution.as_mut().expect("a distribution");
    distribution.invalidating = 1;
    distribution.invalidations.insert(0, Invalidation { id: "I3NEWNEWNEWNEW".into(), status: "InProgress".into(), at: Some(ago(60)) });
    store.put(cdn, ago(10), Duration::from_secs(30));
    let mut repositories = store.get::<Repositories>().cloned().expect("repositories");
    let web = &mut repositories.repositories[1];
    let pushed = Image {
        tags: vec!["5d6e7f8".into()],
        digest: "sha256:5d6e7f8".repeat(4),
        pushed_at: Some(ago(120)),
        scan_status: "IN_PROGRESS".into(),
        bytes: 413_000_000,
        ..Image::default()
    };
    web.images.insert(0, pushed);
    store.put(repositories, ago(30), RARE);
}

/// What goes wrong round the core at the same time: zone b loses its NAT gateway and a build fails.
pub(crate) fn incident(store: &mut Store) {
    let mut nat = store.get::<NatGateways>().cloned().expect("gateways");
    let gateway = &mut nat.gateways[1];
    gateway.state = "failed".into();
    gateway.failure = Some("Elastic IP address eipalloc-b could not be associated".into());
    nat.elastic_ips.push(("13.210.0.99".into(), "eipalloc-forgotten".into(), false));
    store.put(nat, ago(20), MINUTE);
    let mut routes = store.get::<Routes>().cloned().expect("routes");
    routes.tables[2].routes[1].state = "blackhole".into();
    store.put(routes, ago(20), MINUTE);
    let mut dns = store.get::<Dns>().cloned().expect("dns");
    for observation in dns.health_checks[1].observations.iter_mut().take(4) {
        observation.status = "Failure: HTTP Status Code 503, Service Unavailable".into();
    }
    store.put(dns, ago(20), SLOW);
    let mut builds = store.get::<Builds>().cloned().expect("builds");
    builds.builds.insert(0, build("production-nextcore-control", "FAILED", 1500, Some(222)));
    store.put(builds, ago(15), MINUTE);
    store.put(pipeline(&["Succeeded", "Failed", "", ""]), ago(12), Duration::from_secs(30));
    let mut groups = store.get::<SecurityGroups>().cloned().expect("groups");
    groups.groups[2].rules.push(GroupRule {
        id: "sgr-666".into(),
        egress: false,
        protocol: "tcp".into(),
        from_port: 5432,
        to_port: 5432,
        peer: Peer::Cidr("0.0.0.0/0".into()),
        description: "temporary".into(),
    });
    store.put(groups, ago(30), SLOW);
    let mut network = store.get::<Network>().cloned().expect("network");
    network.subnets[4].free_addresses = 3;
    store.put(network, ago(30), SLOW);
    let mut secrets = store.get::<Secrets>().cloned().expect("secrets");
    secrets.secrets[2].deleted_at = Some(ago(4000));
    secrets.secrets[0].next_rotation = Some(ago(7200));
    store.put(secrets, ago(30), RARE);
    let mut keys = store.get::<Keys>().cloned().expect("keys");
    keys.keys[1].state = "PendingDeletion".into();
    keys.keys[1].deletion_at = Some(ago(-430_000));
    keys.keys[1].rotation = None;
    store.put(keys, ago(30), RARE);
    let mut buckets = store.get::<Buckets>().cloned().expect("buckets");
    buckets.buckets[1].cors.clear();
    buckets.buckets[1].unread.push(("cors".into(), "no permission: s3:GetBucketCORS".into()));
    buckets.buckets[2].lifecycle.clear();
    store.put(buckets, ago(30), RARE);
    let mut repositories = store.get::<Repositories>().cloned().expect("repositories");
    repositories.repositories[2].images.remove(0);
    store.put(repositories, ago(30), RARE);
}

/// Answered, and there is nothing: what is optional is not used, what is not has no parts.
pub(crate) fn empty(store: &mut Store, stack: &Stack) {
    store.put(Dns::default(), ago(2), SLOW);
    store.put(Cdn::default(), ago(2), SLOW);
    store.put(Network { vpc: VPC.into(), state: "available".into(), ..Network::default() }, ago(2), SLOW);
    store.put(Zones::default(), ago(2), MINUTE);
    store.put(NatGateways::default(), ago(2), MINUTE);
    store.put(Routes::default(), ago(2), MINUTE);
    store.put(SecurityGroups::default(), ago(2), SLOW);
    store.put(CacheSubnets::default(), ago(2), SLOW);
    store.put(Buckets { buckets: stack.buckets.iter().map(|b| Bucket::named(&b.name, b.role)).collect() }, ago(2), RARE);
    store.put(Roles::default(), ago(2), RARE);
    store.put(Keys::default(), ago(2), RARE);
    store.put(Secrets::default(), ago(2), RARE);
    store.put(Repositories::default(), ago(2), RARE);
    store.put(Builds { missing: stack.projects.clone(), ..Builds::default() }, ago(2), MINUTE);
    store.put(Pipeline { name: stack.pipeline.clone(), ..Pipeline::default() }, ago(2), Duration::from_secs(30));
    store.put(Dashboards::default(), ago(2), SLOW);
    store.put(DatabaseLoad::default(), ago(2), MINUTE);
    store.put(DatabaseHost::default(), ago(2), MINUTE);
}

/// Sections that are asked for, and the permission that each needs first.
pub(crate) const PERMISSIONS: &[(&str, &str)] = &[
    ("dns", "route53:ListHostedZonesByName"),
    ("cdn", "cloudfront:ListDistributions"),
    ("network", "ec2:DescribeVpcs"),
    ("zones", "ec2:DescribeAvailabilityZones"),
    ("nat", "ec2:DescribeNatGateways"),
    ("routes", "ec2:DescribeRouteTables"),
    ("security_groups", "ec2:DescribeSecurityGroups"),
    ("cache_subnets", "elasticache:DescribeCacheSubnetGroups"),
    ("buckets", "s3:ListBucket"),
    ("roles", "iam:GetRole"),
    ("keys", "kms:DescribeKey"),
    ("secrets", "secretsmanager:DescribeSecret"),
    ("repositories", "ecr:DescribeRepositories"),
    ("builds", "codebuild:BatchGetProjects"),
    ("pipeline", "codepipeline:GetPipelineState"),
    ("dashboards", "cloudwatch:ListDashboards"),
    ("database_load", "pi:GetResourceMetrics"),
    ("database_host", "logs:GetLogEvents"),
];

/// The metric series of these systems: (id, value, swing).
pub(crate) fn series() -> Vec<(String, f64, f64)> {
    let mut all: Vec<(String, f64, f64)> = [
        ("cdn/requests", 12_700.0, 2500.0),
        ("cdn/5xx", 0.01, 0.01),
        ("cdn/4xx", 0.4, 0.1),
        ("cdn/hit", 91.0, 2.0),
        ("cdn/latency", 84.0, 12.0),
        ("cdn/bytes", 2.1e9, 4e8),
        ("dns/hc-web/status", 1.0, 0.0),
        ("dns/hc-web/percent", 100.0, 0.0),
        ("dns/hc-api/status", 1.0, 0.0),
        ("dns/hc-api/percent", 100.0, 0.0),
    ]
    .map(|(id, base, swing)| (id.to_owned(), base, swing))
    .to_vec();
    for (letter, out) in ZONES.iter().zip([7.2e8, 5.4e8, 6.6e8]) {
        for (what, base, swing) in [
            ("bytes_out", out, out / 8.0),
            ("bytes_in", out * 4.0, out / 2.0),
            ("port_errors", 0.0, 0.0),
            ("drops", 0.0, 0.0),
            ("attempts", 2400.0, 300.0),
            ("established", 2390.0, 300.0),
            ("active", 410.0, 40.0),
        ] {
            all.push((format!("nat/nat-0{letter}1b2c3d4e5f60718/{what}"), base, swing));
        }
    }
    let requests = [("requests", 2400.0, 400.0), ("4xx", 12.0, 6.0), ("5xx", 0.0, 0.0), ("latency", 24.0, 5.0)];
    all.extend(requests.map(|(what, base, swing)| (format!("s3/nextcore-documents/{what}"), base, swing)));
    for service in ["control-plane", "web", "celery-worker"] {
        for (what, base) in
            [("running", 2.0), ("desired", 2.0), ("pending", 0.0), ("restarts", 0.0), ("rx", 4.1e6), ("tx", 6.3e6), ("storage_read", 9.4e5)]
        {
            all.push((format!("insights/{service}/{what}"), base, if base > 100.0 { base / 6.0 } else { 0.0 }));
        }
    }
    all
}
