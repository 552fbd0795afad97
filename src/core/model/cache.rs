//! ElastiCache: the replication group with its shards, or a cache cluster by itself; its nodes, and its events. In cluster mode roles come
//! from the metric `IsMaster` and events.

use serde::{Deserialize, Serialize};

use super::Time;
use super::section::{Section, SectionKey};
use super::state::{Serving, states};
use super::store::Store;
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
        Rebooting = "rebooting",
        RebootingCacheClusterNodes = "rebooting cache cluster nodes",
        RebootingClusterNodes = "rebooting cluster nodes",
        RestoreFailed = "restore-failed",
        Snapshotting = "snapshotting",
    }
}

impl CacheStatus {
    /// Whether it answers.
    pub fn serving(&self) -> Serving {
        match self {
            Self::Available | Self::Snapshotting => Serving::Fully,
            Self::Modifying => Serving::Changing,
            Self::CreateFailed
            | Self::Creating
            | Self::Deleted
            | Self::Deleting
            | Self::IncompatibleNetwork
            | Self::Rebooting
            | Self::RebootingCacheClusterNodes
            | Self::RebootingClusterNodes
            | Self::RestoreFailed => Serving::No,
            Self::Unstated | Self::Other(_) => Serving::Unknown,
        }
    }

    /// A node of it serves, also while it is being copied or changed; one of which nothing is known counts as serving.
    pub(crate) fn serves(&self) -> bool {
        self.serving().is_serving() || *self == Self::Unstated
    }
}

states! {
    /// `Engine` of the ElastiCache API's `DescribeReplicationGroups` and `DescribeCacheClusters`.
    pub enum Engine {
        Memcached = "memcached",
        Redis = "redis",
        Valkey = "valkey",
    }
}

impl Engine {
    /// Its name in a title; one that is not in the list as AWS writes it.
    pub fn title(&self) -> &str {
        match self {
            Self::Unstated => "ElastiCache",
            Self::Memcached => "Memcached",
            Self::Redis => "Redis",
            Self::Valkey => "Valkey",
            Self::Other(word) => word,
        }
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
    /// Cache cluster id: `rg-0001-001`; where a cluster has several nodes, with the node's: `sessions/0002`.
    pub id: String,
    /// Zone name.
    pub zone: String,
    /// `primary` or `replica`; absent in cluster mode.
    pub role: Option<NodeRole>,
}

impl CacheMember {
    /// Cache cluster id and cache node id, as CloudWatch tells nodes apart.
    pub fn dimensions(&self) -> (&str, &str) {
        self.id.split_once('/').unwrap_or((&self.id, "0001"))
    }
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

/// elasticache:DescribeReplicationGroups of the configured group. A cache cluster that is in no group is shown as one of its own.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ReplicationGroup {
    pub id: String,
    /// It is a cache cluster by itself (DescribeCacheClusters): nothing is replicated.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub alone: bool,
    /// `redis`, `valkey`, `memcached`.
    pub engine: Engine,
    /// `available`, `modifying`, ...
    pub status: CacheStatus,
    /// Cluster mode; as with encryption, `None` = AWS does not say.
    pub cluster_enabled: Option<bool>,
    /// `enabled`, `disabled`.
    pub multi_az: MultiAz,
    /// `enabled`, `enabling`, `disabled`, ...
    pub automatic_failover: AutomaticFailover,
    pub auth_token: Option<bool>,
    /// TLS.
    pub transit_encryption: Option<bool>,
    /// Encrypted at rest.
    pub at_rest_encryption: Option<bool>,
    pub kms_key: Option<String>,
    /// `cache.t3.medium`.
    pub node_type: String,
    /// Configuration endpoint address; without cluster mode the primary's.
    pub endpoint: Option<String>,
    /// The port that the endpoint listens on.
    pub port: Option<u16>,
    /// Shards.
    pub node_groups: Vec<NodeGroup>,
}

impl ReplicationGroup {
    /// Every node of every shard.
    pub fn members(&self) -> impl Iterator<Item = &CacheMember> {
        self.node_groups.iter().flat_map(|g| &g.members)
    }

    /// Why a failover has nothing to go to, if it is known to have nothing. Whether it may be made now is another question.
    pub fn no_failover(&self) -> Option<&'static str> {
        if self.engine == Engine::Memcached {
            Some("Memcached: its nodes are independent, there is no failover")
        } else if self.alone {
            Some("a single cache cluster: no replica to fail over to")
        } else if self.node_groups.is_empty() || self.node_groups.iter().any(|g| g.members.len() > 1) {
            None
        } else {
            Some("no replica to fail over to")
        }
    }
}

/// The engine's name, for titles; while it is not known, that of the system.
pub fn engine_title(store: &Store) -> &str {
    let of_group = store.get::<ReplicationGroup>().map(|g| &g.engine).filter(|e| !e.is_empty());
    let of_node = || store.get::<CacheNodes>().and_then(|n| n.nodes.first()).map(|n| &n.engine).filter(|e| !e.is_empty());
    of_group.or_else(of_node).map_or("Redis", Engine::title)
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
    /// `redis`, `valkey`, `memcached`.
    pub engine: Engine,
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

impl CacheNodes {
    /// How many cache clusters they are: one of Memcached has several nodes.
    pub fn clusters(&self) -> usize {
        self.nodes.iter().map(|n| n.id.split('/').next()).collect::<std::collections::BTreeSet<_>>().len()
    }
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
