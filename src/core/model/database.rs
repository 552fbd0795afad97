//! RDS: the database instance, its events, and the settings that change rarely.

use serde::{Deserialize, Serialize};

use super::Time;
use super::cache::DataEvent;
use super::section::{Section, SectionKey};
use super::state::states;
use super::system::System;

states! {
    /// `DBInstanceStatus` of the RDS API's `DescribeDBInstances`.
    pub enum InstanceStatus {
        Available = "available",
        BackingUp = "backing-up",
        ConfiguringAssociatedRoles = "configuring-associated-roles",
        ConfiguringEnhancedMonitoring = "configuring-enhanced-monitoring",
        ConfiguringIamDatabaseAuth = "configuring-iam-database-auth",
        ConfiguringLogExports = "configuring-log-exports",
        ConvertingToVpc = "converting-to-vpc",
        Creating = "creating",
        DeletePrecheck = "delete-precheck",
        Deleting = "deleting",
        Failed = "failed",
        InaccessibleEncryptionCredentials = "inaccessible-encryption-credentials",
        InaccessibleEncryptionCredentialsRecoverable = "inaccessible-encryption-credentials-recoverable",
        IncompatibleCreate = "incompatible-create",
        IncompatibleNetwork = "incompatible-network",
        IncompatibleOptionGroup = "incompatible-option-group",
        IncompatibleParameters = "incompatible-parameters",
        IncompatibleRestore = "incompatible-restore",
        InsufficientCapacity = "insufficient-capacity",
        Maintenance = "maintenance",
        Modifying = "modifying",
        MovingToVpc = "moving-to-vpc",
        Rebooting = "rebooting",
        Renaming = "renaming",
        ResettingMasterCredentials = "resetting-master-credentials",
        RestoreError = "restore-error",
        Starting = "starting",
        Stopped = "stopped",
        Stopping = "stopping",
        StorageConfigUpgrade = "storage-config-upgrade",
        StorageFull = "storage-full",
        StorageInitialization = "storage-initialization",
        StorageOptimization = "storage-optimization",
        Upgrading = "upgrading",
    }
}

states! {
    /// `DatabaseInsightsMode` of the RDS API's `DescribeDBInstances`.
    pub enum InsightsMode {
        Advanced = "advanced",
        Standard = "standard",
    }
}

impl InstanceStatus {
    /// The instance serves as it should; whatever is being configured, too.
    pub fn serves(&self) -> bool {
        match self {
            Self::Available
            | Self::BackingUp
            | Self::StorageOptimization
            | Self::ConfiguringAssociatedRoles
            | Self::ConfiguringEnhancedMonitoring
            | Self::ConfiguringIamDatabaseAuth
            | Self::ConfiguringLogExports => true,
            Self::Other(word) => word.starts_with("configuring-"),
            _ => false,
        }
    }

    /// It does not come back by itself; families that AWS may add to by prefix.
    pub fn is_stuck(&self) -> bool {
        match self {
            Self::Failed
            | Self::Stopped
            | Self::Deleting
            | Self::StorageFull
            | Self::InaccessibleEncryptionCredentials
            | Self::InaccessibleEncryptionCredentialsRecoverable
            | Self::IncompatibleCreate
            | Self::IncompatibleNetwork
            | Self::IncompatibleOptionGroup
            | Self::IncompatibleParameters
            | Self::IncompatibleRestore
            | Self::RestoreError => true,
            Self::Other(word) => word.starts_with("incompatible-") || word.starts_with("inaccessible-"),
            _ => false,
        }
    }

    /// It does not serve, or is about to stop.
    pub fn is_broken(&self) -> bool {
        self.is_stuck() || matches!(self, Self::Stopping | Self::InsufficientCapacity)
    }
}

/// rds:DescribeDBInstances of the configured instance.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Database {
    /// Identifier.
    pub id: String,
    /// `available`, `rebooting`, ...
    pub status: InstanceStatus,
    /// `postgres`.
    pub engine: String,
    /// `15.7`.
    pub version: String,
    /// `db.t3.large`.
    pub class: String,
    pub multi_az: bool,
    /// Zone of the primary.
    pub zone: String,
    /// Zone of the standby.
    pub secondary_zone: Option<String>,
    /// How far point-in-time restore reaches.
    pub latest_restorable: Option<Time>,
    pub allocated_gib: i32,
    /// `gp3`.
    pub storage_type: String,
    pub encrypted: bool,
    /// `sse-kms`, ...; empty if AWS does not say.
    pub encryption_type: String,
    pub kms_key: Option<String>,
    /// Days.
    pub backup_retention: i32,
    /// Reachable from the internet.
    pub public: bool,
    /// Enhanced Monitoring interval, seconds; 0 = off.
    pub monitoring_interval: i32,
    /// Role of Enhanced Monitoring.
    pub monitoring_role: Option<String>,
    pub performance_insights: bool,
    /// `standard` or `advanced`; empty if AWS does not say.
    pub insights_mode: InsightsMode,
    /// ARNs of automated backups in other regions.
    pub backup_replications: Vec<String>,
    /// When the server certificate ends.
    pub certificate_until: Option<Time>,
    /// Resource id (`db-...`).
    pub resource_id: Option<String>,
    /// Endpoint address.
    pub endpoint: Option<String>,
    /// Changes that wait for a window, in words.
    pub pending: Vec<String>,
    pub parameter_group: Option<String>,
    /// Security group ids.
    pub security_groups: Vec<String>,
    /// (subnet id, zone).
    pub subnets: Vec<(String, String)>,
}

impl Section for Database {
    const KEY: SectionKey = SectionKey("database");
    const TITLE: &'static str = "database";
    const OF: Option<System> = Some(System::Database);
}

/// rds:DescribeEvents of the instance.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DatabaseEvents {
    /// Newest first.
    pub events: Vec<DataEvent>,
}

impl Section for DatabaseEvents {
    const KEY: SectionKey = SectionKey("database_events");
    const TITLE: &'static str = "database events";
    const OF: Option<System> = Some(System::Database);
}

/// What changes rarely: maintenance, backups, parameters.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DatabaseSettings {
    /// `max_connections` when the parameter group sets a number.
    pub max_connections: Option<i64>,
    /// `rds.allowed_extensions`: `*`, empty, or a list.
    pub allowed_extensions: Option<String>,
    /// Pending maintenance, in words.
    pub maintenance: Vec<String>,
    /// Earliest restorable time.
    pub earliest_restorable: Option<Time>,
}

impl Section for DatabaseSettings {
    const KEY: SectionKey = SectionKey("database_settings");
    const TITLE: &'static str = "database settings";
    const OF: Option<System> = Some(System::Database);
}

/// `LEAST(DBInstanceClassMemory/9531392, 5000)` of a class, when the parameter group does not say.
pub(crate) fn default_max_connections(class: &str) -> Option<i64> {
    let gib = match class.rsplit('.').next()? {
        "micro" => 1,
        "small" => 2,
        "medium" => 4,
        "large" => 8,
        "xlarge" => 16,
        "2xlarge" => 32,
        _ => return None,
    };
    // RDS reserves part of the memory for itself: 8 GiB give about 850, not 901.
    Some((gib * 1_073_741_824_i64 * 945 / 1000 / 9_531_392).min(5000))
}
