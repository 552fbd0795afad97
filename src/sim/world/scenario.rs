//! Failures and planned happenings: what can be injected, what is in force, what happens by itself.
//! Only causes live here; every effect goes through the same physics. (API faults belong to `fault`.)

use super::World;
use super::names::{Az, MIN, Ms, SEC, WORKER};
use super::state::{FailoverCause, Pace};

/// A failure that can be injected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scenario {
    /// A zone loses power and network for 30 minutes.
    AzFailure {
        /// The zone.
        az: Az,
    },
    /// The database's primary host dies.
    RdsPrimaryFailure,
    /// A cache node dies.
    RedisNodeFailure {
        /// Node id, `production-nextcore-redis-0001-001`.
        node: String,
    },
    /// The NAT gateway of a zone passes no traffic for 20 minutes, while its state stays `available`.
    NatFailure {
        /// The zone.
        az: Az,
    },
    /// The main container of one running task exits (the worker: out of memory).
    TaskFailure {
        /// Service name.
        service: String,
    },
    /// A new revision is deployed whose container exits with 1: breaker, rollback.
    BadDeploy {
        /// Service name.
        service: String,
    },
}

/// A failure in force.
#[derive(Debug, Clone)]
pub struct ActiveFault {
    /// What.
    pub scenario: Scenario,
    /// Since when.
    pub since: Ms,
    /// Until when.
    pub until: Ms,
}

impl ActiveFault {
    /// Whether it takes zone `az` down at `now`.
    pub(super) fn kills_zone(&self, az: Az, now: Ms) -> bool {
        self.scenario == (Scenario::AzFailure { az }) && now < self.until
    }
}

/// Something that happens by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Planned {
    /// A push to the branch: the pipeline builds it and rolls it out.
    Release {
        /// The service that it changes.
        service: &'static str,
        /// How long its build will take.
        pace: Pace,
        /// When its rollout will begin.
        rollout_at: Ms,
    },
    /// A task exits.
    Exit {
        /// Service name.
        service: String,
        /// Only a task in this zone.
        az: Az,
    },
}

impl World {
    /// Makes a failure happen now.
    pub fn inject(&mut self, scenario: Scenario) {
        let now = self.now;
        let lasts = match &scenario {
            Scenario::AzFailure { .. } => 30 * MIN,
            Scenario::NatFailure { az } => {
                // A worker that cannot reach the APIs it needs gives up after a while, so that a task is placed there.
                self.plan(now + 75 * SEC, Planned::Exit { service: WORKER.into(), az: *az });
                20 * MIN
            }
            Scenario::RdsPrimaryFailure => {
                self.begin_failover(FailoverCause::HostFailure);
                0
            }
            Scenario::RedisNodeFailure { node } => {
                self.lose_node(&node.clone(), false);
                0
            }
            Scenario::TaskFailure { service } => {
                self.crash_one(&service.clone(), None);
                0
            }
            Scenario::BadDeploy { service } => {
                self.broken_release(&service.clone());
                0
            }
        };
        if lasts > 0 {
            self.faults.push(ActiveFault { scenario, since: now, until: now + lasts });
        }
    }

    /// Ends every lasting failure (zone, NAT gateway) now.
    pub fn heal(&mut self) {
        self.faults.clear();
        self.network.changed = true;
    }

    /// Adds a planned happening.
    pub fn plan(&mut self, at: Ms, what: Planned) {
        self.planned.push((at, what));
        self.planned.sort_by_key(|(at, _)| *at);
    }

    pub(super) fn step_scenarios(&mut self) {
        let now = self.now;
        self.faults.retain(|f| f.until > now);
        while self.planned.first().is_some_and(|(at, _)| *at <= now) {
            let (_, what) = self.planned.remove(0);
            match what {
                Planned::Release { service, pace, rollout_at } => self.release(service, pace, rollout_at),
                Planned::Exit { service, az } => self.crash_one(&service, Some(az)),
            }
        }
    }

    /// The zone that is down and since when.
    pub(super) fn zone_fault(&self) -> Option<(Az, Ms)> {
        self.faults.iter().find_map(|f| match f.scenario {
            Scenario::AzFailure { az } => Some((az, f.since)),
            _ => None,
        })
    }

    /// Whether the zone with this index is down.
    pub(super) fn zone_down(&self, zone: usize) -> bool {
        self.zone_fault().is_some_and(|(az, _)| az.index() == zone)
    }

    fn crash_one(&mut self, service: &str, az: Option<Az>) {
        let now = self.now;
        let code = if service == WORKER && az.is_none() { 137 } else { 1 };
        let running = self.ecs.tasks.values_mut().filter(|t| t.service == service && t.is_running());
        if let Some(task) = running.filter(|t| az.is_none_or(|az| az == t.az)).min_by_key(|t| (t.started_at, t.id.clone())) {
            if code == 137 {
                task.memory_percent = 99.2;
            }
            task.crash_at = Some((now, code));
        }
    }
}
