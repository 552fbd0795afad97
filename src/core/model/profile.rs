//! What the database does inside: Performance Insights (load by wait event and statement) and Enhanced Monitoring (the host).
//! Asked for only while the database's pane is open.

use serde::{Deserialize, Serialize};

use super::Time;
use super::section::{Section, SectionKey};
use super::system::System;

/// One dimension's part of the load.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LoadPart {
    /// Wait event, or tokenised statement.
    pub name: String,
    /// Average active sessions.
    pub sessions: f64,
}

/// pi:GetResourceMetrics and DescribeDimensionKeys of the last minutes.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct DatabaseLoad {
    /// Average active sessions: (epoch seconds, value), oldest first.
    pub load: Vec<(i64, f64)>,
    /// By wait event, most first.
    pub waits: Vec<LoadPart>,
    /// By statement, most first.
    pub statements: Vec<LoadPart>,
    /// The span that `waits` and `statements` cover, seconds.
    pub span: i64,
}

impl Section for DatabaseLoad {
    const KEY: SectionKey = SectionKey("database_load");
    const TITLE: &'static str = "Performance Insights";
    const OF: Option<System> = Some(System::Database);
}

/// One process of the host.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Process {
    pub name: String,
    /// CPU, percent.
    pub cpu: f64,
    /// Memory, percent.
    pub memory: f64,
}

/// The newest Enhanced Monitoring event (logs:GetLogEvents of `RDSOSMetrics`).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct DatabaseHost {
    /// When it was taken.
    pub at: Option<Time>,
    /// `3 days, 02:11:40`.
    pub uptime: String,
    /// Virtual CPUs.
    pub cpus: i64,
    /// Percent: total, user, system, wait, steal.
    pub cpu: Vec<(String, f64)>,
    /// Load average over 1, 5, 15 minutes.
    pub load_average: Vec<f64>,
    /// Memory in bytes: total, free, cached, active, ...
    pub memory: Vec<(String, f64)>,
    /// Swap used, bytes.
    pub swap_used: Option<f64>,
    /// File systems: (mount point, used percent).
    pub file_systems: Vec<(String, f64)>,
    /// Disks: (device, reads/s, writes/s, await ms).
    pub disks: Vec<(String, f64, f64, f64)>,
    /// Tasks: running, sleeping, ...
    pub tasks: Vec<(String, i64)>,
    /// Most CPU first.
    pub processes: Vec<Process>,
}

impl Section for DatabaseHost {
    const KEY: SectionKey = SectionKey("database_host");
    const TITLE: &'static str = "Enhanced Monitoring";
    const OF: Option<System> = Some(System::Database);
}
