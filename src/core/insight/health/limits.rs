//! Every threshold of judgement, in one place: the rows of the AWS map §1.2 and §1.3 as constants. No logic.
//! Warn becomes `Degraded`, critical becomes `Down`. Read by the rules beside this file.

use chrono::TimeDelta;

/// Which side of a limit is bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// Values above the limit.
    Above,
    /// Values below the limit.
    Below,
}

/// `n` of the last `of` complete minutes on the bad side of `value`; `of` = 1 looks at the newest point alone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Limit {
    /// The bad side.
    pub side: Side,
    /// Where it begins.
    pub value: f64,
    /// Minutes that must be bad.
    pub n: usize,
    /// Minutes that are looked at.
    pub of: usize,
}

impl Limit {
    /// Whether one value is on the bad side.
    pub(crate) fn is_bad(&self, value: f64) -> bool {
        match self.side {
            Side::Above => value > self.value,
            Side::Below => value < self.value,
        }
    }
}

/// The two limits of one metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bounds {
    /// Degraded.
    pub warn: Option<Limit>,
    /// Down.
    pub critical: Option<Limit>,
}

const fn above(value: f64, n: usize, of: usize) -> Limit {
    Limit { side: Side::Above, value, n, of }
}

const fn below(value: f64) -> Limit {
    Limit { side: Side::Below, value, n: 1, of: 1 }
}

const fn warn(limit: Limit) -> Bounds {
    Bounds { warn: Some(limit), critical: None }
}

const fn critical(limit: Limit) -> Bounds {
    Bounds { warn: None, critical: Some(limit) }
}

const fn both(warn: Limit, critical: Limit) -> Bounds {
    Bounds { warn: Some(warn), critical: Some(critical) }
}

const MIB: f64 = 1_048_576.0;
const GIB: f64 = 1_073_741_824.0;

// How metrics are read.

/// CloudWatch is 1-3 min late (§0.2): a missing count is a zero only when it is older than this.
pub(crate) const PUBLISH_LAG: TimeDelta = TimeDelta::minutes(3);
/// A gauge whose newest point is older than this says nothing about now; 300 s metrics need two periods and the lag.
pub(crate) const GAUGE_AGE: TimeDelta = TimeDelta::minutes(15);

// AWS/ApplicationELB.

/// RequestCount: below this share of the 15 min mean for 3 min is a warning, none at all is critical.
pub(crate) const TRAFFIC_DROP: f64 = 0.20;
/// RequestCount: minutes that are looked at.
pub(crate) const TRAFFIC_MINUTES: usize = 3;
/// RequestCount: minutes of the mean before them.
pub(crate) const TRAFFIC_MEAN_MINUTES: usize = 15;
/// RequestCount: requests per minute in the mean below which a drop means nothing.
pub(crate) const TRAFFIC_FLOOR: f64 = 10.0;
/// HTTPCode_ELB_5XX: >= 5/min and >= 1 % of requests, 2 of 3.
pub(crate) const ELB_5XX: Share = Share { floor_errors: 5.0, floor_requests: 0.0, warn: (0.01, 2, 3), critical: (0.05, 2, 3) };
/// HTTPCode_Target_5XX: >= 1 %, 3 of 5 (min 20 req/min); >= 5 %, 2 of 3.
pub(crate) const TARGET_5XX: Share = Share { floor_errors: 0.0, floor_requests: 20.0, warn: (0.01, 3, 5), critical: (0.05, 2, 3) };
/// TargetResponseTime: p99 > 1 s, 5 of 5; > 3 s, 3 of 5.
pub(crate) const P99: Bounds = both(above(1.0, 5, 5), above(3.0, 3, 5));
/// TargetResponseTime: p50 > 1 s is critical (3 of 5, as p99).
pub(crate) const P50: Bounds = critical(above(1.0, 3, 5));
/// TargetConnectionErrorCount > 0, 2 of 3.
pub(crate) const CONNECTION_ERRORS: Bounds = warn(above(0.0, 2, 3));
/// RejectedConnectionCount > 0 is critical.
pub(crate) const REJECTED: Bounds = critical(above(0.0, 1, 3));
/// A load balancer of this stack has a node in three zones (§1.3).
pub(crate) const BALANCER_ZONES: usize = 3;

/// A share of failed requests.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Share {
    /// Errors in a minute below which the minute does not count.
    pub floor_errors: f64,
    /// Requests in a minute below which the minute does not count.
    pub floor_requests: f64,
    /// (share, n, of).
    pub warn: (f64, usize, usize),
    /// (share, n, of).
    pub critical: (f64, usize, usize),
}

// AWS/ECS and the ECS control plane.

/// CPUUtilization average > 75 % for 5 min.
pub(crate) const SERVICE_CPU: Bounds = both(above(75.0, 5, 5), above(90.0, 5, 5));
/// MemoryUtilization average > 80 % for 5 min.
pub(crate) const SERVICE_MEMORY: Bounds = warn(above(80.0, 5, 5));
/// MemoryUtilization maximum > 95 %: the next allocation may kill a task.
pub(crate) const SERVICE_MEMORY_MAX: Bounds = critical(above(95.0, 2, 3));
/// A deployment in progress for longer than this is stuck.
pub(crate) const DEPLOYMENT_SLOW: TimeDelta = TimeDelta::minutes(10);
/// Task stops are counted over this window...
pub(crate) const STOPS_WINDOW: TimeDelta = TimeDelta::minutes(10);
/// ...and this many are a warning...
pub(crate) const STOPS_WARN: usize = 2;
/// ...and this many a crash loop (§4.5).
pub(crate) const STOPS_LOOP: usize = 3;
/// A task that has not started, or a target that is still initial, after this long.
pub(crate) const START_SLOW: TimeDelta = TimeDelta::minutes(3);

// AWS/ElastiCache.

/// CPUUtilization: 45 % = 90 % of one of two cores, 5 min.
pub(crate) const CACHE_CPU: Bounds = warn(above(45.0, 5, 5));
/// EngineCPUUtilization: 70 %; 90 % for 5 min.
pub(crate) const CACHE_ENGINE: Bounds = both(above(70.0, 3, 5), above(90.0, 5, 5));
/// DatabaseMemoryUsagePercentage > 75 %; > 90 %.
pub(crate) const CACHE_MEMORY: Bounds = both(above(75.0, 2, 3), above(90.0, 2, 3));
/// Evictions > 0: a Celery broker may lose jobs.
pub(crate) const CACHE_EVICTIONS: Bounds = warn(above(0.0, 1, 5));
/// SwapUsage > 50 MB.
pub(crate) const CACHE_SWAP: Bounds = warn(above(50.0e6, 2, 3));
/// ReplicationLag > 5 s for 3 min.
pub(crate) const CACHE_LAG: Bounds = warn(above(5.0, 3, 3));
/// CPUCreditBalance < 30.
pub(crate) const CACHE_CREDITS: Bounds = warn(below(30.0));
/// MasterLinkHealthStatus of a replica 0 for this many minutes.
pub(crate) const LINK_MINUTES: usize = 2;
/// 0 or 2 primaries in one shard for this many minutes.
pub(crate) const PRIMARY_MINUTES: usize = 2;
/// CurrConnections 0 on all nodes for this many minutes.
pub(crate) const NO_CONNECTION_MINUTES: usize = 2;
/// GetTypeCmds and SetTypeCmds 0 on all nodes for this many minutes...
pub(crate) const NO_COMMAND_MINUTES: usize = 3;
/// ...after so many minutes with commands: long, so that a silence that lasts is not taken for the habit.
pub(crate) const COMMAND_MEAN_MINUTES: usize = 120;
/// A failover or recovery event without its end counts for this long (§1.3).
pub(crate) const CACHE_RECOVERY: TimeDelta = TimeDelta::minutes(15);

// AWS/RDS.

/// CPUUtilization > 80 % / > 95 % for 10 min.
pub(crate) const DB_CPU: Bounds = both(above(80.0, 10, 10), above(95.0, 10, 10));
/// CPUCreditBalance < 86: 10 % of the maximum of t3.large.
pub(crate) const DB_CREDITS: Bounds = warn(below(86.0));
/// CPUSurplusCreditsCharged > 0 for this long costs money, not service: never more than a warning.
pub(crate) const DB_SURPLUS_SPAN: TimeDelta = TimeDelta::hours(1);
/// DatabaseConnections in percent of max_connections: > 80 %, > 95 %.
pub(crate) const DB_CONNECTIONS: Bounds = both(above(80.0, 2, 3), above(95.0, 2, 3));
/// DatabaseConnections 0 for this many minutes while tasks run is critical.
pub(crate) const DB_NO_CONNECTION_MINUTES: usize = 2;
/// FreeStorageSpace < 20 GiB / < 10 GiB.
pub(crate) const DB_STORAGE: Bounds = both(below(20.0 * GIB), below(10.0 * GIB));
/// FreeableMemory < 800 MiB / < 400 MiB.
pub(crate) const DB_MEMORY: Bounds = both(below(800.0 * MIB), below(400.0 * MIB));
/// SwapUsage > 256 MiB.
pub(crate) const DB_SWAP: Bounds = warn(above(256.0 * MIB, 2, 3));
/// ReadLatency, WriteLatency > 20 ms / > 50 ms for 5 min.
pub(crate) const DB_LATENCY: Bounds = both(above(0.020, 5, 5), above(0.050, 5, 5));
/// DiskQueueDepth > 10.
pub(crate) const DB_QUEUE: Bounds = warn(above(10.0, 3, 5));
/// ReadIOPS + WriteIOPS > 2400 of gp3's 3000.
pub(crate) const DB_IOPS: Bounds = warn(above(2400.0, 3, 5));
/// DBLoad > 2 (vCPU) for 5 min / > 4 for 10 min.
pub(crate) const DB_LOAD: Bounds = both(above(2.0, 5, 5), above(4.0, 10, 10));
/// EBSIOBalance%, EBSByteBalance% < 20 %.
pub(crate) const DB_EBS: Bounds = warn(below(20.0));
/// MaximumUsedTransactionIDs > 500 M / > 1 G.
pub(crate) const DB_XIDS: Bounds = both(above(500.0e6, 1, 1), above(1.0e9, 1, 1));
/// A failover, or a reboot, that takes longer is down.
pub(crate) const DB_FAILOVER: TimeDelta = TimeDelta::seconds(180);
/// RDS events are best effort (§0.4): a failover whose end was never reported is forgotten after this.
pub(crate) const DB_FAILOVER_FORGET: TimeDelta = TimeDelta::minutes(15);
/// PITR lag up to here is healthy (RPO 5 min).
pub(crate) const PITR_HEALTHY: TimeDelta = TimeDelta::minutes(5);
/// Logs ship about every 5 min, so 300-420 s is normal jitter (map §2, D14): noted, not degraded.
pub(crate) const PITR_JITTER: TimeDelta = TimeDelta::seconds(420);
/// PITR lag from here on is critical for the backup (the database itself still serves: degraded).
pub(crate) const PITR_CRITICAL: TimeDelta = TimeDelta::minutes(30);

// Alarms and logs.

/// INSUFFICIENT_DATA for longer than this.
pub(crate) const ALARM_SILENT: TimeDelta = TimeDelta::minutes(15);
/// No log event for this long while tasks run.
pub(crate) const LOG_SILENT: TimeDelta = TimeDelta::minutes(5);

// The network.

/// Free addresses of a subnet below which Fargate may soon have none for a task.
pub(crate) const FREE_ADDRESSES: i32 = 16;
/// TargetResponseTime of one target group: p95 judged like the p99 of the balancer.
pub(crate) const TARGET_P95: Bounds = P99;

// AWS/CloudFront, AWS/Route53, AWS/S3.

/// 5xxErrorRate > 1 % for 5 min; > 5 % for 3 min.
pub(crate) const CDN_5XX: Bounds = both(above(1.0, 5, 5), above(5.0, 3, 3));
/// 4xxErrorRate > 10 %.
pub(crate) const CDN_4XX: Bounds = warn(above(10.0, 5, 5));
/// 5xxErrors > 1 % / > 5 % of AllRequests; asked for rarely, so that every minute counts.
pub(crate) const BUCKET_5XX: Share = Share { floor_errors: 0.0, floor_requests: 20.0, warn: (0.01, 3, 5), critical: (0.05, 2, 3) };
/// A distribution that is InProgress for longer than this.
pub(crate) const CDN_SLOW: TimeDelta = TimeDelta::minutes(30);
/// HealthCheckStatus 0 for 2 min.
pub(crate) const DNS_STATUS: Bounds = critical(Limit { side: Side::Below, value: 0.5, n: 2, of: 2 });

// AWS/NATGateway.

/// ErrorPortAllocation > 0, 2 of 3.
pub(crate) const NAT_PORT_ERRORS: Bounds = critical(above(0.0, 2, 3));
/// Minutes that the other rules about a gateway look at.
pub(crate) const NAT_MINUTES: usize = 3;
/// Established connections of the attempts below which something refuses them...
pub(crate) const NAT_ESTABLISHED: f64 = 0.80;
/// ...counted only from so many attempts a minute.
pub(crate) const NAT_ATTEMPTS_FLOOR: f64 = 20.0;
/// PacketsDropCount: > 0.01 % of packets...
pub(crate) const NAT_DROPS: f64 = 0.0001;
/// ...and more than a few.
pub(crate) const NAT_DROPS_FLOOR: f64 = 10.0;
/// Packets are not asked for: bytes of a packet, on average.
pub(crate) const PACKET_BYTES: f64 = 1000.0;

// Storage, security, delivery.

/// An approval that waits for longer than this.
pub(crate) const APPROVAL_SLOW: TimeDelta = TimeDelta::hours(24);
/// A task that began this shortly before the repositories were read may run an image that they do not show yet.
pub(crate) const IMAGE_LAG: TimeDelta = TimeDelta::minutes(2);
