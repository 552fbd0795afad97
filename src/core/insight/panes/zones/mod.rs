//! The written architecture's High Availability drawing, live: per availability zone what stands there and how it is, and what breaks with it.
//! `zones` is pure and builds the whole picture; `marks` beside it finds imbalance and single points of failure.
//! Called by the zones pane and the reports.

mod build;
mod marks;

use crate::model::Time;
use crate::model::cache::CacheStatus;
use crate::model::health::Level;
use crate::model::network::{AvailabilityZoneState, NatState, SubnetTier};
use crate::model::stack::{ServiceRole, Stack};
use crate::model::store::Store;

use crate::insight::topology::egress::Egress;
use crate::insight::{Judgement, NodeId};

/// The whole picture.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ZoneMap {
    /// By name; those that the region has and the stack uses (or could use).
    pub zones: Vec<ZoneState>,
    /// What is uneven or hangs on one thing, worst first.
    pub marks: Vec<Mark>,
    /// What the picture lacks, in words: `tasks: no permission: ecs:ListTasks`.
    pub missing: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ZoneState {
    /// `ap-southeast-2a`.
    pub name: String,
    /// `a`.
    pub letter: String,
    /// What AWS says of the zone: `available`, `impaired`, ...; evidence only.
    pub state: AvailabilityZoneState,
    /// The worst mark of the zone.
    pub level: Level,
    /// Nothing of two systems works here while the other zones do.
    pub suspect: bool,
    /// The load balancer's node.
    pub balancer: ZoneBalancer,
    /// The way out.
    pub nat: ZoneNat,
    /// ECS tasks, by service in the configured order; also services that have none here.
    pub services: Vec<ZoneService>,
    /// Redis nodes, by shard.
    pub redis: Vec<ZoneCacheNode>,
    /// The database's part here.
    pub database: DatabasePlace,
    /// The same of the other databases, caches and load balancers, in the order of the configuration.
    pub others: Vec<ZoneMember>,
    /// Free addresses by tier; a tier without a subnet here is left out.
    pub free: Vec<(SubnetTier, i32)>,
    /// What the stack has in no zone at all.
    pub unused: Vec<ZoneSystem>,
}

/// The load balancer in one zone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ZoneBalancer {
    /// It has a node here.
    pub present: bool,
    pub subnet: Option<String>,
    /// Targets here, by target group.
    pub groups: Vec<ZoneTargets>,
    /// Targets of the services whose zone nobody knows: they may be here.
    pub unplaced: usize,
}

/// The targets of one group in one zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneTargets {
    /// Target group's name.
    pub name: String,
    /// The service that registers in it.
    pub service: String,
    pub healthy: usize,
    /// Registered and not draining.
    pub total: usize,
}

/// The NAT gateway of one zone, and the way that its private subnets take.
#[derive(Debug, Clone, PartialEq)]
pub struct ZoneNat {
    /// Its own gateway; `None` = there is none.
    pub gateway: Option<ZoneGateway>,
    /// Where the private subnets' default route leads.
    pub egress: Egress,
    /// The level of the node `nat/<letter>`.
    pub level: Level,
    /// It carries nothing for the tasks of its zone while others carry traffic: seen at once, whatever the verdict waits for.
    pub silent: bool,
}

/// One NAT gateway.
#[derive(Debug, Clone, PartialEq)]
pub struct ZoneGateway {
    pub id: String,
    /// `available`, ...
    pub state: NatState,
    /// To and from the internet; `None` = not known.
    pub bytes_per_second: Option<f64>,
}

/// One service in one zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneService {
    pub name: String,
    /// What it is for.
    pub role: ServiceRole,
    /// Running tasks.
    pub running: usize,
    /// Tasks that are starting.
    pub starting: usize,
    /// Healthy targets; `None` = not behind the balancer, or it is not known in which zone its targets are.
    pub healthy: Option<usize>,
}

/// One Redis node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneCacheNode {
    /// Cache cluster id.
    pub id: String,
    /// `0001`.
    pub shard: String,
    /// Primary or replica; `None` = not known.
    pub primary: Option<bool>,
    /// `available`, ...; unstated if not known.
    pub status: CacheStatus,
}

impl ZoneCacheNode {
    /// Whether it serves; what is not known counts as serving.
    pub fn serves(&self) -> bool {
        self.status.serves()
    }
}

/// One of several databases, caches or load balancers in one zone.
#[derive(Debug, Clone, PartialEq)]
pub struct ZoneMember {
    pub node: NodeId,
    /// Whether its section was read; before that nothing below says anything.
    pub known: bool,
    /// Of a load balancer: it has a node here.
    pub balancer: bool,
    /// Of a cache: its nodes.
    pub cache: Vec<ZoneCacheNode>,
    /// Of a database: its part.
    pub database: DatabasePlace,
}

/// The database's part in a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DatabasePlace {
    /// The primary is here.
    Primary,
    /// The standby is here.
    Standby,
    /// A reader of the cluster is here.
    Reader,
    /// A database subnet, and nothing in it.
    Reserved,
    /// No database subnet.
    #[default]
    None,
}

/// What a mark is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ZoneSystem {
    /// The zone itself.
    Zone,
    /// The load balancer.
    Balancer,
    /// NAT gateways and routes.
    Nat,
    /// One ECS service.
    Service(String),
    Redis,
    Database,
    /// Another load balancer, cache or database than the first.
    Member(NodeId),
    /// Free addresses.
    Addresses,
}

/// One observation about the spread over the zones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// How bad; `Healthy` is a note.
    pub level: Level,
    /// `web: 2 tasks in a, 0 in c`.
    pub text: String,
    /// Where it is drawn, by zone letter; `None` = the stack as a whole.
    pub zone: Option<String>,
    /// What it is about.
    pub system: ZoneSystem,
}

impl ZoneMap {
    /// The worst mark on one cell of the picture.
    pub fn level(&self, letter: &str, system: &ZoneSystem) -> Level {
        let here = |m: &&Mark| m.zone.as_deref() == Some(letter) && m.system == *system;
        self.marks.iter().filter(here).map(|m| m.level).max().unwrap_or(Level::Healthy)
    }

    /// The worst mark of all.
    pub fn worst(&self) -> Level {
        self.marks.iter().map(|m| m.level).max().unwrap_or(Level::Healthy)
    }
}

/// Draws the picture of one moment.
pub(crate) fn zones(store: &Store, judgement: &Judgement, stack: &Stack, now: Time) -> ZoneMap {
    let mut map =
        ZoneMap { zones: build::zones(store, judgement, stack, now), marks: Vec::new(), missing: build::missing(store, stack, now) };
    marks::add(&mut map, store, judgement, stack);
    map
}
