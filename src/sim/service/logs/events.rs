//! Reading log lines: FilterLogEvents over a group, GetLogEvents over one stream.
//! A line is seen once it was ingested. Called through the table in `logs`.

use crate::wire::{ApiError, Params, Value, object, offset, token};
use crate::world::World;
use crate::world::state::{LogEvent, LogGroup};

use super::pattern::Pattern;
use super::{invalid, not_found, readable_group};

/// What one page of FilterLogEvents may look at. With a rare pattern that gives short or empty pages with a token, as in AWS.
const SCAN: usize = 5_000;
/// What one page may weigh.
const BYTES: usize = 1_000_000;
/// What AWS adds to the length of each message when it weighs a page.
const OVERHEAD: usize = 26;

/// The window of a request, epoch milliseconds: from `startTime` up to, not including, `endTime`.
fn window(params: &Params<'_>) -> Result<(i64, i64), ApiError> {
    let (start, end) = (params.int("startTime")?.unwrap_or(0), params.int("endTime")?.unwrap_or(i64::MAX));
    if start > end {
        return Err(invalid("endTime must be greater than or equal to startTime."));
    }
    Ok((start, end))
}

/// The lines of the window that were ingested by now, oldest first.
fn visible(group: &LogGroup, now: i64, (start, end): (i64, i64)) -> impl DoubleEndedIterator<Item = &LogEvent> {
    group.events.iter().filter(move |event| event.timestamp >= start && event.timestamp < end && event.ingestion_time <= now)
}

pub(super) fn filter_log_events(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let now = world.now;
    let group = readable_group(world, params, "FilterLogEvents")?;
    let (streams, prefix) = (params.strings("logStreamNames"), params.str("logStreamNamePrefix"));
    if !streams.is_empty() && prefix.is_some() {
        return Err(invalid("LogStream names and LogStream prefix are mutually exclusive parameters."));
    }
    if streams.iter().any(|name| !group.streams.contains_key(*name)) {
        return Err(not_found("log stream"));
    }
    let pattern = Pattern::parse(params.str("filterPattern").unwrap_or_default()).map_err(invalid)?;
    let limit = params.int_in("limit", 1..=10_000, 10_000)? as usize;
    let forward = params.bool("startFromHead")?.unwrap_or(true);
    let window = window(params)?;
    let question = format!("FilterLogEvents {} {streams:?} {prefix:?} {:?}", group.name, params.str("filterPattern"));
    let from = match params.str("nextToken") {
        None => None,
        Some(token) => Some(offset(token, &question).ok_or_else(|| invalid("The specified nextToken is invalid."))? as u64),
    };
    let wanted = |event: &LogEvent| {
        let stream = event.stream.as_ref();
        (streams.is_empty() || streams.contains(&stream))
            && prefix.is_none_or(|prefix| stream.starts_with(prefix))
            && pattern.matches(&event.message)
    };
    let (events, next) = if forward {
        let ahead = visible(group, now, window).filter(|event| from.is_none_or(|from| event.id >= from));
        take(ahead, wanted, limit)
    } else {
        let back = visible(group, now, window).rev().filter(|event| from.is_none_or(|from| event.id <= from));
        take(back, wanted, limit)
    };
    Ok(object! {
        "events" => Value::members(events.into_iter().map(filtered)),
        "searchedLogStreams" => Value::members::<Value>([]),
        "nextToken" => next.map(|id| token(id as usize, &question)),
    })
}

/// One page of the wanted lines, and the number of the line at which the next page begins.
fn take<'w>(
    lines: impl Iterator<Item = &'w LogEvent>,
    wanted: impl Fn(&LogEvent) -> bool,
    limit: usize,
) -> (Vec<&'w LogEvent>, Option<u64>) {
    let (mut taken, mut bytes) = (Vec::new(), 0);
    for (scanned, event) in lines.enumerate() {
        if scanned >= SCAN || taken.len() >= limit {
            return (taken, Some(event.id));
        }
        if wanted(event) {
            bytes += event.message.len() + OVERHEAD;
            if bytes > BYTES && !taken.is_empty() {
                return (taken, Some(event.id));
            }
            taken.push(event);
        }
    }
    (taken, None)
}

fn filtered(event: &LogEvent) -> Value {
    object! {
        "logStreamName" => event.stream.as_ref(),
        "timestamp" => event.timestamp,
        "message" => &event.message,
        "ingestionTime" => event.ingestion_time,
        "eventId" => event.event_id(),
    }
}

/// As many lines as one page may weigh, and one at least.
fn fitting<'w>(lines: impl Iterator<Item = &'w LogEvent>) -> Vec<&'w LogEvent> {
    let mut bytes = 0;
    let fits = |event: &&LogEvent| {
        let first = bytes == 0;
        bytes += event.message.len() + OVERHEAD;
        first || bytes <= BYTES
    };
    lines.take_while(fits).collect()
}

/// Tokens here are places between lines: `f/` reads on from there, `b/` reads back from there. At either end the same
/// token comes back, which is how a reader of GetLogEvents knows that it has arrived.
pub(super) fn get_log_events(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let now = world.now;
    let group = readable_group(world, params, "GetLogEvents")?;
    let name = params.required("logStreamName")?;
    if !group.streams.contains_key(name) {
        return Err(not_found("log stream"));
    }
    let limit = params.int_in("limit", 1..=10_000, 10_000)? as usize;
    let window = window(params)?;
    let question = format!("GetLogEvents {} {name}", group.name);
    let lines = || visible(group, now, window).filter(|event| event.stream.as_ref() == name);
    let place = |text: &str| offset(text, &question).map(|id| id as u64);
    let (forward, from) = match params.str("nextToken") {
        None => (params.bool("startFromHead")?.unwrap_or(false), None),
        Some(given) => {
            let (forward, place) = match given.split_once('/') {
                Some(("f", text)) => (true, place(text)),
                Some(("b", text)) => (false, place(text)),
                _ => (true, None),
            };
            (forward, Some(place.ok_or_else(|| invalid("The specified nextToken is invalid."))?))
        }
    };
    let page: Vec<&LogEvent> = if forward {
        fitting(lines().filter(|event| from.is_none_or(|from| event.id >= from)).take(limit))
    } else {
        let mut page = fitting(lines().rev().filter(|event| from.is_none_or(|from| event.id < from)).take(limit));
        page.reverse();
        page
    };
    let here = from.unwrap_or(group.next_id);
    let after = page.last().map_or(here, |event| event.id + 1);
    let before = page.first().map_or(here, |event| event.id);
    let lines = page.into_iter().map(|event| {
        object! { "timestamp" => event.timestamp, "message" => &event.message, "ingestionTime" => event.ingestion_time }
    });
    Ok(object! {
        "events" => Value::members(lines),
        "nextForwardToken" => format!("f/{}", token(after as usize, &question)),
        "nextBackwardToken" => format!("b/{}", token(before as usize, &question)),
    })
}
