//! The statuses of DB instances and clusters, and what each says about whether it answers. AWS's words; judged by the rules of the database.

use crate::model::state::{Serving, states};

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
    /// `Status` of the RDS API's `DescribeDBClusters`.
    pub enum ClusterStatus {
        Available = "available",
        BackingUp = "backing-up",
        Backtracking = "backtracking",
        CloningFailed = "cloning-failed",
        Creating = "creating",
        Deleting = "deleting",
        FailingOver = "failing-over",
        InaccessibleEncryptionCredentials = "inaccessible-encryption-credentials",
        InaccessibleEncryptionCredentialsRecoverable = "inaccessible-encryption-credentials-recoverable",
        Maintenance = "maintenance",
        Migrating = "migrating",
        MigrationFailed = "migration-failed",
        Modifying = "modifying",
        PreparingDataMigration = "preparing-data-migration",
        Promoting = "promoting",
        Rebooting = "rebooting",
        Renaming = "renaming",
        ResettingMasterCredentials = "resetting-master-credentials",
        ScalingCompute = "scaling-compute",
        ScalingStorage = "scaling-storage",
        Starting = "starting",
        Stopped = "stopped",
        Stopping = "stopping",
        StorageOptimization = "storage-optimization",
        UpdateIamDbAuth = "update-iam-db-auth",
        Upgrading = "upgrading",
    }
}

impl InstanceStatus {
    /// Whether it answers.
    pub fn serving(&self) -> Serving {
        match self {
            Self::Available
            | Self::BackingUp
            | Self::ConfiguringAssociatedRoles
            | Self::ConfiguringEnhancedMonitoring
            | Self::ConfiguringIamDatabaseAuth
            | Self::ConfiguringLogExports => Serving::Fully,
            Self::ConvertingToVpc
            | Self::DeletePrecheck
            | Self::Modifying
            | Self::MovingToVpc
            | Self::Renaming
            | Self::ResettingMasterCredentials
            | Self::StorageConfigUpgrade
            | Self::StorageInitialization
            | Self::StorageOptimization => Serving::Changing,
            Self::IncompatibleOptionGroup | Self::Maintenance | Self::StorageFull => Serving::Act,
            Self::Creating
            | Self::Deleting
            | Self::Failed
            // RDS has stopped it, for seven days at most: it is started again once the key can be used.
            | Self::InaccessibleEncryptionCredentialsRecoverable
            | Self::InaccessibleEncryptionCredentials
            | Self::IncompatibleCreate
            | Self::IncompatibleNetwork
            | Self::IncompatibleParameters
            | Self::IncompatibleRestore
            | Self::InsufficientCapacity
            | Self::Rebooting
            | Self::RestoreError
            | Self::Starting
            | Self::Stopped
            | Self::Stopping
            | Self::Upgrading => Serving::No,
            // What is being configured serves, whatever it is that AWS adds.
            Self::Other(word) if word.starts_with("configuring-") => Serving::Fully,
            Self::Unstated | Self::Other(_) => Serving::Unknown,
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
}

impl ClusterStatus {
    /// Whether it answers, as far as the cluster itself says: its members say more.
    pub fn serving(&self) -> Serving {
        match self {
            Self::Available | Self::BackingUp | Self::UpdateIamDbAuth => Serving::Fully,
            Self::Modifying
            | Self::PreparingDataMigration
            | Self::Promoting
            | Self::Renaming
            | Self::ResettingMasterCredentials
            | Self::ScalingCompute
            | Self::ScalingStorage
            | Self::StorageOptimization => Serving::Changing,
            Self::FailingOver | Self::Maintenance => Serving::Act,
            Self::Backtracking
            | Self::CloningFailed
            | Self::Creating
            | Self::Deleting
            | Self::InaccessibleEncryptionCredentials
            | Self::InaccessibleEncryptionCredentialsRecoverable
            | Self::Migrating
            | Self::MigrationFailed
            | Self::Rebooting
            | Self::Starting
            | Self::Stopped
            | Self::Stopping
            | Self::Upgrading => Serving::No,
            Self::Other(word) if word.starts_with("configuring-") => Serving::Fully,
            Self::Unstated | Self::Other(_) => Serving::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_each_status_says_about_serving() {
        for (words, serving) in [
            ("available backing-up configuring-log-exports configuring-of-tomorrow", Serving::Fully),
            ("modifying storage-optimization renaming moving-to-vpc storage-initialization delete-precheck", Serving::Changing),
            ("storage-full incompatible-option-group maintenance", Serving::Act),
            ("creating starting stopping stopped rebooting upgrading deleting failed restore-error", Serving::No),
            ("incompatible-network incompatible-parameters insufficient-capacity inaccessible-encryption-credentials", Serving::No),
            ("levitating", Serving::Unknown),
        ] {
            for word in words.split(' ') {
                assert_eq!(InstanceStatus::from(word).serving(), serving, "{word}");
            }
        }
        for (words, serving) in [
            ("available backing-up configuring-iam-database-auth", Serving::Fully),
            ("modifying storage-optimization promoting", Serving::Changing),
            ("failing-over maintenance", Serving::Act),
            ("creating stopped upgrading deleting inaccessible-encryption-credentials", Serving::No),
            ("levitating", Serving::Unknown),
        ] {
            for word in words.split(' ') {
                assert_eq!(ClusterStatus::from(word).serving(), serving, "{word}");
            }
        }
    }
}
