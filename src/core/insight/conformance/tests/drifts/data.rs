//! Drifts of Redis, the database, buckets, identities, delivery and monitoring.

use super::super::seed::{now, seconds_ago, zone};
use super::{Drift, alarms, bucket, cache, database, failover};
use crate::model::alarm::Alarms;
use crate::model::cache::{CacheNodes, CacheSubnets};
use crate::model::dashboard::Dashboards;
use crate::model::database::{DatabaseEvents, DatabaseSettings};
use crate::model::delivery::{Builds, Pipeline, Repositories};
use crate::model::log::LogGroup;
use crate::model::metric::{self, Metrics};
use crate::model::security::{Keys, Roles, Secrets};
use crate::model::service::Tasks;
use crate::model::storage::{Bucket, Buckets, CorsRule};

pub(super) const DATA: &[Drift] = &[
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

pub(super) const STORAGE: &[Drift] = &[
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

pub(super) const DELIVERY: &[Drift] = &[
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
