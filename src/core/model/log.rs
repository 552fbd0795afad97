//! CloudWatch Logs: the group, its streams, and the tail of its events.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::Time;
use super::section::{Section, SectionKey};
use super::system::System;

/// One log event; the message is sanitised before it gets here.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LogEvent {
    /// AWS's event id: what duplicates are recognised by.
    pub id: String,
    /// Event time: what its writer says.
    pub at: Time,
    /// When it was received, where its own time lies behind that: such an event comes from the future.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received: Option<Time>,
    /// `<prefix>/<container>/<task-id>`.
    pub stream: String,
    /// One line.
    pub message: String,
}

impl LogEvent {
    /// Where it stands among the others: its time, but not one that had not come when it was received.
    pub fn arrived(&self) -> Time {
        self.received.unwrap_or(self.at)
    }

    /// The service: the stream's first part.
    pub fn service(&self) -> &str {
        self.stream.split('/').next().unwrap_or(&self.stream)
    }
}

/// The newest events of the configured group.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LogTail {
    /// Oldest first, bounded.
    pub events: VecDeque<LogEvent>,
    /// Counts every event ever seen, so that a paused view can say how many it is behind.
    pub total: u64,
    /// The newest page was cut off: there is more than was fetched.
    pub truncated: bool,
}

impl Section for LogTail {
    const KEY: SectionKey = SectionKey("logs");
    const TITLE: &'static str = "logs";
    const OF: Option<System> = Some(System::Logs);
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LogStream {
    pub name: String,
    pub last_ingestion: Option<Time>,
    pub last_event: Option<Time>,
}

impl LogStream {
    /// When it last had an event, as far as that can be: a writer whose clock is ahead does not make it live.
    pub(crate) fn last(&self, now: Time) -> Option<Time> {
        self.last_ingestion.max(self.last_event.filter(|at| *at <= now))
    }
}

/// logs:DescribeLogGroups + DescribeLogStreams of the configured group.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LogGroup {
    pub name: String,
    /// ARN without `:*`.
    pub arn: String,
    pub kms_key: Option<String>,
    /// Days; `None` = for ever.
    pub retention_days: Option<i32>,
    pub stored_bytes: i64,
    /// Most recent first.
    pub streams: Vec<LogStream>,
}

impl Section for LogGroup {
    const KEY: SectionKey = SectionKey("log_group");
    const TITLE: &'static str = "log group";
    const OF: Option<System> = Some(System::Logs);
}
