//! Failures and planned happenings: what can be injected, what is in force, what happens by itself.
//! Only causes live here; every effect goes through the same physics. (API faults belong to `fault`.)
//! `table` names the scenarios, `causes` moves the lasting ones, `truth` says what is in force and whether all is well.

mod causes;
mod closing;
mod table;
mod truth;

pub use causes::Strain;
pub use closing::ClosedPath;
pub use table::{Argument, SCENARIOS, ScenarioError, ScenarioRow};
pub use truth::InForce;

use super::World;
use super::names::{Az, CONTROL, MIN, Ms, SEC, WORKER};
use super::state::{FailoverCause, Pace};

/// How late CloudWatch is when it is late.
const LATE: Ms = 10 * MIN;

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
    /// Every task of a service serves for a minute or two and exits with 1; there is no deployment.
    CrashLoop {
        /// Service name.
        service: String,
    },
    /// The tasks of a service leak memory until they are killed.
    OutOfMemory {
        /// Service name.
        service: String,
    },
    /// A statement without an index takes all of the database's CPU.
    DbCpu,
    /// The API does not give its database connections back.
    DbConnections,
    /// Something writes to the database until its volume is full.
    StorageFilling,
    /// Cache keys without bounds fill the memory of the cache.
    RedisMemory,
    /// Many more visitors than the portal's maximum capacity can serve.
    TrafficSpike,
    /// Jobs come in faster than the workers' maximum capacity can finish them.
    WorkerBacklog,
    /// The caller's credentials have expired.
    ExpiredCredentials,
    /// Most API calls are refused for a quarter of an hour because somebody else calls too often.
    Throttling,
    /// CloudWatch shows every datapoint ten minutes late.
    CloudWatchLate,
    /// A rule of a security group is taken away by mistake.
    GroupClosed {
        /// What it let through.
        path: ClosedPath,
    },
    /// The image that a service runs is gone from its repository, and one of its tasks has to be replaced.
    ImagePull {
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
    /// Until when; [`Ms::MAX`] when only healing ends it.
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
    /// Fargate takes the host of a task out of service.
    Maintenance {
        /// Service name.
        service: String,
    },
}

impl World {
    /// Makes a failure happen now. One that lasts is not begun twice.
    pub fn inject(&mut self, scenario: Scenario) {
        let now = self.now;
        let lasting = match scenario {
            // A second loss of the same zone or gateway begins its time anew.
            Scenario::AzFailure { .. } | Scenario::NatFailure { .. } => false,
            _ => self.faults.iter().any(|fault| fault.scenario == scenario),
        };
        if lasting {
            return;
        }
        match self.begin(&scenario) {
            None => self.strain.passing.push(ActiveFault { scenario, since: now, until: Ms::MAX }),
            Some(0) => {}
            Some(lasts) => self.faults.push(ActiveFault { scenario, since: now, until: now.saturating_add(lasts) }),
        }
    }

    /// Sets the cause. How long it lasts: nothing for what has happened at once, zero for what could not happen.
    fn begin(&mut self, scenario: &Scenario) -> Option<Ms> {
        match scenario {
            Scenario::AzFailure { .. } => return Some(30 * MIN),
            Scenario::NatFailure { az } => {
                // A worker that cannot reach the APIs it needs gives up after a while, so that a task is placed there.
                self.plan(self.now + 75 * SEC, Planned::Exit { service: WORKER.into(), az: *az });
                return Some(20 * MIN);
            }
            Scenario::RdsPrimaryFailure => self.begin_failover(FailoverCause::HostFailure),
            Scenario::RedisNodeFailure { node } => self.lose_node(node, false),
            Scenario::TaskFailure { service } => self.crash_one(service, None),
            Scenario::BadDeploy { service } => self.broken_release(service),
            Scenario::Throttling => return Some(15 * MIN),
            Scenario::CloudWatchLate => {
                self.metrics.late = LATE;
                return Some(Ms::MAX);
            }
            Scenario::GroupClosed { path } => return Some(if self.close_path(*path) { Ms::MAX } else { 0 }),
            Scenario::ImagePull { service } => return Some(if self.lose_image(service) { Ms::MAX } else { 0 }),
            // The rest is moved second by second.
            Scenario::CrashLoop { service } | Scenario::OutOfMemory { service } => {
                self.bind(scenario, service);
                return Some(Ms::MAX);
            }
            Scenario::DbConnections => {
                self.bind(scenario, CONTROL);
                return Some(Ms::MAX);
            }
            _ => return Some(Ms::MAX),
        }
        None
    }

    /// Ends every cause that lasts; what it did is undone by what AWS does, in the time that AWS takes.
    pub fn heal(&mut self) {
        for fault in std::mem::take(&mut self.faults) {
            self.end(&fault.scenario);
        }
        for fault in self.strain.passing.clone() {
            if let Scenario::BadDeploy { service } = &fault.scenario {
                self.call_rollback(service);
            }
        }
        self.network.changed = true;
    }

    /// Takes the cause away.
    fn end(&mut self, scenario: &Scenario) {
        self.strain.bound.retain(|(known, _)| known != scenario);
        match scenario {
            Scenario::CrashLoop { service } => self.end_crash_loop(service),
            Scenario::StorageFilling => self.grow_storage(),
            Scenario::CloudWatchLate => self.metrics.catch_up(self.now),
            Scenario::GroupClosed { path } => self.open_path(*path),
            Scenario::ImagePull { service } => self.restore_image(service),
            _ => {}
        }
    }

    /// Adds a planned happening.
    pub fn plan(&mut self, at: Ms, what: Planned) {
        self.planned.push((at, what));
        self.planned.sort_by_key(|(at, _)| *at);
    }

    pub(super) fn step_scenarios(&mut self) {
        let now = self.now;
        let over: Vec<Scenario> = self.faults.iter().filter(|f| f.until <= now).map(|f| f.scenario.clone()).collect();
        self.faults.retain(|f| f.until > now);
        for scenario in over {
            self.end(&scenario);
        }
        while self.planned.first().is_some_and(|(at, _)| *at <= now) {
            let (_, what) = self.planned.remove(0);
            match what {
                Planned::Release { service, pace, rollout_at } => self.release(service, pace, rollout_at),
                Planned::Exit { service, az } => self.crash_one(&service, Some(az)),
                Planned::Maintenance { service } => self.retire_host(&service),
            }
        }
        self.step_causes();
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
