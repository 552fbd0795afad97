//! A line on its way from the cloud to where it is kept.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use crate::log::level::Level;
use crate::log::ready::{KEPT, Ready, detail, ready};
use crate::model::text::inert_lines;

#[test]
fn a_line_is_cleaned_masked_and_told_apart() {
    assert_eq!(
        ready("\u{1b}[31mERROR\u{1b}[0m password=hunter2\r\n", false),
        Ready { text: "ERROR password=***".to_owned(), level: Level::Error, is_json: false, more: 0 }
    );
    let json = ready(r#"{"level":"warn","password":"hunter2"}"#, false);
    assert_eq!((json.text.as_str(), json.level, json.is_json), (r#"{"level":"warn","password":"***"}"#, Level::Warn, true));
    assert_eq!(ready("password=hunter2", true).text, "password=hunter2");
    // A secret with colours in it is one.
    assert_eq!(ready("pass\u{1b}[0mword=hun\u{1b}[1mter2", false).text, "password=***");
}

#[test]
fn megabytes_are_clipped_and_no_secret_is_cut_in_two() {
    let start = Instant::now();
    let long = format!("{{\"a\":\"{}\",\"level\":\"error\"}}", "x".repeat(900_000));
    let line = ready(&long, false);
    assert!(line.text.len() < KEPT + 40 && line.text.ends_with(" KiB"), "{}", line.text.len());
    assert_eq!(line.level, Level::Error);
    for at in (KEPT - 60..KEPT + 10).step_by(3) {
        let line =
            ready(&format!("{} postgres://app:hunter2hunter2@db/x AKIAIOSFODNN7EXAMPLE tail{}", "y".repeat(at), " z".repeat(9000)), false);
        assert!(!line.text.contains("hunter") && !line.text.contains("AKIAIOSF"), "{at}");
    }
    assert_eq!(detail(&"x".repeat(3 << 20), false).len(), 1);
    assert!(ready(&"[".repeat(3 << 20), false).text.len() < KEPT + 40);
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

#[test]
fn the_detail_is_rows_or_lines() {
    assert_eq!(detail("a\n  b\tc\u{7}", false), ["a", "  b c␇"]);
    assert_eq!(
        detail(r#"{"msg":"x","trace":"a\nb","password":"p","in":{"n":1}}"#, false),
        ["{", "  msg: x", "  trace: a", "    b", "  password: ***", "  in: {", "    n: 1", "  }", "}"]
    );
    assert_eq!(detail(r#"{"password":"p"}"#, true)[1], "  password: p");
}

proptest! {
    /// Whatever comes, what is kept is inert, and so is its detail.
    #[test]
    fn nothing_reaches_a_buffer_that_a_terminal_obeys(raw in "(\\PC|[\u{0}-\u{9f}\u{200b}-\u{202e}\u{1b}\\[\\]m;0-9{}\":,\\\\]|\\{\"a\":\"\\\\u001b\"\\}|password=){0,50}") {
        for text in std::iter::once(ready(&raw, false).text).chain(detail(&raw, false)).chain(detail(&raw, true)) {
            prop_assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
            prop_assert_eq!(inert_lines(&text), text);
        }
    }
}
