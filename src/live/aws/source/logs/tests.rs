//! What becomes of events on their way into the tail: single cases, and a cloud of random arrivals, pages, throttles and restarts.
#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::back::take;
use super::merge::{Batch, KEEP, Taken, merge, start};
use super::safe;
use super::tail::{is_of_class, sentence};
use nextcore_core::model::Time;
use nextcore_core::model::log::{IN_DOCUMENTS, LogEvent, LogTail};
use nextcore_core::model::section::{AnySection, Problem, ProblemKind};

fn ms(ms: i64) -> Time {
    Time::from_timestamp_millis(1_000_000_000 + ms).unwrap()
}

fn at(second: i64) -> Time {
    ms(second * 1000)
}

fn event(id: &str, second: i64, message: &str) -> Taken {
    let event =
        LogEvent { id: id.to_owned(), at: at(second), stream: "web/web/1".into(), message: message.to_owned(), ..LogEvent::default() };
    Taken::new(event, at(second))
}

fn batch(start: i64, events: Vec<Taken>) -> Vec<Batch> {
    vec![Batch { group: "g".into(), start: at(start), events, pages: 1, cut: None }]
}

fn ids(tail: &LogTail) -> Vec<&str> {
    tail.events.iter().map(|e| e.id.as_str()).collect()
}

#[test]
fn a_message_keeps_its_lines_has_no_secrets_and_hides_nothing() {
    for (raw, shown) in [
        ("Traceback\n  File \"x.py\"\n", "Traceback\n  File \"x.py\""),
        ("\u{1b}]0;title that never ends", "\u{241b}]0;title that never ends"),
        ("\u{1b}[31mred\u{1b}[0m", "red"),
        ("plain", "plain"),
    ] {
        assert_eq!(safe(raw, false), shown);
    }
    let told = safe("using AKIAIOSFODNN7EXAMPLE and postgres://app:hunter22@db/x", false);
    assert!(!told.contains("AKIAIOSFODNN7EXAMPLE") && !told.contains("hunter22") && told.contains("postgres://"), "{told}");
    assert!(safe(&"x".repeat(3 << 20), false).len() < 10_000, "a line of megabytes is clipped");
}

#[test]
fn two_events_of_the_same_millisecond_are_both_kept_and_a_repeat_is_not() {
    let first = merge(LogTail::default(), batch(0, vec![event("a", 10, "x"), event("b", 10, "x"), event("b", 10, "x")]), at(11));
    let second = merge(first, batch(5, vec![event("b", 10, "x"), event("c", 10, "x")]), at(14));
    assert_eq!((ids(&second), second.total), (vec!["a", "b", "c"], 3));
}

#[test]
fn older_events_come_before_the_others_once_and_are_no_news() {
    let group = nextcore_core::model::stack::LogGroupSpec::new("g", "");
    let mut tail = merge(LogTail::default(), batch(100, vec![event("c", 110, "x"), event("d", 120, "x")]), at(121));
    let older = |id: &str, second| event(id, second, "old").event;
    take(&mut tail, std::slice::from_ref(&group), vec![older("b", 90), older("a", 80)], at(70));
    assert_eq!(ids(&tail), ["a", "b", "c", "d"]);
    assert_eq!((tail.total, tail.back.taken, tail.back.to), (4, 2, Some(at(70))));
    assert!(tail.events.iter().all(|e| !e.late));
    // A poll that looks back over them finds what it knows, and what has come late to them meanwhile.
    let tail = merge(tail, batch(75, vec![event("a", 80, "old"), event("l", 85, "late"), event("b", 90, "old")]), at(124));
    assert_eq!(ids(&tail), ["a", "l", "b", "c", "d"]);
    assert_eq!(tail.events.iter().filter(|e| e.late).count(), 1);
}

#[test]
fn a_late_event_is_merged_into_its_place_and_marked() {
    let first = merge(LogTail::default(), batch(0, vec![event("a", 10, "x"), event("c", 30, "x")]), at(31));
    let second = merge(first, batch(12, vec![event("b", 20, "late"), event("c", 30, "x")]), at(34));
    assert_eq!(ids(&second), ["a", "b", "c"]);
    let told: Vec<(u64, bool)> = second.events.iter().map(|e| (e.seq, e.late)).collect();
    assert_eq!(told, [(0, false), (2, true), (1, false)]);
}

#[test]
fn without_ids_the_content_is_the_identity_as_often_as_it_was_said() {
    let first = merge(LogTail::default(), batch(0, vec![event("", 10, "x"), event("", 10, "x")]), at(11));
    assert_eq!(first.events.len(), 2, "a writer may say the same twice");
    let second = merge(first, batch(5, vec![event("", 10, "x"), event("", 10, "x"), event("", 10, "y")]), at(14));
    assert_eq!(second.events.len(), 3);
}

#[test]
fn an_event_from_the_future_stands_where_it_arrived_and_is_taken_once() {
    let ahead = || Taken::new(event("b", 3600, "ahead").event, at(20));
    let first = merge(LogTail::default(), batch(0, vec![event("a", 10, "x"), ahead()]), at(21));
    // By then it is older than what is fetched again, and still fetched.
    let second = merge(first, batch(50, vec![ahead(), event("c", 60, "x")]), at(61));
    let third = merge(second, batch(55, vec![ahead(), event("d", 70, "x")]), at(71));
    assert_eq!((ids(&third), third.total), (vec!["a", "b", "c", "d"], 4));
}

#[test]
fn the_tail_is_bounded_by_number_and_by_bytes_and_what_left_is_not_taken_again() {
    let many = |n: i64| (0..n).map(|i| event(&i.to_string(), i / 1000, "x")).collect::<Vec<_>>();
    let n = KEEP as i64 + 100;
    let tail = merge(LogTail::default(), batch(0, many(n)), at(200));
    assert_eq!((tail.events.len(), tail.total, tail.dropped), (KEEP, n as u64, 100));
    let again = merge(tail, batch(0, many(n)), at(203));
    assert_eq!((again.events.len(), again.total, again.dropped, again.gaps.len()), (KEEP, n as u64, 100, 0));
    // What comes after all that, and belongs before it, is counted and said.
    let older = Taken::new(event("old", 0, "x").event, at(204));
    let told = merge(again, batch(0, vec![older]), at(206));
    assert_eq!((told.events.len(), told.total, told.dropped), (KEEP, n as u64 + 1, 101));
    assert!(told.gaps[0].why.contains("1 events came later"), "{:?}", told.gaps);
    let large = "y".repeat(1 << 20);
    let tail = merge(LogTail::default(), batch(0, (0..100).map(|i| event(&i.to_string(), i, &large)).collect()), at(200));
    assert_eq!((tail.events.len(), tail.dropped), (64, 36));
}

#[test]
fn texts_are_not_copied_by_a_poll_and_a_document_holds_the_newest() {
    let first = merge(LogTail::default(), batch(0, (0..6000).map(|i| event(&i.to_string(), i / 10, "x")).collect()), at(601));
    let before = first.events.clone();
    let second = merge(first.clone(), batch(580, vec![event("new", 601, "x")]), at(604));
    assert!(before.iter().zip(&second.events).all(|(a, b)| std::sync::Arc::ptr_eq(a, b)));
    let written = second.to_json();
    assert_eq!(written["events"].as_array().unwrap().len(), IN_DOCUMENTS);
    assert_eq!(written["events"][IN_DOCUMENTS - 1]["id"], "new");
}

#[test]
fn a_reading_that_was_cut_off_goes_on_where_it_ended_and_is_a_gap_until_then() {
    let mut cut = batch(0, vec![event("a", 10, "x"), event("b", 20, "x")]);
    cut[0].cut = Some("more than 5 pages in one poll".into());
    let first = merge(LogTail::default(), cut, at(60));
    assert!(first.truncated && first.gaps[0].why.starts_with("still being read"), "{:?}", first.gaps);
    assert_eq!((first.gaps[0].from, first.gaps[0].to), (at(20), at(60)));
    assert_eq!(start(&first.progress["g"], at(63)), at(20));
    let second = merge(first, batch(20, vec![event("b", 20, "x"), event("c", 50, "x")]), at(63));
    assert_eq!((ids(&second), second.truncated, second.gaps.len()), (vec!["a", "b", "c"], false, 0));
    // What arrived in its first part while the rest was read is looked for.
    assert!(start(&second.progress["g"], at(66)) <= at(0), "{:?}", second.progress);
}

#[test]
fn who_is_late_widens_the_window_at_once_and_it_shrinks_slowly() {
    let late = Taken::new(event("a", 10, "x").event, at(100));
    let first = merge(LogTail::default(), batch(0, vec![late]), at(100));
    let window = first.progress["g"].window_ms;
    assert!((90_000..300_000).contains(&window), "{window}");
    let second = merge(first, batch(0, vec![event("b", 101, "x")]), at(102));
    let shrunk = second.progress["g"].window_ms;
    assert!(shrunk < window && shrunk > window - 10_000, "{shrunk}");
    let very_late = Taken::new(event("c", 0, "x").event, at(3600));
    let third = merge(second, batch(0, vec![very_late]), at(3600));
    assert_eq!(third.progress["g"].window_ms, 300_000);
}

#[test]
fn a_group_that_refuses_is_told_with_the_way_that_is_left() {
    let problem = |kind, headline: &str| Problem { kind, headline: headline.into(), hint: String::new(), permission: None };
    let of_class = problem(
        ProblemKind::Service,
        "logs:FilterLogEvents: InvalidOperationException: The log group /x is of log-group-class INFREQUENT_ACCESS. FilterLogEvents is not supported for this log class.",
    );
    assert!(is_of_class(&of_class) && sentence(&of_class).contains("Logs Insights"));
    let denied =
        Problem { permission: Some("logs:FilterLogEvents".into()), ..problem(ProblemKind::Denied, "logs:FilterLogEvents: access denied") };
    assert!(sentence(&denied).contains("needs logs:FilterLogEvents"));
    assert!(sentence(&problem(ProblemKind::NotFound, "x")).contains("no such log group"));
}

/// An event of the random cloud.
#[derive(Debug, Clone)]
struct Sent {
    at: i64,
    late: i64,
    group: usize,
    has_id: bool,
}

/// What happens at a poll.
#[derive(Debug, Clone, Copy)]
enum Luck {
    Fine,
    Throttled(usize),
    Restarted,
}

const GROUPS: [&str; 2] = ["/ecs/a", "/ecs/b"];

/// A page as the cloud has it: by time, from the start, up to the cap, and the first line of the next page once more.
fn page(sent: &[Sent], group: usize, from: Time, now: i64, cap: usize) -> (Vec<Taken>, bool) {
    let mut seen: Vec<(usize, &Sent)> =
        sent.iter().enumerate().filter(|(_, s)| s.group == group && ms(s.at) >= from && s.at + s.late <= now).collect();
    seen.sort_by_key(|(n, s)| (s.at, *n));
    let is_cut = seen.len() > cap;
    seen.truncate(cap);
    let mut page: Vec<Taken> = seen
        .iter()
        .map(|(n, s)| {
            let id = if s.has_id { format!("id{n}") } else { String::new() };
            let event = LogEvent { id, at: ms(s.at), stream: format!("{group}/x"), message: format!("{n}"), ..LogEvent::default() };
            Taken::new(event, ms(s.at + s.late))
        })
        .collect();
    if let Some(repeated) = page.last().filter(|t| !t.event.id.is_empty()).cloned() {
        page.push(repeated);
    }
    (page, is_cut)
}

fn followed(sent: &[Sent], luck: &[Luck], cap: usize) -> Result<(), TestCaseError> {
    let mut tail = LogTail::default();
    let mut began = [None; 2];
    let mut permanent: Vec<(Time, Time)> = Vec::new();
    let polls = 5 * 60_i64;
    for n in 0..polls {
        let now = n * 3000;
        let luck = luck.get(n as usize).copied().unwrap_or(Luck::Fine);
        if matches!(luck, Luck::Restarted) {
            (tail, began) = (LogTail::default(), [None; 2]);
            permanent.clear();
        }
        let mut batches = Vec::new();
        for (g, name) in GROUPS.iter().enumerate() {
            if matches!(luck, Luck::Throttled(which) if which == g) {
                continue;
            }
            let from = start(&tail.progress.get(*name).cloned().unwrap_or_default(), ms(now));
            began[g] = began[g].or(Some(from));
            let (events, is_cut) = page(sent, g, from, now, cap);
            let cut = is_cut.then(|| "cap".to_owned());
            batches.push(Batch { group: (*name).into(), start: from, events, pages: if is_cut { 5 } else { 1 }, cut });
        }
        tail = merge(tail, batches, ms(now));
        permanent.extend(tail.gaps.iter().filter(|g| !g.why.starts_with("still")).map(|g| (g.from, g.to)));
        let order: Vec<_> = tail.events.iter().map(|e| (e.arrived(), e.seq)).collect();
        prop_assert!(order.is_sorted(), "poll {n}: not in order");
    }
    prop_assert!(!tail.truncated, "caught up: {:?}", tail.progress);
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    tail.events.iter().for_each(|e| *count.entry(e.message.as_str()).or_default() += 1);
    prop_assert!(count.values().all(|n| *n == 1), "twice: {count:?}");
    let numbers: BTreeSet<u64> = tail.events.iter().map(|e| e.seq).collect();
    prop_assert_eq!(numbers.len(), tail.events.len());
    prop_assert_eq!(tail.total, tail.events.len() as u64 + tail.dropped);
    for (n, s) in sent.iter().enumerate() {
        // A new tail begins two minutes back.
        let is_of_tail = began[s.group].is_some_and(|began| ms(s.at) >= began);
        // Where pages are cut the probes are left out, and only the window is promised.
        let is_promised = if cap == usize::MAX { s.late <= 180_000 } else { s.late <= 19_000 };
        let is_told = permanent.iter().any(|(from, to)| (*from..=*to).contains(&ms(s.at)));
        prop_assert!(!is_of_tail || !is_promised || is_told || count.contains_key(n.to_string().as_str()), "lost: {n} {s:?}");
    }
    Ok(())
}

#[test]
fn every_event_is_there_once_in_order_whatever_arrives_when() {
    let late = prop_oneof![6 => 0_i64..2_000, 3 => 2_000_i64..19_000, 1 => 19_000_i64..180_000];
    let sent = (0_i64..240, late, 0_usize..2, prop::bool::weighted(0.8));
    let sent = prop::collection::vec(sent.prop_map(|(at, late, group, has_id)| Sent { at: at * 500, late, group, has_id }), 1..80);
    let luck = prop_oneof![20 => Just(Luck::Fine), 3 => (0_usize..2).prop_map(Luck::Throttled), 1 => Just(Luck::Restarted)];
    let luck = prop::collection::vec(luck, 60);
    let cap = prop_oneof![Just(usize::MAX), 3_usize..12];
    let config = Config { cases: 120, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]));
    runner.run(&(sent, luck, cap), |(sent, luck, cap)| followed(&sent, &luck, cap)).unwrap();
}

#[test]
fn the_next_poll_begins_a_window_before_what_was_ingested_not_before_what_was_written() {
    let late = Taken::new(event("a", 10, "x").event, at(22));
    let first = merge(LogTail::default(), batch(0, vec![late]), at(400));
    let second = merge(first, batch(0, vec![event("b", 399, "x")]), at(402));
    let from = start(&second.progress["g"], at(405));
    assert!(from <= at(399) - TimeDelta::seconds(20) && from > at(340), "{from}");
}
