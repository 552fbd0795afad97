//! What is in force, and whether the stack is as it should be: the world's own truth, which no AWS API tells.
//! Read by the admin door, by scoring and by tests; never by the dashboard.

use super::super::World;
use super::super::names::{Az, Ms};
use super::super::state::{DbStatus, NodeStatus, Service, TargetState};
use super::{ActiveFault, Scenario};

/// A scenario in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InForce {
    /// Its text: `az:a`.
    pub name: String,
    /// Since when.
    pub since: Ms,
    /// Until when; `None` when healing ends it, or what AWS does about it.
    pub until: Option<Ms>,
}

/// Requests per second, or percent of the database's CPU, that are lost in the noise.
const LITTLE: f64 = 2.0;
/// Jobs that may wait without anybody noticing.
const FEW_JOBS: f64 = 300.0;
/// Of the cache's memory, in percent, and of the database's connections, as a share.
const MUCH_MEMORY: f64 = 75.0;
const MANY_CONNECTIONS: f64 = 0.8;

impl World {
    /// What was injected and is not over, oldest first.
    pub fn in_force(&self) -> Vec<InForce> {
        let mut all: Vec<&ActiveFault> = self.faults.iter().chain(&self.strain.passing).collect();
        all.sort_by_key(|fault| fault.since);
        let told = |fault: &ActiveFault| InForce {
            name: fault.scenario.to_string(),
            since: fault.since,
            until: (fault.until < Ms::MAX).then_some(fault.until),
        };
        all.into_iter().map(told).collect()
    }

    /// Whether what happened at once has been made good.
    pub(super) fn is_undone(&self, scenario: &Scenario) -> bool {
        match scenario {
            Scenario::RdsPrimaryFailure => self.database_is_well(),
            Scenario::RedisNodeFailure { .. } => self.cache_is_well(),
            Scenario::TaskFailure { service } | Scenario::BadDeploy { service } => {
                self.ecs.services.get(service).is_none_or(|s| self.service_is_well(s))
            }
            _ => true,
        }
    }

    /// Whether nothing is in force and nothing is left of what was: tasks, targets, database, cache and queue are well.
    pub fn recovered(&self) -> bool {
        self.faults.is_empty() && self.serves() && self.traffic.extra.iter().all(|extra| *extra < LITTLE)
    }

    /// Whether users are served: what failed may still be broken, if something else does its work.
    pub fn serves(&self) -> bool {
        self.ecs.services.values().all(|service| self.service_is_well(service))
            && self.database_is_well()
            && self.cache_is_well()
            && self.redis.backlog < FEW_JOBS
            && self.reach.egress == [true; 3]
            && self.reach.front
    }

    /// Running as desired, steady, and every target of it healthy.
    pub fn service_is_well(&self, service: &Service) -> bool {
        let targets = self.alb.target_groups.iter().filter(|group| group.service == service.name).flat_map(|group| &group.targets);
        service.running_count == service.desired_count
            && service.pending_count == 0
            && service.steady
            && !self.is_rolling(&service.name)
            && targets.into_iter().all(|target| matches!(target.state, TargetState::Healthy | TargetState::Draining))
    }

    /// Available, answering, with a standby in another zone if it is to have one, and with room.
    pub fn database_is_well(&self) -> bool {
        let db = &self.rds.instance;
        let status = matches!(db.status, DbStatus::Available | DbStatus::BackingUp | DbStatus::StorageOptimization);
        status
            && self.database_answers()
            && db.failover.is_none()
            && db.secondary_az.is_some() == db.multi_az
            && db.connections < MANY_CONNECTIONS * db.max_connections()
            && db.free_storage > 0.1 * db.volume()
            && self.strain.db_work < LITTLE
    }

    /// Every node up and available, with memory left, and reachable.
    pub fn cache_is_well(&self) -> bool {
        let well = |node: &super::super::state::RedisNode| {
            node.up && node.status == NodeStatus::Available && node.recovery.is_none() && node.memory_percent() < MUCH_MEMORY
        };
        self.redis.nodes.iter().all(well) && self.reach.cache
    }

    /// Zones that are down.
    pub fn zones_down(&self) -> Vec<Az> {
        Az::ALL.into_iter().filter(|az| self.zone_down(az.index())).collect()
    }
}
