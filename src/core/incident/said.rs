//! What a service logged while an incident goes on: its lines that a rule's query finds, by their kind, a kind that was not there before
//! first. It opens and closes nothing: a log may be silent. Called by `detector` for what is told of an incident.

use std::collections::HashMap;

use chrono::TimeDelta;

use super::record::Evidence;
use crate::log::level::Level;
use crate::log::pattern::Patterns;
use crate::log::query::{Line, Query, fold};
use crate::model::Time;
use crate::model::log::{LogEvent, LogTail};
use crate::model::store::Store;
use crate::model::text;

/// Lines are written before AWS says that anything is wrong.
const BEFORE: TimeDelta = TimeDelta::minutes(2);
/// So long before that a kind of lines would have been seen, if it were an old one.
const EARLIER: TimeDelta = TimeDelta::minutes(15);
/// Lines that are looked at; a rule is asked about every service.
const MOST: usize = 4000;
const CLIP: usize = 200;

/// What of the log belongs to a rule.
#[derive(Debug)]
pub(super) struct Logged {
    /// The service; `{it}` is the subject. Empty: all.
    pub(super) of: String,
    pub(super) query: Query,
}

/// The lines of one kind since then.
struct Seen<'t> {
    count: u64,
    /// The first of them: what is told stays as it was told.
    first: &'t LogEvent,
}

/// The most telling kind of lines since the incident began; none where nothing was logged that the query finds.
pub(super) fn said(logged: &Logged, it: &str, store: &Store, since: Time) -> Option<Evidence> {
    // A node's name holds that of its service.
    let it = it.strip_prefix("svc/").unwrap_or(it);
    let of = logged.of.replace("{it}", it);
    let (from, earlier) = (since - BEFORE, since - BEFORE - EARLIER);
    let tail = store.get::<LogTail>()?;
    let recent = tail.events.iter().rev().take_while(|e| e.arrived() >= earlier);
    let mut found: Vec<(&LogEvent, Level)> =
        recent.filter(|e| of.is_empty() || e.service() == of).take(MOST).filter_map(|e| fits(&logged.query, e)).collect();
    found.reverse();
    let mut patterns = Patterns::new(256);
    let mut kinds: HashMap<u64, Seen<'_>> = HashMap::new();
    for (event, level) in found {
        let id = patterns.add(head(event), event.arrived(), event.service(), level);
        if event.arrived() >= from {
            kinds.entry(id).or_insert(Seen { count: 0, first: event }).count += 1;
        }
    }
    let is_new = |id: u64| patterns.get(id).is_some_and(|p| p.first >= from);
    let (_, seen) = kinds.into_iter().max_by_key(|(id, seen)| (is_new(*id), seen.count, std::cmp::Reverse(*id)))?;
    let times = match seen.count {
        1 => "",
        2..10 => " (again and again)",
        10..100 => " (more than 10 times)",
        _ => " (more than 100 times)",
    };
    let text = format!("{} logged: {}{times}", seen.first.service(), text::clip(head(seen.first), CLIP));
    Some(Evidence { text, source: "logs".to_owned(), at: Some(seen.first.arrived()) })
}

fn head(event: &LogEvent) -> &str {
    event.message.lines().next().unwrap_or_default()
}

fn fits<'t>(query: &Query, event: &'t LogEvent) -> Option<(&'t LogEvent, Level)> {
    let level = Level::of(&event.message);
    let folded = fold(&event.message);
    let line = Line {
        text: &event.message,
        folded: &folded,
        level,
        service: event.service(),
        stream: &event.stream,
        is_json: event.message.starts_with('{'),
    };
    query.matches(&line).then_some((event, level))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;

    fn at(second: i64) -> Time {
        Time::from_timestamp(1_800_000_000 + second, 0).unwrap()
    }

    fn store(lines: &[(i64, &str, &str)]) -> Store {
        let event = |(i, (second, service, message)): (usize, &(i64, &str, &str))| {
            let stream = format!("{service}/{service}/1");
            Arc::new(LogEvent { seq: i as u64, at: at(*second), stream, message: (*message).to_owned(), ..LogEvent::default() })
        };
        let mut store = Store::default();
        let tail = LogTail { events: lines.iter().enumerate().map(event).collect(), ..LogTail::default() };
        store.put(tail, at(0), Duration::from_secs(5));
        store
    }

    #[test]
    fn a_new_kind_of_error_is_told_before_one_that_was_always_there() {
        let noise = "ERROR search KeyError: 'embedding'";
        let lines = [
            (-600, "api", noise),
            (-300, "api", noise),
            (5, "api", noise),
            (10, "web", "ERROR boot not of this service"),
            (20, "api", "INFO boot starting"),
            (21, "api", "ERROR boot ImproperlyConfigured: set FEATURE_FLAGS_URL"),
            (30, "api", noise),
            (40, "api", noise),
        ];
        let logged = Logged { of: "{it}".to_owned(), query: Query::parse("level:error").unwrap() };
        let told = said(&logged, "api", &store(&lines), at(0)).unwrap();
        assert_eq!(told.text, "api logged: ERROR boot ImproperlyConfigured: set FEATURE_FLAGS_URL");
        assert_eq!((told.source.as_str(), told.at), ("logs", Some(at(21))));
        let told = said(&logged, "svc/api", &store(&lines[..5]), at(0)).unwrap();
        assert_eq!(told.text, format!("api logged: {noise}"), "an old kind, where there is no new one");
        assert_eq!(said(&logged, "worker", &store(&lines), at(0)), None);
    }
}
