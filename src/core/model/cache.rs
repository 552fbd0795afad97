//! ElastiCache Redis: the replication group with its shards, its nodes, and its events. Roles come from the metric `IsMaster` and events.

use serde::{Deserialize, Serialize};

use super::Time;
use super::section::{Section, SectionKey};

/// One member of a shard.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CacheMember {
    /// Cache cluster id: `rg-0001-001`.
    pub id: String,
    /// Zone name.
    pub zone: String,
    /// `primary` or `replica`; absent in cluster mode.
    pub role: Option<String>,
}

/// One shard (node group).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct NodeGroup {
    /// `0001`, ...
    pub id: String,
    /// `available`, `modifying`, ...
    pub status: String,
    /// Hash slots.
    pub slots: String,
    /// Members.
    pub members: Vec<CacheMember>,
}

/// elasticache:DescribeReplicationGroups of the configured group.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ReplicationGroup {
    /// Id.
    pub id: String,
    /// `available`, `modifying`, ...
    pub status: String,
    /// Cluster mode.
    pub cluster_enabled: bool,
    /// `enabled`, `disabled`.
    pub multi_az: String,
    /// `enabled`, `enabling`, `disabled`, ...
    pub automatic_failover: String,
    /// AUTH.
    pub auth_token: bool,
    /// TLS.
    pub transit_encryption: bool,
    /// Encrypted at rest.
    pub at_rest_encryption: bool,
    /// KMS key.
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
}

/// One cache cluster (a node of the group).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CacheNode {
    /// Cache cluster id.
    pub id: String,
    /// `available`, ...
    pub status: String,
    /// `redis`.
    pub engine: String,
    /// `7.0.7`.
    pub version: String,
    /// Zone name.
    pub zone: String,
    /// Security group ids.
    pub security_groups: Vec<String>,
    /// Subnet group.
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
}
