//! RDS: the database instance, or the cluster with the instance that takes its writes; its events, and the settings that change rarely.

mod cluster;
mod engine;
mod states;

use serde::{Deserialize, Serialize};

use super::Time;
use super::cache::DataEvent;
use super::section::{Section, SectionKey};
use super::state::states;
use super::system::System;

pub use cluster::{DbCluster, DbMember};
pub use engine::Engine;
pub use states::{ClusterStatus, InstanceStatus};

states! {
    /// `DatabaseInsightsMode` of the RDS API's `DescribeDBInstances`.
    pub enum InsightsMode {
        Advanced = "advanced",
        Standard = "standard",
    }
}

/// rds:DescribeDBInstances of the configured instance; of a cluster, the instance that takes its writes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Database {
    /// Identifier.
    pub id: String,
    /// `available`, `rebooting`, ...
    pub status: InstanceStatus,
    /// `postgres`, `aurora-mysql`, ...
    pub engine: Engine,
    /// `15.7`.
    pub version: String,
    /// `db.t3.large`.
    pub class: String,
    /// Whether a standby is kept in another zone; of a cluster, whether a reader is. As with all that may be off: `None` = AWS does not say.
    pub multi_az: Option<bool>,
    /// Zone of the primary.
    pub zone: String,
    /// Zone of the standby; of a cluster, of the reader in another zone that is promoted first.
    pub secondary_zone: Option<String>,
    /// The cluster that it is a member of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<DbCluster>,
    /// What it is a read replica of: an instance or a cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replica_of: Option<String>,
    /// Replications that do not run as they should, in words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub replication_trouble: Vec<String>,
    /// How far point-in-time restore reaches.
    pub latest_restorable: Option<Time>,
    pub allocated_gib: Option<i32>,
    /// `gp3`.
    pub storage_type: String,
    pub encrypted: Option<bool>,
    /// `sse-kms`, ...; empty if AWS does not say.
    pub encryption_type: String,
    pub kms_key: Option<String>,
    /// Days; 0 = no automated backups.
    pub backup_retention: Option<i32>,
    /// Reachable from the internet.
    pub public: Option<bool>,
    /// Enhanced Monitoring interval, seconds; 0 = off.
    pub monitoring_interval: Option<i32>,
    /// Role of Enhanced Monitoring.
    pub monitoring_role: Option<String>,
    pub performance_insights: Option<bool>,
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
    /// The port that the endpoint listens on.
    pub port: Option<u16>,
    /// Changes that wait for a window, in words.
    pub pending: Vec<String>,
    pub parameter_group: Option<String>,
    /// Security group ids.
    pub security_groups: Vec<String>,
    /// (subnet id, zone).
    pub subnets: Vec<(String, String)>,
}

/// Where the writes go when the primary is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redundancy<'a> {
    /// To the standby in this zone.
    Standby(&'a str),
    /// To a standby that is still being made.
    StandbyPending,
    /// Nowhere: one instance in one zone.
    SingleAz,
    /// Nowhere by itself: a copy of this instance or cluster, with an endpoint of its own.
    ReadReplica(&'a str),
    /// To one of the readers in other zones.
    Readers,
    /// To a reader, but none is in another zone.
    ReadersBeside,
    /// To an instance that is made anew.
    NoReader,
    /// Not known: the cluster's members are not, or an instance does not say whether it is Multi-AZ.
    Unknown,
}

impl Database {
    /// Whether its owner keeps no automated backups; those of a cluster are the cluster's. `None` = not known.
    pub fn has_no_backups(&self) -> Option<bool> {
        if self.cluster.is_some() || self.replica_of.is_some() {
            return Some(false);
        }
        // What can be restored to a moment has backups, whatever else was not said.
        self.backup_retention.map(|days| days == 0).or(self.latest_restorable.map(|_| false))
    }

    /// The name that people use: of the cluster, where it is one's.
    pub fn name(&self) -> &str {
        self.cluster.as_ref().map_or(self.id.as_str(), |c| c.id.as_str())
    }

    /// Where the writes go when the primary is lost.
    pub fn redundancy(&self) -> Redundancy<'_> {
        if let Some(cluster) = &self.cluster {
            return match (cluster.members.is_empty(), cluster.readers().next().is_some(), cluster.heirs().next().is_some()) {
                (true, ..) => Redundancy::Unknown,
                (_, false, _) => Redundancy::NoReader,
                (_, _, true) => Redundancy::Readers,
                _ => Redundancy::ReadersBeside,
            };
        }
        match (&self.replica_of, self.secondary_zone.as_deref().filter(|z| !z.is_empty())) {
            (Some(source), _) => Redundancy::ReadReplica(source),
            (None, Some(zone)) => Redundancy::Standby(zone),
            (None, None) => match self.multi_az {
                Some(true) => Redundancy::StandbyPending,
                Some(false) => Redundancy::SingleAz,
                None => Redundancy::Unknown,
            },
        }
    }

    /// Why a failover has nothing to go to, if it has not. Whether it may be made now is another question.
    pub fn no_failover(&self) -> Option<String> {
        match self.redundancy() {
            Redundancy::Standby(_) | Redundancy::StandbyPending | Redundancy::Readers | Redundancy::ReadersBeside => None,
            Redundancy::SingleAz => Some("single-AZ: no standby to fail over to".to_owned()),
            Redundancy::ReadReplica(source) => Some(format!("read replica of {source}: it has no failover")),
            Redundancy::NoReader => Some("one member only: no reader to fail over to".to_owned()),
            Redundancy::Unknown if self.cluster.is_some() => Some("the members of the cluster are not known".to_owned()),
            Redundancy::Unknown => Some("not known whether it is Multi-AZ".to_owned()),
        }
    }

    /// Most connections: the number of the parameter group, else what engine and class make of it; `None` = not known, as where the
    /// cluster has a parameter group of its own, which is not read.
    pub fn max_connections(&self, settings: Option<&DatabaseSettings>) -> Option<i64> {
        let set = settings.and_then(|s| s.max_connections);
        let usual = || self.engine.default_connections(&self.class);
        let known = self.cluster.as_ref().is_none_or(DbCluster::has_default_parameters);
        set.or_else(|| if known { usual() } else { None }).filter(|m| *m > 0)
    }
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
