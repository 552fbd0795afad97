//! What is asked of CloudWatch for each metric of `model::metric`, and how often each is worth its price (§5): golden every minute, slow
//! every fifth, rare every fifteenth. A new metric is a row here and in its family; a new system is a family and one line in `queries`.

use super::super::Context;
use nextcore_core::model::balancer::{Balancer, Routing};
use nextcore_core::model::cache::ReplicationGroup;
use nextcore_core::model::cdn;
use nextcore_core::model::database::Database;
use nextcore_core::model::dns;
use nextcore_core::model::metric::{Alb, Cdn, CdnRealtime, Db, Dns, Family, Insights, Logs, Nat, Redis, S3, SeriesId, Svc, Tg};
use nextcore_core::model::network::{NatGateways, NatState};
use nextcore_core::model::system::{SYSTEMS, System};

/// How often a metric is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Turn {
    /// Every minute.
    Golden,
    /// Every fifth minute.
    Slow,
    /// Every fifteenth minute.
    Rare,
}

impl Turn {
    /// Seconds between two questions.
    pub(super) fn seconds(self) -> i64 {
        match self {
            Self::Golden => 60,
            Self::Slow => 300,
            Self::Rare => 900,
        }
    }
}

/// What is asked for one metric.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spec {
    /// CloudWatch's name.
    pub(super) metric: &'static str,
    /// Statistic.
    pub(super) stat: &'static str,
    /// How often.
    pub(super) turn: Turn,
    /// Missing minutes mean zero.
    pub(super) zero_fill: bool,
}

const fn slow(metric: &'static str, stat: &'static str) -> Spec {
    Spec { metric, stat, turn: Turn::Slow, zero_fill: false }
}
const fn golden(metric: &'static str, stat: &'static str) -> Spec {
    Spec { turn: Turn::Golden, ..slow(metric, stat) }
}
const fn rare(metric: &'static str, stat: &'static str) -> Spec {
    Spec { turn: Turn::Rare, ..slow(metric, stat) }
}
/// A count that CloudWatch publishes only when it is not zero.
const fn counted(spec: Spec) -> Spec {
    Spec { zero_fill: true, ..spec }
}

fn balancer(metric: Alb) -> Spec {
    match metric {
        Alb::Requests => counted(golden("RequestCount", "Sum")),
        Alb::Elb5xx => counted(golden("HTTPCode_ELB_5XX_Count", "Sum")),
        Alb::Target5xx => counted(golden("HTTPCode_Target_5XX_Count", "Sum")),
        Alb::Target4xx => counted(slow("HTTPCode_Target_4XX_Count", "Sum")),
        Alb::P50 => golden("TargetResponseTime", "p50"),
        Alb::P95 => golden("TargetResponseTime", "p95"),
        Alb::P99 => golden("TargetResponseTime", "p99"),
        Alb::Rejected => counted(slow("RejectedConnectionCount", "Sum")),
        Alb::ConnectionErrors => counted(slow("TargetConnectionErrorCount", "Sum")),
        Alb::Active => slow("ActiveConnectionCount", "Sum"),
    }
}

/// Target health itself is asked every few seconds: its metrics only make the history.
fn target_group(metric: Tg) -> Spec {
    match metric {
        Tg::Requests => counted(golden("RequestCount", "Sum")),
        Tg::Healthy => rare("HealthyHostCount", "Minimum"),
        Tg::Unhealthy => rare("UnHealthyHostCount", "Maximum"),
        Tg::Target5xx => counted(slow("HTTPCode_Target_5XX_Count", "Sum")),
        Tg::P95 => slow("TargetResponseTime", "p95"),
    }
}

fn ecs_service(metric: Svc) -> Spec {
    match metric {
        Svc::Cpu => golden("CPUUtilization", "Average"),
        Svc::CpuMax => golden("CPUUtilization", "Maximum"),
        Svc::Mem => golden("MemoryUtilization", "Average"),
        Svc::MemMax => golden("MemoryUtilization", "Maximum"),
    }
}

fn database(metric: Db) -> Spec {
    match metric {
        Db::Cpu => golden("CPUUtilization", "Average"),
        Db::Connections => golden("DatabaseConnections", "Average"),
        Db::ReadLatency => golden("ReadLatency", "Average"),
        Db::WriteLatency => golden("WriteLatency", "Average"),
        Db::Load => golden("DBLoad", "Average"),
        Db::Storage => slow("FreeStorageSpace", "Average"),
        Db::Memory => slow("FreeableMemory", "Average"),
        Db::LoadNonCpu => slow("DBLoadNonCPU", "Average"),
        Db::Queue => slow("DiskQueueDepth", "Average"),
        Db::ReadIops => slow("ReadIOPS", "Average"),
        Db::WriteIops => slow("WriteIOPS", "Average"),
        Db::Credits => slow("CPUCreditBalance", "Average"),
        Db::Swap => rare("SwapUsage", "Average"),
        Db::EbsIo => rare("EBSIOBalance%", "Average"),
        Db::EbsByte => rare("EBSByteBalance%", "Average"),
        Db::Xids => rare("MaximumUsedTransactionIDs", "Maximum"),
        Db::Wal => rare("TransactionLogsDiskUsage", "Average"),
        Db::Surplus => rare("CPUSurplusCreditsCharged", "Average"),
    }
}

fn cache_node(metric: Redis) -> Spec {
    match metric {
        Redis::Primary => golden("IsMaster", "Maximum"),
        Redis::Memory => slow("DatabaseMemoryUsagePercentage", "Average"),
        Redis::Cpu => slow("CPUUtilization", "Average"),
        Redis::Engine => slow("EngineCPUUtilization", "Average"),
        Redis::Evictions => slow("Evictions", "Sum"),
        Redis::Lag => slow("ReplicationLag", "Average"),
        Redis::Link => slow("MasterLinkHealthStatus", "Minimum"),
        Redis::Gets => slow("GetTypeCmds", "Sum"),
        Redis::Sets => slow("SetTypeCmds", "Sum"),
        Redis::Swap => rare("SwapUsage", "Average"),
        Redis::Connections => rare("CurrConnections", "Average"),
        Redis::HitRate => rare("CacheHitRate", "Average"),
        Redis::Credits => rare("CPUCreditBalance", "Average"),
    }
}

/// Bytes tell at once that a gateway passes nothing; the other figures say why.
fn nat(metric: Nat) -> Spec {
    match metric {
        Nat::BytesIn => golden("BytesInFromDestination", "Sum"),
        Nat::BytesOut => slow("BytesOutToDestination", "Sum"),
        Nat::PortErrors => slow("ErrorPortAllocation", "Sum"),
        Nat::Drops => slow("PacketsDropCount", "Sum"),
        Nat::Attempts => slow("ConnectionAttemptCount", "Sum"),
        Nat::Established => slow("ConnectionEstablishedCount", "Sum"),
        Nat::Active => rare("ActiveConnectionCount", "Maximum"),
    }
}

fn cdn(metric: Cdn) -> Spec {
    match metric {
        Cdn::Requests => golden("Requests", "Sum"),
        Cdn::Errors5xx => golden("5xxErrorRate", "Average"),
        Cdn::Errors4xx => slow("4xxErrorRate", "Average"),
        Cdn::Bytes => rare("BytesDownloaded", "Sum"),
    }
}

/// Published only for distributions that pay for them.
fn cdn_realtime(metric: CdnRealtime) -> Spec {
    match metric {
        CdnRealtime::Hit => slow("CacheHitRate", "Average"),
        CdnRealtime::Latency => rare("OriginLatency", "p95"),
    }
}

fn health_check(metric: Dns) -> Spec {
    match metric {
        Dns::Status => golden("HealthCheckStatus", "Minimum"),
        Dns::Percent => rare("HealthCheckPercentageHealthy", "Average"),
    }
}

/// Published only where request metrics are configured, under the filter of the whole bucket.
fn s3_bucket(metric: S3) -> Spec {
    match metric {
        S3::Requests => rare("AllRequests", "Sum"),
        S3::Errors4xx => rare("4xxErrors", "Sum"),
        S3::Errors5xx => rare("5xxErrors", "Sum"),
        S3::Latency => rare("FirstByteLatency", "p95"),
    }
}

/// Counts come from ECS itself: Container Insights adds traffic, storage and restarts.
fn containers(metric: Insights) -> Spec {
    match metric {
        Insights::Running => rare("RunningTaskCount", "Average"),
        Insights::Pending => rare("PendingTaskCount", "Average"),
        Insights::Rx => rare("NetworkRxBytes", "Average"),
        Insights::Tx => rare("NetworkTxBytes", "Average"),
        Insights::Restarts => rare("RestartCount", "Sum"),
        Insights::StorageRead => rare("StorageReadBytes", "Average"),
    }
}

fn logs(metric: Logs) -> Spec {
    match metric {
        Logs::Events => slow("IncomingLogEvents", "Sum"),
        Logs::Bytes => rare("IncomingBytes", "Sum"),
    }
}

/// Where the series of a metric is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Home {
    /// In the stack's region.
    Region,
    /// In one region of the partition: CloudFront and Route 53.
    Global,
}

/// A spec with its dimensions: one thing to ask for.
pub(super) struct Query {
    /// The series' id.
    pub(super) id: SeriesId,
    /// What.
    pub(super) spec: Spec,
    pub(super) namespace: &'static str,
    pub(super) dimensions: Vec<(&'static str, String)>,
    /// Where.
    pub(super) home: Home,
}

#[derive(Default)]
struct Queries(Vec<Query>);

impl Queries {
    /// Every metric of a family, for one subject; a family that a system has once needs no name of it.
    fn add<M: Family>(&mut self, spec: fn(M) -> Spec, subject: &str, namespace: &'static str, dimensions: &[(&'static str, &str)]) {
        let home = if matches!(namespace, "AWS/CloudFront" | "AWS/Route53") { Home::Global } else { Home::Region };
        let dimensions: Vec<_> = dimensions.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        self.0.extend(M::ALL.iter().map(|metric| Query {
            id: metric.series(subject),
            spec: spec(*metric),
            namespace,
            dimensions: dimensions.clone(),
            home,
        }));
    }
}

/// Everything that there is to ask, for what is known of the stack.
pub(super) fn queries(cx: &Context) -> Vec<Query> {
    let mut all = Queries::default();
    if let Some(lb) = cx.store.get::<Balancer>().and_then(Balancer::dimension) {
        all.add(balancer, "", "AWS/ApplicationELB", &[("LoadBalancer", lb)]);
        for group in cx.store.get::<Routing>().map(|r| r.target_groups.as_slice()).unwrap_or_default() {
            if let Some(dimension) = group.dimension() {
                // Of a group behind another load balancer, figures are kept under that one.
                let own = group.balancers.as_deref().unwrap_or_default().iter().filter_map(|arn| Balancer::dimension_of(arn));
                let of = own.clone().find(|d| *d == lb).or_else(|| own.clone().next()).unwrap_or(lb);
                let dimensions = [("TargetGroup", dimension), ("LoadBalancer", of)];
                all.add(target_group, &group.name, "AWS/ApplicationELB", &dimensions);
            }
        }
    }
    for service in &cx.stack.services {
        let dimensions = [("ClusterName", cx.stack.cluster.as_str()), ("ServiceName", service.name.as_str())];
        all.add(ecs_service, &service.name, "AWS/ECS", &dimensions);
        all.add(containers, &service.name, "ECS/ContainerInsights", &dimensions);
    }
    if cx.stack.has(System::Database) {
        // Of a cluster, the instance that takes the writes.
        let instance = cx.store.get::<Database>().map_or(&cx.stack.database, |db| &db.id);
        all.add(database, "", "AWS/RDS", &[("DBInstanceIdentifier", instance)]);
    }
    for member in cx.store.get::<ReplicationGroup>().into_iter().flat_map(ReplicationGroup::members) {
        let (cluster, node) = member.dimensions();
        all.add(cache_node, &member.id, "AWS/ElastiCache", &[("CacheClusterId", cluster), ("CacheNodeId", node)]);
    }
    for gateway in cx.store.get::<NatGateways>().map(|n| n.gateways.as_slice()).unwrap_or_default() {
        if gateway.state != NatState::Deleted {
            all.add(nat, &gateway.id, "AWS/NATGateway", &[("NatGatewayId", &gateway.id)]);
        }
    }
    for bucket in &cx.stack.buckets {
        let dimensions = [("BucketName", bucket.name.as_str()), ("FilterId", "EntireBucket")];
        all.add(s3_bucket, &bucket.name, "AWS/S3", &dimensions);
    }
    if cx.stack.has(System::Logs) {
        all.add(logs, "", "AWS/Logs", &[("LogGroupName", cx.stack.first_log_group())]);
    }
    global(cx, &mut all);
    if let Some(node) = &cx.member {
        // The others' figures are asked for with the first ones'.
        let own = |s: &System| *s == node.system() || s.spec().part_of == Some(node.system());
        let words: Vec<&str> = SYSTEMS.iter().filter(|s| own(s)).map(|s| s.spec().word).collect();
        all.0.retain(|q| q.id.as_str().split('/').next().is_some_and(|word| words.contains(&word)));
    }
    all.0
}

fn global(cx: &Context, all: &mut Queries) {
    if let Some(distribution) = cx.store.get::<cdn::Cdn>().and_then(|c| c.distribution.as_ref()) {
        let dimensions = [("DistributionId", distribution.id.as_str()), ("Region", "Global")];
        all.add(cdn, "", "AWS/CloudFront", &dimensions);
        if distribution.realtime_metrics {
            all.add(cdn_realtime, "", "AWS/CloudFront", &dimensions);
        }
    }
    for check in cx.store.get::<dns::Dns>().map(|d| d.health_checks.as_slice()).unwrap_or_default() {
        all.add(health_check, &check.id, "AWS/Route53", &[("HealthCheckId", &check.id)]);
    }
}
