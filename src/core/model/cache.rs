//! ElastiCache Redis: the replication group with its shards, its nodes, and its events. Roles come from the metric `IsMaster` and events.

use serde::{Deserialize, Serialize};

use super::Time;
use super::section::{Section, SectionKey};
use super::state::states;
use super::system::System;

states! {
    /// `Status` of a replication group and of its node groups in the ElastiCache API's `DescribeReplicationGroups`, and
    /// `CacheClusterStatus` of its `DescribeCacheClusters`.
    pub enum CacheStatus {
        Available = "available",
        CreateFailed = "create-failed",
        Creating = "creating",
        Deleted = "deleted",
        Deleting = "deleting",
        IncompatibleNetwork = "incompatible-network",
        Modifying = "modifying",
        RebootingClusterNodes = "rebooting cluster nodes",
        RestoreFailed = "restore-failed",
        Snapshotting = "snapshotting",
    }
}

impl CacheStatus {
    /// A node of it serves, also while it is being copied; one of which nothing is known counts as serving.
    pub(crate) fn serves(&self) -> bool {
        matches!(self, Self::Available | Self::Snapshotting | Self::Unstated)
    }
}

states! {
    /// `AutomaticFailover` of the ElastiCache API's `DescribeReplicationGroups`.
    pub enum AutomaticFailover {
        Disabled = "disabled",
        Disabling = "disabling",
        Enabled = "enabled",
        Enabling = "enabling",
    }
}

states! {
    /// `MultiAZ` of the ElastiCache API's `DescribeReplicationGroups`.
    pub enum MultiAz {
        Disabled = "disabled",
        Enabled = "enabled",
    }
}

states! {
    /// `CurrentRole` of a node in the ElastiCache API's `DescribeReplicationGroups`; `master` and `slave` are its older words.
    pub enum NodeRole {
        Master = "master",
        Primary = "primary",
        Replica = "replica",
        Slave = "slave",
    }
}

impl NodeRole {
    /// Whether it takes the writes.
    pub fn is_primary(&self) -> bool {
        matches!(self, Self::Primary | Self::Master)
    }
}

/// One member of a shard.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CacheMember {
    /// Cache cluster id: `rg-0001-001`.
    pub id: String,
    /// Zone name.
    pub zone: String,
    /// `primary` or `replica`; absent in cluster mode.
    pub role: Option<NodeRole>,
}

/// One shard (node group).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct NodeGroup {
    /// `0001`, ...
    pub id: String,
    /// `available`, `modifying`, ...
    pub status: CacheStatus,
    /// Hash slots.
    pub slots: String,
    pub members: Vec<CacheMember>,
}

/// elasticache:DescribeReplicationGroups of the configured group.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ReplicationGroup {
    pub id: String,
    /// `available`, `modifying`, ...
    pub status: CacheStatus,
    /// Cluster mode.
    pub cluster_enabled: bool,
    /// `enabled`, `disabled`.
    pub multi_az: MultiAz,
    /// `enabled`, `enabling`, `disabled`, ...
    pub automatic_failover: AutomaticFailover,
    pub auth_token: bool,
    /// TLS.
    pub transit_encryption: bool,
    /// Encrypted at rest.
    pub at_rest_encryption: bool,
    pub kms_key: Option<String>,
    /// `cache.t3.medium`.
    pub node_type: String,
    /// Configuration endpoint address.
    pub endpoint: Option<String>,
    /// Shards.
    pub node_groups: Vec<NodeGroup>,
}

impl Section for ReplicationGroup {
    const KEY: SectionKey = SectionKey("cache");
    const TITLE: &'static str = "Redis";
    const OF: Option<System> = Some(System::Cache);
}

/// One cache cluster (a node of the group).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CacheNode {
    /// Cache cluster id.
    pub id: String,
    /// `available`, ...
    pub status: CacheStatus,
    /// `redis`.
    pub engine: String,
    /// `7.0.7`.
    pub version: String,
    /// Zone name.
    pub zone: String,
    /// Security group ids.
    pub security_groups: Vec<String>,
    pub subnet_group: Option<String>,
}

/// elasticache:DescribeCacheClusters of the group's members.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CacheNodes {
    /// By id.
    pub nodes: Vec<CacheNode>,
}

impl Section for CacheNodes {
    const KEY: SectionKey = SectionKey("cache_nodes");
    const TITLE: &'static str = "Redis nodes";
    const OF: Option<System> = Some(System::Cache);
}

/// One event of ElastiCache or RDS.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DataEvent {
    /// The resource that it is about.
    pub source: String,
    /// When.
    pub at: Option<Time>,
    /// AWS's sentence.
    pub message: String,
    /// Categories (RDS only).
    pub categories: Vec<String>,
}

/// elasticache:DescribeEvents about the group and its nodes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CacheEvents {
    /// Newest first.
    pub events: Vec<DataEvent>,
}

impl Section for CacheEvents {
    const KEY: SectionKey = SectionKey("cache_events");
    const TITLE: &'static str = "Redis events";
    const OF: Option<System> = Some(System::Cache);
}

/// elasticache:DescribeCacheSubnetGroups of the nodes' subnet group.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CacheSubnets {
    /// Subnet group.
    pub group: String,
    /// Subnet ids.
    pub subnets: Vec<String>,
}

impl Section for CacheSubnets {
    const KEY: SectionKey = SectionKey("cache_subnets");
    const TITLE: &'static str = "Redis subnet group";
    const OF: Option<System> = Some(System::Cache);
}
