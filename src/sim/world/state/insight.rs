//! What Performance Insights and Enhanced Monitoring keep of the database: samples of its load, and the host's age.
//! No sampling here (see `insight` beside `state`), and no shapes of the wire. Read by the Performance Insights handler.

use std::collections::VecDeque;

use super::super::names::Ms;

/// The figures of one second of the database, or their mean over a span.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct DbFigures {
    /// Sessions on CPU.
    pub on_cpu: f64,
    /// Sessions waiting for pages to be read.
    pub on_reads: f64,
    /// Sessions waiting for the write-ahead log, or for somebody who waits for it.
    pub on_writes: f64,
    /// Sessions waiting because the cache is cold.
    pub on_cold: f64,
    /// Sessions on CPU with a statement that reads a whole table for want of an index.
    pub on_scans: f64,
    /// Queries per second of the API.
    pub api_queries: f64,
    /// Queries per second of the workers.
    pub job_queries: f64,
    /// CPU of the host, percent.
    pub cpu_percent: f64,
    /// Open connections.
    pub connections: f64,
    /// Read operations per second.
    pub reads: f64,
    /// Write operations per second.
    pub writes: f64,
    /// Seconds that a read takes.
    pub read_latency: f64,
    /// Seconds that a write takes.
    pub write_latency: f64,
    /// Memory that could be given to somebody else, bytes.
    pub freeable: f64,
}

impl DbFigures {
    /// Average active sessions: the sum of what sessions do.
    pub fn load(&self) -> f64 {
        self.on_cpu + self.on_reads + self.on_writes + self.on_cold + self.on_scans
    }

    /// Sessions that wait.
    pub fn waiting(&self) -> f64 {
        self.on_reads + self.on_writes + self.on_cold
    }

    /// Queries per second.
    pub fn queries(&self) -> f64 {
        self.api_queries + self.job_queries
    }

    /// Adds `other` times `factor`, figure by figure.
    pub(in super::super) fn add(&mut self, other: &Self, factor: f64) {
        for (mine, theirs) in self.all_mut().into_iter().zip(other.all()) {
            *mine += theirs * factor;
        }
    }

    fn all_mut(&mut self) -> [&mut f64; 14] {
        [
            &mut self.on_cpu,
            &mut self.on_reads,
            &mut self.on_writes,
            &mut self.on_cold,
            &mut self.on_scans,
            &mut self.api_queries,
            &mut self.job_queries,
            &mut self.cpu_percent,
            &mut self.connections,
            &mut self.reads,
            &mut self.writes,
            &mut self.read_latency,
            &mut self.write_latency,
            &mut self.freeable,
        ]
    }

    fn all(mut self) -> [f64; 14] {
        self.all_mut().map(|figure| *figure)
    }
}

/// Seconds being added up to a mean.
#[derive(Debug, Clone, Copy, Default)]
pub struct DbMean {
    sum: DbFigures,
    seconds: f64,
}

impl DbMean {
    /// Adds a second.
    pub(in super::super) fn add(&mut self, figures: &DbFigures) {
        self.sum.add(figures, 1.0);
        self.seconds += 1.0;
    }

    /// The mean so far, and begins anew; nothing without a second.
    pub(in super::super) fn take(&mut self) -> Option<DbFigures> {
        let DbMean { sum, seconds } = std::mem::take(self);
        let mut mean = DbFigures::default();
        mean.add(&sum, 1.0 / seconds.max(1.0));
        (seconds > 0.0).then_some(mean)
    }
}

/// A span of the database as Performance Insights keeps it.
#[derive(Debug, Clone, Copy)]
pub struct DbSample {
    /// Start of the span.
    pub t: Ms,
    /// The means over it.
    pub figures: DbFigures,
}

/// Everything kept about the inside of the database.
#[derive(Debug, Clone)]
pub struct DbInsight {
    /// Samples in order of time; empty while Performance Insights is off.
    pub samples: VecDeque<DbSample>,
    /// Load average of the host over 1, 5 and 15 minutes.
    pub load_average: [f64; 3],
    /// When the host of the primary was started.
    pub host_since: Ms,
    /// When the host of the standby was started.
    pub standby_since: Ms,
    /// The running sample.
    pub(in super::super) sample: DbMean,
    /// The running Enhanced Monitoring interval.
    pub(in super::super) interval: DbMean,
}
