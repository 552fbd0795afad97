//! What is asked of CloudWatch, as rows by system, and how often each is worth its price (§5): golden every minute, slow
//! every fifth, rare every fifteenth. A new metric is a row; a new system is a table and one line in `queries`.

use super::super::Context;
use nextcore_core::model::balancer::{Balancer, Routing};
use nextcore_core::model::cache::ReplicationGroup;
use nextcore_core::model::cdn::Cdn;
use nextcore_core::model::dns::Dns;
use nextcore_core::model::network::{NatGateways, NatState};

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

/// One metric of a system.
pub(super) struct Spec {
    /// The last part of the series' id.
    pub(super) id: &'static str,
    /// CloudWatch's name.
    pub(super) metric: &'static str,
    /// Statistic.
    pub(super) stat: &'static str,
    /// How often.
    pub(super) turn: Turn,
    /// Missing minutes mean zero.
    pub(super) zero_fill: bool,
}

const fn slow(id: &'static str, metric: &'static str, stat: &'static str) -> Spec {
    Spec { id, metric, stat, turn: Turn::Slow, zero_fill: false }
}
const fn golden(id: &'static str, metric: &'static str, stat: &'static str) -> Spec {
    Spec { turn: Turn::Golden, ..slow(id, metric, stat) }
}
const fn rare(id: &'static str, metric: &'static str, stat: &'static str) -> Spec {
    Spec { turn: Turn::Rare, ..slow(id, metric, stat) }
}
/// A count that CloudWatch publishes only when it is not zero.
const fn counted(spec: Spec) -> Spec {
    Spec { zero_fill: true, ..spec }
}

const BALANCER: &[Spec] = &[
    counted(golden("requests", "RequestCount", "Sum")),
    counted(golden("elb5xx", "HTTPCode_ELB_5XX_Count", "Sum")),
    counted(golden("target5xx", "HTTPCode_Target_5XX_Count", "Sum")),
    counted(slow("target4xx", "HTTPCode_Target_4XX_Count", "Sum")),
    golden("p50", "TargetResponseTime", "p50"),
    golden("p95", "TargetResponseTime", "p95"),
    golden("p99", "TargetResponseTime", "p99"),
    counted(slow("rejected", "RejectedConnectionCount", "Sum")),
    counted(slow("connerr", "TargetConnectionErrorCount", "Sum")),
    slow("active", "ActiveConnectionCount", "Sum"),
];
/// Target health itself is asked every few seconds: its metrics only make the history.
const TARGET_GROUP: &[Spec] = &[
    counted(golden("requests", "RequestCount", "Sum")),
    rare("healthy", "HealthyHostCount", "Minimum"),
    rare("unhealthy", "UnHealthyHostCount", "Maximum"),
    counted(slow("5xx", "HTTPCode_Target_5XX_Count", "Sum")),
    slow("p95", "TargetResponseTime", "p95"),
];
const SERVICE: &[Spec] = &[
    golden("cpu", "CPUUtilization", "Average"),
    golden("cpu.max", "CPUUtilization", "Maximum"),
    golden("mem", "MemoryUtilization", "Average"),
    golden("mem.max", "MemoryUtilization", "Maximum"),
];
const DATABASE: &[Spec] = &[
    golden("cpu", "CPUUtilization", "Average"),
    golden("connections", "DatabaseConnections", "Average"),
    golden("read_latency", "ReadLatency", "Average"),
    golden("write_latency", "WriteLatency", "Average"),
    golden("load", "DBLoad", "Average"),
    slow("storage", "FreeStorageSpace", "Average"),
    slow("memory", "FreeableMemory", "Average"),
    slow("load_noncpu", "DBLoadNonCPU", "Average"),
    slow("queue", "DiskQueueDepth", "Average"),
    slow("read_iops", "ReadIOPS", "Average"),
    slow("write_iops", "WriteIOPS", "Average"),
    slow("credits", "CPUCreditBalance", "Average"),
    rare("swap", "SwapUsage", "Average"),
    rare("ebs_io", "EBSIOBalance%", "Average"),
    rare("ebs_byte", "EBSByteBalance%", "Average"),
    rare("xids", "MaximumUsedTransactionIDs", "Maximum"),
    rare("wal", "TransactionLogsDiskUsage", "Average"),
    rare("surplus", "CPUSurplusCreditsCharged", "Average"),
];
const CACHE_NODE: &[Spec] = &[
    golden("primary", "IsMaster", "Maximum"),
    slow("memory", "DatabaseMemoryUsagePercentage", "Average"),
    slow("cpu", "CPUUtilization", "Average"),
    slow("engine", "EngineCPUUtilization", "Average"),
    slow("evictions", "Evictions", "Sum"),
    slow("lag", "ReplicationLag", "Average"),
    slow("link", "MasterLinkHealthStatus", "Minimum"),
    slow("gets", "GetTypeCmds", "Sum"),
    slow("sets", "SetTypeCmds", "Sum"),
    rare("swap", "SwapUsage", "Average"),
    rare("connections", "CurrConnections", "Average"),
    rare("hit_rate", "CacheHitRate", "Average"),
];
/// Bytes tell at once that a gateway passes nothing; the other figures say why.
const NAT: &[Spec] = &[
    golden("bytes_in", "BytesInFromDestination", "Sum"),
    slow("bytes_out", "BytesOutToDestination", "Sum"),
    slow("port_errors", "ErrorPortAllocation", "Sum"),
    slow("drops", "PacketsDropCount", "Sum"),
    slow("attempts", "ConnectionAttemptCount", "Sum"),
    slow("established", "ConnectionEstablishedCount", "Sum"),
    rare("active", "ActiveConnectionCount", "Maximum"),
];
const CDN: &[Spec] = &[
    golden("requests", "Requests", "Sum"),
    golden("5xx", "5xxErrorRate", "Average"),
    slow("4xx", "4xxErrorRate", "Average"),
    rare("bytes", "BytesDownloaded", "Sum"),
];
/// Published only for distributions that pay for them.
const CDN_REALTIME: &[Spec] = &[slow("hit", "CacheHitRate", "Average"), rare("latency", "OriginLatency", "p95")];
const HEALTH_CHECK: &[Spec] =
    &[golden("status", "HealthCheckStatus", "Minimum"), rare("percent", "HealthCheckPercentageHealthy", "Average")];
/// Published only where request metrics are configured, under the filter of the whole bucket.
const BUCKET: &[Spec] = &[
    rare("requests", "AllRequests", "Sum"),
    rare("4xx", "4xxErrors", "Sum"),
    rare("5xx", "5xxErrors", "Sum"),
    rare("latency", "FirstByteLatency", "p95"),
];
/// Counts come from ECS itself: Container Insights adds traffic, storage and restarts.
const CONTAINERS: &[Spec] = &[
    rare("running", "RunningTaskCount", "Average"),
    rare("pending", "PendingTaskCount", "Average"),
    rare("rx", "NetworkRxBytes", "Average"),
    rare("tx", "NetworkTxBytes", "Average"),
    rare("restarts", "RestartCount", "Sum"),
    rare("storage_read", "StorageReadBytes", "Average"),
];
const LOGS: &[Spec] = &[slow("events", "IncomingLogEvents", "Sum"), rare("bytes", "IncomingBytes", "Sum")];

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
    pub(super) id: String,
    /// What.
    pub(super) spec: &'static Spec,
    /// Namespace.
    pub(super) namespace: &'static str,
    /// Dimensions.
    pub(super) dimensions: Vec<(&'static str, String)>,
    /// Where.
    pub(super) home: Home,
}

#[derive(Default)]
struct Queries(Vec<Query>);

impl Queries {
    fn add(&mut self, prefix: &str, namespace: &'static str, specs: &'static [Spec], dimensions: &[(&'static str, &str)]) {
        let home = if matches!(namespace, "AWS/CloudFront" | "AWS/Route53") { Home::Global } else { Home::Region };
        let dimensions: Vec<_> = dimensions.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        self.0.extend(specs.iter().map(|spec| Query {
            id: format!("{prefix}/{}", spec.id),
            spec,
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
        all.add("alb", "AWS/ApplicationELB", BALANCER, &[("LoadBalancer", lb)]);
        for group in cx.store.get::<Routing>().map(|r| r.target_groups.as_slice()).unwrap_or_default() {
            if let Some(dimension) = group.dimension() {
                let dimensions = [("TargetGroup", dimension), ("LoadBalancer", lb)];
                all.add(&format!("tg/{}", group.name), "AWS/ApplicationELB", TARGET_GROUP, &dimensions);
            }
        }
    }
    for service in &cx.stack.services {
        let dimensions = [("ClusterName", cx.stack.cluster.as_str()), ("ServiceName", service.name.as_str())];
        all.add(&format!("svc/{}", service.name), "AWS/ECS", SERVICE, &dimensions);
        all.add(&format!("insights/{}", service.name), "ECS/ContainerInsights", CONTAINERS, &dimensions);
    }
    all.add("db", "AWS/RDS", DATABASE, &[("DBInstanceIdentifier", &cx.stack.database)]);
    let members = cx.store.get::<ReplicationGroup>().map(|g| g.node_groups.as_slice()).unwrap_or_default();
    for member in members.iter().flat_map(|n| &n.members) {
        all.add(&format!("redis/{}", member.id), "AWS/ElastiCache", CACHE_NODE, &[("CacheClusterId", &member.id), ("CacheNodeId", "0001")]);
    }
    for gateway in cx.store.get::<NatGateways>().map(|n| n.gateways.as_slice()).unwrap_or_default() {
        if gateway.state != NatState::Deleted {
            all.add(&format!("nat/{}", gateway.id), "AWS/NATGateway", NAT, &[("NatGatewayId", &gateway.id)]);
        }
    }
    for bucket in &cx.stack.buckets {
        let dimensions = [("BucketName", bucket.name.as_str()), ("FilterId", "EntireBucket")];
        all.add(&format!("s3/{}", bucket.name), "AWS/S3", BUCKET, &dimensions);
    }
    all.add("logs", "AWS/Logs", LOGS, &[("LogGroupName", &cx.stack.log_group)]);
    global(cx, &mut all);
    all.0
}

fn global(cx: &Context, all: &mut Queries) {
    if let Some(distribution) = cx.store.get::<Cdn>().and_then(|c| c.distribution.as_ref()) {
        let dimensions = [("DistributionId", distribution.id.as_str()), ("Region", "Global")];
        all.add("cdn", "AWS/CloudFront", CDN, &dimensions);
        if distribution.realtime_metrics {
            all.add("cdn", "AWS/CloudFront", CDN_REALTIME, &dimensions);
        }
    }
    for check in cx.store.get::<Dns>().map(|d| d.health_checks.as_slice()).unwrap_or_default() {
        all.add(&format!("dns/{}", check.id), "AWS/Route53", HEALTH_CHECK, &[("HealthCheckId", &check.id)]);
    }
}
