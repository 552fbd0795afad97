//! The language by tables, and a query from its start to its end, as it is told.

use super::*;
use crate::service::logs::SERVICE;
use crate::service::tests::{ask, items, text};
use crate::world::names::MIN;
use crate::world::state::LogEvent;

const GROUP: &str = "/ecs/production-nextcore";
const START: Ms = 1_795_392_000_000;

fn line(id: u64, stream: &str, message: &str) -> LogEvent {
    let at = START + id as Ms * 20 * SEC;
    LogEvent { id, timestamp: at, ingestion_time: at + 500, stream: stream.into(), message: message.to_owned() }
}

fn lines() -> Vec<LogEvent> {
    vec![
        line(0, "web/web/1", "GET /a 200 in 30ms"),
        line(1, "web/web/1", "GET /b 500 in 9ms"),
        line(2, "api/api/1", "GET /a 503 in 120ms"),
        line(3, "api/api/2", "worker lost"),
        line(4, "api/api/2", "GET /a 200 in 10ms"),
    ]
}

/// Rows as `name=value` without the pointers, which every line has.
fn answered(query: &str) -> Vec<String> {
    let lines = lines();
    let found = run::run(&parse::parse(query).unwrap(), lines.iter().map(|line| (GROUP, line)), 100);
    let one = |row: &Vec<(String, String)>| {
        let own = row.iter().filter(|(name, _)| name != "@ptr").map(|(name, value)| format!("{name}={value}"));
        own.collect::<Vec<_>>().join(" ")
    };
    found.rows.iter().map(one).collect()
}

const PARSED: &str = "parse @message 'GET * * in *ms' as path, status, ms";

#[test]
fn queries_find_what_they_say() {
    for (query, rows) in [
        ("fields @message | sort @timestamp asc | limit 1", &["@message=GET /a 200 in 30ms"][..]),
        ("FIELDS @message as m | LIMIT 1 # the newest", &["m=GET /a 200 in 10ms"]),
        ("filter @message like /lost$/ | display @logStream", &["@logStream=api/api/2"]),
        ("filter @message like 'GET /b' | display @log", &["@log=111122223333:/ecs/production-nextcore"]),
        ("filter @message =~ 'GET /b' | display @message", &["@message=GET /b 500 in 9ms"]),
        ("filter @message not like /GET/ | display @message", &["@message=worker lost"]),
        ("filter @logStream = 'api/api/1' or @message = 'worker lost' | stats count(*)", &["count(*)=2"]),
        ("filter not (@logStream in ['web/web/1', 'api/api/1']) | stats count() as n", &["n=2"]),
        (
            "stats count(*) as n by @logStream | sort n desc, @logStream asc | limit 2",
            &["@logStream=api/api/2 n=2", "@logStream=web/web/1 n=2"],
        ),
        ("stats count(*) by bin(1m) | sort bin(1m) desc | limit 1", &["bin(1m)=2026-11-23 00:01:00.000 count(*)=2"]),
        ("filter @message = 'nothing' | stats count(*)", &["count(*)=0"]),
        ("filter @message = 'nothing' | stats count(*) by @logStream", &[]),
    ] {
        assert_eq!(answered(query), rows, "{query}");
    }
    for (rest, rows) in [
        ("filter status >= 500 | sort status asc | display path, status", &["path=/b status=500", "path=/a status=503"][..]),
        ("filter ms < 10 | display path", &["path=/b"]),
        ("filter ispresent(ms) | stats count(*) as n, count_distinct(path) as paths", &["n=4 paths=2"]),
        ("stats sum(ms), avg(ms), min(ms), max(ms), pct(ms, 50)", &["sum(ms)=169 avg(ms)=42.25 min(ms)=9 max(ms)=120 pct(ms, 50)=30"]),
        ("stats count(ms) as n by status | sort n desc | limit 1", &["status=200 n=2"]),
        ("stats max(ms) as most by path | filter most > 100 | display path", &["path=/a"]),
    ] {
        assert_eq!(answered(&format!("{PARSED} | {rest}")), rows, "{rest}");
    }
    let regex =
        "parse @message /^GET (?<path>\\S+) (?<status>5\\d\\d)/ | filter ispresent(status) | stats count(*) as n by path | sort path";
    assert_eq!(answered(regex), ["path=/a n=1", "path=/b n=1"]);
}

#[test]
fn what_is_not_known_is_refused_by_its_place() {
    for (query, place) in [
        ("", "end of the query at line 1 and position 0"),
        ("fields", "end of the query"),
        ("select *", "select at line 1 and position 0"),
        ("fields @message | dedup @message", "dedup at line 1 and position 18"),
        ("filter @message like", "end of the query"),
        ("filter status == 500", "= at line 1 and position 15"),
        ("filter @message like /(/", "/(/ at line 1"),
        ("filter @message = 'open", "end of the query at line 1 and position 18"),
        ("filter strlen(@message) > 3", "strlen at line 1"),
        ("fields toupper(@message)", "toupper at line 1"),
        ("stats median(x)", "median at line 1"),
        ("stats count(*) by bin(5)", "5 at line 1"),
        ("parse @message 'a * b *' as one", "\"a * b *\" at line 1"),
        ("parse @message /no group/", "/no group/ at line 1"),
        ("limit many", "many at line 1"),
        ("fields a + b", "+ at line 1"),
        ("fields a |", "end of the query"),
    ] {
        let refused = parse::parse(query).unwrap_err();
        assert!(refused.contains(place), "{query}: {refused}");
    }
}

fn world() -> World {
    let mut world = World::new(7, START);
    world.advance_to(world.now + 5 * MIN);
    world
}

/// The window is the last four minutes.
fn start(world: &mut World, query: &str) -> Result<Value, ApiError> {
    let seconds = |at: Ms| at / SEC;
    let (from, until) = (seconds(world.now - 4 * MIN), seconds(world.now));
    let members = object! { "logGroupName" => GROUP, "queryString" => query, "startTime" => from, "endTime" => until };
    ask(world, &SERVICE, "StartQuery", members)
}

fn figure(answer: &Value, name: &str) -> f64 {
    match answer.get("statistics").and_then(|s| s.get(name)) {
        Some(Value::Float(value)) => *value,
        other => panic!("{name}: {other:?}"),
    }
}

#[test]
fn a_query_is_scheduled_runs_and_completes_and_tells_what_it_scanned() {
    let mut world = world();
    let id = text(&start(&mut world, "filter @message like /GET/ | fields @message | limit 3").unwrap(), "queryId");
    let look = |world: &mut World| ask(world, &SERVICE, "GetQueryResults", object! { "queryId" => &id }).unwrap();
    let first = look(&mut world);
    assert_eq!((text(&first, "status").as_str(), figure(&first, "bytesScanned")), ("Scheduled", 0.0));
    world.advance_to(world.now + 2 * SEC);
    let second = look(&mut world);
    assert_eq!((text(&second, "status").as_str(), items(&second, "results").len()), ("Running", 0));
    world.advance_to(world.now + MIN);
    let last = look(&mut world);
    assert_eq!((text(&last, "status").as_str(), items(&last, "results").len()), ("Complete", 3));
    let (scanned, matched, bytes) = (figure(&last, "recordsScanned"), figure(&last, "recordsMatched"), figure(&last, "bytesScanned"));
    assert!(bytes > scanned && scanned > matched && matched > 3.0, "{scanned} {matched} {bytes}");
    assert!(figure(&second, "bytesScanned") < bytes);
    let refused = ask(&mut world, &SERVICE, "StopQuery", object! { "queryId" => &id }).unwrap_err();
    assert_eq!(refused.code, "InvalidParameterException", "it has ended");
}

#[test]
fn a_stopped_query_is_cancelled_and_scans_no_more() {
    let mut world = world();
    let id = text(&start(&mut world, "fields @message").unwrap(), "queryId");
    world.advance_to(world.now + 2 * SEC);
    ask(&mut world, &SERVICE, "StopQuery", object! { "queryId" => &id }).unwrap();
    let look = |world: &mut World| ask(world, &SERVICE, "GetQueryResults", object! { "queryId" => &id }).unwrap();
    let then = look(&mut world);
    world.advance_to(world.now + MIN);
    let later = look(&mut world);
    assert_eq!((text(&later, "status").as_str(), items(&later, "results").len()), ("Cancelled", 0));
    assert!((figure(&then, "bytesScanned") - figure(&later, "bytesScanned")).abs() < f64::EPSILON);
    let queries = ask(&mut world, &SERVICE, "DescribeQueries", object! { "status" => "Cancelled" }).unwrap();
    assert_eq!(items(&queries, "queries").iter().map(|q| text(q, "queryString")).collect::<Vec<_>>(), ["fields @message"]);
    assert!(items(&ask(&mut world, &SERVICE, "DescribeQueries", object! { "status" => "Complete" }).unwrap(), "queries").is_empty());
}

#[test]
fn what_cannot_be_started_says_why() {
    let mut world = world();
    let now = world.now / SEC;
    let asked = |group: &str, query: &str, from: i64| {
        object! { "logGroupNames" => Value::members([group]), "queryString" => query, "startTime" => from, "endTime" => now }
    };
    for (members, code) in [
        (asked(GROUP, "dedup x", now - 60), "MalformedQueryException"),
        (asked("/nope", "fields x", now - 60), "ResourceNotFoundException"),
        (asked(GROUP, "fields x", now + 60), "InvalidParameterException"),
        (object! { "queryString" => "fields x", "startTime" => 0, "endTime" => now }, "InvalidParameterException"),
        (object! { "logGroupName" => GROUP, "startTime" => 0, "endTime" => now }, "InvalidParameterException"),
    ] {
        assert_eq!(ask(&mut world, &SERVICE, "StartQuery", members).unwrap_err().code, code);
    }
    for _ in 0..AT_ONCE {
        start(&mut world, "fields x").unwrap();
    }
    assert_eq!(start(&mut world, "fields x").unwrap_err().code, "LimitExceededException");
}
