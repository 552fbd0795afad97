//! Failures and planned happenings: what can be injected, what is in force, what happens by itself.
//! Only causes live here; every effect goes through the same physics. (API faults belong to `fault`.)

use super::World;
use super::names::{Az, MIN, Ms, SEC, SERVICES, WORKER};
use super::state::{FailoverCause, TaskDefinition};

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
    /// A routine deployment of a new image.
    Deploy {
        /// Service name.
        service: String,
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
                self.deploy_new_image(&service.clone(), Some(1));
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
                Planned::Deploy { service } => self.routine_deploy(&service),
                Planned::Exit { service, az } => self.crash_one(&service, Some(az)),
            }
        }
    }

    /// A release of the delivery pipeline; in a world that is handed over the next one follows some hours later.
    fn routine_deploy(&mut self, service: &str) {
        if !self.is_rolling(service) {
            self.deploy_new_image(service, None);
        }
        if self.now >= self.start {
            let next = SERVICES.iter().position(|s| *s == service).map_or(0, |i| (i + 1) % SERVICES.len());
            let at = self.now + self.rng.life.seconds(5 * 3_600, 8 * 3_600);
            self.plan(at, Planned::Deploy { service: SERVICES[next].into() });
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

    /// Whether tasks in `az` cannot reach the internet.
    pub(super) fn nat_down(&self, az: Az) -> bool {
        self.faults.iter().any(|f| f.scenario == (Scenario::NatFailure { az }))
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

    /// Pushes an image, registers a task definition that runs it, and begins its rollout.
    pub(super) fn deploy_new_image(&mut self, service: &str, exits_with: Option<i32>) {
        let now = self.now;
        let Some(current) = self.ecs.services.get(service).map(|s| s.task_definition.clone()) else { return };
        let Some(base) = self.definition(&current).cloned() else { return };
        let newest = self.ecs.task_definitions.range((base.family.clone(), 0)..=(base.family.clone(), u32::MAX));
        let revision = newest.last().map_or(1, |((_, r), _)| r + 1);
        let image = self.push_image(service, now - 4 * MIN);
        let arn = super::names::task_definition_arn(&base.family, revision);
        let definition = TaskDefinition { arn: arn.clone(), revision, image, registered_at: now, exits_with, ..base.clone() };
        self.ecs.task_definitions.insert((base.family, revision), definition);
        self.begin_rollout(service, &arn);
    }
}
