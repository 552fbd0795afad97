//! Templates: what varies is taken out, and what is alike is counted together.

use proptest::prelude::*;

use crate::log::level::Level;
use crate::log::pattern::{Patterns, Trend};
use crate::log::template;
use crate::model::Time;

fn at(seconds: i64) -> Time {
    Time::from_timestamp(1_796_000_400 + seconds, 0).unwrap()
}

#[test]
fn what_varies_is_taken_out() {
    let mut wrong = Vec::new();
    for (line, expected) in [
        ("user 42 logged in", "user <n> logged in"),
        ("2026-11-30 10:00:00,123 INFO saved 3 rows", "INFO saved <n> rows"),
        ("[2026-11-30T10:00:00Z] done in 12.5ms", "done in <n>ms"),
        ("request 550e8400-e29b-41d4-a716-446655440000 done", "request <id> done"),
        ("commit 9fceb02d0ae598e95dc970b74767f19372d61af8", "commit <id>"),
        ("trace Root=1-67891233-abcdef012345678912345678", "trace Root=<id>"),
        ("from 10.0.3.87:5432 to 10.0.3.88", "from <ip>:<n> to <ip>"),
        ("GET /api/documents/123/ 200", "GET /api/documents/<n>/ <n>"),
        ("GET /search?q=abc 200", "GET /search?<query> <n>"),
        ("GET /search/1?q=abc 200", "GET /search/<n>?<query> <n>"),
        ("\"GET /x/9 HTTP/1.1\" 200", "GET /x/<n> HTTP/<n> <n>"),
        ("column \"name\" does not exist", "column <str> does not exist"),
        ("can't open 'a b' now", "can't open <str> now"),
        ("worker-12 of pool_3 on web1 http2 i-0abc123def4567890", "worker-<n> of pool_<n> on web1 http2 i-<n>abc<n>def<n>"),
        (r#"{"level":"info","msg":"saved 3 rows","id":9}"#, "saved <n> rows"),
        (r#"{"a":1,"b":{"c":2}}"#, "a b.c"),
        ("at 12:00 from 2001:db8::1 to 0x7fff12ab", "at <time> from <ip> to <id>"),
        ("first\nsecond", "first"),
        ("10:00:00 10:00:01", "<time> <time>"),
        ("", ""),
    ] {
        let words = template::words(line).join(" ");
        if words != expected {
            wrong.push(format!("{line}: {words}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn lines_of_one_kind_are_one_pattern() {
    let mut patterns = Patterns::default();
    for (i, name) in ["ann", "bob", "eve"].iter().enumerate() {
        let at = at(i as i64);
        patterns.add(&format!("user {name} logged in from 10.0.0.{i}"), at, "web", Level::Info);
        patterns.add(&format!("could not reach cache-{i}"), at, if i == 0 { "web" } else { "worker" }, Level::Error);
    }
    patterns.add("started", at(9), "web", Level::None);
    let top: Vec<(String, u64)> = patterns.top().iter().map(|p| (p.template(), p.count)).collect();
    assert_eq!(
        top,
        [("user <*> logged in from <ip>".to_owned(), 3), ("could not reach cache-<n>".to_owned(), 3), ("started".to_owned(), 1),]
    );
    // One failed request does not make an error of the kind that all requests are of.
    let id = patterns.add("user zed logged in from 10.0.0.9", at(1), "web", Level::Error);
    assert_eq!(patterns.get(id).map(|p| (p.level, p.count)), Some((Level::Info, 4)));
    let cache = patterns.top()[1];
    assert_eq!((cache.level, cache.first, cache.last), (Level::Error, at(0), at(2)));
    assert_eq!(cache.services, [("web".to_owned(), 1), ("worker".to_owned(), 2)]);
    assert_eq!(cache.sample, "could not reach cache-2");
    assert_eq!(patterns.find("user zoe logged in from 10.9.9.9"), Some(patterns.top()[0].id));
    assert_eq!(patterns.find("nobody knows this one"), None);
}

#[test]
fn trend_and_what_is_new() {
    let mut patterns = Patterns::default();
    for i in 0..120 {
        patterns.add("old one", at(i * 60), "web", Level::Info);
    }
    for i in 0..10 {
        patterns.add("fresh thing here", at(7100 + i), "web", Level::Warn);
    }
    let now = at(7199);
    let (old, fresh) = (patterns.top()[0], patterns.top()[1]);
    assert_eq!(old.trend(now), Trend { hour: 60, before: 60 });
    assert_eq!(fresh.trend(now), Trend { hour: 10, before: 0 });
    assert_eq!(old.trend(at(99_999)), Trend { hour: 0, before: 0 });
    assert_eq!(patterns.is_new(fresh, at(7000)), Some(true));
    assert_eq!(patterns.is_new(old, at(7000)), Some(false));
    assert_eq!(patterns.is_new(old, at(-5)), None, "nothing was seen before");
}

#[test]
fn memory_is_bounded_and_what_gave_way_is_told_and_not_new() {
    let mut patterns = Patterns::new(3);
    for (i, line) in ["alpha one two", "beta one two three", "gamma", "delta x", "alpha one two"].iter().enumerate() {
        patterns.add(line, at(i as i64), "web", Level::Info);
    }
    assert_eq!((patterns.top().len(), patterns.dropped()), (3, 2));
    let back = patterns.top().into_iter().find(|p| p.template() == "alpha one two").unwrap();
    assert_eq!(patterns.is_new(back, at(3)), None, "it was there, and was forgotten");
    let mut patterns = Patterns::new(100);
    for i in 0..5000u64 {
        let word = |n: u64| -> String { (0..8).map(|k| char::from(b'a' + ((i * n) >> (k * 3)) as u8 % 26)).collect() };
        patterns.add(&format!("{} {} {}", word(7919), word(104_729), word(13)), at(i as i64), &format!("s{i}"), Level::None);
    }
    assert!(patterns.top().len() <= 100);
    assert!(patterns.dropped() > 0);
}

#[test]
fn a_quarter_of_an_hour_is_held_against_the_hour_before() {
    let mut patterns = Patterns::new(10);
    // One a minute for two hours, and ten more in the last ten minutes.
    for minute in (0..120).chain(111..=120) {
        patterns.add("GET /", at(minute * 60), "web", Level::Info);
    }
    let pattern = patterns.top()[0];
    assert_eq!(pattern.of_late(at(119 * 60)), (24, 60));
    assert_eq!(pattern.of_late(at(135 * 60)), (0, 69));
}

proptest! {
    /// Each line belongs to a pattern, and no count is lost.
    #[test]
    fn no_line_is_lost(lines in prop::collection::vec("(\\PC|[a-c0-9 \"'.:?/<*>-]|\\{\"a\":1\\}){0,20}", 0..60)) {
        let mut patterns = Patterns::new(1000);
        for line in &lines {
            let id = patterns.add(line, at(0), "s", Level::None);
            prop_assert!(patterns.get(id).is_some());
            prop_assert_eq!(patterns.find(line).is_some(), true, "{}", line);
        }
        prop_assert_eq!(patterns.top().iter().map(|p| p.count).sum::<u64>(), lines.len() as u64);
    }
}
