//! The database as data: instance facts, its failover in progress, its events.
//! No physics here (see `rds` beside `state`). Read by the RDS handler.

use std::collections::VecDeque;

use super::super::names::{Az, Ms};
use super::insight::DbInsight;

#[derive(Debug, Clone)]
pub struct Rds {
    /// The instance; of a cluster, the member that takes the writes.
    pub instance: DbInstance,
    /// The cluster that it is a member of.
    pub cluster: Option<DbCluster>,
    /// Events, oldest first, 14 days.
    pub events: VecDeque<RdsEvent>,
    /// What is kept about its inside.
    pub insight: DbInsight,
}

/// `DBInstanceStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DbStatus {
    /// `available`
    Available,
    /// `rebooting`
    Rebooting,
    /// `backing-up`
    BackingUp,
    /// `inaccessible-encryption-credentials-recoverable`: its KMS key is off.
    InaccessibleKey,
    /// `modifying`
    Modifying,
    /// `storage-optimization`
    StorageOptimization,
    /// `storage-full`: the volume has no room left, and the database is stopped.
    StorageFull,
    /// `configuring-enhanced-monitoring`
    ConfiguringEnhancedMonitoring,
}

impl DbStatus {
    /// Wire value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Rebooting => "rebooting",
            Self::BackingUp => "backing-up",
            Self::InaccessibleKey => "inaccessible-encryption-credentials-recoverable",
            Self::Modifying => "modifying",
            Self::StorageOptimization => "storage-optimization",
            Self::StorageFull => "storage-full",
            Self::ConfiguringEnhancedMonitoring => "configuring-enhanced-monitoring",
        }
    }
}

/// A cluster of instances over one volume, or of a writer with readable standbys.
#[derive(Debug, Clone)]
pub struct DbCluster {
    /// Identifier.
    pub id: String,
    /// `available` or `failing-over`.
    pub status: &'static str,
    /// The cluster's own class: only a Multi-AZ cluster has one.
    pub class: Option<String>,
    /// In the order in which they were made.
    pub members: Vec<DbClusterMember>,
    /// Physics: the failover under way.
    pub failover: Option<ClusterFailover>,
}

/// An instance of a cluster.
#[derive(Debug, Clone)]
pub struct DbClusterMember {
    /// Instance identifier.
    pub id: String,
    pub az: Az,
    /// `PromotionTier`.
    pub tier: u32,
    /// Whether it answers.
    pub status: DbStatus,
}

/// A failover of a cluster: when its parts become visible.
#[derive(Debug, Clone)]
pub struct ClusterFailover {
    /// The member that becomes the writer.
    pub to: String,
    /// When it began.
    pub began: Ms,
    /// Which of the steps are done: event, writer moved.
    pub done: [bool; 2],
}

/// A Multi-AZ PostgreSQL instance.
#[derive(Debug, Clone)]
pub struct DbInstance {
    /// Identifier.
    pub id: String,
    /// Full ARN.
    pub arn: String,
    /// `db-...` resource id.
    pub resource_id: String,
    /// `DBInstanceStatus`.
    pub status: DbStatus,
    /// `db.t3.large`.
    pub class: String,
    /// `postgres`.
    pub engine: String,
    /// `15.7`.
    pub engine_version: String,
    /// Zone of the primary.
    pub az: Az,
    /// Zone of the standby; absent while it is being rebuilt.
    pub secondary_az: Option<Az>,
    /// Whether it has a standby, or is to have one again.
    pub multi_az: bool,
    pub allocated_gib: u32,
    /// Storage auto scaling limit, GiB.
    pub max_allocated_gib: u32,
    /// `gp3`.
    pub storage_type: String,
    /// Provisioned IOPS (gp3 baseline).
    pub iops: u32,
    /// Provisioned MiB/s (gp3 baseline).
    pub throughput: u32,
    /// Endpoint host.
    pub endpoint: String,
    pub port: u16,
    /// Database name.
    pub db_name: String,
    pub master_user: String,
    pub backup_retention_days: u32,
    /// `16:00-16:30` UTC.
    pub backup_window: String,
    /// Maintenance window, UTC.
    pub maintenance_window: String,
    /// Latest time point-in-time recovery can reach.
    pub latest_restorable: Ms,
    /// Creation time.
    pub created_at: Ms,
    /// Storage encrypted.
    pub encrypted: bool,
    /// KMS key ARN.
    pub kms_key: String,
    /// Performance Insights on.
    pub performance_insights: bool,
    /// Enhanced monitoring interval, seconds.
    pub monitoring_interval: u32,
    /// Enhanced monitoring role.
    pub monitoring_role_arn: String,
    pub deletion_protection: bool,
    /// Publicly accessible.
    pub public: bool,
    pub parameter_group: String,
    pub subnet_group: String,
    /// Subnet ids of the group.
    pub subnets: Vec<String>,
    pub vpc_id: String,
    pub security_groups: Vec<String>,
    pub ca_certificate: String,
    /// What was asked for and waits for the maintenance window, or is being applied.
    pub pending: Pending,
    /// What it is a read replica of.
    pub replica_of: Option<String>,
    /// Physics: the modification under way.
    pub change: Option<DbChange>,
    /// Physics: until when the volume or the monitoring agent is busy after a modification.
    pub busy_until: Option<Ms>,
    /// Physics: failover or reboot under way.
    pub failover: Option<DbFailover>,
    /// Physics: when the last failover began.
    pub last_failover: Option<Ms>,
    /// Physics: when a standby lost with its zone is rebuilt.
    pub standby_back_at: Option<Ms>,
    /// Physics: whether it takes connections now.
    pub accepting: bool,
    /// Physics: cold cache factor, 0 (warm) to 1 (just failed over).
    pub cold: f64,
    /// Physics: open connections.
    pub connections: f64,
    /// Physics: CPU percent.
    pub cpu: f64,
    /// Physics: credit balance.
    pub credits: f64,
    /// Physics: free storage, bytes.
    pub free_storage: f64,
    /// Physics: oldest transaction id age.
    pub used_xids: f64,
}

/// `PendingModifiedValues`: what ModifyDBInstance asked for and is not in force yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pending {
    /// Multi-AZ on or off.
    pub multi_az: Option<bool>,
    pub allocated_gib: Option<u32>,
    /// Instance class.
    pub class: Option<String>,
    pub backup_retention_days: Option<u32>,
    /// Whether it is applied now, without waiting for the maintenance window.
    pub at_once: bool,
}

/// One modification that takes its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DbModification {
    /// To or from Multi-AZ.
    MultiAz(bool),
    /// To more storage, GiB.
    Storage(u32),
    /// To another instance class.
    Class(String),
}

/// A modification under way.
#[derive(Debug, Clone)]
pub struct DbChange {
    pub what: DbModification,
    /// When its last step is due.
    pub due: Ms,
    /// Whether the failover that a new class needs has begun.
    pub failing_over: bool,
}

/// vCPUs and memory in GiB of an instance class; `None` for a class that RDS does not have.
pub fn class_shape(class: &str) -> Option<(u32, f64)> {
    let (family, size) = class.strip_prefix("db.")?.split_once('.')?;
    let burstable = matches!(family, "t3" | "t4g");
    let vcpus = match size {
        "micro" | "small" | "medium" if burstable => 2,
        "large" => 2,
        "xlarge" => 4,
        "2xlarge" => 8,
        "4xlarge" if !burstable => 16,
        _ => return None,
    };
    let memory = match (family, size) {
        ("t3" | "t4g", "micro") => 1.0,
        ("t3" | "t4g", "small") => 2.0,
        ("t3" | "t4g", "medium") => 4.0,
        ("t3" | "t4g" | "m5" | "m6g" | "m6i" | "m7g", _) => 4.0 * f64::from(vcpus),
        ("r5" | "r6g" | "r6i" | "r7g", _) => 8.0 * f64::from(vcpus),
        _ => return None,
    };
    Some((vcpus, memory))
}

impl DbInstance {
    /// Virtual CPUs.
    pub fn vcpus(&self) -> f64 {
        class_shape(&self.class).map_or(2.0, |(vcpus, _)| f64::from(vcpus))
    }

    /// Memory of the host, bytes.
    pub fn memory(&self) -> f64 {
        class_shape(&self.class).map_or(8.0, |(_, gib)| gib) * 1_073_741_824.0
    }

    /// Memory that could be given to somebody else, bytes: PostgreSQL keeps a quarter in shared buffers, each connection
    /// costs some megabytes, a cold cache frees some.
    pub fn freeable(&self) -> f64 {
        (0.3625 * self.memory() - self.connections * 7.5e6 + self.cold * 0.1375 * self.memory()).max(0.02 * self.memory())
    }
}

/// Why a failover happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailoverCause {
    /// RebootDBInstance with ForceFailover.
    User,
    /// The host died.
    HostFailure,
    /// Its zone lost the network.
    ZoneFailure,
    /// RebootDBInstance without ForceFailover: a plain restart.
    Reboot,
    /// A new instance class takes over.
    Modified,
}

/// A failover (or plain reboot) under way: the times at which its parts become visible.
#[derive(Debug, Clone)]
pub struct DbFailover {
    pub cause: FailoverCause,
    /// When it began.
    pub began: Ms,
    /// When the reason and `failover started` events appear.
    pub started_at: Ms,
    /// When `DB instance restarted` appears and connections are taken again.
    pub restarted_at: Ms,
    /// When `failover completed` appears and the status is available again.
    pub completed_at: Ms,
    /// When the zones show as swapped.
    pub swap_at: Ms,
    /// Which of the steps are done: started, restarted, completed, swapped.
    pub done: [bool; 4],
}

/// An RDS event (AWS gives it no id).
#[derive(Debug, Clone)]
pub struct RdsEvent {
    /// Instance identifier.
    pub source_id: String,
    /// Instance ARN.
    pub source_arn: String,
    /// `db-instance`.
    pub source_type: &'static str,
    /// Time.
    pub date: Ms,
    /// Exact AWS text.
    pub message: String,
    /// Categories: `failover`, `availability`, `backup`, `notification`.
    pub categories: Vec<&'static str>,
}
