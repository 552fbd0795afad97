//! CloudWatch Logs of the configured group: the tail by FilterLogEvents with duplicates recognised by event id, and the group's streams.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;

use super::{Context, Part, TWENTY, TWO_MINUTES};
use crate::aws::convert::{millis, text, text_opt};
use crate::aws::error::problem_of;
use crate::aws::op::{Op, Scope};
use crate::aws::page::Pages;
use crate::aws::page::sent;
use nextcore_core::log::ready::ready;
use nextcore_core::model::Time;
use nextcore_core::model::log::{LogEvent, LogGroup, LogStream, LogTail};
use nextcore_core::model::section::{Problem, ProblemKind};
use nextcore_core::model::store::Store;

const FILTER: Op = Op::read("CloudWatch Logs", "FilterLogEvents", "logs:FilterLogEvents").on(Scope::Logs);
const GROUPS: Op = Op::read("CloudWatch Logs", "DescribeLogGroups", "logs:DescribeLogGroups").on(Scope::Any);
const STREAMS: Op = Op::read("CloudWatch Logs", "DescribeLogStreams", "logs:DescribeLogStreams").on(Scope::Logs);
/// How far back the first poll reaches.
const FIRST_LOOK: TimeDelta = TimeDelta::minutes(2);
/// Events that arrive later than this behind newer ones are missed; earlier ones are merged into place.
const OVERLAP: TimeDelta = TimeDelta::seconds(20);
/// Clocks differ by so much: what is further ahead of its receipt comes from the future.
const AHEAD: TimeDelta = TimeDelta::seconds(5);
/// Pages of up to 1 MB or 10,000 events that one poll reads.
const PAGES: usize = 5;
/// Events kept.
const KEEP: usize = 5000;

pub(super) struct TailSource;

impl super::Source for TailSource {
    type Out = LogTail;
    const READS: &'static [Op] = &[FILTER];
    // FilterLogEvents allows 5 to 10 a second for everybody in the region.
    const CLOSELY: Option<Duration> = Some(Duration::from_secs(3));

    fn every(_: &Store) -> Duration {
        TWENTY
    }

    async fn poll(cx: Arc<Context>) -> Result<LogTail, Problem> {
        let before = cx.store.get::<LogTail>();
        let newest = before.and_then(|t| t.events.back()).map(|e| e.arrived());
        let from = newest.map_or(cx.now - FIRST_LOOK, |at| at - OVERLAP);
        let request = cx.clients.logs.filter_log_events().log_group_name(&cx.stack.log_group).start_time(from.timestamp_millis());
        let (mut pages, mut token) = (Pages::of(FILTER), None);
        let mut fetched = Vec::new();
        let mut truncated = false;
        for read in 1..=PAGES {
            let page = request.clone().set_next_token(token.take()).send().await.map_err(|e| problem_of(FILTER, &e))?;
            fetched.extend(page.events().iter().map(|e| {
                let (at, received) = (millis(e.timestamp()).unwrap_or(cx.now), millis(e.ingestion_time()).unwrap_or(cx.now));
                LogEvent {
                    id: text(e.event_id()),
                    at,
                    received: Some(received).filter(|received| at - *received > AHEAD),
                    stream: text(e.log_stream_name()),
                    message: line(e.message().unwrap_or_default()),
                    ..LogEvent::default()
                }
            }));
            token = pages.after(page.next_token)?;
            truncated = read == PAGES && token.is_some();
            if token.is_none() {
                break;
            }
        }
        let before = before.cloned().unwrap_or_default();
        Ok(merge(before, fetched, from, truncated))
    }
}

/// A message as one line: what a terminal would obey is made visible, secrets are masked, and what is too long is clipped with a mark.
fn line(message: &str) -> String {
    let mut text = ready(message.trim_end(), false).text;
    if text.contains('\n') {
        text = text.replace('\n', " ");
    }
    text
}

/// Appends what is new: an event is known by its id, or where a cloud gives none, by everything that it says.
fn merge(before: LogTail, fetched: Vec<LogEvent>, from: Time, truncated: bool) -> LogTail {
    let LogTail { mut events, mut total, mut dropped, groups, gaps, .. } = before;
    let mut overlap: Vec<Arc<LogEvent>> = Vec::new();
    while events.back().is_some_and(|e| e.arrived() >= from) {
        overlap.extend(events.pop_back());
    }
    overlap.reverse();
    let key = |e: &LogEvent| if e.id.is_empty() { format!("{}|{}|{}", e.at.timestamp_millis(), e.stream, e.message) } else { e.id.clone() };
    // What comes from the future is fetched until its time is over.
    let known: BTreeSet<String> = overlap.iter().chain(events.iter().filter(|e| e.received.is_some())).map(|e| key(e)).collect();
    let newest = overlap.last().map(|e| e.arrived());
    for event in fetched {
        if !known.contains(&key(&event)) {
            let late = newest.is_some_and(|newest| event.arrived() < newest);
            overlap.push(Arc::new(LogEvent { seq: total, late, ..event }));
            total += 1;
        }
    }
    overlap.sort_by_key(|e| (e.arrived(), e.seq));
    events.extend(overlap);
    dropped += trim(&mut events);
    LogTail { events, total, dropped, groups, gaps, truncated }
}

/// How many events were dropped.
fn trim(events: &mut VecDeque<Arc<LogEvent>>) -> u64 {
    let surplus = events.len().saturating_sub(KEEP);
    events.drain(..surplus);
    surplus as u64
}

pub(super) struct GroupSource;

impl super::Source for GroupSource {
    type Out = LogGroup;
    const READS: &'static [Op] = &[GROUPS, STREAMS];

    fn every(_: &Store) -> Duration {
        TWO_MINUTES
    }

    async fn poll(cx: Arc<Context>) -> Result<LogGroup, Problem> {
        let logs = &cx.clients.logs;
        let name = cx.stack.log_group.as_str();
        let out = logs.describe_log_groups().log_group_name_prefix(name).send().await.map_err(|e| problem_of(GROUPS, &e))?;
        let Some(group) = sent(GROUPS, "log groups", out.log_groups.as_ref())?.iter().find(|g| g.log_group_name() == Some(name)) else {
            return Err(Problem {
                kind: ProblemKind::NotFound,
                headline: format!("{}: no log group '{name}'", GROUPS.label()),
                hint: "check stack.log_group in the configuration".to_owned(),
                permission: None,
            });
        };
        let request = logs.describe_log_streams().log_group_name(name).descending(true).limit(50);
        let request = request.order_by(aws_sdk_cloudwatchlogs::types::OrderBy::LastEventTime);
        let streams = cx.part(Part::judged("streams", "", "streams"), request.send().await.map_err(|e| problem_of(STREAMS, &e)))?;
        Ok(LogGroup {
            name: text(group.log_group_name()),
            arn: text(group.log_group_arn().or(group.arn()).map(|a| a.trim_end_matches(":*"))),
            kms_key: text_opt(group.kms_key_id()),
            retention_days: group.retention_in_days(),
            stored_bytes: group.stored_bytes().unwrap_or_default(),
            streams: streams
                .iter()
                .flat_map(aws_sdk_cloudwatchlogs::operation::describe_log_streams::DescribeLogStreamsOutput::log_streams)
                .map(|s| LogStream {
                    name: text(s.log_stream_name()),
                    last_ingestion: millis(s.last_ingestion_time()),
                    last_event: millis(s.last_event_timestamp()),
                })
                .collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: &str, second: i64, message: &str) -> LogEvent {
        LogEvent {
            id: id.to_owned(),
            at: Time::from_timestamp(second, 0).unwrap_or_default(),
            stream: "web/web/1".to_owned(),
            message: message.to_owned(),
            ..LogEvent::default()
        }
    }

    fn at(second: i64) -> Time {
        Time::from_timestamp(second, 0).unwrap_or_default()
    }

    #[test]
    fn a_message_is_one_line_without_secrets_and_hides_nothing() {
        for (raw, shown) in [
            ("Traceback\n  File \"x.py\"\n", "Traceback   File \"x.py\""),
            ("\u{1b}]0;title that never ends", "\u{241b}]0;title that never ends"),
            ("\u{1b}[31mred\u{1b}[0m", "red"),
            ("plain", "plain"),
        ] {
            assert_eq!(line(raw), shown);
        }
        let told = line("using AKIAIOSFODNN7EXAMPLE and postgres://app:hunter22@db/x");
        assert!(!told.contains("AKIAIOSFODNN7EXAMPLE") && !told.contains("hunter22") && told.contains("postgres://"), "{told}");
        assert!(line(&"x".repeat(3 << 20)).len() < 10_000, "a line of megabytes is clipped");
    }

    #[test]
    fn two_events_of_the_same_millisecond_are_both_kept_and_a_repeat_is_not() {
        let first = merge(LogTail::default(), vec![event("a", 10, "x"), event("b", 10, "x")], at(0), false);
        let second = merge(first, vec![event("b", 10, "x"), event("c", 10, "x")], at(5), false);
        let ids: Vec<&str> = second.events.iter().map(|e| e.id.as_str()).collect();
        assert_eq!(ids, ["a", "b", "c"]);
        assert_eq!(second.total, 3);
    }

    #[test]
    fn a_late_event_is_merged_into_its_place() {
        let first = merge(LogTail::default(), vec![event("a", 10, "x"), event("c", 30, "x")], at(0), false);
        let second = merge(first, vec![event("b", 20, "late"), event("c", 30, "x")], at(12), false);
        let ids: Vec<&str> = second.events.iter().map(|e| e.id.as_str()).collect();
        assert_eq!(ids, ["a", "b", "c"]);
    }

    #[test]
    fn without_ids_the_content_is_the_identity() {
        let first = merge(LogTail::default(), vec![event("", 10, "x")], at(0), false);
        let second = merge(first, vec![event("", 10, "x"), event("", 10, "y")], at(5), false);
        assert_eq!(second.events.len(), 2);
    }

    #[test]
    fn an_event_from_the_future_stands_where_it_arrived_and_is_taken_once() {
        let ahead = LogEvent { received: Some(at(20)), ..event("b", 3600, "ahead") };
        let first = merge(LogTail::default(), vec![event("a", 10, "x"), ahead.clone()], at(0), false);
        // By then it is older than what is fetched again, and still fetched.
        let second = merge(first, vec![ahead.clone(), event("c", 60, "x")], at(50), false);
        let third = merge(second, vec![ahead, event("d", 70, "x")], at(55), false);
        let ids: Vec<&str> = third.events.iter().map(|e| e.id.as_str()).collect();
        assert_eq!((ids, third.total), (vec!["a", "b", "c", "d"], 4));
    }

    #[test]
    fn the_tail_is_bounded() {
        let many = (0..KEEP as i64 + 100).map(|i| event(&i.to_string(), i, "x")).collect();
        let tail = merge(LogTail::default(), many, at(0), false);
        assert_eq!(tail.events.len(), KEEP);
        assert_eq!(tail.total, KEEP as u64 + 100);
    }
}
