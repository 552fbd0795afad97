//! CloudWatch Logs: `tail`, the newest lines of every followed group; `group`, the first group and its streams; `merge`, what is new of what was
//! fetched; `back`, what is older; `window`, lines that a person asks for; `insights`, queries. Here is what they share: the operations, and how an event of the wire becomes ours.

mod back;
mod group;
pub mod insights;
mod merge;
mod tail;
mod tests;
mod window;

use std::sync::Arc;

use aws_sdk_cloudwatchlogs::types::FilteredLogEvent;

use crate::aws::convert::{millis, text};
use crate::aws::op::{Op, Scope};
use nextcore_core::log::ready::ready;
use nextcore_core::model::Time;
use nextcore_core::model::log::LogEvent;

pub(super) use group::GroupSource;
pub(super) use tail::TailSource;
pub use window::{Window, admitted, followed, last_of_task, why};

const FILTER: Op = Op::read("CloudWatch Logs", "FilterLogEvents", "logs:FilterLogEvents").on(Scope::Logs);
const GROUPS: Op = Op::read("CloudWatch Logs", "DescribeLogGroups", "logs:DescribeLogGroups").on(Scope::Any);
const STREAMS: Op = Op::read("CloudWatch Logs", "DescribeLogStreams", "logs:DescribeLogStreams").on(Scope::Logs);
const EVENTS: Op = Op::read("CloudWatch Logs", "GetLogEvents", "logs:GetLogEvents").on(Scope::Logs);

/// What no poll asks for, but a person.
pub(super) const ON_REQUEST: &[Op] = &[EVENTS, insights::START, insights::RESULTS, insights::STOP];

/// An event of a page, made safe, and when it was ingested.
fn taken(e: &FilteredLogEvent, of: &Arc<str>, now: Time, reveal: bool) -> (LogEvent, Time) {
    let event = LogEvent {
        id: text(e.event_id()),
        at: millis(e.timestamp()).unwrap_or(now),
        of: Arc::clone(of),
        stream: text(e.log_stream_name()),
        message: safe(e.message().unwrap_or_default(), reveal),
        ..LogEvent::default()
    };
    (event, millis(e.ingestion_time()).unwrap_or(now))
}

/// A message with its line breaks: what a terminal would obey is made visible, secrets are masked, and what is too long is clipped with a mark.
fn safe(message: &str, reveal: bool) -> String {
    ready(message.trim_end(), reveal).text
}
