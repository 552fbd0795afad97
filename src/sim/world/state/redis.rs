//! The cache as data: replication group, its four nodes, its events.
//! No physics here (see `redis` beside `state`). Read by the ElastiCache handler.

use std::collections::VecDeque;

use super::super::names::{Az, Ms};

/// All of ElastiCache.
#[derive(Debug, Clone)]
pub struct Redis {
    /// The one replication group.
    pub group: ReplicationGroup,
    /// Nodes in order 0001-001, 0001-002, 0002-001, 0002-002.
    pub nodes: Vec<RedisNode>,
    /// Events, oldest first, 14 days.
    pub events: VecDeque<RedisEvent>,
    /// Times of TestFailover calls of the last 24 h (AWS allows 15 node groups a day).
    pub test_failovers: VecDeque<Ms>,
    /// Names of serverless caches.
    pub serverless: Vec<String>,
    /// Physics: Celery jobs waiting in the broker.
    pub backlog: f64,
}

/// How the nodes of the cache belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheMode {
    /// A replication group of several node groups: nobody tells roles.
    Cluster,
    /// A replication group of one node group, whose members' roles are told.
    Plain,
    /// No replication group: one cache cluster, whose nodes know nothing of each other.
    Alone,
}

/// The replication group, or the cache cluster that stands in its place.
#[derive(Debug, Clone)]
pub struct ReplicationGroup {
    /// Identifier.
    pub id: String,
    /// Full ARN.
    pub arn: String,
    pub description: String,
    /// How its nodes belong together.
    pub mode: CacheMode,
    /// `redis`, `valkey`, `memcached`.
    pub engine: String,
    /// `available` or `modifying`.
    pub status: &'static str,
    /// `cache.t3.medium`.
    pub node_type: String,
    /// `7.0.7`.
    pub engine_version: String,
    /// Configuration endpoint host.
    pub configuration_endpoint: String,
    pub port: u16,
    /// Node group ids with their slots.
    pub node_groups: Vec<(String, String)>,
    /// Auth token on.
    pub auth_token: bool,
    /// When the token was last changed.
    pub auth_token_modified: Ms,
    /// In-transit encryption.
    pub transit_encryption: bool,
    pub at_rest_encryption: bool,
    /// KMS key ARN.
    pub kms_key: String,
    /// Whether its primaries and replicas are held in different zones.
    pub multi_az: bool,
    pub snapshot_retention_days: u32,
    /// Snapshot window, UTC.
    pub snapshot_window: String,
    /// Maintenance window, UTC.
    pub maintenance_window: String,
    pub parameter_group: String,
    pub subnet_group: String,
    /// Subnet ids of the group.
    pub subnets: Vec<String>,
    pub vpc_id: String,
    pub security_groups: Vec<String>,
    /// Creation time.
    pub created_at: Ms,
}

/// `CacheClusterStatus` of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeStatus {
    /// `available`
    Available,
    /// `rebooting cache cluster nodes`: being recovered.
    Recovering,
}

impl NodeStatus {
    /// Wire value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Recovering => "rebooting cache cluster nodes",
        }
    }
}

/// One node (a cache cluster of one cache node `0001`).
#[derive(Debug, Clone)]
pub struct RedisNode {
    /// `production-nextcore-redis-0001-001`.
    pub id: String,
    /// `0001` or `0002`.
    pub node_group: String,
    /// Zone.
    pub az: Az,
    pub status: NodeStatus,
    /// Whether it is the primary of its group (only metrics say so in cluster mode).
    pub primary: bool,
    /// Endpoint host.
    pub endpoint: String,
    /// Creation time.
    pub created_at: Ms,
    /// Physics: whether it answers.
    pub up: bool,
    /// Physics: loss or failover under way.
    pub recovery: Option<NodeRecovery>,
    /// Physics: credit balance.
    pub credits: f64,
    /// Physics: bytes of data.
    pub used_bytes: f64,
    /// Physics: client connections.
    pub connections: f64,
    /// Physics: connections opened since the minute began.
    pub new_connections: f64,
    /// Physics: seconds behind the primary.
    pub lag: f64,
}

/// A lost node on its way back: the times at which its parts become visible.
#[derive(Debug, Clone)]
pub struct NodeRecovery {
    /// When the node was lost.
    pub began: Ms,
    /// Whether TestFailover asked for it.
    pub test: bool,
    /// When the replica is promoted (only if the lost node was the primary).
    pub promote_at: Option<Ms>,
    /// When the failover events are delivered.
    pub events_at: Option<Ms>,
    /// When `Recovering cache nodes 0001` appears.
    pub recovering_at: Ms,
    /// When `Finished recovery for cache nodes 0001` appears.
    pub finished_at: Ms,
    /// The node promoted.
    pub promoted: Option<String>,
    /// Which of the steps are done: promoted, events, recovering.
    pub done: [bool; 3],
}

/// `SourceType` of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RedisSource {
    /// `cache-cluster`
    CacheCluster,
    /// `replication-group`
    ReplicationGroup,
}

impl RedisSource {
    /// Wire value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CacheCluster => "cache-cluster",
            Self::ReplicationGroup => "replication-group",
        }
    }
}

/// An ElastiCache event (AWS gives it no id).
#[derive(Debug, Clone)]
pub struct RedisEvent {
    /// Node or group id.
    pub source_id: String,
    /// What the id names.
    pub source: RedisSource,
    /// Time.
    pub date: Ms,
    /// Exact AWS text.
    pub message: String,
}
