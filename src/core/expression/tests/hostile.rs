//! Expressions that somebody wrote to break the program: each ends soon, with a word.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::{Expression, Facts, Language, Reading};
use super::healthy;

/// On a small stack, as a thread of the program has it, and within a time.
fn ends(text: String, document: Value) -> Result<String, String> {
    let run = move || match Expression::compile(&text) {
        Err(wrong) => Err(wrong.to_string()),
        Ok(expression) => expression.decide(&document).map(|answer| answer.words()).map_err(|wrong| wrong.to_string()),
    };
    let start = Instant::now();
    let told: Result<String, String> = std::thread::Builder::new().stack_size(2 << 20).spawn(run).unwrap().join().unwrap();
    assert!(start.elapsed() < Duration::from_secs(20), "took {:?}", start.elapsed());
    told
}

fn long_log(lines: usize) -> Value {
    let mut document = healthy();
    let event = document["sections"]["logs"]["data"]["events"][0].clone();
    document["sections"]["logs"]["data"]["events"] = json!(vec![event; lines]);
    document
}

#[test]
fn what_could_run_for_ever_is_refused_or_cut_off() {
    let table: Vec<(String, &str)> = vec![
        ("logs.events.all(a, logs.events.all(b, logs.events.all(c, a.at == b.at || c.at == a.at)))".into(), "more than 2 loops"),
        ("logs.events.all(a, logs.events.all(b, a.at == b.at || true))".into(), "too many elements"),
        ("logs.events.map(e, e.id).distinct().size() == 1".into(), "too many elements"),
        ("logs.events.all(a, a.at in logs.events.map(b, b.at))".into(), "too many elements"),
        ("logs.events.all(a, a in logs.events)".into(), "too many elements"),
        ("lists.range(1000000).all(a, true)".into(), "`lists.range` cannot be used here"),
        ("x".repeat(10 << 20), "longer than"),
        (format!("{}true{}", "(".repeat(1500), ")".repeat(1500)), "nested too deeply"),
        (format!("db{}", ".a".repeat(1500)), "nested deeper"),
        ("!".repeat(3000) + "true", ""),
        ("-".repeat(3000) + "1 == 1", ""),
        (format!("{}1{}", "[".repeat(1500), "]".repeat(1500)), "line"),
        (vec!["true"; 370].join("?true:"), ""),
        (format!("{}true", "true && ".repeat(500)), "true"),
        (format!("\"a\".matches(\"{}\")", "(a*)*".repeat(200)), ""),
        ("\"%.2147483647f\".format([1.0]) == \"\"".into(), ""),
        ("\u{0}".into(), "line"),
    ];
    let document = long_log(20_000);
    for (text, why) in table {
        let shown: String = text.chars().take(60).collect();
        let told = ends(text, document.clone());
        let said = told.as_ref().map_or_else(String::as_str, String::as_str);
        assert!(said.contains(why), "{shown}: {told:?}");
    }
}

/// What stands at the ends of an expression.
const LEAVES: &[&str] = &[
    "db",
    "db.status",
    "db.secondary_zone",
    "service",
    "services.services",
    "nodes",
    "as_of",
    "metric[\"db/cpu\"]",
    "s",
    "1",
    "-1",
    "0",
    "2.5",
    "1u",
    "\"a\"",
    "\"\"",
    "null",
    "true",
    "b\"a\"",
    "[]",
    "{}",
    "type(1)",
    "timestamp(0)",
    "duration(\"5m\")",
    "9223372036854775807",
    "worst",
    "\"(a|b\"",
    "int",
    "logs",
];

/// What is made of two parts, `A` and `B`.
const FORMS: &[&str] = &[
    "(A == B)",
    "(A != B)",
    "(A < B)",
    "(A >= B)",
    "(A && B)",
    "(A || B)",
    "(A + B)",
    "(A - B)",
    "(A * B)",
    "(A / B)",
    "(A % B)",
    "(A in B)",
    "(true ? A : B)",
    "A[B]",
    "[A, B]",
    "{A: B}",
    "A.all(s, B)",
    "A.exists(s, B)",
    "A.exists_one(s, B)",
    "A.map(s, B)",
    "A.filter(s, B)",
    "A.map(s, true, B)",
    "A.sortBy(s, B)",
    "A.contains(B)",
    "A.startsWith(B)",
    "A.matches(B)",
    "A.split(B)",
    "A.join(B)",
    "A.format([B])",
    "A.substring(B)",
    "A.charAt(B)",
    "A.indexOf(B)",
    "A.replace(B, A)",
    "A.slice(B, 3)",
    "read(A, B)",
    "math.greatest(A, B)",
    "size(A)",
    "!A",
    "-A",
    "A.status",
    "has(A.status)",
    "A.distinct()",
    "A.sort()",
    "A.flatten()",
    "A.reverse()",
    "int(A)",
    "string(A)",
    "double(A)",
    "timestamp(A)",
    "duration(A)",
    "words(A)",
    "cannot_tell(A)",
    "Foo{a: A}",
    "A.?status",
    "A.getFullYear()",
    "A.getHours()",
    "A.lowerAscii()",
    "A.trim()",
    "bytes(A)",
    "type(A)",
    "dyn(A)",
    "uint(A)",
    "bool(A)",
    "strings.quote(A)",
    "math.abs(A)",
    "math.ceil(A)",
    "math.bitShiftLeft(A, B)",
];

/// Expressions that are well formed, and mean anything or nothing.
fn formed() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(LEAVES.to_vec()).prop_map(ToOwned::to_owned);
    leaf.prop_recursive(4, 24, 3, |inner| {
        let two = (inner.clone(), inner.clone());
        let forms = prop::sample::select(FORMS.to_vec());
        (two, forms).prop_map(|((a, b), form)| form.replace('A', "\u{1}").replace('B', &b).replace('\u{1}', &a))
    })
}

/// A small document and everything that is asked of an expression.
fn ask(language: &Language, text: &str) {
    let document = json!({"as_of": "2026-01-01T00:00:00Z", "worst": "down", "nodes": {"db": {"level": "unknown"}}, "sections": {
        "database": {"state": "ready", "data": {"status": "a", "secondary_zone": null}},
        "services": {"state": "ready", "data": {"services": [{"name": "web", "running": 1}]}},
        "metrics": {"state": "ready", "data": {"series": {"db/cpu": {"points": [[1, "x"]], "zero_fill": 3}}}},
    }});
    let reading = Reading::of(&document);
    let facts = Facts::of(language, &reading);
    if let Ok(expression) = language.compile_with(text, &["s"]) {
        let _ = expression.decide_in(&facts);
        let _ = expression.show(&facts);
        let _ = expression.evidence(&facts);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_text_is_answered_or_refused(
        parts in prop::collection::vec(
            prop::sample::select(vec![
                "db", ".status", ".secondary_zone", "services.services", ".all(s, ", ".exists(s, ", ".map(s, ", ".filter(s, ", "s", ".running", ")", "(", "[", "]", "{", "}",
                ":", ",", "?", "==", "!=", "<", ">=", "&&", "||", "!", "-", "+", "*", "/", "%", " in ", "\"a\"", "'b'", "1", "0", "2.5", "null", "true", "\"\"", "has(", "size(",
                "timestamp(", "duration(", "as_of", "metric", "[\"db/cpu\"]", "nodes", ".level", "cannot_tell(\"x\")", "read(", "words(", ".distinct()", ".sort()", ".matches(", "b\"\"", "r'", "\\", "é", "🦀",
                "\n", ".format([", "type(", "int(", "string(", "Foo", "math.greatest(", "lists", ".sortBy(s, ", "9223372036854775807", "-9223372036854775808", "1u", ".join(", ".split(", ".substring(", ".replace(", ".flatten()", ".slice(",
            ]),
            0..14,
        ),
    ) {
        let text = parts.concat();
        ask(&Language::new().unwrap(), &text);
    }

    #[test]
    fn any_expression_is_answered_or_refused(text in formed()) {
        ask(&Language::new().unwrap(), &text);
    }
}
