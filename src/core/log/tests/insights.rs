//! Queries by name, what they cost in words, and what they found as a table.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use crate::log::insights::{Table, Unchosen, after, before, choose, listed, money};
use crate::model::Time;
use crate::model::query::{Answer, Estimate, Row, Status, Stored};

fn saved(rows: &[(&str, &str)]) -> BTreeMap<String, String> {
    rows.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

#[test]
fn a_name_wins_over_built_in_ones_and_a_whole_query_is_taken_as_it_is() {
    let own = saved(&[("errors", " filter @message like /boom/ "), ("one", "filter @message like \"{value}\"")]);
    for (typed, name, text) in [
        ("errors", Some("errors"), "filter @message like /boom/"),
        (" one  a-b_1 ", Some("one a-b_1"), "filter @message like \"a-b_1\""),
        ("fields @message | limit 3", None, "fields @message | limit 3"),
        ("filter x = 1", None, "filter x = 1"),
    ] {
        let chosen = choose(&own, typed).unwrap();
        assert_eq!((chosen.name.as_deref(), chosen.text.as_str()), (name, text), "{typed}");
    }
    for (typed, why) in [
        ("eror", Unchosen::Unknown("eror".to_owned())),
        ("", Unchosen::Unknown(String::new())),
        ("request", Unchosen::NoValue("request".to_owned())),
        ("celery now", Unchosen::Value("celery".to_owned())),
        ("request x\" | limit 1", Unchosen::BadValue("x\" | limit 1".to_owned())),
    ] {
        assert_eq!(choose(&own, typed), Err(why), "{typed}");
    }
    let names: Vec<String> = listed(&own).into_iter().map(|n| n.name).collect();
    assert_eq!(names, ["slow-requests", "5xx", "celery", "slow-queries", "request", "errors", "one"], "each once");
}

#[test]
fn costs_are_said_as_what_they_are() {
    for (bytes, words) in [(0.0, "less than $0.01"), (1.9e9, "less than $0.01"), (2e9, "about $0.01"), (84e9, "about $0.42")] {
        assert_eq!(money(bytes), words, "{bytes}");
    }
    let words = before(&Estimate { bytes: 3e11, unknown: vec!["/gone".to_owned()] });
    assert!(["rough", "about $1.50", "compressed", "size not known of /gone"].iter().all(|w| words.contains(w)), "{words}");
    let answer = Answer { status: Status::Complete, rows: Vec::new(), matched: 3.0, scanned: 18_204.0, bytes: 3.0 * 1024.0 * 1024.0 };
    assert_eq!(after(&answer), "scanned 3.0 MiB in 18k lines, 3 matched: less than $0.01 at about $0.005/GB");
}

#[test]
fn stored_bytes_are_spread_over_the_age_or_the_retention_whichever_is_shorter() {
    let now = Time::from_timestamp(1_795_392_000, 0).unwrap();
    let days = TimeDelta::days;
    for (since, retention_days, from, bytes) in [
        (Some(now - days(10)), None, now - days(1), 100.0),
        (Some(now - days(100)), Some(10), now - days(1), 100.0),
        (Some(now - days(10)), Some(100), now - days(5), 500.0),
        (Some(now - days(10)), None, now - days(20), 1000.0),
        (None, None, now - days(1), 1000.0),
        (Some(now), None, now - days(1), 1000.0),
    ] {
        let share = Stored { bytes: 1000, since, retention_days }.within(from, now, now);
        assert!((share - bytes).abs() < 0.5, "{since:?} {retention_days:?} {from}: {share}");
    }
    let past = Stored { bytes: 1000, since: Some(now - days(10)), retention_days: Some(5) };
    assert!(past.within(now - days(9), now - days(8), now) < 0.5, "what is no longer kept costs nothing");
}

fn table() -> Table {
    let row = |cells: &[(&str, &str)]| -> Row { cells.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect() };
    Table::of(&[
        row(&[("path", "/b"), ("n", "9"), ("@ptr", "x")]),
        row(&[("path", "/a,\"q\""), ("n", "10")]),
        row(&[("n", "1.50"), ("id", "007")]),
    ])
}

#[test]
fn a_table_sorts_numbers_as_numbers_and_what_is_missing_last() {
    let column = |table: &Table, at: usize| table.rows.iter().map(|row| row[at].clone()).collect::<Vec<_>>();
    let mut table = table();
    assert_eq!(table.columns, ["path", "n", "id"]);
    assert!(table.is_numeric(1) && !table.is_numeric(0));
    table.sort(1, true);
    assert_eq!(column(&table, 1), ["10", "9", "1.50"]);
    table.sort(1, false);
    assert_eq!(column(&table, 1), ["1.50", "9", "10"]);
    table.sort(0, true);
    assert_eq!(column(&table, 0), ["/b", "/a,\"q\"", ""]);
    table.sort(0, false);
    assert_eq!(column(&table, 0), ["/a,\"q\"", "/b", ""]);
}

#[test]
fn a_table_is_written_for_people_and_for_programs() {
    let table = table();
    assert_eq!(table.csv(), "path,n,id\n/b,9,\n\"/a,\"\"q\"\"\",10,\n,1.50,007");
    let objects = "{\"n\":9,\"path\":\"/b\"}\n{\"n\":10,\"path\":\"/a,\\\"q\\\"\"}\n{\"id\":\"007\",\"n\":1.5}";
    let same = |text: &str| text.lines().map(|l| serde_json::from_str::<serde_json::Value>(l).unwrap()).collect::<Vec<_>>();
    assert_eq!(same(&table.json()), same(objects));
    assert_eq!(table.text(), "path       n   id\n/b         9\n/a,\"q\"    10\n        1.50  007");
}
