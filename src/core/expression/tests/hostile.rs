//! Expressions that somebody wrote to break the program: each ends soon, with a word.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::super::Expression;
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
