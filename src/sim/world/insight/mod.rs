//! The inside of the database: who its sessions are and what they wait for, sampled every ten seconds.
//! The load itself is `rds`'s; here it is told apart by statement and wait event. Also writes Enhanced Monitoring (`host`).

mod host;
mod statements;

pub use host::{CpuSplit, cpu_split, memory_split};
pub use statements::{STATEMENTS, Statement, User, WAITS, Wait};

use super::World;
use super::names::{HOUR, Ms, SEC};
use super::state::{DbFigures, DbSample, FailoverCause};

/// Span of a sample.
pub const SAMPLE: Ms = 10 * SEC;
/// The statement that reads a whole table when its index is gone.
const SCANNING: usize = 1;
/// How long samples stay.
const KEEP: Ms = 6 * HOUR;

/// A part of the load of a sample: the sessions that run one statement and wait for one thing.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    pub statement: &'static Statement,
    /// What its sessions do.
    pub wait: &'static Wait,
    /// Average active sessions.
    pub load: f64,
}

/// A number in 0..1 that is the same for the same sample and statement: statements come and go, with no random draw.
fn wander(t: Ms, index: usize) -> f64 {
    let mix = (t as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (index as u64 + 1).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mix = (mix ^ (mix >> 29)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mix >> 11) as f64 / (1_u64 << 53) as f64
}

impl DbSample {
    /// The load of the sample, told apart. The parts add up to [`DbFigures::load`].
    pub fn parts(&self) -> Vec<Part> {
        let figures = &self.figures;
        let jobs = figures.job_queries / figures.queries().max(1e-9);
        let mut parts = Vec::with_capacity(64);
        for (cause, load) in [figures.on_cpu, figures.on_reads, figures.on_writes, figures.on_cold].into_iter().enumerate() {
            let weight = |(index, statement): (usize, &Statement)| {
                let asked = match statement.user {
                    User::Api => 1.0 - jobs,
                    User::Worker => jobs,
                    User::Rds => 0.05,
                };
                statement.weights[cause] * asked * (0.6 + 0.8 * wander(self.t, index))
            };
            let total: f64 = STATEMENTS.iter().enumerate().map(weight).sum();
            for (index, statement) in STATEMENTS.iter().enumerate() {
                let mine = load * weight((index, statement)) / total.max(1e-12);
                for wait in WAITS {
                    let share = wait.shares[cause];
                    if mine * share > 0.0 {
                        parts.push(Part { statement, wait, load: mine * share });
                    }
                }
            }
        }
        if let Some((statement, wait)) = STATEMENTS.get(SCANNING).zip(WAITS.first()).filter(|_| figures.on_scans > 0.0) {
            parts.push(Part { statement, wait, load: figures.on_scans });
        }
        parts
    }
}

impl World {
    /// Takes one second of the database into the running sample and the running Enhanced Monitoring interval.
    pub(super) fn sample_database(&mut self, figures: &DbFigures) {
        let now = self.now;
        let insight = &mut self.rds.insight;
        for (average, minutes) in insight.load_average.iter_mut().zip([1.0, 5.0, 15.0]) {
            *average += (figures.load() * 1.1 - *average) / (60.0 * minutes);
        }
        insight.sample.add(figures);
        insight.interval.add(figures);
        if now.rem_euclid(SAMPLE) == 0 {
            let taken = insight.sample.take();
            if let Some(figures) = taken.filter(|_| self.rds.instance.performance_insights) {
                insight.samples.push_back(DbSample { t: now - SAMPLE, figures });
            }
            while insight.samples.front().is_some_and(|sample| sample.t < now - KEEP) {
                insight.samples.pop_front();
            }
        }
        let every = Ms::from(self.rds.instance.monitoring_interval) * SEC;
        if every > 0 && now.rem_euclid(every) == 0 {
            let taken = self.rds.insight.interval.take();
            // A host that is gone tells nothing; a restart of the database alone leaves its agent running.
            let failover = self.rds.instance.failover.as_ref();
            let host = self.rds.instance.accepting || failover.is_some_and(|failover| failover.cause == FailoverCause::Reboot);
            if let Some(figures) = taken.filter(|_| host) {
                self.write_host_event(&figures);
            }
        }
    }
}
