//! CloudWatch Logs as data: the log group, its streams and a ring of its last lines; the queries over them.
//! No generation here (see `logs` beside `state`). Read by the Logs handler.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::super::names::Ms;

/// All of CloudWatch Logs.
#[derive(Debug, Clone)]
pub struct Logs {
    /// Groups by name.
    pub groups: BTreeMap<String, LogGroup>,
    /// Queries of the last day by id.
    pub queries: BTreeMap<String, LogQuery>,
}

/// A Logs Insights query, with what it finds once its time is over.
#[derive(Debug, Clone)]
pub struct LogQuery {
    pub id: String,
    /// The first group that it asks.
    pub group: String,
    /// As it was given.
    pub text: String,
    /// When it was started.
    pub began: Ms,
    /// How long it runs.
    pub takes: Ms,
    /// When it was stopped.
    pub stopped: Option<Ms>,
    /// Names and values.
    pub rows: Vec<Vec<(String, String)>>,
    pub matched: u64,
    pub scanned: u64,
    pub bytes: u64,
}

#[derive(Debug, Clone)]
pub struct LogGroup {
    pub name: String,
    /// ARN ending in `:*`.
    pub arn: String,
    /// ARN without `:*`, as StartLiveTail wants it.
    pub log_group_arn: String,
    /// Retention, days; absent: for ever.
    pub retention_days: Option<u32>,
    /// `STANDARD`; what is of `INFREQUENT_ACCESS` or `DELIVERY` is read by queries only.
    pub class: &'static str,
    /// KMS key ARN, if the owner chose one.
    pub kms_key: Option<String>,
    /// Creation time.
    pub created_at: Ms,
    pub stored_bytes: u64,
    /// Streams by name.
    pub streams: BTreeMap<String, LogStream>,
    /// The last lines in order of time: at most 20,000 and about one hour.
    pub events: VecDeque<LogEvent>,
    /// Number the next event gets; never decreases, so a reader can follow the tail.
    pub next_id: u64,
}

#[derive(Debug, Clone)]
pub struct LogStream {
    /// Name, `<service>/<service>/<task id>`.
    pub name: Arc<str>,
    /// Full ARN.
    pub arn: String,
    /// Creation time.
    pub created_at: Ms,
    /// Timestamp of its first event.
    pub first_event: Option<Ms>,
    /// Timestamp of its last event.
    pub last_event: Option<Ms>,
    /// When its last event was ingested.
    pub last_ingestion: Option<Ms>,
}

/// One line.
#[derive(Debug, Clone)]
pub struct LogEvent {
    /// Running number within the group.
    pub id: u64,
    /// Time of the line.
    pub timestamp: Ms,
    /// When it was ingested.
    pub ingestion_time: Ms,
    pub stream: Arc<str>,
    /// Text.
    pub message: String,
}

impl LogEvent {
    /// The 56-digit event id of the wire: ordered as the lines are.
    pub fn event_id(&self) -> String {
        format!("{:020}{:036}", self.timestamp, self.id)
    }
}
