//! The names of the limits that figures are judged by, and what the configuration says of them. Plain data: the defaults, the units and
//! what a level means stand in `insight::health::limits`. Carried by `Stack`, so that every judgement of a stack reads the same ones.

use std::collections::BTreeMap;

macro_rules! named_limits {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// A figure that has limits.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Limit { $($(#[$doc])* $variant,)* }

        impl Limit {
            /// Every limit, by system.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Its key in the table `[limits]` of the configuration.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

named_limits! {
    /// Requests of the load balancer, in percent of the mean before.
    BalancerTraffic = "balancer_traffic",
    /// 5xx of the load balancer itself, in percent of requests.
    Balancer5xx = "balancer_5xx",
    /// p99 of the load balancer.
    BalancerP99 = "balancer_p99",
    /// Median of the load balancer.
    BalancerP50 = "balancer_p50",
    /// Connections that targets did not take, a minute.
    BalancerConnectionErrors = "balancer_connection_errors",
    /// Connections that the load balancer did not take, a minute.
    BalancerRejected = "balancer_rejected",
    /// 5xx of targets, in percent of requests.
    Target5xx = "target_5xx",
    /// p95 of one target group.
    TargetP95 = "target_p95",
    /// CPU of a service; critical at its maximum capacity alone.
    ServiceCpu = "service_cpu",
    ServiceMemory = "service_memory",
    /// Memory of the fullest task of a service.
    TaskMemory = "task_memory",
    /// How long a task, or a target, may take to start.
    TaskStart = "task_start",
    /// Task stops that nobody asked for, in ten minutes.
    TaskStops = "task_stops",
    /// Task stops in ten minutes that are a crash loop.
    CrashLoop = "crash_loop",
    /// Restarts of a service's containers, a minute.
    ContainerRestarts = "container_restarts",
    /// How long a deployment may be in progress.
    DeploymentTime = "deployment_time",
    /// CPU of a cache node.
    CacheCpu = "cache_cpu",
    /// CPU of the engine's one thread.
    CacheEngineCpu = "cache_engine_cpu",
    /// Memory of a cache node.
    CacheMemory = "cache_memory",
    /// Evicted keys, a minute.
    CacheEvictions = "cache_evictions",
    /// Swap of a cache node.
    CacheSwap = "cache_swap",
    /// Replication lag of a replica.
    CacheLag = "cache_lag",
    /// CPU credits left to a cache node.
    CacheCredits = "cache_credits",
    DatabaseCpu = "database_cpu",
    /// CPU credits left to the database.
    DatabaseCredits = "database_credits",
    /// Connections, in percent of `max_connections`.
    DatabaseConnections = "database_connections",
    DatabaseFreeStorage = "database_free_storage",
    /// Freeable memory.
    DatabaseFreeMemory = "database_free_memory",
    DatabaseSwap = "database_swap",
    /// Latency of reads and of writes.
    DatabaseLatency = "database_latency",
    /// Requests that wait for the disk.
    DatabaseQueue = "database_queue",
    /// Reads and writes a second.
    DatabaseIops = "database_iops",
    /// Active sessions.
    DatabaseLoad = "database_load",
    /// EBS burst balance that is left.
    DatabaseEbsBalance = "database_ebs_balance",
    /// Transaction ids used.
    DatabaseTransactionIds = "database_transaction_ids",
    /// How long a failover may take.
    DatabaseFailover = "database_failover",
    /// How far point-in-time restore may lag behind now.
    DatabaseRestoreLag = "database_restore_lag",
    /// The same when it is critical for the backup; the database still serves.
    DatabaseBackupLag = "database_backup_lag",
    /// CPU of the database's host that waits for disks, or is stolen by other hosts.
    HostWait = "host_wait",
    /// Load average of the database's host, for each vCPU.
    HostLoad = "host_load",
    /// Memory in use on the database's host, without caches.
    HostMemory = "host_memory",
    /// How full a file system of the database's host is.
    HostFileSystem = "host_file_system",
    /// How long an alarm may be without data.
    AlarmSilence = "alarm_silence",
    /// How long the log may be silent while tasks run.
    LogSilence = "log_silence",
    /// Free addresses of a subnet.
    FreeAddresses = "free_addresses",
    /// Connections that a NAT gateway establishes, in percent of the attempts.
    NatEstablished = "nat_established",
    /// Packets that a NAT gateway drops, in percent.
    NatDrops = "nat_drops",
    /// Connections for which a NAT gateway had no port, a minute.
    NatPortErrors = "nat_port_errors",
    /// 5xx of the distribution, in percent.
    Cdn5xx = "cdn_5xx",
    /// 4xx of the distribution, in percent.
    Cdn4xx = "cdn_4xx",
    /// How long a distribution may be in progress.
    CdnDeployment = "cdn_deployment",
    /// Status of a Route 53 health check: 1 is healthy, 0 is not.
    HealthCheck = "health_check",
    /// 5xx of a bucket, in percent of requests.
    Bucket5xx = "bucket_5xx",
    /// How long an approval may wait.
    ApprovalTime = "approval_time",
}

/// What the configuration says of one limit, in the figure's own unit; what it leaves out is the default.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Pair {
    /// From here on degraded.
    pub warn: Option<f64>,
    /// From here on down.
    pub critical: Option<f64>,
}

/// The limits of one stack: the defaults, and what the configuration says instead.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Limits {
    written: BTreeMap<Limit, Pair>,
}

impl Limits {
    /// What the configuration says of a limit.
    pub fn written(&self, limit: Limit) -> Pair {
        self.written.get(&limit).copied().unwrap_or_default()
    }

    /// Takes in what the configuration says of a limit.
    pub fn write(&mut self, limit: Limit, pair: Pair) {
        self.written.insert(limit, pair);
    }

    /// The limits that the configuration names.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.written.keys().map(|l| l.name())
    }
}
