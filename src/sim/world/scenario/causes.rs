//! The lasting causes, second by second: each moves a strain towards its height while it is in force, and lets it go after.
//! The physics read the strains; at zero they change nothing, to the last bit.

use super::super::World;
use super::super::names::{CONTROL, Ms, SEC, SERVICES};
use super::super::state::{EcrImage, GroupRule, Task};
use super::{ActiveFault, ClosedPath, Scenario};

/// Percent of the database's CPU that the bad statement asks for.
const DB_WORK: f64 = 90.0;
/// Connections that each task of the API leaks in a second.
const LEAKED_CONNECTIONS: f64 = 1.5;
/// Bytes that are written to the volume in a second.
const FILLING: f64 = 75.0 * 1_048_576.0;
/// Bytes that are written to each node group of the cache in a second.
const CACHE_FILLING: f64 = 16e6;
/// Requests per second that a spike adds: API, web. The portal's six tasks serve 140.
const SPIKE: [f64; 2] = [42.0, 150.0];
/// Jobs per second that a batch adds. Nine workers finish 40.
const BATCH: f64 = 55.0;
/// Percent of its memory that a task leaks in a second.
const LEAK: f64 = 0.2;
/// From when on the kernel kills a task's container.
const KILLED_AT: f64 = 99.0;
/// How long what has happened at once stays in the list even when nothing is broken (any more).
const FRESH: Ms = 60 * SEC;

/// What the lasting causes ask of the stack at the moment.
#[derive(Debug, Clone, Default)]
pub struct Strain {
    /// Percent of the database's CPU taken by the bad statement.
    pub(in super::super) db_work: f64,
    /// Bytes written to the database's volume in a second.
    pub(in super::super) filling: f64,
    /// Which of the low-storage events have been written.
    pub(in super::super) storage_told: u8,
    /// Bytes written to each node group of the cache in a second.
    pub(in super::super) cache_filling: f64,
    /// How much of the cache is given to what nobody asks for: 0 to 1.
    pub(in super::super) cache_pressure: f64,
    /// Jobs added in a second.
    pub(in super::super) jobs: f64,
    /// Share of the database's connections left from before a rule was closed.
    pub(in super::super) kept_database: f64,
    /// The same for the cache.
    pub(in super::super) kept_cache: f64,
    /// Rules that were taken away.
    pub(in super::super) closed: Vec<(ClosedPath, Vec<GroupRule>)>,
    /// Images that were taken away, with the service that ran them.
    pub(in super::super) images: Vec<(String, EcrImage)>,
    /// Faults of an application, with the first revision of the service that has them. Every later one has them too.
    pub(in super::super) bound: Vec<(Scenario, u32)>,
    /// What has happened at once and is not over yet.
    pub(in super::super) passing: Vec<ActiveFault>,
    /// Whether anything has to be looked at.
    stirred: bool,
}

/// Moves a strain a share of the way to where it is to be; near zero it is zero.
fn approach(strain: &mut f64, goal: f64, share: f64) {
    *strain += (goal - *strain) * share;
    if goal == 0.0 && *strain < 0.05 {
        *strain = 0.0;
    }
}

/// The revision in the ARN of a task definition.
fn revision_of(definition: &str) -> u32 {
    definition.rsplit(':').next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// A number in 0..1 that a task keeps for its life.
fn trait_of(task: &Task) -> f64 {
    let hash = task.id.bytes().fold(0_u32, |hash, byte| hash.wrapping_mul(31).wrapping_add(u32::from(byte)));
    f64::from(hash % 1_000) / 1_000.0
}

impl World {
    /// Whether a cause is in force.
    pub(in super::super) fn in_force_now(&self, scenario: &Scenario) -> bool {
        self.faults.iter().any(|fault| fault.scenario == *scenario)
    }

    /// One second of the causes.
    pub(super) fn step_causes(&mut self) {
        if !self.strain.passing.is_empty() {
            self.forget_passed();
        }
        let any = !self.faults.is_empty();
        if !any && !self.strain.stirred {
            return;
        }
        self.end_repaired();
        self.move_strains();
        self.crash_loops();
        self.leak();
        self.say_throttled();
        let s = &self.strain;
        let left = [s.db_work, s.filling, s.cache_filling, s.cache_pressure, s.jobs, s.kept_database, s.kept_cache];
        let spiking = self.traffic.extra.iter().any(|extra| *extra > 0.0);
        let leaking = self.ecs.tasks.values().any(|t| t.leaked_memory > 0.0 || t.leaked_connections > 0.0);
        self.strain.stirred = any || spiking || leaking || left.iter().any(|strain| *strain > 0.0);
    }

    fn move_strains(&mut self) {
        let height = |scenario: Scenario, height: f64| if self.in_force_now(&scenario) { height } else { 0.0 };
        let work = height(Scenario::DbCpu, DB_WORK);
        let jobs = height(Scenario::WorkerBacklog, BATCH);
        let spike = height(Scenario::TrafficSpike, 1.0);
        let cache = height(Scenario::RedisMemory, CACHE_FILLING);
        // A database that is down is not written to.
        let filling = if self.rds.instance.accepting { height(Scenario::StorageFilling, FILLING) } else { 0.0 };
        let full = self.redis.nodes.iter().any(|node| node.up && node.primary && node.is_full());
        let strain = &mut self.strain;
        approach(&mut strain.db_work, work, 0.03);
        (strain.filling, strain.jobs, strain.cache_filling) = (filling, jobs, cache);
        let pressure = strain.cache_pressure + if full { 1.0 / 240.0 } else { -1.0 / 90.0 };
        strain.cache_pressure = pressure.clamp(0.0, 1.0);
        for kept in [&mut strain.kept_database, &mut strain.kept_cache] {
            // Half of what is open is closed in three quarters of a minute.
            *kept = if *kept < 0.03 { 0.0 } else { *kept * 0.985 };
        }
        for (extra, most) in self.traffic.extra.iter_mut().zip(SPIKE) {
            approach(extra, spike * most, 0.02);
        }
    }

    /// Binds a fault of an application to the revision that a service runs: going back before it is the way out.
    pub(super) fn bind(&mut self, scenario: &Scenario, service: &str) {
        if let Some(revision) = self.ecs.services.get(service).map(|s| revision_of(&s.task_definition)) {
            self.strain.bound.push((scenario.clone(), revision));
        }
    }

    /// The first revision that has a fault which is in force.
    fn faulty_from(&self, scenario: &Scenario) -> Option<u32> {
        let bound = self.strain.bound.iter().find(|(known, _)| known == scenario);
        bound.map(|(_, revision)| *revision).filter(|_| self.in_force_now(scenario))
    }

    /// Whether a service has gone back to a revision without the fault.
    fn is_rolled_back(&self, scenario: &Scenario, service: &str) -> bool {
        let current = self.ecs.services.get(service).map(|s| revision_of(&s.task_definition));
        self.faulty_from(scenario).zip(current).is_some_and(|(faulty, current)| current < faulty) && !self.is_rolling(service)
    }

    /// Gives every running task of a looping service the moment at which it exits.
    fn crash_loops(&mut self) {
        let now = self.now;
        for service in SERVICES {
            let Some(faulty) = self.faulty_from(&Scenario::CrashLoop { service: service.to_owned() }) else { continue };
            let dice = &mut self.rng.scenes;
            let due = self.ecs.tasks.values_mut().filter(|t| t.service == service && t.is_running() && t.crash_at.is_none());
            for task in due.filter(|t| t.boot_until < Ms::MAX && revision_of(&t.task_definition) >= faulty) {
                // What runs already fails one by one within a minute; what starts serves long enough to be taken into service.
                let (from, life) = if task.boot_until > now { (task.boot_until, (60, 130)) } else { (now, (5, 90)) };
                task.crash_at = Some((from + dice.seconds(life.0, life.1), 1));
            }
        }
    }

    /// The tasks that are to exit are let live.
    pub(super) fn end_crash_loop(&mut self, service: &str) {
        for task in self.ecs.tasks.values_mut().filter(|t| t.service == service && t.is_running() && t.boot_until < Ms::MAX) {
            task.crash_at = None;
        }
    }

    /// Memory and connections that tasks do not give back.
    fn leak(&mut self) {
        let now = self.now;
        let memory = SERVICES.map(|service| self.faulty_from(&Scenario::OutOfMemory { service: service.to_owned() }));
        let connections = self.faulty_from(&Scenario::DbConnections);
        let full = self.rds.instance.is_full();
        for task in self.ecs.tasks.values_mut().filter(|t| t.is_running() && t.boot_until <= now) {
            let revision = revision_of(&task.task_definition);
            let faulty = SERVICES.iter().position(|service| *service == task.service).and_then(|i| memory.get(i).copied().flatten());
            if faulty.is_some_and(|from| revision >= from) {
                task.leaked_memory += LEAK * (0.7 + 0.6 * trait_of(task));
                if task.memory_percent >= KILLED_AT && task.crash_at.is_none() {
                    task.crash_at = Some((now, 137));
                }
            } else if task.leaked_memory > 0.0 {
                approach(&mut task.leaked_memory, 0.0, 0.02);
            }
            if task.service == CONTROL && connections.is_some_and(|from| revision >= from) {
                // What the database refuses cannot be leaked.
                task.leaked_connections += if full { 0.0 } else { LEAKED_CONNECTIONS };
            } else if task.leaked_connections > 0.0 {
                approach(&mut task.leaked_connections, 0.0, 0.03);
            }
        }
    }

    /// ECS itself is throttled in a storm: its scheduler says so once per service.
    fn say_throttled(&mut self) {
        let now = self.now;
        if !self.faults.iter().any(|f| f.scenario == Scenario::Throttling && now - f.since == 90 * SEC) {
            return;
        }
        for service in SERVICES {
            self.service_event(service, format!("(service {service}) operations are being throttled. Will try again later."));
        }
    }

    /// A cause that somebody has taken away by AWS's own operations is over.
    fn end_repaired(&mut self) {
        let over: Vec<Scenario> = self
            .faults
            .iter()
            .filter(|fault| match &fault.scenario {
                Scenario::GroupClosed { path } => self.path_is_open(*path),
                Scenario::ImagePull { service } => self.has_image(service) && !self.is_rolling(service),
                Scenario::CrashLoop { service } | Scenario::OutOfMemory { service } => self.is_rolled_back(&fault.scenario, service),
                Scenario::DbConnections => self.is_rolled_back(&fault.scenario, CONTROL),
                _ => false,
            })
            .map(|fault| fault.scenario.clone())
            .collect();
        for scenario in over {
            self.faults.retain(|fault| fault.scenario != scenario);
            match &scenario {
                Scenario::GroupClosed { path } => self.strain.closed.retain(|(known, _)| known != path),
                Scenario::ImagePull { service } => self.strain.images.retain(|(known, _)| known != service),
                _ => self.strain.bound.retain(|(known, _)| *known != scenario),
            }
        }
    }

    fn forget_passed(&mut self) {
        let now = self.now;
        let passing = std::mem::take(&mut self.strain.passing);
        self.strain.passing = passing.into_iter().filter(|fault| now - fault.since < FRESH || !self.is_undone(&fault.scenario)).collect();
    }
}
