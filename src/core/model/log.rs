//! CloudWatch Logs: the group, its streams, and the tail of its events.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};

use super::Time;
use super::section::{Section, SectionKey};
use super::system::System;

/// One log event; the message is made safe and its secrets are masked before it gets here.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LogEvent {
    /// AWS's event id: what duplicates are recognised by.
    pub id: String,
    /// Its number since the start: events are numbered as they are taken, whatever their time.
    #[serde(default)]
    pub seq: u64,
    /// Event time: what its writer says.
    pub at: Time,
    /// When it was received, where its own time lies behind that: such an event comes from the future.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received: Option<Time>,
    /// It came after newer ones of its group had been shown, and was put into its place.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub late: bool,
    /// Whose group it stands in, where that is not one that all services share: a service, or `db`, `alb`, `build`. Else empty.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub of: Arc<str>,
    /// `<prefix>/<container>/<task-id>`.
    pub stream: String,
    /// Its text; several lines where its writer sent them as one event.
    pub message: String,
}

impl LogEvent {
    /// Where it stands among the others: its time, but not one that had not come when it was received.
    pub fn arrived(&self) -> Time {
        self.received.unwrap_or(self.at)
    }

    /// The service: that of its group, else the stream's first part.
    pub fn service(&self) -> &str {
        if self.of.is_empty() { self.stream.split('/').next().unwrap_or(&self.stream) } else { &self.of }
    }
}

/// How one log group is followed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Followed {
    /// The group's name.
    pub name: String,
    /// Why it is not read now, in one sentence with the way that is left; what was read before stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Milliseconds that lay between an event and its arrival at CloudWatch, for the slowest of the last poll that had any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lateness_ms: Option<i64>,
}

/// A span in which events may be missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogGap {
    pub from: Time,
    pub to: Time,
    /// `more than 5 pages in one poll`.
    pub why: String,
}

/// How far a group was read: what its source remembers between polls.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Progress {
    /// Where the first poll began: what is older is not of this tail, and not late.
    pub began: Option<Time>,
    /// All that had reached CloudWatch by then was read, but for what came later than the window.
    pub horizon: Option<Time>,
    /// So far before it the next poll begins.
    pub window_ms: i64,
    /// When it was last looked as far back as anybody is late.
    pub probed: Option<Time>,
    /// Pages of the last poll.
    pub pages: usize,
    /// The newest that was taken.
    pub newest: Option<Time>,
    /// Where the reading was cut off: the next poll goes on there.
    pub cut: Option<Cut>,
    /// Polls in a row in which it could not be read, and when it is asked again.
    pub failures: u32,
    pub again: Option<Time>,
}

/// A reading that was cut off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// The time of the last event that was read.
    pub at: Time,
    /// Up to where all is read once the rest is.
    pub horizon: Option<Time>,
    /// When it was cut off first.
    pub since: Time,
    /// Events that were read since the first cut.
    pub read: usize,
}

/// How far older lines were read, because a person asked for them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Back {
    /// From here on all was read; `None` before the first poll.
    pub to: Option<Time>,
    /// How much is read at once: less, where much was written.
    pub span_ms: i64,
    /// Events that came this way: they are no news.
    pub taken: u64,
    /// Why nothing older can be kept or read.
    pub end: Option<String>,
}

/// The newest events of the followed groups.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LogTail {
    /// By the time of their arrival, then by number; oldest first, bounded. A document holds the newest `IN_DOCUMENTS`.
    #[serde(serialize_with = "newest")]
    pub events: VecDeque<Arc<LogEvent>>,
    /// How many events were ever taken: the next one's number.
    pub total: u64,
    /// How many of them have left since, the oldest first.
    #[serde(default)]
    pub dropped: u64,
    /// The groups that are followed, in the order of the configuration.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<Followed>,
    /// Spans in which events may be missing, oldest first, as far as the buffer reaches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<LogGap>,
    /// The newest page was cut off: there is more than was fetched.
    pub truncated: bool,
    /// How far each group was read, by its name; of no document.
    #[serde(skip)]
    pub progress: BTreeMap<String, Progress>,
    #[serde(skip)]
    pub back: Back,
    /// When the last one that left had arrived.
    #[serde(skip)]
    pub floor: Option<Time>,
}

/// Events of a document: expressions read them once a second.
pub const IN_DOCUMENTS: usize = 5000;

fn newest<S: Serializer>(events: &VecDeque<Arc<LogEvent>>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(events.iter().skip(events.len().saturating_sub(IN_DOCUMENTS)))
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
